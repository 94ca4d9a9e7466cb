//! Net spend: what a supplier's face value costs in cash.

use super::tally::{Tallies, Tally};
use crate::settings::{Contract, PlanSettings, RebateMethod};
use crate::units::Measure;

/// Share of a supplier's spend that must report cash for it to count as known.
const REPORTED: f64 = 0.9;

/// A supplier's rebate r: cash is face ÷ (1 + r).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Rebate {
    /// As paid: face ÷ cash − 1 over the entries that report cash.
    pub realised: Option<f64>,
    /// As the contract gives it for this volume.
    pub contracted: Option<f64>,
}

impl Rebate {
    /// The rate that holds now: the realised one, else the contracted one, else none.
    pub(super) fn now(&self) -> f64 {
        self.realised.or(self.contracted).unwrap_or(0.0)
    }

    /// Whether anything is known of it.
    pub(super) fn is_known(&self) -> bool {
        self.realised.is_some() || self.contracted.is_some()
    }
}

/// The rebates of all suppliers.
///
/// A contract's tiers are by face value over the plan; a window of another length is brought to the plan's.
pub(super) fn rebates(tallies: &Tallies, plan: Option<&PlanSettings>) -> Vec<Rebate> {
    let days = tallies.window.and_then(|(first, last)| first.until(last).ok()).map_or(1, |span| span.get_days() + 1);
    let rebate = |tally: &Tally| {
        let contract = plan.and_then(|plan| {
            let name = tally.supplier.as_deref()?;
            let contract = plan.contracts.iter().find(|contract| contract.supplier == name)?;
            Some((contract, f64::from(plan.days()) / f64::from(days)))
        });
        Rebate {
            realised: realised(tally),
            contracted: contract.map(|(contract, scale)| effective(contract, tally.spend() * scale)),
        }
    };
    tallies.suppliers.iter().map(rebate).collect()
}

fn realised(tally: &Tally) -> Option<f64> {
    let (cash, face) = (tally.sum(Measure::SpendCash)?, tally.spend_with(Measure::SpendCash));
    (cash > 0.0 && face >= REPORTED * tally.spend()).then(|| face / cash - 1.0)
}

/// The rebate of the whole volume: face ÷ Σ tranche ÷ (1 + its rate) − 1, or the rate of the tier reached.
fn effective(contract: &Contract, face: f64) -> f64 {
    let reached = contract.rebate.iter().rev().find(|tier| face >= tier.from).map_or(0.0, |tier| tier.rate);
    if contract.method == RebateMethod::Whole || !(face > 0.0) {
        return reached;
    }
    let below = contract.rebate.first().map_or(face, |tier| face.min(tier.from));
    let ends = contract.rebate.iter().skip(1).map(|tier| tier.from).chain([f64::INFINITY]);
    let tranches = contract.rebate.iter().zip(ends);
    let cash = tranches.map(|(tier, end)| (face.min(end) - tier.from).max(0.0) / (1.0 + tier.rate)).sum::<f64>();
    face / (below + cash) - 1.0
}
