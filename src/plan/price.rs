//! The best spend of one line at a price, exactly, over its own allowed set and whatever its curve's shape.
//!
//! ```text
//!     max over x in A of F(x) − m x            m: price of a unit of spend ÷ worth of a KPI
//! ```
//!
//! Where F is concave the answer is where F' passes m: a formula or a few Newton steps. One state that is S-shaped is
//! convex up to its inflection, so that there only the ends count. A mean over states of different shapes may turn several
//! times below its last inflection: there cells are split until the polyline above them proves that nothing better is hidden
//! (module `hidden`). What is returned beside the answer is an upper bound on the maximum that holds however
//! accurate the answer is: tangents stand above concave parts.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use super::hidden::{Asked, Cells};
use super::kernel::{At, Hill, Kernel};
use super::line::{Allowed, Line};
use crate::fit::Saturation;
use crate::math::fast;

/// A line's best at a price.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Choice {
    /// Spend.
    pub spend: f64,
    /// KPI at it.
    pub value: f64,
    /// F(x) − m x at it.
    pub gain: f64,
    /// What no allowed spend exceeds in F(x) − m x.
    pub above: f64,
}

impl Choice {
    /// A spend that brings `value`, at price `m`.
    pub(super) fn of(spend: f64, value: f64, m: f64) -> Choice {
        let gain = value - m * spend;
        Choice { spend, value, gain, above: gain }
    }
}

/// What a line pays for counting, in KPI.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Charge {
    /// For spending anything; negative for what it is given.
    pub active: f64,
    /// For spending another amount than it is kept at.
    pub change: f64,
    /// What it is kept at.
    pub kept: f64,
    /// Whether it pays for a change whatever it spends.
    pub changed: bool,
}

impl Charge {
    /// Nothing.
    pub const NONE: Charge = Charge { active: 0.0, change: 0.0, kept: 0.0, changed: false };

    fn of(&self, x: f64) -> f64 {
        let changes = self.changed || (x - self.kept).abs() > 0.005;
        (if x > 0.0 { self.active } else { 0.0 }) + if changes { self.change } else { 0.0 }
    }
}

/// How a curve is curved.
#[derive(Clone, Debug)]
enum Shape {
    /// Nothing is known of what it brings.
    None,
    /// One state: convex up to a spend, concave from there.
    One(f64),
    /// Straight between points, flat beyond the last; (spend, KPI).
    Straight(Vec<(f64, f64)>),
    /// Concave from a spend on; below it, anything.
    Mixed(f64),
}

/// Relative accuracy of the slope at a stationary point.
const SLOPE_ACCURACY: f64 = 1e-13;
/// How steeply, at least, the logarithm of a slope falls where Newton's steps begin.
const NEARLY_FLAT: f64 = -0.05;
/// Steps to a stationary point at most.
const MOST_STEPS: usize = 80;

/// A line ready for pricing.
#[derive(Debug)]
pub struct Curve<'a> {
    /// The line.
    pub line: &'a Line,
    kernel: Kernel<'a>,
    /// The only state, where there is one and it is a Hill curve: by itself it takes a tenth of the memory to look at.
    only: Option<Single>,
    shape: Shape,
    /// What it pays for counting.
    pub charge: Charge,
    /// The v of a single Hill state where the last search for a stationary point ended: the next begins there.
    last: AtomicU64,
    /// KPI at the spend up to which the only state is convex: every price asks for it.
    at_turn: f64,
    /// KPI at its reference spend.
    usual: f64,
    /// What searches over several states found.
    found: Mutex<Option<Box<Found>>>,
}

/// A Hill state and what every price asks of it.
#[derive(Clone, Copy, Debug)]
struct Single {
    hill: Hill,
    /// 1 + 1 ÷ s.
    power: f64,
    /// ln(β s) − ln κ.
    height: f64,
}

impl Single {
    fn new(hill: Hill) -> Single {
        Single { hill, power: 1.0 + 1.0 / hill.slope, height: fast::ln(hill.top * hill.slope) - hill.ln_half }
    }
}

/// What searches over several states found, for the next one to begin with.
#[derive(Debug, Default)]
struct Found {
    /// The last stationary point.
    stationary: Option<(f64, At)>,
    /// What lies above the curve where it may turn several times.
    cells: Cells,
}

