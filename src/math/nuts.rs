//! The no-U-turn sampler of `nuts-rs` on a density whose scales and correlations are taken out first.
//!
//! ```text
//!     x = centre + L z        L Lᵀ = covariance guessed from the mode's curvature
//! ```
//!
//! In z the posterior is close to a standard normal, where a trajectory takes some ten gradients instead of hundreds; a first
//! run's covariance takes the guess's place for the run that is kept (Hoffman & Gelman 2014 on the sampler; Carpenter et al.
//! 2017 on adapting a dense metric). Each chain has its own seeded stream and density, so that results do not depend on the
//! number of threads.

use std::collections::HashMap;
use std::fmt;

use nuts_rs::rand::SeedableRng as _;
use nuts_rs::rand::rngs::ChaCha8Rng;
use nuts_rs::{Chain, CpuLogpFunc, CpuMath, CpuMathError, DiagNutsSettings, HasDims, LogpError, Settings};
use rand::SeedableRng as _;
use rand_distr::{Distribution, StandardNormal};
use rayon::prelude::*;

use super::chains::agreement;
use super::dense::{cholesky, lower_times};
use super::mode::LogDensity;

/// How much to draw.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Chains, which run side by side.
    pub chains: usize,
    /// Draws a chain while it finds its step.
    pub tune: usize,
    /// Draws a chain that are kept.
    pub draws: usize,
    /// Deepest tree: at most 2 to this many gradients a draw.
    pub depth: u64,
    /// Seed of all chains.
    pub seed: u64,
}

/// Draws of several chains, and whether to trust them.
#[derive(Clone, Debug)]
pub struct Chains {
    /// Chain by chain.
    pub draws: Vec<Vec<Vec<f64>>>,
    /// Kept draws whose trajectory lost its energy: the sampler could not follow the density there.
    pub divergences: usize,
    /// The worst split R-hat over the unknowns.
    pub r_hat: f64,
    /// The least effective sample size over the unknowns.
    pub effective: f64,
    /// Gradients of the kept draws.
    pub gradients: u64,
}

/// Draws from the density that `density` makes, one for each chain; `covariance` guesses its scales and correlations.
///
/// `None` when the guess is not positive definite or the density is not finite at any chain's start.
pub fn sample<D: LogDensity>(
    density: impl Fn() -> D + Sync,
    centre: &[f64],
    covariance: &[f64],
    plan: Plan,
) -> Option<Chains> {
    let frame = Frame { centre: centre.to_vec(), factor: cholesky(covariance, centre.len())? };
    let run = |chain: usize| one(density(), &frame, plan, chain as u64);
    let found: Vec<Option<One>> = (0..plan.chains).into_par_iter().map(run).collect();
    let found: Vec<One> = found.into_iter().collect::<Option<_>>()?;
    let draws: Vec<Vec<Vec<f64>>> = found.iter().map(|one| one.draws.clone()).collect();
    let each = (0..centre.len())
        .map(|i| agreement(&draws.iter().map(|chain| chain.iter().map(|draw| draw[i]).collect()).collect::<Vec<_>>()));
    let (r_hat, effective) = each.fold((1.0_f64, f64::INFINITY), |worst, one| (worst.0.max(one.0), worst.1.min(one.1)));
    Some(Chains {
        draws,
        divergences: found.iter().map(|one| one.divergences).sum(),
        r_hat,
        effective,
        gradients: found.iter().map(|one| one.gradients).sum(),
    })
}

/// Draws that the covariance of a guess counts for beside those of a round of [`settled`].
const GUESS_WEIGHT: f64 = 40.0;

/// Rounds of [`sample`], each around the mean and covariance of the one before, until one after the first has a split R-hat
/// of at most `enough.0` and `enough.1` effective draws; the last one otherwise.
///
/// `None` as [`sample`].
pub fn settled<D: LogDensity>(
    density: impl Fn() -> D + Sync,
    guess: (&[f64], &[f64]),
    rounds: &[Plan],
    enough: (f64, f64),
) -> Option<Chains> {
    let (mut centre, mut covariance) = (guess.0.to_vec(), guess.1.to_vec());
    let mut last = None;
    for (round, plan) in rounds.iter().enumerate() {
        let chains = sample(&density, &centre, &covariance, *plan)?;
        (centre, covariance) = moments(&chains.draws.concat(), &covariance, GUESS_WEIGHT);
        let is_enough = round > 0 && chains.r_hat <= enough.0 && chains.effective >= enough.1;
        last = Some(chains);
        if is_enough {
            break;
        }
    }
    last
}

/// Mean and covariance of draws, the covariance drawn towards `guess` as if that were worth `weight` draws.
pub fn moments(draws: &[Vec<f64>], guess: &[f64], weight: f64) -> (Vec<f64>, Vec<f64>) {
    let n = draws[0].len();
    let count = draws.len() as f64;
    let centre: Vec<f64> = (0..n).map(|i| draws.iter().map(|draw| draw[i]).sum::<f64>() / count).collect();
    let mut covariance: Vec<f64> = guess.iter().map(|g| g * weight).collect();
    for draw in draws {
        for i in 0..n {
            let by = draw[i] - centre[i];
            (0..n).for_each(|j| covariance[i * n + j] += by * (draw[j] - centre[j]));
        }
    }
    covariance.iter_mut().for_each(|c| *c /= count + weight);
    (centre, covariance)
}

struct One {
    draws: Vec<Vec<f64>>,
    divergences: usize,
    gradients: u64,
}

