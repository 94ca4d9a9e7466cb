//! A finished run, read back from the files that `run` wrote: nothing is imported or fitted again.
//!
//! | file | gives |
//! |---|---|
//! | `ledger.csv` | the ledger's entries, exact |
//! | `quality.json` | its rows, sources, and every finding |
//! | `models/model.json` | the response models |
//! | `plan.json` | the plan |
//! | `plan_daily.csv` | its days; absent where none were laid out |
//! | `suppliers.json` | the scorecard, where the manifest says that it is this run's and this program's |
//! | `manifest.json` | by what it was made: version, seed, hashes; absent after a run of single commands |
//!
//! The panel is laid out from the ledger and must have the hash that the models carry. A scorecard that is not to be had
//! is counted from the ledger by whoever calls, as `score` does: with a thousand suppliers that takes most of the time.

use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use jiff::civil::Date;
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::check::{Error, Finding, Kind, Severity};
use crate::fit::{Fitted, store};
use crate::plan::{Answer, Daily, DailyLine, DayHeld};
use crate::score::{CriterionWeight, Method, Prospect, Scorecard, SupplierScore, Target};
use crate::unify::{Entry, Ledger, RowCount, Skipped, SourceSummary};
use crate::units::{Currency, Field, Kpi, Measure, Micros};

/// What a run left behind.
#[derive(Clone, Debug)]
pub struct Finished {
    /// The ledger, with no findings of its own: they are among [`Finished::findings`].
    pub ledger: Ledger,
    /// The response models.
    pub fitted: Fitted,
    /// The plan.
    pub answer: Answer,
    /// The scorecard, without findings of its own; absent where the file is not the one that the run wrote.
    pub scores: Option<Scorecard>,
    /// Findings of all stages, in their order.
    pub findings: Vec<Finding>,
    /// By what it was made; empty without a manifest.
    pub made: Made,
}

/// By what a run was made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Made {
    /// Version of outlay.
    pub version: String,
    /// Seed of the random streams.
    pub seed: Option<u64>,
    /// SHA-256 of the settings file.
    pub settings_sha256: String,
    /// SHA-256 of the panel.
    pub panel_sha256: String,
    /// The files that it wrote.
    pub outputs: Vec<Written>,
}

/// A file that a run wrote.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Written {
    /// Where, relative to the folder of the run.
    pub path: String,
    /// SHA-256 of its bytes.
    pub sha256: String,
}

/// Reads a finished run.
///
/// # Errors
///
/// [`Kind::Input`] naming the file that is not there, cannot be read, or has a format that this version does not know.
pub fn read(folder: &Path) -> Result<Finished, Error> {
    let quality: Quality = json(folder, "quality.json", "outlay/quality@1")?;
    let mut answer: Answer = json(folder, "plan.json", "outlay/plan@1")?;
    answer.daily = daily(&folder.join("plan_daily.csv"))?;
    let made = match folder.join("manifest.json") {
        path if path.exists() => json(folder, "manifest.json", "outlay/manifest@1")?,
        _ => Made::default(),
    };
    let (rows, sources, findings) = quality.known();
    let (currency, entries) = ledger(&folder.join("ledger.csv"))?;
    let currency = currency.unwrap_or(answer.currency.parse().map_err(|error| not(folder, "plan.json", error))?);
    let ledger = Ledger { currency, entries, rows, sources, late: Vec::new(), findings: Vec::new() };
    let fitted = store::read(&folder.join("models/model.json"))?;
    let scores = scores(folder, &made);
    Ok(Finished { ledger, fitted, answer, scores, findings, made })
}

