//! What a test of a channel would be worth: the expected value of partial perfect information.
//!
//! With θ_c the unknown of channel c, V(x, θ) what plan x brings,
//!
//! ```text
//!     EVPPI_c = E_{θ_c} max_x E[V(x, θ) | θ_c] − max_x E V(x, θ)
//! ```
//!
//! (Raiffa & Schlaifer 1961; Brennan, Kharroubi, O'Hagan & Chilcott 2007). V separates by line and channels are taken as
//! independent of one another after the fit, so that the inner expectation is the mean curves of the other lines: no nested
//! sampling is needed. Let R_c(x) be the most that the other lines bring when c gets x. Then
//!
//! ```text
//!     EVPPI_c = E_i max_x (F_{c,i}(x) + R_c(x)) − max_x (F_c(x) + R_c(x))
//! ```
//!
//! R_c is solved, under all limits, at a dozen spends of c and taken as linear between them: x then stands for a mix of two plans'
//! neighbours, which for concave R_c can be had. Both maxima are over the same spends, hence EVPPI_c ≥ 0.
//!
//! *At most.* At the plan's prices p_c the rest brings at most R_c(x*) − p_c (x − x*), its tangent; with it in place of R_c
//! one pass over c's own curve gives an upper bound without solving anything. It ranks the channels; those at the top are solved.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::check::Error;
use crate::fit::Curve;
use crate::math::quantile;
use crate::plan::explain::{self, Solution};
use crate::plan::line::Line;
use crate::plan::rows::{Bounds, Label, Number, Row, Sense};
use crate::plan::scenarios::{self, Outcome, Problem};
use crate::plan::unknown::states::{self, State};
use crate::settings::Goal;

/// What resolving one channel's uncertainty would be worth.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TestValue {
    /// The channel's label.
    pub channel: String,
    /// Its expected worth over the plan's days, in the objective's unit; absent where only its bound was worked out.
    pub worth: Option<f64>,
    /// What it is worth at most, by the plan's prices.
    pub at_most: f64,
    /// What a test that settles the channel may cost at most, money: the worth times what the budget's last KPI costs.
    pub probe_budget: Option<f64>,
}

/// Channels that are solved, at most.
const SOLVED: usize = 24;
/// Lines of a plan times their states times solved spends, at most.
const MOST_WORK: usize = 300_000;
/// States that the other lines' mean curves are taken over while the rest is planned again, evenly spread over all.
const STATES: usize = 24;
/// Spends of a channel at which the rest is planned again: quantiles of its best spend over the draws, beside the plan's
/// own and both ends.
const AT: [f64; 10] = [0.0, 0.1, 0.2, 0.35, 0.45, 0.55, 0.65, 0.8, 0.9, 1.0];
/// Spends at which a channel's own curve is looked at.
const PLACES: usize = 121;

/// The value of a test of each channel whose curve is not certain, the most valuable first.
pub(super) fn values(
    problem: &Problem,
    solution: &Solution,
    draws: &[usize],
    states: &[&State],
) -> Result<Vec<TestValue>, Error> {
    if problem.aim.goal == Goal::LeastSpend {
        return Ok(Vec::new());
    }
    let open: Vec<usize> = (0..problem.lines.len())
        .filter(|line| problem.lines[*line].states().len() > 1 && room(problem, solution, *line) > 0.0)
        .collect();
    let theta = explain::worth(problem, &solution.duals);
    let bounds: Vec<f64> = open
        .par_iter()
        .map(|line| {
            let (price, here) = (solution.prices[*line] / theta, solution.spend[*line]);
            let places = places(problem, solution, *line);
            let rest: Vec<f64> = places.iter().map(|x| -price * (x - here)).collect();
            gained(problem, *line, draws, &places, &rest)
        })
        .collect();
    let mut order: Vec<usize> = (0..open.len()).collect();
    order.sort_by(|a, b| bounds[*b].total_cmp(&bounds[*a]).then(a.cmp(b)));
    let thin = states::with_lines(problem, problem.lines.iter().map(thinned).collect());
    let work: usize = thin.lines.iter().map(|line| line.states().len()).sum();
    let solvable = SOLVED.min(MOST_WORK / ((AT.len() + 3) * work.max(1)));
    let money_per = explain::marginal_cost_of_budget(problem, solution);
    let solvable = if states.is_empty() { 0 } else { solvable };
    let value = |(rank, at): (usize, &usize)| -> Result<TestValue, Error> {
        let line = open[*at];
        let worth = if rank < solvable { solved(problem, &thin, solution, line, draws, states)? } else { None };
        let worth = worth.map(|worth| worth.min(bounds[*at].max(0.0)) * problem.aim.kpi.max(0.0));
        Ok(TestValue {
            channel: problem.lines[line].channel.label.clone(),
            worth,
            at_most: bounds[*at] * problem.aim.kpi,
            probe_budget: worth.zip(money_per).map(|(worth, cost)| explain::cents(worth / problem.aim.kpi * cost)),
        })
    };
    let mut values: Vec<TestValue> =
        order.par_iter().enumerate().map(value).collect::<Vec<_>>().into_iter().collect::<Result<_, _>>()?;
    let known = |value: &TestValue| value.worth.unwrap_or(0.0);
    values.sort_by(|a, b| known(b).total_cmp(&known(a)).then(b.at_most.total_cmp(&a.at_most)));
    Ok(values)
}

/// How far a line's spend could be elsewhere.
fn room(problem: &Problem, solution: &Solution, line: usize) -> f64 {
    let allowed = &problem.bounds.allowed[line];
    allowed.high.min(solution.budget) - allowed.low
}

