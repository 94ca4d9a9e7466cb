//! `[plan]` as meant: dates, money and limits, each limit by its own name.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::file::{self, BudgetIn, Goal, NoCurve, RebateMethod, RiskMeasure, Tier};
use super::meant::{Event, date};
use super::rules::{self, RuleSettings};
use crate::check::Error;
use crate::units::{Channel, Field};

/// `[plan]`.
#[derive(Clone, Debug)]
pub struct PlanSettings {
    /// First day.
    pub start: Date,
    /// Last day, included.
    pub end: Date,
    /// Budget of the whole period, reporting currency.
    pub budget: f64,
    /// What `budget`, costs and prices are counted in.
    pub budget_in: BudgetIn,
    /// What the plan is for.
    pub goal: Goal,
    /// KPI to reach, for [`Goal::LeastSpend`].
    pub target: Option<f64>,
    /// Worth of one KPI, for [`Goal::BreakEven`].
    pub value_per: Option<f64>,
    /// Ceiling on the average cost per KPI over the whole plan.
    pub max_cost_per: Option<f64>,
    /// Ceiling on what any line pays for its last KPI.
    pub max_marginal_cost: Option<f64>,
    /// Multiples of the budget to solve beside it.
    pub frontier: Vec<f64>,
    /// What a line without a curve gets.
    pub no_curve: NoCurve,
    /// Whether the scorecard's caps and probes become limits.
    pub caps_from_score: bool,
    /// How draws are weighed.
    pub risk: Risk,
    /// `[[plan.limit]]`, in order; names are unique.
    pub limits: Vec<Limit>,
    /// `[[plan.minimum_buy]]`, in order.
    pub minimum_buys: Vec<MinimumBuy>,
    /// `[[plan.contract]]`, in order; one a supplier.
    pub contracts: Vec<Contract>,
    /// Days, flights, locks, funds, probes, tax and currencies.
    pub rules: RuleSettings,
}

impl PlanSettings {
    /// Days of the plan, both ends included.
    pub fn days(&self) -> u32 {
        let span = self.start.until(self.end).map(|span| span.get_days()).unwrap_or(0);
        u32::try_from(span).unwrap_or(0) + 1
    }
}

/// `risk`: (1 − weight) · mean + weight · mean of the worst `level` share of draws.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Risk {
    /// Which measure.
    pub measure: RiskMeasure,
    /// Share of draws that counts as the worst.
    pub level: f64,
    /// Weight of the worst.
    pub weight: f64,
}

/// Whom a limit is about: the fields that must match. Empty is the whole plan.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Whom(pub BTreeMap<Field, String>);

impl Whom {
    /// Whether the channel is meant.
    pub fn matches(&self, channel: &Channel) -> bool {
        self.0.iter().all(|(field, value)| channel.value(*field) == Some(value))
    }
}

/// `[[plan.limit]]`: bounds on the sum of the matching lines' spend, or on each of them.
///
/// Always an amount, a share or a named direction from reference spend, never a bare factor: a bare `0.7` is read as
/// "70 % of history" by one tool and "cut by 70 %" by another.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Limit {
    /// The only name it has, in prices and conflicts too.
    pub name: String,
    /// Whom it is about.
    pub whom: Whom,
    /// Least spend.
    pub min: Option<f64>,
    /// Most spend.
    pub max: Option<f64>,
    /// Least share of the spend of the whole plan.
    pub share_min: Option<f64>,
    /// Largest share of the spend of the whole plan.
    pub share_max: Option<f64>,
    /// Largest cut against reference spend; `0.2` is −20 %.
    pub cut_at_most: Option<f64>,
    /// Largest rise against reference spend; `0.5` is +50 %.
    pub rise_at_most: Option<f64>,
    /// Spend to hold exactly.
    pub fixed: Option<f64>,
    /// Most lines that may spend anything.
    pub max_active: Option<usize>,
    /// Least lines that must spend something.
    pub min_active: Option<usize>,
    /// Most lines that may spend another amount than their reference.
    pub max_changed: Option<usize>,
    /// Ceiling on the average cost per KPI of the matching lines together.
    pub max_cost_per: Option<f64>,
    /// Ceiling on what each matching line pays for its last KPI.
    pub max_marginal_cost: Option<f64>,
    /// Whether the bounds hold for each matching line instead of their sum.
    pub each: bool,
}

