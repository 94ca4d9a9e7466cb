//! The price to ask for: the rebate at which a supplier would bring its results at its peers' net cost.
//!
//! Peers are of its own pool (the same platform): nobody is asked to make up for a dear platform. Within each pool the
//! envelopment program with non-increasing returns (nobody small and lucky is blown up) gives θ, the share of its net spend for which a
//! mixture of peers would bring the same counts. Nobody whose traffic is in question is a peer: its reads may be a script's. Over its pools, θ is the mean by net spend. The same results at net spend
//! θ · x mean
//!
//! ```text
//!     (1 + r') = (1 + r) / θ            cash = face ÷ (1 + r)
//! ```
//!
//! The *opening* takes the mean of θ over joint draws of all true rates; the *firm* ask takes a bound that θ is below with
//! probability `sure` for all suppliers asked at once (ln θ taken for normal over the draws, Bonferroni over suppliers): what is asked
//! for firmly must hold against somebody who knows the true figures.

use ndarray::Array2;
use rayon::prelude::*;
use statrs::function::erf::erfc_inv;

use crate::check::Error;
use crate::score::card::{Ask, Peer};
use crate::score::compare::draws;
use crate::score::cost::Costs;
use crate::score::envelope::{Orient, Returns, Units};
use crate::score::net::Rebate;
use crate::score::tally::Tallies;
use crate::settings::AskRules;
use crate::units::Measure;

/// What is known of a supplier's distance from its peers.
#[derive(Clone, Debug, Default)]
pub(crate) struct Gap {
    /// θ by draw.
    draws: Vec<f64>,
    /// Peers, and the share of the supplier's results that each would bring.
    peers: Vec<(usize, f64)>,
    /// Share of the spend that moves to peers which they could take on.
    absorbed: f64,
}

/// The gap of every supplier to the peers of its own pools; absent for suppliers without KPI or peers.
///
/// # Errors
///
/// [`crate::check::Kind::Bug`] when a program was not solved.
pub(crate) fn gaps(
    tallies: &Tallies,
    costs: &[(Measure, &Costs)],
    rebates: &[Rebate],
    questioned: &[bool],
    rules: &AskRules,
) -> Result<Vec<Option<Gap>>, Error> {
    let pools = (0..tallies.pools.len()).map(|pool| Pool::of(pool, tallies, costs, rebates, questioned));
    let mut shares: Vec<Vec<PoolGap>> = vec![Vec::new(); tallies.suppliers.len()];
    for pool in pools.filter(|pool| pool.members.len() > 1 && !pool.outputs.is_empty()) {
        for (supplier, gap) in pool.gaps(tallies, rules)? {
            shares[supplier].push(gap);
        }
    }
    let net = |at: usize| tallies.suppliers[at].spend() / (1.0 + rebates[at].now());
    Ok(shares.iter().enumerate().map(|(at, pools)| Gap::over(pools, net(at))).collect())
}

/// The suppliers of one pool with what each spent there and the draws of what it brought.
struct Pool<'a> {
    pool: usize,
    /// Places of the suppliers.
    members: Vec<usize>,
    /// Net spend of each.
    net: Vec<f64>,
    /// Face value of each.
    face: Vec<f64>,
    /// Costs per count, and the place of each member among their series.
    outputs: Vec<(&'a Costs, Vec<usize>)>,
}

/// The gap of a supplier in one pool.
#[derive(Clone, Debug)]
struct PoolGap {
    net: f64,
    draws: Vec<f64>,
    peers: Vec<(usize, f64)>,
    absorbed: f64,
}

impl<'a> Pool<'a> {
    /// A pool by the counts that all its suppliers report, without those whose traffic is in question.
    fn of(
        pool: usize,
        tallies: &Tallies,
        costs: &[(Measure, &'a Costs)],
        rebates: &[Rebate],
        questioned: &[bool],
    ) -> Pool<'a> {
        let Some((_, kpi)) = costs.first() else {
            return Pool { pool, members: Vec::new(), net: Vec::new(), face: Vec::new(), outputs: Vec::new() };
        };
        let members: Vec<usize> = kpi
            .series
            .iter()
            .filter(|series| series.pool == pool && !questioned[series.supplier])
            .map(|series| series.supplier)
            .collect();
        let face: Vec<f64> = members.iter().map(|at| face(tallies, *at, pool)).collect();
        let net = members.iter().zip(&face).map(|(at, face)| face / (1.0 + rebates[*at].now())).collect();
        let places = |costs: &&'a Costs| {
            let place =
                |at: &usize| costs.series.iter().position(|series| series.pool == pool && series.supplier == *at);
            members.iter().map(place).collect::<Option<Vec<usize>>>().map(|places| (*costs, places))
        };
        let outputs = costs.iter().filter_map(|(_, costs)| places(costs)).collect();
        Pool { pool, members, net, face, outputs }
    }

