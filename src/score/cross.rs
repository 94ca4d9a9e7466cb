//! Cross-efficiency: every unit rated with every other unit's weights.
//!
//! Rater k's weights give itself its own efficiency θₖ under constant returns; among the many that do, the aggregate secondary
//! goal of Doyle and Green takes those that are worst (aggressive) or best (benevolent) for the others together:
//!
//! ```text
//!     min or max  u · Σ_{j≠k} yⱼ     v · Σ_{j≠k} xⱼ = 1     u · yₖ = θₖ v · xₖ     u · yⱼ ≤ v · xⱼ     u, v ≥ 0
//!     cross-efficiency of j = mean over all k, itself included, of (uₖ · yⱼ) / (vₖ · xⱼ)
//! ```
//!
//! Doyle & Green (1994), "Efficiency and cross-efficiency in DEA", JORS 45.

use ndarray::Array2;
use rayon::prelude::*;

use super::envelope::{Orient, Returns, Units};
use super::program::{Answer, Goal, Program, Row, dot};
use crate::check::{Error, Kind};

/// What a rater does to the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cross {
    /// Its weights are the worst for them.
    Aggressive,
    /// Its weights are the best for them.
    Benevolent,
}

/// Cross-efficiency of every unit, under constant returns.
///
/// # Errors
///
/// [`Kind::Input`] for fewer than two units; [`Kind::Bug`] when a program was not solved.
pub fn cross_efficiency(units: &Units, goal: Cross) -> Result<Vec<f64>, Error> {
    if units.count() < 2 {
        return Err(Error::new(Kind::Input, "cross-efficiency needs at least two units"));
    }
    let own = units.radial(Returns::Crs, Orient::Input)?;
    let scaled = Scaled::of(units);
    let rated: Vec<_> =
        (0..units.count()).into_par_iter().map(|k| scaled.ratings(k, own[k].efficiency, goal)).collect();
    let rated: Vec<Vec<f64>> = rated.into_iter().collect::<Result<_, Error>>()?;
    let mean = |j: usize| rated.iter().map(|ratings| ratings[j]).sum::<f64>() / units.count() as f64;
    Ok((0..units.count()).map(mean).collect())
}

/// Inputs and outputs by unit, each in the largest of its row.
struct Scaled {
    inputs: Vec<Vec<f64>>,
    outputs: Vec<Vec<f64>>,
}

impl Scaled {
    fn of(units: &Units) -> Scaled {
        let by_unit = |table: Array2<f64>| {
            let sizes: Vec<f64> = table.rows().into_iter().map(|row| row.iter().copied().fold(0.0, f64::max)).collect();
            let unit =
                |column: ndarray::ArrayView1<'_, f64>| column.iter().zip(&sizes).map(|(x, size)| x / size).collect();
            table.columns().into_iter().map(unit).collect()
        };
        Scaled { inputs: by_unit(units.inputs().to_owned()), outputs: by_unit(units.outputs().to_owned()) }
    }

    /// Every unit's efficiency under the weights of rater `k`.
    fn ratings(&self, k: usize, theta: f64, goal: Cross) -> Result<Vec<f64>, Error> {
        let weights = self.weights(k, theta, goal)?;
        let (u, v) = weights.split_at(self.outputs[k].len());
        let rating = |j: usize| {
            let used = dot(v, &self.inputs[j]);
            if used > 0.0 { dot(u, &self.outputs[j]) / used } else { 0.0 }
        };
        Ok((0..self.inputs.len()).map(rating).collect())
    }

    /// u, then v.
    fn weights(&self, k: usize, theta: f64, goal: Cross) -> Result<Vec<f64>, Error> {
        let sums = |figures: &[Vec<f64>]| -> Vec<f64> {
            let others = |at: usize| figures.iter().enumerate().filter(|(j, _)| *j != k).map(|(_, f)| f[at]).sum();
            (0..figures[k].len()).map(others).collect()
        };
        let (outputs, inputs) = (sums(&self.outputs), sums(&self.inputs));
        let row = |u: &[f64], v: &[f64], by: f64| -> Vec<f64> {
            u.iter().copied().chain(v.iter().map(|v| -by * v)).collect()
        };
        let mut rows = vec![Row::equal(row(&vec![0.0; outputs.len()], &inputs, -1.0), 1.0)];
        // A rounding error below θ keeps the rater's own optimum within reach.
        rows.push(Row::equal(row(&self.outputs[k], &self.inputs[k], theta * (1.0 - 1e-10)), 0.0));
        rows.extend((0..self.inputs.len()).map(|j| Row::at_most(row(&self.outputs[j], &self.inputs[j], 1.0), 0.0)));
        let objective = row(&outputs, &vec![0.0; inputs.len()], 0.0);
        let direction = if goal == Cross::Aggressive { Goal::Least } else { Goal::Most };
        match Program::new(direction, objective, rows).solve()? {
            Answer::Best(weights) => Ok(weights),
            _ => Err(Error::new(Kind::Bug, format!("rater {} has no weights of its own efficiency", k + 1))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn one_input_and_output_leave_the_weights_no_choice() {
        let units = Units::new(array![[10.0, 20.0, 40.0]], array![[1.0, 1.0, 4.0]]).unwrap();
        for goal in [Cross::Aggressive, Cross::Benevolent] {
            let found = cross_efficiency(&units, goal).unwrap();
            assert!(found.iter().zip([1.0, 0.5, 1.0]).all(|(found, own)| (found - own).abs() < 1e-8), "{found:?}");
        }
    }

    #[test]
    fn benevolence_raises_the_mean_and_units_change_nothing() {
        let (x, y) =
            (array![[4.0, 7.0, 8.0, 4.0], [3.0, 3.0, 1.0, 2.0]], array![[1.0, 1.5, 1.0, 1.2], [2.0, 1.0, 3.0, 2.0]]);
        let mean = |x: &Array2<f64>, goal| {
            let found = cross_efficiency(&Units::new(x.clone(), y.clone()).unwrap(), goal).unwrap();
            found.iter().sum::<f64>() / 4.0
        };
        let (worst, best) = (mean(&x, Cross::Aggressive), mean(&x, Cross::Benevolent));
        assert!(worst < best, "{worst} {best}");
        assert!((mean(&(&x * 1e4), Cross::Aggressive) - worst).abs() < 1e-8);
    }
}
