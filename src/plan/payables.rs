//! Suppliers under contracts in a search over programs, where limits are about lines of several of them.
//!
//! A node of the search keeps each supplier to some pieces of its contract. Its program sees the convex polyline below
//! the cash of these pieces ([`Payable`]); what the plan then owes beyond it is what the node may still gain, and the supplier
//! that owes most is branched: the pieces up to the one that its total is on, and those beyond. On a single piece cash is
//! a straight line, and the program is exact.

use super::cash::{self, Piece};
use super::envelope::{Envelope, hull};
use super::laminar;
use super::line::Allowed;
use super::program::Payable;
use super::search::Task;
use crate::check::Error;
use crate::settings::Contract;

/// Share of a total that the solver's accuracy may have taken.
const ACCURACY: f64 = 1e-7;

/// From which piece of its contract up to which, exclusive, each supplier is.
pub type Among = Vec<(usize, usize)>;

/// What a spend costs in cash.
pub fn cash_of_all(task: &Task, spend: &[f64]) -> f64 {
    Suppliers::of(task).cash_of_all(spend)
}

/// The suppliers under contracts; none when the budget is in face value.
pub struct Suppliers<'a> {
    each: Vec<Supplier<'a>>,
    /// The supplier that each line is of.
    of_line: Vec<Option<usize>>,
}

struct Supplier<'a> {
    contract: &'a Contract,
    lines: Vec<usize>,
    pieces: Vec<Piece>,
}

