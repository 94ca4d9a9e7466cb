//! What the other sheets rest on: the scorecard, the assumptions, the curves, data quality, and by what it was made.

use rust_xlsxwriter::XlsxError;

use super::book::Book;
use super::table::{Cell, Column, Holds, Page, TOP, at, column, fixed};
use crate::check::Finding;
use crate::fit::{ChannelFit, Curve};
use crate::plan::Line;
use crate::report::figures::{self, CurvePoint};
use crate::report::text::one_line;
use crate::report::{Results, story};
use crate::score::SupplierScore;
use crate::settings::{Contract, Limit, RebateMethod};

/// Columns of the curves that formulas refer to.
pub(super) const CURVE_SPEND: u16 = 1;
pub(super) const CURVE_MEAN: u16 = 2;

/// The scorecard.
pub(super) fn suppliers(book: &Book) -> Result<Page, XlsxError> {
    let words = book.words;
    let name = words.say("suppliers");
    let mut page = book.page(name, name)?;
    page.note(1, &story::suppliers(book.results, words))?;
    page.note(2, words.say("suppliers_direction"))?;
    let rows: Vec<Vec<Cell>> =
        (TOP + 1..).zip(&book.results.scores.suppliers).map(|(row, score)| supplier_row(book, row, score)).collect();
    page.table(&supplier_columns(book), &rows)?;
    Ok(page)
}

fn supplier_columns(book: &Book) -> Vec<Column> {
    let words = book.words;
    let money = |heading: &str, width| column(book.in_money(heading), width, Holds::Money);
    vec![
        column(words.say("supplier"), 28.0, Holds::Wrapped),
        column(words.say("platforms"), 18.0, Holds::Wrapped),
        column(words.say("tier"), 8.0, Holds::Text),
        money(words.say("spend"), 16.0),
        column(words.kpi(book.results.settings.project.kpi), 14.0, book.kpi_holds()),
        money(words.say("cost_raw"), 14.0),
        money(words.say("cost_shrunk"), 14.0),
        money("P05", 11.0),
        money("P95", 11.0),
        column(words.say("efficiency"), 12.0, Holds::Figure),
        column(words.say("rank"), 10.0, Holds::Figure),
        column(words.say("chance_best"), 12.0, Holds::Percent),
        column(words.say("cap_share"), 10.0, Holds::Percent),
        column(words.say("ask_rebate"), 12.0, Holds::Percent),
        column(words.say("ask_because"), 40.0, Holds::Wrapped),
        column(words.say("reasons"), 44.0, Holds::Wrapped),
    ]
}

fn supplier_row(book: &Book, row: u32, score: &SupplierScore) -> Vec<Cell> {
    let cost = score.cost_per.as_ref();
    let raw = cost.and_then(|cost| cost.raw);
    let gives = score.registrations.map_or(f64::NAN, |count| score.spend / count);
    let told = |table: &str, text: &str| Cell::text(book.words.translate(table, &one_line(text)));
    let reasons = score.reasons.iter().map(|reason| book.words.translate("score.reason", &one_line(reason)));
    let rounded = |figure: Option<f64>, places: i32| {
        Cell::number(figure.map(|figure| (figure * 10f64.powi(places)).round() / 10f64.powi(places)))
    };
    vec![
        Cell::text(score.supplier.as_deref().unwrap_or(book.words.say("no_supplier"))),
        Cell::text(score.platforms.join(", ")),
        Cell::text(format!("{:?}", score.tier)),
        Cell::number(Some(score.spend)),
        Cell::number(score.registrations),
        Cell::formula_for(raw, format!("={}/{}", at(row, 3), at(row, 4)), gives),
        Cell::number(cost.and_then(|cost| cost.shrunk)),
        Cell::number(cost.map(|cost| cost.p05)),
        Cell::number(cost.map(|cost| cost.p95)),
        rounded(score.efficiency.as_ref().map(|efficiency| efficiency.nirs), 3),
        rounded(score.rank.as_ref().map(|rank| rank.expected), 1),
        Cell::number(score.rank.as_ref().map(|rank| rank.best)),
        Cell::number(score.cap_share),
        Cell::number(score.ask.as_ref().map(|ask| ask.rebate)),
        score
            .ask
            .as_ref()
            .map(|ask| &ask.because)
            .or(score.no_ask.as_ref())
            .map_or(Cell::Empty, |why| told("score.ask", why)),
        Cell::text(reasons.collect::<Vec<_>>().join(book.words.say("between_sentences"))),
    ]
}

