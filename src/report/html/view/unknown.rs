//! How sure the amounts are, and the plan day by day.

use serde::Serialize;

use crate::plan::Answer;
use crate::report::text::{one_line, shorten};
use crate::report::unknown::{self, LineDays};
use crate::report::{Words, story};
use crate::settings::Settings;

/// Most lines of a table here; `plan.csv` and `plan_daily.csv` have all.
const LINES: usize = 250;

/// How sure the amounts are.
#[derive(Serialize)]
pub(super) struct Sureness {
    sentences: Vec<String>,
    /// Says that lines are left out.
    more: Option<String>,
    /// Whether any line has a range.
    has_ranges: bool,
    /// Whether any line says what it causes.
    has_caused: bool,
    rows: Vec<SureRow>,
}

#[derive(Serialize)]
struct SureRow {
    channel: String,
    spend: f64,
    /// p10, p50 and p90 of the best spend over the draws.
    best: Option<(f64, f64, f64)>,
    /// Left end and length of the range and place of the plan, in percent of the largest spend.
    bar: Option<(f64, f64, f64)>,
    bid: Option<f64>,
    bid_range: Option<(f64, f64)>,
    worth: Option<f64>,
    probe: Option<f64>,
    /// KPI that spend causes: mean, p10, p90, and whether a lift test tells it.
    caused: Option<(f64, f64, f64, bool)>,
}

/// Absent where the curves are certain and nothing is bid for.
pub(super) fn sureness(settings: &Settings, answer: &Answer, words: &Words) -> Option<Sureness> {
    let lines = unknown::lines(answer);
    let ends = lines.iter().flat_map(|one| [one.line.spend, one.line.interval.map_or(0.0, |interval| interval.p90)]);
    let longest = ends.fold(f64::MIN_POSITIVE, f64::max);
    let percent = |amount: f64| (1000.0 * amount / longest).round() / 10.0;
    let row = |one: &unknown::Unsure| {
        let (interval, bid) = (one.line.interval, one.line.bid_ceiling);
        SureRow {
            channel: shorten(&one.line.channel, 60),
            spend: one.line.spend,
            best: interval.map(|interval| (interval.p10, interval.p50, interval.p90)),
            bar: interval.map(|i| (percent(i.p10), percent(i.p90 - i.p10), percent(one.line.spend))),
            bid: bid.map(|bid| bid.cost),
            bid_range: bid.and_then(|bid| Some((bid.p10?, bid.p90?))),
            worth: one.test.and_then(|test| test.worth),
            probe: one.test.and_then(|test| test.probe_budget),
            caused: one.line.incremental.as_ref().map(|of| (of.mean, of.p10, of.p90, !of.tests.is_empty())),
        }
    };
    let mut rows: Vec<SureRow> = lines.iter().map(row).collect();
    let width = |row: &SureRow| row.best.map_or(-1.0, |(low, _, high)| high - low);
    rows.sort_by(|a, b| width(b).total_cmp(&width(a)));
    let sentences = story::sureness(settings, answer, words);
    let has_ranges = rows.iter().any(|row| row.best.is_some());
    let has_caused = rows.iter().any(|row| row.caused.is_some());
    let more = more(rows.len(), words);
    rows.truncate(LINES);
    (!rows.is_empty()).then_some(Sureness { sentences, more, has_ranges, has_caused, rows })
}

fn more(lines: usize, words: &Words) -> Option<String> {
    (lines > LINES).then(|| words.tell("lines_shown", &[("count", &LINES.to_string())]))
}

/// The plan day by day.
#[derive(Serialize)]
pub(super) struct Days<'a> {
    message: String,
    /// Says that lines are left out.
    more: Option<String>,
    has_events: bool,
    rows: Vec<DayRow>,
    lines: Vec<LineRow<'a>>,
}

#[derive(Serialize)]
struct DayRow {
    /// ISO, so that it sorts and is copied as a date.
    date: String,
    spend: f64,
    change: f64,
    changed: usize,
    events: String,
}

#[derive(Serialize)]
struct LineRow<'a> {
    label: String,
    days: LineDays<'a>,
}

/// Absent where no days were laid out.
pub(super) fn days<'a>(answer: &'a Answer, words: &Words) -> Option<Days<'a>> {
    let rows: Vec<DayRow> = unknown::days(answer)
        .into_iter()
        .map(|day| DayRow {
            date: day.date.to_string(),
            spend: day.spend,
            change: day.change,
            changed: day.changed,
            events: day.events.iter().map(|event| one_line(event)).collect::<Vec<_>>().join(", "),
        })
        .collect();
    let mut lines = unknown::line_days(answer);
    let more = more(lines.len(), words);
    lines.sort_by(|a, b| b.first.total_cmp(&a.first));
    let lines = lines.into_iter().take(LINES).map(|days| LineRow { label: shorten(days.channel, 60), days }).collect();
    let has_events = rows.iter().any(|day| !day.events.is_empty());
    Some(Days { message: story::days(answer, words)?, more, has_events, rows, lines })
}
