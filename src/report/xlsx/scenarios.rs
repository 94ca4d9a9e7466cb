//! The plan at other budgets, and what the limits cost.

use rust_xlsxwriter::XlsxError;

use super::book::Book;
use super::charts::{self, Cells};
use super::table::{Cell, Column, Holds, Page, TOP, at, column};
use crate::plan::{Answer, FrontierPoint, LimitCost, Price};
use crate::report::{story, unknown};

/// The sheet.
pub(super) fn scenarios(book: &Book, answer: &Answer) -> Result<Page, XlsxError> {
    let words = book.words;
    let name = words.say("sheet_scenarios");
    let mut page = book.page(name, name)?;
    page.note(1, words.say("scenarios_note"))?;
    let columns = columns(book);
    let mut points: Vec<&FrontierPoint> = answer.frontier.iter().collect();
    points.sort_by(|a, b| a.budget.total_cmp(&b.budget));
    let before = std::iter::once(None).chain(points.iter().copied().map(Some));
    let rows: Vec<Vec<Cell>> = (TOP + 1..)
        .zip(points.iter().zip(before))
        .map(|(row, (point, before))| cells(book, row, point, before))
        .collect();
    let mut after = page.table(&columns, &rows)?;
    if points.iter().filter(|point| point.mean.is_some()).count() > 1 {
        let cells = |column| Cells { sheet: name, column, first: TOP + 1, last: after - 1 };
        let kpi = words.kpi(book.results.settings.project.kpi);
        let series = [(words.say("expected"), cells(2)), ("P10", cells(3)), ("P90", cells(4))];
        let chart = charts::lines(words.say("frontier"), kpi, cells(0), &series);
        page.sheet.insert_chart(after + 1, 0, &chart)?;
        after += 20;
    }
    let after = prices(book, &mut page, after + 1, answer)?;
    page.sheet.set_print_area(0, 0, after, columns.len() as u16 - 1)?;
    Ok(page)
}

fn columns(book: &Book) -> Vec<Column> {
    let words = book.words;
    let kpi = words.kpi(book.results.settings.project.kpi);
    vec![
        column(book.in_money(words.say("budget")), 36.0, Holds::Money),
        column(words.say("status"), 18.0, Holds::Text),
        column(format!("{} ({kpi})", words.say("expected")), 16.0, book.kpi_holds()),
        column("P10", 14.0, book.kpi_holds()),
        column("P90", 14.0, book.kpi_holds()),
        column(book.in_money(words.cost_per(book.results.settings.project.kpi)), 16.0, Holds::Money),
        column(book.in_money(words.say("marginal_cost")), 16.0, Holds::Money),
        column(words.say("added"), 14.0, book.kpi_holds()),
        column(book.in_money(words.say("cost_of_added")), 16.0, Holds::Money),
    ]
}

fn cells(book: &Book, row: u32, point: &FrontierPoint, before: Option<&FrontierPoint>) -> Vec<Cell> {
    let mean = point.mean.unwrap_or(f64::NAN);
    let step = before.map(|before| (point.budget - before.budget, mean - before.mean.unwrap_or(f64::NAN)));
    let step = step.filter(|step| step.1.is_finite());
    vec![
        Cell::Number(point.budget),
        Cell::text(story::status(point.status, book.words)),
        Cell::number(point.mean),
        Cell::number(point.p10),
        Cell::number(point.p90),
        point.mean.map_or(Cell::Empty, |mean| Cell::ratio(&at(row, 0), &at(row, 2), point.budget / mean)),
        Cell::number(point.marginal_cost),
        step.map_or(Cell::Empty, |step| Cell::Formula(format!("={}-{}", at(row, 2), at(row - 1, 2)), step.1)),
        step.map_or(Cell::Empty, |step| {
            Cell::ratio(&format!("({}-{})", at(row, 0), at(row - 1, 0)), &at(row, 7), step.0 / step.1)
        }),
    ]
}

fn prices(book: &Book, page: &mut Page, top: u32, answer: &Answer) -> Result<u32, XlsxError> {
    let words = book.words;
    page.heading(top, words.say("prices"))?;
    page.note(top + 1, words.say("prices_note"))?;
    let columns = [
        column(words.say("limit"), 36.0, Holds::Wrapped),
        column(words.say("price"), 18.0, Holds::Figure),
        column(words.say("unit"), 16.0, Holds::Text),
        column("P10", 14.0, Holds::Figure),
        column("P90", 14.0, Holds::Figure),
        column(words.say("limit_costs"), 16.0, book.kpi_holds()),
        column(book.in_money(words.say("limit_saves")), 16.0, Holds::Money),
    ];
    let row = |(price, cost): (&Price, Option<&LimitCost>)| {
        let figures = [
            cost.map(|cost| six_digits(cost.price_p10)),
            cost.map(|cost| six_digits(cost.price_p90)),
            cost.and_then(|cost| cost.costs).map(|costs| costs.mean),
            cost.and_then(|cost| cost.saves),
        ];
        let named = [Cell::text(words.limit(&price.limit)), Cell::number(Some(six_digits(price.price)))];
        let unit = Cell::text(words.translate("plan.unit", &price.unit));
        named.into_iter().chain([unit]).chain(figures.map(Cell::number)).collect::<Vec<Cell>>()
    };
    page.inner_table(top + 2, &columns, &unknown::limits(answer).into_iter().map(row).collect::<Vec<_>>())
}

/// The figure to six digits: a price is a derivative, and no more of it is known.
fn six_digits(figure: f64) -> f64 {
    format!("{figure:.5e}").parse().unwrap_or(figure)
}
