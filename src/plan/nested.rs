//! A plan under limits that nest, at given allowed sets: prices found level by level, a bound, and a plan.
//!
//! ```text
//!     maximise  Σ F_l(x_l) − m₀ · X_0     x_l in A_l,     low_g ≤ X_g ≤ high_g,     X_g = Σ of the lines under g
//! ```
//!
//! At one price m for all of its lines a group spends X_g(m), which falls in m. A cap binds exactly when the price around
//! the group is below the one at which X_g = high_g, and that price does not depend on the rest of the plan: so each group,
//! smallest first, finds the prices of its ends by itself, and from the outermost group inwards every price is the one
//! around it, kept between them. With μ_g = m_g − m_parent the multipliers of the limits that bind,
//!
//! ```text
//!     Σ_l max_x (F_l(x) − m_l x) + Σ_g μ_g b_g
//! ```
//!
//! bounds every plan within the limits (weak duality), whatever the accuracy of the prices. Lines that jump at a price, from
//! one end of a chord to the other, are what keeps the plan from the bound: few, one a limit that binds (Shapley–Folkman).

use rayon::prelude::*;

use super::block::Block;
use super::clamp::Clamp;
use super::jumps::{self, Bought};
use super::line::Allowed;
use super::price::Choice;
use super::reach::{Bracket, FAR, Guess, SAME_PRICE, Side, reach, reach_by};

/// Share of a sum within which it counts as reached.
const REACHED: f64 = 1e-12;
/// Share of the money of a block below which a line does not jump.
const JUMP: f64 = 1e-8;
/// Lines from which on their pricing is shared among threads, and lines in one share.
const PARALLEL: usize = 512;
const SHARE: usize = 128;

/// A line that jumps at its price.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Jump {
    /// The line.
    pub line: usize,
    /// Spend before the jump.
    pub from: f64,
    /// Spend after it.
    pub to: f64,
    /// Spend in the plan.
    pub at: f64,
    /// What the plan loses by standing between the two.
    pub loss: f64,
}

/// A block solved over the concave hulls of its curves.
#[derive(Clone, Debug)]
pub struct Relaxed {
    /// Nothing within the limits brings more.
    pub bound: f64,
    /// A spend by line that keeps the limits, jumps aside.
    pub spend: Vec<f64>,
    /// The lines that jump.
    pub jumps: Vec<Jump>,
    /// Price by group.
    pub prices: Vec<f64>,
    /// Which groups are at an end of their span, and how much that is.
    pub ends: Vec<Option<f64>>,
    /// Which of these are held by their ceiling on the average cost.
    pub at_cost: Vec<bool>,
    /// What a KPI of each group counts for: more than 1 under a ceiling on the average cost, which it makes room under.
    pub weights: Vec<f64>,
    /// How the block's own price came about.
    pub held_by: HeldBy,
    /// The allowed sets that this is of.
    allowed: Vec<Allowed>,
    /// Where the ends of groups bind over them.
    clamps: Vec<Clamp>,
}

/// What sets the price of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeldBy {
    /// Its span, or nothing.
    Spend,
    /// The KPI to reach.
    Target,
    /// The ceiling on the average cost.
    Cost,
}

/// Solves a block over the concave hulls of its curves; `None` when no spend keeps its limits.
pub fn relaxed(block: &Block, allowed: &[Allowed], near: Option<&Relaxed>) -> Option<Relaxed> {
    Relaxation { block, allowed, worth: block.worth, clamps: Vec::new() }.prepared(near)?.solved()
}

/// A block whose limits' prices are known, to be asked at one price around it after the other.
pub struct Prepared<'a> {
    /// The block.
    pub block: Block<'a>,
    allowed: Vec<Allowed>,
    clamps: Vec<Clamp>,
}

