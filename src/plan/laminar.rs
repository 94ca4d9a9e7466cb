//! A task whose limits nest, from its rows to its answer.
//!
//! Shares are of the spend T of the whole plan. At a given T they are amounts, and nest as amounts do; by how much the best
//! plan gains from a little more T the prices tell, and it gains less and less: T is the budget, or found by halving.

use rayon::prelude::*;

use super::block::{Asked, Block};
use super::branch::{self, Solved};
use super::contracts::Bill;
use super::line::{Allowed, Line};
use super::nested::{HeldBy, relaxed};
use super::price::{Charge, Curve};
use super::program::{Aim, Duals};
use super::rows::{Row, Sense};
use super::search::{Found, Task};
use super::tree::{Span, Tree, in_lots, spans};
use crate::settings::Goal;
use crate::units::Field;

/// Steps to the spend of a plan with shares.
const MOST_STEPS: usize = 60;

/// How a task ended.
pub enum Nested {
    /// With a plan.
    Plan(Box<Found>),
    /// With a proof that there is none.
    NoPlan,
    /// With neither, or it is no task for this method.
    Undecided,
}

/// The answer of a task.
pub fn best(task: &Task, allowed: &[Allowed]) -> Nested {
    if task.contracts.is_empty() {
        return in_face(task, allowed).unwrap_or(Nested::Undecided);
    }
    in_cash(task, allowed).unwrap_or(Nested::Undecided)
}

/// A plan, a proof that there is none when every branch ended without one, or neither.
fn ended(found: Option<Found>, bound: f64) -> Nested {
    match found {
        Some(found) => Nested::Plan(Box::new(found)),
        None if bound == f64::NEG_INFINITY => Nested::NoPlan,
        None => Nested::Undecided,
    }
}

/// The answer of a task whose budget is in face value; `None` for one that this method is not for.
fn in_face(task: &Task, allowed: &[Allowed]) -> Option<Nested> {
    let asked = Asked { target: task.aim.target, cost: task.aim.max_cost_per };
    let rows: Vec<usize> = (0..task.rows.len()).filter(|row| can_bind(task.rows[*row], allowed, task.budget)).collect();
    let kept: Vec<&Row> = rows.iter().map(|row| task.rows[*row]).collect();
    let shares = kept.iter().any(|row| row.total != 0.0);
    if asked.target.is_some() && asked.cost.is_some() || shares && asked != Asked::default() {
        return None;
    }
    let tree = Tree::new(&kept, task.lines.len())?;
    let curves: Vec<Curve> = task.lines.par_iter().map(Curve::new).collect();
    let worth = if task.aim.kpi > 0.0 { task.aim.spend / task.aim.kpi } else { 0.0 };
    let block = Block { curves: curves.iter().collect(), tree, spans: Vec::new(), worth, asked, money: task.budget };
    let laminar = Laminar { task, allowed, rows: &rows, kept: &kept };
    if shares {
        laminar.with_shares(block).map(|found| Nested::Plan(Box::new(found)))
    } else {
        Some(laminar.without(block))
    }
}

