//! A block of text → records, each a list of cells.

use std::ops::Range;

use csv::{ReaderBuilder, StringRecord};
use memchr::{memchr, memchr_iter};
use xxhash_rust::xxh3::{xxh3_64_with_seed, xxh3_128_with_seed};

use super::blocks::line_ends;
use super::marks;

/// The cells of one record.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cells<'a> {
    text: &'a str,
    bounds: &'a [Range<u32>],
    /// Between the cells in `text`, when it stands there.
    joined: bool,
}

impl<'a> Cells<'a> {
    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.bounds.len()
    }

    /// One of them.
    pub(super) fn get(&self, index: usize) -> Option<&'a str> {
        let bounds = self.bounds.get(index)?;
        self.text.get(bounds.start as usize..bounds.end as usize)
    }

    /// Whether they hold nothing but blanks.
    pub(super) fn is_blank(&self) -> bool {
        let is_mark = |first: &u8| first.is_ascii_graphic() && self.bounds.first().is_some_and(|bounds| bounds.end > 0);
        !self.text.as_bytes().first().is_some_and(is_mark) && self.iter().all(|cell| cell.trim().is_empty())
    }

    /// The text from the cell `first` to the cell `last`, both included, where no other text than theirs can stand there.
    pub(super) fn between(&self, first: usize, last: usize) -> Option<&'a str> {
        let (first, last) = (self.bounds.get(first)?, self.bounds.get(last)?);
        self.text.get(first.start as usize..last.end as usize).filter(|_| self.joined)
    }

    /// All of them.
    pub(super) fn iter(&self) -> impl Iterator<Item = &'a str> + '_ {
        (0..self.len()).filter_map(|index| self.get(index))
    }

    /// Bytes that they hold.
    pub(super) fn size(&self) -> usize {
        self.text.len()
    }

    /// Calls `f` with bytes that two records share when their cells are the same, whether quotes stood around them or
    /// not, and a seed that sets those apart which only read alike.
    fn identity<T>(&self, separator: u8, f: impl Fn(&[u8], u64) -> T) -> T {
        if self.joined {
            return f(self.text.as_bytes(), 0);
        }
        let mut bytes = Vec::with_capacity(self.size() + self.len());
        let is_bare = |cell: &str| !cell.bytes().any(|byte| matches!(byte, b'"' | b'\n' | b'\r') || byte == separator);
        let seed = u64::from(!self.iter().all(is_bare));
        for (index, cell) in self.iter().enumerate() {
            if index > 0 {
                bytes.push(separator);
            }
            if seed != 0 {
                bytes.extend(cell.len().to_le_bytes());
            }
            bytes.extend(cell.as_bytes());
        }
        f(&bytes, seed)
    }

    /// 64 bits of the record: equal where all cells are, else by chance once in 2⁶⁴ pairs.
    pub(super) fn hash(&self, separator: u8) -> u64 {
        self.identity(separator, xxh3_64_with_seed)
    }

    /// 128 bits of the record, of another function: two rows of a file of 10⁷ share them by chance once in 10²⁴ files.
    pub(super) fn long_hash(&self, separator: u8) -> u128 {
        self.identity(separator, xxh3_128_with_seed)
    }
}

/// Calls `f` with every record of a block that begins on `line`, and the line of the record. Blank lines are no records.
///
/// # Errors
///
/// The first of `f`.
pub(super) fn each<E>(
    block: &str,
    separator: u8,
    line: u64,
    f: impl FnMut(&Cells, u64) -> Result<(), E>,
) -> Result<(), E> {
    let bytes = block.as_bytes();
    let is_lone = |at: usize| bytes.get(at + 1) != Some(&b'\n');
    if memchr(b'"', bytes).is_some() || memchr_iter(b'\r', bytes).any(is_lone) {
        each_of_csv(block, separator, line, f)
    } else {
        each_line(block, separator, line, f)
    }
}

