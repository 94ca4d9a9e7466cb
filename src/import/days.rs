//! The date cells of a file, as one reader meets them: each different cell is read once.

use std::collections::HashMap;

use foldhash::fast::FixedState;

use super::cells::Cells;
use super::date::{Hints, Reading, Seen, read};

/// Different cells that are remembered; exports have a cell a day, or at most a minute.
const REMEMBERED: usize = 1 << 16;

/// The readings of one reader.
#[derive(Debug)]
pub(super) struct Days {
    hints: Hints,
    cells: HashMap<Box<str>, Option<u32>, FixedState>,
    places: HashMap<Reading, u32, FixedState>,
    /// Each different reading, with the first cell that has it.
    pub seen: Vec<Seen>,
    last: (String, Option<u32>),
    joined: String,
}

impl Days {
    /// No readings yet.
    pub(super) fn new(hints: Hints) -> Days {
        Days {
            hints,
            cells: HashMap::default(),
            places: HashMap::default(),
            seen: Vec::new(),
            last: (String::new(), None),
            joined: String::new(),
        }
    }

    /// The place of what the date of a record says among [`Days::seen`]; `None` when it is no date.
    pub(super) fn place(&mut self, cells: &Cells, date: &[usize], line: u64) -> Option<u32> {
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
    pub(super) fn given(&mut self, reading: Reading, line: u64) -> u32 {
        self.place_of(reading, "", line)
    }

    fn of_text(&mut self, text: &str, line: u64) -> Option<u32> {
        if self.last.0 == text {
            return self.last.1;
        }
        let place = match self.cells.get(text) {
            Some(place) => *place,
            None => self.met(text, line),
        };
        self.last.0.clear();
        self.last.0.push_str(text);
        self.last.1 = place;
        place
    }

    fn met(&mut self, text: &str, line: u64) -> Option<u32> {
        let reading = read(text.trim(), self.hints);
        let place = (reading != Reading::Not).then(|| self.place_of(reading, text.trim(), line));
        if self.cells.len() >= REMEMBERED {
            self.cells.clear();
        }
        self.cells.insert(text.into(), place);
        place
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
