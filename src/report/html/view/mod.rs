//! What the page shows, in the shape that the templates read: a file a part of the page.

mod allocation;
mod curves;
mod facts;
mod outcome;
mod quality;
mod statement;
mod suppliers;
mod unknown;
mod whatif;

use std::collections::BTreeMap;

use serde::Serialize;

use crate::check::Error;
use crate::plan::Answer;
use crate::report::figures::{self, Comparison, Totals};
use crate::report::outlook::Outlook;
use crate::report::statement::Statement;
use crate::report::{Lang, Results, Words, numbers, story};

/// The page.
#[derive(Serialize)]
pub(super) struct Page<'a> {
    w: &'a BTreeMap<String, String>,
    lang: &'a str,
    project: &'a str,
    currency: &'a str,
    /// Places of an amount in the currency.
    places: usize,
    kpi: &'a str,
    cost_name: &'a str,
    per: &'a str,
    period: Option<(String, String)>,
    plan: Option<Plan<'a>>,
    no_plan: bool,
    statement: Option<statement::Shown>,
    curves: curves::Curves,
    models: curves::Models,
    suppliers: suppliers::Suppliers<'a>,
    quality: quality::Quality<'a>,
    findings_line: String,
    dictionary: Vec<facts::Metric<'a>>,
    facts: Vec<(&'a str, String)>,
    limits: Vec<facts::LimitRow>,
}

/// What planning gave.
#[derive(Serialize)]
struct Plan<'a> {
    answer: &'a Answer,
    totals: Totals,
    comparison: Option<Comparison>,
    story: Vec<String>,
    conflict: Option<(String, Vec<String>, String)>,
    status: &'a str,
    gap: Option<String>,
    /// Whether ranges say more than means.
    has_range: bool,
    lines: Vec<allocation::Move<'a>>,
    top: Vec<allocation::Move<'a>>,
    moves: Option<Chart>,
    waterfall: Option<outcome::Waterfall>,
    more_lines: Option<String>,
    frontier: Option<Chart>,
    frontier_rows: Vec<outcome::FrontierRow<'a>>,
    risk: Option<outcome::Risk>,
    cases: Vec<outcome::CaseColumn>,
    cases_message: String,
    prices: String,
    price_rows: Vec<outcome::PriceRow>,
    /// Whether the draws say anything of the prices.
    has_price_ranges: bool,
    sureness: Option<unknown::Sureness>,
    days: Option<unknown::Days<'a>>,
    /// The data of the sliders, as JSON that a page can hold; empty where there are none.
    whatif: String,
}

/// A drawing and what it says.
#[derive(Serialize)]
struct Chart {
    svg: String,
    message: String,
}

impl Chart {
    fn of(svg: Option<String>, message: String) -> Option<Chart> {
        svg.map(|svg| Chart { svg: inline(&svg), message })
    }
}

/// Gathers what the page shows.
pub(super) fn page<'a>(
    results: &Results<'a>,
    statement: Option<&Statement>,
    lang: Lang,
    words: &'a Words,
) -> Result<Page<'a>, Error> {
    let project = &results.settings.project;
    let plan = results.answer.map(|answer| plan(results, answer, words)).transpose()?;
    Ok(Page {
        w: words.all(),
        lang: lang.tag(),
        project: &project.name,
        currency: project.currency.code(),
        places: numbers::places(project.currency.code()),
        kpi: words.kpi(project.kpi),
        cost_name: words.cost_per(project.kpi),
        per: words.per(results.fitted.grain),
        period: results.answer.map(|answer| (words.date(&answer.period.start), words.date(&answer.period.end))),
        no_plan: plan.is_none(),
        plan,
        statement: statement.map(|statement| statement::shown(results, statement, words)),
        curves: curves::curves(results, words)?,
        models: curves::models(results, words),
        suppliers: suppliers::suppliers(results, words),
        quality: quality::quality(results, words),
        findings_line: story::findings(results.findings, words),
        dictionary: facts::dictionary(results, words),
        facts: facts::run(results, words),
        limits: facts::limits(results, words),
    })
}

fn plan<'a>(results: &Results<'a>, answer: &'a Answer, words: &'a Words) -> Result<Plan<'a>, Error> {
    let outlook = Outlook::of(answer, results.fitted);
    let lines = allocation::moves(answer, outlook.as_ref(), words);
    let whatif = whatif::of(results).and_then(|data| serde_json::to_string(&data).ok());
    Ok(Plan {
        totals: figures::totals(answer),
        comparison: figures::comparison(answer, results.fitted),
        story: story::plan(results.settings, results.fitted, answer, words),
        conflict: answer.conflict.as_ref().map(|conflict| {
            let told = story::conflict(conflict, &answer.currency, words);
            (told.line, told.relax, told.why)
        }),
        status: story::status(answer.status, words),
        gap: answer.gap.map(numbers::small_percent),
        has_range: answer.expected.is_some_and(|expected| expected.p10 < expected.p90),
        more_lines: allocation::more_lines(lines.len(), words),
        moves: Chart::of(allocation::chart(answer, words)?, story::moves(answer, words)),
        waterfall: outlook.as_ref().map(|outlook| outcome::waterfall(results, answer, outlook, words)).transpose()?,
        frontier: Chart::of(
            crate::report::charts::frontier(answer, results.settings.project.kpi, words)?,
            story::frontier(results, answer, words),
        ),
        frontier_rows: outcome::frontier_rows(answer, words),
        risk: outlook.as_ref().map(|outlook| outcome::risk(results, answer, outlook, words)).transpose()?.flatten(),
        cases: outcome::cases(answer, outlook.as_ref(), words),
        cases_message: story::cases(results, outlook.as_ref(), words),
        prices: story::prices(answer, words),
        price_rows: outcome::prices(answer, words),
        has_price_ranges: answer.unknown.as_ref().is_some_and(|unknown| !unknown.limits.is_empty()),
        sureness: unknown::sureness(results.settings, answer, words),
        days: unknown::days(answer, words),
        // in a script element only `<` could end it; no `&` is left that could be read as an escape
        whatif: whatif.map_or(String::new(), |json| json.replace('<', "\\u003c").replace('&', "\\u0026")),
        top: allocation::top(&lines),
        lines,
        answer,
    })
}

/// A drawing as part of the page, where the namespace goes without saying.
fn inline(svg: &str) -> String {
    svg.replacen(" xmlns=\"http://www.w3.org/2000/svg\"", "", 1)
}
