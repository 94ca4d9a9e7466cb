//! Figures that are derived from the stages' results: changes, totals, points of a curve, and what the plan gains on the
//! reference mix.

use std::collections::BTreeMap;

use serde::Serialize;

use super::numbers::total;
use crate::fit::{ChannelFit, Curve, Fitted};
use crate::math::{mean, quantile, quantile_of_sorted};
use crate::plan::{Answer, Expected, Line};
use crate::settings::Limit;

/// Spends on a curve, both ends included.
pub const CURVE_SPENDS: usize = 41;

/// One spend on a curve, per period, in steady state.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CurvePoint {
    /// Spend per period.
    pub spend: f64,
    /// Mean KPI per period over the draws.
    pub mean: f64,
    /// 5 % quantile over the draws.
    pub p05: f64,
    /// Median over the draws.
    pub p50: f64,
    /// 95 % quantile over the draws.
    pub p95: f64,
}

/// [`CURVE_SPENDS`] points at equal steps from 0 to `most`.
pub fn curve_points(curve: &Curve, most: f64) -> Vec<CurvePoint> {
    let last = (CURVE_SPENDS - 1) as f64;
    (0..CURVE_SPENDS).map(|step| curve_point(curve, most * step as f64 / last)).collect()
}

/// The curve at one spend.
pub fn curve_point(curve: &Curve, spend: f64) -> CurvePoint {
    let mut states = curve.at_each(spend);
    let mean = mean(&states);
    states.sort_unstable_by(f64::total_cmp);
    let [p05, p50, p95] = [0.05, 0.5, 0.95].map(|share| quantile_of_sorted(&states, share));
    CurvePoint { spend, mean, p05, p50, p95 }
}

/// Twice the larger of the reference and the whole-history mean spend per period.
pub fn usual_range(fit: &ChannelFit) -> f64 {
    2.0 * fit.reference_spend.max(fit.mean_spend)
}

/// Spend less reference spend, exact to the micro.
pub fn change(line: &Line) -> f64 {
    total([line.spend, -line.reference_spend])
}

/// Change as a share of the reference spend; absent where that is nothing.
pub fn change_share(line: &Line) -> Option<f64> {
    (line.reference_spend > 0.0).then(|| change(line) / line.reference_spend)
}

/// The line of a channel; lines stand ascending by label.
pub fn line_of<'a>(answer: &'a Answer, channel: &str) -> Option<&'a Line> {
    let found = answer.lines.binary_search_by(|line| line.channel.as_str().cmp(channel)).ok();
    found.map(|at| &answer.lines[at]).or_else(|| answer.lines.iter().find(|line| line.channel == channel))
}

/// A plan's lines from the largest rise to the largest cut.
pub fn by_change(answer: &Answer) -> Vec<&Line> {
    let mut lines: Vec<&Line> = answer.lines.iter().collect();
    lines.sort_by(|a, b| change(b).total_cmp(&change(a)));
    lines
}

/// Sums over a plan's lines.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Totals {
    /// Reference spend.
    pub reference: f64,
    /// Spend.
    pub spend: f64,
    /// Cash.
    pub cash: f64,
    /// Spend less reference.
    pub change: f64,
    /// Change as a share of the reference.
    pub change_share: Option<f64>,
    /// All rises together.
    pub rises: f64,
    /// All cuts together, as a positive amount.
    pub cuts: f64,
    /// Lines that rise.
    pub rising: usize,
    /// Lines that are cut.
    pub falling: usize,
    /// Lines whose spend goes beyond what was observed.
    pub beyond: usize,
}

/// Sums over the lines of `answer`.
pub fn totals(answer: &Answer) -> Totals {
    let lines = &answer.lines;
    let [reference, spend] = [total(lines.iter().map(|l| l.reference_spend)), total(lines.iter().map(|l| l.spend))];
    let changes: Vec<f64> = lines.iter().map(change).collect();
    let change = total([spend, -reference]);
    Totals {
        reference,
        spend,
        cash: total(lines.iter().map(|l| l.cash)),
        change,
        change_share: (reference > 0.0).then(|| change / reference),
        rises: total(changes.iter().map(|change| change.max(0.0))),
        cuts: total(changes.iter().map(|change| (-change).max(0.0))),
        rising: changes.iter().filter(|change| **change > 0.0).count(),
        falling: changes.iter().filter(|change| **change < 0.0).count(),
        beyond: lines.iter().filter(|line| line.extrapolated).count(),
    }
}

/// What a plan is expected to bring beside the reference mix at the same money.
///
/// The reference mix spends what the plan spends on the lines with a curve, divided among them as in the reference
/// period. Limits are not asked: it says what the change of mix is worth, not what else could be done. Both are read off
/// the same draws, so the difference is that of joint states of the world, not of quantiles.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Comparison {
    /// Expected KPI of the reference mix.
    pub reference: f64,
    /// Expected KPI of the plan less that of the reference mix.
    pub gain: Expected,
    /// Mean gain as a share of the reference mix's.
    pub gain_share: Option<f64>,
    /// Share of draws in which the plan brings more.
    pub better: f64,
}

