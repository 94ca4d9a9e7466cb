//! What is believed before the data are seen: `models/priors.toml`.

use std::sync::LazyLock;

use serde::Deserialize;

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
        let z = (at - self.median.ln()) / self.log_sd;
        (-0.5 * z * z, -z / self.log_sd)
    }
}

/// A beta belief about a share.
#[derive(Clone, Copy, Debug, Deserialize)]
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
    /// Share of adstock left one period later.
    pub decay: Beta,
    /// Dispersion of the negative binomial.
    pub dispersion: LogNormal,
    /// Where only the total over all channels is known.
    pub total: TotalPriors,
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
    #[test]
    fn the_shipped_file_is_sound() {
        assert!(super::shipped().half.log_sd > 0.0);
    }
}
