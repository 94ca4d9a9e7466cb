//! One going-through of a table by several readers side by side.
//!
//! The readers take turns at the stream: whoever is free takes the next block of whole records. Sums, counts and least
//! lines do not depend on who took which, so the outcome is the same for any number of readers.

use std::io::Read;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use rayon::prelude::*;

use super::blocks::{Blocks, Cut, LONGEST};
use super::cells::{self, Cells};
use super::content::Content;

/// Why a going-through ends before the table does.
#[derive(Debug)]
pub(super) enum Stop<E> {
    /// The block that begins on a line holds bytes that are not UTF-8.
    NotText,
    /// The bytes cannot be read.
    Unread(std::io::Error),
    /// The row that begins on this line is longer than any.
    Endless(u64),
    /// What a reader says about a record.
    Told(E),
}

/// What the readers share.
struct Turns<R> {
    blocks: Mutex<Blocks<R>>,
    /// Whether no further block is to be taken: a reader has met an error, and every earlier block is taken.
    stopped: AtomicBool,
}

/// Where a table begins in its text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Start {
    /// The first byte after the header.
    pub byte: usize,
    /// The line that it stands on.
    pub line: u64,
    /// What separates cells.
    pub separator: u8,
}

/// Hands every record of a table to one of several readers that `reader` makes, each of which gets its records in order;
/// the readers and the stream, or the error of the earliest record.
///
/// # Errors
///
/// See [`Stop`].
pub(super) fn over<R: Read + Send, W: Send, E: Send>(
    stream: R,
    start: Start,
    reader: impl Fn() -> W + Sync,
    record: impl Fn(&mut W, &Cells, u64) -> Result<(), E> + Sync,
) -> Result<(Vec<W>, R), Stop<E>> {
    let blocks = Mutex::new(Blocks::new(stream, start.separator, start.line));
    let turns = Turns { blocks, stopped: AtomicBool::new(false) };
    let work = |_| {
        let mut reader = reader();
        let ended = turns.work(start.separator, |cells, line| record(&mut reader, cells, line));
        (reader, ended)
    };
    let (readers, ends): (Vec<W>, Vec<_>) = (0..rayon::current_num_threads()).into_par_iter().map(work).unzip();
    let stops = ends.into_iter().filter_map(Result::err);
    match stops.min_by_key(|(line, _)| *line) {
        Some((_, stop)) => Err(stop),
        None => {
            let blocks = turns.blocks.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
            Ok((readers, blocks.into_stream()))
        }
    }
}

impl<R: Read> Turns<R> {
    /// One reader's work; an error comes with its line.
    fn work<E>(
        &self,
        separator: u8,
        mut record: impl FnMut(&Cells, u64) -> Result<(), E>,
    ) -> Result<(), (u64, Stop<E>)> {
        let mut block = Vec::new();
        let result = loop {
            match self.take(&mut block) {
                Ok(None) => break Ok(()),
                Ok(Some(line)) => {
                    if let Err(stop) = read_block(&mut block, line, separator, &mut record) {
                        break Err(stop);
                    }
                }
                Err(stop) => break Err(stop),
            }
        };
        if result.is_err() {
            self.stopped.store(true, Ordering::Relaxed);
        }
        result
    }

    /// The next block, for whoever asks.
    fn take<E>(&self, block: &mut Vec<u8>) -> Result<Option<u64>, (u64, Stop<E>)> {
        let mut blocks = self.blocks.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if self.stopped.load(Ordering::Relaxed) {
            return Ok(None);
        }
        blocks.next(block).map_err(|cut| match cut {
            Cut::Unread(error) => (u64::MAX, Stop::Unread(error)),
            Cut::Endless(line) => (line, Stop::Endless(line)),
        })
    }
}

fn read_block<E>(
    block: &mut Vec<u8>,
    line: u64,
    separator: u8,
    mut record: impl FnMut(&Cells, u64) -> Result<(), E>,
) -> Result<(), (u64, Stop<E>)> {
    if memchr::memchr(0, block).is_some() {
        block.retain(|byte| *byte != 0);
    }
    let text = std::str::from_utf8(block).map_err(|_| (line, Stop::NotText))?;
    cells::each(text, separator, line, |cells, line| {
        if cells.size() > LONGEST {
            return Err((line, Stop::Endless(line)));
        }
        record(cells, line).map_err(|told| (line, Stop::Told(told)))
    })
}

/// A going-through of the text of a file.
///
/// # Errors
///
/// See [`Stop`].
pub(super) fn of<W: Send, E: Send>(
    content: &Content,
    start: Start,
    reader: impl Fn() -> W + Sync,
    record: impl Fn(&mut W, &Cells, u64) -> Result<(), E> + Sync,
) -> Result<Vec<W>, Stop<E>> {
    let stream = content.from(start.byte).map_err(Stop::Unread)?;
    over(stream, start, reader, record).map(|(readers, _)| readers)
}
