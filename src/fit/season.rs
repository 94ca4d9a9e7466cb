//! The calendar beside spend: weekday, season of the year, trend, dated events and a shift of level.
//!
//! ```text
//!     ln m[t] = … + Σ b[j] · c[j, t]
//! ```
//!
//! | group | columns c | when |
//! |---|---|---|
//! | weekday | six orthonormal contrasts of the seven days | day grain, four weeks |
//! | season | sin and cos of 2πk · (days ÷ 365.2425), k = 1, 2 | 300 days |
//! | trend | −½ … ½ from the first to the last day; does not go on after it | 150 days |
//! | event | share of the period's days that it holds on | it falls into the history |
//! | level | 0 before a day, 1 from it on | the residuals show a shift |
//!
//! All are averages over the days of a period.

use jiff::ToSpan;
use jiff::civil::{Date, date};

use super::likelihood::History;
use crate::settings::Event;
use crate::units::Grain;

/// Days in a year of the calendar.
const YEAR: f64 = 365.2425;
/// Harmonics of the year.
const HARMONICS: usize = 2;

/// What belongs together: its columns are kept or left out as one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Group {
    /// Days of the week.
    Weekday,
    /// The year.
    Season,
    /// From first to last day.
    Trend,
    /// A dated event, by name.
    Event(String),
    /// A shift of level.
    Level,
}

/// One column.
#[derive(Clone, Debug, PartialEq)]
enum Column {
    /// Helmert's contrast k: the days up to k against the next; 0 is Monday. Orthonormal, so that a prior that treats the
    /// contrasts alike treats the days alike.
    Weekday(i8),
    Sine(usize),
    Cosine(usize),
    Trend(Date, Date),
    Event(Vec<(Date, Date)>),
    Level(Date),
}

/// Columns of the calendar, with the group of each.
#[derive(Clone, Debug, Default)]
pub struct Calendar {
    columns: Vec<(Group, Column)>,
}

impl Calendar {
    /// All columns that a history from `first` to `last` could tell.
    pub fn of(grain: Grain, first: Date, last: Date, events: &[Event]) -> Calendar {
        let days = days_between(first, last) + i64::from(grain.days());
        let mut columns = Vec::new();
        if grain == Grain::Day && days >= 28 {
            columns.extend((0..6).map(|contrast| (Group::Weekday, Column::Weekday(contrast))));
        }
        if days >= 300 {
            let terms = (1..=HARMONICS).flat_map(|k| [Column::Sine(k), Column::Cosine(k)]);
            columns.extend(terms.map(|term| (Group::Season, term)));
        }
        if days >= 150 {
            columns.push((Group::Trend, Column::Trend(first, last)));
        }
        let mut names: Vec<&str> = Vec::new();
        for event in events.iter().filter(|event| event.start <= last && event.end >= first) {
            if !names.contains(&event.name.as_str()) {
                names.push(&event.name);
            }
        }
        columns.extend(names.into_iter().map(|name| {
            let dates = events.iter().filter(|event| event.name == name).map(|event| (event.start, event.end));
            (Group::Event(name.to_owned()), Column::Event(dates.collect()))
        }));
        Calendar { columns }
    }

    /// How many columns there are.
    pub fn len(&self) -> usize {
        self.columns.len()
    }

    /// Whether there is no column.
    pub fn is_empty(&self) -> bool {
        self.columns.is_empty()
    }

    /// The group of each column.
    pub fn groups(&self) -> impl Iterator<Item = &Group> {
        self.columns.iter().map(|column| &column.0)
    }

    /// The columns that `keep` keeps, by place.
    pub fn only(&self, keep: &[bool]) -> Calendar {
        let kept = self.columns.iter().zip(keep).filter(|(_, keep)| **keep);
        Calendar { columns: kept.map(|(column, _)| column.clone()).collect() }
    }

    /// The same with a shift of level from `day` on.
    pub fn with_level(&self, day: Date) -> Calendar {
        let mut columns = self.columns.clone();
        columns.push((Group::Level, Column::Level(day)));
        Calendar { columns }
    }

    /// The columns of the period that starts on `start`.
    pub fn row(&self, grain: Grain, start: Date) -> Vec<f64> {
        let days: Vec<Date> = (0..i64::from(grain.days())).map(|day| start.saturating_add(day.days())).collect();
        let mean = |column: &Column| days.iter().map(|day| column.at(*day)).sum::<f64>() / days.len() as f64;
        self.columns.iter().map(|(_, column)| mean(column)).collect()
    }
}

/// The calendar of a panel, laid out over its periods.
#[derive(Clone, Debug)]
pub struct Timeline {
    /// The period.
    pub grain: Grain,
    /// First day of each period.
    pub periods: Vec<Date>,
    /// Its columns.
    pub calendar: Calendar,
    /// The columns of each period.
    rows: Vec<Vec<f64>>,
}

