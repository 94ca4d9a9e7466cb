//! The sheets, one function each.

use rust_xlsxwriter::{Worksheet, XlsxError};

use super::table::{Cell, Column, Holds, at, from_elsewhere, inner_table, label, note, sheet, table, totals, write};
use crate::check::Finding;
use crate::plan::{Answer, Expected, Line};
use crate::report::{Results, Words, figures, story};
use crate::score::SupplierScore;

/// The row that headings stand in: under the title and a line of notes.
const TOP: u32 = 2;

// Columns of the allocation that formulas refer to.
const REFERENCE: u16 = 5;
const SPEND: u16 = 6;
const CHANGE: u16 = 7;
const CASH: u16 = 9;
const EXPECTED: u16 = 10;

/// The figures of the plan, the checks cell, and the sentences of the page.
pub(super) fn summary(results: &Results, words: &Words) -> Result<Worksheet, XlsxError> {
    let mut sheet = sheet(words.say("summary"), &results.settings.project.name)?;
    sheet.set_column_width(0, 30)?.set_column_width(1, 24)?.set_column_width(2, 70)?;
    let mut row = TOP;
    for (name, content, holds) in summary_items(results, words) {
        label(&mut sheet, (row, 0), &name)?;
        write(&mut sheet, (row, 1), &content, holds)?;
        row += 1;
    }
    let Some(answer) = results.answer else {
        note(&mut sheet, row + 1, words.say("no_plan"))?;
        return Ok(sheet);
    };
    if answer.conflict.is_none() {
        label(&mut sheet, (row, 0), words.say("checks"))?;
        write(&mut sheet, (row, 1), &checks(answer, words), Holds::Money)?;
        write(&mut sheet, (row, 2), &Cell::text(words.say("checks_note")), Holds::Text)?;
    }
    for sentence in told(results, answer, words) {
        row += 1;
        write(&mut sheet, (row + 1, 0), &Cell::text(sentence), Holds::Text)?;
    }
    Ok(sheet)
}

/// The page's sentences, or the conflict's.
fn told(results: &Results, answer: &Answer, words: &Words) -> Vec<String> {
    let Some(conflict) = &answer.conflict else { return story::plan(results.settings, results.fitted, answer, words) };
    let told = story::conflict(conflict, &answer.currency, words);
    [told.line, told.why].into_iter().chain(told.relax).collect()
}

fn summary_items(results: &Results, words: &Words) -> Vec<(String, Cell, Holds)> {
    let project = &results.settings.project;
    let item = |name: &str, cell: Cell, holds| (name.to_owned(), cell, holds);
    let mut items = vec![
        item(words.say("currency"), Cell::text(project.currency.code()), Holds::Text),
        item(words.say("kpi"), Cell::text(words.kpi(project.kpi)), Holds::Text),
    ];
    let Some(answer) = results.answer else { return items };
    let days = format!("{} – {}", answer.period.start, answer.period.end);
    items.push(item(words.say("period"), Cell::text(days), Holds::Text));
    items.push(item(words.say("status"), Cell::text(story::status(answer.status, words)), Holds::Text));
    items.push(item(words.say("budget"), Cell::Number(answer.budget.asked), Holds::Money));
    let counted_in = if answer.budget.counted_in == "cash" { words.say("in_cash") } else { words.say("in_face") };
    items.push(item(words.say("budget_in"), Cell::text(counted_in), Holds::Text));
    if answer.conflict.is_some() {
        return items;
    }
    let figure = |figure: fn(&Expected) -> f64| Cell::number(answer.expected.as_ref().map(figure));
    items.push(item(words.say("spend"), Cell::Number(answer.budget.spent), Holds::Money));
    items.push(item(words.say("cash"), Cell::Number(answer.budget.cash), Holds::Money));
    items.push(item(words.say("left"), Cell::Number(answer.budget.unspent), Holds::Money));
    items.push(item(words.say("expected"), figure(|expected| expected.mean), Holds::Count));
    for (name, cell) in [("p10", figure(|e| e.p10)), ("p50", figure(|e| e.p50)), ("p90", figure(|e| e.p90))] {
        items.push(item(&format!("{} {name}", words.say("expected")), cell, Holds::Count));
    }
    items.push(item(words.cost_per(project.kpi), summary_cost(answer, TOP + items.len() as u32), Holds::Money));
    if let Some(comparison) = figures::comparison(answer, results.fitted) {
        items.push(item(words.say("versus_reference"), Cell::number(comparison.gain_share), Holds::Percent));
    }
    items.push(item(words.say("gap"), Cell::number(answer.gap), Holds::Figure));
    items
}