/// The scorecard as the run wrote it. Absent where it was written by another version, changed since, or says less than
/// was known (a figure that is not finite has no JSON): then counting is the only way to the same scorecard.
fn scores(folder: &Path, made: &Made) -> Option<Scorecard> {
    let name = "suppliers.json";
    let written = made.outputs.iter().find(|output| output.path == name)?;
    let bytes = fs::read(folder.join(name)).ok()?;
    if made.version != env!("CARGO_PKG_VERSION") || written.sha256 != format!("{:x}", Sha256::digest(&bytes)) {
        return None;
    }
    let read: Suppliers = serde_json::from_slice(&bytes).ok()?;
    Some(Scorecard {
        kpi: read.kpi,
        window: read.window.map(|days| (days.start, days.end)),
        target: read.target,
        method: read.method,
        suppliers: read.suppliers,
        prospects: read.prospects,
        weights: read.weights,
        findings: Vec::new(),
    })
}

/// `suppliers.json` as read back.
#[derive(Deserialize)]
struct Suppliers {
    kpi: Kpi,
    window: Option<Window>,
    target: Option<Target>,
    method: Method,
    suppliers: Vec<SupplierScore>,
    prospects: Vec<Prospect>,
    weights: Vec<CriterionWeight>,
}

#[derive(Deserialize)]
struct Window {
    start: Date,
    end: Date,
}

/// Reads the entries of a `ledger.csv`, in the reporting currency.
///
/// # Errors
///
/// [`Kind::Input`] with every row that is no ledger row, by its line.
pub fn ledger(path: &Path) -> Result<(Option<Currency>, Vec<Entry>), Error> {
    let missing = |error: String| {
        Error::new(Kind::Input, format!("{}: {error}", path.display()))
            .help("write it with `outlay check` or `outlay run`")
    };
    let mut reader =
        csv::ReaderBuilder::new().flexible(true).from_path(path).map_err(|error| missing(error.to_string()))?;
    let wanted = header();
    let found = reader.headers().map_err(|error| missing(error.to_string()))?;
    if found.iter().ne(wanted.iter().copied()) {
        return Err(missing(format!("is no ledger: its columns must be {}", wanted.join(","))));
    }
    let (mut entries, mut wrong, mut currency) = (Vec::new(), Vec::new(), None);
    for record in reader.records() {
        let parsed = record.map_err(|error| error.to_string()).and_then(|record| {
            let line = record.position().map_or(0, csv::Position::line);
            entry(&record).map_err(|error| format!("{}:{line}: {error}", path.display()))
        });
        match parsed {
            Ok((code, entry)) => {
                currency = Some(code);
                entries.push(entry);
            }
            Err(error) => wrong.push(Error::new(Kind::Input, error)),
        }
    }
    Error::all(wrong)?;
    Ok((currency, entries))
}

/// The plan day by day, from `plan_daily.csv`; absent without one.
fn daily(path: &Path) -> Result<Option<Daily>, Error> {
    if !path.exists() {
        return Ok(None);
    }
    let wrong = |error: String| {
        Error::new(Kind::Input, format!("{}: {error}", path.display())).help("write it with `outlay run`")
    };
    let mut reader = csv::Reader::from_path(path).map_err(|error| wrong(error.to_string()))?;
    let (mut dates, mut events, mut lines) = (Vec::new(), Vec::<Vec<String>>::new(), Vec::<DailyLine>::new());
    let mut places: HashMap<String, usize> = HashMap::new();
    for record in reader.deserialize() {
        let Day { date, channel, spend, change, held_by, events: on } =
            record.map_err(|error| wrong(error.to_string()))?;
        let held = [DayHeld::Flight, DayHeld::Locked, DayHeld::Step].into_iter().find(|held| held.name() == held_by);
        if dates.last() != Some(&date) {
            dates.push(date);
            events.push(unguarded(&on).split("; ").filter(|name| !name.is_empty()).map(str::to_owned).collect());
        }
        let channel = unguarded(&channel).to_owned();
        let at = *places.entry(channel.clone()).or_insert_with(|| {
            lines.push(DailyLine { channel, before: spend - change, spend: Vec::new(), held: Vec::new() });
            lines.len() - 1
        });
        lines[at].spend.push(spend);
        lines[at].held.push(held.unwrap_or_default());
    }
    Ok((!lines.is_empty()).then_some(Daily { dates, events, lines }))
}

