//! Any table with a header, for the commands that take one: `outlay efficiency` and `outlay rates`.

use std::path::{Path, PathBuf};

use csv::StringRecord;

use super::saved;
use crate::check::{Error, Kind, Origin, Problem};

/// A table as text, a line a record.
#[derive(Clone, Debug)]
pub struct Sheet {
    path: PathBuf,
    headers: Vec<String>,
    records: Vec<(u64, StringRecord)>,
}

impl Sheet {
    /// Reads a comma-separated file in UTF-8, with or without byte-order mark, or a `.json` file in one of the shapes that
    /// tables are saved in: records, columns, or a labelled array.
    ///
    /// # Errors
    ///
    /// [`Kind::Input`] for a file that is not there or not such a table, [`Kind::Nothing`] for one without rows.
    pub fn read(path: &Path) -> Result<Sheet, Error> {
        let name = path.display();
        let unread = |error: &dyn std::fmt::Display| Error::new(Kind::Input, format!("{name}: {error}"));
        let bytes = std::fs::read(path).map_err(|error| unread(&error))?;
        let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
        if path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json")) {
            return Sheet::of_json(path, text);
        }
        let mut reader = csv::Reader::from_reader(text);
        let headers: Vec<String> =
            reader.headers().map_err(|error| unread(&error))?.iter().map(|header| header.trim().to_owned()).collect();
        let mut records = Vec::new();
        for record in reader.records() {
            let record = record.map_err(|error| unread(&error))?;
            records.push((record.position().map_or(0, csv::Position::line), record));
        }
        if records.is_empty() {
            return Err(Error::new(Kind::Nothing, format!("{name} has no rows")).help("check the file"));
        }
        Ok(Sheet { path: path.to_owned(), headers, records })
    }

    fn of_json(path: &Path, text: &[u8]) -> Result<Sheet, Error> {
        let name = path.display();
        let unread = |message: String| Error::new(Kind::Input, message).help(saved::HELP);
        let document =
            serde_json::from_slice(text).map_err(|error| unread(format!("{name}:{}: {error}", error.line())))?;
        let (headers, rows) = saved::table(document).map_err(|problem| unread(format!("{name}: {problem}")))?;
        if rows.is_empty() {
            return Err(Error::new(Kind::Nothing, format!("{name} has no rows")).help("check the file"));
        }
        let records = rows.into_iter().zip(1..).map(|(row, number)| (number, StringRecord::from(row))).collect();
        Ok(Sheet { path: path.to_owned(), headers, records })
    }

    /// The file, as messages show it.
    pub fn shown(&self) -> String {
        self.path.display().to_string()
    }

    /// The first of several names that the table has as a header.
    pub fn has<'a>(&self, names: &[&'a str]) -> Option<&'a str> {
        names.iter().copied().find(|name| self.headers.iter().any(|header| header == name))
    }

    /// The texts of a column, trimmed.
    ///
    /// # Errors
    ///
    /// [`Kind::Settings`] for a header that the table has not, or has twice.
    pub fn texts(&self, header: &str) -> Result<Vec<&str>, Error> {
        let place = self.place(header)?;
        Ok(self.records.iter().map(|(_, record)| record.get(place).unwrap_or("").trim()).collect())
    }

    /// The numbers of a column.
    ///
    /// # Errors
    ///
    /// As [`Sheet::texts`]; [`Kind::Input`] with every cell that holds no number.
    pub fn numbers(&self, header: &str) -> Result<Vec<f64>, Error> {
        let texts = self.texts(header)?;
        let mut problems = Vec::new();
        let mut numbers = Vec::with_capacity(texts.len());
        for (text, (line, _)) in texts.into_iter().zip(&self.records) {
            match text.parse::<f64>().ok().filter(|number| number.is_finite()) {
                Some(number) => numbers.push(number),
                None => {
                    let origin = Origin::new(&self.path, *line);
                    let message = format!("{origin}: column `{header}` holds `{text}`, expected a number");
                    problems.push(Problem { message, help: Some("fill the cell, or leave the row out".into()) });
                }
            }
        }
        if problems.is_empty() { Ok(numbers) } else { Err(Error { kind: Kind::Input, problems }) }
    }

    /// The numbers of a column, as far as they are known: a blank cell is not.
    ///
    /// # Errors
    ///
    /// As [`Sheet::texts`]; [`Kind::Input`] with every cell that is neither blank nor `expected`, which is what `is_meant` admits.
    pub fn known(
        &self,
        header: &str,
        expected: &str,
        is_meant: impl Fn(f64) -> bool,
    ) -> Result<Vec<Option<f64>>, Error> {
        let mut problems = Vec::new();
        let mut number = |(text, (line, _)): (&str, &(u64, StringRecord))| {
            let number = text.parse::<f64>().ok().filter(|number| is_meant(*number));
            if number.is_none() && !text.is_empty() {
                let origin = Origin::new(&self.path, *line);
                let message = format!("{origin}: column `{header}` holds `{text}`, expected {expected}");
                problems.push(Problem { message, help: Some("leave the cell blank where it is not known".into()) });
            }
            number
        };
        let found = self.texts(header)?.into_iter().zip(&self.records).map(&mut number).collect();
        if problems.is_empty() { Ok(found) } else { Err(Error { kind: Kind::Input, problems }) }
    }

    fn place(&self, header: &str) -> Result<usize, Error> {
        let mut places = (0..self.headers.len()).filter(|place| self.headers[*place] == header);
        let there = || format!("the headers are: {}", self.headers.join(", "));
        match (places.next(), places.next()) {
            (Some(place), None) => Ok(place),
            (None, _) => {
                let message = format!("{} has no column `{header}`", self.path.display());
                Err(Error::new(Kind::Settings, message).help(there()))
            }
            _ => Err(Error::new(Kind::Settings, format!("{} has `{header}` twice", self.path.display())).help(there())),
        }
    }
}
