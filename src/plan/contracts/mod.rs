//! A budget in cash: contracts make cost a function of a supplier's total, so suppliers are priced, not lines.
//!
//! ```text
//!     maximise  Σ F_l(x_l) − m₀ · C     C = Σ_s C_s(X_s) ≤ budget,    X_s = Σ of the lines of supplier s
//! ```
//!
//! `C_s` is a straight line on each of its pieces (tiers, commitment). At a price m of cash a supplier takes the piece that
//! gains most; on a piece a unit of face value costs m times the piece's rate, and the lines are a block as under any nested
//! limits ([`super::nested`]), whose own prices do not depend on m. So
//!
//! ```text
//!     Σ_s max_k max_{X_s on piece k} (V_s(X_s) − m C_s(X_s)) + (m − m₀) · budget
//! ```
//!
//! bounds every plan, whatever the tiers: each supplier's choice of piece is exact, not made convex. What keeps the plan from
//! the bound is that some supplier takes a higher piece just above the price and a lower one just below. It is branched: the
//! pieces up to the lower one, and those beyond.

mod node;
mod offers;
mod supplier;

use std::collections::BTreeMap;
use std::sync::Arc;

use rayon::prelude::*;

use self::node::Node;
use self::offers::Search;
use self::supplier::{Supplier, Taken};
use super::block::Asked;
use super::line::Allowed;
use super::nested::HeldBy;
use super::open::Open;
use super::price::Curve;
use super::reach::reach;
use super::rows::Row;
use crate::settings::Contract;

/// Nodes times suppliers that may be looked at, and the nodes at most.
const MOST_WORK: usize = 20_000;
const MOST_NODES: usize = 2_000;

/// What is to be solved.
#[derive(Clone)]
pub struct Bill<'a> {
    suppliers: Vec<Arc<Supplier<'a>>>,
    /// Most cash.
    budget: f64,
    /// KPI that a unit of cash has to bring to be worth it.
    worth: f64,
    asked: Asked,
    count: usize,
}

/// A plan in cash.
#[derive(Clone, Debug)]
pub struct Paid {
    /// Spend by line, face value.
    pub spend: Vec<f64>,
    /// Objective.
    pub value: f64,
    /// Price of cash.
    pub price: f64,
    /// What sets it.
    pub held_by: HeldBy,
    /// KPI that a unit of face value has to bring, by line.
    pub line_prices: Vec<f64>,
    /// Multipliers of rows, by their index in the task.
    pub rows: Vec<(usize, f64)>,
    /// The face value between which each supplier's total must stay to be on its piece, by its lines.
    pub held: Vec<(Vec<usize>, f64, f64)>,
}

/// Bound and best plan.
#[derive(Clone, Debug)]
pub struct Settled {
    /// Nothing within the limits brings more.
    pub bound: f64,
    /// The best plan found.
    pub plan: Option<Paid>,
}

/// A price of cash, as near to it from below and above as it is known.
struct Price {
    over: f64,
    under: f64,
    /// What sets it.
    held_by: HeldBy,
    /// Whether the budget does: then cash that is left would be worth it.
    of_cash: bool,
}

