//! Efficiency beside the other suppliers: net spend in, the funnel's counts out.
//!
//! Outputs are reads, entries, registrations and valid registrations (and value, when that is the KPI), as far as every
//! scored supplier reports them. Not impressions and clicks: they are what is bought rather than what it is bought for, and
//! every supplier of cheap traffic would be efficient by them. Not rates and ratios either: a mixture of suppliers has the
//! sum of their counts, but not the sum of their rates.
//!
//! Counts are uncertain, and a frontier of noisy counts is made of whoever was lucky. So the programs are solved again for
//! joint draws of all true rates, each count being spend · rate: the intervals of [`Efficiency`].
//!
//! Whose traffic is in question is nobody's peer: its reads may be a script's. Whoever is efficient by one cheap count alone is shown
//! by the *assured* efficiency: a read is worth, next to an entry, between half and twice what the portfolio's own funnel says,
//!
//! ```text
//!     ½ c ≤ u_read / u_entry ≤ 2 c        c = Σ entries / Σ reads, and so on down the funnel
//! ```

use ndarray::{Array2, Axis};
use rayon::prelude::*;

use super::card::{Efficiency, Peer};
use super::cost::{Costs, interval};
use super::envelope::{Figure, Model, Orient, Radial, Ratio, Returns, Units};
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

/// Factor by which the worth of a step of the funnel may differ from the portfolio's own rate.
const WORTH: f64 = 2.0;

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
    /// θ under non-increasing returns of every scored supplier, draw by draw.
    pub drawn: Vec<Vec<f64>>,
}

/// Counts that a comparison may be by, for a KPI.
pub(super) fn candidates(kpi: Kpi) -> impl Iterator<Item = Measure> {
    FUNNEL.into_iter().chain((kpi == Kpi::Value).then_some(Measure::Value))
}

/// Compares the scored suppliers.
///
/// `costs` holds what is known of each count's rate, by [`Measure::index`]; `rebates` what each supplier's spend costs;
/// `questioned` whose traffic is in question.
///
/// # Errors
///
/// [`crate::check::Kind::Bug`] when a program was not solved.
pub(super) fn compare(
    tallies: &Tallies,
    kpi: Kpi,
    costs: &[(Measure, &Costs)],
    rebates: &[Rebate],
    questioned: &[bool],
) -> Result<Comparison, Error> {
    let scored = scored(costs, kpi);
    let (outputs, left_out) = outputs(tallies, kpi, &scored);
    let mut found = Comparison {
        efficiency: tallies.suppliers.iter().map(|_| None).collect(),
        outputs,
        left_out,
        size: (scored.len(), 0),
        drawn: Vec::new(),
    };
    if scored.is_empty() || found.outputs.is_empty() {
        return Ok(found);
    }
    let table = Table::of(tallies, &scored, &found.outputs, rebates, questioned)?;
    found.size.1 = table.units.fewest();
    found.drawn = table.drawn(&rows(costs, &found.outputs))?;
    let own = table.efficiencies(tallies, &scored)?;
    for (place, (at, efficiency)) in scored.iter().zip(own).enumerate() {
        let interval = interval(found.drawn.iter().map(|draw| draw[place]).collect());
        found.efficiency[*at] = Some(Efficiency { interval, ..efficiency });
    }
    Ok(found)
}

/// Net spend and counts of the scored suppliers.
struct Table<'a> {
    units: Units,
    outputs: &'a [Measure],
    net: Vec<f64>,
    spend: Vec<f64>,
    /// Places of those that may be peers.
    peers: Vec<usize>,
}

