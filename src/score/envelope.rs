//! Data envelopment analysis: how much of its input a unit would need if it did as well as the best mixtures of its peers.
//!
//! ```text
//!     input oriented:    θ = min θ     Σⱼ λⱼ xᵢⱼ ≤ θ xᵢₒ     Σⱼ λⱼ yᵣⱼ ≥ yᵣₒ
//!     output oriented:   φ = max φ     Σⱼ λⱼ xᵢⱼ ≤ xᵢₒ       Σⱼ λⱼ yᵣⱼ ≥ φ yᵣₒ      λ ≥ 0
//! ```
//!
//! | symbol | meaning                                        | unit              |
//! |--------|------------------------------------------------|-------------------|
//! | xᵢⱼ    | input i of unit j                              | any, one per row  |
//! | yᵣⱼ    | output r of unit j                             | any, one per row  |
//! | o      | the unit under evaluation                      | –                 |
//! | λⱼ     | intensity of unit j in the mixture             | none, `[0, ∞)`    |
//! | θ, 1/φ | efficiency: share of the input that would do   | none, `[0, 1]`    |
//!
//! Returns to scale bound Σ λ: see [`Returns`]. The second stage then holds θ (or φ) and makes the remaining slacks as
//! large as can be, each counted in the largest value of its row, so that units of measure change nothing:
//!
//! ```text
//!     max Σᵢ s⁻ᵢ / maxⱼ xᵢⱼ + Σᵣ s⁺ᵣ / maxⱼ yᵣⱼ      s⁻ᵢ = θ xᵢₒ − Σⱼ λⱼ xᵢⱼ      s⁺ᵣ = Σⱼ λⱼ yᵣⱼ − φ yᵣₒ
//! ```
//!
//! A unit is efficient only when θ = 1 *and* all its slacks are 0. Intensities need not be unique; one vertex is given.
//!
//! # The reference set
//!
//! A unit that another one beats or equals in every input and output is never needed in a mixture, whatever the returns to
//! scale, and is left out of all of them; of equal units the first stays. So a duplicate changes nothing for anybody.
//!
//! # References
//!
//! Charnes, Cooper & Rhodes (1978), EJOR 2; Banker, Charnes & Cooper (1984), Management Science 30; Cooper, Seiford & Tone
//! (2007), "Data Envelopment Analysis", chapters 2–5.

use ndarray::{Array2, ArrayView1, ArrayView2, Axis};
use rayon::prelude::*;

use super::evaluation::Evaluation;
use crate::check::{Error, Kind};

/// What mixtures may be made of the units: a bound on Σ λ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Returns {
    /// Constant: any multiple of a unit is possible (CCR).
    #[default]
    Crs,
    /// Variable: Σ λ = 1, no unit is enlarged or reduced (BCC).
    Vrs,
    /// Non-increasing: Σ λ ≤ 1, units can be reduced and not enlarged.
    Nirs,
    /// Non-decreasing: Σ λ ≥ 1.
    Ndrs,
}

/// What is held and what is moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Orient {
    /// Outputs are held, inputs contract in proportion.
    #[default]
    Input,
    /// Inputs are held, outputs expand in proportion.
    Output,
}

/// The units of an analysis: inputs (m × n) and outputs (s × n), one column a unit.
#[derive(Clone, Debug)]
pub struct Units {
    pub(super) inputs: Array2<f64>,
    pub(super) outputs: Array2<f64>,
    /// The largest of each row.
    pub(super) input_sizes: Vec<f64>,
    /// The largest of each row.
    pub(super) output_sizes: Vec<f64>,
    dominated: Vec<Dominated>,
}

/// What mixtures may do, and what moves.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Model {
    /// Returns to scale.
    pub returns: Returns,
    /// Orientation.
    pub orient: Orient,
    /// Bounds on ratios of weights.
    pub ratios: Vec<Ratio>,
    /// Inputs, by place, that a unit cannot change: non-discretionary (Banker & Morey 1986). They bound the mixture, do not contract
    /// with θ, and their slacks do not count in the second stage.
    pub fixed: Vec<usize>,
}

impl Model {
    /// Without bounds on weights, every input at the unit's discretion.
    pub fn new(returns: Returns, orient: Orient) -> Model {
        Model { returns, orient, ..Model::default() }
    }
}

