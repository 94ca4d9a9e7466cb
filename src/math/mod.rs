//! Small pure kernels on slices. No domain words.

pub mod chains;
pub mod dense;
pub mod fast;
pub mod importance;
pub mod mode;
pub mod nuts;
pub mod shapley;

/// The `share` quantile of `values` in any order, linear between order statistics (Hyndman & Fan 1996, type 7).
///
/// NaN without values.
///
/// ```
/// use outlay::math::quantile;
/// assert_eq!(quantile(&[3.0, 1.0, 2.0], 0.5), 2.0);
/// assert_eq!(quantile(&[0.0, 10.0], 0.05), 0.5);
/// ```
pub fn quantile(values: &[f64], share: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    quantile_of_sorted(&sorted, share)
}

/// As [`quantile`], of values already ascending.
pub fn quantile_of_sorted(sorted: &[f64], share: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else { return f64::NAN };
    let place = share.clamp(0.0, 1.0) * last as f64;
    let below = place.floor() as usize;
    let above = (below + 1).min(last);
    sorted[below] + (sorted[above] - sorted[below]) * (place - below as f64)
}

/// The mean; NaN without values.
pub fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}
