//! Entries folded into one cell a channel and period, exactly.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::axis::{Axis, Parts};
use crate::check::{Error, Kind};
use crate::unify::{Entry, Ledger};
use crate::units::{Channel, Field, Measure, Micros};

/// What the entries of one channel and period add up to.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Cell {
    /// Face-value spend.
    pub spend: Micros,
    /// The KPI of the entries that have it.
    pub kpi: Micros,
    /// Which parts of the period were reported.
    pub parts: Parts,
    /// Whether any entry has the KPI.
    pub some: bool,
    /// Whether an entry with spend lacks it.
    pub lacking: bool,
    /// Whether conversions of an entry are still coming in.
    pub late: bool,
}

impl Cell {
    fn add(&mut self, entry: &Entry, parts: Parts, kpi: Measure) -> Option<()> {
        self.spend = self.spend.checked_add(entry.spend())?;
        self.parts = self.parts.and(parts);
        match entry.measure(kpi) {
            Some(count) => (self.kpi, self.some) = (self.kpi.checked_add(count)?, true),
            None => self.lacking |= entry.spend() != Micros::ZERO,
        }
        Some(())
    }
}

/// Entries that fit no period of the panel.
#[derive(Clone, Debug, Default)]
pub(super) struct Unplaced {
    /// How many.
    pub entries: u64,
    /// Their spend.
    pub spend: f64,
    /// The different lengths in days.
    pub days: BTreeSet<u32>,
}

/// The cells of a ledger, channel by channel.
#[derive(Debug)]
pub(super) struct Cells {
    /// Ascending.
    pub channels: Vec<Channel>,
    /// `channels.len() × axis.len`, channel by channel.
    pub cells: Vec<Cell>,
    /// What fits no period, by channel.
    pub unplaced: BTreeMap<Channel, Unplaced>,
}

/// The fields of an entry that make its channel.
type Key<'a> = [Option<&'a str>; 4];

impl Cells {
    /// Folds `entries`. Their order does not matter: sums are of integers.
    ///
    /// # Errors
    ///
    /// [`Kind::Input`] when a sum leaves the range of [`Micros`].
    pub fn of(ledger: &Ledger, axis: &Axis, fields: &[Field], kpi: Measure) -> Result<Cells, Error> {
        let entries = &ledger.entries;
        let (channels, rows) = rows(entries, fields);
        let mut cells = vec![Cell::default(); channels.len() * axis.len];
        let mut unplaced: BTreeMap<Channel, Unplaced> = BTreeMap::new();
        for (entry, row) in entries.iter().zip(rows) {
            let Some((period, parts)) = axis.place(entry) else {
                unplaced.entry(channels[row].clone()).or_default().add(entry);
                continue;
            };
            let cell = &mut cells[row * axis.len + period];
            cell.late |= ledger.is_late(entry);
            let added = cell.add(entry, parts, kpi);
            added.ok_or_else(|| too_large(&channels[row], entry))?;
        }
        Ok(Cells { channels, cells, unplaced })
    }
}

/// The channels, ascending, and each entry's place among them.
fn rows(entries: &[Entry], fields: &[Field]) -> (Vec<Channel>, Vec<usize>) {
    let mut met: HashMap<Key, usize> = HashMap::new();
    let mut order = |entry| {
        let next = met.len();
        *met.entry(key(entry, fields)).or_insert(next)
    };
    let mut rows: Vec<usize> = entries.iter().map(&mut order).collect();
    let mut named: Vec<(Channel, usize)> = met.iter().map(|(key, order)| (channel(key, fields), *order)).collect();
    named.sort();
    let mut row_of = vec![0; named.len()];
    for (row, (_, order)) in named.iter().enumerate() {
        row_of[*order] = row;
    }
    rows.iter_mut().for_each(|row| *row = row_of[*row]);
    (named.into_iter().map(|(channel, _)| channel).collect(), rows)
}

impl Unplaced {
    fn add(&mut self, entry: &Entry) {
        self.entries += 1;
        self.spend += entry.spend().to_f64();
        self.days.insert(entry.days);
    }
}

fn key<'a>(entry: &'a Entry, fields: &[Field]) -> Key<'a> {
    let mut key = Key::default();
    for field in fields {
        if let Some(value) = key.get_mut(field.index()) {
            *value = entry.name(*field);
        }
    }
    key
}

fn channel(key: &Key, fields: &[Field]) -> Channel {
    let part = |field: &Field| (*field, key.get(field.index()).copied().flatten().map(str::to_owned));
    Channel::new(&fields.iter().map(part).collect::<Vec<_>>())
}

fn too_large(channel: &Channel, entry: &Entry) -> Error {
    let message = format!("{}, {}: the figures add up to more than 9.2e12", channel.label, entry.date);
    Error::new(Kind::Input, message).help("check the unit of the export's columns")
}
