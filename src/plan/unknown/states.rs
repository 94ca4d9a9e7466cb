//! The best plan of one state of the world: the problem with every curve as that draw has it.

use crate::check::Error;
use crate::fit::Curve;
use crate::plan::answer::Price;
use crate::plan::explain;
use crate::plan::line::Line;
use crate::plan::risk;
use crate::plan::scenarios::{self, Outcome, Problem};

/// Relative gap of a plan that is one of many: its own bound says what it may miss.
pub(super) const GAP: f64 = 5e-5;

/// What the best plan of one draw is.
pub(super) struct State {
    /// Which draw.
    pub draw: usize,
    /// Spend by line.
    pub spend: Vec<f64>,
    /// What it reaches in its draw.
    pub value: f64,
    /// What no plan exceeds in that draw.
    pub bound: f64,
    /// What limits are worth in it.
    pub prices: Vec<Price>,
}

/// Solves the problem of one draw; `None` where no plan keeps the limits in it.
pub(super) fn solve(problem: &Problem, draw: usize, budget: f64) -> Result<Option<State>, Error> {
    let of_draw = with_lines(problem, problem.lines.iter().map(|line| in_draw(line, draw)).collect());
    let Outcome::Plan(solution) = scenarios::solved(&of_draw, budget)? else { return Ok(None) };
    let kpi = risk::draws(&of_draw.lines, &solution.spend)[0];
    let value = of_draw.aim.value(kpi, explain::counted(&of_draw, &solution.spend));
    let prices = explain::prices(&of_draw, &solution);
    let bound = solution.bound.max(value);
    Ok(Some(State { draw, value, bound, prices, spend: solution.spend }))
}

/// A line as one draw has it; one whose curve is certain, or that has none, as it is.
pub(super) fn in_draw(line: &Line, draw: usize) -> Line {
    let curve = match &line.curve {
        Ok(curve) => Ok(curve
            .draws
            .get(draw)
            .map_or_else(|| curve.clone(), |state| Curve { summary: state.clone(), draws: Vec::new() })),
        Err(reason) => Err(reason.clone()),
    };
    Line { curve, weights: Vec::new(), channel: line.channel.clone(), ..*line }
}

/// The problem with other curves; its limits stay.
pub(super) fn with_lines<'a>(problem: &Problem<'a>, lines: Vec<Line>) -> Problem<'a> {
    Problem {
        fitted: problem.fitted,
        settings: problem.settings,
        lines,
        rows: problem.rows.clone(),
        bounds: problem.bounds.clone(),
        aim: problem.aim,
        counts: problem.counts.clone(),
        ceilings: problem.ceilings.clone(),
        bought: problem.bought.clone(),
        gap: GAP,
    }
}
