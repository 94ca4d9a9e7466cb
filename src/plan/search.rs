//! The best allocation with a proven bound: a linear program over envelopes, refined where its answer lies, branched
//! where a curve is not concave or a line may not have every spend.
//!
//! A *node* narrows some lines' allowed spends. Its program is solved, the cells around the answer are split, and it is
//! solved again while that brings bound and plan closer. What gap is left comes from lines between two corners of an
//! envelope that their curve does not reach: the one that misses most is split at its spend into two nodes. The node with
//! the best bound comes first, so the first bound that no plan misses by more than the tolerance ends the search. Work is
//! limited by nodes, not by time, so that an answer never depends on the machine.

use rayon::prelude::*;

use super::cash;
use super::envelope::{Cells, Envelope};
use super::laminar::{self, Nested};
use super::line::{Allowed, Line};
use super::master;
use super::open::{Bounded, Open};
use super::payables::{self, Among, Suppliers};
use super::polish;
use super::program::{Aim, Duals, Program};
use super::rows::Row;
use crate::check::Error;
use crate::settings::Contract;

/// Relative gap at which the search ends.
pub const TOLERANCE: f64 = 1e-6;
/// Room for a line beyond the budget.
const ROOM: f64 = 1.01;
/// Relative gap of a plan under nested limits at which the search over programs is not begun.
const GOOD_ENOUGH: f64 = 1e-4;
/// Nodes after which it ends with what it has, and fewer where nodes are large: lines times nodes.
const MOST_NODES: usize = 400;
const MOST_WORK: usize = 20_000;
/// Share of the largest miss below which a line misses by the width of its cells only, not by a chord.
const LEAST_MISS: f64 = 0.01;
/// Programs solved at one node.
const MOST_ROUNDS: usize = 14;
/// Programs solved at the first node before a gap that stays counts as one that will.
const FIRST_ROUNDS: usize = 9;
/// Programs solved with each supplier on the piece that its total is on.
const ROUNDS_ON_PIECES: usize = 3;
/// Share of the gap that a round must close to be worth another.
const WORTH_A_ROUND: f64 = 0.2;
/// Share of the budget below which two spends of a line are the same, to within the solver's accuracy.
const SAME: f64 = 1e-7;
/// Share of the price of money below which a row's multiplier is the solver's rounding.
const LEAST_DUAL: f64 = 1e-6;
/// Relative width from which on two corners of an envelope are a chord worth refining the ends of.
const WIDE: f64 = 0.02;
/// Share of its spend by which a line may move in the program that prices come from, and the places around it, as
/// multiples, at which cells end there.
const NEAR: f64 = 0.05;
const NARROW: [f64; 6] = [0.98, 0.995, 0.999, 1.001, 1.005, 1.02];
/// Lines from which on the work of a round is shared among threads.
const PARALLEL: usize = 16;

/// What is to be solved.
pub struct Task<'a> {
    /// The lines.
    pub lines: &'a [Line],
    /// Allowed spends by line.
    pub allowed: Vec<Allowed>,
    /// Rows about several lines, or about shares.
    pub rows: Vec<&'a Row>,
    /// Most that may be spent.
    pub budget: f64,
    /// What for.
    pub aim: Aim,
    /// Contracts that decide what face value costs, when the budget is in cash; else none.
    pub contracts: &'a [Contract],
    /// Relative gap at which the search ends: [`TOLERANCE`], or more where a plan is one of many.
    pub gap: f64,
}

/// The best plan found, and how good any could be.
#[derive(Clone, Debug)]
pub struct Found {
    /// Spend by line.
    pub spend: Vec<f64>,
    /// Proven upper bound on the objective.
    pub bound: f64,
    /// Multipliers of the program that the plan came from.
    pub duals: Duals,
    /// What one unit of spend costs each line at these multipliers.
    pub line_prices: Vec<f64>,
    /// Worth per further unit of spend, by line.
    pub slopes: Vec<f64>,
    /// Between which face values suppliers' totals must stay for their cash to be what it is, by their lines.
    pub held: Vec<(Vec<usize>, f64, f64)>,
}

