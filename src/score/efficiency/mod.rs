//! `outlay efficiency TABLE`: data envelopment analysis of any table, as a document.

mod refuse;
mod scale;

use std::collections::BTreeMap;

use ndarray::Array2;
use serde::Serialize;

use self::refuse::{checked, orientation};
pub use self::scale::{Scale, ScaleReturns};
use super::bootstrap::{Corrected, bootstrap};
use super::cross::{Cross, cross_efficiency};
use super::envelope::{Figure, Model, Orient, Radial, Ratio, Returns, Units};
use super::nonradial::{Mixed, NonRadial};
use crate::check::{Error, Finding, Kind};

/// A table of units: labels and named columns of the same length.
#[derive(Clone, Debug, Default)]
pub struct Table {
    /// Names of the units.
    pub labels: Vec<String>,
    /// Inputs.
    pub inputs: Vec<Column>,
    /// Good outputs.
    pub outputs: Vec<Column>,
    /// Bad outputs.
    pub bads: Vec<Column>,
}

/// A named column.
#[derive(Clone, Debug)]
pub struct Column {
    /// Header.
    pub name: String,
    /// One figure a unit.
    pub values: Vec<f64>,
}

/// What to compute.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Returns to scale.
    pub returns: Returns,
    /// Orientation; by default input for radial, none for the others.
    pub orient: Option<Orientation>,
    /// Measure.
    pub method: Method,
    /// Whether every unit is also held against all the others but itself.
    pub super_efficiency: bool,
    /// Cross-efficiency and its secondary goal.
    pub cross: Option<Cross>,
    /// Bounds on ratios of weights.
    pub ratios: Vec<WeightRatio>,
    /// Inputs that a unit cannot change, by name.
    pub fixed: Vec<String>,
    /// Whether to add scale efficiency and returns to scale.
    pub scale: bool,
    /// Pseudo-frontiers of the bootstrap; none when 0.
    pub bootstrap: usize,
    /// Seed of the bootstrap.
    pub seed: u64,
}

/// Orientation as written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Orientation {
    /// Inputs contract.
    Input,
    /// Outputs expand.
    Output,
    /// Both.
    None,
}

/// The measure of efficiency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Method {
    /// One factor for all inputs or all outputs.
    #[default]
    Radial,
    /// Slacks-based (Tone 2001, 2003).
    SlacksBased,
    /// Directional distance in the direction (0, y, −b).
    Directional,
}

/// `low ≤ weight of over / weight of under ≤ high`, in the units of the table.
#[derive(Clone, Debug, PartialEq)]
pub struct WeightRatio {
    /// Column above the line.
    pub over: String,
    /// Column below it.
    pub under: String,
    /// Least ratio.
    pub low: f64,
    /// Largest ratio.
    pub high: f64,
}

/// The document of the contract.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Document {
    /// `outlay/efficiency@1`.
    pub format: &'static str,
    /// `crs`, `vrs`, `nirs` or `ndrs`.
    pub returns: &'static str,
    /// `input`, `output` or `none`.
    pub orient: &'static str,
    /// `radial`, `sbm` or `ddf`.
    pub method: &'static str,
    /// One a unit, in the table's order.
    pub units: Vec<Unit>,
    /// What is worth a look.
    pub findings: Vec<Finding>,
}

/// One unit's efficiency.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Unit {
    /// Name.
    pub label: String,
    /// θ, 1/φ, ρ, or 1/(1 + β) for `ddf`.
    pub efficiency: f64,
    /// β of `ddf`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub beta: Option<f64>,
    /// By column.
    pub slacks: BTreeMap<String, f64>,
    /// By column.
    pub targets: BTreeMap<String, f64>,
    /// Peers in the table's order.
    pub peers: Vec<Peer>,
    /// Super-efficiency, when asked for; null where infeasible.
    #[serde(rename = "super", skip_serializing_if = "Option::is_none")]
    pub super_efficiency: Option<Option<f64>>,
    /// Cross-efficiency, when asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cross: Option<f64>,
    /// Whether super-efficiency was asked for and is infeasible.
    pub infeasible: bool,
    /// Scale efficiency, when asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scale: Option<Scale>,
    /// Bias-corrected efficiency, when asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bootstrap: Option<Corrected>,
    /// Efficiency against the units of all groups, when there are groups.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pooled: Option<f64>,
    /// The group's gap, pooled ÷ own: 1 where the group's frontier is that of all (Battese, Rao & O'Donnell 2004).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gap: Option<f64>,
}