impl<'a> Bill<'a> {
    /// Lines by supplier; `None` when a limit is about lines of several suppliers, or of one and of none.
    pub fn new(
        curves: &'a [Curve<'a>],
        allowed: &[Allowed],
        rows: &[(usize, &Row)],
        contracts: &[Contract],
        supplier_of: &[Option<usize>],
        terms: (f64, f64, Asked),
    ) -> Option<Bill<'a>> {
        let mut lines: BTreeMap<Option<usize>, Vec<usize>> = BTreeMap::new();
        supplier_of.iter().enumerate().for_each(|(line, supplier)| lines.entry(*supplier).or_default().push(line));
        let whose = |row: &Row| {
            let first = supplier_of[*row.lines.first()?];
            row.lines.iter().all(|line| supplier_of[*line] == first).then_some(first)
        };
        let mut of: BTreeMap<Option<usize>, Vec<(usize, &Row)>> = BTreeMap::new();
        for (index, row) in rows {
            if row.total != 0.0 {
                return None;
            }
            of.entry(whose(row)?).or_default().push((*index, row));
        }
        let none = Vec::new();
        let supplier = |(name, lines): (&Option<usize>, &Vec<usize>)| {
            let rows = of.get(name).unwrap_or(&none);
            Supplier::new(curves, allowed, lines, rows, name.and_then(|name| contracts.get(name)), terms.0)
                .map(Arc::new)
        };
        let suppliers = lines.iter().map(supplier).collect::<Option<Vec<_>>>()?;
        let (budget, worth, asked) = terms;
        Some(Bill { suppliers, budget, worth, asked, count: curves.len() })
    }

    /// Solves it to a relative gap, or as far as nodes go; `None` when nothing keeps its limits.
    pub fn solve(&self, gap: f64) -> Option<Settled> {
        let all: Vec<(usize, usize)> = self.suppliers.iter().map(|supplier| (0, supplier.pieces.len())).collect();
        if all.iter().any(|pieces| pieces.1 == 0) {
            return None;
        }
        let root = self.node(all)?;
        let mut search = Search { tolerance: gap * root.bound.abs(), best: None };
        search.settle(&root);
        let most = (MOST_WORK / self.suppliers.len().max(1)).clamp(20, MOST_NODES);
        let (mut open, mut nodes, mut left) = (Open::of(root), 1, f64::NEG_INFINITY);
        while let Some(node) = open.pop() {
            if search.is_good_enough(node.bound) || nodes >= most {
                open.push(node);
                break;
            }
            let halves = node.halves();
            if halves.is_empty() {
                left = left.max(node.bound);
            }
            for (bill, half) in halves {
                nodes += 1;
                let Some(mut child) = bill.node(half) else { continue };
                child.bound = child.bound.min(node.bound);
                search.settle(&child);
                if search.is_good_enough(child.bound) { left = left.max(child.bound) } else { open.push(child) }
            }
        }
        let bound = open.bound().max(left);
        let bound = search.best.as_ref().map_or(bound, |plan| bound.max(plan.value));
        Some(Settled { bound, plan: search.best })
    }

    /// The bound that prices alone prove, and the spends and prices that it comes with.
    pub fn relaxed(&self) -> Option<(f64, Vec<f64>, Vec<f64>)> {
        let all: Vec<(usize, usize)> = self.suppliers.iter().map(|supplier| (0, supplier.pieces.len())).collect();
        if all.iter().any(|pieces| pieces.1 == 0) {
            return None;
        }
        let node = self.node(all)?;
        let paid = self.paid(&node.under, &node, 0.0);
        Some((node.bound, paid.spend, paid.line_prices))
    }

    /// The best at a price of cash, by supplier, among some of its pieces.
    fn at(&self, price: f64, among: &[(usize, usize)]) -> Option<Vec<Taken>> {
        let of = |supplier: usize| self.suppliers[supplier].at(price, among[supplier]);
        if self.count >= 256 {
            (0..among.len()).into_par_iter().map(of).collect::<Vec<_>>().into_iter().collect()
        } else {
            (0..among.len()).map(of).collect()
        }
    }

    /// The relaxation over some pieces of each supplier.
    fn node(&self, among: Vec<(usize, usize)>) -> Option<Node<'a>> {
        self.at(1.0, &among)?;
        let price = self.within_target(&among, self.within_cost(&among, self.within_budget(&among)?)?)?;
        let taken = (self.at(price.over, &among)?, self.at(price.under, &among)?);
        let gains: f64 = taken.1.iter().map(|taken| taken.gain).sum();
        let bound = gains + if price.of_cash { (price.under - self.worth) * self.budget } else { 0.0 };
        let bound = match (self.asked.target, price.held_by) {
            (Some(target), _) => (bound - target) / price.under.max(1e-300),
            (_, HeldBy::Cost) => {
                let cost = self.asked.cost.unwrap_or(0.0);
                bound * (1.0 - cost * self.worth) / (1.0 - cost * price.under)
            }
            _ => bound,
        };
        let Price { under, held_by, .. } = price;
        Some(Node { bill: self.clone(), among, over: taken.0, under: taken.1, price: under, held_by, bound })
    }

    /// Cash and KPI at a price of cash.
    fn sums(&self, price: f64, among: &[(usize, usize)]) -> (f64, f64) {
        let taken = self.at(price, among).unwrap_or_default();
        taken.iter().fold((0.0, 0.0), |sum, taken| (sum.0 + taken.cash, sum.1 + taken.kpi))
    }

    /// The price at which the budget is enough: what cash has to be worth where it is.
    fn within_budget(&self, among: &[(usize, usize)]) -> Option<Price> {
        let cash = |price: f64| self.sums(price, among).0;
        let slack = 1e-12 * self.budget;
        if cash(self.worth) <= self.budget + slack {
            return Some(Price { over: self.worth, under: self.worth, held_by: HeldBy::Spend, of_cash: false });
        }
        let bracket = reach(cash, self.budget, self.guess().max(self.worth), slack);
        let fits = cash(bracket.under) <= self.budget * (1.0 + 1e-9) + 1e-6;
        let (over, under) = (bracket.over.max(self.worth), bracket.under);
        fits.then_some(Price { over, under, held_by: HeldBy::Spend, of_cash: true })
    }

    /// A price so much higher that a KPI costs no more on average than is asked.
    fn within_cost(&self, among: &[(usize, usize)], price: Price) -> Option<Price> {
        let Some(cost) = self.asked.cost else { return Some(price) };
        let beyond = |price: f64| {
            let (cash, kpi) = self.sums(price, among);
            cash - cost * kpi
        };
        if beyond(price.under) <= 0.0 {
            return Some(price);
        }
        let (mut low, mut high) = (price.under.max(1e-9 / cost), 1.0 / cost);
        if low >= high || beyond(high) > 1e-9 * self.budget {
            return None;
        }
        while high / low - 1.0 > 1e-11 {
            let middle = (low * high).sqrt();
            if beyond(middle) > 0.0 { low = middle } else { high = middle }
        }
        Some(Price { over: low, under: high, held_by: HeldBy::Cost, of_cash: false })
    }

    /// A price at which no more is spent than the KPI to reach takes; `None` where it is out of reach.
    fn within_target(&self, among: &[(usize, usize)], price: Price) -> Option<Price> {
        let Some(target) = self.asked.target else { return Some(price) };
        let kpi = |price: f64| self.sums(price, among).1;
        if kpi(price.over) < target * (1.0 - 1e-12) {
            return None;
        }
        let bracket = reach(kpi, target, self.guess(), 1e-12 * target);
        if bracket.under <= price.under {
            return Some(price);
        }
        let (over, under) = (bracket.over.max(0.0), bracket.under);
        Some(Price { over, under, held_by: HeldBy::Target, of_cash: false })
    }

    fn guess(&self) -> f64 {
        let lines = self.suppliers.iter().flat_map(|supplier| &supplier.curves);
        let sums = lines.fold((0.0, 0.0), |sum, curve| {
            let x = curve.line.reference;
            if x > 0.0 { (sum.0 + curve.value(x), sum.1 + x) } else { sum }
        });
        if sums.0 > 0.0 && sums.1 > 0.0 { 0.5 * sums.0 / sums.1 } else { 1.0 }
    }

    /// A plan's objective when it keeps budget and what else is asked.
    fn value(&self, kpi: f64, cash: f64) -> Option<f64> {
        let fits = cash <= self.budget * (1.0 + 1e-9) + 1e-6
            && self.asked.target.is_none_or(|target| kpi >= target * (1.0 - 1e-9))
            && self.asked.cost.is_none_or(|cost| cash <= cost * kpi * (1.0 + 1e-9));
        fits.then(|| if self.asked.target.is_some() { -cash } else { kpi - self.worth * cash })
    }
}