/// Solves a task; `None` when no spend satisfies it.
///
/// # Errors
///
/// As [`master::solve`].
pub fn best(task: &Task) -> Result<Option<Found>, Error> {
    let (Some(capped), Some(roomy)) = (capped(task), roomy(task)) else { return Ok(None) };
    let nested = match laminar::best(task, &roomy) {
        Nested::NoPlan => return Ok(None),
        Nested::Plan(found) => Some(*found),
        Nested::Undecided => None,
    };
    // rebates buy more face value than the budget
    let allowed = if task.contracts.is_empty() { capped } else { roomy };
    if nested.is_some() && !task.contracts.is_empty() {
        return Ok(nested);
    }
    let gap = |found: &Found| found.bound - value(task, &found.spend);
    match nested {
        Some(found) if gap(&found) <= GOOD_ENOUGH.max(task.gap) * found.bound.abs() => Ok(Some(found)),
        Some(found) => {
            let other = searched(task, allowed)?;
            Ok(Some(other.map_or(found.clone(), |other| better(task, found, other))))
        }
        None => searched(task, allowed),
    }
}

/// The end of a search that found no plan and did not prove that there is none.
fn neither_plan_nor_proof() -> Error {
    Error::setting("plan", "the search found no plan within the limits, and no proof that there is none")
        .help("widen a minimum buy, a lot or a limit, and plan again")
}

/// The better of two plans, under the lower of their bounds.
fn better(task: &Task, a: Found, b: Found) -> Found {
    let bound = a.bound.min(b.bound);
    let best = if value(task, &b.spend) > value(task, &a.spend) { b } else { a };
    Found { bound, ..best }
}

/// The objective of a spend.
pub(super) fn value(task: &Task, spend: &[f64]) -> f64 {
    let cost = if task.contracts.is_empty() { spend.iter().sum() } else { payables::cash_of_all(task, spend) };
    task.aim.value(map(spend.len(), |i| task.lines[i].value(spend[i])).iter().sum(), cost)
}

/// Solves a task whatever its limits are.
fn searched(task: &Task, allowed: Vec<Allowed>) -> Result<Option<Found>, Error> {
    let mut search = Search::new(task, allowed)?;
    let Some(root) = search.solve(search.allowed.clone(), search.suppliers.all())? else { return Ok(None) };
    let mut open = Open::of(root);
    let mut nodes = 1;
    let most_nodes = (MOST_WORK / task.lines.len().max(1)).clamp(8, MOST_NODES);
    while let Some(node) = open.pop() {
        if nodes >= most_nodes || search.is_good_enough(node.bound) {
            open.push(node);
            break;
        }
        let children = search.branches(&node);
        if children.is_empty() {
            search.left = search.left.max(node.bound);
        }
        nodes += children.len();
        for (allowed, among) in children {
            if let Some(child) = search.solve(allowed, among)? {
                let bound = child.bound.min(node.bound);
                if !search.is_good_enough(bound) {
                    open.push(Node { bound, ..child });
                }
            }
        }
    }
    let open_bound = open.bound();
    let undecided = !open.is_empty() || search.left > f64::NEG_INFINITY;
    let Some(plan) = search.incumbent.take() else {
        return if undecided { Err(neither_plan_nor_proof()) } else { Ok(None) };
    };
    let spend = search.polished(&plan);
    let bound = open_bound.max(search.left).max(plan.value);
    let (mut duals, line_prices) = search.priced(&spend).unwrap_or((plan.duals, plan.line_prices));
    if !search.suppliers.is_empty() {
        // what is one price for a unit of the whole plan in face value is that of cash here
        duals.whole = task.aim.spend + duals.budget + duals.cost;
    }
    let slopes = map(spend.len(), |i| task.lines[i].value_slope(spend[i]));
    let held = search.suppliers.held(&spend);
    Ok(Some(Found { spend, bound, duals, line_prices, slopes, held }))
}

/// The allowed sets, none above what the budget leaves; `None` when one is empty.
fn capped(task: &Task) -> Option<Vec<Allowed>> {
    task.allowed.iter().map(|allowed| allowed.within(0.0, task.budget.max(allowed.low))).collect()
}

