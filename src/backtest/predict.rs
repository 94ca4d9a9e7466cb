//! What models of an earlier day say of a later window, given its spend.

use std::ops::Range;

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Gamma, Poisson};

use super::{Window, crps, three};
use crate::fit::adstock::geometric;
use crate::fit::{Ahead, ChannelFit, Curve, Fitted, Noise};
use crate::math::quantile;
use crate::panel::{Panel, TotalKpi};

/// Noisy counts drawn for each draw of the curve.
const NOISES: usize = 3;

/// The window from `origin` on of every channel that had a curve and has counts there.
pub(super) fn windows(panel: &Panel, fitted: &Fitted, origin: usize, length: usize, seed: u64) -> Vec<Window> {
    let before = origin.saturating_sub(length)..origin;
    let all = (0..panel.channels.len()).map(|channel| totals(panel, channel, before.clone()));
    let (spend, kpi) = all.fold((0.0, 0.0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
    let common = kpi / spend;
    let window = |fit: &ChannelFit| {
        let curve = fit.curve.as_ref().ok()?;
        let channel = panel.channels.iter().position(|channel| *channel == fit.channel)?;
        one(panel, channel, fit, curve, origin, length, common, seed)
    };
    fitted.channels.iter().filter_map(window).collect()
}

/// Spend and KPI of the counted periods of a channel.
fn totals(panel: &Panel, channel: usize, periods: std::ops::Range<usize>) -> (f64, f64) {
    let counted = periods.filter(|t| panel.counted[[channel, *t]]);
    counted.fold((0.0, 0.0), |sum, t| (sum.0 + panel.spend[[channel, t]], sum.1 + panel.kpi_count[[channel, t]]))
}

#[allow(clippy::too_many_arguments)] // a window is where all of these meet
fn one(
    panel: &Panel,
    channel: usize,
    fit: &ChannelFit,
    curve: &Curve,
    origin: usize,
    length: usize,
    common: f64,
    seed: u64,
) -> Option<Window> {
    let ahead: Vec<usize> = (origin..origin + length).filter(|t| panel.counted[[channel, *t]]).collect();
    let (spend, actual) = totals(panel, channel, origin..origin + length);
    let (spend_before, kpi_before) = totals(panel, channel, origin.saturating_sub(length)..origin);
    if ahead.is_empty() || !(actual > 0.0) {
        return None;
    }
    let expected = expected(panel, channel, fit, curve);
    let noise = fit.diagnostics.as_ref()?.notes.noise;
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    random.set_stream((origin * panel.channels.len() + channel) as u64);
    let mut by_period: Vec<Vec<f64>> = vec![Vec::new(); ahead.len()];
    let mut totals = Vec::new();
    for state in expected.iter().flat_map(|state| std::iter::repeat_n(state, NOISES)) {
        let counts: Vec<f64> = ahead.iter().map(|t| count(state[*t], noise, &mut random)).collect();
        by_period.iter_mut().zip(&counts).for_each(|(of_period, count)| of_period.push(*count));
        totals.push(counts.iter().sum());
    }
    let inside = |(t, sample): (&usize, &Vec<f64>)| {
        let actual = panel.kpi_count[[channel, *t]];
        usize::from((quantile(sample, 0.05)..=quantile(sample, 0.95)).contains(&actual))
    };
    Some(Window {
        channel,
        label: fit.channel.label.clone(),
        start: panel.periods[origin],
        spend,
        actual,
        predicted: three(&totals),
        crps: crps(&totals, actual),
        within: (ahead.iter().zip(&by_period).map(inside).sum(), ahead.len()),
        last_cost: if spend_before > 0.0 { spend * kpi_before / spend_before } else { 0.0 },
        spend_share: spend * common,
    })
}

/// The window of the total over all channels; `None` without a known period that has any.
pub(super) fn total(panel: &Panel, total: &TotalKpi, ahead: &Ahead, window: Range<usize>, seed: u64) -> Option<Window> {
    let known = |periods: Range<usize>| -> Vec<usize> { periods.filter(|t| ahead.known[*t]).collect() };
    let sums = |periods: &[usize]| {
        let spend: f64 = periods.iter().map(|t| panel.spend.column(*t).sum()).sum();
        (spend, periods.iter().map(|t| total.kpi[*t]).sum::<f64>())
    };
    let periods = known(window.clone());
    let (spend, actual) = sums(&periods);
    let (spend_before, kpi_before) = sums(&known(window.start.saturating_sub(window.len())..window.start));
    if !(actual > 0.0) || !(spend_before > 0.0) {
        return None;
    }
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    random.set_stream(window.start as u64);
    let states = ahead.expected.iter().zip(&ahead.noise);
    let drawn = |(expected, noise): (&Vec<f64>, &f64)| -> Vec<f64> {
        let noise = Noise { dispersion: 1.0 / (noise * noise), unit: 1.0 };
        periods.iter().map(|t| count(expected[*t], noise, &mut random)).collect()
    };
    let drawn: Vec<Vec<f64>> = states.map(drawn).collect();
    let totals: Vec<f64> = drawn.iter().map(|counts| counts.iter().sum()).collect();
    let is_inside = |place: &usize| {
        let sample: Vec<f64> = drawn.iter().map(|counts| counts[*place]).collect();
        (quantile(&sample, 0.05)..=quantile(&sample, 0.95)).contains(&total.kpi[periods[*place]])
    };
    let by_cost = spend * kpi_before / spend_before;
    Some(Window {
        channel: panel.channels.len(),
        label: "all channels".into(),
        start: panel.periods[window.start],
        spend,
        actual,
        predicted: three(&totals),
        crps: crps(&totals, actual),
        within: ((0..periods.len()).filter(is_inside).count(), periods.len()),
        last_cost: by_cost,
        spend_share: by_cost,
    })
}

/// Expected KPI of every period in every state: the curve at carried-over spend, times the season where it is given.
fn expected(panel: &Panel, channel: usize, fit: &ChannelFit, curve: &Curve) -> Vec<Vec<f64>> {
    let (spend, reported) = (panel.spend.row(channel).to_vec(), panel.reported.row(channel).to_vec());
    let factor = |t: usize| fit.season.get(&panel.periods[t]).copied().unwrap_or(1.0);
    let of_state = |state: &crate::fit::Response| {
        let (stock, _) = geometric(&spend, &reported, state.decay);
        stock.iter().enumerate().map(|(t, z)| factor(t) * state.saturation.at(*z)).collect()
    };
    curve.states().iter().map(of_state).collect()
}

/// A negative-binomial count: Poisson around a gamma rate, in the unit that the KPI was fitted in.
fn count(mean: f64, noise: Noise, random: &mut ChaCha8Rng) -> f64 {
    let (mean, r) = (mean.max(1e-9) / noise.unit, noise.dispersion);
    let rate = Gamma::new(r, mean / r).map_or(mean, |gamma| gamma.sample(random));
    noise.unit * Poisson::new(rate.max(1e-9)).map_or(rate, |poisson| poisson.sample(random))
}
