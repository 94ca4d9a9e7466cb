//! Efficiency that is not one common factor: the slacks-based measure, and the directional distance with bad outputs.
//!
//! ```text
//!     slacks-based:   ρ = min (1 − (1/m) Σ s⁻ᵢ/xᵢₒ) ÷ (1 + (1/(s₁+s₂)) (Σ s⁺ᵣ/yᵣₒ + Σ sᵇ/bₒ))
//!                     xₒ = Xλ + s⁻     yₒ = Yλ − s⁺     bₒ = Bλ + sᵇ
//!     directional:    β = max β     Yλ ≥ (1 + β) yₒ     Bλ = (1 − β) bₒ     Xλ ≤ xₒ
//! ```
//!
//! with λ ≥ 0 and the bound on Σ λ of the returns to scale. The first is made linear by Charnes and Cooper's t. In the second
//! bad outputs are weakly disposable: they can be reduced only in proportion, at a price in good ones.
//!
//! Tone (2001), EJOR 130; Tone (2003), GRIPS I-2003-0005; Chung, Färe & Grosskopf (1997), J. Environmental Management 51.

use ndarray::{Array2, ArrayView1, ArrayView2, Axis, concatenate};
use rayon::prelude::*;

use super::envelope::{Orient, Returns, Units};
use super::program::{Answer, Goal, Program, Row, dot};
use crate::check::{Error, Kind};

/// Share of a figure below which a slack or a peer's contribution is rounding.
const NOTHING: f64 = 1e-7;

/// Units with inputs, good outputs and bad ones.
pub struct Mixed {
    inputs: Array2<f64>,
    goods: Array2<f64>,
    bads: Array2<f64>,
    /// Bad outputs as further inputs: who is beaten by whom.
    used: Units,
    reference: Vec<usize>,
}

/// One unit against its peers.
#[derive(Clone, Debug, PartialEq)]
pub struct NonRadial {
    /// ρ; 1/(1 + β) for the directional distance.
    pub efficiency: f64,
    /// β; absent for the slacks-based measure.
    pub beta: Option<f64>,
    /// Peers by place among the units, ascending, with their intensity λ > 0.
    pub peers: Vec<(usize, f64)>,
    /// s⁻ by input.
    pub input_slacks: Vec<f64>,
    /// s⁺ by good output.
    pub good_slacks: Vec<f64>,
    /// sᵇ by bad output; zero for the directional distance.
    pub bad_slacks: Vec<f64>,
    /// Xλ by input.
    pub input_targets: Vec<f64>,
    /// Yλ by good output.
    pub good_targets: Vec<f64>,
    /// Bλ by bad output.
    pub bad_targets: Vec<f64>,
}

impl Mixed {
    /// Units of the given figures, one column a unit; `bads` may have no rows.
    ///
    /// # Errors
    ///
    /// As [`Units::new`]; bad outputs are checked as inputs are.
    pub fn new(inputs: Array2<f64>, goods: Array2<f64>, bads: Array2<f64>) -> Result<Mixed, Error> {
        // Less of a bad output is better, as of an input: the two together tell who is beaten by another.
        let used = concatenate(Axis(0), &[inputs.view(), bads.view()])
            .map_err(|_| Error::new(Kind::Input, "inputs and bad outputs are of different units"))?;
        let used = Units::new(used, goods.clone())?;
        Ok(Mixed { inputs, goods, bads, reference: used.reference(None), used })
    }

    /// The slacks-based measure of every unit; not oriented, or with the numerator (input) or the denominator (output) alone.
    ///
    /// # Errors
    ///
    /// [`Kind::Input`] when a figure is 0: its relative slack has no meaning. [`Kind::Bug`] when a program was not solved.
    pub fn slacks_based(&self, returns: Returns, orient: Option<Orient>) -> Result<Vec<NonRadial>, Error> {
        self.positive()?;
        self.each(|unit| self.slacks_based_of(unit, returns, orient))
    }

