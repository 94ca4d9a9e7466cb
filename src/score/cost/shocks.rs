//! What a day did to all suppliers of a pool alike: taken out, so that no supplier is blamed for its platform.
//!
//! ```text
//!     r[i,d] ~ λ[i] · s[i,d] · g[d]        g[d] ~ Gamma(a, a),  one factor a day and pool, 1 on a usual day
//!     g[d] of supplier i = (a + Σ r/φ) ÷ (a + Σ λ s/φ)          sums over the *other* suppliers of the day
//! ```
//!
//! | symbol | meaning                                         | unit          |
//! |--------|-------------------------------------------------|---------------|
//! | r, s   | KPI and spend of a supplier's day               | KPI; money    |
//! | λ      | its rate on usual days                          | KPI per money |
//! | g      | the day's shock                                 | none          |
//! | a      | how little days differ: their spread is 1/√a    | none          |
//! | φ      | how much more days vary than by chance, see [`Swings`] | none   |
//!
//! A supplier's own day never enters its own shock, so that a good day of a large supplier is not explained away by
//! itself. a is the one of marginal maximum likelihood over the days ([`Prior::fit`]); where days differ no more than chance
//! makes them there is no shock. Rates, φ and shocks are found in turn; three rounds change the fourth decimal.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::series::Series;
use super::swings::Swings;
use crate::score::shrink::{Evidence, Family, Prior};

/// Suppliers that a pool needs for its days to be compared, and days.
const FEWEST: (usize, usize) = (4, 14);
/// Standard errors by which days must differ more than chance makes them.
const CLEAR: f64 = 3.0;
/// Rounds of rates, swings and shocks.
const ROUNDS: usize = 3;

/// Takes the shocks out of one pool's series; the standard deviation of the shock, 0 where none is found.
pub(super) fn take_out(pool: &mut [&mut Series], floor: f64) -> f64 {
    let mut spread = 0.0;
    for _ in 0..ROUNDS {
        let days = Days::of(pool, Swings::of(pool.iter().map(|series| &**series), floor).phi);
        let Some(prior) = days.prior(pool.len()) else { return 0.0 };
        spread = 1.0 / prior.a.sqrt();
        days.put_into(pool, &prior);
    }
    spread
}

/// Events and expected events of each day over all suppliers of a pool, ÷ φ.
struct Days {
    phi: f64,
    sums: BTreeMap<(Date, u32), (f64, f64)>,
}

impl Days {
    fn of(pool: &[&mut Series], phi: f64) -> Days {
        let mut sums: BTreeMap<(Date, u32), (f64, f64)> = BTreeMap::new();
        for series in pool {
            let rate = series.rate().unwrap_or(0.0);
            for day in &series.days {
                let sum = sums.entry(day.key).or_default();
                sum.0 += day.events / phi;
                sum.1 += rate * day.spend / phi;
            }
        }
        Days { phi, sums }
    }

    /// How days differ; absent when they do not, or when there are too few to tell.
    fn prior(&self, suppliers: usize) -> Option<Prior> {
        if suppliers < FEWEST.0 || self.sums.len() < FEWEST.1 {
            return None;
        }
        let (events, expected): (Vec<f64>, Vec<f64>) = self.sums.values().copied().unzip();
        let pairs = || events.iter().zip(&expected).filter(|(_, expected)| **expected > 0.0);
        let square: f64 = pairs().map(|(events, expected)| (events - expected).powi(2) / expected).sum();
        let freedom = pairs().count() as f64 - 1.0;
        if square < freedom + CLEAR * (2.0 * freedom).sqrt() {
            return None;
        }
        Prior::fit(Family::GammaPoisson, &events, &expected).filter(|prior| prior.evidence == Evidence::Likelihood)
    }

    /// The shock of each day without the supplier's own part in it, brought to a mean of 1 over all exposure.
    fn put_into(&self, pool: &mut [&mut Series], prior: &Prior) {
        let (mut with, mut without) = (0.0, 0.0);
        for series in pool.iter_mut() {
            let rate = series.rate().unwrap_or(0.0);
            for day in &mut series.days {
                let (events, expected) = self.sums[&day.key];
                let others = (events - day.events / self.phi, (expected - rate * day.spend / self.phi).max(0.0));
                day.shock = (prior.a + others.0.max(0.0)) / (prior.b + others.1) * prior.b / prior.a;
                with += rate * day.spend * day.shock;
                without += rate * day.spend;
            }
        }
        let level = if without > 0.0 { with / without } else { 1.0 };
        pool.iter_mut().flat_map(|series| &mut series.days).for_each(|day| day.shock /= level);
    }
}
