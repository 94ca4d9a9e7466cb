//! The families of one channel, each with its posterior, and their average.

use jiff::civil::Date;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use super::estimate::Candidate;
use super::family::Family;
use super::likelihood::{CARRY, Carry, DISPERSION, Model, Posterior};
use super::priors::{self, Belief};
use super::response::{Curve, Response};
use super::saturation::Saturation;
use super::screen::FIRST_LOOK;
use super::season::Timeline;
use super::{How, Season, sampling, stack, start};
use crate::math::importance::{Effort, Weighted};
use crate::math::mode::Mode;
use crate::math::quantile;
use crate::settings::Sampler;

/// The models that are compared; the most general first.
pub const MODELS: [Model; 6] = [
    FIRST_LOOK,
    Model { family: Family::Power, carry: Carry::Geometric },
    Model { family: Family::Log, carry: Carry::Geometric },
    Model { family: Family::Saturating, carry: Carry::Geometric },
    Model { family: Family::Linear, carry: Carry::Geometric },
    Model { family: Family::Hill, carry: Carry::Delayed },
];
/// Weights before any channel is seen, and the periods that they count for.
const BEFORE: [f64; 6] = [0.5, 0.1, 0.1, 0.1, 0.1, 0.1];
const BEFORE_PERIODS: f64 = 20.0;
/// Periods that the channels' common weights count for in each channel's own.
const COMMON_PERIODS: f64 = 60.0;
/// Most periods that the common weights look at.
const MOST_PERIODS: usize = 4000;
/// Nats of evidence behind the best at which a model is not sampled.
const FAR_BEHIND: f64 = 5.0;
/// What a model that was not sampled is taken to lose per period.
const UNSAMPLED: f64 = 1.0;
/// Draws that left-out densities are worked out from.
const LEFT_OUT_DRAWS: usize = 100;
const MOST: Effort = Effort { round: 300, rounds: 2, last: 800 };
const LESS: Effort = Effort { round: 200, rounds: 1, last: 250 };

/// One model's posterior.
#[derive(Clone, Debug)]
pub struct Alternative {
    /// Its place in [`MODELS`].
    pub which: usize,
    /// Beliefs before the data, one an unknown.
    beliefs: Vec<Belief>,
    /// Its mode.
    pub mode: Mode,
    /// Weighted draws.
    pub sample: Weighted,
    /// How they were made.
    pub how: How,
    /// `ln p(y[t] | the other periods)`.
    pub left_out: Vec<f64>,
}

/// A curve's draws and its season.
pub struct Drawn {
    /// The curve.
    pub curve: Curve,
    /// Factors by date; empty without a calendar.
    pub season: Season,
}

impl Alternative {
    /// What reports call it.
    pub fn name(&self) -> String {
        let Model { family, carry } = MODELS[self.which];
        let late = if carry == Carry::Delayed { ", delayed" } else { "" };
        format!("{}{late}", family.name())
    }
}

/// Nats by which the best alternative predicts the left-out periods better than a straight line.
pub fn over_straight(alternatives: &[Alternative]) -> Option<f64> {
    let total = |of: &Alternative| of.left_out.iter().sum::<f64>();
    let straight = alternatives.iter().find(|of| MODELS[of.which].family == Family::Linear)?;
    let best = alternatives.iter().map(total).fold(f64::NEG_INFINITY, f64::max);
    Some(best - total(straight))
}

impl Candidate {
    fn posterior<'a>(&'a self, model: Model, beliefs: &'a [Belief]) -> Posterior<'a> {
        Posterior::new(&self.screened.history, model, beliefs)
    }

    /// Beliefs of a model: pooled where the pool has them.
    fn beliefs(&self, model: Model, pooled: &[Belief]) -> Vec<Belief> {
        let mut beliefs = priors::shipped().of_platform(model, self.screened.history.mean_count, self.offset);
        beliefs[DISPERSION] = pooled[0];
        if model.carry == Carry::Geometric {
            beliefs[CARRY] = pooled[1];
        }
        if model.family == Family::Hill {
            beliefs[model.shape()..].copy_from_slice(&pooled[2..4]);
        }
        if let Some(stated) = &self.stated {
            stated.enter(model, &mut beliefs);
        }
        beliefs.extend(&self.columns);
        beliefs
    }

