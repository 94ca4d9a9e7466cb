//! The figures of the plan, its largest moves, the sentences of the page, and the checks.

use rust_xlsxwriter::XlsxError;

use super::allocation::{CASH, CAUSED, CHANGE, CHANNEL, EXPECTED, REFERENCE, SPEND};
use super::book::Book;
use super::charts::{self, Cells};
use super::table::{Cell, Column, Holds, Page, at, column, fixed, from_elsewhere, sum};
use super::{actual, flow, unknown};
use crate::plan::{Answer, Expected};
use crate::report::{figures, numbers, story};

/// The row of the checks' sum, where the cover finds it.
const CHECKS: u32 = 3;
/// Lines in the table of the largest moves.
const MOVES: usize = 10;

/// The sheet.
pub(super) fn summary(book: &Book) -> Result<Page, XlsxError> {
    let words = book.words;
    let mut page = book.page(words.say("summary"), words.say("summary"))?;
    page.sheet.set_portrait().set_print_fit_to_pages(1, 1);
    page.sheet.set_column_width(0, 40)?.set_column_width(1, 20)?.set_column_width(2, 20)?;
    page.sheet.set_column_width(3, 20)?.set_column_width(4, 12)?;
    page.note(1, &format!("{} · {}", book.results.settings.project.name, words.say("summary_note")))?;
    let Some(answer) = book.results.answer else {
        page.note(3, words.say("no_plan"))?;
        return Ok(page);
    };
    if answer.lines.is_empty() {
        return conflict(book, answer, page);
    }
    let checks = checks(book, answer);
    let row = key_figures(book, answer, &mut page, &checks)?;
    let row = sentences(book, answer, &mut page, row + 1)?;
    let row = moves(book, answer, &mut page, row + 1)?;
    check_table(book, &mut page, row + 1, &checks)?;
    Ok(page)
}

fn conflict(book: &Book, answer: &Answer, mut page: Page) -> Result<Page, XlsxError> {
    let words = book.words;
    page.label((3, 0), words.say("budget"))?;
    page.write((3, 1), &Cell::Number(answer.budget.asked), Holds::Named)?;
    page.label((4, 0), words.say("status"))?;
    page.write((4, 1), &Cell::text(story::status(answer.status, words)), Holds::Text)?;
    if let Some(conflict) = &answer.conflict {
        let told = story::conflict(conflict, &answer.currency, words);
        for (row, line) in (6..).zip([told.line, told.why].into_iter().chain(told.relax)) {
            page.sentence(row, 4, 128.0, &line)?;
        }
    }
    Ok(page)
}

/// Spend as the allocation adds it up.
pub(super) fn spend(book: &Book, answer: &Answer) -> Cell {
    Cell::Formula(format!("={}", book.total(answer, SPEND)), figures::totals(answer).spend)
}

/// The checks' sum, seen from another sheet.
pub(super) fn checks_from_elsewhere(book: &Book) -> Cell {
    Cell::Formula(format!("={}", checks_cell(book)), 0.0)
}

/// Where the checks' sum stands; the workbook knows it by the name `checks`.
pub(super) fn checks_cell(book: &Book) -> String {
    from_elsewhere(book.words.say("summary"), &fixed(CHECKS, 1))
}

/// A check: what it says, a formula that must give 0, and what it gives now.
struct Check {
    says: String,
    formula: String,
    gives: f64,
}

fn key_figures(book: &Book, answer: &Answer, page: &mut Page, checks: &[Check]) -> Result<u32, XlsxError> {
    let words = book.words;
    page.label((CHECKS, 0), words.say("checks"))?;
    let (formula, gives) = sum_of_checks(book, answer, checks);
    page.write((CHECKS, 1), &Cell::Formula(formula, gives), Holds::Money)?;
    page.write((CHECKS, 2), &Cell::text(words.say("checks_note")), Holds::Text)?;
    let mut row = CHECKS + 1;
    for (name, content, holds) in figures_of(book, answer, row) {
        page.label((row, 0), &name)?;
        page.write((row, 1), &content, holds)?;
        row += 1;
    }
    Ok(row)
}

/// The table of checks stands at the end; where, depends on how many lines stand above it.
fn sum_of_checks(book: &Book, answer: &Answer, checks: &[Check]) -> (String, f64) {
    let first = checks_top(book, answer) + 2;
    let last = first + checks.len() as u32 - 1;
    let gives: f64 = checks.iter().map(|check| check.gives.abs()).sum();
    (format!("=SUMPRODUCT(ABS({}:{}))", at(first, 1), at(last, 1)), gives + 0.0)
}

