//! Saturation: steady-state KPI per period as a function of spend per period.
//!
//! | family | f(x), x ≥ 0 | parameters |
//! |---|---|---|
//! | `hill` | β ÷ (1 + (κ ÷ x)^s) | `top` β, `half` κ, `slope` s |
//! | `power` | α · x^γ | `scale` α, `exponent` γ, perhaps `until` X |
//! | `log` | α · ln(1 + x ÷ κ) | `scale` α, `half` κ |
//! | `saturating` | β · (1 − e^(−x ÷ κ)) | `top` β, `half` κ |
//! | `linear` | α · x | `scale` α, perhaps `until` X |
//! | `points` | piecewise linear, flat beyond its ends | `points` |
//!
//! A straight line and a power know of no saturation: what a fit says of them holds up to the largest spend that was seen. From
//! `until` X on they grow by the logarithm of spend alone, value and slope joined there (γ = 1 for a line):
//!
//! ```text
//!     f(x) = f(X) · (1 + γ ln(x ÷ X)),     x > X
//! ```
//!
//! All are non-decreasing. Hill with s > 1 and power with γ > 1 are convex up to [`Saturation::inflection`]; every other
//! is concave from 0, but for `points`, which may be anything that does not fall.

/// A saturation curve.
#[derive(Clone, Debug, PartialEq)]
pub enum Saturation {
    /// Jin, Wang, Sun, Chan & Koehler (2017), "Bayesian Methods for Media Mix Modeling with Carryover and Shape
    /// Effects".
    Hill {
        /// Ceiling β, KPI per period.
        top: f64,
        /// Spend per period κ that yields half the ceiling.
        half: f64,
        /// Shape s.
        slope: f64,
    },
    /// Constant elasticity.
    Power {
        /// KPI per period at one unit of spend.
        scale: f64,
        /// Elasticity γ.
        exponent: f64,
        /// Spend per period from which on it grows by the logarithm alone; infinite where it never does.
        until: f64,
    },
    /// Logarithmic growth without a ceiling.
    Log {
        /// KPI per period per unit of the logarithm.
        scale: f64,
        /// Spend per period where growth turns from linear to logarithmic.
        half: f64,
    },
    /// Exponential approach to a ceiling.
    Saturating {
        /// Ceiling, KPI per period.
        top: f64,
        /// Spend per period that leaves 1/e of the ceiling.
        half: f64,
    },
    /// Every unit of spend yields the same.
    Linear {
        /// KPI per unit of spend.
        scale: f64,
        /// Spend per period from which on it grows by the logarithm alone; infinite where it never does.
        until: f64,
    },
    /// Given points, ascending in x, not descending in y.
    Points(Vec<(f64, f64)>),
}

impl Saturation {
    /// KPI per period at spend `x` per period.
    ///
    /// Hill is written with (κ ÷ x)^s rather than x^s ÷ (κ^s + x^s): the latter is ∞ ÷ ∞ for large spend.
    ///
    /// # Panics
    ///
    /// Debug builds panic if `x` is negative or NaN; spend has no such value.
    ///
    /// ```
    /// use outlay::fit::Saturation;
    ///
    /// let search = Saturation::Hill { top: 80.0, half: 500.0, slope: 1.0 };
    /// assert_eq!(search.at(0.0), 0.0);
    /// assert_eq!(search.at(500.0), 40.0);
    /// ```
    pub fn at(&self, x: f64) -> f64 {
        debug_assert!(x >= 0.0, "spend must not be negative: {x}");
        match self {
            Saturation::Hill { top, half, slope } => top / (1.0 + (half / x).powf(*slope)),
            Saturation::Power { scale, exponent, until } => {
                scale * x.min(*until).powf(*exponent) * (1.0 + exponent * (x / until).max(1.0).ln())
            }
            Saturation::Log { scale, half } => scale * (x / half).ln_1p(),
            Saturation::Saturating { top, half } => -top * (-x / half).exp_m1(),
            Saturation::Linear { scale, until } => scale * x.min(*until) * (1.0 + (x / until).max(1.0).ln()),
            Saturation::Points(points) => interpolate(points, x),
        }
    }

