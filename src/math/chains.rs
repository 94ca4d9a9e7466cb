//! Whether Markov chains agree and how many independent draws they are worth.
//!
//! Gelman, Carlin, Stern, Dunson, Vehtari & Rubin (2013), "Bayesian Data Analysis", 11.4–11.5; the effective sample size cuts
//! the sum of autocorrelations by Geyer's (1992) initial monotone sequence.

use super::mean;

/// Split R-hat and effective sample size of one quantity, from the draws of several chains of one length.
///
/// Each chain is split in halves, so that a drift within a chain counts as disagreement. R-hat is 1 where chains agree; both
/// are NaN for fewer than eight draws a chain or a quantity that never varies.
///
/// ```
/// let wave = |chain: usize| (0..100).map(|i| ((i * 37 + chain * 11) % 100) as f64).collect::<Vec<_>>();
/// let (r_hat, effective) = outlay::math::chains::agreement(&[wave(0), wave(1)]);
/// assert!((r_hat - 1.0).abs() < 0.05 && effective > 100.0);
/// ```
pub fn agreement(chains: &[Vec<f64>]) -> (f64, f64) {
    let half = chains.first().map_or(0, Vec::len) / 2;
    if half < 4 {
        return (f64::NAN, f64::NAN);
    }
    let halves: Vec<&[f64]> = chains.iter().flat_map(|chain| [&chain[..half], &chain[chain.len() - half..]]).collect();
    let n = half as f64;
    let means: Vec<f64> = halves.iter().map(|half| mean(half)).collect();
    let within =
        mean(&halves.iter().zip(&means).map(|(h, m)| autocovariance(h, *m, 0) * n / (n - 1.0)).collect::<Vec<_>>());
    let grand = mean(&means);
    let between = means.iter().map(|m| (m - grand) * (m - grand)).sum::<f64>() / (means.len() as f64 - 1.0);
    let total = within * (n - 1.0) / n + between;
    if !(within > 0.0) {
        return (f64::NAN, f64::NAN);
    }
    let correlation = |lag: usize| {
        let own = mean(&halves.iter().zip(&means).map(|(h, m)| autocovariance(h, *m, lag)).collect::<Vec<_>>());
        1.0 - (within - own * n / (n - 1.0)) / total
    };
    let draws = n * halves.len() as f64;
    let effective = (draws / autocorrelation_time(half, correlation)).min(draws * draws.log10());
    ((total / within).sqrt(), effective)
}

/// 1 + 2 Σ ρ, summed in pairs while the pairs are positive and not larger than the one before.
fn autocorrelation_time(length: usize, correlation: impl Fn(usize) -> f64) -> f64 {
    let (mut sum, mut least, mut lag) = (-1.0, f64::INFINITY, 0);
    while lag + 1 < length {
        let pair = if lag == 0 { 1.0 + correlation(1) } else { correlation(lag) + correlation(lag + 1) };
        if pair <= 0.0 {
            break;
        }
        least = pair.min(least);
        sum += 2.0 * least;
        lag += 2;
    }
    sum.max(1e-3)
}

fn autocovariance(values: &[f64], mean: f64, lag: usize) -> f64 {
    let products = values.iter().zip(&values[lag..]).map(|(a, b)| (a - mean) * (b - mean));
    products.sum::<f64>() / values.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;
    use rand_distr::{Distribution, StandardNormal};

    /// A chain whose neighbours are correlated by `rho`, around `centre`.
    fn chain(rho: f64, centre: f64, seed: u64) -> Vec<f64> {
        let (mut rng, mut at) = (ChaCha8Rng::seed_from_u64(seed), 0.0);
        let mut step = || {
            let noise: f64 = StandardNormal.sample(&mut rng);
            at = rho * at + (1.0 - rho * rho).sqrt() * noise;
            centre + at
        };
        (0..4000).map(|_| step()).collect()
    }

    #[test]
    fn correlated_draws_are_worth_less() {
        // n (1 − ρ) ÷ (1 + ρ) for an AR(1) chain; the estimate's own error is some ten percent
        for rho in [0.0, 0.5, 0.8] {
            let chains: Vec<Vec<f64>> = (0..4).map(|seed| chain(rho, 0.0, seed)).collect();
            let (r_hat, effective) = agreement(&chains);
            let expected = 16000.0 * (1.0 - rho) / (1.0 + rho);
            assert!((effective / expected - 1.0).abs() < 0.2, "{effective} of {expected}");
            assert!((r_hat - 1.0).abs() < 0.01, "{r_hat}");
        }
    }

    #[test]
    fn chains_in_different_places_are_told() {
        let (r_hat, effective) = agreement(&[chain(0.0, 0.0, 1), chain(0.0, 1.0, 2)]);
        assert!(r_hat > 1.1 && effective < 100.0, "{r_hat} {effective}");
        assert!(agreement(&[vec![1.0; 50]]).0.is_nan() && agreement(&[]).0.is_nan());
    }
}
