//! A line's curve in the form that pricing asks for: value and slope together, one exponential a state.
//!
//! ```text
//!     F(x) = Σ_i a_i ÷ (1 + e^{v_i})        F'(x) = Σ_i a_i s_i e^{v_i} ÷ (x (1 + e^{v_i})²)
//!     v_i = s_i (ln κ_i − ln x)             a_i = S w_i β_i,  κ_i of the whole plan
//! ```
//!
//! for states of the Hill family, whose draws come by the hundred; other families are evaluated as they are. How fast the
//! slope falls, − d ln F' ÷ d ln x = 1 − Σ e_i s_i (e^{v_i} − 1) ÷ (e^{v_i} + 1) ÷ Σ e_i with e_i the terms of x F', comes with it.

use super::line::Line;
use crate::fit::Saturation;
use crate::math::fast::{self, wide};

/// A Hill state: ceiling at its weight, logarithm of the half-saturation spend of the whole plan, shape.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hill {
    pub top: f64,
    pub ln_half: f64,
    pub slope: f64,
}

/// Hill states, their figures side by side.
#[derive(Clone, Debug, Default)]
pub(super) struct Hills {
    tops: Vec<f64>,
    ln_halves: Vec<f64>,
    slopes: Vec<f64>,
}

/// States that are added up side by side.
const PLACES: usize = 8;

impl Hills {
    fn push(&mut self, hill: Hill) {
        self.tops.push(hill.top);
        self.ln_halves.push(hill.ln_half);
        self.slopes.push(hill.slope);
    }

    pub fn len(&self) -> usize {
        self.tops.len()
    }

    pub fn is_empty(&self) -> bool {
        self.tops.is_empty()
    }

    /// The only state there is.
    pub fn only(&self) -> Option<Hill> {
        let ([top], [ln_half], [slope]) = (&self.tops[..], &self.ln_halves[..], &self.slopes[..]) else { return None };
        Some(Hill { top: *top, ln_half: *ln_half, slope: *slope })
    }

    fn iter(&self) -> impl Iterator<Item = Hill> {
        let each = self.tops.iter().zip(&self.ln_halves).zip(&self.slopes);
        each.map(|((top, ln_half), slope)| Hill { top: *top, ln_half: *ln_half, slope: *slope })
    }

    /// Σ of two terms of each state.
    #[inline(always)]
    fn sums(&self, terms: impl Fn(f64, f64, f64) -> (f64, f64)) -> (f64, f64) {
        let chunks = self.tops.chunks_exact(PLACES).zip(self.ln_halves.chunks_exact(PLACES));
        let (mut first, mut second) = ([0.0; PLACES], [0.0; PLACES]);
        for ((tops, halves), slopes) in chunks.zip(self.slopes.chunks_exact(PLACES)) {
            for i in 0..PLACES {
                let terms = terms(tops[i], halves[i], slopes[i]);
                first[i] += terms.0;
                second[i] += terms.1;
            }
        }
        let mut sums: (f64, f64) = (first.iter().sum(), second.iter().sum());
        for i in self.len() / PLACES * PLACES..self.len() {
            let terms = terms(self.tops[i], self.ln_halves[i], self.slopes[i]);
            sums = (sums.0 + terms.0, sums.1 + terms.1);
        }
        sums
    }

    /// Their part of F where ln x is given.
    fn value(&self, ln_x: f64) -> f64 {
        if self.len() < PLACES {
            return self.sums(|top, half, slope| (top / (1.0 + fast::exp(slope * (half - ln_x))), 0.0)).0;
        }
        wide!({ self.sums(|top, half, slope| (top / (1.0 + fast::exp(slope * (half - ln_x))), 0.0)).0 })
    }

    /// Their part of x F' where ln x is given, and Σ e s (e^v − 1) ÷ (e^v + 1).
    fn gains(&self, ln_x: f64) -> (f64, f64) {
        if self.len() < PLACES {
            return self.sums(|top, half, slope| gain(top, slope, fast::exp(slope * (half - ln_x))));
        }
        wide!({ self.sums(|top, half, slope| gain(top, slope, fast::exp(slope * (half - ln_x)))) })
    }
}