/// A unit that another is measured against.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Peer {
    /// Its name.
    pub label: String,
    /// Its intensity λ.
    pub weight: f64,
}

/// Efficiency of every unit of a table against the units of its own group, in the table's order, and beside it against all.
///
/// # Errors
///
/// As [`table`], of any group.
pub fn by_group(table: &Table, groups: &[&str], options: &Options) -> Result<Document, Error> {
    let mut members: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    groups.iter().enumerate().for_each(|(unit, group)| members.entry(group).or_default().push(unit));
    let mut whole: Option<Document> = None;
    let mut units: Vec<(usize, Unit)> = Vec::new();
    for (group, places) in &members {
        let mut document = self::table(&table.some(places), options)?;
        let of_group = |finding: &mut Finding| finding.subject = format!("group {group}: {}", finding.subject);
        document.findings.iter_mut().for_each(of_group);
        units.extend(places.iter().copied().zip(std::mem::take(&mut document.units)));
        match &mut whole {
            Some(whole) => whole.findings.extend(document.findings),
            None => whole = Some(document),
        }
    }
    units.sort_by_key(|(place, _)| *place);
    let plain = Options { super_efficiency: false, cross: None, scale: false, bootstrap: 0, ..options.clone() };
    for ((_, unit), pooled) in units.iter_mut().zip(self::table(table, &plain)?.units) {
        unit.pooled = Some(pooled.efficiency);
        unit.gap = (unit.efficiency > 0.0).then(|| pooled.efficiency / unit.efficiency);
    }
    let nothing = || Error::new(Kind::Nothing, "the table has no rows");
    Ok(Document { units: units.into_iter().map(|(_, unit)| unit).collect(), ..whole.ok_or_else(nothing)? })
}

impl Table {
    /// The units at some places.
    fn some(&self, places: &[usize]) -> Table {
        let column = |column: &Column| Column {
            name: column.name.clone(),
            values: places.iter().map(|place| column.values[*place]).collect(),
        };
        Table {
            labels: places.iter().map(|place| self.labels[*place].clone()).collect(),
            inputs: self.inputs.iter().map(column).collect(),
            outputs: self.outputs.iter().map(column).collect(),
            bads: self.bads.iter().map(column).collect(),
        }
    }
}

/// Efficiency of every unit of a table.
///
/// # Errors
///
/// [`Kind::Settings`] when options contradict each other or name no column; [`Kind::Input`] when figures have no meaning, by
/// unit and column, all at once; [`Kind::Nothing`] for an empty table; [`Kind::Bug`] when a program was not solved.
///
/// # Examples
///
/// ```
/// use outlay::score::efficiency::{Column, Options, Table, table};
///
/// let column = |name: &str, values: [f64; 3]| Column { name: name.into(), values: values.to_vec() };
/// let suppliers = Table {
///     labels: ["A", "B", "C"].map(String::from).to_vec(),
///     inputs: vec![column("spend", [10.0, 20.0, 40.0])],
///     outputs: vec![column("registrations", [1.0, 1.0, 4.0])],
///     bads: Vec::new(),
/// };
/// let found = table(&suppliers, &Options::default()).unwrap();
/// assert!((found.units[1].efficiency - 0.5).abs() < 1e-9);
/// assert!((found.units[1].targets["spend"] - 10.0).abs() < 1e-6);
/// ```
pub fn table(table: &Table, options: &Options) -> Result<Document, Error> {
    checked(table)?;
    let orient = orientation(table, options)?;
    let mut findings = few_units(table);
    let mut units = match (options.method, orient) {
        (Method::Radial, orient) => radial(table, options, orient.unwrap_or_default(), &mut findings)?,
        (Method::SlacksBased, orient) => slacks_based(table, options, orient)?,
        (Method::Directional, _) => nonradial(table, mixed(table)?.directional(options.returns)?),
    };
    if let Some(goal) = options.cross {
        let found = cross_efficiency(&good(table)?, goal)?;
        units.iter_mut().zip(found).for_each(|(unit, cross)| unit.cross = Some(cross));
    }
    Ok(Document {
        format: "outlay/efficiency@1",
        returns: match options.returns {
            Returns::Crs => "crs",
            Returns::Vrs => "vrs",
            Returns::Nirs => "nirs",
            Returns::Ndrs => "ndrs",
        },
        orient: orient.map_or("none", |orient| if orient == Orient::Input { "input" } else { "output" }),
        method: match options.method {
            Method::Radial => "radial",
            Method::SlacksBased => "sbm",
            Method::Directional => "ddf",
        },
        units,
        findings,
    })
}

