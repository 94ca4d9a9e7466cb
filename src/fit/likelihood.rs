//! The posterior of one channel's curve from its counts.
//!
//! ```text
//!     y[t] ~ NegativeBinomial(mean m[t], dispersion r)         variance m + m² ÷ r
//!     m[t] = ρ · h(z[t]) ÷ h(1)        h(z) = 1 ÷ (1 + (κ ÷ z)^s)
//!     z    = adstock of spend ÷ mean spend, with decay d
//! ```
//!
//! | symbol | unknown, on the scale that is searched | unit |
//! |---|---|---|
//! | ρ | ln ρ: KPI at mean spend | ln KPI per period |
//! | κ | ln κ: half point | ln multiples of mean spend |
//! | s | ln s: shape | – |
//! | d | logit d: decay | – |
//! | r | ln r: dispersion | – |
//!
//! The response at mean spend is what data see best, so ρ and not the ceiling is an unknown: its posterior is close to
//! independent of the rest.

use statrs::function::gamma::{digamma, ln_gamma};

use super::adstock::geometric;
use super::priors::Priors;
use super::response::Response;
use super::saturation::Saturation;
use crate::math::mode::LogDensity;

/// Unknowns of one channel.
pub const UNKNOWNS: usize = 5;
/// Stock below which a period counts as this: the logarithm needs a floor, the likelihood does not see it.
const LEAST_STOCK: f64 = 1e-6;

/// One channel's history, spend in multiples of its mean.
#[derive(Clone, Debug)]
pub struct History {
    /// Spend per period ÷ mean spend.
    pub spend: Vec<f64>,
    /// Whether the period was reported.
    pub reported: Vec<bool>,
    /// Periods whose count enters the likelihood, with the count.
    pub counts: Vec<(usize, f64)>,
    /// Mean spend per period, money.
    pub mean_spend: f64,
    /// Mean KPI over `counts`.
    pub mean_count: f64,
}

/// The posterior of one channel, as a density of (ln ρ, ln κ, ln s, logit d, ln r).
pub struct Posterior<'a> {
    history: &'a History,
    priors: &'a Priors,
    /// Σ ln y!, which no unknown enters.
    log_factorials: f64,
}

impl<'a> Posterior<'a> {
    /// The posterior given a history.
    pub fn new(history: &'a History, priors: &'a Priors) -> Posterior<'a> {
        let log_factorials = history.counts.iter().map(|(_, y)| ln_gamma(y + 1.0)).sum();
        Posterior { history, priors, log_factorials }
    }

    /// The expected counts of the periods in the likelihood.
    pub fn expected(&self, at: &[f64]) -> Vec<f64> {
        let curve = Shape::new(at);
        let (stock, _) = geometric(&self.history.spend, &self.history.reported, curve.decay);
        self.history.counts.iter().map(|(t, _)| curve.log_mean(stock[*t].max(LEAST_STOCK)).exp()).collect()
    }

    fn prior(&self, at: &[f64], gradient: &mut [f64]) -> f64 {
        let decay = 1.0 / (1.0 + (-at[3]).exp());
        let parts = [
            self.priors.response.of_log(at[0] - self.history.mean_count.ln()),
            self.priors.half.of_log(at[1]),
            self.priors.slope.of_log(at[2]),
            self.priors.decay.of_logit(decay),
            self.priors.dispersion.of_log(at[4]),
        ];
        (0..UNKNOWNS).for_each(|i| gradient[i] = parts[i].1);
        parts.iter().map(|part| part.0).sum()
    }
}

impl LogDensity for Posterior<'_> {
    fn value(&self, at: &[f64], gradient: &mut [f64]) -> f64 {
        let mut value = self.prior(at, gradient) - self.log_factorials;
        let curve = Shape::new(at);
        let r = at[4].exp();
        let (stock, stock_slope) = geometric(&self.history.spend, &self.history.reported, curve.decay);
        let (gamma_r, digamma_r, log_r) = (ln_gamma(r), digamma(r), at[4]);
        for &(t, y) in &self.history.counts {
            let z = stock[t].max(LEAST_STOCK);
            let (log_mean, steps) = curve.log_mean_and_slopes(z);
            let mean = log_mean.exp();
            let log_sum = (r + mean).ln();
            value += ln_gamma(y + r) - gamma_r + r * (log_r - log_sum) + y * (log_mean - log_sum);
            let by_log_mean = r * (y - mean) / (r + mean);
            (0..3).for_each(|i| gradient[i] += by_log_mean * steps[i]);
            gradient[3] += by_log_mean * steps[3] * stock_slope[t] * curve.decay * (1.0 - curve.decay);
            let by_r = digamma(y + r) - digamma_r + log_r - log_sum + (mean - y) / (r + mean);
            gradient[4] += by_r * r;
        }
        value
    }
}