/// A row of `plan_daily.csv`.
#[derive(Deserialize)]
struct Day {
    date: Date,
    channel: String,
    spend: f64,
    change: f64,
    held_by: String,
    events: String,
}

fn header() -> Vec<&'static str> {
    let fields = Field::ALL.map(Field::name);
    let measures = Measure::ALL.map(Measure::name);
    ["date"].into_iter().chain(fields).chain(["currency"]).chain(measures).chain(["days"]).collect()
}

fn entry(record: &csv::StringRecord) -> Result<(Currency, Entry), String> {
    let cell = |at: usize| record.get(at).ok_or_else(|| format!("has {} cells, expected 17", record.len()));
    let date = cell(0)?.parse::<Date>().map_err(|_| format!("`{}` is not a date", &record[0]))?;
    let name = |at: usize| cell(at).map(|name| (!name.is_empty()).then(|| Arc::from(unguarded(name))));
    let mut measures = [None; 9];
    for (at, measure) in measures.iter_mut().enumerate() {
        let text = cell(7 + at)?;
        *measure = (!text.is_empty())
            .then(|| Micros::from_decimal(text).ok_or_else(|| format!("`{text}` is not a number")))
            .transpose()?;
    }
    let days = cell(16)?.parse::<u32>().map_err(|_| format!("`{}` is not a number of days", &record[16]))?;
    let names = [name(1)?, name(2)?, name(3)?, name(4)?, name(5)?];
    Ok((cell(6)?.parse()?, Entry { date, days, names, measures }))
}

/// The name as it was before [`crate::report::text::cell`] guarded it.
fn unguarded(name: &str) -> &str {
    name.strip_prefix('\'').filter(|rest| rest.starts_with(['=', '+', '-', '@', '\t', '\r'])).unwrap_or(name)
}

fn json<T: for<'a> Deserialize<'a>>(folder: &Path, name: &str, format: &str) -> Result<T, Error> {
    let path = folder.join(name);
    let text = fs::read_to_string(&path).map_err(|error| not(folder, name, error))?;
    let document: serde_json::Value = serde_json::from_str(&text).map_err(|error| not(folder, name, error))?;
    let found = document["format"].as_str().unwrap_or_default();
    if found != format {
        return Err(not(folder, name, format!("is of format `{found}`, expected `{format}`")));
    }
    serde_json::from_value(document).map_err(|error| not(folder, name, error))
}

fn not(folder: &Path, name: &str, error: impl std::fmt::Display) -> Error {
    Error::new(Kind::Input, format!("{}: {error}", folder.join(name).display()))
        .help("name the folder of a finished run: `outlay run --out DIR` writes one")
}

/// `quality.json` as read back.
#[derive(Deserialize)]
struct Quality {
    rows: Rows,
    sources: Vec<SourceSummary>,
    findings: Vec<Told>,
}

#[derive(Deserialize)]
struct Rows {
    read: u64,
    used: u64,
    skipped: Vec<Left>,
}

#[derive(Deserialize)]
struct Left {
    reason: String,
    count: u64,
    examples: Vec<String>,
}

#[derive(Deserialize)]
struct Told {
    check: String,
    severity: String,
    subject: String,
    message: String,
    #[serde(default)]
    advice: String,
}

impl Quality {
    fn known(self) -> (RowCount, Vec<SourceSummary>, Vec<Finding>) {
        let skipped = |left: Left| Skipped { reason: left.reason, count: left.count, examples: left.examples };
        let skipped = self.rows.skipped.into_iter().map(skipped).collect();
        let rows = RowCount { read: self.rows.read, used: self.rows.used, skipped };
        let findings = self.findings.into_iter().map(Told::finding).collect();
        (rows, self.sources, findings)
    }
}

