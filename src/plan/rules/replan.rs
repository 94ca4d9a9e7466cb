//! `replan`: a plan whose first days are over. What they cost is taken from the exports; the days and the money left are
//! planned, and limits of the whole period count what was spent.
//!
//! With s_l the spend of line l so far, a limit Σ x_l + t·T against b over the whole period is
//! Σ x_l + t·T against b − Σ s_l − t·Σ s over the rest.

use serde::{Deserialize, Serialize};

use super::Beside;
use crate::check::{Error, Finding};
use crate::fit::Fitted;
use crate::plan::cash::cash;
use crate::plan::line::Allowed;
use crate::plan::rows::{Label, Number, Row, Sense};
use crate::settings::{BudgetIn, Contract, PlanSettings, RebateMethod, Whom};
use crate::unify::{Entry, Ledger};
use crate::units::{Channel, Field};

/// What was spent before the days that are planned again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Replan {
    /// First day of the whole period.
    pub whole_start: String,
    /// First day that is planned.
    pub from: String,
    /// Budget of the whole period.
    pub whole_budget: f64,
    /// Face value spent before `from`.
    pub spent: f64,
    /// Cash of it.
    pub cash: f64,
    /// KPI counted before `from`; absent where none was reported.
    pub kpi: Option<f64>,
    /// Spent on what has no line in the plan, part of `spent`.
    pub elsewhere: f64,
    /// The last day that the exports tell of.
    pub last_day: Option<String>,
}

/// What the days that are over cost.
#[derive(Clone, Debug)]
pub(in crate::plan) struct Spent {
    /// Face value by channel of the models.
    pub by_line: Vec<f64>,
    /// All of it, that of no line included.
    pub total: f64,
    /// The whole period's length over that of the days left.
    pub stretch: f64,
    /// As it is told.
    pub told: Replan,
}

/// Settings of the days and the money that are left, and what the others cost.
///
/// # Errors
///
/// [`crate::check::Kind::Settings`] for a day outside the period, without exports, and when nothing is left to plan.
pub(super) fn remaining(
    settings: PlanSettings,
    fitted: &Fitted,
    beside: &Beside,
    findings: &mut Vec<Finding>,
) -> Result<(PlanSettings, Option<Spent>), Error> {
    let Some(from) = settings.rules.replan else { return Ok((settings, None)) };
    if from <= settings.start || from > settings.end {
        let message =
            format!("{from} is not within the plan after its first day {}, up to {}", settings.start, settings.end);
        let help = "`start` and `end` stay those of the whole period; `replan` is the first day still to be planned";
        return Err(Error::setting("plan.replan", message).help(help));
    }
    let Some((ledger, fields)) = beside.ledger else {
        let message = "what was spent so far is in the exports, which a plan from a model file does not read";
        let help =
            "run `outlay plan` without `--models`, or set `start` to the first day left and `budget` to the money left";
        return Err(Error::setting("plan.replan", message).help(help));
    };
    let spent = spent(&settings, fitted, ledger, fields);
    findings.extend(gaps(&settings, ledger, &spent.told));
    let mut rest = settings.clone();
    rest.start = from;
    let used = if settings.budget_in == BudgetIn::Cash { spent.told.cash } else { spent.total };
    rest.budget = to_cents(settings.budget - used);
    if rest.budget <= 0.0 {
        let message = format!("{:.2} for the whole period, and {used:.2} was spent before {from}", settings.budget);
        return Err(Error::setting("plan.budget", message).help("nothing is left to plan; raise it to plan more"));
    }
    if let Some(target) = settings.target {
        rest.target = Some(target_left(target, spent.told.kpi)?);
    }
    findings.extend(settings.contracts.iter().filter(|contract| contract.method == RebateMethod::Whole).map(
        |contract| {
            let message =
                "tiers of the whole volume: what reaching one gives back on what was spent already is left out";
            Finding::review("plan.replan", &contract.supplier, message, "add it to the cash of the plan by hand")
        },
    ));
    let stretch = f64::from(settings.days()) / f64::from(rest.days());
    rest.contracts =
        settings.contracts.iter().map(|c| rest_of(c, of_supplier(&settings, ledger, &c.supplier))).collect();
    Ok((rest, Some(Spent { stretch, ..spent })))
}

