//! Daily budgets of one line: levels that change by bounded steps and add up to a given sum.
//!
//! A line's days form *blocks* k = 1 … K of n_k days with one budget b_k each. What is asked of them is
//!
//! ```text
//!     Σ n_k b_k = X
//!     max(b_k (1 − s), b_k − a) ≤ b_{k+1} ≤ min(b_k (1 + s), b_k + a)        (b_0: the budget before, where there is one)
//!     b_k = c on locked blocks
//! ```
//!
//! Every condition but the sum bounds one budget by a monotone function of its neighbour's, so the budgets that keep them
//! are closed under the larger and the smaller of each pair: there is a least and a largest series of budgets, and they are
//! a convex set, so that every sum between theirs is reached. For a target t_k = μ w_k, let D(μ) be the largest series
//! that is nowhere above the target and U(μ) the least that is nowhere below it (the two extensions of McShane 1934, here
//! for steps down and up). Their mean keeps the conditions, is the target itself wherever the target keeps them, and
//! rises with μ from the least series to the largest: μ is found by halving, and the sum is exact.

/// Days with one budget.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Block {
    /// Days, at least 1.
    pub days: u32,
    /// Mean weight of the days, above 0.
    pub weight: f64,
    /// The budget that it must have.
    pub locked: Option<f64>,
}

/// How far a budget may go from one block to the next.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Steps {
    /// Share s; infinite where any is allowed.
    pub share: f64,
    /// Money a; infinite where any is allowed.
    pub amount: f64,
}

impl Steps {
    /// Whether any change is allowed.
    pub fn free(&self) -> bool {
        self.share.is_infinite() && self.amount.is_infinite()
    }

    /// The most that may come after `budget`.
    fn up(&self, budget: f64) -> f64 {
        (budget * (1.0 + self.share)).min(budget + self.amount)
    }

    /// The least that may come after `budget`.
    fn down(&self, budget: f64) -> f64 {
        (budget * (1.0 - self.share)).max(budget - self.amount).max(0.0)
    }

    /// The most that may come before `budget`.
    fn before_at_most(&self, budget: f64) -> f64 {
        let by_share = if self.share < 1.0 { budget / (1.0 - self.share) } else { f64::INFINITY };
        by_share.min(budget + self.amount)
    }

    /// The least that may come before `budget`.
    fn before_at_least(&self, budget: f64) -> f64 {
        let by_share = if self.share.is_finite() { budget / (1.0 + self.share) } else { 0.0 };
        by_share.max(budget - self.amount).max(0.0)
    }
}

/// The blocks of a line, its steps, and the budget before the first block where a step from it counts.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Chain {
    /// In order.
    pub blocks: Vec<Block>,
    /// Bounds on changes.
    pub steps: Steps,
    /// The budget before.
    pub before: Option<f64>,
}

/// Halvings of μ.
const HALVINGS: usize = 200;

impl Chain {
    /// The least and the largest sum that its budgets can have.
    pub fn sums(&self) -> (f64, f64) {
        let (low, high) = self.ends();
        (self.sum(&low), self.sum(&high))
    }

    fn sum(&self, budgets: &[f64]) -> f64 {
        self.blocks.iter().zip(budgets).map(|(block, budget)| f64::from(block.days) * budget).sum()
    }

    /// The least and the largest series. A lock holds what stands beside it, before and after.
    fn ends(&self) -> (Vec<f64>, Vec<f64>) {
        let (mut low, mut high) = (Vec::new(), Vec::new());
        let mut last = self.before.map(|budget| (budget, budget));
        for block in &self.blocks {
            let (down, up) =
                last.map_or((0.0, f64::INFINITY), |(low, high)| (self.steps.down(low), self.steps.up(high)));
            let next = block.locked.map_or((down, up), |budget| (budget, budget));
            low.push(next.0);
            high.push(next.1);
            last = Some(next);
        }
        for k in (1..self.blocks.len()).rev() {
            if self.blocks[k - 1].locked.is_none() {
                low[k - 1] = low[k - 1].max(self.steps.before_at_least(low[k]));
                high[k - 1] = high[k - 1].min(self.steps.before_at_most(high[k]));
            }
        }
        (low, high)
    }

