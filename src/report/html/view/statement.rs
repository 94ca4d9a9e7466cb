//! The input–output statement on the page: all lines, by week, and by what they are made of.

use serde::Serialize;

use crate::plan::Expected;
use crate::report::statement::{Definition, Figures, Part, Ratio, Statement};
use crate::report::text::shorten;
use crate::report::{Results, Words};
use crate::units::{Kpi, Measure};

/// Parts of a split that are shown; the others are in the workbook and in the files.
const PARTS: usize = 60;

/// The steps that may be a project's KPI.
const KPIS: [Kpi; 5] = [Kpi::Reads, Kpi::Entries, Kpi::Registrations, Kpi::ValidRegistrations, Kpi::Value];

#[derive(Serialize)]
pub(super) struct Shown {
    message: String,
    /// The steps that anything is known of, by their words.
    heads: Vec<String>,
    whole: PartRows,
    weeks: Vec<PartColumns>,
    splits: Vec<Split>,
    /// One view each.
    departments: Vec<PartRows>,
    without_curve: Option<f64>,
}

/// A part, a row a step.
#[derive(Serialize)]
struct PartRows {
    name: String,
    spend: f64,
    spend_reference: f64,
    cash: f64,
    cash_reference: f64,
    steps: Vec<Step>,
}

#[derive(Serialize)]
struct Step {
    name: String,
    plan: Expected,
    reference: f64,
    increment: Expected,
    ratio_name: String,
    formula: String,
    less_is_good: bool,
    ratio: Option<Ratio>,
    rate: Option<Ratio>,
}

/// A part in one row, a column a step.
#[derive(Serialize)]
struct PartColumns {
    name: String,
    spend: f64,
    change: f64,
    cash: f64,
    steps: Vec<Option<(f64, f64, f64)>>,
}

#[derive(Serialize)]
struct Split {
    name: String,
    rows: Vec<PartColumns>,
    more: usize,
}

/// The statement of a run as the page shows it.
pub(super) fn shown(results: &Results, statement: &Statement, words: &Words) -> Shown {
    let heads: Vec<&str> = statement.whole.stages.iter().map(|figures| figures.stage).collect();
    let rows = |part: &Part, name: String| part_rows(part, name, statement, words);
    let columns = |part: &Part, name: String| part_columns(part, name, &heads);
    let name = |part: &Part| part.name.as_deref().map_or_else(|| words.say("not_named").to_owned(), |n| shorten(n, 60));
    let split = |title: &str, parts: &[Part]| Split {
        name: title.to_owned(),
        rows: parts.iter().take(PARTS).map(|part| columns(part, name(part))).collect(),
        more: parts.len().saturating_sub(PARTS),
    };
    let splits = [
        split(words.say("by_platform"), &statement.platforms),
        split(words.say("by_supplier"), &statement.suppliers),
        split(words.say("by_account"), &statement.accounts),
        split(words.say("by_department"), &statement.departments),
    ];
    let without = statement.without_curve.plan;
    let has_departments = statement.departments.iter().any(|part| part.name.is_some());
    Shown {
        message: message(statement, results, words),
        heads: heads.iter().map(|stage| step(stage, words)).collect(),
        whole: rows(&statement.whole, words.say("total").to_owned()),
        weeks: statement
            .weeks
            .iter()
            .map(|week| columns(&week.part, format!("{} – {}", words.date(&week.start), words.date(&week.end))))
            .collect(),
        splits: splits.into_iter().filter(|split| split.rows.len() > 1).collect(),
        departments: if has_departments {
            statement.departments.iter().take(PARTS).map(|part| rows(part, name(part))).collect()
        } else {
            Vec::new()
        },
        without_curve: Some(without).filter(|spend| *spend != 0.0),
    }
}

fn message(statement: &Statement, results: &Results, words: &Words) -> String {
    let kpi = results.settings.project.kpi;
    let spend = words.money(statement.whole.spend.plan, &statement.currency);
    let Some(figures) = statement.whole.stage(kpi.measure()) else {
        return words.tell("statement_message_plain", &[("spend", &spend)]);
    };
    let count = crate::report::numbers::count;
    let signed = crate::report::numbers::signed_count;
    let values = [count(figures.plan.mean), count(figures.plan.p10), count(figures.plan.p90)];
    let change = signed(figures.increment.mean);
    words.tell(
        "statement_message",
        &[
            ("spend", &spend),
            ("kpi", words.kpi(kpi)),
            ("mean", &values[0]),
            ("low", &values[1]),
            ("high", &values[2]),
            ("change", &change),
        ],
    )
}

fn part_rows(part: &Part, name: String, statement: &Statement, words: &Words) -> PartRows {
    let definition =
        |stage: &str| -> Option<&Definition> { statement.definitions.iter().find(|known| known.name == stage) };
    let row = |figures: &Figures| {
        let definition = definition(figures.stage);
        Step {
            name: step(figures.stage, words),
            plan: figures.plan,
            reference: figures.reference.mean,
            increment: figures.increment,
            ratio_name: definition.map_or_else(String::new, |known| ratio(known.ratio, words)),
            formula: definition.map_or_else(String::new, |known| known.formula.to_owned()),
            less_is_good: definition.is_some_and(|known| known.good_ratio == "less"),
            ratio: figures.ratio,
            rate: figures.rate,
        }
    };
    PartRows {
        name,
        spend: part.spend.plan,
        spend_reference: part.spend.reference,
        cash: part.cash.plan,
        cash_reference: part.cash.reference,
        steps: part.stages.iter().map(row).collect(),
    }
}

fn part_columns(part: &Part, name: String, heads: &[&str]) -> PartColumns {
    let of = |stage: &&str| {
        let figures = part.stages.iter().find(|figures| figures.stage == *stage)?;
        Some((figures.plan.mean, figures.plan.p10, figures.plan.p90))
    };
    let (spend, cash) = (part.spend.plan, part.cash.plan);
    PartColumns { name, spend, change: part.spend.change, cash, steps: heads.iter().map(of).collect() }
}

/// A step by its words.
fn step(stage: &str, words: &Words) -> String {
    let kpi = KPIS.into_iter().find(|kpi| kpi.measure().name() == stage);
    let told = match kpi {
        Some(kpi) => words.kpi(kpi),
        None if stage == Measure::Impressions.name() => words.say("step_impressions"),
        None if stage == Measure::Clicks.name() => words.say("step_clicks"),
        None => stage,
    };
    told.to_owned()
}

/// The ratio of a step by its words.
fn ratio(name: &str, words: &Words) -> String {
    let told = match name {
        "cost_per_thousand" => words.say("cost_per_thousand"),
        "cost_per_click" => words.say("cost_per_click"),
        "cost_per_read" => words.cost_per(Kpi::Reads),
        "cost_per_entry" => words.cost_per(Kpi::Entries),
        "cost_per_registration" => words.cost_per(Kpi::Registrations),
        "cost_per_valid_registration" => words.cost_per(Kpi::ValidRegistrations),
        "return_on_spend" => words.say("return_on_spend"),
        other => other,
    };
    told.to_owned()
}
