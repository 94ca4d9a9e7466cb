//! What the draws say of a plan beyond its expected KPI: how far the optimum moves with them, what the plan may miss, what a
//! test of a channel would be worth, and what each limit costs.
//!
//! Draw i is one joint state of the world. Up to `what_if` of them, evenly spread over all, each get a plan of their own:
//! the best one if that state were known to be true. Every such plan carries the proven bound of any other, so what is said
//! of the optimum is certified. All of it is deterministic; the work is bounded by `MOST_WORK`, with fewer draws on more
//! lines.

mod limits;
mod states;
mod testing;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use self::states::State;
use super::answer::Answer;
use super::explain::{self, Solution};
use super::risk;
use super::rules::Rules;
use super::scenarios::Problem;
use crate::check::Error;
use crate::fit::Fitted;
use crate::math::{mean, quantile};
use crate::settings::Goal;

pub use self::limits::LimitCost;
pub use self::testing::TestValue;

/// Lines times plans that are made again, at most.
const MOST_WORK: usize = 20_000;
/// Fewest draws that intervals are told from.
const FEWEST: usize = 10;

/// What is not known, and what follows.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Unknown {
    /// Draws of the models.
    pub draws: usize,
    /// Draws that got a plan of their own; 0 when `because` says why not.
    pub what_if: usize,
    /// Why no plan was made again.
    pub because: Option<String>,
    /// What the plan may miss.
    pub regret: Option<Regret>,
    /// What a test of each channel would be worth, the most first.
    pub tests: Vec<TestValue>,
    /// What each limit that binds costs, in the order of `prices`.
    pub limits: Vec<LimitCost>,
}

/// Expected regret: how much more the best plan of each draw brings in it than this plan does.
///
/// It is also the expected value of perfect information: the most that any test of anything can be worth.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Regret {
    /// Mean over draws, in the objective's unit.
    pub mean: f64,
    /// Proven upper bound on that mean.
    pub at_most: f64,
    /// 90 % quantile over draws.
    pub p90: f64,
    /// Mean as a share of the plan's objective.
    pub share: f64,
}

/// Quantiles of a line's spend over the best plans of the draws.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// 10 % quantile.
    pub p10: f64,
    /// Median.
    pub p50: f64,
    /// 90 % quantile.
    pub p90: f64,
}

/// What the next KPI of a line may cost: its marginal cost at the plan's spend, and for a line that gets nothing what the
/// budget's last KPI costs. Per face value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct BidCeiling {
    /// The ceiling.
    pub cost: f64,
    /// 10 % quantile over the draws; absent where the curve is certain.
    pub p10: Option<f64>,
    /// 90 % quantile over the draws.
    pub p90: Option<f64>,
}

fn interval(values: &[f64]) -> Interval {
    Interval { p10: quantile(values, 0.1), p50: quantile(values, 0.5), p90: quantile(values, 0.9) }
}

/// Fills in what the draws say.
///
/// # Errors
///
/// As [`super::search::best`].
pub(super) fn add(
    fitted: &Fitted,
    rules: &Rules,
    problem: &Problem,
    solution: &Solution,
    answer: &mut Answer,
) -> Result<(), Error> {
    let last = last_cost(problem, solution, answer);
    for at in 0..answer.lines.len() {
        answer.lines[at].bid_ceiling = bid_ceiling(problem, solution, last, at);
    }
    let draws = problem.lines.iter().map(|line| line.states().len()).max().unwrap_or(0);
    if draws < 2 {
        return Ok(());
    }
    let count = rules.settings.rules.what_if.min(draws).min(MOST_WORK / problem.lines.len().max(1));
    let mut unknown = Unknown { draws, ..Unknown::default() };
    if count < FEWEST {
        unknown.because = Some(why_not(rules.settings.rules.what_if, draws, problem.lines.len()));
        answer.unknown = Some(unknown);
        return Ok(());
    }
    let picked: Vec<usize> = (0..count).map(|k| k * draws / count).collect();
    let states: Vec<_> = picked.par_iter().map(|draw| states::solve(problem, *draw, solution.budget)).collect();
    let states: Vec<Option<State>> = states.into_iter().collect::<Result<_, Error>>()?;
    let found: Vec<&State> = states.iter().flatten().collect();
    unknown.what_if = found.len();
    if found.len() >= FEWEST {
        for (at, line) in answer.lines.iter_mut().enumerate().filter(|(at, _)| problem.lines[*at].curve.is_ok()) {
            line.interval = Some(interval(&found.iter().map(|state| state.spend[at]).collect::<Vec<f64>>()));
        }
        unknown.regret = regret(problem, solution, &found);
    }
    unknown.tests = testing::values(problem, solution, &picked, &found)?;
    unknown.limits = limits::costs(fitted, rules, problem, solution, answer, &found)?;
    answer.unknown = Some(unknown);
    Ok(())
}

