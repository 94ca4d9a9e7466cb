//! Lines that nothing is known of, under limits of their own: to the models a cent is worth as much, namely nothing, on one as on
//! another, so that a method which looks for the best would leave it to chance where their money goes.
//!
//! Their sum is shared out like their reference spends r, within what each may have:
//!
//! ```text
//!     x_i = min(max(λ r_i, low_i), high_i)            Σ x_i as before
//! ```

use super::line::{Allowed, Line};
use super::rows::Row;

/// Halvings of λ.
const STEPS: usize = 200;

/// Brings the spends of such lines as near to their reference as their sum allows, unless a limit would be broken.
pub(super) fn like_reference(lines: &[Line], allowed: &[Allowed], rows: &[&Row], spend: &mut Vec<f64>) {
    let is_free = |line: &usize| allowed[*line].low < allowed[*line].high && lines[*line].curve.is_err();
    let bare: Vec<usize> = (0..lines.len()).filter(is_free).collect();
    // lots and minimum buys, and ceilings on average costs, are more than ends
    let is_plain = |line: &usize| allowed[*line].lot == 0.0 && allowed[*line].minimum == 0.0;
    let is_asked = |row: &&Row| row.cost().is_some() && row.lines.iter().any(|line| bare.contains(line));
    if bare.len() < 2 || !bare.iter().all(is_plain) || rows.iter().any(is_asked) {
        return;
    }
    let ends: Vec<(f64, f64, f64)> =
        bare.iter().map(|line| (lines[*line].reference, allowed[*line].low, allowed[*line].high)).collect();
    let Some(shares) = shared_out(&ends, bare.iter().map(|line| spend[*line]).sum()) else { return };
    let mut like = spend.clone();
    bare.iter().zip(shares).for_each(|(line, share)| like[*line] = share);
    let whole = spend.iter().sum();
    if rows.iter().all(|row| row.broken_by(&like, whole) <= row.broken_by(spend, whole) + 1e-6) {
        *spend = like;
    }
}

/// `sum` shared out by reference spends within ends; `None` where that cannot be, as without any reference.
fn shared_out(ends: &[(f64, f64, f64)], sum: f64) -> Option<Vec<f64>> {
    let at = |scale: f64| ends.iter().map(move |(reference, low, high)| (scale * reference).clamp(*low, *high));
    let (mut below, mut above) = (0.0, 1.0);
    while at(above).sum::<f64>() < sum {
        above *= 2.0;
        if above > 1e12 {
            return None;
        }
    }
    for _ in 0..STEPS {
        let middle = 0.5 * (below + above);
        if at(middle).sum::<f64>() < sum { below = middle } else { above = middle }
    }
    let shares: Vec<f64> = at(above).collect();
    ((shares.iter().sum::<f64>() - sum).abs() <= 1e-6 * sum.max(1.0)).then_some(shares)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sum_is_shared_out_by_reference_within_ends() {
        let wide = [(300.0, 0.0, 1e6), (100.0, 0.0, 1e6)];
        let near = |found: Option<Vec<f64>>, expected: &[f64]| {
            let found = found.unwrap();
            assert!(found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-3), "{found:?} {expected:?}");
        };
        near(shared_out(&wide, 400.0), &[300.0, 100.0]);
        near(shared_out(&wide, 40.0), &[30.0, 10.0]);
        near(shared_out(&[(300.0, 0.0, 200.0), (100.0, 0.0, 1e6)], 400.0), &[200.0, 200.0]);
        near(shared_out(&[(300.0, 0.0, 1e6), (100.0, 150.0, 1e6)], 400.0), &[250.0, 150.0]);
        assert_eq!(shared_out(&[(0.0, 0.0, 1e6), (0.0, 0.0, 1e6)], 400.0), None);
        assert_eq!(shared_out(&[(300.0, 200.0, 1e6), (100.0, 150.0, 1e6)], 100.0), None);
    }
}
