//! Rows → sums by day, names and currency, as they are read: memory follows the number of keys and not of rows.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

use foldhash::fast::FixedState;
use jiff::civil::Date;
use rayon::slice::ParallelSliceMut;

use super::batch::Row;
use super::named::{Group, Names};
use super::sums::{Figures, Key, Sums, TOGETHER, Waiting};
use crate::units::Measure;

/// The sums of one reader.
#[derive(Debug)]
pub(super) struct Fold {
    /// The names of the rows.
    pub names: Names,
    waiting: Vec<Waiting>,
    sums: Sums,
}

impl Fold {
    /// No rows yet, of a file with these figures.
    pub(super) fn new(measures: Vec<Measure>) -> Fold {
        Fold { names: Names::default(), waiting: Vec::with_capacity(TOGETHER), sums: Sums::new(measures) }
    }

    /// Adds a row to those of its key.
    pub(super) fn add(&mut self, key: Key, figures: &Figures, line: u64, is_repeated: bool) {
        self.waiting.push(Waiting { key, figures: *figures, line, is_repeated });
        if self.waiting.len() == TOGETHER {
            self.settle();
        }
    }

    /// Adds the rows that wait.
    fn settle(&mut self) {
        self.sums.add(&self.waiting);
        self.waiting.clear();
    }
}

/// The sums of a whole file.
#[derive(Debug)]
pub(super) struct Folded {
    /// The names that the rows refer to, ascending.
    pub names: Vec<Arc<str>>,
    days: Vec<Date>,
    groups: Vec<Group>,
    /// Dates are places in `days`, groups in `groups`.
    sums: Sums,
}

impl Folded {
    /// Puts the sums of several readers together. `days` are, for each reader, the days of its readings.
    ///
    /// # Errors
    ///
    /// The line of the first row, and the figure, of a sum that leaves the range of [`Micros`](crate::units::Micros).
    pub(super) fn of(folds: Vec<(Fold, Vec<Date>)>) -> Result<Folded, (u64, Measure)> {
        let (mut readers, mut local) = (Vec::new(), Vec::new());
        for (mut fold, calendar) in folds {
            fold.settle();
            readers.push((fold.sums, calendar));
            local.push(fold.names.into_parts());
        }
        let mut names: Vec<Arc<str>> = local.iter().flat_map(|(names, _)| names.iter().cloned()).collect();
        names.sort_unstable();
        names.dedup();
        let (mut days, mut groups, mut all) = (Places::default(), Places::default(), None);
        for ((sums, calendar), (local, own)) in readers.into_iter().zip(&local) {
            let day = days.of(&calendar);
            let group = groups.of(&renamed(own, local, &names));
            let key = |key: Key| Key {
                group: group[key.group as usize],
                first: day[key.first as usize],
                end: key.end.checked_sub(1).map_or(0, |end| day[end as usize] + 1),
            };
            // The first reader's keys mostly are those of all, but two readings of a date may be the same day.
            let is_same = (0..).zip(&day).all(|(own, place)| own == *place);
            match &mut all {
                None if is_same => all = Some(sums),
                all => all.get_or_insert_with(|| sums.none()).absorb(&sums, key),
            }
        }
        let sums = all.unwrap_or_else(|| Sums::new(Vec::new()));
        sums.past().map_or(Ok(()), Err)?;
        Ok(Folded { names, days: days.items, groups: groups.items, sums })
    }

    /// Whether the dates are those of a weekly file: at least three, in steps of sevens.
    pub(super) fn steps_by_weeks(&self) -> bool {
        let whole_weeks = |pair: &[Date]| pair[0].until(pair[1]).is_ok_and(|gap| gap.get_days() % 7 == 0);
        let mut is_used = vec![false; self.days.len()];
        self.sums.firsts().iter().for_each(|(key, _)| is_used[key.first as usize] = true);
        let used = self.days.iter().zip(is_used).filter(|(_, used)| *used);
        let mut days: Vec<Date> = used.map(|(day, _)| *day).collect();
        days.sort_unstable();
        days.len() >= 3 && days.windows(2).all(whole_weeks)
    }

    /// Whether each key has one row, rows aside that repeat another in every column.
    pub(super) fn has_one_row_per_key(&self) -> bool {
        let sums = &self.sums;
        (0..sums.firsts().len() as u32).all(|place| sums.rows(place) - sums.repeated(place) <= 1)
    }

    /// The rows, each standing for `days`, ascending by line.
    pub(super) fn into_rows(self, days: u32) -> (Vec<Arc<str>>, Vec<Row>) {
        let Folded { names, days: calendar, groups, sums } = self;
        let mut order: Vec<(u64, u32)> =
            sums.firsts().iter().zip(0..).map(|((_, line), place)| (*line, place)).collect();
        order.par_sort_unstable();
        let row = |(line, place): (u64, u32)| {
            let key = sums.firsts()[place as usize].0;
            let (group, date) = (groups[key.group as usize], calendar[key.first as usize]);
            let last = key.end.checked_sub(1).map(|end| calendar[end as usize]);
            Row {
                date,
                days: last.map_or(days, |last| length(date, last)),
                names: group.names.map(|place| place.checked_sub(1)),
                currency: group.currency,
                measures: sums.figures(place),
                line,
                count: sums.rows(place).into(),
            }
        };
        (names, order.into_iter().map(row).collect())
    }
}

/// Different items, and where each of them stands.
#[derive(Debug)]
struct Places<T> {
    items: Vec<T>,
    places: HashMap<T, u32, FixedState>,
}

impl<T> Default for Places<T> {
    fn default() -> Places<T> {
        Places { items: Vec::new(), places: HashMap::default() }
    }
}

impl<T: Copy + Eq + Hash> Places<T> {
    /// The place of each item, at the end where it was not met before.
    fn of(&mut self, items: &[T]) -> Vec<u32> {
        let place = |item: &T| {
            *self.places.entry(*item).or_insert_with(|| {
                self.items.push(*item);
                self.items.len() as u32 - 1
            })
        };
        items.iter().map(place).collect()
    }
}

/// Days from `first` to `last`, both included; one where they are the wrong way round.
fn length(first: Date, last: Date) -> u32 {
    first.until(last).map_or(1, |span| span.get_days().max(0).unsigned_abs() + 1)
}

/// Groups by the places of their names in `all`, which ascends and holds all of `local`, instead of in `local`.
fn renamed(groups: &[Group], local: &[Arc<str>], all: &[Arc<str>]) -> Vec<Group> {
    let name: Vec<u32> = local.iter().map(|name| all.binary_search(name).unwrap_or_default() as u32).collect();
    let global = |place: u32| place.checked_sub(1).map_or(0, |place| name[place as usize] + 1);
    groups.iter().map(|group| Group { names: group.names.map(global), ..*group }).collect()
}
