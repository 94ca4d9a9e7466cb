//! Importance sampling of a posterior from a Student t around its mode, with its own diagnostic.
//!
//! A proposal with mean and scale of the mode's curvature is moved to the weighted mean and covariance of its own draws
//! (Cornuet, Marin, Mira & Robert 2012) while that helps; the largest weights are smoothed by a generalised Pareto fit
//! whose shape k tells whether they can be trusted (Vehtari, Simpson, Gelman, Yao & Gabry 2024: up to 0.7).

use rand::Rng;
use rand_distr::{ChiSquared, Distribution, StandardNormal};

use super::dense::{cholesky, inverse, lower_times, solve_upper};
use super::mode::{LogDensity, Mode};

/// Degrees of freedom of the proposal: tails heavier than the posterior's.
const FREEDOM: f64 = 5.0;
/// Draws while the proposal moves, and of the last one.
const ROUND: usize = 1000;
const LAST_ROUND: usize = 2000;
const MOST_ROUNDS: usize = 4;
/// Factor on the covariance of a moved proposal: weights that a few draws dominate make it too narrow.
const WIDER: f64 = 1.6;
/// A proposal whose k is below needs no further move.
const GOOD_K: f64 = 0.2;

/// Equally weighted draws of a posterior.
#[derive(Clone, Debug)]
pub struct Sample {
    /// The draws.
    pub draws: Vec<Vec<f64>>,
    /// Pareto shape k of the importance weights.
    pub pareto_k: f64,
    /// Effective sample size, (Σw)² ÷ Σw².
    pub effective: f64,
}

/// How many draws to make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Effort {
    /// Draws a round while the proposal moves.
    pub round: usize,
    /// Most such rounds.
    pub rounds: usize,
    /// Draws of the last round.
    pub last: usize,
}

/// The effort of [`sample`].
pub const USUAL: Effort = Effort { round: ROUND, rounds: MOST_ROUNDS, last: LAST_ROUND };

/// Draws `count` points of the density around its mode.
pub fn sample(density: &impl LogDensity, mode: &Mode, count: usize, rng: &mut impl Rng) -> Option<Sample> {
    let last = weighted(density, mode, mode.at.len(), USUAL, rng)?;
    let draws = last.resample(count, rng);
    Some(Sample { draws, pareto_k: last.pareto_k, effective: last.effective() })
}

/// Weighted points of the density around its mode.
///
/// The first `heavy` unknowns are proposed from a Student t; the rest given these from the normal distribution that the
/// curvature at the mode implies, which suits unknowns that enter a log-linear predictor: in a dozen dimensions the tails
/// of a t would waste most draws.
pub fn weighted(
    density: &impl LogDensity,
    mode: &Mode,
    heavy: usize,
    effort: Effort,
    rng: &mut impl Rng,
) -> Option<Weighted> {
    let n = mode.at.len();
    let covariance = inverse(&cholesky(&mode.curvature, n)?, n);
    let mut proposal = Proposal::new(mode.at.clone(), &covariance, heavy)?;
    for _ in 0..effort.rounds {
        let round = Weighted::draw(density, &proposal, effort.round, rng);
        if round.pareto_k < GOOD_K {
            break;
        }
        let Some(moved) = proposal.moved_to(&round) else { break };
        proposal = moved;
    }
    Some(Weighted::draw(density, &proposal, effort.last, rng))
}

/// A multivariate Student t in the first `heavy` dimensions, normal given these in the rest.
struct Proposal {
    centre: Vec<f64>,
    factor: Vec<f64>,
    heavy: usize,
    /// ln of the factor's determinant.
    log_scale: f64,
}

impl Proposal {
    fn new(centre: Vec<f64>, covariance: &[f64], heavy: usize) -> Option<Proposal> {
        let factor = cholesky(covariance, centre.len())?;
        Some(Proposal::of(centre, factor, heavy))
    }

    fn of(centre: Vec<f64>, factor: Vec<f64>, heavy: usize) -> Proposal {
        let n = centre.len();
        let log_scale = (0..n).map(|i| factor[i * n + i].ln()).sum();
        Proposal { centre, factor, heavy, log_scale }
    }

    /// A point, and its log density up to the constant that only the dimensions and the degrees of freedom enter.
    fn draw(&self, rng: &mut impl Rng) -> (Vec<f64>, f64) {
        let mut z: Vec<f64> = (0..self.centre.len()).map(|_| StandardNormal.sample(rng)).collect();
        let chi = ChiSquared::new(FREEDOM).map_or(FREEDOM, |chi| chi.sample(rng));
        let stretch = (FREEDOM / chi).sqrt();
        z[..self.heavy].iter_mut().for_each(|z| *z *= stretch);
        let step = lower_times(&self.factor, &z);
        (self.centre.iter().zip(step).map(|(c, s)| c + s).collect(), self.log_density(&z))
    }

