//! The mode of a smooth log density of a handful of unknowns, and its curvature there.

use super::dense::{cholesky, solve_lower, solve_upper};

/// A log density with its gradient.
pub trait LogDensity {
    /// The log density at `at`, up to a constant; the gradient goes to `gradient`.
    fn value(&self, at: &[f64], gradient: &mut [f64]) -> f64;

    /// The log density alone, where it is cheaper without its gradient.
    fn alone(&self, at: &[f64]) -> f64 {
        self.value(at, &mut vec![0.0; at.len()])
    }

    /// The negative Hessian at `at` or what stands for it, such as the expected information, `n × n` row by row.
    fn curvature(&self, at: &[f64]) -> Vec<f64>
    where
        Self: Sized,
    {
        negative_hessian(self, at)
    }
}

/// A mode and the negative Hessian there, `n × n` row by row, positive definite.
#[derive(Clone, Debug)]
pub struct Mode {
    /// Where it is.
    pub at: Vec<f64>,
    /// The log density there.
    pub value: f64,
    /// Negative Hessian.
    pub curvature: Vec<f64>,
}

const MOST_STEPS: usize = 100;
/// Most that one step moves an unknown, about zero.
const MOST_MOVE: f64 = 2.0;

/// Climbs from `start` by Newton steps, damped until they gain (Levenberg 1944), to a point where a step gains nothing.
///
/// `None` when the density is not finite at the start or the curvature at the end is not positive definite.
///
/// ```
/// use outlay::math::mode::{LogDensity, climb};
/// struct Bowl;
/// impl LogDensity for Bowl {
///     fn value(&self, at: &[f64], gradient: &mut [f64]) -> f64 {
///         gradient[0] = -2.0 * (at[0] - 3.0);
///         -(at[0] - 3.0).powi(2)
///     }
/// }
/// assert!((climb(&Bowl, &[0.0]).unwrap().at[0] - 3.0).abs() < 1e-6);
/// ```
pub fn climb(density: &impl LogDensity, start: &[f64]) -> Option<Mode> {
    let n = start.len();
    let (mut at, mut gradient) = (start.to_vec(), vec![0.0; n]);
    let mut value = density.value(&at, &mut gradient);
    let mut damping = 1e-3;
    for _ in 0..MOST_STEPS {
        if !value.is_finite() {
            return None;
        }
        let curvature = density.curvature(&at);
        let (next, gain) = damped_step(density, &at, value, &gradient, &curvature, &mut damping);
        at = next;
        value = density.value(&at, &mut gradient);
        if gain <= 1e-9 * (1.0 + value.abs()) {
            break;
        }
    }
    let curvature = density.curvature(&at);
    cholesky(&curvature, n)?;
    Some(Mode { at, value, curvature })
}

/// The best step along (curvature + damping · diagonal)⁻¹ gradient, and what it gains; the start itself and 0 when none.
fn damped_step(
    density: &impl LogDensity,
    at: &[f64],
    value: f64,
    gradient: &[f64],
    curvature: &[f64],
    damping: &mut f64,
) -> (Vec<f64>, f64) {
    let n = at.len();
    while *damping < 1e12 {
        let mut damped = curvature.to_vec();
        (0..n).for_each(|i| damped[i * n + i] += *damping * (1.0 + curvature[i * n + i].abs()));
        if let Some(l) = cholesky(&damped, n) {
            let step = solve_upper(&l, &solve_lower(&l, gradient));
            let next: Vec<f64> = at.iter().zip(&step).map(|(a, s)| limited(*a, *s)).collect();
            let gain = density.alone(&next) - value;
            if gain.is_finite() && gain >= 0.0 {
                *damping = (*damping * 0.2).max(1e-12);
                return (next, gain);
            }
        }
        *damping *= 10.0;
    }
    *damping = 1e-3;
    (at.to_vec(), 0.0)
}

/// An unknown after a step that is kept within [`MOST_MOVE`], or half of the way to zero where that is more.
fn limited(at: f64, step: f64) -> f64 {
    let most = MOST_MOVE.max(0.5 * at.abs());
    at + step.clamp(-most, most)
}

/// Central differences of the gradient, made symmetric.
fn negative_hessian(density: &impl LogDensity, at: &[f64]) -> Vec<f64> {
    let n = at.len();
    let mut hessian = vec![0.0; n * n];
    let (mut up, mut down) = (vec![0.0; n], vec![0.0; n]);
    for i in 0..n {
        let step = 1e-4 * (1.0 + at[i].abs());
        let mut near = at.to_vec();
        near[i] = at[i] + step;
        density.value(&near, &mut up);
        near[i] = at[i] - step;
        density.value(&near, &mut down);
        for j in 0..n {
            let entry = -(up[j] - down[j]) / (4.0 * step);
            hessian[i * n + j] += entry;
            hessian[j * n + i] += entry;
        }
    }
    hessian
}

#[cfg(test)]
mod tests {
    use super::*;

    /// ln(1 + e^x) is normal about `middle`: nearly straight where x is large, all but flat where it is far below zero.
    struct Softplus {
        middle: f64,
    }

    impl LogDensity for Softplus {
        fn value(&self, at: &[f64], gradient: &mut [f64]) -> f64 {
            let (x, slope) = (at[0].max(0.0) + (-at[0].abs()).exp().ln_1p(), 1.0 / (1.0 + (-at[0]).exp()));
            gradient[0] = -(x - self.middle) * slope;
            -0.5 * (x - self.middle).powi(2)
        }
    }

    #[test]
    fn a_mode_hundreds_of_units_away_is_reached() {
        for (start, middle) in [(1400.0, 650.0), (1400.0, 0.7), (3.0, 900.0)] {
            let mode = climb(&Softplus { middle }, &[start]).unwrap();
            let reached = mode.at[0].max(0.0) + (-mode.at[0].abs()).exp().ln_1p();
            assert!((reached / middle - 1.0).abs() < 1e-4, "{start} {middle}: {:?}", mode.at);
        }
    }
}
