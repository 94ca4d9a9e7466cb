//! How fast the past is forgotten: the half-life with which a day weighs less the older it is.
//!
//! A day of age t counts `2^(−t/H)` of its evidence, events and exposure alike: the power discounting of a steady model, in
//! which rates drift and a long history says less of today's than its length suggests (Smith & Miller 1986, "A non-Gaussian state space model and
//! application to prediction of records", JRSS B 48).
//!
//! Which H? A fixed one throws evidence away where rates stand still and holds on to stale days where they move. So each H
//! is judged by how well it predicts every day from the days before it:
//!
//! ```text
//!     m = λ̂ s g,   v = φ m + m² / (a + Σ w r/φ),      score = −½ Σ [ln v + (r − m)² / v]
//! ```
//!
//! with λ̂ the discounted rate so far under a weak prior (a = 2 events at the pool's rate). All days count alike unless
//! some H beats that by [`CLEAR`] on the log scale and by [`SURE`] standard errors over series.

use rayon::prelude::*;

use super::series::Series;
use crate::settings::Memory;

/// Half-lives to choose from, days.
const CANDIDATES: [f64; 5] = [7.0, 14.0, 28.0, 56.0, 112.0];
/// Log score by which forgetting must predict better than not forgetting.
const CLEAR: f64 = 4.0;
/// Standard errors over series by which it must.
const SURE: f64 = 2.5;
/// Events of the weak prior.
const PRIOR: f64 = 2.0;
/// Days before predictions count.
const WARM_UP: usize = 7;

/// The half-life to use, days; absent when all days count alike.
pub(super) fn half_life(memory: Memory, series: &[Series], phi: impl Fn(&Series) -> f64 + Sync) -> Option<f64> {
    match memory {
        Memory::HalfLife(days) => Some(days),
        Memory::Auto => {
            let scores = |half_life| -> Vec<f64> {
                series.par_iter().map(|series| predicts(series, half_life, phi(series))).collect()
            };
            let kept = scores(f64::INFINITY);
            let gains = CANDIDATES.map(|days| (days, gain(&scores(days), &kept)));
            let best = gains.into_iter().max_by(|one, other| one.1.0.total_cmp(&other.1.0));
            best.filter(|(_, (gain, error))| *gain > CLEAR && *gain > SURE * error).map(|(days, _)| days)
        }
    }
}

/// By how much one forecast of all series beats another, and the standard error of that over series.
fn gain(one: &[f64], other: &[f64]) -> (f64, f64) {
    let gains: Vec<f64> = one.iter().zip(other).map(|(one, other)| one - other).collect();
    let (sum, count) = (gains.iter().sum::<f64>(), gains.len() as f64);
    let square: f64 = gains.iter().map(|gain| (gain - sum / count).powi(2)).sum();
    (sum, (square * count / (count - 1.0).max(1.0)).sqrt())
}

/// The weight of a day.
pub(crate) fn weight(half_life: Option<f64>, age: f64) -> f64 {
    half_life.map_or(1.0, |days| (-age / days).exp2())
}

/// How well a half-life predicts each day of a series from the days before it.
fn predicts(series: &Series, half_life: f64, phi: f64) -> f64 {
    let Some(rate) = series.rate().filter(|rate| *rate > 0.0) else { return 0.0 };
    let (mut events, mut exposure, mut last) = (0.0, 0.0, f64::NAN);
    let mut score = 0.0;
    for (at, day) in series.days.iter().enumerate() {
        let kept = if at == 0 { 1.0 } else { ((day.age - last) / half_life).exp2() };
        (events, exposure) = (events * kept, exposure * kept);
        if at >= WARM_UP && day.spend > 0.0 {
            let shape = PRIOR + events;
            let mean = shape / (PRIOR / rate + exposure) * day.exposure();
            let variance = phi * mean + mean * mean / shape;
            score -= 0.5 * (variance.ln() + (day.events - mean).powi(2) / variance);
        }
        events += day.events / phi;
        exposure += day.exposure() / phi;
        last = day.age;
    }
    score
}
