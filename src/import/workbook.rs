//! Workbooks → one text per sheet, in which every row stands on the line of its number.
//!
//! Cells that are numbers are written with the decimal mark of the source, dates as ISO 8601, so that what comes after
//! reads one kind of table.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};

use calamine::{Data, DataRef, ExcelDateTime, Reader, SheetType, Xls, Xlsx};

use super::{biff, packed};

/// A sheet of a workbook.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Sheet {
    /// Its name.
    pub name: String,
    /// Its cells as comma-separated text.
    pub text: String,
}

/// Cells that a sheet may spread over, blank ones included.
const SPREAD: u64 = 200_000_000;

/// A number of more digits than a spreadsheet holds.
const TOO_LONG: f64 = 1e15;

/// Whether bytes are a workbook of the older format.
pub(super) fn is_xls(bytes: &[u8]) -> bool {
    bytes.starts_with(b"\xD0\xCF\x11\xE0")
}

/// The sheets of a workbook, XLSX or XLS, that hold anything.
///
/// # Errors
///
/// What is wrong, to follow the path.
pub(super) fn sheets(bytes: Vec<u8>, decimal_comma: bool) -> Result<Vec<Sheet>, String> {
    let read = || if is_xls(&bytes) { xls(&bytes, decimal_comma) } else { xlsx(&bytes, decimal_comma) };
    contained(read)
}

/// Reads by somebody else's code, whose panics on hostile bytes become errors.
pub(super) fn contained<T>(read: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    let before = CONTAINED.replace(true);
    let read = catch_unwind(AssertUnwindSafe(read)).unwrap_or_else(|_| Err("is damaged".to_owned()));
    CONTAINED.set(before);
    read
}

thread_local! {
    /// Whether this thread is in a [`contained`] read.
    static CONTAINED: Cell<bool> = const { Cell::new(false) };
}

/// Whether a panic of this thread, now, is of a reader of damaged bytes and becomes an error: then there is nothing to
/// tell about it, and a panic hook should keep quiet.
pub fn contains_panics() -> bool {
    CONTAINED.get()
}

fn xlsx(bytes: &[u8], decimal_comma: bool) -> Result<Vec<Sheet>, String> {
    let unreadable = |error: calamine::XlsxError| format!("is an XLSX file that cannot be read: {error}");
    packed::is_bounded(bytes, packed::BOUND)?;
    let mut book: Xlsx<_> = calamine::open_workbook_from_rs(Cursor::new(bytes)).map_err(unreadable)?;
    let mut sheets = Vec::new();
    for name in names(&book) {
        let mut grid = Grid::default();
        let mut cells = book.worksheet_cells_reader(&name).map_err(unreadable)?;
        while let Some(cell) = cells.next_cell().map_err(unreadable)? {
            grid.add(cell.get_position(), borrowed(cell.get_value(), decimal_comma));
        }
        sheets.extend(grid.sheet(name)?);
    }
    Ok(sheets)
}

fn xls(bytes: &[u8], decimal_comma: bool) -> Result<Vec<Sheet>, String> {
    let unreadable = |error: calamine::XlsError| format!("is an XLS file that cannot be read: {error}");
    let bytes = biff::bounded(bytes)?;
    let mut book: Xls<_> = calamine::open_workbook_from_rs(Cursor::new(bytes)).map_err(unreadable)?;
    let mut sheets = Vec::new();
    for name in names(&book) {
        let range = book.worksheet_range(&name).map_err(unreadable)?;
        let (top, left) = range.start().unwrap_or_default();
        let mut grid = Grid::default();
        for (row, column, value) in range.used_cells() {
            grid.add((top + row as u32, left + column as u32), owned(value, decimal_comma));
        }
        sheets.extend(grid.sheet(name)?);
    }
    Ok(sheets)
}

/// Names of the sheets that hold cells, not charts.
fn names<R: Reader<RS>, RS: std::io::Read + std::io::Seek>(book: &R) -> Vec<String> {
    let sheets = book.sheets_metadata().iter().filter(|sheet| sheet.typ == SheetType::WorkSheet);
    sheets.map(|sheet| sheet.name.clone()).collect()
}

fn borrowed(cell: &DataRef, decimal_comma: bool) -> String {
    match cell {
        DataRef::SharedString(text) => (*text).to_owned(),
        cell => owned(&cell.clone().into(), decimal_comma),
    }
}

fn owned(cell: &Data, decimal_comma: bool) -> String {
    match cell {
        Data::Int(value) => value.to_string(),
        Data::Float(value) => number(*value, decimal_comma),
        Data::String(text) | Data::DateTimeIso(text) | Data::DurationIso(text) => text.clone(),
        Data::Bool(value) => value.to_string(),
        Data::DateTime(date) if date.is_duration() => number(date.as_f64(), decimal_comma),
        Data::DateTime(date) => day(date),
        Data::Error(error) => error.to_string(),
        Data::Empty => String::new(),
    }
}

/// A number as the source writes numbers. One of more digits than are exact is written with an exponent, which is
/// refused where it stands for a name.
pub(super) fn number(value: f64, decimal_comma: bool) -> String {
    let text = if value.abs() >= TOO_LONG { format!("{value:e}") } else { value.to_string() };
    if decimal_comma { text.replace('.', ",") } else { text }
}

