//! Which parts of the calendar the channels support together, and how strongly.
//!
//! Around its mode, a channel's likelihood of the b of one group is Gaussian with information P and score h. With
//! b ~ N(μ, τ² I) over channels, the support of the group against b = 0 is
//!
//! ```text
//!     ln BF = Σ over channels of  −½ ln|I + τ² P| + ½ uᵀ (P + I ÷ τ²)⁻¹ u − ½ μᵀμ ÷ τ²,       u = h + μ ÷ τ²
//! ```
//!
//! maximised over μ and τ (empirical Bayes; Morris 1983). A group whose maximum does not pay for its own unknowns is left
//! out everywhere, so that a world without it loses nothing. What a channel then believes is what the others say: with
//! A = (P + I ÷ τ²)⁻¹, their sums of I ÷ τ² − A ÷ τ⁴ and A h ÷ τ² beside a plain prior of μ give its mean and covariance V,
//! and b ~ N(mean, diag V + τ²). One's own data thus count once, and a mean that few channels tell is known as such.

use crate::math::dense::{cholesky, inverse, solve_lower};

/// Nats by which a group must pay beyond one for each of its columns.
const LEAST_NATS: f64 = 3.0;
/// Spreads τ that are tried, in multiples of the plain prior's.
const SPREADS: [f64; 6] = [0.05, 0.1, 0.2, 0.4, 0.8, 1.6];
/// Steps towards the best μ given τ.
const STEPS: usize = 12;

/// What one channel says of a group's b.
#[derive(Clone, Debug)]
pub struct Evidence {
    /// Information P, `n × n`.
    information: Vec<f64>,
    /// Score h = P b̂.
    score: Vec<f64>,
}

impl Evidence {
    /// From the posterior N(mean, covariance) under the plain prior N(0, sd² I).
    pub fn of(mean: &[f64], covariance: &[f64], sd: f64) -> Option<Evidence> {
        let n = mean.len();
        let mut information = inverse(&cholesky(covariance, n)?, n);
        let score = (0..n).map(|i| (0..n).map(|j| information[i * n + j] * mean[j]).sum()).collect();
        (0..n).for_each(|i| information[i * n + i] -= 1.0 / (sd * sd));
        Some(Evidence { information, score })
    }
}

/// What channels have in common in a group's b.
#[derive(Clone, Debug, PartialEq)]
pub struct Common {
    /// μ, one a column.
    pub mean: Vec<f64>,
    /// τ.
    pub sd: f64,
    /// Information on μ of all channels and of a plain prior, `n × n`.
    information: Vec<f64>,
    /// Its product with μ.
    score: Vec<f64>,
}

impl Common {
    fn of(evidence: &[Evidence], mean: Vec<f64>, sd: f64, plain_sd: f64) -> Common {
        let n = mean.len();
        let information = (0..n * n).map(|at| f64::from(at / n == at % n) / (plain_sd * plain_sd)).collect();
        let mut common = Common { mean, sd, information, score: vec![0.0; n] };
        for one in evidence {
            common.add(one, 1.0);
        }
        common
    }

    /// Adds what one channel says of μ; takes it away with `sign` −1.
    fn add(&mut self, one: &Evidence, sign: f64) {
        let (n, variance) = (self.mean.len(), self.sd * self.sd);
        let Some(l) = cholesky(&with_prior(one, self.sd), n) else { return };
        let covariance = inverse(&l, n);
        for i in 0..n {
            for j in 0..n {
                let own = f64::from(i == j) / variance - covariance[i * n + j] / (variance * variance);
                self.information[i * n + j] += sign * own;
                self.score[i] += sign * covariance[i * n + j] * one.score[j] / variance;
            }
        }
    }

    /// Mean and standard deviation of each column for a channel that says `own` itself, from what the others say.
    pub fn without(&self, own: Option<&Evidence>) -> Vec<(f64, f64)> {
        let (n, mut others) = (self.mean.len(), self.clone());
        if let Some(own) = own {
            others.add(own, -1.0);
        }
        let Some(l) = cholesky(&others.information, n) else {
            return self.mean.iter().map(|mean| (*mean, self.sd)).collect();
        };
        let covariance = inverse(&l, n);
        let mean = |i: usize| (0..n).map(|j| covariance[i * n + j] * others.score[j]).sum::<f64>();
        (0..n).map(|i| (mean(i), (covariance[i * n + i] + self.sd * self.sd).sqrt())).collect()
    }
}

