//! How steady a supplier is, once chance and the platform's days are taken out.
//!
//! Everything is of a day's KPI r against what its own rate, its spend and the day's shock make one expect, e = λ s g.
//!
//! ```text
//!     variation²    (Σ (R − E)² / E ÷ (weeks − 1) − φ) / Ē          by week, beyond chance; 0 when chance explains it
//!     trend         −Σ (t − t̄)(r − e) / Σ (t − t̄)² e                of the cost, a week; standard error √(φ / Σ (t − t̄)² e)
//!     change at k   2 [R₁ ln(R₁/E₁) + R₂ ln(R₂/E₂) − R ln(R/E)] / φ  >  3 ln n
//! ```
//!
//! The trend is the first step of the quasi-Poisson fit of a log-linear trend. Changes are found by binary segmentation (Vostrikova
//! 1981) with the penalty of the modified BIC (Zhang & Siegmund 2007, Biometrics 63): one or two steady suppliers in fifty show one.

use std::collections::BTreeMap;

use jiff::civil::Date;

use crate::score::card::{Change, Stability};
use crate::score::cost::series::Series;

/// Days that a supplier needs, and that lie between two changes.
const FEWEST_DAYS: usize = 14;
/// Days between two changes, or to either end.
const APART: usize = 7;
/// Most changes to tell.
const MOST_CHANGES: usize = 4;

/// KPI and expected KPI of one day.
#[derive(Clone, Copy)]
struct Day {
    date: Date,
    events: f64,
    expected: f64,
}

/// How steady a supplier is over all its pools; absent for too few days or no KPI. `phi` is how much its days vary by pool.
pub(super) fn stability(own: &[&Series], phi: impl Fn(&Series) -> f64) -> Option<Stability> {
    let days = days(own);
    let total: f64 = days.iter().map(|day| day.events).sum();
    if days.len() < FEWEST_DAYS || total <= 0.0 {
        return None;
    }
    let weigh = |series: &&Series| series.days.iter().map(|day| day.events).sum::<f64>();
    let phi = own.iter().map(|series| weigh(series) * phi(series)).sum::<f64>() / total;
    let (trend, trend_error) = trend(&days, phi);
    let square: f64 = days.iter().map(|day| (day.events - day.expected).powi(2) / day.expected).sum();
    Some(Stability {
        variation: variation(&days, phi),
        overdispersion: square / (days.len() - 1) as f64,
        trend,
        trend_error,
        changes: changes(&days, phi),
    })
}

fn days(own: &[&Series]) -> Vec<Day> {
    let mut days: BTreeMap<Date, (f64, f64)> = BTreeMap::new();
    for series in own {
        let Some(rate) = series.rate() else { continue };
        for day in series.days.iter().filter(|day| day.spend > 0.0) {
            let sum = days.entry(day.key.0).or_default();
            sum.0 += day.events;
            sum.1 += rate * day.exposure();
        }
    }
    let day = |(date, (events, expected))| Day { date, events, expected };
    days.into_iter().map(day).filter(|day| day.expected > 0.0).collect()
}

fn variation(days: &[Day], phi: f64) -> f64 {
    let Some(first) = days.first().map(|day| day.date) else { return 0.0 };
    let mut weeks: BTreeMap<i32, (f64, f64)> = BTreeMap::new();
    for day in days {
        let sum = weeks.entry(between(first, day.date) / 7).or_default();
        sum.0 += day.events;
        sum.1 += day.expected;
    }
    let square: f64 = weeks.values().map(|(events, expected)| (events - expected).powi(2) / expected).sum();
    let mean = weeks.values().map(|week| week.1).sum::<f64>() / weeks.len() as f64;
    let freedom = weeks.len().saturating_sub(1).max(1) as f64;
    ((square / freedom - phi).max(0.0) / mean).sqrt()
}

fn between(first: Date, last: Date) -> i32 {
    first.until(last).map_or(0, |span| span.get_days())
}

/// Change of the cost a week and its standard error.
fn trend(days: &[Day], phi: f64) -> (f64, f64) {
    let first = days[0].date;
    let week = |day: &Day| f64::from(between(first, day.date)) / 7.0;
    let all: f64 = days.iter().map(|day| day.expected).sum();
    let centre = days.iter().map(|day| week(day) * day.expected).sum::<f64>() / all;
    let spread: f64 = days.iter().map(|day| (week(day) - centre).powi(2) * day.expected).sum();
    let slope: f64 = days.iter().map(|day| (week(day) - centre) * (day.events - day.expected)).sum();
    (-slope / spread, (phi / spread).sqrt())
}

