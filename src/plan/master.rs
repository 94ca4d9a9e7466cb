//! The program of a plan, solved small: lines that the same rows are about share one price, so the best use of any sum
//! among them is known beforehand, and the solver sees one polyline a group instead of one a line.
//!
//! The segments of a group's envelopes, steepest first, are the corners of what the group brings at its best (a merge of
//! concave polylines). The solver is given a sketch of each: a few of its corners, all of which lie on it, so that its
//! answer is a plan that exists. Its duals are proven on the whole polylines ([`Program::prove`]); while they promise more
//! than the answer brings, the corners around the answer join the sketch (a column generation after Dantzig & Wolfe 1960,
//! one convexity row a group).

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::envelope::Envelope;
use super::program::{Duals, Payable, Program, Solved};
use super::rows::Row;
use super::solve;
use crate::check::Error;

/// Relative gap between a sketch's answer and what its duals promise at which it is good enough.
const TOLERANCE: f64 = 1e-8;
/// Sketches solved at most.
const MOST_SKETCHES: usize = 16;
/// Corners in the first sketch of a group.
const FIRST_CORNERS: usize = 24;

/// Solves a program; `None` when nothing satisfies its rows.
///
/// # Errors
///
/// As [`solve::plan`].
pub fn solve(program: &Program) -> Result<Option<Solved>, Error> {
    let groups = Groups::new(program);
    let rows: Vec<Row> = program.rows.iter().map(|row| groups.row(row)).collect();
    let rows: Vec<&Row> = rows.iter().collect();
    let payables: Vec<Payable> = program.payables.iter().map(|payable| groups.payable(payable)).collect();
    let whole = Program { envelopes: &groups.envelopes, rows: &rows, payables: &payables, ..*program };
    let mut sketch = Sketch::new(&groups.envelopes);
    let mut best: Option<(Vec<f64>, Duals, f64)> = None;
    for _ in 0..MOST_SKETCHES {
        let envelopes = sketch.envelopes();
        let small = Program { envelopes: &envelopes, ..whole };
        let Some((spend, duals)) = solve::plan(&small)? else {
            // a sketch lies below its group: what it cannot reach the group may
            if best.is_some() || !sketch.complete() {
                break;
            }
            continue;
        };
        let (duals, bound) = whole.prove(duals);
        let value = small.value(&spend);
        let bound = best.as_ref().map_or(bound, |before| before.2.min(bound));
        let settled = bound - value <= TOLERANCE * bound.abs() || !sketch.refine(&spend);
        best = Some((spend, duals, bound));
        if settled {
            break;
        }
    }
    Ok(best.map(|(spend, duals, bound)| Solved {
        spend: groups.spread(&spend, program.envelopes),
        line_prices: groups.line_prices(&whole.line_prices(&duals), program.envelopes.len()),
        duals,
        bound,
    }))
}

/// Lines by the rows that are about them.
struct Groups {
    /// Lines of each group, ascending.
    lines: Vec<Vec<usize>>,
    /// Group of each line.
    of_line: Vec<usize>,
    /// What each group brings at its best.
    envelopes: Vec<Envelope>,
    /// Which line each segment of a group's envelope belongs to, and how long it is.
    segments: Vec<Vec<(usize, f64)>>,
}

impl Groups {
    fn new(program: &Program) -> Groups {
        let suppliers = program.payables.iter().map(|payable| &payable.lines[..]);
        let (lines, of_line) = groups(about(program.rows).chain(suppliers), program.envelopes.len());
        let merged: Vec<_> = lines.par_iter().map(|lines| merged(lines, program.envelopes)).collect();
        let (envelopes, segments) = merged.into_iter().unzip();
        Groups { lines, of_line, envelopes, segments }
    }

    /// The groups that lines make up.
    fn of(&self, lines: &[usize]) -> Vec<usize> {
        let mut groups: Vec<usize> = lines.iter().map(|line| self.of_line[*line]).collect();
        groups.sort_unstable();
        groups.dedup();
        groups
    }

    /// A row about lines as one about groups.
    fn row(&self, row: &Row) -> Row {
        Row { lines: self.of(&row.lines), ..row.clone() }
    }

    /// A supplier of lines as one of groups.
    fn payable(&self, payable: &Payable) -> Payable {
        Payable { lines: self.of(&payable.lines), above: payable.above.clone() }
    }

    /// The lines' spends that bring the most for their groups' spends.
    fn spread(&self, spend: &[f64], envelopes: &[Envelope]) -> Vec<f64> {
        let mut spread: Vec<f64> = envelopes.iter().map(|above| above.corners[0].0).collect();
        for (group, sum) in spend.iter().enumerate() {
            let mut left = sum - self.lines[group].iter().map(|line| spread[*line]).sum::<f64>();
            for (line, width) in &self.segments[group] {
                if left <= 0.0 {
                    break;
                }
                spread[*line] += left.min(*width);
                left -= width;
            }
        }
        let ends = |above: &Envelope| (above.corners[0].0, above.corners[above.corners.len() - 1].0);
        spread.iter().zip(envelopes).map(|(x, above)| x.clamp(ends(above).0, ends(above).1)).collect()
    }