/// The row of the heading above the checks.
fn checks_top(book: &Book, answer: &Answer) -> u32 {
    let figures = figures_of(book, answer, 0).len() as u32;
    let told = story::plan(book.results.settings, book.results.fitted, answer, book.words).len() as u32;
    let moves = answer.lines.len().min(MOVES) as u32;
    CHECKS + 1 + figures + 1 + told + 1 + (2 + moves) + CHART_ROWS + 1
}

/// Rows that the chart covers.
const CHART_ROWS: u32 = 20;

fn figures_of(book: &Book, answer: &Answer, top: u32) -> Vec<(String, Cell, Holds)> {
    let (words, results) = (book.words, book.results);
    let kpi = book.kpi_holds();
    let total = |column: u16, gives: f64| Cell::formula(format!("={}", book.total(answer, column)), gives);
    let sums = figures::totals(answer);
    let mut items: Vec<(String, Cell, Holds)> = Vec::new();
    let mut item = |name: &str, cell: Cell, holds| items.push((name.to_owned(), cell, holds));
    item(words.say("status"), Cell::text(story::status(answer.status, words)), Holds::Fact);
    let counted_in = if book.in_cash(answer) { words.say("in_cash") } else { words.say("in_face") };
    item(words.say("budget_in"), Cell::text(counted_in), Holds::Fact);
    item(words.say("budget"), Cell::Input(Some(answer.budget.asked)), Holds::Named);
    item(words.say("spend"), total(SPEND, sums.spend), Holds::Named);
    item(words.say("cash"), total(CASH, sums.cash), Holds::Named);
    let counted = if book.in_cash(answer) { top + 4 } else { top + 3 };
    let left = format!("={}-{}", at(top + 2, 1), at(counted, 1));
    item(words.say("left"), Cell::Formula(left, answer.budget.unspent), Holds::Named);
    item(words.say("reference_spend"), total(REFERENCE, sums.reference), Holds::Named);
    item(words.say("change"), total(CHANGE, sums.change), Holds::Named);
    if let Some(expected) = &answer.expected {
        type Give = (&'static str, fn(&Expected) -> f64);
        let gives: [Give; 4] = [("", |e| e.mean), (" P10", |e| e.p10), (" P50", |e| e.p50), (" P90", |e| e.p90)];
        for (column, (name, figure)) in (EXPECTED..).zip(gives) {
            let name = format!("{}{name} ({})", words.say("expected"), words.kpi(results.settings.project.kpi));
            items.push((name, total(column, figure(expected)), kpi));
        }
        let cost = answer.cost_per.unwrap_or(f64::NAN);
        let divided = Cell::ratio(&at(counted, 1), &at(top + 8, 1), cost);
        items.push((words.cost_per(results.settings.project.kpi).to_owned(), divided, Holds::Named));
    }
    if let Some(caused) = &answer.incremental {
        let name = format!("{} ({})", words.say("caused"), words.kpi(results.settings.project.kpi));
        items.push((name, total(CAUSED, caused.mean), kpi));
    }
    if let Some(comparison) = figures::comparison(answer, results.fitted) {
        items.push((words.say("versus_reference").to_owned(), Cell::number(comparison.gain_share), Holds::Percent));
    }
    let gap = answer.gap.map(numbers::small_percent);
    items.push((words.say("gap").to_owned(), Cell::optional(gap.as_deref()), Holds::Fact));
    items
}

fn sentences(book: &Book, answer: &Answer, page: &mut Page, top: u32) -> Result<u32, XlsxError> {
    let told = story::plan(book.results.settings, book.results.fitted, answer, book.words);
    for (row, sentence) in (top..).zip(&told) {
        page.sentence(row, 4, 128.0, sentence)?;
    }
    Ok(top + told.len() as u32)
}

/// The largest moves, live, and their chart.
fn moves(book: &Book, answer: &Answer, page: &mut Page, top: u32) -> Result<u32, XlsxError> {
    let words = book.words;
    page.heading(top, words.say("top_moves"))?;
    let mut order: Vec<usize> = (0..answer.lines.len()).collect();
    let change = |line: &usize| figures::change(&answer.lines[*line]);
    order.sort_by(|a, b| change(b).abs().total_cmp(&change(a).abs()).then(a.cmp(b)));
    order.truncate(MOVES);
    order.sort_by(|a, b| change(b).total_cmp(&change(a)).then(a.cmp(b)));
    let columns = move_columns(book);
    let row = |(row, line): (u32, &usize)| {
        let seen = |column: u16, gives: f64| Cell::Formula(format!("={}", book.line(*line, column)), gives);
        let planned = &answer.lines[*line];
        let reference = planned.reference_spend;
        vec![
            Cell::text(&planned.channel),
            seen(REFERENCE, reference),
            seen(SPEND, planned.spend),
            Cell::Formula(format!("={}-{}", at(row, 2), at(row, 1)), figures::change(planned)),
            Cell::ratio(&at(row, 3), &at(row, 1), figures::change(planned) / reference),
        ]
    };
    let rows: Vec<Vec<Cell>> = (top + 2..).zip(&order).map(row).collect();
    let after = page.inner_table(top + 1, &columns, &rows)?;
    let cells = |column| Cells { sheet: words.say("summary"), column, first: top + 2, last: after - 1 };
    let names = [words.say("reference_short"), words.say("recommended")];
    let unit = book.in_money(words.say("spend"));
    let chart =
        charts::pairs(words.say("moves_title"), &unit, cells(CHANNEL), (names[0], cells(1)), (names[1], cells(2)));
    page.sheet.insert_chart(after + 1, 0, &chart)?;
    Ok(after + CHART_ROWS)
}

fn move_columns(book: &Book) -> Vec<Column> {
    let words = book.words;
    vec![
        column(words.say("channel"), 40.0, Holds::Text),
        column(book.in_money(words.say("reference_spend")), 20.0, Holds::Money),
        column(book.in_money(words.say("recommended_spend")), 20.0, Holds::Money),
        column(book.in_money(words.say("change")), 20.0, Holds::Money),
        column(words.say("change_share"), 12.0, Holds::Percent),
    ]
}

/// What must be 0 as long as the workbook is the plan of `plan.json`.
fn checks(book: &Book, answer: &Answer) -> Vec<Check> {
    let words = book.words;
    let sums = figures::totals(answer);
    let spend = book.total(answer, SPEND);
    let mut checks = vec![against(words.say("check_spend"), &spend, sums.spend, answer.budget.spent)];
    checks.push(against(words.say("check_cash"), &book.total(answer, CASH), sums.cash, answer.budget.cash));
    if let Some(expected) = &answer.expected {
        let mean = answer.lines.iter().filter_map(|line| line.expected.map(|expected| expected.mean)).sum();
        checks.push(against(words.say("check_expected"), &book.total(answer, EXPECTED), mean, expected.mean));
    }
    if let Some(statement) = book.statement {
        let all = [
            (words.say("check_flow"), flow::spend_cell(book)),
            (words.say("check_weeks"), flow::weeks_cell(book, statement)),
        ];
        checks.extend(all.map(|(says, cell)| between(says, &cell, &spend)));
        let splits = flow::split_cells(book, statement).into_iter();
        checks.extend(splits.map(|(name, cell)| {
            between(&words.tell("check_split", &[("split", &name)]), &cell, &flow::spend_cell(book))
        }));
    }
    if unknown::has_days(answer) {
        checks.push(between(words.say("check_days"), &unknown::days_cell(book, answer), &spend));
    }
    if let Some(actuals) = book.actuals {
        checks.push(between(words.say("check_accrual"), &actual::planned_cell(book, actuals), &spend));
    }
    checks
}

/// A figure of the workbook less that of `plan.json`.
fn against(says: &str, cell: &str, value: f64, planned: f64) -> Check {
    let off = ((value - planned) * 100.0).round() / 100.0;
    Check { says: says.to_owned(), formula: format!("=ROUND({cell}-{planned},2)"), gives: off + 0.0 }
}

/// A figure of the workbook less another that it must equal.
fn between(says: &str, one: &str, other: &str) -> Check {
    Check { says: says.to_owned(), formula: format!("=ROUND({one}-{other},2)"), gives: 0.0 }
}

fn check_table(book: &Book, page: &mut Page, top: u32, checks: &[Check]) -> Result<u32, XlsxError> {
    let words = book.words;
    page.heading(top, words.say("checks"))?;
    let columns = [column(words.say("check"), 40.0, Holds::Text), column(words.say("must_be_0"), 20.0, Holds::Money)];
    let row = |check: &Check| vec![Cell::text(&check.says), Cell::Formula(check.formula.clone(), check.gives)];
    let after = page.inner_table(top + 1, &columns, &checks.iter().map(row).collect::<Vec<_>>())?;
    let total = Cell::Formula(format!("={}", sum(1, top + 2, after - 1)), checks.iter().map(|c| c.gives).sum());
    page.totals(after, &columns, &[Cell::text(words.say("total")), total])?;
    page.sheet.set_print_area(0, 0, after, 4)?;
    Ok(after + 1)
}
