//! Panel → [`Backtest`]: what the models would have said in the past, held against what came.
//!
//! ```text
//!     for each origin o:   fit on the periods before o   →   predict the window from o on, given its true spend
//! ```
//!
//! Rolling origins, one window apart; no period of a window is ever seen by the models that predict it. Predictions are of
//! counts: the draws' expected KPI with carry-over and season, plus negative-binomial noise of the size that the history
//! before o shows. Where only the total over all channels is known, it is what is predicted. Beside them stand two rules
//! that need no model: the channel's own cost per KPI of the last window, and all channels' KPI of the last window shared out
//! by spend.

mod predict;
mod worth;

use jiff::civil::Date;
use rayon::prelude::*;
use serde::Serialize;

use crate::check::{Error, Kind};
use crate::fit::{self, Ahead, Fitted};
use crate::math::{mean, quantile};
use crate::panel::Panel;
use crate::settings::Settings;
use crate::units::Grain;

pub use worth::PlanWorth;

/// Most origins.
const MOST_ORIGINS: usize = 6;
/// Share of the history before the first origin, at least.
const BEFORE: f64 = 0.5;

/// What the models would have said.
#[derive(Clone, Debug, Serialize)]
pub struct Backtest {
    /// `outlay/backtest@1`.
    pub format: &'static str,
    /// What is predicted.
    pub kpi: String,
    /// Periods of a window.
    pub window: usize,
    /// The period.
    pub grain: String,
    /// First day of each window.
    pub origins: Vec<String>,
    /// One a channel that had a curve at some origin, in the panel's order.
    pub channels: Vec<ChannelScores>,
    /// Channels that never had a curve, with the reason at the last origin.
    pub without: Vec<Without>,
    /// All channels together.
    pub all: Option<Scores>,
    /// What the plans would have been worth, by origin; empty without `[plan]`.
    pub plans: Vec<PlanWorth>,
    /// Every prediction.
    #[serde(skip)]
    pub windows: Vec<Window>,
}

/// A channel without a curve.
#[derive(Clone, Debug, Serialize)]
pub struct Without {
    /// Its label.
    pub channel: String,
    /// Why.
    pub reason: String,
}

/// One channel's scores.
#[derive(Clone, Debug, Serialize)]
pub struct ChannelScores {
    /// Its label.
    pub channel: String,
    /// Its scores.
    #[serde(flatten)]
    pub scores: Scores,
}

/// How good predictions were.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Scores {
    /// Windows that were predicted.
    pub windows: usize,
    /// Share of single periods whose KPI lay within the 90 % interval.
    pub cover_periods: f64,
    /// Share of windows whose total lay within it.
    pub cover_windows: f64,
    /// Mean continuous ranked probability score of the window's total; the absolute error for the rules.
    pub crps: ByRule,
    /// Predicted ÷ actual total − 1.
    pub bias: ByRule,
}

/// The same figure for the models and for the rules without one.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct ByRule {
    /// Of the models.
    pub model: f64,
    /// Of the channel's cost per KPI in the last window.
    pub last_cost: f64,
    /// Of all channels' KPI of the last window, shared out by spend.
    pub spend_share: f64,
}

/// One channel and window.
#[derive(Clone, Debug)]
pub struct Window {
    /// The channel's place in the panel; one beyond the last for the total over all.
    pub channel: usize,
    /// The channel's label.
    pub label: String,
    /// First day.
    pub start: Date,
    /// Spend.
    pub spend: f64,
    /// KPI that came.
    pub actual: f64,
    /// Mean, 5 % and 95 % quantile of the prediction.
    pub predicted: [f64; 3],
    /// Its continuous ranked probability score.
    pub crps: f64,
    /// Periods within their interval, and periods.
    pub within: (usize, usize),
    /// By the channel's own cost of the last window.
    pub last_cost: f64,
    /// By all channels' cost of the last window.
    pub spend_share: f64,
}

/// Predicts the past at rolling origins.
///
/// # Errors
///
/// [`Kind::Nothing`] when the history has no room for two windows; what [`fit::channels`] refuses.
pub fn rolling(panel: &Panel, settings: &Settings, whole: &Fitted) -> Result<Backtest, Error> {
    let window = match panel.grain {
        Grain::Day => 28,
        Grain::Week => 8,
    };
    let origins = origins(panel.periods.len(), window)?;
    let fits: Vec<(Fitted, Option<Ahead>)> =
        origins.iter().map(|origin| fit::as_of(panel, *origin, settings)).collect::<Result<_, Error>>()?;
    let at = |(origin, (fitted, ahead)): (&usize, &(Fitted, Option<Ahead>))| match &panel.total {
        Some(total) => {
            let ahead = ahead.as_ref();
            ahead
                .and_then(|ahead| predict::total(panel, total, ahead, *origin..*origin + window, settings.seed))
                .into_iter()
                .collect()
        }
        None => predict::windows(panel, fitted, *origin, window, settings.seed),
    };
    let windows: Vec<Window> = origins.par_iter().zip(&fits).flat_map_iter(at).collect();
    let plans = origins
        .iter()
        .zip(&fits)
        .filter_map(|(origin, (fitted, _))| worth::of(panel, fitted, whole, settings, *origin, window))
        .collect();
    let of_channel = |channel: usize| {
        let own: Vec<&Window> = windows.iter().filter(|window| window.channel == channel).collect();
        let channel = panel.channels[channel].label.clone();
        (!own.is_empty()).then(|| ChannelScores { channel, scores: scores(&own) })
    };
    let channels: Vec<ChannelScores> = (0..panel.channels.len()).filter_map(of_channel).collect();
    let all: Vec<&Window> = windows.iter().collect();
    Ok(Backtest {
        format: "outlay/backtest@1",
        kpi: panel.kpi.name().into(),
        window,
        grain: panel.grain.name().into(),
        origins: origins.iter().map(|origin| panel.periods[*origin].to_string()).collect(),
        without: without(panel, &channels, fits.last().map(|(fitted, _)| fitted)),
        all: (!all.is_empty()).then(|| scores(&all)),
        channels,
        plans,
        windows,
    })
}