    /// The mode of the first look, with the columns of its calendar at what is believed of them.
    pub(super) fn first_mode(&self) -> Vec<f64> {
        self.screened.mode.iter().copied().chain(self.columns.iter().map(|column| column.moments().0)).collect()
    }

    /// Every model that the evidence does not rule out, sampled.
    pub(super) fn alternatives(
        &self,
        pooled: &[Belief],
        sampler: Sampler,
        random: &mut ChaCha8Rng,
    ) -> Vec<Alternative> {
        let mut plain = self.first_mode();
        let mut modes: Vec<(usize, Vec<Belief>, Mode, f64)> = Vec::new();
        for (which, model) in MODELS.into_iter().enumerate() {
            let beliefs = self.beliefs(model, pooled);
            let Some(mode) = start::mode_near(&self.posterior(model, &beliefs), model, &plain, beliefs.len()) else {
                continue;
            };
            if model == FIRST_LOOK {
                plain = mode.at.clone();
            }
            let evidence = start::log_evidence(&mode, beliefs.iter().map(|belief| belief.moments().1));
            modes.push((which, beliefs, mode, evidence));
        }
        let best = modes.iter().map(|mode| mode.3).fold(f64::NEG_INFINITY, f64::max);
        let near = modes.into_iter().filter(|mode| mode.3 > best - FAR_BEHIND);
        near.filter_map(|(which, beliefs, mode, _)| self.sampled((which, beliefs, mode), sampler, random)).collect()
    }

    fn sampled(
        &self,
        (which, beliefs, mode): (usize, Vec<Belief>, Mode),
        sampler: Sampler,
        random: &mut ChaCha8Rng,
    ) -> Option<Alternative> {
        let posterior = self.posterior(MODELS[which], &beliefs);
        let effort = if MODELS[which] == FIRST_LOOK { MOST } else { LESS };
        let (sample, how) = sampling::around(&posterior, &mode, MODELS[which].unknowns(), (sampler, effort), random)?;
        let draws = sample.resample(LEFT_OUT_DRAWS, random);
        let left_out = stack::left_out(&draws.iter().map(|draw| posterior.pointwise(draw)).collect::<Vec<_>>());
        Some(Alternative { which, beliefs, mode, sample, how, left_out })
    }

    /// Equally weighted draws, each model as many as its weight, in random order; and the season that they agree on.
    pub(super) fn drawn(
        &self,
        alternatives: &[Alternative],
        weights: &[f64],
        count: usize,
        ahead: (&Timeline, &[Date]),
        random: &mut ChaCha8Rng,
    ) -> Drawn {
        let (line, dates) = ahead;
        let level = usize::from(self.screened.level.is_some());
        let row = |date: &Date| [line.calendar.row(line.grain, *date), vec![1.0; level]].concat();
        let rows: Vec<Vec<f64>> = if self.columns.is_empty() { Vec::new() } else { dates.iter().map(row).collect() };
        let (mut draws, mut factors) = (Vec::with_capacity(count), vec![0.0; rows.len()]);
        for (alternative, count) in alternatives.iter().zip(stack::shared_out(count, weights)) {
            let posterior = self.posterior(MODELS[alternative.which], &alternative.beliefs);
            for draw in alternative.sample.resample(count, random) {
                draws.push(posterior.response(&draw));
                let own = posterior.factors(&draw, &rows);
                factors.iter_mut().zip(own).for_each(|(sum, factor)| *sum += factor);
            }
        }
        draws.shuffle(random);
        let season = dates.iter().zip(factors).map(|(date, sum)| (*date, sum / count as f64)).collect();
        Drawn { curve: Curve { summary: summary(&draws), draws }, season }
    }

    /// The expected counts at a model's mode.
    pub(super) fn expected(&self, alternative: &Alternative) -> Vec<f64> {
        self.posterior(MODELS[alternative.which], &alternative.beliefs).expected(&alternative.mode.at)
    }
}

