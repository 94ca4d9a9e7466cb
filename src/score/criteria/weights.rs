//! Weights inside what the user allows: an order of importance and bounds.
//!
//! The allowed weights are a polytope,
//!
//! ```text
//!     Σ w = 1,   low ≤ w ≤ high,   w[a] ≥ w[b] where a is more important than b
//! ```
//!
//! Without order and bounds, uniform weights are normalised exponentials. Otherwise a random walk does it: hit-and-run (Smith
//! 1984, Operations Research 32) from an inner point, which steps along random directions within Σ w = 1 to a uniform place on the
//! chord, and whose limit is uniform. The inner point is found by cyclic projections on the constraints with a margin.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Exp1, StandardNormal};

use crate::check::{Error, Kind};

/// What weights are allowed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Allowed {
    /// How many there are.
    pub count: usize,
    /// Pairs of places: the first weighs at least as much as the second.
    pub order: Vec<(usize, usize)>,
    /// Place, least and largest share.
    pub bounds: Vec<(usize, f64, f64)>,
}

/// Steps of the walk between two samples, a criterion.
const STEPS: usize = 10;
/// Steps before the first sample, a criterion.
const WARM_UP: usize = 200;
/// Rounds of projections.
const ROUNDS: usize = 20_000;
/// Margins to try for an inner point, as shares of an even weight.
const MARGINS: [f64; 4] = [0.1, 0.01, 1e-3, 1e-4];

impl Allowed {
    /// `samples` uniform draws of allowed weights.
    ///
    /// # Errors
    ///
    /// [`Kind::Settings`] when order and bounds contradict each other, or leave so little room that there is nothing to sample.
    pub fn sample(&self, samples: usize, seed: u64) -> Result<Vec<Vec<f64>>, Error> {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(0x5aaa << 32);
        if self.order.is_empty() && self.bounds.is_empty() || self.count < 2 {
            return Ok((0..samples).map(|_| even(self.count, &mut rng)).collect());
        }
        let mut place = self.inner_point()?;
        (0..WARM_UP * self.count).for_each(|_| self.step(&mut place, &mut rng));
        let sample = |_| {
            (0..STEPS * self.count).for_each(|_| self.step(&mut place, &mut rng));
            place.clone()
        };
        Ok((0..samples).map(sample).collect())
    }

    /// Rows `a · w ≥ b`.
    fn rows(&self) -> Vec<(Vec<f64>, f64)> {
        let unit = |at: usize, sign: f64| {
            let mut row = vec![0.0; self.count];
            row[at] = sign;
            row
        };
        let mut rows: Vec<(Vec<f64>, f64)> = (0..self.count).map(|at| (unit(at, 1.0), 0.0)).collect();
        for (more, less) in &self.order {
            let mut row = unit(*more, 1.0);
            row[*less] = -1.0;
            rows.push((row, 0.0));
        }
        for (at, low, high) in &self.bounds {
            rows.push((unit(*at, 1.0), *low));
            rows.push((unit(*at, -1.0), -high));
        }
        rows
    }

    fn inner_point(&self) -> Result<Vec<f64>, Error> {
        let rows = self.rows();
        let found = MARGINS.iter().find_map(|margin| projected(&rows, self.count, margin / self.count as f64));
        found.ok_or_else(|| {
            Error::new(
                Kind::Settings,
                "no weights meet both the order of importance and the bounds, with room to sample",
            )
            .help("the least shares must add up to less than 1, the largest to more, and follow the order")
        })
    }

    /// One step of the walk.
    fn step(&self, place: &mut [f64], rng: &mut ChaCha8Rng) {
        let drawn: Vec<f64> = (0..self.count).map(|_| StandardNormal.sample(rng)).collect();
        let mean = drawn.iter().sum::<f64>() / self.count as f64;
        let way: Vec<f64> = drawn.iter().map(|drawn| drawn - mean).collect();
        let (mut low, mut high) = (f64::NEG_INFINITY, f64::INFINITY);
        for (row, bound) in self.rows() {
            let (slope, slack) = (dot(&row, &way), dot(&row, place) - bound);
            if slope > 1e-14 {
                low = low.max(-slack / slope);
            } else if slope < -1e-14 {
                high = high.min(-slack / slope);
            }
        }
        if low < high && low.is_finite() && high.is_finite() {
            let length = low + (high - low) * rng.random::<f64>();
            place.iter_mut().zip(&way).for_each(|(place, way)| *place += length * way);
        }
    }
}

