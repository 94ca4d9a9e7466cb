//! One file → its [`Batch`]es.

use encoding_rs::UTF_8;
use jiff::tz::TimeZone;
use sha2::{Digest, Sha256};

use super::batch::Batch;
use super::cells::Cells;
use super::columns;
use super::content::{self, Content, Hashed};
use super::date::{self, Seen};
use super::days::Shift;
use super::fold::Folded;
use super::mapping::Mapping;
use super::pass::{self, Start, Stop};
use super::repeats::{self, Hashes, Repeats};
use super::rows::Rows;
use super::table::{SEPARATORS, Table};
use super::tally::Tally;
use super::text::{self, Text};
use super::workbook::{self, Sheet};
use super::{checks, database, packed, parquet, preamble, separate};
use crate::check::{Error, Kind, Problem};
use crate::settings::{BadRows, Duplicates, Project, Secrets, Settings, Source, hex};
use std::path::Path;

/// One file to be read, and what the settings say about it.
pub(super) struct File<'a> {
    /// `[project]`.
    pub project: &'a Project,
    /// The source that names it.
    pub source: &'a Source,
    /// The number of the source, from 1, as messages count it.
    pub number: usize,
    /// Its path.
    pub path: &'a Path,
    /// What opens it, where it is a database.
    pub secrets: &'a Secrets,
}

