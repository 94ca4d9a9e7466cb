//! A small dense simplex for programs of a handful of rows and any number of columns.
//!
//! ```text
//!     min c₁·x, then min c₂·x among the best     A x = b     x ≥ 0
//! ```
//!
//! The basis is factored anew at every step. With a dozen rows that costs less than pricing the columns, and no error is
//! carried from one step to the next: the answer is as exact as one elimination with pivoting makes it, whatever
//! orders of magnitude lie between the columns. The steepest column enters, and after some steps without progress the first
//! one that helps (Bland 1977), which cannot cycle. A basis that the caller knows to be feasible saves the first phase.
//!
//! The second objective goes on from the best vertex of the first and lets in only columns that cost the first nothing: the
//! best face of a linear program is where all other columns are zero.

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

/// Share of the terms of a reduced cost, of the pivots of a column, of the cost so far, below which a number is rounding.
const ROUNDING: f64 = 1e-11;
/// Share of the terms of its reduced cost up to which a column costs nothing and belongs to the best face.
const FACE: f64 = 1e-9;
/// Total violation up to which rows count as satisfied.
const FEASIBLE: f64 = 1e-9;
/// Steps without progress before Bland's rule.
const PATIENCE: usize = 12;

/// A program in equality form: columns of A one behind the other, right-hand side b.
pub(super) struct Simplex {
    columns: Vec<f64>,
    bound: Vec<f64>,
    basis: Vec<usize>,
    /// Columns from here on are artificial: zero in any answer.
    artificial: usize,
    factors: Factors,
}

/// Columns that may enter a basis.
type Open = Vec<bool>;

impl Simplex {
    /// Solves `min costs[0] · x`, then each further cost among the best so far, over `columns · x = bound`, `x ≥ 0`; from the
    /// basis `start` if that is feasible.
    pub(super) fn solve(columns: Vec<f64>, bound: Vec<f64>, costs: &[Vec<f64>], start: Option<Vec<usize>>) -> Outcome {
        let artificial = columns.len() / bound.len().max(1);
        let factors = Factors::default();
        let mut simplex = Simplex { columns, bound, basis: Vec::new(), artificial, factors };
        simplex.all_phases(costs, start).unwrap_or(Outcome::Lost)
    }

    /// `None` when the arithmetic gave out.
    fn all_phases(&mut self, costs: &[Vec<f64>], start: Option<Vec<usize>>) -> Option<Outcome> {
        if !self.begins_at(start) && !self.first_phase()? {
            return Some(Outcome::Infeasible);
        }
        let mut open = (0..self.count()).map(|j| j < self.artificial).collect();
        for cost in costs {
            let mut cost = cost.clone();
            cost.resize(self.count(), 0.0);
            if !self.descend(&cost, &open)? {
                return Some(Outcome::Unbounded);
            }
            self.close(&cost, &mut open);
        }
        let mut values = vec![0.0; self.artificial];
        let found = self.values()?;
        for (column, value) in self.basis.iter().zip(found).filter(|(column, _)| **column < self.artificial) {
            values[*column] = value.max(0.0);
        }
        Some(Outcome::Best(values))
    }

    /// Takes a basis as it is when it is one and feasible.
    fn begins_at(&mut self, start: Option<Vec<usize>>) -> bool {
        let Some(start) = start else { return false };
        self.basis = start;
        self.values().is_some_and(|values| values.iter().all(|value| *value >= -FEASIBLE))
    }

    /// From a basis of artificial columns to one of real ones; `Some(false)` when there is none.
    fn first_phase(&mut self) -> Option<bool> {
        let rows = self.bound.len();
        for row in (0..rows).filter(|row| self.bound[*row] < 0.0).collect::<Vec<_>>() {
            self.bound[row] = -self.bound[row];
            self.columns.iter_mut().skip(row).step_by(rows).for_each(|entry| *entry = -*entry);
        }
        self.columns.extend((0..rows * rows).map(|entry| f64::from(u8::from(entry % (rows + 1) == 0))));
        self.basis = (self.artificial..self.artificial + rows).collect();
        let violation: Vec<f64> = (0..self.count()).map(|j| f64::from(u8::from(j >= self.artificial))).collect();
        let open = (0..self.count()).map(|j| j < self.artificial).collect();
        self.descend(&violation, &open)?;
        let values = self.values()?;
        let missed = |(column, value): (&usize, f64)| if *column >= self.artificial { value.abs() } else { 0.0 };
        Some(self.basis.iter().zip(values).map(missed).sum::<f64>() <= FEASIBLE)
    }

