//! Plans that weigh the worst draws: (1 − w) · mean + w · mean of the worst share α of draws.
//!
//! With R_i(x) the plan's KPI in draw i of N, the mean of the worst α N draws (CVaR) is the least of Σ q_i R_i(x) over weights
//! 0 ≤ q_i ≤ 1 ÷ (α N) that add up to 1 (Rockafellar & Uryasev 2000). For any such q,
//!
//! ```text
//!     Φ(q) = max over x of Σ_i ((1 − w) ÷ N + w q_i) R_i(x)
//! ```
//!
//! is a bound on the best plan, and it is a plan's problem like any other, with other weights on the draws: it separates by
//! line. Φ is convex; its minimum is approached by moving q towards the worst draws of the plan that it leads to (Frank &
//! Wolfe 1956), until the best plan seen and the least bound meet.

use rayon::prelude::*;

use super::count::{self, Count};
use super::line::Line;
use super::search::{Found, Task};
use crate::check::Error;
use crate::math::mean;
use crate::settings::{Risk, RiskMeasure};

/// Gap at which the steps end.
const TOLERANCE: f64 = 5e-5;
/// Steps at most.
const MOST_STEPS: usize = 60;

/// Whether anything but the mean counts.
pub fn counts(risk: Risk) -> bool {
    risk.measure == RiskMeasure::Cvar && risk.weight > 0.0 && risk.level < 1.0
}

/// The objective of a plan's KPI in each draw.
///
/// ```
/// use outlay::plan::risk::value;
/// use outlay::settings::{Risk, RiskMeasure};
/// let risk = Risk { measure: RiskMeasure::Cvar, level: 0.5, weight: 0.5 };
/// assert_eq!(value(&[1.0, 2.0, 3.0, 4.0], risk), 0.5 * 2.5 + 0.5 * 1.5);
/// ```
pub fn value(draws: &[f64], risk: Risk) -> f64 {
    if !counts(risk) {
        return mean(draws);
    }
    let worst = worst_weights(draws, risk.level);
    let of_worst: f64 = worst.iter().zip(draws).map(|(q, r)| q * r).sum();
    (1.0 - risk.weight) * mean(draws) + risk.weight * of_worst
}

/// Weights on the draws that make their sum least: 1 ÷ (α N) on the worst, the rest of 1 on the next.
fn worst_weights(draws: &[f64], level: f64) -> Vec<f64> {
    let mut order: Vec<usize> = (0..draws.len()).collect();
    order.sort_by(|a, b| draws[*a].total_cmp(&draws[*b]));
    let most = 1.0 / (level * draws.len() as f64).max(1.0);
    let (mut weights, mut left) = (vec![0.0; draws.len()], 1.0_f64);
    for draw in order {
        weights[draw] = most.min(left);
        left -= weights[draw];
    }
    weights
}

/// KPI of a plan in each draw: draw i is one state of the world, added up over the lines.
pub fn draws(lines: &[Line], spend: &[f64]) -> Vec<f64> {
    let each: Vec<Vec<f64>> = lines.par_iter().zip(spend).map(|(line, x)| line.in_each_state(*x)).collect();
    let count = each.iter().map(Vec::len).max().unwrap_or(0).max(1);
    // a certain curve is the same in every state
    let in_state = |states: &Vec<f64>, draw: usize| states.get(draw).or(states.first()).copied().unwrap_or(0.0);
    (0..count).map(|draw| each.iter().map(|states| in_state(states, draw)).sum()).collect()
}

/// The best plan under a risk measure; `None` when no spend satisfies the task.
///
/// # Errors
///
/// As [`count::best`].
pub fn best(task: &Task, limits: &[Count], risk: Risk) -> Result<Option<Found>, Error> {
    let states = task.lines.iter().map(|line| line.states().len()).max().unwrap_or(0);
    if !counts(risk) || states < 2 {
        return count::best(task, limits);
    }
    let mut worst = vec![1.0 / states as f64; states];
    let mut best: Option<(f64, Found)> = None;
    let mut bound = f64::INFINITY;
    for step in 0..MOST_STEPS {
        let lines = weighed(task.lines, &worst, risk.weight);
        let weighed = Task { lines: &lines, allowed: task.allowed.clone(), rows: task.rows.clone(), ..*task };
        let Some(found) = count::best(&weighed, limits)? else { return Ok(None) };
        bound = bound.min(found.bound);
        let draws = draws(task.lines, &found.spend);
        let reached = value(&draws, risk);
        let towards = worst_weights(&draws, risk.level);
        if best.as_ref().is_none_or(|(value, _)| reached > *value) {
            best = Some((reached, found));
        }
        if best.as_ref().is_some_and(|(value, _)| bound - value <= TOLERANCE * bound.abs()) {
            break;
        }
        let share = 2.0 / (step as f64 + 2.0);
        worst.iter_mut().zip(towards).for_each(|(q, aim)| *q += share * (aim - *q));
    }
    Ok(best.map(|(_, found)| Found { bound, ..found }))
}

/// The lines with the draws weighed as the mix of mean and worst says.
fn weighed(lines: &[Line], worst: &[f64], weight: f64) -> Vec<Line> {
    let even = (1.0 - weight) / worst.len() as f64;
    let weights: Vec<f64> = worst.iter().map(|q| even + weight * q).collect();
    lines.iter().map(|line| Line { weights: weights.clone(), ..line.clone() }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_worst_never_exceed_the_mean(draws in prop::collection::vec(0.0..100.0f64, 2..50), level in 0.05..1.0f64) {
            let risk = Risk { measure: RiskMeasure::Cvar, level, weight: 1.0 };
            prop_assert!(value(&draws, risk) <= mean(&draws) + 1e-9);
            prop_assert!((worst_weights(&draws, level).iter().sum::<f64>() - 1.0).abs() < 1e-9);
        }
    }
}
