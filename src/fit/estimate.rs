//! A curve per channel, in parallel: does spend explain the KPI at all, then the posterior of the curve.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use sha2::{Digest, Sha256};

use super::likelihood::{self, History, Posterior};
use super::priors::{self, Priors};
use super::regress::{self, Elasticity};
use super::response::{Curve, Response};
use super::saturation::Saturation;
use super::{ChannelFit, Diagnostics, Fitted, Season};
use super::{checks, joint};
use crate::check::{Error, Kind};
use crate::math::{importance, mode, quantile};
use crate::panel::Panel;
use crate::settings::Settings;

/// Posterior draws of a curve.
pub const DRAWS: usize = 200;

/// Fits every channel of the panel. A channel whose data cannot carry a curve gets the reason instead.
///
/// # Errors
///
/// [`Kind::Input`] when no channel has a single count of the KPI, or when only the total over all channels is known.
pub fn channels(panel: &Panel, settings: &Settings) -> Result<Fitted, Error> {
    if let Some(total) = &panel.total {
        return Ok(joint::channels(panel, total, settings));
    }
    if !panel.counted.iter().any(|counted| *counted) {
        let message = format!("no source has a column of {}, so no response can be fitted", panel.kpi);
        return Err(Error::new(Kind::Input, message).help(format!(
            "map one with `columns = {{ {} = \"header\" }}`, or choose another `project.kpi`",
            panel.kpi
        )));
    }
    let channels: Vec<ChannelFit> =
        (0..panel.channels.len()).into_par_iter().map(|i| channel(panel, i, settings.seed)).collect();
    Ok(Fitted {
        kpi: panel.kpi,
        currency: panel.currency,
        grain: panel.grain,
        seed: settings.seed,
        panel_sha256: panel.sha256.clone(),
        settings_sha256: settings.sha256.clone(),
        findings: [checks::all(&channels), checks::events(&settings.events)].concat(),
        channels,
    })
}

fn channel(panel: &Panel, index: usize, seed: u64) -> ChannelFit {
    let history = history(panel, index);
    let estimate = history.and_then(|history| estimate(panel, &history, &panel.channels[index].label, seed));
    let (curve, diagnostics) = match estimate {
        Ok((curve, diagnostics)) => (Ok(curve), Some(diagnostics)),
        Err(reason) => (Err(reason), None),
    };
    ChannelFit {
        channel: panel.channels[index].clone(),
        curve,
        reference_spend: panel.reference_spend(index),
        mean_spend: panel.mean_spend(index),
        observed: panel.observed(index),
        season: Season::new(),
        diagnostics,
    }
}

/// What the likelihood needs of a channel, or why its data cannot carry a curve.
fn history(panel: &Panel, index: usize) -> Result<History, String> {
    let spend = panel.spend.row(index).to_vec();
    let reported = panel.reported.row(index).to_vec();
    let counts: Vec<(usize, f64)> = (0..spend.len())
        .filter(|t| reported[*t] && panel.counted[[index, *t]])
        .map(|t| (t, panel.kpi_count[[index, t]]))
        .collect();
    let usable = counts.iter().filter(|(t, y)| spend[*t] > 0.0 && *y > 0.0).count();
    checks::enough_periods(usable, panel.grain)?;
    let mean_spend = panel.mean_spend(index);
    let mean_count = counts.iter().map(|count| count.1).sum::<f64>() / counts.len() as f64;
    Ok(History { spend: spend.iter().map(|x| x / mean_spend).collect(), reported, counts, mean_spend, mean_count })
}

fn estimate(panel: &Panel, history: &History, label: &str, seed: u64) -> Result<(Curve, Diagnostics), String> {
    let elasticity = elasticity(history);
    let elasticity = checks::spend_explains(elasticity, panel.kpi.name())?;
    let posterior = Posterior::new(history, priors::shipped());
    let mode = highest_mode(&posterior, history, &elasticity, priors::shipped())
        .ok_or("the curve's posterior has no proper mode, so no interval could be believed")?;
    let sample = importance::sample(&posterior, &mode, DRAWS, &mut stream(seed, label))
        .ok_or("the curve's posterior could not be sampled")?;
    let draws: Vec<Response> = sample.draws.iter().map(|at| likelihood::response(at, history.mean_spend)).collect();
    let counts: Vec<f64> = history.counts.iter().map(|count| count.1).collect();
    let flat = vec![history.mean_count; counts.len()];
    let left = regress::deviance(&counts, &posterior.expected(&mode.at)) / regress::deviance(&counts, &flat);
    let diagnostics = Diagnostics {
        periods: counts.len(),
        explained: 1.0 - left,
        elasticity: elasticity.value,
        elasticity_error: elasticity.error,
        pareto_k: sample.pareto_k,
        effective: sample.effective,
    };
    Ok((Curve { summary: summary(&draws), draws }, diagnostics))
}

/// Regression of counts on the spend of the same period, over periods with spend.
fn elasticity(history: &History) -> Option<Elasticity> {
    let with_spend = || history.counts.iter().filter(|(t, _)| history.spend[*t] > 0.0);
    let spend: Vec<f64> = with_spend().map(|(t, _)| history.spend[*t]).collect();
    let counts: Vec<f64> = with_spend().map(|(_, y)| *y).collect();
    regress::elasticity(&spend, &counts)
}

/// The best mode over a few starts: curves of either shape, with little and much carry-over, that have the regression's
/// elasticity at mean spend.
fn highest_mode(
    posterior: &Posterior,
    history: &History,
    elasticity: &Elasticity,
    priors: &Priors,
) -> Option<mode::Mode> {
    let log_dispersion = priors.dispersion.median.ln();
    let starts = [(0.8_f64, -1.5), (0.8, 0.5), (1.5, -1.5), (1.5, 0.5)];
    let modes = starts.iter().filter_map(|(slope, logit_decay)| {
        let share = (elasticity.value / slope).clamp(0.05, 0.95);
        let log_half = (share / (1.0 - share)).ln() / slope;
        let start = [history.mean_count.ln(), log_half, slope.ln(), *logit_decay, log_dispersion];
        mode::climb(posterior, &start)
    });
    modes.max_by(|a, b| a.value.total_cmp(&b.value))
}

/// The random stream of one channel: its own by name, so that a new channel leaves the others' draws as they were.
fn stream(seed: u64, label: &str) -> ChaCha8Rng {
    let digest = Sha256::digest(label.as_bytes());
    let mut number = [0; 8];
    number.copy_from_slice(&digest[..8]);
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(u64::from_le_bytes(number));
    rng
}

/// Medians of the draws' parameters.
fn summary(draws: &[Response]) -> Response {
    let median = |f: &dyn Fn(&Response) -> f64| quantile(&draws.iter().map(f).collect::<Vec<_>>(), 0.5);
    let part = |which: usize| {
        median(&move |draw: &Response| match draw.saturation {
            Saturation::Hill { top, half, slope } => [top, half, slope][which],
            _ => f64::NAN,
        })
    };
    Response {
        saturation: Saturation::Hill { top: part(0), half: part(1), slope: part(2) },
        decay: median(&|draw| draw.decay),
    }
}
