//! The best allocation with a proven bound: a linear program over envelopes, refined where its answer lies, branched
//! where a curve is not concave or a line may not have every spend.
//!
//! A *node* narrows some lines' allowed spends. Its program is solved, the cells around the answer are split, and it is
//! solved again while that brings bound and plan closer. What gap is left comes from lines between two corners of an
//! envelope that their curve does not reach: the one that misses most is split at its spend into two nodes. The node with
//! the best bound comes first, so the first bound that no plan misses by more than the tolerance ends the search. Work is
//! limited by nodes, not by time, so that an answer never depends on the machine.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use rayon::prelude::*;

use super::envelope::{Cells, Envelope};
use super::line::{Allowed, Line};
use super::master;
use super::polish;
use super::program::{Aim, Duals, Program};
use super::rows::Row;
use crate::check::Error;

/// Relative gap at which the search ends.
pub const TOLERANCE: f64 = 1e-6;
/// Nodes after which it ends with what it has.
const MOST_NODES: usize = 400;
/// Programs solved at one node.
const MOST_ROUNDS: usize = 14;
/// Share of the gap that a round must close to be worth another.
const WORTH_A_ROUND: f64 = 0.2;
/// Share of the budget below which two spends of a line are the same, to within the solver's accuracy.
const SAME: f64 = 1e-7;
/// Share of the price of money below which a row's multiplier is the solver's rounding.
const LEAST_DUAL: f64 = 1e-6;
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
}

/// Solves a task; `None` when no spend satisfies it.
///
/// # Errors
///
/// As [`master::solve`].
pub fn best(task: &Task) -> Result<Option<Found>, Error> {
    let Some(allowed) = capped(task) else { return Ok(None) };
    let mut search = Search::new(task, &allowed);
    let Some(root) = search.solve(allowed)? else { return Ok(None) };
    let mut open = BinaryHeap::from([root]);
    let mut nodes = 1;
    while let Some(node) = open.pop() {
        if nodes >= MOST_NODES || search.is_good_enough(node.bound) {
            open.push(node);
            break;
        }
        let children = search.branches(&node);
        if children.is_empty() {
            search.left = search.left.max(node.bound);
        }
        nodes += children.len();
        for child in children {
            if let Some(child) = search.solve(child)? {
                let bound = child.bound.min(node.bound);
                if !search.is_good_enough(bound) {
                    open.push(Node { bound, ..child });
                }
            }
        }
    }
    let open_bound = open.iter().map(|node| node.bound).fold(f64::NEG_INFINITY, f64::max);
    let Some(plan) = search.incumbent.take() else { return Ok(None) };
    let spend = search.polished(&plan);
    let bound = open_bound.max(search.left).max(plan.value);
    let slopes = map(spend.len(), |i| task.lines[i].value_slope(spend[i]));
    Ok(Some(Found { spend, bound, duals: plan.duals, line_prices: plan.line_prices, slopes }))
}

/// The allowed sets, none above what the budget leaves; `None` when one is empty.
fn capped(task: &Task) -> Option<Vec<Allowed>> {
    task.allowed.iter().map(|allowed| allowed.within(0.0, task.budget.max(allowed.low))).collect()
}

/// A node after its program was solved and refined.
struct Node {
    allowed: Vec<Allowed>,
    spend: Vec<f64>,
    /// How far each line's envelope stands above its curve at `spend`.
    excess: Vec<f64>,
    bound: f64,
    duals: Duals,
    line_prices: Vec<f64>,
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
    cells: Vec<Cells>,
    incumbent: Option<Plan>,
    /// Largest bound among nodes that were left: good enough, or past splitting.
    left: f64,
}

