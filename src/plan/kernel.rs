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
    /// The largest slope of each by spend, where it turns; 0 where it turns nowhere.
    steepest: Vec<f64>,
}

/// States that are added up side by side.
const PLACES: usize = 8;
/// What rounding may take from a sum of a few hundred states.
pub(super) const ROUNDING: f64 = 1e-12;

impl Hills {
    fn push(&mut self, hill: Hill) {
        self.tops.push(hill.top);
        self.ln_halves.push(hill.ln_half);
        self.slopes.push(hill.slope);
        self.steepest.push(hill.steepest());
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

    /// Σ of some terms of each state.
    #[inline(always)]
    fn sums<const TERMS: usize>(&self, terms: impl Fn(Hill, f64) -> [f64; TERMS]) -> [f64; TERMS] {
        let chunks = self.tops.chunks_exact(PLACES).zip(self.ln_halves.chunks_exact(PLACES));
        let others = self.slopes.chunks_exact(PLACES).zip(self.steepest.chunks_exact(PLACES));
        let mut places = [[0.0; PLACES]; TERMS];
        for ((tops, halves), (slopes, steepest)) in chunks.zip(others) {
            for i in 0..PLACES {
                let hill = Hill { top: tops[i], ln_half: halves[i], slope: slopes[i] };
                let terms = terms(hill, steepest[i]);
                for term in 0..TERMS {
                    places[term][i] += terms[term];
                }
            }
        }
        let mut sums: [f64; TERMS] = places.map(|places| places.iter().sum());
        for i in self.len() / PLACES * PLACES..self.len() {
            let hill = Hill { top: self.tops[i], ln_half: self.ln_halves[i], slope: self.slopes[i] };
            let terms = terms(hill, self.steepest[i]);
            for term in 0..TERMS {
                sums[term] += terms[term];
            }
        }
        sums
    }

    /// The same, by the widest instructions where there are states enough for them.
    #[inline(always)]
    fn wide_sums<const TERMS: usize>(&self, terms: impl Fn(Hill, f64) -> [f64; TERMS]) -> [f64; TERMS] {
        if self.len() < PLACES {
            return self.sums(terms);
        }
        wide!({ self.sums(&terms) })
    }

    /// Their part of F where ln x is given.
    fn value(&self, ln_x: f64) -> f64 {
        self.wide_sums(|hill, _| [hill.top / (1.0 + hill.ratio(ln_x))])[0]
    }

    /// Their part of F and of x F' where ln x is given, and Σ e s (e^v − 1) ÷ (e^v + 1).
    fn gains(&self, ln_x: f64) -> [f64; 3] {
        self.wide_sums(|hill, _| {
            let ratio = hill.ratio(ln_x);
            let [gain, fall] = gain(hill.top, hill.slope, ratio);
            [hill.top / (1.0 + ratio), gain, fall]
        })
    }

    /// Adds their part at the ends of a cell.
    fn add_ends(&self, ends: &mut Ends, [a, b]: [f64; 2]) {
        let (ln_a, ln_b) = (fast::ln(a.max(f64::MIN_POSITIVE)), fast::ln(b));
        let sums = self.wide_sums(|hill, steepest| {
            let at = [ln_a, ln_b].map(|ln_x| hill.ratio(ln_x));
            let [low, high] = at.map(|ratio| hill.top / (1.0 + ratio));
            let [gain_low, gain_high] = at.map(|ratio| gain(hill.top, hill.slope, ratio)[0]);
            // it turns where e^v (s − 1) = s + 1
            let [from_a, from_b] = at.map(|ratio| ratio * (hill.slope - 1.0) - (hill.slope + 1.0));
            let concave = if from_a <= 0.0 { 1.0 } else { 0.0 };
            let turns = from_b < -ROUNDING * (hill.slope + 1.0);
            let straight = if turns { low + steepest * (b - a) } else { high };
            let (curved, rest) = (concave, 1.0 - concave);
            [curved * low, curved * gain_low, curved * high, curved * gain_high, rest * low, rest * straight]
        });
        // nothing is brought by nothing, whatever rounding says
        let (at_a, low, slope_a) = match a > f64::MIN_POSITIVE {
            true => (sums[0], sums[4], sums[1] / a),
            false => (0.0, 0.0, self.iter().map(slope_at_zero).sum::<f64>()),
        };
        ends.concave[0] = (ends.concave[0].0 + at_a, ends.concave[0].1 + slope_a);
        ends.concave[1] = (ends.concave[1].0 + sums[2], ends.concave[1].1 + sums[3] / b);
        ends.straight[0] += low;
        ends.straight[1] += sums[5];
    }
}

impl Hill {
    /// e^v = (κ ÷ x)^s.
    #[inline(always)]
    pub fn ratio(&self, ln_x: f64) -> f64 {
        fast::exp(self.slope * (self.ln_half - ln_x))
    }

