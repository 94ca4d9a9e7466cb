//! One unit against a reference set: the linear program of [`super::envelope`], its start, and what its vertex says.

use ndarray::{Array2, ArrayView1};

use super::envelope::{Figure, Model, Orient, Radial, Ratio, Returns, Units};
use super::program::{Answer, Basic, Goal, Program, Row};
use crate::check::{Error, Kind};

/// Share of a figure below which a slack or a peer's contribution is rounding.
const NOTHING: f64 = 1e-7;

/// A unit's figures, and the units that mixtures are made of.
pub(super) struct Evaluation<'a> {
    /// Whose `unit` is evaluated.
    pub units: &'a Units,
    /// The evaluated unit.
    pub unit: usize,
    /// Where the reference stands; the same units, but for resampled ones.
    pub among: &'a Units,
    /// Members of `among` that mixtures may use.
    pub reference: &'a [usize],
    /// The technology.
    pub model: &'a Model,
}

/// How a program ended: its factor, and the intensities of the largest total slack.
struct Vertex {
    factor: f64,
    lambda: Vec<f64>,
}

impl Evaluation<'_> {
    /// Both stages of a unit that is among its reference, or beaten by a member.
    pub(super) fn radial(&self) -> Result<Radial, Error> {
        let vertex = self.vertex()?.ok_or_else(|| self.failed("is not among the mixtures that include it"))?;
        let (efficiency, theta, phi) = match (self.model.orient, vertex.factor) {
            (Orient::Input, theta) => (snapped(theta), snapped(theta), 1.0),
            (Orient::Output, f64::INFINITY) => (0.0, 1.0, 1.0),
            (Orient::Output, phi) => (snapped(1.0 / phi), 1.0, 1.0 / snapped(1.0 / phi)),
        };
        Ok(self.described(efficiency, (theta, phi), &vertex.lambda))
    }

    /// θ or φ alone; absent when no mixture of the reference reaches the unit.
    pub(super) fn factor(&self) -> Result<Option<f64>, Error> {
        Ok(self.solved(None)?.map(|vertex| vertex.factor))
    }

    /// Both stages in one run of the simplex; absent when no mixture of the reference reaches the unit.
    fn vertex(&self) -> Result<Option<Vertex>, Error> {
        self.solved(Some(self.slack_worth()))
    }

    fn solved(&self, then: Option<Vec<f64>>) -> Result<Option<Vertex>, Error> {
        if self.reference.is_empty() {
            return Ok(None);
        }
        // Any multiple of no output is no output: φ has no end, and only the slacks are left to look for.
        let endless = self.model.orient == Orient::Output && self.is_silent();
        let goal = if self.model.orient == Orient::Input { Goal::Least } else { Goal::Most };
        let mut objective = vec![0.0; self.intensities()];
        objective.push(if endless { 0.0 } else { 1.0 });
        let program = Program { goal, objective, then, rows: self.rows(), start: self.start() };
        match program.solve()? {
            Answer::Best(mut lambda) => {
                let factor = lambda.pop().map(|factor| if endless { f64::INFINITY } else { factor });
                Ok(factor.map(|factor| Vertex { factor, lambda }))
            }
            Answer::Infeasible => Ok(None),
            Answer::Unbounded => Err(self.failed("has an efficiency without end")),
        }
    }

    /// Columns of λ and τ; the factor's comes behind them.
    fn intensities(&self) -> usize {
        self.reference.len() + 2 * self.model.ratios.len()
    }

    /// What a unit of each intensity adds to the total slack, each row counted in its largest figure. The factor's own share
    /// is the same all over the best face.
    fn slack_worth(&self) -> Vec<f64> {
        let (inputs, outputs) = (self.among.inputs.rows(), self.among.outputs.rows());
        let mut worth = vec![0.0; self.reference.len()];
        for (place, row) in inputs.into_iter().enumerate().filter(|(place, _)| !self.model.fixed.contains(place)) {
            self.add_in(&mut worth, row, -self.among.input_sizes[place]);
        }
        for (row, size) in outputs.into_iter().zip(&self.among.output_sizes) {
            self.add_in(&mut worth, row, *size);
        }
        worth.extend(self.model.ratios.iter().flat_map(|ratio| self.ease_in_sizes(ratio)));
        worth.push(0.0);
        worth
    }

    /// The rows of inputs, outputs and Σ λ over λ, τ and the factor. Each row is counted in the unit's own figure, so that
    /// the rows are of one size.
    fn rows(&self) -> Vec<Row> {
        let input = |(place, row): (usize, ArrayView1<'_, f64>)| {
            let (share, moved) = (self.share(&self.units.inputs, place), self.contracts(place));
            let mut mixture = self.mixture(row, Figure::Input(place), -1.0);
            mixture.push(if moved { -share } else { 0.0 });
            Row::at_most(mixture, if moved { 0.0 } else { share })
        };
        let output = |place: usize| {
            let (share, moved) = (self.share(&self.units.outputs, place), self.model.orient == Orient::Output);
            let mut mixture = self.mixture(self.among.outputs.row(place), Figure::Output(place), 1.0);
            mixture.push(if moved { -share } else { 0.0 });
            Row::at_least(mixture, if moved { 0.0 } else { share })
        };
        let inputs = self.among.inputs.rows().into_iter().enumerate().map(input);
        inputs.chain(self.output_rows().map(output)).chain(self.returns_row()).collect()
    }

    /// Whether an input contracts with θ.
    fn contracts(&self, input: usize) -> bool {
        self.model.orient == Orient::Input && !self.model.fixed.contains(&input)
    }

    /// Outputs that have a row: of no output at all nothing is required, unless a bound on its weight draws on it.
    fn output_rows(&self) -> impl Iterator<Item = usize> {
        let needed = |place: &usize| self.own(&self.units.outputs, *place) > 0.0 || !self.model.ratios.is_empty();
        (0..self.units.outputs.nrows()).filter(needed)
    }

    /// The unit's own figure in the row's size: 1, or 0 where it has none.
    fn share(&self, table: &Array2<f64>, place: usize) -> f64 {
        f64::from(u8::from(self.own(table, place) > 0.0))
    }

    /// What a row is counted in: the unit's own figure, or the largest where it has none.
    fn size(&self, figure: Figure) -> f64 {
        let (own, largest) = match figure {
            Figure::Input(place) => (self.own(&self.units.inputs, place), self.among.input_sizes[place]),
            Figure::Output(place) => (self.own(&self.units.outputs, place), self.among.output_sizes[place]),
        };
        if own > 0.0 { own } else { largest }
    }

    /// A row's entries: λ, then τ (eased with `sign`).
    fn mixture(&self, row: ArrayView1<'_, f64>, figure: Figure, sign: f64) -> Vec<f64> {
        let size = self.size(figure);
        let mut entries = Vec::with_capacity(self.intensities() + 1);
        entries.extend(self.reference.iter().map(|j| row[*j] / size));
        entries
            .extend(self.model.ratios.iter().flat_map(|ratio| ratio.entries(figure)).map(|entry| sign * entry / size));
        entries
    }

    /// The bound on Σ λ; none under constant returns.
    fn returns_row(&self) -> Option<Row> {
        let mut sum = vec![1.0; self.reference.len()];
        sum.resize(self.intensities() + 1, 0.0);
        match self.model.returns {
            Returns::Crs => None,
            Returns::Vrs => Some(Row::equal(sum, 1.0)),
            Returns::Nirs => Some(Row::at_most(sum, 1.0)),
            Returns::Ndrs => Some(Row::at_least(sum, 1.0)),
        }
    }

    fn own(&self, table: &Array2<f64>, place: usize) -> f64 {
        table[(place, self.unit)]
    }

    /// Whether the unit has no output at all.
    fn is_silent(&self) -> bool {
        self.units.outputs.column(self.unit).iter().all(|value| *value == 0.0)
    }

    /// Adds the members' figures of a row, counted in `size`.
    fn add_in(&self, worth: &mut [f64], row: ArrayView1<'_, f64>, size: f64) {
        worth.iter_mut().zip(self.reference).for_each(|(worth, j)| *worth += row[*j] / size);
    }

    /// Σ of what each of a ratio's two bounds adds to the slacks, in the largest of each row.
    fn ease_in_sizes(&self, ratio: &Ratio) -> [f64; 2] {
        let one = |figure: Figure, size: &f64| ratio.entries(figure).map(|entry| entry / size);
        let inputs = self.among.input_sizes.iter().enumerate().map(|(place, size)| one(Figure::Input(place), size));
        let outputs = self.among.output_sizes.iter().enumerate().map(|(place, size)| one(Figure::Output(place), size));
        inputs.chain(outputs).fold([0.0; 2], |sum, more| [sum[0] + more[0], sum[1] + more[1]])
    }

    /// Slacks, targets and peers of the intensities.
    fn described(&self, efficiency: f64, (theta, phi): (f64, f64), lambda: &[f64]) -> Radial {
        let used: Vec<usize> = (0..lambda.len()).filter(|at| lambda[*at] > 0.0).collect();
        let input = |(place, row): (usize, ArrayView1<'_, f64>)| {
            let theta = if self.contracts(place) { theta } else { 1.0 };
            self.slack(
                row,
                Figure::Input(place),
                (theta * self.share(&self.units.inputs, place), -1.0),
                (&used, lambda),
            )
        };
        let output = |(place, row): (usize, ArrayView1<'_, f64>)| {
            self.slack(row, Figure::Output(place), (phi * self.share(&self.units.outputs, place), 1.0), (&used, lambda))
        };
        let input_slacks: Vec<f64> = self.among.inputs.rows().into_iter().enumerate().map(input).collect();
        let output_slacks: Vec<f64> = self.among.outputs.rows().into_iter().enumerate().map(output).collect();
        let side = |place: usize| if self.contracts(place) { theta } else { 1.0 };
        let input_targets = input_slacks.iter().enumerate();
        let output_targets = output_slacks.iter().enumerate();
        Radial {
            efficiency,
            peers: self.peers(&used, lambda),
            input_targets: input_targets.map(|(i, slack)| self.own(&self.units.inputs, i) * side(i) - slack).collect(),
            output_targets: output_targets.map(|(r, slack)| self.own(&self.units.outputs, r) * phi + slack).collect(),
            input_slacks,
            output_slacks,
        }
    }

    /// One row's slack in its own unit; rounding is none.
    fn slack(
        &self,
        row: ArrayView1<'_, f64>,
        figure: Figure,
        (side, sign): (f64, f64),
        (used, lambda): (&[usize], &[f64]),
    ) -> f64 {
        let (size, members) = (self.size(figure), self.reference.len());
        let entry = |at: usize| match at.checked_sub(members) {
            None => row[self.reference[at]],
            Some(bound) => sign * self.model.ratios[bound / 2].entries(figure)[bound % 2],
        };
        let mixed: f64 = used.iter().map(|at| entry(*at) / size * lambda[*at]).sum();
        let slack = sign * (mixed - side);
        if slack > NOTHING { slack * size } else { 0.0 }
    }

    /// Units whose share of some figure of the mixture is more than rounding.
    fn peers(&self, used: &[usize], lambda: &[f64]) -> Vec<(usize, f64)> {
        let counts = |j: usize, lambda: f64| {
            let matters = |row: ArrayView1<'_, f64>, figure: Figure| lambda * row[j] > NOTHING * self.size(figure);
            let mut inputs = self.among.inputs.rows().into_iter().enumerate();
            let mut outputs = self.among.outputs.rows().into_iter().enumerate();
            inputs.any(|(place, row)| matters(row, Figure::Input(place)))
                || outputs.any(|(place, row)| matters(row, Figure::Output(place)))
        };
        let members = used.iter().filter(|at| **at < self.reference.len());
        members.map(|at| (self.reference[*at], lambda[*at])).filter(|(j, lambda)| counts(*j, *lambda)).collect()
    }

    fn failed(&self, why: &str) -> Error {
        Error::new(Kind::Bug, format!("unit {} {why}", self.unit + 1))
            .help("report it with the table that was analysed")
    }
}

