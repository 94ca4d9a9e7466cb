//! Linear programs of efficiency analysis as data, and their solution: the only file of this stage that names a solver.
//!
//! Envelopment programs have a handful of rows, thousands of columns, and differ from one unit to the next in one column and the right-hand
//! side. No crate starts such a program from a known vertex, so the dense simplex of [`super::simplex`] solves them; programs of
//! many rows go to `microlp` through `good_lp`, which also takes over where the simplex gives up, and the other way round.
//! Both give vertices, so intensities that are zero are exactly zero. Columns are brought to one order of
//! magnitude first, because a simplex' tolerances are absolute: a supplier with a millionth of another's spend must get
//! the same care. Every answer is checked against its rows.

use good_lp::solvers::microlp::microlp;
use good_lp::{Expression, ProblemVariables, ResolutionError, Solution, SolverModel, Variable, variable};

use super::simplex::{Outcome, Simplex};
use crate::check::{Error, Kind};

/// Largest violation of a row that counts as solved.
const TOLERANCE: f64 = 1e-8;
/// Rows up to which the dense simplex comes first.
const FEW_ROWS: usize = 40;

/// A linear program in dense rows; variables are at least 0.
pub(super) struct Program {
    /// Whether the objective is made small or large.
    pub goal: Goal,
    /// Objective by variable.
    pub objective: Vec<f64>,
    /// What is made as large as can be among the best, by variable.
    pub then: Option<Vec<f64>>,
    /// The rows.
    pub rows: Vec<Row>,
    /// A basis known to be feasible, one member a row.
    pub start: Option<Vec<Basic>>,
}

/// A member of a basis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Basic {
    /// A variable.
    Variable(usize),
    /// The slack of a row that is no equation.
    Slack(usize),
}

/// The direction of an objective.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Goal {
    /// As small as can be.
    Least,
    /// As large as can be.
    Most,
}

/// One row: `coefficients · x  sense  bound`.
pub(super) struct Row {
    /// By variable.
    pub coefficients: Vec<f64>,
    /// How the two sides compare.
    pub sense: Sense,
    /// The right-hand side.
    pub bound: f64,
}

/// How the two sides of a row compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sense {
    /// At most.
    AtMost,
    /// At least.
    AtLeast,
    /// Equal.
    Equal,
}

/// How a program came out.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Answer {
    /// Values of the variables at a best vertex.
    Best(Vec<f64>),
    /// No values satisfy the rows.
    Infeasible,
    /// The objective has no end.
    Unbounded,
}

impl Row {
    pub(super) fn at_most(coefficients: Vec<f64>, bound: f64) -> Row {
        Row { coefficients, sense: Sense::AtMost, bound }
    }

    pub(super) fn at_least(coefficients: Vec<f64>, bound: f64) -> Row {
        Row { coefficients, sense: Sense::AtLeast, bound }
    }

    pub(super) fn equal(coefficients: Vec<f64>, bound: f64) -> Row {
        Row { coefficients, sense: Sense::Equal, bound }
    }

    /// By how much `values` miss the row, as a share of what its entries add up to and of 1, the evaluated unit's own
    /// figure.
    fn violation(&self, values: &[f64]) -> f64 {
        let side = dot(&self.coefficients, values) - self.bound;
        let size: f64 = self.coefficients.iter().zip(values).map(|(entry, value)| (entry * value).abs()).sum();
        let miss = match self.sense {
            Sense::AtMost => side.max(0.0),
            Sense::AtLeast => (-side).max(0.0),
            Sense::Equal => side.abs(),
        };
        miss / (1.0 + size)
    }
}

impl Program {
    /// A program whose variables are at least 0.
    pub(super) fn new(goal: Goal, objective: Vec<f64>, rows: Vec<Row>) -> Program {
        Program { goal, objective, then: None, rows, start: None }
    }

    /// Solves it.
    ///
    /// # Errors
    ///
    /// [`Kind::Bug`] when neither solver's answer satisfies the rows: that is not an outcome to report.
    pub(super) fn solve(mut self) -> Result<Answer, Error> {
        let columns = self.scale();
        let answer = match self.rows.len() <= FEW_ROWS {
            true => self.by_simplex().or_else(|_| self.by_solver())?,
            false => self.by_solver().or_else(|_| self.by_simplex())?,
        };
        let Answer::Best(mut values) = answer else { return Ok(answer) };
        values.iter_mut().zip(&columns).for_each(|(value, column)| *value *= column);
        Ok(Answer::Best(values))
    }

    /// A best vertex, by the solver; without one, why is for the simplex to tell.
    fn by_solver(&self) -> Result<Answer, Error> {
        let lost = |_: ResolutionError| unsolved(f64::INFINITY);
        let first = self.by_solver_of(self.goal, &self.objective, None).map_err(lost)?;
        let Some(then) = &self.then else { return self.satisfied(first) };
        let best = dot(&self.objective, &first);
        let ease = if self.goal == Goal::Least { 1e-9 } else { -1e-9 };
        self.satisfied(self.by_solver_of(Goal::Most, then, Some(best + ease)).map_err(lost)?)
    }

