//! A certified concave polyline above a line's curve.
//!
//! On a cell `[a, b]` of a grid the curve is a mean of states of the world. States that are concave there lie below
//! their tangents at a and b; states that are convex lie below their chord; a state that turns inside lies below the line
//! from a with its steepest slope. The sum is a polyline with at most one kink that nothing of the curve exceeds; the upper
//! hull of all cells is concave. Smaller cells bring it down to the concave envelope: a relaxation over it is a proven
//! bound, however few cells there are.

use super::kernel::{Ends, Kernel, ROUNDING};
use super::line::{Allowed, Line};

/// A concave polyline, its corners ascending in spend; (spend, KPI).
#[derive(Clone, Debug, PartialEq)]
pub struct Envelope {
    /// The corners; at least one.
    pub corners: Vec<(f64, f64)>,
}

impl Envelope {
    /// Its value at `x`, which lies between the first and the last corner.
    pub fn at(&self, x: f64) -> f64 {
        let after = self.corners.partition_point(|corner| corner.0 < x).clamp(1, self.corners.len().max(2) - 1);
        match (self.corners.get(after - 1), self.corners.get(after)) {
            (Some(a), Some(b)) => a.1 + (b.1 - a.1) * (x - a.0) / (b.0 - a.0),
            (Some(only), None) => only.1,
            _ => 0.0,
        }
    }

    /// The corners around `x`, the same twice when it is one.
    pub fn around(&self, x: f64) -> (f64, f64) {
        let after = self.corners.partition_point(|corner| corner.0 < x).min(self.corners.len() - 1);
        let before = if self.corners[after].0 <= x { after } else { after.saturating_sub(1) };
        (self.corners[before].0, self.corners[after].0)
    }

    /// The largest value of θ·(envelope) − price·x: at the corner where the slope passes price ÷ θ, found by halving.
    pub fn best(&self, theta: f64, price: f64) -> f64 {
        let value = |i: usize| theta * self.corners[i].1 - price * self.corners[i].0;
        let (mut low, mut high) = (0, self.corners.len() - 1);
        while low < high {
            let middle = usize::midpoint(low, high);
            if value(middle + 1) > value(middle) { low = middle + 1 } else { high = middle }
        }
        // rounding may make a few neighbours' slopes disagree with their order
        let near = low.saturating_sub(2)..=(low + 2).min(self.corners.len() - 1);
        near.map(value).fold(f64::NEG_INFINITY, f64::max)
    }
}

/// The cells of one line: a grid of spends and, between neighbours, the corners of what lies above the curve.
#[derive(Clone, Debug)]
pub struct Cells<'a> {
    line: &'a Line,
    kernel: Kernel<'a>,
    grid: Vec<f64>,
    /// One cell between each two neighbours of the grid.
    above: Vec<Vec<(f64, f64)>>,
}

/// Width, relative to its spend, below which a cell is not split further: a smooth curve stays within the square of it.
const LEAST_WIDTH: f64 = 1e-4;
/// Relative distance below which two spends are the same.
const SAME: f64 = 1e-9;

