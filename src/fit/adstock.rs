//! Adstock: how much of earlier spend still works.
//!
//! ```text
//!     geometric    a[t] = (1 − d) · x[t] + d · a[t − 1]                       0 ≤ d < 1
//!     delayed      a[t] = Σ w[l] · x[t − l] ÷ Σ w[l],     l = 0 … L − 1
//!                  w[l] = (k ÷ λ) (v ÷ λ)^(k − 1) e^(−(v ÷ λ)^k),  v = l + 1    Weibull's density
//! ```
//!
//! Normalised, so that constant spend x gives a = x: a steady-state curve is a curve of spend. Before the first reported
//! period, and after a gap, spend is unknown; the series is taken to have stood at the first spend that is known. Days
//! before the first counted one are part of the series and warm it up.
//!
//! Broadbent (1979), "One way TV advertisements work"; the Weibull form as in Robyn.

use crate::math::fast;

/// Carried-over spend and its derivative by the decay, over the reported periods.
///
/// `spend` and `reported` have one value a period; so has the result, 0 where not reported.
///
/// ```
/// use outlay::fit::adstock::geometric;
/// let (stock, _) = geometric(&[4.0, 0.0, 0.0], &[true; 3], 0.5);
/// assert_eq!(stock, [4.0, 2.0, 1.0]);
/// ```
///
/// # Panics
///
/// Panics if the two slices differ in length.
pub fn geometric(spend: &[f64], reported: &[bool], decay: f64) -> (Vec<f64>, Vec<f64>) {
    assert_eq!(spend.len(), reported.len(), "one mark a period");
    let (mut stock, mut slope) = (vec![0.0; spend.len()], vec![0.0; spend.len()]);
    let mut before: Option<(f64, f64)> = None;
    for t in 0..spend.len() {
        before = reported[t].then(|| match before {
            Some((a, da)) => ((1.0 - decay) * spend[t] + decay * a, a - spend[t] + decay * da),
            None => (spend[t], 0.0),
        });
        (stock[t], slope[t]) = before.unwrap_or_default();
    }
    (stock, slope)
}

/// The stock of [`geometric`] alone.
pub(super) fn geometric_alone(spend: &[f64], reported: &[bool], decay: f64, stock: &mut Vec<f64>) {
    stock.clear();
    let kept = 1.0 - decay;
    let mut from = 0;
    // gap by gap: long loops without a branch
    for run in reported.chunk_by(|a, b| a == b) {
        let here = &spend[from..from + run.len()];
        from += run.len();
        if run[0] {
            run_of(here, kept, decay, stock);
        } else {
            stock.resize(from, 0.0);
        }
    }
}

/// The stock of one run without gaps. Four periods at a time: within them each waits for the one before, but the next four
/// wait for a single product and sum.
fn run_of(spend: &[f64], kept: f64, decay: f64, stock: &mut Vec<f64>) {
    let powers = [decay, decay.powi(2), decay.powi(3), decay.powi(4)];
    let mut a = spend[0];
    let fours = spend.chunks_exact(4);
    let rest = fours.remainder();
    for four in fours {
        let mut own = [kept * four[0], kept * four[1], kept * four[2], kept * four[3]];
        (1..4).for_each(|i| own[i] += decay * own[i - 1]);
        (0..4).for_each(|i| own[i] += powers[i] * a);
        a = own[3];
        stock.extend_from_slice(&own);
    }
    stock.extend(rest.iter().map(|x| {
        a = kept * x + decay * a;
        a
    }));
}

/// Periods after which a delayed effect is over.
pub const LAGS: usize = 28;

/// Weights of a delayed effect by lag, adding up to 1, and their derivatives by ln λ and ln k.
///
/// ```
/// use outlay::fit::adstock::delayed_weights;
/// let (weights, _) = delayed_weights(4.0, 2.5);
/// let peak = (0..weights.len()).max_by(|a, b| weights[*a].total_cmp(&weights[*b])).unwrap();
/// assert_eq!(peak, 2); // v = 3: the mode of the density is 4 · (1.5 ÷ 2.5)^(1 ÷ 2.5) = 3.26
/// ```
pub fn delayed_weights(scale: f64, shape: f64) -> (Vec<f64>, [Vec<f64>; 2]) {
    let Delayed { logs, powers, weights } = Delayed::of(scale, shape);
    let derivative = |of_log: &dyn Fn(usize) -> f64| {
        let mean: f64 = (0..LAGS).map(|lag| weights[lag] * of_log(lag)).sum();
        (0..LAGS).map(|lag| weights[lag] * (of_log(lag) - mean)).collect::<Vec<f64>>()
    };
    let by_scale = derivative(&|lag| shape * (powers[lag] - 1.0));
    let by_shape = derivative(&|lag| shape * logs[lag] * (1.0 - powers[lag]));
    (weights.to_vec(), [by_scale, by_shape])
}

/// The weights of [`delayed_weights`] alone.
pub(super) fn delayed_weights_alone(scale: f64, shape: f64) -> [f64; LAGS] {
    Delayed::of(scale, shape).weights
}

/// ln (v ÷ λ), (v ÷ λ)^k and the weights, by lag.
struct Delayed {
    logs: [f64; LAGS],
    powers: [f64; LAGS],
    weights: [f64; LAGS],
}