/// Spend, or cash, divided by the expected KPI; `row` is where it stands, seven rows under the spend.
fn summary_cost(answer: &Answer, row: u32) -> Cell {
    let in_cash = answer.budget.counted_in == "cash";
    let (money, from) = if in_cash { (answer.budget.cash, row - 6) } else { (answer.budget.spent, row - 7) };
    let gives = answer.expected.map_or(f64::NAN, |expected| money / expected.mean);
    Cell::formula_for(answer.cost_per, format!("=B{}/B{}", from + 1, row - 4 + 1), gives)
}

/// The allocation's total less the spend of `plan.json`.
fn checks(answer: &Answer, words: &Words) -> Cell {
    let cells = format!("{}:{}", at(TOP + 1, SPEND), at(TOP + answer.lines.len() as u32, SPEND));
    let spend = from_elsewhere(words.say("allocation"), &cells);
    let total = figures::totals(answer).spend;
    let off = ((total - answer.budget.spent) * 100.0).round() / 100.0;
    // Budget stands in the fifth row of the summary, spend two rows below it.
    Cell::Formula(format!("=ROUND(SUM({spend})-{},2)", at(TOP + 6, 1)), off + 0.0)
}

/// One line a channel, and their totals.
pub(super) fn allocation(results: &Results, answer: &Answer, words: &Words) -> Result<Worksheet, XlsxError> {
    let name = words.say("allocation");
    let mut sheet = sheet(name, name)?;
    note(&mut sheet, 1, &format!("{} · {} · {}", answer.currency, words.say("face_value"), words.say("sums_note")))?;
    let columns = allocation_columns(results, words);
    let in_cash = answer.budget.counted_in == "cash";
    let rows: Vec<Vec<Cell>> =
        (TOP + 1..).zip(&answer.lines).map(|(row, line)| allocation_row(row, line, in_cash, words)).collect();
    let after = table(&mut sheet, TOP, &columns, &rows)?;
    let names =
        [(3, answer.lines.iter().all(|l| l.account.is_none())), (4, answer.lines.iter().all(|l| l.campaign.is_none()))];
    for (column, _) in names.into_iter().filter(|(_, unused)| *unused) {
        sheet.set_column_hidden(column)?;
    }
    if !rows.is_empty() {
        totals(&mut sheet, after, &columns, &allocation_totals(answer, after, in_cash, words))?;
        sheet.set_print_area(0, 0, after, columns.len() as u16 - 1)?;
    }
    Ok(sheet)
}

fn allocation_columns<'a>(results: &Results, words: &'a Words) -> Vec<Column<'a>> {
    vec![
        (words.say("channel"), 30.0, Holds::Wrapped),
        (words.say("platform"), 13.0, Holds::Text),
        (words.say("supplier"), 20.0, Holds::Wrapped),
        (words.say("account"), 12.0, Holds::Text),
        (words.say("campaign"), 12.0, Holds::Text),
        (words.say("reference_spend"), 15.0, Holds::Money),
        (words.say("recommended_spend"), 15.0, Holds::Money),
        (words.say("change"), 15.0, Holds::Money),
        (words.say("change_share"), 10.0, Holds::Percent),
        (words.say("cash"), 15.0, Holds::Money),
        (words.say("expected"), 12.0, Holds::Count),
        ("p10", 11.0, Holds::Count),
        ("p50", 11.0, Holds::Count),
        ("p90", 11.0, Holds::Count),
        (words.cost_per(results.settings.project.kpi), 12.0, Holds::Money),
        (words.say("marginal_cost"), 12.0, Holds::Money),
        (words.say("held_by"), 20.0, Holds::Wrapped),
        (words.say("beyond_short"), 12.0, Holds::Text),
        (words.say("why_not_more"), 38.0, Holds::Wrapped),
    ]
}

