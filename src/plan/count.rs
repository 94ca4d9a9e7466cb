//! Limits on how many lines: at most N active ones, at least N, at most N that change.
//!
//! A count is no sum of spends, but it is a sum over lines: with a price α on every line that counts, each line weighs for
//! itself whether it is worth its price, and
//!
//! ```text
//!     max over x of (objective − Σ_r α_r · count_r(x)) + Σ_r α_r N_r
//! ```
//!
//! bounds every plan that keeps the counts, for any α of the right sign. α is found by halving, one limit after the other,
//! where the count passes N; lines that count just below it and not just above are tried, and branched: without them, and
//! with them. A plan is the best allocation over the lines that remain, with all the accuracy of a plan without counts.

use super::laminar;
use super::line::{Allowed, Line};
use super::open::{Bounded, Open};
use super::price::Charge;
use super::rows::{Label, Sense};
use super::search::{self, Found, Task};
use crate::check::Error;
use crate::settings::PlanSettings;

/// What of a line counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counted {
    /// That it spends anything.
    Active,
    /// That it spends another amount than its reference.
    Changed,
}

/// A limit on how many of some lines count.
#[derive(Clone, Debug, PartialEq)]
pub struct Count {
    /// What it means.
    pub label: Label,
    /// The lines, ascending.
    pub lines: Vec<usize>,
    /// What counts.
    pub counted: Counted,
    /// Which way.
    pub sense: Sense,
    /// How many.
    pub number: usize,
}

/// Lines times nodes that a search may look at, and the nodes that it may look at.
const MOST_WORK: usize = 20_000;
const MOST_NODES: usize = 400;
/// Halvings to a price of a count.
const HALVINGS: usize = 30;
/// Times that all counts are priced in turn.
const ROUNDS: usize = 2;
/// Least spend of an active line.
const CENT: f64 = 0.01;

/// The counts of the settings, one for each line alone where a limit says `each`.
pub fn all(members: impl Fn(usize) -> Vec<usize>, settings: &PlanSettings) -> Vec<Count> {
    let mut counts = Vec::new();
    for (index, limit) in settings.limits.iter().enumerate() {
        let numbers = [
            (limit.max_active, Counted::Active, Sense::AtMost),
            (limit.min_active, Counted::Active, Sense::AtLeast),
            (limit.max_changed, Counted::Changed, Sense::AtMost),
        ];
        for (number, counted, sense) in numbers {
            let Some(number) = number else { continue };
            let label = Label::Limit(limit.name.clone());
            counts.push(Count { label, lines: members(index), counted, sense, number });
        }
    }
    counts
}

impl Count {
    /// How many count.
    pub fn of(&self, lines: &[Line], spend: &[f64]) -> usize {
        self.lines.iter().filter(|line| self.counts(&lines[**line], spend[**line])).count()
    }

    fn counts(&self, line: &Line, x: f64) -> bool {
        match self.counted {
            Counted::Active => x > 0.0,
            Counted::Changed => (x - line.kept()).abs() > CENT / 2.0,
        }
    }

    /// Whether the limit is why a line at its end does not count: one left out, or kept as it is.
    pub fn keeps(&self, line: &Line, x: f64) -> bool {
        self.sense == Sense::AtMost && !self.counts(line, x)
    }

    /// Whether a spend keeps the limit.
    pub fn holds(&self, lines: &[Line], spend: &[f64]) -> bool {
        match self.sense {
            Sense::AtMost => self.of(lines, spend) <= self.number,
            Sense::AtLeast => self.of(lines, spend) >= self.number,
        }
    }
}

