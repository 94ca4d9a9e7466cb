//! The posterior of all channels' curves and of the baseline, from the total alone.
//!
//! ```text
//!     y[t] ~ NegativeBinomial(mean m[t], dispersion 1 ÷ σ²)            variance m + σ² m²
//!     m[t] = b[t] + Σ_c ρ_c · h_c(z_c[t]) ÷ h_c(1)                     h(z) = 1 ÷ (1 + (κ ÷ z)^s)
//!     b[t] = exp(α + asinh(Σ_j φ_j F_j[t]) + events)                   z_c = adstock of spend ÷ mean spend, decay d_c
//! ```
//!
//! | symbol | what it is | prior |
//! |---|---|---|
//! | ρ | KPI that the channel brings at its mean spend | log-normal around its share, by spend, of a share of mean KPI; one spread, itself unknown, for all channels |
//! | κ, s | half point in multiples of mean spend, shape | log-normal |
//! | d | decay | beta |
//! | α | ln of the baseline's level | half-normal on the level |
//! | φ | season, trend, weekday, events, free columns | on what they move the total by (`effects`) |
//! | σ | noise beyond Poisson's, as a share of the mean | half-normal |
//!
//! Stated costs and saturation and lift tests stand beside the totals (`beside`).
//!
//! # What is searched
//!
//! The mean total is known to a fraction of a percent while each part of it is open by half: in ln ρ and α the posterior is a
//! thin curved sheet that no sampler follows in large steps. So the search is in the total and in what it is made of,
//!
//! ```text
//!     τ = ln(e^α + Σ_c q_c)        η_c = ln q_c − α        q_c = mean over t of the channel's part
//! ```
//!
//! where the sheet is flat. Both maps only add to ln ρ and α what other unknowns say, so no Jacobian enters; nor does one where
//! effects are searched as what is believed of them. (Papaspiliopoulos, Roberts & Sköld 2007 on choosing a parametrisation by
//! what data see.) Noise is searched as θ, σ = s · ln(1 + e^θ) with s the noise that n totals of that mean just tell from none:
//! ln σ has a long tail towards none and a wall beside it.

use std::cell::RefCell;
use std::ops::Range;

use statrs::function::gamma::ln_gamma;

use super::baseline::Kind;
use super::cells::{Cells, Level, Own, levelled, parts};
use super::data::{Data, Paid};
use super::effects::{self, Felt};
use crate::fit::estimate::EARLIER_WEIGHT;
use crate::fit::priors::{PaidShare, TotalPriors};
use crate::fit::response::Response;
use crate::fit::saturation::Saturation;
use crate::math::fast;
use crate::math::mode::LogDensity;

/// Unknowns of one channel: η, ln κ, ln s, logit d; in natural terms ln ρ stands for η.
pub(super) const PER_CHANNEL: usize = 4;
/// Noise below which the likelihood is Poisson's for every purpose: keeps 1 ÷ σ² finite.
const LEAST_NOISE: f64 = 1e-4;
/// Variance below which an earlier model's curves count for no more: keeps 1 ÷ sd² finite.
const LEAST_VARIANCE: f64 = 1e-6;

/// The joint posterior of a data set; holds scratch space, so each thread has its own.
pub(super) struct Joint<'a> {
    data: &'a Data,
    priors: &'a TotalPriors,
    log_factorials: f64,
    /// Noise beyond Poisson's that these totals could just tell from none.
    least_told: f64,
    scratch: RefCell<Scratch>,
}

/// What one evaluation needs between its two passes over the channels.
#[derive(Default)]
struct Scratch {
    base: Vec<f64>,
    /// How much of an effect reaches the baseline's logarithm.
    reach: Vec<f64>,
    mean: Vec<f64>,
    by_mean: Vec<f64>,
    cells: Cells,
    channels: Vec<Level>,
    log_base: f64,
    felt: Felt,
}