impl<'a> Suppliers<'a> {
    /// The suppliers of a task.
    ///
    /// # Errors
    ///
    /// [`crate::check::Kind::Settings`] for a ceiling on the average cost of some, not all, lines of a supplier under a
    /// contract: no contract says what these cost alone.
    pub fn new(task: &'a Task) -> Result<Suppliers<'a>, Error> {
        let suppliers = Suppliers::of(task);
        for row in task.rows.iter().filter(|row| row.cost().is_some()) {
            let within = |line: &&usize| row.lines.binary_search(line).is_ok();
            let part = |supplier: &&Supplier| {
                let count = supplier.lines.iter().filter(within).count();
                count > 0 && count < supplier.lines.len()
            };
            if let Some(supplier) = suppliers.each.iter().find(part) {
                return Err(part_of_a_supplier(&row.label.to_string(), &supplier.contract.supplier));
            }
        }
        Ok(suppliers)
    }

    fn of(task: &'a Task) -> Suppliers<'a> {
        let of_line = laminar::suppliers(task);
        let supplier = |(index, contract): (usize, &'a Contract)| Supplier {
            contract,
            lines: (0..of_line.len()).filter(|line| of_line[*line] == Some(index)).collect(),
            pieces: cash::pieces(contract),
        };
        Suppliers { each: task.contracts.iter().enumerate().map(supplier).collect(), of_line }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.each.is_empty()
    }

    /// The lines of each.
    pub fn lines(&self) -> impl Iterator<Item = &[usize]> {
        self.each.iter().map(|supplier| &supplier.lines[..])
    }

    /// Every piece.
    pub fn all(&self) -> Among {
        self.each.iter().map(|supplier| (0, supplier.pieces.len())).collect()
    }

    /// The pieces that a spend is on.
    pub fn pieces(&self, spend: &[f64]) -> Among {
        self.each.iter().map(|supplier| supplier.piece(total(&supplier.lines, spend))).map(|k| (k, k + 1)).collect()
    }

    /// What some lines cost in cash, all of those of a supplier or none.
    pub fn cash(&self, lines: &[usize], spend: &[f64]) -> f64 {
        let free = lines.iter().filter(|line| self.of_line[**line].is_none());
        let about = self.each.iter().filter(|s| s.lines.iter().all(|line| lines.binary_search(line).is_ok()));
        let paid = about.map(|supplier| supplier.cash(total(&supplier.lines, spend)));
        free.map(|line| spend[*line]).sum::<f64>() + paid.sum::<f64>()
    }

    /// What a whole spend costs in cash.
    pub fn cash_of_all(&self, spend: &[f64]) -> f64 {
        self.cash(&(0..spend.len()).collect::<Vec<_>>(), spend)
    }

    /// What suppliers ask at least while on some of their pieces; `None` when one of them cannot be there.
    pub fn payables(&self, among: &Among, allowed: &[Allowed]) -> Option<Vec<Payable>> {
        let payable = |(supplier, among): (&Supplier, &(usize, usize))| supplier.payable(*among, allowed);
        self.each.iter().zip(among).map(payable).collect()
    }

    /// By how much each supplier's cash exceeds what a program saw of it.
    pub fn owed(&self, payables: &[Payable], spend: &[f64]) -> Vec<f64> {
        let owed = |(supplier, payable): (&Supplier, &Payable)| {
            let sum = total(&supplier.lines, spend);
            (supplier.cash(sum) + payable.above.at(sum)).max(0.0)
        };
        self.each.iter().zip(payables).map(owed).collect()
    }

    /// A supplier's pieces as two halves, around the one that a spend is on; none when it has but one.
    pub fn halves(&self, among: &Among, supplier: usize, spend: &[f64]) -> Vec<Among> {
        let (from, to) = among[supplier];
        let here = self.each[supplier].piece(total(&self.each[supplier].lines, spend));
        let middle = if here + 1 < to { here + 1 } else { here };
        if middle <= from || middle >= to {
            return Vec::new();
        }
        let half = |pieces: (usize, usize)| {
            let mut half = among.clone();
            half[supplier] = pieces;
            half
        };
        vec![half((from, middle)), half((middle, to))]
    }

    /// Between which totals suppliers with several pieces must stay for their cash to be what it is, by their lines.
    pub fn held(&self, spend: &[f64]) -> Vec<(Vec<usize>, f64, f64)> {
        let several = self.each.iter().filter(|supplier| supplier.pieces.len() > 1);
        let held = several.map(|supplier| {
            let piece = &supplier.pieces[supplier.piece(total(&supplier.lines, spend))];
            (supplier.lines.clone(), piece.from, piece.to)
        });
        held.collect()
    }
}

impl Supplier<'_> {
    /// The piece that a total is on; a total that the solver's accuracy left below the beginning of one is on it.
    fn piece(&self, total: f64) -> usize {
        let reached = total + ACCURACY * total.max(1.0);
        self.pieces.partition_point(|piece| piece.from <= reached).saturating_sub(1)
    }

    fn cash(&self, total: f64) -> f64 {
        let piece = &self.pieces[self.piece(total)];
        piece.base + piece.rate * total
    }

    fn payable(&self, among: (usize, usize), allowed: &[Allowed]) -> Option<Payable> {
        let sum = |end: fn(&Allowed) -> f64| self.lines.iter().map(|line| end(&allowed[*line])).sum::<f64>();
        let (least, most) = (sum(|allowed| allowed.low), sum(|allowed| allowed.high));
        let within = self.pieces[among.0..among.1].iter().filter(|piece| piece.from <= most && piece.to >= least);
        let ends = |piece: &Piece| {
            let at = |total: f64| (total, -(piece.base + piece.rate * total));
            [at(piece.from.max(least)), at(piece.to.min(most))]
        };
        let corners = hull(within.flat_map(ends).collect());
        let above = Envelope { corners };
        (!above.corners.is_empty()).then(|| Payable { lines: self.lines.clone(), above })
    }
}

fn total(lines: &[usize], spend: &[f64]) -> f64 {
    lines.iter().map(|line| spend[*line]).sum()
}

/// A ceiling that no contract gives the cash for.
fn part_of_a_supplier(limit: &str, supplier: &str) -> Error {
    let message = format!(
        "in cash, the ceiling of limit `{limit}` on the average cost is about some of the lines of `{supplier}`: its \
         contract says what all of them cost"
    );
    Error::setting("plan.budget_in", message).help(
        "let the limit be about whole suppliers, or plan with `budget_in = \"face\"`: the cash is stated beside it",
    )
}
