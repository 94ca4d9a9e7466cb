//! Money of the plan side by side: gross is face value, net is what is paid after rebate, with fees, and before tax.
//!
//! ```text
//!     face ─ rebate ─▶ media + fee + penalty = cash ─ + tax ─▶ paid
//! ```
//!
//! Tax is on cash and stands apart, since most advertisers get it back; `cash` never contains it.

use serde::{Deserialize, Serialize};

use super::answer::Answer;
use super::cash::cash;
use super::explain::cents;
use crate::settings::{Contract, PlanSettings};

/// The plan's money.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Money {
    /// Face value per KPI.
    pub gross_cost_per: Option<f64>,
    /// Cash per KPI: after rebates, with fees and penalties, before tax.
    pub net_cost_per: Option<f64>,
    /// Face value that rebates save.
    pub rebate: f64,
    /// Agency fees, part of `cash`.
    pub fee: f64,
    /// Penalties for missed commitments, part of `cash`.
    pub penalty: f64,
    /// Tax on cash, no part of it.
    pub tax: f64,
    /// Cash and tax.
    pub paid: f64,
}

/// A line's money; a supplier's is shared among its lines by face value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LineMoney {
    /// Face value per KPI.
    pub gross_cost_per: Option<f64>,
    /// Cash per KPI.
    pub net_cost_per: Option<f64>,
    /// Face value that rebates save.
    pub rebate: f64,
    /// Agency fee, part of `cash`.
    pub fee: f64,
    /// Penalty for a missed commitment, part of `cash`.
    pub penalty: f64,
    /// Tax on cash, no part of it.
    pub tax: f64,
}

/// What a supplier's face value makes of its contract.
#[derive(Clone, Copy, Debug, Default)]
struct Parts {
    fee: f64,
    penalty: f64,
}

fn parts(face: f64, contract: Option<&Contract>) -> Parts {
    let Some(contract) = contract else { return Parts::default() };
    let bare = Contract { fee: 0.0, commitment: 0.0, ..contract.clone() };
    let media = cash(face, Some(&bare));
    let fee = media * contract.fee;
    Parts { fee, penalty: cash(face, Some(contract)) - media - fee }
}

/// Fills in the money of a plan's lines and of the plan. Lines of cents add up to the plan's.
pub(super) fn add(settings: &PlanSettings, answer: &mut Answer) {
    if answer.lines.is_empty() {
        return;
    }
    let moneys: Vec<LineMoney> = (0..answer.lines.len()).map(|line| line_money(settings, answer, line)).collect();
    let sum = |of: fn(&LineMoney) -> f64| cents(moneys.iter().map(of).sum());
    let kpi = answer.expected.map(|expected| expected.mean).filter(|kpi| *kpi > 0.0);
    let tax = sum(|money| money.tax);
    answer.money = Some(Money {
        gross_cost_per: kpi.map(|kpi| answer.budget.spent / kpi),
        net_cost_per: kpi.map(|kpi| answer.budget.cash / kpi),
        rebate: sum(|money| money.rebate),
        fee: sum(|money| money.fee),
        penalty: sum(|money| money.penalty),
        tax,
        paid: cents(answer.budget.cash + tax),
    });
    answer.lines.iter_mut().zip(moneys).for_each(|(line, money)| line.money = Some(money));
}

fn line_money(settings: &PlanSettings, answer: &Answer, at: usize) -> LineMoney {
    let line = &answer.lines[at];
    let index = settings.contracts.iter().position(|contract| Some(&contract.supplier) == line.supplier.as_ref());
    let contract = index.map(|index| &settings.contracts[index]);
    let beside = answer.lines.iter().filter(|other| contract.is_some() && other.supplier == line.supplier);
    let face: f64 = if contract.is_some() { beside.map(|other| other.spend).sum() } else { line.spend };
    let parts = parts(face, contract);
    let share = if face > 0.0 { line.spend / face } else { 0.0 };
    let fee = cents(parts.fee * share);
    // a supplier that gets nothing may still be owed: its first line, which bears the cash of it, bears the penalty
    let penalty = cents(if face > 0.0 { parts.penalty * share } else { line.cash });
    let rate = index.and_then(|index| settings.rules.contract_tax.get(index).copied().flatten()).or(settings.rules.tax);
    let kpi = line.expected.map(|expected| expected.mean).filter(|kpi| *kpi > 0.0);
    LineMoney {
        gross_cost_per: kpi.map(|kpi| line.spend / kpi),
        net_cost_per: kpi.map(|kpi| line.cash / kpi),
        // by difference, so that face − rebate + fee + penalty is the line's cash to the cent
        rebate: cents(line.spend + fee + penalty - line.cash),
        fee,
        penalty,
        tax: cents(rate.unwrap_or(0.0) * line.cash),
    }
}
