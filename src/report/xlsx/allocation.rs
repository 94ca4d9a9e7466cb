//! One line a channel and their totals. Spend is an input: what hangs on it is a formula.

use rust_xlsxwriter::XlsxError;

use super::book::Book;
use super::evidence;
use super::table::{Cell, Column, Holds, Page, TOP, at, column, from_elsewhere};
use crate::plan::{Answer, Expected, Line};
use crate::report::figures::{self, CurvePoint};
use crate::report::text::one_line;

// Columns that formulas refer to.
pub(super) const CHANNEL: u16 = 0;
pub(super) const SUPPLIER: u16 = 2;
pub(super) const REFERENCE: u16 = 5;
pub(super) const SPEND: u16 = 6;
pub(super) const CHANGE: u16 = 7;
pub(super) const CASH: u16 = 9;
pub(super) const EXPECTED: u16 = 10;
pub(super) const CAUSED: u16 = 20;
// Of plan.json, which formulas start from: spend, cash, expected and its quantiles, S of the plan, the curve at its spend.
const BASE: u16 = 22;
const BASE_EXPECTED: u16 = BASE + 2;
const SCALE: u16 = BASE + 6;
const AT_PLAN: u16 = BASE + 7;
const COLUMNS: usize = BASE as usize + 8;

/// The sheet.
pub(super) fn allocation(book: &Book, answer: &Answer) -> Result<Page, XlsxError> {
    let words = book.words;
    let mut page = book.page(words.say("allocation"), words.say("allocation"))?;
    page.note(1, &format!("{} · {} · {}", answer.currency, words.say("face_value"), words.say("sums_note")))?;
    page.note(2, words.say("allocation_live"))?;
    let columns = columns(book);
    let mut curves = 0_usize..;
    let mut rows = Vec::with_capacity(answer.lines.len());
    for (row, (line, points)) in (TOP + 1..).zip(answer.lines.iter().zip(&book.curves)) {
        let live = points.as_ref().and_then(|_| curves.next());
        let mut row = cells(book, answer, row, line, live);
        row.extend(base(book, answer, line, points.as_deref()));
        rows.push(row);
    }
    let after = page.table(&columns, &rows)?;
    page.totals(after, &columns, &totals(book, answer, after))?;
    page.sheet.autofilter(TOP, 0, after - 1, BASE - 1)?.set_print_area(0, 0, after, BASE - 1)?;
    hide_unused(&mut page, answer)?;
    if answer.lines.iter().all(|line| line.incremental.is_none()) {
        page.sheet.set_column_range_hidden(CAUSED - 1, CAUSED + 1)?;
    }
    page.sheet.group_columns(BASE, COLUMNS as u16 - 1)?;
    Ok(page)
}

fn hide_unused(page: &mut Page, answer: &Answer) -> Result<(), XlsxError> {
    let unused = |name: fn(&Line) -> &Option<String>| answer.lines.iter().all(|line| name(line).is_none());
    let names: [fn(&Line) -> &Option<String>; 4] = [|l| &l.platform, |l| &l.supplier, |l| &l.account, |l| &l.campaign];
    for (column, name) in (1..).zip(names) {
        if unused(name) {
            page.sheet.set_column_hidden(column)?;
        }
    }
    Ok(())
}

fn columns(book: &Book) -> Vec<Column> {
    let words = book.words;
    let money = |words: &str| column(book.in_money(words), 15.0, Holds::Money);
    let kpi = words.kpi(book.results.settings.project.kpi);
    let count = |words: &str, width| column(format!("{words} ({kpi})"), width, book.kpi_holds());
    let base = |words: &str, holds| column(format!("plan.json: {words}"), 13.0, holds);
    vec![
        column(words.say("channel"), 30.0, Holds::Wrapped),
        column(words.say("platform"), 13.0, Holds::Text),
        column(words.say("supplier"), 20.0, Holds::Wrapped),
        column(words.say("account"), 12.0, Holds::Text),
        column(words.say("campaign"), 12.0, Holds::Text),
        money(words.say("reference_spend")),
        money(words.say("recommended_spend")),
        money(words.say("change")),
        column(words.say("change_share"), 10.0, Holds::Percent),
        money(words.say("cash")),
        count(words.say("expected"), 14.0),
        count("P10", 12.0),
        count("P50", 12.0),
        count("P90", 12.0),
        column(book.in_money(words.cost_per(book.results.settings.project.kpi)), 13.0, Holds::Money),
        column(book.in_money(words.say("marginal_cost")), 13.0, Holds::Money),
        column(words.say("held_by"), 20.0, Holds::Wrapped),
        column(words.say("beyond_short"), 13.0, Holds::Text),
        column(words.say("why_not_more"), 38.0, Holds::Wrapped),
        column(words.say("caused_share"), 13.0, Holds::Fine),
        count(words.say("caused"), 14.0),
        money(words.say("caused_cost")),
        base("spend", Holds::Money),
        base("cash", Holds::Money),
        base("expected.mean", Holds::Count),
        base("p10", Holds::Count),
        base("p50", Holds::Count),
        base("p90", Holds::Count),
        column("S", 9.0, Holds::Figure),
        column("f", 12.0, Holds::Figure),
    ]
}

