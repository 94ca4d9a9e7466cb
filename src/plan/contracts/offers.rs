//! Plans that a node of the search leads to: a piece a supplier, and lines that jump put at an end of their jump.

use std::sync::Arc;

use super::node::{Leap, Node};
use super::supplier::Taken;
use super::{Bill, Paid};
use crate::plan::line::Allowed;
use crate::plan::nested::HeldBy;

/// How often lines that jump are put at one end and the others solved again.
const MOST_SETTLINGS: usize = 6;

/// The best plan so far.
pub(super) struct Search {
    pub(super) tolerance: f64,
    pub(super) best: Option<Paid>,
}

impl Search {
    pub(super) fn is_good_enough(&self, bound: f64) -> bool {
        self.best.as_ref().is_some_and(|plan| bound - plan.value <= self.tolerance)
    }

    /// Offers what a node's pieces lead to when each supplier keeps to one of them: that below the price, and that above it.
    pub(super) fn settle(&mut self, node: &Node) {
        let fixed = |taken: &[Taken]| taken.iter().map(|taken| (taken.piece, taken.piece + 1)).collect::<Vec<_>>();
        let (below, above) = (fixed(&node.under), fixed(&node.over));
        self.fixed(&node.bill, &below);
        if above != below {
            self.fixed(&node.bill, &above);
        }
    }

    /// Offers the plans of one piece a supplier, lines that jump put at an end of their jump: the one before it, and the
    /// nearer one.
    pub(super) fn fixed(&mut self, bill: &Bill, among: &[(usize, usize)]) {
        let Some(first) = bill.node(among.to_vec()) else { return };
        self.offers(&first);
        type End = fn(&Leap) -> f64;
        let before: End = |leap| leap.from;
        let nearer: End = |leap| if leap.at - leap.from < leap.to - leap.at { leap.from } else { leap.to };
        let after: End = |leap| leap.to;
        let ends = if bill.asked.target.is_some() { [after, nearer] } else { [before, nearer] };
        for end in ends {
            let mut leaps = first.leaps();
            let mut narrowed = bill.clone();
            for _ in 0..MOST_SETTLINGS {
                if leaps.is_empty() {
                    break;
                }
                let Some(next) = narrowed.with_lines(&leaps, end) else { break };
                narrowed = next;
                let Some(node) = narrowed.node(among.to_vec()) else { break };
                self.offers(&node);
                leaps = node.leaps();
            }
        }
    }

    pub(super) fn offers(&mut self, node: &Node) {
        self.offer(if node.bill.asked.target.is_some() { &node.over } else { &node.under }, node);
        if node.held_by == HeldBy::Spend {
            self.offer(&node.bill.filled(node), node);
        }
    }

    pub(super) fn offer(&mut self, taken: &[Taken], node: &Node) {
        let bill = &node.bill;
        let (kpi, cash) = taken.iter().fold((0.0, 0.0), |sum, taken| (sum.0 + taken.kpi, sum.1 + taken.cash));
        let Some(value) = bill.value(kpi, cash) else { return };
        let holds = || {
            let mut each = bill.suppliers.iter().zip(taken);
            each.all(|(s, taken)| s.block(taken.piece).holds(&s.allowed, &taken.relaxed.spend))
        };
        if self.best.as_ref().is_some_and(|plan| plan.value >= value) || !holds() {
            return;
        }
        self.best = Some(bill.paid(taken, node, value));
    }
}

impl<'a> Bill<'a> {
    /// The same with one line narrower.
    pub(super) fn with_line(&self, supplier: usize, line: usize, allowed: Allowed) -> Option<Bill<'a>> {
        let mut bill = self.clone();
        let mut narrower = self.suppliers[supplier].allowed.clone();
        narrower[line] = allowed;
        bill.suppliers[supplier] = Arc::new(self.suppliers[supplier].narrowed(narrower)?);
        Some(bill)
    }

    /// The same with lines that jump held at an end of their jump.
    pub(super) fn with_lines(&self, leaps: &[Leap], end: fn(&Leap) -> f64) -> Option<Bill<'a>> {
        let mut bill = self.clone();
        for supplier in 0..bill.suppliers.len() {
            let mut narrower = bill.suppliers[supplier].allowed.clone();
            let before = narrower.clone();
            for leap in leaps.iter().filter(|leap| leap.supplier == supplier) {
                narrower[leap.line] = Allowed::between(end(leap), end(leap));
            }
            if narrower != before {
                bill.suppliers[supplier] = Arc::new(bill.suppliers[supplier].narrowed(narrower)?);
            }
        }
        Some(bill)
    }

    /// What is left of the budget given to lines that jump, each as far as its jump goes.
    pub(super) fn filled(&self, node: &Node) -> Vec<Taken> {
        let mut filled = node.under.clone();
        let mut left = self.budget - filled.iter().map(|taken| taken.cash).sum::<f64>();
        for (supplier, (taken, over)) in self.suppliers.iter().zip(filled.iter_mut().zip(&node.over)) {
            let piece = &supplier.pieces[taken.piece].0;
            if taken.piece != over.piece {
                continue;
            }
            for line in 0..supplier.lines.len() {
                let jump = over.relaxed.spend[line] - taken.relaxed.spend[line];
                let room = jump.min(left / piece.rate).min(piece.to - taken.face);
                if room > 1e-6 * self.budget && piece.rate > 0.0 {
                    taken.relaxed.spend[line] += room;
                    taken.face += room;
                    taken.cash += piece.rate * room;
                    left -= piece.rate * room;
                }
            }
            taken.kpi = supplier.block(taken.piece).kpi(&taken.relaxed.spend);
        }
        filled
    }

    pub(super) fn paid(&self, taken: &[Taken], node: &Node, value: f64) -> Paid {
        let mut paid = Paid {
            spend: vec![0.0; self.count],
            value,
            price: node.price,
            held_by: node.held_by,
            line_prices: vec![0.0; self.count],
            rows: Vec::new(),
            held: Vec::new(),
        };
        for (supplier, taken) in self.suppliers.iter().zip(taken) {
            let piece = &supplier.pieces[taken.piece].0;
            let block = supplier.block(taken.piece);
            for (line, x) in supplier.lines.iter().zip(&taken.relaxed.spend) {
                paid.spend[*line] = *x;
            }
            for (group, members) in supplier.tree.groups.iter().enumerate() {
                let price = taken.relaxed.prices[group];
                members.lines.iter().for_each(|line| paid.line_prices[supplier.lines[*line]] = price);
                let around = if group == 0 { node.price * piece.rate } else { taken.relaxed.prices[members.parent] };
                let span = &block.spans[group];
                let row = if price > around { span.high_row } else { span.low_row };
                if let (Some(_), Some(row)) = (taken.relaxed.ends[group], row) {
                    paid.rows.push((supplier.rows[row], price - around));
                }
            }
            if supplier.pieces.len() > 1 {
                paid.held.push((supplier.lines.clone(), piece.from, piece.to));
            }
        }
        paid
    }
}
