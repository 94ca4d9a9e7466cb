//! The plan as people and programs read it: the shape of `plan.json`.

use serde::{Deserialize, Serialize};

pub use super::days::{Daily, DailyLine, DayHeld};
pub use super::money::{LineMoney, Money};
pub use super::rules::{RateUsed, Replan, RuleUsed};
pub use super::unknown::{BidCeiling, Interval, LimitCost, Regret, TestValue, Unknown};
use crate::check::Finding;

/// `plan.json`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// `outlay/plan@1`.
    pub format: String,
    /// How planning ended.
    pub status: Status,
    /// Reporting currency.
    pub currency: String,
    /// What is counted.
    pub kpi: String,
    /// The plan's days.
    pub period: Period,
    /// The money.
    pub budget: Budget,
    /// What the plan reaches, in the goal's own unit; absent on a conflict.
    pub objective: Option<f64>,
    /// Proven bound on what any plan within the limits reaches.
    pub bound: Option<f64>,
    /// |bound − objective| ÷ |bound|.
    pub gap: Option<f64>,
    /// Expected KPI over the draws.
    pub expected: Option<Expected>,
    /// Spend ÷ expected KPI.
    pub cost_per: Option<f64>,
    /// One line a channel, ascending by label.
    pub lines: Vec<Line>,
    /// What the limits that bind are worth.
    pub prices: Vec<Price>,
    /// The same plan at other budgets.
    pub frontier: Vec<FrontierPoint>,
    /// Why there is no plan.
    pub conflict: Option<Conflict>,
    /// Rebates, fees and tax; gross and net cost per KPI side by side.
    #[serde(default)]
    pub money: Option<Money>,
    /// What the plan is taken to cause of `expected`; absent where a curve does not say, or is of what spend causes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incremental: Option<IncrementalTotal>,
    /// What is not known, and what it would be worth to know it; absent where curves are certain.
    #[serde(default)]
    pub unknown: Option<Unknown>,
    /// What was spent before the days that are planned again.
    #[serde(default)]
    pub replan: Option<Replan>,
    /// Dated rules of platforms that the plan was held against.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub platform_rules: Vec<RuleUsed>,
    /// Exchange rates that amounts in settings were converted by.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rates: Vec<RateUsed>,
    /// The plan day by day; `plan_daily.csv`, and no part of `plan.json`.
    #[serde(skip)]
    pub daily: Option<Daily>,
    /// What is worth a look; read back as none.
    #[serde(default, skip_deserializing, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<Finding>,
}

/// How planning ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// The gap is within tolerance.
    #[default]
    Optimal,
    /// The best plan found in time; the gap says how far it may be from the best.
    TimeLimit,
    /// The limits contradict each other.
    Conflict,
}

/// The plan's days.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Period {
    /// First day.
    pub start: String,
    /// Last day, included.
    pub end: String,
    /// Periods of the grain; fractional at week grain.
    pub periods: f64,
    /// `day` or `week`.
    pub grain: String,
}

/// The money of the plan.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Budget {
    /// As the settings give it.
    pub asked: f64,
    /// `face` or `cash`.
    #[serde(rename = "in")]
    pub counted_in: String,
    /// Face value of all lines.
    pub spent: f64,
    /// Cash of all lines.
    pub cash: f64,
    /// `asked` less what is spent of it.
    pub unspent: f64,
    /// Why money is left.
    pub unspent_because: Option<String>,
}

/// Expected KPI: mean and quantiles over the draws, not predictions of noisy counts.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Expected {
    /// Mean.
    pub mean: f64,
    /// 10 % quantile: the low case.
    pub p10: f64,
    /// Median.
    pub p50: f64,
    /// 90 % quantile.
    pub p90: f64,
}

