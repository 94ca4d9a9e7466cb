//! Lift tests: what share of the attributed KPI spend caused.
//!
//! ```text
//!     incremental ~ N( λ · Δ, σ² )        Δ = P · ( f(x) − f(x − spend ÷ P) )        ln λ ~ N(0, s²)
//! ```
//!
//! P periods of the test at mean spend x, f the curve of the attributed KPI, σ from the test's 90 % interval. λ is the
//! channel's incrementality: 1 when every attributed registration is caused by spend. Each draw of the curve is paired with
//! values of λ, the pairs are weighted by the tests' likelihood and drawn again: tests narrow λ, and the curve where they
//! can. Without a test λ stays 1 and its prior interval is an assumption that findings state.

use rand::Rng;
use rand_chacha::ChaCha8Rng;
use statrs::distribution::{ContinuousCDF, Normal};

use super::priors;
use super::response::Response;
use super::saturation::Saturation;
use crate::math::quantile;

/// Values of λ that each draw is paired with.
const PAIRS: usize = 40;
/// Standard errors from the middle of a 90 % interval to its end.
const NINETY: f64 = 1.6449;

/// One test of a channel, in the model's terms.
#[derive(Clone, Debug)]
pub struct Test {
    /// Its name.
    pub name: String,
    /// Periods P.
    pub periods: f64,
    /// Mean spend per period x.
    pub spend: f64,
    /// Spend that was tested, per period.
    pub tested: f64,
    /// Its estimate.
    pub incremental: f64,
    /// Its 90 % interval.
    pub interval: (f64, f64),
}

impl Test {
    /// Δ: what the curve says that the tested spend brought.
    pub fn attributed(&self, saturation: &Saturation) -> f64 {
        self.periods * (saturation.at(self.spend) - saturation.at((self.spend - self.tested).max(0.0)))
    }

    fn log_likelihood(&self, share: f64, saturation: &Saturation) -> f64 {
        let error = (self.interval.1 - self.interval.0) / (2.0 * NINETY);
        let z = (self.incremental - share * self.attributed(saturation)) / error;
        -0.5 * z * z
    }
}

/// Incrementality: mean and 90 % interval.
#[derive(Clone, Debug, PartialEq)]
pub struct Incrementality {
    /// Mean of λ.
    pub mean: f64,
    /// 5 % quantile.
    pub p05: f64,
    /// 95 % quantile.
    pub p95: f64,
    /// Names of the tests behind it; without any it is the prior, and the curve is of the attributed KPI.
    pub tests: Vec<String>,
}

/// What is believed without a test.
pub fn assumed() -> Incrementality {
    let sd = priors::shipped().incrementality.log_sd;
    let at = |z: f64| (z * sd).exp();
    Incrementality { mean: 1.0, p05: at(-NINETY), p95: at(NINETY), tests: Vec::new() }
}

/// The draws in the light of the tests, as many as there were, each scaled by its λ.
pub fn tested(draws: &[Response], tests: &[Test], random: &mut ChaCha8Rng) -> (Vec<Response>, Incrementality) {
    let prior = priors::shipped().incrementality;
    let normal = Normal::standard();
    let shares: Vec<f64> = (0..PAIRS)
        .map(|i| prior.median * (prior.log_sd * normal.inverse_cdf((i as f64 + 0.5) / PAIRS as f64)).exp())
        .collect();
    let mut pairs: Vec<(usize, f64)> =
        (0..draws.len()).flat_map(|i| shares.iter().map(move |share| (i, *share))).collect();
    // in random order, or equal steps would meet the same share again and again
    rand::seq::SliceRandom::shuffle(pairs.as_mut_slice(), random);
    let log = |(i, share): &(usize, f64)| -> f64 {
        tests.iter().map(|test| test.log_likelihood(*share, &draws[*i].saturation)).sum()
    };
    let logs: Vec<f64> = pairs.iter().map(log).collect();
    let largest = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let weights: Vec<f64> = logs.iter().map(|log| (log - largest).exp()).collect();
    let chosen = systematic(&weights, draws.len(), random);
    let shares: Vec<f64> = chosen.iter().map(|at| pairs[*at].1).collect();
    let scaled = chosen.iter().map(|at| {
        let (draw, share) = pairs[*at];
        Response { saturation: draws[draw].saturation.times(share), decay: draws[draw].decay }
    });
    let incrementality = Incrementality {
        mean: crate::math::mean(&shares),
        p05: quantile(&shares, 0.05),
        p95: quantile(&shares, 0.95),
        tests: tests.iter().map(|test| test.name.clone()).collect(),
    };
    (scaled.collect(), incrementality)
}

/// `count` places by weight, systematically, in random order.
fn systematic(weights: &[f64], count: usize, random: &mut ChaCha8Rng) -> Vec<usize> {
    let total: f64 = weights.iter().sum();
    let offset: f64 = random.random();
    let (mut chosen, mut sum, mut at) = (Vec::with_capacity(count), weights[0], 0);
    for i in 0..count {
        while sum < (i as f64 + offset) / count as f64 * total && at + 1 < weights.len() {
            at += 1;
            sum += weights[at];
        }
        chosen.push(at);
    }
    rand::seq::SliceRandom::shuffle(chosen.as_mut_slice(), random);
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;

    fn draws() -> Vec<Response> {
        let line = |i: u32| Saturation::Linear { scale: 0.02 * (1.0 + 0.001 * f64::from(i % 20)) };
        (0..200).map(|i| Response { saturation: line(i), decay: 0.0 }).collect()
    }

    /// 10 periods at 1,000 of which 400 are tested: about 80 attributed.
    fn test(incremental: f64, half: f64) -> Test {
        let interval = (incremental - half, incremental + half);
        Test { name: "geo".into(), periods: 10.0, spend: 1000.0, tested: 400.0, incremental, interval }
    }

    #[test]
    fn a_test_narrows_the_share_and_moves_the_curve() {
        let random = &mut ChaCha8Rng::seed_from_u64(1);
        let (tested, share) = tested(&draws(), &[test(56.0, 8.0)], random);
        // 56 of 80.8 attributed: 0.69, the prior at 1 draws it up a little
        assert!((0.66..0.76).contains(&share.mean), "{share:?}");
        let assumed = assumed();
        assert!(share.p95 - share.p05 < 0.5 * (assumed.p95 - assumed.p05), "{share:?}");
        let mean = tested.iter().map(|draw| draw.saturation.at(1000.0)).sum::<f64>() / 200.0;
        assert!((13.0..15.5).contains(&mean), "{mean}");
    }

    #[test]
    fn a_vague_test_leaves_the_assumption() {
        let random = &mut ChaCha8Rng::seed_from_u64(1);
        let (_, share) = tested(&draws(), &[test(80.0, 5000.0)], random);
        assert!((share.p95 / assumed().p95 - 1.0).abs() < 0.1, "{share:?}");
    }
}
