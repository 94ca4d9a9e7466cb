//! Cost per KPI of every supplier, shrunk towards the others' by how little is known of it.

use rayon::prelude::*;

use super::CostPer;
use super::shrink::{Best, Evidence, Family, Posterior, Prior, Ranks, draws_for, ranks};
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
    pub rate: Posterior,
    /// Spend that reports KPI ÷ φ: what counts as independent evidence.
    pub exposure: f64,
    /// KPI ÷ φ.
    pub events: f64,
    /// Spend ÷ KPI as they stand.
    pub raw: Option<f64>,
    /// Rank among the scored suppliers, 1 the cheapest.
    pub ranks: Ranks,
}

impl Known {
    /// The figures of the scorecard.
    pub(super) fn cost_per(&self) -> CostPer {
        CostPer {
            raw: self.raw,
            shrunk: self.rate.mean_cost(),
            p05: 1.0 / self.rate.quantile(0.95),
            p95: 1.0 / self.rate.quantile(0.05),
        }
    }

    /// The probability that the true cost is at most `cost`.
    pub(super) fn at_most(&self, cost: f64) -> f64 {
        1.0 - self.rate.below(1.0 / cost)
    }
}

/// Costs of all suppliers.
///
/// A supplier is scored when it has spend whose entries report the KPI. Its KPI over that spend, both divided by φ, is a
/// Poisson count; the rates of all suppliers share a Gamma prior of marginal maximum likelihood, whose shape is at least
/// [`LEAST_SHAPE`]. With fewer than [`FEWEST_SUPPLIERS`], or without any KPI, the prior is worth [`LEAST_SHAPE`] KPI at the
/// pooled cost (half a KPI standing in for none).
pub(super) fn costs(tallies: &[Tally], kpi: Kpi, seed: u64) -> Costs {
    let swings = Swings::of(tallies, kpi);
    let figure = kpi.measure();
    let no_scale = kpi == Kpi::Value && !swings.measured;
    let scored: Vec<usize> = (0..tallies.len()).filter(|at| !no_scale && is_scored(&tallies[*at], figure)).collect();
    let raw = |at: &usize| (tallies[*at].sum(figure).unwrap_or(0.0), tallies[*at].spend_with(figure));
    let (events, spend): (Vec<f64>, Vec<f64>) = scored.iter().map(raw).unzip();
    let (all_events, all_spend) = (events.iter().sum::<f64>(), spend.iter().sum::<f64>());
    let scaled = |figures: &[f64]| figures.iter().map(|figure| figure / swings.phi).collect::<Vec<f64>>();
    let prior = prior(&scaled(&events), &scaled(&spend));
    let rates: Vec<Posterior> =
        scaled(&events).into_iter().zip(scaled(&spend)).map(|(r, s)| prior.posterior(r, s)).collect();
    let ranks = ranks(&rates, Best::High, draws_for(rates.len()), seed, STREAM);
    let mut known: Vec<Option<Known>> = tallies.iter().map(|_| None).collect();
    for (place, at) in scored.iter().enumerate() {
        known[*at] = Some(Known {
            rate: rates[place],
            exposure: spend[place] / swings.phi,
            events: events[place] / swings.phi,
            raw: (events[place] > 0.0).then(|| spend[place] / events[place]),
            ranks: ranks[place],
        });
    }
    let evidence = (!scored.is_empty()).then_some(prior.evidence);
    Costs { swings, evidence, pooled: (all_events > 0.0).then(|| all_spend / all_events), known }
}

/// Whether a supplier has spend whose entries report the KPI.
pub(super) fn is_scored(tally: &Tally, kpi: Measure) -> bool {
    tally.sum(kpi).is_some_and(|sum| sum >= 0.0) && tally.spend_with(kpi) > 0.0
}

fn prior(events: &[f64], exposure: &[f64]) -> Prior {
    let estimated = (events.len() >= FEWEST_SUPPLIERS)
        .then(|| Prior::fit_from(Family::GammaPoisson, events, exposure, LEAST_SHAPE))
        .flatten();
    estimated.unwrap_or_else(|| {
        let (events, exposure) = (events.iter().sum::<f64>(), exposure.iter().sum::<f64>());
        Prior::assumed(LEAST_SHAPE, exposure / events.max(0.5))
    })
}

/// The scorecard's figures of all suppliers, in parallel: each quantile is a search.
pub(super) fn cost_per(known: &[Option<Known>]) -> Vec<Option<CostPer>> {
    known.par_iter().map(|known| known.as_ref().map(Known::cost_per)).collect()
}