impl Timeline {
    /// Lays a calendar out.
    pub fn of(grain: Grain, periods: &[Date], calendar: Calendar) -> Timeline {
        let rows = periods.iter().map(|start| calendar.row(grain, *start)).collect();
        Timeline { grain, periods: periods.to_vec(), calendar, rows }
    }

    /// A history with the columns of this calendar, and one for a shift of level from `level` on.
    pub fn lay(&self, history: &History, level: Option<Date>) -> History {
        let Some(day) = level else { return history.with_calendar(self.calendar.len(), |t| self.rows[t].clone()) };
        let step = |t: usize| f64::from(self.periods[t] >= day);
        let row = |t: usize| self.rows[t].iter().copied().chain([step(t)]).collect();
        history.with_calendar(self.calendar.len() + 1, row)
    }
}

/// First days of the periods that a season is given for: the quarter after the last period, and those of the plan.
pub fn ahead(grain: Grain, last: Date, plan: Option<(Date, Date)>) -> Vec<Date> {
    let step = i64::from(grain.days());
    let quarter = (1..=91 / step).map(|k| last.saturating_add((k * step).days()));
    let of_plan = plan.into_iter().flat_map(|(start, end)| {
        let first = days_between(last, start).div_euclid(step);
        (first..=days_between(last, end).div_euclid(step)).map(|k| last.saturating_add((k * step).days()))
    });
    let mut dates: Vec<Date> = quarter.chain(of_plan).collect();
    dates.sort();
    dates.dedup();
    dates
}

impl Column {
    fn at(&self, day: Date) -> f64 {
        let angle = |k: usize| std::f64::consts::TAU * k as f64 * days_between(date(2000, 1, 1), day) as f64 / YEAR;
        match self {
            Column::Weekday(contrast) => {
                let (k, weekday) = (f64::from(*contrast) + 1.0, day.weekday().to_monday_zero_offset());
                let scale = (k * (k + 1.0)).sqrt();
                match weekday - contrast {
                    ..=0 => 1.0 / scale,
                    1 => -k / scale,
                    _ => 0.0,
                }
            }
            Column::Sine(k) => angle(*k).sin(),
            Column::Cosine(k) => angle(*k).cos(),
            Column::Trend(first, last) => {
                let share = days_between(*first, day) as f64 / days_between(*first, *last).max(1) as f64;
                share.clamp(0.0, 1.0) - 0.5
            }
            Column::Event(dates) => f64::from(dates.iter().any(|(start, end)| (*start..=*end).contains(&day))),
            Column::Level(from) => f64::from(day >= *from),
        }
    }
}

/// Days from one date to another.
fn days_between(from: Date, to: Date) -> i64 {
    from.until(to).map_or(0, |span| i64::from(span.get_days()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(name: &str, start: Date, end: Date) -> Event {
        Event { name: name.into(), start, end }
    }

    #[test]
    fn columns_need_a_history_that_tells_them() {
        let groups = |grain, last| {
            let events = [event("618", date(2025, 6, 16), date(2025, 6, 18)), event("later", last, date(2030, 1, 1))];
            let calendar = Calendar::of(grain, date(2025, 6, 1), last, &events[..1]);
            let mut groups: Vec<Group> = calendar.groups().cloned().collect();
            groups.dedup();
            groups
        };
        let sale = Group::Event("618".into());
        assert_eq!(groups(Grain::Day, date(2025, 6, 20)), std::slice::from_ref(&sale));
        assert_eq!(groups(Grain::Day, date(2025, 11, 20)), [Group::Weekday, Group::Trend, sale.clone()]);
        assert_eq!(groups(Grain::Week, date(2026, 5, 25)), [Group::Season, Group::Trend, sale]);
    }

    #[test]
    fn a_week_is_the_mean_of_its_days() {
        let events = [event("618", date(2025, 6, 16), date(2025, 6, 18))];
        let calendar = Calendar::of(Grain::Week, date(2025, 6, 2), date(2025, 6, 30), &events);
        assert_eq!(calendar.row(Grain::Week, date(2025, 6, 16)), [3.0 / 7.0]);
        assert_eq!(calendar.row(Grain::Week, date(2025, 6, 23)), [0.0]);
    }

    #[test]
    fn the_trend_stops_at_the_last_day() {
        let calendar = Calendar::of(Grain::Week, date(2025, 1, 6), date(2025, 6, 30), &[]);
        assert_eq!(calendar.row(Grain::Week, date(2031, 1, 6)), [0.5]);
    }

    #[test]
    fn contrasts_of_weekdays_are_orthonormal() {
        let calendar = Calendar::of(Grain::Day, date(2025, 6, 2), date(2025, 7, 20), &[]);
        let week: Vec<Vec<f64>> = (2..9).map(|day| calendar.row(Grain::Day, date(2025, 6, day))).collect();
        for i in 0..6 {
            assert!(week.iter().map(|row| row[i]).sum::<f64>().abs() < 1e-12);
            for j in 0..6 {
                let product: f64 = week.iter().map(|row| row[i] * row[j]).sum();
                assert!((product - f64::from(i == j)).abs() < 1e-12);
            }
        }
    }
}
