//! Sums of rows by key, laid out for speed: a row costs looks at two small tables and at one line of memory.
//!
//! ```text
//! group, days in 32s ─ pages ─▶ page, day in it ─ places ─▶ place ─ lines ─▶ rows, figures
//! ```

use std::collections::HashMap;
use std::hash::BuildHasher;

use foldhash::fast::FixedState;
use hashbrown::HashTable;

use crate::units::{Measure, Micros};

/// What rows are summed by, in the numbers of one reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key {
    /// Whose it is.
    pub group: u32,
    /// The date, or the first of several.
    pub first: u32,
    /// The last of several, from 1; 0 for one date.
    pub end: u32,
}

/// The figures of one row, in millionths.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Figures {
    values: [i64; 9],
    /// A bit for each figure that is there.
    present: u16,
}

impl Figures {
    /// One of them.
    pub(super) fn get(&self, measure: Measure) -> Option<Micros> {
        let is_there = self.present >> measure.index() & 1 != 0;
        is_there.then(|| Micros::new(self.values[measure.index()]))
    }

    /// Puts one of them there.
    pub(super) fn set(&mut self, measure: Measure, figure: Micros) {
        self.values[measure.index()] = figure.get();
        self.present |= 1 << measure.index();
    }

    /// Whether there is none.
    pub(super) fn are_absent(&self) -> bool {
        self.present == 0
    }
}

/// A row that waits to be added.
#[derive(Clone, Copy, Debug)]
pub(super) struct Waiting {
    /// What it is summed by.
    pub key: Key,
    /// What is summed.
    pub figures: Figures,
    /// Where it stands.
    pub line: u64,
    /// Whether it equals an earlier row of the file.
    pub is_repeated: bool,
}

/// Which way a sum went out of range when it did so by a figure.
fn carry(figure: i64) -> i32 {
    if figure < 0 { -1 } else { 1 }
}

/// Dates on a page. Keys whose dates are close to one another, as they mostly are, share a page.
const DATES: usize = 32;

/// Stands on a page where a date has no sum.
const NONE: u32 = u32::MAX;

/// A line of the processor's cache: how many rows and which figures they have, then sums of figures.
#[derive(Clone, Copy, Debug, Default)]
#[repr(align(64))]
struct Line([i64; 8]);

/// The bits of the first word of a line that count rows; those from bit [`PRESENT`] on tell which figures they have.
const ROWS: i64 = 0xFFFF_FFFF;

/// See [`ROWS`].
const PRESENT: u32 = 32;

/// Rows that are added together. Sums lie all over memory; in a tight row of look-ups the processor fetches many side by
/// side, where one between the cells of two rows would be waited for.
pub(super) const TOGETHER: usize = 128;

/// The sums of one reader.
#[derive(Debug)]
pub(super) struct Sums {
    /// The figures that the file has.
    measures: Vec<Measure>,
    pages: HashTable<(Key, u32)>,
    hasher: FixedState,
    places: Vec<[u32; DATES]>,
    /// By place, what is needed once.
    firsts: Vec<(Key, u64)>,
    /// By place, as many lines for each as the figures need.
    lines: Vec<Line>,
    /// By place, rows that equal an earlier one.
    repeated: HashMap<u32, u32, FixedState>,
    /// By place and figure, how often its sum went out of range upwards less downwards.
    carries: HashMap<(u32, usize), i32, FixedState>,
}

impl Sums {
    /// No sums yet, of these figures.
    pub(super) fn new(measures: Vec<Measure>) -> Sums {
        Sums {
            measures,
            pages: HashTable::new(),
            hasher: FixedState::default(),
            places: Vec::new(),
            firsts: Vec::new(),
            lines: Vec::new(),
            repeated: HashMap::default(),
            carries: HashMap::default(),
        }
    }

    /// No sums, of the same figures.
    pub(super) fn none(&self) -> Sums {
        Sums::new(self.measures.clone())
    }

    /// Adds rows, at most [`TOGETHER`], in the order of their lines.
    pub(super) fn add(&mut self, rows: &[Waiting]) {
        let places = self.places_of(rows.iter().map(|row| (row.key, row.line)));
        for (place, row) in places.into_iter().zip(rows) {
            self.sum(place, row);
        }
    }

