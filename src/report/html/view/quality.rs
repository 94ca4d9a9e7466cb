//! What was read, what was left out, and every finding.

use serde::Serialize;

use crate::check::{Finding, Severity};
use crate::report::text::one_line;
use crate::report::{Results, Words, numbers};
use crate::unify::SourceSummary;

#[derive(Serialize)]
pub(super) struct Quality<'a> {
    message: String,
    skipped: Vec<SkippedRow>,
    sources: &'a [SourceSummary],
    groups: Vec<Group<'a>>,
}

#[derive(Serialize)]
struct SkippedRow {
    reason: String,
    count: u64,
    examples: String,
}

/// Findings of one severity.
#[derive(Serialize)]
struct Group<'a> {
    severity: Severity,
    word: &'a str,
    findings: Vec<Told<'a>>,
}

/// A finding in the reader's language.
#[derive(Serialize)]
struct Told<'a> {
    check: &'a str,
    subject: String,
    message: String,
    advice: String,
}

pub(super) fn quality<'a>(results: &Results<'a>, words: &'a Words) -> Quality<'a> {
    let ledger = results.ledger;
    let whole = |count: u64| numbers::decimal(count as f64, 0);
    let skipped: u64 = ledger.rows.skipped.iter().map(|skipped| skipped.count).sum();
    let (used, read, left) = (whole(ledger.rows.used), whole(ledger.rows.read), whole(skipped));
    let skipped = ledger.rows.skipped.iter().map(|skipped| SkippedRow {
        reason: words.translate("import.skipped", &one_line(&skipped.reason)),
        count: skipped.count,
        examples: skipped.examples.iter().map(|place| one_line(place)).collect::<Vec<_>>().join(", "),
    });
    Quality {
        message: words.tell("quality_message", &[("used", &used), ("read", &read), ("skipped", &left)]),
        skipped: skipped.collect(),
        sources: &ledger.sources,
        groups: [Severity::Fail, Severity::Review, Severity::Pass]
            .into_iter()
            .filter_map(|severity| group(results.findings, severity, words))
            .collect(),
    }
}

fn group<'a>(findings: &'a [Finding], severity: Severity, words: &'a Words) -> Option<Group<'a>> {
    let told = |finding: &'a Finding| {
        let finding = words.finding(finding);
        Told { check: finding.check, subject: finding.subject, message: finding.message, advice: finding.advice }
    };
    let findings: Vec<Told> = findings.iter().filter(|finding| finding.severity == severity).map(told).collect();
    (!findings.is_empty()).then(|| Group { severity, word: words.severity(severity), findings })
}