    /// Its slope where it turns, at e^v = (s + 1) ÷ (s − 1): β (s² − 1) ÷ 4 s x; 0 when it turns nowhere.
    fn steepest(&self) -> f64 {
        if self.slope <= 1.0 {
            return 0.0;
        }
        let ln_ratio = fast::ln((self.slope + 1.0) / (self.slope - 1.0));
        let turn = fast::exp(self.ln_half - ln_ratio / self.slope);
        self.top * (self.slope * self.slope - 1.0) / (4.0 * self.slope * turn)
    }
}

/// Sums over the states of what is known at the ends of a cell.
#[derive(Debug, Default)]
pub(super) struct Ends {
    /// Values and slopes of the states that are concave on the cell.
    pub concave: [(f64, f64); 2],
    /// Values of the lines above all other states.
    pub straight: [f64; 2],
}

/// e = β s e^v ÷ (1 + e^v)², and e s (e^v − 1) ÷ (e^v + 1).
#[inline(always)]
fn gain(top: f64, slope: f64, ratio: f64) -> [f64; 2] {
    let share = 1.0 / (1.0 + ratio);
    let gain = top * slope * (ratio * share * share);
    [gain, gain * slope * (ratio - 1.0) * share]
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

    /// What is known of the states at the ends of a cell.
    pub fn ends(&self, cell: [f64; 2]) -> Ends {
        let mut ends = Ends::default();
        if !self.hills.is_empty() {
            self.hills.add_ends(&mut ends, cell);
        }
        self.others.iter().for_each(|(weight, curve)| add_other(&mut ends, *weight, self.periods, curve, cell));
        ends
    }

    /// F' at `x`, from the right; may be infinite at 0.
    pub fn slope(&self, x: f64) -> f64 {
        self.at(x).slope
    }

    /// F and F' at `x`, and how F' falls.
    pub fn at(&self, x: f64) -> At {
        let (mut value, mut slope) = (0.0, 0.0);
        for (weight, curve) in &self.others {
            value += weight * curve.at(x / self.periods);
            slope += weight / self.periods * curve.marginal(x / self.periods);
        }
        if x <= f64::MIN_POSITIVE {
            return At { value, slope: slope + self.hills.iter().map(slope_at_zero).sum::<f64>(), fall: None };
        }
        let [values, gains, falls] = self.hills.gains(fast::ln(x));
        At {
            value: value + values,
            slope: slope + gains / x,
            fall: self.others.is_empty().then(|| 1.0 - falls / gains),
        }
    }
}

/// What a line brings at a spend.
#[derive(Clone, Copy, Debug)]
pub(super) struct At {
    /// F.
    pub value: f64,
    /// F'.
    pub slope: f64,
    /// − d ln F' ÷ d ln x, where all states are of the Hill family.
    pub fall: Option<f64>,
}

/// Adds another state's part at the ends of a cell, as its `curve` by period says.
fn add_other(ends: &mut Ends, weight: f64, periods: f64, curve: &Saturation, [a, b]: [f64; 2]) {
    let at = |x: f64| weight * curve.at(x / periods);
    let marginal = |x: f64| weight / periods * curve.marginal(x / periods);
    match curve.inflection().map(|turn| turn * periods) {
        Some(turn) if turn <= a => {
            ends.concave[0] = (ends.concave[0].0 + at(a), ends.concave[0].1 + marginal(a));
            ends.concave[1] = (ends.concave[1].0 + at(b), ends.concave[1].1 + marginal(b));
        }
        Some(turn) if turn < b => {
            ends.straight[0] += at(a);
            ends.straight[1] += at(a) + marginal(turn) * (b - a);
        }
        // convex on the cell, or points without a knot inside: at or below the chord
        _ => {
            ends.straight[0] += at(a);
            ends.straight[1] += at(b);
        }
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
            let At { value, slope, fall } = kernel.at(x);
            prop_assert!(near(value, line.value(x), 1e-12), "{value} {}", line.value(x));
            prop_assert!(near(slope, line.value_slope(x), 1e-11), "{slope} {}", line.value_slope(x));
            let step = 1e-5_f64;
            let numeric = -(line.value_slope(x * step.exp()) / line.value_slope(x / step.exp())).ln() / (2.0 * step);
            prop_assert!((fall.unwrap() - numeric).abs() <= 1e-5 * numeric.abs().max(1.0), "{fall:?} {numeric}");
        }
    }

    proptest! {
        #[test]
        fn ends_of_cells_side_by_side_are_those_of_the_states_one_by_one(
            states in prop::collection::vec((10.0..200.0f64, 100.0..2000.0f64, 0.4..4.0f64), 1..30),
            a in prop_oneof![Just(0.0), 10.0..1e5f64], width in 0.01..10.0f64,
        ) {
            let line = line(&states);
            let kernel = Kernel::new(&line);
            let cell = [a, (a + 1.0) * (1.0 + width)];
            let mut one_by_one = Ends::default();
            for (i, state) in line.states().iter().enumerate() {
                add_other(&mut one_by_one, line.season * line.weight(i), line.periods, &state.saturation, cell);
            }
            let side_by_side = kernel.ends(cell);
            let of = |ends: &Ends| [
                ends.concave[0].0, ends.concave[0].1, ends.concave[1].0, ends.concave[1].1, ends.straight[0], ends.straight[1],
            ];
            for (x, y) in of(&side_by_side).into_iter().zip(of(&one_by_one)) {
                prop_assert!(x == y || (x - y).abs() <= 1e-11 * y.abs() + 1e-300, "{side_by_side:?} {one_by_one:?}");
            }
        }
    }
}
