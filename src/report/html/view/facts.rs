//! What every figure means, and from what and by what the run was made.

use serde::Serialize;

use crate::report::{Results, Words, figures, story};
use crate::settings::{BudgetIn, Limit};

/// An entry of the metric dictionary.
#[derive(Serialize)]
pub(super) struct Metric<'a> {
    name: &'a str,
    definition: &'a str,
    unit: String,
}

pub(super) fn dictionary<'a>(results: &Results, words: &'a Words) -> Vec<Metric<'a>> {
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
        entry(words.say("net_cost"), words.say("metric_net_cost"), &cost),
        entry(words.say("marginal_cost"), words.say("metric_marginal"), &cost),
        entry(words.say("worst_tenth"), words.say("metric_worst"), kpi),
        entry(words.say("gap"), words.say("metric_gap"), share),
        entry(words.say("cost_shrunk"), words.say("metric_shrunk"), &cost),
        entry(words.say("efficiency"), words.say("metric_efficiency"), share),
        entry(words.say("explained"), words.say("metric_explained"), share),
        entry(words.say("elasticity"), words.say("metric_elasticity"), none),
        entry(words.say("pareto_k"), words.say("metric_pareto"), none),
    ]
}

/// The facts of the run: program, seed, calendar, settings that steer the plan, hashes.
pub(super) fn run<'a>(results: &Results, words: &'a Words) -> Vec<(&'a str, String)> {
    let settings = results.settings;
    let mut facts = vec![
        (words.say("version"), env!("CARGO_PKG_VERSION").to_owned()),
        (words.say("seed"), settings.seed.to_string()),
        (words.say("timezone"), settings.project.timezone.clone()),
        (words.say("kpi"), settings.project.kpi.name().to_owned()),
    ];
    if let Some(plan) = &settings.plan {
        let counted = match plan.budget_in {
            BudgetIn::Face => words.say("in_face"),
            BudgetIn::Cash => words.say("in_cash"),
        };
        facts.push((words.say("goal"), story::goal(plan.goal, words).to_owned()));
        facts.push((words.say("budget_in"), counted.to_owned()));
    }
    facts.push((words.say("settings_hash"), settings.sha256.clone()));
    facts.push((words.say("panel_hash"), results.panel.sha256.clone()));
    facts
}

/// A limit as the settings give it.
#[derive(Serialize)]
pub(super) struct LimitRow {
    name: String,
    whom: String,
    bounds: String,
}

pub(super) fn limits(results: &Results, words: &Words) -> Vec<LimitRow> {
    let limits = results.settings.plan.as_ref().map_or(&[][..], |plan| &plan.limits[..]);
    limits.iter().map(|limit| limit_row(limit, words)).collect()
}

fn limit_row(limit: &Limit, words: &Words) -> LimitRow {
    let bound = |(key, value): &(&str, f64)| {
        format!("{key} = {}", crate::report::numbers::decimal(*value, if *value < 10.0 { 2 } else { 0 }))
    };
    let bounds: Vec<String> = figures::bounds(limit).iter().map(bound).collect();
    let whom: Vec<&str> = limit.whom.0.values().map(String::as_str).collect();
    LimitRow {
        name: limit.name.clone(),
        whom: match (whom.is_empty(), limit.each) {
            (true, true) => words.say("each_line").to_owned(),
            (true, false) => words.say("whole_plan").to_owned(),
            (false, true) => format!("{} · {}", whom.join(" / "), words.say("each_line")),
            (false, false) => whom.join(" / "),
        },
        bounds: bounds.join(" · "),
    }
}