fn target_left(target: f64, kpi: Option<f64>) -> Result<f64, Error> {
    let left = target - kpi.unwrap_or(0.0);
    let message = format!("{target} is reached already: {:.0} were counted", kpi.unwrap_or(0.0));
    if left > 0.0 { Ok(left) } else { Err(Error::setting("plan.target", message).help("nothing is left to plan")) }
}

/// The share of an entry's figures that belongs to the days that are over.
fn share_over(settings: &PlanSettings, entry: &Entry) -> f64 {
    let Some(from) = settings.rules.replan else { return 0.0 };
    let days = (0..entry.days).map(|day| super::plus(entry.date, day));
    let over = days.filter(|day| *day >= settings.start && *day < from).count();
    over as f64 / f64::from(entry.days.max(1))
}

fn spent(settings: &PlanSettings, fitted: &Fitted, ledger: &Ledger, fields: &[Field]) -> Spent {
    let mut by_line = vec![0.0; fitted.channels.len()];
    let (mut elsewhere, mut kpi) = (0.0, None);
    for entry in &ledger.entries {
        let share = share_over(settings, entry);
        if share == 0.0 {
            continue;
        }
        let spend = entry.spend().to_f64() * share;
        if let Some(count) = entry.measure(fitted.kpi.measure()) {
            *kpi.get_or_insert(0.0) += count.to_f64() * share;
        }
        let parts: Vec<_> = fields.iter().map(|field| (*field, entry.name(*field).map(str::to_owned))).collect();
        let channel = Channel::new(&parts);
        match fitted.channels.binary_search_by(|fit| fit.channel.label.cmp(&channel.label)) {
            Ok(line) => by_line[line] += spend,
            Err(_) => elsewhere += spend,
        }
    }
    let total = to_cents(by_line.iter().sum::<f64>() + elsewhere);
    let told = Replan {
        whole_start: settings.start.to_string(),
        from: settings.rules.replan.unwrap_or(settings.start).to_string(),
        whole_budget: settings.budget,
        spent: total,
        cash: cash_of(settings, ledger, total),
        kpi,
        elsewhere: to_cents(elsewhere),
        last_day: last_day(ledger).map(|day| day.to_string()),
    };
    Spent { by_line, total, stretch: 1.0, told }
}

fn of_supplier(settings: &PlanSettings, ledger: &Ledger, supplier: &str) -> f64 {
    let entries = ledger.entries.iter().filter(|entry| entry.name(Field::Supplier) == Some(supplier));
    entries.map(|entry| entry.spend().to_f64() * share_over(settings, entry)).sum()
}

/// Cash of what was spent: by contract where a supplier has one; a missed commitment is no part of it yet.
fn cash_of(settings: &PlanSettings, ledger: &Ledger, total: f64) -> f64 {
    let under: Vec<(f64, &Contract)> =
        settings.contracts.iter().map(|c| (of_supplier(settings, ledger, &c.supplier), c)).collect();
    let bare: f64 = total - under.iter().map(|(face, _)| face).sum::<f64>();
    let paid =
        |(face, contract): &(f64, &Contract)| cash(*face, Some(&Contract { commitment: 0.0, ..(*contract).clone() }));
    to_cents(bare + under.iter().map(paid).sum::<f64>())
}

fn last_day(ledger: &Ledger) -> Option<jiff::civil::Date> {
    ledger.entries.iter().map(|entry| super::plus(entry.date, entry.days.saturating_sub(1))).max()
}