/// What the prices of nested limits prove when lines pay for counting: a bound, the spends and the prices that it comes
/// with; within, `None` when no spend keeps the limits. `None` for a task that this method is not for.
#[allow(clippy::type_complexity)]
pub fn charged(task: &Task, charges: &[Charge]) -> Option<Option<(f64, Vec<f64>, Vec<f64>)>> {
    let asked = Asked { target: task.aim.target, cost: task.aim.max_cost_per };
    let worth = if task.aim.kpi > 0.0 { task.aim.spend / task.aim.kpi } else { 0.0 };
    if asked != Asked::default() || task.rows.iter().any(|row| row.total != 0.0) {
        return None;
    }
    let Some(allowed) = super::search::roomy(task) else { return Some(None) };
    let mut curves: Vec<Curve> = task.lines.par_iter().map(Curve::new).collect();
    curves.iter_mut().zip(charges).for_each(|(curve, charge)| curve.charge = *charge);
    let rows: Vec<(usize, &Row)> = task.rows.iter().copied().enumerate().collect();
    let scale = if task.aim.kpi > 0.0 { task.aim.kpi } else { 1.0 };
    if !task.contracts.is_empty() {
        let (terms, supplier) = ((task.budget, worth, asked), suppliers(task));
        if rows.iter().any(|(_, row)| crosses_contracts(&supplier, row)) {
            return None;
        }
        let bill = Bill::new(&curves, &allowed, &rows, task.contracts, &supplier, terms)?;
        return Some(bill.relaxed().map(|(bound, spend, prices)| (scale * bound, spend, prices)));
    }
    let kept: Vec<&Row> = task.rows.iter().copied().filter(|row| can_bind(row, &allowed, task.budget)).collect();
    let tree = Tree::new(&kept, task.lines.len())?;
    let mut spans = spans(&tree, &kept, task.budget);
    spans[0].high = spans[0].high.min(task.budget);
    let block = Block { curves: curves.iter().collect(), tree, spans, worth, asked, money: task.budget };
    Some(relaxed(&block, &allowed, None).map(|relaxed| {
        let mut prices = vec![0.0; task.lines.len()];
        for (group, price) in block.tree.groups.iter().zip(&relaxed.prices) {
            group.lines.iter().for_each(|line| prices[*line] = *price);
        }
        (scale * relaxed.bound, relaxed.spend, prices)
    }))
}

/// Whether a limit is about shares, average costs, or lines of several suppliers whose cash is counted apart: none that a
/// supplier keeps by itself.
fn crosses_contracts(supplier: &[Option<usize>], row: &Row) -> bool {
    let first = row.lines.first().map(|line| supplier[*line]);
    row.total != 0.0 || row.cost().is_some() || row.lines.iter().any(|line| Some(supplier[*line]) != first)
}

/// The contract of each line, by index.
pub(super) fn suppliers(task: &Task) -> Vec<Option<usize>> {
    let of = |line: &Line| {
        let name = line.channel.value(Field::Supplier)?;
        task.contracts.iter().position(|contract| contract.supplier == name)
    };
    task.lines.iter().map(of).collect()
}

/// The answer of a task whose budget is in cash; `None` for limits that it cannot be planned beside.
fn in_cash(task: &Task, allowed: &[Allowed]) -> Option<Nested> {
    let rows: Vec<(usize, &Row)> = (0..task.rows.len())
        .filter(|row| can_bind(task.rows[*row], allowed, f64::INFINITY))
        .map(|row| (row, task.rows[row]))
        .collect();
    let supplier = suppliers(task);
    if rows.iter().any(|(_, row)| crosses_contracts(&supplier, row)) {
        return None;
    }
    let curves: Vec<Curve> = task.lines.par_iter().map(Curve::new).collect();
    let aim = task.aim;
    let worth = if aim.kpi > 0.0 { aim.spend / aim.kpi } else { 0.0 };
    let asked = Asked { target: aim.target, cost: aim.max_cost_per };
    let terms = (task.budget, worth, asked);
    let bill = Bill::new(&curves, allowed, &rows, task.contracts, &supplier, terms)?;
    let Some(settled) = bill.solve(0.5 * task.gap) else { return Some(Nested::NoPlan) };
    let Some(plan) = settled.plan else { return Some(ended(None, settled.bound)) };
    let (mut duals, worth) = money_and_worth(aim, plan.held_by, plan.price, task.rows.len());
    if plan.held_by == HeldBy::Spend {
        duals.whole = worth * plan.price;
    }
    plan.rows.iter().for_each(|(row, dual)| duals.rows[*row] += worth * dual);
    duals.budget = (duals.whole - aim.spend - duals.cost).max(0.0);
    let scale = if aim.kpi > 0.0 { aim.kpi } else { 1.0 };
    let slopes = task.lines.par_iter().zip(&plan.spend).map(|(line, x)| line.value_slope(*x)).collect();
    let line_prices = plan.line_prices.iter().map(|price| worth * price).collect();
    let bound = scale * settled.bound;
    Some(ended(Some(Found { bound, spend: plan.spend, duals, line_prices, slopes, held: plan.held }), bound))
}

