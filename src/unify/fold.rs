//! Batches → entries: names filled in, equal keys summed exactly, amounts in one currency.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::civil::Date;
use rayon::slice::ParallelSliceMut;

use super::ledger::{Entry, Name};
use crate::check::{Error, Kind, Origin};
use crate::import::{Batch, Rates, Row};
use crate::settings::{Settings, Source};
use crate::units::{Currency, Field, Measure, Micros};

/// Whom a row belongs to: ranks in a sorted dictionary, 0 where it names none, so that keys sort as their names do.
type Names = [u32; 5];

/// What rows are summed by.
type Key = (Date, Names, u32, Currency);

/// Sums of one key, and where its first row is.
#[derive(Clone, Copy)]
struct Part<'a> {
    key: Key,
    measures: [Option<Micros>; 9],
    batch: &'a Batch,
    line: u64,
}

/// The entries of all batches, ascending by date, names and days.
///
/// Rows of one key are summed before they are converted, so that splitting a row in two changes nothing.
///
/// # Errors
///
/// [`Kind::Input`] for each currency without a rate, and when a sum leaves the range of [`Micros`].
pub(super) fn entries(batches: &[Batch], settings: &Settings, rates: &Rates) -> Result<Vec<Entry>, Error> {
    let dictionary = Dictionary::new(batches, settings);
    let parts: Vec<Part> = batches.iter().flat_map(|batch| dictionary.parts(batch, settings)).collect();
    let summed = merged(ordered(&parts), |part| part.key)?;
    have_rates(&summed, settings, rates)?;
    let converted = summed.into_iter().map(|part| converted(part, settings, rates)).collect::<Result<Vec<_>, _>>()?;
    let entries = merged(converted, |part| (part.key.0, part.key.1, part.key.2, settings.project.currency))?;
    Ok(entries.into_iter().map(|part| dictionary.entry(&part)).collect())
}

/// Parts by their keys, those of one key as they stand. Parts are large; the keys and places that are sorted are not.
fn ordered<'p, 'a>(parts: &'p [Part<'a>]) -> impl Iterator<Item = Part<'a>> + use<'p, 'a> {
    let mut keys: Vec<(Key, usize)> = parts.iter().enumerate().map(|(place, part)| (part.key, place)).collect();
    keys.par_sort_unstable();
    keys.into_iter().map(|(_, place)| parts[place])
}

/// Sums neighbours that share a key.
fn merged<'a>(parts: impl IntoIterator<Item = Part<'a>>, key: impl Fn(&Part) -> Key) -> Result<Vec<Part<'a>>, Error> {
    let mut merged: Vec<Part> = Vec::new();
    for part in parts {
        match merged.last_mut().filter(|last| key(last) == key(&part)) {
            Some(last) => add(last, &part)?,
            None => merged.push(part),
        }
    }
    Ok(merged)
}

/// Adds figures; absent and absent stay absent.
fn add(sums: &mut Part, part: &Part) -> Result<(), Error> {
    for measure in Measure::ALL {
        let Some(figure) = part.measures[measure.index()] else { continue };
        let sum = sums.measures[measure.index()].unwrap_or(Micros::ZERO).checked_add(figure);
        sums.measures[measure.index()] = Some(sum.ok_or_else(|| overflow(part, measure))?);
    }
    Ok(())
}

fn overflow(part: &Part, measure: Measure) -> Error {
    let place = Origin::new(&part.batch.path, part.line);
    let message = format!("{place}: the sum of `{}` goes past 9.2 × 10¹²", measure.name());
    Error::new(Kind::Input, message).help("check the unit of the column")
}

/// Turns the amounts of a part into the reporting currency.
fn converted<'a>(mut part: Part<'a>, settings: &Settings, rates: &Rates) -> Result<Part<'a>, Error> {
    let (date, _, _, currency) = part.key;
    if currency == settings.project.currency {
        return Ok(part);
    }
    for measure in Measure::ALL.into_iter().filter(|measure| measure.is_money()) {
        if let Some(amount) = part.measures[measure.index()] {
            let amount = rates.convert(amount, currency, date).ok_or_else(|| overflow(&part, measure))?;
            part.measures[measure.index()] = Some(amount);
        }
    }
    Ok(part)
}