/// The common prior of a group, if the channels support it; `sd` is the plain prior's.
pub fn common(evidence: &[Evidence], sd: f64) -> Option<Common> {
    let n = evidence.first()?.score.len();
    let of_spread = |multiple: &f64| {
        let spread = multiple * sd;
        let mean = best_mean(evidence, n, spread);
        Some((support(evidence, &mean, spread)?, mean, spread))
    };
    let best = SPREADS.iter().filter_map(of_spread).max_by(|a, b| a.0.total_cmp(&b.0))?;
    (best.0 > LEAST_NATS + n as f64).then(|| Common::of(evidence, best.1, best.2, sd))
}

/// ln BF of b ~ N(mean, sd²) against b = 0.
fn support(evidence: &[Evidence], mean: &[f64], sd: f64) -> Option<f64> {
    let n = mean.len();
    let of_one = |one: &Evidence| {
        let l = cholesky(&with_prior(one, sd), n)?;
        let pull: Vec<f64> = (0..n).map(|i| one.score[i] + mean[i] / (sd * sd)).collect();
        let squared: f64 = solve_lower(&l, &pull).iter().map(|z| z * z).sum();
        let log_det: f64 = (0..n).map(|i| 2.0 * (l[i * n + i] * sd).ln()).sum();
        let prior: f64 = mean.iter().map(|m| m * m).sum::<f64>() / (sd * sd);
        Some(0.5 * (squared - log_det - prior))
    };
    evidence.iter().map(of_one).sum()
}

/// The mean over channels of b given μ, until it no longer moves: the EM step for μ.
fn best_mean(evidence: &[Evidence], n: usize, sd: f64) -> Vec<f64> {
    let mut mean = vec![0.0; n];
    for _ in 0..STEPS {
        let mut sum = vec![0.0; n];
        for one in evidence {
            let Some(l) = cholesky(&with_prior(one, sd), n) else { continue };
            let covariance = inverse(&l, n);
            for (i, sum) in sum.iter_mut().enumerate() {
                *sum += (0..n).map(|j| covariance[i * n + j] * (one.score[j] + mean[j] / (sd * sd))).sum::<f64>();
            }
        }
        mean = sum.iter().map(|sum| sum / evidence.len() as f64).collect();
    }
    mean
}

fn with_prior(one: &Evidence, sd: f64) -> Vec<f64> {
    let n = one.score.len();
    (0..n * n).map(|at| one.information[at] + f64::from(at / n == at % n) / (sd * sd)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;
    use rand_distr::{Distribution, Normal};

    /// Channels whose b are `effect` with an error of `error`, as posteriors under N(0, 0.3²).
    fn channels(effect: f64, error: f64, count: usize, seed: u64) -> Vec<Evidence> {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let noise = Normal::new(effect, error).unwrap();
        let one = |_| {
            let seen: Vec<f64> = (0..2).map(|_| noise.sample(&mut random)).collect();
            let variance = 1.0 / (1.0 / (error * error) + 1.0 / 0.09);
            let mean: Vec<f64> = seen.iter().map(|b| variance * b / (error * error)).collect();
            Evidence::of(&mean, &[variance, 0.0, 0.0, variance], 0.3).unwrap()
        };
        (0..count).map(one).collect()
    }

    #[test]
    fn an_effect_that_channels_share_is_found_though_none_shows_it_alone() {
        let common = common(&channels(0.15, 0.1, 10, 1), 0.3).unwrap();
        assert!(common.mean.iter().all(|b| (b - 0.15).abs() < 0.1), "{common:?}");
        assert!(common.sd <= 0.12, "{common:?}");
        for (mean, sd) in common.without(None) {
            assert!((mean - 0.15).abs() < 0.1 && sd > common.sd && sd < 0.15, "{mean} ± {sd}");
        }
    }

    #[test]
    fn a_channel_does_not_hear_itself() {
        let evidence = channels(0.4, 0.1, 1, 2);
        let common = common(&evidence, 0.3).unwrap();
        // alone there is nobody to learn from: the plain prior is left
        for (mean, sd) in common.without(Some(&evidence[0])) {
            assert!(mean.abs() < 1e-6 && (sd * sd - 0.09 - common.sd * common.sd).abs() < 1e-6, "{mean} ± {sd}");
        }
    }

    #[test]
    fn noise_is_rarely_taken_for_an_effect() {
        let found = (0..100).filter(|seed| common(&channels(0.0, 0.1, 8, *seed), 0.3).is_some()).count();
        assert!(found <= 5, "{found} of 100");
    }
}
