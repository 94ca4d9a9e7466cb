//! Settings as written: the shape of `outlay.toml`, unknown keys refused, nothing checked beyond types.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::rules::{DailyFile, FeeMethod, FlightFile, FundsFile, LockFile, ProbeFile};
use super::{late, leads, names};
use crate::units::{Field, Grain, Kpi};

/// The whole file.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct File {
    pub project: Project,
    pub source: Vec<Source>,
    pub kpi_total: Option<super::total::Written>,
    pub event: Vec<Event>,
    pub names: names::File,
    pub late: late::File,
    pub leads: Option<leads::File>,
    pub fit: super::fit::File,
    pub score: super::score::Score,
    pub plan: Option<Plan>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Project {
    pub name: String,
    pub currency: String,
    pub timezone: String,
    pub kpi: Kpi,
    pub channel: Vec<Field>,
    pub grain: GrainChoice,
    pub rates: Option<String>,
}

impl Default for Project {
    fn default() -> Project {
        Project {
            name: "outlay".into(),
            currency: "CNY".into(),
            timezone: "Asia/Shanghai".into(),
            kpi: Kpi::Registrations,
            channel: vec![Field::Platform, Field::Supplier],
            grain: GrainChoice::Auto,
            rates: None,
        }
    }
}

/// `auto`, `day` or `week`.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum GrainChoice {
    #[default]
    Auto,
    Day,
    Week,
}

impl GrainChoice {
    pub(super) fn fixed(self) -> Option<Grain> {
        match self {
            GrainChoice::Auto => None,
            GrainChoice::Day => Some(Grain::Day),
            GrainChoice::Week => Some(Grain::Week),
        }
    }
}

/// One header, or several whose parts are joined.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Headers {
    One(String),
    Parts(Vec<String>),
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Source {
    pub path: String,
    pub query: Option<String>,
    pub platform: Option<String>,
    pub supplier: Option<String>,
    pub account: Option<String>,
    pub campaign: Option<String>,
    pub department: Option<String>,
    pub columns: BTreeMap<String, Headers>,
    pub year: Option<i16>,
    pub period: Option<(String, String)>,
    pub currency: Option<String>,
    pub timezone: Option<String>,
    pub encoding: Option<String>,
    pub sheet: Option<String>,
    pub decimal_comma: bool,
    pub date_order: Option<DateOrder>,
    pub as_of: Option<String>,
    pub bad_rows: BadRows,
    pub duplicates: Duplicates,
    pub overlap: Overlap,
    pub negative: Negative,
    pub own_total: OwnTotal,
    pub basis: Option<Basis>,
    #[serde(rename = "where")]
    pub whom: BTreeMap<String, OneOrMore>,
}

/// One text, or several.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum OneOrMore {
    One(String),
    More(Vec<String>),
}

impl OneOrMore {
    pub(super) fn all(self) -> Vec<String> {
        match self {
            OneOrMore::One(text) => vec![text],
            OneOrMore::More(texts) => texts,
        }
    }
}

/// What to do with amounts below zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Negative {
    /// They are bad rows.
    #[default]
    Refuse,
    /// They are credits, which take off from spend.
    Keep,
}

/// What to do when a file's own total disagrees with its rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OwnTotal {
    /// Refuse it: it is cut, or holds rows of several grains.
    #[default]
    Refuse,
    /// Read the file, with a check that failed.
    Review,
}

/// What a conversion is dated by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// The day on which it happened.
    Event,
    /// The day of the spend that it is billed to.
    Billed,
    /// The day of the click or view that it followed.
    Click,
}

impl Basis {
    /// The name in settings.
    pub fn name(self) -> &'static str {
        match self {
            Basis::Event => "event",
            Basis::Billed => "billed",
            Basis::Click => "click",
        }
    }
}

/// The order of day, month and year in a file's dates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DateOrder {
    /// Year, month, day.
    Ymd,
    /// Month, day, year.
    Mdy,
    /// Day, month, year.
    Dmy,
}

/// What to do with rows that cannot be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BadRows {
    /// Refuse the file, listing them all.
    #[default]
    Refuse,
    /// Leave them out, each a finding.
    Skip,
}

/// What to do with days of an account that two files hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Overlap {
    /// The later export stands for the earlier one.
    #[default]
    Replace,
    /// Both count.
    Add,
}