impl<'a> Joint<'a> {
    pub(super) fn new(data: &'a Data, priors: &'a TotalPriors) -> Joint<'a> {
        let log_factorials = data.counts.iter().map(|y| ln_gamma(y + 1.0)).sum();
        let least_told = 1.0 / (data.mean_count * data.counts.len() as f64).sqrt();
        Joint { data, priors, log_factorials, least_told, scratch: RefCell::default() }
    }

    /// How many unknowns there are.
    pub(super) fn dim(&self) -> usize {
        PER_CHANNEL * self.data.channels.len() + 2 + self.data.features.len()
    }

    /// Place of α; the effects follow it, and the noise is last.
    fn level(&self) -> usize {
        PER_CHANNEL * self.data.channels.len()
    }

    /// Places of the effects on the baseline.
    pub(super) fn effects(&self) -> Range<usize> {
        self.level() + 1..self.dim() - 1
    }

    fn felt(&self, log_base: f64) -> Felt {
        Felt::of(log_base, self.data.mean_count, self.priors)
    }

    /// A sensible start: every unknown near the middle of its prior.
    pub(super) fn start(&self) -> Vec<f64> {
        let mut at = Vec::with_capacity(self.dim());
        let paid: f64 = self.data.channels.iter().map(|channel| channel.log_response.exp()).sum();
        let base = (self.data.mean_count - paid).max(0.1 * self.data.mean_count);
        for channel in &self.data.channels {
            let decay = self.priors.decay.a / (self.priors.decay.a + self.priors.decay.b);
            let log_slope = self.priors.slope.median.ln();
            at.extend([channel.log_response - base.ln(), channel.log_half, log_slope, (decay / (1.0 - decay)).ln()]);
        }
        at.push(self.data.mean_count.ln());
        at.extend(vec![0.0; self.data.features.len()]);
        at.push(inverse_softplus(0.5 * self.priors.noise / self.least_told));
        at
    }

    /// The same point in natural terms: ln ρ in place of η, α of τ, ln σ of θ.
    pub(super) fn natural(&self, at: &[f64]) -> Vec<f64> {
        let mut scratch = self.scratch.borrow_mut();
        self.means(at, &mut scratch);
        let mut natural = at.to_vec();
        for (c, channel) in scratch.channels.iter().enumerate() {
            natural[PER_CHANNEL * c] = channel.log_response;
        }
        natural[self.level()] = scratch.log_base;
        for (effect, feature) in natural[self.effects()].iter_mut().zip(&self.data.features) {
            *effect /= scratch.felt.of_kind(feature.kind).0;
        }
        natural[self.dim() - 1] = self.noise(at).ln();
        natural
    }

    /// The searched point of one in natural terms.
    #[cfg(test)]
    pub(super) fn searched(&self, natural: &[f64]) -> Vec<f64> {
        // with η = ln ρ the point's own ln ρ is off by what shape and season make of it, the same at every η
        let off = self.natural(natural);
        let mut at = natural.to_vec();
        let level = self.level();
        for c in (0..level).step_by(PER_CHANNEL) {
            at[c] = natural[c] - natural[level] - (off[c] - natural[c] - off[level]);
        }
        let parts = at[..level].iter().step_by(PER_CHANNEL).fold(0.0, |sum: f64, eta| log_sum(sum, *eta));
        at[level] = natural[level] + parts;
        let felt = self.felt(natural[level]);
        for (effect, feature) in at[self.effects()].iter_mut().zip(&self.data.features) {
            *effect *= felt.of_kind(feature.kind).0;
        }
        at[self.dim() - 1] = inverse_softplus(natural[self.dim() - 1].exp() / self.least_told);
        at
    }

    /// Expected totals and baselines of the periods in the likelihood.
    pub(super) fn expected(&self, at: &[f64]) -> (Vec<f64>, Vec<f64>) {
        let mut scratch = self.scratch.borrow_mut();
        self.means(at, &mut scratch);
        (scratch.mean.clone(), scratch.base.clone())
    }

    /// Expected totals of every period of the panel, those beyond the likelihood too, from a point in natural terms.
    pub(super) fn anywhere(&self, natural: &[f64]) -> Vec<f64> {
        let (data, n, mut cells) = (self.data, self.data.seen.len(), Cells::default());
        let (mut mean, mut reach) = (Vec::new(), Vec::new());
        let moved = data.features.iter().zip(&natural[self.effects()]);
        let moved = moved.map(|(feature, effect)| (feature.kind, *effect, &feature.everywhere[..]));
        effects::baseline(natural[self.level()], moved, &mut mean, &mut reach, n);
        cells.resize(n);
        for (channel, at) in data.channels.iter().zip(natural.chunks_exact(PER_CHANNEL)) {
            let mut own = cells.of(0, n);
            parts(channel, &vec![true; n], at, &mut own);
            fast::add_times(&mut mean, at[0].exp(), own.part);
        }
        mean
    }

    /// Noise beyond Poisson's, as a share of the mean.
    pub(super) fn noise(&self, at: &[f64]) -> f64 {
        (self.least_told * softplus(at[self.dim() - 1])).max(LEAST_NOISE)
    }

    /// The log likelihood alone, with every constant.
    pub(super) fn log_likelihood(&self, at: &[f64]) -> f64 {
        let mut scratch = self.scratch.borrow_mut();
        self.means(at, &mut scratch);
        self.counts(at, &mut scratch).0
    }

    fn means(&self, at: &[f64], scratch: &mut Scratch) {
        let data = self.data;
        let n = data.counts.len();
        let own = || at.chunks_exact(PER_CHANNEL).take(data.channels.len());
        let log_parts = own().map(|at| at[0]).fold(0.0, |sum: f64, eta| log_sum(sum, eta));
        scratch.log_base = at[self.level()] - log_parts;
        scratch.cells.resize(n * data.channels.len());
        scratch.channels.clear();
        scratch.felt = self.felt(scratch.log_base);
        fast::wide!({
            let moved = data.features.iter().zip(&at[self.effects()]).map(|(feature, effect)| {
                (feature.kind, effect / scratch.felt.of_kind(feature.kind).0, &feature.values[..])
            });
            effects::baseline(scratch.log_base, moved, &mut scratch.base, &mut scratch.reach, n);
            scratch.mean.clone_from(&scratch.base);
            for (c, (channel, at)) in data.channels.iter().zip(own()).enumerate() {
                let mut cells = scratch.cells.of(c, n);
                parts(channel, &data.seen, at, &mut cells);
                scratch.channels.push(levelled(&mut cells, scratch.log_base, at[0], log_parts));
                fast::add_times(&mut scratch.mean, 1.0, cells.part);
            }
        });
    }

    /// The log likelihood and its derivative by θ; derivatives by each mean go to `by_mean`.
    fn counts(&self, at: &[f64], scratch: &mut Scratch) -> (f64, f64) {
        let noise = self.noise(at);
        let r = 1.0 / (noise * noise);
        let ((gamma_r, digamma_r), log_r) = (fast::gamma(r), r.ln());
        let Scratch { mean, by_mean, .. } = scratch;
        let n = mean.len();
        let (mut values, mut by_r) = (vec![0.0; n], vec![0.0; n]);
        by_mean.clear();
        by_mean.resize(n, 0.0);
        let sums = fast::wide!({
            let to = values.iter_mut().zip(&mut by_r).zip(by_mean.iter_mut());
            for ((y, m), ((value, by_r), by_mean)) in self.data.counts.iter().zip(mean.iter()).zip(to) {
                let m = m.max(f64::MIN_POSITIVE);
                let log_sum = fast::ln(r + m);
                let (gamma, digamma) = fast::gamma(y + r);
                *value = gamma - gamma_r + r * (log_r - log_sum) + y * (fast::ln(m) - log_sum);
                *by_r = digamma - digamma_r + log_r - log_sum + (m - y) / (r + m);
                *by_mean = r * (y - m) / (m * (r + m));
            }
            (fast::sum(&values), fast::sum(&by_r))
        });
        let by_theta = self.least_told * logistic(at[self.dim() - 1]);
        (sums.0 - self.log_factorials, if noise > LEAST_NOISE { -2.0 * r / noise * sums.1 * by_theta } else { 0.0 })
    }

    /// The log prior; derivatives by ln ρ, ln κ, ln s, logit d of each channel, by α, φ and θ go to `gradient`.
    fn prior(&self, at: &[f64], scratch: &Scratch, gradient: &mut [f64]) -> f64 {
        let (priors, mut value) = (self.priors, 0.0);
        for c in 0..self.data.channels.len() {
            let (part, slope) = priors.decay.of_logit(logistic(at[PER_CHANNEL * c + 3]));
            value += part;
            gradient[PER_CHANNEL * c + 3] = slope;
        }
        value += self.responses(scratch, gradient);
        let (half, slope) = (|c: usize| self.data.channels[c].log_half, |_: usize| priors.slope.median.ln());
        value += self.alike(at, 1, (half, priors.half.log_sd), gradient);
        value += self.alike(at, 2, (slope, priors.slope.log_sd), gradient);
        value += self.earlier(at, gradient) + self.beside(at, scratch, gradient);
        let base = scratch.log_base.exp() / (priors.base * self.data.mean_count);
        value += scratch.log_base - 0.5 * base * base;
        gradient[self.level()] = 1.0 - base * base;
        // the density of σ, times dσ ÷ dθ
        let theta = at[self.dim() - 1];
        let (noise, step) = (self.least_told * softplus(theta) / priors.noise, self.least_told / priors.noise);
        value += -softplus(-theta) - 0.5 * noise * noise;
        gradient[self.dim() - 1] = 1.0 - logistic(theta) - noise * step * logistic(theta);
        let effects = self.effects();
        value + effects::log_prior(&self.data.features, &priors.weekday, &at[effects.clone()], &mut gradient[effects])
    }

    /// Log prior of the responses and its derivatives by each ln ρ: normal around their parts with one unknown spread, whose
    /// square is inverse gamma; together a multivariate t. So what channels of one advertiser cost tells how far apart they are.
    fn responses(&self, scratch: &Scratch, gradient: &mut [f64]) -> f64 {
        let PaidShare { log_sd, freedom, .. } = self.priors.response;
        let z = |c: usize| (scratch.channels[c].log_response - self.data.channels[c].log_response) / log_sd;
        let channels = self.data.channels.len();
        let squares: f64 = (0..channels).map(|c| z(c) * z(c)).sum();
        let weight = (freedom + channels as f64) / (freedom + squares);
        for c in 0..channels {
            gradient[PER_CHANNEL * c] = -weight * z(c) / log_sd;
        }
        -0.5 * (freedom + channels as f64) * (squares / freedom).ln_1p()
    }

    /// Log prior of one unknown of the shape over all channels, and its derivatives: each log-normal, any two correlated by
    /// `alike`, so that channels learn from each other. With z standard normal each,
    ///
    /// ```text
    ///     −½ ( Σ z² − a (Σ z)² ) ÷ (1 − alike)          a = alike ÷ (1 + (C − 1) alike)
    /// ```
    fn alike(
        &self,
        at: &[f64],
        which: usize,
        (middle, log_sd): (impl Fn(usize) -> f64, f64),
        gradient: &mut [f64],
    ) -> f64 {
        let (channels, alike) = (self.data.channels.len(), self.priors.alike);
        let z = |c: usize| (at[PER_CHANNEL * c + which] - middle(c)) / log_sd;
        let sum: f64 = (0..channels).map(z).sum();
        let squares: f64 = (0..channels).map(|c| z(c) * z(c)).sum();
        let shared = alike / (1.0 + (channels as f64 - 1.0) * alike);
        for c in 0..channels {
            gradient[PER_CHANNEL * c + which] = -(z(c) - shared * sum) / (1.0 - alike) / log_sd;
        }
        -0.5 * (squares - shared * sum * sum) / (1.0 - alike)
    }

    /// What an earlier model's curves add to the log prior and to its derivatives.
    fn earlier(&self, at: &[f64], gradient: &mut [f64]) -> f64 {
        let mut value = 0.0;
        for (c, channel) in self.data.channels.iter().enumerate() {
            for ((mean, sd), which) in channel.earlier.into_iter().flatten().zip([3, 1, 2]) {
                let place = PER_CHANNEL * c + which;
                let weight = EARLIER_WEIGHT / (sd * sd).max(LEAST_VARIANCE);
                value -= 0.5 * weight * (at[place] - mean).powi(2);
                gradient[place] -= weight * (at[place] - mean);
            }
        }
        value
    }

    /// What the settings state and lift tests say, added to the log prior and to its derivatives.
    fn beside(&self, at: &[f64], scratch: &Scratch, gradient: &mut [f64]) -> f64 {
        let mut value = 0.0;
        for (c, (channel, level)) in self.data.channels.iter().zip(&scratch.channels).enumerate() {
            let own = PER_CHANNEL * c;
            let (part, by) = channel.beside.log_density([level.log_response, at[own + 1], at[own + 2], at[own + 3]]);
            value += part;
            gradient[own..own + PER_CHANNEL].iter_mut().zip(by).for_each(|(gradient, by)| *gradient += by);
        }
        value
    }

    /// By how much lift tests are likelier with these curves than without any effect.
    pub(super) fn tests_gain(&self, at: &[f64]) -> f64 {
        let natural = self.natural(at);
        let gain = |(c, channel): (usize, &Paid)| {
            let own = &natural[PER_CHANNEL * c..];
            channel.beside.tests_gain([own[0], own[1], own[2], own[3]])
        };
        self.data.channels.iter().enumerate().map(gain).sum()
    }

    /// Turns derivatives by ln ρ and α into those by η and τ, and by shapes at held ρ into those at held η.
    fn by_searched(&self, scratch: &Scratch, gradient: &mut [f64]) {
        let level = self.level();
        let by_level = gradient[level] + gradient[..level].iter().step_by(PER_CHANNEL).sum::<f64>();
        for (channel, own) in scratch.channels.iter().zip(gradient.chunks_exact_mut(PER_CHANNEL)) {
            let by_response = own[0];
            own[0] -= channel.share * by_level;
            own[1..].iter_mut().zip(channel.by_shape).for_each(|(own, by)| *own -= by_response * by);
        }
        gradient[level] = by_level;
    }
}

