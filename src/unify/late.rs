//! Days whose conversions are still coming in.
//!
//! Let C(a) be the share of its final count that a day has *a* days after it, as the exports tell that were replaced by later
//! ones: C(a) = Σ count in the earlier export ÷ Σ count in the later one, over the days of age *a* in the earlier. The delay
//! of a platform is the least *d* for which C(a) ≥ `late.complete` at every age a ≥ d that was seen, with at least
//! [`NEEDED`] conversions in all. A day younger than the delay, as the latest export of its account tells, is late: its KPI
//! is no final figure. A delay in the settings goes before.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::ledger::{Entry, Name};
use crate::check::Finding;
use crate::import::Batch;
use crate::settings::Settings;
use crate::units::{Field, Micros};

/// Conversions that an estimate needs.
pub const NEEDED: f64 = 20.0;

/// KPI before and after restatement, in millionths, by platform and age in days.
pub(super) type Ages = BTreeMap<Option<Name>, BTreeMap<i32, [i128; 2]>>;

/// From which day on the conversions of an account are still coming in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Late {
    /// The platform, where the rows name one.
    pub platform: Option<Name>,
    /// The account, where the rows name one.
    pub account: Option<Name>,
    /// The first late day.
    pub from: Date,
}

impl Late {
    /// Whether the days of an entry are late.
    pub fn holds(&self, entry: &Entry) -> bool {
        let last = entry.date.saturating_add(jiff::Span::new().days(i64::from(entry.days) - 1));
        last >= self.from
            && entry.name(Field::Platform) == self.platform.as_deref()
            && entry.name(Field::Account) == self.account.as_deref()
    }
}

/// Late days by account, and what they were told by.
pub(super) fn days(
    entries: &[Entry],
    batches: &[Batch],
    ages: &Ages,
    settings: &Settings,
) -> (Vec<Late>, Vec<Finding>) {
    let taken = taken(entries, batches, settings);
    let mut late = Vec::new();
    let mut findings = Vec::new();
    let mut delays: BTreeMap<Option<Name>, u32> = BTreeMap::new();
    for platform in taken.keys().map(|(platform, _)| platform) {
        if !delays.contains_key(platform) {
            let (delay, finding) = delay(platform.as_ref(), ages.get(platform), settings);
            delays.insert(platform.clone(), delay);
            findings.extend(finding);
        }
    }
    for ((platform, account), taken) in taken {
        let delay = delays.get(&platform).copied().unwrap_or_default();
        if delay > 0 {
            let from = taken.saturating_sub(jiff::Span::new().days(i64::from(delay) - 1));
            late.push(Late { platform, account, from });
        }
    }
    (late, findings)
}

/// When the latest export of each account was taken: `as_of` of its source, or its last day.
fn taken(entries: &[Entry], batches: &[Batch], settings: &Settings) -> BTreeMap<(Option<Name>, Option<Name>), Date> {
    let mut taken: BTreeMap<(Option<Name>, Option<Name>), Date> = BTreeMap::new();
    let mut note = |platform: Option<Name>, account: Option<Name>, day: Date| {
        let latest = taken.entry((platform, account)).or_insert(day);
        *latest = day.max(*latest);
    };
    for entry in entries {
        let [platform, _, account, ..] = &entry.names;
        let last = entry.date.saturating_add(jiff::Span::new().days(i64::from(entry.days) - 1));
        note(platform.clone(), account.clone(), last);
    }
    for batch in batches {
        let source = &settings.sources[batch.source];
        let Some(as_of) = source.as_of else { continue };
        let rest = super::fold::fallback(batch, source);
        let mut seen = std::collections::BTreeSet::new();
        for row in &batch.rows {
            if seen.insert((row.names[0], row.names[2])) {
                let name =
                    |field: Field| batch.name(row, field).cloned().or_else(|| rest[field.index()].map(Name::from));
                note(name(Field::Platform), name(Field::Account), as_of);
            }
        }
    }
    taken
}

/// The delay of a platform in days, and how it was found.
fn delay(
    platform: Option<&Name>,
    ages: Option<&BTreeMap<i32, [i128; 2]>>,
    settings: &Settings,
) -> (u32, Option<Finding>) {
    let late = &settings.late;
    let given = platform.and_then(|platform| late.platforms.get(platform.as_ref())).copied().or(late.days);
    if let Some(days) = given {
        return (days, None);
    }
    let Some(ages) = ages else { return (0, None) };
    let subject = platform.map_or("(no platform)", |platform| platform.as_ref());
    let count: i128 = ages.values().map(|[_, after]| *after).sum();
    if (count as f64) < NEEDED * Micros::PER_UNIT as f64 {
        return (0, None);
    }
    let share = |[before, after]: &[i128; 2]| if *after > 0 { *before as f64 / *after as f64 } else { 1.0 };
    let young = ages.iter().filter(|(_, sums)| share(sums) < late.complete).map(|(age, _)| *age).max();
    let Some(young) = young else {
        let message =
            format!("restated days had {:.0} % of their final count and more: none is late", 100.0 * late.complete);
        return (0, Some(Finding::pass("unify.late", subject, message)));
    };
    let days = u32::try_from(young + 1).unwrap_or(0);
    let seen: Vec<String> = ages.iter().map(|(age, sums)| format!("{age}: {:.0} %", 100.0 * share(sums))).collect();
    let message = format!(
        "days younger than {days} are still filling up: of its final count a day had, by its age in days, {}",
        seen.iter().take(14).cloned().collect::<Vec<_>>().join(", ")
    );
    let advice = "nothing, if that is so: these days are left out of the models; else set `[late] days`";
    (days, Some(Finding::review("unify.late", subject, message, advice)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(shares: &[(i32, i128)], rest: &str) -> u32 {
        let settings = Settings::parse(rest, "outlay.toml", std::path::Path::new(""), 1).unwrap();
        let ages = shares.iter().map(|(age, percent)| (*age, [percent * 1_000_000, 100_000_000])).collect();
        delay(Some(&Name::from("meta")), Some(&ages), &settings).0
    }

    #[test]
    fn the_delay_is_the_age_from_which_days_stay_as_they_are() {
        assert_eq!(told(&[(0, 20), (1, 60), (2, 93), (3, 97), (4, 100)], ""), 3);
        assert_eq!(told(&[(1, 99), (2, 100)], ""), 0);
        assert_eq!(told(&[(0, 20), (1, 60), (2, 93), (3, 97)], "[late]\ncomplete = 0.9"), 2);
        assert_eq!(told(&[(0, 20)], "[late]\ndays = 7\nplatforms = { meta = 5 }"), 5);
        assert_eq!(told(&[(0, 20)], "[late]\ndays = 7"), 7);
        assert_eq!(told(&[], ""), 0, "nothing was restated");
    }
}