/// Compares a plan with the reference mix; absent without curves or reference spend.
pub fn comparison(answer: &Answer, fitted: &Fitted) -> Option<Comparison> {
    let models: BTreeMap<&str, &ChannelFit> = fitted.channels.iter().map(|f| (f.channel.label.as_str(), f)).collect();
    let pairs: Vec<(&Line, &ChannelFit, &Curve)> = answer
        .lines
        .iter()
        .filter(|line| line.expected.is_some())
        .filter_map(|line| models.get(line.channel.as_str()).map(|fit| (line, *fit)))
        .filter_map(|(line, fit)| fit.curve.as_ref().ok().map(|curve| (line, fit, curve)))
        .collect();
    let spend: f64 = pairs.iter().map(|(line, ..)| line.spend).sum();
    let reference: f64 = pairs.iter().map(|(line, ..)| line.reference_spend).sum();
    if !(spend > 0.0 && reference > 0.0) {
        return None;
    }
    let draws = pairs.iter().map(|(_, _, curve)| curve.states().len()).max()?;
    let (mut planned, mut kept) = (vec![0.0; draws], vec![0.0; draws]);
    for (line, fit, curve) in pairs {
        let scale = response_periods(line, fit, curve, answer.period.periods);
        let per_period = |spend: f64| spend.max(0.0) / answer.period.periods;
        add(&mut planned, &curve.at_each(per_period(line.spend)), scale);
        add(&mut kept, &curve.at_each(per_period(line.reference_spend * spend / reference)), scale);
    }
    Some(compared(&planned, &kept))
}

/// S: what a period's response is multiplied by over the whole plan. Where the plan itself tells, its own figure; else
/// the mean season factor times the periods.
pub(super) fn response_periods(line: &Line, fit: &ChannelFit, curve: &Curve, periods: f64) -> f64 {
    let per_period = curve.mean(line.spend.max(0.0) / periods);
    let told = line.expected.map(|expected| expected.mean / per_period);
    let factors: Vec<f64> = fit.season.values().copied().collect();
    let usual = if factors.is_empty() { periods } else { periods * mean(&factors) };
    told.filter(|scale| scale.is_finite() && *scale > 0.0).unwrap_or(usual)
}

fn add(sums: &mut [f64], states: &[f64], scale: f64) {
    for (sum, state) in sums.iter_mut().zip(states.iter().cycle()) {
        *sum += scale * state;
    }
}

fn compared(planned: &[f64], kept: &[f64]) -> Comparison {
    let gains: Vec<f64> = planned.iter().zip(kept).map(|(plan, kept)| plan - kept).collect();
    let [p10, p50, p90] = [0.1, 0.5, 0.9].map(|share| quantile(&gains, share));
    let (gain, reference) = (mean(&gains), mean(kept));
    Comparison {
        reference,
        gain: Expected { mean: gain, p10, p50, p90 },
        gain_share: (reference > 0.0).then(|| gain / reference),
        better: gains.iter().filter(|gain| **gain > 0.0).count() as f64 / gains.len() as f64,
    }
}

/// The bounds that a limit sets, under the keys of the settings file.
pub(super) fn bounds(limit: &Limit) -> Vec<(&'static str, f64)> {
    let keys = [
        ("min", limit.min),
        ("max", limit.max),
        ("share_min", limit.share_min),
        ("share_max", limit.share_max),
        ("cut_at_most", limit.cut_at_most),
        ("rise_at_most", limit.rise_at_most),
        ("fixed", limit.fixed),
        ("max_marginal_cost", limit.max_marginal_cost),
        ("max_active", limit.max_active.map(|n| n as f64)),
        ("min_active", limit.min_active.map(|n| n as f64)),
        ("max_changed", limit.max_changed.map(|n| n as f64)),
    ];
    keys.into_iter().filter_map(|(key, value)| Some((key, value?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample::Sample;

    #[test]
    fn a_curve_runs_from_nothing_to_the_end_of_its_range() {
        let sample = Sample::hostile();
        let curve = sample.fitted.channels[0].curve.as_ref().unwrap();
        let points = curve_points(curve, 240.0);
        assert_eq!((points.len(), points[0].spend, points[40].spend), (CURVE_SPENDS, 0.0, 240.0));
        assert!(points.iter().all(|p| p.p05 <= p.p50 && p.p50 <= p.p95));
    }

    #[test]
    fn rises_and_cuts_add_up_to_the_change() {
        let totals = totals(&Sample::hostile().answer);
        assert_eq!(total([totals.rises, -totals.cuts]), totals.change);
        assert_eq!((totals.rising, totals.falling), (1, 1));
    }

    #[test]
    fn a_plan_that_is_the_reference_mix_gains_nothing() {
        let mut sample = Sample::rich();
        for line in &mut sample.answer.lines {
            line.spend = line.reference_spend * 1.1;
            line.expected = line.expected.map(|_| {
                let fit = sample.fitted.channels.iter().find(|fit| fit.channel.label == line.channel).unwrap();
                let mean = 30.0 * fit.curve.as_ref().unwrap().mean(line.spend / 30.0);
                Expected { mean, p10: mean, p50: mean, p90: mean }
            });
        }
        let comparison = comparison(&sample.answer, &sample.fitted).unwrap();
        assert!(comparison.gain.mean.abs() < 1e-9 * comparison.reference, "{comparison:?}");
    }

    #[test]
    fn nothing_is_compared_without_curves() {
        let mut sample = Sample::hostile();
        sample.fitted.channels.iter_mut().for_each(|fit| fit.curve = Err("too few days".into()));
        assert_eq!(comparison(&sample.answer, &sample.fitted), None);
    }
}
