//! Ledger → what each supplier spent and brought, day by day and pool by pool.

use std::collections::{BTreeMap, BTreeSet};

use jiff::ToSpan;
use jiff::civil::Date;

use crate::unify::ledger::Name;
use crate::unify::{Entry, Ledger};
use crate::units::{Field, Measure, Micros};

/// Everything that is scored.
#[derive(Clone, Debug, Default)]
pub(super) struct Tallies {
    /// Names of the pools of suppliers that share a distribution of true rates, ascending.
    pub pools: Vec<String>,
    /// One a supplier, ascending by name; rows that name none last.
    pub suppliers: Vec<Tally>,
    /// First and last day.
    pub window: Option<(Date, Date)>,
}

/// The figures of one supplier.
///
/// Absent is not zero: counts are paired with the spend of those entries that report them.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    /// The supplier; absent for rows that name none.
    pub supplier: Option<Name>,
    /// Platforms that it runs on.
    pub platforms: BTreeSet<Name>,
    /// Its figures by pool, ascending by pool.
    pub cells: Vec<Cell>,
}

/// The figures of one supplier in one pool.
#[derive(Clone, Debug, Default)]
pub(super) struct Cell {
    /// Place in [`Tallies::pools`].
    pub pool: usize,
    /// Its days (or longer periods, where the export has no days), ascending.
    pub days: Vec<Day>,
}

/// A day, or the period that starts on it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Day {
    /// The day.
    pub date: Date,
    /// Days that it stands for.
    pub days: u32,
    spend: i64,
    figures: [Option<Figure>; 9],
}

/// A figure, and the spend of the entries that report it, in millionths: sums do not depend on the order of rows.
#[derive(Clone, Copy, Debug, Default)]
struct Figure {
    sum: i64,
    spend: i64,
}

impl Day {
    fn new((date, days): (Date, u32)) -> Day {
        Day { date, days, spend: 0, figures: [None; 9] }
    }

    fn add(&mut self, entry: &Entry) {
        let spend = entry.spend().get();
        self.spend = self.spend.saturating_add(spend);
        for measure in Measure::ALL {
            let Some(figure) = entry.measure(measure) else { continue };
            let sums = self.figures[measure.index()].get_or_insert_default();
            sums.sum = sums.sum.saturating_add(figure.get());
            sums.spend = sums.spend.saturating_add(spend);
        }
    }

    /// The last day that it stands for.
    pub(super) fn last(&self) -> Date {
        self.date.saturating_add((i64::from(self.days.max(1)) - 1).days())
    }

    /// Face-value spend.
    pub(super) fn spend(&self) -> f64 {
        units(self.spend.into())
    }

    /// A figure; absent when no entry reports it.
    pub(super) fn figure(&self, measure: Measure) -> Option<f64> {
        self.figures[measure.index()].map(|figure| units(figure.sum.into()))
    }

    /// A figure and the spend of the entries that report it.
    pub(super) fn paired(&self, measure: Measure) -> Option<(f64, f64)> {
        self.figures[measure.index()].map(|figure| (units(figure.sum.into()), units(figure.spend.into())))
    }
}

/// Figures over several days.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Sum {
    /// The figure.
    pub figure: f64,
    /// Spend of the entries that report it.
    pub spend: f64,
}

fn summed<'a>(days: impl Iterator<Item = &'a Day>, measure: Measure) -> Option<Sum> {
    let add = |sum: Option<(i128, i128)>, figure: Figure| {
        let (all, spend) = sum.unwrap_or_default();
        Some((all + i128::from(figure.sum), spend + i128::from(figure.spend)))
    };
    let sum = days.filter_map(|day| day.figures[measure.index()]).fold(None, add);
    sum.map(|(figure, spend)| Sum { figure: units(figure), spend: units(spend) })
}

impl Cell {
    /// A figure over all days; absent when no entry reports it.
    pub(super) fn sum(&self, measure: Measure) -> Option<Sum> {
        summed(self.days.iter(), measure)
    }

    /// Face-value spend.
    pub(super) fn spend(&self) -> f64 {
        units(self.days.iter().map(|day| i128::from(day.spend)).sum())
    }
}

impl Tally {
    /// All days of all pools.
    pub(super) fn days(&self) -> impl Iterator<Item = &Day> {
        self.cells.iter().flat_map(|cell| &cell.days)
    }

    /// Face-value spend.
    pub(super) fn spend(&self) -> f64 {
        units(self.days().map(|day| i128::from(day.spend)).sum())
    }

    /// The sum of a figure; absent when no entry reports it.
    pub(super) fn sum(&self, measure: Measure) -> Option<f64> {
        summed(self.days(), measure).map(|sum| sum.figure)
    }

