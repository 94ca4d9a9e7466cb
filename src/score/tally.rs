//! Ledger → what each supplier spent and brought, and how it came in over the days.

use std::collections::{BTreeMap, BTreeSet};

use jiff::ToSpan;
use jiff::civil::Date;

use crate::unify::ledger::Name;
use crate::unify::{Entry, Ledger};
use crate::units::{Field, Measure, Micros};

/// The figures of one supplier over the whole ledger.
///
/// Absent is not zero: KPI and counts are paired with the spend of those entries that report them.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    /// The supplier; absent for rows that name none.
    pub supplier: Option<Name>,
    /// Platforms that it runs on.
    pub platforms: BTreeSet<Name>,
    /// Face-value spend.
    pub spend: f64,
    /// Sum of each figure and the spend of the entries that report it, by [`Measure::index`].
    reported: [Reported; 9],
    /// Spend and KPI by first day and length of the entry, where the KPI is reported.
    pub periods: Vec<(f64, f64)>,
}

/// A figure over the entries that report it; sums are in millionths, so that their order does not matter.
#[derive(Clone, Copy, Debug, Default)]
struct Reported {
    entries: u64,
    sum: i128,
    spend: i128,
}

impl Tally {
    /// The sum of a figure; absent when no entry reports it.
    pub(super) fn sum(&self, measure: Measure) -> Option<f64> {
        let reported = self.reported[measure.index()];
        (reported.entries > 0).then(|| units(reported.sum))
    }

    /// Spend of the entries that report a figure.
    pub(super) fn spend_with(&self, measure: Measure) -> f64 {
        units(self.reported[measure.index()].spend)
    }

    /// The name in messages.
    pub(super) fn label(&self) -> String {
        self.supplier.as_deref().unwrap_or("(no supplier)").to_owned()
    }
}

/// A tally in the making, in exact sums.
#[derive(Default)]
struct Sums {
    tally: Tally,
    spend: i128,
    /// Spend and KPI by first day and length.
    periods: BTreeMap<(Date, u32), [i128; 2]>,
}

/// One tally a supplier, ascending by name; rows that name none last.
pub(super) fn by_supplier(ledger: &Ledger, kpi: Measure) -> Vec<Tally> {
    let mut found: BTreeMap<(bool, Option<Name>), Sums> = BTreeMap::new();
    for entry in &ledger.entries {
        let name = entry.names[Field::Supplier.index()].clone();
        found.entry((name.is_none(), name)).or_default().add(entry, kpi);
    }
    found.into_iter().map(|((_, name), sums)| sums.finished(name)).collect()
}

impl Sums {
    fn add(&mut self, entry: &Entry, kpi: Measure) {
        let spend = millionths(entry.spend());
        self.spend += spend;
        self.tally.platforms.extend(entry.names[Field::Platform.index()].clone());
        for measure in Measure::ALL {
            let Some(figure) = entry.measure(measure) else { continue };
            let reported = &mut self.tally.reported[measure.index()];
            reported.entries += 1;
            reported.sum += millionths(figure);
            reported.spend += spend;
        }
        if let Some(count) = entry.measure(kpi) {
            let period = self.periods.entry((entry.date, entry.days)).or_default();
            period[0] += spend;
            period[1] += millionths(count);
        }
    }

    fn finished(self, supplier: Option<Name>) -> Tally {
        let periods = self.periods.values().map(|[spend, kpi]| (units(*spend), units(*kpi))).collect();
        Tally { supplier, spend: units(self.spend), periods, ..self.tally }
    }
}

/// First and last day of the ledger's entries.
pub(super) fn window(ledger: &Ledger) -> Option<(Date, Date)> {
    let first = ledger.entries.iter().map(|entry| entry.date).min()?;
    let last = ledger
        .entries
        .iter()
        .map(|entry| entry.date.saturating_add((i64::from(entry.days.max(1)) - 1).days()))
        .max()?;
    Some((first, last))
}

fn millionths(quantity: Micros) -> i128 {
    i128::from(quantity.get())
}

fn units(millionths: i128) -> f64 {
    millionths as f64 / Micros::PER_UNIT as f64
}
