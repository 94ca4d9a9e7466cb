//! The only file that names a solver.
//!
//! Clarabel (interior point) solves the plan's program and gives duals; microlp (simplex) solves it where an interior point
//! cannot, and the programs of a conflict, where a vertex names few limits. With the feature `highs` HiGHS comes first.
//! Money is scaled by the budget and KPI by what all lines could bring, so that tolerances mean the same for a hundred yuan
//! and for a billion. No solver's objective is trusted: the bound is evaluated from the duals ([`Program::prove`]).

use good_lp::constraint::ConstraintReference;
use good_lp::{
    Constraint, DualValues, Expression, ProblemVariables, ResolutionError, Solution, SolutionWithDual, Solver,
    SolverModel, Variable, constraint, variable,
};

use super::program::{Duals, Program};
use super::rows::{Row, Sense};
use crate::check::{Error, Kind};

/// The units that a program is solved in.
#[derive(Clone, Copy)]
struct Scale {
    money: f64,
    kpi: f64,
    /// Of the objective, in units of itself: KPI when KPI counts, else money.
    unit: f64,
}

impl Scale {
    fn of(program: &Program) -> Scale {
        let most = program.envelopes.iter().filter_map(|above| above.corners.last());
        let (money, kpi) = most.fold((0.0, 0.0), |sum, corner| (sum.0 + corner.0, sum.1 + corner.1));
        let money = f64::min(money, program.budget).max(1e-6);
        let kpi = if kpi > 0.0 { kpi } else { 1.0 };
        let aim = program.aim;
        Scale { money, kpi, unit: if aim.kpi > 0.0 { aim.kpi * kpi } else { aim.spend * money } }
    }
}

/// Relative accuracies to ask the interior point for, in turn: the next where one is out of reach.
const ACCURACIES: [f64; 3] = [1e-9, 1e-7, 1e-5];
/// Corners up to which the simplex is asked too whether really nothing satisfies the rows.
const CONFIRMED: usize = 5_000;

/// A spend of each envelope and the multipliers of the rows.
type Answer = (Vec<f64>, Duals);

/// Solves a program: a spend of each envelope and the multipliers of its rows, as the solver gives them. `None` when
/// nothing satisfies the rows.
///
/// Where the rows leave all but a point, or all but nothing, an interior point has no inside to walk in: there the simplex
/// answers, the program with the spend and its dual with the multipliers. Where it stops too, the interior point's proof that
/// there is no plan stands.
///
/// # Errors
///
/// [`Kind::Bug`] when both solvers stop for another reason.
pub fn plan(program: &Program) -> Result<Option<Answer>, Error> {
    #[cfg(feature = "highs")]
    match by_highs(program) {
        Ok(found) => return Ok(Some(found)),
        Err(ResolutionError::Infeasible) => return Ok(None),
        Err(_) => {}
    }
    let corners: usize = program.envelopes.iter().map(|above| above.corners.len()).sum();
    let mut refuted = false;
    for accuracy in ACCURACIES {
        match by_interior_point(program, accuracy) {
            Ok(found) => return Ok(Some(found)),
            Err(ResolutionError::Infeasible) if corners > CONFIRMED => return Ok(None),
            Err(ResolutionError::Infeasible) => {
                refuted = true;
                break;
            }
            Err(_) => {}
        }
    }
    match by_simplex(program) {
        Ok(found) => Ok(Some(found)),
        Err(ResolutionError::Infeasible) => Ok(None),
        Err(_) if refuted => Ok(None),
        Err(error) => Err(Error::new(Kind::Bug, format!("the linear program was not solved: {error}"))),
    }
}

fn by_interior_point(program: &Program, accuracy: f64) -> Result<Answer, ResolutionError> {
    let scale = Scale::of(program);
    let (mut model, places) = posed(good_lp::clarabel, program, &scale);
    model.settings().tol_gap_abs(accuracy).tol_gap_rel(accuracy);
    let mut solution = model.solve()?;
    let spend = places.spend(&solution);
    Ok((spend, places.duals(&solution.compute_dual(), &scale)))
}

