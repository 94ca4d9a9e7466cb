//! `statement.csv` and `statement.json`.

use super::{Amounts, Figures, Part, Ratio, Statement};
use crate::plan::Expected;
use crate::report::csv::{number, table, words};
use crate::report::{Output, json};

/// The columns of `statement.csv`: a line is one step, or one kind of money, of one part.
///
/// `split` is `whole`, `channel`, `platform`, `supplier`, `account`, `department` or `week`, of which `name` is the part's
/// name (a week's is its first day; empty where the rows name none). `plan`, `reference` and `increment` are means, which
/// add up over the parts of a split to the whole; quantiles do not. `spend_behind` is the face value of the lines that
/// the step is known of. `ratio` is spend ÷ count, per thousand for impressions, and value ÷ spend for value; `rate` is
/// the count ÷ the step before.
pub const COLUMNS: [&str; 23] = [
    "split",
    "name",
    "step",
    "good",
    "plan",
    "plan_p10",
    "plan_p50",
    "plan_p90",
    "reference",
    "reference_p10",
    "reference_p90",
    "increment",
    "increment_p10",
    "increment_p50",
    "increment_p90",
    "spend_behind",
    "reference_spend_behind",
    "ratio",
    "ratio_p10",
    "ratio_p90",
    "ratio_reference",
    "rate",
    "rate_reference",
];

/// `statement.json`.
pub fn json(statement: &Statement) -> Output {
    json::output("statement.json", statement)
}

/// `statement.csv`.
pub fn csv(statement: &Statement) -> Output {
    let splits = [
        ("channel", &statement.channels),
        ("platform", &statement.platforms),
        ("supplier", &statement.suppliers),
        ("account", &statement.accounts),
        ("department", &statement.departments),
    ];
    let parts = splits.iter().flat_map(|(split, parts)| parts.iter().map(|part| (*split, part.name.clone(), part)));
    let weeks = statement.weeks.iter().map(|week| ("week", Some(week.start.clone()), &week.part));
    let all = std::iter::once(("whole", None, &statement.whole)).chain(parts).chain(weeks);
    table("statement.csv", &COLUMNS, all.flat_map(|(split, name, part)| rows(split, name.as_deref(), part)))
}

fn rows(split: &str, name: Option<&str>, part: &Part) -> Vec<Vec<String>> {
    let head = |step: &str, good: &str| vec![split.to_owned(), words(name), step.to_owned(), good.to_owned()];
    let money = |step: &str, amounts: &Amounts| {
        let mut row = head(step, "neither");
        row.extend(money_cells(amounts));
        row
    };
    let mut rows = vec![money("spend", &part.spend), money("cash", &part.cash)];
    rows.extend(part.stages.iter().map(|figures| {
        let mut row = head(figures.stage, "more");
        row.extend(cells(figures));
        row
    }));
    rows
}

fn money_cells(amounts: &Amounts) -> Vec<String> {
    let mut cells = vec![String::new(); COLUMNS.len() - 4];
    for (at, amount) in [(0, amounts.plan), (4, amounts.reference), (7, amounts.change)] {
        cells[at] = format!("{amount:.2}");
    }
    cells
}

fn cells(figures: &Figures) -> Vec<String> {
    let Expected { mean, p10, p50, p90 } = figures.plan;
    let (kept, gain) = (figures.reference, figures.increment);
    let figure = |figure: f64| number(Some(figure));
    let mut cells: Vec<String> =
        [mean, p10, p50, p90, kept.mean, kept.p10, kept.p90, gain.mean, gain.p10, gain.p50, gain.p90]
            .map(figure)
            .into();
    cells.extend([figures.spend.plan, figures.spend.reference].map(|spend| format!("{spend:.2}")));
    let of = |ratio: Option<Ratio>, figure: fn(Ratio) -> Option<f64>| number(ratio.and_then(figure));
    let (ratio, rate) = (figures.ratio, figures.rate);
    cells.extend([of(ratio, |r| Some(r.plan)), of(ratio, |r| Some(r.p10)), of(ratio, |r| Some(r.p90))]);
    cells.extend([of(ratio, |r| r.reference), of(rate, |r| Some(r.plan)), of(rate, |r| r.reference)]);
    cells
}
