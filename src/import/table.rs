//! Text → records: where the header stands, what separates the cells, and on which line each record begins.

use std::convert::Infallible;

use csv::{Reader, ReaderBuilder, StringRecord};

use super::blocks::line_ends;
use super::cells::each;
use super::pass::Start;

/// Separators that exports use, the more common first.
pub(super) const SEPARATORS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// Lines looked at for the header; platforms write up to ten lines before it.
const HEADER_WITHIN: usize = 20;

/// A table in a text.
#[derive(Debug)]
pub(super) struct Table<'a> {
    text: &'a str,
    separator: u8,
    /// The headers as written.
    pub headers: Vec<String>,
    /// The line of the headers.
    pub line: u64,
    /// The first byte after the header line.
    start: usize,
}

impl<'a> Table<'a> {
    /// Finds the header: of the first lines the one with most headers that are `known`, the first of equals, or else
    /// the first line that is not blank. `None` when every line is blank.
    pub(super) fn find(text: &'a str, separators: &[u8], known: impl Fn(&str) -> bool) -> Option<Table<'a>> {
        let mut best: Option<(usize, Table)> = None;
        let mut start = 0;
        for (line, number) in text.split_inclusive('\n').take(HEADER_WITHIN).zip(1..) {
            let found = Table::on(text, separators, start, number, &known).filter(|_| !line.trim().is_empty());
            start += line.len();
            if let Some((recognised, table)) = found
                && best.as_ref().is_none_or(|(most, _)| recognised > *most)
            {
                best = Some((recognised, table));
            }
        }
        best.map(|(_, table)| table)
    }

    /// The table whose header begins at byte `start`, by the separator that gives most known headers, then most
    /// cells; with the number of known headers.
    fn on(
        text: &'a str,
        separators: &[u8],
        start: usize,
        line: u64,
        known: impl Fn(&str) -> bool,
    ) -> Option<(usize, Table<'a>)> {
        let split = |separator: &u8| {
            let table = Table::at(text, start, line, *separator)?;
            Some((table.headers.iter().filter(|header| known(header)).count(), table))
        };
        // `max_by_key` takes the last of equals, hence the reversal.
        separators.iter().rev().filter_map(split).max_by_key(|(recognised, table)| (*recognised, table.headers.len()))
    }

    /// The table whose header begins at byte `start`.
    fn at(text: &'a str, start: usize, line: u64, separator: u8) -> Option<Table<'a>> {
        let mut reader = reader(&text[start..], separator);
        let mut record = StringRecord::new();
        let found = reader.read_record(&mut record).ok()?;
        let end = usize::try_from(reader.position().byte()).ok()?;
        let headers = record.iter().map(str::to_owned).collect();
        found.then_some(Table { text, separator, headers, line, start: start + end })
    }

    /// Where the records after the header begin.
    pub(super) fn body(&self) -> Start {
        let (before, body) = self.text.as_bytes().split_at(self.start);
        Start { byte: self.start, line: 1 + line_ends(before, body.first()), separator: self.separator }
    }

    /// The records after the header, each with its line, of a text that is held as a whole.
    pub(super) fn records(&self) -> Vec<(u64, Vec<String>)> {
        let mut records = Vec::new();
        let Start { byte, line, separator } = self.body();
        let ended = each::<Infallible>(&self.text[byte..], separator, line, |cells, line| {
            records.push((line, cells.iter().map(str::to_owned).collect()));
            Ok(())
        });
        ended.map_or_else(|never| match never {}, |()| records)
    }
}

fn reader(text: &str, separator: u8) -> Reader<&[u8]> {
    ReaderBuilder::new().has_headers(false).flexible(true).delimiter(separator).from_reader(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str) -> (Vec<String>, Vec<(u64, Vec<String>)>) {
        let table = Table::find(text, &SEPARATORS, |header| ["day", "cost"].contains(&header)).unwrap();
        let rows = table.records();
        (table.headers, rows)
    }

    #[test]
    fn the_separator_is_that_of_the_header_line() {
        for separator in [",", ";", "\t", "|"] {
            let text = format!("day{separator}cost{separator}a b\n1{separator}\"2{separator}5\"{separator}x\n");
            let (headers, rows) = rows(&text);
            assert_eq!(headers, ["day", "cost", "a b"]);
            assert_eq!(rows, [(2, vec!["1".into(), format!("2{separator}5"), "x".into()])]);
        }
    }

    #[test]
    fn an_unknown_header_is_the_first_line_split_by_what_splits_it_most() {
        let (headers, _) = rows("a, b;c;d\n1;2;3\n");
        assert_eq!(headers, ["a, b", "c", "d"]);
    }

    #[test]
    fn lines_before_the_header_are_passed_over() {
        let (headers, rows) = rows("Report, all\r\n2026\r\n\r\nday,cost\r\n1,2\r\n");
        assert_eq!(headers, ["day", "cost"]);
        assert_eq!(rows[0].0, 5);
    }

    #[test]
    fn every_record_knows_its_line() {
        for end in ["\n", "\r\n", "\r"] {
            let text = ["day,cost", "1,2", "", "3,\"4", "5\"", "6,7"].join(end);
            let lines: Vec<u64> = rows(&text).1.iter().map(|(line, _)| *line).collect();
            assert_eq!(lines, [2, 4, 6], "{end:?}");
        }
    }
}