    fn by_solver_of(&self, goal: Goal, objective: &[f64], held: Option<f64>) -> Result<Vec<f64>, ResolutionError> {
        let mut names = ProblemVariables::new();
        let variables: Vec<Variable> = objective.iter().map(|_| names.add(variable().min(0.0))).collect();
        let objective = expression(objective, &variables);
        let mut model = match goal {
            Goal::Least => names.minimise(objective),
            Goal::Most => names.maximise(objective),
        }
        .using(microlp);
        for row in &self.rows {
            let side = expression(&row.coefficients, &variables);
            model.add_constraint(match row.sense {
                Sense::AtMost => side.leq(row.bound),
                Sense::AtLeast => side.geq(row.bound),
                Sense::Equal => side.eq(row.bound),
            });
        }
        if let Some(bound) = held {
            let side = expression(&self.objective, &variables);
            model.add_constraint(if self.goal == Goal::Least { side.leq(bound) } else { side.geq(bound) });
        }
        let solution = model.solve()?;
        Ok(variables.iter().map(|variable| solution.value(*variable)).collect())
    }

    /// A best vertex, by the dense simplex: rows get their slack.
    fn by_simplex(&self) -> Result<Answer, Error> {
        let (rows, count) = (self.rows.len(), self.objective.len());
        let slacks: Vec<usize> = (0..rows).filter(|row| self.rows[*row].sense != Sense::Equal).collect();
        let mut columns = vec![0.0; rows * (count + slacks.len())];
        for (place, row) in self.rows.iter().enumerate() {
            columns.iter_mut().skip(place).step_by(rows).zip(&row.coefficients).for_each(|(entry, own)| *entry = *own);
        }
        for (at, row) in slacks.iter().enumerate() {
            columns[rows * (count + at) + row] = if self.rows[*row].sense == Sense::AtMost { 1.0 } else { -1.0 };
        }
        let bound = self.rows.iter().map(|row| row.bound).collect();
        let place = |member: &Basic| match member {
            Basic::Variable(variable) => Some(*variable),
            Basic::Slack(row) => slacks.iter().position(|slack| slack == row).map(|at| count + at),
        };
        let start = self.start.as_ref().and_then(|start| start.iter().map(place).collect());
        match Simplex::solve(columns, bound, &self.costs(count + slacks.len()), start) {
            Outcome::Best(all) => self.satisfied(all[..count].to_vec()),
            Outcome::Infeasible => Ok(Answer::Infeasible),
            Outcome::Unbounded => Ok(Answer::Unbounded),
            Outcome::Lost => Err(unsolved(f64::INFINITY)),
        }
    }

    /// The objectives as costs of `width` columns.
    fn costs(&self, width: usize) -> Vec<Vec<f64>> {
        let cost = |sign: f64, objective: &[f64]| {
            let mut cost: Vec<f64> = objective.iter().map(|entry| sign * entry).collect();
            cost.resize(width, 0.0);
            cost
        };
        let first = cost(if self.goal == Goal::Least { 1.0 } else { -1.0 }, &self.objective);
        [Some(first), self.then.as_ref().map(|then| cost(-1.0, then))].into_iter().flatten().collect()
    }

    /// The values as an answer if they satisfy every row.
    fn satisfied(&self, values: Vec<f64>) -> Result<Answer, Error> {
        let miss = self.violation(&values);
        if miss <= TOLERANCE { Ok(Answer::Best(values)) } else { Err(unsolved(miss)) }
    }

    /// The most by which `values` miss a row or their bound of 0.
    fn violation(&self, values: &[f64]) -> f64 {
        let rows = self.rows.iter().map(|row| row.violation(values));
        let bounds = values.iter().map(|value| -value);
        rows.chain(bounds).fold(0.0, |worst, miss| if miss.is_nan() { miss } else { worst.max(miss) })
    }

    /// Divides each column by its largest entry; gives what to multiply the variables by afterwards.
    ///
    /// Rows stay as they are: the caller writes them in the evaluated unit's own figures, where an absolute tolerance is
    /// a relative one.
    fn scale(&mut self) -> Vec<f64> {
        let mut columns = vec![0.0f64; self.objective.len()];
        for row in &self.rows {
            columns.iter_mut().zip(&row.coefficients).for_each(|(column, entry)| *column = column.max(entry.abs()));
        }
        columns.iter_mut().for_each(|column| *column = if *column > 0.0 { 1.0 / *column } else { 1.0 });
        for row in &mut self.rows {
            row.coefficients.iter_mut().zip(&columns).for_each(|(entry, column)| *entry *= column);
        }
        [Some(&mut self.objective), self.then.as_mut()]
            .into_iter()
            .flatten()
            .for_each(|goal| in_order_one(goal, &columns));
        columns
    }
}

/// An objective of scaled columns, its largest entry 1.
fn in_order_one(objective: &mut [f64], columns: &[f64]) {
    objective.iter_mut().zip(columns).for_each(|(entry, column)| *entry *= column);
    let largest = objective.iter().fold(0.0, |size: f64, entry| size.max(entry.abs()));
    if largest > 0.0 {
        objective.iter_mut().for_each(|entry| *entry /= largest);
    }
}

