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
use std::sync::Arc;

use rayon::prelude::*;

use super::cash::{self, Piece};
use super::line::Allowed;
use super::nested::{Asked, Block, HeldBy, Jump, Prepared, Relaxed};
use super::price::Curve;
use super::reach::reach;
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
    pieces: Vec<(Piece, Option<Prepared<'a>>)>,
}

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
            for (bill, half) in halves {
                nodes += 1;
                let Some(mut child) = bill.node(half) else { continue };
                child.bound = child.bound.min(node.bound);
                search.settle(&child);
                if search.is_good_enough(child.bound) { left = left.max(child.bound) } else { open.push(child) }
            }
        }
        let bound = open.iter().map(|node| node.bound).fold(left, f64::max);
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
        Some(Node { bill: self.clone(), among, over: taken.0, under: taken.1, price: under, held_by, bound })
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
    fn narrowed(&self, allowed: Vec<Allowed>) -> Option<Supplier<'a>> {
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

    /// The block of a piece that was taken.
    fn block(&self, piece: usize) -> &Block<'a> {
        match &self.pieces[piece].1 {
            Some(prepared) => &prepared.block,
            None => unreachable!("a piece without a plan is never taken"),
        }
    }

    fn at(&self, price: f64, among: (usize, usize)) -> Option<Taken> {
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
struct Node<'a> {
    bill: Bill<'a>,
    among: Vec<(usize, usize)>,
    over: Vec<Taken>,
    under: Vec<Taken>,
    price: f64,
    held_by: HeldBy,
    bound: f64,
}

/// A line of a supplier that jumps: its place there, from where to where, and where the money that is left takes it.
#[derive(Clone, Copy)]
struct Leap {
    supplier: usize,
    line: usize,
    from: f64,
    to: f64,
    at: f64,
    loss: f64,
}

impl<'a> Node<'a> {
    /// Two halves: of the pieces of the supplier whose choices differ by the most cash, or of the spends of the line whose
    /// jump loses most; none when nothing jumps.
    fn halves(&self) -> Vec<(Bill<'a>, Vec<(usize, usize)>)> {
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
    fn leaps(&self) -> Vec<Leap> {
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

    fn halves_of_a_line(&self) -> Vec<(Bill<'a>, Vec<(usize, usize)>)> {
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

impl PartialEq for Node<'_> {
    fn eq(&self, other: &Node<'_>) -> bool {
        self.bound == other.bound
    }
}
impl Eq for Node<'_> {}
impl PartialOrd for Node<'_> {
    fn partial_cmp(&self, other: &Node<'_>) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Node<'_> {
    fn cmp(&self, other: &Node<'_>) -> Ordering {
        self.bound.total_cmp(&other.bound)
    }
}

struct Search {
    tolerance: f64,
    best: Option<Paid>,
}

impl Search {
    fn is_good_enough(&self, bound: f64) -> bool {
        self.best.as_ref().is_some_and(|plan| bound - plan.value <= self.tolerance)
    }

    /// Offers what a node's pieces lead to when each supplier keeps to one of them: that below the price, and that above it.
    fn settle(&mut self, node: &Node) {
        let fixed = |taken: &[Taken]| taken.iter().map(|taken| (taken.piece, taken.piece + 1)).collect::<Vec<_>>();
        let (below, above) = (fixed(&node.under), fixed(&node.over));
        self.fixed(&node.bill, &below);
        if above != below {
            self.fixed(&node.bill, &above);
        }
    }

    /// Offers the plans of one piece a supplier, lines that jump put at an end of their jump: the one before it, and the
    /// nearer one.
    fn fixed(&mut self, bill: &Bill, among: &[(usize, usize)]) {
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

    fn offers(&mut self, node: &Node) {
        self.offer(if node.bill.asked.target.is_some() { &node.over } else { &node.under }, node);
        if node.held_by == HeldBy::Spend {
            self.offer(&node.bill.filled(node), node);
        }
    }

    fn offer(&mut self, taken: &[Taken], node: &Node) {
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
    fn with_line(&self, supplier: usize, line: usize, allowed: Allowed) -> Option<Bill<'a>> {
        let mut bill = self.clone();
        let mut narrower = self.suppliers[supplier].allowed.clone();
        narrower[line] = allowed;
        bill.suppliers[supplier] = Arc::new(self.suppliers[supplier].narrowed(narrower)?);
        Some(bill)
    }

    /// The same with lines that jump held at an end of their jump.
    fn with_lines(&self, leaps: &[Leap], end: fn(&Leap) -> f64) -> Option<Bill<'a>> {
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
    fn filled(&self, node: &Node) -> Vec<Taken> {
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