/// HiGHS on one thread, so that the same program has the same answer.
#[cfg(feature = "highs")]
fn by_highs(program: &Program) -> Result<Answer, ResolutionError> {
    let scale = Scale::of(program);
    let (model, places) = posed(good_lp::highs, program, &scale);
    let mut solution = model.set_threads(1).solve()?;
    let spend = places.spend(&solution);
    Ok((spend, places.duals(&solution.compute_dual(), &scale)))
}

fn by_simplex(program: &Program) -> Result<Answer, ResolutionError> {
    let scale = Scale::of(program);
    let (model, places) = posed(good_lp::microlp, program, &scale);
    Ok((places.spend(&model.solve()?), multipliers(program, &scale)?))
}

/// A program handed to a solver, and where its parts are.
fn posed<S: Solver>(solver: S, program: &Program, scale: &Scale) -> (S::Model, Places) {
    let mut variables = ProblemVariables::new();
    let whole = variables.add(variable().min(0.0).max(most(program) / scale.money * 2.0 + 1.0));
    let lines: Vec<LineTerms> =
        program.envelopes.iter().map(|above| LineTerms::new(&above.corners, scale, &mut variables)).collect();
    // what a supplier brings is the negative of its cash
    let in_money = Scale { kpi: scale.money, ..*scale };
    let suppliers: Vec<LineTerms> =
        program.payables.iter().map(|s| LineTerms::new(&s.above.corners, &in_money, &mut variables)).collect();
    let kpi: Expression = lines.iter().map(|line| line.kpi.clone()).sum();
    let cash = Cash { program, payers: program.payers(), lines: &lines, suppliers: &suppliers };
    let cost: Expression = if program.payables.is_empty() { whole.into() } else { cash.of_all() };
    let (aim, unit) = (program.aim, scale.unit);
    let objective = kpi.clone() * (aim.kpi * scale.kpi / unit) - cost.clone() * (aim.spend * scale.money / unit);
    let mut model = variables.maximise(objective).using(solver);
    for terms in lines.iter().chain(&suppliers) {
        model.add_constraint(terms.weights_add_up());
    }
    let spend: Expression = lines.iter().map(|line| line.spend.clone()).sum();
    let whole_row = model.add_constraint(constraint!(spend == whole));
    let budget = model.add_constraint(constraint!(cost.clone() <= program.budget / scale.money));
    let totals = (0..suppliers.len()).map(|s| model.add_constraint(cash.total_of(s))).collect();
    let rows = program.rows.iter().map(|row| model.add_constraint(row_of(row, &cash, whole, scale))).collect();
    let reached = |target: f64| constraint!(kpi.clone() >= target / scale.kpi);
    let target = aim.target.map(|target| model.add_constraint(reached(target)));
    let kept = |most: f64| constraint!(kpi.clone() * (most * scale.kpi / scale.money) - cost.clone() >= 0.0);
    let cost = aim.max_cost_per.map(|cost| model.add_constraint(kept(cost)));
    (model, Places { lines, whole: whole_row, budget, totals, rows, target, cost })
}

/// More than a plan can spend, face value.
fn most(program: &Program) -> f64 {
    let most: f64 = program.envelopes.iter().filter_map(|above| above.corners.last()).map(|corner| corner.0).sum();
    if program.payables.is_empty() { most.min(program.budget) } else { most }
}

/// Where the parts of a program are in a solver's model.
struct Places {
    lines: Vec<LineTerms>,
    /// Σ x − T = 0.
    whole: ConstraintReference,
    budget: ConstraintReference,
    /// Σ x of a supplier − X = 0.
    totals: Vec<ConstraintReference>,
    rows: Vec<ConstraintReference>,
    target: Option<ConstraintReference>,
    cost: Option<ConstraintReference>,
}

impl Places {
    fn spend(&self, solution: &impl Solution) -> Vec<f64> {
        self.lines.iter().map(|line| line.value(solution)).collect()
    }