    /// Slacks-based super-efficiency (Tone 2002): every efficient unit against all the others; the others keep their own score.
    /// Absent where no mixture of the others reaches the unit.
    ///
    /// ```text
    ///     min (1/m) Σ x̄ᵢ/xᵢₒ ÷ (1/s) Σ ȳᵣ/yᵣₒ      x̄ ≥ Σ_{j≠o} λⱼ xⱼ     ȳ ≤ Σ_{j≠o} λⱼ yⱼ     x̄ ≥ xₒ     0 ≤ ȳ ≤ yₒ
    /// ```
    ///
    /// Input oriented ȳ = yₒ, output oriented x̄ = xₒ.
    ///
    /// # Errors
    ///
    /// As [`Mixed::slacks_based`], whose `scores` are taken.
    pub fn super_slacks_based(
        &self,
        returns: Returns,
        orient: Option<Orient>,
        scores: &[NonRadial],
    ) -> Result<Vec<Option<f64>>, Error> {
        let score = |unit: usize| match scores[unit].efficiency < 1.0 {
            true => Ok(Some(scores[unit].efficiency)),
            false => self.beyond(unit, returns, orient),
        };
        let found: Vec<_> = (0..self.inputs.ncols()).into_par_iter().map(score).collect();
        found.into_iter().collect()
    }

    /// An efficient unit's super-efficiency. Columns Λ, X̄ᵢ, Ȳᵣ and t, all times Charnes and Cooper's t, in the unit's own figures.
    fn beyond(&self, unit: usize, returns: Returns, orient: Option<Orient>) -> Result<Option<f64>, Error> {
        let reference = self.used.reference(Some(unit));
        let (n, m, s) = (reference.len(), self.inputs.nrows(), self.goods.nrows());
        let width = n + m + s + 1;
        let row = |mixture: &[f64], others: &[(usize, f64)]| {
            let mut row = mixture.to_vec();
            row.resize(width, 0.0);
            others.iter().for_each(|(column, entry)| row[*column] = *entry);
            row
        };
        let mixtures = |table: &Array2<f64>| -> Vec<Vec<f64>> {
            shares(table.view(), &reference, unit, 0.0).into_iter().map(|row| row[..n].to_vec()).collect()
        };
        let t = width - 1;
        let mut rows = Vec::new();
        for (i, mixture) in mixtures(&self.inputs).iter().enumerate() {
            rows.push(Row::at_most(row(mixture, &[(n + i, -1.0)]), 0.0));
            let held = row(&[], &[(n + i, 1.0), (t, -1.0)]);
            rows.push(if orient == Some(Orient::Output) { Row::equal(held, 0.0) } else { Row::at_least(held, 0.0) });
        }
        for (r, mixture) in mixtures(&self.goods).iter().enumerate() {
            rows.push(Row::at_least(row(mixture, &[(n + m + r, -1.0)]), 0.0));
            let held = row(&[], &[(n + m + r, 1.0), (t, -1.0)]);
            rows.push(if orient == Some(Orient::Input) { Row::equal(held, 0.0) } else { Row::at_most(held, 0.0) });
        }
        let mean = |from: usize, count: usize| -> Vec<(usize, f64)> {
            (from..from + count).map(|column| (column, 1.0 / count as f64)).collect()
        };
        rows.push(Row::equal(row(&[], &mean(n + m, s)), 1.0));
        rows.extend(
            returns_row(returns, n, 0.0, 0.0)
                .map(|returns| Row { coefficients: row(&returns.coefficients[..n], &[(t, -1.0)]), ..returns }),
        );
        match Program::new(Goal::Least, row(&[], &mean(n, m)), rows).solve()? {
            Answer::Best(values) => Ok(Some(values[n..n + m].iter().sum::<f64>() / m as f64)),
            Answer::Infeasible => Ok(None),
            Answer::Unbounded => Err(failed(unit)),
        }
    }

    /// The directional distance of every unit in the direction (0, y, −b).
    ///
    /// # Errors
    ///
    /// [`Kind::Input`] when a unit has neither good nor bad outputs: it has no direction. [`Kind::Bug`] when a program was not
    /// solved.
    pub fn directional(&self, returns: Returns) -> Result<Vec<NonRadial>, Error> {
        self.each(|unit| self.directional_of(unit, returns))
    }

    fn each(&self, score: impl Fn(usize) -> Result<NonRadial, Error> + Send + Sync) -> Result<Vec<NonRadial>, Error> {
        let scores: Vec<_> = (0..self.inputs.ncols()).into_par_iter().map(score).collect();
        scores.into_iter().collect()
    }

    fn positive(&self) -> Result<(), Error> {
        for (table, what) in [(&self.inputs, "input"), (&self.goods, "output"), (&self.bads, "bad output")] {
            if let Some(((row, unit), _)) = table.indexed_iter().find(|(_, value)| **value <= 0.0) {
                let message = format!("{what} {} of unit {} is 0, expected more than 0", row + 1, unit + 1);
                return Err(Error::new(Kind::Input, message).help("use the radial method, or leave the unit out"));
            }
        }
        Ok(())
    }

