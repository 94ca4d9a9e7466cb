//! Efficiency beside the other suppliers: net spend in, the funnel's counts out.
//!
//! Outputs are reads, entries, registrations and valid registrations (and value, when that is the KPI), as far as every
//! scored supplier reports them. Not impressions and clicks: they are what is bought rather than what it is bought for, and
//! every supplier of cheap traffic would be efficient by them. Not rates and ratios either: a mixture of suppliers has the
//! sum of their counts, but not the sum of their rates.
//!
//! Counts are uncertain, and a frontier of noisy counts is made of whoever was lucky. So the programs are solved again for
//! joint draws of all true rates, each count being spend · rate: the intervals of [`Efficiency`] and what a price ask rests on.

use ndarray::Array2;
use rayon::prelude::*;

use super::card::{Efficiency, Peer};
use super::cost::{Costs, interval};
use super::envelope::{Orient, Radial, Returns, Units};
use super::net::Rebate;
use super::tally::{Tallies, Tally};
use crate::check::Error;
use crate::units::{Kpi, Measure};

/// The funnel from reading to a screened registration.
pub(super) const FUNNEL: [Measure; 4] =
    [Measure::Reads, Measure::Entries, Measure::Registrations, Measure::ValidRegistrations];
/// Share of a supplier's spend whose entries must hold a figure for it to count as reported.
const REPORTED: f64 = 0.9;
/// Draws to solve again, where there are few suppliers, and fewest.
const DRAWS: (usize, usize) = (20, 200);
/// Pairs of suppliers to look at in all: a program takes about as long as there are suppliers, and there is one a supplier.
const PAIRS: usize = 4_000_000;
/// Suppliers beyond which nothing is solved again: it would take minutes.
const MOST_UNITS: usize = 1_500;

/// The comparison of all scored suppliers.
pub(super) struct Comparison {
    /// By supplier; absent for suppliers that are not scored.
    pub efficiency: Vec<Option<Efficiency>>,
    /// Counts that take part.
    pub outputs: Vec<Measure>,
    /// Counts that some suppliers report and others do not, and who does not.
    pub left_out: Vec<(Measure, Vec<String>)>,
    /// Suppliers compared, and how many the analysis needs to have power.
    pub size: (usize, usize),
}

/// Counts that a comparison may be by, for a KPI.
pub(super) fn candidates(kpi: Kpi) -> impl Iterator<Item = Measure> {
    FUNNEL.into_iter().chain((kpi == Kpi::Value).then_some(Measure::Value))
}

/// Compares the scored suppliers.
///
/// `costs` holds what is known of each count's rate, by [`Measure::index`]; `rebates` what each supplier's spend costs.
///
/// # Errors
///
/// [`crate::check::Kind::Bug`] when a program was not solved.
pub(super) fn compare(
    tallies: &Tallies,
    kpi: Kpi,
    costs: &[(Measure, &Costs)],
    rebates: &[Rebate],
) -> Result<Comparison, Error> {
    let scored = scored(costs, kpi);
    let (outputs, left_out) = outputs(tallies, kpi, &scored);
    let mut found = Comparison {
        efficiency: tallies.suppliers.iter().map(|_| None).collect(),
        outputs,
        left_out,
        size: (scored.len(), 0),
    };
    if scored.is_empty() || found.outputs.is_empty() {
        return Ok(found);
    }
    let tally = |at: usize| &tallies.suppliers[scored[at]];
    let net: Vec<f64> = scored.iter().map(|at| tallies.suppliers[*at].spend() / (1.0 + rebates[*at].now())).collect();
    let seen = Array2::from_shape_fn((found.outputs.len(), scored.len()), |(row, at)| {
        tally(at).sum(found.outputs[row]).unwrap_or(0.0)
    });
    let units = units(&net, seen)?;
    found.size.1 = units.fewest();
    let under = |returns| units.radial(returns, Orient::Input);
    let (crs, nirs, vrs) = (under(Returns::Crs)?, under(Returns::Nirs)?, under(Returns::Vrs)?);
    let spend: Vec<f64> = scored.iter().map(|at| tallies.suppliers[*at].spend()).collect();
    let drawn = drawn(&net, &spend, &rows(costs, &found.outputs))?;
    for (place, at) in scored.iter().enumerate() {
        found.efficiency[*at] = Some(Efficiency {
            crs: crs[place].efficiency,
            nirs: nirs[place].efficiency,
            vrs: vrs[place].efficiency,
            peers: peers(&nirs[place], &scored, tallies),
            interval: interval(drawn.iter().map(|draw| draw[place]).collect()),
        });
    }
    Ok(found)
}