impl<'a> Cells<'a> {
    /// Cells over the allowed spends: finest around the reference spend and towards 0, where curves bend most.
    pub fn new(line: &'a Line, allowed: &Allowed) -> Cells<'a> {
        let kernel = Kernel::new(line);
        let (low, high) = (allowed.low, allowed.high);
        let mut grid = vec![low, high];
        grid.extend(places(line.reference, high));
        grid.extend([line.reference, line.observed].iter().copied().filter(|x| x.is_finite()));
        grid.extend(allowed.island());
        grid.extend(knots(line));
        grid.retain(|x| (low..=high).contains(x));
        grid.sort_by(f64::total_cmp);
        grid.dedup_by(|b, a| *b - *a <= SAME * high);
        if let (Some(last), true) = (grid.last_mut(), high > low) {
            *last = high;
        }
        let above = grid.windows(2).map(|ends| corners(&kernel, ends[0], ends[1])).collect();
        Cells { line, kernel, grid, above }
    }

    /// Puts `x` on the grid, unless the cell around it is narrow enough; whether that made a difference.
    pub fn split(&mut self, x: f64) -> bool {
        self.split_above(x, LEAST_WIDTH)
    }

    fn split_above(&mut self, x: f64, width: f64) -> bool {
        let after = self.grid.partition_point(|point| *point <= x);
        if after == 0 || after == self.grid.len() {
            return false;
        }
        let (a, b) = (self.grid[after - 1], self.grid[after]);
        let least = width * b.max(1e-9);
        if x - a <= least || b - x <= least {
            return false;
        }
        self.grid.insert(after, x);
        self.above[after - 1] = corners(&self.kernel, a, x);
        self.above.insert(after, corners(&self.kernel, x, b));
        true
    }

    /// Splits the cell around `x` at `x` and its halves in the middle; whether that made a difference.
    pub fn refine(&mut self, x: f64) -> bool {
        let split = self.split(x);
        let at = self.grid.partition_point(|point| *point < x);
        let near = |i: usize| Some((self.grid.get(i)? + self.grid.get(i + 1)?) / 2.0);
        let middles = [at.checked_sub(1).and_then(near), near(at)];
        middles.into_iter().flatten().fold(split, |any, middle| self.split(middle) || any)
    }

    /// The envelope over an allowed set whose ends are on the grid, or close enough to be put there.
    pub fn envelope(&mut self, allowed: &Allowed) -> Envelope {
        let exact = |x: f64| (x, self.line.value(x));
        if allowed.high - allowed.low <= allowed.lot * 1.5 || allowed.low == allowed.high {
            let ends = [exact(allowed.low), exact(allowed.high)];
            return Envelope { corners: if allowed.low == allowed.high { vec![ends[0]] } else { ends.to_vec() } };
        }
        let (island, from) = match allowed.island() {
            Some(start) => (Some(exact(0.0)), start.min(allowed.high)),
            None => (None, allowed.low),
        };
        self.split_above(from, SAME);
        self.split_above(allowed.high, SAME);
        let inside =
            |i: &usize| self.grid[*i] >= from * (1.0 - SAME) && self.grid[i + 1] <= allowed.high * (1.0 + SAME);
        let cells = (0..self.above.len()).filter(inside).flat_map(|i| self.above[i].iter().copied());
        let ends = [exact(from), exact(allowed.high)];
        Envelope { corners: hull(island.into_iter().chain(ends).chain(cells).collect()) }
    }
}

/// Spends up to `high`, in steps of their own size: wide ones far above the reference, which may be a thousandth of a
/// budget that many lines share.
fn places(reference: f64, high: f64) -> Vec<f64> {
    let usual = if reference > 0.0 { reference.min(high) } else { high };
    let mut places = vec![0.75 * high, 0.9 * high];
    let mut x = high;
    while x > usual / 600.0 && x > 0.0 {
        places.push(x);
        x *= if x > 4.0 * usual { 0.3 } else { 0.6 };
    }
    places
}

/// Spends where a curve given as points turns.
fn knots(line: &Line) -> Vec<f64> {
    let of_state = |state: &crate::fit::Response| match &state.saturation {
        crate::fit::Saturation::Points(points) => points.iter().map(|point| point.0 * line.periods).collect(),
        _ => Vec::new(),
    };
    line.states().iter().flat_map(of_state).collect()
}

/// The corners of a polyline above the curve on `[a, b]`, spends ascending.
pub(super) fn corners(kernel: &Kernel, a: f64, b: f64) -> Vec<(f64, f64)> {
    let Ends { concave: [(at_a, slope_a), (at_b, slope_b)], straight } = kernel.ends([a, b]);
    let straight = |x: f64| straight[0] + (straight[1] - straight[0]) * (x - a) / (b - a);
    let corner = |x: f64, tangent: f64| (x, (1.0 + ROUNDING) * (tangent + straight(x)));
    let from_b = at_b - slope_b * (b - a);
    if !slope_a.is_finite() {
        return vec![corner(a, from_b), corner(b, at_b)];
    }
    let kink = a + (from_b - at_a) / (slope_a - slope_b);
    if kink > a && kink < b {
        return vec![corner(a, at_a), corner(kink, at_a + slope_a * (kink - a)), corner(b, at_b)];
    }
    vec![corner(a, at_a), corner(b, at_b)]
}

/// The upper hull of points, ascending in x (Andrew 1979).
pub(super) fn hull(mut points: Vec<(f64, f64)>) -> Vec<(f64, f64)> {
    points.sort_by(|a, b| a.0.total_cmp(&b.0).then(b.1.total_cmp(&a.1)));
    points.dedup_by(|b, a| b.0 - a.0 <= 1e-12 * b.0.abs());
    let mut hull: Vec<(f64, f64)> = Vec::new();
    for point in points {
        while let [.., a, b] = hull[..]
            && (b.1 - a.1) * (point.0 - a.0) <= (point.1 - a.1) * (b.0 - a.0)
        {
            hull.pop();
        }
        hull.push(point);
    }
    hull
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fit::{Curve, Response, Saturation};
    use crate::units::Channel;
    use proptest::prelude::*;

    fn line(states: Vec<(f64, f64, f64)>) -> Line {
        let draw = |(top, half, slope): &(f64, f64, f64)| Response {
            saturation: Saturation::Hill { top: *top, half: *half, slope: *slope },
            decay: 0.0,
        };
        let draws: Vec<_> = states.iter().map(draw).collect();
        let curve = Ok(Curve { summary: draws[0].clone(), draws });
        Line {
            channel: Channel::default(),
            curve,
            periods: 30.0,
            season: 28.0,
            reference: 900.0,
            observed: 2e4,
            weights: Vec::new(),
        }
    }

    proptest! {
        #[test]
        fn nothing_of_the_curve_exceeds_it(
            states in prop::collection::vec((1.0..100.0f64, 10.0..1000.0f64, 0.3..3.0f64), 1..6),
            at in prop::collection::vec(0.0..1.0f64, 20),
            splits in prop::collection::vec(0.0..1.0f64, 0..5),
        ) {
            let line = line(states);
            let allowed = Allowed::between(0.0, 30_000.0);
            let mut cells = Cells::new(&line, &allowed);
            splits.iter().for_each(|share| { cells.split(share * 30_000.0); });
            let envelope = cells.envelope(&allowed);
            for share in at {
                let x = share * 30_000.0;
                prop_assert!(envelope.at(x) >= line.expected(x) * (1.0 - 1e-12), "at {x}");
            }
        }

        #[test]
        fn smaller_cells_bring_it_down(slope in 0.4..1.0f64, x in 100.0..29_000.0f64) {
            let line = line(vec![(50.0, 200.0, slope)]);
            let allowed = Allowed::between(0.0, 30_000.0);
            let mut cells = Cells::new(&line, &allowed);
            for _ in 0..12 {
                cells.refine(x);
            }
            let excess = cells.envelope(&allowed).at(x) / line.expected(x) - 1.0;
            prop_assert!(excess < 1e-9, "{excess}");
        }
    }

    #[test]
    fn nothing_or_a_minimum_is_bridged_by_a_straight_line() {
        let line = line(vec![(50.0, 200.0, 1.0)]);
        let allowed = Allowed { low: 0.0, high: 30_000.0, minimum: 3_000.0, lot: 0.0 };
        let envelope = Cells::new(&line, &allowed).envelope(&allowed);
        assert!((envelope.at(1_500.0) - line.expected(3_000.0) / 2.0).abs() < 1e-6);
    }
}
