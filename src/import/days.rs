//! The date cells of a file, as one reader meets them: each different cell is read once.

use std::collections::HashMap;

use foldhash::fast::FixedState;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;

use super::cells::Cells;
use super::date::{Hints, Reading, Seen, range, read, time_of};
use super::number::unprotected;
use super::short::{Recent, Short};

/// Different cells that are remembered; exports have a cell a day, or at most a minute.
const REMEMBERED: usize = 1 << 16;

/// The readings of one reader.
#[derive(Debug)]
pub(super) struct Days {
    hints: Hints,
    shift: Option<Shift>,
    cells: HashMap<Box<str>, Option<Span>, FixedState>,
    places: HashMap<Reading, u32, FixedState>,
    /// Each different reading, with the first cell that has it.
    pub seen: Vec<Seen>,
    recent: Recent<Option<Span>>,
    joined: String,
}

/// The days of a row: places among [`Days::seen`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    /// The day, or the first of several.
    pub first: u32,
    /// The last day, from 1; 0 where the row has one day only.
    pub end: u32,
}

/// From the time zone of a file to that of the report.
#[derive(Clone, Debug)]
pub(super) struct Shift {
    /// The file's.
    pub from: TimeZone,
    /// The report's.
    pub to: TimeZone,
}

impl Shift {
    /// The day of the report on which a time of a day falls.
    fn day(&self, day: Date, time: Time) -> Date {
        let moved = day.to_datetime(time).to_zoned(self.from.clone());
        moved.map_or(day, |moved| moved.with_time_zone(self.to.clone()).date())
    }

    fn reading(&self, reading: Reading, text: &str) -> Reading {
        let Some(time) = time_of(text) else { return reading };
        let moved = |day: Date| self.day(day, time);
        match reading {
            Reading::Day(day) => Reading::Day(moved(day)),
            Reading::Open { month_first, day_first } => {
                Reading::Open { month_first: month_first.map(moved), day_first: day_first.map(moved) }
            }
            other => other,
        }
    }
}

impl Days {
    /// No readings yet.
    pub(super) fn new(hints: Hints, shift: Option<Shift>) -> Days {
        Days {
            hints,
            shift,
            cells: HashMap::default(),
            places: HashMap::default(),
            seen: Vec::new(),
            recent: Recent::new(),
            joined: String::new(),
        }
    }

    /// The place of what the date of a record says among [`Days::seen`]; `None` when it is no date.
    pub(super) fn place(&mut self, cells: &Cells, (date, end): (&[usize], Option<usize>), line: u64) -> Option<Span> {
        if let (Some(end), [start]) = (end, date) {
            let first = self.of_text(cells.get(*start).unwrap_or_default(), line)?.first;
            let last = self.of_text(cells.get(end).unwrap_or_default(), line)?.first;
            return Some(Span { first, end: last + 1 });
        }
        if let [cell] = date {
            return self.of_text(cells.get(*cell).unwrap_or_default(), line);
        }
        let mut joined = std::mem::take(&mut self.joined);
        text(cells, date, &mut joined);
        let place = self.of_text(&joined, line);
        self.joined = joined;
        place
    }

    /// The place of a reading that the settings give.
    pub(super) fn given(&mut self, reading: Reading, line: u64) -> Span {
        Span { first: self.place_of(reading, "", line), end: 0 }
    }

    fn of_text(&mut self, text: &str, line: u64) -> Option<Span> {
        let short = Short::of(text);
        if let Some(place) = short.and_then(|short| self.recent.get(short)) {
            return place;
        }
        let place = self.cells.get(text).copied().unwrap_or_else(|| self.met(text, line));
        if let Some(short) = short {
            self.recent.set(short, place);
        }
        place
    }

    fn met(&mut self, text: &str, line: u64) -> Option<Span> {
        let cell = unprotected(text.trim());
        let place = match (self.one(cell, line), range(cell)) {
            (Some(first), _) => Some(Span { first, end: 0 }),
            (None, Some((first, last))) => {
                let places = (self.one(first, line), self.one(last, line));
                places.0.zip(places.1).map(|(first, last)| Span { first, end: last + 1 })
            }
            (None, None) => None,
        };
        if self.cells.len() >= REMEMBERED {
            self.cells.clear();
        }
        self.cells.insert(text.into(), place);
        place
    }

    /// The place of the one day that a text tells.
    fn one(&mut self, text: &str, line: u64) -> Option<u32> {
        let mut reading = read(text, self.hints);
        if let Some(shift) = &self.shift {
            reading = shift.reading(reading, text);
        }
        (reading != Reading::Not).then(|| self.place_of(reading, text, line))
    }

    fn place_of(&mut self, reading: Reading, text: &str, line: u64) -> u32 {
        *self.places.entry(reading).or_insert_with(|| {
            self.seen.push(Seen { reading, text: text.to_owned(), line });
            self.seen.len() as u32 - 1
        })
    }
}

/// Puts the text of a record's date into `text`: the cell, or its parts with a blank between.
pub(super) fn text(cells: &Cells, date: &[usize], text: &mut String) {
    text.clear();
    for (index, cell) in date.iter().enumerate() {
        if index > 0 {
            text.push(' ');
        }
        text.push_str(cells.get(*cell).unwrap_or_default().trim());
    }
}