/// The allowed sets with a little more room than the budget has: what holds a line is then the budget, at its price, and
/// not the end of its own set.
pub(super) fn roomy(task: &Task) -> Option<Vec<Allowed>> {
    let pieces = task.contracts.iter().flat_map(cash::pieces);
    let most = |piece: cash::Piece| {
        if piece.rate > 0.0 { ((task.budget - piece.base) / piece.rate).min(piece.to) } else { 10.0 * task.budget }
    };
    let most = ROOM * pieces.map(most).fold(task.budget, f64::max);
    task.allowed.iter().map(|allowed| allowed.within(0.0, most.max(allowed.low))).collect()
}

/// A node after its program was solved and refined.
#[derive(Clone)]
struct Node {
    allowed: Vec<Allowed>,
    /// The pieces that suppliers under contracts are kept to.
    among: Among,
    spend: Vec<f64>,
    /// What each supplier's cash beyond what the program saw of it is worth, in KPI.
    owed: Vec<f64>,
    /// How far each line's envelope stands above its curve at `spend`.
    excess: Vec<f64>,
    /// The corners of each line's envelope around `spend`.
    around: Vec<(f64, f64)>,
    bound: f64,
    duals: Duals,
    line_prices: Vec<f64>,
}

impl Node {
    /// The end of the chord that a line stands on, the one that is nearer to its spend.
    fn nearer_end(&self, line: usize) -> f64 {
        let (x, (low, high)) = (self.spend[line], self.around[line]);
        if x - low < high - x { low } else { high }
    }
}

impl Bounded for Node {
    fn bound(&self) -> f64 {
        self.bound
    }
}

/// The best plan so far, and the multipliers of the closest program that it is the answer of.
struct Plan {
    spend: Vec<f64>,
    value: f64,
    /// How far that program's envelopes stand above the curves.
    excess: f64,
    duals: Duals,
    line_prices: Vec<f64>,
}

struct Search<'a> {
    task: &'a Task<'a>,
    allowed: Vec<Allowed>,
    suppliers: Suppliers<'a>,
    cells: Vec<Cells<'a>>,
    incumbent: Option<Plan>,
    /// Largest bound among nodes that were left: good enough, or past splitting.
    left: f64,
}