/// The multipliers of target and ceiling on the average cost when the price of money is `price` KPI, and what a KPI is
/// worth then.
fn money_and_worth(aim: Aim, held_by: HeldBy, price: f64, rows: usize) -> (Duals, f64) {
    let mut duals = Duals { rows: vec![0.0; rows], whole: aim.spend, ..Duals::default() };
    let worth = match held_by {
        _ if aim.goal == Goal::LeastSpend => {
            duals.target = 1.0 / price;
            duals.target
        }
        HeldBy::Cost => {
            let cost = aim.max_cost_per.unwrap_or(0.0);
            duals.cost = (price * aim.kpi - aim.spend) / (1.0 - cost * price);
            duals.whole = aim.spend + duals.cost;
            aim.kpi + cost * duals.cost
        }
        _ => aim.kpi,
    };
    (duals, worth)
}

/// Whether a row may be in the way of any plan within the budget.
fn can_bind(row: &Row, allowed: &[Allowed], budget: f64) -> bool {
    let sum = |end: fn(&Allowed) -> f64| row.lines.iter().map(|line| end(&allowed[*line])).sum::<f64>();
    match row.sense {
        _ if row.total != 0.0 || row.cost().is_some() => true,
        Sense::AtMost => row.bound < budget.min(sum(|allowed| allowed.high)),
        Sense::AtLeast => row.bound > sum(|allowed| allowed.low),
    }
}

struct Laminar<'a> {
    task: &'a Task<'a>,
    allowed: &'a [Allowed],
    /// Indices, among all rows, of those that may bind.
    rows: &'a [usize],
    kept: &'a [&'a Row],
}