    fn slacks_based_of(&self, unit: usize, returns: Returns, orient: Option<Orient>) -> Result<NonRadial, Error> {
        let reference = &self.reference;
        let of_inputs = f64::from(u8::from(orient != Some(Orient::Output))) / self.inputs.nrows() as f64;
        let outputs = self.goods.nrows() + self.bads.nrows();
        let of_outputs = f64::from(u8::from(orient != Some(Orient::Input))) / outputs as f64;
        let shares = |table: &Array2<f64>| shares(table.view(), reference, unit, -1.0);
        let (inputs, goods, bads) = (shares(&self.inputs), shares(&self.goods), shares(&self.bads));
        // Columns Λ and t; a row `Σ Λ x/xₒ − t` is minus an input's slack or an output's own.
        let mut objective = vec![0.0; reference.len() + 1];
        objective[reference.len()] = 1.0;
        let mut whole = objective.clone();
        inputs.iter().for_each(|row| add(&mut objective, row, of_inputs));
        goods.iter().for_each(|row| add(&mut whole, row, of_outputs));
        bads.iter().for_each(|row| add(&mut whole, row, -of_outputs));
        let mut rows: Vec<Row> = inputs.into_iter().chain(bads).map(|row| Row::at_most(row, 0.0)).collect();
        rows.extend(goods.into_iter().map(|row| Row::at_least(row, 0.0)));
        rows.push(Row::equal(whole, 1.0));
        rows.extend(returns_row(returns, reference.len(), -1.0, 0.0));
        let Answer::Best(values) = Program::new(Goal::Least, objective.clone(), rows).solve()? else {
            return Err(failed(unit));
        };
        let t = values[reference.len()];
        let lambda: Vec<f64> = values[..reference.len()].iter().map(|value| value / t).collect();
        let efficiency = dot(&objective, &values).clamp(0.0, 1.0);
        Ok(self.described(unit, (if efficiency > 1.0 - 1e-9 { 1.0 } else { efficiency }, None), reference, &lambda))
    }

    fn directional_of(&self, unit: usize, returns: Returns) -> Result<NonRadial, Error> {
        // Bad outputs are held by equality, so a beaten unit may still be needed.
        let all: Vec<usize> = (0..self.inputs.ncols()).collect();
        let moved = |table: &Array2<f64>| table.column(unit).iter().any(|value| *value > 0.0);
        if !moved(&self.goods) && !moved(&self.bads) {
            return Err(Error::new(Kind::Input, format!("unit {} has no output to move", unit + 1))
                .help("leave out units without any output"));
        }
        let mut objective = vec![0.0; all.len()];
        objective.push(1.0);
        let worth = |j: &usize| {
            let sum = |table: &Array2<f64>| table.rows().into_iter().map(|row| row[*j] / largest(row)).sum::<f64>();
            sum(&self.goods) - sum(&self.inputs)
        };
        let worth = all.iter().map(worth).chain([0.0]).collect();
        let rows = self.directional_rows(unit, &all, returns);
        let program = Program { then: Some(worth), ..Program::new(Goal::Most, objective, rows) };
        let Answer::Best(values) = program.solve()? else { return Err(failed(unit)) };
        let (lambda, beta) = values.split_at(all.len());
        let beta = if beta[0] < 1e-9 { 0.0 } else { beta[0] };
        let mut score = self.described(unit, (1.0 / (1.0 + beta), Some(beta)), &all, lambda);
        score.bad_slacks.iter_mut().for_each(|slack| *slack = 0.0);
        Ok(score)
    }

    /// Rows of the directional distance, β as the last column.
    fn directional_rows(&self, unit: usize, all: &[usize], returns: Returns) -> Vec<Row> {
        let rows = |table: &Array2<f64>, moved: f64| -> Vec<(Vec<f64>, f64)> {
            let own = table.column(unit).into_iter().map(|own| f64::from(u8::from(*own > 0.0)));
            shares(table.view(), all, unit, moved).into_iter().zip(own).collect()
        };
        let inputs = rows(&self.inputs, 0.0).into_iter().map(|(row, own)| Row::at_most(row, own));
        let goods = rows(&self.goods, -1.0).into_iter().map(|(row, own)| Row::at_least(row, own));
        let bads = rows(&self.bads, 1.0).into_iter().map(|(row, own)| Row::equal(row, own));
        inputs.chain(goods).chain(bads).chain(returns_row(returns, all.len(), 0.0, 1.0)).collect()
    }

