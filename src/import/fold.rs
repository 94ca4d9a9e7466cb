//! Rows → sums by day, names and currency, as they are read: memory follows the number of keys and not of rows.

use std::hash::BuildHasher;
use std::sync::Arc;

use foldhash::fast::FixedState;
use hashbrown::HashTable;
use jiff::civil::Date;
use rayon::slice::ParallelSliceMut;

use super::batch::Row;
use super::number::{is_absent, is_scientific};
use super::rows::ERROR_CELLS;
use crate::units::{Currency, Measure, Micros};

/// Texts that stand in many cells, each held once.
#[derive(Debug, Default)]
pub(super) struct Interner {
    texts: Vec<Arc<str>>,
    places: HashTable<u32>,
    hasher: FixedState,
}

impl Interner {
    /// The place of a text.
    pub(super) fn place(&mut self, text: &str) -> u32 {
        let Interner { texts, places, hasher } = self;
        let hash = hasher.hash_one(text);
        if let Some(place) = places.find(hash, |place| *texts[*place as usize] == *text) {
            return *place;
        }
        let place = texts.len() as u32;
        texts.push(Arc::from(text));
        places.insert_unique(hash, place, |place| hasher.hash_one(&*texts[*place as usize]));
        place
    }

    /// The texts, by their places.
    pub(super) fn into_texts(self) -> Vec<Arc<str>> {
        self.texts
    }
}

/// What a cell holds that should hold a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Named {
    /// A name, by its place from 1.
    Name(u32),
    /// Nothing.
    Absent,
    /// An error of a spreadsheet.
    Error,
    /// An ID that a spreadsheet has cut.
    Cut,
}

/// The names of one reader.
#[derive(Debug, Default)]
pub(super) struct Names {
    cells: Interner,
    /// What each different cell holds.
    named: Vec<Named>,
    names: Interner,
}

impl Names {
    /// What a cell holds.
    pub(super) fn read(&mut self, cell: &str) -> Named {
        let place = self.cells.place(cell) as usize;
        if place == self.named.len() {
            let named = self.look(undecorated(cell.trim()));
            self.named.push(named);
        }
        self.named[place]
    }

    fn look(&mut self, name: &str) -> Named {
        if is_scientific(name) {
            Named::Cut
        } else if ERROR_CELLS.contains(&name) {
            Named::Error
        } else if is_absent(name) {
            Named::Absent
        } else {
            Named::Name(self.names.place(name) + 1)
        }
    }
}

/// A name without what platforms put around it: `[已删除]` after deleted items, brackets around numbers of accounts.
fn undecorated(name: &str) -> &str {
    let name = name.strip_suffix("[已删除]").unwrap_or(name).trim_end();
    let inside = name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let is_number = |text: &&str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    inside.filter(is_number).unwrap_or(name)
}

/// What rows are summed by: the place of the date's reading, the places of the names from 1, the currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Key {
    /// The date, or the first of several.
    pub date: u32,
    /// The last of several, from 1.
    pub end: u32,
    /// The names by `Field::index`, 0 where the row has none.
    pub names: [u32; 5],
    /// The currency.
    pub currency: Currency,
}

/// The figures of one row.
pub(super) type Figures = [Option<Micros>; 9];

/// Figures in few bytes.
#[derive(Clone, Copy, Debug, Default)]
struct Packed {
    figures: [i64; 9],
    /// A bit for each figure that is there.
    present: u16,
    /// A bit for each figure whose sum went out of range.
    past: u16,
}

impl Packed {
    fn add(&mut self, index: usize, figure: i64) {
        self.present |= 1 << index;
        let (sum, past) = self.figures[index].overflowing_add(figure);
        self.figures[index] = sum;
        self.past |= u16::from(past) << index;
    }

    fn merge(&mut self, other: &Packed) {
        self.past |= other.past;
        for index in (0..9).filter(|index| other.present >> index & 1 != 0) {
            self.add(index, other.figures[index]);
        }
    }