/// How many other units are at least as good in every input and output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Dominated {
    No,
    By(usize),
    BySeveral,
}

/// A bound on how two inputs' or outputs' weights compare: `low ≤ w_a / w_b ≤ high`, in the units of the table.
///
/// Bounds on weights keep a unit from being efficient by a single cheap figure (an assurance region). They stand in the
/// envelopment as further columns τ ≥ 0: each bound `g · w ≤ 0` eases row i by `τ gᵢ`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ratio {
    /// The weight above the line.
    pub over: Figure,
    /// The weight below it.
    pub under: Figure,
    /// Least ratio.
    pub low: f64,
    /// Largest ratio.
    pub high: f64,
}

/// A row of the units' tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Figure {
    /// An input, by place.
    Input(usize),
    /// An output, by place.
    Output(usize),
}

impl Ratio {
    /// The two bounds as entries of one figure's row: `low · w_b − w_a ≤ 0` and `w_a − high · w_b ≤ 0`.
    pub(super) fn entries(&self, figure: Figure) -> [f64; 2] {
        let (over, under) = (f64::from(u8::from(figure == self.over)), f64::from(u8::from(figure == self.under)));
        [self.low * under - over, over - self.high * under]
    }
}

/// One unit against its peers.
#[derive(Clone, Debug, PartialEq)]
pub struct Radial {
    /// θ, or 1/φ when output oriented; 0 for a unit without any output.
    pub efficiency: f64,
    /// Peers by place among the units, ascending, with their intensity λ > 0.
    pub peers: Vec<(usize, f64)>,
    /// s⁻ by input, in the input's unit.
    pub input_slacks: Vec<f64>,
    /// s⁺ by output, in the output's unit.
    pub output_slacks: Vec<f64>,
    /// θ xₒ − s⁻ by input.
    pub input_targets: Vec<f64>,
    /// φ yₒ + s⁺ by output.
    pub output_targets: Vec<f64>,
}

impl Radial {
    /// Whether nothing can be improved: efficiency 1 and no slack.
    pub fn is_efficient(&self) -> bool {
        self.efficiency >= 1.0 && self.input_slacks.iter().chain(&self.output_slacks).all(|slack| *slack == 0.0)
    }
}

impl Units {
    /// Units of the given inputs and outputs.
    ///
    /// # Errors
    ///
    /// [`Kind::Input`] when a figure is negative, infinite or missing, when an input or output is zero for every unit, when a
    /// unit has no input at all, when there are no units, inputs or outputs, or when the two tables differ in width.
    pub fn new(inputs: Array2<f64>, outputs: Array2<f64>) -> Result<Units, Error> {
        checked(inputs.view(), "input")?;
        checked(outputs.view(), "output")?;
        if inputs.ncols() != outputs.ncols() {
            let message = format!("inputs of {} units, outputs of {}", inputs.ncols(), outputs.ncols());
            return Err(Error::new(Kind::Input, message));
        }
        if let Some(unit) = inputs.columns().into_iter().position(|column| column.iter().all(|value| *value == 0.0)) {
            return Err(Error::new(Kind::Input, format!("unit {} has no input", unit + 1))
                .help("leave units out that use nothing; their efficiency has no meaning"));
        }
        Ok(Units::sized(inputs, outputs))
    }

    /// Units of figures that are known to have a meaning.
    pub(super) fn sized(inputs: Array2<f64>, outputs: Array2<f64>) -> Units {
        let dominated = (0..inputs.ncols()).into_par_iter().map(|j| dominated(&inputs, &outputs, j)).collect();
        let sizes = |table: &Array2<f64>| table.rows().into_iter().map(largest).collect();
        Units { input_sizes: sizes(&inputs), output_sizes: sizes(&outputs), inputs, outputs, dominated }
    }

    /// How many.
    pub fn count(&self) -> usize {
        self.inputs.ncols()
    }

