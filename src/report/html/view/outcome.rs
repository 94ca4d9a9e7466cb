//! What the plan is expected to bring: where the change comes from, how it spreads, and what else could be done.

use serde::Serialize;

use super::Chart;
use crate::check::Error;
use crate::plan::{Answer, FrontierPoint, LimitCost, Price};
use crate::report::figures;
use crate::report::outlook::{Case, Outlook};
use crate::report::text::shorten;
use crate::report::{Results, Words, charts, story, unknown};

/// Quantiles of the table of draws.
const QUANTILES: [f64; 7] = [0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95];

/// Expected KPI at the reference spend → as planned, line by line.
#[derive(Serialize)]
pub(super) struct Waterfall {
    chart: Option<Chart>,
    rows: Vec<WaterfallRow>,
    before: f64,
    after: f64,
}

#[derive(Serialize)]
struct WaterfallRow {
    label: String,
    change: f64,
    gain: f64,
    /// Money per KPI gained, or saved per KPI given up.
    cost: Option<f64>,
}

pub(super) fn waterfall(
    results: &Results,
    answer: &Answer,
    outlook: &Outlook,
    words: &Words,
) -> Result<Waterfall, Error> {
    let mut rows: Vec<WaterfallRow> = (answer.lines.iter().zip(&outlook.lines))
        .filter_map(|(line, step)| Some((line, (*step)?)))
        .map(|(line, step)| {
            let (change, gain) = (figures::change(line), step.after - step.before);
            let cost = Some(change / gain).filter(|cost| cost.is_finite() && *cost > 0.0);
            WaterfallRow { label: shorten(&line.channel, 60), change, gain, cost }
        })
        .collect();
    rows.sort_by(|a, b| b.gain.total_cmp(&a.gain));
    let svg = charts::waterfall(results, answer, outlook, words)?;
    let (before, after) = (outlook.unchanged.expected.mean, outlook.plan.expected.mean);
    Ok(Waterfall { chart: Chart::of(svg, story::waterfall(results, outlook, words)), rows, before, after })
}

#[derive(Serialize)]
pub(super) struct FrontierRow<'a> {
    budget: f64,
    status: &'a str,
    mean: Option<f64>,
    p10: Option<f64>,
    p90: Option<f64>,
    cost_per: Option<f64>,
    marginal_cost: Option<f64>,
}

pub(super) fn frontier_rows<'a>(answer: &Answer, words: &'a Words) -> Vec<FrontierRow<'a>> {
    let row = |point: &FrontierPoint| FrontierRow {
        budget: point.budget,
        status: story::status(point.status, words),
        mean: point.mean,
        p10: point.p10,
        p90: point.p90,
        cost_per: point.mean.map(|mean| point.budget / mean).filter(|cost| cost.is_finite()),
        marginal_cost: point.marginal_cost,
    };
    answer.frontier.iter().map(row).collect()
}

/// How the draws spread.
#[derive(Serialize)]
pub(super) struct Risk {
    chart: Chart,
    /// Each with the plan's and the reference mix's KPI.
    rows: Vec<(f64, f64, Option<f64>)>,
    worst: f64,
    worst_cost: Option<f64>,
    sentences: Vec<String>,
}

/// Absent where the curves are certain: nothing spreads.
pub(super) fn risk(
    results: &Results,
    answer: &Answer,
    outlook: &Outlook,
    words: &Words,
) -> Result<Option<Risk>, Error> {
    if outlook.plan.draws.len() < 2 {
        return Ok(None);
    }
    let told = story::risk(results, outlook, words);
    let Some(chart) = Chart::of(charts::risk(results, outlook, words)?, told.message) else { return Ok(None) };
    let mix = outlook.same_mix.as_ref();
    let row = |share| (share, outlook.plan.quantile(share), mix.map(|mix| mix.quantile(share)));
    let worst = outlook.plan.worst();
    Ok(Some(Risk {
        chart,
        rows: QUANTILES.into_iter().map(row).collect(),
        worst,
        worst_cost: Some(answer.budget.spent / worst).filter(|cost| cost.is_finite()),
        sentences: told.costs,
    }))
}

/// A scenario beside the others.
#[derive(Serialize)]
pub(super) struct CaseColumn {
    name: String,
    ours: bool,
    spend: f64,
    mean: Option<f64>,
    low: Option<f64>,
    high: Option<f64>,
    cost_per: Option<f64>,
    marginal_cost: Option<f64>,
    /// Expected KPI beside the unchanged spend.
    gain: Option<f64>,
}

/// Nothing changed · the reference mix at the plan's money · the plan · the plan at other budgets.
pub(super) fn cases(answer: &Answer, outlook: Option<&Outlook>, words: &Words) -> Vec<CaseColumn> {
    let Some(outlook) = outlook else { return Vec::new() };
    let base = outlook.unchanged.expected.mean;
    let of = |name: &str, case: &Case| CaseColumn {
        name: name.to_owned(),
        ours: false,
        spend: case.spend,
        mean: Some(case.expected.mean),
        low: Some(case.expected.p10),
        high: Some(case.expected.p90),
        cost_per: Some(case.spend / case.expected.mean).filter(|cost| cost.is_finite()),
        marginal_cost: None,
        gain: Some(case.expected.mean - base),
    };
    let mut cases = vec![of(words.say("case_unchanged"), &outlook.unchanged)];
    cases.extend(outlook.same_mix.as_ref().map(|mix| of(words.say("case_same_mix"), mix)));
    let marginal = answer.lines.iter().filter_map(|line| line.marginal_cost).reduce(f64::max);
    cases.push(CaseColumn { ours: true, marginal_cost: marginal, ..of(words.say("this_plan"), &outlook.plan) });
    let asked = answer.budget.asked;
    let other = |point: &&FrontierPoint| point.mean.is_some() && (point.budget - asked).abs() > 0.005;
    cases.extend(answer.frontier.iter().filter(other).map(|point| {
        let share = crate::report::numbers::decimal(100.0 * point.budget / asked, 0);
        CaseColumn {
            name: words.tell("case_budget", &[("share", &share)]),
            ours: false,
            spend: point.budget,
            mean: point.mean,
            low: point.p10,
            high: point.p90,
            cost_per: point.mean.map(|mean| point.budget / mean).filter(|cost| cost.is_finite()),
            marginal_cost: point.marginal_cost,
            gain: point.mean.map(|mean| mean - base),
        }
    }));
    cases
}

/// What a limit is worth.
#[derive(Serialize)]
pub(super) struct PriceRow {
    limit: String,
    price: f64,
    unit: String,
    /// The price in the draws' own plans: p10 and p90.
    range: Option<(f64, f64)>,
    /// KPI that the plan would bring more without it: mean, p10, p90.
    costs: Option<(f64, f64, f64)>,
    /// Money that the plan would spend less without it.
    saves: Option<f64>,
}

pub(super) fn prices(answer: &Answer, words: &Words) -> Vec<PriceRow> {
    let row = |(price, cost): (&Price, Option<&LimitCost>)| PriceRow {
        limit: words.limit(&price.limit),
        price: price.price,
        unit: words.translate("plan.unit", &price.unit),
        range: cost.map(|cost| (cost.price_p10, cost.price_p90)),
        costs: cost.and_then(|cost| cost.costs).map(|costs| (costs.mean, costs.p10, costs.p90)),
        saves: cost.and_then(|cost| cost.saves),
    };
    unknown::limits(answer).into_iter().map(row).collect()
}