fn cells(book: &Book, answer: &Answer, row: u32, line: &Line, curve: Option<usize>) -> Vec<Cell> {
    let quantile = |column: u16, figure: fn(&Expected) -> f64| match &line.expected {
        Some(expected) => scaled(row, column, figure(expected)),
        None => Cell::Empty,
    };
    let (money, column) = if book.in_cash(answer) { (line.cash, CASH) } else { (line.spend, SPEND) };
    let cost = match &line.expected {
        Some(expected) => Cell::ratio(&at(row, column), &at(row, EXPECTED), money / expected.mean),
        None => Cell::Empty,
    };
    let mut cells = vec![
        Cell::text(&line.channel),
        Cell::optional(line.platform.as_deref()),
        Cell::optional(line.supplier.as_deref()),
        Cell::optional(line.account.as_deref()),
        Cell::optional(line.campaign.as_deref()),
        Cell::Input(Some(line.reference_spend)),
        Cell::Input(Some(line.spend)),
        Cell::Formula(format!("={}-{}", at(row, SPEND), at(row, REFERENCE)), figures::change(line)),
        change_share(row, figures::change_share(line)),
        cash(row, line),
        expected(book, answer, row, line, curve),
        quantile(EXPECTED + 1, |expected| expected.p10),
        quantile(EXPECTED + 2, |expected| expected.p50),
        quantile(EXPECTED + 3, |expected| expected.p90),
        cost,
        Cell::number(line.marginal_cost),
        Cell::text(line.limited_by.iter().map(|name| book.words.limit(name)).collect::<Vec<_>>().join("; ")),
        if line.extrapolated { Cell::text(book.words.say("yes")) } else { Cell::Empty },
        Cell::text(book.words.translate("plan.why_not_more", &one_line(&line.why_not_more))),
    ];
    cells.extend(caused(row, line, column, money));
    cells
}

/// The share that spend is taken to cause, an assumption that a person may change unless a lift test tells it; the KPI that
/// is caused; and what each costs. The curve of a tested channel counts only what is caused.
fn caused(row: u32, line: &Line, column: u16, money: f64) -> [Cell; 3] {
    let Some(caused) = &line.incremental else { return [Cell::Empty, Cell::Empty, Cell::Empty] };
    let (share, kpi) = (at(row, CAUSED - 1), at(row, EXPECTED));
    let (share, formula) = match caused.tests.is_empty() {
        true => (Cell::Input(Some(caused.share.mean)), format!("={kpi}*{share}")),
        false => (Cell::Number(caused.share.mean), format!("={kpi}")),
    };
    let cost = Cell::ratio(&at(row, column), &at(row, CAUSED), money / caused.mean);
    [share, Cell::formula(formula, caused.mean), cost]
}

/// What `plan.json` says, S, and the curve at the plan's spend as the sheet of curves has it.
fn base(book: &Book, answer: &Answer, line: &Line, points: Option<&[CurvePoint]>) -> Vec<Cell> {
    let periods = answer.period.periods;
    let figure = |figure: fn(&Expected) -> f64| Cell::Base(line.expected.as_ref().map(figure));
    let scale =
        evidence::curve_of(book.results, line).map(|(fit, curve)| figures::response_periods(line, fit, curve, periods));
    let at_plan = points.map(|points| evidence::interpolated(points, line.spend / periods));
    vec![
        Cell::Base(Some(line.spend)),
        Cell::Base(Some(line.cash)),
        figure(|expected| expected.mean),
        figure(|expected| expected.p10),
        figure(|expected| expected.p50),
        figure(|expected| expected.p90),
        Cell::Base(scale),
        Cell::Base(at_plan),
    ]
}