/// First periods of the windows, ascending: as many as the later half of the history holds.
fn origins(periods: usize, window: usize) -> Result<Vec<usize>, Error> {
    let first = (BEFORE * periods as f64).ceil() as usize;
    let room = (periods - first) / window;
    if room == 0 {
        let message = format!("{periods} periods have no room for a window of {window} after half of them");
        return Err(Error::new(Kind::Nothing, message).help("a backtest needs a longer history"));
    }
    let count = room.min(MOST_ORIGINS);
    Ok((1..=count).rev().map(|back| periods - back * window).collect())
}

fn without(panel: &Panel, with: &[ChannelScores], last: Option<&Fitted>) -> Vec<Without> {
    let reason = |label: &str| {
        let fit = last?.channels.iter().find(|fit| fit.channel.label == label)?;
        fit.curve.as_ref().err().cloned()
    };
    // of a total no channel has scores of its own
    let has_curve = |label: &String| panel.total.is_some() && reason(label).is_none();
    let lacks = |label: &&String| with.iter().all(|scores| scores.channel != **label) && !has_curve(label);
    let labels = panel.channels.iter().map(|channel| &channel.label).filter(lacks);
    let without = |label: &String| {
        let reason = reason(label).unwrap_or_else(|| "no counted periods to hold a prediction against".into());
        Without { channel: label.clone(), reason }
    };
    labels.map(without).collect()
}

fn scores(windows: &[&Window]) -> Scores {
    let actual: f64 = windows.iter().map(|window| window.actual).sum();
    let average = |f: &dyn Fn(&Window) -> f64| mean(&windows.iter().map(|window| f(window)).collect::<Vec<_>>());
    let bias = |f: &dyn Fn(&Window) -> f64| windows.iter().map(|window| f(window)).sum::<f64>() / actual - 1.0;
    let periods: usize = windows.iter().map(|window| window.within.1).sum();
    let within: usize = windows.iter().map(|window| window.within.0).sum();
    Scores {
        windows: windows.len(),
        cover_periods: within as f64 / periods as f64,
        cover_windows: average(&|w| f64::from((w.predicted[1]..=w.predicted[2]).contains(&w.actual))),
        crps: ByRule {
            model: average(&|w| w.crps),
            last_cost: average(&|w| (w.last_cost - w.actual).abs()),
            spend_share: average(&|w| (w.spend_share - w.actual).abs()),
        },
        bias: ByRule {
            model: bias(&|w| w.predicted[0]),
            last_cost: bias(&|w| w.last_cost),
            spend_share: bias(&|w| w.spend_share),
        },
    }
}

/// Continuous ranked probability score of a sample: E|X − y| − ½ E|X − X′| (Gneiting & Raftery 2007).
///
/// ```
/// assert_eq!(outlay::backtest::crps(&[1.0, 3.0], 2.0), 0.5);
/// ```
pub fn crps(sample: &[f64], actual: f64) -> f64 {
    let mut sorted = sample.to_vec();
    sorted.sort_by(f64::total_cmp);
    let n = sorted.len() as f64;
    let miss = sorted.iter().map(|x| (x - actual).abs()).sum::<f64>() / n;
    // Σ over pairs |x − x′| = 2 Σ (2i − n + 1) x(i), i from 0
    let apart: f64 = sorted.iter().enumerate().map(|(i, x)| (2.0 * i as f64 - n + 1.0) * x).sum();
    miss - apart / (n * n)
}

/// Mean, 5 % and 95 % quantile.
fn three(sample: &[f64]) -> [f64; 3] {
    [mean(sample), quantile(sample, 0.05), quantile(sample, 0.95)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_follow_each_other_to_the_end() {
        assert_eq!(origins(365, 28).unwrap(), [197, 225, 253, 281, 309, 337]);
        assert_eq!(origins(60, 28).unwrap(), [32]);
        assert_eq!(origins(50, 28).unwrap_err().kind, Kind::Nothing);
    }

    #[test]
    fn a_sharp_true_prediction_scores_best() {
        let around =
            |centre: f64, width: f64| (0..100).map(|i| centre + width * (f64::from(i) - 49.5)).collect::<Vec<_>>();
        let (sharp, wide, off) = (around(10.0, 0.01), around(10.0, 0.5), around(14.0, 0.01));
        assert!(crps(&sharp, 10.0) < crps(&wide, 10.0) && crps(&sharp, 10.0) < crps(&off, 10.0));
    }
}
