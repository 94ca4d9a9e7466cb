//! What people read is in their language: the sentences of other stages too, as far as their wording is known.

use std::path::Path;

use outlay::check::Error;
use outlay::flow::{self, Run};
use outlay::report::{Lang, Words};
use outlay::settings::Settings;

fn sample() -> Result<Run, Error> {
    let config = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/sample/outlay.toml");
    flow::run(&Settings::read(&config, 1)?, &|_| {})
}

/// Every sentence of a run that a person reads, with the table that translates it.
fn said(run: &Run) -> Vec<(String, String)> {
    let mut said = Vec::new();
    for finding in run.findings() {
        said.push((finding.check.to_owned(), finding.message));
        said.push((finding.check.to_owned(), finding.advice));
    }
    let reasons = run.scores.suppliers.iter().flat_map(|score| &score.reasons);
    said.extend(reasons.map(|reason| ("score.reason".to_owned(), reason.clone())));
    said.extend(run.answer.lines.iter().map(|line| ("plan.why_not_more".to_owned(), line.why_not_more.clone())));
    said.retain(|(_, sentence)| !sentence.is_empty());
    said
}

#[test]
fn the_sample_speaks_chinese_and_japanese() {
    let run = sample().unwrap_or_else(|error| panic!("{error}"));
    let said = said(&run);
    assert!(said.len() > 40, "{said:?}");
    for lang in [Lang::Zh, Lang::Ja] {
        let words = Words::of(lang);
        let english: Vec<&(String, String)> =
            said.iter().filter(|(table, sentence)| words.translate(table, sentence) == *sentence).collect();
        // a wording that has just changed is English until it is translated again; not more than a few may be
        assert!(english.len() * 10 <= said.len(), "{}: {english:#?}", lang.name());
        assert_eq!(words.translate("import.total", "no such sentence"), "no such sentence");
    }
}