impl<'a> Prepared<'a> {
    /// Finds the prices at which the block's limits bind; `None` when no spend keeps them.
    pub fn new(block: Block<'a>, allowed: Vec<Allowed>) -> Option<Prepared<'a>> {
        let relaxation = Relaxation { block: &block, allowed: &allowed, worth: 0.0, clamps: Vec::new() };
        let clamps = relaxation.prepared(None)?.clamps;
        Some(Prepared { block, allowed, clamps })
    }

    /// The block at a price around it.
    pub fn at(&self, worth: f64) -> Option<Relaxed> {
        let (block, allowed, clamps) = (&self.block, &self.allowed[..], self.clamps.clone());
        Relaxation { block, allowed, worth, clamps }.solved()
    }
}

struct Relaxation<'a, 'b> {
    block: &'b Block<'a>,
    allowed: &'b [Allowed],
    /// The price around the block.
    worth: f64,
    clamps: Vec<Clamp>,
}

impl Relaxation<'_, '_> {
    fn prepared(mut self, near: Option<&Relaxed>) -> Option<Self> {
        let ends = self.ends()?;
        self.clamps = vec![Clamp::default(); self.block.spans.len()];
        let same = near.map(|near| self.same_as(near)).unwrap_or_default();
        for level in self.block.tree.levels() {
            let of = |group: &usize| match near {
                Some(near) if same[*group] => Some(near.clamps[*group]),
                near => self.clamp(*group, ends[*group], near.map(|near| near.clamps[*group])),
            };
            let found: Vec<Option<Clamp>> =
                if level.len() > 1 { level.par_iter().map(of).collect() } else { level.iter().map(of).collect() };
            for (group, clamp) in level.into_iter().zip(found) {
                self.clamps[group] = clamp?;
            }
        }
        Some(self)
    }

    /// Which groups' lines have the allowed sets that they have in another relaxation of the block.
    fn same_as(&self, near: &Relaxed) -> Vec<bool> {
        let groups = &self.block.tree.groups;
        let mut same = vec![true; groups.len()];
        for (index, group) in groups.iter().enumerate().rev() {
            let own = group.lines.iter().all(|line| self.allowed[*line] == near.allowed[*line]);
            same[index] = own && group.children.iter().all(|child| same[*child]);
        }
        same
    }

    fn solved(&self) -> Option<Relaxed> {
        let (price, bracket, held_by) = self.price_of_all()?;
        Some(self.answer(price, bracket, held_by))
    }

    /// Least and most that each group can spend; `None` when some group cannot keep its span.
    fn ends(&self) -> Option<Vec<(f64, f64)>> {
        let groups = &self.block.tree.groups;
        let mut ends: Vec<(f64, f64)> = vec![(0.0, 0.0); groups.len()];
        let slack = 1e-9 * self.block.money.max(1.0);
        for (index, group) in groups.iter().enumerate().rev() {
            let own = group.lines.iter().map(|line| (self.allowed[*line].low, self.allowed[*line].high));
            let within = group.children.iter().map(|child| ends[*child]);
            let (low, high) = own.chain(within).fold((0.0, 0.0), |sum, (low, high)| (sum.0 + low, sum.1 + high));
            let span = &self.block.spans[index];
            if low > span.high + slack || high < span.low - slack || span.low > span.high + slack {
                return None;
            }
            ends[index] = (low.max(span.low), high.min(span.high).max(low.max(span.low)));
        }
        Some(ends)
    }

    /// Where the ends of a group bind, when those of the groups within it are known; `None` when its ceiling on the average
    /// cost cannot be kept.
    fn clamp(&self, group: usize, ends: (f64, f64), near: Option<Clamp>) -> Option<Clamp> {
        let span = &self.block.spans[group];
        let guess = |end: fn(&Clamp) -> Option<Bracket>| {
            let near = near.as_ref().and_then(end);
            near.map_or_else(|| Guess::rough(self.guess(group)), |near| Guess::near(near.under))
        };
        let most = self.most(group);
        let least = self.least(group);
        let slack = REACHED * self.block.money;
        let cap = (most > span.high + slack).then(|| self.reach(group, span.high, guess(|near| near.cap)));
        let floor = if ends.0 >= ends.1 - slack && cap.is_some() {
            cap.filter(|_| span.low >= span.high)
        } else {
            (least < span.low - slack).then(|| self.reach(group, span.low, guess(|near| near.floor)))
        };
        let Some((ceiling, _)) = span.cost else { return Some(Clamp { cap, floor, cost: None }) };
        let cost = self.reach_cost(group, ceiling)?;
        if cost.zip(floor).is_some_and(|(cost, floor)| floor.under < cost.over) {
            return None;
        }
        Some(Clamp { cap, floor, cost: cost.map(|cost| (cost, self.at(group, cost.under))) })
    }

