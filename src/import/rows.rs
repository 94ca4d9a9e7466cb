//! Records → rows: what each cell holds, which records are no data, which rows are bad.
//!
//! | record | what becomes of it |
//! |---|---|
//! | all cells blank | passed over |
//! | no date, and the date or first cell is a word for a total, or there is no name either | no row; its spend is held against the sum of the rows |
//! | no date, and the headers again, as in files put together | no row; named by a finding |
//! | several dates, and no name or one that is a word for a total | no row; its spend is held against the sum of the rows |
//! | no date, and one cell only | no row; named by a finding |
//! | all figures absent | left out as `no figures`: absent is not zero |
//! | spend absent beside other figures | bad: whether it is zero or unknown only a person can tell |
//! | no real date, no number, a figure below zero, too few or too many cells | bad |
//!
//! Bad rows refuse the file, all of them listed, unless `bad_rows = "skip"`. A currency symbol that contradicts the file's
//! currency refuses the file in any case: it is about every row.

use super::cells::Cells;
use super::date::{Hints, Reading};
use super::days::{self, Days, Span};
use super::file::File;
use super::fold::Fold;
use super::mapping::Mapping;
use super::named::{Group, Named};
use super::number::{How, NotAFigure, figure, is_absent};
use super::repeats::{Hashes, Repeats};
use super::sums::{Figures, Key};
use super::tally::Tally;
use crate::check::{Error, Kind, Origin, Problem};
use crate::settings::{Duplicates, Negative};
use crate::units::{Currency, Kpi, Measure, Micros};

/// Words that a total row begins with.
const TOTALS: [&str; 9] = ["合计", "合計", "总计", "总計", "總計", "汇总", "小计", "トータル", "総計"];

/// Words that are a total row's alone or before a mark, in English, German, French, Spanish, Portuguese, Italian and
/// Turkish.
const TOTALS_BEFORE_MARKS: [&str; 12] = [
    "total",
    "totals",
    "grand total",
    "gesamt",
    "gesamtsumme",
    "summe",
    "total général",
    "total general",
    "total geral",
    "totale",
    "toplam",
    "genel toplam",
];

/// Errors of a spreadsheet, which stand where a name was.
pub(super) const ERROR_CELLS: [&str; 8] =
    ["#N/A", "#REF!", "#VALUE!", "#NAME?", "#NULL!", "#NUM!", "#DIV/0!", "#N/A N/A"];

/// A figure, as its cell was read.
type Read = Result<Option<Micros>, NotAFigure>;

/// Why a row is bad.
struct Fault {
    reason: &'static str,
    message: String,
    help: Option<String>,
    /// Whether it is about the file rather than the row, so that leaving the row out cannot mend it.
    of_the_file: bool,
}

impl Fault {
    /// Boxed, as faults are rare and results should be small.
    fn new(reason: &'static str, message: String) -> Box<Fault> {
        Box::new(Fault { reason, message, help: None, of_the_file: false })
    }
}

/// A column of figures.
#[derive(Clone, Copy, Debug)]
struct Column {
    measure: Measure,
    cell: usize,
    how: How,
}

/// One reader of records of a file; several may share a file, each with blocks of its own, ascending.
pub(super) struct Rows<'a> {
    file: &'a File<'a>,
    mapping: &'a Mapping,
    repeats: &'a Repeats,
    separator: u8,
    currency: Currency,
    /// The figures of the file.
    columns: Vec<Column>,
    /// The first and the last cell of the names, where nothing else stands between them.
    names: Option<(usize, usize)>,
    /// The readings of the dates.
    pub days: Days,
    /// The rows.
    pub fold: Fold,
    /// Everything else.
    pub tally: Tally,
    /// A hash of every data row.
    pub hashes: Hashes,
}