impl Told {
    /// Names of checks live as long as the program: a run has a few dozen of them, read once.
    fn finding(self) -> Finding {
        let severity = match self.severity.as_str() {
            "fail" => Severity::Fail,
            "review" => Severity::Review,
            _ => Severity::Pass,
        };
        let check: &'static str = self.check.leak();
        Finding { check, severity, subject: self.subject, message: self.message, advice: self.advice }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample::Sample;
    use crate::report::{checked, json as json_of_run, planned, scored, write};

    #[test]
    fn what_a_run_wrote_comes_back_as_it_was() {
        let sample = Sample::hostile();
        let folder = tempfile::tempdir().unwrap();
        let mut outputs = checked(&sample.ledger, &sample.panel, &sample.findings);
        outputs.extend(planned(&sample.answer));
        outputs.push(crate::report::Output::new("models/model.json", store::write(&sample.fitted).unwrap()));
        write::all(folder.path(), &outputs).unwrap();
        let finished = read(folder.path()).unwrap();
        assert_eq!(finished.ledger.entries, sample.ledger.entries);
        assert_eq!(finished.ledger.rows, sample.ledger.rows);
        assert_eq!(finished.ledger.sources, sample.ledger.sources);
        assert_eq!(finished.findings, sample.findings);
        assert_eq!(finished.answer.lines.len(), sample.answer.lines.len());
        assert_eq!(finished.made, Made::default());
        assert!(finished.scores.is_none(), "no manifest says whose the scorecard is");
    }

    /// A run's folder with its manifest.
    fn whole(sample: &Sample) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let mut outputs = checked(&sample.ledger, &sample.panel, &sample.findings);
        outputs.extend(planned(&sample.answer));
        outputs.extend(scored(&sample.scores));
        outputs.push(crate::report::Output::new("models/model.json", store::write(&sample.fitted).unwrap()));
        outputs.push(json_of_run::manifest(&sample.settings, &sample.ledger, &sample.panel, &[], &outputs));
        write::all(folder.path(), &outputs).unwrap();
        folder
    }

    #[test]
    fn the_scorecard_of_a_run_comes_back_to_the_last_digit() {
        let sample = Sample::rich();
        let folder = whole(&sample);
        let scores = read(folder.path()).unwrap().scores.expect("the run's own");
        assert_eq!(scores.suppliers, sample.scores.suppliers);
        assert_eq!(scores.prospects, sample.scores.prospects);
        assert_eq!((scores.window, scores.target), (sample.scores.window, sample.scores.target));
        assert_eq!(scored(&scores), scored(&sample.scores));
    }

    #[test]
    fn a_scorecard_that_was_changed_since_is_not_taken_for_the_runs() {
        let folder = whole(&Sample::rich());
        let path = folder.path().join("suppliers.json");
        let changed = fs::read_to_string(&path).unwrap().replacen("\"A\"", "\"B\"", 1);
        fs::write(&path, changed + " ").unwrap();
        assert!(read(folder.path()).unwrap().scores.is_none());
        fs::remove_file(path).unwrap();
        assert!(read(folder.path()).unwrap().scores.is_none());
    }

    #[test]
    fn a_folder_without_a_run_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let error = read(folder.path()).unwrap_err();
        assert_eq!(error.kind, Kind::Input);
        assert!(error.to_string().contains("quality.json"), "{error}");
    }

    #[test]
    fn every_bad_row_of_a_ledger_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger.csv");
        let bad = format!("{}\nJune,,,,,,CNY,1,,,,,,,,,1\n2026-06-01,,,,,,CNY,many,,,,,,,,,1\n", header().join(","));
        fs::write(&path, bad).unwrap();
        let error = ledger(&path).unwrap_err().to_string();
        assert!(error.contains("ledger.csv:2: `June`") && error.contains("ledger.csv:3: `many`"), "{error}");
    }
}
