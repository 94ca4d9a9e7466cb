//! Panel → [`Fitted`]: a response curve per channel with posterior draws, or the reason why there is none.

pub mod adopt;
pub mod adstock;
pub mod average;
#[cfg(test)]
mod calibration;
pub mod chain;
pub mod change;
pub mod checks;
pub mod demand;
pub mod estimate;
pub mod family;
pub mod history;
mod joint;
pub mod lift;
pub mod likelihood;
pub mod pool;
pub mod priors;
pub mod regress;
pub mod response;
mod sampling;
pub mod saturation;
pub mod screen;
pub mod season;
pub mod stack;
pub mod start;
pub mod store;
pub mod support;

pub use estimate::{as_of, channels, updated};
pub use joint::Ahead;
pub use lift::Incrementality;

pub use response::{Curve, Response};
pub use saturation::Saturation;

use crate::check::Finding;
use crate::math::nuts::Chains;
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
    /// First day of the last period that the models know; absent when made elsewhere.
    pub until: Option<jiff::civil::Date>,
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
    /// What share of the attributed KPI spend is taken to have caused; absent where the curve is of what spend causes, and
    /// for curves from elsewhere that do not say.
    pub incrementality: Option<lift::Incrementality>,
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
    /// How the draws were made.
    pub how: How,
    /// What else is worth saying.
    pub notes: Notes,
}

/// How draws were made, with the diagnostic of the method.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum How {
    /// By importance weights.
    Importance {
        /// Pareto shape of the weights; above 0.7 they are not to be trusted.
        pareto_k: f64,
        /// Effective sample size.
        effective: f64,
    },
    /// By the no-U-turn sampler.
    Nuts {
        /// Worst split R-hat.
        r_hat: f64,
        /// Least effective sample size.
        effective: f64,
        /// Trajectories that lost their energy.
        divergences: usize,
        /// Draws in all.
        draws: usize,
    },
}

impl How {
    /// How chains went.
    fn of(chains: &Chains) -> How {
        let Chains { r_hat, effective, divergences, .. } = *chains;
        How::Nuts { r_hat, effective, divergences, draws: chains.draws.iter().map(Vec::len).sum() }
    }

    /// Whether the method's own diagnostic lets the draws be trusted.
    pub fn is_sound(&self) -> bool {
        match *self {
            How::Importance { pareto_k, .. } => pareto_k <= checks::LARGEST_K,
            How::Nuts { r_hat, effective, divergences, draws } => {
                r_hat <= checks::LARGEST_R_HAT
                    && effective >= checks::LEAST_EFFECTIVE
                    && divergences as f64 <= checks::MOST_DIVERGENT * draws as f64
            }
        }
    }

    /// Pareto shape of the importance weights, where there are any.
    pub fn pareto_k(&self) -> Option<f64> {
        match self {
            How::Importance { pareto_k, .. } => Some(*pareto_k),
            How::Nuts { .. } => None,
        }
    }
}

/// What else is worth saying of an estimate.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Notes {
    /// First days of the periods that no curve explains; they are left out.
    pub left_out: Vec<jiff::civil::Date>,
    /// First day of a new level of response.
    pub level: Option<jiff::civil::Date>,
    /// The forms that the curve averages, each with its weight, the heaviest first.
    pub forms: Vec<(String, f64)>,
    /// Nats by which the best form predicts better than a straight line; absent where the line is ruled out.
    pub over_straight: Option<f64>,
    /// Why the history is too short for a curve without the other channels' help.
    pub borrowed: Option<String>,
    /// How spend came about.
    pub origin: demand::Origin,
    /// What the settings state of the channel and its data contradict.
    pub contradicted: Option<String>,
    /// How single periods scatter around their expectation.
    pub noise: Noise,
}

/// The scatter of single periods: KPI ÷ `unit` is negative binomial, variance m + m² ÷ `dispersion`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Noise {
    /// Dispersion r.
    pub dispersion: f64,
    /// KPI per count.
    pub unit: f64,
}

impl Default for Noise {
    /// That of plain counts.
    fn default() -> Noise {
        Noise { dispersion: 1e6, unit: 1.0 }
    }
}
