//! The best plan of a block with nested limits: relaxed, split into parts that prices make independent, and branched where
//! a line stands between two points that its curve does not connect.
//!
//! Where a group is at an end of its span, the rest of the plan meets it through one price only. At that price the group is
//! a block of its own, and how good its best plan is needs no other line: the bound of the whole falls by what each such
//! block's bound falls below that of its relaxation. So a hundred groups with a line each that jumps are a hundred small
//! searches, not one over a hundred lines. What then remains is branched as a whole: the line that loses most is split at its
//! spend, the node with the best bound comes first. Work is limited by nodes, not by time, so that an answer never depends
//! on the machine.

use rayon::prelude::*;

use super::block::Block;
use super::line::Allowed;
use super::nested::{HeldBy, Jump, Relaxed, relaxed};
use super::open::{Bounded, Open};
use super::tree::Tree;

/// Lines times nodes that a search may look at, and the nodes that it may look at however many lines there are.
const MOST_WORK: usize = 60_000;
const MOST_NODES: usize = 3_000;
const LEAST_NODES: usize = 6;
/// Lines from which on a node is dear, and the relative gap at which such a block is not branched as a whole.
const LARGE: usize = 256;
const GOOD_FOR_LARGE: f64 = 5e-5;
/// How often lines that jump are put at one end and the others solved again.
const MOST_SETTLINGS: usize = 4;
/// Lots that are bought one by one with what jumps leave, at most.
const MOST_LOTS: usize = 200;

/// A block solved.
#[derive(Clone, Debug)]
pub struct Solved {
    /// Nothing within the limits brings more.
    pub bound: f64,
    /// What the relaxation proves.
    pub relaxed_bound: f64,
    /// The best plan found, when one was.
    pub plan: Option<Plan>,
}

/// A plan of a block.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Spend by line.
    pub spend: Vec<f64>,
    /// Objective.
    pub value: f64,
    /// Price by group of the relaxation that it is the answer of.
    pub prices: Vec<f64>,
    /// Which groups are at an end of their span.
    pub ends: Vec<Option<f64>>,
    /// Which of these are held by their ceiling on the average cost.
    pub at_cost: Vec<bool>,
    /// What a KPI of each group counts for.
    pub weights: Vec<f64>,
    /// How the block's own price came about.
    pub held_by: HeldBy,
}

impl Plan {
    /// What a KPI around a group counts for.
    pub fn weight_around(&self, tree: &Tree, group: usize) -> f64 {
        if group == 0 { 1.0 } else { self.weights[tree.groups[group].parent] }
    }
}

/// Solves a block to a gap relative to its objective, or as far as its nodes go; `None` when nothing keeps its limits.
/// `splits` says whether bounds may be drawn from parts and branches, which are of the spans as they are, or from prices
/// alone.
pub fn solve(block: &Block, allowed: &[Allowed], gap: f64, splits: bool) -> Option<Solved> {
    let root = relaxed(block, allowed, None)?;
    let tolerance = gap * root.bound.abs();
    Some(closed(block, allowed, root, tolerance, splits, MOST_WORK))
}

/// Closes the gap of a block to `tolerance`, as far as `work` goes: lines times nodes.
fn closed(block: &Block, allowed: &[Allowed], root: Relaxed, tolerance: f64, splits: bool, work: usize) -> Solved {
    let most = (work / allowed.len().max(1)).clamp(LEAST_NODES, MOST_NODES);
    let mut search = Search { block, allowed, tolerance, splits, best: None };
    search.offer(root.spend.clone(), &root);
    let relaxed_bound = root.bound;
    let mut bound = relaxed_bound;
    if !search.is_good_enough(bound) {
        let root = search.node(allowed.to_vec(), root, relaxed_bound, work / 2);
        bound = root.bound;
        if allowed.len() >= LARGE {
            search.tolerance = tolerance.max(GOOD_FOR_LARGE * bound.abs());
        }
        if splits && !search.is_good_enough(bound) {
            bound = search.branched(root, most, work / 2 / most);
        }
    }
    let bound = search.best.as_ref().map_or(bound, |plan| bound.max(plan.value));
    Solved { bound, relaxed_bound, plan: search.best }
}

struct Search<'a, 'b> {
    block: &'b Block<'a>,
    allowed: &'b [Allowed],
    tolerance: f64,
    splits: bool,
    best: Option<Plan>,
}

/// A node: narrowed allowed sets, what their relaxation says, and the lines that jump in no part that prices make
/// independent.
struct Node {
    allowed: Vec<Allowed>,
    relaxed: Relaxed,
    bound: f64,
    beside: Vec<Jump>,
}