/// The settings of the plan, limits, contracts, and definitions with their formulas.
pub(super) fn assumptions(book: &Book) -> Result<Page, XlsxError> {
    let words = book.words;
    let name = words.say("sheet_assumptions");
    let mut page = book.page(name, name)?;
    page.note(1, words.say("assumptions_note"))?;
    let columns = [(34.0, Holds::Wrapped), (26.0, Holds::Text), (70.0, Holds::Wrapped)];
    let columns: Vec<Column> = columns.map(|(width, holds)| column("", width, holds)).into();
    page.widths(&columns)?;
    let mut row = TOP;
    for (name, value) in plain_facts(book) {
        page.label((row, 0), name)?;
        page.write((row, 1), &Cell::text(value), Holds::Text)?;
        row += 1;
    }
    let row = limits(book, &mut page, row + 1)?;
    let row = contracts(book, &mut page, row + 1)?;
    let row = definitions(book, &mut page, row + 1)?;
    page.sheet.set_print_area(0, 0, row, 2)?;
    Ok(page)
}

fn plain_facts<'a>(book: &Book<'a>) -> Vec<(&'a str, String)> {
    let (words, results) = (book.words, book.results);
    let project = &results.settings.project;
    let fields: Vec<&str> = project.channel.iter().map(|field| field.name()).collect();
    let mut facts = vec![
        (words.say("kpi"), words.kpi(project.kpi).to_owned()),
        (words.say("currency"), project.currency.code().to_owned()),
        (words.say("timezone"), project.timezone.clone()),
        (words.say("channel"), fields.join(" / ")),
    ];
    if let Some(answer) = results.answer {
        facts.push((words.say("period"), format!("{} – {}", answer.period.start, answer.period.end)));
        facts.push((words.say("periods"), format!("{} × {}", answer.period.periods, answer.period.grain)));
    }
    if let Some(plan) = &results.settings.plan {
        let set = |value: Option<f64>| value.map(|value| value.to_string());
        let some = [
            (words.say("max_cost_per"), set(plan.max_cost_per)),
            (words.say("max_marginal_cost"), set(plan.max_marginal_cost)),
            (words.say("target"), set(plan.target)),
            (words.say("value_per"), set(plan.value_per)),
        ];
        facts.push((words.say("goal"), story::goal(plan.goal, words).to_owned()));
        facts.extend(some.into_iter().filter_map(|(name, value)| Some((name, value?))));
    }
    if let Some(statement) = book.statement {
        facts.push((words.say("draws"), statement.draws.to_string()));
    }
    facts
}

fn limits(book: &Book, page: &mut Page, top: u32) -> Result<u32, XlsxError> {
    let words = book.words;
    let Some(plan) = book.results.settings.plan.as_ref().filter(|plan| !plan.limits.is_empty()) else {
        return Ok(top);
    };
    page.heading(top, words.say("limit"))?;
    let columns = [
        column(words.say("limit"), 34.0, Holds::Wrapped),
        column(words.say("whom"), 26.0, Holds::Text),
        column(words.say("bounds"), 70.0, Holds::Wrapped),
    ];
    let row = |limit: &Limit| {
        let whom: Vec<String> =
            limit.whom.0.iter().map(|(field, value)| format!("{} = {value}", field.name())).collect();
        vec![Cell::text(&limit.name), Cell::text(whom.join(", ")), Cell::text(bounds(limit))]
    };
    page.inner_table(top + 1, &columns, &plan.limits.iter().map(row).collect::<Vec<_>>())
}

/// A limit's bounds as the settings file writes them.
fn bounds(limit: &Limit) -> String {
    let keys = figures::bounds(limit);
    let set = keys.iter().map(|(key, value)| format!("{key} = {value}"));
    set.chain(limit.each.then(|| "each = true".to_owned())).collect::<Vec<_>>().join(", ")
}

fn contracts(book: &Book, page: &mut Page, top: u32) -> Result<u32, XlsxError> {
    let words = book.words;
    let Some(plan) = book.results.settings.plan.as_ref().filter(|plan| !plan.contracts.is_empty()) else {
        return Ok(top);
    };
    page.heading(top, words.say("contracts"))?;
    let columns = [
        column(words.say("supplier"), 34.0, Holds::Wrapped),
        column(words.say("method"), 26.0, Holds::Text),
        column(words.say("rebate"), 70.0, Holds::Wrapped),
    ];
    let row = |contract: &Contract| {
        let tiers = contract.rebate.iter().map(|tier| format!("≥ {}: {} %", tier.from, tier.rate * 100.0));
        let rest = [
            ("commitment", contract.commitment),
            ("shortfall_penalty", contract.shortfall_penalty),
            ("fee", contract.fee),
        ];
        let rest = rest.iter().filter(|(_, value)| *value > 0.0).map(|(key, value)| format!("{key} = {value}"));
        let method = match contract.method {
            RebateMethod::Marginal => "marginal",
            RebateMethod::Whole => "whole",
        };
        let terms = tiers.chain(rest).collect::<Vec<_>>().join(", ");
        vec![Cell::text(&contract.supplier), Cell::text(method), Cell::text(terms)]
    };
    page.inner_table(top + 1, &columns, &plan.contracts.iter().map(row).collect::<Vec<_>>())
}

