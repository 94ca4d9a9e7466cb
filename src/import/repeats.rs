//! Rows that equal an earlier row of their file in every column.
//!
//! Eight bytes a row are kept while the rows go by. Only where two of these hashes are equal, the file is gone through once
//! more for the lines, by a hash of twice the length: most files have no such rows, and large ones must not be held.

use std::collections::HashSet;

use hashbrown::HashTable;
use hashbrown::hash_table::Entry;
use rayon::prelude::*;

use super::batch::Lines;

/// Which rows repeat an earlier one.
#[derive(Debug, Default)]
pub(super) struct Repeats {
    /// Their lines, ascending; `None` while nobody has looked.
    lines: Option<Vec<u64>>,
}

impl Repeats {
    /// The repeated rows of a file, from the line and hash of every row that may be one.
    pub(super) fn of(mut found: Vec<(u64, u128)>) -> Repeats {
        found.sort_unstable();
        let mut seen = HashSet::new();
        let lines = found.into_iter().filter(|(_, hash)| !seen.insert(*hash)).map(|(line, _)| line);
        Repeats { lines: Some(lines.collect()) }
    }

    /// Whether the row on a line repeats an earlier one, as far as is known.
    pub(super) fn has(&self, line: u64) -> bool {
        self.lines.as_ref().is_some_and(|lines| lines.binary_search(&line).is_ok())
    }

    /// Whether somebody has looked.
    pub(super) fn are_known(&self) -> bool {
        self.lines.is_some()
    }

    /// How many there are, and the first.
    pub(super) fn lines(&self) -> Lines {
        let mut lines = Lines::default();
        self.lines.iter().flatten().for_each(|line| lines.add(*line));
        lines
    }
}

/// Parts that hashes are kept in: one part is small enough to be looked through within the processor's cache.
const PARTS: usize = 256;

/// A hash of every row that one reader has seen, in parts by their first bits.
#[derive(Debug)]
pub(super) struct Hashes {
    /// The latest, which go to their parts together: one at a time, each would be waited for.
    waiting: Vec<u64>,
    parts: Vec<Vec<u64>>,
}

/// Hashes that go to their parts together.
const TOGETHER: usize = 256;

impl Hashes {
    /// No hashes yet.
    pub(super) fn new() -> Hashes {
        Hashes { waiting: Vec::with_capacity(TOGETHER), parts: vec![Vec::new(); PARTS] }
    }

    /// Notes the hash of a row.
    pub(super) fn add(&mut self, hash: u64) {
        self.waiting.push(hash);
        if self.waiting.len() == TOGETHER {
            self.settle();
        }
    }

    fn settle(&mut self) {
        self.waiting.drain(..).for_each(|hash| self.parts[(hash >> 56) as usize].push(hash));
    }
}

/// The hashes that stand more than once in what the readers of a file have noted, ascending.
pub(super) fn doubles(mut readers: Vec<Hashes>) -> Vec<u64> {
    readers.iter_mut().for_each(Hashes::settle);
    let doubles = |part: usize| {
        let pieces = readers.iter().map(|hashes| &hashes.parts[part]);
        let mut seen = HashTable::with_capacity(pieces.clone().map(Vec::len).sum());
        // The first bits are those of the part, so that others have to tell the places in the table apart.
        let spread = |hash: &u64| hash.rotate_left(8);
        let is_double = |hash: &&u64| match seen.entry(spread(hash), |other| *other == **hash, spread) {
            Entry::Occupied(_) => true,
            Entry::Vacant(place) => {
                place.insert(**hash);
                false
            }
        };
        let mut doubles: Vec<u64> = pieces.flatten().filter(is_double).copied().collect();
        doubles.sort_unstable();
        doubles.dedup();
        doubles
    };
    (0..PARTS).into_par_iter().flat_map_iter(doubles).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn doubles_are_what_stands_twice(pieces in prop::collection::vec(prop::collection::vec(0u64..40, 0..30), 0..4)) {
            let spread: Vec<Vec<u64>> =
                pieces.iter().map(|piece| piece.iter().map(|n| n.wrapping_mul(0x9E37_79B9_7F4A_7C15)).collect()).collect();
            let mut all: Vec<u64> = spread.concat();
            all.sort_unstable();
            let mut expected: Vec<u64> = all.windows(2).filter(|p| p[0] == p[1]).map(|p| p[0]).collect();
            expected.dedup();
            let noted = spread.iter().map(|piece| {
                let mut hashes = Hashes::new();
                piece.iter().for_each(|hash| hashes.add(*hash));
                hashes
            });
            prop_assert_eq!(doubles(noted.collect()), expected);
        }
    }

    #[test]
    fn the_first_of_equal_rows_is_no_repetition() {
        let repeats = Repeats::of(vec![(9, 1), (4, 1), (6, 2), (7, 1)]);
        assert_eq!((repeats.lines().count, repeats.lines().first), (2, vec![7, 9]));
        assert!(repeats.has(9) && !repeats.has(4) && !Repeats::default().has(4));
    }
}
