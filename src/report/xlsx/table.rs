//! Sheets of one look: a title, tables with frozen headings, formats by what a column holds, inputs coloured.

use rust_xlsxwriter::utility::row_col_to_cell;
use rust_xlsxwriter::{Format, FormatAlign, FormatBorder, Formula, Worksheet, XlsxError};

use crate::report::text::{capital, cell, one_line, width};
use crate::units::Currency;

/// Most characters that a cell can hold.
const LONGEST: usize = 32_767;
/// Most lines that a row is made high for.
const MOST_LINES: u32 = 12;
/// Characters across that A4 holds before its print is too small to read; wider sheets go to A3.
const A4_HOLDS: f64 = 190.0;
/// The row that headings stand in: under the title and a line of notes.
pub(super) const TOP: u32 = 3;

const INK: &str = "1F2933";
const QUIET: &str = "5F6B7A";
const RULE: &str = "C4CDD6";
const HEAD: &str = "E8EEF4";
/// Fill and ink of what a person may change.
const INPUT: (&str, &str) = ("FFF7DB", "1D4ED8");

/// How money of the reporting currency is written: as many decimals as the currency has (ISO 4217).
#[derive(Clone, Debug)]
pub(super) struct Look {
    money: String,
    /// The same with the code before it, for figures that stand alone.
    named: String,
}

impl Look {
    pub(super) fn of(currency: &Currency) -> Look {
        let decimals = match currency.code() {
            "BIF" | "CLP" | "DJF" | "GNF" | "ISK" | "JPY" | "KMF" | "KRW" | "PYG" | "RWF" | "UGX" | "VND" | "VUV"
            | "XAF" | "XOF" | "XPF" => "",
            "BHD" | "IQD" | "JOD" | "KWD" | "LYD" | "OMR" | "TND" => ".000",
            _ => ".00",
        };
        let money = format!("#,##0{decimals}");
        Look { named: format!("\"{} \"{money}", currency.code()), money }
    }
}

/// What a column or cell holds, hence how it is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holds {
    Text,
    /// Text that stands with figures.
    Fact,
    Wrapped,
    Money,
    /// Money that stands alone, with its currency.
    Named,
    Count,
    Percent,
    Figure,
    /// A figure with two decimals.
    Fine,
    /// A share that is often below 1 %.
    Rate,
}

impl Holds {
    /// Text stands left, a little off the numbers beside it, which stand right.
    fn aligned(self, format: Format) -> Format {
        match self {
            Holds::Text | Holds::Wrapped => format.set_align(FormatAlign::Left).set_indent(1),
            _ => format.set_align(FormatAlign::Right),
        }
    }

    fn format(self, look: &Look) -> Format {
        let format = self.aligned(Format::new().set_align(FormatAlign::Top).set_font_color(INK));
        match self {
            Holds::Text | Holds::Fact => format,
            Holds::Wrapped => format.set_text_wrap(),
            Holds::Money => format.set_num_format(&look.money),
            Holds::Named => format.set_num_format(&look.named),
            Holds::Count => format.set_num_format("#,##0.0"),
            Holds::Percent => format.set_num_format("0.0%"),
            Holds::Figure => format.set_num_format("General"),
            Holds::Fine => format.set_num_format("#,##0.00"),
            Holds::Rate => format.set_num_format("0.00%"),
        }
    }
}

/// A column: its heading, its width in characters, what it holds.
pub(super) struct Column {
    pub(super) heading: String,
    pub(super) width: f64,
    pub(super) holds: Holds,
}

/// A column.
pub(super) fn column(heading: impl Into<String>, width: f64, holds: Holds) -> Column {
    Column { heading: heading.into(), width, holds }
}

/// What is put into a cell.
#[derive(Clone, Debug)]
pub(super) enum Cell {
    Text(String),
    Number(f64),
    /// A number that a person may change, or a place for one.
    Input(Option<f64>),
    /// A number as `plan.json` has it, which formulas start from; nobody changes it.
    Base(Option<f64>),
    /// A live formula and the value that it has now.
    Formula(String, f64),
    Empty,
}

impl Cell {
    pub(super) fn text(text: impl Into<String>) -> Cell {
        Cell::Text(text.into())
    }

