//! Screened registrations beside those that the platforms tell.
//!
//! A lead belongs to the entry of its day that has every name that the lead has. Where none has, or several have, it belongs to
//! nobody, which a finding says. Entries of the days that the list covers, whose names some lead has, and for which no lead
//! is left have no valid registration; all others have an unknown number of them.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::ledger::Entry;
use crate::check::Finding;
use crate::import::{LEAD_FIELDS, LeadCount, Leads};
use crate::units::{Measure, Micros};

/// The names of a lead, or those of an entry that leads tell.
type Names = [Option<String>; 4];

/// Fills in the valid registrations of entries, and registrations where the exports have none.
pub(super) fn fill(entries: &mut [Entry], leads: &Leads) -> Vec<Finding> {
    let (Some((first, _)), Some((last, _))) = (leads.counts.keys().next(), leads.counts.keys().next_back()) else {
        return Vec::new();
    };
    let (first, last) = (*first, *last);
    let days = by_day(entries);
    let mut counts: BTreeMap<usize, LeadCount> = BTreeMap::new();
    let mut lost = [LeadCount::default(); 2];
    for ((date, names), count) in &leads.counts {
        let fits = days.get(date).into_iter().flatten().copied().filter(|index| has(&entries[*index], names));
        let fits: Vec<usize> = fits.collect();
        let sum = match fits[..] {
            [index] => counts.entry(index).or_default(),
            [] => &mut lost[0],
            _ => &mut lost[1],
        };
        sum.all += count.all;
        sum.valid += count.valid;
    }
    let known: BTreeSet<&Names> = leads.counts.keys().map(|(_, names)| names).collect();
    let mut filled = 0;
    for (index, entry) in entries.iter_mut().enumerate() {
        let covered = entry.days == 1 && (first..=last).contains(&entry.date);
        let count = match counts.get(&index) {
            Some(count) => *count,
            None if covered && known.iter().any(|names| has(entry, names)) => LeadCount::default(),
            None => continue,
        };
        filled += u64::from(entry.measure(Measure::Registrations).is_none());
        entry.measures[Measure::Registrations.index()].get_or_insert(whole(count.all));
        entry.measures[Measure::ValidRegistrations.index()] = Some(whole(count.valid));
    }
    findings(leads, &lost, filled)
}

fn whole(count: u64) -> Micros {
    Micros::new(i64::try_from(count).unwrap_or(i64::MAX / Micros::PER_UNIT).saturating_mul(Micros::PER_UNIT))
}

fn by_day(entries: &[Entry]) -> BTreeMap<Date, Vec<usize>> {
    let mut days: BTreeMap<Date, Vec<usize>> = BTreeMap::new();
    for (index, entry) in entries.iter().enumerate().filter(|(_, entry)| entry.days == 1) {
        days.entry(entry.date).or_default().push(index);
    }
    days
}

/// Whether an entry has every name of a lead.
fn has(entry: &Entry, names: &Names) -> bool {
    let same = |(field, name): (&crate::units::Field, &Option<String>)| {
        name.as_deref().is_none_or(|name| entry.name(*field) == Some(name))
    };
    LEAD_FIELDS.iter().zip(names).all(same)
}

/// # What it does
/// Says how many leads each screen took out, and how many belong to no row of the exports.
/// # Why it matters
/// Cost per valid registration is what a supplier is judged on; it must be known what a valid one is.
fn findings(leads: &Leads, lost: &[LeadCount; 2], filled: u64) -> Vec<Finding> {
    let valid: u64 = leads.counts.values().map(|count| count.valid).sum();
    let screens: Vec<String> = leads
        .screened
        .iter()
        .map(|screen| {
            let examples =
                if screen.examples.is_empty() { String::new() } else { format!(" ({})", screen.examples.join(", ")) };
            format!("round {}, {}: {}{examples}", screen.round, screen.name, screen.count)
        })
        .collect();
    let told = if screens.is_empty() { "no screen is set".to_owned() } else { screens.join("; ") };
    let mut findings =
        vec![Finding::pass("unify.leads", "leads", format!("{valid} of {} leads are valid; {told}", leads.read))];
    let ways = [
        ("no row of their day has their names", "export these days and campaigns too, or give aliases for the names"),
        (
            "several rows of their day have their names",
            "let the list name more: `columns` of [leads] for platform, supplier and account",
        ),
    ];
    for (count, (what, advice)) in lost.iter().zip(ways).filter(|(count, _)| count.all > 0) {
        let message = format!("{} leads, {} of them valid, belong to nobody: {what}", count.all, count.valid);
        findings.push(Finding::review("unify.leads", "leads", message, advice));
    }
    if filled > 0 {
        let message = format!("{filled} rows have their registrations from the list, since the exports tell none");
        findings.push(Finding::review(
            "unify.leads",
            "leads",
            message,
            "nothing, if the list holds every registration",
        ));
    }
    findings
}
