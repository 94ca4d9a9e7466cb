//! A node of the search over pieces: some pieces of each supplier, and how it is split.

use super::Bill;
use super::supplier::Taken;
use crate::plan::line::Allowed;
use crate::plan::nested::{HeldBy, Jump};
use crate::plan::open::Bounded;

/// Some pieces of each supplier, and what their relaxation says on both sides of its price.
pub(super) struct Node<'a> {
    pub(super) bill: Bill<'a>,
    pub(super) among: Vec<(usize, usize)>,
    pub(super) over: Vec<Taken>,
    pub(super) under: Vec<Taken>,
    pub(super) price: f64,
    pub(super) held_by: HeldBy,
    pub(super) bound: f64,
}

/// A line of a supplier that jumps: its place there, from where to where, and where the money that is left takes it.
#[derive(Clone, Copy)]
pub(super) struct Leap {
    pub(super) supplier: usize,
    pub(super) line: usize,
    pub(super) from: f64,
    pub(super) to: f64,
    pub(super) at: f64,
    pub(super) loss: f64,
}

impl<'a> Node<'a> {
    /// Two halves: of the pieces of the supplier whose choices differ by the most cash, or of the spends of the line whose
    /// jump loses most; none when nothing jumps.
    pub(super) fn halves(&self) -> Vec<(Bill<'a>, Vec<(usize, usize)>)> {
        let apart = |s: &usize| (self.over[*s].cash - self.under[*s].cash).abs();
        let differ = (0..self.over.len()).filter(|s| self.over[*s].piece != self.under[*s].piece);
        let Some(supplier) = differ.max_by(|a, b| apart(a).total_cmp(&apart(b))) else {
            return self.halves_of_a_line();
        };
        let low = self.over[supplier].piece.min(self.under[supplier].piece) + 1;
        let (from, to) = self.among[supplier];
        let narrowed = |pieces: (usize, usize)| {
            let mut among = self.among.clone();
            among[supplier] = pieces;
            (self.bill.clone(), among)
        };
        vec![narrowed((from, low)), narrowed((low, to))]
    }

    /// The lines that jump while their supplier stays on its piece.
    pub(super) fn leaps(&self) -> Vec<Leap> {
        let bill = &self.bill;
        let mut leaps = Vec::new();
        let left = (bill.budget - self.under.iter().map(|taken| taken.cash).sum::<f64>()).max(0.0);
        for (supplier, (under, over)) in self.under.iter().zip(&self.over).enumerate() {
            let piece = &bill.suppliers[supplier].pieces[under.piece].0;
            let block = bill.suppliers[supplier].block(under.piece);
            let inner = under.relaxed.jumps.iter().filter(|jump| jump.loss > 0.0);
            leaps.extend(inner.map(|jump| {
                let Jump { line, from, to, at, loss } = *jump;
                Leap { supplier, line, from, to, at, loss }
            }));
            if under.piece != over.piece {
                continue;
            }
            for (line, (from, to)) in under.relaxed.spend.iter().zip(&over.relaxed.spend).enumerate() {
                let (from, to) = (*from, *to);
                if to - from > 1e-6 * bill.budget {
                    let curve = block.curves[line];
                    let loss = curve.value(to) - curve.value(from);
                    let at = from + (left / piece.rate.max(1e-9)).clamp(0.05 * (to - from), 0.95 * (to - from));
                    leaps.push(Leap { supplier, line, from, to, at, loss });
                }
            }
        }
        leaps
    }

    pub(super) fn halves_of_a_line(&self) -> Vec<(Bill<'a>, Vec<(usize, usize)>)> {
        let leaps = self.leaps();
        let Some(leap) = leaps.iter().max_by(|a, b| a.loss.total_cmp(&b.loss)) else { return Vec::new() };
        let allowed = self.bill.suppliers[leap.supplier].allowed[leap.line];
        let halves = [allowed.within(allowed.low, leap.at), allowed.within(leap.at, allowed.high)];
        let narrower = |half: &Allowed| half.low > allowed.low || half.high < allowed.high;
        if !halves.iter().flatten().all(narrower) {
            return Vec::new();
        }
        let half = |half: Allowed| Some((self.bill.with_line(leap.supplier, leap.line, half)?, self.among.clone()));
        halves.into_iter().flatten().filter_map(half).collect()
    }
}

impl Bounded for Node<'_> {
    fn bound(&self) -> f64 {
        self.bound
    }
}
