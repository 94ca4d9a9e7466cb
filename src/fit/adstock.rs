//! Adstock: how much of earlier spend still works.
//!
//! ```text
//!     a[t] = (1 − d) · x[t] + d · a[t − 1]          0 ≤ d < 1
//! ```
//!
//! Normalised, so that constant spend x gives a = x: a steady-state curve is a curve of spend. Before the first reported
//! period, and after a gap, spend is unknown; the series is taken to have stood at the first spend that is known.
//!
//! Broadbent (1979), "One way TV advertisements work".

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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn constant_spend_is_its_own_stock(x in 0.0..1e6f64, d in 0.0..0.99f64, n in 1usize..50) {
            let (stock, slope) = geometric(&vec![x; n], &vec![true; n], d);
            prop_assert!(stock.iter().all(|a| (a - x).abs() <= 1e-9 * x.max(1.0)));
            prop_assert!(slope.iter().all(|s| s.abs() <= 1e-7 * x.max(1.0)));
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
    }

    #[test]
    fn a_gap_starts_anew_and_is_not_zero_spend() {
        let (stock, _) = geometric(&[4.0, 0.0, 6.0], &[true, false, true], 0.5);
        assert_eq!(stock, [4.0, 0.0, 6.0]);
    }
}