    fn unpacked(&self) -> Figures {
        let figure = |index: usize| (self.present >> index & 1 != 0).then(|| Micros::new(self.figures[index]));
        [0, 1, 2, 3, 4, 5, 6, 7, 8].map(figure)
    }
}

/// The rows of one key, as one. It takes two lines of the processor's cache, never three.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
struct Sum {
    key: Key,
    figures: Packed,
    line: u64,
    rows: u32,
    /// Of the rows, those that equal an earlier row of the file in every column.
    repeated: u32,
}

/// A row that waits to be added.
#[derive(Clone, Copy, Debug)]
struct Waiting {
    key: Key,
    hash: u64,
    figures: Figures,
    line: u64,
    is_repeated: bool,
}

/// Rows that are added together. Sums lie all over memory; in a tight row of look-ups the processor fetches many side by
/// side, where one between the cells of two rows would be waited for.
const TOGETHER: usize = 128;

/// The sums of one reader.
#[derive(Debug, Default)]
pub(super) struct Fold {
    /// The names of the rows.
    pub names: Names,
    waiting: Vec<Waiting>,
    places: HashTable<u32>,
    hasher: FixedState,
    sums: Vec<Sum>,
}

impl Fold {
    /// Adds a row to those of its key.
    pub(super) fn add(&mut self, key: Key, figures: &Figures, line: u64, is_repeated: bool) {
        let hash = self.hasher.hash_one(key);
        self.waiting.push(Waiting { key, hash, figures: *figures, line, is_repeated });
        if self.waiting.len() == TOGETHER {
            self.settle();
        }
    }

    /// Adds the rows that wait.
    fn settle(&mut self) {
        let mut waiting = std::mem::take(&mut self.waiting);
        let mut places = [0; TOGETHER];
        for (place, row) in places.iter_mut().zip(&waiting) {
            *place = self.place(row);
        }
        for (place, row) in places.into_iter().zip(waiting.drain(..)) {
            self.sums[place as usize].add(&row);
        }
        self.waiting = waiting;
    }

    /// The place of a row's sum.
    fn place(&mut self, row: &Waiting) -> u32 {
        let Fold { places, hasher, sums, .. } = self;
        let found = places.find(row.hash, |place| sums[*place as usize].key == row.key).copied();
        found.unwrap_or_else(|| {
            let place = sums.len() as u32;
            sums.push(Sum { key: row.key, figures: Packed::default(), line: row.line, rows: 0, repeated: 0 });
            places.insert_unique(row.hash, place, |place| hasher.hash_one(sums[*place as usize].key));
            place
        })
    }
}

impl Sum {
    fn add(&mut self, row: &Waiting) {
        self.rows += 1;
        self.repeated += u32::from(row.is_repeated);
        self.line = self.line.min(row.line);
        for (index, figure) in row.figures.iter().enumerate() {
            if let Some(figure) = figure {
                self.figures.add(index, figure.get());
            }
        }
    }
}

/// The sums of a whole file.
#[derive(Debug)]
pub(super) struct Folded {
    /// The names that the rows refer to, ascending.
    pub names: Vec<Arc<str>>,
    days: Vec<Date>,
    /// Ascending by line; dates are places in `days`.
    sums: Vec<Sum>,
}

