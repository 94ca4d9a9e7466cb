//! Where the search for a mode starts.

use super::family::Family;
use super::likelihood::{CARRY, Carry, DISPERSION, History, Model, Posterior, RESPONSE};
use super::priors::{self, Priors};
use super::regress::{self, Elasticity};
use crate::math::mode::{self, Mode};

/// Regression of counts on the spend of the same period, over periods with spend; `columns` of the calendar beside it.
pub fn elasticity(history: &History, columns: usize) -> Option<Elasticity> {
    let places: Vec<usize> =
        (0..history.counts.len()).filter(|place| history.spend[history.counts[*place].0] > 0.0).collect();
    let spend: Vec<f64> = places.iter().map(|place| history.spend[history.counts[*place].0]).collect();
    let counts: Vec<f64> = places.iter().map(|place| history.counts[*place].1).collect();
    let beside: Vec<Vec<f64>> = places.iter().map(|place| history.row(*place)[..columns].to_vec()).collect();
    regress::elasticity_beside(&spend, &counts, &beside)
}

/// The best mode of the plain Hill model over a few starts: curves of either shape, with little and much carry-over, that
/// have the regression's elasticity at mean spend.
pub fn highest_mode(posterior: &Posterior, history: &History, unknowns: usize) -> Option<Mode> {
    let elasticity = elasticity(history, 0).map_or(0.6, |found| found.value);
    let log_dispersion = priors::shipped().dispersion.median.ln();
    let starts = [(0.9_f64, -1.0), (1.5, -1.5), (0.9, 0.7)];
    let modes = starts.iter().filter_map(|(slope, logit_decay)| {
        let share = (elasticity / slope).clamp(0.05, 0.95);
        let log_half = (share / (1.0 - share)).ln() / slope;
        let mut start = vec![history.mean_count.ln(), log_dispersion, *logit_decay, log_half, slope.ln()];
        start.resize(unknowns, 0.0);
        mode::climb(posterior, &start)
    });
    modes.max_by(|a, b| a.value.total_cmp(&b.value))
}

/// The mode of another model, from a mode of the plain one: `plain` has its unknowns, those of the calendar last.
pub fn mode_near(posterior: &Posterior, model: Model, plain: &[f64], unknowns: usize) -> Option<Mode> {
    let usual = Model { family: Family::Hill, carry: Carry::Geometric };
    let mut start = plain[..CARRY].to_vec();
    let Priors { exponent, log_half, saturating_half, delay, delay_shape, .. } = priors::shipped();
    match model.carry {
        Carry::Geometric => start.push(plain[CARRY]),
        Carry::Delayed => start.extend([delay.median.ln(), delay_shape.median.ln()]),
    }
    match model.family {
        Family::Hill => start.extend(&plain[usual.shape()..usual.unknowns()]),
        Family::Power => start.push(exponent.median.ln()),
        Family::Log => start.push(log_half.median.ln()),
        Family::Saturating => start.push(saturating_half.median.ln()),
        Family::Linear => {}
    }
    start.extend(&plain[usual.unknowns()..]);
    debug_assert!(start.len() == unknowns && start[RESPONSE].is_finite() && start[DISPERSION].is_finite());
    mode::climb(posterior, &start)
}

/// Laplace's approximation of the log evidence, up to a constant that models of one history share.
pub fn log_evidence(mode: &Mode, spreads: impl Iterator<Item = f64>) -> f64 {
    let n = mode.at.len();
    let log_det = crate::math::dense::cholesky(&mode.curvature, n)
        .map_or(f64::INFINITY, |l| (0..n).map(|i| 2.0 * l[i * n + i].ln()).sum());
    mode.value - 0.5 * log_det - spreads.map(f64::ln).sum::<f64>()
}