    /// Steps until no open column helps: `Some(true)`; `Some(false)` when the cost falls without end.
    fn descend(&mut self, cost: &[f64], open: &Open) -> Option<bool> {
        let (mut least, mut idle) = (f64::INFINITY, 0);
        for _ in 0..100 * (self.count() + 10) {
            let values = self.values()?;
            let total = self.basis.iter().zip(&values).map(|(j, value)| cost[*j] * value).sum::<f64>();
            idle = if total < least - ROUNDING * least.abs().min(1.0) { 0 } else { idle + 1 };
            least = least.min(total);
            let Some(entering) = self.entering(cost, &self.prices(cost), open, idle > PATIENCE) else {
                return Some(true);
            };
            let change = self.factors.solve(self.column(entering));
            let Some(leaving) = self.leaving(&values, &change, idle > PATIENCE) else {
                return Some(false);
            };
            self.basis[leaving] = entering;
        }
        None
    }

    /// Closes the columns that would cost something at the present basis, which is the best for `cost`.
    fn close(&self, cost: &[f64], open: &mut Open) {
        let prices = self.prices(cost);
        let reduced = |j: usize| cost[j] - dot(&prices, self.column(j));
        let costs_nothing = |j: usize| reduced(j) <= self.rounding(FACE, j, cost, &prices);
        open.iter_mut().enumerate().for_each(|(j, open)| *open = *open && costs_nothing(j));
    }

    /// What of a column's reduced cost may be rounding: a share of the terms that it is the difference of, since the optimum of a
    /// unit a millionth of the others' is itself of that order; and what a price of nothing comes out as.
    fn rounding(&self, share: f64, j: usize, cost: &[f64], prices: &[f64]) -> f64 {
        let terms: f64 = prices.iter().zip(self.column(j)).map(|(price, entry)| (price * entry).abs()).sum();
        let largest = prices.iter().fold(0.0, |largest: f64, price| largest.max(price.abs()));
        share * (cost[j].abs() + terms) + 1e-14 * largest
    }