/// Solves a task with its counts; `None` when no spend satisfies it.
///
/// # Errors
///
/// As [`search::best`].
pub fn best(task: &Task, counts: &[Count]) -> Result<Option<Found>, Error> {
    if counts.is_empty() {
        return search::best(task);
    }
    let free = vec![false; task.lines.len()];
    let mut search = Search { task, counts, best: None };
    let Some(root) = search.node(task.allowed.clone(), free)? else { return Ok(None) };
    let most = (MOST_WORK / task.lines.len().max(1)).clamp(8, MOST_NODES);
    let (mut open, mut nodes, mut left) = (Open::of(root), 1, f64::NEG_INFINITY);
    while let Some(node) = open.pop() {
        if search.is_good_enough(node.bound) || nodes >= most {
            open.push(node);
            break;
        }
        let mut halves = search.halves(&node);
        if halves.is_empty() {
            let (bound, spend) = search.without_counts(&node)?;
            let Some(spend) = spend else { continue };
            halves = search.halves(&Node {
                under: vec![0.0; spend.len()],
                over: spend,
                allowed: node.allowed,
                changed: node.changed,
                bound,
            });
            if halves.is_empty() {
                left = left.max(bound);
            }
            nodes += 1;
        }
        for (allowed, changed) in halves {
            nodes += 1;
            let Some(mut child) = search.node(allowed, changed)? else { continue };
            child.bound = child.bound.min(node.bound);
            if search.is_good_enough(child.bound) { left = left.max(child.bound) } else { open.push(child) }
        }
    }
    let bound = open.bound().max(left);
    Ok(search.best.map(|(value, found)| Found { bound: bound.max(value), ..found }))
}

struct Search<'a> {
    task: &'a Task<'a>,
    counts: &'a [Count],
    best: Option<(f64, Found)>,
}

/// Narrowed lines, those that count as changed whatever they spend, and what is known of them.
struct Node {
    allowed: Vec<Allowed>,
    changed: Vec<bool>,
    bound: f64,
    /// Spends on both sides of the prices of the counts.
    over: Vec<f64>,
    under: Vec<f64>,
}

impl Bounded for Node {
    fn bound(&self) -> f64 {
        self.bound
    }
}

/// What a line's relaxation brought at some prices of the counts.
struct Seen {
    bound: f64,
    spend: Vec<f64>,
    /// What each line gains beyond spending nothing, or beyond what it is kept at.
    gains: Vec<f64>,
    /// Whether prices of counts make a difference to it.
    by_prices: bool,
}

