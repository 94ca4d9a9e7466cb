//! Cost per KPI of every supplier, shrunk towards the others' by how little is known of it.

use rayon::prelude::*;

use super::CostPer;
use super::shrink::{Best, Evidence, Family, Mixture, Prior, Ranks, draws_for, ranks_of_mixtures};
use super::tally::Tally;
use crate::units::{Kpi, Measure};

/// Least shape of the prior: two KPI. The mean and the variance of the cost then exist even for a supplier without any.
pub(super) const LEAST_SHAPE: f64 = 2.0;
/// Suppliers from which on their spread is estimated.
pub(super) const FEWEST_SUPPLIERS: usize = 3;
/// Degrees of freedom from which on the day-to-day swings count as measured.
const FEWEST_DAYS: usize = 10;
/// The random stream of the supplier ranks.
const STREAM: u32 = 0x5c0e;

/// How much more daily KPI varies than chance alone makes it.
///
/// ```text
///     φ = Σ (r − λ s)² / (λ s)  ÷  Σ (periods − 1)      λ = Σ r / Σ s of the supplier
/// ```
///
/// over all days (or longer periods, where the export has no days) with KPI `r` and spend `s` of all suppliers: the Pearson
/// statistic of a quasi-Poisson model. Pooled, because one supplier's days are too few; at least 1 for counts. What the
/// spend of a day does not explain, saturation and shocks of the platform included, counts as swing: the intervals err on the
/// wide side.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Swings {
    /// φ.
    pub phi: f64,
    /// Whether there were days enough to measure it; φ is 1 otherwise.
    pub measured: bool,
}

impl Swings {
    fn of(tallies: &[Tally], kpi: Kpi) -> Swings {
        let (mut square, mut freedom) = (0.0, 0);
        for tally in tallies {
            let days: Vec<&(f64, f64)> = tally.periods.iter().filter(|(spend, _)| *spend > 0.0).collect();
            let (spend, events) = days.iter().fold((0.0, 0.0), |sum, day| (sum.0 + day.0, sum.1 + day.1));
            if events > 0.0 {
                let rate = events / spend;
                square += days.iter().map(|(s, r)| (r - rate * s).powi(2) / (rate * s)).sum::<f64>();
                freedom += days.len() - 1;
            }
        }
        let least = if kpi == Kpi::Value { 0.0 } else { 1.0 };
        let measured = freedom >= FEWEST_DAYS && square > 0.0;
        Swings { phi: if measured { f64::max(square / freedom as f64, least) } else { 1.0 }, measured }
    }
}

/// What the costs of all suppliers rest on, and each one's.
pub(super) struct Costs {
    /// Day-to-day swings.
    pub swings: Swings,
    /// Where the suppliers' spread comes from; absent when nobody is scored.
    pub evidence: Option<Evidence>,
    /// Spend ÷ KPI over all scored suppliers; absent without KPI.
    pub pooled: Option<f64>,
    /// By tally; absent for suppliers that report no KPI or have no spend.
    pub known: Vec<Option<Known>>,
}

/// What is known of one supplier's cost.
pub(super) struct Known {
    /// KPI per unit of spend.
    pub rate: Mixture,
    /// The figures of the scorecard.
    pub cost_per: CostPer,
    /// Spend that reports KPI ÷ φ: what counts as independent evidence.
    pub exposure: f64,
    /// KPI ÷ φ.
    pub events: f64,
    /// Rank among the scored suppliers, 1 the cheapest.
    pub ranks: Ranks,
}

impl Known {
    /// What is known after `events` out of `spend`, as they stand, under the beliefs about the other suppliers.
    fn of(beliefs: &[(f64, Prior)], (events, spend): (f64, f64), phi: f64, ranks: Ranks) -> Known {
        let rate = Mixture::of(beliefs, events / phi, spend / phi);
        let cost_per = CostPer {
            raw: (events > 0.0).then(|| spend / events),
            shrunk: rate.mean_cost(),
            p05: 1.0 / rate.quantile(0.95),
            p95: 1.0 / rate.quantile(0.05),
        };
        Known { rate, cost_per, exposure: spend / phi, events: events / phi, ranks }
    }