    fn described(
        &self,
        unit: usize,
        (efficiency, beta): (f64, Option<f64>),
        reference: &[usize],
        lambda: &[f64],
    ) -> NonRadial {
        let targets = |table: &Array2<f64>| -> Vec<f64> {
            let mixed =
                |row: ArrayView1<'_, f64>| reference.iter().zip(lambda).map(|(j, lambda)| row[*j] * lambda).sum();
            table.rows().into_iter().map(mixed).collect()
        };
        let slacks = |table: &Array2<f64>, targets: &[f64], side: f64, sign: f64| -> Vec<f64> {
            let slack = |(row, target): (ArrayView1<'_, f64>, &f64)| {
                let (own, slack) = (row[unit], sign * (target - row[unit] * side));
                let size = if own > 0.0 { own } else { largest(row) };
                if slack > NOTHING * size { slack } else { 0.0 }
            };
            table.rows().into_iter().zip(targets).map(slack).collect()
        };
        let (inputs, goods, bads) = (targets(&self.inputs), targets(&self.goods), targets(&self.bads));
        let beta_or_none = beta.unwrap_or(0.0);
        NonRadial {
            efficiency,
            beta,
            peers: self.peers(unit, reference, lambda),
            input_slacks: slacks(&self.inputs, &inputs, 1.0, -1.0),
            good_slacks: slacks(&self.goods, &goods, 1.0 + beta_or_none, 1.0),
            bad_slacks: slacks(&self.bads, &bads, 1.0 - beta_or_none, -1.0),
            input_targets: inputs,
            good_targets: goods,
            bad_targets: bads,
        }
    }

    fn peers(&self, unit: usize, reference: &[usize], lambda: &[f64]) -> Vec<(usize, f64)> {
        let matters = |j: usize, lambda: f64| {
            let in_row = |row: ArrayView1<'_, f64>| {
                lambda * row[j] > NOTHING * if row[unit] > 0.0 { row[unit] } else { largest(row) }
            };
            [&self.inputs, &self.goods].into_iter().any(|table| table.rows().into_iter().any(in_row))
        };
        let all = reference.iter().copied().zip(lambda.iter().copied());
        all.filter(|(j, lambda)| matters(*j, *lambda)).collect()
    }
}

/// Rows of a table in the unit's own figures (or the row's largest where it has none), `last` (nothing where it has none) behind
/// them.
fn shares(table: ArrayView2<'_, f64>, reference: &[usize], unit: usize, last: f64) -> Vec<Vec<f64>> {
    let row = |row: ArrayView1<'_, f64>| {
        let own = row[unit];
        let size = if own > 0.0 { own } else { largest(row) };
        let behind = if own > 0.0 { last } else { 0.0 };
        reference.iter().map(|j| row[*j] / size).chain([behind]).collect()
    };
    table.rows().into_iter().map(row).collect()
}

fn returns_row(returns: Returns, width: usize, last: f64, bound: f64) -> Option<Row> {
    let mut sum = vec![1.0; width];
    sum.push(last);
    match returns {
        Returns::Crs => None,
        Returns::Vrs => Some(Row::equal(sum, bound)),
        Returns::Nirs => Some(Row::at_most(sum, bound)),
        Returns::Ndrs => Some(Row::at_least(sum, bound)),
    }
}

fn add(sum: &mut [f64], row: &[f64], times: f64) {
    sum.iter_mut().zip(row).for_each(|(sum, entry)| *sum += times * entry);
}

fn largest(row: ArrayView1<'_, f64>) -> f64 {
    row.iter().copied().fold(0.0, f64::max)
}

