//! A stream of bytes → blocks of whole records, so that several readers can work side by side.
//!
//! A block ends where a record ends. Where records end is decided as [`csv`] decides it: a quote opens a cell only at its
//! beginning, and line ends between quotes belong to the cell.

use std::io::Read;

use memchr::{memchr, memchr_iter, memrchr};

/// Bytes that a row can have; a longer one is a quote that swallows the rows after it.
pub(super) const LONGEST: usize = 1 << 20;

/// Bytes asked for at a time.
const BLOCK: usize = 1 << 18;

/// Why there is no next block.
#[derive(Debug)]
pub(super) enum Cut {
    /// The bytes cannot be read.
    Unread(std::io::Error),
    /// The row that begins on this line is longer than [`LONGEST`].
    Endless(u64),
}

/// The blocks of a stream.
pub(super) struct Blocks<R> {
    stream: R,
    separator: u8,
    /// The beginning of the record that the last block ended before.
    rest: Vec<u8>,
    /// The line that `rest` begins on.
    line: u64,
    ended: bool,
}

impl<R: Read> Blocks<R> {
    /// The blocks of a stream whose first byte stands on `line`.
    pub(super) fn new(stream: R, separator: u8, line: u64) -> Blocks<R> {
        Blocks { stream, separator, rest: Vec::new(), line, ended: false }
    }

    /// Puts the next block into `block` and gives the line that it begins on; `None` at the end.
    pub(super) fn next(&mut self, block: &mut Vec<u8>) -> Result<Option<u64>, Cut> {
        let mut had = self.rest.len();
        // What `block` holds is overwritten: to clear it would be to fill it with zeros again.
        block.resize(had + BLOCK, 0);
        block[..had].copy_from_slice(&self.rest);
        self.rest.clear();
        loop {
            block.resize(had + BLOCK, 0);
            let read = fill(&mut self.stream, &mut block[had..]).map_err(Cut::Unread)?;
            block.truncate(had + read);
            self.ended |= read == 0;
            let end = if self.ended { block.len() } else { last_end(block, self.separator).unwrap_or_default() };
            if end > 0 || self.ended {
                self.rest.extend_from_slice(&block[end..]);
                block.truncate(end);
                let line = self.line;
                self.line += line_ends(block, self.rest.first());
                return Ok((!block.is_empty()).then_some(line));
            }
            if had > LONGEST {
                return Err(Cut::Endless(self.line));
            }
            had = block.len();
        }
    }

    /// The stream, once its blocks have been read.
    pub(super) fn into_stream(self) -> R {
        self.stream
    }
}

/// Reads until `room` is full or the stream ends; how much was read.
fn fill(stream: &mut impl Read, room: &mut [u8]) -> std::io::Result<usize> {
    let mut filled = 0;
    while filled < room.len() {
        match stream.read(&mut room[filled..]) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// Where the last record in `bytes` ends that does end there, the bytes beginning with a record.
fn last_end(bytes: &[u8], separator: u8) -> Option<usize> {
    if memchr(b'"', bytes).is_some() {
        return last_end_beside_quotes(bytes, separator);
    }
    let lone_return = || bytes[..bytes.len().saturating_sub(1)].iter().rposition(|byte| *byte == b'\r');
    memrchr(b'\n', bytes).or_else(lone_return).map(|at| at + 1)
}

fn last_end_beside_quotes(bytes: &[u8], separator: u8) -> Option<usize> {
    /// Where a byte stands in its cell.
    enum At {
        Start,
        Bare,
        Quoted,
        Quote,
    }
    let (mut at, mut last) = (At::Start, None);
    for (index, byte) in bytes.iter().enumerate() {
        at = match (at, *byte) {
            (At::Quoted, b'"') => At::Quote,
            (At::Quoted, _) | (At::Quote | At::Start, b'"') => At::Quoted,
            (_, b'\n') => {
                last = Some(index + 1);
                At::Start
            }
            (_, b'\r') => {
                last = bytes.get(index + 1).filter(|next| **next != b'\n').map_or(last, |_| Some(index + 1));
                At::Start
            }
            (_, byte) if byte == separator => At::Start,
            _ => At::Bare,
        };
    }
    last
}

/// Line ends in `bytes`: `\n`, `\r\n`, or a lone `\r`; `next` is the byte that follows them.
pub(super) fn line_ends(bytes: &[u8], next: Option<&u8>) -> u64 {
    let newlines = memchr_iter(b'\n', bytes).count();
    let is_lone = |at: &usize| bytes.get(at + 1).or(next) != Some(&b'\n');
    (newlines + memchr_iter(b'\r', bytes).filter(is_lone).count()) as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Gives bytes a few at a time.
    struct Drip<'a>(&'a [u8], usize);

    impl Read for Drip<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            let count = self.1.min(self.0.len()).min(buffer.len());
            buffer[..count].copy_from_slice(&self.0[..count]);
            self.0 = &self.0[count..];
            Ok(count)
        }
    }

    fn records(bytes: &[u8]) -> Vec<csv::ByteRecord> {
        let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(bytes);
        reader.byte_records().map(Result::unwrap).collect()
    }

    proptest! {
        #[test]
        fn cutting_at_the_last_end_changes_no_record(text in "(a|,|\"|\n|\r|\r\n|\"\"|b\"){0,40}") {
            let bytes = text.as_bytes();
            let cut = last_end(bytes, b',').unwrap_or_default();
            let (first, second) = bytes.split_at(cut);
            let parts: Vec<csv::ByteRecord> = records(first).into_iter().chain(records(second)).collect();
            prop_assert_eq!(parts, records(bytes));
        }
    }

    #[test]
    fn blocks_hold_all_bytes_and_know_their_lines() {
        let text: String = (0..200_000).map(|n| format!("{n},\"x\r\ny\",z\r\n")).collect();
        let mut blocks = Blocks::new(Drip(text.as_bytes(), 77_777), b',', 5);
        let (mut block, mut all, mut count) = (Vec::new(), Vec::new(), 0);
        while let Some(line) = blocks.next(&mut block).unwrap() {
            assert_eq!(line, 5 + line_ends(&all, block.first()));
            all.append(&mut block);
            count += 1;
        }
        assert!(all == text.as_bytes() && count > 3);
    }

    #[test]
    fn a_row_without_end_is_told_by_its_line_before_it_is_held() {
        let text = [b"a,b\n1,\"".as_slice(), &vec![b'x'; 8 << 20]].concat();
        let mut blocks = Blocks::new(text.as_slice(), b',', 1);
        let mut block = Vec::new();
        assert_eq!(blocks.next(&mut block).unwrap(), Some(1));
        assert!(matches!(blocks.next(&mut block), Err(Cut::Endless(2))));
        assert!(block.capacity() < 8 << 20);
    }
}
