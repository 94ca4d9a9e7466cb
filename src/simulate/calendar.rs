//! What the calendar multiplies the response of a seasonal world by.
//!
//! ```text
//!     ln factor = weekday + 0.2 sin(2π t ÷ year) + 0.1 (t ÷ year − ½) + events          its mean over the history is 1
//! ```

use jiff::civil::{Date, date};

/// Dated events, with the logarithm of what they multiply by.
pub(super) const EVENTS: [(&str, [(Date, Date); 2], f64); 2] = [
    ("618", [(date(2025, 6, 16), date(2025, 6, 20)), (date(2026, 6, 16), date(2026, 6, 20))], 0.5),
    ("Double 11", [(date(2024, 11, 8), date(2024, 11, 11)), (date(2025, 11, 8), date(2025, 11, 11))], 0.4),
];

/// Monday to Sunday.
const WEEKDAY: [f64; 7] = [0.12, 0.1, 0.05, 0.0, -0.02, -0.15, -0.1];
const YEAR: f64 = 365.25;

/// Factors of days, relative to their mean over the history; the trend stays where the history ends.
pub(super) fn factors(history: &[Date], days: &[Date]) -> Vec<f64> {
    let last = history.last().copied().unwrap_or_default();
    let usual = history.iter().map(|day| raw(*day, last)).sum::<f64>() / history.len() as f64;
    days.iter().map(|day| raw(*day, last) / usual).collect()
}

fn raw(day: Date, last: Date) -> f64 {
    let since = |day: Date| f64::from(date(2024, 1, 1).until(day).map_or(0, |span| span.get_days()));
    let weekday = WEEKDAY[day.weekday().to_monday_zero_offset() as usize];
    let year = (std::f64::consts::TAU * since(day) / YEAR).sin();
    let trend = since(day.min(last)) / YEAR - 0.5;
    let held = |(_, dates, effect): &(&str, [(Date, Date); 2], f64)| {
        if dates.iter().any(|(start, end)| (*start..=*end).contains(&day)) { *effect } else { 0.0 }
    };
    (weekday + 0.2 * year + 0.1 * trend + EVENTS.iter().map(held).sum::<f64>()).exp()
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::ToSpan;

    #[test]
    fn the_mean_over_the_history_is_one() {
        let days: Vec<Date> = (0..500).map(|t| date(2025, 1, 1).saturating_add(i64::from(t).days())).collect();
        let factors = factors(&days, &days);
        assert!((factors.iter().sum::<f64>() / 500.0 - 1.0).abs() < 1e-12);
        assert!(factors.iter().all(|factor| (0.5..2.5).contains(factor)));
    }
}
