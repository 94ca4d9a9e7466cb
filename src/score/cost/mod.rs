//! Cost per count of every supplier, shrunk towards the others' by how little is known of it.
//!
//! A supplier's count in a pool (the platform, unless the settings say otherwise) over the spend that reports it is Poisson
//! with spend as exposure, after the day's shock is taken out ([`shocks`]), older days weigh less ([`memory`]), and both sides
//! are divided by how much days vary ([`swings`]). The true rates of a pool share a Gamma prior, weighed by the marginal
//! likelihood of all of them ([`Prior::beliefs`]). A supplier's rate is the mean of its pools', weighed by its spend in each.

pub(super) mod memory;
pub(super) mod series;
mod shocks;
pub(super) mod swings;

use rayon::prelude::*;

use self::series::Series;
use self::swings::Swings;
use super::card::{CostPer, Interval};
use super::shrink::{Best, Draws, Evidence, Family, Mixture, Prior, Ranks, draws_for};
use super::tally::Tallies;
use crate::math::quantile_of_sorted;
use crate::settings::Memory;
use crate::units::Measure;

/// Least shape of the prior: two KPI. The mean and the variance of the cost then exist even for a supplier without any.
pub(super) const LEAST_SHAPE: f64 = 2.0;
/// Suppliers from which on their spread is estimated.
pub(super) const FEWEST_SUPPLIERS: usize = 3;
/// Suppliers from which on a pool has a prior of its own.
const OWN_PRIOR: usize = 6;

/// How costs are worked out.
#[derive(Clone, Copy, Debug)]
pub(super) struct Manner {
    /// What is counted.
    pub measure: Measure,
    /// How fast the past is forgotten.
    pub memory: Memory,
    /// Seed of the draws.
    pub seed: u64,
    /// Random stream of the draws.
    pub stream: u32,
    /// How many draws to take; as ranks need when absent.
    pub draws: Option<usize>,
}

/// What the costs of all suppliers rest on, and each one's.
pub(super) struct Costs {
    /// By pool.
    pub pools: Vec<PoolFacts>,
    /// Half-life used, days.
    pub half_life: Option<f64>,
    /// Where the suppliers' spread comes from; absent when nobody is scored.
    pub evidence: Option<Evidence>,
    /// Spend ÷ KPI over all scored suppliers; absent without KPI.
    pub pooled: Option<f64>,
    /// By supplier; absent for those that report no KPI or have no spend.
    pub known: Vec<Option<Known>>,
    /// Joint draws of the true rates of the scored suppliers, in the order of `scored`.
    pub draws: Draws,
    /// The same by series.
    pub part_draws: Draws,
    /// Places of the scored suppliers.
    pub scored: Vec<usize>,
    /// What it was worked out from, shocks in place.
    pub series: Vec<Series>,
    /// What is known of each series' rate.
    pub rates: Vec<Mixture>,
    /// Beliefs about the true rates of all pools together.
    pub all_beliefs: Vec<(f64, Prior)>,
    /// By pool: beliefs about the true rates in it.
    pub beliefs: Vec<Vec<(f64, Prior)>>,
}

/// What is common to the suppliers of a pool.
#[derive(Clone, Copy, Debug)]
pub(super) struct PoolFacts {
    /// Day-to-day swings.
    pub swings: Swings,
    /// Standard deviation of the day's shock.
    pub shock: f64,
    /// Suppliers with spend and KPI.
    pub suppliers: usize,
    /// KPI ÷ spend; absent without spend.
    pub rate: Option<f64>,
    /// Whether it borrows the prior of all pools.
    pub borrowed: bool,
}

/// What is known of one supplier's cost.
pub(super) struct Known {
    /// KPI per unit of spend.
    pub rate: Rate,
    /// The figures of the scorecard.
    pub cost_per: CostPer,
    /// Spend that counts as independent evidence.
    pub exposure: f64,
    /// KPI that count as independent evidence.
    pub events: f64,
    /// Rank among the scored suppliers, 1 the cheapest.
    pub ranks: Ranks,
    /// Group of suppliers that cannot be told apart, 1 the cheapest.
    pub group: u32,
    /// By pool that it runs in.
    pub parts: Vec<KnownPart>,
}

