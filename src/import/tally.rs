//! What is seen while the records of one file go by, beside its rows.

use std::collections::BTreeMap;

use super::batch::Lines;
use crate::check::Problem;
use crate::units::{Currency, Micros};

/// Bad rows that an error lists; the rest is a number.
pub(super) const LISTED: usize = 50;

/// What one reader has seen, or all of them together.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// Data rows.
    pub read: u64,
    /// Data rows that were folded.
    pub used: u64,
    /// Spend of all data rows, in millionths.
    pub spend: BTreeMap<Currency, i128>,
    /// Of it, what the latest rows have spent, all in one currency.
    running: (Option<Currency>, i128),
    /// Grants and credit of the rows, in millionths.
    pub apart: BTreeMap<Currency, [i128; 2]>,
    /// Rows that `where` does not ask for.
    pub not_asked: Lines,
    /// Rows equal to an earlier one in every column.
    pub repeated: Lines,
    /// Bad rows by reason.
    pub bad: BTreeMap<&'static str, Lines>,
    /// The first bad rows, one problem each, by line.
    pub problems: BTreeMap<u64, Problem>,
    /// Rows whose figures are all absent.
    pub no_figures: Lines,
    /// Total rows: spend by line, where it is a number.
    pub totals: BTreeMap<u64, Option<Micros>>,
    /// Lines beside the table, such as a footer.
    pub beside: Lines,
    /// The text of the first of them.
    pub note: Option<(u64, String)>,
    /// Rows with a spreadsheet error for a name.
    pub error_cells: Lines,
    /// Rows with more of the KPI than clicks.
    pub above_clicks: Lines,
    /// Rows with a figure of which only a bound is told.
    pub censored: Lines,
    /// Rows whose impressions or clicks are no whole number.
    pub fractional: Lines,
}

impl Tally {
    /// Adds spend of a row.
    pub(super) fn spent(&mut self, currency: Currency, amount: Micros) {
        if self.running.0 != Some(currency) {
            self.settle();
            self.running.0 = Some(currency);
        }
        self.running.1 += i128::from(amount.get());
    }

    /// Puts the running sum where the sums are.
    pub(super) fn settle(&mut self) {
        if let (Some(currency), spend) = std::mem::take(&mut self.running) {
            *self.spend.entry(currency).or_default() += spend;
        }
    }

    /// Notes a bad row.
    pub(super) fn bad(&mut self, reason: &'static str, line: u64, problem: Problem) {
        self.bad.entry(reason).or_default().add(line);
        if self.problems.len() < LISTED {
            self.problems.insert(line, problem);
        }
    }

    /// Notes a line beside the table.
    pub(super) fn beside(&mut self, line: u64, text: &str) {
        self.beside.add(line);
        if self.note.is_none() {
            self.note = Some((line, text.to_owned()));
        }
    }

    /// How many rows are bad.
    pub(super) fn count_bad(&self) -> u64 {
        self.bad.values().map(|lines| lines.count).sum()
    }

    /// Takes in what another reader of the same file has seen. The order does not matter.
    pub(super) fn merge(&mut self, mut other: Tally) {
        other.settle();
        self.read += other.read;
        self.used += other.used;
        for (currency, spend) in other.spend {
            *self.spend.entry(currency).or_default() += spend;
        }
        for (currency, apart) in other.apart {
            let sums = self.apart.entry(currency).or_default();
            sums.iter_mut().zip(apart).for_each(|(sum, amount)| *sum += amount);
        }
        self.not_asked.merge(other.not_asked);
        for (reason, lines) in other.bad {
            self.bad.entry(reason).or_default().merge(lines);
        }
        self.problems.extend(other.problems);
        while self.problems.len() > LISTED {
            self.problems.pop_last();
        }
        self.totals.extend(other.totals);
        self.note = [self.note.take(), other.note].into_iter().flatten().min();
        self.repeated.merge(other.repeated);
        self.no_figures.merge(other.no_figures);
        self.beside.merge(other.beside);
        self.error_cells.merge(other.error_cells);
        self.above_clicks.merge(other.above_clicks);
        self.censored.merge(other.censored);
        self.fractional.merge(other.fractional);
    }
}
