//! The only file that names a solver.
//!
//! Clarabel (interior point) solves the plan's program and gives duals; microlp (simplex) solves the programs of a
//! conflict, where a vertex names few limits. Money is scaled by the budget and KPI by what all lines could bring, so
//! that tolerances mean the same for a hundred yuan and for a billion. Clarabel calls an almost solved program solved:
//! nothing here trusts its objective, the bound is evaluated from the duals ([`Program::prove`]).

use good_lp::{
    Constraint, DualValues, Expression, ProblemVariables, ResolutionError, Solution, SolutionWithDual, SolverModel,
    Variable, constraint, variable,
};

use super::program::{Duals, Program};
use super::rows::{Row, Sense};
use crate::check::{Error, Kind};

/// The units that a program is solved in.
struct Scale {
    money: f64,
    kpi: f64,
}

impl Scale {
    fn of(program: &Program) -> Scale {
        let most = program.envelopes.iter().filter_map(|above| above.corners.last());
        let (money, kpi) = most.fold((0.0, 0.0), |sum, corner| (sum.0 + corner.0, sum.1 + corner.1));
        Scale { money: f64::min(money, program.budget).max(1e-6), kpi: if kpi > 0.0 { kpi } else { 1.0 } }
    }
}

/// Relative accuracies to ask the solver for, in turn: the next where one is out of reach.
const ACCURACIES: [f64; 3] = [1e-9, 1e-7, 1e-5];

/// Solves a program: a spend of each envelope and the multipliers of its rows, as the solver gives them. `None` when
/// nothing satisfies the rows.
///
/// # Errors
///
/// [`Kind::Bug`] when the solver stops for another reason, at any accuracy.
pub fn plan(program: &Program) -> Result<Option<(Vec<f64>, Duals)>, Error> {
    let mut last = Ok(None);
    for accuracy in ACCURACIES {
        last = plan_to(program, accuracy);
        if last.is_ok() {
            break;
        }
    }
    last
}

fn plan_to(program: &Program, accuracy: f64) -> Result<Option<(Vec<f64>, Duals)>, Error> {
    let scale = Scale::of(program);
    let mut variables = ProblemVariables::new();
    let most: f64 = program.envelopes.iter().filter_map(|above| above.corners.last()).map(|corner| corner.0).sum();
    let whole = variables.add(variable().min(0.0).max(most.min(program.budget) / scale.money * 2.0 + 1.0));
    let lines: Vec<LineTerms> =
        program.envelopes.iter().map(|above| LineTerms::new(&above.corners, &scale, &mut variables)).collect();
    let kpi: Expression = lines.iter().map(|line| line.kpi.clone()).sum();
    // the objective in units of itself: KPI when KPI counts, else money
    let unit = if program.aim.kpi > 0.0 { program.aim.kpi * scale.kpi } else { program.aim.spend * scale.money };
    let objective =
        kpi.clone() * (program.aim.kpi * scale.kpi / unit) - whole * (program.aim.spend * scale.money / unit);
    let mut model = variables.maximise(objective).using(good_lp::clarabel);
    model.settings().tol_gap_abs(accuracy).tol_gap_rel(accuracy);
    for line in &lines {
        model.add_constraint(line.weights_add_up());
    }
    let spend: Expression = lines.iter().map(|line| line.spend.clone()).sum();
    let whole_row = model.add_constraint(constraint!(spend == whole));
    model.add_constraint(constraint!(whole <= program.budget / scale.money));
    let rows: Vec<_> =
        program.rows.iter().map(|row| model.add_constraint(row_of(row, &lines, whole, &scale))).collect();
    let target = program.aim.target.map(|target| model.add_constraint(constraint!(kpi.clone() >= target / scale.kpi)));
    let cost = program
        .aim
        .max_cost_per
        .map(|cost| model.add_constraint(constraint!(kpi.clone() * (cost * scale.kpi / scale.money) - whole >= 0.0)));
    let mut solution = match model.solve() {
        Ok(solution) => solution,
        Err(ResolutionError::Infeasible) => return Ok(None),
        Err(error) => return Err(Error::new(Kind::Bug, format!("the linear program was not solved: {error}"))),
    };
    let spend = lines.iter().map(|line| line.value(&solution)).collect();
    let dual = solution.compute_dual();
    let per_money = unit / scale.money;
    let found = Duals {
        // the row reads Σ x − T = 0: one more on its right-hand side is one more unit to spend for the same T
        whole: dual.dual(whole_row) * per_money,
        budget: 0.0,
        rows: rows.into_iter().map(|row| dual.dual(row) * per_money).collect(),
        target: target.map_or(0.0, |row| -dual.dual(row) * unit / scale.kpi),
        cost: cost.map_or(0.0, |row| -dual.dual(row) * per_money),
    };
    Ok(Some((spend, found)))
}

