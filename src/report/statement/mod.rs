//! The input–output statement: what goes in, what comes out at each step of the funnel, and what changes beside doing
//! nothing.
//!
//! ```text
//! spend ─▶ impressions ─▶ clicks ─▶ reads ─▶ entries ─▶ registrations ─▶ valid registrations ─▶ value
//! ```
//!
//! # How it is computed
//!
//! Draw *i* is one joint state of the world. In it, line *l* with spend *x* over *H* periods brings
//!
//! ```text
//! KPI        K_li(x) = S_l · f_li(x ÷ H)                  the curve of the model; plan.json's own figure on average
//! before it  A_li    = B_li ÷ r_li                        r: share of A that goes on to B
//! after it   C_li    = B_li · r_li                        r: C for each B
//! ```
//!
//! with `r_li` drawn from its posterior ([`funnel`]), the same draw for the plan and for the reference. So the curve says
//! how many KPI come, rates between steps stay as they are, and what moves as a line saturates is the price of a step.
//! Figures of a part are sums over its lines *within each draw*, and quantiles are taken of those sums: intervals of
//! parts never add up to that of the whole, and are never added up.
//!
//! Means are held in millionths and handed out to parts by largest remainder, money in cents: parts add up to the whole
//! exactly. Lines without a curve have spend and nothing else; each step says which spend is behind it.
//!
//! **Reference** is "nothing changed": every line at its reference spend over the plan's days.

mod files;
pub mod funnel;
mod joint;
mod pieces;
mod sums;

pub use files::{csv, json};
pub(super) use pieces::apportioned;

use serde::Serialize;

use self::pieces::Piece;
use super::Results;
use crate::plan::Expected;
use crate::units::{Field, Measure};

/// The steps of the funnel, in order.
pub const STAGES: [Measure; 7] = [
    Measure::Impressions,
    Measure::Clicks,
    Measure::Reads,
    Measure::Entries,
    Measure::Registrations,
    Measure::ValidRegistrations,
    Measure::Value,
];

/// The statement of one plan.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Statement {
    /// `outlay/statement@1`.
    pub format: &'static str,
    /// Reporting currency.
    pub currency: String,
    /// What the curves predict.
    pub kpi: String,
    /// First day of the plan.
    pub start: String,
    /// Last day, included.
    pub end: String,
    /// Joint draws that the intervals are taken over.
    pub draws: usize,
    /// Days before each line's last reported one that the rates between steps come from.
    pub rates_from_days: i64,
    /// Spend of lines without a curve, for which nothing is promised.
    pub without_curve: Amounts,
    /// What each step means and how its figures are made.
    pub definitions: Vec<Definition>,
    /// All lines together.
    pub whole: Part,
    /// One part a plan line.
    pub channels: Vec<Part>,
    /// By platform.
    pub platforms: Vec<Part>,
    /// By supplier.
    pub suppliers: Vec<Part>,
    /// By ad account.
    pub accounts: Vec<Part>,
    /// By department.
    pub departments: Vec<Part>,
    /// All lines together in each week of the plan, Monday to Sunday, cut at the plan's ends.
    pub weeks: Vec<Week>,
}

/// What a figure means, which way is good, and its formula.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Definition {
    /// The canonical name.
    pub name: &'static str,
    /// What its ratio is called in files.
    pub ratio: &'static str,
    /// Whether more of the figure is better: `more`, or `neither` for money that goes in.
    pub good: &'static str,
    /// Whether a higher ratio is better: `more` or `less`.
    pub good_ratio: &'static str,
    /// How the ratio is computed.
    pub formula: &'static str,
}

/// Money under the plan and under the reference.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Amounts {
    /// Under the plan.
    pub plan: f64,
    /// Had nothing changed.
    pub reference: f64,
    /// Plan less reference.
    pub change: f64,
}

/// What goes into and comes out of some of the lines, or some of what they are made of.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Part {
    /// The platform, supplier …; absent where the rows name none, and for the whole.
    pub name: Option<String>,
    /// Face value.
    pub spend: Amounts,
    /// Cash after rebates, fees and penalties.
    pub cash: Amounts,
    /// The steps that its rows report, in order.
    pub stages: Vec<Figures>,
}