    /// KPI per further unit of spend at spend `x` per period: the derivative from the right. May be infinite at 0.
    ///
    /// ```
    /// use outlay::fit::Saturation;
    /// let line = Saturation::Linear { scale: 0.02, until: 400.0 };
    /// assert_eq!((line.marginal(300.0), line.marginal(800.0)), (0.02, 0.01));
    /// ```
    pub fn marginal(&self, x: f64) -> f64 {
        debug_assert!(x >= 0.0, "spend must not be negative: {x}");
        match self {
            Saturation::Hill { top, half, slope } => hill_marginal(*top, *half, *slope, x),
            Saturation::Power { scale, exponent, until } => {
                scale * exponent * x.min(*until).powf(exponent - 1.0) * (until / x).min(1.0)
            }
            Saturation::Log { scale, half } => scale / (half + x),
            Saturation::Saturating { top, half } => top / half * (-x / half).exp(),
            Saturation::Linear { scale, until } => scale * (until / x).min(1.0),
            Saturation::Points(points) => slope_right_of(points, x),
        }
    }

    /// Spend from which on the curve is concave; 0 for a curve that is concave everywhere, infinite for one that never
    /// is, absent for points, which may turn several times.
    ///
    /// ```
    /// use outlay::fit::Saturation;
    /// let concave = Saturation::Hill { top: 80.0, half: 500.0, slope: 0.9 };
    /// assert_eq!(concave.inflection(), Some(0.0));
    /// ```
    pub fn inflection(&self) -> Option<f64> {
        match self {
            Saturation::Hill { half, slope, .. } if *slope > 1.0 => {
                Some(half * ((slope - 1.0) / (slope + 1.0)).powf(1.0 / slope))
            }
            Saturation::Power { exponent, until, .. } if *exponent > 1.0 => Some(*until),
            Saturation::Points(_) => None,
            _ => Some(0.0),
        }
    }

    /// The curve with every response multiplied by `share`.
    ///
    /// ```
    /// use outlay::fit::Saturation;
    /// let line = |scale| Saturation::Linear { scale, until: 400.0 };
    /// assert_eq!(line(0.02).times(0.5), line(0.01));
    /// ```
    pub fn times(&self, share: f64) -> Saturation {
        let mut curve = self.clone();
        match &mut curve {
            Saturation::Hill { top: height, .. }
            | Saturation::Saturating { top: height, .. }
            | Saturation::Power { scale: height, .. }
            | Saturation::Log { scale: height, .. }
            | Saturation::Linear { scale: height, .. } => *height *= share,
            Saturation::Points(points) => points.iter_mut().for_each(|point| point.1 *= share),
        }
        curve
    }

    /// The curve as far as it was seen: a line or a power is believed up to `most` spend per period and bends there.
    ///
    /// ```
    /// use outlay::fit::Saturation;
    /// let line = Saturation::Linear { scale: 0.02, until: f64::INFINITY }.seen_until(400.0);
    /// assert_eq!(line.at(400.0), 8.0);
    /// assert!((line.at(4000.0) - 8.0 * (1.0 + 10f64.ln())).abs() < 1e-12);
    /// ```
    pub fn seen_until(mut self, most: f64) -> Saturation {
        if let Saturation::Power { until, .. } | Saturation::Linear { until, .. } = &mut self
            && most > 0.0
        {
            *until = until.min(most);
        }
        self
    }

    /// The family's name in model files.
    pub fn family(&self) -> &'static str {
        match self {
            Saturation::Hill { .. } => "hill",
            Saturation::Power { .. } => "power",
            Saturation::Log { .. } => "log",
            Saturation::Saturating { .. } => "saturating",
            Saturation::Linear { .. } => "linear",
            Saturation::Points(_) => "points",
        }
    }
}

/// β s (κ/x)^s ÷ (x (1 + (κ/x)^s)²), with its limit at 0.
fn hill_marginal(top: f64, half: f64, slope: f64, x: f64) -> f64 {
    if x == 0.0 {
        return match slope {
            s if s < 1.0 => f64::INFINITY,
            s if s > 1.0 => 0.0,
            _ => top / half,
        };
    }
    let ratio = (half / x).powf(slope);
    // (r / (1 + r)) / (1 + r): neither factor overflows, however small x is.
    let share = if ratio.is_finite() { ratio / (1.0 + ratio) / (1.0 + ratio) } else { 0.0 };
    top * slope * share / x
}

