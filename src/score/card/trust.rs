//! Quality and trust on a scorecard.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::Term;

/// Quality and trust: what else is to be known of a supplier before its cost is believed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Trust {
    /// How steady it is.
    pub stability: Option<Stability>,
    /// Spend against what was planned.
    pub delivery: Option<Delivery>,
    /// Rebate and unit prices.
    pub price: Option<Price>,
    /// The platform's count against the own one.
    pub reconciliation: Option<Reconciliation>,
    /// Invalid-traffic indicators, raised or not; never a verdict.
    pub indicators: Vec<Indicator>,
    /// How many independent families of indicators are raised.
    pub light: Light,
    /// What a reviewer found, if one looked.
    pub review: Option<Review>,
}

/// How many independent families of indicators are raised.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Light {
    /// None.
    #[default]
    None,
    /// One: worth watching.
    Watch,
    /// Two: ask the supplier.
    Amber,
    /// Three or more: freeze increases and ask for logs.
    Red,
}

/// What a reviewer found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Review {
    /// Whether invalid traffic was confirmed; cleared otherwise.
    pub confirmed: bool,
    /// In the reviewer's words.
    pub note: String,
}

/// How steady a supplier is, the platform's shocks taken out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stability {
    /// Variation of the weekly cost beyond chance, as a share of it.
    pub variation: f64,
    /// How much more daily KPI varies than by chance.
    pub overdispersion: f64,
    /// Change of the cost a week, as a share of it.
    pub trend: f64,
    /// Standard error of `trend`.
    pub trend_error: f64,
    /// Days from which on the cost was another one.
    pub changes: Vec<Change>,
}

/// A day from which on the cost was another one.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// First day of the new level.
    pub day: Date,
    /// New cost ÷ old cost.
    pub ratio: f64,
}

/// Spend against what was planned.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Delivery {
    /// Planned face value.
    pub planned: f64,
    /// Spend in the same days.
    pub spent: f64,
    /// Spend ÷ plan.
    pub share: f64,
}

/// Price discipline.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Price {
    /// Rebate realised: face ÷ cash − 1; absent without cash.
    pub realised: Option<f64>,
    /// Rebate that the contract gives for this volume; absent without one.
    pub contracted: Option<f64>,
    /// Price of a thousand impressions ÷ the pool's.
    pub cpm_index: Option<f64>,
    /// Change of that index a week, as a share of it.
    pub drift: Option<f64>,
    /// Standard error of `drift`.
    pub drift_error: Option<f64>,
}

/// The platform's count against the own one.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reconciliation {
    /// Reported by the platform, on days that both count.
    pub reported: f64,
    /// Counted by oneself.
    pub own: f64,
    /// 1 − own ÷ reported.
    pub gap: f64,
    /// Half-width of the 90 % interval of the gap.
    pub error: f64,
    /// Change of the gap from the first half of the days to the second.
    pub change: Option<f64>,
}

/// One invalid-traffic indicator of a supplier in one pool, against its peers there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Indicator {
    /// Its name.
    pub name: Term,
    /// The family of evidence that it belongs to.
    pub family: Term,
    /// The pool.
    pub pool: String,
    /// The supplier's figure.
    pub value: f64,
    /// The peers' median.
    pub peers: f64,
    /// Robust z: distance from the median in robust standard deviations, sampling error included.
    pub z: f64,
    /// One-sided p-value.
    pub p: f64,
    /// Whether it is raised: significant at the false-discovery rate of the settings.
    pub raised: bool,
    /// What was seen, in words.
    pub evidence: String,
}
