//! `[kpi_total]`: the KPI over all channels and the baseline, by day or by week, and what else moves the baseline.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use jiff::civil::Date;
use sha2::{Digest, Sha256};

use super::date::{Calendar, Hints, Undecided};
use super::header::normalised;
use super::number::{self, How, NotAFigure};
use super::table::{SEPARATORS, Table};
use super::text;
use crate::check::{Error, Finding, Kind, Origin};
use crate::settings::{KpiTotal, Settings};
use crate::units::{Currency, Kpi, Micros};

/// Headers that are read as the date without being told.
const DATES: [&str; 8] = ["date", "day", "week", "ds", "日期", "日付", "日", "时间"];

/// The file of `[kpi_total]`.
#[derive(Clone, Debug)]
pub struct Total {
    /// The file.
    pub path: PathBuf,
    /// SHA-256 of its bytes, hexadecimal.
    pub sha256: String,
    /// Days that a row stands for: 1 or 7.
    pub days: u32,
    /// Headers of the free columns, as the settings name them.
    pub free: Vec<String>,
    /// What each date holds, consecutive or not.
    pub rows: BTreeMap<Date, TotalRow>,
    /// What was decided without being asked.
    pub findings: Vec<Finding>,
}

/// One day or week.
#[derive(Clone, Debug, PartialEq)]
pub struct TotalRow {
    /// The line of the file.
    pub line: u64,
    /// The KPI; absent where the cell is blank.
    pub kpi: Option<Micros>,
    /// The free columns, in order; never absent where the KPI is given.
    pub free: Vec<Micros>,
}

/// Reads the file of `[kpi_total]`; `None` where the settings have none.
///
/// # Errors
///
/// [`Kind::Input`] with everything that is wrong in the file: missing, empty, headers that are not known, cells that are no
/// dates or figures, a date that stands twice, rows that step neither by days nor by weeks.
pub fn total(settings: &Settings) -> Result<Option<Total>, Error> {
    let read = |setting| Reader { setting, kpi: settings.project.kpi, currency: settings.project.currency }.read();
    settings.kpi_total.as_ref().map(read).transpose()
}

struct Reader<'a> {
    setting: &'a KpiTotal,
    kpi: Kpi,
    currency: Currency,
}

/// Which cell of a record is what.
struct Cells {
    date: usize,
    kpi: usize,
    free: Vec<usize>,
}

