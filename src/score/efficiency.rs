//! `outlay efficiency TABLE`: data envelopment analysis of any table, as a document.

use std::collections::BTreeMap;

use ndarray::Array2;
use serde::Serialize;

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
#[derive(Clone, Debug, PartialEq, Serialize)]
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
}

/// A unit that another is measured against.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Peer {
    /// Its name.
    pub label: String,
    /// Its intensity λ.
    pub weight: f64,
}

/// Efficiency of every unit of a table against the units of its own group, in the table's order.
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
    let mut units = match (options.method, orient) {
        (Method::Radial, orient) => radial(table, options, orient.unwrap_or_default())?,
        (Method::SlacksBased, orient) => nonradial(table, mixed(table)?.slacks_based(options.returns, orient)?),
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
        findings: few_units(table),
    })
}

/// The orientation meant, after what does not go together is refused.
fn orientation(table: &Table, options: &Options) -> Result<Option<Orient>, Error> {
    let refuse = |what: &str| Err(Error::new(Kind::Settings, what));
    let radial = options.method == Method::Radial;
    if !radial && (options.super_efficiency || options.cross.is_some() || !options.ratios.is_empty()) {
        return refuse("super-efficiency, cross-efficiency and weight ratios go with the radial method only");
    }
    if radial && !table.bads.is_empty() {
        return refuse("bad outputs need the method `sbm` or `ddf`");
    }
    if options.cross.is_some() && options.returns != Returns::Crs {
        return refuse("cross-efficiency is defined under constant returns (`crs`): under others it can be negative");
    }
    match (options.method, options.orient) {
        (Method::Radial, None | Some(Orientation::Input)) => Ok(Some(Orient::Input)),
        (Method::Radial, Some(Orientation::None)) => refuse("the radial method is oriented: `input` or `output`"),
        (Method::Directional, Some(Orientation::Input | Orientation::Output)) => {
            refuse("the directional distance has its direction: leave the orientation out")
        }
        (Method::SlacksBased, Some(Orientation::Input)) => Ok(Some(Orient::Input)),
        (_, Some(Orientation::Output)) => Ok(Some(Orient::Output)),
        _ => Ok(None),
    }
}

/// Refuses figures without meaning, each by unit and column.
fn checked(table: &Table) -> Result<(), Error> {
    if table.labels.is_empty() || table.inputs.is_empty() || table.outputs.is_empty() {
        return Err(Error::new(Kind::Nothing, "the table has no units, no inputs or no outputs"));
    }
    let mut wrong = Vec::new();
    let columns = || table.inputs.iter().chain(&table.outputs).chain(&table.bads);
    for (place, column) in columns().enumerate() {
        if columns().take(place).any(|other| other.name == column.name) {
            wrong.push(Error::new(Kind::Input, format!("column `{}` is used twice", column.name)));
        }
        if column.values.len() != table.labels.len() {
            let (has, needs) = (column.values.len(), table.labels.len());
            wrong
                .push(Error::new(Kind::Input, format!("column `{}` has {has} figures for {needs} units", column.name)));
        }
        for (label, value) in table.labels.iter().zip(&column.values).filter(|(_, v)| !(v.is_finite() && **v >= 0.0)) {
            let message = format!("`{label}` has {value} in column `{}`, expected a number of 0 or more", column.name);
            wrong.push(
                Error::new(Kind::Input, message).help("use counts and money; leave units with missing figures out"),
            );
        }
        if column.values.iter().all(|value| *value == 0.0) {
            let message = format!("column `{}` is 0 for every unit", column.name);
            wrong.push(
                Error::new(Kind::Input, message).help("leave the column out: it tells the units apart in nothing"),
            );
        }
    }
    for (at, label) in table.labels.iter().enumerate() {
        if table.inputs.iter().all(|column| column.values.get(at) == Some(&0.0)) {
            wrong.push(
                Error::new(Kind::Input, format!("`{label}` has no input")).help("leave units out that use nothing"),
            );
        }
    }
    Error::all(wrong)
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

fn radial(table: &Table, options: &Options, orient: Orient) -> Result<Vec<Unit>, Error> {
    let units = good(table)?;
    let ratios = options.ratios.iter().map(|ratio| bound(table, ratio)).collect::<Result<Vec<Ratio>, Error>>()?;
    let model = Model { returns: options.returns, orient, ratios, fixed: Vec::new() };
    let scores = units.radial_under(&model)?;
    let mut found: Vec<Unit> =
        scores.into_iter().enumerate().map(|(at, score)| radial_unit(table, at, score)).collect();
    if options.super_efficiency {
        let over = units.super_efficiency(&model)?;
        for (unit, score) in found.iter_mut().zip(over) {
            (unit.super_efficiency, unit.infeasible) = (Some(score), score.is_none());
        }
    }
    Ok(found)
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
        beta: None,
        slacks: named(columns(), [score.input_slacks, score.output_slacks]),
        targets: named(columns(), [score.input_targets, score.output_targets]),
        peers: peers(table, &score.peers),
        super_efficiency: None,
        cross: None,
        infeasible: false,
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
        super_efficiency: None,
        cross: None,
        infeasible: false,
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
}
