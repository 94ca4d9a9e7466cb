//! What is believed before the data are seen: `models/priors.toml`.

use std::sync::LazyLock;

use serde::Deserialize;

use super::family::{Family, sigmoid};
use super::likelihood::{Carry, Model};

/// A belief about one unknown, on the scale that is searched.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Belief {
    /// Normal.
    Normal {
        /// Mean.
        mean: f64,
        /// Standard deviation.
        sd: f64,
    },
    /// The unknown is the logit of a share that is Beta(a, b).
    Share(Beta),
}

impl Belief {
    /// Log density, up to a constant, and its derivative.
    pub fn log_density(&self, at: f64) -> (f64, f64) {
        match self {
            Belief::Normal { mean, sd } => {
                let z = (at - mean) / sd;
                (-0.5 * z * z, -z / sd)
            }
            Belief::Share(beta) => beta.of_logit(sigmoid(at)),
        }
    }

    /// Negative second derivative of the log density.
    pub fn curvature(&self, at: f64) -> f64 {
        match self {
            Belief::Normal { sd, .. } => 1.0 / (sd * sd),
            Belief::Share(beta) => (beta.a + beta.b) * sigmoid(at) * (1.0 - sigmoid(at)),
        }
    }

    /// Mean and standard deviation on the searched scale.
    pub fn moments(&self) -> (f64, f64) {
        match self {
            Belief::Normal { mean, sd } => (*mean, *sd),
            Belief::Share(beta) => beta.moments_of_logit(),
        }
    }
}

/// A log-normal belief.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogNormal {
    /// Median.
    pub median: f64,
    /// Standard deviation of the logarithm.
    pub log_sd: f64,
}

impl LogNormal {
    /// Log density of the logarithm `at`, up to a constant, and its derivative.
    pub fn of_log(&self, at: f64) -> (f64, f64) {
        self.belief().log_density(at)
    }

    /// The belief about the logarithm.
    pub fn belief(&self) -> Belief {
        Belief::Normal { mean: self.median.ln(), sd: self.log_sd }
    }
}

/// A beta belief about a share.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Beta {
    /// First shape.
    pub a: f64,
    /// Second shape.
    pub b: f64,
}

impl Beta {
    /// Log density of the logit whose share is `share`, up to a constant, and its derivative by the logit.
    pub fn of_logit(&self, share: f64) -> (f64, f64) {
        let value = self.a * share.ln() + self.b * (-share).ln_1p();
        (value, self.a * (1.0 - share) - self.b * share)
    }

    /// ψ(a) − ψ(b) and √(ψ′(a) + ψ′(b)); ψ′ by a difference of ψ.
    fn moments_of_logit(&self) -> (f64, f64) {
        let digamma = statrs::function::gamma::digamma;
        let slope = |x: f64| (digamma(x + 1e-4) - digamma(x - 1e-4)) / 2e-4;
        (digamma(self.a) - digamma(self.b), (slope(self.a) + slope(self.b)).sqrt())
    }
}

/// The priors of one channel.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Priors {
    /// KPI at mean spend, in multiples of the mean KPI.
    pub response: LogNormal,
    /// Half point, in multiples of mean spend.
    pub half: LogNormal,
    /// Hill shape.
    pub slope: LogNormal,
    /// Elasticity of the power curve.
    pub exponent: LogNormal,
    /// Where the log curve turns, in multiples of mean spend.
    pub log_half: LogNormal,
    /// Spend that leaves 1/e of the ceiling of the saturating curve, in multiples of mean spend.
    pub saturating_half: LogNormal,
    /// Share of adstock left one period later.
    pub decay: Beta,
    /// Scale of a delayed effect, periods.
    pub delay: LogNormal,
    /// Shape of a delayed effect.
    pub delay_shape: LogNormal,
    /// Dispersion of the negative binomial.
    pub dispersion: LogNormal,
    /// Where only the total over all channels is known.
    pub total: TotalPriors,
    /// Share of the attributed KPI that spend caused.
    pub incrementality: LogNormal,
    /// What columns of the calendar add to the logarithm of the response, before channels are compared.
    pub calendar: Calendar,
}

/// The priors of the joint model of a total.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TotalPriors {
    /// KPI at the channel's mean spend.
    pub response: PaidShare,
    /// Half point, in multiples of mean spend.
    pub half: LogNormal,
    /// Hill shape.
    pub slope: LogNormal,
    /// Share of adstock left one period later.
    pub decay: Beta,
    /// Standard deviation of the half-normal baseline, in multiples of mean KPI.
    pub base: f64,
    /// Standard deviation of trend, season, weekday and free columns, on the baseline's logarithm.
    pub drift: f64,
    /// Standard deviation of an event, on the baseline's logarithm.
    pub event: f64,
    /// Standard deviation of the half-normal noise, as a share of the mean.
    pub noise: f64,
}

/// What all channels together bring, and how far one may stand from its part of it.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PaidShare {
    /// Share of mean KPI that spend brings, shared out over the channels by spend.
    pub share: f64,
    /// Standard deviation of the logarithm of a channel's part.
    pub log_sd: f64,
}

/// Standard deviations of what the calendar adds.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Calendar {
    /// Of a term of weekday, season or trend.
    pub term: f64,
    /// Of an event or a shift of level.
    pub event: f64,
}

impl Priors {
    /// Beliefs about the unknowns of a model before those of the calendar, for a channel of mean KPI `mean_count`.
    pub fn of(&self, model: Model, mean_count: f64) -> Vec<Belief> {
        let response = Belief::Normal { mean: (self.response.median * mean_count).ln(), sd: self.response.log_sd };
        let mut beliefs = vec![response, self.dispersion.belief()];
        match model.carry {
            Carry::Geometric => beliefs.push(Belief::Share(self.decay)),
            Carry::Delayed => beliefs.extend([self.delay.belief(), self.delay_shape.belief()]),
        }
        match model.family {
            Family::Hill => beliefs.extend([self.half.belief(), self.slope.belief()]),
            Family::Power => beliefs.push(self.exponent.belief()),
            Family::Log => beliefs.push(self.log_half.belief()),
            Family::Saturating => beliefs.push(self.saturating_half.belief()),
            Family::Linear => {}
        }
        beliefs
    }
}

/// The priors that outlay ships.
///
/// # Panics
///
/// Never once a test has read the file that is compiled in.
pub fn shipped() -> &'static Priors {
    static SHIPPED: LazyLock<Priors> = LazyLock::new(|| {
        toml::from_str(include_str!("../../models/priors.toml")).expect("models/priors.toml is sound")
    });
    &SHIPPED
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_file_is_sound() {
        assert!(shipped().half.log_sd > 0.0);
    }

    #[test]
    fn moments_of_a_logit_are_those_of_its_share() {
        // Beta(1, 1): the logit is standard logistic, mean 0 and variance π² ÷ 3.
        let (mean, sd) = Belief::Share(Beta { a: 1.0, b: 1.0 }).moments();
        assert!(mean.abs() < 1e-9 && (sd - std::f64::consts::PI / 3f64.sqrt()).abs() < 1e-6);
    }
}
