//! The text of a file, held in memory or read from the file as often as it is needed.
//!
//! Exports in UTF-8, packed by gzip or not, are never held as a whole: their first bytes tell how to read them, and the
//! rest goes by in blocks.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
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
    /// In a file without a name, which outlay has written.
    Answered {
        /// The file. It has one position, so that one reader at a time can have it.
        file: File,
        /// Its first lines.
        head: String,
    },
}

impl Content {
    /// The first lines, all of them when the text is short.
    pub(super) fn head(&self) -> &str {
        match self {
            Content::Held(text) => text,
            Content::Streamed { head, .. } | Content::Answered { head, .. } => head,
        }
    }

    /// Whether the first line runs on for longer than any row.
    pub(super) fn is_one_endless_line(&self) -> bool {
        // The end of the first lines may be in the middle of a character.
        let first = self.head().as_bytes().get(..LONGEST - 4);
        first.is_some_and(|first| memchr::memchr2(b'\n', b'\r', first).is_none())
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
            Content::Answered { file, .. } => {
                let mut file = file.try_clone()?;
                file.seek(SeekFrom::Start(start as u64))?;
                Ok(Box::new(file))
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
        let Some(mut head) = whole_characters(bytes) else { return Ok(None) };
        let mark = if head.starts_with(MARK) { MARK.len() } else { 0 };
        head.drain(..mark);
        Ok(Some(Content::Streamed { path: path.to_owned(), is_packed, head, mark }))
    }

    /// The text of a file in UTF-8 that outlay has written.
    ///
    /// # Errors
    ///
    /// The file cannot be read, or is not what was written.
    pub(super) fn answered(mut file: File) -> io::Result<Content> {
        let mut bytes = Vec::new();
        file.rewind()?;
        file.by_ref().take(LONGEST as u64).read_to_end(&mut bytes)?;
        let head = whole_characters(bytes).ok_or(io::ErrorKind::InvalidData)?;
        Ok(Content::Answered { file, head })
    }
}

/// The first bytes of a text in UTF-8, of which the last character may be cut by the end of what was read.
fn whole_characters(mut bytes: Vec<u8>) -> Option<String> {
    if let Err(error) = std::str::from_utf8(&bytes)
        && error.error_len().is_none()
        && bytes.len() == LONGEST
    {
        bytes.truncate(error.valid_up_to());
    }
    String::from_utf8(bytes).ok()
}

/// The line of a text, packed by gzip or not, that runs on for longer than any row: such a file must not be held as a
/// whole. `None` for files of other formats, and for texts whose lines end.
///
/// # Errors
///
/// The file cannot be read, or is damaged.
pub(super) fn endless_line(path: &Path) -> io::Result<Option<u64>> {
    let mut stream = open(path, is_gzip(path)?)?;
    let mut block = vec![0; 1 << 16];
    let (mut line, mut length) = (1, 0);
    loop {
        let read = stream.read(&mut block)?;
        let bytes = &block[..read];
        if read == 0 || (line == 1 && length == 0 && packed::is_of_another_format(bytes)) {
            return Ok(None);
        }
        length = memchr::memrchr2(b'\n', b'\r', bytes).map_or(length + read, |at| read - at);
        line += memchr::memchr_iter(b'\n', bytes).count() as u64;
        // Characters of UTF-16 have two bytes.
        if length > 2 * LONGEST {
            return Ok(Some(line));
        }
    }
}

/// What a file is that is no table, whatever its name says.
///
/// # Errors
///
/// The file cannot be read.
pub(super) fn no_table(path: &Path) -> io::Result<Option<&'static str>> {
    let mut first = Vec::new();
    File::open(path)?.take(256).read_to_end(&mut first)?;
    let text = String::from_utf8_lossy(&first).to_lowercase();
    let text = text.trim_start_matches(MARK).trim_start();
    let begins = |marks: &[&str]| marks.iter().any(|mark| text.starts_with(mark));
    Ok(if begins(&["%pdf"]) {
        Some("a PDF")
    } else if begins(&["<!doctype", "<html", "<table", "<meta", "<head", "<body"]) {
        Some("a web page")
    } else if begins(&["<?xml"]) {
        Some("XML")
    } else if begins(&["[{", "{\""]) {
        Some("JSON")
    } else {
        None
    })
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
