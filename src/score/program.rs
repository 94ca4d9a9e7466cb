//! Linear programs of efficiency analysis as data, and their solution: the only file of this stage that names a solver.
//!
//! The solver is `microlp` through `good_lp`: a simplex, so its answers are vertices and the intensities that are zero are
//! exactly zero; it tells infeasible and unbounded programs apart from solved ones. Columns are brought to one order of
//! magnitude first, because a simplex' tolerances are absolute: a supplier with a millionth of another's spend must get
//! the same care. Every answer is checked against its rows. Where the solver fails all the same (it takes a basis of very
//! unequal columns for singular, or lets go of a row), or says that there is no answer, the dense simplex of
//! [`super::simplex`] has the last word.

use good_lp::solvers::microlp::microlp;
use good_lp::{Expression, ProblemVariables, ResolutionError, Solution, SolverModel, Variable, variable};

use super::simplex::{Outcome, Simplex};
use crate::check::{Error, Kind};

/// Largest violation of a row that counts as solved.
const TOLERANCE: f64 = 1e-8;
/// A linear program in dense rows.
pub(super) struct Program {
    /// Whether the objective is made small or large.
    pub goal: Goal,
    /// Objective by variable.
    pub objective: Vec<f64>,
    /// Least value by variable; −∞ where there is none. All are 0 in most programs.
    pub low: Vec<f64>,
    /// The rows.
    pub rows: Vec<Row>,
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

    /// Its slack's column among `rows` rows; none for an equation.
    fn slack(&self, place: usize, rows: usize) -> Option<Vec<f64>> {
        let mut column = vec![0.0; rows];
        column[place] = match self.sense {
            Sense::AtMost => 1.0,
            Sense::AtLeast => -1.0,
            Sense::Equal => return None,
        };
        Some(column)
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
        let low = vec![0.0; objective.len()];
        Program { goal, objective, low, rows }
    }

    /// Solves it.
    ///
    /// # Errors
    ///
    /// [`Kind::Bug`] when neither solver's answer satisfies the rows: that is not an outcome to report.
    pub(super) fn solve(mut self) -> Result<Answer, Error> {
        let columns = self.scale();
        let answer = match self.by_solver() {
            Ok(values) if self.violation(&values) <= TOLERANCE => Answer::Best(values),
            Ok(_) | Err(_) => self.by_hand()?,
        };
        let Answer::Best(mut values) = answer else { return Ok(answer) };
        values.iter_mut().zip(&columns).for_each(|(value, column)| *value *= column);
        Ok(Answer::Best(values))
    }

    /// A best vertex, by the solver.
    fn by_solver(&self) -> Result<Vec<f64>, ResolutionError> {
        let mut names = ProblemVariables::new();
        let variables: Vec<Variable> = self.low.iter().map(|low| names.add(variable().min(*low))).collect();
        let objective = expression(&self.objective, &variables);
        let mut model = match self.goal {
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
        let solution = model.solve()?;
        Ok(variables.iter().map(|variable| solution.value(*variable)).collect())
    }

    /// A best vertex, by the dense simplex: variables without a lower bound are split in two, rows get their slack.
    fn by_hand(&self) -> Result<Answer, Error> {
        let entries = |j: usize, sign: f64| self.rows.iter().map(|row| sign * row.coefficients[j]).collect();
        let free: Vec<usize> = (0..self.low.len()).filter(|j| self.low[*j] < 0.0).collect();
        let sign = if self.goal == Goal::Least { 1.0 } else { -1.0 };
        let mut cost: Vec<f64> = self.objective.iter().map(|entry| sign * entry).collect();
        cost.extend(free.iter().map(|j| -sign * self.objective[*j]));
        let mut columns: Vec<Vec<f64>> = (0..self.low.len()).map(|j| entries(j, 1.0)).collect();
        columns.extend(free.iter().map(|j| entries(*j, -1.0)));
        columns.extend(self.rows.iter().enumerate().filter_map(|(place, row)| row.slack(place, self.rows.len())));
        cost.resize(columns.len(), 0.0);
        match Simplex::solve(columns, &cost, self.rows.iter().map(|row| row.bound).collect()) {
            Outcome::Best(all) => {
                let mut values = all[..self.low.len()].to_vec();
                free.iter().zip(&all[self.low.len()..]).for_each(|(j, negative)| values[*j] -= negative);
                let miss = self.violation(&values);
                if miss <= TOLERANCE { Ok(Answer::Best(values)) } else { Err(unsolved(miss)) }
            }
            Outcome::Infeasible => Ok(Answer::Infeasible),
            Outcome::Unbounded => Ok(Answer::Unbounded),
            Outcome::Lost => Err(unsolved(f64::INFINITY)),
        }
    }

    /// The most by which `values` miss a row or a lower bound.
    fn violation(&self, values: &[f64]) -> f64 {
        let rows = self.rows.iter().map(|row| row.violation(values));
        let bounds = self.low.iter().zip(values).map(|(low, value)| low - value);
        rows.chain(bounds).fold(0.0, |worst, miss| if miss.is_nan() { miss } else { worst.max(miss) })
    }

    /// Divides each column by its largest entry; gives what to multiply the variables by afterwards. Lower bounds are 0
    /// or −∞, which scaling leaves as they are.
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
        self.objective.iter_mut().zip(&columns).for_each(|(entry, column)| *entry *= column);
        let largest = self.objective.iter().fold(0.0, |size: f64, entry| size.max(entry.abs()));
        if largest > 0.0 {
            self.objective.iter_mut().for_each(|entry| *entry /= largest);
        }
        columns
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
            let mut program = Program::new(Goal::Most, worth, senses.into_iter().enumerate().map(row).collect());
            program.low[7] = f64::NEG_INFINITY;
            match (program.by_solver(), program.by_hand().unwrap()) {
                (Ok(one), Answer::Best(other)) => {
                    let (one, other) = (dot(&program.objective, &one), dot(&program.objective, &other));
                    proptest::prop_assert!((one - other).abs() < 1e-8 * (1.0 + one.abs()), "{one} {other}");
                }
                (Err(ResolutionError::Infeasible), Answer::Infeasible) => {}
                (Err(ResolutionError::Unbounded), Answer::Unbounded) => {}
                (one, other) => proptest::prop_assert!(false, "{one:?} {other:?}"),
            }
        }
    }
}