/// One channel's share of the plan.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// The channel's label.
    pub channel: String,
    /// Platform, when channels tell it.
    pub platform: Option<String>,
    /// Supplier, when channels tell it.
    pub supplier: Option<String>,
    /// Account, when channels tell it.
    pub account: Option<String>,
    /// Campaign, when channels tell it.
    pub campaign: Option<String>,
    /// Face value at the reference rate over the plan's periods.
    pub reference_spend: f64,
    /// Face value over the whole plan.
    pub spend: f64,
    /// Cash over the whole plan.
    pub cash: f64,
    /// Expected KPI; absent without a curve.
    pub expected: Option<Expected>,
    /// Spend ÷ expected KPI.
    pub cost_per: Option<f64>,
    /// What the last KPI costs at this spend.
    pub marginal_cost: Option<f64>,
    /// Names of the limits that hold it.
    pub limited_by: Vec<String>,
    /// Whether spend goes beyond what was observed, where the curve is a guess.
    pub extrapolated: bool,
    /// Why the line does not get more, as one sentence.
    pub why_not_more: String,
    /// What the next KPI may cost there: the ceiling to bid to on the platform. Absent without a curve.
    #[serde(default)]
    pub bid_ceiling: Option<BidCeiling>,
    /// How far the optimal spend moves with what is not known.
    #[serde(default)]
    pub interval: Option<Interval>,
    /// Its money, gross and net.
    #[serde(default)]
    pub money: Option<LineMoney>,
    /// KPI that comes in the plan's days from what was spent before them, beside `expected`; absent without carry-over.
    #[serde(default)]
    pub carry_in: Option<Expected>,
    /// Spent in the plan's period before the days that are planned again.
    #[serde(default)]
    pub spent_before: Option<f64>,
    /// What the line is taken to cause of `expected`; absent without a curve, and where its model does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incremental: Option<Incremental>,
}

/// KPI that a line's spend is taken to cause.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Incremental {
    /// Share of the attributed KPI that spend causes.
    pub share: IncrementalShare,
    /// Lift tests behind the share: `expected` counts only what is caused then, and so equals these figures. Without any the
    /// share is an assumption, and these figures are `expected` times it.
    pub tests: Vec<String>,
    /// Mean.
    pub mean: f64,
    /// 10 % quantile over the draws and the share.
    pub p10: f64,
    /// 90 % quantile.
    pub p90: f64,
    /// Spend ÷ mean.
    pub cost_per: Option<f64>,
}

/// A share of the attributed KPI: mean and 90 % interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct IncrementalShare {
    /// Mean.
    pub mean: f64,
    /// 5 % quantile.
    pub p05: f64,
    /// 95 % quantile.
    pub p95: f64,
}

/// KPI that the whole plan is taken to cause.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct IncrementalTotal {
    /// Mean: the sum of the lines'.
    pub mean: f64,
    /// 10 % quantile over the draws and the shares of all lines, each channel's share on its own.
    pub p10: f64,
    /// 90 % quantile.
    pub p90: f64,
    /// Spend ÷ mean.
    pub cost_per: Option<f64>,
    /// Lines whose share lift tests tell.
    pub tested: usize,
    /// Lines whose share is an assumption.
    pub assumed: usize,
}

/// What one more unit of a limit is worth.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Price {
    /// The limit's name.
    pub limit: String,
    /// Change of the objective when the limit's number rises by one unit.
    pub price: f64,
    /// What the price is per.
    pub unit: String,
}

/// The plan at another budget.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FrontierPoint {
    /// The budget.
    pub budget: f64,
    /// How planning ended there.
    pub status: Status,
    /// Expected KPI; absent on a conflict.
    pub mean: Option<f64>,
    /// 10 % quantile.
    pub p10: Option<f64>,
    /// 90 % quantile.
    pub p90: Option<f64>,
    /// What the last KPI costs there.
    pub marginal_cost: Option<f64>,
}

/// Limits that contradict each other.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Conflict {
    /// A smallest set that cannot all hold; leaving out any one mends it.
    pub limits: Vec<String>,
    /// The least money by which they miss each other.
    pub short_by: f64,
    /// The cheapest way to give that much.
    pub relax: Vec<Relax>,
}

/// How far one limit must give way.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Relax {
    /// The limit.
    pub limit: String,
    /// By how much money, or by how much of `unit`.
    pub by: f64,
    /// What `by` counts where that is no money: the KPI of a target, or `lines`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
}
