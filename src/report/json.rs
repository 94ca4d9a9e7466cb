//! JSON files: full precision, indented, ending with a newline.

use std::collections::BTreeMap;

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::actual::Actuals;
use super::statement::Statement;
use super::{Output, Results};
use crate::backtest::Backtest;
use crate::check::Finding;
use crate::panel::baseline::{Baseline, Coverage};
use crate::panel::{Panel, TotalKpi};
use crate::plan::Answer;
use crate::score::{CriterionWeight, Method, Prospect, Scorecard, SupplierScore, Target};
use crate::settings::Settings;
use crate::unify::{Entry, Ledger, RowCount, SourceSummary};
use crate::units::{Field, Micros};

/// `quality.json`: rows read, used and skipped, the sources, and every finding.
pub fn quality(ledger: &Ledger, panel: &Panel, findings: &[Finding]) -> Output {
    let document = Quality {
        format: "outlay/quality@1",
        rows: &ledger.rows,
        sources: &ledger.sources,
        platforms: platforms(ledger),
        currencies: currencies(ledger),
        coverage: panel.coverage(),
        baselines: panel.baselines(),
        findings,
    };
    output("quality.json", &document)
}

/// Spend by platform in the reporting currency, as the ledger has it.
fn platforms(ledger: &Ledger) -> Vec<Total> {
    let named = |entry: &Entry| entry.name(Field::Platform).unwrap_or_default().to_owned();
    let mut sums: BTreeMap<String, (u64, i128)> = BTreeMap::new();
    for entry in &ledger.entries {
        let sum = sums.entry(named(entry)).or_default();
        (sum.0, sum.1) = (sum.0 + 1, sum.1 + i128::from(entry.spend().get()));
    }
    let major = |micros: i128| micros as f64 / Micros::PER_UNIT as f64;
    sums.into_iter().map(|(name, (entries, spend))| Total { name, entries, spend: major(spend) }).collect()
}

/// Spend of the files by their currency, as read.
fn currencies(ledger: &Ledger) -> BTreeMap<String, f64> {
    let mut sums = BTreeMap::new();
    for source in &ledger.sources {
        *sums.entry(source.currency.to_string()).or_insert(0.0) += source.spend;
    }
    sums
}

/// What belongs to one platform.
#[derive(Serialize)]
struct Total {
    #[serde(rename = "platform")]
    name: String,
    entries: u64,
    spend: f64,
}

#[derive(Serialize)]
struct Quality<'a> {
    format: &'a str,
    rows: &'a RowCount,
    sources: &'a [SourceSummary],
    platforms: Vec<Total>,
    currencies: BTreeMap<String, f64>,
    coverage: Vec<Coverage>,
    baselines: Vec<Baseline>,
    findings: &'a [Finding],
}

/// `suppliers.json`.
pub fn suppliers(scores: &Scorecard) -> Output {
    let window = scores.window.map(|(start, end)| Window { start: start.to_string(), end: end.to_string() });
    let document = Suppliers {
        format: "outlay/suppliers@1",
        kpi: scores.kpi.name(),
        window,
        target: scores.target,
        method: &scores.method,
        suppliers: &scores.suppliers,
        prospects: &scores.prospects,
        weights: &scores.weights,
    };
    output("suppliers.json", &document)
}

#[derive(Serialize)]
struct Suppliers<'a> {
    format: &'a str,
    kpi: &'a str,
    window: Option<Window>,
    target: Option<Target>,
    method: &'a Method,
    suppliers: &'a [SupplierScore],
    prospects: &'a [Prospect],
    weights: &'a [CriterionWeight],
}

#[derive(Serialize)]
struct Window {
    start: String,
    end: String,
}

/// `backtest.json`.
pub fn backtest(backtest: &Backtest) -> Output {
    output("backtest.json", backtest)
}

/// `plan.json`.
pub fn plan(answer: &Answer) -> Output {
    output("plan.json", answer)
}

/// `report.json`: plan, statement, actuals, scorecard and findings in one document.
pub fn report(results: &Results, statement: Option<&Statement>, actuals: Option<&Actuals>) -> Output {
    let document = Whole {
        format: "outlay/report@1",
        project: &results.settings.project.name,
        plan: results.answer,
        statement,
        actuals,
        suppliers: &results.scores.suppliers,
        findings: results.findings,
    };
    output("report.json", &document)
}