    /// θ of every member for one table of rates.
    fn solve(&self, rate: impl Fn(usize, usize) -> f64) -> Result<Vec<crate::score::envelope::Radial>, Error> {
        let inputs = Array2::from_shape_fn((1, self.net.len()), |(_, at)| self.net[at]);
        let outputs =
            Array2::from_shape_fn((self.outputs.len(), self.net.len()), |(row, at)| self.face[at] * rate(row, at));
        Units::new(inputs, outputs)?.radial(Returns::Nirs, Orient::Input)
    }

    fn gaps(&self, tallies: &Tallies, rules: &AskRules) -> Result<Vec<(usize, PoolGap)>, Error> {
        let there = self.outputs.iter().map(|(costs, _)| costs.part_draws.count()).min().unwrap_or(0);
        let drawn = |draw: usize| -> Result<Vec<f64>, Error> {
            let rate = |row: usize, at: usize| {
                let (costs, places) = &self.outputs[row];
                costs.part_draws.row(draw)[places[at]]
            };
            Ok(self.solve(rate)?.iter().map(|score| score.efficiency).collect())
        };
        let drawn: Vec<_> = (0..draws(self.members.len()).min(there)).into_par_iter().map(drawn).collect();
        let drawn: Vec<Vec<f64>> = drawn.into_iter().collect::<Result<_, _>>()?;
        let mean = |row: usize, at: usize| {
            let (costs, places) = &self.outputs[row];
            costs.part_draws.of_unit(places[at]).sum::<f64>() / there as f64
        };
        let best = self.solve(mean)?;
        let gap = |at: usize| {
            let peers: Vec<(usize, f64)> = best[at].peers.iter().map(|(peer, weight)| (*peer, *weight)).collect();
            let gap = PoolGap {
                net: self.net[at],
                draws: drawn.iter().map(|draw| draw[at]).collect(),
                absorbed: self.absorbed(at, &peers, tallies, rules),
                peers: peers.iter().map(|(peer, weight)| (self.members[*peer], weight * self.net[*peer])).collect(),
            };
            (self.members[at], gap)
        };
        Ok((0..self.members.len()).map(gap).collect())
    }

    /// The share of what would move from a member to its peers that they have room for: a peer may grow to `growth` times the
    /// most that it was seen to spend on a day.
    fn absorbed(&self, at: usize, peers: &[(usize, f64)], tallies: &Tallies, rules: &AskRules) -> f64 {
        let (mut asked, mut taken) = (0.0, 0.0);
        for (peer, weight) in peers.iter().filter(|(peer, _)| *peer != at) {
            let room = Room::of(tallies, self.members[*peer], self.pool);
            let more = weight * self.face[*peer] / room.window;
            asked += more;
            taken += more.min((rules.growth * room.most - room.mean).max(0.0));
        }
        if asked > 0.0 { taken / asked } else { 0.0 }
    }
}

fn face(tallies: &Tallies, supplier: usize, pool: usize) -> f64 {
    tallies.suppliers[supplier].cells.iter().filter(|cell| cell.pool == pool).map(|cell| cell.spend()).sum()
}

/// How much a supplier spends a day in a pool.
struct Room {
    /// Days of the window.
    window: f64,
    /// Mean a day over its last 28 days.
    mean: f64,
    /// Most on any day.
    most: f64,
}

impl Room {
    fn of(tallies: &Tallies, supplier: usize, pool: usize) -> Room {
        let days: Vec<(f64, f64)> = tallies.suppliers[supplier]
            .cells
            .iter()
            .filter(|cell| cell.pool == pool)
            .flat_map(|cell| cell.days.iter().map(|day| (day.spend(), f64::from(day.days.max(1)))))
            .collect();
        let window = tallies.window.and_then(|(first, last)| first.until(last).ok());
        let recent: Vec<&(f64, f64)> = days.iter().rev().take(28).collect();
        let (spend, length) = recent.iter().fold((0.0, 0.0), |sum, day| (sum.0 + day.0, sum.1 + day.1));
        Room {
            window: f64::from(window.map_or(1, |span| span.get_days() + 1)),
            mean: if length > 0.0 { spend / length } else { 0.0 },
            most: days.iter().map(|(spend, length)| spend / length).fold(0.0, f64::max),
        }
    }
}

