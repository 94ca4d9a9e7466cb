//! Draws of a curve that is told by points.

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use statrs::distribution::{ContinuousCDF, Normal};

/// Draws that are made, or kept of more.
const DRAWS: usize = 200;
/// Standard normal quantile of 95 %.
const NINETY_FIVE: f64 = 1.644_853_626_951_472_7;

type Points = Vec<(f64, f64)>;

/// Draws with the mean and the pointwise 5 % and 95 % quantiles that are told.
///
/// Draw i stands at the same rank z of a split normal at every spend, on the response's logarithm where the interval is above
/// zero: mean · (high ÷ mean)^(z ÷ 1.645) above the mean, likewise below. Each spend's draws are then scaled to the mean.
pub(super) fn between(mean: &Points, low: &Points, high: &Points, seed: u64, stream: u64) -> Vec<Points> {
    let ranks = ranks(seed, stream);
    let mut draws: Vec<Points> = vec![Vec::new(); DRAWS];
    for ((point, low), high) in mean.iter().zip(low).zip(high) {
        let values: Vec<f64> = ranks.iter().map(|z| at_rank(*z / NINETY_FIVE, low.1, point.1, high.1)).collect();
        let average = crate::math::mean(&values);
        let scale = if average > 0.0 { point.1 / average } else { 1.0 };
        draws.iter_mut().zip(values).for_each(|(draw, value)| draw.push((point.0, value * scale)));
    }
    draws.iter_mut().for_each(levelled);
    draws
}

/// Evenly spaced normal quantiles in random order.
fn ranks(seed: u64, stream: u64) -> Vec<f64> {
    let normal = Normal::standard();
    let mut ranks: Vec<f64> = (0..DRAWS).map(|i| normal.inverse_cdf((i as f64 + 0.5) / DRAWS as f64)).collect();
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(stream);
    ranks.shuffle(&mut rng);
    ranks
}

fn at_rank(z: f64, low: f64, mean: f64, high: f64) -> f64 {
    match low > 0.0 && mean > low && high > mean {
        true if z >= 0.0 => mean * (high / mean).powf(z),
        true => mean * (low / mean).powf(-z),
        false if z >= 0.0 => mean + z * (high - mean),
        false => (mean + z * (mean - low)).max(0.0),
    }
}

fn levelled(points: &mut Points) {
    for at in 1..points.len() {
        points[at].1 = points[at].1.max(points[at - 1].1);
    }
}

/// Every k-th of more draws than are kept.
pub(super) fn thinned(draws: Vec<Points>) -> Vec<Points> {
    let count = draws.len();
    if count <= DRAWS {
        return draws;
    }
    (0..DRAWS).map(|i| draws[i * count / DRAWS].clone()).collect()
}

/// The mean of draws over the same spends.
pub(super) fn mean(draws: &[Points]) -> Points {
    let at = |i: usize| draws.iter().map(|draw| draw[i].1).sum::<f64>() / draws.len() as f64;
    (0..draws.iter().map(Vec::len).min().unwrap_or(0)).map(|i| (draws[0][i].0, at(i))).collect()
}