impl<'a> Rows<'a> {
    /// A reader of records that `mapping` is of, some of which are known to repeat others.
    pub(super) fn new(file: &'a File<'a>, mapping: &'a Mapping, repeats: &'a Repeats, separator: u8) -> Rows<'a> {
        let currency = mapping.header_currency.or(file.source.currency).unwrap_or(file.project.currency);
        let columns = columns(file, mapping);
        let hints = Hints { year: file.source.year, order: file.source.date_order.or(mapping.date_order) };
        Rows {
            file,
            mapping,
            repeats,
            separator,
            currency,
            fold: Fold::new(columns.iter().map(|column| column.measure).collect()),
            columns,
            names: side_by_side(mapping),
            days: Days::new(hints, file.shift()),
            tally: Tally::default(),
            hashes: Hashes::new(),
        }
    }

    /// Reads one record.
    ///
    /// # Errors
    ///
    /// [`Kind::Input`] when the record shows that the whole file is not what its settings say.
    pub(super) fn add(&mut self, record: &Cells, line: u64) -> Result<(), Error> {
        if record.is_blank() {
            return Ok(());
        }
        if !self.is_asked_for(record) {
            self.tally.read += 1;
            self.tally.not_asked.add(line);
            return Ok(());
        }
        let day = self.days.place(record, (&self.mapping.date, self.mapping.end), line);
        if day.is_none() && self.is_no_data(record, line) {
            return Ok(());
        }
        if day.is_some_and(|day| day.end > 0) && (self.names_a_total(record) || self.has_no_name(record)) {
            self.note_total(record, line);
            return Ok(());
        }
        self.tally.read += 1;
        let currency = self.currency_of(record);
        let spend = currency.as_ref().ok().and_then(|currency| self.spend(record, *currency));
        if let (Ok(currency), Some(Ok(Some(spend)) | Err(NotAFigure::Negative(spend)))) = (&currency, &spend) {
            self.tally.spent(*currency, *spend);
        }
        self.tell_apart(record, currency.as_ref().ok());
        let is_repeated = self.repeats.has(line);
        if !self.repeats.are_known() {
            self.hashes.add(record.hash(self.separator));
        }
        if is_repeated && self.file.source.duplicates == Duplicates::Drop {
            return Ok(());
        }
        match currency.and_then(|currency| self.row(record, line, day, (currency, spend))) {
            Ok(Some((key, figures))) => {
                self.tally.used += 1;
                self.fold.add(key, &figures, line, is_repeated);
                Ok(())
            }
            Ok(None) => {
                self.tally.no_figures.add(line);
                Ok(())
            }
            Err(fault) => self.bad(*fault, line),
        }
    }

    fn bad(&mut self, fault: Fault, line: u64) -> Result<(), Error> {
        let message = format!("{}: {}", Origin::new(self.file.path, line), fault.message);
        let help = fault.help.unwrap_or_else(|| self.file.skip_help());
        if fault.of_the_file {
            return Err(Error::new(Kind::Input, message).help(help));
        }
        self.tally.bad(fault.reason, line, Problem { message, help: Some(help) });
        Ok(())
    }

    /// Whether a record without a date is a total row or a note beside the table, which is then remembered as such.
    fn is_no_data(&mut self, record: &Cells, line: u64) -> bool {
        let first = record.iter().map(str::trim).find(|cell| !cell.is_empty()).unwrap_or_default();
        let date = self.date_text(record);
        if is_total(first) || is_total(&date) || self.names_a_total(record) || self.names_nothing(record) {
            self.note_total(record, line);
            return true;
        }
        if self.is_header(record) {
            self.tally.beside(line, first);
            return true;
        }
        let cells = record.iter().filter(|cell| !cell.trim().is_empty()).count();
        let is_note = cells == 1 && self.mapping.headers.len() > 2 && !first.starts_with(|c: char| c.is_ascii_digit());
        if is_note {
            self.tally.beside(line, first);
        }
        is_note
    }

    fn note_total(&mut self, record: &Cells, line: u64) {
        let spend = self.spend(record, self.currency);
        self.tally.totals.insert(line, spend.and_then(Result::ok).flatten());
    }

    /// Whether a record is the header once more.
    fn is_header(&self, record: &Cells) -> bool {
        record.iter().map(str::trim).eq(self.mapping.headers.iter().map(|header| header.trim()))
    }

    /// Whether one of the names is a word for a total.
    fn names_a_total(&self, record: &Cells) -> bool {
        let names = self.mapping.fields.iter().flatten().filter_map(|cell| record.get(*cell));
        names.into_iter().any(|name| is_total_word(name.trim()))
    }

    /// Whether a record has spend and neither a date nor a name: some totals have no label.
    fn names_nothing(&self, record: &Cells) -> bool {
        let mut dates = self.mapping.date.iter().filter_map(|cell| record.get(*cell));
        let has_spend = || self.cell(record, Measure::Spend).is_some_and(|cell| !is_absent(cell));
        !self.mapping.date.is_empty() && dates.all(is_absent) && self.has_no_name(record) && has_spend()
    }

    /// Whether the file has names and the record has none.
    fn has_no_name(&self, record: &Cells) -> bool {
        let mut names = self.mapping.fields.iter().flatten().peekable();
        names.peek().is_some() && names.all(|cell| is_absent(record.get(*cell).unwrap_or_default()))
    }

    fn date_text(&self, record: &Cells) -> String {
        let mut text = String::new();
        days::text(record, &self.mapping.date, &mut text);
        text
    }

    /// The spend of a record, where it has the cell.
    fn spend(&self, record: &Cells, currency: Currency) -> Option<Read> {
        let column = self.columns.first().filter(|column| column.measure == Measure::Spend)?;
        record.get(column.cell).map(|cell| self.figure(cell, *column, currency))
    }

    /// The row of a record, or `None` when all its figures are absent.
    fn row(
        &mut self,
        record: &Cells,
        line: u64,
        day: Option<Span>,
        (currency, spend): (Currency, Option<Read>),
    ) -> Result<Option<(Key, Figures)>, Box<Fault>> {
        self.has_all_cells(record)?;
        let date = self.day(record, day, line)?;
        let measures = self.measures(record, line, currency, spend)?;
        if measures.are_absent() {
            return Ok(None);
        }
        if measures.get(Measure::Spend).is_none() {
            let header = self.header(Measure::Spend);
            let message = format!("column `{header}` is blank beside other figures, expected an amount");
            return Err(Fault::new("no spend", message));
        }
        let group = self.group(record, line, currency)?;
        self.compare_with_clicks(&measures, line);
        Ok(Some((Key { group, first: date.first, end: date.end }, measures)))
    }

    /// A record cut short or shifted must not be read; blank cells at its end are harmless.
    fn has_all_cells(&self, record: &Cells) -> Result<(), Box<Fault>> {
        let expected = self.mapping.headers.len();
        let is_long = record.len() > expected && record.iter().skip(expected).any(|cell| !cell.trim().is_empty());
        if record.len() >= expected && !is_long {
            return Ok(());
        }
        let message = format!("has {} cells, expected {expected} as in the header", record.len());
        Err(Fault::new("wrong number of cells", message))
    }

    /// The place of the row's day; the first day of the period in a file without days.
    fn day(&mut self, record: &Cells, day: Option<Span>, line: u64) -> Result<Span, Box<Fault>> {
        if let Some((first, _)) = self.mapping.period {
            return Ok(self.days.given(Reading::Day(first), line));
        }
        day.ok_or_else(|| {
            let headers: Vec<&str> =
                self.mapping.date.iter().map(|cell| self.mapping.headers[*cell].as_str()).collect();
            let message = format!("column `{}` holds `{}`, expected a date", headers.join(" "), self.date_text(record));
            let is_blank = self.mapping.date.iter().all(|cell| is_absent(record.get(*cell).unwrap_or_default()));
            let help = is_blank.then(|| {
                let merged = "merged cells hold their text once: unmerge the column and fill it down";
                format!("{merged}; or {}", self.file.skip_help())
            });
            Box::new(Fault { help, ..*Fault::new("not a date", message) })
        })
    }

    fn currency_of(&self, record: &Cells) -> Result<Currency, Box<Fault>> {
        let cell = self.mapping.currency.and_then(|cell| record.get(cell));
        let Some(cell) = cell.map(str::trim).filter(|cell| !is_absent(cell)) else { return Ok(self.currency) };
        cell.parse().map_err(|_| {
            let header = self.mapping.currency.map_or("", |cell| &self.mapping.headers[cell]);
            let message = format!("column `{header}` holds `{cell}`, expected a currency code such as CNY");
            Fault::new("not a currency", message)
        })
    }

    fn measures(
        &mut self,
        record: &Cells,
        line: u64,
        currency: Currency,
        mut spend: Option<Read>,
    ) -> Result<Figures, Box<Fault>> {
        let (mut measures, mut is_censored) = (Figures::default(), false);
        for column in &self.columns {
            let Some(cell) = record.get(column.cell) else { continue };
            let known = if column.measure == Measure::Spend { spend.take() } else { None };
            match known.unwrap_or_else(|| self.figure(cell, *column, currency)) {
                Ok(Some(figure)) => measures.set(column.measure, figure),
                Ok(None) => {}
                Err(NotAFigure::Censored) => is_censored = true,
                Err(why) => return Err(self.no_figure(cell, column.measure, currency, &why)),
            }
        }
        if is_censored {
            self.tally.censored.add(line);
        }
        let is_fractional = |figure: Micros| figure.get() % Micros::PER_UNIT != 0;
        let whole = [Measure::Impressions, Measure::Clicks].map(|measure| measures.get(measure));
        if whole.into_iter().flatten().any(is_fractional) {
            self.tally.fractional.add(line);
        }
        Ok(measures)
    }

    fn cell<'r>(&self, record: &Cells<'r>, measure: Measure) -> Option<&'r str> {
        record.get(self.mapping.measures[measure.index()]?)
    }

    fn figure(&self, cell: &str, column: Column, currency: Currency) -> Read {
        let is_money = column.measure.is_money();
        match figure(cell, column.how, is_money.then_some(currency)) {
            Err(NotAFigure::Negative(amount)) if is_money && self.file.source.negative == Negative::Keep => {
                Ok(Some(amount))
            }
            read => read,
        }
    }

    /// Whether `where` of the source asks for the record.
    fn is_asked_for(&self, record: &Cells) -> bool {
        let holds = |(cell, texts): &(usize, Vec<String>)| {
            let text = record.get(*cell).unwrap_or_default().trim();
            texts.iter().any(|asked| asked == text)
        };
        self.mapping.only.iter().all(holds)
    }

    /// Adds grants and credit to their own sums.
    fn tell_apart(&mut self, record: &Cells, currency: Option<&Currency>) {
        let Some(currency) = currency else { return };
        for (index, column) in self.mapping.apart.iter().enumerate() {
            let Some((cell, unit)) = *column else { continue };
            let how = How { decimal_comma: self.file.source.decimal_comma, unit };
            let read = figure(record.get(cell).unwrap_or_default(), how, Some(*currency));
            if let Ok(Some(amount)) | Err(NotAFigure::Negative(amount)) = read {
                self.tally.apart.entry(*currency).or_default()[index] += i128::from(amount.get());
            }
        }
    }

    fn header(&self, measure: Measure) -> &str {
        self.mapping.measures[measure.index()].map_or("", |cell| &self.mapping.headers[cell])
    }

    fn no_figure(&self, cell: &str, measure: Measure, currency: Currency, why: &NotAFigure) -> Box<Fault> {
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
                Box::new(Fault { help, ..*Fault::new("not a number", format!("{holds}, expected a number")) })
            }
            NotAFigure::OtherCurrency => Box::new(Fault {
                help: Some(format!("set `currency = \"…\"` for source[{number}] to the currency of the file")),
                of_the_file: true,
                ..*Fault::new("another currency", format!("{holds}, but its currency is {currency}"))
            }),
        }
    }

    /// Whose a record is.
    fn group(&mut self, record: &Cells, line: u64, currency: Currency) -> Result<u32, Box<Fault>> {
        let text = self.names.filter(|_| currency == self.currency);
        let text = text.and_then(|(first, last)| record.between(first, last));
        if let Some(group) = text.and_then(|text| self.fold.names.met(text)) {
            return Ok(group);
        }
        let (names, has_error) = self.read_names(record)?;
        let group = self.fold.names.group(Group { names, currency });
        match text {
            _ if has_error => self.tally.error_cells.add(line),
            Some(text) => self.fold.names.note(text, group),
            None => {}
        }
        Ok(group)
    }

    /// The names of a record, and whether an error of a spreadsheet stands for one.
    fn read_names(&mut self, record: &Cells) -> Result<([u32; 5], bool), Box<Fault>> {
        let (mut names, mut has_error) = ([0; 5], false);
        for (place, cell) in self.mapping.fields.into_iter().enumerate() {
            let Some(cell) = cell else { continue };
            let text = record.get(cell).unwrap_or_default();
            match self.fold.names.read(text) {
                Named::Name(name) => names[place] = name,
                Named::Absent => {}
                Named::Error => has_error = true,
                Named::Cut => return Err(self.no_name(cell, text.trim())),
                Named::Total => return Err(self.counted_twice(cell, text.trim())),
            }
        }
        Ok((names, has_error))
    }

    /// An ID whose last digits a spreadsheet has lost: two such IDs may have become one.
    fn no_name(&self, cell: usize, name: &str) -> Box<Fault> {
        let header = &self.mapping.headers[cell];
        let message = format!("column `{header}` holds `{name}`, an ID that a spreadsheet has cut to 15 digits");
        let help =
            "export again and import the file without opening it in a spreadsheet, or map the name instead of the ID";
        Box::new(Fault { help: Some(help.to_owned()), ..*Fault::new("an ID cut by a spreadsheet", message) })
    }

    /// A day's total beside the rows that it is the total of.
    fn counted_twice(&self, cell: usize, name: &str) -> Box<Fault> {
        let header = &self.mapping.headers[cell];
        let message = format!("column `{header}` holds `{name}`, a total of other rows, which would count twice");
        let help = format!("export without totals; or {}", self.file.skip_help());
        Box::new(Fault { help: Some(help), ..*Fault::new("a total among the rows", message) })
    }

    fn compare_with_clicks(&mut self, measures: &Figures, line: u64) {
        let kpi = self.file.project.kpi;
        let (clicks, count) = (measures.get(Measure::Clicks), measures.get(kpi.measure()));
        if kpi != Kpi::Value && clicks.is_some() && count > clicks {
            self.tally.above_clicks.add(line);
        }
    }
}

