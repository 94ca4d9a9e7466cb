//! Panel → [`Fitted`]: a response curve per channel with posterior draws, or the reason why there is none.

pub mod adopt;
pub mod adstock;
pub mod checks;
pub mod estimate;
mod joint;
pub mod likelihood;
pub mod priors;
pub mod regress;
pub mod response;
pub mod saturation;
pub mod store;

pub use estimate::channels;

pub use response::{Curve, Response};
pub use saturation::Saturation;

use crate::check::Finding;
use crate::units::{Channel, Currency, Grain, Kpi};

/// The response models of a run; made by [`channels`] from a panel or by [`store::read`] from a model file.
#[derive(Clone, Debug)]
pub struct Fitted {
    /// What the curves predict.
    pub kpi: Kpi,
    /// The currency of spend.
    pub currency: Currency,
    /// The period of spend and response.
    pub grain: Grain,
    /// Seed of the draws.
    pub seed: u64,
    /// Hash of the panel; empty when made elsewhere.
    pub panel_sha256: String,
    /// Hash of the settings; empty when made elsewhere.
    pub settings_sha256: String,
    /// One model a channel, ascending by label.
    pub channels: Vec<ChannelFit>,
    /// Weak fits, missing curves and the like.
    pub findings: Vec<Finding>,
}

/// What is known of one channel's response.
#[derive(Clone, Debug)]
pub struct ChannelFit {
    /// The channel.
    pub channel: Channel,
    /// The curve, or why there is none.
    pub curve: Result<Curve, String>,
    /// Mean spend per period over the last 28 reported days or 8 weeks.
    pub reference_spend: f64,
    /// Mean spend per period over the whole history; the reference where the history is not known.
    pub mean_spend: f64,
    /// Least and largest reported spend per period.
    pub observed: (f64, f64),
    /// Multiples of the curve on the first days of dated periods; empty without season.
    pub season: Season,
    /// How the estimate went; absent for curves from elsewhere.
    pub diagnostics: Option<Diagnostics>,
}

/// Season factors by first day of the period.
pub type Season = std::collections::BTreeMap<jiff::civil::Date, f64>;

/// How an estimate went.
#[derive(Clone, Debug, PartialEq)]
pub struct Diagnostics {
    /// Periods with spend and KPI that the curve was fitted to.
    pub periods: usize,
    /// Share of the KPI's deviance that spend explains.
    pub explained: f64,
    /// Percent more KPI for one percent more spend, from the log-log regression.
    pub elasticity: f64,
    /// Standard error of the elasticity.
    pub elasticity_error: f64,
    /// Pareto shape of the importance weights; above 0.7 the draws are not to be trusted.
    pub pareto_k: f64,
    /// Effective sample size of the importance sample.
    pub effective: f64,
}
