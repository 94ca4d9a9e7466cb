//! What moves the baseline: season, trend, weekday, events and free columns.
//!
//! All act on the logarithm of the baseline; events of one name share one effect. Season is one or two harmonics of the year;
//! the trend is piecewise linear with a bend every two years; a weekday stands against the mean of all seven.
//!
//! What is believed of the size of their effects stands in `effects`.

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

/// What a feature is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A day of the week: as large as the others, by the prior, and how large is learned.
    Weekday,
    /// Trend, season or a free column: of a size of its own, which the total shows.
    Drift,
    /// An event, or a new level: of a size of its own, relative to the baseline.
    Event,
}

/// One thing that moves the baseline.
#[derive(Clone, Debug)]
pub(super) struct Feature {
    /// Its name.
    pub name: String,
    /// What it is of.
    pub kind: Kind,
    /// Its values over the periods of the likelihood, mean zero.
    pub values: Vec<f64>,
    /// Its values over every period of the panel, less the same mean.
    pub everywhere: Vec<f64>,
    /// Standard deviation of its effect, by the prior; of one whose size is learned, the middle of what it may be.
    pub prior_sd: f64,
}

impl Feature {
    /// From its values over every period of the panel.
    pub(super) fn of((name, kind): (String, Kind), mut everywhere: Vec<f64>, seen: &[bool], prior_sd: f64) -> Feature {
        let of_seen = |values: &[f64]| -> Vec<f64> {
            values.iter().zip(seen).filter(|(_, seen)| **seen).map(|(value, _)| *value).collect()
        };
        let mean = crate::math::mean(&of_seen(&everywhere));
        everywhere.iter_mut().for_each(|value| *value -= mean);
        Feature { name, kind, values: of_seen(&everywhere), everywhere, prior_sd }
    }

    /// In standard deviations from the mean; `None` when nothing varies.
    fn standardised(mut self) -> Option<Feature> {
        let sd = (self.values.iter().map(|v| v * v).sum::<f64>() / self.values.len() as f64).sqrt();
        self.values.iter_mut().chain(&mut self.everywhere).for_each(|value| *value /= sd);
        (sd > 0.0).then_some(self)
    }
}

/// The features of a panel, as the periods that are seen tell them.
pub(super) fn features(
    panel: &Panel,
    total: &TotalKpi,
    seen: &[bool],
    events: &[Event],
    priors: &TotalPriors,
) -> Vec<Feature> {
    let days: Vec<f64> = (0..seen.len()).map(|t| t as f64 * f64::from(panel.grain.days())).collect();
    let told = |t: &usize| seen[*t];
    let first = (0..seen.len()).find(told).map_or(0.0, |t| days[t]);
    let last = (0..seen.len()).rfind(told).map_or(0.0, |t| days[t]);
    let years = (last - first) / YEAR;
    let drift = |(name, values): (String, Vec<f64>)| Feature::of((name, Kind::Drift), values, seen, priors.drift);
    let mut features: Vec<Feature> = trend(&days, (first, last), years).into_iter().map(drift).collect();
    features.extend(season(&days, years).into_iter().map(drift));
    if panel.grain == Grain::Day {
        let weekday =
            |(name, values): (String, Vec<f64>)| Feature::of((name, Kind::Weekday), values, seen, priors.weekday.sd);
        features.extend(weekdays(panel).into_iter().map(weekday));
    }
    features.extend(total.free.iter().filter_map(|free| drift(free.clone()).standardised()));
    let named = |at: usize| events.iter().filter(move |event| event.name == events[at].name);
    for (place, event) in events.iter().enumerate() {
        if events[..place].iter().any(|earlier| earlier.name == event.name) {
            continue;
        }
        let share = |t: usize| named(place).map(|event| share_of(event, panel.periods[t], panel.grain)).sum::<f64>();
        let everywhere: Vec<f64> = (0..seen.len()).map(|t| share(t).min(1.0)).collect();
        if everywhere.iter().zip(seen).any(|(share, seen)| *seen && *share > 0.0) {
            features.push(Feature::of((event.name.clone(), Kind::Event), everywhere, seen, priors.event));
        }
    }
    features
}

/// Straight lines, each level up to its bend and rising by 1 over the whole history from there; level again after it.
fn trend(days: &[f64], (first, last): (f64, f64), years: f64) -> Vec<(String, Vec<f64>)> {
    let pieces = (years / YEARS_A_BEND).floor().max(1.0) as usize;
    let span = (last - first).max(1.0);
    let piece = |k: usize| {
        let bend = k as f64 / pieces as f64;
        let values = days.iter().map(|day| ((day.min(last) - first) / span - bend).max(0.0)).collect();
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
fn weekdays(panel: &Panel) -> Vec<(String, Vec<f64>)> {
    let of = |k: i8| {
        let is = |start: &Date| f64::from(start.weekday().to_monday_zero_offset() == k);
        let name = Weekday::from_monday_zero_offset(k).map_or_else(|_| k.to_string(), |day| format!("{day:?}"));
        (name, panel.periods.iter().map(is).collect())
    };
    (0..6).map(of).collect()
}

/// Share of a period's days that an event covers.
pub(super) fn share_of(event: &Event, start: Date, grain: Grain) -> f64 {
    let days = i64::from(grain.days());
    let within = |day: i64| (event.start..=event.end).contains(&start.saturating_add(day.days()));
    (0..days).filter(|day| within(*day)).count() as f64 / days as f64
}