impl<'a> Curve<'a> {
    /// Prepares a line.
    pub fn new(line: &'a Line) -> Curve<'a> {
        let kernel = Kernel::new(line);
        let shape = shape(line, &kernel);
        let at_turn = if let Shape::One(turn) = shape { kernel.value(turn.min(f64::MAX)) } else { 0.0 };
        let usual = if line.reference > 0.0 { kernel.value(line.reference) } else { 0.0 };
        let last = AtomicU64::new(f64::NAN.to_bits());
        let only = kernel.hills.only().filter(|_| kernel.others.is_empty()).map(Single::new);
        Curve { line, kernel, only, shape, charge: Charge::NONE, last, at_turn, usual, found: Mutex::default() }
    }

    /// KPI at spend `x`.
    pub fn value(&self, x: f64) -> f64 {
        if matches!(self.shape, Shape::One(turn) if turn == x && x > 0.0) {
            return self.at_turn;
        }
        if let (Some(Single { hill, .. }), true) = (&self.only, x > f64::MIN_POSITIVE) {
            return hill.top / (1.0 + hill.ratio(fast::ln(x)));
        }
        if x > 0.0 || !self.kernel.others.is_empty() { self.kernel.value(x) } else { 0.0 }
    }

    /// The best allowed spend at price `m`, charges paid; the ends of the set must be allowed themselves.
    pub fn best(&self, allowed: &Allowed, m: f64) -> Choice {
        let best = self.uncharged(allowed, m);
        if self.charge.active == 0.0 && self.charge.change == 0.0 {
            return best;
        }
        let paid =
            |choice: Choice, charge: f64| Choice { gain: choice.gain - charge, above: choice.above - charge, ..choice };
        // whatever else it spends it pays for all that counts
        let most = self.charge.active + self.charge.change;
        let mut charged = paid(best, most);
        let least = allowed.up(allowed.low.max(0.01));
        for x in [Some(0.0), Some(self.charge.kept), least].into_iter().flatten().filter(|x| allowed.holds(*x)) {
            charged = better(charged, paid(self.at(x, m), self.charge.of(x)));
        }
        charged
    }

    fn uncharged(&self, allowed: &Allowed, m: f64) -> Choice {
        let (low, high) = (allowed.low, allowed.high);
        if low >= high || matches!(self.shape, Shape::None) {
            let spend = if low < high && m < 0.0 { high } else { low };
            return self.at(spend, m);
        }
        match allowed.island() {
            Some(from) => better(self.at(0.0, m), self.best_between(from.min(high), high, allowed.lot, m)),
            None => self.best_between(low, high, allowed.lot, m),
        }
    }

    fn at(&self, spend: f64, m: f64) -> Choice {
        Choice::of(spend, self.value(spend), m)
    }

    /// Looks at what searches found, or changes it.
    fn found<T>(&self, look: impl FnOnce(&mut Found) -> T) -> T {
        // a thread that panicked left whole entries only
        look(self.found.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_default())
    }

    fn best_between(&self, from: f64, to: f64, lot: f64, m: f64) -> Choice {
        if m <= 0.0 || from >= to {
            return self.at(to, m);
        }
        match &self.shape {
            Shape::None => self.at(from, m),
            Shape::Straight(points) => self.best_straight(points, from, to, lot, m),
            Shape::One(turn) if *turn <= from => self.best_concave(from, to, lot, m),
            Shape::One(turn) => {
                let (left, right) = (down(turn.min(to), lot).max(from), up(*turn, lot));
                let ends = better(self.at(from, m), self.at(left, m));
                if right < to {
                    better(ends, self.best_concave(right, to, lot, m))
                } else {
                    better(ends, self.at(to, m))
                }
            }
            Shape::Mixed(turn) if *turn <= from => self.best_concave(from, to, lot, m),
            Shape::Mixed(turn) => {
                let right = up(turn.min(to), lot).clamp(from, to);
                let beyond = if right < to { self.best_concave(right, to, lot, m) } else { self.at(to, m) };
                let asked = Asked { from, to: turn.min(to), lot, price: m, usual: self.usual };
                let known = better(self.at(from, m), beyond);
                self.found(|found| found.cells.best(&self.kernel, asked, known))
            }
        }
    }

    fn best_straight(&self, points: &[(f64, f64)], from: f64, to: f64, lot: f64, m: f64) -> Choice {
        let mut best = better(self.at(from, m), self.at(to, m));
        let after = points.partition_point(|point| point.0 <= from);
        for (x, _) in points[after..].iter().take_while(|point| point.0 < to) {
            let whole = self.at(*x, m);
            if lot > 0.0 {
                // the corner itself may not be bought, but bounds what its neighbours bring
                let near = better(self.at(down(*x, lot).max(from), m), self.at(up(*x, lot).min(to), m));
                best = better(best, near);
                best.above = best.above.max(whole.above);
            } else {
                best = better(best, whole);
            }
        }
        best
    }

    /// The best on an interval where the curve is concave.
    fn best_concave(&self, from: f64, to: f64, lot: f64, m: f64) -> Choice {
        let (x, slack) = match (&self.only, &self.kernel.others[..]) {
            (Some(only), _) => {
                let (x, value) = self.stationary_hill(only, m);
                if lot == 0.0 && (from..=to).contains(&x) {
                    return Choice::of(x, value, m);
                }
                (x.clamp(from, to), 0.0)
            }
            (None, [(weight, curve)]) if self.kernel.hills.is_empty() => {
                (self.stationary_other(*weight, curve, from, to, m).clamp(from, to), 0.0)
            }
            _ => {
                let (x, value, slack) = self.stationary(from, to, m);
                if lot == 0.0 {
                    let best = Choice::of(x, value, m);
                    return Choice { above: best.above + slack, ..best };
                }
                (x, slack)
            }
        };
        if lot > 0.0 {
            return better(self.at(down(x, lot).max(from), m), self.at(up(x, lot).min(to), m));
        }
        let mut best = self.at(x, m);
        best.above += slack;
        best
    }

    /// The spend on the concave part of a Hill curve where its slope is `m`, and what it brings there; 0 when it is nowhere so
    /// steep.
    ///
    /// With v = s (ln x − ln κ), ln F' = ln(β s) − ln κ − (1 + 1 ÷ s) v − 2 ln(1 + e^{−v}) is concave in v, and lies below
    /// its asymptote for large v: Newton's steps from where the asymptote passes ln m, or from any place where it falls, end
    /// up on the way down to the root. They begin where they last ended, if it falls there.
    fn stationary_hill(&self, &Single { hill, power, height }: &Single, m: f64) -> (f64, f64) {
        let height = height - fast::ln(m);
        let asymptote = height / power;
        let last = f64::from_bits(self.last.load(Ordering::Relaxed));
        let falls = |tail: f64| 2.0 * tail / (1.0 + tail) - power;
        let mut v =
            if last.is_nan() || falls(fast::exp(-last)) >= NEARLY_FLAT { asymptote } else { last.min(asymptote) };
        for _ in 0..MOST_STEPS {
            let tail = fast::exp(-v);
            let fall = falls(tail);
            if fall >= 0.0 || v < -700.0 {
                return (0.0, 0.0);
            }
            let step = (height - power * v - 2.0 * fast::ln(1.0 + tail)) / fall;
            v -= step;
            // each step squares what is off
            if step.abs() <= 1e-9 * v.abs().max(1.0) {
                break;
            }
        }
        self.last.store(v.to_bits(), Ordering::Relaxed);
        (fast::exp(hill.ln_half + v / hill.slope), hill.top / (1.0 + fast::exp(-v)))
    }

    /// Where one state of a family with a closed form has slope `m`.
    fn stationary_other(&self, weight: f64, curve: &Saturation, from: f64, to: f64, m: f64) -> f64 {
        let periods = self.kernel.periods;
        // slope per period that is worth m
        let slope = m * periods / weight;
        let rate = match curve {
            Saturation::Power { scale, exponent, until } if *exponent < 1.0 || until.is_finite() => {
                let rate = (slope / (scale * exponent)).powf(1.0 / (exponent - 1.0));
                // from `until` on its slope is α γ X^γ ÷ x
                let bent = || scale * exponent * until.powf(*exponent) / slope;
                if *exponent < 1.0 && rate <= *until { rate } else { bent() }
            }
            Saturation::Linear { scale, until } if slope < *scale && until.is_finite() => scale * until / slope,
            Saturation::Log { scale, half } => scale / slope - half,
            Saturation::Saturating { top, half } => half * (top / (half * slope)).ln(),
            _ => return if self.kernel.slope(from) > m { to } else { from },
        };
        rate.max(0.0) * periods
    }

    /// Where the slope of several states passes `m` on an interval on which it falls, what they bring there, and by how much
    /// the tangents there leave room above.
    fn stationary(&self, from: f64, to: f64, m: f64) -> (f64, f64, f64) {
        let (mut low, mut high) = (from, to);
        let (mut x, mut at) = self.first(from, to);
        let mut before: Option<(f64, f64)> = None;
        for _ in 0..MOST_STEPS {
            if (at.slope / m - 1.0).abs() <= SLOPE_ACCURACY || high - low <= 1e-14 * high {
                break;
            }
            if at.slope > m {
                low = x
            } else {
                high = x
            }
            if low == to || high == from {
                break;
            }
            // slope falls like a power of spend near any spend
            let power = at.fall.or_else(|| before.map(|(y, s)| -(at.slope / s).ln() / (x / y).ln())).unwrap_or(1.5);
            let power = if power.is_finite() && power > 1e-3 { power.min(20.0) } else { 1.5 };
            let next = x * (at.slope / m).powf(1.0 / power);
            before = Some((x, at.slope));
            x = if next >= to && high == to {
                to
            } else if next <= from && low == from {
                from
            } else if next > low && next < high {
                next
            } else {
                middle(low, high)
            };
            at = self.kernel.at(x);
        }
        if x > 0.0 {
            self.found(|found| found.stationary = Some((x, at)));
        }
        let room = match at.slope > m {
            true if x < to => high.max(x) - x,
            false if at.slope < m && x > from => x - low.min(x),
            _ => 0.0,
        };
        (x, at.value, if room > 0.0 { (at.slope - m).abs() * room } else { 0.0 })
    }

    /// Where a search for a stationary point begins: where the last one ended, if that is on the interval.
    fn first(&self, from: f64, to: f64) -> (f64, At) {
        let last = self.found(|found| found.stationary);
        let x = last.map_or(self.line.reference.max(0.0), |(x, _)| x).clamp(from.max(to * 1e-12), to);
        let again = last.filter(|(at, _)| *at == x);
        again.unwrap_or_else(|| (x, self.kernel.at(x)))
    }
}

fn shape(line: &Line, kernel: &Kernel) -> Shape {
    let is_points = |curve: &Saturation| matches!(curve, Saturation::Points(_));
    let states = line.states();
    if states.is_empty() {
        return Shape::None;
    }
    if kernel.hills.is_empty() && kernel.others.iter().all(|(_, curve)| is_points(curve)) {
        return Shape::Straight(knots(kernel));
    }
    let turn = |curve: &Saturation| curve.inflection().map_or(f64::INFINITY, |turn| turn * line.periods);
    let turn = states.iter().map(|state| turn(&state.saturation)).fold(0.0, f64::max);
    if states.len() == 1 { Shape::One(turn) } else { Shape::Mixed(turn) }
}

/// The places where any of the states given as points turns.
fn knots(kernel: &Kernel) -> Vec<(f64, f64)> {
    let mut places: Vec<f64> = Vec::new();
    for (_, curve) in &kernel.others {
        if let Saturation::Points(points) = curve {
            places.extend(points.iter().map(|point| point.0 * kernel.periods));
        }
    }
    places.sort_by(f64::total_cmp);
    places.dedup();
    places.into_iter().map(|x| (x, kernel.value(x))).collect()
}

/// The better of two, under both bounds.
pub(super) fn better(a: Choice, b: Choice) -> Choice {
    let best = if b.gain > a.gain { b } else { a };
    Choice { above: a.above.max(b.above), ..best }
}

/// Between two spends: by their logarithms where they are far apart.
pub(super) fn middle(a: f64, b: f64) -> f64 {
    if a > 0.0 { if b / a > 4.0 { (a * b).sqrt() } else { f64::midpoint(a, b) } } else { b / 16.0 }
}

pub(super) fn down(x: f64, lot: f64) -> f64 {
    if lot > 0.0 { (x / lot + 1e-7).floor() * lot } else { x }
}

pub(super) fn up(x: f64, lot: f64) -> f64 {
    if lot > 0.0 { (x / lot - 1e-7).ceil() * lot } else { x }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::fit::Curve as Fitted;
    use crate::units::Channel;

    proptest! {
        #[test]
        fn lines_and_powers_that_bend_are_bought_as_a_grid_of_spends_says(
            scale in 0.01..1.0f64, exponent in prop_oneof![Just(1.0), 0.3..1.6f64], until in 100.0..1e4f64, m in 0.001..1.0f64,
        ) {
            let saturation = match exponent {
                1.0 => Saturation::Linear { scale, until },
                _ => Saturation::Power { scale, exponent, until },
            };
            let line = Line {
                channel: Channel::default(),
                curve: Ok(Fitted::certain(saturation)),
                periods: 30.0,
                season: 31.0,
                reference: 900.0,
                observed: 2000.0,
                weights: Vec::new(),
            };
            let curve = Curve::new(&line);
            let best = curve.best(&Allowed::between(0.0, 1e6), m);
            let gain = |x: f64| line.value(x) - m * x;
            prop_assert!((best.gain - gain(best.spend)).abs() <= 1e-9 * best.value.max(1.0), "{best:?}");
            let most = (0..=2000).map(|i| gain(500.0 * f64::from(i))).fold(f64::MIN, f64::max);
            prop_assert!(best.gain >= most - 1e-9 * most.abs() && best.above >= most - 1e-9 * most.abs(), "{best:?} {most}");
        }
    }
}
