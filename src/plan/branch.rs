//! The best plan of a block with nested limits: relaxed, split into parts that prices make independent, and branched where
//! a line stands between two points that its curve does not connect.
//!
//! Where a group is at an end of its span, the rest of the plan meets it through one price only. At that price the group is
//! a block of its own, and how good its best plan is needs no other line: the bound of the whole falls by what each such
//! block's bound falls below that of its relaxation. So a hundred groups with a line each that jumps are a hundred small
//! searches, not one over a hundred lines. What then remains is branched as a whole: the line that loses most is split at its
//! spend, the node with the best bound comes first. Work is limited by nodes, not by time, so that an answer never depends
//! on the machine.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use rayon::prelude::*;

use super::line::Allowed;
use super::nested::{Block, HeldBy, Jump, Relaxed, owners, relaxed};

/// Lines times nodes that a search may look at, and the nodes that it may look at however many lines there are.
const MOST_WORK: usize = 60_000;
const MOST_NODES: usize = 3_000;
const LEAST_NODES: usize = 6;
/// How often lines that jump are put at one end and the others solved again.
const MOST_SETTLINGS: usize = 4;

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
    /// How the block's own price came about.
    pub held_by: HeldBy,
}

/// Solves a block to a gap relative to its objective, or as far as its nodes go; `None` when nothing keeps its limits.
/// `splits` says whether bounds may be drawn from parts and branches, which are of the spans as they are, or from prices
/// alone.
pub fn solve(block: &Block, allowed: &[Allowed], gap: f64, splits: bool) -> Option<Solved> {
    let root = relaxed(block, allowed, None)?;
    let tolerance = gap * root.bound.abs();
    Some(closed(block, allowed, root, tolerance, splits))
}

/// Closes the gap of a block to `tolerance`.
fn closed(block: &Block, allowed: &[Allowed], root: Relaxed, tolerance: f64, splits: bool) -> Solved {
    let mut search = Search { block, allowed, tolerance, best: None, left: f64::NEG_INFINITY };
    search.offer(root.spend.clone(), &root);
    let relaxed_bound = root.bound;
    let mut bound = relaxed_bound;
    if !search.is_good_enough(bound) {
        bound -= search.parts(&root, splits);
    }
    if splits && !search.is_good_enough(bound) {
        bound = bound.min(search.branched(root));
    }
    let bound = search.best.as_ref().map_or(bound, |plan| bound.max(plan.value));
    Solved { bound, relaxed_bound, plan: search.best }
}

struct Search<'a, 'b> {
    block: &'b Block<'a>,
    allowed: &'b [Allowed],
    tolerance: f64,
    best: Option<Plan>,
    /// Largest bound among nodes that were left: good enough, or past splitting.
    left: f64,
}

/// A node: narrowed allowed sets, and what their relaxation says.
struct Node {
    allowed: Vec<Allowed>,
    relaxed: Relaxed,
    bound: f64,
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

impl Search<'_, '_> {
    fn is_good_enough(&self, bound: f64) -> bool {
        self.best.as_ref().is_some_and(|plan| bound - plan.value <= self.tolerance)
    }

    /// Takes a spend for the best plan when it is one and none is better.
    fn offer(&mut self, spend: Vec<f64>, from: &Relaxed) {
        let value = self.block.value(&spend);
        let better = self.best.as_ref().is_none_or(|plan| value > plan.value);
        if better && self.block.holds(self.allowed, &spend) {
            let (prices, ends, held_by) = (from.prices.clone(), from.ends.clone(), from.held_by);
            self.best = Some(Plan { spend, value, prices, ends, held_by });
        }
    }

    /// Solves the outermost groups that prices make independent and offers their plans together, what jumps beside them
    /// put at an end. By how much the bound falls.
    fn parts(&mut self, root: &Relaxed, splits: bool) -> f64 {
        let block = self.block;
        let groups = &block.tree.groups;
        let owner = owners(&block.tree, &root.ends);
        let part_of = |group: usize| {
            let mut at = group;
            let mut part = None;
            while at != 0 {
                if root.ends[at].is_some() {
                    part = Some(at);
                }
                at = groups[at].parent;
            }
            part
        };
        let mut jumping: Vec<usize> = Vec::new();
        let mut group_of = vec![0; self.allowed.len()];
        groups.iter().enumerate().for_each(|(g, group)| group.lines.iter().for_each(|line| group_of[*line] = g));
        jumping.extend(root.jumps.iter().filter_map(|jump| part_of(owner[group_of[jump.line]])));
        jumping.sort_unstable();
        jumping.dedup();
        let tolerance = 0.5 * self.tolerance / jumping.len().max(1) as f64;
        let solved: Vec<_> = jumping
            .par_iter()
            .map(|group| {
                let (part, lines, inner) = block.under(*group, root.prices[groups[*group].parent]);
                let allowed: Vec<Allowed> = lines.iter().map(|line| self.allowed[*line]).collect();
                let root = relaxed(&part, &allowed, None);
                (root.map(|root| closed(&part, &allowed, root, tolerance, splits)), lines, inner)
            })
            .collect();
        let mut from = root.clone();
        let mut narrowed = self.allowed.to_vec();
        let mut falls = 0.0;
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
        if !jumping.is_empty() {
            self.offer(from.spend.clone(), &from);
        }
        let beside: Vec<Jump> =
            root.jumps.iter().filter(|jump| part_of(owner[group_of[jump.line]]).is_none()).copied().collect();
        if !beside.is_empty() {
            self.settle(&narrowed, &beside, &from);
        }
        if splits && root.held_by == HeldBy::Spend { falls } else { 0.0 }
    }

    /// Puts lines that jump at an end of their jump, the nearer one and the one before it, and offers what the others make
    /// of that.
    fn settle(&mut self, allowed: &[Allowed], jumps: &[Jump], near: &Relaxed) {
        type End = fn(&Jump) -> f64;
        let nearer: End = |jump| if jump.at - jump.from < jump.to - jump.at { jump.from } else { jump.to };
        let before: End = |jump| jump.from;
        for end in [nearer, before] {
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

    /// Branches the block as a whole; the bound that the nodes prove.
    fn branched(&mut self, root: Relaxed) -> f64 {
        let most = (MOST_WORK / self.allowed.len().max(1)).clamp(LEAST_NODES, MOST_NODES);
        let bound = root.bound;
        let mut open = BinaryHeap::from([Node { allowed: self.allowed.to_vec(), relaxed: root, bound }]);
        let mut nodes = 1;
        while let Some(node) = open.pop() {
            if self.is_good_enough(node.bound) || nodes >= most {
                open.push(node);
                break;
            }
            let children = split(&node);
            if children.is_empty() {
                self.left = self.left.max(node.bound);
            }
            for allowed in children {
                nodes += 1;
                let Some(relaxed) = relaxed(self.block, &allowed, Some(&node.relaxed)) else { continue };
                let bound = relaxed.bound.min(node.bound);
                self.offer(relaxed.spend.clone(), &relaxed);
                if !relaxed.jumps.is_empty() && !self.is_good_enough(bound) {
                    self.settle(&allowed, &relaxed.jumps, &relaxed);
                }
                if self.is_good_enough(bound) {
                    self.left = self.left.max(bound);
                } else {
                    open.push(Node { allowed, relaxed, bound });
                }
            }
        }
        open.iter().map(|node| node.bound).fold(self.left, f64::max)
    }
}

/// The two halves of a node, split at the line that loses most; none when no line jumps.
fn split(node: &Node) -> Vec<Vec<Allowed>> {
    let jumps = &node.relaxed.jumps;
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
