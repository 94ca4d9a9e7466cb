//! Prices and rates of media under plan versus actual: impressions and clicks are inputs, all else are formulas, down to
//! what another price, rate of clicks or conversion did to the KPI.

use rust_xlsxwriter::XlsxError;

use super::book::Book;
use super::table::{Cell, Column, Holds, Page, TOP, at, column};
use crate::report::actual::{Actuals, LineActual};
use crate::report::media::{Counted, Parts, Rates, logarithmic_mean};

/// Columns of the table above: planned and actual spend and KPI.
const SPEND: [u16; 2] = [1, 2];
const KPI: [u16; 2] = [5, 6];
/// Columns of this one, planned and actual.
const SHOWN: [u16; 2] = [1, 2];
const CLICKS: [u16; 2] = [3, 4];
const CPM: [u16; 2] = [5, 6];
const CPC: [u16; 2] = [7, 8];
const CLICK_RATE: [u16; 2] = [9, 10];
const CONVERSION: [u16; 2] = [11, 12];
const WEIGHT: u16 = 13;
/// Columns in all.
pub(super) const COLUMNS: u16 = 17;

/// Whether any line tells a step before the KPI.
pub(super) fn is_told(actuals: &Actuals) -> bool {
    let tells = |media: &crate::report::media::Media| media.impressions.or(media.clicks).is_some();
    actuals.lines.iter().any(|line| tells(&line.planned_media) || tells(&line.media))
}

/// The table, from its heading in row `top` on; gives the row after its totals.
pub(super) fn media(book: &Book, page: &mut Page, top: u32, actuals: &Actuals) -> Result<u32, XlsxError> {
    page.heading(top, book.words.say("media_rates"))?;
    page.note(top + 1, book.words.say("media_rates_note"))?;
    let columns = columns(book);
    (WEIGHT..COLUMNS).try_for_each(|at| page.sheet.set_column_width(at, 15.0).map(drop))?;
    let places = (TOP + 1..).zip(top + 3..);
    let rows: Vec<Vec<Cell>> =
        places.zip(&actuals.lines).map(|((above, row), line)| cells(book, above, row, line)).collect();
    let after = page.inner_table(top + 2, &columns, &rows)?;
    let range = Range { above: TOP + 1, first: top + 3, lines: actuals.lines.len() as u32 };
    page.totals(after, &columns, &totals(book, actuals, after, &range))?;
    Ok(after + 1)
}

fn columns(book: &Book) -> Vec<Column> {
    let words = book.words;
    let sides = [words.say("plan_to_date"), words.say("actual")];
    let kpi = words.kpi(book.results.settings.project.kpi);
    let both =
        |heading: &str, width: f64, holds: Holds| sides.map(|side| column(format!("{heading} – {side}"), width, holds));
    let mut columns = vec![column(words.say("channel"), 34.0, Holds::Wrapped)];
    columns.extend(both(words.say("step_impressions"), 15.0, Holds::Count));
    columns.extend(both(words.say("step_clicks"), 15.0, Holds::Count));
    columns.extend(both(&book.in_money("CPM"), 14.0, Holds::Fine));
    columns.extend(both(&book.in_money("CPC"), 14.0, Holds::Fine));
    columns.extend(both(words.say("click_rate"), 14.0, Holds::Rate));
    columns.extend(both(words.say("conversion_rate"), 14.0, Holds::Rate));
    columns.push(column(words.say("factor_weight"), 14.0, Holds::Count));
    let part = |heading: &str| column(format!("{kpi} – {heading}"), 15.0, book.kpi_holds());
    let parts = [words.say("from_media_price"), words.say("from_click_rate"), words.say("from_conversion")];
    columns.extend(parts.map(part));
    columns
}

/// A quotient that stays empty while either side is.
fn quotient(times: &str, above: &str, below: &str, gives: Option<f64>) -> Cell {
    let formula = format!("=IF(COUNT({above},{below})<2,\"\",IF({below}=0,\"\",{times}{above}/{below}))");
    Cell::Formula(formula, gives.unwrap_or(f64::NAN))
}

/// Spend behind a count: the line's own, less that of rows that do not report it.
fn price(times: &str, spend: &str, others: f64, count: &str, gives: Option<f64>) -> Cell {
    let behind = if others == 0.0 { spend.to_owned() } else { format!("({spend}-{others})") };
    let formula = format!("=IF(COUNT({spend},{count})<2,\"\",IF({count}=0,\"\",{times}{behind}/{count}))");
    Cell::Formula(formula, gives.unwrap_or(f64::NAN))
}

fn others(spend: f64, counted: Option<Counted>) -> f64 {
    counted.map_or(0.0, |counted| ((spend - counted.spend) * 100.0).round() / 100.0)
}

