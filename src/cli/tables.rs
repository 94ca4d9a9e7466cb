//! `outlay efficiency` and `outlay rates`: any table in, one JSON document out.

use std::path::PathBuf;

use clap::{Args as ClapArgs, ValueEnum};
use outlay::check::Error;
use outlay::import::sheet::Sheet;
use outlay::score::cross::Cross;
use outlay::score::efficiency::{self, Column, Method, Options, Orientation, Table, WeightRatio};
use outlay::score::envelope::Returns;
use outlay::score::rates::{self, Counts};
use outlay::score::shrink;

use super::bug;

/// Efficiency of each unit of a table against its peers.
#[derive(Debug, ClapArgs)]
pub struct Efficiency {
    /// A CSV file with a header.
    table: PathBuf,
    /// Column that names the units.
    #[arg(long)]
    label: String,
    /// Input columns.
    #[arg(long, value_delimiter = ',', required = true)]
    inputs: Vec<String>,
    /// Output columns.
    #[arg(long, value_delimiter = ',', required = true)]
    outputs: Vec<String>,
    /// Columns of outputs that are better small.
    #[arg(long, value_delimiter = ',')]
    bad: Vec<String>,
    /// Returns to scale.
    #[arg(long, value_enum, default_value_t = ReturnsName::Crs)]
    returns: ReturnsName,
    /// Orientation; input when left out, or none for sbm and ddf.
    #[arg(long, value_enum)]
    orient: Option<OrientName>,
    /// Measure.
    #[arg(long, value_enum, default_value_t = MethodName::Radial)]
    method: MethodName,
    /// Hold each unit against all others but itself, too.
    #[arg(long = "super")]
    super_efficiency: bool,
    /// Cross-efficiency, and its secondary goal.
    #[arg(long, value_enum)]
    cross: Option<CrossName>,
    /// Bounds on the ratio of two weights, as `over/under:low:high`; may be given several times.
    #[arg(long = "ratio", value_parser = ratio)]
    ratios: Vec<WeightRatio>,
    /// Column of groups: each unit is held against its own group only.
    #[arg(long)]
    group: Option<String>,
    /// Inputs that a unit cannot change (non-discretionary).
    #[arg(long, value_delimiter = ',')]
    fixed: Vec<String>,
    /// Add scale efficiency and returns to scale.
    #[arg(long)]
    scale: bool,
    /// Correct efficiencies for their bias by this many bootstrap samples, with 95 % intervals; 2000 is usual.
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    bootstrap: usize,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum ReturnsName {
    Crs,
    Vrs,
    Nirs,
    Ndrs,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum OrientName {
    Input,
    Output,
    None,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum MethodName {
    Radial,
    Sbm,
    Ddf,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum CrossName {
    Aggressive,
    Benevolent,
}

/// Rates of each unit of a table, shrunk by how little is known.
#[derive(Debug, ClapArgs)]
pub struct Rates {
    /// A CSV file with a header.
    table: PathBuf,
    /// Column that names the units.
    #[arg(long)]
    label: String,
    /// Column of counts.
    #[arg(long)]
    events: String,
    /// Column of what the counts are out of: trials, or spend.
    #[arg(long)]
    exposure: String,
    /// What the counts are: successes of trials, or events per exposure.
    #[arg(long, value_enum)]
    family: FamilyName,
    /// Which rate ranks first.
    #[arg(long, value_enum, default_value_t = BestName::High)]
    best: BestName,
    /// A rate to reach: at least, or at most where the lowest is best.
    #[arg(long, value_name = "RATE")]
    target: Option<f64>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum FamilyName {
    BetaBinomial,
    GammaPoisson,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum BestName {
    High,
    Low,
}

/// The document of `outlay efficiency`.
pub fn efficiency(args: &Efficiency, seed: u64) -> Result<String, Error> {
    let sheet = Sheet::read(&args.table)?;
    let columns = |names: &[String]| -> Result<Vec<Column>, Error> {
        names.iter().map(|name| Ok(Column { name: name.clone(), values: sheet.numbers(name)? })).collect()
    };
    let table = Table {
        labels: owned(sheet.texts(&args.label)?),
        inputs: columns(&args.inputs)?,
        outputs: columns(&args.outputs)?,
        bads: columns(&args.bad)?,
    };
    let document = match &args.group {
        Some(group) => efficiency::by_group(&table, &sheet.texts(group)?, &args.options(seed))?,
        None => efficiency::table(&table, &args.options(seed))?,
    };
    json(&document)
}

impl Efficiency {
    fn options(&self, seed: u64) -> Options {
        Options {
            returns: match self.returns {
                ReturnsName::Crs => Returns::Crs,
                ReturnsName::Vrs => Returns::Vrs,
                ReturnsName::Nirs => Returns::Nirs,
                ReturnsName::Ndrs => Returns::Ndrs,
            },
            orient: self.orient.map(|orient| match orient {
                OrientName::Input => Orientation::Input,
                OrientName::Output => Orientation::Output,
                OrientName::None => Orientation::None,
            }),
            method: match self.method {
                MethodName::Radial => Method::Radial,
                MethodName::Sbm => Method::SlacksBased,
                MethodName::Ddf => Method::Directional,
            },
            super_efficiency: self.super_efficiency,
            cross: self.cross.map(|cross| match cross {
                CrossName::Aggressive => Cross::Aggressive,
                CrossName::Benevolent => Cross::Benevolent,
            }),
            ratios: self.ratios.clone(),
            fixed: self.fixed.clone(),
            scale: self.scale,
            bootstrap: self.bootstrap,
            seed,
        }
    }
}

/// The document of `outlay rates`.
pub fn rates(args: &Rates, seed: u64) -> Result<String, Error> {
    let sheet = Sheet::read(&args.table)?;
    let counts = Counts {
        labels: owned(sheet.texts(&args.label)?),
        events: sheet.numbers(&args.events)?,
        exposure: sheet.numbers(&args.exposure)?,
    };
    let family = match args.family {
        FamilyName::BetaBinomial => shrink::Family::BetaBinomial,
        FamilyName::GammaPoisson => shrink::Family::GammaPoisson,
    };
    let best = match args.best {
        BestName::High => shrink::Best::High,
        BestName::Low => shrink::Best::Low,
    };
    json(&rates::table(&counts, family, best, args.target, seed)?)
}

fn owned(texts: Vec<&str>) -> Vec<String> {
    texts.into_iter().map(str::to_owned).collect()
}

fn json(document: &impl serde::Serialize) -> Result<String, Error> {
    Ok(serde_json::to_string_pretty(document).map_err(bug)? + "\n")
}

/// `c/d:0.2:5`.
fn ratio(text: &str) -> Result<WeightRatio, String> {
    let parts: Vec<&str> = text.split(':').collect();
    let columns = parts.first().and_then(|names| names.split_once('/'));
    let number = |at: usize| parts.get(at).and_then(|part| part.parse::<f64>().ok());
    match (columns, number(1), number(2), parts.len()) {
        (Some((over, under)), Some(low), Some(high), 3) if low <= high => {
            Ok(WeightRatio { over: over.into(), under: under.into(), low, high })
        }
        _ => Err(format!("`{text}`, expected `over/under:low:high` such as `c/d:0.2:5`")),
    }
}
