//! Elasticity: how far KPI follows spend at all, by a log-linear count regression.
//!
//! ```text
//!     ln E y[t] = a + e · ln z[t]            variance proportional to the mean
//! ```
//!
//! Iteratively reweighted least squares (McCullagh & Nelder 1989, ch. 9), each step an ordinary least-squares regression
//! by `linfa` on √weight-scaled rows. The standard error carries the over-dispersion and, after Bartlett (1946), the
//! serial correlation that residuals and regressor share: slow drifts in both must not pass for an effect.

use linfa::Dataset;
use linfa::traits::Fit;
use linfa_linear::LinearRegression;
use ndarray::{Array1, Array2};

const MOST_STEPS: usize = 50;

/// A log-linear regression of counts on spend.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Elasticity {
    /// e: percent more KPI for one percent more spend.
    pub value: f64,
    /// Its standard error.
    pub error: f64,
    /// Share of the counts' Poisson deviance that the regression takes away.
    pub explained: f64,
}

/// Regresses `counts` on the logarithm of `spend`, both one a period and spend above 0.
///
/// `None` when there are fewer than three periods, spend does not vary, or no count is above 0.
pub fn elasticity(spend: &[f64], counts: &[f64]) -> Option<Elasticity> {
    let n = counts.len();
    let mean = counts.iter().sum::<f64>() / n as f64;
    let logs = Array1::from_iter(spend.iter().map(|x| x.ln()));
    let centred = &logs - logs.mean()?;
    if n < 3 || !(mean > 0.0) || centred.iter().all(|x| x.abs() < 1e-9) {
        return None;
    }
    let (mut intercept, mut slope) = (mean.ln(), 0.0);
    for _ in 0..MOST_STEPS {
        let (a, e) = weighted_step(&centred, counts, intercept, slope)?;
        let change = (a - intercept).abs() + (e - slope).abs();
        (intercept, slope) = (a, e);
        if change < 1e-9 {
            break;
        }
    }
    let fitted: Vec<f64> = centred.iter().map(|x| (intercept + slope * x).exp()).collect();
    Some(Elasticity {
        value: slope,
        error: standard_error(&centred, counts, &fitted),
        explained: 1.0 - deviance(counts, &fitted) / deviance(counts, &vec![mean; n]).max(f64::MIN_POSITIVE),
    })
}

/// One reweighted least-squares step: the intercept and slope that the working response regresses to.
fn weighted_step(x: &Array1<f64>, counts: &[f64], intercept: f64, slope: f64) -> Option<(f64, f64)> {
    let n = counts.len();
    let (mut rows, mut targets) = (Array2::zeros((n, 2)), Array1::zeros(n));
    for t in 0..n {
        let linear = (intercept + slope * x[t]).clamp(-30.0, 30.0);
        let mean = linear.exp();
        let root = mean.sqrt();
        (rows[[t, 0]], rows[[t, 1]]) = (root, root * x[t]);
        targets[t] = root * (linear + (counts[t] - mean) / mean);
    }
    let model = LinearRegression::new().with_intercept(false).fit(&Dataset::new(rows, targets)).ok()?;
    let params = model.params();
    params.iter().all(|p| p.is_finite()).then(|| (params[0], params[1]))
}

/// Poisson deviance 2 Σ (y ln(y ÷ m) − (y − m)).
pub fn deviance(counts: &[f64], fitted: &[f64]) -> f64 {
    let term = |y: f64, m: f64| (if y > 0.0 { y * (y / m).ln() } else { 0.0 }) - (y - m);
    2.0 * counts.iter().zip(fitted).map(|(y, m)| term(*y, *m)).sum::<f64>()
}

fn standard_error(x: &Array1<f64>, counts: &[f64], fitted: &[f64]) -> f64 {
    let n = counts.len();
    let residuals: Vec<f64> = counts.iter().zip(fitted).map(|(y, m)| (y - m) / m.sqrt()).collect();
    let dispersion = residuals.iter().map(|r| r * r).sum::<f64>() / (n as f64 - 2.0).max(1.0);
    let weight: f64 = fitted.iter().sum();
    let centre = x.iter().zip(fitted).map(|(x, m)| x * m).sum::<f64>() / weight;
    let information: f64 = x.iter().zip(fitted).map(|(x, m)| m * (x - centre) * (x - centre)).sum();
    let shared = (serial_correlation(&residuals) * serial_correlation(x.as_slice().unwrap_or(&[]))).clamp(0.0, 0.95);
    (dispersion / information * (1.0 + shared) / (1.0 - shared)).sqrt()
}

/// Correlation of a series with itself one period earlier.
fn serial_correlation(series: &[f64]) -> f64 {
    let mean = crate::math::mean(series);
    let product = |lag: usize| series.iter().zip(&series[lag..]).map(|(a, b)| (a - mean) * (b - mean)).sum::<f64>();
    product(1) / product(0).max(f64::MIN_POSITIVE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_power_law_without_noise_is_found() {
        let spend: Vec<f64> = (1..=50).map(f64::from).collect();
        let counts: Vec<f64> = spend.iter().map(|x| 20.0 * x.powf(0.4)).collect();
        let found = elasticity(&spend, &counts).unwrap();
        assert!((found.value - 0.4).abs() < 1e-6 && found.explained > 0.999, "{found:?}");
    }

    #[test]
    fn constant_spend_or_no_counts_explain_nothing() {
        assert_eq!(elasticity(&[5.0; 30], &[3.0; 30]), None);
        assert_eq!(elasticity(&[1.0, 2.0, 3.0, 4.0], &[0.0; 4]), None);
    }
}