fn allocation_row(row: u32, line: &Line, in_cash: bool, words: &Words) -> Vec<Cell> {
    let figure = |figure: fn(&Expected) -> f64| Cell::number(line.expected.as_ref().map(figure));
    let (money, column) = if in_cash { (line.cash, CASH) } else { (line.spend, SPEND) };
    let gives = line.expected.map_or(f64::NAN, |expected| money / expected.mean);
    vec![
        Cell::text(&line.channel),
        Cell::optional(line.platform.as_deref()),
        Cell::optional(line.supplier.as_deref()),
        Cell::optional(line.account.as_deref()),
        Cell::optional(line.campaign.as_deref()),
        Cell::number(Some(line.reference_spend)),
        Cell::number(Some(line.spend)),
        Cell::Formula(format!("={}-{}", at(row, SPEND), at(row, REFERENCE)), figures::change(line)),
        change_share(row, figures::change_share(line)),
        Cell::number(Some(line.cash)),
        figure(|expected| expected.mean),
        figure(|expected| expected.p10),
        figure(|expected| expected.p50),
        figure(|expected| expected.p90),
        Cell::formula_for(line.cost_per, format!("={}/{}", at(row, column), at(row, EXPECTED)), gives),
        Cell::number(line.marginal_cost),
        Cell::text(line.limited_by.join("; ")),
        if line.extrapolated { Cell::text(words.say("yes")) } else { Cell::Empty },
        Cell::text(&line.why_not_more),
    ]
}

fn change_share(row: u32, share: Option<f64>) -> Cell {
    let formula = format!("={}/{}", at(row, CHANGE), at(row, REFERENCE));
    share.map_or(Cell::Empty, |share| Cell::Formula(formula, share))
}

fn allocation_totals(answer: &Answer, row: u32, in_cash: bool, words: &Words) -> Vec<Cell> {
    let sums = figures::totals(answer);
    let sum =
        |column: u16, value| Cell::Formula(format!("=SUM({}:{})", at(TOP + 1, column), at(row - 1, column)), value);
    let mean = answer.lines.iter().filter_map(|line| line.expected.map(|expected| expected.mean)).sum::<f64>();
    let figure = |figure: fn(&Expected) -> f64| Cell::number(answer.expected.as_ref().map(figure));
    let (money, column) = if in_cash { (sums.cash, CASH) } else { (sums.spend, SPEND) };
    let mut cells = vec![Cell::Empty; 19];
    cells[0] = Cell::text(words.say("total"));
    cells[usize::from(REFERENCE)] = sum(REFERENCE, sums.reference);
    cells[usize::from(SPEND)] = sum(SPEND, sums.spend);
    cells[usize::from(CHANGE)] = sum(CHANGE, sums.change);
    cells[8] = change_share(row, sums.change_share);
    cells[usize::from(CASH)] = sum(CASH, sums.cash);
    cells[usize::from(EXPECTED)] = sum(EXPECTED, mean);
    cells[11] = figure(|expected| expected.p10);
    cells[12] = figure(|expected| expected.p50);
    cells[13] = figure(|expected| expected.p90);
    cells[14] = Cell::formula_for(answer.cost_per, format!("={}/{}", at(row, column), at(row, EXPECTED)), money / mean);
    cells
}

/// The plan at other budgets.
pub(super) fn frontier(results: &Results, answer: &Answer, words: &Words) -> Result<Worksheet, XlsxError> {
    let mut sheet = sheet(words.say("sheet_frontier"), words.say("frontier"))?;
    let kpi = words.kpi(results.settings.project.kpi);
    note(&mut sheet, 1, &format!("{} · {kpi}", answer.currency))?;
    let columns = [
        (words.say("budget"), 18.0, Holds::Money),
        (words.say("status"), 18.0, Holds::Text),
        (words.say("expected"), 14.0, Holds::Count),
        ("p10", 14.0, Holds::Count),
        ("p90", 14.0, Holds::Count),
        (words.say("marginal_cost"), 16.0, Holds::Money),
    ];
    let row = |point: &crate::plan::FrontierPoint| {
        vec![
            Cell::Number(point.budget),
            Cell::text(story::status(point.status, words)),
            Cell::number(point.mean),
            Cell::number(point.p10),
            Cell::number(point.p90),
            Cell::number(point.marginal_cost),
        ]
    };
    table(&mut sheet, TOP, &columns, &answer.frontier.iter().map(row).collect::<Vec<_>>())?;
    Ok(sheet)
}

