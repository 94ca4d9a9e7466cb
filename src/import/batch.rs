//! What one file holds, once read: its rows folded by day and names, and what there is to say about them.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::Arc;

use jiff::civil::Date;

use crate::check::Finding;
use crate::units::{Currency, Field, Measure, Micros};

/// The rows of one file.
#[derive(Clone, Debug)]
pub struct Batch {
    /// The source that names the file, from 0, in the order of the settings.
    pub source: usize,
    /// The file.
    pub path: PathBuf,
    /// The name of its encoding.
    pub encoding: &'static str,
    /// The platform that its headers are of, when they are those of a known platform.
    pub platform: Option<String>,
    /// SHA-256 of its bytes, hexadecimal.
    pub sha256: String,
    /// The canonical columns that were read.
    pub columns: Arc<str>,
    /// The names that rows refer to.
    pub names: Vec<Arc<str>>,
    /// The rows, folded by day, names and currency, in the order of their first lines.
    pub rows: Vec<Row>,
    /// Data rows of the file.
    pub read: u64,
    /// Data rows that `rows` holds.
    pub used: u64,
    /// Data rows left out, by reason.
    pub skipped: Vec<Skip>,
    /// Face-value spend of all data rows by currency, in millionths: rows left out count too where their spend is a
    /// number.
    pub spend: BTreeMap<Currency, i128>,
    /// The file's own total of spend, when it has a total row.
    pub own_total: Option<Micros>,
    /// What is worth a look.
    pub findings: Vec<Finding>,
}

/// The rows of a file that share day, names and currency, as one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The day, or the first of several.
    pub date: Date,
    /// Days that it stands for: 1, 7, or the source's period.
    pub days: u32,
    /// Places in [`Batch::names`], by [`Field::index`].
    pub names: [Option<u32>; 5],
    /// The currency of its amounts.
    pub currency: Currency,
    /// The figures, by [`Measure::index`]; absent is not zero.
    pub measures: [Option<Micros>; 9],
    /// The line of the first of its rows.
    pub line: u64,
    /// Data rows of the file that it is the sum of.
    pub count: u64,
}

/// Rows left out for one reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skip {
    /// Why.
    pub reason: &'static str,
    /// Which.
    pub lines: Lines,
}

/// How many lines something holds for, and the first few of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lines {
    /// How many.
    pub count: u64,
    /// The first [`Lines::EXAMPLES`].
    pub first: Vec<u64>,
}

impl Lines {
    /// Examples that are kept.
    pub const EXAMPLES: usize = 5;

    /// Counts one more line.
    pub fn add(&mut self, line: u64) {
        self.count += 1;
        if self.first.len() < Lines::EXAMPLES {
            self.first.push(line);
        }
    }
}

/// Folds rows as they are read, so that memory follows the number of keys and not of rows.
#[derive(Debug, Default)]
pub(super) struct Fold {
    places: HashMap<Arc<str>, u32>,
    names: Vec<Arc<str>>,
    keys: HashMap<(Date, [Option<u32>; 5], Currency), usize>,
    rows: Vec<Row>,
    /// Whether a key has more than one row, exact duplicates aside.
    repeats: bool,
}

impl Fold {
    /// The place of a name.
    pub(super) fn place(&mut self, name: &str) -> u32 {
        if let Some(place) = self.places.get(name) {
            return *place;
        }
        let (name, place) = (Arc::<str>::from(name), self.names.len() as u32);
        self.places.insert(Arc::clone(&name), place);
        self.names.push(name);
        place
    }

    /// Adds a row to those of its key; `Err` names the figure whose sum leaves the range of [`Micros`].
    pub(super) fn add(&mut self, row: Row, is_duplicate: bool) -> Result<(), Measure> {
        let key = (row.date, row.names, row.currency);
        let Some(index) = self.keys.get(&key).copied() else {
            self.keys.insert(key, self.rows.len());
            self.rows.push(row);
            return Ok(());
        };
        self.repeats |= !is_duplicate;
        self.rows[index].count += row.count;
        let sums = &mut self.rows[index].measures;
        for measure in Measure::ALL {
            if let Some(figure) = row.measures[measure.index()] {
                let sum = sums[measure.index()].unwrap_or(Micros::ZERO).checked_add(figure).ok_or(measure)?;
                sums[measure.index()] = Some(sum);
            }
        }
        Ok(())
    }

    /// Whether the dates are those of a weekly file: at least three, in steps of sevens.
    pub(super) fn steps_by_weeks(&self) -> bool {
        let mut dates: Vec<Date> = self.rows.iter().map(|row| row.date).collect();
        dates.sort_unstable();
        dates.dedup();
        let whole_weeks = |pair: &[Date]| pair[0].until(pair[1]).is_ok_and(|gap| gap.get_days() % 7 == 0);
        dates.len() >= 3 && dates.windows(2).all(whole_weeks)
    }

    /// Whether each key has one row.
    pub(super) fn has_one_row_per_key(&self) -> bool {
        !self.repeats
    }

    /// The names and rows, each row standing for `days`.
    pub(super) fn finish(mut self, days: u32) -> (Vec<Arc<str>>, Vec<Row>) {
        self.rows.iter_mut().for_each(|row| row.days = days);
        (self.names, self.rows)
    }
}

impl Batch {
    /// The name of one field of a row, where the row has one.
    pub fn name(&self, row: &Row, field: Field) -> Option<&Arc<str>> {
        row.names[field.index()].and_then(|place| self.names.get(place as usize))
    }
}
