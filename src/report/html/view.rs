//! What the page shows, in the shape that the templates read.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::check::{Error, Finding, Severity};
use crate::fit::ChannelFit;
use crate::plan::{Answer, Line};
use crate::report::figures::{self, Comparison, Totals};
use crate::report::text::{one_line, shorten};
use crate::report::{Lang, Results, Words, charts, numbers, story};
use crate::score::SupplierScore;
use crate::unify::{RowCount, SourceSummary};

/// Most curves drawn on the page; the others are files in `charts/`.
const CURVES: usize = 60;
/// Most bars in the chart of moves on the page.
const BARS: usize = 30;
/// Moves told in the summary.
const TOP: usize = 6;
/// Above this the importance weights are not to be trusted (Vehtari et al. 2024, "Pareto smoothed importance sampling").
const WEAK_PARETO_K: f64 = 0.7;

/// The page.
#[derive(Serialize)]
pub(super) struct Page<'a> {
    w: &'a BTreeMap<String, String>,
    lang: &'a str,
    project: &'a str,
    currency: &'a str,
    kpi: &'a str,
    cost_name: &'a str,
    per: &'a str,
    plan: Option<Plan<'a>>,
    no_plan: bool,
    curves: Curves,
    models: Models,
    suppliers: Suppliers<'a>,
    quality: Quality<'a>,
    findings_line: String,
    dictionary: Vec<Metric<'a>>,
    facts: Vec<(&'a str, String)>,
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
    lines: Vec<Move<'a>>,
    top: Vec<Move<'a>>,
    moves: Option<Chart>,
    more_lines: Option<String>,
    frontier: Option<Chart>,
    frontier_rows: Vec<FrontierRow<'a>>,
    prices: String,
}

/// A plan line beside what it replaces.
#[derive(Clone, Serialize)]
struct Move<'a> {
    line: &'a Line,
    label: String,
    change: f64,
    change_share: Option<f64>,
    /// Widths of the bars of the summary, in percent of the longest.
    bars: (f64, f64),
    held_by: String,
}

#[derive(Serialize)]
struct Chart {
    svg: String,
    message: String,
}

#[derive(Serialize)]
struct FrontierRow<'a> {
    budget: f64,
    status: &'a str,
    mean: Option<f64>,
    p10: Option<f64>,
    p90: Option<f64>,
    marginal_cost: Option<f64>,
}

#[derive(Serialize)]
struct Curves {
    message: String,
    legend: Option<String>,
    charts: Vec<String>,
    rest: Option<String>,
    rows: Vec<CurveRow>,
}

/// The figures behind a curve's chart.
#[derive(Serialize)]
struct CurveRow {
    channel: String,
    reference: [f64; 4],
    planned: Option<[f64; 4]>,
}

#[derive(Serialize)]
struct Models {
    message: String,
    rows: Vec<ModelRow>,
}

#[derive(Serialize)]
struct ModelRow {
    channel: String,
    has_curve: bool,
    weak: bool,
    curve: String,
    draws: Option<usize>,
    periods: Option<usize>,
    explained: Option<f64>,
    elasticity: Option<f64>,
    elasticity_error: Option<f64>,
    pareto_k: Option<f64>,
    observed: (f64, f64),
}

#[derive(Serialize)]
struct Suppliers<'a> {
    message: String,
    rows: Vec<SupplierRow<'a>>,
}

#[derive(Serialize)]
struct SupplierRow<'a> {
    score: &'a SupplierScore,
    name: String,
    tier: String,
    tier_word: &'a str,
    /// Place of the tier in the order of tiers.
    order: usize,
}

#[derive(Serialize)]
struct Quality<'a> {
    message: String,
    rows: &'a RowCount,
    sources: &'a [SourceSummary],
    groups: Vec<Group<'a>>,
}

/// Findings of one severity.
#[derive(Serialize)]
struct Group<'a> {
    severity: Severity,
    word: &'a str,
    findings: Vec<&'a Finding>,
}

/// An entry of the metric dictionary.
#[derive(Serialize)]
struct Metric<'a> {
    name: &'a str,
    definition: &'a str,
    unit: String,
}

/// Gathers what the page shows.
pub(super) fn page<'a>(results: &Results<'a>, lang: Lang, words: &'a Words) -> Result<Page<'a>, Error> {
    let project = &results.settings.project;
    Ok(Page {
        w: words.all(),
        lang: lang.tag(),
        project: &project.name,
        currency: project.currency.code(),
        kpi: words.kpi(project.kpi),
        cost_name: words.cost_per(project.kpi),
        per: words.per(results.fitted.grain),
        plan: results.answer.map(|answer| plan(results, answer, words)).transpose()?,
        no_plan: results.answer.is_none(),
        curves: curves(results, words)?,
        models: models(results, words),
        suppliers: suppliers(results, words),
        quality: quality(results, words),
        findings_line: story::findings(results.findings, words),
        dictionary: dictionary(results, words),
        facts: facts(results, words),
    })
}

