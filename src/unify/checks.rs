//! Findings about the files together: time zones, currencies, names in several spellings.

use std::collections::{BTreeMap, BTreeSet};

use super::ledger::Entry;
use crate::check::Finding;
use crate::import::Batch;
use crate::settings::Settings;
use crate::units::Field;

/// Everything there is to say about the files together.
pub(super) fn all(batches: &[Batch], entries: &[Entry], settings: &Settings) -> Vec<Finding> {
    let mut findings = time_zones(settings);
    findings.extend(currencies(batches));
    findings.extend(spellings(entries));
    findings
}

/// # What it does
/// Flags a source whose days are of another time zone than the report's.
/// # Why it matters
/// Its days begin and end at other hours, which moves spend over the end of a month.
fn time_zones(settings: &Settings) -> Vec<Finding> {
    let project = &settings.project.timezone;
    let check = |(index, zone): (usize, &String)| {
        let message = format!("days are of {zone}, the report's are of {project}; they are taken as they are");
        let advice = "export in the report's time zone where the platform can";
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
/// Flags names that differ only in case, blanks or punctuation.
/// # Why it matters
/// One supplier under two spellings is two suppliers with half the history each. outlay does not merge them by itself.
fn spellings(entries: &[Entry]) -> Vec<Finding> {
    let plain = |name: &str| name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    let mut findings = Vec::new();
    for field in Field::ALL {
        let names: BTreeSet<&str> = entries.iter().filter_map(|entry| entry.name(field)).collect();
        let mut variants: BTreeMap<String, Vec<&str>> = BTreeMap::new();
        for name in names {
            variants.entry(plain(name)).or_default().push(name);
        }
        for names in variants.into_values().filter(|names| names.len() > 1) {
            let message = format!("{} spellings of one {}: `{}`", names.len(), field.name(), names.join("`, `"));
            let advice = "if they are the same, write them the same way in the exports";
            findings.push(Finding::review("unify.spelling", names[0], message, advice));
        }
    }
    findings
}