fn array(columns: &[Column], units: usize) -> Array2<f64> {
    Array2::from_shape_fn((columns.len(), units), |(row, unit)| columns[row].values[unit])
}

fn good(table: &Table) -> Result<Units, Error> {
    Units::new(array(&table.inputs, table.labels.len()), array(&table.outputs, table.labels.len()))
}

fn mixed(table: &Table) -> Result<Mixed, Error> {
    let of = |columns: &[Column]| array(columns, table.labels.len());
    Mixed::new(of(&table.inputs), of(&table.outputs), of(&table.bads))
}

fn radial(table: &Table, options: &Options, orient: Orient, findings: &mut Vec<Finding>) -> Result<Vec<Unit>, Error> {
    let (units, model) = (good(table)?, model(table, options, orient)?);
    let scores = units.radial_under(&model)?;
    findings.extend(binding_ratios(&units, &model, &scores)?);
    let mut found: Vec<Unit> =
        scores.into_iter().enumerate().map(|(at, score)| radial_unit(table, at, score)).collect();
    if options.super_efficiency {
        over(&mut found, units.super_efficiency(&model)?);
    }
    if options.scale {
        let scales = scale::of(&units, &model)?;
        found.iter_mut().zip(scales).for_each(|(unit, scale)| unit.scale = Some(scale));
    }
    if options.bootstrap > 0 {
        let corrected = bootstrap(&units, &model, options.bootstrap, options.seed)?;
        found.iter_mut().zip(corrected).for_each(|(unit, corrected)| unit.bootstrap = Some(corrected));
    }
    Ok(found)
}

fn slacks_based(table: &Table, options: &Options, orient: Option<Orient>) -> Result<Vec<Unit>, Error> {
    let mixed = mixed(table)?;
    let scores = mixed.slacks_based(options.returns, orient)?;
    let beyond = match options.super_efficiency {
        true => Some(mixed.super_slacks_based(options.returns, orient, &scores)?),
        false => None,
    };
    let mut found = nonradial(table, scores);
    beyond.into_iter().for_each(|scores| over(&mut found, scores));
    Ok(found)
}

/// Enters super-efficiencies; an absent one is infeasible.
fn over(units: &mut [Unit], scores: Vec<Option<f64>>) {
    for (unit, score) in units.iter_mut().zip(scores) {
        (unit.super_efficiency, unit.infeasible) = (Some(score), score.is_none());
    }
}

fn model(table: &Table, options: &Options, orient: Orient) -> Result<Model, Error> {
    let input = |name: &String| {
        table.inputs.iter().position(|column| column.name == *name).ok_or_else(|| {
            Error::new(Kind::Settings, format!("`{name}` is held fixed and is no input"))
                .help("name columns of `--inputs`")
        })
    };
    Ok(Model {
        returns: options.returns,
        orient,
        ratios: options.ratios.iter().map(|ratio| bound(table, ratio)).collect::<Result<_, Error>>()?,
        fixed: options.fixed.iter().map(input).collect::<Result<_, Error>>()?,
    })
}

/// # What it does
/// Says whose efficiency the bounds on weights lower, and by how much.
/// # Why it matters
/// Bounds are a judgement: where they bind, it is theirs and not the data's.
/// # Threshold
/// Any fall beyond rounding.
/// # What to do
/// Look at the units named, and at whether the bounds are meant.
fn binding_ratios(units: &Units, model: &Model, bounded: &[Radial]) -> Result<Option<Finding>, Error> {
    if model.ratios.is_empty() {
        return Ok(None);
    }
    let free = units.radial_under(&Model { ratios: Vec::new(), ..model.clone() })?;
    let falls: Vec<f64> =
        free.iter().zip(bounded).map(|(free, bounded)| free.efficiency - bounded.efficiency).collect();
    let (count, most) = (falls.iter().filter(|fall| **fall > 1e-6).count(), falls.iter().copied().fold(0.0, f64::max));
    let message =
        format!("bounds on weights lower the efficiency of {count} of {} units, by at most {most:.3}", falls.len());
    let advice = "see that the bounds are meant: they are a judgement, in the units of the table";
    Ok((count > 0).then(|| Finding::review("efficiency.ratios_bind", "table", message, advice)))
}