    /// Lines that it takes in a column.
    fn lines(&self, column: &Column) -> u32 {
        match self {
            Cell::Text(text) if column.holds == Holds::Wrapped => lines(text, column.width - 2.0),
            _ => 1,
        }
    }

    pub(super) fn optional(text: Option<&str>) -> Cell {
        text.map_or(Cell::Empty, Cell::text)
    }

    /// A number; nothing where it is absent or not finite.
    pub(super) fn number(value: Option<f64>) -> Cell {
        value.filter(|value| value.is_finite()).map_or(Cell::Empty, Cell::Number)
    }

    /// The sum over rows of a column, both included, and the value that it has now.
    pub(super) fn sum(column: u16, first: u32, last: u32, gives: f64) -> Cell {
        Cell::Formula(format!("={}", sum(column, first, last)), gives)
    }

    /// A formula where its value is a number now; nothing where it would divide by nothing.
    pub(super) fn formula(formula: impl Into<String>, gives: f64) -> Cell {
        if gives.is_finite() { Cell::Formula(formula.into(), gives) } else { Cell::Empty }
    }

    /// A division that shows nothing while its divisor is nothing.
    pub(super) fn ratio(above: &str, below: &str, gives: f64) -> Cell {
        let gives = if gives.is_finite() { gives } else { f64::INFINITY };
        Cell::Formula(format!("=IF({below}=0,\"\",{above}/{below})"), gives)
    }

    /// A formula, if it gives `value` to within half a cent; else the value as the stages gave it.
    pub(super) fn formula_for(value: Option<f64>, formula: String, gives: f64) -> Cell {
        match value {
            Some(value) if (value - gives).abs() < 0.005 => Cell::Formula(formula, gives),
            value => Cell::number(value),
        }
    }
}

/// A sheet in the making.
pub(super) struct Page {
    pub(super) sheet: Worksheet,
    look: Look,
}

/// How a cell stands out.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stress {
    None,
    Total,
}

impl Page {
    /// A sheet with its title, printed in landscape on one page's width.
    pub(super) fn new(name: &str, title: &str, look: &Look) -> Result<Page, XlsxError> {
        let mut sheet = Worksheet::new();
        sheet.set_name(name)?.set_landscape().set_paper_size(9).set_print_fit_to_pages(1, 0);
        sheet.set_margins(0.5, 0.5, 0.6, 0.6, 0.3, 0.3).set_footer("&L&8&A&R&8&P / &N");
        sheet.set_screen_gridlines(false);
        // what a formula gives that gives nothing, for readers who do not compute: else they see 0
        sheet.set_formula_result_default("");
        let format = Format::new().set_bold().set_font_size(15).set_font_color(INK);
        sheet.write_string_with_format(0, 0, plain(title), &format)?;
        sheet.set_row_height(0, 24)?;
        Ok(Page { sheet, look: look.clone() })
    }

    /// Writes `note` in grey.
    pub(super) fn note(&mut self, row: u32, note: &str) -> Result<(), XlsxError> {
        let format = Format::new().set_font_color(QUIET).set_font_size(9);
        self.sheet.write_string_with_format(row, 0, plain(note), &format).map(drop)
    }

    /// Writes a heading above a part of the sheet.
    pub(super) fn heading(&mut self, row: u32, words: &str) -> Result<(), XlsxError> {
        let format = Format::new().set_bold().set_font_size(12).set_font_color(INK);
        self.sheet.write_string_with_format(row, 0, capital(&plain(words)), &format)?;
        self.sheet.set_row_height(row, 20).map(drop)
    }

    /// Writes a table whose headings stand in row [`TOP`] and stay in sight and in print; gives the row after the last.
    pub(super) fn table(&mut self, columns: &[Column], rows: &[Vec<Cell>]) -> Result<u32, XlsxError> {
        self.widths(columns)?;
        let after = self.inner_table(TOP, columns, rows)?;
        self.sheet.set_freeze_panes(TOP + 1, 1)?.set_repeat_rows(TOP, TOP)?;
        if !rows.is_empty() {
            self.sheet.autofilter(TOP, 0, after - 1, columns.len() as u16 - 1)?;
        }
        self.sheet.set_print_area(0, 0, after, columns.len() as u16 - 1)?;
        Ok(after)
    }

