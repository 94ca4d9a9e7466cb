//! A small dense simplex for programs of a handful of rows and any number of columns.
//!
//! ```text
//!     min c·x     A x = b     x ≥ 0     b ≥ 0
//! ```
//!
//! The basis is factored anew at every step. With a dozen rows that costs less than pricing the columns, and no error is
//! carried from one step to the next: the answer is as exact as one elimination with pivoting makes it, whatever
//! orders of magnitude lie between the columns. Two phases; the steepest column enters, and after some steps without progress the first
//! one that helps (Bland 1977), which cannot cycle.

use super::program::dot;

/// How a program in equality form came out.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Outcome {
    /// Values at a best vertex.
    Best(Vec<f64>),
    /// No values satisfy the rows.
    Infeasible,
    /// The objective has no end.
    Unbounded,
    /// The arithmetic gave out.
    Lost,
}

/// Reduced cost, pivot and violation below which a number is rounding; columns and costs are of order 1.
const ROUNDING: f64 = 1e-11;
/// Total violation up to which rows count as satisfied.
const FEASIBLE: f64 = 1e-9;
/// Steps without progress before Bland's rule.
const PATIENCE: usize = 12;

/// A program in equality form: columns of A, costs c, right-hand side b ≥ 0.
pub(super) struct Simplex {
    columns: Vec<Vec<f64>>,
    bound: Vec<f64>,
    basis: Vec<usize>,
    /// Columns from here on are artificial: zero in any answer.
    artificial: usize,
}

impl Simplex {
    /// Solves `min cost · x` over `columns · x = bound`, `x ≥ 0`.
    pub(super) fn solve(mut columns: Vec<Vec<f64>>, cost: &[f64], mut bound: Vec<f64>) -> Outcome {
        let (rows, artificial) = (bound.len(), columns.len());
        for row in (0..rows).filter(|row| bound[*row] < 0.0).collect::<Vec<_>>() {
            bound[row] = -bound[row];
            columns.iter_mut().for_each(|column| column[row] = -column[row]);
        }
        columns.extend((0..rows).map(|row| unit(rows, row)));
        let mut simplex = Simplex { columns, bound, basis: (artificial..artificial + rows).collect(), artificial };
        simplex.two_phases(cost).unwrap_or(Outcome::Lost)
    }

    /// `None` when the arithmetic gave out.
    fn two_phases(&mut self, cost: &[f64]) -> Option<Outcome> {
        let violation: Vec<f64> = (0..self.columns.len()).map(|j| f64::from(j >= self.artificial)).collect();
        self.descend(&violation)?;
        let missed = |(column, value): (&usize, f64)| if *column >= self.artificial { value.abs() } else { 0.0 };
        if self.basis.iter().zip(self.values()?).map(missed).sum::<f64>() > FEASIBLE {
            return Some(Outcome::Infeasible);
        }
        let mut cost = cost.to_vec();
        cost.resize(self.columns.len(), 0.0);
        if !self.descend(&cost)? {
            return Some(Outcome::Unbounded);
        }
        let mut values = vec![0.0; self.artificial];
        for (column, value) in self.basis.iter().zip(self.values()?).filter(|(column, _)| **column < self.artificial) {
            values[*column] = value.max(0.0);
        }
        Some(Outcome::Best(values))
    }

    /// Steps until no column helps: `Some(true)`; `Some(false)` when the cost falls without end.
    fn descend(&mut self, cost: &[f64]) -> Option<bool> {
        let (mut least, mut idle) = (f64::INFINITY, 0);
        for _ in 0..100 * (self.columns.len() + 10) {
            let factors = Factors::of(self.basis.iter().map(|j| self.columns[*j].clone()).collect())?;
            let values = factors.solve(&self.bound);
            let basic_cost: Vec<f64> = self.basis.iter().map(|j| cost[*j]).collect();
            let total = dot(&basic_cost, &values);
            idle = if total < least - ROUNDING { 0 } else { idle + 1 };
            least = least.min(total);
            let Some(entering) = self.entering(cost, &factors.solve_transposed(&basic_cost), idle > PATIENCE) else {
                return Some(true);
            };
            let Some(leaving) = self.leaving(&values, &factors.solve(&self.columns[entering]), idle > PATIENCE) else {
                return Some(false);
            };
            self.basis[leaving] = entering;
        }
        None
    }

    /// The column of the most negative reduced cost, or the first negative one.
    fn entering(&self, cost: &[f64], prices: &[f64], first: bool) -> Option<usize> {
        let mut best = (None, -ROUNDING);
        for j in (0..self.artificial).filter(|j| !self.basis.contains(j)) {
            let reduced = cost[j] - dot(prices, &self.columns[j]);
            if reduced < best.1 {
                best = (Some(j), reduced);
                if first {
                    break;
                }
            }
        }
        best.0
    }