    /// The places of the sums of keys, at most [`TOGETHER`], each with the line that one is begun on where there is none.
    fn places_of(&mut self, keys: impl Iterator<Item = (Key, u64)> + Clone) -> [u32; TOGETHER] {
        let mut slots = [0; TOGETHER];
        for (slot, (key, _)) in slots.iter_mut().zip(keys.clone()) {
            *slot = self.page(key) as usize * DATES + key.first as usize % DATES;
        }
        let mut places = [0; TOGETHER];
        for ((place, slot), (key, line)) in places.iter_mut().zip(slots).zip(keys.clone()) {
            let known = self.places[slot / DATES][slot % DATES];
            *place = if known == NONE { self.begin(slot, key, line) } else { known };
        }
        // A look at each, many on their way at once, before they are worked on one after the other.
        let width = self.width();
        let seen = places.iter().zip(keys).fold(0, |seen, (place, _)| seen ^ self.lines[*place as usize * width].0[0]);
        std::hint::black_box(seen);
        places
    }

    /// The page of a key.
    fn page(&mut self, key: Key) -> u32 {
        let Sums { pages, hasher, places, .. } = self;
        let key = Key { first: key.first / DATES as u32, ..key };
        let hash = hasher.hash_one(key);
        if let Some((_, page)) = pages.find(hash, |(other, _)| *other == key) {
            return *page;
        }
        let page = places.len() as u32;
        places.push([NONE; DATES]);
        pages.insert_unique(hash, (key, page), |(key, _)| hasher.hash_one(key));
        page
    }

    /// Lines that the sums of one key take.
    fn width(&self) -> usize {
        (1 + self.measures.len()).div_ceil(8)
    }

    /// Makes room for the sums of a key.
    fn begin(&mut self, slot: usize, key: Key, line: u64) -> u32 {
        let place = self.firsts.len() as u32;
        self.places[slot / DATES][slot % DATES] = place;
        self.firsts.push((key, line));
        self.lines.resize(self.lines.len() + self.width(), Line::default());
        place
    }

    fn sum(&mut self, place: u32, row: &Waiting) {
        let width = self.width();
        let lines = &mut self.lines[place as usize * width..][..width];
        lines[0].0[0] = (lines[0].0[0] | i64::from(row.figures.present) << PRESENT) + 1;
        for (slot, measure) in (1..).zip(&self.measures) {
            let (sum, figure) = (&mut lines[slot / 8].0[slot % 8], row.figures.values[measure.index()]);
            let (added, past) = sum.overflowing_add(figure);
            *sum = added;
            if past {
                *self.carries.entry((place, measure.index())).or_default() += carry(figure);
            }
        }
        if row.is_repeated {
            *self.repeated.entry(place).or_default() += 1;
        }
    }

    /// Takes in the sums of another reader of the file, whose keys are what `key` says of them.
    pub(super) fn absorb(&mut self, other: &Sums, key: impl Fn(Key) -> Key) {
        let (width, mut taken) = (self.width(), Vec::with_capacity(other.firsts.len()));
        for (firsts, lines) in other.firsts.chunks(TOGETHER).zip(other.lines.chunks(TOGETHER * width)) {
            let places = self.places_of(firsts.iter().map(|(own, line)| (key(*own), *line)));
            for ((place, lines), (_, line)) in places.into_iter().zip(lines.chunks(width)).zip(firsts) {
                self.take(place, lines);
                let first = &mut self.firsts[place as usize].1;
                *first = (*first).min(*line);
                taken.push(place);
            }
        }
        for (place, count) in &other.repeated {
            *self.repeated.entry(taken[*place as usize]).or_default() += count;
        }
        for ((place, index), count) in &other.carries {
            *self.carries.entry((taken[*place as usize], *index)).or_default() += count;
        }
    }

    /// Adds the lines of other sums to those of a place.
    fn take(&mut self, place: u32, others: &[Line]) {
        let width = self.width();
        let lines = &mut self.lines[place as usize * width..][..width];
        let (rows, present) = (others[0].0[0] & ROWS, others[0].0[0] & !ROWS);
        lines[0].0[0] = (lines[0].0[0] | present) + rows;
        for (slot, measure) in (1..).zip(&self.measures) {
            let (sum, other) = (&mut lines[slot / 8].0[slot % 8], others[slot / 8].0[slot % 8]);
            let (added, past) = sum.overflowing_add(other);
            *sum = added;
            if past {
                *self.carries.entry((place, measure.index())).or_default() += carry(other);
            }
        }
    }

    /// What each sum is of, and the line of its first row, by place.
    pub(super) fn firsts(&self) -> &[(Key, u64)] {
        &self.firsts
    }

    /// Rows of a place.
    pub(super) fn rows(&self, place: u32) -> u32 {
        (self.lines[place as usize * self.width()].0[0] & ROWS) as u32
    }