impl Bounded for Node {
    fn bound(&self) -> f64 {
        self.bound
    }
}

impl Search<'_, '_> {
    fn is_good_enough(&self, bound: f64) -> bool {
        self.best.as_ref().is_some_and(|plan| bound - plan.value <= self.tolerance)
    }

    /// Takes a spend for the best plan when it is one and none is better.
    fn offer(&mut self, spend: Vec<f64>, from: &Relaxed) {
        let value = self.block.value(&spend);
        let better = self.best.as_ref().is_none_or(|plan| value > plan.value);
        if better && self.block.holds(self.allowed, &spend) {
            let Relaxed { prices, ends, at_cost, weights, held_by, .. } = from.clone();
            self.best = Some(Plan { spend, value, prices, ends, at_cost, weights, held_by });
        }
    }

    /// A node whose relaxation is known: its parts are solved, which brings its bound down, and plans are offered. What
    /// parts may take is `work`.
    fn node(&mut self, allowed: Vec<Allowed>, relaxed: Relaxed, bound: f64, work: usize) -> Node {
        let mut node = Node { allowed, bound: bound.min(relaxed.bound), relaxed, beside: Vec::new() };
        let part_of_line = self.parts_of_lines(&node.relaxed);
        let of = |jump: &Jump| part_of_line[jump.line];
        node.beside = node.relaxed.jumps.iter().filter(|jump| of(jump).is_none()).copied().collect();
        let mut jumping: Vec<usize> = node.relaxed.jumps.iter().filter_map(of).collect();
        jumping.sort_unstable();
        jumping.dedup();
        let (from, narrowed, falls) = self.parts(&node, &jumping, work);
        if !jumping.is_empty() {
            self.offer(from.spend.clone(), &from);
        }
        if self.splits && node.relaxed.held_by == HeldBy::Spend && !node.relaxed.at_cost[0] {
            node.bound = node.bound.min(node.relaxed.bound - falls);
        }
        // parts may spend less than their caps, or more than their floors: the other lines make up for it
        if !node.relaxed.jumps.is_empty() && !self.is_good_enough(node.bound) {
            self.settle(&narrowed, &node.beside, &from);
        }
        node
    }

    /// The outermost group around each line that is at an end of its span, and so meets the rest of the plan through one
    /// price only.
    fn parts_of_lines(&self, relaxed: &Relaxed) -> Vec<Option<usize>> {
        let groups = &self.block.tree.groups;
        let mut outermost: Vec<Option<usize>> = vec![None; groups.len()];
        for group in 1..groups.len() {
            let ended = relaxed.ends[group].is_some().then_some(group);
            outermost[group] = outermost[groups[group].parent].or(ended);
        }
        let mut part_of_line = vec![None; self.allowed.len()];
        for (group, members) in groups.iter().enumerate() {
            members.lines.iter().for_each(|line| part_of_line[*line] = outermost[group]);
        }
        part_of_line
    }

    /// Solves the parts in which lines jump: the spend with their plans in place, the lines of these held at them, and by how
    /// much the bound falls.
    fn parts(&self, node: &Node, parts: &[usize], work: usize) -> (Relaxed, Vec<Allowed>, f64) {
        let tolerance = 0.5 * self.tolerance / parts.len().max(1) as f64;
        let groups = &self.block.tree.groups;
        let solved = |group: &usize| {
            let (part, lines, inner) = self.block.under(*group, node.relaxed.prices[groups[*group].parent]);
            let allowed: Vec<Allowed> = lines.iter().map(|line| node.allowed[*line]).collect();
            let root = relaxed(&part, &allowed, None);
            let work = work / parts.len();
            (root.map(|root| closed(&part, &allowed, root, tolerance, self.splits, work)), lines, inner)
        };
        let solved: Vec<_> = parts.par_iter().map(solved).collect();
        let (mut from, mut narrowed, mut falls) = (node.relaxed.clone(), node.allowed.clone(), 0.0);
        for (solved, lines, inner) in solved {
            let Some(solved) = solved else { continue };
            falls += (solved.relaxed_bound - solved.bound).max(0.0);
            let Some(plan) = solved.plan else { continue };
            lines.iter().zip(&plan.spend).for_each(|(line, x)| {
                from.spend[*line] = *x;
                narrowed[*line] = Allowed::between(*x, *x);
            });
            inner.iter().zip(&plan.prices).for_each(|(group, price)| from.prices[*group] = *price);
        }
        (from, narrowed, falls)
    }

