//! What the sliders of the page calculate with: each line's curve at sampled spends, its own bounds, the limits on sums of
//! lines, and how the draws lie around the curve. Spend and KPI are of the whole plan.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::fit::{ChannelFit, Curve};
use crate::plan::Answer;
use crate::report::Results;
use crate::report::figures::{response_periods, usual_range};
use crate::report::text::shorten;
use crate::settings::{BudgetIn, Goal, Limit, PlanSettings};

/// Steps of a sampled curve; they are closer together at small spends, where curves bend.
const STEPS: usize = 36;
/// Joint draws that the page keeps, for ranges: fewer where there are many lines, whose errors even out.
const DRAWS: usize = 40;
/// Figures of draws that a page can bear.
const KEPT: usize = 8_000;
/// Places along a curve at which the draws are kept, as shares of its range.
const NODES: [f64; 5] = [0.02, 0.12, 0.35, 0.65, 1.0];
/// How far beyond the asked budget the slider goes.
const MOST_BUDGET: f64 = 2.0;

/// Everything that the sliders need.
#[derive(Debug, Serialize)]
pub(super) struct WhatIf {
    /// The budget that was asked for, and the most that the slider gives.
    budget: f64,
    most: f64,
    /// Ceilings of the settings on the last and on the mean cost.
    ceiling: Option<f64>,
    mean_ceiling: Option<f64>,
    /// KPI at which to stop.
    target: Option<f64>,
    /// The plan itself.
    plan: Planned,
    nodes: [f64; 5],
    /// Steps of a sampled curve.
    steps: usize,
    lines: Vec<Slider>,
    groups: Vec<Group>,
}

#[derive(Debug, Serialize)]
struct Planned {
    spent: f64,
    mean: f64,
    p10: f64,
    p90: f64,
    marginal: Option<f64>,
}

/// A line of the plan.
#[derive(Debug, Serialize)]
struct Slider {
    name: String,
    reference: f64,
    spend: f64,
    /// KPI of the plan's spend, as the plan says.
    mean: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    marginal: Option<f64>,
    low: f64,
    high: f64,
    /// Names of the limits that set `low` and `high`.
    #[serde(skip_serializing_if = "Option::is_none")]
    low_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    high_name: Option<String>,
    #[serde(skip_serializing_if = "is_nothing")]
    minimum: f64,
    #[serde(skip_serializing_if = "is_nothing")]
    lot: f64,
    /// Largest spend that was observed; absent when not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    observed: Option<f64>,
    /// Whether there is a curve.
    curve: bool,
    /// The sampled spends. The page lays them out anew ([`Slider::sample`] in the script's words): they would be a tenth of it.
    #[serde(skip)]
    x: Vec<f64>,
    y: Vec<f64>,
    /// Draws at [`NODES`], in thousandths of the curve; empty when it is certain.
    draws: Vec<Vec<u32>>,
}

fn is_nothing(amount: &f64) -> bool {
    *amount == 0.0
}

/// A limit on the sum of several lines.
#[derive(Debug, Serialize)]
struct Group {
    name: String,
    lines: Vec<usize>,
    min: Option<f64>,
    max: Option<f64>,
    share_min: Option<f64>,
    share_max: Option<f64>,
}

/// The sliders of a plan; absent where there is none, where money is counted in cash (which the sampled curves do not
/// know), and where no line has a curve.
pub(super) fn of(results: &Results) -> Option<WhatIf> {
    let (answer, settings) = (results.answer?, results.settings.plan.as_ref()?);
    let expected = answer.expected.filter(|_| settings.budget_in == BudgetIn::Face)?;
    let fits: BTreeMap<&str, &ChannelFit> =
        results.fitted.channels.iter().map(|fit| (fit.channel.label.as_str(), fit)).collect();
    let fits: Vec<Option<&ChannelFit>> =
        answer.lines.iter().map(|line| fits.get(line.channel.as_str()).copied()).collect();
    let lines: Vec<Slider> = (0..fits.len()).map(|at| slider(answer, settings, at, fits[at])).collect();
    let goal = |wanted: Goal, figure: Option<f64>| figure.filter(|_| settings.goal == wanted);
    let ceilings = [settings.max_marginal_cost, goal(Goal::BreakEven, settings.value_per)];
    Some(WhatIf {
        budget: answer.budget.asked,
        most: answer.budget.asked * MOST_BUDGET,
        ceiling: ceilings.into_iter().flatten().reduce(f64::min),
        mean_ceiling: settings.max_cost_per,
        target: goal(Goal::LeastSpend, settings.target),
        plan: Planned {
            spent: answer.budget.spent,
            mean: expected.mean,
            p10: expected.p10,
            p90: expected.p90,
            marginal: answer.lines.iter().filter_map(|line| line.marginal_cost).reduce(f64::max),
        },
        nodes: NODES,
        steps: STEPS,
        groups: groups(settings, &fits, &lines),
        lines,
    })
}