/// What to do with rows equal in every column.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Duplicates {
    /// Count them all; a finding says so.
    #[default]
    Keep,
    /// Count the first of each; a finding says so.
    Drop,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Event {
    pub name: String,
    pub start: String,
    pub end: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Plan {
    pub start: Option<String>,
    pub end: Option<String>,
    pub budget: Option<f64>,
    pub budget_in: BudgetIn,
    pub goal: Goal,
    pub target: Option<f64>,
    pub value_per: Option<f64>,
    pub max_cost_per: Option<f64>,
    pub max_marginal_cost: Option<f64>,
    pub frontier: Option<Vec<f64>>,
    pub no_curve: NoCurve,
    pub caps_from_score: bool,
    pub risk: Risk,
    pub limit: Vec<Limit>,
    pub minimum_buy: Vec<MinimumBuy>,
    pub contract: Vec<Contract>,
    pub replan: Option<String>,
    pub platform_rules: bool,
    pub supplier_share_max: Option<f64>,
    pub ramp: Option<f64>,
    pub tax: Option<f64>,
    #[serde(default = "what_if")]
    pub what_if: usize,
    pub daily: DailyFile,
    pub flight: Vec<FlightFile>,
    pub lock: Vec<LockFile>,
    pub funds: Vec<FundsFile>,
    pub probe: ProbeFile,
}

/// States of the world that a plan is made again for unless `what_if` says otherwise.
fn what_if() -> usize {
    60
}

/// What `budget`, costs and prices are counted in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BudgetIn {
    /// Face value, as platforms show it.
    #[default]
    Face,
    /// Cash after rebates, fees and penalties.
    Cash,
}

/// What the plan is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Goal {
    /// Most KPI for the budget.
    #[default]
    Most,
    /// Least spend that reaches `target`.
    LeastSpend,
    /// Spend until the last KPI is worth `value_per`.
    BreakEven,
}

/// What a line without a curve gets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoCurve {
    /// Its reference spend.
    #[default]
    Hold,
    /// Nothing.
    Exclude,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Risk {
    pub measure: RiskMeasure,
    pub level: f64,
    pub weight: f64,
}

impl Default for Risk {
    fn default() -> Risk {
        Risk { measure: RiskMeasure::Mean, level: 0.2, weight: 0.5 }
    }
}

/// How draws are weighed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RiskMeasure {
    /// The mean over draws.
    #[default]
    Mean,
    /// A mix of the mean and the mean of the worst draws.
    Cvar,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Limit {
    pub name: Option<String>,
    #[serde(rename = "where")]
    pub whom: BTreeMap<Field, String>,
    pub min: Option<f64>,
    pub max: Option<f64>,
    pub share_min: Option<f64>,
    pub share_max: Option<f64>,
    pub cut_at_most: Option<f64>,
    pub rise_at_most: Option<f64>,
    pub fixed: Option<f64>,
    pub max_active: Option<usize>,
    pub min_active: Option<usize>,
    pub max_changed: Option<usize>,
    pub max_cost_per: Option<f64>,
    pub max_marginal_cost: Option<f64>,
    pub each: bool,
    pub currency: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MinimumBuy {
    #[serde(rename = "where", default)]
    pub whom: BTreeMap<Field, String>,
    #[serde(default)]
    pub amount: Option<f64>,
    #[serde(default)]
    pub lot: Option<f64>,
    #[serde(default)]
    pub currency: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Contract {
    pub supplier: String,
    #[serde(default)]
    pub rebate: Vec<Tier>,
    #[serde(default)]
    pub method: RebateMethod,
    #[serde(default)]
    pub commitment: f64,
    #[serde(default)]
    pub shortfall_penalty: f64,
    #[serde(default)]
    pub fee: f64,
    #[serde(default)]
    pub fee_method: FeeMethod,
    #[serde(default)]
    pub tax: Option<f64>,
    #[serde(default)]
    pub currency: Option<String>,
}

/// One tier of a rebate.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tier {
    /// Face value over the plan from which the rate holds.
    pub from: f64,
    /// Rebate rate r; cash is face ÷ (1 + r).
    pub rate: f64,
}

/// How a tier's rate applies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RebateMethod {
    /// Each tranche at its own rate.
    #[default]
    Marginal,
    /// The whole volume at the rate of the tier reached.
    Whole,
}
