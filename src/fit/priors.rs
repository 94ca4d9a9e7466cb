//! What is believed before the data are seen: `models/priors.toml`.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use super::family::{Family, sigmoid};
use super::likelihood::{Carry, History, Model, RESPONSE};
use crate::settings::Prior;
use crate::units::{Channel, Field};

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

    /// The same belief about an unknown that lies `by` further up; of a share, itself.
    pub fn moved(self, by: f64) -> Belief {
        match self {
            Belief::Normal { mean, sd } => Belief::Normal { mean: mean + by, sd },
            Belief::Share(_) => self,
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

/// A log-normal belief that is given by its mean: what is expected to be caused is then the attributed KPI times it.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Caused {
    /// Mean.
    pub mean: f64,
    /// Standard deviation of the logarithm.
    pub log_sd: f64,
}

impl Caused {
    /// The value `z` standard deviations of the logarithm from its middle.
    pub fn at(&self, z: f64) -> f64 {
        self.mean * (self.log_sd * z - 0.5 * self.log_sd * self.log_sd).exp()
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
#[derive(Clone, Debug, Deserialize)]
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
    pub incrementality: Caused,
    /// What columns of the calendar add to the logarithm of the response, before channels are compared.
    pub calendar: Calendar,
    /// What is believed otherwise of the channels of a platform.
    pub platform: BTreeMap<String, PlatformPrior>,
}

/// How a platform's channels differ before their data are seen.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlatformPrior {
    /// Middle of the belief about the share of the ceiling that is reached at mean spend.
    pub saturation: f64,
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
    /// Correlation of any two channels' half points, and of their shapes, each about its mean spend.
    pub alike: f64,
    /// Standard deviation of the half-normal baseline, in multiples of mean KPI.
    pub base: f64,
    /// Standard deviation of trend, season and free columns, on the baseline's logarithm.
    pub drift: f64,
    /// Effects of weekdays, on the baseline's logarithm.
    pub weekday: Weekday,
    /// Standard deviation of an event, on the baseline's logarithm.
    pub event: f64,
    /// Standard deviation of the half-normal noise, as a share of the mean.
    pub noise: f64,
}

/// How much weekdays differ.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Weekday {
    /// About the standard deviation of a weekday's effect.
    pub sd: f64,
    /// How many weekdays this belief counts for.
    pub freedom: f64,
}

/// What all channels together bring, and how far one may stand from its part of it.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PaidShare {
    /// Share of mean KPI that spend brings, shared out over the channels by spend.
    pub share: f64,
    /// About the standard deviation of the logarithm of a channel's part.
    pub log_sd: f64,
    /// Channels that this belief about the standard deviation counts for.
    pub freedom: f64,
}

impl PaidShare {
    /// Standard deviation of the logarithm of one channel's part, whatever that of all is.
    pub fn deviation(&self) -> f64 {
        self.log_sd * (self.freedom / (self.freedom - 2.0)).sqrt()
    }
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
    /// How far the half points of a platform's channels are believed from those of any other, on the logarithm.
    pub fn offset(&self, channel: &Channel) -> f64 {
        let known = channel.value(Field::Platform).and_then(|platform| self.platform.get(platform));
        known.map_or(0.0, |prior| ((1.0 - prior.saturation) / prior.saturation).ln())
    }

    /// As [`Priors::of`], for a channel whose half point is believed `offset` from others'.
    pub fn of_platform(&self, model: Model, mean_count: f64, offset: f64) -> Vec<Belief> {
        let mut beliefs = self.of(model, mean_count);
        if matches!(model.family, Family::Hill | Family::Log | Family::Saturating) {
            beliefs[model.shape()] = beliefs[model.shape()].moved(offset);
        }
        beliefs
    }

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

/// Standard errors from the middle of a 90 % interval to its end.
const NINETY: f64 = 1.6449;
/// Standard deviations of the prior predictive beyond which data contradict what is stated.
pub(super) const CONTRADICTED: f64 = 2.6;

/// What the settings state of a channel, in business units, as beliefs.
#[derive(Clone, Debug, PartialEq)]
pub struct Stated {
    /// About ln KPI at mean spend, in counts.
    response: Option<Belief>,
    /// About ln half point of a Hill curve of shape 1, in multiples of mean spend.
    half: Option<Belief>,
    /// The costs as stated, and mean spend.
    cost_per: Option<((f64, f64), f64)>,
}

impl Stated {
    /// Of a channel that spends `mean_spend` a period and whose KPI is counted in `unit`s.
    pub fn of(prior: &Prior, mean_spend: f64, unit: f64) -> Stated {
        let between =
            |low: f64, high: f64| Belief::Normal { mean: 0.5 * (low + high), sd: (high - low) / (2.0 * NINETY) };
        let log_count = |cost: f64| (mean_spend / cost / unit).ln();
        // of the ceiling a Hill curve of shape 1 reaches 1 ÷ (1 + κ) at mean spend
        let log_half = |share: f64| ((1.0 - share) / share).ln();
        Stated {
            response: prior.cost_per.map(|(low, high)| between(log_count(high), log_count(low))),
            half: prior.saturation.map(|(low, high)| between(log_half(high), log_half(low))),
            cost_per: prior.cost_per.map(|stated| (stated, mean_spend / unit)),
        }
    }

