//! Shares of the funnel: approval (valid ÷ registrations), its complement, and retention, by Beta-Binomial empirical Bayes.
//!
//! Trials and events of a supplier in a pool are divided by how much more the daily share varies than by chance,
//!
//! ```text
//!     φ = Σ (y − p n)² / (n p (1 − p))  ÷  Σ (days − 1)        p = Σ y / Σ n of the supplier, at least 1
//! ```
//!
//! and share one Beta prior a pool ([`Prior`]); a pool of fewer than three suppliers takes the one of all. Over the pools of a
//! supplier the posterior is the Beta of the mean and variance of their mean, weighed by trials.

use super::card::Share;
use super::shrink::{Family, Posterior, Prior};
use super::tally::{Cell, Tallies};
use crate::units::Measure;

/// Suppliers from which on a pool has a prior of its own.
const OWN_PRIOR: usize = 3;
/// Degrees of freedom from which on swings count as measured.
const FEWEST_DAYS: usize = 10;

/// What is known of a share: a Beta, and the raw figure.
#[derive(Clone, Copy, Debug)]
pub(super) struct KnownShare {
    /// Posterior.
    pub known: Posterior,
    /// Events ÷ trials; absent without trials.
    pub raw: Option<f64>,
}

impl KnownShare {
    /// As the scorecard has it.
    pub(super) fn card(&self) -> Share {
        Share { raw: self.raw, mean: self.known.mean(), p05: self.known.quantile(0.05), p95: self.known.quantile(0.95) }
    }

    /// The complement.
    pub(super) fn complement(&self) -> KnownShare {
        let Posterior { family, a, b } = self.known;
        KnownShare { known: Posterior { family, a: b, b: a }, raw: self.raw.map(|raw| 1.0 - raw) }
    }
}

/// Events and trials of one supplier in one pool.
#[derive(Clone, Debug)]
pub(super) struct Trials {
    /// Place of the supplier.
    pub supplier: usize,
    /// Place of the pool.
    pub pool: usize,
    /// Events and trials by day.
    pub days: Vec<(f64, f64)>,
}

impl Trials {
    /// Events and trials over all days.
    pub(super) fn sums(&self) -> (f64, f64) {
        self.days.iter().fold((0.0, 0.0), |sum, day| (sum.0 + day.0, sum.1 + day.1))
    }
}

/// `events` of `trials` of every cell that reports both, on the days that do. Days with more events than trials are left out:
/// they are no trials.
pub(super) fn trials(tallies: &Tallies, events: Measure, trials: Measure) -> Vec<Trials> {
    let of = |(supplier, cell): (usize, &Cell)| {
        let days: Vec<(f64, f64)> = cell
            .days
            .iter()
            .filter_map(|day| Some((day.figure(events)?, day.figure(trials)?)))
            .filter(|(events, trials)| *trials > 0.0 && (0.0..=*trials).contains(events))
            .collect();
        (!days.is_empty()).then_some(Trials { supplier, pool: cell.pool, days })
    };
    tallies.cells().filter_map(of).collect()
}

/// How much more the daily share varies than by chance, at least 1.
pub(super) fn overdispersion<'a>(all: impl Iterator<Item = &'a Trials>) -> f64 {
    let (mut square, mut freedom) = (0.0, 0);
    for trials in all {
        let (events, count) = trials.sums();
        let share = events / count;
        if share > 0.0 && share < 1.0 {
            let day = |(y, n): &(f64, f64)| (y - share * n).powi(2) / (n * share * (1.0 - share));
            square += trials.days.iter().map(day).sum::<f64>();
            freedom += trials.days.len() - 1;
        }
    }
    if freedom >= FEWEST_DAYS { f64::max(square / freedom as f64, 1.0) } else { 1.0 }
}

/// What is known of every supplier's share; absent for those without trials, and for all without a prior.
pub(super) fn shares(tallies: &Tallies, events: Measure, count: Measure) -> Vec<Option<KnownShare>> {
    known(&trials(tallies, events, count), tallies.suppliers.len())
}

/// As [`shares`], of trials from anywhere.
pub(super) fn known(all: &[Trials], suppliers: usize) -> Vec<Option<KnownShare>> {
    let whole = prior(all, None);
    let mut found: Vec<Vec<(f64, f64, Posterior)>> = vec![Vec::new(); suppliers];
    let pools = all.iter().map(|trials| trials.pool + 1).max().unwrap_or(0);
    for pool in 0..pools {
        let Some((phi, prior)) = prior(all, Some(pool)).or(whole) else { continue };
        for own in all.iter().filter(|trials| trials.pool == pool) {
            let (events, trials) = own.sums();
            found[own.supplier].push((events, trials, prior.posterior(events / phi, trials / phi)));
        }
    }
    found.iter().map(|cells| combined(cells)).collect()
}

fn prior(all: &[Trials], pool: Option<usize>) -> Option<(f64, Prior)> {
    let own = || all.iter().filter(|trials| pool.is_none_or(|pool| pool == trials.pool));
    if pool.is_some() && own().count() < OWN_PRIOR {
        return None;
    }
    let phi = overdispersion(own());
    let (events, count): (Vec<f64>, Vec<f64>) =
        own().map(Trials::sums).map(|(events, count)| (events / phi, count / phi)).unzip();
    Some((phi, Prior::fit(Family::BetaBinomial, &events, &count)?))
}

/// The Beta of the mean and variance of a mean over pools, weighed by trials.
fn combined(cells: &[(f64, f64, Posterior)]) -> Option<KnownShare> {
    let (events, trials) = cells.iter().fold((0.0, 0.0), |sum, cell| (sum.0 + cell.0, sum.1 + cell.1));
    let raw = (trials > 0.0).then(|| events / trials);
    if let [(_, _, known)] = cells {
        return Some(KnownShare { known: *known, raw });
    }
    let mean: f64 = cells.iter().map(|(_, n, known)| n / trials * known.mean()).sum();
    let spread = |known: &Posterior| known.mean() * (1.0 - known.mean()) / (known.a + known.b + 1.0);
    let variance: f64 = cells.iter().map(|(_, n, known)| (n / trials).powi(2) * spread(known)).sum();
    let evidence = mean * (1.0 - mean) / variance - 1.0;
    let known = Posterior { family: Family::BetaBinomial, a: mean * evidence, b: (1.0 - mean) * evidence };
    (!cells.is_empty() && evidence > 0.0).then_some(KnownShare { known, raw })
}
