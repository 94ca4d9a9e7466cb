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

use std::cmp::Ordering;
use std::collections::{BTreeMap, BinaryHeap};

use rayon::prelude::*;

use super::cash::{self, Piece};
use super::line::Allowed;
use super::nested::{Asked, Block, HeldBy, Prepared, Relaxed, reach};
use super::price::Curve;
use super::rows::Row;
use super::tree::{Span, Tree, spans};
use crate::settings::Contract;

/// Nodes times suppliers that may be looked at, and the nodes at most.
const MOST_WORK: usize = 20_000;
const MOST_NODES: usize = 2_000;
/// How often lines that jump are put at one end and the others solved again.
const MOST_SETTLINGS: usize = 6;

/// A supplier's lines, or all lines without a contract.
struct Supplier<'a> {
    /// Its lines.
    lines: Vec<usize>,
    curves: Vec<&'a Curve<'a>>,
    tree: Tree,
    spans: Vec<Span>,
    /// The rows of the task that its groups' rows are.
    rows: Vec<usize>,
    allowed: Vec<Allowed>,
    money: f64,
    /// The pieces of its contract within its limits, each ready to be priced.
    pieces: Vec<(Piece, Prepared<'a>)>,
}

/// What is to be solved.
pub struct Bill<'a> {
    suppliers: Vec<Supplier<'a>>,
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