/// A line; `above` is its row in the table of spend and KPI.
fn cells(book: &Book, above: u32, row: u32, line: &LineActual) -> Vec<Cell> {
    let count = |counted: Option<Counted>| counted.map(|counted| counted.count);
    let (planned, media) = (&line.planned_media, &line.media);
    let mut cells = vec![Cell::text(line.channel.as_deref().unwrap_or(book.words.say("not_in_plan")))];
    cells.extend([Cell::number(count(planned.impressions)), Cell::Input(count(media.impressions))]);
    cells.extend([Cell::number(count(planned.clicks)), Cell::Input(count(media.clicks))]);
    let sides = [(&line.planned_rates, planned, line.planned_spend), (&line.rates, media, line.spend)];
    for (side, (rates, media, spend)) in sides.into_iter().enumerate() {
        let without = others(spend, media.impressions);
        cells.push(price("1000*", &at(above, SPEND[side]), without, &at(row, SHOWN[side]), rates.cpm));
    }
    for (side, (rates, media, spend)) in sides.into_iter().enumerate() {
        let without = others(spend, media.clicks);
        cells.push(price("", &at(above, SPEND[side]), without, &at(row, CLICKS[side]), rates.cpc));
    }
    // rates of two counts that other spend is behind would be of different rows
    for (side, (rates, media, _)) in sides.into_iter().enumerate() {
        let apart = media.impressions.zip(media.clicks).is_some() && rates.click_rate.is_none();
        let rate = quotient("", &at(row, CLICKS[side]), &at(row, SHOWN[side]), rates.click_rate);
        cells.push(if apart { Cell::Empty } else { rate });
    }
    for (side, (rates, media, spend)) in sides.into_iter().enumerate() {
        let apart = others(spend, media.clicks) != 0.0;
        let rate = quotient("", &at(above, KPI[side]), &at(row, CLICKS[side]), rates.conversion);
        cells.push(if apart { Cell::Empty } else { rate });
    }
    cells.extend(parts(above, row, line));
    cells
}

/// What each factor did to the KPI: the logarithmic mean times the logarithm of its change.
fn parts(above: u32, row: u32, line: &LineActual) -> [Cell; 4] {
    let [planned, actual] = KPI.map(|column| at(above, column));
    let [of, spend] = SPEND.map(|column| at(above, column));
    let bought = format!("{planned}*{spend}/{of}");
    let [cpm, cpc, clicks, conversion] =
        [CPM, CPC, CLICK_RATE, CONVERSION].map(|columns| columns.map(|column| at(row, column)));
    let positive = |cells: &[&[String; 2]], then: &str| {
        let all: Vec<&str> = cells.iter().flat_map(|pair| pair.iter().map(String::as_str)).collect();
        let all = all.join(",");
        let count = cells.len() * 2;
        format!("IF(COUNT({all})<{count},\"\",IF(MIN({all})<=0,\"\",{then}))")
    };
    let mean = format!("IF(ABS({actual}-{bought})<1E-9*{actual},{actual},({actual}-{bought})/LN({actual}/({bought})))");
    let weight = at(row, WEIGHT);
    let log = |above: &str, below: &str| format!("{weight}*LN({above}/{below})");
    let shown = positive(&[&cpm, &clicks], "1");
    let price = format!("IF({shown}=1,{},{})", log(&cpm[0], &cpm[1]), log(&cpc[0], &cpc[1]));
    let click_rate = format!("IF({shown}=1,{},\"\")", log(&clicks[1], &clicks[0]));
    let known = |then: &str| format!("=IF({weight}=\"\",\"\",{then})");
    let told = |part: fn(&Parts) -> f64| line.parts.as_ref().map_or(f64::NAN, part);
    let bought = line.planned_kpi.map(|kpi| kpi * line.spend / line.planned_spend);
    let gives = line.parts.and(bought.zip(line.kpi)).and_then(|(bought, kpi)| logarithmic_mean([bought, kpi]));
    [
        Cell::Formula(format!("={}", positive(&[&cpc, &conversion], &mean)), gives.unwrap_or(f64::NAN)),
        Cell::Formula(known(&price), told(|parts| parts.price)),
        Cell::Formula(known(&click_rate), told(|parts| parts.click_rate.unwrap_or(f64::NAN))),
        Cell::Formula(known(&log(&conversion[1], &conversion[0])), told(|parts| parts.conversion)),
    ]
}

/// Where both tables have their lines.
struct Range {
    above: u32,
    first: u32,
    lines: u32,
}

impl Range {
    fn upper(&self, column: u16) -> String {
        format!("{}:{}", at(self.above, column), at(self.above + self.lines - 1, column))
    }

