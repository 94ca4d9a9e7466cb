//! What the totals hold that the model does not: single periods far from it, and stretches on another level (`levels`).
//!
//! ```text
//!     e[t] = y[t] ÷ m[t] − 1          s = 1.4826 · median |e − median e|
//! ```
//!
//! m at the mode. A period with |e| > [`FAR`] · s is left out, the furthest first and the rest after a new fit: one day of a
//! broken counter bends every curve and makes its neighbours look far.

use super::baseline::Feature;
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

impl Cleaned {
    fn lay(&self, lay: &impl Fn(&[usize]) -> Laid, panel: &Panel, priors: &TotalPriors) -> Laid {
        let mut laid = lay(&self.outliers.iter().map(|(t, _)| *t).collect::<Vec<usize>>());
        if let Ok(data) = &mut laid.data {
            let effects: Vec<Feature> =
                self.levels.iter().map(|level| level.effect(&data.seen, panel, priors.event)).collect();
            data.features.extend(effects);
        }
        laid
    }
}

/// Lays the data out without outliers and with other levels. Far periods in a row are first looked at as a level, and left out only
/// when none explains them.
pub(super) fn clean(lay: impl Fn(&[usize]) -> Laid, panel: &Panel, priors: &TotalPriors) -> (Laid, Cleaned) {
    let mut cleaned = Cleaned::default();
    let mut laid = lay(&[]);
    leave_out(&mut laid, &mut cleaned, priors, Far::Single, |cleaned| cleaned.lay(&lay, panel, priors));
    for _ in 0..MOST_LEVELS {
        let Ok(data) = &mut laid.data else { break };
        let Some((level, with)) = levels::another(data, panel, priors) else { break };
        *data = with;
        cleaned.levels.push(level);
    }
    leave_out(&mut laid, &mut cleaned, priors, Far::Any, |cleaned| cleaned.lay(&lay, panel, priors));
    (laid, cleaned)
}

/// Which of the far periods are looked at.
#[derive(Clone, Copy, PartialEq)]
enum Far {
    /// Those without a neighbour that is half as far on the same side.
    Single,
    Any,
}

fn leave_out(
    laid: &mut Laid,
    cleaned: &mut Cleaned,
    priors: &TotalPriors,
    which: Far,
    again: impl Fn(&Cleaned) -> Laid,
) {
    for _ in 0..PASSES {
        let Ok(data) = &laid.data else { return };
        let found = outliers(data, priors, which);
        let most = MOST_LEFT_OUT * (data.counts.len() + cleaned.outliers.len()) as f64;
        if found.is_empty() || (cleaned.outliers.len() + found.len()) as f64 > most.max(1.0) {
            return;
        }
        cleaned.outliers.extend(found);
        *laid = again(cleaned);
    }
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
    /// Effects on the baseline, by feature.
    pub effects: Vec<f64>,
}

pub(super) fn relative(data: &Data, priors: &TotalPriors) -> Option<Residuals> {
    let joint = Joint::new(data, priors);
    let mode = mode::climb(&joint, &joint.start())?;
    let (mean, base) = joint.expected(&mode.at);
    Some(Residuals {
        relative: data.counts.iter().zip(&mean).map(|(y, m)| y / m - 1.0).collect(),
        base_share: base.iter().zip(&mean).map(|(b, m)| b / m).collect(),
        log_likelihood: joint.log_likelihood(&mode.at),
        effects: joint.natural(&mode.at)[joint.effects()].to_vec(),
    })
}

/// Their robust standard deviation s.
pub(super) fn spread(residuals: &[f64]) -> f64 {
    let middle = quantile(residuals, 0.5);
    1.4826 * quantile(&residuals.iter().map(|e| (e - middle).abs()).collect::<Vec<_>>(), 0.5)
}

fn outliers(data: &Data, priors: &TotalPriors, which: Far) -> Vec<(usize, f64)> {
    let Some(Residuals { relative, .. }) = relative(data, priors) else { return Vec::new() };
    // what counts of this size spread by chance
    let spread = spread(&relative).max(1.0 / data.mean_count.sqrt());
    let at = seen(data);
    let furthest = relative.iter().fold(0.0_f64, |most, e| most.max(e.abs()));
    let least = (FAR * spread).max(AS_FAR * furthest);
    let is_like = |e: f64, place: Option<usize>| {
        place.and_then(|place| relative.get(place)).is_some_and(|beside| beside * e.signum() > 0.5 * FAR * spread)
    };
    let is_single = |i: usize, e: f64| !is_like(e, i.checked_sub(1)) && !is_like(e, Some(i + 1));
    let far = relative
        .iter()
        .enumerate()
        .filter(|(i, e)| e.abs() > FAR * spread && e.abs() >= least && (which == Far::Any || is_single(*i, **e)));
    far.map(|(i, e)| (at[i], 1.0 + e)).collect()
}