/// `[[plan.minimum_buy]]`: each matching line gets nothing, or at least `amount` in multiples of `lot`.
#[derive(Clone, Debug, PartialEq)]
pub struct MinimumBuy {
    /// Whom it is about.
    pub whom: Whom,
    /// Least spend when there is any.
    pub amount: Option<f64>,
    /// Step of the spend.
    pub lot: Option<f64>,
}

/// `[[plan.contract]]`: what face value costs in cash with one supplier.
#[derive(Clone, Debug, PartialEq)]
pub struct Contract {
    /// The supplier.
    pub supplier: String,
    /// Tiers by face value over the plan, ascending in `from`.
    pub rebate: Vec<Tier>,
    /// How a tier's rate applies.
    pub method: RebateMethod,
    /// Face value promised over the period.
    pub commitment: f64,
    /// Share of the missing face value, paid in cash.
    pub shortfall_penalty: f64,
    /// Agency fee on cash, added to it.
    pub fee: f64,
}

/// Checks `[plan]`; what is wrong goes to `wrong`, each by its setting.
pub(super) fn checked(file: file::Plan, events: &[Event], wrong: &mut Vec<Error>) -> Option<PlanSettings> {
    let start = required_date(file.start.as_deref(), "plan.start", wrong);
    let end = required_date(file.end.as_deref(), "plan.end", wrong);
    if let (Some(start), Some(end)) = (start, end)
        && end < start
    {
        wrong.push(Error::setting("plan.end", format!("{end} is before plan.start {start}")));
    }
    let budget = file.budget.or_else(|| {
        wrong.push(Error::setting("plan.budget", "missing; the money for the whole period, reporting currency"));
        None
    });
    let frontier = file.frontier.clone().unwrap_or_else(|| vec![0.5, 0.75, 1.0, 1.25, 1.5]);
    positive(budget, "plan.budget", true, wrong);
    figures_in_range(&file, &frontier, wrong);
    goal_has_its_figure(&file, wrong);
    let rules = rules::checked(&file, events, wrong);
    let limits = limits(file.limit, wrong);
    let minimum_buys = file.minimum_buy.into_iter().map(|buy| minimum_buy(buy, wrong)).collect();
    let contracts = contracts(file.contract, wrong);
    Some(PlanSettings {
        start: start?,
        end: end?,
        budget: budget?,
        budget_in: file.budget_in,
        goal: file.goal,
        target: file.target,
        value_per: file.value_per,
        max_cost_per: file.max_cost_per,
        max_marginal_cost: file.max_marginal_cost,
        frontier,
        no_curve: file.no_curve,
        caps_from_score: file.caps_from_score,
        risk: Risk { measure: file.risk.measure, level: file.risk.level, weight: file.risk.weight },
        limits,
        minimum_buys,
        contracts,
        rules,
    })
}

fn figures_in_range(file: &file::Plan, frontier: &[f64], wrong: &mut Vec<Error>) {
    for (value, place) in [
        (file.target, "plan.target"),
        (file.value_per, "plan.value_per"),
        (file.max_cost_per, "plan.max_cost_per"),
        (file.max_marginal_cost, "plan.max_marginal_cost"),
    ] {
        positive(value, place, false, wrong);
    }
    for multiple in frontier {
        positive(Some(*multiple), "plan.frontier", false, wrong);
    }
    share(Some(file.risk.level), "plan.risk.level", wrong);
    share(Some(file.risk.weight), "plan.risk.weight", wrong);
}

