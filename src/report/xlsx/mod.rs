//! `report.xlsx`: the workbook that finance signs.
//!
//! | sheet | shows | live |
//! |---|---|---|
//! | cover | what it is, who signs it, what stands where | the checks |
//! | summary | figures, largest moves, sentences, the checks | all of it |
//! | allocation | a line a channel; **spend is an input** | change, cash, expected, cost, totals |
//! | input–output | the funnel, plan beside reference, by week | change, ratios, totals |
//! | splits | the same by platform, supplier, account, department | totals and checks |
//! | departments | one printed page a department | ratios |
//! | scenarios | other budgets, prices of limits | steps between budgets |
//! | how sure, day by day | best spend over the draws, bid ceilings, tests; a column a day | sums of days |
//! | plan versus actual | to date; **actuals are inputs** | variances, bridge, totals |
//! | accrual and rebate | by supplier and month; **invoices are inputs** | accruals, rebates, totals |
//! | scorecard, assumptions, curves, data quality, audit | what the others rest on | ratios |
//!
//! Totals and ratios are formulas that also carry their value, so that viewers which do not recalculate show it. A new
//! spend of a line moves its expected KPI along its curve: the plan's own figure plus what the sheet of curves says lies
//! between the two spends, so that untouched lines tie to `plan.json` to the last digit. The checks cell is 0 as long as
//! the workbook is the plan of `plan.json`.

mod actual;
mod allocation;
mod book;
mod charts;
mod cover;
mod evidence;
mod flow;
mod media;
mod scenarios;
mod summary;
mod table;
mod unknown;

use rust_xlsxwriter::{DocProperties, ExcelDateTime, Workbook, XlsxError};

use self::book::Book;
use super::actual::Actuals;
use super::statement::Statement;
use super::{Lang, Output, Results, Words};
use crate::check::{Error, Kind};

/// The workbook.
///
/// # Errors
///
/// [`Kind::Bug`] when the workbook cannot be made from the results.
pub fn workbook(
    results: &Results,
    statement: Option<&Statement>,
    actuals: Option<&Actuals>,
    lang: Lang,
) -> Result<Output, Error> {
    let refused = |error: XlsxError| Error::new(Kind::Bug, format!("workbook: {error}"));
    let words = Words::of(lang);
    let book = Book::new(results, statement, actuals, &words);
    bytes(&book).map(|bytes| Output::new("report.xlsx", bytes)).map_err(refused)
}

fn bytes(book: &Book) -> Result<Vec<u8>, XlsxError> {
    let mut workbook = Workbook::new();
    // No clock: the same results give the same bytes.
    let created = ExcelDateTime::from_ymd(2000, 1, 1)?;
    workbook.set_properties(&DocProperties::new().set_author("outlay").set_creation_datetime(&created));
    for page in book.pages()? {
        workbook.push_worksheet(page.sheet);
    }
    if book.results.answer.is_some_and(|answer| !answer.lines.is_empty()) {
        workbook.define_name("checks", &format!("={}", summary::checks_cell(book)))?;
    }
    workbook.save_to_buffer()
}

#[cfg(test)]
mod tests;
