//! Joint draws of every line's steps, under the plan and under the reference.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Beta, Distribution, Gamma};
use rayon::prelude::*;
use sha2::{Digest, Sha256};

use super::funnel::{Funnel, Link, Posterior};
use super::{STAGES, place};
use crate::fit::{ChannelFit, Curve};
use crate::plan::{self, Answer};
use crate::report::{Results, figures};
use crate::units::Measure;

/// Draws at least: enough that a 10 % quantile is not the luck of a few.
const LEAST_DRAWS: usize = 400;
/// Least share or rate that is divided by.
const LEAST_RATE: f64 = 1e-12;

/// What one line brings in each joint draw.
#[derive(Default)]
pub(super) struct Line {
    /// By step, in the order of [`STAGES`]; absent where nothing is known.
    pub(super) steps: [Option<Step>; STAGES.len()],
}

/// One step in each joint draw.
pub(super) struct Step {
    pub(super) plan: Vec<f64>,
    pub(super) reference: Vec<f64>,
}

impl Line {
    /// How many draws there are; none for a line without a curve.
    pub(super) fn draws(&self) -> usize {
        self.steps.iter().flatten().map(|step| step.plan.len()).max().unwrap_or(0)
    }
}

/// Every plan line's draws, in their order. A line's rates have a random stream of their own by its name.
pub(super) fn all(results: &Results, answer: &Answer, funnels: &[Funnel]) -> Vec<Line> {
    let models: std::collections::HashMap<&str, &ChannelFit> =
        results.fitted.channels.iter().map(|fit| (fit.channel.label.as_str(), fit)).collect();
    let curve = |line: &plan::Line| {
        let fit = models.get(line.channel.as_str()).copied().filter(|_| line.expected.is_some())?;
        fit.curve.as_ref().ok().map(|curve| (fit, curve))
    };
    let most = answer.lines.iter().filter_map(curve).map(|(_, curve)| curve.states().len()).max().unwrap_or(1);
    let count = most * LEAST_DRAWS.div_ceil(most);
    let kpi = place(results.fitted.kpi.measure());
    let seed = results.settings.seed;
    (answer.lines.par_iter().zip(funnels))
        .map(|(line, funnel)| {
            let Some((fit, curve)) = curve(line) else { return Line::default() };
            let scale = figures::response_periods(line, fit, curve, answer.period.periods);
            let brought = |spend: f64| states(curve, spend.max(0.0) / answer.period.periods, scale, count);
            let kpi_step = Step { plan: brought(line.spend), reference: brought(line.reference_spend) };
            spread(line, funnel, kpi, kpi_step, &mut stream(seed, &line.channel))
        })
        .collect()
}

fn states(curve: &Curve, per_period: f64, scale: f64, count: usize) -> Vec<f64> {
    curve.at_each(per_period).iter().map(|state| state * scale).cycle().take(count).collect()
}

/// From the KPI up and down the funnel, or from the spend down to it.
fn spread(line: &plan::Line, funnel: &Funnel, kpi: usize, kpi_step: Step, random: &mut ChaCha8Rng) -> Line {
    let count = kpi_step.plan.len();
    let rates: Vec<Vec<f64>> = funnel.links.iter().map(|link| draw(link.rate, count, random)).collect();
    let mut steps: [Option<Step>; STAGES.len()] = Default::default();
    steps[kpi] = Some(kpi_step);
    let after = |link: &Link| link.from == Measure::Spend || place(link.from) >= kpi || !funnel.known[kpi];
    for (link, rates) in funnel.links.iter().zip(&rates).rev().filter(|(link, _)| !after(link)) {
        let next = steps[place(link.to)].as_ref().map(|step| step.times(rates, |b, rate| b / rate.max(LEAST_RATE)));
        steps[place(link.from)] = next;
    }
    for (link, rates) in funnel.links.iter().zip(&rates).filter(|(link, _)| after(link)) {
        let spend = Step { plan: vec![line.spend; count], reference: vec![line.reference_spend; count] };
        let from = if link.from == Measure::Spend { Some(&spend) } else { steps[place(link.from)].as_ref() };
        steps[place(link.to)] = from.map(|step| step.times(rates, |a, rate| a * rate));
    }
    Line { steps }
}

impl Step {
    fn times(&self, rates: &[f64], by: impl Fn(f64, f64) -> f64) -> Step {
        let each = |states: &[f64]| states.iter().zip(rates).map(|(state, rate)| by(*state, *rate)).collect();
        Step { plan: each(&self.plan), reference: each(&self.reference) }
    }
}

/// So many draws of a rate; its mean over and over where the parameters are no distribution's.
fn draw(rate: Posterior, count: usize, random: &mut ChaCha8Rng) -> Vec<f64> {
    match rate {
        Posterior::Share { a, b } => match Beta::new(a, b) {
            Ok(beta) => beta.sample_iter(random).take(count).collect(),
            Err(_) => vec![a / (a + b); count],
        },
        Posterior::Each { shape, rate } => match Gamma::new(shape, 1.0 / rate) {
            Ok(gamma) => gamma.sample_iter(random).take(count).collect(),
            Err(_) => vec![shape / rate; count],
        },
    }
}

/// The random stream of one line's rates.
fn stream(seed: u64, label: &str) -> ChaCha8Rng {
    let digest = Sha256::digest(["statement", label].join("\0").as_bytes());
    let mut number = [0; 8];
    number.copy_from_slice(&digest[..8]);
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    random.set_stream(u64::from_le_bytes(number));
    random
}
