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
    /// Share of the counts' Poisson deviance that the regression takes away, of what counting alone does not make.
    pub explained: f64,
}

/// Regresses `counts` on the logarithm of `spend`, both one a period and spend above 0.
///
/// `None` when there are fewer than three periods, spend does not vary, or no count is above 0.
pub fn elasticity(spend: &[f64], counts: &[f64]) -> Option<Elasticity> {
    elasticity_beside(spend, counts, &vec![Vec::new(); counts.len()])
}

/// As [`elasticity`], with further regressors: a row a period in `beside`. `explained` is then what spend takes away of the
/// deviance that they leave.
pub fn elasticity_beside(spend: &[f64], counts: &[f64], beside: &[Vec<f64>]) -> Option<Elasticity> {
    let n = counts.len();
    let logs: Vec<f64> = spend.iter().map(|x| x.ln()).collect();
    let mean = crate::math::mean(&logs);
    let centred: Vec<f64> = logs.iter().map(|log| log - mean).collect();
    if n < 3 || !(counts.iter().sum::<f64>() > 0.0) || centred.iter().all(|x| x.abs() < 1e-9) {
        return None;
    }
    let width = beside[0].len() + 1;
    let value = |t: usize, j: usize| match j {
        0 => 1.0,
        j if j < width => beside[t][j - 1],
        _ => centred[t],
    };
    let rows = |with: bool| Array2::from_shape_fn((n, width + usize::from(with)), |(t, j)| value(t, j));
    let (params, fitted) = log_linear(&rows(true), counts)?;
    let (_, without) = log_linear(&rows(false), counts)?;
    let own = beyond(&centred, beside, &fitted);
    Some(Elasticity {
        value: params[params.len() - 1],
        error: standard_error(&own, counts, &fitted, params.len()),
        explained: explained(deviance(counts, &without), deviance(counts, &fitted), n),
    })
}

/// Least share of the deviance that is taken as more than counting noise.
const LEAST_BEYOND: f64 = 0.1;

/// Share that `with` takes away of the deviance `without` spend, less the one that `n` Poisson counts have on their own: no
/// spend explains that, and where counts are small it is most of all.
fn explained(without: f64, with: f64, n: usize) -> f64 {
    let beyond = (without - n as f64).max(LEAST_BEYOND * without).max(f64::MIN_POSITIVE);
    ((without - with) / beyond).min(1.0)
}

/// Coefficients and fitted means of a log-linear regression of counts.
fn log_linear(rows: &Array2<f64>, counts: &[f64]) -> Option<(Vec<f64>, Vec<f64>)> {
    let mean = counts.iter().sum::<f64>() / counts.len() as f64;
    let mut linear = vec![mean.ln(); counts.len()];
    let mut params = vec![0.0; rows.ncols()];
    params[0] = mean.ln();
    for _ in 0..MOST_STEPS {
        let next = weighted_step(rows, counts, &linear)?;
        let change: f64 = next.iter().zip(&params).map(|(a, b)| (a - b).abs()).sum();
        params = next;
        linear = rows.dot(&Array1::from(params.clone())).iter().map(|eta| eta.clamp(-30.0, 30.0)).collect();
        if change < 1e-9 {
            break;
        }
    }
    Some((params, linear.iter().map(|eta| eta.exp()).collect()))
}

/// One reweighted least-squares step: the coefficients that the working response regresses to.
fn weighted_step(rows: &Array2<f64>, counts: &[f64], linear: &[f64]) -> Option<Vec<f64>> {
    let (mut scaled, mut targets) = (rows.clone(), Array1::zeros(counts.len()));
    for (t, mut row) in scaled.outer_iter_mut().enumerate() {
        let mean = linear[t].exp();
        let root = mean.sqrt();
        row *= root;
        targets[t] = root * (linear[t] + (counts[t] - mean) / mean);
    }
    let model = LinearRegression::new().with_intercept(false).fit(&Dataset::new(scaled, targets)).ok()?;
    let params = model.params().to_vec();
    params.iter().all(|p| p.is_finite()).then_some(params)
}

/// What of `x` the rows beside it do not tell, by weighted least squares; `x` itself where there are none.
fn beyond(x: &[f64], beside: &[Vec<f64>], weights: &[f64]) -> Vec<f64> {
    let width = beside[0].len();
    if width == 0 {
        return x.to_vec();
    }
    let root: Vec<f64> = weights.iter().map(|w| w.sqrt()).collect();
    let value = |t: usize, j: usize| if j == 0 { 1.0 } else { beside[t][j - 1] };
    let rows = Array2::from_shape_fn((x.len(), width + 1), |(t, j)| root[t] * value(t, j));
    let targets = Array1::from_iter(x.iter().zip(&root).map(|(x, root)| x * root));
    let fitted = LinearRegression::new().with_intercept(false).fit(&Dataset::new(rows, targets));
    let Ok(model) = fitted else { return x.to_vec() };
    let told = |t: usize| (0..=width).map(|j| model.params()[j] * value(t, j)).sum::<f64>();
    x.iter().enumerate().map(|(t, x)| x - told(t)).collect()
}

/// The unit in which a KPI that is no count has about a count's noise: half the ratio of its variance from one period to the
/// next to its mean. The other half is left to the dispersion.
pub fn unit_of_value(values: &[(usize, f64)]) -> f64 {
    let mean = values.iter().map(|value| value.1).sum::<f64>() / values.len() as f64;
    let steps: Vec<f64> = values.windows(2).map(|pair| 0.5 * (pair[1].1 - pair[0].1).powi(2)).collect();
    let unit = 0.5 * crate::math::mean(&steps) / mean;
    if unit.is_finite() && unit > 0.0 { unit } else { 1.0 }
}

/// Poisson deviance 2 Σ (y ln(y ÷ m) − (y − m)).
pub fn deviance(counts: &[f64], fitted: &[f64]) -> f64 {
    let term = |y: f64, m: f64| (if y > 0.0 { y * (y / m).ln() } else { 0.0 }) - (y - m);
    2.0 * counts.iter().zip(fitted).map(|(y, m)| term(*y, *m)).sum::<f64>()
}

/// Standard error of the coefficient of `x`, of which the other regressors are taken out, among `params` coefficients.
fn standard_error(x: &[f64], counts: &[f64], fitted: &[f64], params: usize) -> f64 {
    let n = counts.len();
    let residuals: Vec<f64> = counts.iter().zip(fitted).map(|(y, m)| (y - m) / m.sqrt()).collect();
    let dispersion = residuals.iter().map(|r| r * r).sum::<f64>() / (n as f64 - params as f64).max(1.0);
    let weight: f64 = fitted.iter().sum();
    let centre = x.iter().zip(fitted).map(|(x, m)| x * m).sum::<f64>() / weight;
    let information: f64 = x.iter().zip(fitted).map(|(x, m)| m * (x - centre) * (x - centre)).sum();
    let shared = (serial_correlation(&residuals) * serial_correlation(x)).clamp(0.0, 0.95);
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