    /// Spend of the entries that report a figure.
    pub(super) fn spend_with(&self, measure: Measure) -> f64 {
        summed(self.days(), measure).map_or(0.0, |sum| sum.spend)
    }

    /// The name in messages.
    pub(super) fn label(&self) -> String {
        self.supplier.as_deref().unwrap_or("(no supplier)").to_owned()
    }

    /// The name as the scorecard has it.
    pub(super) fn name(&self) -> Option<String> {
        self.supplier.as_deref().map(str::to_owned)
    }
}

impl Tallies {
    /// The entries of a ledger up to `until`, by supplier and by the values of `fields`.
    pub(super) fn of(ledger: &Ledger, fields: &[Field], until: Option<Date>) -> Tallies {
        let fields = if fields.is_empty() { &[Field::Platform] } else { fields };
        let keys: BTreeSet<Key> = ledger.entries.iter().map(|entry| key(entry, fields)).collect();
        let keys: Vec<Key> = keys.into_iter().collect();
        let pools = keys.iter().map(|key| pool_name(key, fields)).collect();
        let mut found: BTreeMap<(bool, Option<Name>), InTheMaking> = BTreeMap::new();
        for entry in &ledger.entries {
            let name = entry.names[Field::Supplier.index()].clone();
            let pool = keys.binary_search(&key(entry, fields)).unwrap_or_default();
            found.entry((name.is_none(), name)).or_default().add(entry, pool);
        }
        let suppliers = found.into_iter().map(|((_, name), made)| made.finished(name)).collect();
        let all = Tallies { pools, suppliers, window: None }.with_window();
        match until {
            Some(day) => all.until(day),
            None => all,
        }
    }

    /// Only what had happened by the end of a day.
    pub(super) fn until(&self, day: Date) -> Tallies {
        let cell = |cell: &Cell| Cell {
            pool: cell.pool,
            days: cell.days.iter().filter(|there| there.last() <= day).copied().collect(),
        };
        let of = |tally: &Tally| Tally {
            supplier: tally.supplier.clone(),
            platforms: tally.platforms.clone(),
            cells: tally.cells.iter().map(cell).filter(|cell| !cell.days.is_empty()).collect(),
        };
        let suppliers: Vec<Tally> = self.suppliers.iter().map(of).filter(|tally| !tally.cells.is_empty()).collect();
        Tallies { pools: self.pools.clone(), suppliers, window: None }.with_window()
    }

    fn with_window(self) -> Tallies {
        let days = || self.suppliers.iter().flat_map(Tally::days);
        let first = days().map(|day| day.date).min();
        let window = first.zip(days().map(Day::last).max());
        Tallies { window, ..self }
    }

    /// The place of a supplier.
    pub(super) fn place(&self, name: &str) -> Option<usize> {
        self.suppliers.iter().position(|tally| tally.supplier.as_deref() == Some(name))
    }

    /// All cells, each with the place of its supplier.
    pub(super) fn cells(&self) -> impl Iterator<Item = (usize, &Cell)> {
        self.suppliers.iter().enumerate().flat_map(|(at, tally)| tally.cells.iter().map(move |cell| (at, cell)))
    }
}

/// The values of the pooling fields of an entry, by [`Field::index`].
type Key<'a> = [Option<&'a str>; 5];

fn key<'a>(entry: &'a Entry, fields: &[Field]) -> Key<'a> {
    let mut key = [None; 5];
    fields.iter().for_each(|field| key[field.index()] = entry.name(*field));
    key
}

fn pool_name(key: &Key, fields: &[Field]) -> String {
    let value = |field: &Field| key[field.index()].map_or_else(|| format!("(no {})", field.name()), str::to_owned);
    fields.iter().map(value).collect::<Vec<_>>().join(" / ")
}

/// A tally in the making.
#[derive(Default)]
struct InTheMaking {
    platforms: BTreeSet<Name>,
    days: BTreeMap<(usize, Date, u32), Day>,
}

impl InTheMaking {
    fn add(&mut self, entry: &Entry, pool: usize) {
        self.platforms.extend(entry.names[Field::Platform.index()].clone());
        let key = (entry.date, entry.days);
        self.days.entry((pool, entry.date, entry.days)).or_insert_with(|| Day::new(key)).add(entry);
    }

    fn finished(self, supplier: Option<Name>) -> Tally {
        let mut cells: Vec<Cell> = Vec::new();
        for ((pool, ..), day) in self.days {
            match cells.last_mut().filter(|cell| cell.pool == pool) {
                Some(cell) => cell.days.push(day),
                None => cells.push(Cell { pool, days: vec![day] }),
            }
        }
        Tally { supplier, platforms: self.platforms, cells }
    }
}

fn units(millionths: i128) -> f64 {
    millionths as f64 / Micros::PER_UNIT as f64
}
