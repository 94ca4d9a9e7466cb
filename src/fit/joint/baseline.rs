//! What moves the baseline: season, trend, weekday, events and free columns.
//!
//! All act on the logarithm of the baseline; events of one name share one effect. Season is one or two harmonics of the year; the trend is piecewise linear with
//! a bend every two years; a weekday stands against the mean of all seven.

use std::f64::consts::TAU;

use jiff::ToSpan;
use jiff::civil::{Date, Weekday};

use crate::fit::priors::TotalPriors;
use crate::panel::{Panel, TotalKpi};
use crate::settings::Event;
use crate::units::Grain;

/// Years between two bends of the trend.
const YEARS_A_BEND: f64 = 2.0;
/// Years that a second harmonic of the season needs: one year alone cannot tell a season from what happened once.
const YEARS_FOR_TWO: f64 = 1.5;
/// Years that the first one needs.
const YEARS_FOR_ONE: f64 = 0.5;
/// Days of a year, on average.
const YEAR: f64 = 365.25;

/// One thing that moves the baseline, over the periods of the likelihood.
#[derive(Clone, Debug)]
pub(super) struct Feature {
    /// Its name.
    pub name: String,
    /// Its values, mean zero.
    pub values: Vec<f64>,
    /// Standard deviation of its effect, by the prior.
    pub prior_sd: f64,
}

/// The features of the periods that are seen.
pub(super) fn features(
    panel: &Panel,
    total: &TotalKpi,
    seen: &[bool],
    events: &[Event],
    priors: &TotalPriors,
) -> Vec<Feature> {
    let at: Vec<usize> = (0..seen.len()).filter(|t| seen[*t]).collect();
    let days: Vec<f64> = at.iter().map(|t| *t as f64 * f64::from(panel.grain.days())).collect();
    let years = (days.last().copied().unwrap_or(0.0) - days.first().copied().unwrap_or(0.0)) / YEAR;
    let drift = |name: String, values: Vec<f64>| Feature { name, values: centred(values), prior_sd: priors.drift };
    let mut features: Vec<Feature> =
        trend(&days, years).into_iter().map(|(name, values)| drift(name, values)).collect();
    features.extend(season(&days, years).into_iter().map(|(name, values)| drift(name, values)));
    if panel.grain == Grain::Day {
        features.extend(weekdays(panel, &at).into_iter().map(|(name, values)| drift(name, values)));
    }
    for (name, values) in &total.free {
        let values: Vec<f64> = at.iter().map(|t| values[*t]).collect();
        features.extend(standardised(values).map(|values| drift(name.clone(), values)));
    }
    let named = |at: usize| events.iter().filter(move |event| event.name == events[at].name);
    for (place, event) in events.iter().enumerate() {
        if events[..place].iter().any(|earlier| earlier.name == event.name) {
            continue;
        }
        let share = |t: usize| named(place).map(|event| share_of(event, panel.periods[t], panel.grain)).sum::<f64>();
        let values: Vec<f64> = at.iter().map(|t| share(*t).min(1.0)).collect();
        if values.iter().any(|share| *share > 0.0) {
            features.push(Feature { name: event.name.clone(), values: centred(values), prior_sd: priors.event });
        }
    }
    features
}

/// Straight lines, each level up to its bend and rising by 1 over the whole history from there.
fn trend(days: &[f64], years: f64) -> Vec<(String, Vec<f64>)> {
    let pieces = (years / YEARS_A_BEND).floor().max(1.0) as usize;
    let (first, span) = (days[0], (days[days.len() - 1] - days[0]).max(1.0));
    let piece = |k: usize| {
        let bend = k as f64 / pieces as f64;
        let values = days.iter().map(|day| ((day - first) / span - bend).max(0.0)).collect();
        (format!("trend {}", k + 1), values)
    };
    (0..pieces).map(piece).collect()
}

fn season(days: &[f64], years: f64) -> Vec<(String, Vec<f64>)> {
    let harmonics = if years >= YEARS_FOR_TWO { 2 } else { usize::from(years >= YEARS_FOR_ONE) };
    let wave = |f: fn(f64) -> f64, k: usize| days.iter().map(|day| f(TAU * k as f64 * day / YEAR)).collect();
    (1..=harmonics)
        .flat_map(|k| [(format!("sin {k}"), wave(f64::sin, k)), (format!("cos {k}"), wave(f64::cos, k))])
        .collect()
}

/// Six of seven weekdays; the seventh is what they are measured against.
fn weekdays(panel: &Panel, at: &[usize]) -> Vec<(String, Vec<f64>)> {
    let of = |k: i8| {
        let is = |t: &usize| f64::from(panel.periods[*t].weekday().to_monday_zero_offset() == k);
        let name = Weekday::from_monday_zero_offset(k).map_or_else(|_| k.to_string(), |day| format!("{day:?}"));
        (name, at.iter().map(is).collect())
    };
    (0..6).map(of).collect()
}

/// Share of a period's days that an event covers.
pub(super) fn share_of(event: &Event, start: Date, grain: Grain) -> f64 {
    let days = i64::from(grain.days());
    let within = |day: i64| (event.start..=event.end).contains(&start.saturating_add(day.days()));
    (0..days).filter(|day| within(*day)).count() as f64 / days as f64
}

pub(super) fn centred(mut values: Vec<f64>) -> Vec<f64> {
    let mean = crate::math::mean(&values);
    values.iter_mut().for_each(|value| *value -= mean);
    values
}

/// In standard deviations from the mean; `None` when nothing varies.
fn standardised(values: Vec<f64>) -> Option<Vec<f64>> {
    let values = centred(values);
    let sd = (values.iter().map(|v| v * v).sum::<f64>() / values.len() as f64).sqrt();
    (sd > 0.0).then(|| values.iter().map(|value| value / sd).collect())
}
