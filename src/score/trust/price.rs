//! Price discipline: the rebate as paid against the contract's, and the price of a thousand impressions against the pool's.
//!
//! The index is the supplier's price ÷ that of the pool's other suppliers, over all days; its drift is the slope of
//! ln index over weeks by least squares, with its standard error.

use std::collections::BTreeMap;

use crate::score::card::Price;
use crate::score::net::Rebate;
use crate::score::tally::{Day, Tallies};
use crate::units::Measure;

/// Weeks that a drift needs.
const FEWEST_WEEKS: usize = 4;

/// Spend and impressions.
type Bought = (f64, f64);

/// Spend and impressions of every pool, by week.
pub(super) struct Prices {
    pools: Vec<BTreeMap<i32, Bought>>,
}

impl Prices {
    pub(super) fn of(tallies: &Tallies) -> Prices {
        let mut pools = vec![BTreeMap::new(); tallies.pools.len()];
        for (_, cell) in tallies.cells() {
            cell.days.iter().for_each(|day| add(&mut pools[cell.pool], tallies, day));
        }
        Prices { pools }
    }

    /// The discipline of one supplier; absent when nothing is known of its prices.
    pub(super) fn discipline(&self, tallies: &Tallies, at: usize, rebate: &Rebate) -> Option<Price> {
        let mut weeks: BTreeMap<i32, (Bought, f64)> = BTreeMap::new();
        for cell in &tallies.suppliers[at].cells {
            let mut own = BTreeMap::new();
            cell.days.iter().for_each(|day| add(&mut own, tallies, day));
            for (week, (spend, shown)) in own {
                let all = self.pools[cell.pool].get(&week).copied().unwrap_or_default();
                let others = (all.0 - spend, all.1 - shown);
                if others.1 > 0.0 && others.0 > 0.0 && shown > 0.0 {
                    let week = weeks.entry(week).or_default();
                    week.0 = (week.0.0 + spend, week.0.1 + shown);
                    week.1 += shown * others.0 / others.1;
                }
            }
        }
        let total = weeks.values().fold((0.0, 0.0), |sum, week| (sum.0 + week.0.0, sum.1 + week.1));
        let cpm_index = (total.1 > 0.0 && total.0 > 0.0).then(|| total.0 / total.1);
        let drift = drift(&weeks);
        let known = rebate.is_known() || cpm_index.is_some();
        known.then_some(Price {
            realised: rebate.realised,
            contracted: rebate.contracted,
            cpm_index,
            drift: drift.map(|drift| drift.0),
            drift_error: drift.map(|drift| drift.1),
        })
    }
}

/// Adds a day that reports impressions to its week.
fn add(weeks: &mut BTreeMap<i32, Bought>, tallies: &Tallies, day: &Day) {
    let (Some((shown, spend)), Some((first, _))) = (day.paired(Measure::Impressions), tallies.window) else { return };
    let week = first.until(day.date).map_or(0, |span| span.get_days() / 7);
    let sum = weeks.entry(week).or_default();
    *sum = (sum.0 + spend, sum.1 + shown);
}

/// Slope of ln index a week, and its standard error.
fn drift(weeks: &BTreeMap<i32, (Bought, f64)>) -> Option<(f64, f64)> {
    let points: Vec<(f64, f64)> = weeks
        .iter()
        .filter(|(_, ((spend, _), expected))| *spend > 0.0 && *expected > 0.0)
        .map(|(week, ((spend, _), expected))| (f64::from(*week), (spend / expected).ln()))
        .collect();
    let n = points.len() as f64;
    if points.len() < FEWEST_WEEKS {
        return None;
    }
    let mean = points.iter().fold((0.0, 0.0), |sum, point| (sum.0 + point.0 / n, sum.1 + point.1 / n));
    let spread: f64 = points.iter().map(|(week, _)| (week - mean.0).powi(2)).sum();
    let slope = points.iter().map(|(week, log)| (week - mean.0) * (log - mean.1)).sum::<f64>() / spread;
    let left: f64 = points.iter().map(|(week, log)| (log - mean.1 - slope * (week - mean.0)).powi(2)).sum();
    Some((slope, (left / (n - 2.0) / spread).sqrt()))
}
