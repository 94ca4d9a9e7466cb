//! Lift tests: what share of the attributed KPI spend caused.
//!
//! ```text
//!     incremental ~ N( λ · Δ, σ² )        Δ = Σ_t ( f(x) − f(z[t]) ),  t = 1 … P        ln λ ~ N(−s² ÷ 2, s²)
//!                                         z[t] = x − (1 − dᵗ) · spend ÷ P
//! ```
//!
//! P periods of the test at mean spend x, f the curve of the attributed KPI, d its decay, σ from the test's 90 % interval. z is
//! the stock after t periods without what was tested: carry-over lets only a part of an effect through while a test runs, and
//! what comes later is not in its count. λ is the
//! channel's incrementality: 1 when every attributed registration is caused by spend. Each draw of the curve is paired with
//! values of λ, the pairs are weighted by the tests' likelihood and drawn again: tests narrow λ, and the curve where they
//! can. Without a test the curve stays that of the attributed KPI, λ is its prior, of mean 1, and what a plan's spend causes
//! is λ times what is attributed to it: an assumption, which findings and plan state.

use rand::Rng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};
use statrs::distribution::{ContinuousCDF, Normal};

use super::estimate::stream;
use super::priors::{self, CONTRADICTED};
use super::response::Response;
use crate::check::Finding;
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
    pub periods: usize,
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
    /// Δ: what the curve says that the tested spend brought while the test ran.
    ///
    /// ```
    /// use outlay::fit::{Response, Saturation, lift::Test};
    /// let test = Test { name: "geo".into(), periods: 2, spend: 100.0, tested: 40.0, incremental: 5.0, interval: (4.0, 6.0) };
    /// let line = |decay| Response { saturation: Saturation::Linear { scale: 0.1, until: f64::INFINITY }, decay };
    /// assert!((test.attributed(&line(0.0)) - 8.0).abs() < 1e-12);
    /// // of the first period's 4 half has come, of the second's three quarters
    /// assert!((test.attributed(&line(0.5)) - 5.0).abs() < 1e-12);
    /// ```
    pub fn attributed(&self, response: &Response) -> f64 {
        let (saturation, tested) = (&response.saturation, self.tested.min(self.spend));
        let (with, mut kept) = (saturation.at(self.spend), 1.0);
        let lost = |_| {
            kept *= response.decay;
            with - saturation.at(self.spend - tested * (1.0 - kept))
        };
        (0..self.periods).map(lost).sum()
    }

    /// Its standard error.
    pub fn error(&self) -> f64 {
        (self.interval.1 - self.interval.0) / (2.0 * NINETY)
    }

    fn log_likelihood(&self, share: f64, attributed: f64) -> f64 {
        let z = (self.incremental - share * attributed) / self.error();
        -0.5 * z * z
    }

    /// What the test says beside what the draws of the curve say once they have heard it, `caused`; `advice` for where they
    /// contradict it all the same.
    pub(super) fn held_against(&self, caused: &[f64], advice: &str) -> Finding {
        let [low, middle, high] = [0.05, 0.5, 0.95].map(|p| quantile(caused, p));
        let message = format!(
            "the test says that {:.0} were caused ({:.0} to {:.0}); with it the curve says {middle:.0} ({low:.0} to {high:.0})",
            self.incremental, self.interval.0, self.interval.1
        );
        if (crate::math::mean(caused) - self.incremental).abs() > CONTRADICTED * self.error() {
            return Finding::review("fit.experiment", &self.name, message, advice);
        }
        Finding::pass("fit.experiment", &self.name, message)
    }
}

/// Incrementality: the share of the attributed KPI that spend caused.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Incrementality {
    /// Mean of λ.
    pub mean: f64,
    /// 5 % quantile.
    pub p05: f64,
    /// 95 % quantile.
    pub p95: f64,
    /// Names of the tests behind it, which the curve is net of: it counts only what spend caused. Without any, λ is assumed
    /// and the curve is of the attributed KPI.
    #[serde(default)]
    pub tests: Vec<String>,
}

impl Incrementality {
    /// What is wrong with it, if something is.
    pub fn wrong(&self) -> Option<String> {
        let Incrementality { mean, p05, p95, .. } = *self;
        let is_sound = 0.0 < p05 && p05 <= mean && mean <= p95 && p95.is_finite();
        (!is_sound).then(|| format!("incrementality is {mean} from {p05} to {p95}, expected 0 < p05 ≤ mean ≤ p95"))
    }