/// What is known of one supplier's cost in one pool.
pub(super) struct KnownPart {
    /// Place of the pool.
    pub pool: usize,
    /// The figures of the scorecard.
    pub cost_per: CostPer,
    /// KPI that count as independent evidence.
    pub events: f64,
    /// Shrunk cost ÷ the pool's.
    pub index: Option<f64>,
}

/// What is known of a rate.
pub(super) enum Rate {
    /// In one pool.
    One(Mixture),
    /// Over several pools: draws, ascending.
    Several(Vec<f64>),
}

impl Rate {
    /// The probability that the rate is at most `rate`.
    pub(super) fn below(&self, rate: f64) -> f64 {
        match self {
            Rate::One(mixture) => mixture.below(rate),
            Rate::Several(draws) => draws.partition_point(|drawn| *drawn <= rate) as f64 / draws.len() as f64,
        }
    }

    /// The rate that the true one is below with probability `share`.
    pub(super) fn quantile(&self, share: f64) -> f64 {
        match self {
            Rate::One(mixture) => mixture.quantile(share),
            Rate::Several(draws) => quantile_of_sorted(draws, share),
        }
    }

    fn mean_cost(&self) -> Option<f64> {
        match self {
            Rate::One(mixture) => mixture.mean_cost(),
            Rate::Several(draws) => Some(draws.iter().map(|rate| 1.0 / rate).sum::<f64>() / draws.len() as f64),
        }
    }

    fn cost_per(&self, raw: Option<f64>) -> CostPer {
        CostPer { raw, shrunk: self.mean_cost(), p05: 1.0 / self.quantile(0.95), p95: 1.0 / self.quantile(0.05) }
    }
}

impl Costs {
    /// The widest swings of any pool.
    pub(super) fn swings(&self) -> Swings {
        let measured = self.pools.iter().filter(|pool| pool.swings.measured).map(|pool| pool.swings);
        let widest = measured.max_by(|one, other| one.phi.total_cmp(&other.phi));
        widest.unwrap_or(Swings::CHANCE)
    }
}

impl Known {
    /// The probability that the true cost is at most `cost`.
    pub(super) fn at_most(&self, cost: f64) -> f64 {
        1.0 - self.rate.below(1.0 / cost)
    }

    /// The cost that the true one is below with probability `share`.
    pub(super) fn cost_quantile(&self, share: f64) -> f64 {
        1.0 / self.rate.quantile(1.0 - share)
    }
}

/// Events and exposure of one series that count as independent evidence.
#[derive(Clone, Copy)]
struct Seen {
    events: f64,
    exposure: f64,
    /// Spend, older days less, that a supplier's pools are weighed by.
    weight: f64,
}

/// Costs of all suppliers.
///
/// With fewer than [`FEWEST_SUPPLIERS`] in all, or without any events, the prior is worth [`LEAST_SHAPE`] events at the pooled cost
/// (half an event standing in for none). A pool of fewer than [`OWN_PRIOR`] borrows the prior of all pools together.
pub(super) fn costs(tallies: &Tallies, manner: Manner) -> Costs {
    let mut series = series::of(tallies, manner.measure);
    let floor = if manner.measure == Measure::Value { 0.0 } else { 1.0 };
    let mut pools = pool_facts(&mut series, tallies.pools.len(), floor);
    if manner.measure == Measure::Value && pools.iter().all(|pool| !pool.swings.measured) {
        // without a scale of its own, money has no Poisson count to stand for
        series.clear();
    }
    let half_life = memory::half_life(manner.memory, &series, |series| pools[series.pool].swings.of_series(series));
    let seen: Vec<Seen> =
        series.iter().map(|series| seen(series, half_life, pools[series.pool].swings.of_series(series))).collect();
    let (all_beliefs, evidence) = beliefs_of(&seen);
    let beliefs = beliefs(&series, &seen, &mut pools, &all_beliefs);
    let rates: Vec<Mixture> = series
        .iter()
        .zip(&seen)
        .map(|(series, seen)| Mixture::of(&beliefs[series.pool], seen.events, seen.exposure))
        .collect();
    let scored = scored(&series);
    let units = units(&series, &seen, &scored);
    let count = manner.draws.unwrap_or_else(|| draws_for(scored.len()));
    let part_draws = Draws::of(&rates, &belief_pools(&series, &pools), count, manner.seed, manner.stream);
    let draws = part_draws.combined(&units);
    let ranks = draws.ranks(Best::High);
    let groups = draws.groups(&ranks, Best::High);
    let basis = Basis {
        tallies,
        measure: manner.measure,
        series: &series,
        seen: &seen,
        rates: &rates,
        pools: &pools,
        draws: &draws,
    };
    let each = |place: usize| basis.known(scored[place], &units[place], place, (ranks[place], groups[place]));
    let found: Vec<Known> = (0..scored.len()).into_par_iter().map(each).collect();
    let mut known: Vec<Option<Known>> = tallies.suppliers.iter().map(|_| None).collect();
    scored.iter().zip(found).for_each(|(at, found)| known[*at] = Some(found));
    let pooled = pooled(tallies, manner.measure, &scored);
    let evidence = (!scored.is_empty()).then_some(evidence);
    Costs { pools, half_life, evidence, pooled, known, draws, part_draws, scored, series, rates, all_beliefs, beliefs }
}