fn definitions(book: &Book, page: &mut Page, top: u32) -> Result<u32, XlsxError> {
    let words = book.words;
    page.heading(top, words.say("dictionary"))?;
    let columns = [
        column(words.say("name"), 34.0, Holds::Wrapped),
        column(words.say("good_word"), 26.0, Holds::Text),
        column(words.say("definition"), 70.0, Holds::Wrapped),
    ];
    let (more, less) = (words.say("good_more"), words.say("good_less"));
    let cost = words.cost_per(book.results.settings.project.kpi);
    let mut rows: Vec<(String, &str, String)> = vec![
        (words.say("spend").into(), "", words.say("metric_spend").into()),
        (words.say("reference_spend").into(), "", words.say("metric_reference").into()),
        (words.say("cash").into(), less, words.say("metric_cash").into()),
        (words.say("expected").into(), more, words.say("metric_expected").into()),
        ("P10 – P90".into(), "", words.say("metric_range").into()),
        (cost.into(), less, words.say("metric_cost_per").into()),
        (words.say("marginal_cost").into(), less, words.say("metric_marginal").into()),
        (words.say("rate_before").into(), more, words.say("metric_rates").into()),
    ];
    for definition in book.statement.iter().flat_map(|statement| &statement.definitions) {
        let ratio = if definition.ratio.is_empty() { definition.name } else { definition.ratio };
        let good = match definition.good_ratio {
            "more" => more,
            "less" => less,
            _ => "",
        };
        rows.push((ratio.to_owned(), good, definition.formula.to_owned()));
    }
    let row = |(name, good, says): (String, &str, String)| vec![Cell::text(name), Cell::text(good), Cell::text(says)];
    page.inner_table(top + 1, &columns, &rows.into_iter().map(row).collect::<Vec<_>>())
}

/// A line's model and curve, when its expected KPI rests on one.
pub(super) fn curve_of<'a>(results: &Results<'a>, line: &Line) -> Option<(&'a ChannelFit, &'a Curve)> {
    line.expected?;
    let fits = &results.fitted.channels;
    let at = fits.binary_search_by(|fit| fit.channel.label.as_str().cmp(&line.channel)).ok();
    let fit = at.map(|at| &fits[at]).or_else(|| fits.iter().find(|fit| fit.channel.label == line.channel))?;
    fit.curve.as_ref().ok().map(|curve| (fit, curve))
}

/// The spends that the sheet of curves shows: those of `curves.csv`, and on to half more than the plan's.
pub(super) fn range(fit: &ChannelFit, line: &Line, periods: f64) -> f64 {
    figures::usual_range(fit).max(1.5 * line.spend / periods).max(1.0)
}

/// The curve at a spend, straight between its points.
pub(super) fn interpolated(points: &[CurvePoint], spend: f64) -> f64 {
    let after = points.partition_point(|point| point.spend <= spend).clamp(1, points.len() - 1);
    let (a, b) = (&points[after - 1], &points[after]);
    a.mean + (spend - a.spend) * (b.mean - a.mean) / (b.spend - a.spend)
}

/// The rows of one channel in a column of the curves, from its first row.
pub(super) fn block(first: u32, column: u16) -> String {
    format!("{}:{}", fixed(first, column), fixed(first + figures::CURVE_SPENDS as u32 - 1, column))
}

/// Points of the curves, those of the plan's lines in their order and nothing else: the allocation looks them up by place.
pub(super) fn curves(book: &Book) -> Result<Page, XlsxError> {
    let words = book.words;
    let project = &book.results.settings.project;
    let mut page = book.page(words.say("sheet_curves"), words.say("curves"))?;
    page.note(1, &format!("{} {}", words.say("values_are"), words.per(book.results.fitted.grain)))?;
    page.note(2, words.say("curves_live"))?;
    let figure = |heading: &str| column(heading, 14.0, Holds::Fine);
    let columns = [
        column(words.say("channel"), 36.0, Holds::Text),
        column(book.in_money(words.say("spend")), 16.0, Holds::Money),
        figure(words.kpi(project.kpi)),
        figure("P05"),
        figure("P50"),
        figure("P95"),
    ];
    let mut rows = Vec::new();
    let mut add = |label: &str, points: &[CurvePoint]| {
        for point in points {
            let figures =
                [point.spend, point.mean, point.p05, point.p50, point.p95].map(|figure| Cell::number(Some(figure)));
            rows.push([Cell::text(label)].into_iter().chain(figures).collect::<Vec<_>>());
        }
    };
    match book.results.answer.filter(|answer| !answer.lines.is_empty()) {
        Some(answer) => {
            let lines = answer.lines.iter().zip(&book.curves);
            lines.for_each(|(line, points)| add(&line.channel, points.as_deref().unwrap_or_default()));
        }
        None => {
            for fit in &book.results.fitted.channels {
                if let Ok(curve) = &fit.curve {
                    add(&fit.channel.label, &figures::curve_points(curve, figures::usual_range(fit)));
                }
            }
        }
    }
    page.table(&columns, &rows)?;
    Ok(page)
}

