//! What the draws say of a plan beyond its expected KPI, and the plan day by day, as rows that page, workbook and document
//! share.

use jiff::civil::Date;
use serde::Serialize;

use super::numbers::total;
use crate::plan::{Answer, Daily, DailyLine, DayHeld, LimitCost, Line, Price, TestValue};

/// A plan line beside what is not known of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Unsure<'a> {
    pub(super) line: &'a Line,
    /// What a test of its channel would be worth; absent where none was worked out.
    pub(super) test: Option<&'a TestValue>,
}

/// The lines of which the plan says how far their best spend moves, what to bid or what they cause, in the plan's order.
pub(super) fn lines(answer: &Answer) -> Vec<Unsure<'_>> {
    let tests = answer.unknown.as_ref().map_or(&[][..], |unknown| &unknown.tests[..]);
    let test = |line: &Line| tests.iter().find(|test| test.channel == line.channel);
    let all = answer.lines.iter().map(|line| Unsure { line, test: test(line) });
    let told = |line: &Line| line.interval.is_some() || line.bid_ceiling.is_some() || line.incremental.is_some();
    all.filter(|one| told(one.line) || one.test.is_some()).collect()
}

/// Prices of the limits that bind, each with what the draws say of it.
pub(super) fn limits(answer: &Answer) -> Vec<(&Price, Option<&LimitCost>)> {
    let costs = answer.unknown.as_ref().map_or(&[][..], |unknown| &unknown.limits[..]);
    let cost = |price: &Price| costs.iter().find(|cost| cost.limit == price.limit && cost.unit == price.unit);
    answer.prices.iter().map(|price| (price, cost(price))).collect()
}

/// A day of the whole plan.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct DayTotal {
    pub(super) date: Date,
    /// Face value of all lines.
    pub(super) spend: f64,
    /// Against the day before.
    pub(super) change: f64,
    /// Lines whose budget is another than the day before.
    pub(super) changed: usize,
    pub(super) events: Vec<String>,
}

/// The plan's days; none where none were laid out.
pub(super) fn days(answer: &Answer) -> Vec<DayTotal> {
    let Some(daily) = &answer.daily else { return Vec::new() };
    (0..daily.dates.len()).map(|day| day_total(daily, day)).collect()
}

fn day_total(daily: &Daily, day: usize) -> DayTotal {
    let before = |line: &DailyLine| if day == 0 { line.before } else { line.spend[day - 1] };
    let spend = total(daily.lines.iter().map(|line| line.spend[day]));
    let earlier = total(daily.lines.iter().map(before));
    let changed = daily.lines.iter().filter(|line| (line.spend[day] - before(line)).abs() >= 0.005).count();
    let events = daily.events.get(day).cloned().unwrap_or_default();
    DayTotal { date: daily.dates[day], spend, change: total([spend, -earlier]), changed, events }
}

/// A line over the plan's days.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct LineDays<'a> {
    pub(super) channel: &'a str,
    /// The daily budget before the first day.
    pub(super) before: f64,
    pub(super) first: f64,
    pub(super) least: f64,
    pub(super) most: f64,
    /// Days on which its budget is another than the day before.
    pub(super) changes: usize,
    /// Days on which it does not run, and on which a lock or the largest step holds it.
    pub(super) off: usize,
    pub(super) held: usize,
}

/// The lines over the plan's days, in the plan's order.
pub(super) fn line_days(answer: &Answer) -> Vec<LineDays<'_>> {
    answer.daily.iter().flat_map(|daily| &daily.lines).filter(|line| !line.spend.is_empty()).map(of_line).collect()
}

fn of_line(line: &DailyLine) -> LineDays<'_> {
    let before = std::iter::once(&line.before).chain(&line.spend);
    let count = |wanted: &[DayHeld]| line.held.iter().filter(|held| wanted.contains(held)).count();
    LineDays {
        channel: &line.channel,
        before: line.before,
        first: line.spend[0],
        least: line.spend.iter().copied().fold(f64::INFINITY, f64::min),
        most: line.spend.iter().copied().fold(0.0, f64::max),
        changes: before.zip(&line.spend).filter(|(before, now)| (**now - **before).abs() >= 0.005).count(),
        off: count(&[DayHeld::Flight]),
        held: count(&[DayHeld::Locked, DayHeld::Step]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample::Sample;

    #[test]
    fn days_add_up_to_the_plan() {
        let sample = Sample::rich();
        let days = days(&sample.answer);
        assert_eq!(days.len(), 30);
        assert_eq!(total(days.iter().map(|day| day.spend)), sample.answer.budget.spent);
        let before = total(sample.answer.daily.iter().flat_map(|daily| &daily.lines).map(|line| line.before));
        let moved = total(days.iter().map(|day| day.change));
        assert!((before + moved - days[29].spend).abs() < 0.005, "{before} + {moved}");
        assert_eq!(days[17].events, ["618 <b>"]);
    }

    #[test]
    fn a_line_knows_its_test_and_a_limit_its_costs() {
        let sample = Sample::rich();
        let lines = lines(&sample.answer);
        assert_eq!(lines.len(), 9, "one of ten has no curve");
        assert_eq!(lines.iter().filter(|one| one.test.is_some()).count(), 2);
        let limits = limits(&sample.answer);
        assert_eq!(limits.iter().map(|(_, cost)| cost.is_some()).collect::<Vec<_>>(), [true, true]);
        assert!(limits[1].1.is_some_and(|cost| cost.costs.is_some()));
    }

    #[test]
    fn a_line_that_stops_is_seen() {
        let daily = DailyLine {
            channel: "a".into(),
            before: 5.0,
            spend: vec![5.0, 0.0, 7.0],
            held: vec![DayHeld::Free, DayHeld::Flight, DayHeld::Step],
        };
        let of = of_line(&daily);
        assert_eq!((of.least, of.most, of.changes, of.off, of.held), (0.0, 7.0, 2, 1, 1));
    }
}