fn one<D: LogDensity>(density: D, frame: &Frame, plan: Plan, chain: u64) -> Option<One> {
    let n = frame.centre.len();
    let mut settings = DiagNutsSettings { num_tune: plan.tune as u64, maxdepth: plan.depth, ..Default::default() };
    settings.adapt_options.step_size_settings.initial_step = 0.5;
    // shorter steps than the usual 0.8: half points near zero bend the density
    settings.adapt_options.step_size_settings.target_accept = 0.92;
    let mut rng = ChaCha8Rng::seed_from_u64(plan.seed);
    rng.set_stream(chain);
    let start = scattered(n, plan.seed, chain);
    let framed = Framed { density, frame, at: vec![0.0; n], gradient: vec![0.0; n] };
    let mut sampler = settings.new_chain(chain, CpuMath::new(framed), &mut rng).ok()?;
    let nearer: Vec<f64> = start.iter().map(|z| 0.2 * z).collect();
    sampler.set_position(&start).or_else(|_| sampler.set_position(&nearer)).ok()?;
    let (mut draws, mut divergences, mut gradients) = (Vec::with_capacity(plan.draws), 0, 0);
    for draw in 0..plan.tune + plan.draws {
        let (z, progress) = sampler.draw().ok()?;
        if draw >= plan.tune {
            draws.push(frame.place(&z));
            divergences += usize::from(progress.diverging);
            gradients += progress.num_gradients;
        }
    }
    Some(One { draws, divergences, gradients })
}

/// A chain's start: standard normal, as z would be, but never so near 0 that the density is flat there; the sampler takes its
/// first scales from the gradient.
fn scattered(n: usize, seed: u64, chain: u64) -> Vec<f64> {
    let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(chain);
    let draw = |_| {
        let z: f64 = StandardNormal.sample(&mut rng);
        z.signum() * z.abs().max(0.2)
    };
    (0..n).map(draw).collect()
}

/// x = centre + L z.
struct Frame {
    centre: Vec<f64>,
    factor: Vec<f64>,
}

impl Frame {
    fn place(&self, z: &[f64]) -> Vec<f64> {
        let mut x = lower_times(&self.factor, z);
        x.iter_mut().zip(&self.centre).for_each(|(x, centre)| *x += centre);
        x
    }
}

/// The density of z.
struct Framed<'a, D> {
    density: D,
    frame: &'a Frame,
    at: Vec<f64>,
    gradient: Vec<f64>,
}

impl<D> HasDims for Framed<'_, D> {
    fn dim_sizes(&self) -> HashMap<String, u64> {
        HashMap::from([("unconstrained_parameter".to_owned(), self.at.len() as u64)])
    }
}

/// The density is not finite there: a divergence, not a failure.
#[derive(Debug)]
struct NotFinite;

impl fmt::Display for NotFinite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the density is not finite")
    }
}

impl std::error::Error for NotFinite {}

impl LogpError for NotFinite {
    fn is_recoverable(&self) -> bool {
        true
    }
}

impl<D: LogDensity> CpuLogpFunc for Framed<'_, D> {
    type LogpError = NotFinite;
    type FlowParameters = ();
    type ExpandedVector = Vec<f64>;

    fn dim(&self) -> usize {
        self.at.len()
    }

    fn logp(&mut self, z: &[f64], gradient: &mut [f64]) -> Result<f64, NotFinite> {
        let n = z.len();
        self.at = self.frame.place(z);
        let value = self.density.value(&self.at, &mut self.gradient);
        // ∂z = Lᵀ ∂x
        gradient.fill(0.0);
        for i in 0..n {
            let row = &self.frame.factor[i * n..][..=i];
            row.iter().zip(gradient.iter_mut()).for_each(|(l, g)| *g += l * self.gradient[i]);
        }
        let is_sound = value.is_finite() && gradient.iter().all(|g| g.is_finite());
        if is_sound { Ok(value) } else { Err(NotFinite) }
    }

    fn expand_vector<R: nuts_rs::rand::Rng + ?Sized>(
        &mut self,
        _: &mut R,
        z: &[f64],
    ) -> Result<Vec<f64>, CpuMathError> {
        Ok(z.to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// x ~ N(3, 2²), y = x ÷ 2 + N(0, 0.1²): long and thin.
    struct Thin;

    impl LogDensity for Thin {
        fn value(&self, at: &[f64], gradient: &mut [f64]) -> f64 {
            let (x, rest) = ((at[0] - 3.0) / 2.0, (at[1] - at[0] / 2.0) / 0.1);
            gradient[0] = -x / 2.0 + rest / 0.2;
            gradient[1] = -rest / 0.1;
            -0.5 * (x * x + rest * rest)
        }
    }

    fn plan(seed: u64) -> Plan {
        Plan { chains: 4, tune: 200, draws: 500, depth: 8, seed }
    }

    #[test]
    fn a_thin_density_is_sampled_with_its_moments() {
        let covariance = [4.0, 2.0, 2.0, 1.01];
        let chains = sample(|| Thin, &[3.0, 1.5], &covariance, plan(1)).unwrap();
        let draws: Vec<Vec<f64>> = chains.draws.concat();
        let (centre, found) = moments(&draws, &covariance, 0.0);
        // the errors of 2000 draws of deviation 2
        assert!((centre[0] - 3.0).abs() < 0.2 && (centre[1] - 1.5).abs() < 0.1, "{centre:?}");
        assert!((found[0] / 4.0 - 1.0).abs() < 0.15 && (found[1] / 2.0 - 1.0).abs() < 0.15, "{found:?}");
        assert!(chains.r_hat < 1.02 && chains.effective > 500.0 && chains.divergences == 0, "{chains:?}");
    }

    #[test]
    fn a_seed_gives_the_same_draws_and_another_others() {
        let of = |seed| sample(|| Thin, &[3.0, 1.5], &[4.0, 2.0, 2.0, 1.01], plan(seed)).unwrap().draws;
        assert_eq!(of(1), of(1));
        assert_ne!(of(1), of(2));
    }
}
