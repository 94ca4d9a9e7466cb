//! `report` of a finished run: formats, and what changed since another one.

use outlay::check::{Error, Finding};
use outlay::flow::{self, Run};
use outlay::report::compare::{self, Comparison, Side};
use outlay::report::finished::{self, Made};
use outlay::report::formats::{self, Format};
use outlay::report::{Output, document, summary};
use outlay::settings::Settings;
use outlay::unify::Ledger;

use super::Done;
use super::args::{Args, Report};
use super::commands::{done, files_json, results, settings, text_of, with_files};

/// Reads the run in the folder of `--out` and writes what is asked for beside it.
pub fn report(args: &Args, options: &Report) -> Result<Done, Error> {
    let mut settings = settings(args)?;
    let (run, findings, made) = flow::finished(&args.out, &mut settings)?;
    let (mut outputs, compared) = match &options.compare {
        Some(folder) => compared(args, &settings, &run, &made, folder)?,
        None => (Vec::new(), None),
    };
    let formats: Vec<Format> = match options.format.as_slice() {
        [] if options.compare.is_some() => Vec::new(),
        [] => vec![Format::Csv, Format::Html, Format::Xlsx],
        formats => formats.iter().map(|form| (*form).into()).collect(),
    };
    let actuals = actuals(options, &run.ledger)?;
    let given = results(&settings, &run, &findings);
    outputs.extend(formats::report(&given, &actuals, &formats, args.lang)?);
    let text = match &compared {
        Some(text) => text.clone(),
        None => summary::text(&given, args.lang),
    };
    finish(args, &run, findings, outputs, &text)
}

fn finish(args: &Args, run: &Run, findings: Vec<Finding>, outputs: Vec<Output>, text: &str) -> Result<Done, Error> {
    let json = match text_of(&outputs, "compare.json").or_else(|_| text_of(&outputs, "report.json")) {
        Ok(json) => json,
        Err(_) => files_json(&outputs)?,
    };
    let conflict = summary::contradiction(&run.answer, args.lang);
    Ok(Done { findings, conflict, ..done(args, with_files(text, args, &outputs), json, outputs) })
}

/// The ledger that tells what the plan's days brought: the run's own, unless another is named.
fn actuals(options: &Report, own: &Ledger) -> Result<Ledger, Error> {
    let Some(path) = &options.actuals else { return Ok(own.clone()) };
    let (currency, entries) = finished::ledger(path)?;
    if let Some(currency) = currency.filter(|currency| *currency != own.currency) {
        let message = format!("{}: amounts in {currency}, the run is in {}", path.display(), own.currency);
        return Err(Error::setting("--actuals", message).help("write it with `outlay check` under the same settings"));
    }
    Ok(Ledger { entries, ..own.clone() })
}

/// The comparison's files, and its text for the terminal.
fn compared(
    args: &Args,
    settings: &Settings,
    run: &Run,
    made: &Made,
    folder: &std::path::Path,
) -> Result<(Vec<Output>, Option<String>), Error> {
    let other = finished::read(folder)?;
    let before = Side { ledger: &other.ledger, fitted: &other.fitted, answer: &other.answer, made: &other.made };
    let after = Side { ledger: &run.ledger, fitted: &run.fitted, answer: &run.answer, made };
    let comparison: Comparison = compare::compare(before, after)?;
    let (title, lang) = (&settings.project.name, args.lang);
    let text = document::markdown(&document::of_comparison(&comparison, title, lang));
    Ok((formats::comparison(&comparison, title, lang), Some(text)))
}
