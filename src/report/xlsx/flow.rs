//! The input–output statement: the whole by step and by week, its splits, and a page for each department.

use rust_xlsxwriter::XlsxError;

use super::allocation::{CASH, EXPECTED, REFERENCE, SPEND};
use super::book::Book;
use super::charts::{self, Cells};
use super::table::{Cell, Column, Holds, Page, TOP, at, column, from_elsewhere, sum};
use crate::plan::Answer;
use crate::report::statement::{Amounts, Figures, Part, Statement};
use crate::report::{figures, words};

/// Columns of the table of steps that formulas refer to.
const PLAN: u16 = 1;
const KEPT: u16 = 4;
const GAIN: u16 = 7;
const BEHIND: u16 = 11;
const KEPT_BEHIND: u16 = 12;
const BASE: u16 = 17;

/// What a step is called.
fn step_name<'a>(book: &'a Book, step: &str) -> &'a str {
    words::step_name(book.words, step)
}

/// The whole, and its weeks.
pub(super) fn flow(book: &Book, answer: &Answer, statement: &Statement) -> Result<Page, XlsxError> {
    let words = book.words;
    let mut page = book.page(words.say("sheet_flow"), words.say("sheet_flow"))?;
    let days = statement.rates_from_days.to_string();
    page.note(1, &words.tell("flow_note", &[("days", &days), ("draws", &statement.draws.to_string())]))?;
    page.note(2, words.say("flow_direction"))?;
    let columns = step_columns(book);
    let mut rows = vec![money_row(book, answer, SPEND), money_row(book, answer, CASH)];
    let of = |(row, step): (u32, &Figures)| step_row(book, answer, statement, row, step);
    rows.extend((TOP + 3..).zip(&statement.whole.stages).map(of));
    let after = page.table(&columns, &rows)?;
    as_money(&mut page, TOP + 1, &rows[..2], &[PLAN, KEPT, GAIN])?;
    page.sheet.group_columns(BASE, BASE)?;
    let after = weeks(book, &mut page, after + 1, statement)?;
    page.sheet.set_print_area(0, 0, after, BASE - 1)?;
    Ok(page)
}

fn step_columns(book: &Book) -> Vec<Column> {
    let words = book.words;
    let count = |heading: String| column(heading, 14.0, Holds::Count);
    let (plan, kept, gain) = (words.say("plan_word"), words.say("reference_short"), words.say("increment"));
    vec![
        column(words.say("step"), 24.0, Holds::Text),
        count(plan.to_owned()),
        count(format!("{plan} P10")),
        count(format!("{plan} P90")),
        count(kept.to_owned()),
        count(format!("{kept} P10")),
        count(format!("{kept} P90")),
        count(gain.to_owned()),
        count(format!("{gain} P10")),
        count(format!("{gain} P90")),
        column(words.say("change_share"), 11.0, Holds::Percent),
        column(book.in_money(words.say("spend_behind")), 16.0, Holds::Money),
        column(format!("{} – {kept}", book.in_money(words.say("spend_behind"))), 16.0, Holds::Money),
        column(book.in_money(words.say("cost_each")), 12.0, Holds::Money),
        column(format!("{} – {kept}", book.in_money(words.say("cost_each"))), 12.0, Holds::Money),
        column(words.say("rate_before"), 12.0, Holds::Percent),
        column(words.say("formula"), 34.0, Holds::Text),
        column("plan.json", 13.0, Holds::Count),
    ]
}

/// Shows the cells of rows that hold money in columns of counts as money.
fn as_money(page: &mut Page, first: u32, rows: &[Vec<Cell>], columns: &[u16]) -> Result<(), XlsxError> {
    for (row, cells) in (first..).zip(rows) {
        for column in columns {
            page.write((row, *column), &cells[usize::from(*column)], Holds::Money)?;
        }
    }
    Ok(())
}