/// The contract of the face value still to come, after `face` of it: tiers and commitment begin so much earlier.
///
/// Exact for marginal tiers: cash(face + x) − cash(face). Of whole-volume tiers, the rebate that reaching a tier gives on
/// what was spent already is left out.
fn rest_of(contract: &Contract, face: f64) -> Contract {
    let mut rest = contract.clone();
    for tier in &mut rest.rebate {
        tier.from = (tier.from - face).max(0.0);
    }
    let reached = rest.rebate.iter().filter(|tier| tier.from == 0.0).count();
    rest.rebate.drain(..reached.saturating_sub(1));
    rest.commitment = (contract.commitment - face).max(0.0);
    rest
}

fn gaps(settings: &PlanSettings, ledger: &Ledger, told: &Replan) -> Vec<Finding> {
    let mut findings = Vec::new();
    let from = settings.rules.replan.unwrap_or(settings.start);
    if last_day(ledger).is_none_or(|last| super::plus(last, 1) < from) {
        let last = told.last_day.as_deref().unwrap_or("no day");
        let message = format!("the exports end with {last}: what was spent from there to {from} counts as nothing");
        findings.push(Finding::review(
            "plan.replan",
            "exports",
            message,
            "export up to the day before `replan`, or replan earlier",
        ));
    }
    if told.elsewhere > 0.0 {
        let message = format!(
            "{:.2} of the period was spent on what has no line in the plan; it counts against the budget",
            told.elsewhere
        );
        findings.push(Finding::review("plan.replan", "spend without a line", message, ""));
    }
    findings
}

/// Brings limits of the whole period to what is left of them.
///
/// An amount that is spent already leaves nothing, not less than nothing; a minimum that was begun must be completed.
pub(super) fn count_spent(spent: &Spent, settings: &PlanSettings, rows: &mut Vec<Row>, allowed: &mut [Allowed]) {
    for row in rows.iter_mut().filter(|row| !matches!(row.label, Label::Held(_) | Label::Excluded(_))) {
        if matches!(row.number, Number::Point(_)) {
            row.bound *= spent.stretch;
        }
        let so_far: f64 = row.lines.iter().map(|line| spent.by_line[*line]).sum();
        row.bound -= so_far + row.total * spent.total;
        if row.total == 0.0 {
            row.bound = row.bound.max(0.0);
        }
    }
    for (line, allowed) in allowed.iter_mut().enumerate() {
        let left = allowed.minimum - spent.by_line[line];
        if spent.by_line[line] > 0.0 && allowed.minimum > 0.0 {
            allowed.minimum = left.max(0.0);
            if left > 0.0 {
                let label = Label::MinimumBuy(whom_of_minimum(settings));
                rows.push(Row {
                    label,
                    lines: vec![line],
                    total: 0.0,
                    sense: Sense::AtLeast,
                    bound: left,
                    number: Number::Amount,
                });
            }
        }
    }
}

fn whom_of_minimum(settings: &PlanSettings) -> String {
    let values = |whom: &Whom| whom.0.values().cloned().collect::<Vec<_>>().join(" / ");
    settings.minimum_buys.first().map(|buy| values(&buy.whom)).unwrap_or_default()
}

fn to_cents(amount: f64) -> f64 {
    (amount * 100.0).round() / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Tier;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_rest_of_a_contract_costs_what_the_whole_does_less_what_was_paid(
            face in 0.0..1e5f64, more in 0.0..1e5f64, from in 1.0..1e5f64, commitment in 0.0..1e5f64,
        ) {
            let rebate = vec![Tier { from: 0.0, rate: 0.03 }, Tier { from, rate: 0.08 }];
            let contract = Contract {
                supplier: "N".into(), rebate, method: RebateMethod::Marginal, commitment, shortfall_penalty: 0.1, fee: 0.02,
            };
            let paid = cash(face, Some(&Contract { commitment: 0.0, ..contract.clone() }));
            let rest = cash(more, Some(&rest_of(&contract, face)));
            let whole = cash(face + more, Some(&contract));
            prop_assert!((paid + rest - whole).abs() < 1e-6 * whole.max(1.0), "{paid} {rest} {whole}");
        }
    }
}
