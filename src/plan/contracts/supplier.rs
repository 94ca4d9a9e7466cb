//! One supplier: its lines on the pieces of its contract, and what it does at a price of cash.

use crate::plan::block::{Asked, Block};
use crate::plan::cash::{self, Piece};
use crate::plan::line::Allowed;
use crate::plan::nested::{Prepared, Relaxed};
use crate::plan::price::Curve;
use crate::plan::rows::Row;
use crate::plan::tree::{Span, Tree, spans};
use crate::settings::Contract;

/// A supplier's lines, or all lines without a contract.
pub(super) struct Supplier<'a> {
    /// Its lines.
    pub(super) lines: Vec<usize>,
    pub(super) curves: Vec<&'a Curve<'a>>,
    pub(super) tree: Tree,
    pub(super) spans: Vec<Span>,
    /// The rows of the task that its groups' rows are.
    pub(super) rows: Vec<usize>,
    pub(super) allowed: Vec<Allowed>,
    pub(super) money: f64,
    /// The pieces of its contract within its limits, each ready to be priced.
    pub(super) pieces: Vec<(Piece, Option<Prepared<'a>>)>,
}

impl<'a> Supplier<'a> {
    pub(super) fn new(
        curves: &'a [Curve<'a>],
        allowed: &[Allowed],
        lines: &[usize],
        rows: &[(usize, &Row)],
        contract: Option<&Contract>,
        money: f64,
    ) -> Option<Supplier<'a>> {
        let place = |line: &usize| lines.binary_search(line).unwrap_or(0);
        let own: Vec<Row> = rows
            .iter()
            .map(|(_, row)| Row { lines: row.lines.iter().map(place).collect(), ..(*row).clone() })
            .collect();
        let own: Vec<&Row> = own.iter().collect();
        let tree = Tree::new(&own, lines.len())?;
        let whole = Piece { from: 0.0, to: f64::INFINITY, base: 0.0, rate: 1.0 };
        let pieces = contract.map_or_else(|| vec![whole], cash::pieces);
        let mut supplier = Supplier {
            curves: lines.iter().map(|line| &curves[*line]).collect(),
            allowed: lines.iter().map(|line| allowed[*line]).collect(),
            spans: spans(&tree, &own, 0.0),
            rows: rows.iter().map(|row| row.0).collect(),
            lines: lines.to_vec(),
            tree,
            money,
            pieces: Vec::new(),
        };
        for piece in pieces {
            let prepared = Prepared::new(supplier.on(&piece), supplier.allowed.clone());
            supplier.pieces.push((piece, prepared));
        }
        supplier.pieces.iter().any(|(_, prepared)| prepared.is_some()).then_some(supplier)
    }

    /// The same with narrower lines; pieces that these cannot reach stay in their place, and are never taken.
    pub(super) fn narrowed(&self, allowed: Vec<Allowed>) -> Option<Supplier<'a>> {
        let piece =
            |(piece, _): &(Piece, Option<Prepared<'a>>)| (*piece, Prepared::new(self.on(piece), allowed.clone()));
        let pieces: Vec<_> = self.pieces.iter().map(piece).collect();
        pieces.iter().any(|(_, prepared)| prepared.is_some()).then_some(())?;
        Some(Supplier {
            lines: self.lines.clone(),
            curves: self.curves.clone(),
            tree: self.tree.clone(),
            spans: self.spans.clone(),
            rows: self.rows.clone(),
            money: self.money,
            allowed,
            pieces,
        })
    }

    /// Its lines while their total stays on a piece.
    pub(super) fn on(&self, piece: &Piece) -> Block<'a> {
        let mut spans = self.spans.clone();
        if piece.from > spans[0].low {
            (spans[0].low, spans[0].low_row) = (piece.from, None);
        }
        if piece.to < spans[0].high {
            (spans[0].high, spans[0].high_row) = (piece.to, None);
        }
        let tree = self.tree.clone();
        Block { curves: self.curves.clone(), tree, spans, worth: 0.0, asked: Asked::default(), money: self.money }
    }

    /// The block of a piece that was taken.
    pub(super) fn block(&self, piece: usize) -> &Block<'a> {
        match &self.pieces[piece].1 {
            Some(prepared) => &prepared.block,
            None => unreachable!("a piece without a plan is never taken"),
        }
    }

    pub(super) fn at(&self, price: f64, among: (usize, usize)) -> Option<Taken> {
        let mut best: Option<Taken> = None;
        for (index, (piece, prepared)) in self.pieces.iter().enumerate().take(among.1).skip(among.0) {
            let Some(prepared) = prepared else { continue };
            let taken = taken(index, piece, prepared, price)?;
            if best.as_ref().is_none_or(|best| taken.gain > best.gain) {
                best = Some(taken);
            }
        }
        best
    }
}

/// What a supplier does at a price of cash.
#[derive(Clone, Debug)]
pub(super) struct Taken {
    pub(super) piece: usize,
    pub(super) face: f64,
    pub(super) cash: f64,
    pub(super) kpi: f64,
    /// What no choice on the piece exceeds in KPI − price · cash.
    pub(super) gain: f64,
    pub(super) relaxed: Relaxed,
}

pub(super) fn taken(index: usize, piece: &Piece, prepared: &Prepared, price: f64) -> Option<Taken> {
    let relaxed = prepared.at(price * piece.rate)?;
    let face: f64 = relaxed.spend.iter().sum();
    let kpi = prepared.block.kpi(&relaxed.spend);
    let cash = piece.base + piece.rate * face;
    Some(Taken { piece: index, face, cash, kpi, gain: relaxed.bound - price * piece.base, relaxed })
}
