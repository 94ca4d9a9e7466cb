//! The joint fit as a stage: a curve per channel with draws, and what is to be said of them.

use super::beside::Beside;
use super::checks;
use super::data::{self, Data, Laid};
use super::density::{self, Joint};
use super::posterior::{self, Sampled, of_channel};
use super::residuals;
use crate::check::Finding;
use crate::fit::checks as fit_checks;
use crate::fit::priors::{self, Stated, TotalPriors};
use crate::fit::response::{Curve, Response};
use crate::fit::saturation::Saturation;
use crate::fit::{ChannelFit, Fitted, Season, estimate};
use crate::math::mode;
use crate::math::quantile;
use crate::panel::{Panel, TotalKpi};
use crate::settings::Settings;

/// What the draws expect of the total.
pub struct Ahead {
    /// By draw and period of the panel, those after the fit too.
    pub expected: Vec<Vec<f64>>,
    /// Noise beyond Poisson's by draw, as a share of the mean.
    pub noise: Vec<f64>,
    /// By period: whether the total and every channel's spend is known.
    pub known: Vec<bool>,
}

/// Fits every channel of the panel to the total over all of them. A channel that takes no part gets the reason instead.
///
/// The curves of an earlier model count beside the priors, at a quarter of their weight.
pub fn channels(panel: &Panel, total: &TotalKpi, settings: &Settings, before: Option<&Fitted>) -> Fitted {
    as_of(panel, total, panel.periods.len(), settings, before).0
}

/// As [`channels`] from the periods before `end`, and what the draws say of those from it on, where there are draws.
pub fn as_of(
    panel: &Panel,
    total: &TotalKpi,
    end: usize,
    settings: &Settings,
    before: Option<&Fitted>,
) -> (Fitted, Option<Ahead>) {
    let priors = &priors::shipped().total;
    let lay = |without: &[usize]| data::lay_out((panel, total), end, &settings.events, priors, without);
    let (mut laid, cleaned) = residuals::clean(lay, panel, priors);
    if let (Some(before), Ok(data)) = (before, &mut laid.data) {
        for channel in &mut data.channels {
            channel.earlier = estimate::earlier(before, &panel.channels[channel.row], channel.mean_spend);
        }
    }
    let known = panel.until(end);
    if let Ok(data) = &mut laid.data {
        for channel in &mut data.channels {
            let own = &known.channels[channel.row];
            let stated = estimate::stated(own, settings).map(|prior| Stated::of(prior, channel.mean_spend, 1.0));
            let tests = estimate::tests(&known, channel.row, &settings.fit.experiments);
            channel.beside = Beside::of(stated, tests, channel.mean_spend);
            channel.log_response = channel.beside.log_response().unwrap_or(channel.log_response);
        }
    }
    let mut findings = checks::filled(panel, &laid.filled);
    findings.extend(checks::cleaned(panel, total, &cleaned));
    let sampled = sampled(&laid, priors, settings, panel);
    let fits: Vec<ChannelFit> = (0..panel.channels.len()).map(|row| channel(&known, &laid, &sampled, row)).collect();
    findings.extend(fits.iter().filter_map(no_curve));
    findings.extend(unused(&laid, settings, &known, sampled.is_ok()));
    let mut ahead = None;
    if let (Ok(data), Ok((sampled, _))) = (&laid.data, &sampled) {
        findings.extend(checks::all(panel, data, sampled, priors));
        findings.extend(checks::beside(panel, data, sampled));
        ahead = (end < panel.periods.len()).then(|| ahead_of(&Joint::new(data, priors), sampled, laid.whole.clone()));
    }
    let fitted = Fitted {
        kpi: panel.kpi,
        currency: panel.currency,
        grain: panel.grain,
        seed: settings.seed,
        panel_sha256: known.sha256,
        settings_sha256: settings.sha256.clone(),
        until: known.periods.last().copied(),
        channels: fits,
        findings,
    };
    (fitted, ahead)
}