/// e = β s e^v ÷ (1 + e^v)², and e s (e^v − 1) ÷ (e^v + 1).
#[inline(always)]
fn gain(top: f64, slope: f64, ratio: f64) -> (f64, f64) {
    let share = 1.0 / (1.0 + ratio);
    let gain = top * slope * (ratio * share * share);
    (gain, gain * slope * (ratio - 1.0) * share)
}

/// The states of a line, ready to be evaluated.
#[derive(Clone, Debug)]
pub(super) struct Kernel<'a> {
    pub hills: Hills,
    /// Other states, each with its weight times the season.
    pub others: Vec<(f64, &'a Saturation)>,
    pub periods: f64,
}

impl Kernel<'_> {
    pub fn new(line: &Line) -> Kernel<'_> {
        let mut kernel = Kernel { hills: Hills::default(), others: Vec::new(), periods: line.periods };
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
        let hills = if x > f64::MIN_POSITIVE { self.hills.value(fast::ln(x)) } else { 0.0 };
        if self.others.is_empty() {
            return hills;
        }
        let other = |(weight, curve): &(f64, &Saturation)| weight * curve.at(x / self.periods);
        hills + self.others.iter().map(other).sum::<f64>()
    }

    /// F' at `x`, from the right; may be infinite at 0.
    pub fn slope(&self, x: f64) -> f64 {
        self.slope_and_fall(x).0
    }

    /// F' at `x`, and − d ln F' ÷ d ln x there where all states are of the Hill family.
    pub fn slope_and_fall(&self, x: f64) -> (f64, Option<f64>) {
        let other = |(weight, curve): &(f64, &Saturation)| weight / self.periods * curve.marginal(x / self.periods);
        let others: f64 = self.others.iter().map(other).sum();
        if x <= f64::MIN_POSITIVE {
            return (others + self.hills.iter().map(slope_at_zero).sum::<f64>(), None);
        }
        let (gains, falls) = self.hills.gains(fast::ln(x));
        (others + gains / x, self.others.is_empty().then(|| 1.0 - falls / gains))
    }
}

fn slope_at_zero(hill: Hill) -> f64 {
    match hill.slope {
        s if s < 1.0 => f64::INFINITY,
        s if s > 1.0 => 0.0,
        _ => hill.top / hill.ln_half.exp(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::fit::{Curve, Response};
    use crate::units::Channel;

    fn line(states: &[(f64, f64, f64)]) -> Line {
        let draw = |(top, half, slope): &(f64, f64, f64)| Response {
            saturation: Saturation::Hill { top: *top, half: *half, slope: *slope },
            decay: 0.0,
        };
        let draws: Vec<Response> = states.iter().map(draw).collect();
        Line {
            channel: Channel::default(),
            curve: Ok(Curve { summary: draws[0].clone(), draws }),
            periods: 30.0,
            season: 33.0,
            reference: 900.0,
            observed: 2000.0,
            weights: Vec::new(),
        }
    }

    proptest! {
        // one, a few, and more states than are added up side by side
        #[test]
        fn states_side_by_side_are_the_states_one_by_one(
            states in prop::collection::vec((10.0..200.0f64, 100.0..2000.0f64, 0.4..4.0f64), 1..30), x in 10.0..1e5f64,
        ) {
            let line = line(&states);
            let kernel = Kernel::new(&line);
            let near = |a: f64, b: f64, accuracy: f64| (a - b).abs() <= accuracy * b.abs();
            prop_assert!(near(kernel.value(x), line.value(x), 1e-12), "{} {}", kernel.value(x), line.value(x));
            let (slope, fall) = kernel.slope_and_fall(x);
            prop_assert!(near(slope, line.value_slope(x), 1e-11), "{slope} {}", line.value_slope(x));
            let step = 1e-5_f64;
            let numeric = -(line.value_slope(x * step.exp()) / line.value_slope(x / step.exp())).ln() / (2.0 * step);
            prop_assert!((fall.unwrap() - numeric).abs() <= 1e-5 * numeric.abs().max(1.0), "{fall:?} {numeric}");
        }
    }
}