    /// The probability that the true cost is at most `cost`.
    pub(super) fn at_most(&self, cost: f64) -> f64 {
        1.0 - self.rate.below(1.0 / cost)
    }
}

/// Costs of all suppliers.
///
/// A supplier is scored when it has spend whose entries report the KPI. Its KPI over that spend, both divided by φ, is a
/// Poisson count; the rates of all suppliers share a Gamma prior, weighed by the marginal likelihood of all of them
/// ([`Prior::beliefs`]), whose shape is at least [`LEAST_SHAPE`]. With fewer than [`FEWEST_SUPPLIERS`], or without any KPI,
/// the prior is worth [`LEAST_SHAPE`] KPI at the pooled cost (half a KPI standing in for none).
pub(super) fn costs(tallies: &[Tally], kpi: Kpi, seed: u64) -> Costs {
    let (swings, figure) = (Swings::of(tallies, kpi), kpi.measure());
    let no_scale = kpi == Kpi::Value && !swings.measured;
    let scored: Vec<usize> = (0..tallies.len()).filter(|at| !no_scale && is_scored(&tallies[*at], figure)).collect();
    let seen = |at: &usize| (tallies[*at].sum(figure).unwrap_or(0.0), tallies[*at].spend_with(figure));
    let seen: Vec<(f64, f64)> = scored.iter().map(seen).collect();
    let (beliefs, evidence) = beliefs(&seen, swings.phi);
    let rates: Vec<Mixture> =
        seen.iter().map(|(events, spend)| Mixture::of(&beliefs, events / swings.phi, spend / swings.phi)).collect();
    let ranks = ranks_of_mixtures(&rates, Best::High, draws_for(rates.len()), seed, STREAM);
    let each: Vec<Known> =
        seen.par_iter().zip(&ranks).map(|(seen, ranks)| Known::of(&beliefs, *seen, swings.phi, *ranks)).collect();
    let mut known: Vec<Option<Known>> = tallies.iter().map(|_| None).collect();
    scored.iter().zip(each).for_each(|(at, each)| known[*at] = Some(each));
    let (events, spend) = seen.iter().fold((0.0, 0.0), |sum, seen| (sum.0 + seen.0, sum.1 + seen.1));
    let pooled = (events > 0.0).then(|| spend / events);
    Costs { swings, evidence: (!scored.is_empty()).then_some(evidence), pooled, known }
}

/// Whether a supplier has spend whose entries report the KPI.
pub(super) fn is_scored(tally: &Tally, kpi: Measure) -> bool {
    tally.sum(kpi).is_some_and(|sum| sum >= 0.0) && tally.spend_with(kpi) > 0.0
}

/// Beliefs about the prior from KPI and spend of all suppliers, and what they rest on.
fn beliefs(seen: &[(f64, f64)], phi: f64) -> (Vec<(f64, Prior)>, Evidence) {
    let (events, exposure): (Vec<f64>, Vec<f64>) = seen.iter().map(|(r, s)| (r / phi, s / phi)).unzip();
    let estimated = (seen.len() >= FEWEST_SUPPLIERS)
        .then(|| {
            let likeliest = Prior::fit_from(Family::GammaPoisson, &events, &exposure, LEAST_SHAPE)?;
            Some((Prior::beliefs(&events, &exposure, LEAST_SHAPE)?, likeliest.evidence))
        })
        .flatten();
    estimated.unwrap_or_else(|| {
        let (events, exposure) = (events.iter().sum::<f64>(), exposure.iter().sum::<f64>());
        let assumed = Prior::assumed(LEAST_SHAPE, exposure / events.max(0.5));
        (vec![(1.0, assumed)], assumed.evidence)
    })
}