/// Places of the suppliers with a known cost per KPI.
fn scored(costs: &[(Measure, &Costs)], kpi: Kpi) -> Vec<usize> {
    let of_kpi = costs.iter().find(|(measure, _)| *measure == kpi.measure());
    of_kpi.map_or_else(Vec::new, |(_, costs)| costs.scored.clone())
}

/// Counts that all scored suppliers report, and those that only some do.
fn outputs(tallies: &Tallies, kpi: Kpi, scored: &[usize]) -> (Vec<Measure>, Vec<(Measure, Vec<String>)>) {
    let (mut taken, mut left_out) = (Vec::new(), Vec::new());
    for measure in candidates(kpi) {
        let own = || scored.iter().map(|at| &tallies.suppliers[*at]);
        let silent: Vec<String> = own().filter(|tally| !reports(tally, measure)).map(Tally::label).collect();
        let some = own().any(|tally| tally.sum(measure).is_some_and(|sum| sum > 0.0));
        match silent.is_empty() {
            true if some => taken.push(measure),
            false if silent.len() < scored.len() => left_out.push((measure, silent)),
            _ => {}
        }
    }
    (taken, left_out)
}

fn reports(tally: &Tally, measure: Measure) -> bool {
    tally.sum(measure).is_some_and(|sum| sum >= 0.0) && tally.spend_with(measure) >= REPORTED * tally.spend()
}

fn units(net: &[f64], outputs: Array2<f64>) -> Result<Units, Error> {
    Units::new(Array2::from_shape_fn((1, net.len()), |(_, at)| net[at]), outputs)
}

/// The draws of each output's rates; only where all of them were drawn for the same suppliers.
fn rows<'a>(costs: &[(Measure, &'a Costs)], outputs: &[Measure]) -> Vec<&'a Costs> {
    let of = |measure: &Measure| costs.iter().find(|(other, _)| other == measure).map(|(_, costs)| *costs);
    outputs.iter().filter_map(of).collect()
}

/// θ under non-increasing returns of every unit, draw by draw: each count is spend · drawn rate.
fn drawn(net: &[f64], spend: &[f64], costs: &[&Costs]) -> Result<Vec<Vec<f64>>, Error> {
    if costs.iter().any(|costs| costs.scored.len() != net.len()) {
        return Ok(Vec::new());
    }
    let taken = costs.iter().map(|costs| costs.draws.count()).min().unwrap_or(0);
    let solve = |draw: usize| {
        let outputs =
            Array2::from_shape_fn((costs.len(), net.len()), |(row, at)| spend[at] * costs[row].draws.row(draw)[at]);
        let scores = units(net, outputs)?.radial(Returns::Nirs, Orient::Input)?;
        Ok(scores.iter().map(|score| score.efficiency).collect())
    };
    (0..draws(net.len()).min(taken)).into_par_iter().map(solve).collect::<Vec<_>>().into_iter().collect()
}

/// Draws to solve again for so many units; none beyond what takes minutes.
pub(super) fn draws(units: usize) -> usize {
    if units > MOST_UNITS {
        return 0;
    }
    (PAIRS / (units * units).max(1)).clamp(DRAWS.0, DRAWS.1)
}

fn peers(score: &Radial, scored: &[usize], tallies: &Tallies) -> Vec<Peer> {
    let peer =
        |(place, weight): &(usize, f64)| Peer { supplier: tallies.suppliers[scored[*place]].name(), weight: *weight };
    score.peers.iter().map(peer).collect()
}