/// Money in: spend as the allocation adds it up.
fn money_row(book: &Book, answer: &Answer, kind: u16) -> Vec<Cell> {
    let sums = figures::totals(answer);
    let statement = book.statement.map(|statement| &statement.whole);
    let (name, amounts, row) = match kind {
        SPEND => (book.words.say("spend"), statement.map(|whole| whole.spend), TOP + 1),
        _ => (book.words.say("cash"), statement.map(|whole| whole.cash), TOP + 2),
    };
    let amounts = amounts.unwrap_or_default();
    let mut cells = vec![Cell::Empty; usize::from(BASE) + 1];
    cells[0] = Cell::text(book.in_money(name));
    let planned = if kind == SPEND { sums.spend } else { sums.cash };
    cells[usize::from(PLAN)] = Cell::Formula(format!("={}", book.total(answer, kind)), planned);
    cells[usize::from(KEPT)] = match kind {
        SPEND => Cell::Formula(format!("={}", book.total(answer, REFERENCE)), sums.reference),
        _ => Cell::Number(amounts.reference),
    };
    cells[usize::from(GAIN)] = Cell::Formula(format!("={}-{}", at(row, PLAN), at(row, KEPT)), amounts.change);
    cells[10] = Cell::ratio(&at(row, GAIN), &at(row, KEPT), amounts.change / amounts.reference);
    cells
}

/// A step: `plan.json`'s own figure, moved in proportion when the allocation's inputs move the KPI.
fn step_row(book: &Book, answer: &Answer, statement: &Statement, row: u32, step: &Figures) -> Vec<Cell> {
    let planned: f64 = answer.lines.iter().filter_map(|line| line.expected.map(|expected| expected.mean)).sum();
    let moved = format!("{}/{planned}", book.total(answer, EXPECTED));
    let live = |figure: f64| Cell::Formula(format!("={figure}*{moved}"), figure);
    let (plan, kept, gain) = (step.plan, step.reference, step.increment);
    let ratio = |spend: u16, count: u16, gives: Option<f64>| match step.stage {
        "value" => Cell::ratio(&at(row, count), &at(row, spend), gives.unwrap_or(f64::NAN)),
        "impressions" => Cell::ratio(&format!("1000*{}", at(row, spend)), &at(row, count), gives.unwrap_or(f64::NAN)),
        _ => Cell::ratio(&at(row, spend), &at(row, count), gives.unwrap_or(f64::NAN)),
    };
    let rate = |rate: &crate::report::statement::Ratio| Cell::ratio(&at(row, PLAN), &at(row - 1, PLAN), rate.plan);
    let definition = statement.definitions.iter().find(|definition| definition.name == step.stage);
    vec![
        Cell::text(step_name(book, step.stage)),
        Cell::Formula(format!("={}*{moved}", at(row, BASE)), plan.mean),
        live(plan.p10),
        live(plan.p90),
        Cell::Number(kept.mean),
        Cell::Number(kept.p10),
        Cell::Number(kept.p90),
        Cell::Formula(format!("={}-{}", at(row, PLAN), at(row, KEPT)), gain.mean),
        Cell::Number(gain.p10),
        Cell::Number(gain.p90),
        Cell::ratio(&at(row, GAIN), &at(row, KEPT), gain.mean / kept.mean),
        behind(book, answer, step),
        Cell::Number(step.spend.reference),
        ratio(BEHIND, PLAN, step.ratio.map(|ratio| ratio.plan)),
        ratio(KEPT_BEHIND, KEPT, step.ratio.and_then(|ratio| ratio.reference)),
        step.rate.as_ref().map_or(Cell::Empty, rate),
        Cell::text(definition.map_or("", |definition| definition.formula)),
        Cell::Base(Some(plan.mean)),
    ]
}

/// Spend behind a step: the allocation's own, less that of the lines that the step is not known of.
fn behind(book: &Book, answer: &Answer, step: &Figures) -> Cell {
    let others = figures::totals(answer).spend - step.spend.plan;
    let others = (others * 100.0).round() / 100.0;
    Cell::Formula(format!("={}-{others}", book.total(answer, SPEND)), step.spend.plan)
}

