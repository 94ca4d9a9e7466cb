//! Exports → [`Batch`]es: one for each file, read as the settings and the headers say.
//!
//! ```text
//! bytes ─ packed ─▶ text | workbook | parquet ─▶ table ─ columns ─▶ rows (number, date) ─▶ batch
//! ```
//!
//! Workbooks and Parquet files are written out as the text of a table first, so that one reader of tables serves all.
//!
//! Nothing is guessed in silence: what a file leaves open is refused with the setting that decides it, and what was
//! decided without being asked is a finding.

mod batch;
mod checks;
mod columns;
mod date;
mod layouts;
mod number;
mod packed;
mod parquet;
mod rates;
mod rows;
pub mod sheet;
mod table;
mod text;
mod workbook;

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use csv::StringRecord;
use rayon::prelude::*;
use sha2::{Digest, Sha256};

pub use batch::{Batch, Lines, Row, Skip};
pub use rates::{Rates, rates};

use crate::check::{Error, Kind};
use crate::settings::{Project, Settings, Source};
use columns::Mapping;
use date::{Calendar, Hints, Undecided};
use table::{SEPARATORS, Table};
use text::Text;
use workbook::Sheet;

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
    let setting = format!("source[{}].path", index + 1);
    let refuse = |what: String| Error::new(Kind::Input, format!("{setting}: {what}"));
    let path = &source.path;
    if path.is_dir() {
        let paths = in_folder(path).map_err(|error| refuse(format!("{}: {error}", path.display())))?;
        let help = "put the exports in it, not in folders below it";
        return if paths.is_empty() {
            Err(refuse(format!("the folder {} holds no file", path.display())).help(help))
        } else {
            Ok(paths.into_iter().map(|path| (index, path)).collect())
        };
    }
    if path.exists() {
        return Ok(vec![(index, path.clone())]);
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
    Ok(paths.into_iter().map(|path| (index, path)).collect())
}

/// The files of a folder, sorted, without hidden ones and the locks of open workbooks.
fn in_folder(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(folder)?.collect::<std::io::Result<Vec<_>>>()?;
    let is_hidden = |name: &std::ffi::OsStr| name.to_string_lossy().starts_with(['.', '~']);
    let files = entries.into_iter().filter(|entry| !is_hidden(&entry.file_name())).map(|entry| entry.path());
    let mut paths: Vec<PathBuf> = files.filter(|path| path.is_file()).collect();
    paths.sort();
    Ok(paths)
}

/// Bytes that a row can have; a longer one is a quote that swallows the rows after it.
const LONGEST: usize = 1 << 20;

/// One file to be read, and what the settings say about it.
struct File<'a> {
    project: &'a Project,
    source: &'a Source,
    /// The number of the source, from 1, as messages count it.
    number: usize,
    path: &'a Path,
}

