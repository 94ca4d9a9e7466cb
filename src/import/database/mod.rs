//! A database by query → the rows of its answer as comma-separated text, from where they are read like those of a file.
//!
//! The text goes to a file without a name, which is gone when the program is: an answer of any size takes no more memory
//! than an export, and nothing of it stays behind.

mod passwords;
mod postgres;
mod sqlite;

use std::io::{BufWriter, Write};
use std::path::Path;

pub(super) use sqlite::{is_sqlite, tables};

use super::content::Content;
use super::workbook::write_cell;
use crate::settings::{Secrets, is_server};

/// Bytes that an answer can have.
const MOST: u64 = 8 << 30;

/// Why a query has no answer, and what to do; both follow the path.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Why {
    /// What is wrong.
    pub what: String,
    /// What to do.
    pub help: String,
}

impl Why {
    fn new(what: impl Into<String>, help: impl Into<String>) -> Why {
        Why { what: what.into(), help: help.into() }
    }
}

/// The answer to a query.
pub(super) struct Answer {
    /// Its text: a line of names, then a line a row.
    pub content: Content,
    /// What the database is, as `quality.json` names the encoding of files.
    pub kind: &'static str,
    /// The server that the answer came from in clear, when that is not this machine.
    pub in_clear: Option<String>,
}

/// Asks a database: a file, or a server by its address. Times are told in `zone`.
///
/// # Errors
///
/// See [`Why`].
pub(super) fn ask(path: &Path, query: &str, zone: &str, secrets: &Secrets) -> Result<Answer, Why> {
    let file = tempfile::tempfile().map_err(|error| unwritten(&error))?;
    let mut rows = Rows { out: BufWriter::new(&file), line: String::new(), count: 0, left: MOST };
    let (kind, in_clear) = if is_server(path) {
        ("PostgreSQL", postgres::ask(&path.to_string_lossy(), query, zone, secrets, &mut rows)?)
    } else {
        sqlite::ask(path, query, &mut rows)?;
        ("SQLite", None)
    };
    rows.out.flush().map_err(|error| unwritten(&error))?;
    drop(rows);
    let content = Content::answered(file).map_err(|error| unwritten(&error))?;
    Ok(Answer { content, kind, in_clear })
}

fn unwritten(error: &std::io::Error) -> Why {
    let folder = std::env::temp_dir();
    Why::new(format!("its answer cannot be kept in {}: {error}", folder.display()), "make room there, or set TMPDIR")
}

/// Takes the rows of an answer and writes them out.
struct Rows<W: Write> {
    out: BufWriter<W>,
    line: String,
    count: u64,
    left: u64,
}

impl<W: Write> Rows<W> {
    /// Writes a row; cells that are absent are empty.
    fn add<'c>(&mut self, cells: impl Iterator<Item = Result<std::borrow::Cow<'c, str>, Why>>) -> Result<(), Why> {
        self.line.clear();
        for (index, cell) in cells.enumerate() {
            if index > 0 {
                self.line.push(',');
            }
            let cell = cell?;
            if cell.contains('\0') {
                write_cell(&mut self.line, &cell.replace('\0', ""));
            } else {
                write_cell(&mut self.line, &cell);
            }
        }
        self.line.push('\n');
        self.count += 1;
        let left = self.left.checked_sub(self.line.len() as u64);
        let help = "let the query sum up, or ask for fewer days";
        self.left = left.ok_or_else(|| Why::new(format!("its answer has more than {MOST} bytes"), help))?;
        self.out.write_all(self.line.as_bytes()).map_err(|error| unwritten(&error))
    }

    /// A cell of bytes, in the row that comes next.
    fn text<'c>(&self, bytes: &'c [u8], column: &str) -> Result<std::borrow::Cow<'c, str>, Why> {
        std::str::from_utf8(bytes).map(std::borrow::Cow::Borrowed).map_err(|_| {
            let row = self.count;
            Why::new(
                format!("row {row} of its answer holds bytes in `{column}` that are not UTF-8"),
                "leave the column out of the query, or convert it there",
            )
        })
    }
}