/// A row of left-out densities for every model; those that were not sampled lose to the best by [`UNSAMPLED`].
fn all_rows(alternatives: &[Alternative]) -> Vec<Vec<f64>> {
    let total = |of: &&Alternative| of.left_out.iter().sum::<f64>();
    let best = alternatives.iter().max_by(|a, b| total(a).total_cmp(&total(b)));
    let row = |which: usize| match (alternatives.iter().find(|of| of.which == which), best) {
        (Some(own), _) => own.left_out.clone(),
        (None, Some(best)) => best.left_out.iter().map(|log| log - UNSAMPLED).collect(),
        (None, None) => Vec::new(),
    };
    (0..MODELS.len()).map(row).collect()
}

/// Stacking weights of all channels together.
pub fn common_weights<'a>(channels: impl Iterator<Item = &'a Vec<Alternative>>) -> Vec<f64> {
    let mut rows: Vec<Vec<f64>> = vec![Vec::new(); MODELS.len()];
    for alternatives in channels {
        rows.iter_mut().zip(all_rows(alternatives)).for_each(|(row, of_channel)| row.extend(of_channel));
    }
    let step = rows[0].len().div_ceil(MOST_PERIODS).max(1);
    let thinned: Vec<Vec<f64>> = rows.iter().map(|row| row.iter().step_by(step).copied().collect()).collect();
    stack::weights(&thinned, &BEFORE, BEFORE_PERIODS)
}

/// Stacking weights of one channel, one an alternative.
pub fn weights(alternatives: &[Alternative], common: &[f64]) -> Vec<f64> {
    let rows: Vec<Vec<f64>> = alternatives.iter().map(|of| of.left_out.clone()).collect();
    let shares: Vec<f64> = alternatives.iter().map(|of| common[of.which]).collect();
    let total: f64 = shares.iter().sum();
    stack::weights(&rows, &shares.iter().map(|share| share / total).collect::<Vec<_>>(), COMMON_PERIODS)
}

/// Medians of the parameters of the draws whose family most draws have.
pub fn summary(draws: &[Response]) -> Response {
    let names: Vec<&str> = draws.iter().map(|draw| draw.saturation.family()).collect();
    let often = |name: &&&str| names.iter().filter(|other| other == name).count();
    // of several that are equally frequent the alphabetically first, so that the order of draws does not matter
    let most = names.iter().max_by(|a, b| often(a).cmp(&often(b)).then(b.cmp(a))).copied().unwrap_or_default();
    let own: Vec<&Response> = draws.iter().filter(|draw| draw.saturation.family() == most).collect();
    let median = |f: &dyn Fn(&Response) -> f64| quantile(&own.iter().map(|draw| f(draw)).collect::<Vec<_>>(), 0.5);
    let part = |which: usize| median(&|draw| parameters(&draw.saturation)[which]);
    let saturation = match own.first().map(|draw| &draw.saturation) {
        Some(Saturation::Power { until, .. }) => Saturation::Power { scale: part(0), exponent: part(1), until: *until },
        Some(Saturation::Log { .. }) => Saturation::Log { scale: part(0), half: part(1) },
        Some(Saturation::Saturating { .. }) => Saturation::Saturating { top: part(0), half: part(1) },
        Some(Saturation::Linear { until, .. }) => Saturation::Linear { scale: part(0), until: *until },
        Some(Saturation::Points(points)) => Saturation::Points(points.clone()),
        Some(Saturation::Hill { .. }) | None => Saturation::Hill { top: part(0), half: part(1), slope: part(2) },
    };
    Response { saturation, decay: median(&|draw| draw.decay) }
}

/// A curve's parameters in their usual order, NaN beyond them.
fn parameters(saturation: &Saturation) -> [f64; 3] {
    match saturation {
        Saturation::Hill { top, half, slope } => [*top, *half, *slope],
        Saturation::Power { scale, exponent, .. } => [*scale, *exponent, f64::NAN],
        Saturation::Log { scale, half } => [*scale, *half, f64::NAN],
        Saturation::Saturating { top, half } => [*top, *half, f64::NAN],
        Saturation::Linear { scale, .. } => [*scale, f64::NAN, f64::NAN],
        Saturation::Points(_) => [f64::NAN; 3],
    }
}