impl<'a> Search<'a> {
    fn new(task: &'a Task<'a>, allowed: Vec<Allowed>) -> Result<Search<'a>, Error> {
        let cells = map(task.lines.len(), |i| Cells::new(&task.lines[i], &allowed[i]));
        let suppliers = Suppliers::new(task)?;
        Ok(Search { task, allowed, suppliers, cells, incumbent: None, left: f64::NEG_INFINITY })
    }

    fn is_good_enough(&mut self, bound: f64) -> bool {
        let close = |plan: &Plan| bound - plan.value <= self.task.gap * bound.abs().max(1e-12);
        let good = self.incumbent.as_ref().is_some_and(close);
        if good {
            self.left = self.left.max(bound);
        }
        good
    }

    /// Solves and refines one node; `None` when nothing satisfies it.
    fn solve(&mut self, allowed: Vec<Allowed>, among: Among) -> Result<Option<Node>, Error> {
        let mut last: Option<Node> = None;
        // the first node's cells are coarse everywhere: what they miss shrinks fourfold a round before chords show
        let least_rounds = if self.incumbent.is_none() { FIRST_ROUNDS } else { 1 };
        for round in 1..=MOST_ROUNDS {
            let Some(node) = self.round(&allowed, &among)? else { return Ok(last) };
            let bound = last.as_ref().map_or(node.bound, |before| before.bound.min(node.bound));
            let before = last.as_ref().map_or(f64::INFINITY, |before| before.excess.iter().sum());
            let node = Node { bound, ..node };
            self.offer(&node);
            let gap: f64 = node.excess.iter().sum();
            let stalls = round >= least_rounds && gap > (1.0 - WORTH_A_ROUND) * before;
            let settled = gap <= 0.3 * self.task.gap * bound.abs() || stalls;
            let refined = !settled && self.refine(&node);
            last = Some(node);
            if !refined {
                break;
            }
        }
        if let Some(node) = &last {
            self.offer_snapped(node);
            self.offer_on_pieces(node)?;
        }
        Ok(last)
    }

    /// Offers the plan of a node when each supplier keeps to the piece that its total is on.
    fn offer_on_pieces(&mut self, node: &Node) -> Result<(), Error> {
        if self.suppliers.is_empty() {
            return Ok(());
        }
        let among = self.suppliers.pieces(&node.spend);
        let mut before = node.clone();
        for _ in 0..ROUNDS_ON_PIECES {
            if before.among == among && before.owed.iter().all(|owed| *owed == 0.0) {
                break;
            }
            let Some(on_pieces) = self.round(&node.allowed, &among)? else { break };
            self.offer(&on_pieces);
            self.offer_snapped(&on_pieces);
            if !self.refine(&on_pieces) {
                break;
            }
            before = on_pieces;
        }
        Ok(())
    }

    fn round(&mut self, allowed: &[Allowed], among: &Among) -> Result<Option<Node>, Error> {
        let task = self.task;
        let Some(payables) = self.suppliers.payables(among, allowed) else { return Ok(None) };
        let envelopes: Vec<Envelope> = if task.lines.len() < PARALLEL {
            self.cells.iter_mut().enumerate().map(|(i, cells)| cells.envelope(&allowed[i])).collect()
        } else {
            let each = self.cells.par_iter_mut().enumerate();
            each.map(|(i, cells)| cells.envelope(&allowed[i])).collect()
        };
        let rows = &task.rows;
        let program = Program { envelopes: &envelopes, rows, payables: &payables, budget: task.budget, aim: task.aim };
        let Some(solved) = master::solve(&program)? else { return Ok(None) };
        let worth = program.worth(&solved.duals).max(1e-300);
        let owed = self.suppliers.owed(&payables, &solved.spend).into_iter().zip(program.prices_of_cash(&solved.duals));
        let owed = owed.map(|(owed, price)| owed * price / worth).collect();
        // a spend that is not allowed brings what is left of it when it is brought down to one that is
        let worth = map(task.lines.len(), |i| task.lines[i].value(brought_down(&allowed[i], solved.spend[i])));
        let excess = (0..worth.len()).map(|i| (envelopes[i].at(solved.spend[i]) - worth[i]).max(0.0)).collect();
        Ok(Some(Node {
            allowed: allowed.to_vec(),
            among: among.clone(),
            owed,
            around: envelopes.iter().zip(&solved.spend).map(|(above, x)| above.around(*x)).collect(),
            spend: solved.spend,
            excess,
            bound: solved.bound,
            duals: solved.duals,
            line_prices: solved.line_prices,
        }))
    }

    /// Splits the cells around a node's spend, and around the ends of the chords that it stands on: they decide how high
    /// the chord is. Whether any could be split.
    fn refine(&mut self, node: &Node) -> bool {
        let refined = |(i, cells): (usize, &mut Cells)| {
            let (low, high) = node.around[i];
            let at_spend = cells.refine(node.spend[i]);
            let at_low = high - low > WIDE * high && cells.refine(low);
            let at_high = high - low > WIDE * high && cells.refine(high);
            at_spend || at_low || at_high
        };
        let split: Vec<bool> = self.cells.par_iter_mut().enumerate().map(refined).collect();
        split.into_iter().any(|split| split)
    }

    /// Offers the node's spend with every line that stands on a chord brought to the nearer end of it, the lines beside
    /// it making up for the difference.
    fn offer_snapped(&mut self, node: &Node) {
        let least = LEAST_MISS * node.excess.iter().copied().fold(0.0, f64::max);
        let on_chord: Vec<usize> = (0..node.spend.len()).filter(|line| node.excess[*line] > least).collect();
        if on_chord.is_empty() || on_chord.len() == node.spend.len() {
            return;
        }
        let task = self.task;
        let mut spend = node.spend.clone();
        for group in self.alike(&node.duals) {
            let chords = group.iter().filter(|line| on_chord.binary_search(line).is_ok());
            let puts: Vec<(usize, f64)> = chords.map(|line| (*line, node.nearer_end(*line))).collect();
            if !puts.is_empty() {
                polish::absorb(task.lines, &node.allowed, &group, &puts, &mut spend);
            }
        }
        self.offer(&Node { spend, ..node.clone() });
    }

    /// The plan with marginals brought together among lines that the same binding rows are about; where that breaks a row
    /// that did not bind, the plan as it was.
    fn polished(&self, plan: &Plan) -> Vec<f64> {
        let task = self.task;
        let mut spend = plan.spend.clone();
        for group in self.alike(&plan.duals) {
            polish::equal_marginals(task.lines, &task.allowed, &group, &mut spend);
        }
        let (kpi, cost) = (self.kpi(&spend), self.cost(&spend));
        let better = task.aim.value(kpi, cost) >= plan.value;
        if better && self.is_within(&spend, kpi, cost) { spend } else { plan.spend.clone() }
    }

    /// Lines that the same binding rows, and the same supplier under a contract, are about.
    fn alike(&self, duals: &Duals) -> Vec<Vec<usize>> {
        let binding = binding_rows(self.task, duals);
        master::groups(master::about(&binding).chain(self.suppliers.lines()), self.task.lines.len()).0
    }

    /// What a spend costs in the unit of the budget.
    fn cost(&self, spend: &[f64]) -> f64 {
        if self.suppliers.is_empty() { spend.iter().sum() } else { self.suppliers.cash_of_all(spend) }
    }

    /// The multipliers of the program around a plan, its cells as narrow as prices are to be exact: between the corners of
    /// a wider cell a price may be anything from one slope to the next.
    fn priced(&mut self, spend: &[f64]) -> Option<(Duals, Vec<f64>)> {
        let near: Vec<Allowed> = (0..spend.len()).map(|i| self.near(i, spend[i])).collect();
        for (i, cells) in self.cells.iter_mut().enumerate() {
            NARROW.iter().for_each(|share| {
                cells.split(spend[i] * share);
            });
        }
        let node = self.round(&near, &self.suppliers.pieces(spend)).ok()??;
        Some((node.duals, node.line_prices))
    }

    /// The spends around a line's in which it may move, its own limits among their ends.
    fn near(&self, line: usize, x: f64) -> Allowed {
        let allowed = self.allowed[line];
        let high = allowed.high;
        if allowed.lot > 0.0 || (x == 0.0 && allowed.minimum > 0.0) {
            return Allowed::between(x, x);
        }
        let room = if x > 0.0 { NEAR * x } else { NEAR * NEAR * self.task.lines[line].reference };
        Allowed::between((x - room).max(allowed.low.max(allowed.minimum)).min(x), (x + room).min(high).max(x))
    }

    fn kpi(&self, spend: &[f64]) -> f64 {
        map(spend.len(), |i| self.task.lines[i].value(spend[i])).iter().sum()
    }

    /// Takes the node's spend for the best plan when it is one and none is better. When it is the best plan again, from a
    /// program that is closer to the curves, its multipliers are the truer ones.
    fn offer(&mut self, node: &Node) {
        let spend = self.repaired(&node.spend);
        let (kpi, cost) = (self.kpi(&spend), self.cost(&spend));
        let value = self.task.aim.value(kpi, cost);
        if !self.is_within(&spend, kpi, cost) {
            return;
        }
        let excess = node.excess.iter().sum();
        let near = SAME * self.task.budget.max(1.0);
        let again = |plan: &Plan| spend.iter().zip(&plan.spend).all(|(x, y)| (x - y).abs() <= near);
        let (duals, line_prices) = (node.duals.clone(), node.line_prices.clone());
        match &mut self.incumbent {
            Some(plan) if again(plan) => {
                if excess < plan.excess {
                    (plan.duals, plan.line_prices, plan.excess) = (duals, line_prices, excess);
                }
                if value > plan.value {
                    (plan.spend, plan.value) = (spend, value);
                }
            }
            Some(plan) if value <= plan.value => {}
            _ => self.incumbent = Some(Plan { spend, value, excess, duals, line_prices }),
        }
    }

    /// The spend with every line brought down to what it is allowed.
    fn repaired(&self, spend: &[f64]) -> Vec<f64> {
        self.task.allowed.iter().zip(spend).map(|(allowed, x)| brought_down(allowed, *x)).collect()
    }

    /// Whether a spend keeps the rows, to within the solver's accuracy; the last cents are settled by rounding.
    fn is_within(&self, spend: &[f64], kpi: f64, cost: f64) -> bool {
        let task = self.task;
        let slack = 1e-7 * task.budget.max(1.0);
        let aim = task.aim;
        let whole = spend.iter().sum();
        cost <= task.budget + slack
            && task.rows.iter().all(|row| self.keeps(row, spend, whole, slack))
            && aim.target.is_none_or(|target| kpi >= target * (1.0 - 1e-7))
            && aim.max_cost_per.is_none_or(|most| cost <= most * kpi * (1.0 + 1e-7))
    }

    fn keeps(&self, row: &Row, spend: &[f64], whole: f64, slack: f64) -> bool {
        let Some(cost) = row.cost() else { return row.broken_by(spend, whole) <= slack };
        let kpi: f64 = row.lines.iter().map(|line| self.task.lines[*line].value(spend[*line])).sum();
        let spent = self.suppliers.cash(&row.lines, spend);
        spent <= cost * kpi * (1.0 + 1e-7) + 1e-6
    }

    /// The two halves of a node, split at the supplier whose cash its program misses most, or at the line whose envelope
    /// misses its curve most.
    fn branches(&mut self, node: &Node) -> Vec<(Vec<Allowed>, Among)> {
        let most = node.excess.iter().copied().fold(0.0, f64::max);
        let owes = (0..node.owed.len()).max_by(|a, b| node.owed[*a].total_cmp(&node.owed[*b]));
        if let Some(supplier) = owes.filter(|supplier| node.owed[*supplier] > most) {
            let halves = self.suppliers.halves(&node.among, supplier, &node.spend);
            if !halves.is_empty() {
                return halves.into_iter().map(|among| (node.allowed.clone(), among)).collect();
            }
        }
        let halves = self.halves_of_a_line(node);
        halves.into_iter().map(|allowed| (allowed, node.among.clone())).collect()
    }

    fn halves_of_a_line(&mut self, node: &Node) -> Vec<Vec<Allowed>> {
        let misses =
            |i: &usize| node.excess[*i] + if node.allowed[*i].holds(node.spend[*i]) { 0.0 } else { f64::MIN_POSITIVE };
        let Some(line) = (0..node.spend.len()).max_by(|a, b| misses(a).total_cmp(&misses(b))) else {
            return Vec::new();
        };
        if misses(&line) <= 0.0 {
            return Vec::new();
        }
        let (allowed, x) = (node.allowed[line], node.spend[line]);
        self.cells[line].refine(x);
        let halves = [allowed.within(allowed.low, x), allowed.within(x, allowed.high)];
        let narrower = |half: &Allowed| half.low > allowed.low || half.high < allowed.high;
        if !halves.iter().flatten().all(narrower) {
            return Vec::new();
        }
        let narrowed = |half: Allowed| {
            let mut child = node.allowed.clone();
            child[line] = half;
            child
        };
        halves.into_iter().flatten().map(narrowed).collect()
    }
}

/// The rows that multipliers say are worth something.
fn binding_rows<'a>(task: &Task<'a>, duals: &Duals) -> Vec<&'a Row> {
    let least = LEAST_DUAL * duals.whole.abs();
    let binds = |(_, dual): &(&&Row, &f64)| dual.abs() > least;
    task.rows.iter().zip(&duals.rows).filter(binds).map(|(row, _)| *row).collect()
}

/// The spend itself where it is allowed, else the largest allowed below it.
fn brought_down(allowed: &Allowed, x: f64) -> f64 {
    if allowed.holds(x) { x } else { allowed.down(x).unwrap_or(allowed.low) }
}

/// `f` of every line, in parallel when there are many.
fn map<T: Send>(count: usize, f: impl Fn(usize) -> T + Sync + Send) -> Vec<T> {
    if count < PARALLEL { (0..count).map(f).collect() } else { (0..count).into_par_iter().map(f).collect() }
}
