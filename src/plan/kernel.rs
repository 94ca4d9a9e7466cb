//! A line's curve in the form that pricing asks for: value and slope together, one exponential a state.
//!
//! ```text
//!     F(x) = Σ_i a_i ÷ (1 + e^{v_i})        F'(x) = Σ_i a_i s_i e^{v_i} ÷ (x (1 + e^{v_i})²)
//!     v_i = s_i (ln κ_i − ln x)             a_i = S w_i β_i,  κ_i of the whole plan
//! ```
//!
//! for states of the Hill family, whose draws come by the hundred; other families are evaluated as they are.

use super::line::Line;
use crate::fit::Saturation;

/// A Hill state: ceiling at its weight, logarithm of the half-saturation spend of the whole plan, shape.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hill {
    pub top: f64,
    pub ln_half: f64,
    pub slope: f64,
}

/// The states of a line, ready to be evaluated.
#[derive(Clone, Debug)]
pub(super) struct Kernel<'a> {
    pub hills: Vec<Hill>,
    /// Other states, each with its weight times the season.
    pub others: Vec<(f64, &'a Saturation)>,
    pub periods: f64,
}

impl Kernel<'_> {
    pub fn new(line: &Line) -> Kernel<'_> {
        let mut kernel = Kernel { hills: Vec::new(), others: Vec::new(), periods: line.periods };
        for (i, state) in line.states().iter().enumerate() {
            let weight = line.season * line.weight(i);
            match &state.saturation {
                Saturation::Hill { top, half, slope } => {
                    let ln_half = (half * line.periods).ln();
                    kernel.hills.push(Hill { top: weight * top, ln_half, slope: *slope });
                }
                other => kernel.others.push((weight, other)),
            }
        }
        kernel
    }

    /// F at `x`.
    pub fn value(&self, x: f64) -> f64 {
        let ln_x = x.ln();
        let hill = |hill: &Hill| hill.top / (1.0 + (hill.slope * (hill.ln_half - ln_x)).exp());
        let other = |(weight, curve): &(f64, &Saturation)| weight * curve.at(x / self.periods);
        self.hills.iter().map(hill).sum::<f64>() + self.others.iter().map(other).sum::<f64>()
    }

    /// F' at `x`, from the right; may be infinite at 0.
    pub fn slope(&self, x: f64) -> f64 {
        let other = |(weight, curve): &(f64, &Saturation)| weight / self.periods * curve.marginal(x / self.periods);
        let others: f64 = self.others.iter().map(other).sum();
        if x <= 0.0 {
            return others + self.hills.iter().map(slope_at_zero).sum::<f64>();
        }
        let ln_x = x.ln();
        let hill = |hill: &Hill| {
            let ratio = (hill.slope * (hill.ln_half - ln_x)).exp();
            let share = 1.0 / (1.0 + ratio);
            if ratio.is_finite() { hill.top * hill.slope * (ratio * share * share) } else { 0.0 }
        };
        others + self.hills.iter().map(hill).sum::<f64>() / x
    }
}

fn slope_at_zero(hill: &Hill) -> f64 {
    match hill.slope {
        s if s < 1.0 => f64::INFINITY,
        s if s > 1.0 => 0.0,
        _ => hill.top / hill.ln_half.exp(),
    }
}