    /// Budgets that add up to `sum`, or the nearest that they can add up to.
    pub fn budgets(&self, sum: f64) -> Vec<f64> {
        if self.steps.free() {
            return self.by_weight(sum);
        }
        let (low, high) = self.ends();
        let at = |scale: f64| {
            let targets = self.blocks.iter().zip(low.iter().zip(&high));
            let targets: Vec<f64> =
                targets.map(|(block, (low, high))| (scale * block.weight).clamp(*low, *high)).collect();
            self.near(&targets, &low, &high)
        };
        let weights: f64 = self.blocks.iter().map(|block| f64::from(block.days) * block.weight).sum();
        let (mut below, mut above) = (0.0, sum / weights);
        while self.sum(&at(above)) < sum && above < 1e18 {
            above = above * 2.0 + 1.0;
        }
        for _ in 0..HALVINGS {
            let middle = f64::midpoint(below, above);
            if self.sum(&at(middle)) < sum { below = middle } else { above = middle }
        }
        at(above)
    }

    /// What is not locked, by weight: where any change is allowed that is all there is to it.
    fn by_weight(&self, sum: f64) -> Vec<f64> {
        let (mut locked, mut weights) = (0.0, 0.0);
        for block in &self.blocks {
            match block.locked {
                Some(budget) => locked += f64::from(block.days) * budget,
                None => weights += f64::from(block.days) * block.weight,
            }
        }
        let scale = if weights > 0.0 { (sum - locked).max(0.0) / weights } else { 0.0 };
        self.blocks.iter().map(|block| block.locked.unwrap_or(scale * block.weight)).collect()
    }

    /// The mean of the largest series nowhere above targets and the least nowhere below them.
    fn near(&self, targets: &[f64], low: &[f64], high: &[f64]) -> Vec<f64> {
        let (mut under, mut over) = (targets.to_vec(), targets.to_vec());
        for k in 1..targets.len() {
            under[k] = under[k].min(self.steps.up(under[k - 1])).max(low[k]);
            over[k] = over[k].max(self.steps.down(over[k - 1])).min(high[k]);
        }
        for k in (1..targets.len()).rev() {
            under[k - 1] = under[k - 1].min(self.steps.before_at_most(under[k])).max(low[k - 1]);
            over[k - 1] = over[k - 1].max(self.steps.before_at_least(over[k])).min(high[k - 1]);
        }
        under.iter().zip(&over).map(|(under, over)| f64::midpoint(*under, *over)).collect()
    }
}

/// Budgets in whole cents that add up to `sum` to the cent: all rounded down, the cents that are left on the last days.
///
/// `budgets` are by day; days at 0 take no cents.
pub(super) fn to_cents(budgets: &[f64], sum: f64) -> Vec<f64> {
    let mut cents: Vec<i64> = budgets.iter().map(|budget| (budget * 100.0 + 1e-6).floor() as i64).collect();
    let mut left = (sum * 100.0).round() as i64 - cents.iter().sum::<i64>();
    let runs: Vec<usize> = (0..budgets.len()).rev().filter(|day| budgets[*day] > 0.0).collect();
    while left != 0 && !runs.is_empty() {
        let share = left / runs.len() as i64;
        for (turn, day) in runs.iter().enumerate() {
            let one = i64::from((turn as i64) < left.abs() % runs.len() as i64) * left.signum();
            cents[*day] += share + one;
        }
        left = (sum * 100.0).round() as i64 - cents.iter().sum::<i64>();
    }
    cents.into_iter().map(|cents| cents as f64 / 100.0).collect()
}