fn interpolate(points: &[(f64, f64)], x: f64) -> f64 {
    let after = points.partition_point(|point| point.0 <= x);
    match (after.checked_sub(1).map(|before| points[before]), points.get(after)) {
        (Some(left), Some(right)) => left.1 + (right.1 - left.1) * (x - left.0) / (right.0 - left.0),
        (Some(last), None) => last.1,
        (None, first) => first.map_or(0.0, |point| point.1),
    }
}

fn slope_right_of(points: &[(f64, f64)], x: f64) -> f64 {
    let after = points.partition_point(|point| point.0 <= x);
    match (after.checked_sub(1).map(|before| points[before]), points.get(after)) {
        (Some(left), Some(right)) => (right.1 - left.1) / (right.0 - left.0),
        _ => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn until() -> impl Strategy<Value = f64> {
        prop_oneof![Just(f64::INFINITY), 1.0..1e5f64]
    }

    fn curve() -> impl Strategy<Value = Saturation> {
        let (size, shape) = (1.0..1e4f64, 0.3..3.0f64);
        prop_oneof![
            (size.clone(), size.clone(), shape).prop_map(|(top, half, slope)| Saturation::Hill { top, half, slope }),
            (size.clone(), 0.2..1.5f64, until()).prop_map(|(scale, exponent, until)| Saturation::Power {
                scale,
                exponent,
                until
            }),
            (size.clone(), size.clone()).prop_map(|(scale, half)| Saturation::Log { scale, half }),
            (size.clone(), size.clone()).prop_map(|(top, half)| Saturation::Saturating { top, half }),
            (size.clone(), until()).prop_map(|(scale, until)| Saturation::Linear { scale, until }),
            prop::collection::vec((size.clone(), 0.0..100.0f64), 1..6).prop_map(|steps| {
                let sum = |steps: &[(f64, f64)]| steps.iter().fold((0.0, 0.0), |p, s| (p.0 + s.0, p.1 + s.1));
                Saturation::Points((0..steps.len()).map(|i| sum(&steps[..=i])).collect())
            }),
        ]
    }

    proptest! {
        #[test]
        fn more_spend_never_buys_less(curve in curve(), x in 0.0..1e6f64, more in 0.0..1e6f64) {
            prop_assert!(curve.at(x) <= curve.at(x + more) * (1.0 + 1e-12));
        }

        #[test]
        fn marginal_is_the_derivative(curve in curve(), x in 1.0..1e5f64) {
            prop_assume!(!matches!(curve, Saturation::Points(_)));
            let step = x * 1e-5;
            let numeric = (curve.at(x + step) - curve.at(x - step)) / (2.0 * step);
            let scale = curve.at(2.0 * x) / x;
            prop_assert!((curve.marginal(x) - numeric).abs() <= 1e-5 * scale, "{} vs {numeric}", curve.marginal(x));
        }

        #[test]
        fn concave_beyond_the_inflection(curve in curve(), t in 0.0..1.0f64, a in 0.0..1e5f64, b in 0.0..1e5f64) {
            let from = curve.inflection();
            prop_assume!(from.is_some_and(f64::is_finite));
            let (a, b) = (from.unwrap() + a, from.unwrap() + b);
            let chord = t * curve.at(a) + (1.0 - t) * curve.at(b);
            prop_assert!(curve.at(t * a + (1.0 - t) * b) >= chord - 1e-9 * chord.abs().max(1.0));
        }
    }

    #[test]
    fn extreme_spend_stays_finite() {
        let hill = Saturation::Hill { top: 10.0, half: 1e3, slope: 2.5 };
        assert_eq!(hill.at(f64::MAX), 10.0);
        assert_eq!(hill.marginal(f64::MIN_POSITIVE), 0.0);
        assert_eq!(hill.marginal(0.0), 0.0);
    }

    #[test]
    fn points_are_flat_beyond_their_ends() {
        let points = Saturation::Points(vec![(10.0, 2.0), (20.0, 5.0)]);
        let at = [0.0, 10.0, 15.0, 20.0, 99.0].map(|x| points.at(x));
        assert_eq!(at, [2.0, 2.0, 3.5, 5.0, 5.0]);
        assert_eq!([5.0, 10.0, 20.0].map(|x| points.marginal(x)), [0.0, 0.3, 0.0]);
    }
}