/// What the limits cost.
pub(super) fn prices(answer: &Answer, words: &Words) -> Result<Worksheet, XlsxError> {
    let mut sheet = sheet(words.say("sheet_prices"), words.say("prices"))?;
    note(&mut sheet, 1, words.say("prices_note"))?;
    let columns = [
        (words.say("limit"), 36.0, Holds::Text),
        (words.say("price"), 18.0, Holds::Figure),
        (words.say("unit"), 40.0, Holds::Text),
    ];
    let row = |price: &crate::plan::Price| {
        vec![Cell::text(&price.limit), Cell::number(Some(price.price)), Cell::text(&price.unit)]
    };
    table(&mut sheet, TOP, &columns, &answer.prices.iter().map(row).collect::<Vec<_>>())?;
    Ok(sheet)
}

/// The scorecard.
pub(super) fn suppliers(results: &Results, words: &Words) -> Result<Worksheet, XlsxError> {
    let name = words.say("suppliers");
    let mut sheet = sheet(name, name)?;
    note(&mut sheet, 1, &story::suppliers(results, words))?;
    let kpi = words.kpi(results.settings.project.kpi);
    let columns = [
        (words.say("supplier"), 28.0, Holds::Wrapped),
        (words.say("platforms"), 18.0, Holds::Wrapped),
        (words.say("tier"), 8.0, Holds::Text),
        (words.say("spend"), 16.0, Holds::Money),
        (kpi, 14.0, Holds::Count),
        (words.say("cost_raw"), 14.0, Holds::Money),
        (words.say("cost_shrunk"), 14.0, Holds::Money),
        ("p05", 11.0, Holds::Money),
        ("p95", 11.0, Holds::Money),
        (words.say("efficiency"), 12.0, Holds::Figure),
        (words.say("rank"), 10.0, Holds::Figure),
        (words.say("chance_best"), 12.0, Holds::Percent),
        (words.say("cap_share"), 10.0, Holds::Percent),
        (words.say("ask_rebate"), 12.0, Holds::Percent),
        (words.say("reasons"), 44.0, Holds::Wrapped),
    ];
    let rows: Vec<Vec<Cell>> =
        (TOP + 1..).zip(&results.scores.suppliers).map(|(row, score)| supplier_row(row, score, words)).collect();
    table(&mut sheet, TOP, &columns, &rows)?;
    Ok(sheet)
}

fn supplier_row(row: u32, score: &SupplierScore, words: &Words) -> Vec<Cell> {
    let cost = score.cost_per.as_ref();
    let raw = cost.and_then(|cost| cost.raw);
    let gives = score.registrations.map_or(f64::NAN, |count| score.spend / count);
    vec![
        Cell::text(score.supplier.as_deref().unwrap_or(words.say("no_supplier"))),
        Cell::text(score.platforms.join(", ")),
        Cell::text(format!("{:?}", score.tier)),
        Cell::number(Some(score.spend)),
        Cell::number(score.registrations),
        Cell::formula_for(raw, format!("={}/{}", at(row, 3), at(row, 4)), gives),
        Cell::number(cost.and_then(|cost| cost.shrunk)),
        Cell::number(cost.map(|cost| cost.p05)),
        Cell::number(cost.map(|cost| cost.p95)),
        Cell::number(score.efficiency.as_ref().map(|efficiency| efficiency.nirs)),
        Cell::number(score.rank.as_ref().map(|rank| rank.expected)),
        Cell::number(score.rank.as_ref().map(|rank| rank.best)),
        Cell::number(score.cap_share),
        Cell::number(score.ask.as_ref().map(|ask| ask.rebate)),
        Cell::text(score.reasons.join("; ")),
    ]
}

/// The figures of `curves.csv`.
pub(super) fn curves(results: &Results, words: &Words) -> Result<Worksheet, XlsxError> {
    let mut sheet = sheet(words.say("sheet_curves"), words.say("curves"))?;
    let project = &results.settings.project;
    let per = words.per(results.fitted.grain);
    note(&mut sheet, 1, &format!("{} {per} · {}", words.say("values_are"), project.currency.code()))?;
    let columns = [
        (words.say("channel"), 36.0, Holds::Text),
        (words.say("spend"), 16.0, Holds::Money),
        (words.kpi(project.kpi), 14.0, Holds::Figure),
        ("p05", 14.0, Holds::Figure),
        ("p50", 14.0, Holds::Figure),
        ("p95", 14.0, Holds::Figure),
    ];
    let mut rows = Vec::new();
    for fit in &results.fitted.channels {
        let Ok(curve) = &fit.curve else { continue };
        for point in figures::curve_points(curve, figures::usual_range(fit)) {
            let figures =
                [point.spend, point.mean, point.p05, point.p50, point.p95].map(|figure| Cell::number(Some(figure)));
            rows.push([Cell::text(&fit.channel.label)].into_iter().chain(figures).collect());
        }
    }
    table(&mut sheet, TOP, &columns, &rows)?;
    Ok(sheet)
}