fn failed(unit: usize) -> Error {
    Error::new(Kind::Bug, format!("unit {} is not among the mixtures that include it", unit + 1))
        .help("report it with the table that was analysed")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::score::envelope::Model;
    use ndarray::array;

    fn plain() -> Mixed {
        let inputs = array![[4.0, 6.0, 8.0, 8.0, 2.0], [3.0, 3.0, 1.0, 1.0, 4.0]];
        Mixed::new(inputs, array![[2.0, 2.0, 6.0, 6.0, 1.0], [3.0, 3.0, 2.0, 1.0, 4.0]], Array2::zeros((0, 5))).unwrap()
    }

    #[test]
    fn the_measure_is_what_its_own_slacks_say() {
        for (returns, orient) in [(Returns::Crs, None), (Returns::Vrs, None), (Returns::Crs, Some(Orient::Input))] {
            let units = plain();
            for (unit, score) in units.slacks_based(returns, orient).unwrap().iter().enumerate() {
                let mean = |slacks: &[f64], table: &Array2<f64>| {
                    slacks.iter().zip(table.column(unit)).map(|(slack, own)| slack / own).sum::<f64>() / 2.0
                };
                let below = if orient.is_none() { mean(&score.good_slacks, &units.goods) } else { 0.0 };
                let rho = (1.0 - mean(&score.input_slacks, &units.inputs)) / (1.0 + below);
                assert!((rho - score.efficiency).abs() < 1e-6, "{score:?}");
            }
        }
    }

    #[test]
    fn without_bad_outputs_the_direction_is_the_output_oriented_radius() {
        let mixed = plain();
        let radial = Units::new(mixed.inputs.clone(), mixed.goods.clone()).unwrap();
        for returns in [Returns::Crs, Returns::Vrs, Returns::Nirs, Returns::Ndrs] {
            let radial = radial.radial(returns, Orient::Output).unwrap();
            for (one, other) in mixed.directional(returns).unwrap().iter().zip(radial) {
                assert!((one.efficiency - other.efficiency).abs() < 1e-7, "{one:?} {other:?}");
            }
        }
    }

    #[test]
    fn a_dirtier_twin_is_told_by_the_direction() {
        // Same input and good output, twice the bad one: half-way between cutting and giving up output.
        let units = Mixed::new(array![[1.0, 1.0]], array![[1.0, 1.0]], array![[1.0, 2.0]]).unwrap();
        let found = units.directional(Returns::Crs).unwrap();
        assert_eq!(found[0].beta, Some(0.0));
        // Σ λ ≤ 1 by the input, (1 + β) ≤ Σ λ y: no good output can be gained, so β = 0 for the twin too, held by equality.
        assert_eq!(found[1].beta, Some(0.0));
        let rho = units.slacks_based(Returns::Crs, None).unwrap()[1].efficiency;
        // Slack 1 of 2 in the bad output, one of two outputs: 1 / (1 + ½ · ½).
        assert!((rho - 0.8).abs() < 1e-9, "{rho}");
    }

    #[test]
    fn zeros_are_refused_where_they_have_no_meaning() {
        let zero = Mixed::new(array![[1.0, 1.0]], array![[1.0, 0.0]], Array2::zeros((0, 2))).unwrap();
        assert!(zero.slacks_based(Returns::Crs, None).unwrap_err().to_string().contains("output 1 of unit 2 is 0"));
        assert!(zero.directional(Returns::Crs).unwrap_err().to_string().contains("unit 2 has no output to move"));
    }

    #[test]
    fn slacks_based_super_efficiency_lies_between_one_and_the_radial_one() {
        let mixed = plain();
        let radial = Units::new(mixed.inputs.clone(), mixed.goods.clone()).unwrap();
        for returns in [Returns::Crs, Returns::Vrs] {
            let of = |orient| {
                let scores = mixed.slacks_based(returns, orient).unwrap();
                (mixed.super_slacks_based(returns, orient, &scores).unwrap(), scores)
            };
            let ((both, scores), (input, _), (output, _)) =
                (of(None), of(Some(Orient::Input)), of(Some(Orient::Output)));
            let over = radial.super_efficiency(&Model::new(returns, Orient::Input)).unwrap();
            for unit in (0..5).filter(|unit| scores[*unit].efficiency == 1.0) {
                // Without an orientation both sides may move, so less is needed; a radial move is one of the moves.
                let found = both[unit].unwrap();
                assert!(found >= 1.0 - 1e-9, "{found}");
                for wider in [input[unit], output[unit]].into_iter().flatten() {
                    assert!(found <= wider + 1e-9, "{found} {wider}");
                }
                assert_eq!(input[unit].is_some(), over[unit].is_some(), "both reach the unit, or neither does");
                if let (Some(input), Some(radial)) = (input[unit], over[unit]) {
                    assert!(input <= radial + 1e-9, "{input} {radial}");
                }
            }
        }
    }

    #[test]
    fn one_input_and_one_output_leave_one_super_efficiency() {
        // The second does 3 per unit of input, the best of the others 2: 1.5 whichever way it is counted.
        let mixed = Mixed::new(array![[10.0, 20.0, 40.0]], array![[20.0, 60.0, 40.0]], Array2::zeros((0, 3))).unwrap();
        for orient in [None, Some(Orient::Input), Some(Orient::Output)] {
            let scores = mixed.slacks_based(Returns::Crs, orient).unwrap();
            let found = mixed.super_slacks_based(Returns::Crs, orient, &scores).unwrap();
            assert!((found[1].unwrap() - 1.5).abs() < 1e-9, "{found:?}");
            assert!((found[0].unwrap() - scores[0].efficiency).abs() < 1e-12 && found[0].unwrap() < 1.0);
        }
    }
}
