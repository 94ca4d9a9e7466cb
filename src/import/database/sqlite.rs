//! An SQLite file, read only.

use std::borrow::Cow;
use std::io::{Read, Write};
use std::path::Path;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags};

use super::{Rows, Why};
use crate::import::workbook::number;

/// What an SQLite file begins with.
const MAGIC: &[u8] = b"SQLite format 3\0";

/// Whether a file is an SQLite database.
pub(in crate::import) fn is_sqlite(path: &Path) -> std::io::Result<bool> {
    let mut first = Vec::new();
    std::fs::File::open(path)?.take(MAGIC.len() as u64).read_to_end(&mut first)?;
    Ok(first == MAGIC)
}

/// The names of a file's tables and views, for messages; none when it cannot be read.
pub(in crate::import) fn tables(path: &Path) -> Vec<String> {
    open(path).and_then(|base| names(&base)).unwrap_or_default()
}

fn names(base: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut statement = base.prepare(
        "select name from sqlite_schema where type in ('table', 'view') and name not like 'sqlite_%' order by 1",
    )?;
    statement.query_map([], |row| row.get(0))?.collect()
}

/// Opens a file for reading. What a schema defines is not trusted: its functions may do no more than compute.
fn open(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let base = Connection::open_with_flags(path, flags)?;
    base.execute_batch("pragma trusted_schema = off; pragma query_only = on; pragma cell_size_check = on;")?;
    Ok(base)
}

/// Writes the answer to a query into `rows`.
///
/// # Errors
///
/// The file is no database or damaged; the query is not one SELECT, or does not fit the tables.
pub(super) fn ask(path: &Path, query: &str, rows: &mut Rows<impl Write>) -> Result<(), Why> {
    let help = "leave `query` out to read a file of another format";
    if !is_sqlite(path).map_err(|error| Why::new(error.to_string(), "check the path"))? {
        return Err(Why::new("is no SQLite database, which `query` is for", help));
    }
    let unread = |error: rusqlite::Error| Why::new(told(&error), "check that the file is whole");
    let base = open(path).map_err(unread)?;
    let there = names(&base).map_err(unread)?;
    let refused = |error: rusqlite::Error| {
        Why::new(format!("the query fails: {}", told(&error)), format!("the tables are {}", listed(&there)))
    };
    let mut statement = base.prepare(query).map_err(refused)?;
    if !statement.readonly() || statement.column_count() == 0 {
        return Err(Why::new("the query is no SELECT", "a source is only read from"));
    }
    let columns: Vec<String> = statement.column_names().map(str::to_owned).collect();
    rows.add(columns.iter().map(|name| Ok(Cow::Borrowed(name.as_str()))))?;
    let mut found = statement.query([]).map_err(refused)?;
    while let Some(row) = found.next().map_err(refused)? {
        let values = columns.iter().enumerate().map(|(index, name)| (row.get_ref(index), name));
        let cells: Vec<Result<Cow<str>, Why>> =
            values.map(|(value, name)| cell(value.map_err(refused)?, name, rows)).collect();
        rows.add(cells.into_iter())?;
    }
    Ok(())
}

/// `` `a`, `b` ``, or that there are none.
fn listed(names: &[String]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}

/// What SQLite says, without the statement that it repeats.
fn told(error: &rusqlite::Error) -> String {
    match error {
        rusqlite::Error::SqlInputError { msg, .. } => msg.clone(),
        rusqlite::Error::MultipleStatement => "it holds more than one statement".to_owned(),
        error => error.to_string(),
    }
}

fn cell<'c>(value: ValueRef<'c>, column: &str, rows: &Rows<impl Write>) -> Result<Cow<'c, str>, Why> {
    match value {
        ValueRef::Null => Ok(Cow::Borrowed("")),
        ValueRef::Integer(value) => Ok(Cow::Owned(value.to_string())),
        ValueRef::Real(value) => Ok(Cow::Owned(number(value, false))),
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => rows.text(bytes, column),
    }
}