impl<'a> Bill<'a> {
    /// Lines by supplier; `None` when a limit is about lines of several suppliers, or of one and of none.
    pub fn new(
        curves: &'a [Curve<'a>], allowed: &[Allowed], rows: &[(usize, &Row)], contracts: &[Contract],
        supplier_of: &[Option<usize>], terms: (f64, f64, Asked),
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
        let mut search = Search { bill: self, tolerance: gap * root.bound.abs(), best: None };
        search.settle(&root);
        let most = (MOST_WORK / self.suppliers.len().max(1)).clamp(20, MOST_NODES);
        let (mut open, mut nodes, mut left) = (BinaryHeap::from([root]), 1, f64::NEG_INFINITY);
        while let Some(node) = open.pop() {
            if search.is_good_enough(node.bound) || nodes >= most {
                open.push(node);
                break;
            }
            let halves = node.halves();
            if halves.is_empty() {
                left = left.max(node.bound);
            }
            for half in halves {
                nodes += 1;
                let Some(mut child) = self.node(half) else { continue };
                child.bound = child.bound.min(node.bound);
                search.settle(&child);
                if search.is_good_enough(child.bound) { left = left.max(child.bound) } else { open.push(child) }
            }
        }
        let bound = open.iter().map(|node| node.bound).fold(left, f64::max);
        let bound = search.best.as_ref().map_or(bound, |plan| bound.max(plan.value));
        Some(Settled { bound, plan: search.best })
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
    fn node(&self, among: Vec<(usize, usize)>) -> Option<Node> {
        let figure = |price: f64, of: fn(&Taken) -> f64| -> f64 {
            self.at(price, &among).map_or(0.0, |taken| taken.iter().map(of).sum())
        };
        let cash = |price: f64| figure(price, |taken| taken.cash);
        let kpi = |price: f64| figure(price, |taken| taken.kpi);
        self.at(1.0, &among)?;
        let guess = self.guess();
        let slack = 1e-12 * self.budget;
        let mut held_by = HeldBy::Spend;
        let (mut over, mut under) = (self.worth, self.worth);
        let mut capped = false;
        if cash(self.worth) > self.budget + slack {
            let bracket = reach(cash, self.budget, guess.max(self.worth), slack);
            (over, under, capped) = (bracket.over.max(self.worth), bracket.under, true);
            if cash(under) > self.budget * (1.0 + 1e-9) + 1e-6 {
                return None;
            }
        }
        if let Some(cost) = self.asked.cost {
            let beyond = |price: f64| cash(price) - cost * kpi(price);
            if beyond(under) > 0.0 {
                let (mut low, mut high) = (under.max(1e-9 / cost), 1.0 / cost);
                if low >= high || beyond(high) > 1e-9 * self.budget {
                    return None;
                }
                while high / low - 1.0 > 1e-11 {
                    let middle = (low * high).sqrt();
                    if beyond(middle) > 0.0 { low = middle } else { high = middle }
                }
                (over, under, held_by, capped) = (low, high, HeldBy::Cost, false);
            }
        }
        if let Some(target) = self.asked.target {
            if kpi(over) < target * (1.0 - 1e-12) {
                return None;
            }
            let bracket = reach(kpi, target, guess, 1e-12 * target);
            if bracket.under > under {
                (over, under, held_by, capped) = (bracket.over.max(0.0), bracket.under, HeldBy::Target, false);
            }
        }
        let taken = (self.at(over, &among)?, self.at(under, &among)?);
        let gains: f64 = taken.1.iter().map(|taken| taken.gain).sum();
        let bound = gains + if capped { (under - self.worth) * self.budget } else { 0.0 };
        let bound = match (self.asked.target, held_by) {
            (Some(target), _) => (bound - target) / under.max(1e-300),
            (_, HeldBy::Cost) => {
                let cost = self.asked.cost.unwrap_or(0.0);
                bound * (1.0 - cost * self.worth) / (1.0 - cost * under)
            }
            _ => bound,
        };
        Some(Node { among, over: taken.0, under: taken.1, price: under, held_by, bound })
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

impl<'a> Supplier<'a> {
    fn new(
        curves: &'a [Curve<'a>], allowed: &[Allowed], lines: &[usize], rows: &[(usize, &Row)],
        contract: Option<&Contract>, money: f64,
    ) -> Option<Supplier<'a>> {
        let place = |line: &usize| lines.binary_search(line).unwrap_or(0);
        let own: Vec<Row> =
            rows.iter().map(|(_, row)| Row { lines: row.lines.iter().map(place).collect(), ..(*row).clone() }).collect();
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
            supplier.pieces.extend(prepared.map(|prepared| (piece, prepared)));
        }
        Some(supplier)
    }

    /// Its lines while their total stays on a piece.
    fn on(&self, piece: &Piece) -> Block<'a> {
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

    fn at(&self, price: f64, among: (usize, usize)) -> Option<Taken> {
        let mut best: Option<Taken> = None;
        for (index, (piece, prepared)) in self.pieces.iter().enumerate().take(among.1).skip(among.0) {
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
struct Taken {
    piece: usize,
    face: f64,
    cash: f64,
    kpi: f64,
    /// What no choice on the piece exceeds in KPI − price · cash.
    gain: f64,
    relaxed: Relaxed,
}

fn taken(index: usize, piece: &Piece, prepared: &Prepared, price: f64) -> Option<Taken> {
    let relaxed = prepared.at(price * piece.rate)?;
    let face: f64 = relaxed.spend.iter().sum();
    let kpi = prepared.block.kpi(&relaxed.spend);
    let cash = piece.base + piece.rate * face;
    Some(Taken { piece: index, face, cash, kpi, gain: relaxed.bound - price * piece.base, relaxed })
}

/// Some pieces of each supplier, and what their relaxation says on both sides of its price.
struct Node {
    among: Vec<(usize, usize)>,
    over: Vec<Taken>,
    under: Vec<Taken>,
    price: f64,
    held_by: HeldBy,
    bound: f64,
}

impl Node {
    /// The two halves at the supplier whose pieces differ by the most cash; none when all agree.
    fn halves(&self) -> Vec<Vec<(usize, usize)>> {
        let apart = |s: &usize| (self.over[*s].cash - self.under[*s].cash).abs();
        let differ = (0..self.over.len()).filter(|s| self.over[*s].piece != self.under[*s].piece);
        let Some(supplier) = differ.max_by(|a, b| apart(a).total_cmp(&apart(b))) else { return Vec::new() };
        let low = self.over[supplier].piece.min(self.under[supplier].piece) + 1;
        let (from, to) = self.among[supplier];
        let narrowed = |pieces: (usize, usize)| {
            let mut among = self.among.clone();
            among[supplier] = pieces;
            among
        };
        vec![narrowed((from, low)), narrowed((low, to))]
    }
}

impl PartialEq for Node {
    fn eq(&self, other: &Node) -> bool {
        self.bound == other.bound
    }
}
impl Eq for Node {}
impl PartialOrd for Node {
    fn partial_cmp(&self, other: &Node) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Node {
    fn cmp(&self, other: &Node) -> Ordering {
        self.bound.total_cmp(&other.bound)
    }
}

struct Search<'a, 'b> {
    bill: &'b Bill<'a>,
    tolerance: f64,
    best: Option<Paid>,
}

impl Search<'_, '_> {
    fn is_good_enough(&self, bound: f64) -> bool {
        self.best.as_ref().is_some_and(|plan| bound - plan.value <= self.tolerance)
    }

    /// Offers what a node's pieces lead to when each supplier keeps to one of them: that below the price, and that above it.
    fn settle(&mut self, node: &Node) {
        let fixed = |taken: &[Taken]| taken.iter().map(|taken| (taken.piece, taken.piece + 1)).collect::<Vec<_>>();
        let (below, above) = (fixed(&node.under), fixed(&node.over));
        self.fixed(&below);
        if above != below {
            self.fixed(&above);
        }
    }

    /// Offers the plan of one piece a supplier, lines that jump put before their jump.
    fn fixed(&mut self, among: &[(usize, usize)]) {
        let bill = self.bill;
        let Some(node) = bill.node(among.to_vec()) else { return };
        let target = bill.asked.target.is_some();
        self.offer(if target { &node.over } else { &node.under }, &node);
        if node.held_by == HeldBy::Spend {
            self.offer(&bill.filled(&node), &node);
        }
        let mut allowed: Vec<Vec<Allowed>> = bill.suppliers.iter().map(|supplier| supplier.allowed.clone()).collect();
        let mut node = node;
        for _ in 0..MOST_SETTLINGS {
            let mut jumped = false;
            for (s, (under, over)) in node.under.iter().zip(&node.over).enumerate() {
                let rises = under.relaxed.spend.iter().zip(&over.relaxed.spend).enumerate();
                for (line, (from, to)) in rises.filter(|(_, (from, to))| **to - **from > 1e-6 * bill.budget) {
                    let end = if target { *to } else { *from };
                    allowed[s][line] = Allowed::between(end, end);
                    jumped = true;
                }
            }
            if !jumped {
                return;
            }
            let Some(narrow) = bill.narrowed(&allowed, among) else { return };
            let all: Vec<(usize, usize)> = narrow.suppliers.iter().map(|_| (0, 1)).collect();
            let Some(next) = narrow.node(all) else { return };
            let mut named = next;
            for taken in [&mut named.over, &mut named.under] {
                taken.iter_mut().zip(among).for_each(|(taken, piece)| taken.piece = piece.0);
            }
            self.offer(if target { &named.over } else { &named.under }, &named);
            node = named;
        }
    }

    fn offer(&mut self, taken: &[Taken], node: &Node) {
        let bill = self.bill;
        let (kpi, cash) = taken.iter().fold((0.0, 0.0), |sum, taken| (sum.0 + taken.kpi, sum.1 + taken.cash));
        let Some(value) = bill.value(kpi, cash) else { return };
        let holds = || {
            let each = bill.suppliers.iter().zip(taken);
            each.into_iter().all(|(s, taken)| s.pieces[taken.piece].1.block.holds(&s.allowed, &taken.relaxed.spend))
        };
        if self.best.as_ref().is_some_and(|plan| plan.value >= value) || !holds() {
            return;
        }
        self.best = Some(bill.paid(taken, node, value));
    }
}

impl<'a> Bill<'a> {
    /// The same suppliers with narrower lines, each on one piece.
    fn narrowed(&self, allowed: &[Vec<Allowed>], among: &[(usize, usize)]) -> Option<Bill<'a>> {
        let narrow = |s: usize| {
            let old = &self.suppliers[s];
            let piece = old.pieces[among[s].0].0;
            let prepared = Prepared::new(old.on(&piece), allowed[s].clone())?;
            Some(Supplier {
                lines: old.lines.clone(),
                curves: old.curves.clone(),
                tree: old.tree.clone(),
                spans: old.spans.clone(),
                rows: old.rows.clone(),
                allowed: allowed[s].clone(),
                money: old.money,
                pieces: vec![(piece, prepared)],
            })
        };
        let suppliers = (0..allowed.len()).map(narrow).collect::<Option<Vec<_>>>()?;
        Some(Bill { suppliers, budget: self.budget, worth: self.worth, asked: self.asked, count: self.count })
    }

    /// What is left of the budget given to lines that jump, each as far as its jump goes.
    fn filled(&self, node: &Node) -> Vec<Taken> {
        let mut filled = node.under.clone();
        let mut left = self.budget - filled.iter().map(|taken| taken.cash).sum::<f64>();
        for (supplier, (taken, over)) in self.suppliers.iter().zip(filled.iter_mut().zip(&node.over)) {
            let (piece, prepared) = &supplier.pieces[taken.piece];
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
            taken.kpi = prepared.block.kpi(&taken.relaxed.spend);
        }
        filled
    }

    fn paid(&self, taken: &[Taken], node: &Node, value: f64) -> Paid {
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
            let (piece, prepared) = &supplier.pieces[taken.piece];
            for (line, x) in supplier.lines.iter().zip(&taken.relaxed.spend) {
                paid.spend[*line] = *x;
            }
            for (group, members) in supplier.tree.groups.iter().enumerate() {
                let price = taken.relaxed.prices[group];
                members.lines.iter().for_each(|line| paid.line_prices[supplier.lines[*line]] = price);
                let around =
                    if group == 0 { node.price * piece.rate } else { taken.relaxed.prices[members.parent] };
                let span = &prepared.block.spans[group];
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