/// Findings, then rows left out.
pub(super) fn quality(book: &Book) -> Result<Page, XlsxError> {
    let (words, results) = (book.words, book.results);
    let name = words.say("quality");
    let mut page = book.page(name, name)?;
    page.note(1, &story::findings(results.findings, words))?;
    let columns = [
        column(words.say("subject"), 34.0, Holds::Wrapped),
        column(words.say("severity"), 20.0, Holds::Text),
        column(words.say("message"), 70.0, Holds::Wrapped),
        column(words.say("advice"), 50.0, Holds::Wrapped),
        column(words.say("check"), 24.0, Holds::Text),
    ];
    let row = |finding: &&Finding| {
        let told = words.finding(finding);
        let severity = words.severity(finding.severity);
        [&told.subject, severity, &told.message, &told.advice, finding.check].map(Cell::text).to_vec()
    };
    let mut findings: Vec<&Finding> = results.findings.iter().collect();
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    let after = page.table(&columns, &findings.iter().map(row).collect::<Vec<_>>())?;
    let skipped = results.ledger.rows.skipped.iter();
    let skipped: Vec<Vec<Cell>> = skipped
        .map(|skipped| {
            let examples = Cell::text(skipped.examples.join(", "));
            let reason = words.translate("import.skipped", &one_line(&skipped.reason));
            vec![Cell::text(reason), Cell::Number(skipped.count as f64), examples]
        })
        .collect();
    let columns = [
        column(words.say("skipped_rows"), 34.0, Holds::Wrapped),
        column(words.say("count"), 20.0, Holds::Figure),
        column(words.say("examples"), 70.0, Holds::Wrapped),
    ];
    if !skipped.is_empty() {
        let after = page.inner_table(after + 1, &columns, &skipped)?;
        page.sheet.set_print_area(0, 0, after, 4)?;
    }
    Ok(page)
}

/// By what and from what it was made.
pub(super) fn audit(book: &Book) -> Result<Page, XlsxError> {
    let (words, results) = (book.words, book.results);
    let name = words.say("audit");
    let mut page = book.page(name, name)?;
    page.note(1, words.say("audit_note"))?;
    let settings = results.settings;
    let rows = &results.ledger.rows;
    let counts = [("read", rows.read), ("used", rows.used), ("skipped", rows.read.saturating_sub(rows.used))];
    let counts: Vec<(&str, String)> = counts.map(|(name, count)| (name, count.to_string())).into();
    let counts: Vec<(&str, &str)> = counts.iter().map(|(name, count)| (*name, count.as_str())).collect();
    let facts = [
        (words.say("version"), env!("CARGO_PKG_VERSION").to_owned()),
        (words.say("seed"), settings.seed.to_string()),
        (words.say("timezone"), settings.project.timezone.clone()),
        (words.say("settings_hash"), settings.sha256.clone()),
        (words.say("panel_hash"), results.panel.sha256.clone()),
        (words.say("rows"), words.tell("quality_message", &counts)),
    ];
    let mut row = TOP;
    for (name, fact) in facts {
        page.label((row, 0), name)?;
        page.write((row, 1), &Cell::text(fact), Holds::Text)?;
        row += 1;
    }
    sources(book, &mut page, row + 1)?;
    Ok(page)
}

fn sources(book: &Book, page: &mut Page, top: u32) -> Result<u32, XlsxError> {
    let words = book.words;
    let columns = [
        column(words.say("file"), 44.0, Holds::Text),
        column(words.say("hash"), 68.0, Holds::Text),
        column(words.say("platform"), 16.0, Holds::Text),
        column(words.say("encoding"), 12.0, Holds::Text),
        column(words.say("rows"), 12.0, Holds::Figure),
        column(words.say("spend_in_file"), 18.0, Holds::Money),
        column(words.say("own_total"), 18.0, Holds::Money),
    ];
    page.widths(&columns)?;
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
    let sources: Vec<Vec<Cell>> = book.results.ledger.sources.iter().map(source).collect();
    let after = page.inner_table(top, &columns, &sources)?;
    page.sheet.set_print_area(0, 0, after, columns.len() as u16 - 1)?;
    Ok(after)
}