    /// Inputs, one row each.
    pub fn inputs(&self) -> ArrayView2<'_, f64> {
        self.inputs.view()
    }

    /// Outputs, one row each.
    pub fn outputs(&self) -> ArrayView2<'_, f64> {
        self.outputs.view()
    }

    /// The units that mixtures need, all but those beaten by another; with `without` as if that one did not exist.
    pub(super) fn reference(&self, without: Option<usize>) -> Vec<usize> {
        let needed = |j: &usize| match self.dominated[*j] {
            Dominated::No => Some(*j) != without,
            Dominated::By(other) => Some(other) == without,
            Dominated::BySeveral => false,
        };
        (0..self.count()).filter(needed).collect()
    }

    /// How few units leave an analysis without power: n below max(m·s, 3(m + s)) makes most of them efficient by default.
    pub fn fewest(&self) -> usize {
        let (m, s) = (self.inputs.nrows(), self.outputs.nrows());
        (m * s).max(3 * (m + s))
    }

    /// Every unit against all of them, in parallel, in the order of the units.
    ///
    /// # Errors
    ///
    /// [`Kind::Bug`] when a program was not solved.
    ///
    /// # Examples
    ///
    /// ```
    /// use ndarray::array;
    /// use outlay::score::envelope::{Orient, Returns, Units};
    ///
    /// // Spend of three suppliers, and their registrations: the second pays twice as much for each.
    /// let units = Units::new(array![[10.0, 20.0, 40.0]], array![[1.0, 1.0, 4.0]]).unwrap();
    /// let scores = units.radial(Returns::Crs, Orient::Input).unwrap();
    /// assert!((scores[1].efficiency - 0.5).abs() < 1e-9);
    /// assert!(scores[0].is_efficient() && scores[2].is_efficient());
    /// ```
    pub fn radial(&self, returns: Returns, orient: Orient) -> Result<Vec<Radial>, Error> {
        self.radial_under(&Model::new(returns, orient))
    }

    /// As [`Units::radial`], under any model. With bounded weights, slacks and targets are those of the rows as eased by the bounds.
    ///
    /// # Errors
    ///
    /// As [`Units::radial`]; [`Kind::Settings`] when every input is fixed and so nothing can contract.
    pub fn radial_under(&self, model: &Model) -> Result<Vec<Radial>, Error> {
        self.can_move(model)?;
        let reference = self.reference(None);
        self.each(|unit| Evaluation { units: self, unit, among: self, reference: &reference, model }.radial())
    }

    /// As [`Units::radial_under`], with nobody but `peers` (by place) in the mixtures; every other unit is held against them and
    /// itself.
    ///
    /// # Errors
    ///
    /// As [`Units::radial_under`].
    pub fn radial_among(&self, peers: &[usize], model: &Model) -> Result<Vec<Radial>, Error> {
        self.can_move(model)?;
        let column = |table: &Array2<f64>| table.select(Axis(1), peers);
        let trusted = Units::sized(column(&self.inputs), column(&self.outputs)).reference(None);
        let trusted: Vec<usize> = trusted.into_iter().map(|place| peers[place]).collect();
        self.each(|unit| {
            let mut reference = trusted.clone();
            if !peers.contains(&unit) {
                reference.push(unit);
            }
            Evaluation { units: self, unit, among: self, reference: &reference, model }.radial()
        })
    }

    /// θ, or 1/φ, of every unit against mixtures of other units than these: absent where none reaches it, above 1 where the
    /// unit lies beyond all of them.
    ///
    /// # Errors
    ///
    /// As [`Units::radial_under`].
    pub fn against(&self, among: &Units, model: &Model) -> Result<Vec<Option<f64>>, Error> {
        self.can_move(model)?;
        let reference = among.reference(None);
        self.each(|unit| {
            let factor = Evaluation { units: self, unit, among, reference: &reference, model }.factor()?;
            Ok(factor.map(|factor| model.orient.efficiency(factor)))
        })
    }

    /// Super-efficiency (Andersen & Petersen 1993): every unit against all the others; θ, or 1/φ when output oriented, above 1
    /// for efficient units. Absent where no mixture of the others reaches the unit: infeasible, never a number.
    ///
    /// # Errors
    ///
    /// As [`Units::radial_under`].
    pub fn super_efficiency(&self, model: &Model) -> Result<Vec<Option<f64>>, Error> {
        self.can_move(model)?;
        self.each(|unit| {
            let reference = self.reference(Some(unit));
            let factor = Evaluation { units: self, unit, among: self, reference: &reference, model }.factor()?;
            Ok(factor.map(|factor| model.orient.efficiency(factor)))
        })
    }

    fn can_move(&self, model: &Model) -> Result<(), Error> {
        match model.orient == Orient::Input && (0..self.inputs.nrows()).all(|input| model.fixed.contains(&input)) {
            true => Err(Error::new(Kind::Settings, "every input is fixed, so that none can contract")
                .help("leave an input free, or ask for the output orientation")),
            false => Ok(()),
        }
    }

    /// One score a unit, in parallel, in the order of the units.
    fn each<T: Send>(&self, score: impl Fn(usize) -> Result<T, Error> + Send + Sync) -> Result<Vec<T>, Error> {
        let scores: Vec<_> = (0..self.count()).into_par_iter().map(score).collect();
        scores.into_iter().collect()
    }
}

