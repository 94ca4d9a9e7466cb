//! Exports → [`Batch`]es: one for each file, read as the settings and the headers say.
//!
//! ```text
//! bytes ─ packed ─▶ text | workbook | parquet | database ─▶ table ─ columns ─▶ blocks ─▶ cells ─▶ rows (number, date) ─▶ fold ─▶ batch
//! ```
//!
//! Workbooks, Parquet files and the answers of databases are written out as the text of a table first, so that one reader of tables serves all. A
//! text in UTF-8 is never held as a whole: it goes by in blocks, which several readers fold side by side.
//!
//! Nothing is guessed in silence: what a file leaves open is refused with the setting that decides it, and what was
//! decided without being asked is a finding.

mod batch;
mod beside;
mod biff;
mod blocks;
mod cells;
mod checks;
mod column;
mod columns;
mod content;
mod database;
mod date;
mod days;
mod file;
mod fold;
mod header;
mod layouts;
mod leads;
mod lookup;
mod mapping;
mod marks;
mod named;
mod number;
mod packed;
mod parquet;
mod pass;
mod preamble;
mod rates;
mod refusals;
mod repeats;
mod rows;
mod saved;
pub mod sheet;
mod short;
mod sums;
mod table;
mod tally;
mod text;
mod total;
mod workbook;

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use rayon::prelude::*;

pub use batch::{Batch, Lines, Row, Skip};
pub use beside::{SideTable, side_tables};
pub use leads::{FIELDS as LEAD_FIELDS, LeadCount, Leads, Screened, leads};
pub use lookup::{Aliases, aliases};
pub use rates::{Rates, rates};
pub use total::{Total, TotalRow, total};
pub use workbook::contains_panics;

use crate::check::{Error, Kind};
use crate::settings::{Settings, Source, is_server};
use file::File;

/// Reads every file of every source, in the order of the settings, then of the path.
///
/// Files are read side by side; batches and errors come in the order of the files, whatever the number of threads.
///
/// # Errors
///
/// [`Kind::Settings`] without any source. [`Kind::Input`] with everything that is wrong in the files: missing, empty, not
/// text, headers that are not known, bad rows. [`Kind::Nothing`] when no file has a row.
pub fn all(settings: &Settings) -> Result<Vec<Batch>, Error> {
    if settings.sources.is_empty() {
        let error = Error::setting("source", "missing; there is nothing to read");
        return Err(error.help("add `[[source]]` with the `path` of an export to the settings file"));
    }
    let (paths, mut wrong) = separate(settings.sources.iter().enumerate().map(|(index, source)| files(source, index)));
    let files: Vec<(usize, PathBuf)> = paths.into_iter().flatten().collect();
    let results: Vec<Result<Vec<Batch>, Error>> =
        files.par_iter().map(|(index, path)| File::new(settings, *index, path).read()).collect();
    let (batches, unread) = separate(results.into_iter());
    wrong.extend(unread);
    Error::all(wrong)?;
    let batches: Vec<Batch> = batches.into_iter().flatten().collect();
    has_rows(&batches).map(|()| batches)
}

/// Parts results into values and errors, each in their order.
fn separate<T>(results: impl Iterator<Item = Result<T, Error>>) -> (Vec<T>, Vec<Error>) {
    let (mut values, mut errors) = (Vec::new(), Vec::new());
    for result in results {
        match result {
            Ok(value) => values.push(value),
            Err(error) => errors.push(error),
        }
    }
    (values, errors)
}

fn has_rows(batches: &[Batch]) -> Result<(), Error> {
    if batches.iter().any(|batch| batch.read > 0) {
        return Ok(());
    }
    let help = "check the date range of the export";
    let nothing = |batch: &Batch| Error::new(Kind::Nothing, format!("{} has no rows", batch.path.display())).help(help);
    Error::all(batches.iter().map(nothing).collect())
}

/// The files that a source's path names, sorted; a path that exists is taken as it stands, brackets and all.
fn files(source: &Source, index: usize) -> Result<Vec<(usize, PathBuf)>, Error> {
    if is_server(&source.path) {
        return Ok(vec![(index, source.path.clone())]);
    }
    let paths = files_at(&source.path, &format!("source[{}].path", index + 1))?;
    Ok(paths.into_iter().map(|path| (index, path)).collect())
}

/// The files that a path names: itself, those of a folder, or those that match a glob.
fn files_at(path: &Path, setting: &str) -> Result<Vec<PathBuf>, Error> {
    let refuse = |what: String| Error::new(Kind::Input, format!("{setting}: {what}"));
    if path.is_dir() {
        let paths = in_folder(path).map_err(|error| refuse(format!("{}: {error}", path.display())))?;
        let help = "put the exports in it, not in folders below it";
        return if paths.is_empty() {
            Err(refuse(format!("the folder {} holds no file", path.display())).help(help))
        } else {
            Ok(paths)
        };
    }
    if path.exists() {
        return Ok(vec![path.to_owned()]);
    }
    let pattern = path.to_str().ok_or_else(|| refuse("is not UTF-8".to_owned()))?;
    let help = "check the path; it is relative to the folder of the settings file";
    if !pattern.contains(['*', '?', '[']) {
        return Err(refuse(format!("no file `{pattern}`")).help(help));
    }
    let matches = glob::glob(pattern).map_err(|error| refuse(format!("`{pattern}` is not a glob: {error}")))?;
    let mut paths = matches.collect::<Result<Vec<PathBuf>, _>>().map_err(|error| refuse(error.to_string()))?;
    paths.retain(|path| path.is_file());
    paths.sort();
    if paths.is_empty() {
        return Err(refuse(format!("no file matches `{pattern}`")).help(help));
    }
    Ok(paths)
}

/// The files of a folder, sorted, without hidden ones and the locks of open workbooks.
fn in_folder(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(folder)?.collect::<std::io::Result<Vec<_>>>()?;
    let is_hidden = |name: &std::ffi::OsStr| {
        let name = name.to_string_lossy();
        name.starts_with(['.', '~'])
            || ["Thumbs.db", "desktop.ini"].iter().any(|other| name.eq_ignore_ascii_case(other))
    };
    let files = entries.into_iter().filter(|entry| !is_hidden(&entry.file_name())).map(|entry| entry.path());
    let mut paths: Vec<PathBuf> = files.filter(|path| path.is_file()).collect();
    paths.sort();
    Ok(paths)
}