impl Laminar<'_> {
    fn without(&self, mut block: Block) -> Nested {
        let budget = self.task.budget;
        block.spans = spans(&block.tree, self.kept, budget);
        if budget < block.spans[0].high {
            block.spans[0] = Span { high: budget, high_row: None, ..block.spans[0] };
        }
        in_lots(&block.tree, &mut block.spans, self.allowed);
        let Some(solved) = branch::solve(&block, self.allowed, 0.5 * self.task.gap, true) else {
            return Nested::NoPlan;
        };
        let bound = solved.bound;
        ended(self.found(&block, solved, 0.0), bound)
    }

    /// The plan at the spend from which on more brings nothing.
    fn with_shares(&self, mut block: Block) -> Option<Found> {
        let budget = self.task.budget;
        let gap = 0.5 * self.task.gap;
        let (mut low, mut high) = (0.0, budget);
        let mut whole = budget;
        for _ in 0..MOST_STEPS {
            block.spans = self.spans_at(&block.tree, whole);
            // most often all of the budget is worth spending, and its plan is the answer
            let accuracy = if whole == budget { gap } else { f64::INFINITY };
            let rises = match branch::solve(&block, self.allowed, accuracy, false) {
                Some(solved) => {
                    let rises = self.gain_of_more(&block, solved.plan.as_ref()?);
                    if rises >= 0.0 && whole == budget {
                        return self.found(&block, solved, 0.0);
                    }
                    rises
                }
                None => self.way_to_a_plan(&block, whole)?,
            };
            if rises > 0.0 {
                low = whole
            } else {
                high = whole
            }
            if high - low <= 1e-12 * budget {
                break;
            }
            whole = f64::midpoint(low, high);
        }
        block.spans = self.spans_at(&block.tree, whole);
        let solved = branch::solve(&block, self.allowed, gap, false)?;
        let rises = self.gain_of_more(&block, solved.plan.as_ref()?);
        let room = if rises > 0.0 { rises * (budget - whole) } else { -rises * whole };
        self.found(&block, solved, room)
    }

    fn spans_at(&self, tree: &Tree, whole: f64) -> Vec<Span> {
        let mut spans = spans(tree, self.kept, whole);
        spans[0] = Span { low: spans[0].low.max(whole), high: spans[0].high.min(whole), ..spans[0] };
        spans
    }

    /// What the objective gains per further unit of the whole plan's spend.
    fn gain_of_more(&self, block: &Block, plan: &branch::Plan) -> f64 {
        let shares = self.multipliers(block, plan);
        plan.prices[0] - block.worth - shares.iter().map(|(row, dual)| dual * self.kept[*row].total).sum::<f64>()
    }

    /// Which way limits that contradict each other at a spend of the whole plan stop doing so: up or down; `None` when
    /// neither.
    fn way_to_a_plan(&self, block: &Block, whole: f64) -> Option<f64> {
        let step = 1e-6 * whole;
        let misses = |whole: f64| {
            let spans = self.spans_at(&block.tree, whole);
            let groups = &block.tree.groups;
            let mut ends = vec![(0.0, 0.0); groups.len()];
            let mut miss = 0.0_f64;
            for (index, group) in groups.iter().enumerate().rev() {
                let own = group.lines.iter().map(|line| (self.allowed[*line].low, self.allowed[*line].high));
                let within = group.children.iter().map(|child: &usize| ends[*child]);
                let sum = own.chain(within).fold((0.0, 0.0), |a: (f64, f64), b: (f64, f64)| (a.0 + b.0, a.1 + b.1));
                let span = &spans[index];
                miss += (sum.0 - span.high).max(0.0) + (span.low - sum.1).max(0.0) + (span.low - span.high).max(0.0);
                ends[index] = (sum.0.max(span.low), sum.1.min(span.high));
            }
            miss
        };
        let change = misses(whole) - misses(whole - step);
        (change != 0.0).then_some(-change)
    }

    /// The rows at whose ends groups are, among those kept, with what a unit of room is worth in KPI.
    fn multipliers(&self, block: &Block, plan: &branch::Plan) -> Vec<(usize, f64)> {
        let mut found = Vec::new();
        for (group, end) in plan.ends.iter().enumerate() {
            let around = if group == 0 { block.worth } else { plan.prices[block.tree.groups[group].parent] };
            let span = &block.spans[group];
            if let Some((cost, row)) = span.cost.filter(|_| plan.at_cost[group]) {
                let weight = plan.weight_around(&block.tree, group);
                found.push((row, weight * (plan.prices[group] - around) / (1.0 - cost * plan.prices[group])));
                continue;
            }
            let dual = plan.weights[group] * (plan.prices[group] - around);
            let row = if dual > 0.0 { span.high_row } else { span.low_row };
            if let (Some(_), Some(row)) = (end, row) {
                found.push((row, dual));
            }
        }
        found
    }

    fn found(&self, block: &Block, solved: Solved, room: f64) -> Option<Found> {
        let (task, aim) = (self.task, self.task.aim);
        let plan = solved.plan?;
        let price = plan.prices[0];
        let (mut duals, worth) = money_and_worth(aim, plan.held_by, price, task.rows.len());
        for (row, dual) in self.multipliers(block, &plan) {
            duals.rows[self.rows[row]] += worth * dual;
        }
        let root_row = duals.rows.iter().enumerate().any(|(row, dual)| {
            *dual != 0.0 && task.rows[row].lines.len() == task.lines.len() && task.rows[row].total == 0.0
        });
        if plan.held_by == HeldBy::Spend && !root_row {
            duals.whole = worth * price;
        }
        let by_rows: f64 = task.rows.iter().zip(&duals.rows).map(|(row, dual)| dual * row.total).sum();
        duals.budget = (duals.whole - aim.spend - by_rows - duals.cost).max(0.0);
        let mut line_prices = vec![0.0; task.lines.len()];
        for (group, price) in block.tree.groups.iter().zip(&plan.prices) {
            group.lines.iter().for_each(|line| line_prices[*line] = worth * price);
        }
        let scale = if aim.kpi > 0.0 { aim.kpi } else { 1.0 };
        let slopes = task.lines.par_iter().zip(&plan.spend).map(|(line, x)| line.value_slope(*x)).collect();
        Some(Found {
            bound: scale * (solved.bound + room),
            spend: plan.spend,
            duals,
            line_prices,
            slopes,
            held: Vec::new(),
        })
    }
}