/// Findings, then rows left out.
pub(super) fn quality(results: &Results, words: &Words) -> Result<Worksheet, XlsxError> {
    let name = words.say("quality");
    let mut sheet = sheet(name, name)?;
    note(&mut sheet, 1, &story::findings(results.findings, words))?;
    let columns = [
        (words.say("subject"), 34.0, Holds::Wrapped),
        (words.say("severity"), 20.0, Holds::Text),
        (words.say("message"), 70.0, Holds::Wrapped),
        (words.say("advice"), 50.0, Holds::Wrapped),
        (words.say("check"), 24.0, Holds::Text),
    ];
    let row = |finding: &&Finding| {
        let severity = words.severity(finding.severity);
        [&finding.subject, severity, &finding.message, &finding.advice, finding.check].map(Cell::text).to_vec()
    };
    let mut findings: Vec<&Finding> = results.findings.iter().collect();
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    let after = table(&mut sheet, TOP, &columns, &findings.iter().map(row).collect::<Vec<_>>())?;
    let skipped = results.ledger.rows.skipped.iter();
    let skipped: Vec<Vec<Cell>> = skipped
        .map(|skipped| {
            vec![
                Cell::text(&skipped.reason),
                Cell::Number(skipped.count as f64),
                Cell::text(skipped.examples.join(", ")),
            ]
        })
        .collect();
    let columns = [
        (words.say("skipped_rows"), 0.0, Holds::Wrapped),
        (words.say("count"), 0.0, Holds::Figure),
        (words.say("examples"), 0.0, Holds::Wrapped),
    ];
    if !skipped.is_empty() {
        inner_table(&mut sheet, after + 1, &columns, &skipped)?;
    }
    Ok(sheet)
}

/// By what and from what it was made.
pub(super) fn audit(results: &Results, words: &Words) -> Result<Worksheet, XlsxError> {
    let name = words.say("audit");
    let mut sheet = sheet(name, name)?;
    let settings = results.settings;
    let facts = [
        (words.say("version"), env!("CARGO_PKG_VERSION").to_owned()),
        (words.say("seed"), settings.seed.to_string()),
        (words.say("timezone"), settings.project.timezone.clone()),
        (words.say("settings_hash"), settings.sha256.clone()),
        (words.say("panel_hash"), results.panel.sha256.clone()),
    ];
    let mut row = TOP;
    for (name, fact) in facts {
        label(&mut sheet, (row, 0), name)?;
        write(&mut sheet, (row, 1), &Cell::text(fact), Holds::Text)?;
        row += 1;
    }
    sources(&mut sheet, row + 1, results, words)?;
    Ok(sheet)
}

fn sources(sheet: &mut Worksheet, top: u32, results: &Results, words: &Words) -> Result<u32, XlsxError> {
    let columns = [
        (words.say("file"), 50.0, Holds::Text),
        (words.say("hash"), 70.0, Holds::Text),
        (words.say("platform"), 16.0, Holds::Text),
        (words.say("encoding"), 14.0, Holds::Text),
        (words.say("rows"), 12.0, Holds::Figure),
        (words.say("spend_in_file"), 18.0, Holds::Money),
        (words.say("own_total"), 18.0, Holds::Money),
    ];
    for (column, (_, width, _)) in (0..).zip(&columns) {
        sheet.set_column_width(column, *width)?;
    }
    let source = |source: &crate::unify::SourceSummary| {
        vec![
            Cell::text(&source.path),
            Cell::text(&source.sha256),
            Cell::text(&source.platform),
            Cell::text(&source.encoding),
            Cell::Number(source.rows as f64),
            Cell::number(Some(source.spend)),
            Cell::number(source.own_total),
        ]
    };
    inner_table(sheet, top, &columns, &results.ledger.sources.iter().map(source).collect::<Vec<_>>())
}
