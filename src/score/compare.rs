//! Efficiency beside the other suppliers: spend in, the funnel's counts out.
//!
//! Outputs are reads, entries, registrations and valid registrations (and value, when that is the KPI), as far as every
//! scored supplier reports them. Not impressions and clicks: they are what is bought rather than what it is bought for, and
//! every supplier of cheap traffic would be efficient by them. Not rates and ratios either: a mixture of suppliers has the
//! sum of their counts, but not the sum of their rates.

use ndarray::Array2;

use super::cost::is_scored;
use super::envelope::{Orient, Radial, Returns, Units};
use super::tally::Tally;
use super::{Efficiency, Peer};
use crate::check::Error;
use crate::units::{Kpi, Measure};

/// The funnel from reading to a screened registration.
const FUNNEL: [Measure; 4] = [Measure::Reads, Measure::Entries, Measure::Registrations, Measure::ValidRegistrations];
/// Share of a supplier's spend whose entries must hold a figure for it to count as reported.
const REPORTED: f64 = 0.9;

/// The comparison of all scored suppliers.
pub(super) struct Comparison {
    /// By tally; absent for suppliers that are not scored.
    pub efficiency: Vec<Option<Efficiency>>,
    /// Counts that take part.
    pub outputs: Vec<Measure>,
    /// Counts that some suppliers report and others do not, and who does not.
    pub left_out: Vec<(Measure, Vec<String>)>,
    /// Suppliers compared, and how many the analysis needs to have power.
    pub size: (usize, usize),
}

/// Compares the scored suppliers.
///
/// # Errors
///
/// [`crate::check::Kind::Bug`] when a program was not solved.
pub(super) fn compare(tallies: &[Tally], kpi: Kpi) -> Result<Comparison, Error> {
    let scored: Vec<usize> = (0..tallies.len()).filter(|at| is_scored(&tallies[*at], kpi.measure())).collect();
    let mut found = Comparison {
        efficiency: tallies.iter().map(|_| None).collect(),
        outputs: Vec::new(),
        left_out: Vec::new(),
        size: (scored.len(), 0),
    };
    for measure in candidates(kpi) {
        let silent: Vec<String> =
            scored.iter().filter(|at| !reports(&tallies[**at], measure)).map(|at| tallies[*at].label()).collect();
        let some = scored.iter().any(|at| tallies[*at].sum(measure).is_some_and(|sum| sum > 0.0));
        match silent.is_empty() {
            true if some => found.outputs.push(measure),
            false if silent.len() < scored.len() => found.left_out.push((measure, silent)),
            _ => {}
        }
    }
    if scored.is_empty() || found.outputs.is_empty() {
        return Ok(found);
    }
    let column = |at: usize| &tallies[scored[at]];
    let inputs = Array2::from_shape_fn((1, scored.len()), |(_, at)| column(at).spend);
    let outputs = Array2::from_shape_fn((found.outputs.len(), scored.len()), |(row, at)| {
        column(at).sum(found.outputs[row]).unwrap_or(0.0)
    });
    let units = Units::new(inputs, outputs)?;
    found.size.1 = units.fewest();
    let under = |returns| units.radial(returns, Orient::Input);
    let (crs, nirs, vrs) = (under(Returns::Crs)?, under(Returns::Nirs)?, under(Returns::Vrs)?);
    for (place, at) in scored.iter().enumerate() {
        found.efficiency[*at] = Some(Efficiency {
            crs: crs[place].efficiency,
            nirs: nirs[place].efficiency,
            vrs: vrs[place].efficiency,
            peers: peers(&nirs[place], &scored, tallies),
        });
    }
    Ok(found)
}

fn candidates(kpi: Kpi) -> impl Iterator<Item = Measure> {
    FUNNEL.into_iter().chain((kpi == Kpi::Value).then_some(Measure::Value))
}

fn reports(tally: &Tally, measure: Measure) -> bool {
    tally.sum(measure).is_some_and(|sum| sum >= 0.0) && tally.spend_with(measure) >= REPORTED * tally.spend
}

fn peers(score: &Radial, scored: &[usize], tallies: &[Tally]) -> Vec<Peer> {
    let peer = |(place, weight): &(usize, f64)| Peer {
        supplier: tallies[scored[*place]].supplier.as_deref().map(str::to_owned),
        weight: *weight,
    };
    score.peers.iter().map(peer).collect()
}