impl Search<'_> {
    fn is_good_enough(&self, bound: f64) -> bool {
        self.best.as_ref().is_some_and(|(value, _)| bound - value <= self.task.gap * bound.abs())
    }

    /// The best plan of a node by itself, which is offered when it keeps the counts; its bound, and its spends when it does
    /// not.
    fn without_counts(&mut self, node: &Node) -> Result<(f64, Option<Vec<f64>>), Error> {
        let task = self.task;
        let narrowed = Task { allowed: node.allowed.clone(), rows: task.rows.clone(), ..*task };
        let Some(found) = search::best(&narrowed)? else { return Ok((f64::NEG_INFINITY, None)) };
        let bound = found.bound.min(node.bound);
        let spend = found.spend.clone();
        self.take(found);
        Ok((bound, Some(spend)))
    }

    /// Takes a plan for the best when it keeps the counts and none is better.
    fn take(&mut self, found: Found) {
        if self.counts.iter().all(|count| count.holds(self.task.lines, &found.spend)) {
            let value = search::value(self.task, &found.spend);
            if self.best.as_ref().is_none_or(|(best, _)| value > *best) {
                self.best = Some((value, found));
            }
        }
    }

    /// Narrows lines by what their counts leave open: where as many count as may the others do not, and where no more may
    /// count than must they do. `None` when a count cannot hold.
    fn settled(&self, mut allowed: Vec<Allowed>, changed: &[bool]) -> Option<Vec<Allowed>> {
        for count in self.counts {
            let decided = |line: &usize| self.decided(count, *line, &allowed[*line], changed[*line]);
            let at_most = count.sense == Sense::AtMost;
            let (settled, open): (Vec<usize>, Vec<usize>) =
                count.lines.iter().partition(|line| decided(line).is_some());
            let counting = settled.iter().filter(|line| decided(line) == Some(true)).count();
            // the fewest that can count, or the most
            let number = if at_most { counting } else { counting + open.len() };
            let room = if at_most { count.number.checked_sub(number)? } else { number.checked_sub(count.number)? };
            for line in open.into_iter().filter(|_| room == 0) {
                allowed[line] = match (count.sense, count.counted) {
                    (Sense::AtLeast, _) => on(&allowed[line])?,
                    (Sense::AtMost, Counted::Active) => off(&allowed[line])?,
                    (Sense::AtMost, Counted::Changed) => stay(&allowed[line], self.task.lines[line].kept())?,
                };
            }
        }
        Some(allowed)
    }

    /// Whether a line counts whatever it may spend; `None` where that is open.
    fn decided(&self, count: &Count, line: usize, allowed: &Allowed, changed: bool) -> Option<bool> {
        match count.counted {
            Counted::Active if allowed.low > 0.0 => Some(true),
            Counted::Active => (allowed.high == 0.0).then_some(false),
            Counted::Changed if changed || !allowed.holds(self.task.lines[line].kept()) => Some(true),
            Counted::Changed => (allowed.low == allowed.high).then_some(false),
        }
    }

    /// Prices the counts over narrowed lines, and offers the plans that this leads to.
    fn node(&mut self, allowed: Vec<Allowed>, changed: Vec<bool>) -> Result<Option<Node>, Error> {
        let Some(allowed) = self.settled(allowed, &changed) else { return Ok(None) };
        let mut prices = vec![0.0; self.counts.len()];
        let Some(mut under) = self.seen(&allowed, &changed, &prices)? else { return Ok(None) };
        let mut over = under.spend.clone();
        let mut bound = under.bound;
        for _ in 0..ROUNDS {
            for index in 0..self.counts.len() {
                let Some((least, beyond, seen)) = self.priced(&allowed, &changed, &mut prices, index)? else {
                    continue;
                };
                bound = bound.min(least);
                (over, under) = (beyond, seen);
            }
        }
        for spend in [under.spend.clone(), over.clone()] {
            self.offer(&allowed, &spend, &under.gains)?;
        }
        Ok(Some(Node { allowed, changed, bound, over, under: under.spend }))
    }

    /// Halves the price of one count to where its count passes the number; the least bound on the way, the spends just
    /// before and what is seen just after. `None` when the count needs no price, or none can be found.
    #[allow(clippy::type_complexity)]
    fn priced(
        &self,
        allowed: &[Allowed],
        changed: &[bool],
        prices: &mut [f64],
        index: usize,
    ) -> Result<Option<(f64, Vec<f64>, Seen)>, Error> {
        let (task, count) = (self.task, &self.counts[index]);
        let sign = if count.sense == Sense::AtMost { 1.0 } else { -1.0 };
        let holds = |seen: &Seen| count.holds(task.lines, &seen.spend);
        prices[index] = 0.0;
        let Some(free) = self.seen(allowed, changed, prices)? else { return Ok(None) };
        if holds(&free) || !free.by_prices {
            return Ok(None);
        }
        let mut least = free.bound;
        let mut over = free.spend;
        let (mut low, mut high) = (0.0_f64, (least.abs() / task.lines.len() as f64).max(1e-9));
        let mut after = None;
        for _ in 0..HALVINGS {
            prices[index] = sign * high;
            let Some(seen) = self.seen(allowed, changed, prices)? else { return Ok(None) };
            least = least.min(seen.bound);
            if holds(&seen) {
                after = Some(seen);
                break;
            }
            (over, low, high) = (seen.spend, high, high * 4.0);
        }
        let Some(mut after) = after else { return Ok(None) };
        for _ in 0..HALVINGS {
            if high - low <= 1e-9 * high {
                break;
            }
            let middle = f64::midpoint(low, high);
            prices[index] = sign * middle;
            let Some(seen) = self.seen(allowed, changed, prices)? else { break };
            least = least.min(seen.bound);
            if holds(&seen) { (after, high) = (seen, middle) } else { (over, low) = (seen.spend, middle) }
        }
        prices[index] = sign * high;
        Ok(Some((least, over, after)))
    }

    /// The relaxation at prices of the counts. Where limits cross it takes no prices: the bound is the one without counts.
    fn seen(&self, allowed: &[Allowed], changed: &[bool], prices: &[f64]) -> Result<Option<Seen>, Error> {
        let task = self.task;
        let mut charges: Vec<Charge> =
            task.lines.iter().map(|line| Charge { kept: line.kept(), ..Charge::NONE }).collect();
        for (count, price) in self.counts.iter().zip(prices) {
            for line in &count.lines {
                match count.counted {
                    Counted::Active => charges[*line].active += price,
                    Counted::Changed => charges[*line].change += price,
                }
            }
        }
        charges.iter_mut().zip(changed).for_each(|(charge, changed)| charge.changed = *changed);
        let narrowed = Task { allowed: allowed.to_vec(), rows: task.rows.clone(), ..*task };
        let number: f64 = self.counts.iter().zip(prices).map(|(count, price)| price * count.number as f64).sum();
        if let Some(outcome) = laminar::charged(&narrowed, &charges) {
            let Some((bound, spend, line_prices)) = outcome else { return Ok(None) };
            let gain = |line: usize| {
                let (of, x) = (&task.lines[line], spend[line]);
                of.value(x) - of.value(0.0) - line_prices[line] * x
            };
            let gains = (0..spend.len()).map(gain).collect();
            return Ok(Some(Seen { bound: bound + number, spend, gains, by_prices: true }));
        }
        let Some(found) = search::best(&narrowed)? else { return Ok(None) };
        let gains = task.lines.iter().zip(&found.spend).map(|(line, x)| line.value(*x)).collect();
        Ok(Some(Seen { bound: found.bound, spend: found.spend, gains, by_prices: false }))
    }

    /// Offers the best plan over the lines that count at a spend, as many of them as may.
    fn offer(&mut self, allowed: &[Allowed], spend: &[f64], gains: &[f64]) -> Result<(), Error> {
        let lines = self.task.lines;
        let mut narrowed = allowed.to_vec();
        for count in self.counts {
            let mut order = count.lines.clone();
            order.sort_by(|a, b| {
                let (on_a, on_b) = (count.counts(&lines[*a], spend[*a]), count.counts(&lines[*b], spend[*b]));
                on_b.cmp(&on_a).then(gains[*b].total_cmp(&gains[*a])).then(a.cmp(b))
            });
            for (place, line) in order.into_iter().enumerate() {
                let counts = count.counts(&lines[line], spend[line]);
                let narrow = match (count.sense, count.counted) {
                    (Sense::AtMost, Counted::Active) if !counts || place >= count.number => off(&narrowed[line]),
                    (Sense::AtMost, Counted::Changed) if !counts || place >= count.number => {
                        stay(&narrowed[line], lines[line].kept())
                    }
                    (Sense::AtLeast, Counted::Active) if place < count.number => on(&narrowed[line]),
                    _ => Some(narrowed[line]),
                };
                // what may not be left out stays, and the count is checked below
                narrowed[line] = narrow.unwrap_or(narrowed[line]);
            }
        }
        let task = self.task;
        let Some(found) = search::best(&Task { allowed: narrowed, rows: task.rows.clone(), ..*task })? else {
            return Ok(());
        };
        self.take(found);
        Ok(())
    }

    /// The halves of a node: a line that counts on one side of the prices only, left out and made to count.
    fn halves(&self, node: &Node) -> Vec<(Vec<Allowed>, Vec<bool>)> {
        let lines = self.task.lines;
        for count in self.counts {
            let on_one_side = |line: &&usize| {
                let (over, under) = (node.over[**line], node.under[**line]);
                count.counts(&lines[**line], over) != count.counts(&lines[**line], under)
            };
            let undecided = |line: &&usize| match count.counted {
                Counted::Active => node.allowed[**line].low == 0.0 && node.allowed[**line].high > 0.0,
                Counted::Changed => !node.changed[**line] && node.allowed[**line].low < node.allowed[**line].high,
            };
            let broken = !count.holds(lines, &node.over);
            let differ = count.lines.iter().filter(on_one_side).filter(|_| broken).find(undecided);
            let Some(line) = differ.or_else(|| count.lines.iter().filter(undecided).find(|_| broken)) else { continue };
            let with = |allowed: Option<Allowed>, changes: bool| {
                let mut half = (node.allowed.clone(), node.changed.clone());
                half.0[*line] = allowed?;
                half.1[*line] |= changes;
                Some(half)
            };
            let allowed = &node.allowed[*line];
            let halves = match count.counted {
                Counted::Active => [with(off(allowed), false), with(on(allowed), false)],
                Counted::Changed => [with(stay(allowed, lines[*line].kept()), false), with(Some(*allowed), true)],
            };
            return halves.into_iter().flatten().collect();
        }
        Vec::new()
    }
}

fn off(allowed: &Allowed) -> Option<Allowed> {
    (allowed.low == 0.0).then_some(Allowed { high: 0.0, ..*allowed })
}

fn on(allowed: &Allowed) -> Option<Allowed> {
    let low = allowed.up(allowed.low.max(CENT))?;
    Some(Allowed { low, ..*allowed })
}

fn stay(allowed: &Allowed, at: f64) -> Option<Allowed> {
    allowed.holds(at).then_some(Allowed::between(at, at))
}