impl LogDensity for Joint<'_> {
    fn value(&self, at: &[f64], gradient: &mut [f64]) -> f64 {
        let mut scratch = self.scratch.borrow_mut();
        let scratch = &mut *scratch;
        let n = self.data.counts.len();
        self.means(at, scratch);
        let prior = self.prior(at, scratch, gradient);
        let (likelihood, by_noise) = self.counts(at, scratch);
        gradient[self.dim() - 1] += by_noise;
        let level = self.level();
        fast::wide!({
            for (c, gradient) in gradient[..level].chunks_exact_mut(PER_CHANNEL).enumerate() {
                let Own { part, by } = scratch.cells.of(c, n);
                part.iter_mut().zip(&scratch.by_mean).for_each(|(part, by_mean)| *part *= by_mean);
                gradient[0] += fast::sum(part);
                gradient[1..].iter_mut().zip(by).for_each(|(gradient, by)| *gradient += fast::dot(part, by));
            }
            // from here on what the baseline adds to the derivative by its own logarithm
            scratch.base.iter_mut().zip(&scratch.by_mean).for_each(|(base, by_mean)| *base *= by_mean);
            gradient[level] += fast::sum(&scratch.base);
            scratch.reach.iter_mut().zip(&scratch.base).for_each(|(reach, base)| *reach *= base);
            for (place, feature) in self.effects().zip(&self.data.features) {
                let (felt, by_base) = scratch.felt.of_kind(feature.kind);
                let reached = if feature.kind == Kind::Event { &scratch.base } else { &scratch.reach };
                let by_effect = fast::dot(reached, &feature.values) / felt;
                gradient[place] += by_effect;
                gradient[level] -= by_effect * at[place] * by_base;
            }
        });
        self.by_searched(scratch, gradient);
        prior + likelihood
    }
}