/// Swings and shocks of every pool; the shocks are put into the series.
fn pool_facts(series: &mut [Series], pools: usize, floor: f64) -> Vec<PoolFacts> {
    let shocks: Vec<f64> = (0..pools)
        .map(|pool| {
            let mut own: Vec<&mut Series> = series.iter_mut().filter(|series| series.pool == pool).collect();
            shocks::take_out(&mut own, floor)
        })
        .collect();
    let all = Swings::of(series.iter(), floor);
    let facts = |pool: usize| {
        let own = || series.iter().filter(|series| series.pool == pool);
        let swings = Swings::of(own(), floor);
        let sums = own().map(|series| series.weighed(|_| 1.0)).fold((0.0, 0.0), |a, b| (a.0 + b.0, a.1 + b.1));
        PoolFacts {
            swings: if swings.measured { swings } else { all },
            shock: shocks[pool],
            suppliers: own().count(),
            rate: (sums.1 > 0.0).then(|| sums.0 / sums.1),
            borrowed: own().count() < OWN_PRIOR,
        }
    };
    (0..pools).map(facts).collect()
}

fn seen(series: &Series, half_life: Option<f64>, phi: f64) -> Seen {
    let weight = |day: &series::Point| memory::weight(half_life, day.age);
    let (events, exposure) = series.weighed(weight);
    let spend = series.days.iter().map(|day| weight(day) * day.spend).sum();
    Seen { events: events / phi, exposure: exposure / phi, weight: spend }
}

/// Beliefs about the prior of each pool; a pool that is too small borrows those about `all`.
fn beliefs(series: &[Series], seen: &[Seen], pools: &mut [PoolFacts], all: &[(f64, Prior)]) -> Vec<Vec<(f64, Prior)>> {
    let of = |(pool, facts): (usize, &mut PoolFacts)| {
        let own: Vec<Seen> =
            series.iter().zip(seen).filter(|(series, _)| series.pool == pool).map(|(_, seen)| *seen).collect();
        let own = (!facts.borrowed).then(|| estimated(&own)).flatten();
        facts.borrowed = own.is_none();
        own.map_or_else(|| all.to_vec(), |(beliefs, _)| beliefs)
    };
    pools.iter_mut().enumerate().map(of).collect()
}

/// Beliefs about the prior of some series, and what their spread rests on.
fn beliefs_of(seen: &[Seen]) -> (Vec<(f64, Prior)>, Evidence) {
    estimated(seen).unwrap_or_else(|| {
        let sums = seen.iter().fold((0.0, 0.0), |sum, seen| (sum.0 + seen.events, sum.1 + seen.exposure));
        let assumed = Prior::assumed(LEAST_SHAPE, (sums.1 / f64::max(sums.0, 0.5)).max(f64::MIN_POSITIVE));
        (vec![(1.0, assumed)], assumed.evidence)
    })
}

fn estimated(seen: &[Seen]) -> Option<(Vec<(f64, Prior)>, Evidence)> {
    if seen.len() < FEWEST_SUPPLIERS {
        return None;
    }
    let (events, exposure): (Vec<f64>, Vec<f64>) = seen.iter().map(|seen| (seen.events, seen.exposure)).unzip();
    let likeliest = Prior::fit_from(Family::GammaPoisson, &events, &exposure, LEAST_SHAPE)?;
    Some((Prior::beliefs(&events, &exposure, LEAST_SHAPE)?, likeliest.evidence))
}

