//! Names of rows → numbers: each text is held once, and cells side by side are known again together.

use std::hash::BuildHasher;
use std::ops::Range;
use std::sync::Arc;

use foldhash::fast::FixedState;
use hashbrown::HashTable;

use super::number::{is_absent, is_scientific, unprotected};
use super::rows::{ERROR_CELLS, is_total_word};
use crate::units::Currency;

/// What texts mean, each text held once and all of them close together.
#[derive(Debug)]
struct Texts<T> {
    text: String,
    /// Where each of them stands in `text`, and what it means.
    meanings: HashTable<(Range<usize>, T)>,
    hasher: FixedState,
}

impl<T> Default for Texts<T> {
    fn default() -> Texts<T> {
        Texts { text: String::new(), meanings: HashTable::new(), hasher: FixedState::default() }
    }
}

impl<T: Copy> Texts<T> {
    /// What a text means, if it was told.
    fn find(&self, text: &str) -> Option<T> {
        let hash = self.hasher.hash_one(text);
        self.meanings.find(hash, |(range, _)| self.text[range.clone()] == *text).map(|(_, meaning)| *meaning)
    }

    /// Tells what a text means that was not told before.
    fn tell(&mut self, new: &str, meaning: T) {
        let Texts { text, meanings, hasher } = self;
        let start = text.len();
        text.push_str(new);
        let hash = hasher.hash_one(new);
        meanings.insert_unique(hash, (start..text.len(), meaning), |(range, _)| hasher.hash_one(&text[range.clone()]));
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
    /// A word for a total of other rows.
    Total,
}

/// Whose a row is: the places of its names from 1, by `Field::index` and 0 where the row has none, and its currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Group {
    /// The names.
    pub names: [u32; 5],
    /// The currency.
    pub currency: Currency,
}

/// The names of one reader.
#[derive(Debug, Default)]
pub(super) struct Names {
    cells: Texts<Named>,
    places: Texts<u32>,
    names: Vec<Arc<str>>,
    groups: Vec<Group>,
    group_places: HashTable<u32>,
    hasher: FixedState,
    /// Groups by the text of all names of a row, where these stand side by side.
    rows: Texts<u32>,
}

impl Names {
    /// What a cell holds.
    pub(super) fn read(&mut self, cell: &str) -> Named {
        self.cells.find(cell).unwrap_or_else(|| {
            let named = self.look(undecorated(unprotected(cell.trim())));
            self.cells.tell(cell, named);
            named
        })
    }

    /// The group of a row by the text of its names, where such a row was met before.
    pub(super) fn met(&self, text: &str) -> Option<u32> {
        self.rows.find(text)
    }

    /// Notes the group of all rows with this text of names, which no row had before.
    pub(super) fn note(&mut self, text: &str, group: u32) {
        self.rows.tell(text, group);
    }

    /// The place of a group.
    pub(super) fn group(&mut self, group: Group) -> u32 {
        let Names { groups, group_places: places, hasher, .. } = self;
        let hash = hasher.hash_one(group);
        if let Some(place) = places.find(hash, |place| groups[*place as usize] == group) {
            return *place;
        }
        let place = groups.len() as u32;
        groups.push(group);
        places.insert_unique(hash, place, |place| hasher.hash_one(groups[*place as usize]));
        place
    }

    /// The names and the groups, by their places.
    pub(super) fn into_parts(self) -> (Vec<Arc<str>>, Vec<Group>) {
        (self.names, self.groups)
    }

    fn place(&mut self, name: &str) -> u32 {
        self.places.find(name).unwrap_or_else(|| {
            let place = self.names.len() as u32;
            self.names.push(name.into());
            self.places.tell(name, place);
            place
        })
    }

    fn look(&mut self, name: &str) -> Named {
        if is_scientific(name) {
            Named::Cut
        } else if ERROR_CELLS.contains(&name) {
            Named::Error
        } else if is_absent(name) {
            Named::Absent
        } else if is_total_word(name) {
            Named::Total
        } else {
            Named::Name(self.place(name) + 1)
        }
    }
}

/// A name without what platforms put around it: `[已删除]` after deleted items, brackets around numbers of accounts, an
/// apostrophe before them.
fn undecorated(name: &str) -> &str {
    let name = name.strip_suffix("[已删除]").unwrap_or(name).trim_end();
    let inside = name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let inside = inside.or(name.strip_prefix('\''));
    let is_number = |text: &&str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    inside.filter(is_number).unwrap_or(name)
}