    /// Log density of the point that `z` makes.
    fn log_density(&self, z: &[f64]) -> f64 {
        let squared = |part: &[f64]| part.iter().map(|z| z * z).sum::<f64>();
        let tail = 0.5 * (FREEDOM + self.heavy as f64) * (squared(&z[..self.heavy]) / FREEDOM).ln_1p();
        -self.log_scale - tail - 0.5 * squared(&z[self.heavy..])
    }

    /// With the mean of weighted points, and their covariance in the heavy dimensions; how the others follow these, and
    /// their own spread, stay.
    fn moved_to(&self, round: &Weighted) -> Option<Proposal> {
        let (n, heavy) = (self.centre.len(), self.heavy);
        let mean = round.mean();
        let covariance: Vec<f64> =
            (0..heavy * heavy).map(|at| WIDER * round.covariance(&mean, at / heavy, at % heavy)).collect();
        let block = cholesky(&covariance, heavy)?;
        let old: Vec<f64> = (0..heavy * heavy).map(|at| self.factor[at / heavy * n + at % heavy]).collect();
        let mut factor = self.factor.clone();
        for i in 0..heavy {
            factor[i * n..][..heavy].copy_from_slice(&block[i * heavy..][..heavy]);
        }
        for i in heavy..n {
            let follows = solve_upper(&old, &self.factor[i * n..][..heavy]);
            for j in 0..heavy {
                factor[i * n + j] = (j..heavy).map(|k| follows[k] * block[k * heavy + j]).sum();
            }
        }
        Some(Proposal::of(mean, factor, heavy))
    }
}

/// Draws with smoothed weights that add up to 1.
#[derive(Clone, Debug)]
pub struct Weighted {
    /// The draws.
    pub points: Vec<Vec<f64>>,
    /// Their weights.
    pub weights: Vec<f64>,
    /// Pareto shape k of the weights.
    pub pareto_k: f64,
}

impl Weighted {
    fn draw(density: &impl LogDensity, proposal: &Proposal, count: usize, rng: &mut impl Rng) -> Weighted {
        let (points, proposed): (Vec<Vec<f64>>, Vec<f64>) = (0..count).map(|_| proposal.draw(rng)).unzip();
        let log_weight = |(point, proposed): (&Vec<f64>, &f64)| {
            let weight = density.alone(point) - proposed;
            if weight.is_nan() { f64::NEG_INFINITY } else { weight }
        };
        Weighted::from_logs(points.iter().zip(&proposed).map(log_weight).collect(), points)
    }

    /// Points with the logarithms of their raw weights.
    pub fn from_logs(logs: Vec<f64>, points: Vec<Vec<f64>>) -> Weighted {
        let largest = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let mut weights: Vec<f64> = logs.iter().map(|log| (log - largest).exp()).collect();
        let pareto_k = smooth_tail(&mut weights);
        let total: f64 = weights.iter().sum();
        weights.iter_mut().for_each(|weight| *weight /= total);
        Weighted { points, weights, pareto_k }
    }

    /// Effective sample size, (Σw)² ÷ Σw².
    pub fn effective(&self) -> f64 {
        1.0 / self.weights.iter().map(|weight| weight * weight).sum::<f64>()
    }

    /// Weighted mean of every unknown.
    pub fn mean(&self) -> Vec<f64> {
        let n = self.points.first().map_or(0, Vec::len);
        let weighted = || self.points.iter().zip(&self.weights);
        (0..n).map(|i| weighted().map(|(p, w)| w * p[i]).sum()).collect()
    }

    /// Weighted covariance of two unknowns around `mean`.
    pub fn covariance(&self, mean: &[f64], i: usize, j: usize) -> f64 {
        self.points.iter().zip(&self.weights).map(|(p, w)| w * (p[i] - mean[i]) * (p[j] - mean[j])).sum()
    }

    /// `count` equally weighted draws by systematic resampling, in random order: neighbours would be alike.
    pub fn resample(&self, count: usize, rng: &mut impl Rng) -> Vec<Vec<f64>> {
        let offset: f64 = rng.random();
        let (mut chosen, mut sum, mut at) = (Vec::with_capacity(count), self.weights[0], 0);
        for i in 0..count {
            let aim = (i as f64 + offset) / count as f64;
            while sum < aim && at + 1 < self.weights.len() {
                at += 1;
                sum += self.weights[at];
            }
            chosen.push(self.points[at].clone());
        }
        rand::seq::SliceRandom::shuffle(chosen.as_mut_slice(), rng);
        chosen
    }
}

