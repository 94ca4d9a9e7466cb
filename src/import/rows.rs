//! Records → rows: what each cell holds, which records are no data, which rows are bad.
//!
//! | record | what becomes of it |
//! |---|---|
//! | all cells blank | passed over |
//! | no date, and the date or first cell is a word for a total | no row; its spend is held against the sum of the rows |
//! | no date, and one cell only | no row; named by a finding |
//! | all figures absent | left out as `no figures`: absent is not zero |
//! | spend absent beside other figures | bad: whether it is zero or unknown only a person can tell |
//! | no real date, no number, a figure below zero, too few or too many cells | bad |
//!
//! Bad rows refuse the file, all of them listed, unless `bad_rows = "skip"`. A currency symbol that contradicts the file's
//! currency refuses the file in any case: it is about every row.

use std::collections::{BTreeMap, HashSet};
use std::hash::{DefaultHasher, Hasher};

use csv::StringRecord;
use jiff::civil::Date;

use super::File;
use super::batch::{Fold, Lines, Row};
use super::columns::Mapping;
use super::date::Calendar;
use super::number::{How, NotAFigure, figure, is_absent, is_scientific};
use crate::check::{Error, Kind, Origin, Problem};
use crate::settings::{BadRows, Duplicates};
use crate::units::{Currency, Kpi, Measure, Micros};

/// Bad rows that an error lists; the rest is a number.
const LISTED: usize = 50;

/// Words that a total row begins with.
const TOTALS: [&str; 9] = ["合计", "合計", "总计", "总計", "總計", "汇总", "小计", "トータル", "総計"];

/// Errors of a spreadsheet, which stand where a name was.
const ERROR_CELLS: [&str; 8] = ["#N/A", "#REF!", "#VALUE!", "#NAME?", "#NULL!", "#NUM!", "#DIV/0!", "#N/A N/A"];

/// What is seen while the records of one file go by.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// Data rows.
    pub read: u64,
    /// Data rows that were folded.
    pub used: u64,
    /// Spend of all data rows, in millionths.
    pub spend: BTreeMap<Currency, i128>,
    /// Rows equal to an earlier one in every column.
    pub repeated: Lines,
    /// Bad rows by reason.
    pub bad: BTreeMap<&'static str, Lines>,
    /// The first bad rows, one problem each.
    pub problems: Vec<Problem>,
    /// Rows whose figures are all absent.
    pub no_figures: Lines,
    /// Total rows: line and spend, where it is a number.
    pub totals: Vec<(u64, Option<Micros>)>,
    /// Lines beside the table, such as a footer: line and text.
    pub beside: Vec<(u64, String)>,
    /// Rows with a spreadsheet error for a name.
    pub error_cells: Lines,
    /// Rows with more of the KPI than clicks.
    pub above_clicks: Lines,
    /// Rows with a figure of which only a bound is told.
    pub censored: Lines,
    /// Rows whose impressions or clicks are no whole number.
    pub fractional: Lines,
}

/// Why a row is bad.
struct Fault {
    reason: &'static str,
    message: String,
    help: Option<String>,
    /// Whether it is about the file rather than the row, so that leaving the row out cannot mend it.
    of_the_file: bool,
}

impl Fault {
    fn new(reason: &'static str, message: String) -> Fault {
        Fault { reason, message, help: None, of_the_file: false }
    }
}

/// Reads records of one file.
pub(super) struct Rows<'a> {
    file: &'a File<'a>,
    mapping: &'a Mapping,
    calendar: &'a Calendar,
    currency: Currency,
    fold: Fold,
    seen: HashSet<u128>,
    tally: Tally,
    date: String,
}

