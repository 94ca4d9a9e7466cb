//! Plan versus actual, accrual and rebate. Actuals and invoices are inputs: finance fills in what no export has.

use rust_xlsxwriter::XlsxError;

use super::allocation::{SPEND, SUPPLIER};
use super::book::Book;
use super::media;
use super::table::{Cell, Column, Holds, Page, TOP, at, column, fixed, from_elsewhere};
use crate::plan::Answer;
use crate::report::actual::{Accrual, Actuals, LineActual, Standing};

/// Plan versus actual, a line a channel.
pub(super) fn versus(book: &Book, actuals: &Actuals) -> Result<Page, XlsxError> {
    let words = book.words;
    let mut page = book.page(words.say("sheet_actual"), words.say("sheet_actual"))?;
    let (days, all) = (actuals.days.to_string(), actuals.plan_days.to_string());
    page.note(
        1,
        &match &actuals.through {
            Some(day) => words.tell("actual_note", &[("day", day), ("days", &days), ("all", &all)]),
            None => words.say("actual_none").to_owned(),
        },
    )?;
    page.note(2, words.say("actual_bridge"))?;
    let columns = versus_columns(book);
    let rows: Vec<Vec<Cell>> =
        (TOP + 1..).zip(&actuals.lines).map(|(row, line)| versus_row(book, actuals, row, line)).collect();
    let after = page.table(&columns, &rows)?;
    page.totals(after, &columns, &versus_totals(book, actuals, after))?;
    if media::is_told(actuals) {
        let after = media::media(book, &mut page, after + 2, actuals)?;
        page.sheet.set_print_area(0, 0, after, media::COLUMNS - 1)?;
    }
    Ok(page)
}

fn versus_columns(book: &Book) -> Vec<Column> {
    let words = book.words;
    let kpi = words.kpi(book.results.settings.project.kpi);
    let money = |heading: &str| column(book.in_money(heading), 15.0, Holds::Money);
    let count = |heading: &str| column(format!("{kpi} – {heading}"), 14.0, book.kpi_holds());
    let cost = words.cost_per(book.results.settings.project.kpi);
    let plan = words.say("plan_to_date");
    vec![
        column(words.say("channel"), 34.0, Holds::Wrapped),
        money(&format!("{} – {plan}", words.say("spend"))),
        money(&format!("{} – {}", words.say("spend"), words.say("actual"))),
        money(words.say("variance")),
        column(words.say("variance_share"), 11.0, Holds::Percent),
        count(plan),
        count(words.say("actual")),
        count(words.say("variance")),
        count(words.say("from_spend")),
        count(words.say("from_cost")),
        money(&format!("{cost} – {plan}")),
        money(&format!("{cost} – {}", words.say("actual"))),
        column(words.say("comment"), 30.0, Holds::Wrapped),
    ]
}

fn versus_row(book: &Book, actuals: &Actuals, row: u32, line: &LineActual) -> Vec<Cell> {
    let started = actuals.through.is_some();
    let name = line.channel.as_deref().unwrap_or(book.words.say("not_in_plan"));
    let (planned, expected) = (line.planned_spend, line.planned_kpi);
    let mut cells = vec![
        Cell::text(name),
        Cell::Number(planned),
        Cell::Input(started.then_some(line.spend)),
        Cell::Formula(format!("={}-{}", at(row, 2), at(row, 1)), line.spend - planned),
        Cell::ratio(&at(row, 3), &at(row, 1), (line.spend - planned) / planned),
        Cell::number(expected),
        Cell::Input(line.kpi),
    ];
    cells.extend(bridge(row, line));
    cells.push(Cell::ratio(&at(row, 1), &at(row, 5), planned / expected.unwrap_or(f64::NAN)));
    cells.push(Cell::ratio(&at(row, 2), &at(row, 6), line.spend / line.kpi.unwrap_or(f64::NAN)));
    cells.push(Cell::Empty);
    cells
}

/// The difference in KPI: what other spend buys at the plan's cost, and the rest; nothing while no KPI is reported.
fn bridge(row: u32, line: &LineActual) -> [Cell; 3] {
    let Some(expected) = line.planned_kpi else { return [Cell::Empty, Cell::Empty, Cell::Empty] };
    let known = |then: String| format!("=IF({}=\"\",\"\",{then})", at(row, 6));
    let off = line.kpi.map_or(f64::NAN, |kpi| kpi - expected);
    let spend = line.kpi.map_or(f64::NAN, |_| bought(line, expected));
    let other = format!("IF({0}=0,0,({1}-{0})*{2}/{0})", at(row, 1), at(row, 2), at(row, 5));
    [
        Cell::Formula(known(format!("{}-{}", at(row, 6), at(row, 5))), off),
        Cell::Formula(known(other), spend),
        Cell::Formula(known(format!("{}-{}", at(row, 7), at(row, 8))), off - spend),
    ]
}

