//! Effects on the baseline, and what is believed of them.
//!
//! ```text
//!     ln b[t] = α + asinh(Σ_j φ_j F_j[t]) + Σ_e φ_e E_e[t]        F: season, trend, weekday, free columns        E: events
//! ```
//!
//! To a third of the baseline either way asinh u is u. Far beyond, an effect adds to the baseline and does not multiply it: a
//! baseline near nothing neither explodes nor turns negative, whatever moves it.
//!
//! Data show how far an effect moves the *total*, and that is what is believed in and searched:
//!
//! ```text
//!     ψ = φ · e^α ÷ b₀            b₀ = mean KPI · (1 − share that spend brings, by the prior)
//! ```
//!
//! At the usual baseline ψ is φ. Trend, season and free columns are normal in ψ, each by itself; weekdays have one spread, itself
//! unknown, whose square is inverse gamma: together a multivariate t. Events are relative to the baseline, by the prior.
//!
//! Were φ itself believed to be about s, then data without a season would ask of every such column why it is not there, and a
//! baseline near nothing need not answer: the evidence would lean there by ln(s ÷ error) a column, whatever the truth. So it
//! would if e^α ÷ b₀ were kept from going below some c: the volume of what cannot be told there outweighs the little that is
//! believed of such baselines.

use super::baseline::{Feature, Kind};
use crate::fit::priors::{TotalPriors, Weekday};
use crate::math::fast;

/// How far effects on the baseline are felt in the total: e^α ÷ b₀.
#[derive(Clone, Copy, Default)]
pub(super) struct Felt(f64);

impl Felt {
    pub(super) fn of(log_base: f64, mean_count: f64, priors: &TotalPriors) -> Felt {
        Felt(log_base.exp() / ((1.0 - priors.response.share) * mean_count))
    }

    /// ψ ÷ φ, and the derivative of its logarithm by α.
    pub(super) fn of_kind(self, kind: Kind) -> (f64, f64) {
        if kind == Kind::Event { (1.0, 0.0) } else { (self.0, 1.0) }
    }
}

/// The baseline by period, e^α included, and how much of an effect that is no event reaches its logarithm: d asinh u ÷ du.
#[inline(always)]
pub(super) fn baseline<'a>(
    log_base: f64,
    effects: impl Iterator<Item = (Kind, f64, &'a [f64])>,
    base: &mut Vec<f64>,
    reach: &mut Vec<f64>,
    n: usize,
) {
    base.clear();
    base.resize(n, log_base);
    reach.clear();
    reach.resize(n, 0.0);
    for (kind, effect, values) in effects {
        fast::add_times(if kind == Kind::Event { &mut *base } else { &mut *reach }, effect, values);
    }
    for (base, reach) in base.iter_mut().zip(reach) {
        let u = *reach;
        let root = (1.0 + u * u).sqrt();
        // e^asinh|u|; below zero its inverse, since u + root would cancel
        let times = u.abs() + root;
        *base = fast::exp(*base) * if u < 0.0 { 1.0 / times } else { times };
        *reach = 1.0 / root;
    }
}

/// Log prior of the effects ψ, and its derivatives.
pub(super) fn log_prior(features: &[Feature], weekday: &Weekday, at: &[f64], gradient: &mut [f64]) -> f64 {
    let z = |place: usize| at[place] / features[place].prior_sd;
    let of = |is_learned: bool| {
        (0..features.len()).filter(move |place| (features[*place].kind == Kind::Weekday) == is_learned)
    };
    let squares = |is_learned: bool| of(is_learned).map(|place| z(place) * z(place)).sum::<f64>();
    let (freedom, all) = (weekday.freedom, weekday.freedom + of(true).count() as f64);
    let weight = all / (freedom + squares(true));
    for (is_learned, weight) in [(true, weight), (false, 1.0)] {
        of(is_learned).for_each(|place| gradient[place] = -weight * z(place) / features[place].prior_sd);
    }
    -0.5 * (all * (squares(true) / freedom).ln_1p() + squares(false))
}
