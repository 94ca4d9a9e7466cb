//! Ranks of uncertain rates, over joint draws of all of them.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use super::posterior::{Mixture, Posterior, Sampler};

/// Which rate ranks first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Best {
    /// The highest.
    #[default]
    High,
    /// The lowest.
    Low,
}

/// Rank of one unit's true rate over joint draws, 1 the best.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ranks {
    /// Mean rank.
    pub expected: f64,
    /// 5 % quantile.
    pub p05: u32,
    /// 95 % quantile.
    pub p95: u32,
    /// Probability of rank 1.
    pub best: f64,
    /// Probability of the last rank.
    pub worst: f64,
    /// Probability of a rank in the first quarter, rounded up to whole units.
    pub top_quarter: f64,
}

/// How many joint draws to take for `units` units: 20,000, fewer for many units, never below 4,000.
pub fn draws_for(units: usize) -> usize {
    (2_000_000 / units.max(1)).clamp(4_000, 20_000)
}

/// Draws that share one random stream, and so one worker.
const BATCH: usize = 250;
/// Probability of being better from which on two units count as told apart.
pub const TOLD_APART: f64 = 0.9;

/// Ranks of the true rates over `draws` joint draws from `posteriors`, deterministic in `seed` and `stream` whatever the
/// number of threads.
pub fn ranks(posteriors: &[Posterior], best: Best, draws: usize, seed: u64, stream: u32) -> Vec<Ranks> {
    let certain: Vec<Mixture> = posteriors.iter().map(|known| Mixture(vec![(1.0, *known)])).collect();
    Draws::of(&certain, &vec![0; certain.len()], draws, seed, stream).ranks(best)
}

/// Joint draws of all units' rates.
#[derive(Clone, Debug)]
pub struct Draws {
    units: usize,
    /// Draw by draw, the rate of each unit.
    rates: Vec<f64>,
}

impl Draws {
    /// `draws` joint draws, deterministic in `seed` and `stream` whatever the number of threads: each batch of draws has a
    /// random stream of its own, `stream` in the upper half of its number.
    ///
    /// Units of one pool hold the same beliefs about their prior in the same order; a draw is of one belief a pool.
    pub fn of(units: &[Mixture], pools: &[usize], draws: usize, seed: u64, stream: u32) -> Draws {
        let beliefs = beliefs(units, pools);
        let samplers: Vec<Vec<Sampler>> =
            units.iter().map(|rate| rate.0.iter().map(|(_, known)| known.sampler()).collect()).collect();
        let batch = |number: usize| {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            rng.set_stream(u64::from(stream) << 32 | number as u64);
            let draw = |_| {
                let held: Vec<usize> = beliefs.iter().map(|weights| picked(weights, rng.random())).collect();
                let unit = |unit: usize| samplers[unit][held[pools[unit]]].draw(&mut rng);
                (0..samplers.len()).map(unit).collect::<Vec<f64>>()
            };
            (0..BATCH.min(draws - number * BATCH)).flat_map(draw).collect::<Vec<f64>>()
        };
        let batches: Vec<Vec<f64>> = (0..draws.div_ceil(BATCH)).into_par_iter().map(batch).collect();
        Draws { units: units.len(), rates: batches.concat() }
    }

    /// The draws of weighted means of these units: by new unit, its parts and their weights.
    pub fn combined(&self, made_of: &[Vec<(usize, f64)>]) -> Draws {
        let mean =
            |row: &[f64], parts: &[(usize, f64)]| parts.iter().map(|(at, weight)| weight * row[*at]).sum::<f64>();
        let rows = |draw: usize| made_of.iter().map(|parts| mean(self.row(draw), parts)).collect::<Vec<f64>>();
        let rates: Vec<Vec<f64>> = (0..self.count()).into_par_iter().map(rows).collect();
        Draws { units: made_of.len(), rates: rates.concat() }
    }

    /// Draws taken; 0 of no units.
    pub fn count(&self) -> usize {
        self.rates.len() / self.units.max(1)
    }

    /// One joint draw: the rate of each unit.
    pub fn row(&self, draw: usize) -> &[f64] {
        &self.rates[draw * self.units..(draw + 1) * self.units]
    }