/// Every currency must have a rate for its days: an amount is never taken for another currency's.
fn have_rates(parts: &[Part], settings: &Settings, rates: &Rates) -> Result<(), Error> {
    let project = settings.project.currency;
    let mut missing: BTreeMap<(usize, Currency), &Part> = BTreeMap::new();
    for part in parts.iter().filter(|part| part.key.3 != project && !rates.has(part.key.3, part.key.0)) {
        let first = missing.entry((part.batch.source, part.key.3)).or_insert(part);
        if (&part.batch.path, part.line) < (&first.batch.path, first.line) {
            *first = part;
        }
    }
    Error::all(missing.into_values().map(|part| without_rate(part, settings)).collect())
}

fn without_rate(part: &Part, settings: &Settings) -> Error {
    let (date, _, _, currency) = part.key;
    let place = Origin::new(&part.batch.path, part.line);
    let project = settings.project.currency;
    let message = format!("{place}: an amount in {currency}, without a rate into {project} on or before {date}");
    Error::new(Kind::Input, message).help(format!(
        "give dated rates, `project.rates = \"rates.csv\"` with the columns date, currency, rate; or count in \
         `project.currency = \"{currency}\"`; or, if the file does not say {currency} itself, set `currency` of source[{}]",
        part.batch.source + 1
    ))
}

/// Every name in any batch or fallback, sorted.
struct Dictionary {
    names: Vec<Name>,
}

impl Dictionary {
    fn new(batches: &[Batch], settings: &Settings) -> Dictionary {
        let named = batches.iter().flat_map(|batch| batch.names.iter().cloned());
        let fallbacks = settings.sources.iter().flat_map(|source| source.fallback.iter().flatten());
        let platforms = batches.iter().filter_map(|batch| batch.platform.as_ref());
        let others = fallbacks.chain(platforms).map(|name| Arc::from(name.as_str()));
        let names: BTreeSet<Name> = named.chain(others).collect();
        Dictionary { names: names.into_iter().collect() }
    }

    /// The rank of a name, from 1.
    fn rank(&self, name: &str) -> u32 {
        self.names.binary_search_by(|other| (**other).cmp(name)).map_or(0, |index| index as u32 + 1)
    }

    fn name(&self, rank: u32) -> Option<&Name> {
        self.names.get(rank.checked_sub(1)? as usize)
    }

    /// The rows of a batch with global names.
    fn parts<'a>(&self, batch: &'a Batch, settings: &Settings) -> Vec<Part<'a>> {
        let ranks: Vec<u32> = batch.names.iter().map(|name| self.rank(name)).collect();
        let fallback = fallback(batch, &settings.sources[batch.source]);
        let fallback: Names = fallback.map(|name| name.map_or(0, |name| self.rank(name)));
        let names = |row: &Row| -> Names {
            Field::ALL.map(|field| match row.names[field.index()] {
                Some(place) => ranks[place as usize],
                None => fallback[field.index()],
            })
        };
        let part = |row: &Row| Part {
            key: (row.date, names(row), row.days, row.currency),
            measures: row.measures,
            batch,
            line: row.line,
        };
        batch.rows.iter().map(part).collect()
    }

    fn entry(&self, part: &Part) -> Entry {
        let (date, names, days, _) = part.key;
        Entry { date, days, names: names.map(|rank| self.name(rank).cloned()), measures: part.measures }
    }
}

/// The names of rows that name none: the source's, and for the platform the one that the headers are of.
pub(super) fn fallback<'a>(batch: &'a Batch, source: &'a Source) -> [Option<&'a str>; 5] {
    let mut names = [0, 1, 2, 3, 4].map(|index| source.fallback[index].as_deref());
    let platform = &mut names[Field::Platform.index()];
    *platform = platform.or(batch.platform.as_deref());
    names
}
