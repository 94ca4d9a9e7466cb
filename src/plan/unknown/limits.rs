//! What limits cost: the plan without each of them, and their prices over the draws.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::check::Error;
use crate::fit::Fitted;
use crate::math::quantile;
use crate::plan::answer::{Answer, Expected, Price};
use crate::plan::explain::{self, Solution};
use crate::plan::risk;
use crate::plan::rows::Label;
use crate::plan::rules::Rules;
use crate::plan::scenarios::{self, Outcome, Problem};
use crate::plan::unknown::State;
use crate::plan::unknown::states::GAP;

/// What a limit that binds costs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LimitCost {
    /// The limit's name.
    pub limit: String,
    /// KPI that the plan would bring more without it, mean and quantiles over the draws; absent for the budget and for
    /// limits that were not left out. Where the goal is to spend least, `saves` tells it instead.
    pub costs: Option<Expected>,
    /// Money that the plan would spend less without it; negative when it would spend more.
    pub saves: Option<f64>,
    /// Its price in the draws' own plans, 10 % quantile; 0 where it does not bind.
    pub price_p10: f64,
    /// Median.
    pub price_p50: f64,
    /// 90 % quantile.
    pub price_p90: f64,
    /// What the price is per.
    pub unit: String,
}

/// Limits that are left out in turn, at most, and lines of a plan times their states times such limits.
const LEFT_OUT: usize = 30;
const MOST_WORK: usize = 120_000;

/// The costs of the limits that have a price.
pub(super) fn costs(
    fitted: &Fitted,
    rules: &Rules,
    problem: &Problem,
    solution: &Solution,
    answer: &Answer,
    states: &[&State],
) -> Result<Vec<LimitCost>, Error> {
    let work: usize = problem.lines.iter().map(|line| line.states().len()).sum();
    let most = LEFT_OUT.min(MOST_WORK / work.max(1));
    let here = risk::draws(&problem.lines, &solution.spend);
    let cost = |(at, price): (usize, &Price)| -> Result<LimitCost, Error> {
        let droppable = ![Label::Budget, Label::Target].map(|label| label.to_string()).contains(&price.limit);
        let without =
            if droppable && at < most { without(fitted, rules, solution.budget, &price.limit)? } else { None };
        let more = without.as_ref().map(|spend| {
            let there = risk::draws(&problem.lines, spend);
            explain::quantiles(&there.iter().zip(&here).map(|(there, here)| there - here).collect::<Vec<f64>>())
        });
        let saves = without.map(|spend| explain::cents(answer.budget.spent - spend.iter().sum::<f64>()));
        let prices: Vec<f64> = states.iter().map(|state| price_in(&state.prices, price)).collect();
        let quantile = |share| if prices.is_empty() { price.price } else { quantile(&prices, share) };
        Ok(LimitCost {
            limit: price.limit.clone(),
            costs: more,
            saves,
            price_p10: quantile(0.1),
            price_p50: quantile(0.5),
            price_p90: quantile(0.9),
            unit: price.unit.clone(),
        })
    };
    answer.prices.par_iter().enumerate().map(cost).collect::<Vec<_>>().into_iter().collect()
}

/// A limit's price among those of a draw's plan; 0 where it does not bind there.
fn price_in(prices: &[Price], wanted: &Price) -> f64 {
    let same = |price: &&Price| price.limit == wanted.limit && price.unit == wanted.unit;
    prices.iter().find(same).map_or(0.0, |price| price.price)
}

/// The best plan's spend without one limit; `None` where there is none.
fn without(fitted: &Fitted, rules: &Rules, budget: f64, limit: &str) -> Result<Option<Vec<f64>>, Error> {
    let problem = Problem { gap: GAP, ..scenarios::problem(fitted, rules, Some(limit))? };
    let Outcome::Plan(plan) = scenarios::solved(&problem, budget)? else { return Ok(None) };
    Ok(Some(plan.spend))
}
