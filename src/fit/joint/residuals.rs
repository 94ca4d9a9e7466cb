//! What the totals hold that the model does not: single periods far from it, and stretches on another level (`levels`).
//!
//! ```text
//!     e[t] = y[t] ÷ m[t] − 1          s = 1.4826 · median |e − median e|
//! ```
//!
//! m at the mode. A period with |e| > [`FAR`] · s is left out, the furthest first and the rest after a new fit: one day of a
//! broken counter bends every curve and makes its neighbours look far.

use super::data::{Data, Laid};
use super::density::Joint;
use super::levels::{self, OtherLevel};
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
/// Most stretches on another level.
const MOST_LEVELS: usize = 4;

/// What was done about the totals before the fit.
#[derive(Clone, Debug, Default)]
pub(super) struct Cleaned {
    /// Periods left out, with their total's multiple of what the model expects.
    pub outliers: Vec<(usize, f64)>,
    /// Stretches on another level.
    pub levels: Vec<OtherLevel>,
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
    for _ in 0..MOST_LEVELS {
        let Ok(data) = &mut laid.data else { break };
        let Some((level, with)) = levels::another(data, panel, priors) else { break };
        *data = with;
        cleaned.levels.push(level);
    }
    (laid, cleaned)
}

/// Periods of the panel that the likelihood sees, in order.
pub(super) fn seen(data: &Data) -> Vec<usize> {
    (0..data.seen.len()).filter(|t| data.seen[*t]).collect()
}

/// The totals against the model at its mode.
pub(super) struct Residuals {
    /// e, by period of the likelihood.
    pub relative: Vec<f64>,
    /// Share of the expected total that is the baseline.
    pub base_share: Vec<f64>,
    /// Log likelihood of the totals.
    pub log_likelihood: f64,
}

pub(super) fn relative(data: &Data, priors: &TotalPriors) -> Option<Residuals> {
    let joint = Joint::new(data, priors);
    let mode = mode::climb(&joint, &joint.start())?;
    let (mean, base) = joint.expected(&mode.at);
    Some(Residuals {
        relative: data.counts.iter().zip(&mean).map(|(y, m)| y / m - 1.0).collect(),
        base_share: base.iter().zip(&mean).map(|(b, m)| b / m).collect(),
        log_likelihood: joint.log_likelihood(&mode.at),
    })
}

/// Their robust standard deviation s.
pub(super) fn spread(residuals: &[f64]) -> f64 {
    let middle = quantile(residuals, 0.5);
    1.4826 * quantile(&residuals.iter().map(|e| (e - middle).abs()).collect::<Vec<_>>(), 0.5)
}

fn outliers(data: &Data, priors: &TotalPriors) -> Vec<(usize, f64)> {
    let Some(Residuals { relative, .. }) = relative(data, priors) else { return Vec::new() };
    // what counts of this size spread by chance
    let spread = spread(&relative).max(1.0 / data.mean_count.sqrt());
    let at = seen(data);
    let furthest = relative.iter().fold(0.0_f64, |most, e| most.max(e.abs()));
    let least = (FAR * spread).max(AS_FAR * furthest);
    let far = relative.iter().enumerate().filter(|(_, e)| e.abs() > FAR * spread && e.abs() >= least);
    far.map(|(i, e)| (at[i], 1.0 + e)).collect()
}