fn expression(coefficients: &[f64], variables: &[Variable]) -> Expression {
    let mut sum = Expression::with_capacity(coefficients.len());
    for (coefficient, variable) in coefficients.iter().zip(variables).filter(|(coefficient, _)| **coefficient != 0.0) {
        sum.add_mul(*coefficient, *variable);
    }
    sum
}

/// Σ aᵢ bᵢ.
pub(super) fn dot(one: &[f64], other: &[f64]) -> f64 {
    one.iter().zip(other).map(|(one, other)| one * other).sum()
}

fn unsolved(miss: f64) -> Error {
    Error::new(
        Kind::Bug,
        format!("a linear program of the efficiency analysis was not solved, a row is missed by {miss:e}"),
    )
    .help("report it with the table that was analysed")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_three_outcomes_are_told_apart() {
        let rows = || vec![Row::at_most(vec![1.0, 2.0], 4.0), Row::at_most(vec![3.0, 1.0], 6.0)];
        let best = Program::new(Goal::Most, vec![1.0, 1.0], rows()).solve().unwrap();
        let Answer::Best(values) = best else { panic!("{best:?}") };
        assert!((values[0] - 1.6).abs() < 1e-9 && (values[1] - 1.2).abs() < 1e-9, "{values:?}");
        let never = vec![Row::at_most(vec![1.0], 1.0), Row::at_least(vec![1.0], 2.0)];
        assert_eq!(Program::new(Goal::Least, vec![1.0], never).solve().unwrap(), Answer::Infeasible);
        let endless = vec![Row::at_least(vec![1.0], 2.0)];
        assert_eq!(Program::new(Goal::Most, vec![1.0], endless).solve().unwrap(), Answer::Unbounded);
    }

    #[test]
    fn entries_many_orders_apart_keep_their_digits() {
        // max x + y, 1e-6 x ≤ 3, 1e6 y ≤ 2, x + 1e12 y ≤ 4e6: x = 3e6, y = 1e-6.
        let rows = vec![
            Row::at_most(vec![1e-6, 0.0], 3.0),
            Row::at_most(vec![0.0, 1e6], 2.0),
            Row::at_most(vec![1.0, 1e12], 4e6),
        ];
        let Answer::Best(values) = Program::new(Goal::Most, vec![1.0, 1e9], rows).solve().unwrap() else { panic!() };
        assert!((values[0] / 3e6 - 1.0).abs() < 1e-9 && (values[1] / 1e-6 - 1.0).abs() < 1e-9, "{values:?}");
    }

    proptest::proptest! {
        #[test]
        fn both_solvers_find_the_same_best(
            entries in proptest::collection::vec(0.1..1.0f64, 32),
            bounds in proptest::collection::vec(0.5..2.0f64, 4),
            worth in proptest::collection::vec(-1.0..1.0f64, 8),
        ) {
            let senses = [Sense::AtMost, Sense::AtMost, Sense::AtLeast, Sense::Equal];
            let row = |(i, sense): (usize, Sense)| Row {
                coefficients: entries[8 * i..8 * i + 8].to_vec(),
                sense,
                bound: if sense == Sense::AtLeast { 0.2 * bounds[i] } else { bounds[i] },
            };
            let program = Program::new(Goal::Most, worth, senses.into_iter().enumerate().map(row).collect());
            match (program.by_solver(), program.by_simplex().unwrap()) {
                (Ok(Answer::Best(one)), Answer::Best(other)) => {
                    let (one, other) = (dot(&program.objective, &one), dot(&program.objective, &other));
                    proptest::prop_assert!((one - other).abs() < 1e-8 * (1.0 + one.abs()), "{one} {other}");
                }
                (Err(_), Answer::Infeasible | Answer::Unbounded) => {}
                (one, other) => proptest::prop_assert!(false, "{one:?} {other:?}"),
            }
        }

        #[test]
        fn both_solvers_find_the_same_second_best(
            entries in proptest::collection::vec(0u8..4, 24),
            worth in proptest::collection::vec(0u8..3, 8),
            then in proptest::collection::vec(-2i8..3, 8),
        ) {
            // Small whole numbers, so that many vertices are best.
            let row = |i: usize| {
                let coefficients: Vec<f64> = entries[8 * i..8 * i + 8].iter().map(|e| f64::from(*e) + 0.5).collect();
                Row::at_most(coefficients, 4.0)
            };
            let mut program = Program::new(Goal::Most, worth.iter().map(|w| f64::from(*w)).collect(), (0..3).map(row).collect());
            program.then = Some(then.iter().map(|w| f64::from(*w)).collect());
            let (one, other) = (program.by_solver().unwrap(), program.by_simplex().unwrap());
            let (Answer::Best(one), Answer::Best(other)) = (one, other) else { panic!() };
            for objective in [&program.objective, program.then.as_ref().unwrap()] {
                let (one, other) = (dot(objective, &one), dot(objective, &other));
                proptest::prop_assert!((one - other).abs() < 1e-6 * (1.0 + one.abs()), "{one} {other}");
            }
        }
    }
}