/// Places of the suppliers with a series, ascending.
fn scored(series: &[Series]) -> Vec<usize> {
    let mut scored: Vec<usize> = series.iter().map(|series| series.supplier).collect();
    scored.dedup();
    scored
}

/// Scored suppliers as weighted means of their series.
fn units(series: &[Series], seen: &[Seen], scored: &[usize]) -> Vec<Vec<(usize, f64)>> {
    let unit = |supplier: &usize| {
        let first = series.partition_point(|series| series.supplier < *supplier);
        let own = (first..series.len()).take_while(|at| series[*at].supplier == *supplier);
        let own: Vec<(usize, f64)> = own.map(|at| (at, seen[at].weight)).collect();
        let all: f64 = own.iter().map(|(_, weight)| weight).sum();
        let count = own.len() as f64;
        own.into_iter().map(|(at, weight)| (at, if all > 0.0 { weight / all } else { 1.0 / count })).collect()
    };
    scored.iter().map(unit).collect()
}

/// Whose beliefs each series holds: its pool's, or those that all borrowing pools share.
fn belief_pools(series: &[Series], pools: &[PoolFacts]) -> Vec<usize> {
    series.iter().map(|series| if pools[series.pool].borrowed { pools.len() } else { series.pool }).collect()
}

/// What the suppliers' figures are worked out from.
struct Basis<'a> {
    tallies: &'a Tallies,
    measure: Measure,
    series: &'a [Series],
    seen: &'a [Seen],
    rates: &'a [Mixture],
    pools: &'a [PoolFacts],
    draws: &'a Draws,
}

impl Basis<'_> {
    /// The scored supplier at `place` among the scored, whose parts are `own`.
    fn known(&self, supplier: usize, own: &[(usize, f64)], place: usize, (ranks, group): (Ranks, u32)) -> Known {
        let rate = match own {
            [(only, _)] => Rate::One(self.rates[*only].clone()),
            _ => {
                let mut drawn: Vec<f64> = self.draws.of_unit(place).collect();
                drawn.sort_by(f64::total_cmp);
                Rate::Several(drawn)
            }
        };
        let tally = &self.tallies.suppliers[supplier];
        let events = tally.sum(self.measure).unwrap_or(0.0);
        let raw = (events > 0.0).then(|| tally.spend_with(self.measure) / events);
        Known {
            cost_per: rate.cost_per(raw),
            rate,
            exposure: own.iter().map(|(at, _)| self.seen[*at].exposure).sum(),
            events: own.iter().map(|(at, _)| self.seen[*at].events).sum(),
            ranks,
            group,
            parts: own.iter().map(|(at, _)| self.part(*at)).collect(),
        }
    }

    fn part(&self, at: usize) -> KnownPart {
        let series = &self.series[at];
        let (events, spend) = series.days.iter().fold((0.0, 0.0), |sum, day| (sum.0 + day.events, sum.1 + day.spend));
        let cost_per = Rate::One(self.rates[at].clone()).cost_per((events > 0.0).then(|| spend / events));
        let pool_rate = self.pools[series.pool].rate.filter(|rate| *rate > 0.0);
        let index = cost_per.shrunk.zip(pool_rate).map(|(cost, rate)| cost * rate);
        KnownPart { pool: series.pool, cost_per, events: self.seen[at].events, index }
    }
}

fn pooled(tallies: &Tallies, measure: Measure, scored: &[usize]) -> Option<f64> {
    let sums = scored.iter().fold((0.0, 0.0), |sum, at| {
        let tally = &tallies.suppliers[*at];
        (sum.0 + tally.sum(measure).unwrap_or(0.0), sum.1 + tally.spend_with(measure))
    });
    (sums.0 > 0.0).then(|| sums.1 / sums.0)
}

/// Mean and 90 % interval of some draws; absent without any.
pub(super) fn interval(mut draws: Vec<f64>) -> Option<Interval> {
    if draws.is_empty() {
        return None;
    }
    draws.sort_by(f64::total_cmp);
    let mean = draws.iter().sum::<f64>() / draws.len() as f64;
    Some(Interval { mean, p05: quantile_of_sorted(&draws, 0.05), p95: quantile_of_sorted(&draws, 0.95) })
}
