//! What a file is refused for, in the words of the person who has to mend it.

use super::blocks::LONGEST;
use super::date::Undecided;
use super::file::File;
use super::pass::Stop;
use super::{database, packed, text};
use crate::check::{Error, Kind, Origin};
use crate::units::Measure;

impl File<'_> {
    /// Why the file was not read to its end.
    pub(super) fn stopped(&self, stop: Stop<Error>) -> Error {
        match stop {
            Stop::Told(error) => error,
            Stop::Unread(error) => self.unread(&error),
            Stop::Endless(line) => self.endless(line),
            Stop::NotText => self.unreadable("holds bytes that are not text"),
        }
    }

    /// The bytes of the file cannot be had.
    pub(super) fn unread(&self, error: &std::io::Error) -> Error {
        use std::io::ErrorKind::{InvalidData, InvalidInput, Other, UnexpectedEof};
        match error.kind() {
            UnexpectedEof | Other | InvalidData | InvalidInput => self.unreadable(&packed::damage(error)),
            _ => self.refuse(format!(": {error}")),
        }
    }

    fn endless(&self, line: u64) -> Error {
        let what = format!(":{line}: the row that begins here is longer than {LONGEST} bytes");
        self.refuse(what).help("look for a quote that is opened there and not closed, or for lines that do not end")
    }

    /// The sum of a figure is out of range.
    pub(super) fn past(&self, line: u64, measure: Measure) -> Error {
        let place = Origin::new(self.path, line);
        let message = format!("{place}: the sum of `{}` goes past 9.2 × 10¹²", measure.name());
        Error::new(Kind::Input, message).help("check the unit of the column")
    }

    /// A database, and nothing said of what to read from it.
    pub(super) fn without_query(&self) -> Error {
        let tables: Vec<String> = database::tables(self.path).iter().map(|name| format!("`{name}`")).collect();
        let there = if tables.is_empty() { String::new() } else { format!("; its tables are {}", tables.join(", ")) };
        let help = format!("say what to read: `query = \"select …\"` of source[{}]{there}", self.number);
        self.refuse(" is an SQLite database, and no query says what to read").help(help)
    }

    /// Which sheet of several is meant.
    pub(super) fn which_sheet(&self, names: &[String]) -> Error {
        let number = self.number;
        let listed = names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        let help = format!(
            "name the sheet: `sheet = \"{}\"` of source[{number}]; to read several, name the file by a source for each",
            names[0]
        );
        match &self.source.sheet {
            Some(asked) => {
                self.refuse(format!(": source[{number}].sheet: no sheet `{asked}` among {listed}")).help(help)
            }
            None => self.refuse(format!(": of the sheets {listed} several may hold the table")).help(help),
        }
    }

    /// The file is something else than a table.
    pub(super) fn no_table(&self, what: &str) -> Error {
        let help = "export it as CSV or XLSX; what a spreadsheet can open, it can save as one of them";
        self.refuse(format!(" is {what} and no table")).help(help)
    }

    /// The file is damaged or of a kind that is not read.
    pub(super) fn unreadable(&self, what: &str) -> Error {
        self.refuse(format!(" {what}")).help("export it again, or save it as CSV")
    }

    /// The bytes of the file are not text.
    pub(super) fn not_text(&self, why: &text::NotText) -> Error {
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

    /// The dates of the file can be read in several ways.
    pub(super) fn undecided(&self, why: Undecided) -> Error {
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
