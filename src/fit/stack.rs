//! Families compared and averaged by how well each predicts what it has not seen.
//!
//! ```text
//!     weights w = argmax Σ_t ln Σ_k w[k] · p(y[t] | y without t, model k)          w on the simplex
//! ```
//!
//! Stacking of predictive distributions (Yao, Vehtari, Simpson & Gelman 2018). The left-out densities come from importance
//! ratios `1 ÷ p(y[t] | draw)`, smoothed by a Pareto tail where one of them is large (PSIS-LOO; Vehtari, Gelman & Gabry 2017).
//! One channel says little about its family: its weights are drawn to those of all channels together, as hierarchical
//! stacking does (Yao, Pirš, Vehtari & Gelman 2022), by pseudo-periods.

use crate::math::fast;
use crate::math::importance::smooth_tail;

/// A ratio above this multiple of the mean one calls for smoothing.
const LARGE: f64 = 8.0;
/// Steps of the fixed-point iteration for the weights.
const STEPS: usize = 200;
/// Weights that move by less are settled: a draw is 1 in 200.
const SETTLED: f64 = 1e-5;

/// `ln p(y[t] | y without t)` of each period, from the pointwise log densities of each draw.
pub fn left_out(pointwise: &[Vec<f64>]) -> Vec<f64> {
    let periods = pointwise.first().map_or(0, Vec::len);
    let mut least = vec![f64::INFINITY; periods];
    for draw in pointwise {
        least.iter_mut().zip(draw).for_each(|(least, log)| *least = least.min(*log));
    }
    let mut sums = vec![0.0; periods];
    fast::wide!({
        for draw in pointwise {
            for ((sum, log), least) in sums.iter_mut().zip(draw).zip(&least) {
                *sum += fast::exp(least - log);
            }
        }
    });
    let of_period = |t: usize| {
        if pointwise.len() as f64 > LARGE * sums[t] {
            return smoothed(pointwise.iter().map(|draw| draw[t]), least[t]);
        }
        // each ratio times its own density is that of the least
        least[t] + (pointwise.len() as f64 / sums[t]).ln()
    };
    (0..periods).map(of_period).collect()
}

/// The same of one period with its ratios smoothed.
fn smoothed(logs: impl Iterator<Item = f64> + Clone, least: f64) -> f64 {
    let mut ratios: Vec<f64> = logs.clone().map(|log| (least - log).exp()).collect();
    smooth_tail(&mut ratios);
    let total: f64 = ratios.iter().sum();
    let weighted: f64 = ratios.iter().zip(logs).map(|(ratio, log)| ratio * (log - least).exp()).sum();
    least + (weighted / total).ln()
}

/// Stacking weights; `towards` counts for `weight` periods. `left_out` has a row a model.
///
/// ```
/// use outlay::fit::stack::weights;
/// // the first model predicts every period better
/// let better = weights(&[vec![-1.0; 50], vec![-2.0; 50]], &[0.5, 0.5], 1.0);
/// assert!(better[0] > 0.95);
/// ```
pub fn weights(left_out: &[Vec<f64>], towards: &[f64], weight: f64) -> Vec<f64> {
    let periods = left_out.first().map_or(0, Vec::len);
    let models = towards.len();
    let relative: Vec<f64> = (0..periods).flat_map(|t| relative_densities(left_out, t)).collect();
    let mut weights = towards.to_vec();
    for _ in 0..STEPS {
        let mut sums: Vec<f64> = towards.iter().map(|share| share * weight).collect();
        for densities in relative.chunks_exact(models) {
            let total: f64 = densities.iter().zip(&weights).map(|(p, w)| p * w).sum();
            let each = 1.0 / total;
            sums.iter_mut().zip(densities.iter().zip(&weights)).for_each(|(sum, (p, w))| *sum += p * w * each);
        }
        let total: f64 = sums.iter().sum();
        let next: Vec<f64> = sums.iter().map(|sum| sum / total).collect();
        let moved = next.iter().zip(&weights).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        weights = next;
        if moved < SETTLED {
            break;
        }
    }
    weights
}

/// Densities of one period relative to the largest.
fn relative_densities(left_out: &[Vec<f64>], t: usize) -> impl Iterator<Item = f64> {
    let largest = left_out.iter().map(|of_model| of_model[t]).fold(f64::NEG_INFINITY, f64::max);
    left_out.iter().map(move |of_model| (of_model[t] - largest).exp())
}

/// `count` shared out by weight: whole numbers that add up, largest remainders first.
///
/// ```
/// assert_eq!(outlay::fit::stack::shared_out(10, &[0.74, 0.26]), [7, 3]);
/// ```
pub fn shared_out(count: usize, weights: &[f64]) -> Vec<usize> {
    let exact: Vec<f64> = weights.iter().map(|w| w * count as f64).collect();
    let mut parts: Vec<usize> = exact.iter().map(|x| x.floor() as usize).collect();
    let mut order: Vec<usize> = (0..weights.len()).collect();
    order.sort_by(|a, b| (exact[*b] - exact[*b].floor()).total_cmp(&(exact[*a] - exact[*a].floor())));
    let missing = count - parts.iter().sum::<usize>();
    order.into_iter().take(missing).for_each(|at| parts[at] += 1);
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn weights_are_shares(logs in prop::collection::vec(prop::collection::vec(-5.0..0.0f64, 20), 3), weight in 0.1..50.0f64) {
            let weights = weights(&logs, &[0.5, 0.3, 0.2], weight);
            prop_assert!((weights.iter().sum::<f64>() - 1.0).abs() < 1e-9 && weights.iter().all(|w| *w >= 0.0));
            prop_assert_eq!(shared_out(200, &weights).iter().sum::<usize>(), 200);
        }
    }

    #[test]
    fn left_out_densities_agree_with_a_conjugate_model() {
        // y ~ N(m, 1), flat prior: m | y ~ N(ȳ, 1/n); left out, y[t] ~ N(mean of the others, 1 + 1/(n − 1)).
        let y: Vec<f64> = (0..20).map(|t| f64::from(t % 5) - 2.0).collect();
        let n = y.len() as f64;
        let quantile = |i: usize| {
            use statrs::distribution::{ContinuousCDF, Normal};
            Normal::new(0.0, (1.0 / n).sqrt()).unwrap().inverse_cdf((i as f64 + 0.5) / 400.0)
        };
        let log_density = |x: f64, variance: f64| -0.5 * (x * x / variance + (std::f64::consts::TAU * variance).ln());
        let pointwise: Vec<Vec<f64>> =
            (0..400).map(|i| y.iter().map(|y| log_density(y - quantile(i), 1.0)).collect()).collect();
        let found = left_out(&pointwise);
        for (y, found) in y.iter().zip(found) {
            let others = -y / (n - 1.0);
            let exact = log_density(y - others, 1.0 + 1.0 / (n - 1.0));
            assert!((found - exact).abs() < 0.02, "{found} {exact}");
        }
    }
}
