//! A finished run in the formats that are asked for.

use super::document::{markdown, of_comparison, of_run, print};
use super::{Lang, Output, Results, actual, apply, charts, compare, csv, html, json, statement, xlsx};
use crate::check::Error;
use crate::unify::Ledger;

/// A format of `outlay report --format`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// `report.md`: sentences and tables.
    Md,
    /// Plan, suppliers, curves, statement and accruals as tables, and the apply sheets.
    Csv,
    /// `report.json`: everything in one document.
    Json,
    /// `report.html` and its charts.
    Html,
    /// `report.xlsx`.
    Xlsx,
    /// `report.print.html`: a page to print or save as PDF, without scripts.
    PdfReady,
}

/// Writes results in `formats`; what the plan's days brought is read off `actuals`.
///
/// # Errors
///
/// [`Kind::Bug`](crate::check::Kind::Bug) when a template, a chart or the workbook cannot be made from the results.
pub fn report(results: &Results, actuals: &Ledger, formats: &[Format], lang: Lang) -> Result<Vec<Output>, Error> {
    let statement = statement::statement(results);
    let actuals = actual::actuals(results, actuals, statement.as_ref());
    let document = || of_run(results, statement.as_ref(), actuals.as_ref(), lang);
    let mut outputs = Vec::new();
    for format in formats {
        match format {
            Format::Md => outputs.push(Output::new("report.md", markdown(&document()))),
            Format::Csv => {
                outputs.extend(results.answer.map(csv::plan));
                outputs.extend([csv::suppliers(results.scores), csv::curves(results.fitted)]);
                outputs.extend(statement.iter().map(statement::csv));
                outputs.extend(actuals.iter().map(actual::accrual_csv));
                outputs.extend(apply::sheets(results));
            }
            Format::Json => outputs.push(json::report(results, statement.as_ref(), actuals.as_ref())),
            Format::Html => {
                outputs.push(html::page(results, statement.as_ref(), lang)?);
                outputs.extend(charts::files(results, lang)?);
            }
            Format::Xlsx => outputs.push(xlsx::workbook(results, statement.as_ref(), actuals.as_ref(), lang)?),
            Format::PdfReady => outputs.push(Output::new("report.print.html", print(&document(), lang))),
        }
    }
    Ok(outputs)
}

/// Writes a comparison: `compare.md`, `compare.html` and `compare.json`.
pub fn comparison(comparison: &compare::Comparison, title: &str, lang: Lang) -> Vec<Output> {
    let document = of_comparison(comparison, title, lang);
    let page = Output::new("compare.html", print(&document, lang));
    vec![Output::new("compare.md", markdown(&document)), page, compare::json(comparison)]
}

#[cfg(test)]
mod tests {
    use calamine::{DataType, Reader, Xlsx};

    use super::*;
    use crate::report::sample::Sample;

    const ALL: [Format; 6] = [Format::Md, Format::Csv, Format::Json, Format::Html, Format::Xlsx, Format::PdfReady];

    #[test]
    fn every_format_is_written_in_every_language() {
        let sample = Sample::rich();
        for lang in Lang::ALL {
            let outputs = report(&sample.results(), &sample.ledger, &ALL, lang).unwrap();
            for path in [
                "report.md",
                "report.json",
                "report.html",
                "report.xlsx",
                "report.print.html",
                "plan.csv",
                "accrual.csv",
            ] {
                assert!(outputs.iter().any(|output| output.path == path), "{path} in {}", lang.name());
            }
            assert!(outputs.iter().any(|output| output.path.starts_with("apply/")));
        }
    }

    /// Names that would run, break out or turn the page are harmless wherever a person or a program reads them.
    #[test]
    fn hostile_names_are_harmless_in_every_format() {
        let sample = Sample::hostile();
        for output in report(&sample.results(), &sample.ledger, &ALL, Lang::En).unwrap() {
            if output.path.ends_with(".xlsx") {
                cells_are_text(output.bytes);
                continue;
            }
            let text = String::from_utf8(output.bytes).unwrap();
            let shows = [".html", ".md", ".svg"].iter().any(|extension| output.path.ends_with(extension));
            assert!(!shows || !text.contains("<script>alert"), "{}", output.path);
            if output.path.ends_with(".csv") {
                let mut reader = ::csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
                for cell in
                    reader.records().flat_map(|record| record.unwrap().iter().map(str::to_owned).collect::<Vec<_>>())
                {
                    let formula = cell.starts_with(['=', '+', '@', '\t', '\r']);
                    assert!(
                        !formula && (!cell.starts_with('-') || cell.parse::<f64>().is_ok()),
                        "{}: {cell}",
                        output.path
                    );
                }
            }
            assert!(!shows || !text.contains('\u{202E}'), "{}", output.path);
            if output.path.ends_with(".json") {
                let read: serde_json::Value = serde_json::from_str(&text).unwrap();
                assert!(read.is_object(), "{}", output.path);
            }
        }
    }

    /// No cell of text begins a formula or turns the direction of writing; names are read back as text.
    fn cells_are_text(bytes: Vec<u8>) {
        let mut book: Xlsx<_> = Xlsx::new(std::io::Cursor::new(bytes)).unwrap();
        let mut seen = 0;
        for (name, sheet) in book.worksheets() {
            for cell in sheet.used_cells().filter_map(|(_, _, cell)| cell.get_string()) {
                assert!(!cell.starts_with(['=', '+', '@', '\t', '\r']), "{name}: {cell}");
                assert!(!cell.contains('\u{202E}'), "{name}: {cell}");
                seen += usize::from(cell.contains("cmd|x") || cell.contains("<script>"));
            }
        }
        assert!(seen > 10, "the hostile names are on the sheets: {seen}");
    }

    /// What a terminal prints has no control characters but ends of lines.
    #[test]
    fn hostile_names_are_harmless_in_a_terminal() {
        let mut sample = Sample::hostile();
        sample.answer.lines[0].channel = "\u{1b}[31m\u{202E}red\r\n\u{7}bell".into();
        sample.answer.lines[0].limited_by = vec!["\u{1b}]0;title\u{7}".into()];
        for lang in Lang::ALL {
            let told = crate::report::summary::text(&sample.results(), lang);
            assert!(told.contains("bell"), "{told}");
            let harmful = |c: char| (c.is_control() && c != '\n') || c == '\u{202E}';
            assert!(!told.contains(harmful), "{told:?}");
        }
    }

    #[test]
    fn a_conflict_has_every_format_too() {
        let mut sample = Sample::hostile();
        sample.contradict();
        let outputs = report(&sample.results(), &sample.ledger, &ALL, Lang::Zh).unwrap();
        let text = |path: &str| {
            let output = outputs.iter().find(|output| output.path == path).unwrap();
            String::from_utf8(output.bytes.clone()).unwrap()
        };
        assert!(text("report.md").contains("tencent &lt;b&gt;floor&lt;/b&gt;"));
        assert!(text("report.json").contains("\"conflict\""));
    }
}
