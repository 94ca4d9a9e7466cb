//! Draws of one channel's posterior: importance sampling where its own diagnostic allows it, else the no-U-turn sampler.

use rand::RngCore;
use rand_chacha::ChaCha8Rng;

use super::How;
use super::checks::{ENOUGH, LARGEST_K, LARGEST_R_HAT};
use super::likelihood::Posterior;
use crate::math::dense::{cholesky, inverse};
use crate::math::importance::{self, Effort, Weighted};
use crate::math::mode::Mode;
use crate::math::nuts::{self, Plan};
use crate::settings::Sampler;

/// For a posterior that the usual effort does not reach: a long history makes the ridge of half point and shape thin.
const HARD: Effort = Effort { round: 1500, rounds: 5, last: 4000 };
/// Rounds of the no-U-turn sampler: each finds the covariance for the next, until one can be trusted.
const ROUNDS: [Plan; 3] = [
    Plan { chains: 4, tune: 150, draws: 100, depth: 7, seed: 1 },
    Plan { chains: 4, tune: 150, draws: 300, depth: 8, seed: 2 },
    Plan { chains: 4, tune: 200, draws: 1000, depth: 9, seed: 3 },
];

/// Draws around a mode, and how they were made. `heavy` unknowns come before those of the calendar.
///
/// `None` when the density cannot be evaluated around its mode.
pub(super) fn around(
    posterior: &Posterior,
    mode: &Mode,
    heavy: usize,
    (sampler, effort): (Sampler, Effort),
    random: &mut ChaCha8Rng,
) -> Option<(Weighted, How)> {
    if sampler == Sampler::Nuts {
        return trajectories(posterior, mode, random);
    }
    let mut sample = importance::weighted(posterior, mode, heavy, effort, random)?;
    if sample.pareto_k > LARGEST_K {
        sample = importance::weighted(posterior, mode, heavy, HARD, random)?;
    }
    if sample.pareto_k > LARGEST_K
        && let Some(found) = trajectories(posterior, mode, random).filter(|found| found.1.is_sound())
    {
        return Some(found);
    }
    let how = How::Importance { pareto_k: sample.pareto_k, effective: sample.effective() };
    Some((sample, how))
}

fn trajectories(posterior: &Posterior, mode: &Mode, random: &mut ChaCha8Rng) -> Option<(Weighted, How)> {
    let n = mode.at.len();
    let covariance = inverse(&cholesky(&mode.curvature, n)?, n);
    let seed = random.next_u64();
    let rounds = ROUNDS.map(|plan| Plan { seed: seed.wrapping_add(plan.seed), ..plan });
    let enough = (LARGEST_R_HAT, ENOUGH);
    let chains = nuts::settled(|| posterior.clone(), (&mode.at, &covariance), &rounds, enough)?;
    let how = How::of(&chains);
    let points: Vec<Vec<f64>> = chains.draws.concat();
    let weights = vec![1.0 / points.len() as f64; points.len()];
    Some((Weighted { points, weights, pareto_k: 0.0 }, how))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fit::likelihood::History;
    use crate::fit::priors;
    use crate::fit::screen::FIRST_LOOK;
    use crate::fit::start;
    use rand::SeedableRng;

    #[test]
    fn both_ways_find_the_same_posterior() {
        let spend: Vec<f64> = (0..120).map(|t| 20.0 + 160.0 * f64::from(t * 7 % 40) / 40.0).collect();
        let count = |(t, x): (usize, &f64)| (t, (30.0 * x / (100.0 + x)).round() + (t * 5 % 7) as f64);
        let history = History::new(&spend, vec![true; 120], spend.iter().enumerate().map(count).collect(), 100.0, 1.0);
        let beliefs = priors::shipped().of(FIRST_LOOK, history.mean_count);
        let posterior = Posterior::new(&history, FIRST_LOOK, &beliefs);
        let mode = start::highest_mode(&posterior, &history, beliefs.len()).unwrap();
        let draw = |sampler| {
            let random = &mut ChaCha8Rng::seed_from_u64(4);
            around(&posterior, &mode, 5, (sampler, importance::USUAL), random).unwrap()
        };
        let ((fast, by_weights), (slow, by_chains)) = (draw(Sampler::Auto), draw(Sampler::Nuts));
        assert!(matches!(by_weights, How::Importance { .. }) && by_weights.is_sound(), "{by_weights:?}");
        assert!(matches!(by_chains, How::Nuts { .. }) && by_chains.is_sound(), "{by_chains:?}");
        let (mean, other) = (fast.mean(), slow.mean());
        for i in 0..beliefs.len() {
            let sd = slow.covariance(&other, i, i).sqrt();
            // some 250 effective draws of either: the difference has an error of 0.09 sd
            assert!((mean[i] - other[i]).abs() < 0.35 * sd, "{i}: {} {} ± {sd}", mean[i], other[i]);
            assert!((fast.covariance(&mean, i, i).sqrt() / sd - 1.0).abs() < 0.3, "{i}");
        }
    }
}