    /// The column of the most negative reduced cost, or the first negative one.
    fn entering(&self, cost: &[f64], prices: &[f64], open: &Open, first: bool) -> Option<usize> {
        let mut best = (None, 0.0);
        let columns = self.columns.chunks_exact(self.bound.len()).take(self.artificial);
        for (j, column) in columns.enumerate() {
            let reduced = cost[j] - dot(prices, column);
            let helps = reduced < best.1 && open[j] && !self.basis.contains(&j);
            if helps && reduced < -self.rounding(ROUNDING, j, cost, prices) {
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

    /// Values of the basis, which is factored anew; `None` when it is none.
    fn values(&mut self) -> Option<Vec<f64>> {
        let rows = self.bound.len();
        let columns = self.basis.iter().map(|j| &self.columns[j * rows..(j + 1) * rows]);
        self.factors.refactor(columns, rows)?;
        Some(self.factors.solve(&self.bound))
    }

    /// Prices of the rows at the basis as last factored.
    fn prices(&self, cost: &[f64]) -> Vec<f64> {
        self.factors.solve_transposed(self.basis.iter().map(|j| cost[*j]).collect())
    }

    fn column(&self, j: usize) -> &[f64] {
        &self.columns[j * self.bound.len()..(j + 1) * self.bound.len()]
    }

    fn count(&self) -> usize {
        self.columns.len() / self.bound.len().max(1)
    }
}

/// L and U of a square matrix, column by column, rows permuted for the largest pivot of each column.
#[derive(Default)]
struct Factors {
    entries: Vec<f64>,
    order: Vec<usize>,
}

impl Factors {
    /// `None` when the matrix is singular.
    fn refactor<'a>(&mut self, columns: impl Iterator<Item = &'a [f64]>, size: usize) -> Option<()> {
        self.entries.clear();
        columns.for_each(|column| self.entries.extend_from_slice(column));
        self.order.clear();
        self.order.extend(0..size);
        (0..size).try_for_each(|step| self.eliminate(step, size))
    }

    /// One column's pivot, and what it takes from the columns behind it.
    fn eliminate(&mut self, step: usize, size: usize) -> Option<()> {
        let own = &self.entries[step * size..(step + 1) * size];
        let pivot = (step..size).max_by(|one, other| own[*one].abs().total_cmp(&own[*other].abs()))?;
        self.order.swap(step, pivot);
        self.entries.chunks_exact_mut(size).for_each(|column| column.swap(step, pivot));
        let (done, rest) = self.entries.split_at_mut((step + 1) * size);
        let own = &mut done[step * size..];
        let head = own[step];
        if head == 0.0 || !head.is_finite() {
            return None;
        }
        own[step + 1..].iter_mut().for_each(|entry| *entry /= head);
        for column in rest.chunks_exact_mut(size) {
            let factor = column[step];
            if factor != 0.0 {
                let below = column[step + 1..].iter_mut().zip(&own[step + 1..]);
                below.for_each(|(entry, lower)| *entry -= lower * factor);
            }
        }
        Some(())
    }

    fn column(&self, step: usize) -> &[f64] {
        let size = self.order.len();
        &self.entries[step * size..(step + 1) * size]
    }

    /// x of B x = b.
    fn solve(&self, b: &[f64]) -> Vec<f64> {
        let size = b.len();
        let mut x: Vec<f64> = self.order.iter().map(|row| b[*row]).collect();
        for step in 0..size {
            let value = x[step];
            x[step + 1..].iter_mut().zip(&self.column(step)[step + 1..]).for_each(|(x, lower)| *x -= lower * value);
        }
        for step in (0..size).rev() {
            x[step] /= self.column(step)[step];
            let value = x[step];
            x[..step].iter_mut().zip(&self.column(step)[..step]).for_each(|(x, upper)| *x -= upper * value);
        }
        x
    }

    /// y of Bᵀ y = c.
    fn solve_transposed(&self, c: Vec<f64>) -> Vec<f64> {
        let size = c.len();
        let mut z = c;
        for step in 0..size {
            z[step] = (z[step] - dot(&self.column(step)[..step], &z[..step])) / self.column(step)[step];
        }
        for step in (0..size).rev() {
            z[step] -= dot(&self.column(step)[step + 1..], &z[step + 1..]);
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
            let columns: Vec<&[f64]> = entries.chunks(5).collect();
            let mut factors = Factors::default();
            factors.refactor(columns.iter().copied(), 5).unwrap();
            let (x, y) = (factors.solve(&b), factors.solve_transposed(b.clone()));
            let size = x.iter().chain(&y).fold(1.0, |size: f64, value| size.max(value.abs()));
            for row in 0..5 {
                let forward: f64 = (0..5).map(|j| columns[j][row] * x[j]).sum();
                prop_assert!((forward - b[row]).abs() < 1e-11 * size);
                prop_assert!((dot(columns[row], &y) - b[row]).abs() < 1e-11 * size);
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
        let cost = vec![-0.75, 150.0, -0.02, 6.0, 0.0, 0.0, 0.0];
        let costs = [cost.clone()];
        let Outcome::Best(x) = Simplex::solve(columns.concat(), vec![0.0, 0.0, 1.0], &costs, None) else { panic!() };
        assert!((dot(&cost, &x) + 0.05).abs() < 1e-12, "{x:?}");
    }

    #[test]
    fn the_second_objective_moves_along_the_best_face() {
        // min x₁ + x₂ over x₁ + x₂ − s = 1: a whole edge is best, and of it the end with the largest x₂.
        let columns = vec![1.0, 1.0, -1.0];
        let costs = [vec![1.0, 1.0, 0.0], vec![0.0, -1.0, 0.0]];
        for start in [None, Some(vec![0]), Some(vec![2])] {
            assert_eq!(Simplex::solve(columns.clone(), vec![1.0], &costs, start), Outcome::Best(vec![0.0, 1.0, 0.0]));
        }
    }
}
