//! Where the search for a mode starts.

use super::adstock::geometric;
use super::family::Family;
use super::likelihood::{CARRY, Carry, DISPERSION, History, Model, Posterior, RESPONSE};
use super::priors::{self, Priors};
use super::regress::{self, Elasticity};
use crate::math::mode::{self, Mode};

/// Stock below which a period says nothing of an elasticity: a share of mean spend.
const LEAST_STOCK: f64 = 1e-3;

/// Regression of counts on adstock of a decay, over periods that have some; `columns` of the calendar beside it.
pub fn elasticity(history: &History, decay: f64, columns: usize) -> Option<Elasticity> {
    let stock = geometric(&history.spend, &history.reported, decay).0;
    let has_stock = |place: &usize| stock[history.counts[*place].0] > LEAST_STOCK;
    let places: Vec<usize> = (0..history.counts.len()).filter(has_stock).collect();
    let spend: Vec<f64> = places.iter().map(|place| stock[history.counts[*place].0]).collect();
    let counts: Vec<f64> = places.iter().map(|place| history.counts[*place].1).collect();
    let beside: Vec<Vec<f64>> = places.iter().map(|place| history.row(*place)[..columns].to_vec()).collect();
    regress::elasticity_beside(&spend, &counts, &beside)
}

/// The best mode of the plain Hill model over a few starts: curves of either shape, with little and much carry-over, that
/// have the regression's elasticity at mean spend.
pub fn highest_mode(posterior: &Posterior, history: &History, unknowns: usize) -> Option<Mode> {
    let elasticity = elasticity(history, 0.0, 0).map_or(0.6, |found| found.value);
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