impl<'a> Table<'a> {
    fn of(
        tallies: &Tallies,
        scored: &[usize],
        outputs: &'a [Measure],
        rebates: &[Rebate],
        questioned: &[bool],
    ) -> Result<Table<'a>, Error> {
        let spend: Vec<f64> = scored.iter().map(|at| tallies.suppliers[*at].spend()).collect();
        let net: Vec<f64> = scored.iter().zip(&spend).map(|(at, spend)| spend / (1.0 + rebates[*at].now())).collect();
        let seen = Array2::from_shape_fn((outputs.len(), scored.len()), |(row, at)| {
            tallies.suppliers[scored[at]].sum(outputs[row]).unwrap_or(0.0)
        });
        let trusted: Vec<usize> = (0..scored.len()).filter(|place| !questioned[scored[*place]]).collect();
        let peers = if trusted.is_empty() { (0..scored.len()).collect() } else { trusted };
        Ok(Table { units: units(&net, seen)?, outputs, net, spend, peers })
    }

    fn under(&self, model: &Model) -> Result<Vec<Radial>, Error> {
        self.units.radial_among(&self.peers, model)
    }

    /// Everything but the intervals.
    fn efficiencies(&self, tallies: &Tallies, scored: &[usize]) -> Result<Vec<Efficiency>, Error> {
        let plain = |returns| Model::new(returns, Orient::Input);
        let (crs, vrs) = (self.under(&plain(Returns::Crs))?, self.under(&plain(Returns::Vrs))?);
        let nirs = self.under(&plain(Returns::Nirs))?;
        let ratios = self.ratios();
        let assured = match ratios.is_empty() {
            true => nirs.clone(),
            false => self.under(&Model { ratios, ..plain(Returns::Nirs) })?,
        };
        let own = self.on_own_platform(tallies, scored)?;
        let of = |place: usize| Efficiency {
            crs: crs[place].efficiency,
            nirs: nirs[place].efficiency,
            vrs: vrs[place].efficiency,
            scale: (vrs[place].efficiency > 0.0).then(|| crs[place].efficiency / vrs[place].efficiency),
            assured: assured[place].efficiency,
            platform_gap: own[place].filter(|own| *own > 0.0).map(|own| nirs[place].efficiency / own),
            peers: peers(&nirs[place], scored, tallies),
            interval: None,
        };
        Ok((0..scored.len()).map(of).collect())
    }

    /// Bounds on what the steps of the funnel are worth next to each other, by the portfolio's own rates.
    fn ratios(&self) -> Vec<Ratio> {
        let funnel: Vec<usize> = (0..self.outputs.len()).filter(|row| FUNNEL.contains(&self.outputs[*row])).collect();
        let ratio = |pair: &[usize]| {
            let rate = self.units.outputs().row(pair[1]).sum() / self.units.outputs().row(pair[0]).sum();
            let (over, under) = (Figure::Output(pair[0]), Figure::Output(pair[1]));
            Ratio { over, under, low: rate / WORTH, high: rate * WORTH }
        };
        funnel.windows(2).map(ratio).collect()
    }

    /// θ under non-increasing returns among the suppliers of the same single pool; absent for those on several, and for those
    /// who are alone.
    fn on_own_platform(&self, tallies: &Tallies, scored: &[usize]) -> Result<Vec<Option<f64>>, Error> {
        let pool = |place: usize| match tallies.suppliers[scored[place]].cells.as_slice() {
            [cell] => Some(cell.pool),
            _ => None,
        };
        let mut found = vec![None; scored.len()];
        for own in 0..tallies.pools.len() {
            let members: Vec<usize> = (0..scored.len()).filter(|place| pool(*place) == Some(own)).collect();
            let peers: Vec<usize> = (0..members.len()).filter(|at| self.peers.contains(&members[*at])).collect();
            if members.len() < 2 || peers.is_empty() {
                continue;
            }
            let outputs = self.units.outputs().select(Axis(1), &members);
            if outputs.rows().into_iter().any(|row| row.iter().all(|count| *count == 0.0)) {
                continue;
            }
            let units = units(&members.iter().map(|place| self.net[*place]).collect::<Vec<_>>(), outputs)?;
            let scores = units.radial_among(&peers, &Model::new(Returns::Nirs, Orient::Input))?;
            members.iter().zip(scores).for_each(|(place, score)| found[*place] = Some(score.efficiency));
        }
        Ok(found)
    }

    /// θ under non-increasing returns of every unit, draw by draw: each count is spend · drawn rate.
    fn drawn(&self, costs: &[&Costs]) -> Result<Vec<Vec<f64>>, Error> {
        if costs.iter().any(|costs| costs.scored.len() != self.net.len()) {
            return Ok(Vec::new());
        }
        let taken = costs.iter().map(|costs| costs.draws.count()).min().unwrap_or(0);
        let model = Model::new(Returns::Nirs, Orient::Input);
        let solve = |draw: usize| {
            let outputs = Array2::from_shape_fn((costs.len(), self.net.len()), |(row, at)| {
                self.spend[at] * costs[row].draws.row(draw)[at]
            });
            let scores = units(&self.net, outputs)?.radial_among(&self.peers, &model)?;
            Ok(scores.iter().map(|score| score.efficiency).collect())
        };
        (0..draws(self.net.len()).min(taken)).into_par_iter().map(solve).collect::<Vec<_>>().into_iter().collect()
    }
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