fn required_date(text: Option<&str>, place: &str, wrong: &mut Vec<Error>) -> Option<Date> {
    let Some(text) = text else {
        wrong.push(Error::setting(place, "missing; a date such as 2026-06-01"));
        return None;
    };
    date(text, place, wrong)
}

fn goal_has_its_figure(file: &file::Plan, wrong: &mut Vec<Error>) {
    if file.goal == Goal::LeastSpend && file.target.is_none() {
        wrong.push(Error::setting("plan.goal", "`least_spend` needs `target`, the KPI to reach"));
    }
    if file.goal == Goal::BreakEven && file.value_per.is_none() {
        wrong.push(Error::setting("plan.goal", "`break_even` needs `value_per`, the worth of one KPI"));
    }
}

fn limits(file: Vec<file::Limit>, wrong: &mut Vec<Error>) -> Vec<Limit> {
    let mut limits: Vec<Limit> = Vec::new();
    for (index, limit) in file.into_iter().enumerate() {
        let name = limit.name.clone().unwrap_or_else(|| format!("limit {}", index + 1));
        if limits.iter().any(|other| other.name == name) || name == "budget" {
            let message = format!("the name `{name}` is taken; limits are keyed by name");
            wrong.push(Error::setting(&format!("plan.limit `{name}`"), message));
        }
        limits.push(limit_of(limit, name, wrong));
    }
    limits
}

fn limit_of(file: file::Limit, name: String, wrong: &mut Vec<Error>) -> Limit {
    let place = format!("plan.limit `{name}`");
    let keys = [file.min, file.max, file.share_min, file.share_max, file.cut_at_most, file.rise_at_most, file.fixed];
    let counts = [file.max_active, file.min_active, file.max_changed];
    let ceilings = [file.max_cost_per, file.max_marginal_cost];
    if [&keys[..], &ceilings].concat().iter().all(Option::is_none) && counts.iter().all(Option::is_none) {
        wrong.push(Error::setting(&place, "bounds nothing").help(
            "give it one or more of min, max, share_min, share_max, cut_at_most, rise_at_most, fixed, max_active, \
             min_active, max_changed, max_cost_per, max_marginal_cost",
        ));
    }
    if file.each && counts.iter().any(Option::is_some) {
        wrong.push(Error::setting(&place, "a number of lines is of all matching lines: it has no meaning for `each`"));
    }
    if let (Some(least), Some(most)) = (file.min_active, file.max_active)
        && least > most
    {
        wrong.push(Error::setting(&place, format!("`min_active` {least} is above `max_active` {most}")));
    }
    positive(file.max_cost_per, &format!("{place}.max_cost_per"), false, wrong);
    positive(file.max_marginal_cost, &format!("{place}.max_marginal_cost"), false, wrong);
    for (value, key) in
        [(file.min, "min"), (file.max, "max"), (file.fixed, "fixed"), (file.rise_at_most, "rise_at_most")]
    {
        positive(value, &format!("{place}.{key}"), true, wrong);
    }
    for (value, key) in
        [(file.share_min, "share_min"), (file.share_max, "share_max"), (file.cut_at_most, "cut_at_most")]
    {
        share(value, &format!("{place}.{key}"), wrong);
    }
    ordered(file.min, file.max, ("min", "max"), &place, wrong);
    ordered(file.share_min, file.share_max, ("share_min", "share_max"), &place, wrong);
    if file.fixed.is_some() && keys[..6].iter().any(Option::is_some) {
        wrong.push(Error::setting(&place, "`fixed` stands alone: it already is both bounds"));
    }
    Limit {
        whom: whom(file.whom, &place, wrong),
        name,
        min: file.min,
        max: file.max,
        share_min: file.share_min,
        share_max: file.share_max,
        cut_at_most: file.cut_at_most,
        rise_at_most: file.rise_at_most,
        fixed: file.fixed,
        max_active: file.max_active,
        min_active: file.min_active,
        max_changed: file.max_changed,
        max_cost_per: file.max_cost_per,
        max_marginal_cost: file.max_marginal_cost,
        each: file.each,
    }
}

