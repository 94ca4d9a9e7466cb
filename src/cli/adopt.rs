//! `outlay adopt`: curves of other tools into a model file.

use std::path::PathBuf;

use clap::{Args as ClapArgs, ValueEnum};
use outlay::check::Error;
use outlay::fit::Fitted;
use outlay::fit::adopt::{self, Told, Tool};
use outlay::import::sheet::Sheet;
use outlay::units::{Currency, Grain, Kpi};

/// Response curves of another tool, as CSV or JSON.
#[derive(Debug, ClapArgs)]
pub struct Adopt {
    /// The table of curves.
    table: PathBuf,
    /// The tool that made it.
    #[arg(long, value_enum)]
    from: From,
    /// Periods that one row is the sum of; Meridian's rows are sums over its window.
    #[arg(long)]
    periods: Option<f64>,
    /// The period of the model file.
    #[arg(long, value_enum, default_value_t = Period::Week)]
    grain: Period,
    /// Currency of its spends.
    #[arg(long, default_value = "CNY")]
    currency: String,
    /// What its responses count.
    #[arg(long, value_enum, default_value_t = Counted::Registrations)]
    kpi: Counted,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum From {
    Meridian,
    Pymc,
    Robyn,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Period {
    Day,
    Week,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
#[value(rename_all = "snake_case")]
enum Counted {
    Reads,
    Entries,
    Registrations,
    ValidRegistrations,
    Value,
}

/// The model of the table.
pub fn fitted(options: &Adopt, seed: u64) -> Result<Fitted, Error> {
    let periods = match (options.periods, options.from) {
        (Some(periods), _) if periods > 0.0 && periods.is_finite() => periods,
        (None, From::Pymc | From::Robyn) => 1.0,
        (Some(periods), _) => return Err(Error::setting("--periods", format!("{periods}, expected a number above 0"))),
        (None, From::Meridian) => {
            let message = "missing: Meridian's curves are sums over its window";
            return Err(Error::setting("--periods", message).help("give the number of days or weeks of that window"));
        }
    };
    let currency: Currency = options.currency.parse().map_err(|what| Error::setting("--currency", what))?;
    let told = Told { kpi: kpi(options.kpi), currency, grain: grain(options.grain), periods, seed };
    adopt::fitted(&Sheet::read(&options.table)?, tool(options.from), told)
}

fn tool(from: From) -> Tool {
    match from {
        From::Meridian => Tool::Meridian,
        From::Pymc => Tool::Pymc,
        From::Robyn => Tool::Robyn,
    }
}

fn grain(period: Period) -> Grain {
    match period {
        Period::Day => Grain::Day,
        Period::Week => Grain::Week,
    }
}

fn kpi(counted: Counted) -> Kpi {
    match counted {
        Counted::Reads => Kpi::Reads,
        Counted::Entries => Kpi::Entries,
        Counted::Registrations => Kpi::Registrations,
        Counted::ValidRegistrations => Kpi::ValidRegistrations,
        Counted::Value => Kpi::Value,
    }
}