fn why_not(asked: usize, draws: usize, lines: usize) -> String {
    if asked < FEWEST {
        return format!("`what_if` is {asked}; intervals need {FEWEST} or more");
    }
    if draws < FEWEST {
        return format!("the models have {draws} draws; intervals need {FEWEST} or more");
    }
    format!("{lines} lines are more than can be planned again for {FEWEST} draws in a bounded time")
}

/// What the budget's last KPI costs: the median marginal cost of the lines that no limit holds, which share one; by the
/// program's prices where all are held.
fn last_cost(problem: &Problem, solution: &Solution, answer: &Answer) -> Option<f64> {
    let free = answer.lines.iter().filter(|line| line.spend > 0.0 && line.limited_by.is_empty());
    let costs: Vec<f64> = free.filter_map(|line| line.marginal_cost).collect();
    if costs.is_empty() { explain::marginal_cost_of_budget(problem, solution) } else { Some(quantile(&costs, 0.5)) }
}

fn bid_ceiling(problem: &Problem, solution: &Solution, last: Option<f64>, at: usize) -> Option<BidCeiling> {
    let (line, spend) = (&problem.lines[at], solution.spend[at]);
    let curve = line.curve.as_ref().ok()?;
    let cost = |slope: f64| (slope > 0.0 && slope.is_finite()).then(|| 1.0 / slope);
    if spend <= 0.0 {
        return last.map(|cost| BidCeiling { cost, p10: None, p90: None });
    }
    let cost_here = cost(line.marginal(spend))?;
    let scale = line.season / line.periods;
    let slopes: Vec<f64> =
        curve.draws.iter().map(|state| scale * state.saturation.marginal(spend / line.periods)).collect();
    // a low slope is a high cost: quantiles of the slope, read from the other end
    let at = |share: f64| (slopes.len() > 1).then(|| quantile(&slopes, share)).and_then(cost);
    Some(BidCeiling { cost: cost_here, p10: at(0.9), p90: at(0.1) })
}

/// Absent for goals whose plans have other KPI in every draw.
fn regret(problem: &Problem, solution: &Solution, states: &[&State]) -> Option<Regret> {
    if problem.aim.goal == Goal::LeastSpend {
        return None;
    }
    let spent = explain::counted(problem, &solution.spend);
    let here = risk::draws(&problem.lines, &solution.spend);
    let value = |state: &State| problem.aim.value(here[state.draw], spent);
    let missed: Vec<f64> = states.iter().map(|state| (state.value - value(state)).max(0.0)).collect();
    let most: Vec<f64> = states.iter().map(|state| (state.bound - value(state)).max(0.0)).collect();
    let objective = problem.aim.value(mean(&here), spent);
    let mean_missed = mean(&missed);
    let share = if objective > 0.0 { mean_missed / objective } else { 0.0 };
    Some(Regret { mean: mean_missed, at_most: mean(&most).max(mean_missed), p90: quantile(&missed, 0.9), share })
}