impl Reader<'_> {
    fn path(&self) -> &Path {
        &self.setting.path
    }

    fn refuse(&self, what: impl std::fmt::Display) -> Error {
        Error::new(Kind::Input, format!("{}{what}", self.path().display()))
    }

    fn read(&self) -> Result<Total, Error> {
        let help = "give a CSV of dates and totals; the path is relative to the folder of the settings file";
        let unread = |error| Error::new(Kind::Input, format!("kpi_total.path: {}: {error}", self.path().display()));
        let bytes = std::fs::read(self.path()).map_err(|error| unread(error).help(help))?;
        let sha256 = crate::settings::hex(&Sha256::digest(&bytes));
        let text = text::decode(bytes, None, &|_| (0, 0)).map_err(|_| {
            self.refuse(": is not UTF-8 text").help("save it as UTF-8; spreadsheets call it `CSV UTF-8`")
        })?;
        let table = Table::find(text.content.head(), &SEPARATORS, |header| self.knows(header));
        let table = table.ok_or_else(|| self.refuse(": is empty, expected a header line").help(help))?;
        let (cells, findings) = self.cells(&table)?;
        let rows = self.rows(&table, &cells)?;
        let days = self.days(&rows)?;
        let path = self.path().to_owned();
        Ok(Total { path, sha256, days, free: self.setting.free.clone(), rows, findings })
    }

    fn knows(&self, header: &str) -> bool {
        let name = normalised(header);
        let named = [&self.setting.date, &self.setting.kpi].into_iter().flatten().chain(&self.setting.free);
        DATES.contains(&name.as_str()) || name == self.kpi.name() || named.into_iter().any(|h| normalised(h) == name)
    }

    /// The cells by header: as the settings name them, by their usual names, and of two columns the other one.
    fn cells(&self, table: &Table) -> Result<(Cells, Vec<Finding>), Error> {
        let headers: Vec<String> = table.headers.iter().map(|header| normalised(header)).collect();
        let at = |name: &str| headers.iter().position(|header| *header == normalised(name));
        let place = format!(":{}", table.line);
        let there_are = || format!("the headers are {}", table.headers.join(", "));
        let missing = |key: &str, name: &str| {
            self.refuse(format!("{place}: no header `{name}`, which is to hold `{key}`")).help(there_are())
        };
        let date = match &self.setting.date {
            Some(name) => at(name).ok_or_else(|| missing("date", name))?,
            None => DATES
                .iter()
                .find_map(|name| at(name))
                .ok_or_else(|| missing("date", "date").help("map it: `columns = { date = \"…\" }` of [kpi_total]"))?,
        };
        let name = self.setting.kpi.as_deref().unwrap_or(self.kpi.name());
        let other = (headers.len() == 2 && self.setting.kpi.is_none()).then_some(1 - date.min(1));
        let kpi = at(name).or(other).ok_or_else(|| {
            missing(self.kpi.name(), name)
                .help(format!("map it: `columns = {{ {} = \"…\" }}` of [kpi_total]", self.kpi))
        })?;
        let free = self.setting.free.iter().map(|name| at(name).ok_or_else(|| missing("kpi_total.free", name)));
        let free = free.collect::<Result<Vec<usize>, Error>>()?;
        let findings = if at(name).is_some() { Vec::new() } else { vec![self.taken(&table.headers[kpi])] };
        Ok((Cells { date, kpi, free }, findings))
    }

    fn taken(&self, header: &str) -> Finding {
        let message = format!("column `{header}` is read as {}", self.kpi);
        let advice = "say so in the settings when that is right: `columns` of [kpi_total]";
        Finding::review("import.kpi_total", self.path().display().to_string(), message, advice)
    }

    fn rows(&self, table: &Table, cells: &Cells) -> Result<BTreeMap<Date, TotalRow>, Error> {
        let mut records = table.records();
        records.retain(|(_, record)| record.iter().any(|cell| !cell.trim().is_empty()));
        if records.is_empty() {
            return Err(self.refuse(": has no rows").help("check the date range of the file"));
        }
        let calendar = self.calendar(&records, cells.date)?;
        let (mut rows, mut wrong) = (BTreeMap::new(), Vec::new());
        for (line, record) in &records {
            if let Err(what) = self.row(record, *line, cells, &calendar, &mut rows) {
                wrong.push(Error::new(Kind::Input, format!("{}: {what}", Origin::new(self.path(), *line))));
            }
        }
        let help = "correct the rows; a total that is not known is left blank";
        Error::all(wrong).map_err(|error| error.help(help)).map(|()| rows)
    }

    fn calendar(&self, records: &[(u64, Vec<String>)], date: usize) -> Result<Calendar, Error> {
        let mut cells: Vec<(String, u64)> = Vec::new();
        let mut seen = std::collections::HashSet::new();
        for (line, record) in records {
            let text = cell_of(record, date).to_owned();
            if seen.insert(text.clone()) {
                cells.push((text, *line));
            }
        }
        let hints = Hints { year: None, order: self.setting.date_order };
        Calendar::decide(cells, hints).map_err(|why| {
            let (line, text) = match why {
                Undecided::Order { text, line, .. } | Undecided::NoYear { text, line } => (line, text),
                Undecided::Mixed { day_first: (text, line), .. } => (line, text),
            };
            self.refuse(format!(":{line}: `{text}` is no date by itself: its order or its year is open"))
                .help("write dates as 2026-06-01, or set `date_order` of [kpi_total]")
        })
    }

    fn row(
        &self,
        record: &[String],
        line: u64,
        cells: &Cells,
        calendar: &Calendar,
        rows: &mut BTreeMap<Date, TotalRow>,
    ) -> Result<(), String> {
        let text = cell_of(record, cells.date);
        let date =
            calendar.day(text).ok_or_else(|| format!("`{text}` is not a date, expected one such as 2026-06-01"))?;
        let kpi = self.figure(record, cells.kpi, self.kpi.name())?;
        let mut free = Vec::new();
        for (cell, name) in cells.free.iter().zip(&self.setting.free) {
            match (self.figure(record, *cell, name)?, kpi) {
                (Some(value), _) => free.push(value),
                (None, None) => free.push(Micros::ZERO),
                (None, Some(_)) => return Err(format!("column `{name}` is blank; write 0 where there was none")),
            }
        }
        match rows.insert(date, TotalRow { line, kpi, free }) {
            Some(other) => Err(format!("{date} stands twice, first on line {}", other.line)),
            None => Ok(()),
        }
    }

    fn figure(&self, record: &[String], cell: usize, column: &str) -> Result<Option<Micros>, String> {
        let text = cell_of(record, cell);
        let how = How { decimal_comma: self.setting.decimal_comma, unit: 0 };
        let currency = self.kpi.measure().is_money().then_some(self.currency);
        let holds = format!("column `{column}` holds `{text}`");
        number::figure(text, how, currency).map_err(|why| match why {
            NotAFigure::NotANumber => format!("{holds}, expected a number"),
            NotAFigure::Negative(_) => format!("{holds}, expected 0 or more"),
            NotAFigure::Censored => format!("{holds}, which is only a bound"),
            NotAFigure::OtherCurrency => format!("{holds}, expected an amount in {}", self.currency),
        })
    }

    /// 7 where dates step by weeks, 1 where by days.
    fn days(&self, rows: &BTreeMap<Date, TotalRow>) -> Result<u32, Error> {
        let dates: Vec<Date> = rows.keys().copied().collect();
        let steps: Vec<i32> = dates.windows(2).map(|pair| pair[0].until(pair[1]).map_or(0, |s| s.get_days())).collect();
        let least = steps.iter().copied().min().unwrap_or(1);
        if !steps.is_empty() && steps.iter().all(|step| step % 7 == 0) {
            return Ok(7);
        }
        if least <= 3 {
            return Ok(1);
        }
        let message = format!(": dates step by {least} days and more, expected one row a day or one a week");
        Err(self.refuse(message).help("give the total by day or by week; longer sums cannot be told apart by spend"))
    }
}

