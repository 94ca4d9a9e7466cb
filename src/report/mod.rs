//! Everything that a run found → the files that people and programs read.
//!
//! Each format has its file here: [`json`] and [`csv`] for programs, [`html`], [`xlsx`] and [`charts`] for people,
//! [`summary`] for the terminal. Words stand apart from layout in `words/{en,zh,ja}.toml`: a further language is one
//! such file and one [`Lang`]; a further section of the page is one template in `html/sections/`.
//!
//! Nothing is computed anew: figures are the stages' own, and what is derived from them ([`figures`]) says how.
//! The functions return [`Output`]s; only [`mod@write`] touches files.

pub mod actual;
pub mod apply;
pub mod charts;
pub mod compare;
pub mod csv;
pub mod dictionary;
pub mod document;
pub mod figures;
pub mod finished;
pub mod formats;
pub mod html;
pub mod json;
pub mod media;
pub mod numbers;
pub mod outlook;
#[cfg(test)]
mod sample;
mod sentences;
pub mod statement;
mod story;
pub mod summary;
pub mod text;
mod unknown;
pub mod words;
pub mod write;
pub mod xlsx;

pub use sentences::Sentences;
pub use words::{Lang, Words};

use crate::backtest::Backtest;
use crate::check::{Error, Finding};
use crate::fit::Fitted;
use crate::panel::Panel;
use crate::plan::Answer;
use crate::score::Scorecard;
use crate::settings::Settings;
use crate::unify::Ledger;

/// A file to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// Where, relative to the output folder, parted by `/`.
    pub path: String,
    /// What it holds.
    pub bytes: Vec<u8>,
}

impl Output {
    /// An output of text or bytes.
    pub fn new(path: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Output {
        Output { path: path.into(), bytes: bytes.into() }
    }
}

/// What all stages of a run gave.
#[derive(Clone, Copy, Debug)]
pub struct Results<'a> {
    /// The settings.
    pub settings: &'a Settings,
    /// The ledger.
    pub ledger: &'a Ledger,
    /// The panel.
    pub panel: &'a Panel,
    /// The response models.
    pub fitted: &'a Fitted,
    /// The scorecard.
    pub scores: &'a Scorecard,
    /// The plan; absent where none was asked for.
    pub answer: Option<&'a Answer>,
    /// Findings of all stages, in the order of the stages.
    pub findings: &'a [Finding],
}

/// What `outlay check` writes: `quality.json` and `ledger.csv`.
pub fn checked(ledger: &Ledger, panel: &Panel, findings: &[Finding]) -> Vec<Output> {
    vec![json::quality(ledger, panel, findings), csv::ledger(ledger)]
}

/// What `outlay fit` writes beside the model file: `curves.csv`.
pub fn fitted(fitted: &Fitted) -> Vec<Output> {
    vec![csv::curves(fitted)]
}

/// What `outlay backtest` writes: `backtest.json` and `backtest.csv`.
pub fn backtested(backtest: &Backtest) -> Vec<Output> {
    vec![json::backtest(backtest), csv::backtest(backtest)]
}

/// What `outlay score` writes: `suppliers.json` and `suppliers.csv`.
pub fn scored(scores: &Scorecard) -> Vec<Output> {
    vec![json::suppliers(scores), csv::suppliers(scores)]
}

/// What `outlay plan` writes: `plan.json`, `plan.csv` and `plan_daily.csv`.
pub fn planned(answer: &Answer) -> Vec<Output> {
    vec![json::plan(answer), csv::plan(answer), csv::plan_daily(answer)]
}

/// What `outlay report` writes: `report.html`, `report.xlsx`, `dictionary.csv`, the statement, `accrual.csv` and `charts/`.
///
/// # Errors
///
/// [`Kind::Bug`](crate::check::Kind::Bug) when a template, a chart or the workbook cannot be made from the results.
pub fn pages(results: &Results, lang: Lang) -> Result<Vec<Output>, Error> {
    let statement = statement::statement(results);
    let actuals = actual::actuals(results, results.ledger, statement.as_ref());
    let book = xlsx::workbook(results, statement.as_ref(), actuals.as_ref(), lang)?;
    let mut outputs = vec![html::page(results, statement.as_ref(), lang)?, book];
    outputs.push(csv::dictionary(&dictionary::metrics(results.settings, results.ledger, lang)));
    outputs.extend(statement.iter().flat_map(|told| [statement::csv(told), statement::json(told)]));
    outputs.extend(actuals.iter().map(actual::accrual_csv));
    outputs.extend(apply::sheets(results));
    outputs.extend(charts::files(results, lang)?);
    Ok(outputs)
}

#[cfg(test)]
mod tests {
    use super::sample::Sample;
    use super::*;

    /// Everything that a run writes, but for the model file.
    fn all(sample: &Sample, lang: Lang) -> Vec<Output> {
        let mut outputs = checked(&sample.ledger, &sample.panel, &sample.findings);
        outputs.extend(fitted(&sample.fitted));
        outputs.extend(scored(&sample.scores));
        outputs.extend(planned(&sample.answer));
        outputs.extend(pages(&sample.results(), lang).unwrap());
        outputs.push(json::manifest(&sample.settings, &sample.ledger, &sample.panel, &[], &outputs));
        outputs
    }

    #[test]
    fn the_same_results_give_the_same_bytes() {
        let sample = Sample::hostile();
        assert_eq!(all(&sample, Lang::Zh), all(&sample, Lang::Zh));
    }

    /// `cargo test --release --lib a_thousand_channels -- --ignored --nocapture` prints how long each part takes.
    #[test]
    #[ignore = "a figure of time: for a quiet machine, in release"]
    fn a_thousand_channels_are_written_in_three_seconds() {
        let sample = Sample::many(1000);
        let results = sample.results();
        let start = std::time::Instant::now();
        let lap = |part: &str| println!("{part}: {:.2} s", start.elapsed().as_secs_f64());
        let statement = statement::statement(&results);
        let actuals = actual::actuals(&results, &sample.ledger, statement.as_ref());
        lap("statement and actuals");
        xlsx::workbook(&results, statement.as_ref(), actuals.as_ref(), Lang::En).unwrap();
        lap("workbook");
        html::page(&results, statement.as_ref(), Lang::En).unwrap();
        lap("page");
        charts::files(&results, Lang::En).unwrap();
        lap("charts");
        let written = start.elapsed().as_secs_f64();
        assert!(cfg!(debug_assertions) || written <= 3.0, "{written}");
    }

    /// `cargo test --lib look_at_it -- --ignored` writes the samples in all languages to `target/look`, to be looked at.
    #[test]
    #[ignore = "writes files for the eye"]
    fn look_at_it() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("target/look");
        for lang in Lang::ALL {
            let mut sample = Sample::rich();
            write::all(&folder.join(lang.name()), &all(&sample, lang)).unwrap();
            let text = summary::text(&sample.results(), lang);
            write::all(&folder.join(lang.name()), &[Output::new("summary.txt", text)]).unwrap();
            sample.contradict();
            write::all(&folder.join(format!("{}-conflict", lang.name())), &all(&sample, lang)).unwrap();
            write::all(&folder.join(format!("{}-hostile", lang.name())), &all(&Sample::hostile(), lang)).unwrap();
        }
    }
}