    pub(super) fn widths(&mut self, columns: &[Column]) -> Result<(), XlsxError> {
        if columns.iter().map(|column| column.width).sum::<f64>() > A4_HOLDS {
            self.sheet.set_paper_size(8);
        }
        for (at, column) in (0..).zip(columns) {
            self.sheet.set_column_width(at, column.width)?;
        }
        Ok(())
    }

    /// Writes a table without claiming widths, panes and filters of its sheet; gives the row after the last.
    pub(super) fn inner_table(&mut self, top: u32, columns: &[Column], rows: &[Vec<Cell>]) -> Result<u32, XlsxError> {
        let heading = Format::new().set_bold().set_font_size(9).set_font_color(INK).set_background_color(HEAD);
        let heading = heading.set_border_bottom(FormatBorder::Thin).set_border_bottom_color(RULE);
        let heading = heading.set_text_wrap().set_align(FormatAlign::VerticalCenter);
        for (at, column) in (0..).zip(columns) {
            let format = column.holds.aligned(heading.clone());
            self.sheet.write_string_with_format(top, at, capital(&plain(&column.heading)), &format)?;
        }
        fit_height(&mut self.sheet, top, columns.iter().map(|c| lines(&c.heading, c.width - 2.0).max(2)))?;
        let inks: Vec<Inks> = columns.iter().map(|column| Inks::of(column.holds, &self.look, Stress::None)).collect();
        for (row, cells) in (top + 1..).zip(rows) {
            for (column, (content, inks)) in (0..).zip(cells.iter().zip(&inks)) {
                put(&mut self.sheet, (row, column), content, inks)?;
            }
            fit_height(&mut self.sheet, row, cells.iter().zip(columns).map(|(content, column)| content.lines(column)))?;
        }
        Ok(top + 1 + rows.len() as u32)
    }

    /// Writes a row of totals under a table.
    pub(super) fn totals(&mut self, row: u32, columns: &[Column], cells: &[Cell]) -> Result<(), XlsxError> {
        for (at, (content, column)) in (0..).zip(cells.iter().zip(columns)) {
            put(&mut self.sheet, (row, at), content, &Inks::of(column.holds, &self.look, Stress::Total))?;
        }
        Ok(())
    }

    /// Writes one cell as `holds` shows it.
    pub(super) fn write(&mut self, place: (u32, u16), content: &Cell, holds: Holds) -> Result<(), XlsxError> {
        put(&mut self.sheet, place, content, &Inks::of(holds, &self.look, Stress::None))
    }

    /// Writes a sentence across the first columns, as many lines high as it needs in `room` characters.
    pub(super) fn sentence(&mut self, row: u32, last: u16, room: f64, words: &str) -> Result<(), XlsxError> {
        let format = Format::new().set_text_wrap().set_align(FormatAlign::Top).set_font_color(INK);
        self.sheet.merge_range(row, 0, row, last, &plain(words), &format)?;
        fit_height(&mut self.sheet, row, std::iter::once(lines(words, room)))
    }

    /// Writes a label in bold.
    pub(super) fn label(&mut self, place: (u32, u16), words: &str) -> Result<(), XlsxError> {
        let format = Format::new().set_bold().set_align(FormatAlign::Top).set_font_color(INK);
        self.sheet.write_string_with_format(place.0, place.1, capital(&plain(words)), &format).map(drop)
    }

    /// Writes a line to sign or fill in on.
    pub(super) fn rule(&mut self, place: (u32, u16)) -> Result<(), XlsxError> {
        let format = Format::new().set_border_bottom(FormatBorder::Thin).set_border_bottom_color(QUIET);
        self.sheet.write_blank(place.0, place.1, &format).map(drop)
    }
}

/// A name or sentence as a cell can show it: on one line, in its own direction, never the start of a formula.
pub(super) fn plain(text: &str) -> String {
    cell(&one_line(text)).chars().take(LONGEST).collect()
}

/// The formats of one column.
struct Inks {
    usual: Format,
    input: Format,
    base: Format,
}