fn ahead_of(joint: &Joint, sampled: &Sampled, known: Vec<bool>) -> Ahead {
    Ahead {
        expected: sampled.draws.iter().map(|draw| joint.anywhere(draw)).collect(),
        noise: sampled.searched.iter().map(|draw| joint.noise(draw)).collect(),
        known,
    }
}

/// Lift tests and stated priors that speak of no channel with a curve.
fn unused(laid: &Laid, settings: &Settings, known: &Panel, is_sampled: bool) -> Vec<Finding> {
    let channels = laid.data.iter().filter(|_| is_sampled).flat_map(|data| &data.channels);
    let tests = channels.flat_map(|channel| &channel.beside.tests).map(|lift| lift.test.name.as_str());
    let mut findings = fit_checks::unused_tests(&settings.fit.experiments, &tests.collect::<Vec<&str>>());
    findings.extend(fit_checks::unmatched_priors(&settings.fit.priors, &known.channels));
    findings
}

/// Draws of the posterior, or why no channel gets a curve.
fn sampled(laid: &Laid, priors: &TotalPriors, settings: &Settings, panel: &Panel) -> Result<(Sampled, f64), String> {
    let data = laid.data.as_ref().map_err(Clone::clone)?;
    let gain = gain(data, priors).unwrap_or(f64::INFINITY);
    checks::spend_explains(gain, panel.kpi)?;
    let sampled = posterior::sample(data, priors, settings.fit.sampler, settings.seed)
        .ok_or("the posterior of the joint model could not be sampled")?;
    Ok((sampled, gain))
}

/// How much likelier the totals are with all channels' spend than with the baseline alone, in units of the log likelihood;
/// `None` where either has no mode.
fn gain(data: &Data, priors: &TotalPriors) -> Option<f64> {
    let at_mode = |data: &Data| {
        let joint = Joint::new(data, priors);
        mode::climb(&joint, &joint.start()).map(|mode| joint.log_likelihood(&mode.at) + joint.tests_gain(&mode.at))
    };
    let alone = Data { channels: Vec::new(), ..data.clone() };
    Some(at_mode(data)? - at_mode(&alone)?)
}

fn channel(panel: &Panel, laid: &Laid, sampled: &Result<(Sampled, f64), String>, row: usize) -> ChannelFit {
    let curve = match (&laid.reasons[row], &laid.data, sampled) {
        (Some(reason), ..) | (_, Err(reason), _) | (_, _, Err(reason)) => Err(reason.clone()),
        (None, Ok(data), Ok((sampled, _))) => curve(data, sampled, row),
    };
    ChannelFit {
        channel: panel.channels[row].clone(),
        curve,
        reference_spend: panel.reference_spend(row),
        mean_spend: panel.mean_spend(row),
        observed: panel.observed(row),
        season: Season::new(),
        incrementality: None,
        diagnostics: None,
    }
}

fn curve(data: &Data, sampled: &Sampled, row: usize) -> Result<Curve, String> {
    let place = data.channels.iter().position(|channel| channel.row == row).ok_or("it takes no part in the fit")?;
    let mean_spend = data.channels[place].mean_spend;
    let draws: Vec<Response> =
        sampled.draws.iter().map(|draw| density::response(of_channel(draw, place), mean_spend)).collect();
    Ok(Curve { summary: summary(&draws), draws })
}

/// Medians of the draws' parameters.
fn summary(draws: &[Response]) -> Response {
    let part = |which: usize| {
        let value = |draw: &Response| match draw.saturation {
            Saturation::Hill { top, half, slope } => [top, half, slope, draw.decay][which],
            _ => f64::NAN,
        };
        quantile(&draws.iter().map(value).collect::<Vec<_>>(), 0.5)
    };
    Response { saturation: Saturation::Hill { top: part(0), half: part(1), slope: part(2) }, decay: part(3) }
}

fn no_curve(fit: &ChannelFit) -> Option<Finding> {
    let reason = fit.curve.as_ref().err()?;
    let advice = "the plan holds it at its reference spend unless `plan.no_curve` or a limit on it says otherwise";
    Some(Finding::review("fit.no_curve", &fit.channel.label, format!("no response curve: {reason}"), advice))
}
