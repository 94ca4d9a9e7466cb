//! The command line as typed.

use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use jiff::civil::Date;
use outlay::report::Lang;
use outlay::report::formats::Format;
use outlay::settings::Sampler;

use super::{criteria, tables};

/// Plans ad delivery spend and evaluates suppliers, from the exports that ad platforms write.
///
/// Exit codes: 0 done, 1 a bug in outlay, 2 wrong usage or settings, 3 bad input data, 4 nothing to do, 5 the limits
/// contradict each other, 6 a check failed under --strict, 7 cannot write.
#[derive(Debug, Parser)]
#[command(name = "outlay", version, propagate_version = true)]
pub struct Args {
    /// The settings file.
    #[arg(long, global = true, value_name = "FILE", default_value = "outlay.toml")]
    pub config: PathBuf,
    /// The folder that results are written to.
    #[arg(long, global = true, value_name = "DIR", default_value = "out")]
    pub out: PathBuf,
    /// Threads to use; all cores when left out.
    #[arg(long, global = true, value_name = "N")]
    pub threads: Option<usize>,
    /// Seed of every random draw.
    #[arg(long, global = true, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// Language of what people read.
    #[arg(long, global = true, value_parser = languages(), default_value = "en")]
    pub lang: Lang,
    /// Print one JSON document instead of text.
    #[arg(long, global = true)]
    pub json: bool,
    /// End with 6 when a check fails.
    #[arg(long, global = true)]
    pub strict: bool,
    /// Print nothing but errors.
    #[arg(long, global = true)]
    pub quiet: bool,
    /// Also write the charts as PNG.
    #[arg(long, global = true)]
    pub png: bool,
    /// How posteriors are drawn, whatever `[fit]` of the settings says.
    #[arg(long, global = true, value_enum)]
    pub sampler: Option<Draw>,
    #[command(subcommand)]
    pub command: Command,
}

/// How posteriors are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Draw {
    /// The fast approximation where its diagnostic allows it.
    Auto,
    /// Always the no-U-turn sampler.
    Nuts,
}

impl From<Draw> for Sampler {
    fn from(draw: Draw) -> Sampler {
        match draw {
            Draw::Auto => Sampler::Auto,
            Draw::Nuts => Sampler::Nuts,
        }
    }
}

/// The languages by their names.
fn languages() -> impl TypedValueParser<Value = Lang> {
    PossibleValuesParser::new(Lang::ALL.map(Lang::name)).try_map(|name| name.parse::<Lang>())
}

/// A day as the settings write it.
fn day(text: &str) -> Result<Date, String> {
    text.parse().map_err(|_| format!("`{text}` is not a date, expected one such as 2026-06-01"))
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Start a project: a commented settings file and sample exports.
    Init {
        /// The folder to start it in; made when it is not there.
        dir: PathBuf,
    },
    /// Write sample exports with known curves, settings for them, and the truth.
    Simulate {
        /// Only the total over all channels is known, not what each brings.
        #[arg(long, conflicts_with_all = ["suppliers", "season"])]
        total: bool,
        /// Let the response follow weekday, season, a trend and dated events.
        #[arg(long, conflicts_with = "suppliers")]
        season: bool,
        /// Write a portfolio of so many suppliers instead, with known costs and planted invalid traffic.
        #[arg(long, value_name = "N")]
        suppliers: Option<u32>,
    },
    /// Read the exports and say what is wrong with them.
    Check,
    /// Fit a response model per channel.
    Fit {
        /// Start from this model file: its curves are what is believed before the data, and every change is reported.
        #[arg(long, value_name = "FILE")]
        update: Option<PathBuf>,
    },
    /// Hold what the models would have said in the past against what came.
    Backtest,
    /// Score the suppliers.
    Score {
        /// Last day to look at, as 2026-05-31; what came later is as if it had not happened.
        #[arg(long, value_name = "DATE", value_parser = day)]
        as_of: Option<Date>,
    },
    /// Allocate the budget.
    Plan {
        /// Plan from this model file; no data are read.
        #[arg(long, value_name = "FILE")]
        models: Option<PathBuf>,
    },
    /// Write what people read: the page, the workbook and the charts.
    ///
    /// With --format or --compare nothing is computed anew: it reads the finished run in the folder of --out.
    Report(Report),
    /// Do all of it, in order.
    Run,
    /// Take curves from Meridian, PyMC-Marketing or Robyn into a model file.
    Adopt(super::adopt::Adopt),
    /// Data envelopment analysis of any table, as JSON.
    Efficiency(tables::Efficiency),
    /// Empirical-Bayes rates of any table, as JSON.
    Rates(tables::Rates),
    /// Several criteria over any table, as JSON: scorecard, SMAA, PROMETHEE, VIKOR, AHP.
    Criteria(criteria::Criteria),
    /// Print what a shell needs to complete outlay's commands and options.
    Completions {
        /// The shell.
        shell: Shell,
    },
    /// Print the manual page.
    Man,
}

/// How to report a finished run.
#[derive(Clone, Debug, clap::Args)]
pub struct Report {
    /// Report the finished run in the folder of --out in these formats.
    #[arg(long, value_enum, value_delimiter = ',', value_name = "FORMAT")]
    pub format: Vec<Form>,
    /// Say what changed since the finished run in this folder, and why.
    #[arg(long, value_name = "DIR")]
    pub compare: Option<PathBuf>,
    /// Take what the plan's days brought from this ledger.csv.
    #[arg(long, value_name = "FILE")]
    pub actuals: Option<PathBuf>,
}

impl Report {
    /// Whether a finished run is to be read.
    pub fn is_of_a_finished_run(&self) -> bool {
        !self.format.is_empty() || self.compare.is_some() || self.actuals.is_some()
    }
}

/// A format of reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Form {
    Md,
    Csv,
    Json,
    Html,
    Xlsx,
    PdfReady,
}

impl From<Form> for Format {
    fn from(form: Form) -> Format {
        match form {
            Form::Md => Format::Md,
            Form::Csv => Format::Csv,
            Form::Json => Format::Json,
            Form::Html => Format::Html,
            Form::Xlsx => Format::Xlsx,
            Form::PdfReady => Format::PdfReady,
        }
    }
}