/// Uniform weights: exponentials over their sum.
fn even(count: usize, rng: &mut ChaCha8Rng) -> Vec<f64> {
    let drawn: Vec<f64> = (0..count).map(|_| Exp1.sample(rng)).collect();
    let sum: f64 = drawn.iter().sum();
    drawn.iter().map(|drawn| drawn / sum).collect()
}

/// A point of Σ w = 1 that meets every row with a margin; absent when projections find none.
fn projected(rows: &[(Vec<f64>, f64)], count: usize, margin: f64) -> Option<Vec<f64>> {
    let mut place = vec![1.0 / count as f64; count];
    for _ in 0..ROUNDS {
        for (row, bound) in rows {
            let short = bound + margin - dot(row, &place);
            if short > 0.0 {
                let size = dot(row, row);
                place.iter_mut().zip(row).for_each(|(place, row)| *place += short / size * row);
            }
        }
        let off = (1.0 - place.iter().sum::<f64>()) / count as f64;
        place.iter_mut().for_each(|place| *place += off);
        if rows.iter().all(|(row, bound)| dot(row, &place) >= bound + 0.5 * margin) {
            return Some(place);
        }
    }
    None
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn means(samples: &[Vec<f64>]) -> Vec<f64> {
        let count = samples.len() as f64;
        (0..samples[0].len()).map(|at| samples.iter().map(|weights| weights[at]).sum::<f64>() / count).collect()
    }

    #[test]
    fn an_order_gives_the_rank_order_centroid() {
        let allowed = Allowed { count: 3, order: vec![(0, 1), (1, 2)], bounds: Vec::new() };
        let samples = allowed.sample(20_000, 1).unwrap();
        assert!(samples.iter().all(|w| w[0] >= w[1] && w[1] >= w[2] && (w.iter().sum::<f64>() - 1.0).abs() < 1e-9));
        // Barron & Barrett (1996): (1 + 1/2 + 1/3)/3, (1/2 + 1/3)/3, (1/3)/3
        for (found, expected) in means(&samples).iter().zip([0.6111, 0.2778, 0.1111]) {
            assert!((found - expected).abs() < 0.01, "{found} {expected}");
        }
    }

    #[test]
    fn bounds_are_kept_and_filled_evenly() {
        let allowed = Allowed { count: 2, order: Vec::new(), bounds: vec![(0, 0.2, 0.5)] };
        let samples = allowed.sample(20_000, 2).unwrap();
        let below = samples.iter().filter(|weights| weights[0] < 0.35).count() as f64 / 20_000.0;
        assert!(
            (below - 0.5).abs() < 0.02 && samples.iter().all(|w| (0.2 - 1e-9..=0.5 + 1e-9).contains(&w[0])),
            "{below}"
        );
    }

    #[test]
    fn no_order_is_the_whole_simplex() {
        let allowed = Allowed { count: 4, ..Allowed::default() };
        let samples = allowed.sample(20_000, 3).unwrap();
        assert!(means(&samples).iter().all(|mean| (mean - 0.25).abs() < 0.01));
        // a weight of a flat simplex in 4 is Beta(1, 3): P(w > 1/2) = 1/8
        let large = samples.iter().filter(|weights| weights[0] > 0.5).count() as f64 / 20_000.0;
        assert!((large - 0.125).abs() < 0.01, "{large}");
    }

    #[test]
    fn contradictions_are_refused() {
        let contradicting = Allowed { count: 2, order: vec![(0, 1)], bounds: vec![(1, 0.6, 1.0)] };
        assert!(contradicting.sample(10, 1).unwrap_err().to_string().contains("no weights meet"));
        let too_much = Allowed { count: 2, order: Vec::new(), bounds: vec![(0, 0.6, 1.0), (1, 0.6, 1.0)] };
        assert!(too_much.sample(10, 1).is_err());
    }
}