    fn own(&self, column: u16) -> String {
        format!("{}:{}", at(self.first, column), at(self.first + self.lines - 1, column))
    }
}

/// Sums, and quotients of sums over the lines that report both sides.
fn totals(book: &Book, actuals: &Actuals, row: u32, range: &Range) -> Vec<Cell> {
    let mut cells = vec![Cell::text(book.words.say("total"))];
    for columns in [SHOWN, CLICKS] {
        for (side, column) in columns.into_iter().enumerate() {
            let counts =
                actuals.lines.iter().filter_map(|line| count(line, columns, side)).map(|counted| counted.count);
            let sum: f64 = counts.sum();
            cells.push(Cell::Formula(format!("=IF(COUNT({0})=0,\"\",SUM({0}))", range.own(column)), sum));
        }
    }
    for (counts, times) in [(SHOWN, 1000.0), (CLICKS, 1.0)] {
        for side in [0, 1] {
            cells.push(total_price(actuals, row, range, counts, side, times));
        }
    }
    for side in [0, 1] {
        let told = |line: &&LineActual| rates(line, side).click_rate.is_some();
        let sums = |columns: [u16; 2]| -> f64 {
            let lines = actuals.lines.iter().filter(told);
            lines.filter_map(|line| count(line, columns, side)).map(|counted| counted.count).sum()
        };
        let (rate, clicks, shown) = (range.own(CLICK_RATE[side]), range.own(CLICKS[side]), range.own(SHOWN[side]));
        cells.push(total_rate(&rate, &clicks, &shown, sums(CLICKS) / sums(SHOWN)));
    }
    for side in [0, 1] {
        let told = |line: &&LineActual| rates(line, side).conversion.is_some();
        let kpi = |line: &LineActual| [line.planned_kpi, line.kpi][side].unwrap_or(0.0);
        let counted = |line: &LineActual| count(line, CLICKS, side).map_or(0.0, |counted| counted.count);
        let sum = |figure: &dyn Fn(&LineActual) -> f64| actuals.lines.iter().filter(told).map(figure).sum::<f64>();
        let (rate, clicks) = (range.own(CONVERSION[side]), range.own(CLICKS[side]));
        cells.push(total_rate(&rate, &range.upper(KPI[side]), &clicks, sum(&kpi) / sum(&counted)));
    }
    cells.push(Cell::Empty);
    let part = |part: fn(&Parts) -> f64| actuals.lines.iter().filter_map(|line| line.parts.as_ref()).map(part).sum();
    let parts: [f64; 3] = [part(|p| p.price), part(|p| p.click_rate.unwrap_or(0.0)), part(|p| p.conversion)];
    cells.extend(
        (WEIGHT + 1..).zip(parts).map(|(column, gives)| Cell::Formula(format!("=SUM({})", range.own(column)), gives)),
    );
    cells
}

fn count(line: &LineActual, columns: [u16; 2], side: usize) -> Option<Counted> {
    let media = [&line.planned_media, &line.media][side];
    if columns == SHOWN { media.impressions } else { media.clicks }
}

fn rates(line: &LineActual, side: usize) -> &Rates {
    [&line.planned_rates, &line.rates][side]
}

/// Spend of the lines whose rows report a count, over the count.
fn total_price(actuals: &Actuals, row: u32, range: &Range, counts: [u16; 2], side: usize, times: f64) -> Cell {
    let behind: Vec<(f64, Counted)> = (actuals.lines.iter())
        .filter_map(|line| Some(([line.planned_spend, line.spend][side], count(line, counts, side)?)))
        .collect();
    let others: f64 = behind.iter().map(|(spend, counted)| others(*spend, Some(*counted))).sum();
    let (spend, sum) = behind.iter().fold((0.0, 0.0), |sum, (_, c)| (sum.0 + c.spend, sum.1 + c.count));
    let (own, total) = (range.own(counts[side]), at(row, counts[side]));
    let less = if others == 0.0 { String::new() } else { format!("-{others}") };
    let over = format!("{times}*(SUMPRODUCT(ISNUMBER({own})*{}){less})/{total}", range.upper(SPEND[side]));
    Cell::Formula(format!("=IF(N({total})=0,\"\",{over})"), times * spend / sum)
}

/// One count over another, of the lines that tell the rate.
fn total_rate(rate: &str, above: &str, below: &str, gives: f64) -> Cell {
    let sum = |counts: &str| format!("SUMPRODUCT(ISNUMBER({rate})*{counts})");
    Cell::Formula(format!("=IF(COUNT({rate})=0,\"\",{}/{})", sum(above), sum(below)), gives)
}