fn cell_of(record: &[String], cell: usize) -> &str {
    record.get(cell).map_or("", |text| text.trim())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::tests::Fixture;

    fn read(csv: &str, settings: &str) -> Result<Total, Error> {
        let folder = Fixture::new(&[("kpi.csv", csv)]);
        total(&folder.settings(&format!("[kpi_total]\npath = \"kpi.csv\"\n{settings}"))).map(Option::unwrap)
    }

    #[test]
    fn days_weeks_and_free_columns_are_read() {
        let daily =
            read("date,registrations,mails\n2026-05-01,12,3\n2026-05-02,,\n2026-05-03,9,0\n", "free = [\"mails\"]");
        let daily = daily.unwrap();
        assert_eq!((daily.days, daily.rows.len()), (1, 3));
        let second = &daily.rows[&jiff::civil::date(2026, 5, 2)];
        assert_eq!((second.kpi, second.line), (None, 3), "a blank total is not zero");
        let weekly =
            read("week;signups\n05/01/2026;1,200\n12/01/2026;900\n26/01/2026;950\n", "date_order = \"dmy\"").unwrap();
        assert_eq!(weekly.days, 7);
        assert_eq!(weekly.rows[&jiff::civil::date(2026, 1, 5)].kpi, Some(Micros::new(1_200_000_000)));
        assert_eq!(weekly.findings[0].check, "import.kpi_total", "the other of two columns is read, and said");
    }

    #[test]
    fn everything_wrong_is_told_by_line() {
        let error = read("date,registrations\n2026-05-01,12\n2026-05-01,13\nMay,4\n2026-05-04,-2\n", "").unwrap_err();
        let text = error.to_string();
        for part in ["kpi.csv:3: 2026-05-01 stands twice, first on line 2", "kpi.csv:4: `May`", "kpi.csv:5: column"] {
            assert!(text.contains(part), "{part} not in {text}");
        }
    }

    #[test]
    fn months_and_strange_headers_are_refused_with_the_remedy() {
        let months = read("date,registrations\n2026-01-01,9\n2026-02-01,8\n2026-03-01,7\n", "").unwrap_err();
        assert!(months.to_string().contains("one row a day or one a week"), "{months}");
        let headers = read("date,a,b\n2026-01-01,9,1\n", "").unwrap_err();
        assert!(headers.to_string().contains("columns = { registrations"), "{headers}");
        assert!(read("", "").is_err() && read("date,registrations\n", "").is_err());
    }
}