impl<'a> Rows<'a> {
    /// A reader of records that `mapping` and `calendar` are of.
    pub(super) fn new(file: &'a File<'a>, mapping: &'a Mapping, calendar: &'a Calendar) -> Rows<'a> {
        let currency = mapping.header_currency.or(file.source.currency).unwrap_or(file.project.currency);
        Rows {
            file,
            mapping,
            calendar,
            currency,
            fold: Fold::default(),
            seen: HashSet::new(),
            tally: Tally::default(),
            date: String::new(),
        }
    }

    /// What was read.
    ///
    /// # Errors
    ///
    /// [`Kind::Input`] with the bad rows, when the source refuses them.
    pub(super) fn finish(mut self) -> Result<(Fold, Tally), Error> {
        let bad: u64 = self.tally.bad.values().map(|lines| lines.count).sum();
        if bad == 0 || self.file.source.bad_rows == BadRows::Skip {
            return Ok((self.fold, self.tally));
        }
        let more = bad - self.tally.problems.len() as u64;
        let mut problems = std::mem::take(&mut self.tally.problems);
        if more > 0 {
            let message = format!("{}: {more} more bad rows", self.file.shown());
            problems.push(Problem { message, help: Some(self.file.skip_help()) });
        }
        Err(Error { kind: Kind::Input, problems })
    }

    /// Reads one record.
    ///
    /// # Errors
    ///
    /// [`Kind::Input`] when the record shows that the whole file is not what its settings say.
    pub(super) fn add(&mut self, record: &StringRecord, line: u64) -> Result<(), Error> {
        if record.iter().all(|cell| cell.trim().is_empty()) {
            return Ok(());
        }
        date_text(record, self.mapping, &mut self.date);
        if self.is_no_data(record, line) {
            return Ok(());
        }
        self.tally.read += 1;
        self.count_spend(record);
        let is_duplicate = !self.seen.insert(fingerprint(record));
        if is_duplicate {
            self.tally.repeated.add(line);
            if self.file.source.duplicates == Duplicates::Drop {
                return Ok(());
            }
        }
        match self.row(record, line) {
            Ok(Some(row)) => self.fold(row, is_duplicate),
            Ok(None) => {
                self.tally.no_figures.add(line);
                Ok(())
            }
            Err(fault) => self.bad(fault, line),
        }
    }

    fn fold(&mut self, row: Row, is_duplicate: bool) -> Result<(), Error> {
        let line = row.line;
        self.tally.used += 1;
        self.fold.add(row, is_duplicate).map_err(|measure| {
            let place = Origin::new(self.file.path, line);
            let message = format!("{place}: the sum of `{}` goes past 9.2 × 10¹²", measure.name());
            Error::new(Kind::Input, message).help("check the unit of the column")
        })
    }

    fn bad(&mut self, fault: Fault, line: u64) -> Result<(), Error> {
        let message = format!("{}: {}", Origin::new(self.file.path, line), fault.message);
        let help = fault.help.unwrap_or_else(|| self.file.skip_help());
        if fault.of_the_file {
            return Err(Error::new(Kind::Input, message).help(help));
        }
        self.tally.bad.entry(fault.reason).or_default().add(line);
        if self.tally.problems.len() < LISTED {
            self.tally.problems.push(Problem { message, help: Some(help) });
        }
        Ok(())
    }

    /// Whether the record is a total row or a note beside the table, which is then remembered as such.
    fn is_no_data(&mut self, record: &StringRecord, line: u64) -> bool {
        if self.calendar.day(&self.date).is_some() {
            return false;
        }
        let first = record.iter().map(str::trim).find(|cell| !cell.is_empty()).unwrap_or_default();
        if is_total(first) || is_total(&self.date) {
            let spend = self.cell(record, Measure::Spend).map(|cell| self.figure(cell, Measure::Spend, self.currency));
            self.tally.totals.push((line, spend.and_then(Result::ok).flatten()));
            return true;
        }
        let cells = record.iter().filter(|cell| !cell.trim().is_empty()).count();
        let is_note = cells == 1 && self.mapping.headers.len() > 2 && !first.starts_with(|c: char| c.is_ascii_digit());
        if is_note {
            self.tally.beside.push((line, first.to_owned()));
        }
        is_note
    }

    /// Adds to the spend as read, which negative amounts are part of.
    fn count_spend(&mut self, record: &StringRecord) {
        let Ok(currency) = self.currency_of(record) else { return };
        let Some(cell) = self.cell(record, Measure::Spend) else { return };
        if let Ok(Some(spend)) | Err(NotAFigure::Negative(spend)) = self.figure(cell, Measure::Spend, currency) {
            *self.tally.spend.entry(currency).or_default() += i128::from(spend.get());
        }
    }

    /// The row of a record, or `None` when all its figures are absent.
    fn row(&mut self, record: &StringRecord, line: u64) -> Result<Option<Row>, Fault> {
        self.has_all_cells(record)?;
        let date = self.day()?;
        let currency = self.currency_of(record)?;
        let measures = self.measures(record, currency, line)?;
        if measures.iter().all(Option::is_none) {
            return Ok(None);
        }
        if measures[Measure::Spend.index()].is_none() {
            let header = self.header(Measure::Spend);
            let message = format!("column `{header}` is blank beside other figures, expected an amount");
            return Err(Fault::new("no spend", message));
        }
        let names = self.names(record, line)?;
        self.compare_with_clicks(&measures, line);
        Ok(Some(Row { date, days: 1, names, currency, measures, line, count: 1 }))
    }

    /// A record cut short or shifted must not be read; blank cells at its end are harmless.
    fn has_all_cells(&self, record: &StringRecord) -> Result<(), Fault> {
        let expected = self.mapping.headers.len();
        let is_long = record.iter().skip(expected).any(|cell| !cell.trim().is_empty());
        if record.len() >= expected && !is_long {
            return Ok(());
        }
        let message = format!("has {} cells, expected {expected} as in the header", record.len());
        Err(Fault::new("wrong number of cells", message))
    }

    fn day(&self) -> Result<Date, Fault> {
        if let (true, Some((first, _))) = (self.mapping.date.is_empty(), self.file.source.period) {
            return Ok(first);
        }
        self.calendar.day(&self.date).ok_or_else(|| {
            let headers: Vec<&str> =
                self.mapping.date.iter().map(|cell| self.mapping.headers[*cell].as_str()).collect();
            let message = format!("column `{}` holds `{}`, expected a date", headers.join(" "), self.date);
            Fault::new("not a date", message)
        })
    }

    fn currency_of(&self, record: &StringRecord) -> Result<Currency, Fault> {
        let cell = self.mapping.currency.and_then(|cell| record.get(cell));
        let Some(cell) = cell.map(str::trim).filter(|cell| !is_absent(cell)) else { return Ok(self.currency) };
        cell.parse().map_err(|_| {
            let header = self.mapping.currency.map_or("", |cell| &self.mapping.headers[cell]);
            let message = format!("column `{header}` holds `{cell}`, expected a currency code such as CNY");
            Fault::new("not a currency", message)
        })
    }

    fn measures(&mut self, record: &StringRecord, currency: Currency, line: u64) -> Result<[Option<Micros>; 9], Fault> {
        let (mut measures, mut is_censored) = ([None; 9], false);
        for measure in Measure::ALL {
            let Some(cell) = self.cell(record, measure) else { continue };
            measures[measure.index()] = match self.figure(cell, measure, currency) {
                Ok(figure) => figure,
                Err(NotAFigure::Censored) => {
                    is_censored = true;
                    None
                }
                Err(why) => return Err(self.no_figure(cell, measure, currency, &why)),
            };
        }
        if is_censored {
            self.tally.censored.add(line);
        }
        let is_fractional = |figure: Micros| figure.get() % Micros::PER_UNIT != 0;
        let whole = [Measure::Impressions, Measure::Clicks].map(|measure| measures[measure.index()]);
        if whole.into_iter().flatten().any(is_fractional) {
            self.tally.fractional.add(line);
        }
        Ok(measures)
    }

    fn cell<'r>(&self, record: &'r StringRecord, measure: Measure) -> Option<&'r str> {
        record.get(self.mapping.measures[measure.index()]?)
    }

    fn figure(&self, cell: &str, measure: Measure, currency: Currency) -> Result<Option<Micros>, NotAFigure> {
        figure(cell, self.how(measure), measure.is_money().then_some(currency))
    }

    fn how(&self, measure: Measure) -> How {
        How { decimal_comma: self.file.source.decimal_comma, unit: self.mapping.units[measure.index()] }
    }

    fn header(&self, measure: Measure) -> &str {
        self.mapping.measures[measure.index()].map_or("", |cell| &self.mapping.headers[cell])
    }

    fn no_figure(&self, cell: &str, measure: Measure, currency: Currency, why: &NotAFigure) -> Fault {
        let holds = format!("column `{}` holds `{}`", self.header(measure), cell.trim());
        let number = self.file.number;
        match why {
            NotAFigure::Negative(_) => Fault::new("below zero", format!("{holds}, expected 0 or more")),
            NotAFigure::NotANumber | NotAFigure::Censored => {
                let comma = !self.file.source.decimal_comma && {
                    figure(cell, How { decimal_comma: true, unit: 0 }, Some(currency)).is_ok()
                };
                let help = comma.then(|| {
                    format!("set `decimal_comma = true` for source[{number}], or export without thousands separators")
                });
                Fault { help, ..Fault::new("not a number", format!("{holds}, expected a number")) }
            }
            NotAFigure::OtherCurrency => Fault {
                help: Some(format!("set `currency = \"…\"` for source[{number}] to the currency of the file")),
                of_the_file: true,
                ..Fault::new("another currency", format!("{holds}, but its currency is {currency}"))
            },
        }
    }

    fn names(&mut self, record: &StringRecord, line: u64) -> Result<[Option<u32>; 5], Fault> {
        let (mut names, mut has_error) = ([None; 5], false);
        for (place, cell) in self.mapping.fields.into_iter().enumerate() {
            let Some(cell) = cell else { continue };
            let name = record.get(cell).unwrap_or_default().trim();
            if is_scientific(name) {
                return Err(self.no_name(cell, name));
            }
            let is_error = ERROR_CELLS.contains(&name);
            has_error |= is_error;
            names[place] = (!is_error && !is_absent(name)).then(|| self.fold.place(name));
        }
        if has_error {
            self.tally.error_cells.add(line);
        }
        Ok(names)
    }

    /// An ID whose last digits a spreadsheet has lost: two such IDs may have become one.
    fn no_name(&self, cell: usize, name: &str) -> Fault {
        let header = &self.mapping.headers[cell];
        let message = format!("column `{header}` holds `{name}`, an ID that a spreadsheet has cut to 15 digits");
        let help =
            "export again and import the file without opening it in a spreadsheet, or map the name instead of the ID";
        Fault { help: Some(help.to_owned()), ..Fault::new("an ID cut by a spreadsheet", message) }
    }

    fn compare_with_clicks(&mut self, measures: &[Option<Micros>; 9], line: u64) {
        let kpi = self.file.project.kpi;
        let (clicks, count) = (measures[Measure::Clicks.index()], measures[kpi.measure().index()]);
        if kpi != Kpi::Value && clicks.is_some() && count > clicks {
            self.tally.above_clicks.add(line);
        }
    }
}

