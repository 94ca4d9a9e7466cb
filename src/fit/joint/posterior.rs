//! Draws of the joint posterior: importance sampling around the mode where its own diagnostic allows it, else the no-U-turn
//! sampler.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use super::data::Data;
use super::density::{Joint, PER_CHANNEL};
use crate::fit::How;
use crate::fit::checks::{ENOUGH, LARGEST_K, LARGEST_R_HAT};
use crate::fit::priors::TotalPriors;
use crate::math::dense::{cholesky, inverse};
use crate::math::importance;
use crate::math::mode::{self, Mode};
use crate::math::nuts::{self, Chains, Plan};
use crate::settings::Sampler;

/// Joint draws that are kept in the model.
pub(super) const DRAWS: usize = 400;
/// Effective draws that importance sampling must reach for its draws to be kept.
const LEAST_EFFECTIVE: f64 = 400.0;
/// Unknowns beyond which importance sampling is not tried: its weights degenerate (Vehtari et al. 2024, section 5).
const MOST_UNKNOWNS: usize = 16;
/// Rounds of the sampler: each finds the covariance for the next, until one can be trusted.
const ROUNDS: [Plan; 4] = [
    Plan { chains: 4, tune: 150, draws: 100, depth: 7, seed: 1 },
    Plan { chains: 4, tune: 150, draws: 300, depth: 8, seed: 2 },
    Plan { chains: 4, tune: 150, draws: 600, depth: 9, seed: 3 },
    Plan { chains: 4, tune: 200, draws: 1500, depth: 9, seed: 4 },
];

/// Draws, each one joint state of all channels and the baseline.
#[derive(Clone, Debug)]
pub(super) struct Sampled {
    /// Equally weighted, as they were searched.
    pub searched: Vec<Vec<f64>>,
    /// The same in natural terms: ln ρ, ln κ, ln s, logit d of each channel, α, φ, ln σ.
    pub draws: Vec<Vec<f64>>,
    /// How they were made.
    pub how: How,
}

/// Draws of the posterior; `None` when it cannot be evaluated anywhere near its prior.
pub(super) fn sample(data: &Data, priors: &TotalPriors, sampler: Sampler, seed: u64) -> Option<Sampled> {
    let joint = Joint::new(data, priors);
    let start = joint.start();
    let mode = mode::climb(&joint, &start);
    let is_small = joint.dim() <= MOST_UNKNOWNS && sampler == Sampler::Auto;
    let weighted = mode.as_ref().filter(|_| is_small).and_then(|mode| weighted(&joint, mode, seed));
    let (searched, how) = match weighted {
        Some(found) => found,
        None => trajectories(data, priors, &mode.unwrap_or_else(|| prior_width(&joint, &start)), seed)?,
    };
    let draws = searched.iter().map(|draw| joint.natural(draw)).collect();
    Some(Sampled { searched, draws, how })
}

/// Draws by the no-U-turn sampler.
fn trajectories(data: &Data, priors: &TotalPriors, around: &Mode, seed: u64) -> Option<(Vec<Vec<f64>>, How)> {
    let n = around.at.len();
    let covariance = inverse(&cholesky(&around.curvature, n)?, n);
    let rounds =
        ROUNDS.map(|plan| Plan { seed: seed.wrapping_mul(ROUNDS.len() as u64).wrapping_add(plan.seed), ..plan });
    let enough = (LARGEST_R_HAT, ENOUGH);
    let chains = nuts::settled(|| Joint::new(data, priors), (&around.at, &covariance), &rounds, enough)?;
    Some((thinned(&chains), How::of(&chains)))
}

/// Every k-th draw of each chain, chains in turn: as many as are kept, spread over all chains alike.
fn thinned(chains: &Chains) -> Vec<Vec<f64>> {
    let each = DRAWS / chains.draws.len();
    let place = |i: usize, length: usize| (i * length + length / 2) / each;
    (0..each).flat_map(|i| chains.draws.iter().map(move |chain| chain[place(i, chain.len())].clone())).collect()
}

fn weighted(joint: &Joint, mode: &Mode, seed: u64) -> Option<(Vec<Vec<f64>>, How)> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let found = importance::sample(joint, mode, DRAWS, &mut rng)?;
    let is_good = found.pareto_k <= LARGEST_K && found.effective >= LEAST_EFFECTIVE;
    is_good.then_some((found.draws, How::Importance { pareto_k: found.pareto_k, effective: found.effective }))
}

/// Where there is no proper mode: the start, with unit curvature.
fn prior_width(joint: &Joint, start: &[f64]) -> Mode {
    let n = joint.dim();
    let curvature = (0..n * n).map(|at| if at % (n + 1) == 0 { 4.0 } else { 0.0 }).collect();
    Mode { at: start.to_vec(), value: f64::NAN, curvature }
}

/// The four natural unknowns of a channel in a draw: ln ρ, ln κ, ln s, logit d.
pub(super) fn of_channel(draw: &[f64], channel: usize) -> &[f64] {
    &draw[PER_CHANNEL * channel..][..PER_CHANNEL]
}
