//! Simulation-based calibration (Talts, Betancourt, Simpson, Vehtari & Gelman 2018): unknowns drawn from the prior, totals from
//! them, and the rank of the truth among the posterior's draws, which is uniform where the posterior is right.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Beta, Distribution, Gamma, Poisson, StandardNormal};

use super::baseline::Kind;
use super::data::{Data, Paid, tests::sample};
use super::density::{Joint, PER_CHANNEL};
use super::effects::Felt;
use super::posterior;
use crate::fit::priors::{self, TotalPriors};
use crate::settings::Sampler;

/// Bins of the ranks.
const BINS: usize = 8;

/// A draw of the spread of all channels' responses; degrees of freedom are a whole number.
fn spread(log_sd: f64, freedom: f64, normal: &mut impl FnMut() -> f64) -> f64 {
    let chi: f64 = (0..freedom as usize).map(|_| normal().powi(2)).sum();
    log_sd * (freedom / chi).sqrt()
}

/// A data set whose truth comes from the prior, and that truth in natural terms.
fn drawn(priors: &TotalPriors, rng: &mut ChaCha8Rng) -> (Data, Vec<f64>) {
    let mut data = sample();
    data.mean_count = 400.0;
    for channel in &mut data.channels {
        channel.log_response = (0.5 * priors.response.share * data.mean_count).ln();
        channel.earlier = None;
    }
    let mut normal = || -> f64 { StandardNormal.sample(rng) };
    let mut truth = Vec::new();
    let own = (1.0 - priors.alike).sqrt();
    let common = [normal(), normal()].map(|z| priors.alike.sqrt() * z);
    let stretch = spread(priors.response.log_sd, priors.response.freedom, &mut normal);
    let of_weekdays = spread(1.0, priors.weekday.freedom, &mut normal);
    for Paid { log_response, .. } in &data.channels {
        truth.push(log_response + stretch * normal());
        truth.push(priors.half.median.ln() + priors.half.log_sd * (common[0] + own * normal()));
        truth.push(priors.slope.median.ln() + priors.slope.log_sd * (common[1] + own * normal()));
        truth.push(0.0);
    }
    let log_base = (priors.base * data.mean_count * normal().abs()).ln();
    truth.push(log_base);
    let felt = Felt::of(log_base, data.mean_count, priors);
    let size = |kind: Kind| if kind == Kind::Weekday { of_weekdays } else { 1.0 } / felt.of_kind(kind).0;
    truth.extend(data.features.iter().map(|feature| size(feature.kind) * feature.prior_sd * normal()));
    truth.push((priors.noise * normal().abs()).ln());
    for c in 0..data.channels.len() {
        let decay: f64 = Beta::new(priors.decay.a, priors.decay.b).unwrap().sample(rng);
        truth[PER_CHANNEL * c + 3] = (decay / (1.0 - decay)).ln();
    }
    let joint = Joint::new(&data, priors);
    let (mean, _) = joint.expected(&joint.searched(&truth));
    let r = (-2.0 * truth[truth.len() - 1]).exp();
    let count = |m: f64| -> f64 {
        let rate = m * Gamma::new(r, 1.0 / r).unwrap().sample(rng);
        if rate > 0.0 { Poisson::new(rate).unwrap().sample(rng) } else { 0.0 }
    };
    data.counts = mean.into_iter().map(count).collect();
    (data, truth)
}

/// `cargo test --release --lib calibration -- --ignored`: about a minute on two quiet cores.
#[test]
#[ignore = "slow: a hundred posteriors"]
fn the_truth_is_anywhere_among_the_draws() {
    calibrated(Sampler::Auto);
}

#[test]
#[ignore = "slow: a hundred posteriors"]
fn the_truth_is_anywhere_among_the_draws_of_nuts() {
    calibrated(Sampler::Nuts);
}

fn calibrated(sampler: Sampler) {
    let priors = &priors::shipped().total;
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let worlds = 120;
    let mut bins = vec![[0_u32; BINS]; 12];
    for seed in 0..worlds {
        let (data, truth) = drawn(priors, &mut rng);
        let found = posterior::sample(&data, priors, sampler, seed).unwrap();
        for (i, bins) in bins.iter_mut().enumerate().take(truth.len()) {
            let below = found.draws.iter().filter(|draw| draw[i] < truth[i]).count();
            // ties only where draws repeat; a random half of them counts
            let ties = found.draws.iter().filter(|draw| draw[i] == truth[i]).count();
            let rank = below + rng.random_range(0..=ties);
            bins[(rank * BINS / (found.draws.len() + 1)).min(BINS - 1)] += 1;
        }
    }
    let expected = worlds as f64 / BINS as f64;
    for (i, bins) in bins.iter().enumerate().filter(|(_, bins)| bins.iter().sum::<u32>() > 0) {
        let chi: f64 = bins.iter().map(|n| (f64::from(*n) - expected).powi(2) / expected).sum();
        // χ² of 7 degrees of freedom: 24.3 is exceeded once in 1,000
        assert!(chi < 24.3, "unknown {i}: {bins:?}, χ² {chi:.1}");
    }
}