    /// λ in `count` states of the world: log-normal between its quantiles, of its mean exactly. Each channel has a random
    /// stream of its own, so that one channel's share tells nothing of another's.
    ///
    /// ```
    /// use outlay::fit::Incrementality;
    /// let share = Incrementality { mean: 0.8, p05: 0.6, p95: 1.1, tests: Vec::new() };
    /// let states = share.states(200, 1, "tencent");
    /// assert!((states.iter().sum::<f64>() / 200.0 - 0.8).abs() < 1e-12);
    /// ```
    pub fn states(&self, count: usize, seed: u64, label: &str) -> Vec<f64> {
        let log_sd = (self.p95 / self.p05).ln() / (2.0 * NINETY);
        let mut states: Vec<f64> = evenly(count).map(|z| (log_sd * z).exp()).collect();
        let scale = self.mean / crate::math::mean(&states);
        states.iter_mut().for_each(|state| *state *= scale);
        states.shuffle(&mut stream(seed, label, 4));
        states
    }
}

/// `count` quantiles of the standard normal, ascending.
fn evenly(count: usize) -> impl Iterator<Item = f64> {
    let normal = Normal::standard();
    (0..count).map(move |i| normal.inverse_cdf((i as f64 + 0.5) / count as f64))
}

/// What is believed without a test.
pub fn assumed() -> Incrementality {
    let prior = priors::shipped().incrementality;
    let [p05, p95] = [-NINETY, NINETY].map(|z| prior.at(z));
    Incrementality { mean: prior.mean, p05, p95, tests: Vec::new() }
}

/// The draws in the light of the tests, as many as there were, each scaled by its λ.
pub fn tested(draws: &[Response], tests: &[Test], random: &mut ChaCha8Rng) -> (Vec<Response>, Incrementality) {
    let prior = priors::shipped().incrementality;
    let shares: Vec<f64> = evenly(PAIRS).map(|z| prior.at(z)).collect();
    let mut pairs: Vec<(usize, f64)> =
        (0..draws.len()).flat_map(|i| shares.iter().map(move |share| (i, *share))).collect();
    // in random order, or equal steps would meet the same share again and again
    pairs.shuffle(random);
    let of_draw = |draw: &Response| -> Vec<f64> { tests.iter().map(|test| test.attributed(draw)).collect() };
    let attributed: Vec<Vec<f64>> = draws.iter().map(of_draw).collect();
    let log = |(i, share): &(usize, f64)| -> f64 {
        tests.iter().zip(&attributed[*i]).map(|(test, attributed)| test.log_likelihood(*share, *attributed)).sum()
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
    chosen.shuffle(random);
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Severity;
    use crate::fit::saturation::Saturation;
    use rand::SeedableRng;

    fn draws() -> Vec<Response> {
        let line =
            |i: u32| Saturation::Linear { scale: 0.02 * (1.0 + 0.001 * f64::from(i % 20)), until: f64::INFINITY };
        (0..200).map(|i| Response { saturation: line(i), decay: 0.0 }).collect()
    }

    /// 10 periods at 1,000 of which 400 are tested: about 80 attributed.
    fn test(incremental: f64, half: f64) -> Test {
        let interval = (incremental - half, incremental + half);
        Test { name: "geo".into(), periods: 10, spend: 1000.0, tested: 400.0, incremental, interval }
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
    fn a_test_that_no_share_explains_is_said_to_contradict() {
        let random = &mut ChaCha8Rng::seed_from_u64(1);
        let said = |incremental: f64, random: &mut ChaCha8Rng| {
            let test = test(incremental, 8.0);
            let (tested, _) = tested(&draws(), std::slice::from_ref(&test), random);
            test.held_against(&tested.iter().map(|draw| test.attributed(draw)).collect::<Vec<_>>(), "look").severity
        };
        assert_eq!(said(70.0, random), Severity::Pass);
        assert_eq!(said(400.0, random), Severity::Review);
    }

    #[test]
    fn a_vague_test_leaves_the_assumption() {
        let random = &mut ChaCha8Rng::seed_from_u64(1);
        let (_, share) = tested(&draws(), &[test(80.0, 5000.0)], random);
        assert!((share.p95 / assumed().p95 - 1.0).abs() < 0.1, "{share:?}");
    }
}