impl Part {
    /// One step, when it is known.
    pub fn stage(&self, stage: Measure) -> Option<&Figures> {
        self.stages.iter().find(|figures| figures.stage == stage.name())
    }
}

/// One step of the funnel.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Figures {
    /// The canonical name.
    pub stage: &'static str,
    /// Under the plan.
    pub plan: Expected,
    /// Had nothing changed.
    pub reference: Expected,
    /// Plan less reference, draw by draw.
    pub increment: Expected,
    /// Share of draws in which the plan brings more.
    pub better: f64,
    /// Face value of the lines that are behind the step.
    pub spend: Amounts,
    /// Spend ÷ count (per thousand for impressions), or value ÷ spend; absent where there is nothing to divide by.
    pub ratio: Option<Ratio>,
    /// Count ÷ the step before, where both have the same lines behind them.
    pub rate: Option<Ratio>,
}

/// A ratio of totals.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Ratio {
    /// Under the plan: total ÷ total.
    pub plan: f64,
    /// 10 % quantile over the draws.
    pub p10: f64,
    /// 90 % quantile over the draws.
    pub p90: f64,
    /// Had nothing changed; absent where that divides by nothing.
    pub reference: Option<f64>,
}

/// One week of the plan.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Week {
    /// First day.
    pub start: String,
    /// Last day, included.
    pub end: String,
    /// Its figures.
    pub part: Part,
}

/// The statement of a run; absent without a plan, on a conflict, and when the plan has no lines.
pub fn statement(results: &Results) -> Option<Statement> {
    let answer = results.answer.filter(|answer| !answer.lines.is_empty())?;
    let funnels = funnel::all(results, answer);
    let lines = joint::all(results, answer, &funnels);
    let pieces = pieces::all(results, answer, &funnels, &lines);
    let by = |field: Field| sums::by(&pieces, &lines, |piece: &Piece| piece.names[field.index()].clone());
    let draws = lines.iter().map(joint::Line::draws).max().unwrap_or(0);
    Some(Statement {
        format: "outlay/statement@1",
        currency: answer.currency.clone(),
        kpi: answer.kpi.clone(),
        start: answer.period.start.clone(),
        end: answer.period.end.clone(),
        draws,
        rates_from_days: funnel::window(results.fitted.grain),
        without_curve: sums::without_curve(&pieces, answer),
        definitions: definitions(),
        whole: sums::of(None, &pieces.iter().collect::<Vec<_>>(), &lines),
        channels: sums::by(&pieces, &lines, |piece| Some(answer.lines[piece.line].channel.clone())),
        platforms: by(Field::Platform),
        suppliers: by(Field::Supplier),
        accounts: by(Field::Account),
        departments: by(Field::Department),
        weeks: sums::weeks(results, answer, &pieces, &lines),
    })
}

fn definitions() -> Vec<Definition> {
    let count = |stage: Measure| {
        let (ratio, good_ratio, formula) = match stage {
            Measure::Impressions => ("cost_per_thousand", "less", "1000 × spend ÷ impressions"),
            Measure::Clicks => ("cost_per_click", "less", "spend ÷ clicks"),
            Measure::Reads => ("cost_per_read", "less", "spend ÷ reads"),
            Measure::Entries => ("cost_per_entry", "less", "spend ÷ entries"),
            Measure::Registrations => ("cost_per_registration", "less", "spend ÷ registrations"),
            Measure::ValidRegistrations => ("cost_per_valid_registration", "less", "spend ÷ valid_registrations"),
            _ => ("return_on_spend", "more", "value ÷ spend"),
        };
        Definition { name: stage.name(), ratio, good: "more", good_ratio, formula }
    };
    let spend = Definition {
        name: "spend",
        ratio: "",
        good: "neither",
        good_ratio: "",
        formula: "face value of plan.json's lines; reference: mean spend per period over the last 28 reported days or 8 \
                  weeks × periods of the plan",
    };
    let cash = Definition {
        name: "cash",
        ratio: "",
        good: "neither",
        good_ratio: "",
        formula: "face value under the contracts' rebates, fees and penalties",
    };
    [spend, cash].into_iter().chain(STAGES.map(count)).collect()
}

/// Where a measure stands in [`STAGES`].
fn place(measure: Measure) -> usize {
    STAGES.iter().position(|stage| *stage == measure).unwrap_or(0)
}

#[cfg(test)]
mod tests;
