//! Sheets of one look: a title, tables with frozen headings, formats by what a column holds.

use rust_xlsxwriter::utility::row_col_to_cell;
use rust_xlsxwriter::{Format, FormatAlign, FormatBorder, Formula, Worksheet, XlsxError};

use crate::report::text::{capital, cell, width};

/// Most characters that a cell can hold.
const LONGEST: usize = 32_767;

/// Most lines that a row is made high for.
const MOST_LINES: u32 = 12;

/// What a column or cell holds, hence how it is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holds {
    Text,
    Wrapped,
    Money,
    Count,
    Percent,
    Figure,
}

impl Holds {
    /// Text stands left, a little off the numbers beside it, which stand right.
    fn aligned(self, format: Format) -> Format {
        match self {
            Holds::Text | Holds::Wrapped => format.set_align(FormatAlign::Left).set_indent(1),
            _ => format.set_align(FormatAlign::Right),
        }
    }

    fn format(self) -> Format {
        let format = self.aligned(Format::new().set_align(FormatAlign::Top));
        match self {
            Holds::Text => format,
            Holds::Wrapped => format.set_text_wrap(),
            Holds::Money => format.set_num_format("#,##0.00"),
            Holds::Count => format.set_num_format("#,##0.0"),
            Holds::Percent => format.set_num_format("0.0%"),
            Holds::Figure => format.set_num_format("General"),
        }
    }
}

/// A column: its heading, its width in characters, what it holds.
pub(super) type Column<'a> = (&'a str, f64, Holds);

/// What is put into a cell.
#[derive(Clone, Debug)]
pub(super) enum Cell {
    Text(String),
    Number(f64),
    /// A live formula and the value that it has now.
    Formula(String, f64),
    Empty,
}

impl Cell {
    pub(super) fn text(text: impl Into<String>) -> Cell {
        Cell::Text(text.into())
    }

    /// Lines that it takes in a column.
    fn lines(&self, (_, width, holds): &Column) -> u32 {
        match self {
            Cell::Text(text) if *holds == Holds::Wrapped => lines(text, *width - 2.0),
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

    /// A formula, if it gives `value` to within half a cent; else the value as the stages gave it.
    pub(super) fn formula_for(value: Option<f64>, formula: String, gives: f64) -> Cell {
        match value {
            Some(value) if (value - gives).abs() < 0.005 => Cell::Formula(formula, gives),
            value => Cell::number(value),
        }
    }
}

/// A sheet with its title, printed in landscape on one page's width.
pub(super) fn sheet(name: &str, title: &str) -> Result<Worksheet, XlsxError> {
    let mut sheet = Worksheet::new();
    sheet.set_name(name)?.set_landscape().set_paper_size(9).set_print_fit_to_pages(1, 0);
    sheet.set_screen_gridlines(false);
    let format = Format::new().set_bold().set_font_size(14);
    sheet.write_string_with_format(0, 0, cell(title), &format)?;
    Ok(sheet)
}

/// Writes `note` in grey.
pub(super) fn note(sheet: &mut Worksheet, row: u32, note: &str) -> Result<(), XlsxError> {
    let format = Format::new().set_font_color("5F6B7A").set_italic();
    sheet.write_string_with_format(row, 0, cell(note), &format).map(drop)
}

/// Writes a table whose headings stand in row `top` and stay in sight and in print; gives the row after the last.
pub(super) fn table(sheet: &mut Worksheet, top: u32, columns: &[Column], rows: &[Vec<Cell>]) -> Result<u32, XlsxError> {
    for (column, (_, width, _)) in (0..).zip(columns) {
        sheet.set_column_width(column, *width)?;
    }
    let after = inner_table(sheet, top, columns, rows)?;
    sheet.set_freeze_panes(top + 1, 1)?.set_repeat_rows(top, top)?;
    if !rows.is_empty() {
        sheet.autofilter(top, 0, after - 1, columns.len() as u16 - 1)?;
    }
    Ok(after)
}

/// Writes a table without claiming widths, panes and filters of its sheet; gives the row after the last.
pub(super) fn inner_table(
    sheet: &mut Worksheet,
    top: u32,
    columns: &[Column],
    rows: &[Vec<Cell>],
) -> Result<u32, XlsxError> {
    let heading = Format::new().set_bold().set_background_color("E8EEF4").set_border_bottom(FormatBorder::Thin);
    let heading = heading.set_text_wrap().set_align(FormatAlign::Top);
    for (column, (words, _, holds)) in (0..).zip(columns) {
        sheet.write_string_with_format(top, column, capital(&cell(words)), &holds.aligned(heading.clone()))?;
    }
    fit_height(sheet, top, columns.iter().map(|(words, width, _)| lines(words, *width - 2.0)))?;
    let formats: Vec<Format> = columns.iter().map(|(.., holds)| holds.format()).collect();
    for (row, cells) in (top + 1..).zip(rows) {
        for (column, (content, format)) in (0..).zip(cells.iter().zip(&formats)) {
            put(sheet, (row, column), content, format)?;
        }
        fit_height(sheet, row, cells.iter().zip(columns).map(|(content, column)| content.lines(column)))?;
    }
    Ok(top + 1 + rows.len() as u32)
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

/// Writes a row of totals under a table.
pub(super) fn totals(sheet: &mut Worksheet, row: u32, columns: &[Column], cells: &[Cell]) -> Result<(), XlsxError> {
    for (column, (content, (.., holds))) in (0..).zip(cells.iter().zip(columns)) {
        let format = holds.format().set_bold().set_border_top(FormatBorder::Thin);
        put(sheet, (row, column), content, &format)?;
    }
    Ok(())
}

/// Writes one cell as `holds` shows it.
pub(super) fn write(sheet: &mut Worksheet, place: (u32, u16), content: &Cell, holds: Holds) -> Result<(), XlsxError> {
    put(sheet, place, content, &holds.format().set_align(FormatAlign::Left).set_indent(0))
}

/// Writes a label in bold.
pub(super) fn label(sheet: &mut Worksheet, place: (u32, u16), words: &str) -> Result<(), XlsxError> {
    let format = Format::new().set_bold().set_align(FormatAlign::Top);
    sheet.write_string_with_format(place.0, place.1, capital(&cell(words)), &format).map(drop)
}

fn put(sheet: &mut Worksheet, (row, column): (u32, u16), content: &Cell, format: &Format) -> Result<(), XlsxError> {
    match content {
        Cell::Text(text) => {
            let fits: String = cell(text).chars().take(LONGEST).collect();
            sheet.write_string_with_format(row, column, fits, format)?
        }
        Cell::Number(number) if number.is_finite() => sheet.write_number_with_format(row, column, *number, format)?,
        Cell::Formula(formula, value) if value.is_finite() => {
            let formula = Formula::new(formula).set_result(value.to_string());
            sheet.write_formula_with_format(row, column, formula, format)?
        }
        _ => sheet.write_blank(row, column, format)?,
    };
    Ok(())
}

/// The name of a cell in its own sheet: `G4`.
pub(super) fn at(row: u32, column: u16) -> String {
    row_col_to_cell(row, column)
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
}
