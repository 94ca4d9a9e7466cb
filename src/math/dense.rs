//! Symmetric positive definite systems of a handful of unknowns, row by row in one slice `n × n`.

/// The lower Cholesky factor L of A = L Lᵀ, or `None` when A is not positive definite.
///
/// ```
/// use outlay::math::dense::cholesky;
/// assert_eq!(cholesky(&[4.0, 2.0, 2.0, 5.0], 2), Some(vec![2.0, 0.0, 1.0, 2.0]));
/// assert_eq!(cholesky(&[1.0, 2.0, 2.0, 1.0], 2), None);
/// ```
pub fn cholesky(a: &[f64], n: usize) -> Option<Vec<f64>> {
    let mut l = vec![0.0; n * n];
    for i in 0..n {
        for j in 0..=i {
            let dot: f64 = (0..j).map(|k| l[i * n + k] * l[j * n + k]).sum();
            let rest = a[i * n + j] - dot;
            if i != j {
                l[i * n + j] = rest / l[j * n + j];
            } else if rest > 0.0 && rest.is_finite() {
                l[i * n + i] = rest.sqrt();
            } else {
                return None;
            }
        }
    }
    Some(l)
}

/// Solves L z = b.
pub fn solve_lower(l: &[f64], b: &[f64]) -> Vec<f64> {
    let n = b.len();
    let mut z = vec![0.0; n];
    for i in 0..n {
        let dot: f64 = (0..i).map(|k| l[i * n + k] * z[k]).sum();
        z[i] = (b[i] - dot) / l[i * n + i];
    }
    z
}

/// Solves Lᵀ z = b.
pub fn solve_upper(l: &[f64], b: &[f64]) -> Vec<f64> {
    let n = b.len();
    let mut z = vec![0.0; n];
    for i in (0..n).rev() {
        let dot: f64 = (i + 1..n).map(|k| l[k * n + i] * z[k]).sum();
        z[i] = (b[i] - dot) / l[i * n + i];
    }
    z
}

/// L z.
pub fn lower_times(l: &[f64], z: &[f64]) -> Vec<f64> {
    let n = z.len();
    (0..n).map(|i| (0..=i).map(|k| l[i * n + k] * z[k]).sum()).collect()
}

/// The inverse of A from its lower Cholesky factor.
pub fn inverse(l: &[f64], n: usize) -> Vec<f64> {
    let mut inverse = vec![0.0; n * n];
    for j in 0..n {
        let unit: Vec<f64> = (0..n).map(|i| f64::from(i == j)).collect();
        let column = solve_upper(l, &solve_lower(l, &unit));
        (0..n).for_each(|i| inverse[i * n + j] = column[i]);
    }
    inverse
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_inverse_undoes_the_matrix(entries in prop::collection::vec(-1.0..1.0f64, 16)) {
            let n = 4;
            let product = |i: usize, j: usize| (0..n).map(|k| entries[i * n + k] * entries[j * n + k]).sum::<f64>();
            let a: Vec<f64> = (0..n * n).map(|at| product(at / n, at % n) + f64::from(at / n == at % n)).collect();
            let inverse = inverse(&cholesky(&a, n).unwrap(), n);
            for i in 0..n {
                for j in 0..n {
                    let entry: f64 = (0..n).map(|k| a[i * n + k] * inverse[k * n + j]).sum();
                    prop_assert!((entry - f64::from(i == j)).abs() < 1e-9);
                }
            }
        }
    }
}