impl Folded {
    /// Puts the sums of several readers together. `days` are, for each reader, the days of its readings.
    ///
    /// # Errors
    ///
    /// The line of the first row, and the figure, of a sum that leaves the range of [`Micros`].
    pub(super) fn of(folds: Vec<(Fold, Vec<Date>)>) -> Result<Folded, (u64, Measure)> {
        let mut days: Vec<Date> = folds.iter().flat_map(|(_, days)| days.iter().copied()).collect();
        days.sort_unstable();
        days.dedup();
        let (mut folds, calendars): (Vec<Fold>, Vec<Vec<Date>>) = folds.into_iter().unzip();
        folds.iter_mut().for_each(Fold::settle);
        let local: Vec<Vec<Arc<str>>> =
            folds.iter_mut().map(|fold| std::mem::take(&mut fold.names).names.into_texts()).collect();
        let mut names: Vec<Arc<str>> = local.iter().flatten().cloned().collect();
        names.sort_unstable();
        names.dedup();
        let mut sums = Vec::new();
        for ((fold, calendar), local) in folds.into_iter().zip(calendars).zip(local) {
            let day = places(&calendar, &days);
            let name = places(&local, &names);
            let global = |place: u32| place.checked_sub(1).map_or(0, |place| name[place as usize] + 1);
            sums.reserve_exact(fold.sums.len());
            sums.extend(fold.sums.into_iter().map(|mut sum| {
                sum.key.date = day[sum.key.date as usize];
                sum.key.end = sum.key.end.checked_sub(1).map_or(0, |end| day[end as usize] + 1);
                sum.key.names = sum.key.names.map(global);
                sum
            }));
        }
        let sums = merged(sums)?;
        Ok(Folded { names, days, sums })
    }

    /// Whether the dates are those of a weekly file: at least three, in steps of sevens.
    pub(super) fn steps_by_weeks(&self) -> bool {
        let whole_weeks = |pair: &[Date]| pair[0].until(pair[1]).is_ok_and(|gap| gap.get_days() % 7 == 0);
        let mut used: Vec<u32> = self.sums.iter().map(|sum| sum.key.date).collect();
        used.sort_unstable();
        used.dedup();
        let days: Vec<Date> = used.into_iter().map(|place| self.days[place as usize]).collect();
        days.len() >= 3 && days.windows(2).all(whole_weeks)
    }

    /// Whether each key has one row, rows aside that repeat another in every column.
    pub(super) fn has_one_row_per_key(&self) -> bool {
        self.sums.iter().all(|sum| sum.rows - sum.repeated <= 1)
    }

    /// The rows, each standing for `days`.
    pub(super) fn into_rows(self, days: u32) -> (Vec<Arc<str>>, Vec<Row>) {
        let Folded { names, days: calendar, sums } = self;
        let last = |end: u32| end.checked_sub(1).map(|end| calendar[end as usize]);
        let row = |sum: Sum| Row {
            date: calendar[sum.key.date as usize],
            days: last(sum.key.end).map_or(days, |last| length(calendar[sum.key.date as usize], last)),
            names: sum.key.names.map(|place| place.checked_sub(1)),
            currency: sum.key.currency,
            measures: sum.figures.unpacked(),
            line: sum.line,
            count: sum.rows.into(),
        };
        (names, sums.into_iter().map(row).collect())
    }
}

/// Days from `first` to `last`, both included; one where they are the wrong way round.
fn length(first: Date, last: Date) -> u32 {
    first.until(last).map_or(1, |span| span.get_days().max(0).unsigned_abs() + 1)
}

/// For each of `local` its place in `all`, which holds it and ascends.
fn places<T: Ord>(local: &[T], all: &[T]) -> Vec<u32> {
    local.iter().map(|item| all.binary_search(item).unwrap_or_default() as u32).collect()
}

/// Sums of one key each, ascending by line.
fn merged(mut sums: Vec<Sum>) -> Result<Vec<Sum>, (u64, Measure)> {
    sums.par_sort_unstable_by_key(|sum| (sum.key, sum.line));
    sums.dedup_by(|later, kept| {
        let is_same = later.key == kept.key;
        if is_same {
            kept.figures.merge(&later.figures);
            kept.rows += later.rows;
            kept.repeated += later.repeated;
        }
        is_same
    });
    sums.par_sort_unstable_by_key(|sum| sum.line);
    let past = |sum: &Sum| {
        let measure = Measure::ALL.into_iter().find(|measure| sum.figures.past >> measure.index() & 1 != 0)?;
        Some((sum.line, measure))
    };
    sums.iter().find_map(past).map_or(Ok(()), Err)?;
    Ok(sums)
}