/// What the difference in spend buys at the planned cost.
fn bought(line: &LineActual, expected: f64) -> f64 {
    let bought = (line.spend - line.planned_spend) * expected / line.planned_spend;
    if bought.is_finite() { bought } else { 0.0 }
}

fn versus_totals(book: &Book, actuals: &Actuals, row: u32) -> Vec<Cell> {
    let of = |column: u16, gives: f64| Cell::sum(column, TOP + 1, row - 1, gives);
    let total = |figure: &dyn Fn(&LineActual) -> f64| actuals.lines.iter().map(figure).sum::<f64>();
    let (planned, spent) = (total(&|line| line.planned_spend), total(&|line| line.spend));
    let (expected, kpi) = (total(&|l| l.planned_kpi.unwrap_or(0.0)), total(&|l| l.kpi.unwrap_or(0.0)));
    let both = |line: &LineActual| line.planned_kpi.zip(line.kpi);
    let off = total(&|line| both(line).map_or(0.0, |(expected, kpi)| kpi - expected));
    let bought = total(&|line| both(line).map_or(0.0, |(expected, _)| bought(line, expected)));
    vec![
        Cell::text(book.words.say("total")),
        of(1, planned),
        of(2, spent),
        of(3, spent - planned),
        Cell::ratio(&at(row, 3), &at(row, 1), (spent - planned) / planned),
        of(5, expected),
        of(6, kpi),
        of(7, off),
        of(8, bought),
        of(9, off - bought),
        Cell::ratio(&at(row, 1), &at(row, 5), planned / expected),
        Cell::ratio(&at(row, 2), &at(row, 6), spent / kpi),
        Cell::Empty,
    ]
}

/// Accruals by supplier and month, then where the contracts stand.
pub(super) fn accrual(book: &Book, answer: &Answer, actuals: &Actuals) -> Result<Page, XlsxError> {
    let words = book.words;
    let mut page = book.page(words.say("sheet_accrual"), words.say("sheet_accrual"))?;
    page.note(1, words.say("accrual_note"))?;
    page.note(2, words.say("accrual_how"))?;
    let columns = accrual_columns(book);
    let rows: Vec<Vec<Cell>> =
        (TOP + 1..).zip(&actuals.accruals).map(|(row, accrual)| accrual_row(book, row, accrual)).collect();
    let after = page.table(&columns, &rows)?;
    page.totals(after, &columns, &accrual_totals(book, actuals, after))?;
    let after = standings(book, &mut page, after + 2, answer, actuals)?;
    page.sheet.set_print_area(0, 0, after, columns.len() as u16 + 1)?;
    Ok(page)
}

fn accrual_columns(book: &Book) -> Vec<Column> {
    let words = book.words;
    let money = |heading: &str| column(book.in_money(heading), 15.0, Holds::Money);
    vec![
        column(words.say("supplier"), 30.0, Holds::Wrapped),
        column(words.say("month"), 15.0, Holds::Text),
        money(words.say("planned_face")),
        money(words.say("planned_cash")),
        money(words.say("delivered_face")),
        money(words.say("delivered_cash")),
        money(words.say("rebate")),
        column(words.say("rebate_rate"), 11.0, Holds::Percent),
        money(words.say("reported_cash")),
        money(words.say("invoiced")),
        money(words.say("accrued")),
    ]
}

fn accrual_row(book: &Book, row: u32, accrual: &Accrual) -> Vec<Cell> {
    let none = book.words.say("no_supplier");
    let rebate = accrual.face - accrual.cash;
    vec![
        Cell::text(accrual.supplier.as_deref().unwrap_or(none)),
        Cell::text(&accrual.month),
        Cell::Number(accrual.planned_face),
        Cell::Number(accrual.planned_cash),
        Cell::Input(Some(accrual.face)),
        Cell::Input(Some(accrual.cash)),
        Cell::Formula(format!("={}-{}", at(row, 4), at(row, 5)), rebate),
        Cell::ratio(&at(row, 6), &at(row, 5), rebate / accrual.cash),
        Cell::number(accrual.reported_cash),
        Cell::Input(None),
        Cell::Formula(format!("={}-{}", at(row, 5), at(row, 9)), accrual.cash),
    ]
}

fn accrual_totals(book: &Book, actuals: &Actuals, row: u32) -> Vec<Cell> {
    let of = |column: u16, gives: f64| Cell::sum(column, TOP + 1, row - 1, gives);
    let total = |figure: fn(&Accrual) -> f64| actuals.accruals.iter().map(figure).sum::<f64>();
    let (face, cash) = (total(|accrual| accrual.face), total(|accrual| accrual.cash));
    vec![
        Cell::text(book.words.say("total")),
        Cell::Empty,
        of(2, total(|accrual| accrual.planned_face)),
        of(3, total(|accrual| accrual.planned_cash)),
        of(4, face),
        of(5, cash),
        of(6, face - cash),
        Cell::ratio(&at(row, 6), &at(row, 5), (face - cash) / cash),
        of(8, total(|accrual| accrual.reported_cash.unwrap_or(0.0))),
        of(9, 0.0),
        of(10, cash),
    ]
}

