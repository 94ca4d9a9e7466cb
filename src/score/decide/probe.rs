//! How much spend would settle whether a supplier reaches the target.
//!
//! After `x` more spend, `k` more KPI are negative binomial under what is believed now, Gamma(a, rate b):
//!
//! ```text
//!     k ~ NB(a, b / (b + x)),      P(cost ≤ target | k) = P(Gamma(a + k, b + x) ≥ 1/target)
//! ```
//!
//! The question is settled when that probability is at least `sure`, or at most 1 − `sure`. It rises in k, so the settled
//! outcomes are those from some k on and those up to another. The probe is the least x that settles it with
//! probability [`SETTLES`], and at least what is worth `least_evidence` KPI at the target.

use statrs::function::beta::beta_reg;

use crate::score::shrink::{Family, Mixture, Posterior};
use crate::settings::TierRules;

/// Probability with which a probe should settle the question.
const SETTLES: f64 = 0.8;
/// Most KPI that a probe may be worth at the target: beyond that the answer hardly matters.
const MOST: f64 = 300.0;

/// The spend that would settle the question, face value, rounded up to two digits; `phi` is how much days vary.
pub(crate) fn probe(rate: &Mixture, phi: f64, target: f64, rules: &TierRules) -> f64 {
    let known = matched(rate);
    let (least, most) = (rules.least_evidence * target, MOST * target);
    let settles = |spend: f64| settled(&known, spend, target, rules.sure) >= SETTLES;
    if !settles(most) {
        return rounded(most * phi);
    }
    let (mut low, mut high) = (least, most);
    if settles(least) {
        high = least;
    }
    while high / low > 1.02 {
        let middle = (low * high).sqrt();
        if settles(middle) { high = middle } else { low = middle }
    }
    rounded(high * phi)
}

/// The Gamma of the mixture's mean and variance.
fn matched(rate: &Mixture) -> Posterior {
    let mean: f64 = rate.0.iter().map(|(weight, known)| weight * known.mean()).sum();
    let square: f64 = rate.0.iter().map(|(weight, known)| weight * known.mean().powi(2) * (1.0 + 1.0 / known.a)).sum();
    let variance = (square - mean * mean).max(mean * mean * 1e-12);
    Posterior { family: Family::GammaPoisson, a: mean * mean / variance, b: mean / variance }
}

/// The probability that `spend` more settles the question.
fn settled(known: &Posterior, spend: f64, target: f64, sure: f64) -> f64 {
    let after = |events: f64| {
        1.0 - Posterior { family: known.family, a: known.a + events, b: known.b + spend }.below(1.0 / target)
    };
    let most = (20.0 + 20.0 * (known.mean() * spend).max(spend / target)) as u64;
    let good = first(most, |events| after(events as f64) >= sure);
    let bad = first(most, |events| after(events as f64) > 1.0 - sure);
    // P(k < n) of the negative binomial
    let below = |n: u64| if n == 0 { 0.0 } else { beta_reg(known.a, n as f64, known.b / (known.b + spend)) };
    1.0 - below(good) + below(bad)
}

/// The first number up to `most` for which a property holds that holds from some number on.
fn first(most: u64, holds: impl Fn(u64) -> bool) -> u64 {
    let (mut low, mut high) = (0, most);
    while low < high {
        let middle = (low + high) / 2;
        if holds(middle) { high = middle } else { low = middle + 1 }
    }
    low
}

/// Rounded up to two digits.
fn rounded(spend: f64) -> f64 {
    let unit = 10f64.powf(spend.log10().floor() - 1.0);
    (spend / unit - 1e-9).ceil() * unit
}

#[cfg(test)]
mod tests {
    use super::*;

    fn believed(a: f64, cost: f64) -> Mixture {
        Mixture(vec![(1.0, Posterior { family: Family::GammaPoisson, a, b: a * cost })])
    }

    #[test]
    fn a_probe_is_larger_the_nearer_the_cost_is_to_the_target() {
        let rules = TierRules::default();
        let of = |cost| probe(&believed(4.0, cost), 1.0, 100.0, &rules);
        assert!(of(100.0) > of(60.0) && of(100.0) > of(200.0), "{} {} {}", of(60.0), of(100.0), of(200.0));
        assert!(of(30.0) >= 300.0 && of(100.0) <= 30_000.0);
        assert!(probe(&believed(4.0, 100.0), 3.0, 100.0, &rules) > 2.5 * of(100.0), "wild days need a longer look");
    }

    #[test]
    fn what_is_foreseen_is_what_comes_about() {
        use rand::SeedableRng;
        use rand_distr::{Distribution, Gamma, Poisson};
        let (rules, target) = (TierRules::default(), 100.0);
        let spend = probe(&believed(4.0, 110.0), 1.0, target, &rules);
        let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(1);
        let mut settled = 0;
        for _ in 0..4000 {
            let rate = Gamma::new(4.0, 1.0 / 440.0).unwrap().sample(&mut rng);
            let events: f64 = Poisson::new(rate * spend).unwrap().sample(&mut rng);
            let after = Posterior { family: Family::GammaPoisson, a: 4.0 + events, b: 440.0 + spend };
            let chance = 1.0 - after.below(1.0 / target);
            settled += u32::from(!(1.0 - rules.sure..rules.sure).contains(&chance));
        }
        let share = f64::from(settled) / 4000.0;
        assert!((0.77..0.86).contains(&share), "{share} of the probes settle it");
    }
}