/// The limits that match a line alone, or each of several.
fn own<'a>(settings: &'a PlanSettings, fits: Option<&'a ChannelFit>) -> impl Iterator<Item = &'a Limit> {
    settings.limits.iter().filter(move |limit| limit.each && fits.is_some_and(|fit| limit.whom.matches(&fit.channel)))
}

fn slider(answer: &Answer, settings: &PlanSettings, at: usize, fit: Option<&ChannelFit>) -> Slider {
    let line = &answer.lines[at];
    let curve = fit.and_then(|fit| fit.curve.as_ref().ok()).filter(|_| line.expected.is_some());
    let mut slider = Slider {
        name: shorten(&line.channel, 60),
        reference: line.reference_spend,
        spend: line.spend,
        mean: line.expected.map_or(0.0, |expected| rounded(expected.mean, 9)),
        marginal: line.marginal_cost.map(|cost| rounded(cost, 9)),
        low: 0.0,
        high: reach(answer, at, fit),
        low_name: None,
        high_name: None,
        minimum: 0.0,
        lot: 0.0,
        observed: fit.map(|fit| fit.observed.1 * answer.period.periods).filter(|most| most.is_finite()),
        curve: curve.is_some(),
        x: Vec::new(),
        y: Vec::new(),
        draws: Vec::new(),
    };
    own(settings, fit).for_each(|limit| slider.narrow(limit));
    for buy in settings.minimum_buys.iter().filter(|buy| fit.is_some_and(|fit| buy.whom.matches(&fit.channel))) {
        slider.minimum = slider.minimum.max(buy.amount.unwrap_or(0.0));
        slider.lot = slider.lot.max(buy.lot.unwrap_or(0.0));
    }
    match (curve, fit) {
        (Some(curve), Some(fit)) => slider.sample(curve, fit, answer, at),
        _ => (slider.low, slider.high) = (line.spend, line.spend),
    }
    slider
}

/// The largest spend that a slider gives: enough to be of use, not so far that the curve is nothing but a guess.
fn reach(answer: &Answer, at: usize, fit: Option<&ChannelFit>) -> f64 {
    let (line, periods) = (&answer.lines[at], answer.period.periods);
    let usual =
        fit.map_or(0.0, |fit| usual_range(fit).max(Some(fit.observed.1).filter(|x| x.is_finite()).unwrap_or(0.0)));
    (usual * periods).max(1.6 * line.spend).max(2.0 * line.reference_spend)
}

impl Slider {
    /// Takes a limit on this line alone; what the plan spends stays within reach.
    fn narrow(&mut self, limit: &Limit) {
        let rise = limit.rise_at_most.map(|rise| self.reference * (1.0 + rise));
        let cut = limit.cut_at_most.map(|cut| self.reference * (1.0 - cut));
        let most = [limit.max, limit.fixed, rise].into_iter().flatten().reduce(f64::min);
        if let Some(high) = most.filter(|high| *high < self.high) {
            (self.high, self.high_name) = (high.max(self.spend), Some(shorten(&limit.name, 60)));
        }
        let least = [limit.min, limit.fixed, cut].into_iter().flatten().reduce(f64::max);
        if let Some(low) = least.filter(|low| *low > self.low) {
            (self.low, self.low_name) = (low.min(self.spend), Some(shorten(&limit.name, 60)));
        }
    }

    /// The curve at [`STEPS`] spends up to `high`, and at the reference and the planned spend themselves.
    fn sample(&mut self, curve: &Curve, fit: &ChannelFit, answer: &Answer, at: usize) {
        let line = &answer.lines[at];
        let (periods, scale) = (answer.period.periods, response_periods(line, fit, curve, answer.period.periods));
        let share = |step: usize| step as f64 / STEPS as f64;
        let mut spends: Vec<f64> = (0..=STEPS).map(|step| self.high * (share(step) * share(step))).collect();
        spends.extend([self.spend, self.reference, self.low, self.minimum].into_iter().filter(|x| *x <= self.high));
        spends.sort_by(f64::total_cmp);
        spends.dedup();
        self.y = spends.iter().map(|x| rounded(scale * curve.mean(x / periods), 6)).collect();
        self.x = spends;
        self.draws = around(curve, self.high / periods, (KEPT / answer.lines.len()).clamp(10, DRAWS));
    }
}