    /// Puts lines that jump at an end of their jump, the nearer one and the one before it, and offers what the others make
    /// of that.
    fn settle(&mut self, allowed: &[Allowed], jumps: &[Jump], near: &Relaxed) {
        if allowed.iter().any(|allowed| allowed.lot > 0.0) {
            let below = self.filled_with_lots(allowed, jumps, &near.spend);
            self.offer(below, near);
        }
        type End = fn(&Jump) -> f64;
        let nearer: End = |jump| if jump.at - jump.from < jump.to - jump.at { jump.from } else { jump.to };
        let before: End = |jump| jump.from;
        let ends = [nearer, before];
        for end in if jumps.is_empty() { &ends[..1] } else { &ends } {
            let mut narrowed = allowed.to_vec();
            let mut jumps = jumps.to_vec();
            for _ in 0..MOST_SETTLINGS {
                jumps.iter().for_each(|jump| narrowed[jump.line] = Allowed::between(end(jump), end(jump)));
                let Some(settled) = relaxed(self.block, &narrowed, Some(near)) else { break };
                self.offer(settled.spend.clone(), &settled);
                if settled.jumps.is_empty() {
                    break;
                }
                jumps = settled.jumps;
            }
        }
    }

    /// A spend with every jump at its lower end, and what that leaves spent on the lots that bring most for their money.
    fn filled_with_lots(&self, allowed: &[Allowed], jumps: &[Jump], spend: &[f64]) -> Vec<f64> {
        let mut spend = spend.to_vec();
        jumps.iter().for_each(|jump| spend[jump.line] = jump.from);
        let block = self.block;
        let mut room = block.room(&spend);
        let within = block.tree.groups_of_lines(spend.len());
        let next = |line: usize, x: f64| {
            let to = allowed[line].up(x + 0.5 * allowed[line].lot)?;
            let gain = block.curves[line].value(to) - block.curves[line].value(x) - block.worth * (to - x);
            (allowed[line].lot > 0.0 && to > x && gain > 0.0).then_some((to, gain / (to - x)))
        };
        let mut nexts: Vec<Option<(f64, f64)>> = (0..spend.len()).map(|line| next(line, spend[line])).collect();
        for _ in 0..MOST_LOTS {
            let fits = |line: usize, to: f64| within[line].iter().all(|group| to - spend[line] <= room[*group]);
            let open = (0..spend.len()).filter_map(|line| Some((line, nexts[line]?)));
            let best = open.filter(|(line, (to, _))| fits(*line, *to)).max_by(|a, b| a.1.1.total_cmp(&b.1.1));
            let Some((line, (to, _))) = best else { break };
            within[line].iter().for_each(|group| room[*group] -= to - spend[line]);
            spend[line] = to;
            nexts[line] = next(line, to);
        }
        spend
    }

    /// Branches the block as a whole; the bound that the nodes prove.
    fn branched(&mut self, root: Node, most: usize, work: usize) -> f64 {
        let mut open = Open::of(root);
        let (mut nodes, mut left) = (1, f64::NEG_INFINITY);
        while let Some(node) = open.pop() {
            if self.is_good_enough(node.bound) || nodes >= most {
                open.push(node);
                break;
            }
            let children = split(&node);
            if children.is_empty() {
                left = left.max(node.bound);
            }
            for allowed in children {
                nodes += 1;
                let Some(relaxed) = relaxed(self.block, &allowed, Some(&node.relaxed)) else { continue };
                self.offer(relaxed.spend.clone(), &relaxed);
                let child = self.node(allowed, relaxed, node.bound, work);
                if self.is_good_enough(child.bound) { left = left.max(child.bound) } else { open.push(child) }
            }
        }
        open.bound().max(left)
    }
}

/// The two halves of a node, split at the line that loses most, one that jumps in no part before those that do; none when no
/// line jumps.
fn split(node: &Node) -> Vec<Vec<Allowed>> {
    let jumps = if node.beside.is_empty() { &node.relaxed.jumps } else { &node.beside };
    let Some(jump) = jumps.iter().max_by(|a, b| a.loss.total_cmp(&b.loss).then(b.line.cmp(&a.line))) else {
        return Vec::new();
    };
    let width = jump.to - jump.from;
    let at = jump.at.clamp(jump.from + 0.05 * width, jump.to - 0.05 * width);
    let allowed = node.allowed[jump.line];
    let halves = [allowed.within(allowed.low, at), allowed.within(at, allowed.high)];
    let narrower = |half: &Allowed| half.low > allowed.low || half.high < allowed.high;
    if !halves.iter().flatten().all(narrower) {
        return Vec::new();
    }
    let narrowed = |half: Allowed| {
        let mut child = node.allowed.clone();
        child[jump.line] = half;
        child
    };
    halves.into_iter().flatten().map(narrowed).collect()
}
