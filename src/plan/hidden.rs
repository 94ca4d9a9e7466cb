//! Proof that nothing better is hidden where a curve may turn several times.
//!
//! The best of F(x) − m x on an interval is looked for by halving cells: one whose polyline ([`super::envelope`]) stays below
//! the best that is known holds nothing better. Most cells are the same at every price, so what was worked out of them is kept.

use std::collections::HashMap;

use super::envelope;
use super::kernel::Kernel;
use super::price::{Choice, better, down, middle, up};
use crate::fit::Saturation;

/// Share of a line's best, or of what it usually brings, by which a hidden maximum may exceed it.
const HIDDEN: f64 = 1e-9;
/// Cells looked at in one search.
const MOST_CELLS: usize = 4_000;
/// Cells of a line that are kept from one search to the next.
const MOST_KNOWN: usize = 2_000;
/// Width, relative to its end, of a cell that is not halved.
const LEAST_WIDTH: f64 = 1e-9;

/// Where and for what is looked.
#[derive(Clone, Copy)]
pub(super) struct Asked {
    pub from: f64,
    pub to: f64,
    pub lot: f64,
    /// Price of a unit of spend in KPI.
    pub price: f64,
    /// KPI that a hidden maximum is weighed against.
    pub usual: f64,
}

/// What is known of a line's cells.
#[derive(Debug, Default)]
pub(super) struct Cells {
    all: Vec<Cell>,
    /// Those that no other was halved into, by the bits of their ends.
    whole: HashMap<(u64, u64), usize>,
}

#[derive(Debug)]
struct Cell {
    ends: (f64, f64),
    /// KPI at its end.
    high: f64,
    /// Corners of a polyline above the curve, once they were asked for.
    corners: Option<Vec<(f64, f64)>>,
    /// Its first half; the second stands behind it.
    halves: Option<usize>,
}

impl Cells {
    /// The best of what is `known` and of an interval.
    pub fn best(&mut self, kernel: &Kernel, asked: Asked, known: Choice) -> Choice {
        if self.all.len() > MOST_KNOWN {
            *self = Cells::default();
        }
        let mut best = known;
        // a curve does not fall: nothing on [a, b] brings more than its end for less than its beginning
        let whole = self.whole(kernel, (asked.from, asked.to));
        if self.all[whole].high - asked.price * asked.from <= best.gain {
            return best;
        }
        let mut open = self.between_knots(kernel, whole, asked);
        let mut looked = 0;
        while let Some(cell) = open.pop() {
            let least = best.gain + HIDDEN * best.value.abs().max(asked.usual);
            let bound = self.bound(kernel, cell, asked.price, least);
            let (a, b) = self.all[cell].ends;
            looked += 1;
            if bound <= least || looked >= MOST_CELLS || b - a <= LEAST_WIDTH * b {
                best.above = best.above.max(bound);
                continue;
            }
            let first = self.halved(kernel, cell);
            let (_, middle) = self.all[first].ends;
            if asked.lot > 0.0 {
                for x in [down(middle, asked.lot).max(asked.from), up(middle, asked.lot).min(asked.to)] {
                    best = better(best, Choice::of(x, kernel.value(x), asked.price));
                }
            } else {
                best = better(best, Choice::of(middle, self.all[first].high, asked.price));
            }
            open.extend([first, first + 1]);
        }
        best
    }

    /// What nothing on a cell exceeds: no closer than is needed to see that it is at most `least`.
    fn bound(&mut self, kernel: &Kernel, cell: usize, price: f64, least: f64) -> f64 {
        let cell = &mut self.all[cell];
        let (a, b) = cell.ends;
        let steps = cell.high - price * a;
        if steps <= least {
            return steps;
        }
        let corners = cell.corners.get_or_insert_with(|| envelope::corners(kernel, a, b));
        corners.iter().map(|(x, y)| y - price * x).fold(f64::MIN, f64::max).min(steps)
    }

    /// A cell that no other is halved into.
    fn whole(&mut self, kernel: &Kernel, ends: (f64, f64)) -> usize {
        let key = (ends.0.to_bits(), ends.1.to_bits());
        if let Some(known) = self.whole.get(&key) {
            return *known;
        }
        let index = self.put(ends, kernel.value(ends.1));
        self.whole.insert(key, index);
        index
    }

    fn put(&mut self, ends: (f64, f64), high: f64) -> usize {
        self.all.push(Cell { ends, high, corners: None, halves: None });
        self.all.len() - 1
    }

    /// The first of the two halves of a cell.
    fn halved(&mut self, kernel: &Kernel, cell: usize) -> usize {
        let Cell { ends: (a, b), high, halves, .. } = self.all[cell];
        if let Some(first) = halves {
            return first;
        }
        let middle = middle(a, b);
        let first = self.put((a, middle), kernel.value(middle));
        self.put((middle, b), high);
        self.all[cell].halves = Some(first);
        first
    }

    /// The interval, cut where states given as points turn.
    fn between_knots(&mut self, kernel: &Kernel, whole: usize, asked: Asked) -> Vec<usize> {
        let mut cells = vec![(asked.from, asked.to)];
        for (_, curve) in &kernel.others {
            if let Saturation::Points(points) = curve {
                cells = points.iter().fold(cells, |cells, point| cut(cells, point.0 * kernel.periods));
            }
        }
        if let [_] = cells[..] {
            return vec![whole];
        }
        cells.into_iter().map(|ends| self.whole(kernel, ends)).collect()
    }
}

fn cut(cells: Vec<(f64, f64)>, at: f64) -> Vec<(f64, f64)> {
    let split = |(a, b): (f64, f64)| if at > a && at < b { vec![(a, at), (at, b)] } else { vec![(a, b)] };
    cells.into_iter().flat_map(split).collect()
}