    /// Mean and standard deviation of ln KPI at mean spend, in counts, and of the logit of the share of the ceiling that is
    /// still missing there.
    pub fn moments(&self) -> [Option<(f64, f64)>; 2] {
        [self.response, self.half].map(|belief| Some(belief?.moments()))
    }

    /// Puts what is stated in the place of plain beliefs, and beside what other channels say of the half point.
    pub fn enter(&self, model: Model, beliefs: &mut [Belief]) {
        if let Some(response) = self.response {
            beliefs[RESPONSE] = response;
        }
        if let (Some(half), Family::Hill) = (self.half, model.family) {
            let ((mean, sd), (own, spread)) = (half.moments(), beliefs[model.shape()].moments());
            let (stated, pooled) = (1.0 / (sd * sd), 1.0 / (spread * spread));
            let mean = (stated * mean + pooled * own) / (stated + pooled);
            beliefs[model.shape()] = Belief::Normal { mean, sd: 1.0 / (stated + pooled).sqrt() };
        }
    }

    /// # What it does
    /// Holds the stated cost against the data: the mean count within its prior predictive range, or what contradicts it.
    /// # Threshold
    /// 2.6 standard deviations: one channel in a hundred whose prior is right.
    pub fn contradicted(&self, history: &History) -> Option<String> {
        let counts = history.counts.iter().map(|count| count.1);
        let squares: f64 = counts.map(|y| (y - history.mean_count).powi(2)).sum();
        // of the mean count itself, as a share
        let error = squares.sqrt() / (history.counts.len() as f64 * history.mean_count);
        self.far_from((history.mean_count.ln(), error))
    }

    /// As [`Stated::contradicted`], of what the posterior (mean and deviation of ln KPI at mean spend) holds besides what is
    /// stated: the posterior's precision less the stated one is the data's.
    pub fn contradicted_by(&self, (mean, sd): (f64, f64)) -> Option<String> {
        let (stated, stated_sd) = self.response?.moments();
        let (all, own) = (sd.powi(-2), stated_sd.powi(-2));
        let data = all - own;
        (data > 1e-3 * own).then(|| self.far_from(((all * mean - own * stated) / data, data.powf(-0.5))))?
    }

    /// What contradicts the stated cost, where the data's mean and deviation of ln KPI at mean spend are these.
    fn far_from(&self, (found, error): (f64, f64)) -> Option<String> {
        let ((mean, sd), ((low, high), spend)) = (self.response?.moments(), self.cost_per?);
        let far = (found - mean).abs() / (sd * sd + error * error).sqrt();
        let cost = spend / found.exp();
        (far > CONTRADICTED).then(|| {
            format!("costs {cost:.2} a KPI on average, far from the {low} to {high} that `[[fit.prior]]` states")
        })
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
    use crate::fit::screen::FIRST_LOOK;

    #[test]
    fn the_shipped_file_is_sound() {
        assert!(shipped().half.log_sd > 0.0);
        // 0.5 at a half point of mean spend is where offsets are counted from
        assert_eq!([shipped().half.median, shipped().total.half.median], [1.0, 1.0]);
        assert!(shipped().platform.values().all(|prior| (0.1..0.9).contains(&prior.saturation)));
    }

    #[test]
    fn a_search_engine_is_believed_to_saturate_earlier_and_no_surer() {
        let channel = |platform: &str| Channel::new(&[(Field::Platform, Some(platform.to_owned()))]);
        let half = |platform: &str| {
            let offset = shipped().offset(&channel(platform));
            shipped().of_platform(FIRST_LOOK, 10.0, offset)[FIRST_LOOK.shape()].moments()
        };
        let ((search, sd), (feed, plain)) = (half("baidu"), half("kuaishou"));
        assert!((1.0 / (1.0 + search.exp()) - 0.6).abs() < 1e-12 && sd == plain, "{search} {sd}");
        assert_eq!(feed, 0.0);
    }

    #[test]
    fn moments_of_a_logit_are_those_of_its_share() {
        // Beta(1, 1): the logit is standard logistic, mean 0 and variance π² ÷ 3.
        let (mean, sd) = Belief::Share(Beta { a: 1.0, b: 1.0 }).moments();
        assert!(mean.abs() < 1e-9 && (sd - std::f64::consts::PI / 3f64.sqrt()).abs() < 1e-6);
    }
}
