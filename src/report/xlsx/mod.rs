//! `report.xlsx`: what finance signs. Totals and ratios are live formulas that also carry their value, so that viewers
//! which do not recalculate show it; the checks cell on the summary ties the allocation to `plan.json` and must be 0.

mod sheets;
mod table;

use rust_xlsxwriter::{DocProperties, ExcelDateTime, Workbook, Worksheet, XlsxError};

use super::{Lang, Output, Results, Words};
use crate::check::{Error, Kind};

/// The workbook.
///
/// # Errors
///
/// [`Kind::Bug`] when the workbook cannot be made from the results.
pub fn workbook(results: &Results, lang: Lang) -> Result<Output, Error> {
    let refused = |error: XlsxError| Error::new(Kind::Bug, format!("workbook: {error}"));
    bytes(results, &Words::of(lang)).map(|bytes| Output::new("report.xlsx", bytes)).map_err(refused)
}

fn bytes(results: &Results, words: &Words) -> Result<Vec<u8>, XlsxError> {
    let mut workbook = Workbook::new();
    // No clock: the same results give the same bytes.
    let created = ExcelDateTime::from_ymd(2000, 1, 1)?;
    workbook.set_properties(&DocProperties::new().set_author("outlay").set_creation_datetime(&created));
    for sheet in all(results, words)? {
        workbook.push_worksheet(sheet);
    }
    workbook.save_to_buffer()
}

/// The sheets in their order. Those of the plan are there only with a plan.
fn all(results: &Results, words: &Words) -> Result<Vec<Worksheet>, XlsxError> {
    let mut sheets = vec![sheets::summary(results, words)?];
    if let Some(answer) = results.answer {
        sheets.push(sheets::allocation(results, answer, words)?);
        sheets.push(sheets::frontier(results, answer, words)?);
        sheets.push(sheets::prices(answer, words)?);
    }
    sheets.push(sheets::suppliers(results, words)?);
    sheets.push(sheets::curves(results, words)?);
    sheets.push(sheets::quality(results, words)?);
    sheets.push(sheets::audit(results, words)?);
    Ok(sheets)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use calamine::{Data, Reader, Xlsx};

    use super::*;
    use crate::report::sample::Sample;

    fn open(sample: &Sample, lang: Lang) -> Xlsx<Cursor<Vec<u8>>> {
        Xlsx::new(Cursor::new(workbook(&sample.results(), lang).unwrap().bytes)).unwrap()
    }

    /// The values of a sheet, row by row.
    fn rows(book: &mut Xlsx<Cursor<Vec<u8>>>, sheet: &str) -> Vec<Vec<Data>> {
        book.worksheet_range(sheet).unwrap().rows().map(<[Data]>::to_vec).collect()
    }

    fn number(data: &Data) -> f64 {
        match data {
            Data::Float(number) => *number,
            Data::String(text) => text.parse().unwrap(),
            other => panic!("{other:?} is not a number"),
        }
    }

    #[test]
    fn every_language_opens_and_has_its_sheets() {
        for lang in Lang::ALL {
            assert_eq!(open(&Sample::hostile(), lang).sheet_names().len(), 8, "{}", lang.name());
        }
        let names = open(&Sample::rich(), Lang::En).sheet_names();
        let expected = ["Summary", "Allocation", "Frontier", "Prices", "Suppliers", "Curves", "Data quality", "Audit"];
        assert_eq!(names, expected);
    }

    #[test]
    fn the_allocation_ties_to_the_plan_to_the_cent() {
        let sample = Sample::rich();
        let mut book = open(&sample, Lang::En);
        let total =
            rows(&mut book, "Allocation").into_iter().find(|row| row[0] == Data::String("Total".into())).unwrap();
        assert!((number(&total[6]) - sample.answer.budget.spent).abs() < 0.005);
        let summary = rows(&mut book, "Summary");
        let check = summary.iter().find(|row| row[0] == Data::String("Checks".into())).unwrap();
        assert_eq!(number(&check[1]), 0.0);
    }

    #[test]
    fn totals_and_ratios_are_formulas() {
        let mut book = open(&Sample::rich(), Lang::En);
        let formulas: Vec<String> =
            book.worksheet_formula("Allocation").unwrap().cells().map(|(_, _, formula)| formula.clone()).collect();
        for wanted in ["SUM(G", "G4-F4", "G4/K4"] {
            assert!(formulas.iter().any(|formula| formula.contains(wanted)), "{wanted}");
        }
        let summary: Vec<String> =
            book.worksheet_formula("Summary").unwrap().cells().map(|(_, _, formula)| formula.clone()).collect();
        assert!(summary.iter().any(|formula| formula.contains("'Allocation'!G")), "{summary:?}");
    }

    #[test]
    fn formulas_in_names_are_guarded() {
        let mut book = open(&Sample::hostile(), Lang::En);
        let all: Vec<Vec<Data>> =
            rows(&mut book, "Allocation").into_iter().chain(rows(&mut book, "Suppliers")).collect();
        let texts: Vec<&str> = all
            .iter()
            .flatten()
            .filter_map(|data| if let Data::String(text) = data { Some(text.as_str()) } else { None })
            .collect();
        assert!(texts.contains(&"'=cmd|x"));
        assert!(texts.iter().all(|text| !text.starts_with(['=', '@'])), "{texts:?}");
    }

    #[test]
    fn a_conflict_and_a_run_without_a_plan_have_a_workbook() {
        let mut sample = Sample::hostile();
        sample.contradict();
        let summary = rows(&mut open(&sample, Lang::Ja), "概要");
        assert!(summary.iter().flatten().any(|data| data.to_string().contains("tencent <b>floor</b>")));
        let results = Results { answer: None, ..sample.results() };
        let book = Xlsx::new(Cursor::new(workbook(&results, Lang::En).unwrap().bytes)).unwrap();
        assert_eq!(book.sheet_names().len(), 5);
    }

    #[test]
    fn the_same_results_give_the_same_bytes() {
        let sample = Sample::rich();
        let bytes = || workbook(&sample.results(), Lang::En).unwrap().bytes;
        assert_eq!(bytes(), bytes());
    }
}
