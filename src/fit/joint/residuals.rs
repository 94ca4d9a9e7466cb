//! What the totals hold that the model does not: single periods far from it, and shifts of its level.
//!
//! ```text
//!     e[t] = y[t] ÷ m[t] − 1          s = 1.4826 · median |e − median e|
//! ```
//!
//! m at the mode. A period with |e| > [`FAR`] · s is left out, the furthest first and the rest after a new fit: one day of a
//! broken counter bends every curve and makes its neighbours look far. A shift is where the means of e in the windows before and
//! after differ most, by [`SHIFTED`] standard errors (a moving sum: Chu, Hornik & Kuan 1995); it enters the baseline as a step from
//! that period on when it makes the totals clearly likelier.

use super::baseline::{Feature, Kind};
use super::data::{Data, Laid};
use super::density::Joint;
use crate::fit::priors::TotalPriors;
use crate::math::mode;
use crate::math::quantile;
use crate::panel::Panel;

/// Robust standard deviations from the model beyond which a period is left out.
pub const FAR: f64 = 8.0;
/// Share of the periods that may be left out; more are no outliers but something that the model lacks.
pub const MOST_LEFT_OUT: f64 = 0.03;
/// Passes over the outliers.
const PASSES: usize = 6;
/// Of the furthest period's distance, the share that others of the same pass must reach.
const AS_FAR: f64 = 0.5;
/// Standard errors between the means of two neighbouring windows.
pub const SHIFTED: f64 = 4.0;
/// Share of the periods, and least number of them, that such a window holds.
const WINDOW: (f64, usize) = (0.1, 6);
/// Log likelihood that a step must gain.
pub const STEP_GAIN: f64 = 8.0;
/// Most steps.
const MOST_STEPS: usize = 2;

/// What was done about the totals before the fit.
#[derive(Clone, Debug, Default)]
pub(super) struct Cleaned {
    /// Periods left out, with their total's multiple of what the model expects.
    pub outliers: Vec<(usize, f64)>,
    /// First periods of steps.
    pub steps: Vec<usize>,
}

/// Lays the data out without outliers and with steps.
pub(super) fn clean(lay: impl Fn(&[usize]) -> Laid, panel: &Panel, priors: &TotalPriors) -> (Laid, Cleaned) {
    let (mut laid, mut cleaned) = (lay(&[]), Cleaned::default());
    for _ in 0..PASSES {
        let Ok(data) = &laid.data else { break };
        let found = outliers(data, priors);
        let most = MOST_LEFT_OUT * (data.counts.len() + cleaned.outliers.len()) as f64;
        if found.is_empty() || (cleaned.outliers.len() + found.len()) as f64 > most.max(1.0) {
            break;
        }
        cleaned.outliers.extend(found);
        let without: Vec<usize> = cleaned.outliers.iter().map(|(t, _)| *t).collect();
        laid = lay(&without);
    }
    for _ in 0..MOST_STEPS {
        let Ok(data) = &mut laid.data else { break };
        let Some((at, stepped)) = step(data, panel, priors) else { break };
        *data = stepped;
        cleaned.steps.push(at);
    }
    (laid, cleaned)
}

/// Periods of the panel that the likelihood sees, in order.
pub(super) fn seen(data: &Data) -> Vec<usize> {
    (0..data.seen.len()).filter(|t| data.seen[*t]).collect()
}

/// Relative residuals at the mode, their robust standard deviation, and the log likelihood there.
fn relative(data: &Data, priors: &TotalPriors) -> Option<(Vec<f64>, f64, f64)> {
    let joint = Joint::new(data, priors);
    let mode = mode::climb(&joint, &joint.start())?;
    let (mean, _) = joint.expected(&mode.at);
    let residuals: Vec<f64> = data.counts.iter().zip(mean).map(|(y, m)| y / m - 1.0).collect();
    let middle = quantile(&residuals, 0.5);
    let spread = 1.4826 * quantile(&residuals.iter().map(|e| (e - middle).abs()).collect::<Vec<_>>(), 0.5);
    let poisson = 1.0 / data.mean_count.sqrt();
    Some((residuals, spread.max(poisson), joint.log_likelihood(&mode.at)))
}

fn outliers(data: &Data, priors: &TotalPriors) -> Vec<(usize, f64)> {
    let Some((residuals, spread, _)) = relative(data, priors) else { return Vec::new() };
    let at = seen(data);
    let furthest = residuals.iter().fold(0.0_f64, |most, e| most.max(e.abs()));
    let least = (FAR * spread).max(AS_FAR * furthest);
    let far = residuals.iter().enumerate().filter(|(_, e)| e.abs() > FAR * spread && e.abs() >= least);
    far.map(|(i, e)| (at[i], 1.0 + e)).collect()
}

/// The period of the panel from which on the level is another, and the data with a step there.
fn step(data: &Data, panel: &Panel, priors: &TotalPriors) -> Option<(usize, Data)> {
    let (residuals, spread, before) = relative(data, priors)?;
    let n = residuals.len();
    let window = ((WINDOW.0 * n as f64) as usize).max(WINDOW.1);
    let error = spread * (2.0 / window as f64).sqrt();
    let difference = |at: usize| {
        let (before, after) = (&residuals[at - window..at], &residuals[at..at + window]);
        ((crate::math::mean(after) - crate::math::mean(before)) / error).abs()
    };
    let places = (window..n.saturating_sub(window)).map(|at| (difference(at), at));
    let (distance, first) = places.max_by(|a, b| a.0.total_cmp(&b.0))?;
    if distance < SHIFTED {
        return None;
    }
    let at = seen(data)[first];
    let mut stepped = data.clone();
    let everywhere = (0..data.seen.len()).map(|t| f64::from(t >= at)).collect();
    let name = format!("level from {}", panel.periods[at]);
    stepped.features.push(Feature::of((name, Kind::Alone), everywhere, &data.seen, priors.event));
    let (_, _, after) = relative(&stepped, priors)?;
    (after - before > STEP_GAIN).then_some((at, stepped))
}
