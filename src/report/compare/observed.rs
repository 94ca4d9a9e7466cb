//! What media cost in the runs' own exports: a bridge of the recent cost per KPI over prices and rates.
//!
//! ```text
//! cost per KPI = price of a click · clicks per KPI         price of a click = CPM ÷ 1000 · impressions per click
//! ```
//!
//! over the last 28 days of each ledger, of rows that report all of it. Where impressions are not known, the price of a
//! click stands for itself. What a change of a factor did is its Shapley value.

use super::{Bridge, Side, bridge};
use crate::math::shapley::shapley;
use crate::unify::{Entry, Ledger};
use crate::units::{Kpi, Measure};

/// Days of a ledger that count.
const DAYS: i32 = 28;

/// Price of a thousand impressions, impressions per click, clicks per KPI.
struct Factors {
    /// Absent where impressions are not known.
    shown: Option<(f64, f64)>,
    click: f64,
    clicks_per_kpi: f64,
}

/// The bridge; absent where a run's exports tell no clicks, or nothing came of them.
pub(super) fn cost(before: Side, after: Side) -> Option<Bridge> {
    let kpi = after.fitted.kpi;
    let (old, new) = (Factors::of(before.ledger, kpi)?, Factors::of(after.ledger, kpi)?);
    let (changes, parts): (&[&'static str], Vec<[f64; 2]>) = match (old.shown, new.shown) {
        (Some(was), Some(is)) => (
            &["media_price", "click_rate", "conversion"],
            vec![[was.0 / 1000.0, is.0 / 1000.0], [was.1, is.1], [old.clicks_per_kpi, new.clicks_per_kpi]],
        ),
        _ => (&["click_price", "conversion"], vec![[old.click, new.click], [old.clicks_per_kpi, new.clicks_per_kpi]]),
    };
    let value = |done: usize| parts.iter().enumerate().map(|(at, part)| part[done >> at & 1]).product::<f64>();
    let steps = changes.iter().copied().zip(shapley(parts.len(), value)).collect();
    let whole = |side: usize| parts.iter().map(|part| part[side]).product::<f64>();
    Some(bridge("observed_cost", whole(0), whole(1), steps))
}

impl Factors {
    fn of(ledger: &Ledger, kpi: Kpi) -> Option<Factors> {
        let last = ledger.entries.iter().map(|entry| entry.date).max()?;
        let recent = |entry: &&Entry| entry.date.until(last).is_ok_and(|ago| ago.get_days() < DAYS);
        let told = |entry: &&Entry| {
            [Measure::Spend, Measure::Clicks, kpi.measure()].iter().all(|measure| entry.measure(*measure).is_some())
        };
        let rows: Vec<&Entry> = ledger.entries.iter().filter(recent).filter(told).collect();
        let sum = |measure: Measure| -> f64 {
            let figures = rows.iter().filter_map(|entry| entry.measure(measure));
            figures.map(|figure| i128::from(figure.get())).sum::<i128>() as f64 / 1e6
        };
        let (spend, clicks, count) = (sum(Measure::Spend), sum(Measure::Clicks), sum(kpi.measure()));
        if !(spend > 0.0 && clicks > 0.0 && count > 0.0) {
            return None;
        }
        let all_shown = rows.iter().all(|entry| entry.measure(Measure::Impressions).is_some());
        let shown = Some(sum(Measure::Impressions)).filter(|shown| all_shown && *shown > 0.0);
        Some(Factors {
            shown: shown.map(|shown| (1000.0 * spend / shown, shown / clicks)),
            click: spend / clicks,
            clicks_per_kpi: clicks / count,
        })
    }
}