/// Records without quotes, each on a line of its own.
fn each_line<E>(
    block: &str,
    separator: u8,
    mut line: u64,
    mut f: impl FnMut(&Cells, u64) -> Result<(), E>,
) -> Result<(), E> {
    let bytes = block.as_bytes();
    let (mut start, mut from, mut bounds) = (0, 0, Vec::new());
    let mut give = |start: usize, end: usize, bounds: &mut Vec<Range<u32>>, from: usize, line: u64| {
        let end = if end > start && bytes[end - 1] == b'\r' { end - 1 } else { end };
        if end == start {
            return Ok(());
        }
        bounds.push((from - start) as u32..(end - start) as u32);
        let result = f(&Cells { text: &block[start..end], bounds, joined: true }, line);
        bounds.clear();
        result
    };
    marks::each(bytes, [separator, b'\n'], |at| {
        if bytes[at] == separator {
            bounds.push((from - start) as u32..(at - start) as u32);
            from = at + 1;
        } else {
            give(start, at, &mut bounds, from, line)?;
            line += 1;
            (start, from) = (at + 1, at + 1);
        }
        Ok(())
    })?;
    give(start, bytes.len(), &mut bounds, from, line)
}

/// Records as CSV has them.
fn each_of_csv<E>(
    block: &str,
    separator: u8,
    mut line: u64,
    mut f: impl FnMut(&Cells, u64) -> Result<(), E>,
) -> Result<(), E> {
    let bytes = block.as_bytes();
    let mut reader = ReaderBuilder::new().has_headers(false).flexible(true).delimiter(separator).from_reader(bytes);
    let (mut record, mut bounds, mut counted) = (StringRecord::new(), Vec::new(), 0);
    // Bytes in memory that are text can be read, and records of any length are taken: there is nothing to go wrong.
    while reader.read_record(&mut record).unwrap_or(false) {
        // The reader's own count of lines is of where it stopped, one early after `\r\n` and after blank lines.
        let from = record.position().map_or(0, csv::Position::byte) as usize;
        let start = from + bytes[from..].iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        line += line_ends(&bytes[counted..start], bytes.get(start));
        counted = start;
        bounds.clear();
        let ranges = (0..record.len()).filter_map(|index| record.range(index));
        bounds.extend(ranges.map(|range| range.start as u32..range.end as u32));
        f(&Cells { text: record.as_slice(), bounds: &bounds, joined: false }, line)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    type Seen = Vec<(u64, Vec<String>)>;

    fn seen(block: &str, by: impl Fn(&str, &mut dyn FnMut(&Cells, u64))) -> Seen {
        let mut seen = Seen::new();
        by(block, &mut |cells, line| seen.push((line, cells.iter().map(str::to_owned).collect())));
        seen
    }

    fn of_csv(block: &str) -> Seen {
        seen(block, |block, f| {
            each_of_csv::<()>(block, b',', 1, |cells, line| {
                f(cells, line);
                Ok(())
            })
            .unwrap()
        })
    }

    fn one(block: &str) -> (u64, u128) {
        let mut found = None;
        each::<()>(block, b',', 1, |cells, _| {
            found = Some((cells.hash(b','), cells.long_hash(b',')));
            Ok(())
        })
        .unwrap();
        found.unwrap()
    }

    proptest! {
        #[test]
        fn lines_without_quotes_are_what_csv_reads(text in "(a|é|,| |\n|\r\n){0,40}") {
            let lines = seen(&text, |block, f| each_line::<()>(block, b',', 1, |cells, line| {
                f(cells, line);
                Ok(())
            }).unwrap());
            prop_assert_eq!(lines, of_csv(&text));
        }

        #[test]
        fn every_record_knows_its_line(rows in prop::collection::vec("(a|b\"){1,3}(,(\"x\ny\"|\"q\"\"\"|c)){0,2}\n{1,2}", 1..8)) {
            let (mut line, mut expected) = (1, Vec::new());
            for row in &rows {
                expected.push(line);
                line += row.matches('\n').count() as u64;
            }
            let lines: Vec<u64> = of_csv(&rows.concat()).into_iter().map(|(line, _)| line).collect();
            prop_assert_eq!(lines, expected);
        }
    }

    #[test]
    fn quotes_that_change_nothing_make_no_other_row() {
        assert_eq!(one("a,b\n"), one("\"a\",b\r\n"));
        let alike = ["a,b,c", "\"a,b\",c", "a,\"b,c\"", "\"a,b,c\"", "\"a\nb\",c"].map(one);
        for (index, hashes) in alike.iter().enumerate() {
            assert!(alike[..index].iter().all(|other| other.0 != hashes.0 && other.1 != hashes.1), "{index}");
        }
    }
}