impl<'a> File<'a> {
    fn new(settings: &'a Settings, index: usize, path: &'a Path) -> File<'a> {
        File { project: &settings.project, source: &settings.sources[index], number: index + 1, path }
    }

    /// The path, as messages show it.
    fn shown(&self) -> String {
        self.path.display().to_string()
    }

    fn refuse(&self, what: impl std::fmt::Display) -> Error {
        Error::new(Kind::Input, format!("{}{what}", self.path.display()))
    }

    /// What to do about bad rows.
    fn skip_help(&self) -> String {
        format!("correct the rows, or leave them out with `bad_rows = \"skip\"` of source[{}]", self.number)
    }

    /// Reads the file, or each of the files that are packed in it.
    fn read(&self) -> Result<Vec<Batch>, Error> {
        let bytes = std::fs::read(self.path).map_err(|error| self.refuse(format!(": {error}")))?;
        let sha256 = hex(&Sha256::digest(&bytes));
        let members = packed::members(bytes, packed::BOUND).map_err(|what| self.unreadable(&what))?;
        let read = |member: packed::Member| match member.name {
            None => self.batch(member.bytes, sha256.clone()),
            Some(name) => {
                let sha256 = hex(&Sha256::digest(&member.bytes));
                File { path: &self.path.join(name), ..*self }.batch(member.bytes, sha256)
            }
        };
        let (batches, wrong) = separate(members.into_iter().map(read));
        Error::all(wrong).map(|()| batches)
    }

    fn batch(&self, bytes: Vec<u8>, sha256: String) -> Result<Batch, Error> {
        let text = self.text(bytes)?;
        let table = self.table(&text).ok_or_else(|| self.refuse(" is empty, expected a header line"))?;
        let mapping = self.mapping(&table)?;
        let calendar = self.calendar(&table, &mapping)?;
        let mut rows = rows::Rows::new(self, &mapping, &calendar);
        self.each(&table, |record, line| rows.add(record, line))?;
        let (fold, tally) = rows.finish()?;
        let days = self.days(&mapping, &fold);
        let mut findings = checks::all(self, &mapping, &tally, &fold);
        findings.extend(checks::encoding(self, &text).into_iter().chain(checks::sheet(self, &text)));
        let (names, rows) = fold.finish(days);
        Ok(Batch {
            source: self.number - 1,
            path: self.path.to_owned(),
            encoding: text.encoding,
            platform: mapping.platform.map(str::to_owned),
            sha256,
            columns: mapping.columns(),
            names,
            rows,
            read: tally.read,
            used: tally.used,
            skipped: checks::skipped(&tally, self),
            own_total: checks::own_total(&tally),
            spend: tally.spend,
            findings,
        })
    }

    fn text(&self, bytes: Vec<u8>) -> Result<Text, Error> {
        let decimal_comma = self.source.decimal_comma;
        if workbook::is_xls(&bytes) || packed::is_workbook(&bytes) {
            let format = if workbook::is_xls(&bytes) { "XLS" } else { "XLSX" };
            let sheets = workbook::sheets(bytes, decimal_comma).map_err(|what| self.unreadable(&what))?;
            return self.sheet(sheets, format);
        }
        if parquet::is_parquet(&bytes) {
            let text = parquet::text(bytes, decimal_comma).map_err(|what| self.unreadable(&what))?;
            return Ok(Text::written(text, "Parquet"));
        }
        let known = |text: &str| {
            let table = Table::find(text, &SEPARATORS, |header| self.knows(header));
            let headers = table.map(|table| table.headers).unwrap_or_default();
            let known: Vec<&String> = headers.iter().filter(|header| self.knows(header)).collect();
            (known.len(), known.iter().filter(|header| !header.is_ascii()).count())
        };
        text::decode(bytes, self.source.encoding, &known).map_err(|why| self.not_text(&why))
    }

    /// The sheet that the source names, or else the one with most known headers.
    fn sheet(&self, sheets: Vec<Sheet>, format: &'static str) -> Result<Text, Error> {
        let names: Vec<String> = sheets.iter().map(|sheet| sheet.name.clone()).collect();
        let texts = sheets.into_iter().map(|sheet| Text::written(sheet.text, format));
        let known = |text: &Text| {
            let headers = self.table(text).map(|table| table.headers).unwrap_or_default();
            headers.iter().filter(|header| self.knows(header)).count()
        };
        let mut texts: Vec<(usize, &String, Text)> = match &self.source.sheet {
            Some(asked) => texts.zip(&names).filter(|(_, name)| *name == asked).map(|(t, n)| (0, n, t)).collect(),
            None => texts.zip(&names).map(|(text, name)| (known(&text), name, text)).collect(),
        };
        let most = texts.iter().map(|(known, ..)| *known).max();
        texts.retain(|(known, ..)| Some(*known) == most);
        match texts.pop() {
            Some((_, name, text)) if texts.is_empty() => Ok(text.of_sheet(name, &names)),
            None if names.is_empty() => Err(self.refuse(" has no sheet with cells, expected a table")),
            _ => Err(self.which_sheet(&names)),
        }
    }

    fn which_sheet(&self, names: &[String]) -> Error {
        let number = self.number;
        let listed = names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        let help = format!("name the sheet: `sheet = \"{}\"` of source[{number}]", names[0]);
        match &self.source.sheet {
            Some(asked) => {
                self.refuse(format!(": source[{number}].sheet: no sheet `{asked}` among {listed}")).help(help)
            }
            None => self.refuse(format!(": of the sheets {listed} several may hold the table")).help(help),
        }
    }

    fn knows(&self, header: &str) -> bool {
        columns::is_known(header, self.source)
    }

    fn table<'t>(&self, text: &'t Text) -> Option<Table<'t>> {
        Table::find(&text.text, text.separators, |header| self.knows(header))
    }

    fn unreadable(&self, what: &str) -> Error {
        self.refuse(format!(" {what}")).help("export it again, or save it as CSV")
    }

    fn mapping(&self, table: &Table) -> Result<Mapping, Error> {
        let place = format!("{}:{}", self.path.display(), table.line);
        let request = columns::Request { source: self.source, number: self.number, kpi: self.project.kpi, place };
        columns::map(&table.headers, &request)
    }

    /// Calls `f` with each record after the header and its line.
    fn each(&self, table: &Table, mut f: impl FnMut(&StringRecord, u64) -> Result<(), Error>) -> Result<(), Error> {
        let (mut records, mut record) = (table.records(), StringRecord::new());
        while let Some(line) = records.next(&mut record).map_err(|error| self.refuse(format!(": {error}")))? {
            if record.as_slice().len() > LONGEST {
                return Err(self.endless(line));
            }
            f(&record, line)?;
        }
        Ok(())
    }

    fn endless(&self, line: u64) -> Error {
        let what = format!(":{line}: the row that begins here is longer than {LONGEST} bytes");
        self.refuse(what).help("look for a quote that is opened there and not closed")
    }

    /// Goes over the dates of the file once, since only all of them can tell the order of day and month.
    fn calendar(&self, table: &Table, mapping: &Mapping) -> Result<Calendar, Error> {
        let mut cells: HashMap<String, u64> = HashMap::new();
        let mut text = String::new();
        self.each(table, |record, line| {
            rows::date_text(record, mapping, &mut text);
            if !cells.contains_key(&text) {
                cells.insert(text.clone(), line);
            }
            Ok(())
        })?;
        let hints = Hints { year: self.source.year, order: self.source.date_order.or(mapping.date_order) };
        Calendar::decide(cells.into_iter().collect(), hints).map_err(|why| self.undecided(why))
    }

    fn days(&self, mapping: &Mapping, fold: &batch::Fold) -> u32 {
        match self.source.period {
            Some((first, last)) if mapping.date.is_empty() => {
                first.until(last).map_or(1, |span| span.get_days().unsigned_abs() + 1)
            }
            _ if fold.steps_by_weeks() && fold.has_one_row_per_key() => 7,
            _ => 1,
        }
    }

    fn not_text(&self, why: &text::NotText) -> Error {
        let number = self.number;
        let named = |names: &[&str]| names.join(", ");
        match why {
            text::NotText::Invalid { encoding, line } => self
                .refuse(format!(":{line}: holds bytes that are not {encoding}"))
                .help("save the export as UTF-8; spreadsheets call it `CSV UTF-8`"),
            text::NotText::NoHeader { line, candidates } if candidates.is_empty() => self
                .refuse(format!(":{line}: holds bytes that are not UTF-8, nor GB18030, Shift_JIS or Windows-1252"))
                .help("save the export as UTF-8; spreadsheets call it `CSV UTF-8`"),
            text::NotText::NoHeader { line, candidates } => self
                .refuse(format!(":{line}: is not UTF-8, and no header is known as {}", named(candidates)))
                .help(format!("map the headers by `columns`, or name the `encoding` of source[{number}]")),
            text::NotText::Tie { line, candidates } => self
                .refuse(format!(":{line}: is not UTF-8, and the headers fit {} equally", named(candidates)))
                .help(format!("say which it is: `encoding = \"{}\"` of source[{number}]", candidates[0])),
        }
    }

    fn undecided(&self, why: Undecided) -> Error {
        let number = self.number;
        let order = format!("say which it is: `date_order = \"mdy\"` or `date_order = \"dmy\"` of source[{number}]");
        match why {
            Undecided::Order { text, line, month_first, day_first } => self
                .refuse(format!(":{line}: `{text}` is {month_first} or {day_first}, and no row of the file tells"))
                .help(order),
            Undecided::Mixed { month_first: (month, at), day_first: (day, line) } => self
                .refuse(format!(":{line}: `{day}` has the day first, but `{month}` on line {at} has the month first"))
                .help(order),
            Undecided::NoYear { text, line } => self
                .refuse(format!(":{line}: the date `{text}` has no year"))
                .help(format!("give it: `year = 2026` of source[{number}]")),
        }
    }
}

/// Lower-case hexadecimal digits.
fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