fn bound(table: &Table, ratio: &WeightRatio) -> Result<Ratio, Error> {
    let place = |columns: &[Column], name: &str| columns.iter().position(|column| column.name == name);
    let figure = |name: &str| {
        let input = place(&table.inputs, name).map(Figure::Input);
        input.or_else(|| place(&table.outputs, name).map(Figure::Output)).ok_or_else(|| {
            Error::new(Kind::Settings, format!("the ratio names `{name}`, which is neither an input nor an output"))
        })
    };
    if !(ratio.low >= 0.0 && ratio.low <= ratio.high && ratio.high.is_finite()) || ratio.over == ratio.under {
        let message =
            format!("the ratio {}/{} is bounded by {} and {}", ratio.over, ratio.under, ratio.low, ratio.high);
        return Err(Error::new(Kind::Settings, message).help("give two columns, the lower bound first, both 0 or more"));
    }
    Ok(Ratio { over: figure(&ratio.over)?, under: figure(&ratio.under)?, low: ratio.low, high: ratio.high })
}

fn radial_unit(table: &Table, at: usize, score: Radial) -> Unit {
    let columns = || table.inputs.iter().chain(&table.outputs);
    Unit {
        label: table.labels[at].clone(),
        efficiency: score.efficiency,
        slacks: named(columns(), [score.input_slacks, score.output_slacks]),
        targets: named(columns(), [score.input_targets, score.output_targets]),
        peers: peers(table, &score.peers),
        ..Unit::default()
    }
}

fn nonradial(table: &Table, scores: Vec<NonRadial>) -> Vec<Unit> {
    let columns = || table.inputs.iter().chain(&table.outputs).chain(&table.bads);
    let unit = |(label, score): (&String, NonRadial)| Unit {
        label: label.clone(),
        efficiency: score.efficiency,
        beta: score.beta,
        slacks: named(columns(), [score.input_slacks, score.good_slacks, score.bad_slacks]),
        targets: named(columns(), [score.input_targets, score.good_targets, score.bad_targets]),
        peers: peers(table, &score.peers),
        ..Unit::default()
    };
    table.labels.iter().zip(scores).map(unit).collect()
}

fn named<'a, const N: usize>(
    columns: impl Iterator<Item = &'a Column>,
    figures: [Vec<f64>; N],
) -> BTreeMap<String, f64> {
    columns.map(|column| column.name.clone()).zip(figures.into_iter().flatten()).collect()
}

fn peers(table: &Table, peers: &[(usize, f64)]) -> Vec<Peer> {
    peers.iter().map(|(at, weight)| Peer { label: table.labels[*at].clone(), weight: *weight }).collect()
}