    fn line_prices(&self, prices: &[f64], count: usize) -> Vec<f64> {
        (0..count).map(|line| prices[self.of_line[line]]).collect()
    }
}

/// The lines that each row is about.
pub(super) fn about<'a>(rows: &'a [&Row]) -> impl Iterator<Item = &'a [usize]> {
    rows.iter().map(|row| &row.lines[..])
}

/// Lines by the sets that they are in: the lines of each group, ascending, and the group of each line.
pub(super) fn groups<'a>(sets: impl Iterator<Item = &'a [usize]>, count: usize) -> (Vec<Vec<usize>>, Vec<usize>) {
    let mut about: Vec<Vec<usize>> = vec![Vec::new(); count];
    for (index, set) in sets.enumerate() {
        set.iter().for_each(|line| about[*line].push(index));
    }
    let mut known: BTreeMap<&[usize], usize> = BTreeMap::new();
    let mut lines: Vec<Vec<usize>> = Vec::new();
    let mut of_line = Vec::with_capacity(count);
    for (line, rows) in about.iter().enumerate() {
        let group = *known.entry(rows).or_insert(lines.len());
        if group == lines.len() {
            lines.push(Vec::new());
        }
        lines[group].push(line);
        of_line.push(group);
    }
    (lines, of_line)
}

/// The merged envelope of some lines and its segments, steepest first.
fn merged(lines: &[usize], envelopes: &[Envelope]) -> (Envelope, Vec<(usize, f64)>) {
    let mut segments: Vec<(f64, usize, f64)> = Vec::new();
    let mut at = (0.0, 0.0);
    for line in lines {
        let corners = &envelopes[*line].corners;
        at = (at.0 + corners[0].0, at.1 + corners[0].1);
        let segment = |pair: &[(f64, f64)]| {
            let width = pair[1].0 - pair[0].0;
            ((pair[1].1 - pair[0].1) / width, *line, width)
        };
        segments.extend(corners.windows(2).map(segment));
    }
    // stable: a line's own segments stay in order where rounding makes two of them equally steep
    segments.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mut corners = vec![at];
    for (slope, _, width) in &segments {
        at = (at.0 + width, at.1 + slope * width);
        corners.push(at);
    }
    (Envelope { corners }, segments.into_iter().map(|(_, line, width)| (line, width)).collect())
}

/// A few corners of each group's envelope, by index.
struct Sketch<'a> {
    whole: &'a [Envelope],
    chosen: Vec<Vec<usize>>,
}

impl Sketch<'_> {
    fn new(whole: &[Envelope]) -> Sketch<'_> {
        let chosen = whole.iter().map(|above| {
            let last = above.corners.len() - 1;
            let mut chosen: Vec<usize> = (0..FIRST_CORNERS).map(|k| k * last / (FIRST_CORNERS - 1)).collect();
            chosen.dedup();
            chosen
        });
        Sketch { chosen: chosen.collect(), whole }
    }

    fn envelopes(&self) -> Vec<Envelope> {
        let corners = |(chosen, whole): (&Vec<usize>, &Envelope)| chosen.iter().map(|i| whole.corners[*i]).collect();
        self.chosen.iter().zip(self.whole).map(|both| Envelope { corners: corners(both) }).collect()
    }

    /// Takes in the corners around each group's spend and halfway to their neighbours; whether any was new.
    fn refine(&mut self, spend: &[f64]) -> bool {
        let mut any = false;
        for ((chosen, whole), x) in self.chosen.iter_mut().zip(self.whole).zip(spend) {
            let corners = &whole.corners;
            let near = corners.partition_point(|corner| corner.0 < *x).min(corners.len() - 1);
            let place = chosen.partition_point(|i| *i < near);
            let before = place.checked_sub(1).map_or(0, |place| chosen[place]);
            let after = chosen.get(place).copied().unwrap_or(corners.len() - 1);
            let wanted = [
                near.saturating_sub(1),
                near,
                (near + 1).min(corners.len() - 1),
                (before + near) / 2,
                (near + after) / 2,
            ];
            let count = chosen.len();
            chosen.extend(wanted);
            chosen.sort_unstable();
            chosen.dedup();
            any |= chosen.len() > count;
        }
        any
    }

    /// Takes in every corner; whether any was new.
    fn complete(&mut self) -> bool {
        let before: usize = self.chosen.iter().map(Vec::len).sum();
        self.chosen = self.whole.iter().map(|above| (0..above.corners.len()).collect()).collect();
        before < self.chosen.iter().map(Vec::len).sum()
    }
}