#[derive(Serialize)]
struct Whole<'a> {
    format: &'a str,
    project: &'a str,
    plan: Option<&'a Answer>,
    statement: Option<&'a Statement>,
    actuals: Option<&'a Actuals>,
    suppliers: &'a [SupplierScore],
    findings: &'a [Finding],
}

/// `manifest.json`: from what and by what the other outputs were made. It names no time and no machine, so the same
/// inputs, settings and seed give the same bytes.
pub fn manifest(settings: &Settings, ledger: &Ledger, panel: &Panel, outputs: &[Output]) -> Output {
    let input = |s: &SourceSummary| Input { path: s.path.clone(), sha256: s.sha256.clone(), rows: s.rows };
    let total = |t: &TotalKpi| Input { path: t.path.clone(), sha256: t.sha256.clone(), rows: t.rows };
    let document = Manifest {
        format: "outlay/manifest@1",
        version: env!("CARGO_PKG_VERSION"),
        seed: settings.seed,
        settings_sha256: &settings.sha256,
        panel_sha256: &panel.sha256,
        inputs: ledger.sources.iter().map(input).chain(panel.total.iter().map(total)).collect(),
        outputs: outputs.iter().map(Written::of).collect(),
    };
    output("manifest.json", &document)
}

#[derive(Serialize)]
struct Manifest<'a> {
    format: &'a str,
    version: &'a str,
    seed: u64,
    settings_sha256: &'a str,
    panel_sha256: &'a str,
    inputs: Vec<Input>,
    outputs: Vec<Written<'a>>,
}

#[derive(Serialize)]
struct Input {
    path: String,
    sha256: String,
    rows: u64,
}

#[derive(Serialize)]
struct Written<'a> {
    path: &'a str,
    sha256: String,
    bytes: usize,
}

impl Written<'_> {
    fn of(output: &Output) -> Written<'_> {
        let sha256 = format!("{:x}", Sha256::digest(&output.bytes));
        Written { path: &output.path, sha256, bytes: output.bytes.len() }
    }
}

pub(super) fn output(path: &str, document: &impl Serialize) -> Output {
    let mut bytes = serde_json::to_vec_pretty(document).expect("string keys and plain values");
    bytes.push(b'\n');
    Output::new(path, bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample::Sample;

    fn read(output: &Output) -> serde_json::Value {
        assert_eq!(output.bytes.last(), Some(&b'\n'));
        serde_json::from_slice(&output.bytes).unwrap()
    }

    #[test]
    fn quality_has_the_shape_of_the_contract() {
        let sample = Sample::hostile();
        let quality = read(&quality(&sample.ledger, &sample.panel, &sample.findings));
        assert_eq!(quality["format"], "outlay/quality@1");
        assert_eq!(quality["rows"]["skipped"][0]["examples"][0], "a.csv:7");
        assert!(quality["sources"][0]["own_total"].is_null());
        assert_eq!(quality["findings"][0]["severity"], "review");
    }

    #[test]
    fn names_come_back_as_they_were() {
        let sample = Sample::hostile();
        let suppliers = read(&suppliers(&sample.scores));
        assert_eq!(suppliers["suppliers"][0]["supplier"], "=cmd|x");
        assert_eq!(suppliers["window"]["start"], "2026-05-01");
        let answer: Answer = serde_json::from_slice(&plan(&sample.answer).bytes).unwrap();
        assert_eq!(answer, Answer { daily: None, ..sample.answer.clone() }, "its days are a file of their own");
    }

    #[test]
    fn the_manifest_lists_inputs_and_outputs_by_their_hashes() {
        let sample = Sample::hostile();
        let outputs = [Output::new("charts/a.svg", "abc")];
        let manifest = read(&manifest(&sample.settings, &sample.ledger, &sample.panel, &outputs));
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(manifest["outputs"][0]["sha256"], abc);
        assert_eq!(manifest["outputs"][0]["bytes"], 3);
        assert_eq!(manifest["inputs"][0]["rows"], 12);
    }
}