/// Cash moves with spend at the rate that the line has in the plan.
fn cash(row: u32, line: &Line) -> Cell {
    let (spend, planned, paid) = (at(row, SPEND), at(row, BASE), at(row, BASE + 1));
    Cell::Formula(format!("=IF({planned}=0,{paid}+{spend},ROUND({spend}*{paid}/{planned},2))"), line.cash)
}

/// `plan.json`'s figure and what the curve adds between its spend and the one that stands here.
fn expected(book: &Book, answer: &Answer, row: u32, line: &Line, curve: Option<usize>) -> Cell {
    let (Some(expected), Some(curve)) = (&line.expected, curve) else {
        return Cell::number(line.expected.as_ref().map(|expected| expected.mean));
    };
    let first = TOP + 1 + (curve * figures::CURVE_SPENDS) as u32;
    let name = book.words.say("sheet_curves");
    let spends = from_elsewhere(name, &evidence::block(first, evidence::CURVE_SPEND));
    let means = from_elsewhere(name, &evidence::block(first, evidence::CURVE_MEAN));
    let x = format!("{}/{}", at(row, SPEND), answer.period.periods);
    let place = format!("MIN(MATCH({x},{spends},1),{})", figures::CURVE_SPENDS - 1);
    let (x0, x1) = (format!("INDEX({spends},{place})"), format!("INDEX({spends},{place}+1)"));
    let (y0, y1) = (format!("INDEX({means},{place})"), format!("INDEX({means},{place}+1)"));
    let on_curve = format!("({y0}+({x}-{x0})*({y1}-{y0})/({x1}-{x0}))");
    let (mean, scale, planned) = (at(row, BASE_EXPECTED), at(row, SCALE), at(row, AT_PLAN));
    let formula = format!("=IF({}={},{mean},{mean}+{scale}*({on_curve}-{planned}))", at(row, SPEND), at(row, BASE));
    Cell::Formula(formula, expected.mean)
}

/// A quantile moves in proportion to the mean.
fn scaled(row: u32, column: u16, gives: f64) -> Cell {
    let (own, mean) = (at(row, BASE_EXPECTED + column - EXPECTED), at(row, BASE_EXPECTED));
    Cell::formula(format!("=IF({mean}=0,{own},{own}*{}/{mean})", at(row, EXPECTED)), gives)
}

fn change_share(row: u32, share: Option<f64>) -> Cell {
    Cell::ratio(&at(row, CHANGE), &at(row, REFERENCE), share.unwrap_or(f64::NAN))
}

fn totals(book: &Book, answer: &Answer, row: u32) -> Vec<Cell> {
    let sums = figures::totals(answer);
    let of = |column: u16, value: f64| Cell::sum(column, TOP + 1, row - 1, value);
    let mean: f64 = answer.lines.iter().filter_map(|line| line.expected.map(|expected| expected.mean)).sum();
    let (money, column) = if book.in_cash(answer) { (sums.cash, CASH) } else { (sums.spend, SPEND) };
    let mut cells = vec![Cell::Empty; COLUMNS];
    let mut set = |column: u16, cell: Cell| cells[usize::from(column)] = cell;
    set(0, Cell::text(book.words.say("total")));
    set(REFERENCE, of(REFERENCE, sums.reference));
    set(SPEND, of(SPEND, sums.spend));
    set(CHANGE, of(CHANGE, sums.change));
    set(CHANGE + 1, change_share(row, sums.change_share));
    set(CASH, of(CASH, sums.cash));
    set(BASE, of(BASE, sums.spend));
    set(BASE + 1, of(BASE + 1, sums.cash));
    if let Some(caused) = &answer.incremental {
        set(CAUSED, of(CAUSED, caused.mean));
        set(CAUSED + 1, Cell::ratio(&at(row, column), &at(row, CAUSED), money / caused.mean));
    }
    if let Some(expected) = &answer.expected {
        set(EXPECTED, of(EXPECTED, mean));
        set(BASE_EXPECTED, of(BASE_EXPECTED, mean));
        for (more, figure) in (1..).zip([expected.p10, expected.p50, expected.p90]) {
            set(EXPECTED + more, scaled(row, EXPECTED + more, figure));
            set(BASE_EXPECTED + more, Cell::Base(Some(figure)));
        }
        set(EXPECTED + 4, Cell::ratio(&at(row, column), &at(row, EXPECTED), money / mean));
    }
    cells
}