/// # What it does
/// Says that there are too few units for the number of columns.
/// # Why it matters
/// With few units nearly every one is efficient at something.
/// # Threshold
/// n below max(m · s, 3 (m + s)), bad outputs counted as outputs (Cooper, Seiford & Tone 2007).
/// # What to do
/// Leave columns out, add units, or bound the weights.
fn few_units(table: &Table) -> Vec<Finding> {
    let (m, s) = (table.inputs.len(), table.outputs.len() + table.bads.len());
    let (units, fewest) = (table.labels.len(), (m * s).max(3 * (m + s)));
    let message = format!("{units} units for {m} inputs and {s} outputs, at least {fewest} needed");
    let advice = "leave columns out, add units, or bound the ratios of weights";
    let finding = Finding::review("efficiency.few_units", "table", message, advice);
    (units < fewest).then_some(finding).into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(name: &str, values: &[f64]) -> Column {
        Column { name: name.into(), values: values.to_vec() }
    }

    fn example() -> Table {
        Table {
            labels: ["A", "B", "C"].map(String::from).to_vec(),
            inputs: vec![column("spend", &[10.0, 20.0, 40.0])],
            outputs: vec![column("reads", &[8.0, 20.0, 20.0]), column("registrations", &[1.0, 1.0, 4.0])],
            bads: Vec::new(),
        }
    }

    #[test]
    fn the_document_has_the_contracts_shape() {
        let options = Options { super_efficiency: true, cross: Some(Cross::Aggressive), ..Options::default() };
        let json = serde_json::to_value(table(&example(), &options).unwrap()).unwrap();
        let header = ["format", "returns", "orient", "method"].map(|key| json[key].as_str().unwrap());
        assert_eq!(header, ["outlay/efficiency@1", "crs", "input", "radial"]);
        let unit = &json["units"][0];
        for key in ["efficiency", "super", "cross"] {
            assert!(unit[key].is_number(), "{key} in {unit}");
        }
        assert_eq!(unit["infeasible"], false);
        assert!(
            unit["slacks"]["reads"].is_number() && unit["peers"][0]["label"].is_string() && unit.get("beta").is_none()
        );
        assert_eq!(json["findings"][0]["check"], "efficiency.few_units");
    }

    #[test]
    fn an_infeasible_super_efficiency_is_null() {
        let options = Options { returns: Returns::Vrs, super_efficiency: true, ..Options::default() };
        let json = serde_json::to_value(table(&example(), &options).unwrap()).unwrap();
        assert!(json["units"][2]["super"].is_null() && json["units"][2].get("super").is_some());
        assert_eq!(json["units"][2]["infeasible"], true);
    }

    #[test]
    fn the_other_methods_print_their_own_figures() {
        let mut dirty = example();
        dirty.bads = vec![column("rejected", &[1.0, 2.0, 1.0])];
        let by =
            |method| serde_json::to_value(table(&dirty, &Options { method, ..Options::default() }).unwrap()).unwrap();
        let (sbm, ddf) = (by(Method::SlacksBased), by(Method::Directional));
        assert_eq!((sbm["method"].as_str(), sbm["orient"].as_str()), (Some("sbm"), Some("none")));
        assert!(sbm["units"][0]["slacks"]["rejected"].is_number() && ddf["units"][0]["beta"].is_number());
    }

    #[test]
    fn what_does_not_go_together_is_refused() {
        let refused = |table_: &Table, options: Options| table(table_, &options).unwrap_err();
        let mut dirty = example();
        dirty.bads = vec![column("rejected", &[1.0, 2.0, 1.0])];
        assert_eq!(refused(&dirty, Options::default()).kind, Kind::Settings);
        let cross = Options { returns: Returns::Vrs, cross: Some(Cross::Benevolent), ..Options::default() };
        assert_eq!(refused(&example(), cross).kind, Kind::Settings);
        let ratio = WeightRatio { over: "clicks".into(), under: "reads".into(), low: 0.2, high: 5.0 };
        assert!(
            refused(&example(), Options { ratios: vec![ratio], ..Options::default() }).to_string().contains("`clicks`")
        );
        let mut wrong = example();
        wrong.inputs[0].values = vec![0.0, f64::NAN, 3.0];
        assert_eq!(refused(&wrong, Options::default()).problems.len(), 2);
    }

    #[test]
    fn extras_are_printed_when_asked_for() {
        let mut table_ = example();
        table_.labels.push("D".into());
        table_.inputs[0].values.push(8.0);
        [4.0, 0.5].iter().zip(&mut table_.outputs).for_each(|(value, column)| column.values.push(*value));
        let plain = serde_json::to_value(table(&table_, &Options::default()).unwrap()).unwrap();
        for key in ["scale", "bootstrap", "pooled", "gap", "super", "cross"] {
            assert!(plain["units"][0].get(key).is_none(), "{key}");
        }
        let options = Options { scale: true, bootstrap: 50, seed: 1, ..Options::default() };
        let json = serde_json::to_value(table(&table_, &options).unwrap()).unwrap();
        let d = &json["units"][3];
        assert_eq!(d["scale"]["returns"], "increasing");
        let [low, corrected, high] = ["low", "corrected", "high"].map(|key| d["bootstrap"][key].as_f64().unwrap());
        assert!(low <= corrected && corrected <= high && high <= d["efficiency"].as_f64().unwrap() + 1e-9, "{d}");
    }

    #[test]
    fn a_group_behind_the_others_has_a_gap() {
        let units = Table {
            labels: ["A", "B", "C", "D"].map(String::from).to_vec(),
            inputs: vec![column("spend", &[10.0, 20.0, 10.0, 20.0])],
            outputs: vec![column("registrations", &[10.0, 10.0, 5.0, 5.0])],
            bads: Vec::new(),
        };
        let found = by_group(&units, &["near", "near", "far", "far"], &Options::default()).unwrap();
        let rounded = |figure: fn(&Unit) -> f64| -> Vec<f64> {
            found.units.iter().map(|u| (figure(u) * 1e6).round() / 1e6).collect()
        };
        assert_eq!(rounded(|unit| unit.efficiency), [1.0, 0.5, 1.0, 0.5]);
        assert_eq!(rounded(|unit| unit.pooled.unwrap()), [1.0, 0.5, 0.5, 0.25]);
        assert_eq!(rounded(|unit| unit.gap.unwrap()), [1.0, 1.0, 0.5, 0.5]);
    }
}
