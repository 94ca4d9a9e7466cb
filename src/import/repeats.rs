//! Rows that equal an earlier row of their file in every column.
//!
//! Eight bytes a row are kept while the rows go by. Only where two of these hashes are equal, the file is gone through once
//! more for the lines, by a hash of twice the length: most files have no such rows, and large ones must not be held.

use std::collections::HashSet;

use rayon::slice::ParallelSliceMut;

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

/// Parts that hashes are sorted in, so that no second copy of them all is held.
const PARTS: u64 = 256;

/// The hashes that stand more than once in `hashes`, ascending. Takes them as the readers gave them, in pieces.
pub(super) fn doubles(mut hashes: Vec<Vec<u64>>) -> Vec<u64> {
    hashes.iter_mut().for_each(|piece| piece.par_sort_unstable());
    let mut doubles = Vec::new();
    let mut part = Vec::new();
    for index in 0..PARTS {
        let (low, high) = (index << 56, index.checked_add(1).filter(|next| *next < PARTS).map(|next| next << 56));
        part.clear();
        for piece in &hashes {
            let start = piece.partition_point(|hash| *hash < low);
            let end = high.map_or(piece.len(), |high| piece.partition_point(|hash| *hash < high));
            part.extend_from_slice(&piece[start..end]);
        }
        part.sort_unstable();
        doubles.extend(part.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| pair[0]));
    }
    doubles.dedup();
    doubles
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
            prop_assert_eq!(doubles(spread), expected);
        }
    }

    #[test]
    fn the_first_of_equal_rows_is_no_repetition() {
        let repeats = Repeats::of(vec![(9, 1), (4, 1), (6, 2), (7, 1)]);
        assert_eq!((repeats.lines().count, repeats.lines().first), (2, vec![7, 9]));
        assert!(repeats.has(9) && !repeats.has(4) && !Repeats::default().has(4));
    }
}