    /// The prices around the one from which on a group's members cost no more than `ceiling` on average, within `None` when
    /// they never do; `None` when they do even where each unit of spend has to bring as much as that.
    fn reach_cost(&self, group: usize, ceiling: f64) -> Option<Option<Bracket>> {
        let over = |price: f64| {
            let (spend, kpi) = self.both_at(group, price);
            spend - ceiling * kpi
        };
        let (mut low, mut high) = (self.guess(group).min(1.0 / ceiling) / FAR, 1.0 / ceiling);
        if over(high) > 1e-9 * self.block.money {
            return None;
        }
        if over(low) <= 0.0 {
            return Some(None);
        }
        while high - low > SAME_PRICE * high {
            let middle = (low * high).sqrt();
            if middle <= low || middle >= high {
                break;
            }
            if over(middle) > 0.0 { low = middle } else { high = middle }
        }
        Some(Some(Bracket { over: low, under: high }))
    }

    /// Spend and KPI of a group's members at a price of their own.
    fn both_at(&self, group: usize, price: f64) -> (f64, f64) {
        let members = &self.block.tree.groups[group];
        let own = members.lines.iter().map(|line| self.best(*line, price)).map(|choice| (choice.spend, choice.value));
        let within = members.children.iter().map(|child| self.both_at(*child, self.clamps[*child].price(price)));
        own.chain(within).fold((0.0, 0.0), |sum, of| (sum.0 + of.0, sum.1 + of.1))
    }

    /// Most that a group's members can spend together, its own span aside.
    fn most(&self, group: usize) -> f64 {
        let members = &self.block.tree.groups[group];
        let own: f64 = members.lines.iter().map(|line| self.allowed[*line].high).sum();
        own + members.children.iter().map(|child| self.most(*child).min(self.block.spans[*child].high)).sum::<f64>()
    }

    fn least(&self, group: usize) -> f64 {
        let members = &self.block.tree.groups[group];
        let own: f64 = members.lines.iter().map(|line| self.allowed[*line].low).sum();
        own + members.children.iter().map(|child| self.least(*child).max(self.block.spans[*child].low)).sum::<f64>()
    }

    /// A price to begin at: what the group's lines bring on average at their reference.
    fn guess(&self, group: usize) -> f64 {
        let lines = self.block.tree.lines_under(group);
        let some = lines.iter().step_by(1 + lines.len() / 32).map(|line| self.block.curves[*line]);
        let sums = some.fold((0.0, 0.0), |sum, curve| {
            let x = curve.line.reference;
            if x > 0.0 { (sum.0 + curve.value(x), sum.1 + x) } else { sum }
        });
        if sums.0 > 0.0 && sums.1 > 0.0 { 0.5 * sums.0 / sums.1 } else { 1.0 }
    }

    /// What a group's members spend at a price of their own.
    fn at(&self, group: usize, price: f64) -> f64 {
        self.bought(group, price).0
    }

    fn best(&self, line: usize, price: f64) -> Choice {
        self.block.curves[line].best(&self.allowed[line], price)
    }

    /// The prices around the one at which a group's members spend `sum` together.
    fn reach(&self, group: usize, sum: f64, guess: Guess) -> Bracket {
        let place = |over: &Side<Bought>, under: &Side<Bought>| {
            jumps::place(over, under, sum, |line, price| self.best(line, price))
        };
        reach_by(|price| self.bought(group, price), place, sum, guess, REACHED * self.block.money)
    }

    /// What a group's members spend at a price of their own, and what the lines buy that no end of a group within it holds.
    fn bought(&self, group: usize, price: f64) -> (f64, Bought) {
        let members = &self.block.tree.groups[group];
        let mut bought: Bought = if members.lines.len() >= PARALLEL {
            let each = members.lines.par_iter().with_min_len(SHARE);
            each.map(|line| (*line, self.best(*line, price))).collect()
        } else {
            members.lines.iter().map(|line| (*line, self.best(*line, price))).collect()
        };
        let mut spend: f64 = bought.iter().map(|(_, choice)| choice.spend).sum();
        let child = |child: &usize| match self.clamps[*child].bound(price, &self.block.spans[*child]) {
            Some(bound) => (bound, Bought::new()),
            None => self.bought(*child, price),
        };
        let within: Vec<(f64, Bought)> = if members.children.len() >= PARALLEL / 4 {
            members.children.par_iter().with_min_len(SHARE / 4).map(child).collect()
        } else {
            members.children.iter().map(child).collect()
        };
        for (spent, lines) in within {
            spend += spent;
            bought.extend(lines);
        }
        (spend, bought)
    }