fn plan<'a>(results: &Results<'a>, answer: &'a Answer, words: &'a Words) -> Result<Plan<'a>, Error> {
    let lines = moves(answer);
    let mut top: Vec<Move> = lines.iter().filter(|line| line.change != 0.0).cloned().collect();
    top.sort_by(|a, b| b.change.abs().total_cmp(&a.change.abs()));
    top.truncate(TOP);
    let shown = BARS.to_string();
    let kpi = results.settings.project.kpi;
    let chart = |svg: Option<String>, message: String| svg.map(|svg| Chart { svg: inline(&svg), message });
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
        more_lines: (lines.len() > BARS).then(|| words.tell("moves_shown", &[("count", &shown)])),
        moves: chart(charts::moves(answer, BARS, words)?, story::moves(answer, words)),
        frontier: chart(charts::frontier(answer, kpi, words)?, story::frontier(results, answer, words)),
        frontier_rows: frontier_rows(answer, words),
        prices: story::prices(answer, words),
        lines,
        top,
        answer,
    })
}

/// The lines from the largest rise to the largest cut.
fn moves(answer: &Answer) -> Vec<Move<'_>> {
    let longest =
        answer.lines.iter().map(|line| line.spend.max(line.reference_spend)).fold(f64::MIN_POSITIVE, f64::max);
    let percent = |amount: f64| (1000.0 * amount / longest).round() / 10.0;
    let row = |line| Move {
        line,
        label: shorten(&line.channel, 60),
        change: figures::change(line),
        change_share: figures::change_share(line),
        bars: (percent(line.reference_spend), percent(line.spend)),
        held_by: line.limited_by.iter().map(|name| one_line(name)).collect::<Vec<_>>().join(", "),
    };
    figures::by_change(answer).into_iter().map(row).collect()
}

fn frontier_rows<'a>(answer: &Answer, words: &'a Words) -> Vec<FrontierRow<'a>> {
    let row = |point: &crate::plan::FrontierPoint| FrontierRow {
        budget: point.budget,
        status: story::status(point.status, words),
        mean: point.mean,
        p10: point.p10,
        p90: point.p90,
        marginal_cost: point.marginal_cost,
    };
    answer.frontier.iter().map(row).collect()
}

fn curves(results: &Results, words: &Words) -> Result<Curves, Error> {
    let fits = &results.fitted.channels;
    let with: Vec<usize> = (0..fits.len()).filter(|index| fits[*index].curve.is_ok()).collect();
    let mut drawn = Vec::new();
    for index in with.iter().take(CURVES) {
        drawn.extend(charts::curve(results, *index, false, words)?.map(|svg| inline(&svg)));
    }
    let (count, all) = (with.len().to_string(), fits.len().to_string());
    let rest = (with.len() > CURVES).then(|| (with.len() - CURVES).to_string());
    Ok(Curves {
        message: match with.len() {
            0 => words.say("curves_message_none").to_owned(),
            _ => words.tell("curves_message", &[("with", &count), ("all", &all)]),
        },
        legend: if with.is_empty() { None } else { Some(inline(&charts::legend(words)?)) },
        charts: drawn,
        rest: rest.map(|rest| words.tell("curves_rest", &[("count", &rest)])),
        rows: fits.iter().filter_map(|fit| curve_row(results, fit)).collect(),
    })
}

fn curve_row(results: &Results, fit: &ChannelFit) -> Option<CurveRow> {
    let curve = fit.curve.as_ref().ok()?;
    let point = |spend: f64| {
        let point = figures::curve_point(curve, spend);
        [spend, point.mean, point.p05, point.p95]
    };
    let planned = results.answer.and_then(|answer| {
        let line = answer.lines.iter().find(|line| line.channel == fit.channel.label)?;
        Some(point(line.spend.max(0.0) / answer.period.periods))
    });
    Some(CurveRow { channel: shorten(&fit.channel.label, 60), reference: point(fit.reference_spend), planned })
}

fn models(results: &Results, words: &Words) -> Models {
    let fits = &results.fitted.channels;
    let rows: Vec<ModelRow> = fits.iter().map(|fit| model_row(fit, words)).collect();
    let with = rows.iter().filter(|row| row.has_curve).count().to_string();
    let weak = rows.iter().filter(|row| row.weak).count().to_string();
    let all = rows.len().to_string();
    Models { message: words.tell("models_message", &[("with", &with), ("all", &all), ("weak", &weak)]), rows }
}