/// Days from which on the cost was another one, ascending.
fn changes(days: &[Day], phi: f64) -> Vec<Change> {
    let mut found: Vec<usize> = Vec::new();
    let mut open = vec![(0, days.len())];
    while let Some((from, to)) = open.pop() {
        let Some(at) = split(&days[from..to], phi, days.len()).map(|at| from + at) else { continue };
        if found.len() < MOST_CHANGES {
            found.push(at);
            open.extend([(from, at), (at, to)]);
        }
    }
    found.sort_unstable();
    let ends = found.iter().skip(1).copied().chain([days.len()]);
    let starts = std::iter::once(0).chain(found.iter().copied());
    let change = |((start, at), end): ((usize, &usize), usize)| {
        let (before, after) = (sums(&days[start..*at]), sums(&days[*at..end]));
        let ratio = (before.0 / before.1) / (after.0.max(0.5) / after.1);
        Change { day: days[*at].date, ratio }
    };
    starts.zip(&found).zip(ends).map(change).collect()
}

/// The most likely place of a change in a stretch, when it is one.
fn split(days: &[Day], phi: f64, whole: usize) -> Option<usize> {
    let all = sums(days);
    let gain = |at: usize| {
        let (one, other) = (sums(&days[..at]), sums(&days[at..]));
        2.0 * (fits(one) + fits(other) - fits(all)) / phi
    };
    let places = APART..(days.len() + 1).saturating_sub(APART);
    let best = places.map(|at| (at, gain(at))).max_by(|one, other| one.1.total_cmp(&other.1))?;
    (best.1 > 3.0 * (whole as f64).ln()).then_some(best.0)
}

fn sums(days: &[Day]) -> (f64, f64) {
    days.iter().fold((0.0, 0.0), |sum, day| (sum.0 + day.events, sum.1 + day.expected))
}

/// R ln(R/E), the log-likelihood of the rate that fits best.
fn fits((events, expected): (f64, f64)) -> f64 {
    if events > 0.0 { events * (events / expected).ln() } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::ToSpan;
    use rand::SeedableRng;
    use rand_distr::{Distribution, Poisson};

    fn series(seed: u64, rate: impl Fn(usize) -> f64) -> Series {
        let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(seed);
        let mut day = |at: usize| {
            let events = Poisson::new(rate(at) * 1000.0).unwrap().sample(&mut rng);
            let date = jiff::civil::date(2026, 1, 1).saturating_add((at as i64).days());
            crate::score::cost::series::Point { key: (date, 1), age: 0.0, spend: 1000.0, events, shock: 1.0 }
        };
        Series { supplier: 0, pool: 0, days: (0..84).map(&mut day).collect() }
    }

    #[test]
    fn a_change_is_found_where_it_is_and_none_where_none_is() {
        let (mut found, mut false_ones) = (0, 0);
        for seed in 0..50 {
            let broken = stability(&[&series(seed, |at| if at < 40 { 0.02 } else { 0.014 })], |_| 1.0).unwrap();
            let near = |change: &Change| (between(jiff::civil::date(2026, 2, 10), change.day)).abs() <= 5;
            found += u32::from(broken.changes.len() == 1 && broken.changes.iter().all(near));
            let steady = stability(&[&series(seed, |_| 0.02)], |_| 1.0).unwrap();
            false_ones += steady.changes.len();
            assert!(steady.variation < 0.12, "{steady:?}");
        }
        assert!(found >= 42 && false_ones <= 3, "{found} of 50 found, {false_ones} false");
    }

    #[test]
    fn a_trend_is_told_with_its_error() {
        let mut inside = 0;
        for seed in 0..100 {
            // 2 % dearer a week
            let found = stability(&[&series(seed, |at| 0.02 * (-0.02 * at as f64 / 7.0).exp())], |_| 1.0).unwrap();
            inside += u32::from((found.trend - 0.02).abs() <= 1.645 * found.trend_error);
        }
        assert!((82..=97).contains(&inside), "{inside} of 100");
    }
}