impl Gap {
    /// Over the pools of a supplier, by net spend; where nobody else runs nothing is asked, as if θ were 1 there.
    fn over(pools: &[PoolGap], whole: f64) -> Option<Gap> {
        let draws = pools.iter().map(|pool| pool.draws.len()).min().filter(|draws| *draws > 1)?;
        let net: f64 = pools.iter().map(|pool| pool.net).sum();
        let alone = (1.0 - net / whole).max(0.0);
        let draw = |draw: usize| alone + pools.iter().map(|pool| pool.net / whole * pool.draws[draw]).sum::<f64>();
        let mut peers: Vec<(usize, f64)> = Vec::new();
        for (peer, weight) in pools.iter().flat_map(|pool| &pool.peers) {
            match peers.iter_mut().find(|(other, _)| other == peer) {
                Some((_, sum)) => *sum += weight,
                None => peers.push((*peer, *weight)),
            }
        }
        let all: f64 = peers.iter().map(|(_, weight)| weight).sum();
        peers.iter_mut().for_each(|(_, weight)| *weight /= all);
        peers.sort_by(|one, other| other.1.total_cmp(&one.1));
        let absorbed = pools.iter().map(|pool| pool.net / net * pool.absorbed).sum();
        Some(Gap { draws: (0..draws).map(draw).collect(), peers, absorbed })
    }

    /// Mean of θ, and the bound that it is below with the given probability.
    fn thetas(&self, sure: f64) -> (f64, f64) {
        let n = self.draws.len() as f64;
        let logs: Vec<f64> = self.draws.iter().map(|theta| theta.max(1e-12).ln()).collect();
        let mean = logs.iter().sum::<f64>() / n;
        let variance = logs.iter().map(|log| (log - mean).powi(2)).sum::<f64>() / (n - 1.0);
        let most = self.draws.iter().copied().fold(0.0, f64::max);
        let bound = (mean + normal_quantile(sure) * variance.sqrt()).exp();
        (self.draws.iter().sum::<f64>() / n, bound.max(most).min(1.0))
    }
}

fn normal_quantile(share: f64) -> f64 {
    -std::f64::consts::SQRT_2 * erfc_inv(2.0 * share)
}

/// The ask of a supplier, or why there is none; `asked` suppliers of the table are asked at once.
pub(crate) fn ask(
    gap: &Gap,
    rebate: &Rebate,
    asked: usize,
    names: impl Fn(usize) -> Option<String>,
    rules: &AskRules,
) -> Result<Ask, String> {
    let (mean, bound) = gap.thetas(1.0 - (1.0 - rules.sure) / asked.max(1) as f64);
    let now = rebate.now();
    let (opening, firm) = ((1.0 + now) / mean - 1.0, (1.0 + now) / bound - 1.0);
    if firm - now < rules.least {
        return Err(format!(
            "its results would take {:.0} % of its net spend at its peers' rates, but up to {:.0} % cannot be ruled out",
            100.0 * mean,
            100.0 * bound
        ));
    }
    let peers: Vec<Peer> =
        gap.peers.iter().map(|(peer, weight)| Peer { supplier: names(*peer), weight: *weight }).collect();
    let told: Vec<String> = peers.iter().map(told).take(4).collect();
    let capped = if firm > rules.most {
        format!("; that is a rebate of {:.1} %, more than `score.ask.most`: move volume instead", 100.0 * firm)
    } else {
        String::new()
    };
    let because = format!(
        "At the rates of {} the same results would take {:.0} % of its net spend, at most {:.0} % with {:.0} % certainty \
         over all asks at once{capped}.",
        told.join(", "),
        100.0 * mean,
        100.0 * bound,
        100.0 * rules.sure
    );
    Ok(Ask {
        rebate: firm.min(rules.most),
        opening: opening.max(firm).min(rules.most),
        now,
        absorb: gap.absorbed > 0.999,
        absorbed_share: gap.absorbed,
        peers,
        because,
    })
}

fn told(peer: &Peer) -> String {
    format!("{} ({:.0} %)", peer.supplier.as_deref().unwrap_or("(no supplier)"), 100.0 * peer.weight)
}
