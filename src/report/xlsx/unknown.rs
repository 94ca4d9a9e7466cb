//! How sure the amounts are, and the plan day by day.

use rust_xlsxwriter::XlsxError;
use rust_xlsxwriter::utility::row_col_to_cell;

use super::book::Book;
use super::table::{Cell, Column, Holds, Page, TOP, at, column, from_elsewhere};
use crate::plan::{Answer, DailyLine};
use crate::report::story;
use crate::report::unknown::{self, Unsure};

/// Cells of days that the sheet takes at most; `plan_daily.csv` has them all.
const MOST_CELLS: usize = 60_000;

/// Whether there is anything to say of how sure the amounts are.
pub(super) fn has_sureness(answer: &Answer) -> bool {
    !unknown::lines(answer).is_empty()
}

/// The sheet of how sure the amounts are.
pub(super) fn sureness(book: &Book, answer: &Answer) -> Result<Page, XlsxError> {
    let words = book.words;
    let name = words.say("sureness");
    let mut page = book.page(name, name)?;
    page.note(1, words.say("sureness_note"))?;
    let rows: Vec<Vec<Cell>> = unknown::lines(answer).iter().map(sure_row).collect();
    let columns = sure_columns(book);
    let after = page.table(&columns, &rows)?;
    let told = story::sureness(book.results.settings, answer, words);
    let last = columns.len() as u16 - 1;
    for (row, sentence) in (after + 1..).zip(&told) {
        page.sentence(row, last, 150.0, sentence)?;
    }
    page.sheet.set_print_area(0, 0, after + 1 + told.len() as u32, last)?;
    Ok(page)
}

fn sure_columns(book: &Book) -> Vec<Column> {
    let words = book.words;
    let money = |heading: &str| column(book.in_money(heading), 16.0, Holds::Money);
    let best = |quantile: &str| money(&format!("{} {quantile}", words.say("best_spend")));
    let bid = |quantile: &str| money(&format!("{} {quantile}", words.say("bid_at_most")));
    vec![
        column(words.say("channel"), 36.0, Holds::Wrapped),
        money(words.say("recommended_spend")),
        best("P10"),
        best("P50"),
        best("P90"),
        money(words.say("bid_at_most")),
        bid("P10"),
        bid("P90"),
        column(words.say("test_worth"), 14.0, book.kpi_holds()),
        money(words.say("test_budget")),
    ]
}

fn sure_row(one: &Unsure) -> Vec<Cell> {
    let (interval, bid) = (one.line.interval, one.line.bid_ceiling);
    let figures = [
        Some(one.line.spend),
        interval.map(|interval| interval.p10),
        interval.map(|interval| interval.p50),
        interval.map(|interval| interval.p90),
        bid.map(|bid| bid.cost),
        bid.and_then(|bid| bid.p10),
        bid.and_then(|bid| bid.p90),
        one.test.and_then(|test| test.worth),
        one.test.and_then(|test| test.probe_budget),
    ];
    std::iter::once(Cell::text(&one.line.channel)).chain(figures.map(Cell::number)).collect()
}

/// Whether the plan was laid out on days that a sheet can hold.
pub(super) fn has_days(answer: &Answer) -> bool {
    answer.daily.as_ref().is_some_and(|daily| {
        !daily.lines.is_empty() && daily.lines.len() * daily.dates.len() <= MOST_CELLS && daily.dates.len() <= 400
    })
}

/// A line a channel, a column a day; sums are formulas.
pub(super) fn days(book: &Book, answer: &Answer) -> Result<Page, XlsxError> {
    let words = book.words;
    let name = words.say("days");
    let mut page = book.page(name, name)?;
    let Some(daily) = &answer.daily else { return Ok(page) };
    page.note(1, words.say("days_sheet_note"))?;
    page.note(2, &story::days(answer, words).unwrap_or_default())?;
    let mut columns = vec![column(words.say("channel"), 36.0, Holds::Text)];
    columns.push(column(book.in_money(words.say("total")), 16.0, Holds::Money));
    columns.extend(daily.dates.iter().map(|date| column(date.to_string(), 12.0, Holds::Money)));
    let last = columns.len() as u16 - 1;
    let row = |(row, line): (u32, &DailyLine)| {
        let total = crate::report::numbers::total(line.spend.iter().copied());
        let sums = Cell::Formula(format!("=SUM({}:{})", at(row, 2), at(row, last)), total);
        let days = line.spend.iter().map(|spend| if *spend == 0.0 { Cell::Empty } else { Cell::Number(*spend) });
        [Cell::text(&line.channel), sums].into_iter().chain(days).collect::<Vec<Cell>>()
    };
    let rows: Vec<Vec<Cell>> = (TOP + 1..).zip(&daily.lines).map(row).collect();
    let after = page.table(&columns, &rows)?;
    let mut totals = vec![Cell::text(words.say("total"))];
    totals.push(Cell::sum(1, TOP + 1, after - 1, answer.budget.spent));
    let by_day = unknown::days(answer).into_iter();
    totals.extend((2..).zip(by_day).map(|(at, day)| Cell::sum(at, TOP + 1, after - 1, day.spend)));
    page.totals(after, &columns, &totals)?;
    // a month is two pages across, each with the names
    page.sheet.set_print_fit_to_pages(2, 0).set_repeat_columns(0, 1)?.set_print_area(0, 0, after, last)?;
    Ok(page)
}

/// The sum over all days and lines, seen from another sheet.
pub(super) fn days_cell(book: &Book, answer: &Answer) -> String {
    let row = TOP + 1 + answer.daily.as_ref().map_or(0, |daily| daily.lines.len() as u32);
    from_elsewhere(book.words.say("days"), &row_col_to_cell(row, 1))
}