    /// The multipliers, from the solver's: by how much the objective rises with the right-hand side.
    fn duals(self, dual: &impl DualValues, scale: &Scale) -> Duals {
        let per_money = scale.unit / scale.money;
        Duals {
            // the row reads Σ x − T = 0: one more on its right-hand side is one more unit to spend for the same T
            whole: dual.dual(self.whole) * per_money,
            budget: dual.dual(self.budget) * per_money,
            payables: self.totals.into_iter().map(|row| dual.dual(row) * per_money).collect(),
            rows: self.rows.into_iter().map(|row| dual.dual(row) * per_money).collect(),
            target: self.target.map_or(0.0, |row| -dual.dual(row) * scale.unit / scale.kpi),
            cost: self.cost.map_or(0.0, |row| -dual.dual(row) * per_money),
        }
    }
}

/// What lines cost, as terms of a model.
struct Cash<'a> {
    program: &'a Program<'a>,
    /// The supplier under a contract that each line is of.
    payers: Vec<Option<usize>>,
    lines: &'a [LineTerms],
    suppliers: &'a [LineTerms],
}

impl Cash<'_> {
    /// Of lines: face value where there is no contract, and what suppliers ask whose lines they all are.
    fn of(&self, lines: &[usize]) -> Expression {
        let free = lines.iter().filter(|line| self.payers[**line].is_none());
        let mut cash: Expression = free.map(|line| self.lines[*line].spend.clone()).sum();
        for (payable, terms) in self.program.payables.iter().zip(self.suppliers) {
            if payable.lines.iter().all(|line| lines.binary_search(line).is_ok()) {
                cash -= terms.kpi.clone();
            }
        }
        cash
    }

    fn of_all(&self) -> Expression {
        self.of(&(0..self.lines.len()).collect::<Vec<_>>())
    }

    /// A supplier's lines add up to the total that its cash is of.
    fn total_of(&self, supplier: usize) -> Constraint {
        let lines = &self.program.payables[supplier].lines;
        let sum: Expression = lines.iter().map(|line| self.lines[*line].spend.clone()).sum();
        constraint!(sum - self.suppliers[supplier].spend.clone() == 0.0)
    }
}

/// The multipliers of a program by the simplex: the least bound that any prove ([`Program::prove`] states it), itself a
/// linear program in the multipliers and what each line, and each supplier, brings at most at them.
fn multipliers(program: &Program, scale: &Scale) -> Result<Duals, ResolutionError> {
    let mut variables = ProblemVariables::new();
    let duals = DualTerms::new(program, scale, &mut variables);
    let brings: Vec<Variable> = variables.add_vector(variable(), program.envelopes.len() + program.payables.len());
    let bound = brings.iter().sum::<Expression>() + duals.of_bounds();
    let mut model = variables.minimise(bound).using(good_lp::microlp);
    model.add_constraint(duals.nothing_from_the_whole());
    let (lines, suppliers) = brings.split_at(program.envelopes.len());
    for (line, above) in program.envelopes.iter().enumerate() {
        let (worth, price) = duals.of_line(line);
        for (x, brought) in &above.corners {
            let gain = worth.clone() * (brought / scale.kpi) - price.clone() * (x / scale.money);
            model.add_constraint(constraint!(gain <= lines[line]));
        }
    }
    for (supplier, payable) in program.payables.iter().enumerate() {
        let cash = duals.price_of_cash(|row| payable.lines.iter().all(|line| row.lines.binary_search(line).is_ok()));
        for (total, asked) in &payable.above.corners {
            let gain = duals.payables[supplier] * (total / scale.money) + cash.clone() * (asked / scale.money);
            model.add_constraint(constraint!(gain <= suppliers[supplier]));
        }
    }
    Ok(duals.values(&model.solve()?))
}

/// The multipliers of a program as variables of another.
struct DualTerms<'a> {
    program: &'a Program<'a>,
    scale: &'a Scale,
    /// The supplier under a contract that each line is of.
    payers: Vec<Option<usize>>,
    whole: Variable,
    budget: Variable,
    rows: Vec<Variable>,
    payables: Vec<Variable>,
    target: Option<Variable>,
    cost: Option<Variable>,
}