/// Puts the text of a record's date into `text`: the cell, or its parts with a blank between.
pub(super) fn date_text(record: &StringRecord, mapping: &Mapping, text: &mut String) {
    text.clear();
    for (index, cell) in mapping.date.iter().enumerate() {
        if index > 0 {
            text.push(' ');
        }
        text.push_str(record.get(*cell).unwrap_or_default().trim());
    }
}

/// Whether a cell is the label of a total row: `合计`, `合计12条记录`, `Total`, `Total: Account`, `Total of 12 results`.
fn is_total(cell: &str) -> bool {
    let cell = cell.trim().to_lowercase();
    let after = cell.strip_prefix("grand ").unwrap_or(&cell).strip_prefix("total");
    let is_label =
        |rest: &str| rest.is_empty() || rest == "s" || rest.starts_with([':', '：']) || rest.starts_with(" of ");
    TOTALS.iter().any(|word| cell.starts_with(word)) || after.is_some_and(is_label)
}

/// 128 bits of a record: cells and where they end.
///
/// Two rows of a file of 10⁷ share them by chance once in 10²⁴ files.
fn fingerprint(record: &StringRecord) -> u128 {
    let half = |salt: u8| {
        let mut hasher = DefaultHasher::new();
        hasher.write_u8(salt);
        for cell in record {
            hasher.write(cell.as_bytes());
            hasher.write_u8(0xFF);
        }
        u128::from(hasher.finish())
    };
    half(0) << 64 | half(1)
}