    /// The price of the whole block.
    fn price_of_all(&self) -> Option<(f64, Option<Bracket>, HeldBy)> {
        let (worth, asked) = (self.worth, self.block.asked);
        let price = self.clamps[0].price(worth);
        let bracket = match (self.clamps[0].cap, self.clamps[0].floor) {
            _ if self.clamps[0].at_cost(worth).is_some() => self.clamps[0].cost.map(|cost| cost.0),
            (Some(cap), _) if price > worth => Some(cap),
            (_, Some(floor)) if price < worth => Some(floor),
            _ => None,
        };
        let mut found = (price, bracket, HeldBy::Spend);
        if let Some(cost) = asked.cost {
            // what the ceiling leaves room for, most where a unit of spend brings just as much as it may cost
            let over = |price: f64| {
                let (spend, kpi) = self.kpi_at(price);
                spend - cost * kpi
            };
            if over(found.0) > 0.0 {
                let (mut low, mut high) = (found.0, 1.0 / cost);
                if low >= high || over(high) > REACHED * self.block.money {
                    return None;
                }
                while high - low > SAME_PRICE * high {
                    let middle = if low > 0.0 { (low * high).sqrt() } else { high / 16.0 };
                    if over(middle) > 0.0 {
                        low = middle
                    } else {
                        high = middle
                    }
                    if high < 1e-200 {
                        break;
                    }
                }
                found = (high, Some(Bracket { over: low, under: high }), HeldBy::Cost);
            }
        }
        if let Some(target) = asked.target {
            if self.kpi_at(found.1.map_or(found.0, |bracket| bracket.over)).1 < target * (1.0 - 1e-12) {
                return None;
            }
            let reached = reach(|price| self.kpi_at(price).1, target, self.guess(0), 1e-12 * target);
            if reached.under > found.0 {
                found = (reached.over.max(0.0), Some(reached), HeldBy::Target);
            }
        }
        Some(found)
    }

    /// Spend and KPI of the whole block at a price, the lines of groups at their ends included.
    fn kpi_at(&self, price: f64) -> (f64, f64) {
        let prices = self.prices(price);
        let of = |group: (&super::tree::Group, &f64)| {
            let choices = group.0.lines.iter().map(|line| self.best(*line, *group.1));
            choices.fold((0.0, 0.0), |sum, choice| (sum.0 + choice.spend, sum.1 + choice.value))
        };
        let groups = self.block.tree.groups.iter().zip(&prices).map(of);
        groups.fold((0.0, 0.0), |sum, of| (sum.0 + of.0, sum.1 + of.1))
    }

    /// The price of each group when the block's is given.
    fn prices(&self, price: f64) -> Vec<f64> {
        let mut prices = vec![price; self.clamps.len()];
        for group in 1..prices.len() {
            prices[group] = self.clamps[group].price(prices[self.block.tree.groups[group].parent]);
        }
        prices
    }

