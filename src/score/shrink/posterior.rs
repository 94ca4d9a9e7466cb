//! What is known of one unit's rate, and its distribution functions.

use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Gamma};
use statrs::function::beta::beta_reg;
use statrs::function::erf::erfc;
use statrs::function::gamma::gamma_lr;

use super::{Family, Prior};
use crate::score::search::positive_rising_zero;

/// What is known of one unit's rate: Gamma(a, rate b) or Beta(a, b).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Posterior {
    /// Which kind.
    pub family: Family,
    /// Shape a.
    pub a: f64,
    /// Rate b, or second shape b.
    pub b: f64,
}

impl Posterior {
    /// The mean of the rate.
    pub fn mean(&self) -> f64 {
        match self.family {
            Family::GammaPoisson => self.a / self.b,
            Family::BetaBinomial => self.a / (self.a + self.b),
        }
    }

    /// The mean of the reciprocal, the expected cost of one event: b / (a − 1), or (a + b − 1) / (a − 1); absent for
    /// a ≤ 1, where it does not exist.
    pub fn mean_cost(&self) -> Option<f64> {
        let exposure = match self.family {
            Family::GammaPoisson => self.b,
            Family::BetaBinomial => self.a + self.b - 1.0,
        };
        (self.a > 1.0).then(|| exposure / (self.a - 1.0))
    }

    /// The probability that the rate is at most `rate`.
    pub fn below(&self, rate: f64) -> f64 {
        match self.family {
            Family::GammaPoisson => gamma_below(self.a, self.b * rate),
            Family::BetaBinomial => beta_below(self.a, self.b, rate),
        }
    }

    /// The rate that the true one is below with probability `share`.
    ///
    /// By a bracketed search on the distribution function of `statrs`: its own Gamma quantile stops after eight halvings and
    /// four Newton steps, wherever it is then.
    pub fn quantile(&self, share: f64) -> f64 {
        positive_rising_zero(|rate| self.below(rate) - share, self.mean(), self.width())
    }

    /// The standard deviation of ln rate, about.
    fn width(&self) -> f64 {
        match self.family {
            Family::GammaPoisson => 1.0 / self.a.sqrt(),
            Family::BetaBinomial => (self.b / (self.a * (self.a + self.b))).sqrt(),
        }
    }

    pub(super) fn sampler(&self) -> Sampler {
        let gamma = |shape: f64| Gamma::new(shape, 1.0).unwrap_or_else(|_| unreachable!("shapes are positive"));
        match self.family {
            Family::GammaPoisson => Sampler::Gamma(gamma(self.a), self.b),
            Family::BetaBinomial => Sampler::Beta(gamma(self.a), gamma(self.b)),
        }
    }
}

/// What is known of one unit's rate when the prior is uncertain: weights, which add up to 1, and posteriors.
#[derive(Clone, Debug, PartialEq)]
pub struct Mixture(pub Vec<(f64, Posterior)>);

impl Mixture {
    /// What is known of a unit after `events` out of `exposure`, under each belief about the prior.
    pub fn of(beliefs: &[(f64, Prior)], events: f64, exposure: f64) -> Mixture {
        Mixture(beliefs.iter().map(|(weight, prior)| (*weight, prior.posterior(events, exposure))).collect())
    }

    /// The mean of the reciprocal; absent where it does not exist.
    pub fn mean_cost(&self) -> Option<f64> {
        self.0.iter().map(|(weight, known)| Some(weight * known.mean_cost()?)).sum()
    }

    /// The probability that the rate is at most `rate`.
    pub fn below(&self, rate: f64) -> f64 {
        self.0.iter().map(|(weight, known)| weight * known.below(rate)).sum()
    }

    /// The rate that the true one is below with probability `share`.
    pub fn quantile(&self, share: f64) -> f64 {
        let mean = self.0.iter().map(|(weight, known)| weight * known.mean()).sum();
        let width = self.0.iter().map(|(_, known)| known.width()).fold(0.0, f64::max);
        positive_rising_zero(|rate| self.below(rate) - share, mean, width)
    }
}

/// The Gamma(a, 1) distribution function.
///
/// Above shape 10⁵, where the series takes thousands of terms, by Wilson and Hilferty's cube root (1931), there good to
/// 10⁻⁶.
pub(super) fn gamma_below(a: f64, x: f64) -> f64 {
    if x <= f64::MIN_POSITIVE {
        return 0.0;
    }
    if a > 1e5 {
        let variance = 1.0 / (9.0 * a);
        return normal_below(((x / a).cbrt() - (1.0 - variance)) / variance.sqrt());
    }
    gamma_lr(a, x)
}

/// The Beta(a, b) distribution function.
///
/// Where both shapes are above 3,000 `statrs` stops its continued fraction before it has converged; there by Paulson's cube
/// roots (1942; Abramowitz & Stegun 26.5.22), good to 10⁻⁵.
pub(super) fn beta_below(a: f64, b: f64, x: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    if x >= 1.0 {
        return 1.0;
    }
    if a.min(b) > 3e3 {
        let (hits, misses) = ((b * x).cbrt(), (a * (1.0 - x)).cbrt());
        let gap = hits * (1.0 - 1.0 / (9.0 * b)) - misses * (1.0 - 1.0 / (9.0 * a));
        return normal_below(3.0 * gap / (hits * hits / b + misses * misses / a).sqrt());
    }
    beta_reg(a, b, x)
}

/// The standard normal distribution function.
pub(super) fn normal_below(z: f64) -> f64 {
    0.5 * erfc(-z / std::f64::consts::SQRT_2)
}

/// Draws of one posterior.
pub(super) enum Sampler {
    Gamma(Gamma<f64>, f64),
    Beta(Gamma<f64>, Gamma<f64>),
}

impl Sampler {
    pub(super) fn draw(&self, rng: &mut ChaCha8Rng) -> f64 {
        match self {
            Sampler::Gamma(gamma, rate) => gamma.sample(rng) / rate,
            Sampler::Beta(hits, misses) => {
                let hits = hits.sample(rng);
                hits / (hits + misses.sample(rng))
            }
        }
    }
}