    /// All draws of one unit.
    pub fn of_unit(&self, unit: usize) -> impl Iterator<Item = f64> + '_ {
        self.rates.iter().skip(unit).step_by(self.units.max(1)).copied()
    }

    /// Ranks over all draws.
    pub fn ranks(&self, best: Best) -> Vec<Ranks> {
        let order: Vec<Vec<u32>> =
            (0..self.count()).into_par_iter().map(|draw| ranks_of(self.row(draw), best)).collect();
        (0..self.units).into_par_iter().map(|unit| summary(unit, self.units, &order)).collect()
    }

    /// The probability that the true rate of `one` is better than that of `other`.
    pub fn beats(&self, one: usize, other: usize, best: Best) -> f64 {
        let pairs = self.of_unit(one).zip(self.of_unit(other));
        let wins = pairs.map(|(one, other)| match best {
            _ if one == other => 0.5,
            Best::High => f64::from(u8::from(one > other)),
            Best::Low => f64::from(u8::from(one < other)),
        });
        wins.sum::<f64>() / self.count() as f64
    }

    /// Groups of units that cannot be told apart, 1 the best: by expected rank, each joins the group whose first unit is
    /// better with a probability below [`TOLD_APART`].
    pub fn groups(&self, ranks: &[Ranks], best: Best) -> Vec<u32> {
        let mut order: Vec<usize> = (0..self.units).collect();
        order.sort_by(|one, other| ranks[*one].expected.total_cmp(&ranks[*other].expected));
        let mut groups = vec![0; self.units];
        let (mut first, mut group) = (order.first().copied(), 1);
        for unit in order {
            if let Some(leader) = first.filter(|leader| self.beats(*leader, unit, best) >= TOLD_APART) {
                debug_assert_ne!(leader, unit);
                (first, group) = (Some(unit), group + 1);
            }
            groups[unit] = group;
        }
        groups
    }
}

/// By pool: the weights of its beliefs.
fn beliefs(units: &[Mixture], pools: &[usize]) -> Vec<Vec<f64>> {
    let count = pools.iter().max().map_or(0, |last| last + 1);
    let of = |pool: usize| {
        let unit = pools.iter().position(|other| *other == pool);
        unit.map_or_else(Vec::new, |unit| units[unit].0.iter().map(|(weight, _)| *weight).collect())
    };
    (0..count).map(of).collect()
}

/// The place in `weights`, which add up to 1, at which their running sum passes `share`.
fn picked(weights: &[f64], share: f64) -> usize {
    let mut left = share;
    let passed = weights.iter().position(|weight| {
        left -= weight;
        left < 0.0
    });
    passed.unwrap_or(weights.len().saturating_sub(1))
}

/// One joint draw as the rank of each unit.
fn ranks_of(drawn: &[f64], best: Best) -> Vec<u32> {
    let mut order: Vec<usize> = (0..drawn.len()).collect();
    order.sort_by(|&one, &other| match best {
        Best::High => drawn[other].total_cmp(&drawn[one]),
        Best::Low => drawn[one].total_cmp(&drawn[other]),
    });
    let mut ranks = vec![0; drawn.len()];
    for (rank, unit) in (1..).zip(order) {
        ranks[unit] = rank;
    }
    ranks
}

fn summary(unit: usize, units: usize, drawn: &[Vec<u32>]) -> Ranks {
    let mut ranks: Vec<u32> = drawn.iter().map(|ranks| ranks[unit]).collect();
    ranks.sort_unstable();
    let draws = ranks.len() as f64;
    let up_to = |rank: usize| ranks.partition_point(|&drawn| drawn as usize <= rank) as f64 / draws;
    // The smallest rank that at least this share of draws does not exceed.
    let quantile = |share: f64| ranks[((share * draws).ceil() as usize).clamp(1, ranks.len()) - 1];
    Ranks {
        expected: ranks.iter().map(|&rank| f64::from(rank)).sum::<f64>() / draws,
        p05: quantile(0.05),
        p95: quantile(0.95),
        best: up_to(1),
        worst: 1.0 - up_to(units - 1),
        top_quarter: up_to(units.div_ceil(4)),
    }
}