    fn answer(&self, price: f64, bracket: Option<Bracket>, held_by: HeldBy) -> Relaxed {
        let (groups, spans) = (&self.block.tree.groups, &self.block.spans);
        let mut prices = vec![price; groups.len()];
        let mut ends: Vec<Option<f64>> = vec![None; groups.len()];
        let mut brackets: Vec<Option<Bracket>> = vec![bracket; groups.len()];
        let (mut at_cost, mut weights) = (vec![false; groups.len()], vec![1.0; groups.len()]);
        for group in 0..groups.len() {
            if group == 0 && held_by != HeldBy::Spend {
                continue;
            }
            let clamp = &self.clamps[group];
            let mut around = self.worth;
            if group > 0 {
                around = prices[groups[group].parent];
                weights[group] = weights[groups[group].parent];
                let outer = brackets[groups[group].parent];
                prices[group] = clamp.price(around);
                brackets[group] = outer;
                if let Some(both) = outer.and_then(|outer| clamp.straddled(outer)) {
                    (prices[group], brackets[group]) = (around, Some(both));
                }
            }
            if let (Some((at, spend)), Some((cost, _))) = (clamp.at_cost(around), spans[group].cost) {
                (prices[group], ends[group], brackets[group]) = (at.under, Some(spend), Some(at));
                at_cost[group] = true;
                weights[group] *= (1.0 - cost * around) / (1.0 - cost * at.under);
            } else if prices[group] != around {
                let capped = prices[group] > around;
                ends[group] = Some(if capped { spans[group].high } else { spans[group].low });
                brackets[group] = if capped { clamp.cap } else { clamp.floor };
            }
        }
        let (allowed, clamps) = (self.allowed.to_vec(), self.clamps.clone());
        let (bound, spend, jumps) = (0.0, Vec::new(), Vec::new());
        let mut relaxed = Relaxed { bound, spend, jumps, prices, ends, at_cost, weights, held_by, allowed, clamps };
        (relaxed.spend, relaxed.jumps) = self.spend(&relaxed, &brackets);
        relaxed.bound = self.bound(&relaxed);
        relaxed
    }

    /// What no plan exceeds, by the prices.
    fn bound(&self, relaxed: &Relaxed) -> f64 {
        let Relaxed { prices, ends, at_cost, weights, held_by, .. } = relaxed;
        let groups = &self.block.tree.groups;
        let each = groups.iter().zip(prices.iter().zip(weights)).map(|(group, (price, weight))| {
            weight * sum(&group.lines, PARALLEL, |line| self.best(*line, *price).above)
        });
        let above: f64 = each.sum();
        let mut bound = above;
        for (group, end) in ends.iter().enumerate().filter(|(group, _)| !at_cost[*group]) {
            let around = if group == 0 { self.worth } else { prices[groups[group].parent] };
            bound += end.map_or(0.0, |end| weights[group] * (prices[group] - around) * end);
        }
        let cost = self.block.asked.cost.unwrap_or(0.0);
        match (*held_by, self.block.asked.target) {
            // with the ceiling's multiplier μ a KPI is worth 1 + c μ, and a unit of spend as much of it as the price says
            (HeldBy::Cost, _) => bound * (1.0 - cost * self.worth) / (1.0 - cost * prices[0]),
            // with the target's multiplier ν, a unit of spend is worth 1 and a KPI ν = 1 ÷ price
            (_, Some(target)) => (bound - target) / prices[0],
            _ => bound,
        }
    }

    /// A spend by line at the prices, what is left of a sum given to lines that jump; and those lines.
    fn spend(&self, relaxed: &Relaxed, brackets: &[Option<Bracket>]) -> (Vec<f64>, Vec<Jump>) {
        let Relaxed { prices, ends, at_cost, held_by, .. } = relaxed;
        let groups = &self.block.tree.groups;
        let owner = self.block.tree.owners(ends);
        let mut left: Vec<f64> = ends.iter().map(|end| end.unwrap_or(0.0)).collect();
        for group in 1..groups.len() {
            left[owner[groups[group].parent]] -= ends[group].unwrap_or(0.0);
        }
        let mut spend = vec![0.0; self.allowed.len()];
        let mut rises: Vec<(usize, usize, Choice, Choice)> = Vec::new();
        let least = JUMP * self.block.money;
        for (group, members) in groups.iter().enumerate() {
            let price = brackets[group].unwrap_or(Bracket { over: prices[group], under: prices[group] });
            for (line, under, over) in self.around(&members.lines, price) {
                spend[line] = under.spend;
                left[owner[group]] -= under.spend;
                if over.spend - under.spend > least {
                    rises.push((owner[group], line, under, over));
                }
            }
        }
        let mut jumps = Vec::new();
        for (owner, line, from, to) in rises {
            let room = match (ends[owner], held_by) {
                _ if at_cost[owner] => 0.0,
                (Some(_), _) => left[owner].clamp(0.0, to.spend - from.spend),
                (None, HeldBy::Target) if owner == 0 => to.spend - from.spend,
                _ => 0.0,
            };
            spend[line] += room;
            left[owner] -= room;
            let chord = from.value + (to.value - from.value) * room / (to.spend - from.spend);
            let miss = (chord - self.block.curves[line].value(spend[line])).max(0.0);
            let bounded = ends[owner].is_some() && !at_cost[owner];
            let loss = if bounded { miss } else { to.value - from.value };
            jumps.push(Jump { line, from: from.spend, to: to.spend, at: spend[line], loss });
        }
        (spend, jumps)
    }