impl<'a> DualTerms<'a> {
    fn new(program: &'a Program<'a>, scale: &'a Scale, variables: &mut ProblemVariables) -> DualTerms<'a> {
        let signed = |row: &&Row| if row.sense == Sense::AtMost { variable().min(0.0) } else { variable().max(0.0) };
        DualTerms {
            whole: variables.add(variable()),
            budget: variables.add(variable().min(0.0)),
            rows: program.rows.iter().map(|row| variables.add(signed(row))).collect(),
            payables: variables.add_vector(variable(), program.payables.len()),
            target: program.aim.target.map(|_| variables.add(variable().min(0.0))),
            cost: program.aim.max_cost_per.map(|_| variables.add(variable().min(0.0))),
            payers: program.payers(),
            program,
            scale,
        }
    }

    /// The multipliers times what stands on the right of their rows.
    fn of_bounds(&self) -> Expression {
        let (program, scale) = (self.program, self.scale);
        let mut bound = self.budget * (program.budget / scale.money);
        self.rows.iter().zip(program.rows).for_each(|(dual, row)| bound.add_mul(row.bound / scale.money, *dual));
        self.target.iter().for_each(|dual| bound.add_mul(-program.aim.target.unwrap_or(0.0) / scale.kpi, *dual));
        bound
    }

    /// Nothing is to be gained from T.
    fn nothing_from_the_whole(&self) -> Constraint {
        let face = self.program.payables.is_empty();
        let mut rises = if face { self.price_of_cash(|_| false) } else { Expression::default() } - self.whole;
        self.rows.iter().zip(self.program.rows).for_each(|(dual, row)| rises.add_mul(row.total, *dual));
        constraint!(rises >= 0.0)
    }

    /// What a unit of cash is worth, to lines and suppliers that some ceilings on average costs are about.
    fn price_of_cash(&self, about: impl Fn(&Row) -> bool) -> Expression {
        let mut price = Expression::from(self.program.aim.spend * self.scale.money / self.scale.unit) + self.budget;
        self.cost.iter().for_each(|dual| price.add_mul(1.0, *dual));
        let ceilings = self.rows.iter().zip(self.program.rows).filter(|(_, row)| row.cost().is_some() && about(row));
        ceilings.for_each(|(dual, _)| price.add_mul(1.0, *dual));
        price
    }

    /// What a KPI of a line is worth, and what a unit of its spend costs.
    fn of_line(&self, line: usize) -> (Expression, Expression) {
        let (program, scale) = (self.program, self.scale);
        let per_money = scale.kpi / scale.money;
        let mut worth = Expression::from(program.aim.kpi * scale.kpi / scale.unit);
        self.target.iter().for_each(|dual| worth.add_mul(1.0, *dual));
        self.cost.iter().for_each(|dual| worth.add_mul(program.aim.max_cost_per.unwrap_or(0.0) * per_money, *dual));
        let mut price = match self.payers[line] {
            Some(payer) => Expression::from(self.payables[payer]),
            None if program.payables.is_empty() => Expression::default(),
            None => self.price_of_cash(|_| false),
        } + self.whole;
        for (row, dual) in program.rows.iter().zip(&self.rows).filter(|(row, _)| row.lines.contains(&line)) {
            if row.cost().is_none() || self.payers[line].is_none() {
                price.add_mul(1.0, *dual);
            }
            worth.add_mul(row.cost().unwrap_or(0.0) * per_money, *dual);
        }
        (worth, price)
    }

    fn values(&self, solution: &impl Solution) -> Duals {
        let (per_money, per_kpi) = (self.scale.unit / self.scale.money, self.scale.unit / self.scale.kpi);
        let value = |dual: &Variable| solution.value(*dual);
        Duals {
            whole: value(&self.whole) * per_money,
            budget: value(&self.budget) * per_money,
            rows: self.rows.iter().map(|dual| value(dual) * per_money).collect(),
            payables: self.payables.iter().map(|dual| value(dual) * per_money).collect(),
            target: self.target.as_ref().map_or(0.0, |dual| value(dual) * per_kpi),
            cost: self.cost.as_ref().map_or(0.0, |dual| value(dual) * per_money),
        }
    }
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

fn row_of(row: &Row, cash: &Cash, whole: Variable, scale: &Scale) -> Constraint {
    if let Some(cost) = row.cost() {
        let kpi: Expression = row.lines.iter().map(|line| cash.lines[*line].kpi.clone()).sum();
        return constraint!(cash.of(&row.lines) - kpi * (cost * scale.kpi / scale.money) <= 0.0);
    }
    let mut sum: Expression = row.lines.iter().map(|line| cash.lines[*line].spend.clone()).sum();
    sum.add_mul(row.total, whole);
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::plan::envelope::Envelope;
    use crate::plan::program::Aim;
    use crate::plan::rows::{Label, Number};
    use crate::settings::Goal;

    const AIM: Aim = Aim { goal: Goal::Most, kpi: 1.0, spend: 0.0, target: None, max_cost_per: None };

    /// A concave polyline from (0, 0).
    fn rising(top: f64, half: f64) -> Envelope {
        let at = |k: i32| f64::from(k) * 100.0;
        Envelope { corners: (0..=12).map(|k| (at(k), top * at(k) / (half + at(k)))).collect() }
    }

    fn row(lines: &[usize], sense: Sense, bound: f64, total: f64) -> Row {
        Row { lines: lines.to_vec(), sense, bound, total, label: Label::Budget, number: Number::Amount }
    }

    /// Every backend answers with the same objective, and with multipliers that prove it.
    fn agree(program: &Program) -> Result<f64, TestCaseError> {
        let corner = by_simplex(program).unwrap();
        let value = program.value(&corner.0);
        let near = |found: Answer, tolerance: f64| {
            let (found, bound) = (program.value(&found.0), program.prove(found.1).1);
            (found - value).abs() <= tolerance * value.abs() && (bound - value).abs() <= tolerance * value.abs()
        };
        prop_assert!(near(corner, 1e-7), "the simplex");
        prop_assert!(near(by_interior_point(program, 1e-9).unwrap(), 1e-6), "the interior point");
        #[cfg(feature = "highs")]
        prop_assert!(near(by_highs(program).unwrap(), 1e-6), "HiGHS");
        Ok(value)
    }

    proptest! {
        #[test]
        fn backends_agree(
            curves in prop::collection::vec((10.0..90.0f64, 100.0..900.0f64), 4..=4),
            cap in 100.0..1500.0f64, floor in 0.0..700.0f64, share in 0.1..0.9f64, budget in 900.0..3000.0f64,
            reached in 0.3..0.95f64,
        ) {
            let envelopes: Vec<Envelope> = curves.iter().map(|(top, half)| rising(*top, *half)).collect();
            let rows = [
                row(&[0, 1], Sense::AtMost, cap, 0.0),
                row(&[2], Sense::AtLeast, floor, 0.0),
                row(&[1, 3], Sense::AtMost, 0.0, -share),
            ];
            let rows: Vec<&Row> = rows.iter().collect();
            let most = Program { envelopes: &envelopes, rows: &rows, payables: &[], budget, aim: AIM };
            let kpi = agree(&most)?;
            let least = Aim { goal: Goal::LeastSpend, kpi: 0.0, spend: 1.0, target: Some(reached * kpi), ..AIM };
            agree(&Program { aim: least, ..most })?;
            let dear = Aim { max_cost_per: Some(budget / kpi), ..AIM };
            agree(&Program { aim: dear, budget: 2.0 * budget, ..most })?;
            let dear = Row { number: Number::CostPer(budget / kpi), ..row(&[0, 2], Sense::AtMost, 0.0, 0.0) };
            agree(&Program { rows: &[&dear, rows[0]], ..most })?;
        }
    }

    #[test]
    fn limits_that_all_but_agree_are_told_from_those_that_agree() {
        // the first line is bought in full, and may be an eighth of the whole, or all but an eighth of it
        let fixed = Envelope { corners: vec![(400.0, 30.0)] };
        let envelopes = [fixed, rising(50.0, 300.0), Envelope { corners: vec![(1600.0, 90.0)] }];
        for (share, agree) in [(0.125, true), (0.125 - 1e-6, false)] {
            let rows = [row(&[0], Sense::AtMost, 0.0, -share)];
            let rows: Vec<&Row> = rows.iter().collect();
            let program = Program { envelopes: &envelopes, rows: &rows, payables: &[], budget: 3200.0, aim: AIM };
            let found = plan(&program).unwrap();
            assert_eq!(found.is_some(), agree, "{share} {found:?}");
        }
    }
}