impl Orient {
    /// θ, or 1/φ.
    fn efficiency(self, factor: f64) -> f64 {
        if self == Orient::Input { factor } else { 1.0 / factor }
    }
}

fn largest(row: ArrayView1<'_, f64>) -> f64 {
    row.iter().copied().fold(0.0, f64::max)
}

fn checked(table: ArrayView2<'_, f64>, what: &str) -> Result<(), Error> {
    if table.is_empty() {
        return Err(Error::new(Kind::Input, format!("no units or no {what}s")));
    }
    for ((row, unit), value) in table.indexed_iter() {
        if !(value.is_finite() && *value >= 0.0) {
            let message = format!("{what} {} of unit {} is {value}, expected 0 or more", row + 1, unit + 1);
            return Err(Error::new(Kind::Input, message).help("use counts and money; a missing figure is not a zero"));
        }
    }
    match table.rows().into_iter().position(|row| row.iter().all(|value| *value == 0.0)) {
        Some(row) => Err(Error::new(Kind::Input, format!("{what} {} is zero for every unit", row + 1))
            .help("leave the column out: it tells the units apart in nothing")),
        None => Ok(()),
    }
}

/// Who is at least as good as unit `j` in every respect; of equal units the first is taken as the better.
fn dominated(inputs: &Array2<f64>, outputs: &Array2<f64>, j: usize) -> Dominated {
    let mut found = Dominated::No;
    for k in (0..inputs.ncols()).filter(|k| *k != j) {
        let (mut no_worse, mut equal) = (true, true);
        for (mine, theirs) in inputs.column(j).iter().zip(inputs.column(k)) {
            no_worse &= theirs <= mine;
            equal &= theirs == mine;
        }
        for (mine, theirs) in outputs.column(j).iter().zip(outputs.column(k)) {
            no_worse &= theirs >= mine;
            equal &= theirs == mine;
        }
        if no_worse && (!equal || k < j) {
            match found {
                Dominated::No => found = Dominated::By(k),
                _ => return Dominated::BySeveral,
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{array, concatenate};
    use proptest::prelude::*;

    #[test]
    fn nobody_but_the_peers_is_in_a_mixture() {
        // the third is the best, and in question
        let units = Units::new(array![[10.0, 20.0, 10.0]], array![[1.0, 1.0, 4.0]]).unwrap();
        let model = Model::new(Returns::Crs, Orient::Input);
        let found = units.radial_among(&[0, 1], &model).unwrap();
        let thetas: Vec<f64> = found.iter().map(|score| score.efficiency).collect();
        assert_eq!((thetas[0], thetas[2]), (1.0, 1.0), "{thetas:?}");
        assert!((thetas[1] - 0.5).abs() < 1e-9 && found[1].peers[0].0 == 0, "{found:?}");
        assert_eq!(units.radial_among(&[0, 1, 2], &model).unwrap(), units.radial_under(&model).unwrap());
    }

    const ALL: [Returns; 4] = [Returns::Crs, Returns::Vrs, Returns::Nirs, Returns::Ndrs];

    /// Tables of 3 to 12 units with two inputs and two outputs over six orders of magnitude, some outputs zero.
    fn tables() -> impl Strategy<Value = (Array2<f64>, Array2<f64>)> {
        let figure = (0.0..6.0f64).prop_map(|digits| 10f64.powf(digits));
        let unit = (prop::array::uniform4(figure), prop::bool::weighted(0.2));
        prop::collection::vec(unit, 3..12).prop_map(|units| {
            let n = units.len();
            let at = |i: usize, j: usize| units[j].0[i] * if i == 3 && units[j].1 && j > 0 { 0.0 } else { 1.0 };
            (Array2::from_shape_fn((2, n), |(i, j)| at(i, j)), Array2::from_shape_fn((2, n), |(i, j)| at(i + 2, j)))
        })
    }

    fn efficiencies(inputs: &Array2<f64>, outputs: &Array2<f64>, returns: Returns, orient: Orient) -> Vec<f64> {
        let units = Units::new(inputs.clone(), outputs.clone()).unwrap();
        units.radial(returns, orient).unwrap().into_iter().map(|score| score.efficiency).collect()
    }

    /// Figures here lie up to eleven orders apart; the solver's reduced costs are then good to about 10⁻⁶ of the unit's
    /// own figures.
    const ABOUT: f64 = 1e-6;

    fn same(one: f64, other: f64) -> bool {
        (one - other).abs() < ABOUT
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn units_of_measure_change_nothing((x, y) in tables(), by in prop::array::uniform2(1e-4..1e4f64)) {
            let (mut cents, mut thousands) = (x.clone(), y.clone());
            cents.row_mut(0).mapv_inplace(|value| value * by[0]);
            thousands.row_mut(1).mapv_inplace(|value| value * by[1]);
            for returns in ALL {
                let before = efficiencies(&x, &y, returns, Orient::Input);
                let after = efficiencies(&cents, &thousands, returns, Orient::Input);
                prop_assert!(before.iter().zip(&after).all(|(a, b)| same(*a, *b)), "{before:?} {after:?}");
            }
        }

        #[test]
        fn a_duplicate_changes_nobody((x, y) in tables(), which in any::<prop::sample::Index>()) {
            let j = which.index(x.ncols());
            let double = |table: &Array2<f64>| {
                let copy = table.column(j).insert_axis(Axis(1)).to_owned();
                concatenate(Axis(1), &[table.view(), copy.view()]).unwrap()
            };
            for returns in ALL {
                let alone = Units::new(x.clone(), y.clone()).unwrap().radial(returns, Orient::Input).unwrap();
                let both = Units::new(double(&x), double(&y)).unwrap().radial(returns, Orient::Input).unwrap();
                prop_assert_eq!(&alone[..], &both[..x.ncols()]);
                prop_assert_eq!(&both[j], &both[x.ncols()]);
            }
        }

        #[test]
        fn a_new_unit_raises_nobody((x, y) in tables()) {
            let n = x.ncols();
            let but_last = |table: &Array2<f64>| table.select(Axis(1), &(0..n - 1).collect::<Vec<_>>());
            prop_assume!(but_last(&y).rows().into_iter().all(|row| largest(row) > 0.0));
            for (returns, orient) in ALL.into_iter().flat_map(|r| [(r, Orient::Input), (r, Orient::Output)]) {
                let fewer = efficiencies(&but_last(&x), &but_last(&y), returns, orient);
                let more = efficiencies(&x, &y, returns, orient);
                prop_assert!(fewer.iter().zip(&more).all(|(f, m)| *m <= f + ABOUT), "{fewer:?} {more:?}");
            }
        }

        #[test]
        fn more_freedom_never_helps_the_evaluated((x, y) in tables()) {
            let [crs, vrs, nirs, ndrs] = ALL.map(|returns| efficiencies(&x, &y, returns, Orient::Input));
            for j in 0..x.ncols() {
                prop_assert!(crs[j] <= nirs[j].min(ndrs[j]) + ABOUT && nirs[j].max(ndrs[j]) <= vrs[j] + ABOUT, "{crs:?} {vrs:?} {nirs:?} {ndrs:?}");
                prop_assert!(same(vrs[j], nirs[j].max(ndrs[j])));
            }
            // Under constant returns both orientations say the same.
            let output = efficiencies(&x, &y, Returns::Crs, Orient::Output);
            prop_assert!(crs.iter().zip(&output).all(|(a, b)| same(*a, *b)), "{crs:?} {output:?}");
        }

        #[test]
        fn targets_are_mixtures_of_peers_and_efficient((x, y) in tables()) {
            let units = Units::new(x.clone(), y.clone()).unwrap();
            for (returns, orient) in ALL.into_iter().flat_map(|r| [(r, Orient::Input), (r, Orient::Output)]) {
                for (unit, score) in units.radial(returns, orient).unwrap().iter().enumerate() {
                    let mixed = |row: ArrayView1<'_, f64>| score.peers.iter().map(|(j, w)| row[*j] * w).sum::<f64>();
                    let sides = [(&x, &score.input_targets, 1.0), (&y, &score.output_targets, score.efficiency)];
                    for (table, targets, efficiency) in sides {
                        for (row, target) in table.rows().into_iter().zip(targets) {
                            // Programs are solved to about 10⁻⁹ of the unit's own figure (as moved by φ).
                            let own = if row[unit] > 0.0 { row[unit] / f64::max(efficiency, 1e-9) } else { largest(row) };
                            prop_assert!((target - mixed(row)).abs() <= 1e-6 * own.max(*target), "{score:?}");
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn no_output_is_no_efficiency_and_one_unit_is_its_own_peer() {
        let units = Units::new(array![[5.0, 7.0]], array![[2.0, 0.0]]).unwrap();
        for orient in [Orient::Input, Orient::Output] {
            let scores = units.radial(Returns::Crs, orient).unwrap();
            assert_eq!((scores[0].efficiency, scores[1].efficiency), (1.0, 0.0), "{orient:?}");
        }
        let alone = Units::new(array![[5.0]], array![[2.0]]).unwrap().radial(Returns::Vrs, Orient::Input).unwrap();
        assert_eq!((alone[0].efficiency, alone[0].peers.clone()), (1.0, vec![(0, 1.0)]));
    }

    #[test]
    fn what_has_no_meaning_is_refused_with_its_place() {
        let message = |x: Array2<f64>, y: Array2<f64>| Units::new(x, y).unwrap_err().to_string();
        assert!(message(array![[1.0, 2.0]], array![[0.0, 0.0]]).starts_with("error: output 1 is zero for every unit"));
        assert!(message(array![[1.0, f64::NAN]], array![[1.0, 1.0]]).contains("input 1 of unit 2 is NaN"));
        assert!(message(array![[1.0, 0.0]], array![[1.0, 1.0]]).contains("unit 2 has no input"));
        assert!(message(array![[1.0]], array![[1.0, 1.0]]).contains("inputs of 1 units, outputs of 2"));
    }

    #[test]
    fn a_fixed_input_bounds_the_mixture_and_does_not_contract() {
        // The first could do with 4 of 10 as the second does, which has a larger site; the third has no larger one.
        let units = Units::new(array![[10.0, 4.0, 8.0], [5.0, 6.0, 5.0]], array![[1.0, 1.0, 1.0]]).unwrap();
        let fixed = Model { fixed: vec![1], ..Model::new(Returns::Vrs, Orient::Input) };
        let found = &units.radial_under(&fixed).unwrap()[0];
        assert!((found.efficiency - 0.8).abs() < 1e-9, "{found:?}");
        assert_eq!((found.input_targets[1], found.input_slacks[1]), (5.0, 0.0));
        // Free, its own site may shrink too, so that the same factor must do for both.
        assert!((units.radial(Returns::Vrs, Orient::Input).unwrap()[0].efficiency - 1.0).abs() < 1e-9);
        let none = Model { fixed: vec![0, 1], ..fixed };
        assert!(units.radial_under(&none).unwrap_err().to_string().contains("every input is fixed"));
    }

    #[test]
    fn units_are_held_against_other_units() {
        let (one, other) =
            (Units::new(array![[10.0]], array![[1.0]]), Units::new(array![[5.0, 40.0]], array![[1.0, 9.0]]));
        let found = one.unwrap().against(&other.unwrap(), &Model::default()).unwrap();
        assert!((found[0].unwrap() - 40.0 / 9.0 / 10.0).abs() < 1e-9, "{found:?}");
    }
}