    /// The best of lines on both sides of a price.
    fn around(&self, lines: &[usize], price: Bracket) -> Vec<(usize, Choice, Choice)> {
        let of = |line: &usize| {
            let under = self.best(*line, price.under);
            let over = if price.over < price.under { self.best(*line, price.over) } else { under };
            (*line, under, over)
        };
        if lines.len() >= PARALLEL {
            lines.par_iter().with_min_len(SHARE).map(of).collect()
        } else {
            lines.iter().map(of).collect()
        }
    }
}

/// A sum in one order, however many threads make it.
fn sum(of: &[usize], parallel: usize, f: impl Fn(&usize) -> f64 + Sync) -> f64 {
    if of.len() < parallel {
        return of.iter().map(f).sum();
    }
    let share = (parallel / 4).max(1);
    let shares: Vec<f64> = of.par_chunks(share).map(|of| of.iter().map(&f).sum::<f64>()).collect();
    shares.into_iter().sum()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::fit::Curve as Fitted;
    use crate::fit::saturation::Saturation;
    use crate::plan::block::Asked;
    use crate::plan::line::Line;
    use crate::plan::price::Curve;
    use crate::plan::rows::{Label, Number, Row, Sense};
    use crate::plan::tree::{Tree, spans};
    use crate::units::Channel;

    fn line((top, half, slope): (f64, f64, f64)) -> Line {
        Line {
            channel: Channel::default(),
            curve: Ok(Fitted::certain(Saturation::Hill { top, half, slope })),
            periods: 1.0,
            season: 1.0,
            reference: half,
            observed: 2.0 * half,
            weights: Vec::new(),
        }
    }

    fn row(lines: &[usize], sense: Sense, bound: f64) -> Row {
        Row { lines: lines.to_vec(), sense, bound, total: 0.0, label: Label::Budget, number: Number::Amount }
    }

    proptest! {
        // a branch narrows a few lines: what it knows of the groups of the others is its parent's
        #[test]
        fn what_a_group_kept_serves_where_its_lines_are_as_they_were(
            curves in prop::collection::vec((10.0..90.0f64, 100.0..900.0f64, 0.6..3.0f64), 7..=7),
            caps in (200.0..900.0f64, 200.0..900.0f64, 300.0..1200.0f64), floor in 50.0..150.0f64, whole in 500.0..2500.0f64,
            narrowed in 0..7usize, share in 0.0..1.0f64, is_below in any::<bool>(),
        ) {
            let lines: Vec<Line> = curves.into_iter().map(line).collect();
            let curves: Vec<Curve> = lines.iter().map(Curve::new).collect();
            let rows = [
                row(&[0, 1], Sense::AtMost, caps.0),
                row(&[2, 3], Sense::AtMost, caps.1),
                row(&[0, 1, 2, 3], Sense::AtMost, caps.2),
                row(&[4, 5], Sense::AtLeast, floor),
            ];
            let rows: Vec<&Row> = rows.iter().collect();
            let tree = Tree::new(&rows, 7).unwrap();
            let mut spans = spans(&tree, &rows, whole);
            spans[0].high = whole;
            let asked = Asked::default();
            let block = Block { curves: curves.iter().collect(), tree, spans, worth: 0.0, asked, money: whole };
            let mut allowed = vec![Allowed::between(0.0, whole); 7];
            let parent = relaxed(&block, &allowed, None).unwrap();
            let at = share * whole;
            allowed[narrowed] = if is_below { Allowed::between(0.0, at) } else { Allowed::between(at, whole) };
            match (relaxed(&block, &allowed, Some(&parent)), relaxed(&block, &allowed, None)) {
                (Some(reused), Some(anew)) => {
                    prop_assert!((reused.bound / anew.bound - 1.0).abs() <= 1e-9, "{} {}", reused.bound, anew.bound);
                    prop_assert!(reused.bound <= parent.bound * (1.0 + 1e-9), "{} {}", reused.bound, parent.bound);
                }
                (reused, anew) => prop_assert!(reused.is_none() && anew.is_none()),
            }
        }
    }
}