/// The kept draws at [`NODES`] of a range, in thousandths of the mean.
fn around(curve: &Curve, most: f64, wanted: usize) -> Vec<Vec<u32>> {
    let states = curve.draws.len();
    if states == 0 {
        return Vec::new();
    }
    let kept: Vec<usize> = (0..wanted.min(states)).map(|i| i * states / wanted.min(states)).collect();
    let at = |node: f64| {
        let (mean, draws) = (curve.mean(most * node), curve.at_each(most * node));
        let ratio = |draw: f64| if mean > 0.0 { (1000.0 * draw / mean).round().clamp(0.0, 1e6) as u32 } else { 1000 };
        kept.iter().map(|draw| ratio(draws[*draw])).collect()
    };
    NODES.into_iter().map(at).collect()
}

fn groups(settings: &PlanSettings, fits: &[Option<&ChannelFit>], lines: &[Slider]) -> Vec<Group> {
    let group = |limit: &Limit| {
        let matches = |at: &usize| fits[*at].is_some_and(|fit| limit.whom.matches(&fit.channel));
        let members: Vec<usize> = (0..fits.len()).filter(matches).collect();
        let reference: f64 = members.iter().map(|at| lines[*at].reference).sum();
        let least = |a: Option<f64>, b: Option<f64>| [a, b].into_iter().flatten().reduce(f64::max);
        let most = |a: Option<f64>, b: Option<f64>| [a, b].into_iter().flatten().reduce(f64::min);
        Group {
            name: shorten(&limit.name, 60),
            lines: members,
            min: least(least(limit.min, limit.fixed), limit.cut_at_most.map(|cut| reference * (1.0 - cut))),
            max: most(most(limit.max, limit.fixed), limit.rise_at_most.map(|rise| reference * (1.0 + rise))),
            share_min: limit.share_min,
            share_max: limit.share_max,
        }
    };
    // a share is of the whole plan, so with `each` it is a group of one line
    let mut groups = Vec::new();
    for limit in &settings.limits {
        if !limit.each {
            groups.push(group(limit));
        } else if limit.share_min.is_some() || limit.share_max.is_some() {
            let all = group(limit).lines;
            let (share_min, share_max) = (limit.share_min, limit.share_max);
            let one = |at| Group {
                name: shorten(&limit.name, 60),
                lines: vec![at],
                min: None,
                max: None,
                share_min,
                share_max,
            };
            groups.extend(all.into_iter().map(one));
        }
    }
    groups
}

/// `value` to so many significant digits: pages are read by people.
fn rounded(value: f64, digits: i32) -> f64 {
    if value == 0.0 || !value.is_finite() {
        return 0.0;
    }
    let power = 10f64.powi(digits - 1 - value.abs().log10().floor() as i32);
    (value * power).round() / power
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample::Sample;

    #[test]
    fn sampled_curves_pass_through_the_plan_and_the_reference() {
        let sample = Sample::rich();
        let whatif = of(&sample.results()).unwrap();
        for (slider, line) in whatif.lines.iter().zip(&sample.answer.lines) {
            let Some(expected) = line.expected else { continue };
            let at = slider.x.iter().position(|x| *x == line.spend).unwrap();
            assert!((slider.y[at] / expected.mean - 1.0).abs() < 1e-5, "{}", line.channel);
            assert!(slider.x.contains(&line.reference_spend) && slider.x.is_sorted() && slider.y.is_sorted());
            assert_eq!((slider.draws.len(), slider.draws[0].len()), (NODES.len(), DRAWS));
        }
    }

    #[test]
    fn a_limit_on_each_line_bounds_its_slider_and_one_on_several_is_a_group() {
        let mut sample = Sample::rich();
        let limits = r#"
            [[plan.limit]]
            name = "swing"
            where = {}
            each = true
            cut_at_most = 0.5
            rise_at_most = 1.0
            [[plan.limit]]
            name = "tencent"
            where = { platform = "tencent" }
            share_max = 0.4
            min = 1000
        "#;
        let text = format!("[plan]\nstart = \"2026-06-01\"\nend = \"2026-06-30\"\nbudget = 10000\n{limits}");
        sample.settings = crate::settings::Settings::parse(&text, "here", "".as_ref(), 1).unwrap();
        let whatif = of(&sample.results()).unwrap();
        let reference = sample.answer.lines[0].reference_spend;
        assert!(whatif.lines[0].low >= 0.5 * reference - 1e-6 && whatif.lines[0].high <= 2.0 * reference + 1e-6);
        assert_eq!(whatif.groups.len(), 1);
        assert_eq!((&*whatif.groups[0].lines, whatif.groups[0].share_max), (&[0, 1][..], Some(0.4)));
    }

    #[test]
    fn a_line_without_a_curve_cannot_be_moved() {
        let sample = Sample::rich();
        let whatif = of(&sample.results()).unwrap();
        let held: Vec<&Slider> = whatif.lines.iter().filter(|slider| !slider.curve).collect();
        assert!(!held.is_empty() && held.iter().all(|slider| slider.low == slider.high));
    }
}