/// The weeks under the steps: a table whose totals are formulas, and its chart.
fn weeks(book: &Book, page: &mut Page, top: u32, statement: &Statement) -> Result<u32, XlsxError> {
    let words = book.words;
    page.heading(top, words.say("by_week"))?;
    let steps: Vec<&'static str> = statement.whole.stages.iter().map(|step| step.stage).collect();
    let columns = week_columns(book, &steps);
    let rows: Vec<Vec<Cell>> = (statement.weeks.iter())
        .map(|week| {
            let of = |step: &&str| week.part.stages.iter().find(|figures| *figures.stage == **step);
            let mut row = vec![Cell::text(format!("{} – {}", week.start, week.end))];
            row.push(Cell::Number(week.part.spend.plan));
            row.push(Cell::Number(week.part.cash.plan));
            row.extend(steps.iter().map(|step| Cell::number(of(step).map(|figures| figures.plan.mean))));
            let kpi = of(&statement.kpi.as_str());
            row.extend([kpi.map(|figures| figures.plan.p10), kpi.map(|figures| figures.plan.p90)].map(Cell::number));
            row
        })
        .collect();
    let after = page.inner_table(top + 1, &columns, &rows)?;
    page.totals(after, &columns, &week_totals(book, statement, top + 2, after))?;
    let kpi = 3 + steps.iter().position(|step| *step == statement.kpi).unwrap_or(0) as u16;
    let cells = |column| Cells { sheet: words.say("sheet_flow"), column, first: top + 2, last: after - 1 };
    let name = step_name(book, &statement.kpi);
    let chart = charts::columns(words.say("by_week"), name, cells(0), &[(name, cells(kpi))]);
    page.sheet.insert_chart(after + 2, 0, &chart)?;
    Ok(after + 21)
}

fn week_columns(book: &Book, steps: &[&'static str]) -> Vec<Column> {
    let words = book.words;
    let mut columns = vec![
        column(words.say("week"), 24.0, Holds::Text),
        column(book.in_money(words.say("spend")), 14.0, Holds::Money),
        column(book.in_money(words.say("cash")), 14.0, Holds::Money),
    ];
    columns.extend(steps.iter().map(|step| column(step_name(book, step), 14.0, Holds::Count)));
    let kpi = words.kpi(book.results.settings.project.kpi);
    columns.extend(["P10", "P90"].map(|quantile| column(format!("{kpi} {quantile}"), 14.0, Holds::Count)));
    columns
}

fn week_totals(book: &Book, statement: &Statement, first: u32, after: u32) -> Vec<Cell> {
    let of = |column: u16, gives: f64| Cell::Formula(format!("={}", sum(column, first, after - 1)), gives);
    let whole = &statement.whole;
    let mut cells = vec![Cell::text(book.words.say("total")), of(1, whole.spend.plan), of(2, whole.cash.plan)];
    cells.extend((3..).zip(&whole.stages).map(|(column, step)| of(column, step.plan.mean)));
    cells.extend([Cell::Empty, Cell::Empty]);
    cells
}

/// The statement's spend.
pub(super) fn spend_cell(book: &Book) -> String {
    from_elsewhere(book.words.say("sheet_flow"), &at(TOP + 1, PLAN))
}

/// The weeks' spend, added up.
pub(super) fn weeks_cell(book: &Book, statement: &Statement) -> String {
    let first = TOP + 1 + 2 + statement.whole.stages.len() as u32 + 1 + 2;
    from_elsewhere(book.words.say("sheet_flow"), &at(first + statement.weeks.len() as u32, 1))
}

type Split<'a> = (&'a str, &'a [Part]);

fn all_splits<'a>(book: &'a Book, statement: &'a Statement) -> [Split<'a>; 4] {
    let words = book.words;
    [
        (words.say("platform"), &statement.platforms),
        (words.say("supplier"), &statement.suppliers),
        (words.say("account"), &statement.accounts),
        (words.say("department"), &statement.departments),
    ]
}

/// By platform, supplier, account and department, one table under the other, each adding up to the whole.
pub(super) fn splits(book: &Book, statement: &Statement) -> Result<Page, XlsxError> {
    let words = book.words;
    let mut page = book.page(words.say("sheet_splits"), words.say("sheet_splits"))?;
    page.note(1, words.say("splits_note"))?;
    let kpi = step_name(book, &statement.kpi);
    let columns = split_columns(book, kpi);
    page.widths(&columns)?;
    let mut top = TOP;
    for (name, parts) in all_splits(book, statement) {
        page.heading(top, name)?;
        let rows: Vec<Vec<Cell>> =
            (top + 2..).zip(parts).map(|(row, part)| split_row(book, statement, row, part)).collect();
        let after = page.inner_table(top + 1, &columns, &rows)?;
        page.totals(after, &columns, &split_totals(book, statement, top + 2, after))?;
        top = after + 2;
    }
    page.sheet.set_freeze_panes(TOP, 1)?.set_print_area(0, 0, top, columns.len() as u16 - 1)?;
    Ok(page)
}