/// The planned face value of all suppliers, as the contracts' table adds it up from the allocation.
pub(super) fn planned_cell(book: &Book, actuals: &Actuals) -> String {
    let first = TOP + 1 + actuals.accruals.len() as u32 + 2 + 2;
    from_elsewhere(book.words.say("sheet_accrual"), &at(first + actuals.contracts.len() as u32, 2))
}

fn standings(book: &Book, page: &mut Page, top: u32, answer: &Answer, actuals: &Actuals) -> Result<u32, XlsxError> {
    let words = book.words;
    page.heading(top, words.say("contracts"))?;
    let money = |heading: &str| column(book.in_money(heading), 15.0, Holds::Money);
    let columns = [
        column(words.say("supplier"), 30.0, Holds::Wrapped),
        column(words.say("rebate_rate"), 15.0, Holds::Percent),
        money(words.say("planned_face")),
        money(words.say("delivered_face")),
        money(words.say("outlook")),
        money(words.say("outlook_cash")),
        money(words.say("next_tier")),
        column(words.say("next_rate"), 11.0, Holds::Percent),
        money(words.say("to_next")),
        money(words.say("commitment")),
        money(words.say("shortfall")),
        money(words.say("penalty")),
    ];
    let rows: Vec<Vec<Cell>> =
        (top + 2..).zip(&actuals.contracts).map(|(row, standing)| standing_row(book, answer, row, standing)).collect();
    let after = page.inner_table(top + 1, &columns, &rows)?;
    let of = |column: u16, gives: f64| Cell::sum(column, top + 2, after - 1, gives);
    let total = |figure: fn(&Standing) -> f64| actuals.contracts.iter().map(figure).sum::<f64>();
    let mut totals = vec![Cell::Empty; columns.len()];
    totals[0] = Cell::text(words.say("total"));
    totals[2] = of(2, total(|standing| standing.planned_face));
    totals[3] = of(3, total(|standing| standing.face));
    totals[4] = of(4, total(|standing| standing.outlook));
    totals[5] = of(5, total(|standing| standing.cash));
    totals[10] = of(10, total(|standing| standing.shortfall));
    totals[11] = of(11, total(|standing| standing.penalty));
    page.totals(after, &columns, &totals)?;
    Ok(after + 1)
}

fn standing_row(book: &Book, answer: &Answer, row: u32, standing: &Standing) -> Vec<Cell> {
    let none = book.words.say("no_supplier");
    let to_next = standing.next_from.map(|from| from - standing.outlook);
    let charged = standing.penalty_rate;
    let rest = standing.to_come;
    vec![
        Cell::text(standing.supplier.as_deref().unwrap_or(none)),
        Cell::Number(standing.rate),
        planned_face(book, answer, row, standing),
        Cell::Input(Some(standing.face)),
        Cell::Formula(format!("=ROUND({}+{}*{rest},2)", at(row, 3), at(row, 2)), standing.outlook),
        Cell::Number(standing.cash),
        Cell::number(standing.next_from),
        Cell::number(standing.next_rate),
        match to_next {
            Some(gap) => Cell::Formula(format!("={}-{}", at(row, 6), at(row, 4)), gap),
            None => Cell::Empty,
        },
        Cell::Input(Some(standing.commitment)),
        Cell::Formula(format!("=MAX(0,{}-{})", at(row, 9), at(row, 4)), standing.shortfall),
        Cell::Formula(format!("=ROUND({}*{charged},2)", at(row, 10)), standing.penalty),
    ]
}

/// Face value of a supplier's lines, added up from the allocation by the name that stands in the row, letter by letter.
fn planned_face(book: &Book, answer: &Answer, row: u32, standing: &Standing) -> Cell {
    let (first, last) = (TOP + 1, TOP + answer.lines.len() as u32);
    let range = |column: u16| {
        let cells = format!("{}:{}", fixed(first, column), fixed(last, column));
        from_elsewhere(book.words.say("allocation"), &cells)
    };
    let formula = match &standing.supplier {
        Some(_) => format!("=SUMPRODUCT(EXACT({},{})*{})", range(SUPPLIER), at(row, 0), range(SPEND)),
        None => format!("=SUMPRODUCT(({}=\"\")*{})", range(SUPPLIER), range(SPEND)),
    };
    Cell::Formula(formula, standing.planned_face)
}
