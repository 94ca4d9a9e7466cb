//! What all sheets share: the results, names of the sheets, and where the figures stand that others refer to.

use rayon::prelude::*;
use rust_xlsxwriter::XlsxError;

use super::table::{Holds, Look, Page, TOP, at, from_elsewhere};
use super::{actual, allocation, cover, evidence, flow, scenarios, summary, unknown};
use crate::plan::{Answer, Line};
use crate::report::actual::Actuals;
use crate::report::figures::{self, CurvePoint};
use crate::report::statement::Statement;
use crate::report::{Results, Words};

/// The workbook in the making.
pub(super) struct Book<'a> {
    pub(super) results: &'a Results<'a>,
    pub(super) statement: Option<&'a Statement>,
    pub(super) actuals: Option<&'a Actuals>,
    pub(super) words: &'a Words,
    pub(super) look: Look,
    /// Points of each plan line's curve; absent where its expected KPI rests on none.
    pub(super) curves: Vec<Option<Vec<CurvePoint>>>,
}

impl<'a> Book<'a> {
    pub(super) fn new(
        results: &'a Results<'a>,
        statement: Option<&'a Statement>,
        actuals: Option<&'a Actuals>,
        words: &'a Words,
    ) -> Book<'a> {
        let look = Look::of(&results.settings.project.currency);
        Book { results, statement, actuals, words, look, curves: curves(results) }
    }

    /// The sheets in their order. Those of the plan are there only with a plan, those of its lines only without a
    /// conflict.
    pub(super) fn pages(&self) -> Result<Vec<Page>, XlsxError> {
        let mut pages = vec![cover::cover(self)?, summary::summary(self)?];
        if let Some(answer) = self.results.answer {
            if !answer.lines.is_empty() {
                pages.push(allocation::allocation(self, answer)?);
            }
            if let Some(statement) = self.statement {
                pages.push(flow::flow(self, answer, statement)?);
                pages.push(flow::splits(self, statement)?);
                pages.push(flow::departments(self, statement)?);
            }
            pages.push(scenarios::scenarios(self, answer)?);
            if unknown::has_sureness(answer) {
                pages.push(unknown::sureness(self, answer)?);
            }
            if unknown::has_days(answer) {
                pages.push(unknown::days(self, answer)?);
            }
            if let Some(actuals) = self.actuals {
                pages.push(actual::versus(self, actuals)?);
                pages.push(actual::accrual(self, answer, actuals)?);
            }
        }
        pages.push(evidence::suppliers(self)?);
        pages.push(evidence::assumptions(self)?);
        pages.push(evidence::curves(self)?);
        pages.push(evidence::quality(self)?);
        pages.push(evidence::audit(self)?);
        Ok(pages)
    }

    /// The names of the sheets that there are, in their order.
    pub(super) fn names(&self) -> Vec<&str> {
        let words = self.words;
        let mut names = vec![words.say("summary")];
        if let Some(answer) = self.results.answer {
            if !answer.lines.is_empty() {
                names.push(words.say("allocation"));
            }
            if self.statement.is_some() {
                names.extend([words.say("sheet_flow"), words.say("sheet_splits"), words.say("sheet_departments")]);
            }
            names.push(words.say("sheet_scenarios"));
            names.extend(unknown::has_sureness(answer).then(|| words.say("sureness")));
            names.extend(unknown::has_days(answer).then(|| words.say("days")));
            if self.actuals.is_some() {
                names.extend([words.say("sheet_actual"), words.say("sheet_accrual")]);
            }
        }
        names.extend([words.say("suppliers"), words.say("sheet_assumptions"), words.say("sheet_curves")]);
        names.extend([words.say("quality"), words.say("audit")]);
        names
    }

    /// A page of the workbook.
    pub(super) fn page(&self, name: &str, title: &str) -> Result<Page, XlsxError> {
        Page::new(name, title, &self.look)
    }

    /// A heading with the currency as its unit.
    pub(super) fn in_money(&self, words: &str) -> String {
        format!("{words} ({})", self.results.settings.project.currency.code())
    }

    /// Whether the plan's money is counted in cash.
    pub(super) fn in_cash(&self, answer: &Answer) -> bool {
        answer.budget.counted_in == "cash"
    }

    /// A cell of the allocation's row of totals, seen from another sheet.
    pub(super) fn total(&self, answer: &Answer, column: u16) -> String {
        let row = TOP + 1 + answer.lines.len() as u32;
        from_elsewhere(self.words.say("allocation"), &at(row, column))
    }

    /// A cell of a line of the allocation, seen from another sheet.
    pub(super) fn line(&self, line: usize, column: u16) -> String {
        from_elsewhere(self.words.say("allocation"), &at(TOP + 1 + line as u32, column))
    }

    /// What a KPI is: money where it is value.
    pub(super) fn kpi_holds(&self) -> Holds {
        if self.results.settings.project.kpi == crate::units::Kpi::Value { Holds::Money } else { Holds::Count }
    }
}

/// Points of the plan lines' curves, in the lines' order.
fn curves(results: &Results) -> Vec<Option<Vec<CurvePoint>>> {
    let Some(answer) = results.answer else { return Vec::new() };
    let points = |line: &Line| {
        let (fit, curve) = evidence::curve_of(results, line)?;
        Some(figures::curve_points(curve, evidence::range(fit, line, answer.period.periods)))
    };
    answer.lines.par_iter().map(points).collect()
}