fn ordered(low: Option<f64>, high: Option<f64>, keys: (&str, &str), place: &str, wrong: &mut Vec<Error>) {
    if let (Some(low), Some(high)) = (low, high)
        && low > high
    {
        let message = format!("`{}` {low} is above `{}` {high}", keys.0, keys.1);
        wrong.push(Error::setting(place, message).help("swap them, or leave one out"));
    }
}

/// Which lines are meant. What the fields of a line are, only the models tell: a field that no line has matches none, and
/// planning refuses that with the lines that there are.
pub(super) fn whom(file: BTreeMap<Field, String>, place: &str, wrong: &mut Vec<Error>) -> Whom {
    if file.contains_key(&Field::Department) {
        let message = "`where` names `department`, a tag that figures are split by and no part of a plan line";
        wrong.push(Error::setting(place, message).help("use platform, supplier, account or campaign"));
    }
    Whom(file)
}

fn minimum_buy(file: file::MinimumBuy, wrong: &mut Vec<Error>) -> MinimumBuy {
    let place = "plan.minimum_buy";
    if file.amount.is_none() && file.lot.is_none() {
        wrong.push(Error::setting(place, "needs `amount`, `lot` or both"));
    }
    positive(file.amount, "plan.minimum_buy.amount", false, wrong);
    positive(file.lot, "plan.minimum_buy.lot", false, wrong);
    MinimumBuy { whom: whom(file.whom, place, wrong), amount: file.amount, lot: file.lot }
}

fn contracts(file: Vec<file::Contract>, wrong: &mut Vec<Error>) -> Vec<Contract> {
    let mut contracts: Vec<Contract> = Vec::new();
    for contract in file {
        let place = format!("plan.contract `{}`", contract.supplier);
        if contracts.iter().any(|other| other.supplier == contract.supplier) {
            wrong.push(Error::setting(&place, "stands twice; one contract a supplier"));
        }
        if !contract.rebate.is_sorted_by(|a, b| a.from < b.from) {
            wrong.push(Error::setting(&place, "`rebate` tiers must ascend in `from`"));
        }
        if contract.rebate.iter().any(|tier| !(tier.rate > -1.0 && tier.from >= 0.0)) {
            wrong.push(Error::setting(&place, "a `rebate` tier has `from` below 0 or `rate` at or below -1"));
        }
        for (value, key) in [
            (contract.commitment, "commitment"),
            (contract.shortfall_penalty, "shortfall_penalty"),
            (contract.fee, "fee"),
        ] {
            positive(Some(value), &format!("{place}.{key}"), true, wrong);
        }
        contracts.push(Contract {
            supplier: contract.supplier,
            rebate: contract.rebate,
            method: contract.method,
            commitment: contract.commitment,
            shortfall_penalty: contract.shortfall_penalty,
            fee: rules::on_top(contract.fee, contract.fee_method, &format!("{place}.fee"), wrong),
        });
    }
    contracts
}

pub(super) fn positive(value: Option<f64>, place: &str, zero: bool, wrong: &mut Vec<Error>) {
    let fine = |value: f64| value.is_finite() && (value > 0.0 || (zero && value == 0.0));
    if let Some(value) = value.filter(|value| !fine(*value)) {
        let expected = if zero { "0 or more" } else { "more than 0" };
        wrong.push(Error::setting(place, format!("{value}, expected {expected}")));
    }
}

pub(super) fn share(value: Option<f64>, place: &str, wrong: &mut Vec<Error>) {
    if let Some(value) = value.filter(|value| !(0.0..=1.0).contains(value)) {
        wrong.push(Error::setting(place, format!("{value}, expected a share between 0 and 1")));
    }
}