impl<'a> File<'a> {
    /// The file at `path`, of source `index`.
    pub(super) fn new(settings: &'a Settings, index: usize, path: &'a Path) -> File<'a> {
        let (project, source) = (&settings.project, &settings.sources[index]);
        File { project, source, number: index + 1, path, secrets: &settings.secrets }
    }

    /// The path, as messages show it.
    pub(super) fn shown(&self) -> String {
        self.path.display().to_string()
    }

    pub(super) fn refuse(&self, what: impl std::fmt::Display) -> Error {
        Error::new(Kind::Input, format!("{}{what}", self.path.display()))
    }

    /// What to do about bad rows.
    pub(super) fn skip_help(&self) -> String {
        format!("correct the rows, or leave them out with `bad_rows = \"skip\"` of source[{}]", self.number)
    }

    /// Reads the file, or each of the files that are packed in it.
    pub(super) fn read(&self) -> Result<Vec<Batch>, Error> {
        if let Some(query) = &self.source.query {
            return Ok(vec![self.answer(query)?]);
        }
        if database::is_sqlite(self.path).map_err(|error| self.unread(&error))? {
            return Err(self.without_query());
        }
        if let Some(what) = content::no_table(self.path).map_err(|error| self.unread(&error))? {
            return Err(self.no_table(what));
        }
        if let Some(content) = self.streamed()?
            && let Some(batch) = self.batch_of_stream(content)?
        {
            return Ok(vec![batch]);
        }
        if let Some(line) = content::endless_line(self.path).map_err(|error| self.unread(&error))? {
            return Err(self.stopped(Stop::Endless(line)));
        }
        let bytes = std::fs::read(self.path).map_err(|error| self.refuse(format!(": {error}")))?;
        let sha256 = hex(&Sha256::digest(&bytes));
        let members = packed::members(bytes, packed::BOUND).map_err(|what| self.unreadable(&what))?;
        let read = |member: packed::Member| match member.name {
            None => self.batch_of_bytes(member.bytes, sha256.clone()),
            Some(name) => {
                let sha256 = hex(&Sha256::digest(&member.bytes));
                File { path: &self.path.join(name), ..*self }.batch_of_bytes(member.bytes, sha256)
            }
        };
        let (batches, wrong) = separate(members.into_iter().map(read));
        Error::all(wrong).map(|()| batches)
    }

    /// The batch of what a database answers; its hash is that of the answer, which the same database may not give again.
    fn answer(&self, query: &str) -> Result<Batch, Error> {
        let zone = self.source.timezone.as_ref().unwrap_or(&self.project.timezone);
        let answer = database::ask(self.path, query, zone, self.secrets)
            .map_err(|why| self.refuse(format!(": {}", why.what)).help(why.help))?;
        let text = Text::answered(answer.content, answer.kind);
        let mut batch = self.batch(&text, None).map_err(|stop| self.stopped(stop))?;
        batch.findings.extend(answer.in_clear.map(|host| checks::in_clear(self, &host)));
        Ok(batch)
    }

    /// The text of the file, when it need not be held as a whole.
    fn streamed(&self) -> Result<Option<Content>, Error> {
        if self.source.encoding.is_some_and(|encoding| encoding != UTF_8) {
            return Ok(None);
        }
        Content::streamed(self.path).map_err(|error| self.unread(&error))
    }

    /// The batch of a text in UTF-8; `None` when it turns out not to be UTF-8.
    fn batch_of_stream(&self, content: Content) -> Result<Option<Batch>, Error> {
        let sha256 = match &content {
            Content::Streamed { is_packed: false, mark: 0, .. } => None,
            _ => Some(content::sha256_of(self.path).map_err(|error| self.unread(&error))?),
        };
        match self.batch(&Text::streamed(content), sha256) {
            Ok(batch) => Ok(Some(batch)),
            Err(Stop::NotText) => Ok(None),
            Err(stop) => Err(self.stopped(stop)),
        }
    }

    fn batch_of_bytes(&self, bytes: Vec<u8>, sha256: String) -> Result<Batch, Error> {
        self.batch(&self.text(bytes)?, Some(sha256)).map_err(|stop| self.stopped(stop))
    }

    /// What a table holds. A file whose bytes are its text has the hash of its text.
    fn batch(&self, text: &Text, sha256: Option<String>) -> Result<Batch, Stop<Error>> {
        if text.content.is_one_endless_line() {
            return Err(Stop::Endless(1));
        }
        let nothing = || self.refuse(" is empty, expected a header line");
        let table = self.table(text).ok_or_else(nothing).map_err(Stop::Told)?;
        let mapping = self.mapping(&table).map_err(Stop::Told)?;
        let (read, content) = self.rows(&text.content, table.body(), &mapping)?;
        let tally = &read.tally;
        checks::must_agree(self, tally).map_err(Stop::Told)?;
        let days = self.days(&mapping, &read.folded);
        let mut findings = checks::all(self, &mapping, tally, &read.folded);
        findings.extend(checks::encoding(self, text).into_iter().chain(checks::sheet(self, text)));
        let (skipped, own_total) = (checks::skipped(tally, self), checks::own_total(tally));
        let (names, rows) = read.folded.into_rows(days);
        Ok(Batch {
            source: self.number - 1,
            path: self.path.to_owned(),
            encoding: text.encoding,
            platform: mapping.platform.map(str::to_owned),
            sha256: sha256.unwrap_or_else(|| content.clone()),
            content,
            columns: mapping.columns(),
            names,
            rows,
            read: read.tally.read,
            used: read.tally.used,
            skipped,
            own_total,
            spend: read.tally.spend,
            apart: read.tally.apart,
            basis: mapping.basis,
            figures: mapping.figures(),
            unread: mapping.unread,
            repeated: read.tally.repeated.count,
            findings,
        })
    }

    /// Goes through the rows, once more for the lines of rows that repeat others, and once more where these matter for
    /// what the rows add up to; with the hash of the text.
    fn rows(&self, content: &Content, start: Start, mapping: &Mapping) -> Result<(Read, String), Stop<Error>> {
        let nobody_looked = Repeats::default();
        let before = &content.head().as_bytes()[..start.byte];
        let stream = Hashed::new(before, content.from(start.byte).map_err(Stop::Unread)?);
        let reader = |repeats| move || Rows::new(self, mapping, repeats, start.separator);
        let (mut readers, stream) = pass::over(stream, start, reader(&nobody_looked), Rows::add)?;
        let doubles = repeats::doubles(
            readers.iter_mut().map(|rows| std::mem::replace(&mut rows.hashes, Hashes::new())).collect(),
        );
        let read = self.together(readers).map_err(Stop::Told)?;
        let mut read = self.unless_bad(read).map_err(Stop::Told)?;
        if !doubles.is_empty() {
            let repeats = repeated(content, start, &doubles)?;
            let drops = self.source.duplicates == Duplicates::Drop;
            if drops || read.folded.steps_by_weeks() {
                let readers = pass::of(content, start, reader(&repeats), Rows::add)?;
                read = self.together(readers).map_err(Stop::Told)?;
            }
            read.tally.repeated = repeats.lines();
        }
        Ok((read, stream.sha256()))
    }

    /// Puts together what the readers of the file have read.
    fn together(&self, readers: Vec<Rows>) -> Result<Read, Error> {
        let seen: Vec<Seen> = readers.iter().flat_map(|rows| rows.days.seen.iter().cloned()).collect();
        let mut days = date::decide(&seen).map_err(|why| self.undecided(why))?.into_iter();
        let mut tally = Tally::default();
        let mut folds = Vec::new();
        for rows in readers {
            // A reading that is decided is a day.
            let own = days.by_ref().take(rows.days.seen.len()).map(Option::unwrap_or_default).collect();
            tally.merge(rows.tally);
            folds.push((rows.fold, own));
        }
        let folded = Folded::of(folds).map_err(|(line, measure)| self.past(line, measure))?;
        Ok(Read { folded, tally })
    }

    /// Refuses bad rows, all together, unless the source skips them.
    fn unless_bad(&self, read: Read) -> Result<Read, Error> {
        let bad = read.tally.count_bad();
        if bad == 0 || self.source.bad_rows == BadRows::Skip {
            return Ok(read);
        }
        let more = bad - read.tally.problems.len() as u64;
        let mut problems: Vec<Problem> = read.tally.problems.into_values().collect();
        if more > 0 {
            let message = format!("{}: {more} more bad rows", self.shown());
            problems.push(Problem { message, help: Some(self.skip_help()) });
        }
        Err(Error { kind: Kind::Input, problems })
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

    /// From the time zone of the file to that of the report, where they differ.
    pub(super) fn shift(&self) -> Option<Shift> {
        let from = self.source.timezone.as_ref().filter(|zone| **zone != self.project.timezone)?;
        let [from, to] = [from, &self.project.timezone].map(|zone| TimeZone::get(zone));
        Some(Shift { from: from.ok()?, to: to.ok()? })
    }

    fn knows(&self, header: &str) -> bool {
        columns::is_known(header, self.source)
    }

    fn table<'t>(&self, text: &'t Text) -> Option<Table<'t>> {
        Table::find(text.content.head(), text.separators, |header| self.knows(header))
    }

    fn mapping(&self, table: &Table) -> Result<Mapping, Error> {
        let place = format!("{}:{}", self.path.display(), table.line);
        let preamble = preamble::period(table.preamble(), self.source);
        let request =
            columns::Request { source: self.source, number: self.number, kpi: self.project.kpi, place, preamble };
        columns::map(&table.headers, &request)
    }

    fn days(&self, mapping: &Mapping, folded: &Folded) -> u32 {
        match mapping.period {
            Some((first, last)) => first.until(last).map_or(1, |span| span.get_days().unsigned_abs() + 1),
            _ if folded.steps_by_weeks() && folded.has_one_row_per_key() => 7,
            _ => 1,
        }
    }
}

/// What the rows of a file add up to.
struct Read {
    folded: Folded,
    tally: Tally,
}

/// The rows that repeat an earlier one, all of which have a hash among `doubles`.
fn repeated(content: &Content, start: Start, doubles: &[u64]) -> Result<Repeats, Stop<Error>> {
    let note = |found: &mut Vec<(u64, u128)>, cells: &Cells, line: u64| {
        if doubles.binary_search(&cells.hash(start.separator)).is_ok() {
            found.push((line, cells.long_hash(start.separator)));
        }
        Ok(())
    };
    pass::of(content, start, Vec::new, note).map(|found| Repeats::of(found.concat()))
}