fn model_row(fit: &ChannelFit, words: &Words) -> ModelRow {
    let diagnostics = fit.diagnostics.as_ref();
    ModelRow {
        channel: shorten(&fit.channel.label, 60),
        has_curve: fit.curve.is_ok(),
        weak: diagnostics.is_some_and(|diagnostics| diagnostics.pareto_k > WEAK_PARETO_K),
        curve: match &fit.curve {
            Ok(curve) if curve.draws.is_empty() => {
                words.tell("family_certain", &[("family", curve.summary.saturation.family())])
            }
            Ok(curve) => curve.summary.saturation.family().to_owned(),
            Err(reason) => one_line(reason),
        },
        draws: fit.curve.as_ref().ok().map(|curve| curve.draws.len()),
        periods: diagnostics.map(|diagnostics| diagnostics.periods),
        explained: diagnostics.map(|diagnostics| diagnostics.explained),
        elasticity: diagnostics.map(|diagnostics| diagnostics.elasticity),
        elasticity_error: diagnostics.map(|diagnostics| diagnostics.elasticity_error),
        pareto_k: diagnostics.map(|diagnostics| diagnostics.pareto_k),
        observed: fit.observed,
    }
}

fn suppliers<'a>(results: &Results<'a>, words: &'a Words) -> Suppliers<'a> {
    let row = |score: &'a SupplierScore| SupplierRow {
        score,
        name: score.supplier.as_deref().map_or_else(|| words.say("no_supplier").to_owned(), |name| shorten(name, 60)),
        tier: format!("{:?}", score.tier),
        tier_word: words.tier(score.tier),
        order: score.tier as usize,
    };
    Suppliers { message: story::suppliers(results, words), rows: results.scores.suppliers.iter().map(row).collect() }
}

fn quality<'a>(results: &Results<'a>, words: &'a Words) -> Quality<'a> {
    let ledger = results.ledger;
    let whole = |count: u64| numbers::decimal(count as f64, 0);
    let skipped: u64 = ledger.rows.skipped.iter().map(|skipped| skipped.count).sum();
    let (used, read, skipped) = (whole(ledger.rows.used), whole(ledger.rows.read), whole(skipped));
    let group = |severity| {
        let findings: Vec<&Finding> = results.findings.iter().filter(|f| f.severity == severity).collect();
        (!findings.is_empty()).then(|| Group { severity, word: words.severity(severity), findings })
    };
    Quality {
        message: words.tell("quality_message", &[("used", &used), ("read", &read), ("skipped", &skipped)]),
        rows: &ledger.rows,
        sources: &ledger.sources,
        groups: [Severity::Fail, Severity::Review, Severity::Pass].into_iter().filter_map(group).collect(),
    }
}

fn dictionary<'a>(results: &Results, words: &'a Words) -> Vec<Metric<'a>> {
    let project = &results.settings.project;
    let (money, kpi) = (project.currency.code(), words.kpi(project.kpi));
    let cost = words.tell("money_per_kpi", &[("currency", money)]);
    let entry = |name, definition, unit: &str| Metric { name, definition, unit: unit.to_owned() };
    let (share, none) = (words.say("share_unit"), words.say("none_unit"));
    vec![
        entry(words.say("spend"), words.say("metric_spend"), money),
        entry(words.say("reference_spend"), words.say("metric_reference"), money),
        entry(words.say("cash"), words.say("metric_cash"), money),
        entry(words.kpi(project.kpi), words.say("metric_kpi"), kpi),
        entry(words.say("expected"), words.say("metric_expected"), kpi),
        entry(words.say("range_80_name"), words.say("metric_range"), kpi),
        entry(words.cost_per(project.kpi), words.say("metric_cost_per"), &cost),
        entry(words.say("marginal_cost"), words.say("metric_marginal"), &cost),
        entry(words.say("gap"), words.say("metric_gap"), share),
        entry(words.say("cost_shrunk"), words.say("metric_shrunk"), &cost),
        entry(words.say("efficiency"), words.say("metric_efficiency"), share),
        entry(words.say("explained"), words.say("metric_explained"), share),
        entry(words.say("elasticity"), words.say("metric_elasticity"), none),
        entry(words.say("pareto_k"), words.say("metric_pareto"), none),
    ]
}

fn facts<'a>(results: &Results, words: &'a Words) -> Vec<(&'a str, String)> {
    let settings = results.settings;
    vec![
        (words.say("version"), env!("CARGO_PKG_VERSION").to_owned()),
        (words.say("seed"), settings.seed.to_string()),
        (words.say("timezone"), settings.project.timezone.clone()),
        (words.say("settings_hash"), settings.sha256.clone()),
        (words.say("panel_hash"), results.panel.sha256.clone()),
    ]
}

/// A drawing as part of the page, where the namespace goes without saying.
fn inline(svg: &str) -> String {
    svg.replacen(" xmlns=\"http://www.w3.org/2000/svg\"", "", 1)
}
