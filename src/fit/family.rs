//! The shapes that a response may have, relative to the response at mean spend.
//!
//! ```text
//!     ln m(z) = ln ρ + g(z) − g(1)          z: adstock of spend ÷ mean spend
//! ```
//!
//! | family | g(z) = ln f(z) + constant | unknowns |
//! |---|---|---|
//! | Hill | −ln(1 + (κ ÷ z)^s) | ln κ, ln s |
//! | power | γ ln z | ln γ |
//! | log | ln ln(1 + z ÷ κ) | ln κ |
//! | saturating | ln(1 − e^(−z ÷ κ)) | ln κ |
//! | linear | ln z | – |
//!
//! Each is monotone for every value of its unknowns.

use super::saturation::Saturation;
use crate::math::fast;

/// A family of response curves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// Ceiling, half point and shape.
    Hill,
    /// Constant elasticity.
    Power,
    /// Logarithmic growth.
    Log,
    /// Exponential approach to a ceiling.
    Saturating,
    /// A straight line.
    Linear,
}

/// g and its derivatives by the family's unknowns and by ln z.
#[derive(Clone, Copy, Debug, Default)]
pub struct Slopes {
    /// g(z).
    pub value: f64,
    /// By each unknown of the shape; the rest 0.
    pub by_shape: [f64; 2],
    /// By ln z.
    pub by_log_stock: f64,
}

/// Derivatives of g at many z: a column each.
#[derive(Clone, Debug, Default)]
pub struct Columns {
    /// By ln z.
    pub by_log_stock: Vec<f64>,
    /// By each unknown of the shape.
    pub by_shape: Vec<Vec<f64>>,
}

impl Family {
    /// All families; the one with most unknowns first.
    pub const ALL: [Family; 5] = [Family::Hill, Family::Power, Family::Log, Family::Saturating, Family::Linear];

    /// Its name in model files.
    pub fn name(self) -> &'static str {
        match self {
            Family::Hill => "hill",
            Family::Power => "power",
            Family::Log => "log",
            Family::Saturating => "saturating",
            Family::Linear => "linear",
        }
    }

    /// How many unknowns its shape has.
    pub fn unknowns(self) -> usize {
        match self {
            Family::Hill => 2,
            Family::Power | Family::Log | Family::Saturating => 1,
            Family::Linear => 0,
        }
    }

    /// g at ln z.
    pub fn value(self, shape: &[f64], log_stock: f64) -> f64 {
        match self {
            Family::Hill => -softplus(shape[1].exp() * (shape[0] - log_stock)),
            Family::Power => shape[0].exp() * log_stock,
            Family::Log => (log_stock - shape[0]).exp().ln_1p().ln(),
            Family::Saturating => (-(-(log_stock - shape[0]).exp()).exp_m1()).ln(),
            Family::Linear => log_stock,
        }
    }

    /// [`Family::value`] of every ln z, in its place; a loop a family, so that several are worked out at a time.
    #[inline(always)]
    pub fn values(self, shape: &[f64], log_stock: &mut [f64]) {
        match self {
            Family::Hill => {
                let (log_half, slope) = (shape[0], shape[1].exp());
                for z in log_stock {
                    let u = slope * (log_half - *z);
                    *z = -(u.max(0.0) + fast::ln(1.0 + fast::exp(-u.abs())));
                }
            }
            Family::Power => {
                let exponent = shape[0].exp();
                for z in &mut *log_stock {
                    *z *= exponent;
                }
            }
            Family::Log => {
                for z in log_stock {
                    *z = fast::ln(fast::ln(1.0 + fast::exp(*z - shape[0])));
                }
            }
            Family::Saturating => {
                for z in &mut *log_stock {
                    *z = fast::ln(1.0 - fast::exp(-fast::exp(*z - shape[0])));
                }
            }
            Family::Linear => {}
        }
    }

    /// [`Family::slopes`] of every ln z: the values in its place, the derivatives in columns.
    #[inline(always)]
    pub fn columns(self, shape: &[f64], log_stock: &mut [f64]) -> Columns {
        let n = log_stock.len();
        match self {
            Family::Hill => hills(shape[0], shape[1].exp(), log_stock),
            Family::Power => {
                let exponent = shape[0].exp();
                for z in &mut *log_stock {
                    *z *= exponent;
                }
                Columns { by_log_stock: vec![exponent; n], by_shape: vec![log_stock.to_vec()] }
            }
            Family::Log => scaled_columns(log_stock, |z| {
                let ratio = fast::exp(z - shape[0]);
                let log = fast::ln(1.0 + ratio);
                (fast::ln(log), ratio / ((1.0 + ratio) * log))
            }),
            Family::Saturating => scaled_columns(log_stock, |z| {
                let ratio = fast::exp(z - shape[0]);
                let missing = fast::exp(-ratio);
                (fast::ln(1.0 - missing), ratio * missing / (1.0 - missing))
            }),
            Family::Linear => Columns { by_log_stock: vec![1.0; n], by_shape: Vec::new() },
        }
    }

    /// g at ln z, with its derivatives.
    pub fn slopes(self, shape: &[f64], log_stock: f64) -> Slopes {
        match self {
            Family::Hill => hill(shape[0], shape[1].exp(), log_stock),
            Family::Power => {
                let exponent = shape[0].exp();
                let value = exponent * log_stock;
                Slopes { value, by_shape: [value, 0.0], by_log_stock: exponent }
            }
            Family::Log => {
                let ratio = (log_stock - shape[0]).exp();
                let log = ratio.ln_1p();
                scaled(log.ln(), ratio / (1.0 + ratio) / log)
            }
            Family::Saturating => {
                let ratio = (log_stock - shape[0]).exp();
                let reached = -(-ratio).exp_m1();
                scaled(reached.ln(), ratio * (1.0 - reached) / reached)
            }
            Family::Linear => Slopes { value: log_stock, by_shape: [0.0; 2], by_log_stock: 1.0 },
        }
    }

    /// The curve in money and KPI: through `at_mean` at spend `mean_spend`.
    pub fn curve(self, shape: &[f64], at_mean: f64, mean_spend: f64) -> Saturation {
        let per_unit = at_mean / self.value(shape, 0.0).exp();
        let half = shape.first().map_or(1.0, |log_half| log_half.exp()) * mean_spend;
        match self {
            Family::Hill => Saturation::Hill { top: per_unit, half, slope: shape[1].exp() },
            Family::Power => {
                let exponent = shape[0].exp();
                let scale = at_mean * (-exponent * mean_spend.ln()).exp();
                Saturation::Power { scale, exponent, until: f64::INFINITY }
            }
            Family::Log => Saturation::Log { scale: per_unit, half },
            Family::Saturating => Saturation::Saturating { top: per_unit, half },
            Family::Linear => Saturation::Linear { scale: at_mean / mean_spend, until: f64::INFINITY },
        }
    }
}