/// A line's spend and KPI as convex combinations of the corners of its envelope (the λ form: no segment is ever so
/// short that its bound is lost in the tolerance).
struct LineTerms {
    corners: Vec<(f64, f64)>,
    weights: Vec<Variable>,
    spend: Expression,
    kpi: Expression,
}

impl LineTerms {
    fn new(corners: &[(f64, f64)], scale: &Scale, variables: &mut ProblemVariables) -> LineTerms {
        let weights: Vec<Variable> = variables.add_vector(variable().min(0.0), corners.len());
        let (mut spend, mut kpi) = (Expression::default(), Expression::default());
        for (weight, corner) in weights.iter().zip(corners) {
            spend.add_mul(corner.0 / scale.money, *weight);
            kpi.add_mul(corner.1 / scale.kpi, *weight);
        }
        LineTerms { corners: corners.to_vec(), weights, spend, kpi }
    }

    fn weights_add_up(&self) -> Constraint {
        constraint!(self.weights.iter().sum::<Expression>() == 1.0)
    }

    /// The spend; weights are brought back to what the tolerance leaves outside.
    fn value(&self, solution: &impl Solution) -> f64 {
        let weights: Vec<f64> = self.weights.iter().map(|weight| solution.value(*weight).max(0.0)).collect();
        let total: f64 = weights.iter().sum();
        let sum: f64 = weights.iter().zip(&self.corners).map(|(weight, corner)| weight * corner.0).sum();
        let ends = (self.corners[0].0, self.corners[self.corners.len() - 1].0);
        (sum / total).clamp(ends.0, ends.1)
    }
}

fn row_of(row: &Row, lines: &[LineTerms], whole: Variable, scale: &Scale) -> Constraint {
    let mut sum: Expression = row.lines.iter().map(|line| lines[*line].spend.clone()).sum();
    sum.add_mul(row.total, whole);
    if let Some(cost) = row.cost() {
        let kpi: Expression = row.lines.iter().map(|line| lines[*line].kpi.clone()).sum();
        return constraint!(sum - kpi * (cost * scale.kpi / scale.money) <= 0.0);
    }
    bounded(sum, row.sense, row.bound / scale.money)
}

fn bounded(sum: Expression, sense: Sense, bound: f64) -> Constraint {
    match sense {
        Sense::AtMost => constraint!(sum <= bound),
        Sense::AtLeast => constraint!(sum >= bound),
    }
}

/// The least money by which rows and budget miss each other, and how much each row gives in it.
///
/// Spend of `count` lines, each 0 or more; the last figure is what the budget gives. All 0 when they agree.
///
/// # Errors
///
/// [`Kind::Bug`] when the solver stops: the program has a solution by construction.
pub fn elastic(count: usize, rows: &[&Row], budget: Option<f64>) -> Result<Vec<f64>, Error> {
    let money = rows.iter().map(|row| row.bound.abs()).chain(budget).fold(1.0, f64::max);
    let mut variables = ProblemVariables::new();
    let spend: Vec<Variable> = variables.add_vector(variable().min(0.0), count);
    let gives: Vec<Variable> = variables.add_vector(variable().min(0.0), rows.len() + 1);
    // a budget is harder to move than a limit: it gives last among equals
    let last = rows.len();
    let cost: Expression = gives[..last].iter().sum::<Expression>() + gives[last] * 1.000_001;
    let mut model = variables.minimise(cost).using(good_lp::microlp);
    let whole: Expression = spend.iter().sum();
    for (row, give) in rows.iter().zip(&gives) {
        let sum: Expression = row.lines.iter().map(|line| spend[*line]).sum::<Expression>() + whole.clone() * row.total;
        let eased = if row.sense == Sense::AtMost { sum - *give } else { sum + *give };
        model.add_constraint(bounded(eased, row.sense, row.bound / money));
    }
    if let Some(budget) = budget {
        model.add_constraint(constraint!(whole - gives[last] <= budget / money));
    }
    let solution = model
        .solve()
        .map_err(|error| Error::new(Kind::Bug, format!("the program of a conflict was not solved: {error}")))?;
    Ok(gives.iter().map(|give| solution.value(*give) * money).collect())
}