    /// The place in the basis that reaches zero first; of equals the largest pivot, or the first column. An artificial
    /// column that would move off zero leaves at once.
    fn leaving(&self, values: &[f64], change: &[f64], first: bool) -> Option<usize> {
        let size = change.iter().fold(0.0, |size: f64, entry| size.max(entry.abs()));
        let step = |place: &usize| {
            let (value, change) = (values[*place].max(0.0), change[*place]);
            let stuck = self.basis[*place] >= self.artificial && value <= FEASIBLE && change.abs() > 1e-9 * size;
            match change {
                _ if stuck => Some(0.0),
                change if change > ROUNDING * size.max(ROUNDING) => Some(value / change),
                _ => None,
            }
        };
        let nearest = (0..change.len()).filter_map(|place| step(&place)).fold(f64::INFINITY, f64::min);
        let tied =
            (0..change.len()).filter(|place| step(place).is_some_and(|step| step <= nearest + ROUNDING * nearest));
        if first {
            return tied.min_by_key(|place| self.basis[*place]);
        }
        tied.max_by(|one, other| change[*one].abs().total_cmp(&change[*other].abs()))
    }

    fn values(&self) -> Option<Vec<f64>> {
        Some(Factors::of(self.basis.iter().map(|j| self.columns[*j].clone()).collect())?.solve(&self.bound))
    }
}

fn unit(size: usize, place: usize) -> Vec<f64> {
    let mut column = vec![0.0; size];
    column[place] = 1.0;
    column
}

/// L and U of a square matrix given by columns, rows permuted for the largest pivot of each column.
struct Factors {
    columns: Vec<Vec<f64>>,
    order: Vec<usize>,
}

impl Factors {
    /// `None` when the matrix is singular.
    fn of(mut columns: Vec<Vec<f64>>) -> Option<Factors> {
        let size = columns.len();
        let mut order: Vec<usize> = (0..size).collect();
        for step in 0..size {
            let largest =
                |one: &usize, other: &usize| columns[step][*one].abs().total_cmp(&columns[step][*other].abs());
            let pivot = (step..size).max_by(largest)?;
            order.swap(step, pivot);
            columns.iter_mut().for_each(|column| column.swap(step, pivot));
            let head = columns[step][step];
            if head == 0.0 || !head.is_finite() {
                return None;
            }
            columns[step][step + 1..].iter_mut().for_each(|entry| *entry /= head);
            let (done, rest) = columns.split_at_mut(step + 1);
            for column in rest {
                let factor = column[step];
                let below = column[step + 1..].iter_mut().zip(&done[step][step + 1..]);
                below.for_each(|(entry, lower)| *entry -= lower * factor);
            }
        }
        Some(Factors { columns, order })
    }

    /// x of B x = b.
    fn solve(&self, b: &[f64]) -> Vec<f64> {
        let size = b.len();
        let mut x: Vec<f64> = self.order.iter().map(|row| b[*row]).collect();
        for step in 0..size {
            let value = x[step];
            x[step + 1..].iter_mut().zip(&self.columns[step][step + 1..]).for_each(|(x, lower)| *x -= lower * value);
        }
        for step in (0..size).rev() {
            x[step] /= self.columns[step][step];
            let value = x[step];
            x[..step].iter_mut().zip(&self.columns[step][..step]).for_each(|(x, upper)| *x -= upper * value);
        }
        x
    }

    /// y of Bᵀ y = c.
    fn solve_transposed(&self, c: &[f64]) -> Vec<f64> {
        let size = c.len();
        let mut z = c.to_vec();
        for step in 0..size {
            z[step] = (z[step] - dot(&self.columns[step][..step], &z[..step])) / self.columns[step][step];
        }
        for step in (0..size).rev() {
            z[step] -= dot(&self.columns[step][step + 1..], &z[step + 1..]);
        }
        let mut y = vec![0.0; size];
        self.order.iter().zip(z).for_each(|(row, value)| y[*row] = value);
        y
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn both_systems_are_solved(
            entries in prop::collection::vec(-1.0..1.0f64, 25),
            b in prop::collection::vec(-1.0..1.0f64, 5),
        ) {
            let columns: Vec<Vec<f64>> = entries.chunks(5).map(<[f64]>::to_vec).collect();
            let factors = Factors::of(columns.clone()).unwrap();
            let (x, y) = (factors.solve(&b), factors.solve_transposed(&b));
            let size = x.iter().chain(&y).fold(1.0, |size: f64, value| size.max(value.abs()));
            for row in 0..5 {
                let forward: f64 = (0..5).map(|j| columns[j][row] * x[j]).sum();
                prop_assert!((forward - b[row]).abs() < 1e-11 * size);
                prop_assert!((dot(&columns[row], &y) - b[row]).abs() < 1e-11 * size);
            }
        }
    }

    #[test]
    fn the_example_on_which_steepest_descent_cycles_is_solved() {
        // Beale (1955): min −¾x₁ + 150x₂ − x₃/50 + 6x₄, best −1/20 at x₁ = 1/25, x₃ = 1.
        let columns = [
            [0.25, 0.5, 0.0],
            [-60.0, -90.0, 0.0],
            [-0.04, -0.02, 1.0],
            [9.0, 3.0, 0.0],
            [1.0, 0.0, 0.0],
            [0.0, 1.0, 0.0],
            [0.0, 0.0, 1.0],
        ];
        let columns = columns.iter().map(|column| column.to_vec()).collect();
        let cost = [-0.75, 150.0, -0.02, 6.0, 0.0, 0.0, 0.0];
        let Outcome::Best(x) = Simplex::solve(columns, &cost, vec![0.0, 0.0, 1.0]) else { panic!() };
        assert!((dot(&cost, &x) + 0.05).abs() < 1e-12, "{x:?}");
    }
}