/// Spends of a line that are looked at, its own among them.
fn places(problem: &Problem, solution: &Solution, line: usize) -> Vec<f64> {
    let allowed = &problem.bounds.allowed[line];
    let high = allowed.high.min(solution.budget).max(allowed.low);
    let usual = (4.0 * solution.spend[line].max(problem.lines[line].reference)).min(high);
    let even = |from: f64, to: f64, k: usize| from + (to - from) * k as f64 / (PLACES - 1) as f64;
    let mut places: Vec<f64> = (0..PLACES).map(|k| even(allowed.low, usual.max(allowed.low), k)).collect();
    places.extend((0..PLACES / 4).map(|k| even(allowed.low, high, k * 4)));
    places.push(solution.spend[line]);
    places.retain(|x| allowed.minimum == 0.0 || *x == 0.0 || *x >= allowed.minimum);
    places.sort_by(f64::total_cmp);
    places.dedup();
    places
}

/// E_i max (F_i + R) − max (F + R) over places, in KPI.
fn gained(problem: &Problem, line: usize, draws: &[usize], places: &[f64], rest: &[f64]) -> f64 {
    let model = &problem.lines[line];
    let states = model.states();
    let periods = model.periods;
    let mut of_mean = vec![0.0; places.len()];
    let mut of_each = 0.0;
    for draw in draws {
        let mut best = f64::NEG_INFINITY;
        for (k, x) in places.iter().enumerate() {
            let own = model.season * states[*draw % states.len()].saturation.at(x / periods);
            of_mean[k] += own / draws.len() as f64;
            best = best.max(own + rest[k]);
        }
        of_each += best / draws.len() as f64;
    }
    let of_mean = of_mean.iter().zip(rest).map(|(own, rest)| own + rest).fold(f64::NEG_INFINITY, f64::max);
    (of_each - of_mean).max(0.0)
}

/// The value with the rest planned again at some spends of the line; `None` where too few of them can be had.
fn solved(
    problem: &Problem,
    thin: &Problem,
    solution: &Solution,
    line: usize,
    draws: &[usize],
    states: &[&State],
) -> Result<Option<f64>, Error> {
    let best: Vec<f64> = states.iter().map(|state| state.spend[line]).collect();
    let allowed = &problem.bounds.allowed[line];
    let mut at: Vec<f64> = AT.iter().map(|share| quantile(&best, *share)).chain([solution.spend[line]]).collect();
    at = at.into_iter().filter_map(|x| allowed.down(x.min(solution.budget))).collect();
    at.extend([allowed.low, allowed.high.min(solution.budget)].iter().filter_map(|x| allowed.down(*x)));
    let high = allowed.high.min(solution.budget);
    // where the best spend is the same in all draws, the quantiles are one place
    at.extend([0.25, 0.5, 0.75].iter().filter_map(|share| allowed.down(allowed.low + share * (high - allowed.low))));
    at.sort_by(f64::total_cmp);
    at.dedup_by(|b, a| *b - *a <= 1e-9 * *b);
    let mut known: Vec<(f64, f64)> = Vec::new();
    for x in at {
        if let Some(rest) = rest(problem, thin, solution, line, x)? {
            known.push((x, rest));
        }
    }
    let (Some(first), Some(last)) = (known.first(), known.last()) else { return Ok(None) };
    let (low, high) = (first.0, last.0);
    if known.len() < 2 {
        return Ok(None);
    }
    let places: Vec<f64> = places(problem, solution, line).into_iter().filter(|x| (low..=high).contains(x)).collect();
    let rest: Vec<f64> = places.iter().map(|x| between(&known, *x)).collect();
    Ok(Some(gained(problem, line, draws, &places, &rest)))
}

/// What the other lines bring at best when a line gets `x`, in KPI of the objective; `None` where limits forbid it.
fn rest(problem: &Problem, thin: &Problem, solution: &Solution, line: usize, x: f64) -> Result<Option<f64>, Error> {
    let mut fixed = states::with_lines(thin, thin.lines.clone());
    let row = |sense| Row {
        label: Label::Limit("test".into()),
        lines: vec![line],
        total: 0.0,
        sense,
        bound: x,
        number: Number::Amount,
    };
    fixed.rows.extend([row(Sense::AtLeast), row(Sense::AtMost)]);
    fixed.bounds = Bounds::new(&fixed.rows, fixed.bounds.allowed);
    let Outcome::Plan(plan) = scenarios::solved(&fixed, solution.budget)? else { return Ok(None) };
    let others = (0..plan.spend.len()).filter(|other| *other != line);
    let kpi: f64 = others.map(|other| problem.lines[other].value(plan.spend[other])).sum();
    // spend counts in the objective where the goal says so
    let spent: f64 = plan.spend.iter().sum();
    Ok(Some(kpi - problem.aim.spend * spent / problem.aim.kpi))
}

/// A line with some of its states, evenly spread: the mean of two dozen bends as that of hundreds does.
fn thinned(line: &Line) -> Line {
    let fewer = |curve: &Curve| {
        let (count, all) = (STATES.min(curve.draws.len()), curve.draws.len());
        let draws = (0..count).map(|k| curve.draws[k * all / count].clone()).collect();
        Curve { summary: curve.summary.clone(), draws }
    };
    let curve = line.curve.as_ref().map(fewer).map_err(String::clone);
    Line { curve, weights: Vec::new(), channel: line.channel.clone(), ..*line }
}

/// Linear between known points, ascending in x.
fn between(known: &[(f64, f64)], x: f64) -> f64 {
    let after = known.partition_point(|point| point.0 < x).clamp(1, known.len() - 1);
    let (a, b) = (known[after - 1], known[after]);
    a.1 + (b.1 - a.1) * (x - a.0) / (b.0 - a.0)
}
