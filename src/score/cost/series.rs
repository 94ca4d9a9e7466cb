//! A count and the spend that it came of, day by day and cell by cell.

use jiff::civil::Date;

use crate::score::tally::{Cell, Tallies};
use crate::units::Measure;

/// One count of one supplier in one pool.
#[derive(Clone, Debug)]
pub(crate) struct Series {
    /// Place of the supplier.
    pub supplier: usize,
    /// Place of the pool.
    pub pool: usize,
    /// Its days, ascending.
    pub days: Vec<Point>,
}

/// One day of a count.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Point {
    /// The day, and the days that it stands for.
    pub key: (Date, u32),
    /// Days from its end to the end of the window.
    pub age: f64,
    /// Spend of the entries that report the count.
    pub spend: f64,
    /// The count.
    pub events: f64,
    /// What the day did to all suppliers of the pool, as a factor of the rate: 1 is a usual day.
    pub shock: f64,
}

impl Point {
    /// Spend as it would have been on usual days.
    pub(crate) fn exposure(&self) -> f64 {
        self.spend * self.shock
    }
}

impl Series {
    /// Events and exposure, each day weighed.
    pub(crate) fn weighed(&self, weight: impl Fn(&Point) -> f64) -> (f64, f64) {
        self.days.iter().fold((0.0, 0.0), |sum, day| {
            let weight = weight(day);
            (sum.0 + weight * day.events, sum.1 + weight * day.exposure())
        })
    }

    /// Events ÷ exposure; absent without exposure.
    pub(crate) fn rate(&self) -> Option<f64> {
        let (events, exposure) = self.weighed(|_| 1.0);
        (exposure > 0.0).then(|| events / exposure)
    }
}

/// The count of every cell that reports it and has spend with it, in the order of suppliers and pools.
pub(crate) fn of(tallies: &Tallies, measure: Measure) -> Vec<Series> {
    let end = tallies.window.map(|(_, last)| last).unwrap_or_default();
    let series = |(supplier, cell): (usize, &Cell)| {
        cell.sum(measure).filter(|sum| sum.spend > 0.0 && sum.figure >= 0.0)?;
        let point = |day: &crate::score::tally::Day| {
            let (events, spend) = day.paired(measure)?;
            let age = day.last().until(end).map_or(0, |span| span.get_days());
            Some(Point { key: (day.date, day.days), age: f64::from(age), spend, events, shock: 1.0 })
        };
        let days = cell.days.iter().filter_map(point).collect();
        Some(Series { supplier, pool: cell.pool, days })
    };
    tallies.cells().filter_map(series).collect()
}