fn split_columns(book: &Book, kpi: &str) -> Vec<Column> {
    let words = book.words;
    let (plan, kept) = (words.say("plan_word"), words.say("reference_short"));
    let money = |heading: String| column(heading, 16.0, Holds::Money);
    let count = |heading: String| column(heading, 15.0, Holds::Count);
    vec![
        column(words.say("name"), 34.0, Holds::Wrapped),
        money(book.in_money(&format!("{} – {plan}", words.say("spend")))),
        money(book.in_money(&format!("{} – {kept}", words.say("spend")))),
        money(book.in_money(words.say("change"))),
        column(words.say("change_share"), 11.0, Holds::Percent),
        money(book.in_money(&format!("{} – {plan}", words.say("cash")))),
        count(format!("{kpi} – {plan}")),
        count(format!("{kpi} P10")),
        count(format!("{kpi} P90")),
        count(format!("{kpi} – {kept}")),
        count(words.say("increment").to_owned()),
        column(book.in_money(words.cost_per(book.results.settings.project.kpi)), 14.0, Holds::Money),
        column(words.say("share_of_plan"), 11.0, Holds::Percent),
    ]
}

fn split_row(book: &Book, statement: &Statement, row: u32, part: &Part) -> Vec<Cell> {
    let none = book.words.say("not_named");
    let kpi = part.stages.iter().find(|step| step.stage == statement.kpi);
    let figure = |figure: fn(&Figures) -> f64| Cell::number(kpi.map(figure));
    let Amounts { plan, reference, change } = part.spend;
    let whole = statement.whole.spend.plan;
    vec![
        Cell::text(part.name.as_deref().unwrap_or(none)),
        Cell::Number(plan),
        Cell::Number(reference),
        Cell::Formula(format!("={}-{}", at(row, 1), at(row, 2)), change),
        Cell::ratio(&at(row, 3), &at(row, 2), change / reference),
        Cell::Number(part.cash.plan),
        figure(|step| step.plan.mean),
        figure(|step| step.plan.p10),
        figure(|step| step.plan.p90),
        figure(|step| step.reference.mean),
        kpi.map_or(Cell::Empty, |step| Cell::Formula(format!("={}-{}", at(row, 6), at(row, 9)), step.increment.mean)),
        kpi.map_or(Cell::Empty, |step| Cell::ratio(&at(row, 1), &at(row, 6), plan / step.plan.mean)),
        Cell::ratio(&at(row, 1), &spend_cell(book), plan / whole),
    ]
}

fn split_totals(book: &Book, statement: &Statement, first: u32, row: u32) -> Vec<Cell> {
    let of = |column: u16, gives: f64| Cell::Formula(format!("={}", sum(column, first, row - 1)), gives);
    let whole = &statement.whole;
    let kpi = whole.stages.iter().find(|step| step.stage == statement.kpi);
    let Amounts { plan, reference, change } = whole.spend;
    let figure = |figure: fn(&Figures) -> f64| Cell::number(kpi.map(figure));
    let summed = |column: u16, figure: fn(&Figures) -> f64| kpi.map_or(Cell::Empty, |step| of(column, figure(step)));
    vec![
        Cell::text(book.words.say("total")),
        of(1, plan),
        of(2, reference),
        of(3, change),
        Cell::ratio(&at(row, 3), &at(row, 2), change / reference),
        of(5, whole.cash.plan),
        summed(6, |step| step.plan.mean),
        figure(|step| step.plan.p10),
        figure(|step| step.plan.p90),
        summed(9, |step| step.reference.mean),
        summed(10, |step| step.increment.mean),
        kpi.map_or(Cell::Empty, |step| Cell::ratio(&at(row, 1), &at(row, 6), plan / step.plan.mean)),
        Cell::ratio(&at(row, 1), &spend_cell(book), 1.0),
    ]
}