fn day(date: &ExcelDateTime) -> String {
    let (year, month, day, hour, minute, second, _) = date.to_ymd_hms_milli();
    let date = format!("{year:04}-{month:02}-{day:02}");
    if (hour, minute, second) == (0, 0, 0) { date } else { format!("{date} {hour:02}:{minute:02}:{second:02}") }
}

/// The cells of a sheet by row.
#[derive(Default)]
struct Grid {
    rows: BTreeMap<u32, Vec<(u32, String)>>,
    width: u32,
}

impl Grid {
    fn add(&mut self, (row, column): (u32, u32), text: String) {
        if text.trim().is_empty() {
            return;
        }
        self.width = self.width.max(column.saturating_add(1));
        self.rows.entry(row).or_default().push((column, text));
    }

    /// The sheet, or `None` when it is empty.
    fn sheet(mut self, name: String) -> Result<Option<Sheet>, String> {
        if u64::from(self.width) * self.rows.len() as u64 > SPREAD {
            return Err(format!("has cells too far out on the sheet `{name}`: {} columns", self.width));
        }
        let mut text = String::new();
        let mut next = 0;
        for (row, cells) in &mut self.rows {
            (next..*row).for_each(|_| text.push('\n'));
            cells.sort_by_key(|(column, _)| *column);
            write_row(&mut text, cells, self.width);
            next = row.saturating_add(1);
        }
        Ok((!text.is_empty()).then_some(Sheet { name, text }))
    }
}

/// Writes a row of `width` cells, each on one line.
fn write_row(text: &mut String, cells: &[(u32, String)], width: u32) {
    let mut cells = cells.iter().peekable();
    for column in 0..width {
        if column > 0 {
            text.push(',');
        }
        while let Some((_, cell)) = cells.next_if(|(at, _)| *at <= column) {
            write_cell(text, cell);
        }
    }
    text.push('\n');
}

/// Writes a cell of comma-separated text; line ends in it become blanks, so that lines stay rows.
pub(super) fn write_cell(text: &mut String, cell: &str) {
    if !cell.contains([',', '"', '\n', '\r']) {
        return text.push_str(cell);
    }
    text.push('"');
    for c in cell.chars() {
        match c {
            '"' => text.push_str("\"\""),
            '\n' | '\r' => text.push(' '),
            c => text.push(c),
        }
    }
    text.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rust_xlsxwriter::{Format, Workbook};

    /// A workbook of a title, a gap, a header and a row with a real date and floats, and an empty sheet.
    fn book() -> Vec<u8> {
        let mut book = Workbook::new();
        let date = Format::new().set_num_format("yyyy-mm-dd");
        let sheet = book.add_worksheet().set_name("May").unwrap();
        sheet.write(0, 0, "Report, \"May\"").unwrap();
        for (column, header) in ["date", "spend", "account", "note"].iter().enumerate() {
            sheet.write(2, column as u16, *header).unwrap();
        }
        let day = rust_xlsxwriter::ExcelDateTime::parse_from_str("2026-05-01").unwrap();
        sheet.write_with_format(3, 0, &day, &date).unwrap();
        sheet.write(3, 1, 1204.5).unwrap();
        sheet.write(3, 2, 1_234_567_890_123_456_789.0).unwrap();
        sheet.write(3, 3, "two\nlines").unwrap();
        book.add_worksheet().set_name("Empty").unwrap();
        book.save_to_buffer().unwrap()
    }

    #[test]
    fn every_row_stands_on_its_line() {
        let text = |comma| sheets(book(), comma).unwrap().remove(0).text;
        let expected = "\"Report, \"\"May\"\"\",,,\n\ndate,spend,account,note\n\
                        2026-05-01,1204.5,1.2345678901234568e18,\"two lines\"\n";
        assert_eq!(text(false), expected);
        assert!(text(true).contains("\"1204,5\""), "{}", text(true));
        assert_eq!(sheets(book(), false).unwrap().len(), 1, "empty sheets are left");
    }

    #[test]
    fn a_panic_of_a_reader_becomes_an_error() {
        let mut was_told = false;
        let read = contained::<()>(|| {
            was_told = contains_panics();
            panic!("hostile bytes")
        });
        assert_eq!((read, was_told), (Err("is damaged".to_owned()), true));
        assert!(!contains_panics());
    }

    #[test]
    fn damaged_workbooks_are_refused() {
        let whole = book();
        assert!(sheets(whole[..whole.len() / 2].to_vec(), false).is_err());
        let error = sheets(b"\xD0\xCF\x11\xE0 and no more".to_vec(), false).unwrap_err();
        assert!(error.starts_with("is an XLS file that cannot be read"), "{error}");
        let far = Grid { rows: (0..20_000).map(|row| (row, Vec::new())).collect(), width: 16_384 };
        assert!(far.sheet("x".to_owned()).unwrap_err().contains("too far out"));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn no_bytes_make_it_panic(at in 0.0f64..1.0, byte: u8) {
            let mut bytes = book();
            let at = (at * bytes.len() as f64) as usize;
            bytes[at] = byte;
            let _ = sheets(bytes, false);
        }
    }
}