    /// Rows of a place that equal an earlier one of the file in every column.
    pub(super) fn repeated(&self, place: u32) -> u32 {
        self.repeated.get(&place).copied().unwrap_or_default()
    }

    /// The figures of a place.
    pub(super) fn figures(&self, place: u32) -> [Option<Micros>; 9] {
        let width = self.width();
        let lines = &self.lines[place as usize * width..][..width];
        let present = lines[0].0[0] >> PRESENT;
        let mut figures = [None; 9];
        for (slot, measure) in (1..).zip(&self.measures) {
            let is_there = present >> measure.index() & 1 != 0;
            figures[measure.index()] = is_there.then(|| Micros::new(lines[slot / 8].0[slot % 8]));
        }
        figures
    }

    /// The first line, and its figure, of the sums that are out of range.
    pub(super) fn past(&self) -> Option<(u64, Measure)> {
        let past = self.carries.iter().filter(|(_, count)| **count != 0);
        let first = past.map(|((place, index), _)| (self.firsts[*place as usize].1, *index)).min()?;
        Some((first.0, Measure::ALL[first.1]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    type Row = ((u32, u32, u32), [Option<i64>; 9], bool);

    /// Figures, which of them are there, the first line, rows and repeated rows.
    type Summed = ([i128; 9], u16, u64, u32, u32);

    fn row() -> impl Strategy<Value = Row> {
        let figure = prop_oneof![Just(None), (-5i64..5).prop_map(Some), Just(Some(i64::MAX)), Just(Some(i64::MIN))];
        ((0u32..3, prop_oneof![0u32..4, 30u32..70], 0u32..2), prop::array::uniform9(figure), any::<bool>())
    }

    fn waiting(row: &Row, line: u64) -> Waiting {
        let ((group, first, end), values, is_repeated) = *row;
        let mut figures = Figures::default();
        for measure in Measure::ALL {
            if let Some(value) = values[measure.index()] {
                figures.set(measure, Micros::new(value));
            }
        }
        Waiting { key: Key { group, first, end }, figures, line, is_repeated }
    }

    proptest! {
        #[test]
        fn sums_are_exact_and_the_same_for_any_number_of_readers(
            rows in prop::collection::vec(row(), 0..200),
            readers in 1usize..4,
        ) {
            let mut folds: Vec<Sums> = (0..readers).map(|_| Sums::new(Measure::ALL.to_vec())).collect();
            let mut expected: BTreeMap<(u32, u32, u32), Summed> = BTreeMap::new();
            for (line, row) in (1..).zip(&rows) {
                folds[line % readers].add(&[waiting(row, line as u64)]);
                let sum = expected.entry(row.0).or_insert(([0; 9], 0, line as u64, 0, 0));
                for (index, value) in row.1.iter().enumerate() {
                    sum.0[index] += i128::from(value.unwrap_or_default());
                    sum.1 |= u16::from(value.is_some()) << index;
                }
                sum.3 += 1;
                sum.4 += u32::from(row.2);
            }
            let mut all = folds.remove(0);
            folds.iter().for_each(|fold| all.absorb(fold, |key| key));
            let found: BTreeMap<_, _> = (0..).zip(all.firsts()).map(|(place, (key, line))| {
                let figures = all.figures(place);
                let exact = [0, 1, 2, 3, 4, 5, 6, 7, 8].map(|index| {
                    let carries = all.carries.get(&(place, index)).copied().unwrap_or_default();
                    i128::from(figures[index].map_or(0, Micros::get)) + (i128::from(carries) << 64)
                });
                let present = (0..9).fold(0, |bits, index| bits | u16::from(figures[index].is_some()) << index);
                let sum = (exact, present, *line, all.rows(place), all.repeated(place));
                ((key.group, key.first, key.end), sum)
            }).collect();
            prop_assert_eq!(found, expected);
        }
    }

    #[test]
    fn figures_that_a_file_does_not_have_take_no_room() {
        let mut sums = Sums::new(vec![Measure::Spend, Measure::Clicks]);
        let rows: Vec<Waiting> = (0..100).map(|n| waiting(&((n % 7, n, 0), [Some(1); 9], false), n.into())).collect();
        sums.add(&rows);
        assert_eq!((sums.width(), sums.lines.len()), (1, 100));
        assert_eq!((sums.firsts()[5], sums.rows(5)), ((Key { group: 5, first: 5, end: 0 }, 5), 1));
        let one = Some(Micros::new(1));
        assert_eq!(sums.figures(5), [one, None, None, one, None, None, None, None, None]);
    }
}