/// The cell of each split's total spend.
pub(super) fn split_cells(book: &Book, statement: &Statement) -> Vec<(String, String)> {
    let mut top = TOP;
    let mut cells = Vec::new();
    for (name, parts) in all_splits(book, statement) {
        let total = top + 2 + parts.len() as u32;
        cells.push((name.to_owned(), from_elsewhere(book.words.say("sheet_splits"), &at(total, 1))));
        top = total + 2;
    }
    cells
}

/// One printed page a department.
pub(super) fn departments(book: &Book, statement: &Statement) -> Result<Page, XlsxError> {
    let words = book.words;
    let mut page = book.page(words.say("sheet_departments"), words.say("sheet_departments"))?;
    page.note(1, words.say("departments_note"))?;
    let columns = department_columns(book);
    page.widths(&columns)?;
    let mut top = TOP;
    let mut breaks = Vec::new();
    for part in &statement.departments {
        page.heading(top, part.name.as_deref().unwrap_or(words.say("not_named")))?;
        let rows = department_rows(book, top + 2, part);
        let after = page.inner_table(top + 1, &columns, &rows)?;
        as_money(&mut page, top + 2, &rows[..2], &[1, 4, 5])?;
        top = after + 2;
        breaks.push(top - 1);
    }
    breaks.pop();
    page.sheet.set_page_breaks(&breaks)?.set_repeat_rows(0, 1)?;
    page.sheet.set_print_area(0, 0, top, columns.len() as u16 - 1)?;
    Ok(page)
}

fn department_columns(book: &Book) -> Vec<Column> {
    let words = book.words;
    let count = |heading: &str| column(heading, 15.0, Holds::Count);
    vec![
        column(words.say("step"), 30.0, Holds::Text),
        count(words.say("plan_word")),
        count("P10"),
        count("P90"),
        count(words.say("reference_short")),
        count(words.say("increment")),
        column(words.say("change_share"), 11.0, Holds::Percent),
        column(book.in_money(words.say("spend_behind")), 17.0, Holds::Money),
        column(book.in_money(words.say("cost_each")), 14.0, Holds::Money),
        column(words.say("rate_before"), 13.0, Holds::Percent),
    ]
}

fn department_rows(book: &Book, top: u32, part: &Part) -> Vec<Vec<Cell>> {
    let change = |row: u32, plan: f64, kept: f64| {
        let gain = Cell::Formula(format!("={}-{}", at(row, 1), at(row, 4)), plan - kept);
        [gain, Cell::ratio(&at(row, 5), &at(row, 4), (plan - kept) / kept)]
    };
    let money = |row: u32, name: &str, amounts: Amounts| {
        let mut cells = vec![Cell::text(book.in_money(name)), Cell::Number(amounts.plan), Cell::Empty, Cell::Empty];
        cells.push(Cell::Number(amounts.reference));
        cells.extend(change(row, amounts.plan, amounts.reference));
        cells.extend(vec![Cell::Empty; 3]);
        cells
    };
    let mut rows =
        vec![money(top, book.words.say("spend"), part.spend), money(top + 1, book.words.say("cash"), part.cash)];
    for (row, step) in (top + 2..).zip(&part.stages) {
        let (plan, kept) = (step.plan, step.reference.mean);
        let mut cells = vec![Cell::text(step_name(book, step.stage)), Cell::Number(plan.mean)];
        cells.extend([plan.p10, plan.p90, kept].map(Cell::Number));
        cells.extend(change(row, plan.mean, kept));
        cells.push(Cell::Number(step.spend.plan));
        let gives = step.ratio.map_or(f64::NAN, |ratio| ratio.plan);
        cells.push(match step.stage {
            "value" => Cell::ratio(&at(row, 1), &at(row, 7), gives),
            "impressions" => Cell::ratio(&format!("1000*{}", at(row, 7)), &at(row, 1), gives),
            _ => Cell::ratio(&at(row, 7), &at(row, 1), gives),
        });
        let rate = step.rate.as_ref();
        cells.push(rate.map_or(Cell::Empty, |rate| Cell::ratio(&at(row, 1), &at(row - 1, 1), rate.plan)));
        rows.push(cells);
    }
    rows
}
