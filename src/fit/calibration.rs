//! Simulation-based calibration of one channel's posterior (Talts, Betancourt, Simpson, Vehtari & Gelman 2018): unknowns drawn from
//! the prior, counts from them, and the rank of the truth among the draws, which is uniform where the posterior is right.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Beta, Distribution, Gamma, Poisson, StandardNormal};

use super::likelihood::{History, Posterior};
use super::priors::{self, Belief};
use super::screen::FIRST_LOOK;
use super::{sampling, start};
use crate::math::importance;
use crate::settings::Sampler;

/// Bins of the ranks.
const BINS: usize = 8;
/// Worlds and draws of each.
const WORLDS: u64 = 400;
const DRAWS: usize = 199;
/// KPI a period at mean spend that the prior is centred at.
const MEAN_COUNT: f64 = 60.0;

fn drawn(belief: &Belief, rng: &mut ChaCha8Rng) -> f64 {
    match belief {
        Belief::Normal { mean, sd } => {
            let z: f64 = StandardNormal.sample(rng);
            mean + sd * z
        }
        Belief::Share(beta) => {
            let share: f64 = Beta::new(beta.a, beta.b).unwrap().sample(rng);
            (share / (1.0 - share)).ln()
        }
    }
}

/// 120 periods of spend, the counts that unknowns from the prior make of it, and those unknowns.
fn world(beliefs: &[Belief], rng: &mut ChaCha8Rng) -> (History, Vec<f64>) {
    let normal = |rng: &mut ChaCha8Rng| -> f64 { StandardNormal.sample(rng) };
    let spend: Vec<f64> = (0..120).map(|_| 100.0 * (0.5 * normal(rng) - 0.125).exp()).collect();
    let truth: Vec<f64> = beliefs.iter().map(|belief| drawn(belief, rng)).collect();
    let history = |counts: Vec<(usize, f64)>| History::new(&spend, vec![true; 120], counts, 100.0, 1.0);
    let blank = history((0..120).map(|t| (t, 1.0)).collect());
    let r = truth[1].exp();
    let count = |(t, mean): (usize, f64)| -> (usize, f64) {
        let rate = mean * Gamma::new(r, 1.0 / r).unwrap().sample(rng);
        (t, if rate > 0.0 { Poisson::new(rate).unwrap().sample(rng) } else { 0.0 })
    };
    let expected = Posterior::new(&blank, FIRST_LOOK, beliefs).expected(&truth);
    (history(expected.into_iter().enumerate().map(count).collect()), truth)
}

fn calibrated(sampler: Sampler, worlds: u64) {
    let beliefs = priors::shipped().of(FIRST_LOOK, MEAN_COUNT);
    let rng = &mut ChaCha8Rng::seed_from_u64(1);
    let mut bins = vec![[0_u32; BINS]; beliefs.len()];
    for _ in 0..worlds {
        let (history, truth) = world(&beliefs, rng);
        let posterior = Posterior::new(&history, FIRST_LOOK, &beliefs).exact();
        let Some(mode) = start::highest_mode(&posterior, &history, beliefs.len()) else { continue };
        let Some((sample, _)) = sampling::around(&posterior, &mode, beliefs.len(), (sampler, importance::USUAL), rng)
        else {
            continue;
        };
        let draws = sample.resample(DRAWS, rng);
        for (i, bins) in bins.iter_mut().enumerate() {
            let below = draws.iter().filter(|draw| draw[i] < truth[i]).count();
            // importance sampling repeats its heaviest draws; a random part of ties counts
            let ties = draws.iter().filter(|draw| draw[i] == truth[i]).count();
            let rank = below + rng.random_range(0..=ties);
            bins[(rank * BINS / (DRAWS + 1)).min(BINS - 1)] += 1;
        }
    }
    for (i, bins) in bins.iter().enumerate() {
        let count: u32 = bins.iter().sum();
        assert!(u64::from(count) > worlds * 9 / 10, "{count} of {worlds} could be sampled");
        let expected = f64::from(count) / BINS as f64;
        let chi: f64 = bins.iter().map(|n| (f64::from(*n) - expected).powi(2) / expected).sum();
        // χ² of 7 degrees of freedom: 24.3 is exceeded once in 1,000
        assert!(chi < 24.3, "unknown {i}: {bins:?}, χ² {chi:.1}");
    }
}

#[test]
#[ignore = "slow: 400 posteriors"]
fn calibration_of_importance_sampling() {
    calibrated(Sampler::Auto, WORLDS);
}

#[test]
#[ignore = "slow: 150 posteriors by the no-U-turn sampler"]
fn calibration_of_nuts() {
    calibrated(Sampler::Nuts, 150);
}
