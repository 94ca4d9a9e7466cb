//! The text of a file, held in memory or read from the file as often as it is needed.
//!
//! Exports in UTF-8, packed by gzip or not, are never held as a whole: their first bytes tell how to read them, and the
//! rest goes by in blocks.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;
use sha2::{Digest, Sha256};

use super::blocks::LONGEST;
use super::packed;
use crate::settings::hex;

/// The byte order mark of UTF-8.
const MARK: &str = "\u{FEFF}";

/// Where the text of a table is.
#[derive(Debug)]
pub(super) enum Content {
    /// In memory.
    Held(String),
    /// In a file in UTF-8.
    Streamed {
        /// The file.
        path: PathBuf,
        /// Whether gzip packs it.
        is_packed: bool,
        /// Its first lines, without byte order mark.
        head: String,
        /// Bytes of the byte order mark.
        mark: usize,
    },
}

impl Content {
    /// The first lines, all of them when the text is short.
    pub(super) fn head(&self) -> &str {
        match self {
            Content::Held(text) => text,
            Content::Streamed { head, .. } => head,
        }
    }

    /// Bytes from byte `start` of the text on.
    pub(super) fn from(&self, start: usize) -> io::Result<Box<dyn Read + Send + '_>> {
        match self {
            Content::Held(text) => Ok(Box::new(&text.as_bytes()[start..])),
            Content::Streamed { path, is_packed, mark, .. } => {
                let mut stream = open(path, *is_packed)?;
                io::copy(&mut stream.by_ref().take((mark + start) as u64), &mut io::sink())?;
                Ok(stream)
            }
        }
    }

    /// The text of a file in UTF-8 that is no workbook and no Parquet file, packed by gzip or not; `None` for any other.
    ///
    /// # Errors
    ///
    /// The file cannot be read, or is damaged.
    pub(super) fn streamed(path: &Path) -> io::Result<Option<Content>> {
        let is_packed = is_gzip(path)?;
        let mut bytes = Vec::new();
        open(path, is_packed)?.take(LONGEST as u64).read_to_end(&mut bytes)?;
        // Bytes of zero are those of UTF-16, or strays that have to be taken out first.
        if packed::is_of_another_format(&bytes) || memchr::memchr(0, &bytes).is_some() {
            return Ok(None);
        }
        let valid = match std::str::from_utf8(&bytes) {
            Ok(_) => bytes.len(),
            // The last character may be cut by the end of what was read.
            Err(error) if error.error_len().is_none() && bytes.len() == LONGEST => error.valid_up_to(),
            Err(_) => return Ok(None),
        };
        bytes.truncate(valid);
        let Ok(mut head) = String::from_utf8(bytes) else { return Ok(None) };
        let mark = if head.starts_with(MARK) { MARK.len() } else { 0 };
        head.drain(..mark);
        Ok(Some(Content::Streamed { path: path.to_owned(), is_packed, head, mark }))
    }
}

fn is_gzip(path: &Path) -> io::Result<bool> {
    let mut first = Vec::new();
    File::open(path)?.take(2).read_to_end(&mut first)?;
    Ok(packed::is_gzip(&first))
}

fn open(path: &Path, is_packed: bool) -> io::Result<Box<dyn Read + Send>> {
    let file = File::open(path)?;
    if !is_packed {
        return Ok(Box::new(file));
    }
    let size = file.metadata()?.len();
    let most = packed::BOUND.most(size);
    Ok(Box::new(Bounded { packed: MultiGzDecoder::new(io::BufReader::new(file)), size, most, left: most }))
}

/// A packed stream that fails where it grows past all exports.
struct Bounded<R> {
    packed: R,
    size: u64,
    most: u64,
    left: u64,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.packed.read(buffer)?;
        let left = self.left.checked_sub(read as u64);
        self.left = left.ok_or_else(|| io::Error::other(packed::too_large(self.most, self.size)))?;
        Ok(read)
    }
}

/// SHA-256 of a file's bytes, hexadecimal.
pub(super) fn sha256_of(path: &Path) -> io::Result<String> {
    let mut hash = Sha256::new();
    io::copy(&mut File::open(path)?, &mut hash)?;
    Ok(hex(&hash.finalize()))
}

/// Bytes that are hashed as they go by.
pub(super) struct Hashed<R> {
    stream: R,
    hash: Sha256,
}

impl<R: Read> Hashed<R> {
    /// A stream, with what stands before it.
    pub(super) fn new(before: &[u8], stream: R) -> Hashed<R> {
        Hashed { stream, hash: Sha256::new_with_prefix(before) }
    }

    /// SHA-256 of all bytes so far, hexadecimal.
    pub(super) fn sha256(self) -> String {
        hex(&self.hash.finalize())
    }
}

impl<R: Read> Read for Hashed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.stream.read(buffer)?;
        self.hash.update(&buffer[..read]);
        Ok(read)
    }
}