/// The figures of a file, spend first where it has one.
fn columns(file: &File, mapping: &Mapping) -> Vec<Column> {
    let column = |measure: Measure| {
        let how = How { decimal_comma: file.source.decimal_comma, unit: mapping.units[measure.index()] };
        Some(Column { measure, cell: mapping.measures[measure.index()]?, how })
    };
    Measure::ALL.into_iter().filter_map(column).collect()
}

/// The first and the last cell of the names, where nothing else stands between them.
fn side_by_side(mapping: &Mapping) -> Option<(usize, usize)> {
    let mut cells: Vec<usize> = mapping.fields.into_iter().flatten().collect();
    cells.sort_unstable();
    let is_next = |pair: &[usize]| pair[1] <= pair[0] + 1;
    let all = cells.windows(2).all(is_next);
    cells.first().copied().zip(cells.last().copied()).filter(|_| all)
}

/// Whether a name is a word for a total, and nothing else.
pub(super) fn is_total_word(name: &str) -> bool {
    TOTALS.contains(&name) || TOTALS_BEFORE_MARKS.contains(&name.to_lowercase().as_str())
}

/// Whether a cell is the label of a total row: `合计`, `合计12条记录`, `Total`, `Total: Account`, `Total of 12 results`.
fn is_total(cell: &str) -> bool {
    let cell = cell.trim().to_lowercase();
    let mut after = TOTALS_BEFORE_MARKS.iter().filter_map(|word| cell.strip_prefix(word));
    let is_label = |rest: &str| rest.is_empty() || rest.starts_with([':', '：']) || rest.starts_with(" of ");
    matches!(cell.as_str(), "all" | "全部" | "すべて")
        || TOTALS.iter().any(|word| cell.starts_with(word))
        || after.any(is_label)
}