/// The unknowns of the curve on their natural scale.
struct Shape {
    log_response: f64,
    log_half: f64,
    slope: f64,
    decay: f64,
    /// At mean spend: u = s ln κ and σ(u), the share of the ceiling that is not reached.
    missing_at_mean: f64,
    log_reached_at_mean: f64,
}

impl Shape {
    fn new(at: &[f64]) -> Shape {
        let slope = at[2].exp();
        let u = slope * at[1];
        Shape {
            log_response: at[0],
            log_half: at[1],
            slope,
            decay: 1.0 / (1.0 + (-at[3]).exp()),
            missing_at_mean: sigmoid(u),
            log_reached_at_mean: -softplus(u),
        }
    }

    fn log_mean(&self, z: f64) -> f64 {
        self.log_response - softplus(self.slope * (self.log_half - z.ln())) - self.log_reached_at_mean
    }

    /// ln m at stock `z`, and its derivatives by ln ρ, ln κ, ln s and z.
    fn log_mean_and_slopes(&self, z: f64) -> (f64, [f64; 4]) {
        let u = self.slope * (self.log_half - z.ln());
        let missing = sigmoid(u);
        let log_mean = self.log_response - softplus(u) - self.log_reached_at_mean;
        let by_log_half = self.slope * (self.missing_at_mean - missing);
        let by_log_slope = self.missing_at_mean * self.slope * self.log_half - missing * u;
        (log_mean, [1.0, by_log_half, by_log_slope, missing * self.slope / z])
    }
}

fn sigmoid(u: f64) -> f64 {
    1.0 / (1.0 + (-u).exp())
}

/// ln(1 + e^u) without overflow.
fn softplus(u: f64) -> f64 {
    u.max(0.0) + (-u.abs()).exp().ln_1p()
}

/// The response in money and KPI that the unknowns stand for.
pub fn response(at: &[f64], mean_spend: f64) -> Response {
    let shape = Shape::new(at);
    let top = (at[0] - shape.log_reached_at_mean).exp();
    Response {
        saturation: Saturation::Hill { top, half: at[1].exp() * mean_spend, slope: shape.slope },
        decay: shape.decay,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fit::priors;
    use proptest::prelude::*;

    fn history() -> History {
        let spend: Vec<f64> = (0..40).map(|t| 0.2 + 1.6 * f64::from(t * 7 % 40) / 40.0).collect();
        let counts =
            spend.iter().enumerate().map(|(t, x)| (t, (30.0 * x / (1.0 + x)).round() + (t % 5) as f64)).collect();
        History { reported: vec![true; 40], spend, counts, mean_spend: 100.0, mean_count: 16.0 }
    }

    proptest! {
        #[test]
        fn gradient_is_the_derivative(at in prop::collection::vec(-1.0..1.0f64, UNKNOWNS)) {
            let history = history();
            let posterior = Posterior::new(&history, priors::shipped());
            let at: Vec<f64> = at.iter().zip([2.7, 0.0, 0.0, -0.5, 3.0]).map(|(a, b)| a + b).collect();
            let (mut gradient, mut scratch) = (vec![0.0; UNKNOWNS], vec![0.0; UNKNOWNS]);
            posterior.value(&at, &mut gradient);
            for i in 0..UNKNOWNS {
                let mut near = at.clone();
                near[i] += 1e-5;
                let up = posterior.value(&near, &mut scratch);
                near[i] -= 2e-5;
                let numeric = (up - posterior.value(&near, &mut scratch)) / 2e-5;
                // relative to the size of the terms that cancel in the difference
                prop_assert!((gradient[i] - numeric).abs() < 1e-4 * (10.0 + numeric.abs()), "{i}: {} {numeric}", gradient[i]);
            }
        }

        #[test]
        fn the_response_passes_through_its_value_at_mean_spend(at in prop::collection::vec(-1.0..1.0f64, UNKNOWNS)) {
            let response = response(&at, 250.0);
            prop_assert!((response.saturation.at(250.0) / at[0].exp() - 1.0).abs() < 1e-9);
        }
    }
}