impl Inks {
    fn of(holds: Holds, look: &Look, stress: Stress) -> Inks {
        let mut usual = holds.format(look);
        if stress == Stress::Total {
            usual = usual.set_bold().set_border_top(FormatBorder::Thin).set_border_top_color(QUIET);
        }
        let input = usual.clone().set_background_color(INPUT.0).set_font_color(INPUT.1);
        let base = usual.clone().set_font_color(QUIET);
        Inks { usual, input, base }
    }
}

/// Lines that `text` takes when it is wrapped at `room` characters; words may leave a part of a line empty.
fn lines(text: &str, room: f64) -> u32 {
    let wrapped = |line: &str| (width(line) as f64 * 1.15 / room.max(4.0)).ceil().max(1.0) as u32;
    text.lines().map(wrapped).sum::<u32>().clamp(1, MOST_LINES)
}

/// Makes a row as high as its longest cell: not every viewer does.
fn fit_height(sheet: &mut Worksheet, row: u32, lines: impl Iterator<Item = u32>) -> Result<(), XlsxError> {
    match lines.max().unwrap_or(1) {
        0 | 1 => Ok(()),
        lines => sheet.set_row_height(row, 15.0 * f64::from(lines)).map(drop),
    }
}

fn put(sheet: &mut Worksheet, (row, column): (u32, u16), content: &Cell, inks: &Inks) -> Result<(), XlsxError> {
    let finite = |number: &Option<f64>| number.filter(|number| number.is_finite());
    match content {
        Cell::Text(text) => sheet.write_string_with_format(row, column, plain(text), &inks.usual)?,
        Cell::Number(number) if number.is_finite() => {
            sheet.write_number_with_format(row, column, *number, &inks.usual)?
        }
        Cell::Input(number) => match finite(number) {
            Some(number) => sheet.write_number_with_format(row, column, number, &inks.input)?,
            None => sheet.write_blank(row, column, &inks.input)?,
        },
        Cell::Base(number) => match finite(number) {
            Some(number) => sheet.write_number_with_format(row, column, number, &inks.base)?,
            None => sheet.write_blank(row, column, &inks.base)?,
        },
        Cell::Formula(formula, value) => {
            let result = if value.is_finite() { value.to_string() } else { String::new() };
            let formula = Formula::new(formula).set_result(result);
            sheet.write_formula_with_format(row, column, formula, &inks.usual)?
        }
        _ => sheet.write_blank(row, column, &inks.usual)?,
    };
    Ok(())
}

/// The name of a cell in its own sheet: `G4`.
pub(super) fn at(row: u32, column: u16) -> String {
    row_col_to_cell(row, column)
}

/// The name of a cell that stays the same wherever a formula is copied to: `$G$4`.
pub(super) fn fixed(row: u32, column: u16) -> String {
    rust_xlsxwriter::utility::row_col_to_cell_absolute(row, column)
}

/// `SUM` over rows of a column, both included.
pub(super) fn sum(column: u16, first: u32, last: u32) -> String {
    format!("SUM({}:{})", at(first, column), at(last, column))
}

/// The same cell seen from another sheet, whose name is quoted whatever it holds.
pub(super) fn from_elsewhere(sheet: &str, cell: &str) -> String {
    format!("'{}'!{cell}", sheet.replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sheet_names_are_quoted_in_references() {
        assert_eq!(from_elsewhere("Bob's plan", "A1"), "'Bob''s plan'!A1");
    }

    #[test]
    fn a_formula_stands_only_where_it_gives_the_value() {
        assert!(matches!(Cell::formula_for(Some(2.0), "=A1/B1".into(), 2.001), Cell::Formula(..)));
        assert!(matches!(Cell::formula_for(Some(2.0), "=A1/B1".into(), 3.0), Cell::Number(2.0)));
        assert!(matches!(Cell::formula_for(None, "=A1/B1".into(), f64::NAN), Cell::Empty));
    }

    #[test]
    fn money_has_the_decimals_of_its_currency() {
        let money = |code: &str| Look::of(&code.parse().unwrap()).money;
        assert_eq!(["CNY", "JPY", "KWD"].map(money), ["#,##0.00", "#,##0", "#,##0.000"]);
    }
}