/// The curve of one channel in money and KPI, from its four unknowns in natural terms.
pub(super) fn response(at: &[f64], mean_spend: f64) -> Response {
    let slope = at[2].exp();
    let top = (at[0] + softplus(slope * at[1])).exp();
    Response { saturation: Saturation::Hill { top, half: at[1].exp() * mean_spend, slope }, decay: logistic(at[3]) }
}

/// ln(e^a + e^b).
fn log_sum(a: f64, b: f64) -> f64 {
    a.max(b) + (-(a - b).abs()).exp().ln_1p()
}

/// The θ whose softplus is `x` > 0.
fn inverse_softplus(x: f64) -> f64 {
    x + (-(-x).exp_m1()).ln()
}

pub(super) fn logistic(u: f64) -> f64 {
    1.0 / (1.0 + (-u).exp())
}

/// ln(1 + e^u) without overflow.
pub(super) fn softplus(u: f64) -> f64 {
    u.max(0.0) + (-u.abs()).exp().ln_1p()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fit::joint::beside::Beside;
    use crate::fit::joint::data::tests::sample;
    use crate::fit::lift::Test;
    use crate::fit::priors::{self, Stated};
    use crate::settings::{Prior, Whom};
    use proptest::prelude::*;

    /// A stated cost, a stated saturation and a lift test.
    fn known() -> Beside {
        let whom = Whom(Default::default());
        let prior = Prior { whom, cost_per: Some((4.0, 9.0)), saturation: Some((0.3, 0.6)) };
        let interval = (25.0, 60.0);
        let test = Test { name: "geo".into(), periods: 4, spend: 130.0, tested: 70.0, incremental: 40.0, interval };
        Beside::of(Some(Stated::of(&prior, 100.0, 1.0)), vec![test], 100.0)
    }

    proptest! {
        #[test]
        fn gradient_is_the_derivative(by in prop::collection::vec(-0.8..0.8f64, 32)) {
            let mut data = sample();
            data.channels[1].beside = known();
            let joint = Joint::new(&data, &priors::shipped().total);
            let at: Vec<f64> = joint.start().iter().zip(&by).map(|(a, b)| a + b).collect();
            let n = at.len();
            let (mut gradient, mut scratch) = (vec![0.0; n], vec![0.0; n]);
            joint.value(&at, &mut gradient);
            for i in 0..n {
                let mut near = at.clone();
                near[i] += 1e-5;
                let up = joint.value(&near, &mut scratch);
                near[i] -= 2e-5;
                let numeric = (up - joint.value(&near, &mut scratch)) / 2e-5;
                // relative to the size of the terms that cancel in the difference
                prop_assert!((gradient[i] - numeric).abs() < 1e-4 * (10.0 + numeric.abs()), "{i}: {} {numeric}", gradient[i]);
            }
        }

        #[test]
        fn natural_and_searched_terms_are_one_point(by in prop::collection::vec(-0.8..0.8f64, 32)) {
            let data = sample();
            let joint = Joint::new(&data, &priors::shipped().total);
            let at: Vec<f64> = joint.start().iter().zip(&by).map(|(a, b)| a + b).collect();
            let back = joint.searched(&joint.natural(&at));
            prop_assert!(back.iter().zip(&at).all(|(b, a)| (b - a).abs() < 1e-9), "{back:?} {at:?}");
        }

        #[test]
        fn the_total_is_what_is_searched(by in prop::collection::vec(-0.8..0.8f64, 32)) {
            let data = sample();
            let joint = Joint::new(&data, &priors::shipped().total);
            let mut at: Vec<f64> = joint.start().iter().zip(&by).map(|(a, b)| a + b).collect();
            let level = joint.level();
            at[joint.effects()].fill(0.0);
            let (mean, base) = joint.expected(&at);
            // without season the mean total is e^τ, and e^η is what a channel brings over the baseline
            prop_assert!((crate::math::mean(&mean) / at[level].exp() - 1.0).abs() < 1e-9);
            let natural = joint.natural(&at);
            prop_assert!((crate::math::mean(&base) / natural[level].exp() - 1.0).abs() < 1e-9);
            let anywhere = joint.anywhere(&natural);
            let seen: Vec<f64> = (0..anywhere.len()).filter(|t| data.seen[*t]).map(|t| anywhere[t]).collect();
            prop_assert!(seen.iter().zip(&mean).all(|(a, b)| (a / b - 1.0).abs() < 1e-9));
            let over: f64 = (0..data.channels.len()).map(|c| at[PER_CHANNEL * c].exp()).sum();
            prop_assert!((mean.iter().sum::<f64>() / base.iter().sum::<f64>() - 1.0 - over).abs() < 1e-9 * (1.0 + over));
        }

        #[test]
        fn the_curve_passes_through_its_response_at_mean_spend(at in prop::collection::vec(-2.0..2.0f64, 4)) {
            let curve = response(&at, 250.0);
            prop_assert!((curve.saturation.at(250.0) / at[0].exp() - 1.0).abs() < 1e-9);
        }
    }
}