/// Replaces the largest weights by the quantiles of a generalised Pareto fitted to them; returns its shape k.
///
/// The tail is the largest min(n ÷ 5, 3 √n) weights, as Vehtari et al. advise.
pub fn smooth_tail(weights: &mut [f64]) -> f64 {
    let count = weights.len();
    let tail = (count / 5).min((3.0 * (count as f64).sqrt()).ceil() as usize);
    let mut order: Vec<usize> = (0..count).collect();
    order.sort_by(|a, b| weights[*a].total_cmp(&weights[*b]));
    let cut = weights[order[count - tail - 1]];
    let excess: Vec<f64> = order[count - tail..].iter().map(|at| weights[*at] - cut).collect();
    let Some((k, scale)) = generalised_pareto(&excess) else { return f64::INFINITY };
    let most = weights[order[count - 1]];
    for (place, at) in order[count - tail..].iter().enumerate() {
        let share = (place as f64 + 0.5) / tail as f64;
        let quantile =
            if k.abs() < 1e-12 { -scale * (-share).ln_1p() } else { scale * ((-k * (-share).ln_1p()).exp_m1()) / k };
        weights[*at] = (cut + quantile).min(most);
    }
    k
}

/// Shape and scale of a generalised Pareto from ascending excesses: the estimator of Zhang & Stephens (2009) with the
/// weak prior of Vehtari et al., k towards 0.5 with the weight of ten observations.
fn generalised_pareto(ascending: &[f64]) -> Option<(f64, f64)> {
    let n = ascending.len();
    let largest = *ascending.last()?;
    let quartile = ascending[(n as f64 / 4.0 + 0.5).floor() as usize - 1];
    if n < 5 || !(largest > 0.0) || !(quartile > 0.0) {
        return None;
    }
    let grid = 30 + (n as f64).sqrt() as usize;
    let theta = |j: usize| 1.0 / largest + (1.0 - (grid as f64 / (j as f64 - 0.5)).sqrt()) / (3.0 * quartile);
    let shape = |theta: f64| ascending.iter().map(|x| (-theta * x).ln_1p()).sum::<f64>() / n as f64;
    let profile = |theta: f64| n as f64 * ((-theta / shape(theta)).ln() - shape(theta) - 1.0);
    let thetas: Vec<f64> = (1..=grid).map(theta).collect();
    let logs: Vec<f64> = thetas.iter().map(|t| profile(*t)).collect();
    let weight = |i: usize| 1.0 / logs.iter().map(|log| (log - logs[i]).exp()).sum::<f64>();
    let mean: f64 = thetas.iter().enumerate().map(|(i, t)| t * weight(i)).sum();
    let k = shape(mean);
    let scale = -k / mean;
    let regular = (k * n as f64 + 5.0) / (n as f64 + 10.0);
    (regular.is_finite() && scale.is_finite()).then_some((regular, scale))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::math::mode::climb;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    /// A banana: curved enough that the mode's curvature alone misleads.
    struct Banana;

    impl LogDensity for Banana {
        fn value(&self, at: &[f64], gradient: &mut [f64]) -> f64 {
            let bend = at[1] - 0.3 * at[0] * at[0];
            gradient[0] = -at[0] + 0.6 * at[0] * bend;
            gradient[1] = -bend;
            -0.5 * (at[0] * at[0] + bend * bend)
        }
    }

    #[test]
    fn a_curved_posterior_is_sampled_with_its_moments() {
        let mode = climb(&Banana, &[0.5, 0.5]).unwrap();
        let sample = sample(&Banana, &mode, 2000, &mut ChaCha8Rng::seed_from_u64(1)).unwrap();
        let mean = |f: fn(&[f64]) -> f64| sample.draws.iter().map(|d| f(d)).sum::<f64>() / 2000.0;
        // x ~ N(0, 1), y = 0.3 x² + N(0, 1): E x = 0, Var x = 1, E y = 0.3; ± 3 standard errors of ~1000 draws.
        assert!(mean(|d| d[0]).abs() < 0.1);
        assert!((mean(|d| d[0] * d[0]) - 1.0).abs() < 0.15);
        assert!((mean(|d| d[1]) - 0.3).abs() < 0.12);
        assert!(sample.pareto_k < 0.7, "{}", sample.pareto_k);
    }

    #[test]
    fn the_shape_of_a_known_tail_is_found() {
        for k in [0.2, 0.9] {
            let quantile = |i: usize| ((1.0 - (i as f64 + 0.5) / 500.0).powf(-k) - 1.0) / k;
            let (found, _) = generalised_pareto(&(0..500).map(quantile).collect::<Vec<_>>()).unwrap();
            assert!((found - k).abs() < 0.05, "{found} for {k}");
        }
    }
}