/// Budgets in whole steps of a platform, on the days of `open`, that keep their sum: all rounded down, the steps that this frees
/// on the days that lost most, and what is less than a step on the last day.
pub(super) fn to_steps(budgets: &mut [f64], open: &[usize], step: f64) {
    let Some(last) = open.last().filter(|_| step > 0.0) else { return };
    let sum: f64 = open.iter().map(|day| budgets[*day]).sum();
    let steps = |budget: f64| (budget / step + 1e-9).floor();
    let mut by_loss = open.to_vec();
    by_loss.sort_by(|a, b| {
        let lost = |day: usize| budgets[day] - steps(budgets[day]) * step;
        lost(*b).total_cmp(&lost(*a)).then(a.cmp(b))
    });
    open.iter().for_each(|day| budgets[*day] = steps(budgets[*day]) * step);
    let freed = sum - open.iter().map(|day| budgets[*day]).sum::<f64>();
    let whole = steps(freed) as usize;
    by_loss.iter().cycle().take(whole).for_each(|day| budgets[*day] += step);
    budgets[*last] += freed - whole as f64 * step;
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn chain() -> impl Strategy<Value = Chain> {
        let block = (1..5u32, 0.2..3.0f64).prop_map(|(days, weight)| Block { days, weight, locked: None });
        let blocks = prop::collection::vec(block, 1..20);
        let step = prop_oneof![Just(f64::INFINITY), 0.02..1.0f64];
        let amount = prop_oneof![Just(f64::INFINITY), 1.0..200.0f64];
        let before = prop::option::of(1.0..500.0f64);
        (blocks, step, amount, before, any::<bool>()).prop_map(|(mut blocks, share, amount, before, locked)| {
            if let (true, Some(budget)) = (locked, before) {
                blocks[0].locked = Some(budget);
            }
            Chain { blocks, steps: Steps { share, amount }, before }
        })
    }

    proptest! {
        #[test]
        fn every_sum_within_reach_is_reached_and_every_step_kept(chain in chain(), at in 0.0..1.0f64) {
            let (low, high) = chain.sums();
            let high = high.min(low + 1e5);
            let sum = low + at * (high - low);
            let budgets = chain.budgets(sum);
            prop_assert!((chain.sum(&budgets) - sum).abs() <= 1e-6 * sum.max(1.0), "{} {sum}", chain.sum(&budgets));
            let mut before = chain.before;
            for (block, budget) in chain.blocks.iter().zip(&budgets) {
                if let Some(locked) = block.locked {
                    prop_assert!((budget - locked).abs() < 1e-9);
                }
                if let Some(before) = before {
                    prop_assert!(*budget <= chain.steps.up(before) * (1.0 + 1e-9) + 1e-9, "{before} to {budget}");
                    prop_assert!(*budget >= chain.steps.down(before) * (1.0 - 1e-9) - 1e-9, "{before} to {budget}");
                }
                before = Some(*budget);
            }
        }

        #[test]
        fn weights_that_keep_the_steps_are_followed_exactly(weight in 0.9..1.1f64, sum in 10.0..1e5f64, days in 2..40usize) {
            let blocks: Vec<Block> =
                (0..days).map(|k| Block { days: 1, weight: if k % 2 == 0 { 1.0 } else { weight }, locked: None }).collect();
            let all: f64 = blocks.iter().map(|block| block.weight).sum();
            let chain = Chain { blocks, steps: Steps { share: 0.2, amount: f64::INFINITY }, before: None };
            for (block, budget) in chain.blocks.iter().zip(chain.budgets(sum)) {
                prop_assert!((budget - sum * block.weight / all).abs() < 1e-6 * sum);
            }
        }

        #[test]
        fn all_days_but_the_last_are_in_steps(budgets in prop::collection::vec(0.0..5000.0f64, 1..40), step in 1.0..200.0f64) {
            let mut rounded = budgets.clone();
            let open: Vec<usize> = (0..budgets.len()).collect();
            to_steps(&mut rounded, &open, step);
            prop_assert!((rounded.iter().sum::<f64>() - budgets.iter().sum::<f64>()).abs() < 1e-6);
            for (budget, rounded) in budgets.iter().zip(&rounded) {
                prop_assert!((budget - rounded).abs() <= 2.0 * step + 1e-6, "{budget} {rounded}");
            }
            for rounded in &rounded[..rounded.len() - 1] {
                prop_assert!((rounded / step - (rounded / step).round()).abs() < 1e-6);
            }
        }

        #[test]
        fn cents_add_up(budgets in prop::collection::vec(0.0..500.0f64, 1..40), off in -0.3..0.3f64) {
            let sum = ((budgets.iter().sum::<f64>() + off).max(0.0) * 100.0).round() / 100.0;
            prop_assume!(budgets.iter().any(|budget| *budget > 1.0));
            let cents = to_cents(&budgets, sum);
            let whole = |x: f64| (x * 100.0).round() as i64;
            prop_assert_eq!(cents.iter().map(|x| whole(*x)).sum::<i64>(), whole(sum));
        }
    }

    /// The least and largest sums against a search over a grid of budgets.
    #[test]
    fn sums_agree_with_brute_force() {
        let block = |locked| Block { days: 2, weight: 1.0, locked };
        let chain = Chain {
            blocks: vec![block(None), block(None), block(None)],
            steps: Steps { share: 0.5, amount: 30.0 },
            before: Some(40.0),
        };
        let mut found = (f64::INFINITY, 0.0_f64);
        let fits = |a: f64, b: f64| b <= chain.steps.up(a) + 1e-9 && b >= chain.steps.down(a) - 1e-9;
        for a in (0..300).map(f64::from).filter(|a| fits(40.0, *a)) {
            for b in (0..300).map(f64::from).filter(|b| fits(a, *b)) {
                for c in (0..300).map(f64::from).filter(|c| fits(b, *c)) {
                    found = (found.0.min(2.0 * (a + b + c)), found.1.max(2.0 * (a + b + c)));
                }
            }
        }
        let (low, high) = chain.sums();
        assert_eq!((low, high), (2.0 * (20.0 + 10.0 + 5.0), 2.0 * (60.0 + 90.0 + 120.0)));
        assert_eq!(found, (low, high));
    }
}