impl Delayed {
    fn of(scale: f64, shape: f64) -> Delayed {
        let mut logs: [f64; LAGS] = std::array::from_fn(|lag| (lag + 1) as f64 / scale);
        let (mut powers, mut weights) = ([0.0; LAGS], [0.0; LAGS]);
        let total = fast::wide!({
            for ((log, power), weight) in logs.iter_mut().zip(&mut powers).zip(&mut weights) {
                *log = fast::ln(*log);
                *power = fast::exp(shape * *log);
                *weight = (shape - 1.0) * *log - *power;
            }
            let largest = weights.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            for weight in &mut weights {
                *weight = fast::exp(*weight - largest);
            }
            fast::sum(&weights)
        });
        weights.iter_mut().for_each(|weight| *weight /= total);
        Delayed { logs, powers, weights }
    }
}

/// A weight that no stock shows: the largest is at least 1 ÷ [`LAGS`].
const NO_WEIGHT: f64 = 1e-18;

/// `Σ w[l] · x[t − l]`; before the series and after a gap, spend stood at the first that is known.
pub fn convolved(spend: &[f64], reported: &[bool], weights: &[f64]) -> Vec<f64> {
    let mut stock = vec![0.0; spend.len()];
    let mut from = 0;
    // gap by gap and lag by lag: long loops without a branch
    for run in reported.chunk_by(|a, b| a == b) {
        let (here, stock) = (&spend[from..from + run.len()], &mut stock[from..from + run.len()]);
        from += run.len();
        if !run[0] {
            continue;
        }
        let felt = || weights.iter().enumerate().filter(|(_, w)| w.abs() > NO_WEIGHT);
        fast::wide!({
            for (lag, w) in felt() {
                let early = lag.min(here.len());
                stock[..early].iter_mut().for_each(|sum| *sum += w * here[0]);
                fast::add_times(&mut stock[early..], *w, here);
            }
        });
    }
    stock
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn constant_spend_is_its_own_stock(x in 0.0..1e6f64, d in 0.0..0.99f64, n in 1usize..50, scale in 0.5..9.0f64) {
            let (stock, slope) = geometric(&vec![x; n], &vec![true; n], d);
            prop_assert!(stock.iter().all(|a| (a - x).abs() <= 1e-9 * x.max(1.0)));
            prop_assert!(slope.iter().all(|s| s.abs() <= 1e-7 * x.max(1.0)));
            let delayed = convolved(&vec![x; n], &vec![true; n], &delayed_weights(scale, 2.0).0);
            prop_assert!(delayed.iter().all(|a| (a - x).abs() <= 1e-9 * x.max(1.0)));
        }

        #[test]
        fn slope_is_the_derivative(spend in prop::collection::vec(0.0..100.0f64, 2..20), d in 0.01..0.95f64) {
            let all = vec![true; spend.len()];
            let step = 1e-6;
            let (up, down) = (geometric(&spend, &all, d + step).0, geometric(&spend, &all, d - step).0);
            let slope = geometric(&spend, &all, d).1;
            for t in 0..spend.len() {
                prop_assert!((slope[t] - (up[t] - down[t]) / (2.0 * step)).abs() < 1e-3);
            }
        }

        #[test]
        fn weights_slope_as_they_say(log_scale in -0.5..2.0f64, log_shape in -0.3..1.2f64) {
            let (_, slopes) = delayed_weights(log_scale.exp(), log_shape.exp());
            let step = 1e-6;
            let at = |a: f64, b: f64| delayed_weights((log_scale + a).exp(), (log_shape + b).exp()).0;
            let (by_scale, by_shape) = ((at(step, 0.0), at(-step, 0.0)), (at(0.0, step), at(0.0, -step)));
            for (lag, _) in slopes[0].iter().enumerate().take(LAGS) {
                prop_assert!((slopes[0][lag] - (by_scale.0[lag] - by_scale.1[lag]) / (2.0 * step)).abs() < 1e-6);
                prop_assert!((slopes[1][lag] - (by_shape.0[lag] - by_shape.1[lag]) / (2.0 * step)).abs() < 1e-6);
            }
        }
    }

    proptest! {
        #[test]
        fn alone_they_are_the_same(spend in prop::collection::vec(0.0..100.0f64, 1..40), gap in 0usize..40, d in 0.0..0.99f64) {
            let reported: Vec<bool> = (0..spend.len()).map(|t| t != gap).collect();
            let mut alone = Vec::new();
            geometric_alone(&spend, &reported, d, &mut alone);
            let both = geometric(&spend, &reported, d).0;
            prop_assert_eq!(alone.len(), both.len());
            prop_assert!(alone.iter().zip(&both).all(|(a, b)| (a - b).abs() < 1e-11), "{:?} {:?}", alone, both);
            prop_assert_eq!(delayed_weights_alone(1.0 + 5.0 * d, 0.7 + d).to_vec(), delayed_weights(1.0 + 5.0 * d, 0.7 + d).0);
        }
    }

    #[test]
    fn a_gap_starts_anew_and_is_not_zero_spend() {
        let (stock, _) = geometric(&[4.0, 0.0, 6.0], &[true, false, true], 0.5);
        assert_eq!(stock, [4.0, 0.0, 6.0]);
        assert_eq!(convolved(&[4.0, 0.0, 6.0], &[true, false, true], &[0.5, 0.5]), [4.0, 0.0, 6.0]);
    }
}
