//! Findings about the files together: time zones, currencies, names in several spellings.

use std::collections::{BTreeMap, BTreeSet};

use super::ledger::Entry;
use crate::check::Finding;
use crate::import::Batch;
use crate::settings::{Basis, Settings};

/// Everything there is to say about the files together.
pub(super) fn all(batches: &[Batch], entries: &[Entry], settings: &Settings) -> Vec<Finding> {
    let mut findings = time_zones(settings);
    findings.extend(currencies(batches));
    findings.extend(bases(batches, settings));
    findings.extend(super::names::spellings(entries));
    findings
}

/// # What it does
/// Flags a source whose days are of another time zone than the report's.
/// # Why it matters
/// Its days begin and end at other hours, which moves spend over the end of a month.
fn time_zones(settings: &Settings) -> Vec<Finding> {
    let project = &settings.project.timezone;
    let check = |(index, zone): (usize, &String)| {
        let message = format!(
            "days are of {zone}, the report's are of {project}: rows with an hour are moved to the report's day, days without one \
             are taken as they are"
        );
        let advice = "export by the hour, or in the report's time zone where the platform can";
        Finding::review("unify.timezone", format!("source[{}]", index + 1), message, advice)
    };
    let zones = settings.sources.iter().enumerate().filter_map(|(index, s)| Some((index, s.timezone.as_ref()?)));
    zones.filter(|(_, zone)| *zone != project).map(check).collect()
}

/// # What it does
/// Names files whose rows are in several currencies.
/// # Why it matters
/// Their sum is a figure only after conversion, so the file's own total cannot be held against it.
fn currencies(batches: &[Batch]) -> Vec<Finding> {
    let mixed = batches.iter().filter(|batch| batch.spend.len() > 1);
    let check = |batch: &Batch| {
        let codes: Vec<&str> = batch.spend.keys().map(|currency| currency.code()).collect();
        let message = format!("rows are in {}; its spend is told in the reporting currency", codes.join(", "));
        Finding::review("unify.currencies", batch.path.display().to_string(), message, "")
    };
    mixed.map(check).collect()
}

/// # What it does
/// Flags exports whose conversions are dated in different ways: by the day on which they happened, by the spend that they are
/// billed to, by the click that they followed.
/// # Why it matters
/// The same conversions fall on other days, so that recent days of one export look worse than those of another. On one
/// platform the two cannot be added at all.
/// # What to do
/// Export all of them by one, or say what a file is by with `basis` of its source.
fn bases(batches: &[Batch], settings: &Settings) -> Vec<Finding> {
    let mut by_basis: BTreeMap<Basis, BTreeSet<String>> = BTreeMap::new();
    let mut by_platform: BTreeMap<String, BTreeSet<Basis>> = BTreeMap::new();
    for batch in batches.iter().filter(|batch| !batch.rows.is_empty()) {
        let Some(basis) = batch.basis else { continue };
        let platform = super::platform(batch, settings);
        by_basis.entry(basis).or_default().insert(platform.clone());
        by_platform.entry(platform).or_default().insert(basis);
    }
    let named = |bases: &BTreeSet<Basis>| bases.iter().map(|basis| basis.name()).collect::<Vec<_>>().join(" and ");
    let advice =
        "export them by one, or say what each file is by: `basis = \"billed\"`, `event` or `click` of its source";
    let mixed = by_platform.iter().filter(|(_, bases)| bases.len() > 1).map(|(platform, bases)| {
        let message = format!("its exports date conversions by {}, which cannot be added", named(bases));
        Finding::fail("unify.basis", platform.clone(), message, advice)
    });
    let mut findings: Vec<Finding> = mixed.collect();
    if by_basis.len() > 1 {
        let parts: Vec<String> = by_basis
            .iter()
            .map(|(basis, platforms)| {
                format!("{} ({})", basis.name(), platforms.iter().cloned().collect::<Vec<_>>().join(", "))
            })
            .collect();
        let message = format!("conversions are dated by {}", parts.join(", by "));
        findings.push(Finding::review("unify.basis", "sources", message, advice));
    }
    findings
}