impl<'a> Search<'a> {
    fn new(task: &'a Task<'a>, allowed: &[Allowed]) -> Search<'a> {
        let cells = map(task.lines.len(), |i| Cells::new(&task.lines[i], &allowed[i]));
        Search { task, cells, incumbent: None, left: f64::NEG_INFINITY }
    }

    fn is_good_enough(&mut self, bound: f64) -> bool {
        let close = |plan: &Plan| bound - plan.value <= TOLERANCE * bound.abs().max(1e-12);
        let good = self.incumbent.as_ref().is_some_and(close);
        if good {
            self.left = self.left.max(bound);
        }
        good
    }

    /// Solves and refines one node; `None` when nothing satisfies it.
    fn solve(&mut self, allowed: Vec<Allowed>) -> Result<Option<Node>, Error> {
        let mut last: Option<Node> = None;
        for _ in 0..MOST_ROUNDS {
            let Some(node) = self.round(&allowed)? else { return Ok(last) };
            let bound = last.as_ref().map_or(node.bound, |before| before.bound.min(node.bound));
            let before = last.as_ref().map_or(f64::INFINITY, |before| before.excess.iter().sum());
            let node = Node { bound, ..node };
            self.offer(&node);
            let gap: f64 = node.excess.iter().sum();
            let settled = gap <= 0.3 * TOLERANCE * bound.abs() || gap > (1.0 - WORTH_A_ROUND) * before;
            let spend = node.spend.clone();
            last = Some(node);
            if settled || !self.refine(&spend) {
                break;
            }
        }
        Ok(last)
    }

    fn round(&mut self, allowed: &[Allowed]) -> Result<Option<Node>, Error> {
        let task = self.task;
        let envelopes: Vec<Envelope> = if task.lines.len() < PARALLEL {
            self.cells.iter_mut().enumerate().map(|(i, cells)| cells.envelope(&task.lines[i], &allowed[i])).collect()
        } else {
            let each = self.cells.par_iter_mut().enumerate();
            each.map(|(i, cells)| cells.envelope(&task.lines[i], &allowed[i])).collect()
        };
        let program = Program { envelopes: &envelopes, rows: &task.rows, budget: task.budget, aim: task.aim };
        let Some(solved) = master::solve(&program)? else { return Ok(None) };
        // a spend that is not allowed brings what is left of it when it is brought down to one that is
        let worth = map(task.lines.len(), |i| task.lines[i].value(brought_down(&allowed[i], solved.spend[i])));
        let excess = (0..worth.len()).map(|i| (envelopes[i].at(solved.spend[i]) - worth[i]).max(0.0)).collect();
        Ok(Some(Node {
            allowed: allowed.to_vec(),
            spend: solved.spend,
            excess,
            bound: solved.bound,
            duals: solved.duals,
            line_prices: solved.line_prices,
        }))
    }

    /// Splits the cells around a spend; whether any could be split.
    fn refine(&mut self, spend: &[f64]) -> bool {
        let lines = self.task.lines;
        let each = self.cells.par_iter_mut().enumerate();
        let split: Vec<bool> = each.map(|(i, cells)| cells.refine(&lines[i], spend[i])).collect();
        split.into_iter().any(|split| split)
    }

    /// The plan with marginals brought together among lines that the same binding rows are about; where that breaks a row
    /// that did not bind, the plan as it was.
    fn polished(&self, plan: &Plan) -> Vec<f64> {
        let task = self.task;
        let least = LEAST_DUAL * plan.duals.whole.abs();
        let binds = |(_, dual): &(&&Row, &f64)| dual.abs() > least;
        let binding: Vec<&Row> = task.rows.iter().zip(&plan.duals.rows).filter(binds).map(|(row, _)| *row).collect();
        let mut spend = plan.spend.clone();
        for group in master::groups(&binding, task.lines.len()).0 {
            polish::equal_marginals(task.lines, &task.allowed, &group, &mut spend);
        }
        let (kpi, whole) = (self.kpi(&spend), spend.iter().sum());
        let better = task.aim.value(kpi, whole) >= plan.value;
        if better && self.is_within(&spend, kpi, whole) { spend } else { plan.spend.clone() }
    }

    fn kpi(&self, spend: &[f64]) -> f64 {
        map(spend.len(), |i| self.task.lines[i].value(spend[i])).iter().sum()
    }

    /// Takes the node's spend for the best plan when it is one and none is better. When it is the best plan again, from a
    /// program that is closer to the curves, its multipliers are the truer ones.
    fn offer(&mut self, node: &Node) {
        let spend = self.repaired(&node.spend);
        let whole: f64 = spend.iter().sum();
        let kpi = self.kpi(&spend);
        let value = self.task.aim.value(kpi, whole);
        if !self.is_within(&spend, kpi, whole) {
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
    fn is_within(&self, spend: &[f64], kpi: f64, whole: f64) -> bool {
        let task = self.task;
        let slack = 1e-7 * task.budget.max(1.0);
        let aim = task.aim;
        whole <= task.budget + slack
            && task.rows.iter().all(|row| row.broken_by(spend, whole) <= slack)
            && aim.target.is_none_or(|target| kpi >= target * (1.0 - 1e-7))
            && aim.max_cost_per.is_none_or(|cost| whole <= cost * kpi * (1.0 + 1e-7))
    }

    /// The two halves of a node, split at the line whose envelope misses its curve most.
    fn branches(&mut self, node: &Node) -> Vec<Vec<Allowed>> {
        let misses =
            |i: &usize| node.excess[*i] + if node.allowed[*i].holds(node.spend[*i]) { 0.0 } else { f64::MIN_POSITIVE };
        let Some(line) = (0..node.spend.len()).max_by(|a, b| misses(a).total_cmp(&misses(b))) else {
            return Vec::new();
        };
        if misses(&line) <= 0.0 {
            return Vec::new();
        }
        let (allowed, x) = (node.allowed[line], node.spend[line]);
        self.cells[line].refine(&self.task.lines[line], x);
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

/// The spend itself where it is allowed, else the largest allowed below it.
fn brought_down(allowed: &Allowed, x: f64) -> f64 {
    if allowed.holds(x) { x } else { allowed.down(x).unwrap_or(allowed.low) }
}

/// `f` of every line, in parallel when there are many.
fn map<T: Send>(count: usize, f: impl Fn(usize) -> T + Sync + Send) -> Vec<T> {
    if count < PARALLEL { (0..count).map(f).collect() } else { (0..count).into_par_iter().map(f).collect() }
}