/// A multiple of one member that reaches the unit.
struct Single {
    /// Its place in the reference.
    at: usize,
    /// θ or φ there.
    factor: f64,
    /// The row that holds its intensity.
    held: usize,
    /// The row that holds the factor.
    reached: usize,
}

/// Where the simplex starts.
impl Evaluation<'_> {
    /// The basis of the best multiple of a single member: it saves the first phase and most steps of the second. Absent when
    /// no single member reaches the unit.
    fn start(&self) -> Option<Vec<Basic>> {
        let outputs: Vec<usize> = self.output_rows().collect();
        let better = |one: &Single, other: &Single| match self.model.orient {
            Orient::Input => one.factor < other.factor,
            Orient::Output => one.factor > other.factor,
        };
        let singles = (0..self.reference.len()).filter_map(|at| self.single(at, &outputs));
        let best = singles.reduce(|best, next| if better(&next, &best) { next } else { best })?;
        let rows = self.units.inputs.nrows() + outputs.len() + usize::from(self.model.returns != Returns::Crs);
        let member = |row: usize| match row {
            row if row == best.held => Basic::Variable(best.at),
            row if row == best.reached => Basic::Variable(self.intensities()),
            row => Basic::Slack(row),
        };
        Some((0..rows).map(member).collect())
    }

    /// The best multiple of one member, if one reaches the unit.
    fn single(&self, at: usize, outputs: &[usize]) -> Option<Single> {
        let (j, inputs) = (self.reference[at], self.units.inputs.nrows());
        let input = |place: usize| (self.own(&self.units.inputs, place), self.among.inputs[(place, j)]);
        let output = |place: usize| (self.own(&self.units.outputs, place), self.among.outputs[(place, j)]);
        // What the intensity must be at least for the outputs, and at most for the inputs that are held.
        let least = largest_ratio(outputs.iter().enumerate().map(|(row, place)| (inputs + row, output(*place))));
        let most = smallest_ratio((0..inputs).filter(|i| !self.contracts(*i)).map(|i| (i, input(i))));
        let sum = inputs + outputs.len();
        let (held, intensity, (reached, ratio)) = match self.model.orient {
            Orient::Input => {
                let (held, intensity) = self.bounded(least?, sum)?;
                let contracting = (0..inputs).filter(|place| self.contracts(*place));
                let fits = most.is_none_or(|(_, most)| intensity <= most);
                let reached = fits.then(|| largest_ratio(contracting.map(|i| (i, swapped(input(i))))))??;
                (held, intensity, reached)
            }
            Orient::Output => {
                let (held, intensity) = self.bounded(most?, sum)?;
                let produced = outputs.iter().enumerate().filter(|(_, place)| output(**place).0 > 0.0);
                let ratios = produced.map(|(row, place)| (inputs + row, output(*place).1 / output(*place).0));
                (held, intensity, ratios.reduce(|best, next| if next.1 < best.1 { next } else { best })?)
            }
        };
        (ratio.is_finite() && ratio > 0.0).then_some(Single { at, factor: intensity * ratio, held, reached })
    }

    /// The intensity under the returns to scale, and the row that holds it; absent when they do not allow it. `wanted` is
    /// the least that the outputs need (input oriented) or the most that the inputs allow (output oriented).
    fn bounded(&self, (row, wanted): (usize, f64), sum: usize) -> Option<(usize, f64)> {
        let input = self.model.orient == Orient::Input;
        let one_does = if input { wanted <= 1.0 } else { wanted >= 1.0 };
        let found = match (self.model.returns, input) {
            (Returns::Crs, _) => Some((row, wanted)),
            (Returns::Vrs, _) => one_does.then_some((sum, 1.0)),
            (Returns::Nirs, true) | (Returns::Ndrs, false) => one_does.then_some((row, wanted)),
            (Returns::Nirs, false) | (Returns::Ndrs, true) if one_does => Some((sum, 1.0)),
            (Returns::Nirs, false) | (Returns::Ndrs, true) => Some((row, wanted)),
        };
        found.filter(|(_, intensity)| intensity.is_finite() && *intensity > 0.0)
    }
}

fn swapped((own, theirs): (f64, f64)) -> (f64, f64) {
    (theirs, own)
}

/// The largest of own ÷ theirs over rows, and its row; what nobody has is needed of nobody.
fn largest_ratio(rows: impl Iterator<Item = (usize, (f64, f64))>) -> Option<(usize, f64)> {
    let ratio = |(row, (own, theirs)): (usize, (f64, f64))| (row, if own > 0.0 { own / theirs } else { 0.0 });
    rows.map(ratio).reduce(|best, next| if next.1 > best.1 { next } else { best })
}

/// The smallest of own ÷ theirs over rows in which they have something, and its row.
fn smallest_ratio(rows: impl Iterator<Item = (usize, (f64, f64))>) -> Option<(usize, f64)> {
    let ratios = rows.filter(|(_, (_, theirs))| *theirs > 0.0).map(|(row, (own, theirs))| (row, own / theirs));
    ratios.reduce(|best, next| if next.1 < best.1 { next } else { best })
}

/// An efficiency of a unit that is in its own reference set: between 0 and 1, and 1 when it is so up to rounding.
fn snapped(efficiency: f64) -> f64 {
    if efficiency > 1.0 - 1e-9 { 1.0 } else { efficiency.max(0.0) }
}