/// A family whose unknown ln κ only divides z: its derivative is that by ln z, turned.
fn scaled(value: f64, by_log_stock: f64) -> Slopes {
    Slopes { value, by_shape: [-by_log_stock, 0.0], by_log_stock }
}

/// [`scaled`] of every ln z.
#[inline(always)]
fn scaled_columns(log_stock: &mut [f64], of: impl Fn(f64) -> (f64, f64)) -> Columns {
    let mut by_log_stock = vec![0.0; log_stock.len()];
    for (z, by) in log_stock.iter_mut().zip(&mut by_log_stock) {
        (*z, *by) = of(*z);
    }
    let by_shape = vec![by_log_stock.iter().map(|by| -by).collect()];
    Columns { by_log_stock, by_shape }
}

/// [`hill`] of every ln z.
#[inline(always)]
fn hills(log_half: f64, slope: f64, log_stock: &mut [f64]) -> Columns {
    let n = log_stock.len();
    let (mut by_stock, mut by_half, mut by_slope) = (vec![0.0; n], vec![0.0; n], vec![0.0; n]);
    let columns = by_stock.iter_mut().zip(&mut by_half).zip(&mut by_slope);
    for (z, ((by_stock, by_half), by_slope)) in log_stock.iter_mut().zip(columns) {
        let u = slope * (log_half - *z);
        let small = fast::exp(-u.abs());
        let missing = if u > 0.0 { 1.0 } else { small } / (1.0 + small);
        *z = -(u.max(0.0) + fast::ln(1.0 + small));
        (*by_stock, *by_half, *by_slope) = (missing * slope, -missing * slope, -missing * u);
    }
    Columns { by_log_stock: by_stock, by_shape: vec![by_half, by_slope] }
}

fn hill(log_half: f64, slope: f64, log_stock: f64) -> Slopes {
    let u = slope * (log_half - log_stock);
    let missing = sigmoid(u);
    Slopes { value: -softplus(u), by_shape: [-slope * missing, -missing * u], by_log_stock: missing * slope }
}

pub(super) fn sigmoid(u: f64) -> f64 {
    1.0 / (1.0 + (-u).exp())
}

/// ln(1 + e^u) without overflow.
fn softplus(u: f64) -> f64 {
    u.max(0.0) + (-u.abs()).exp().ln_1p()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn slopes_are_derivatives(which in 0usize..5, shape in prop::collection::vec(-1.0..1.0f64, 2), log_z in -4.0..2.0f64) {
            let family = Family::ALL[which];
            let slopes = family.slopes(&shape, log_z);
            prop_assert!((slopes.value - family.value(&shape, log_z)).abs() < 1e-12);
            let (mut values, mut again) = ([log_z; 3], [log_z; 3]);
            family.values(&shape, &mut values);
            let columns = family.columns(&shape, &mut again);
            prop_assert!((slopes.value - values[1]).abs() < 1e-10 && (slopes.value - again[1]).abs() < 1e-10);
            prop_assert!((slopes.by_log_stock - columns.by_log_stock[1]).abs() < 1e-10);
            let by_shape = columns.by_shape.iter().map(|column| column[1]);
            prop_assert!(by_shape.zip(slopes.by_shape).all(|(a, b)| (a - b).abs() < 1e-10), "{columns:?}");
            prop_assert_eq!(columns.by_shape.len(), family.unknowns());
            let step = 1e-6;
            let by_z = (family.value(&shape, log_z + step) - family.value(&shape, log_z - step)) / (2.0 * step);
            prop_assert!((slopes.by_log_stock - by_z).abs() < 1e-6 * (1.0 + by_z.abs()));
            for i in 0..family.unknowns() {
                let (mut up, mut down) = (shape.clone(), shape.clone());
                (up[i], down[i]) = (shape[i] + step, shape[i] - step);
                let numeric = (family.value(&up, log_z) - family.value(&down, log_z)) / (2.0 * step);
                prop_assert!((slopes.by_shape[i] - numeric).abs() < 1e-5 * (1.0 + numeric.abs()), "{family:?} {i}");
            }
        }

        #[test]
        fn the_curve_has_the_family_s_shape(which in 0usize..5, shape in prop::collection::vec(-1.0..1.0f64, 2), log_z in -4.0..2.0f64) {
            let family = Family::ALL[which];
            let curve = family.curve(&shape, 40.0, 250.0);
            let expected = 40.0 * (family.value(&shape, log_z) - family.value(&shape, 0.0)).exp();
            prop_assert!((curve.at(250.0 * log_z.exp()) / expected - 1.0).abs() < 1e-9, "{curve:?}");
        }
    }
}
