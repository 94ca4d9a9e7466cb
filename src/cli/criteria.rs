//! `outlay criteria`: several criteria over any table.

use std::path::PathBuf;

use clap::{Args as ClapArgs, ValueEnum};
use outlay::check::{Error, Kind};
use outlay::import::sheet::Sheet;
use outlay::score::criteria::Better;
use outlay::score::criteria::promethee::Preference;
use outlay::score::criteria::table::{self, Criterion, Method, Problem};
use outlay::score::criteria::worth::Worth;

use super::bug;

/// Units of a table judged by several criteria.
#[derive(Debug, ClapArgs)]
pub struct Criteria {
    /// A CSV file with a header; for ahp a square of judgements, a criterion a row.
    table: PathBuf,
    /// Column that names the units.
    #[arg(long)]
    label: String,
    /// Columns that are better high; `name=events/trials` is the percentage of two columns of counts.
    #[arg(long = "max", value_delimiter = ',')]
    high: Vec<String>,
    /// Columns that are better low.
    #[arg(long = "min", value_delimiter = ',')]
    low: Vec<String>,
    /// Weights, as `cost=0.5,approval=0.5`; brought to a sum of 1.
    #[arg(long, value_delimiter = ',', value_parser = pair)]
    weights: Vec<(String, f64)>,
    /// How to judge.
    #[arg(long, value_enum, default_value_t = MethodName::Scorecard)]
    method: MethodName,
    /// Worth of a criterion's figures: `cost=best`, `cost=range`, `cost=itself`, or points `cost=60:100;120:0`.
    #[arg(long, value_parser = worth)]
    worth: Vec<(String, Worth)>,
    /// Order of importance for smaa, as `cost>approval>stability`.
    #[arg(long)]
    order: Option<String>,
    /// Least and largest share of the weight for smaa, as `cost:0.2:0.5`.
    #[arg(long, value_parser = bounds)]
    bounds: Vec<(String, f64, f64)>,
    /// Preference of promethee: `cost:usual`, `cost:u:q`, `cost:v:p`, `cost:level:q:p`, `cost:linear:q:p`, `cost:gaussian:s`.
    #[arg(long, value_parser = preference)]
    preference: Vec<(String, Preference)>,
    /// Weight of the sum of regrets in vikor.
    #[arg(long, default_value_t = 0.5)]
    v: f64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum MethodName {
    Scorecard,
    Smaa,
    Promethee,
    Vikor,
    Ahp,
}

/// The document of `outlay criteria`.
pub fn criteria(args: &Criteria, seed: u64) -> Result<String, Error> {
    let sheet = Sheet::read(&args.table)?;
    let labels: Vec<String> = sheet.texts(&args.label)?.into_iter().map(str::to_owned).collect();
    let document = match args.method.built_in() {
        Some(method) => table::table(&args.problem(&sheet, labels)?, method, seed)?,
        None => table::judgements(&labels, &judgements(&sheet, &labels)?)?,
    };
    Ok(serde_json::to_string_pretty(&document).map_err(bug)? + "\n")
}

impl MethodName {
    /// The method over a table of units; ahp is over judgements.
    fn built_in(self) -> Option<Method> {
        match self {
            MethodName::Scorecard => Some(Method::Scorecard),
            MethodName::Smaa => Some(Method::Smaa),
            MethodName::Promethee => Some(Method::Promethee),
            MethodName::Vikor => Some(Method::Vikor),
            MethodName::Ahp => None,
        }
    }
}

/// The square of judgements: the column of each criterion, by row.
fn judgements(sheet: &Sheet, labels: &[String]) -> Result<Vec<Vec<f64>>, Error> {
    let columns: Vec<Vec<f64>> = labels.iter().map(|label| sheet.numbers(label)).collect::<Result<_, _>>()?;
    Ok((0..labels.len()).map(|row| columns.iter().map(|column| column[row]).collect()).collect())
}

impl Criteria {
    fn problem(&self, sheet: &Sheet, labels: Vec<String>) -> Result<Problem, Error> {
        let named = self.high.iter().map(|name| (name, Better::High));
        let named = named.chain(self.low.iter().map(|name| (name, Better::Low)));
        let mut criteria: Vec<Criterion> =
            named.map(|(name, better)| criterion(sheet, name, better)).collect::<Result<_, _>>()?;
        let mut unknown = Vec::new();
        let place = |criteria: &[Criterion], name: &str, option: &str, unknown: &mut Vec<Error>| {
            let found = criteria.iter().position(|criterion| criterion.name == name);
            if found.is_none() {
                let there: Vec<&str> = criteria.iter().map(|criterion| criterion.name.as_str()).collect();
                let error = Error::setting(option, format!("`{name}` is no criterion"));
                unknown.push(error.help(format!("the criteria are: {}", there.join(", "))));
            }
            found
        };
        for (name, weight) in &self.weights {
            if let Some(at) = place(&criteria, name, "--weights", &mut unknown) {
                criteria[at].weight = Some(*weight);
            }
        }
        for (name, worth) in &self.worth {
            if let Some(at) = place(&criteria, name, "--worth", &mut unknown) {
                criteria[at].worth = worth.clone();
            }
        }
        for (name, preference) in &self.preference {
            if let Some(at) = place(&criteria, name, "--preference", &mut unknown) {
                criteria[at].preference = *preference;
            }
        }
        let bounds = self.bounds.iter().filter_map(|(name, low, high)| {
            place(&criteria, name, "--bounds", &mut unknown).map(|at| (at, *low, *high))
        });
        let bounds: Vec<_> = bounds.collect();
        let chain = self.order.iter().flat_map(|order| order.split('>')).map(str::trim);
        let chain: Vec<usize> = chain.filter_map(|name| place(&criteria, name, "--order", &mut unknown)).collect();
        Error::all(unknown)?;
        let order = chain.windows(2).map(|pair| (pair[0], pair[1])).collect();
        Ok(Problem { labels, criteria, order, bounds, v: self.v })
    }
}

/// A criterion by its column, or by the two columns of counts that it is a percentage of.
fn criterion(sheet: &Sheet, written: &str, better: Better) -> Result<Criterion, Error> {
    let Some((name, counts)) = written.split_once('=') else {
        let figures = sheet.numbers(written)?;
        return Ok(Criterion { name: written.into(), figures, better, ..Criterion::default() });
    };
    let Some((events, trials)) = counts.split_once('/') else {
        let message = format!("`{written}`, expected a column, or `name=events/trials`");
        return Err(Error::setting("--max", message));
    };
    let counts: Vec<(f64, f64)> = sheet.numbers(events)?.into_iter().zip(sheet.numbers(trials)?).collect();
    if let Some((events, trials)) =
        counts.iter().find(|(events, trials)| !(0.0 <= *events && events <= trials && *trials > 0.0))
    {
        let message = format!("`{name}`: {events} of {trials}, expected no more events than trials, and some trials");
        return Err(Error::new(Kind::Input, message).help("mend the counts, or leave the row out"));
    }
    let figures = counts.iter().map(|(events, trials)| 100.0 * events / trials).collect();
    Ok(Criterion {
        name: name.into(),
        figures,
        counts: Some(counts),
        better,
        worth: Worth::Itself,
        ..Criterion::default()
    })
}

/// `cost=0.5`.
fn pair(text: &str) -> Result<(String, f64), String> {
    let parts = text.split_once('=').and_then(|(name, number)| Some((name, number.trim().parse().ok()?)));
    let (name, number) = parts.ok_or_else(|| format!("`{text}`, expected `criterion=number`"))?;
    Ok((name.trim().into(), number))
}

/// `cost=best`, or `cost=60:100;120:0`.
fn worth(text: &str) -> Result<(String, Worth), String> {
    let expected =
        || format!("`{text}`, expected `criterion=best`, `range`, `itself`, or points `60:100;120:0` that ascend");
    let (name, worth) = text.split_once('=').ok_or_else(expected)?;
    let point = |point: &str| {
        let (figure, worth) = point.split_once(':')?;
        Some((figure.trim().parse().ok()?, worth.trim().parse().ok()?))
    };
    let worth = match worth {
        "best" => Worth::OfBest,
        "range" => Worth::Range,
        "itself" => Worth::Itself,
        points => {
            let points: Option<Vec<(f64, f64)>> = points.split(';').map(point).collect();
            let rising = |points: &Vec<(f64, f64)>| points.len() > 1 && points.is_sorted_by(|a, b| a.0 < b.0);
            Worth::Points(points.filter(rising).ok_or_else(expected)?)
        }
    };
    Ok((name.into(), worth))
}

/// `cost:0.2:0.5`.
fn bounds(text: &str) -> Result<(String, f64, f64), String> {
    let parts: Vec<&str> = text.split(':').collect();
    let number = |at: usize| parts.get(at).and_then(|part| part.parse::<f64>().ok());
    match (parts.first(), number(1), number(2), parts.len()) {
        (Some(name), Some(low), Some(high), 3) if 0.0 <= low && low <= high && high <= 1.0 => {
            Ok(((*name).into(), low, high))
        }
        _ => Err(format!("`{text}`, expected `criterion:least:largest` with shares such as `cost:0.2:0.5`")),
    }
}

/// `cost:linear:5:20`.
fn preference(text: &str) -> Result<(String, Preference), String> {
    let parts: Vec<&str> = text.split(':').collect();
    let number = |at: usize| parts.get(at).and_then(|part| part.parse::<f64>().ok()).filter(|number| *number >= 0.0);
    let shape = match (parts.get(1).copied(), number(2), number(3), parts.len()) {
        (Some("usual"), None, None, 2) => Some(Preference::Usual),
        (Some("u"), Some(q), None, 3) => Some(Preference::UShape { q }),
        (Some("v"), Some(p), None, 3) if p > 0.0 => Some(Preference::VShape { p }),
        (Some("level"), Some(q), Some(p), 4) if q <= p => Some(Preference::Level { q, p }),
        (Some("linear"), Some(q), Some(p), 4) if q < p => Some(Preference::Linear { q, p }),
        (Some("gaussian"), Some(s), None, 3) if s > 0.0 => Some(Preference::Gaussian { s }),
        _ => None,
    };
    let expected = || format!("`{text}`, expected a shape such as `cost:linear:5:20`");
    shape.map(|shape| (parts[0].to_owned(), shape)).ok_or_else(expected)
}
