//! The suppliers by several criteria: what each figure is worth, their weighted sum, and whether the weights decide.
//!
//! Without `[[score.criterion]]` the criteria are cost, approval and stability as far as all scored suppliers have them, with
//! no weights at all: every mix of them counts alike, and what comes out is who leads whatever one thinks matters.

use std::collections::BTreeMap;

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Beta, Distribution};

use super::card::{CriterionWeight, SupplierScore, Term, Worth};
use super::cost::Costs;
use super::criteria::weights::Allowed;
use super::criteria::worth::between;
use super::share::KnownShare;
use crate::check::{Error, Finding};
use crate::settings::{Criterion, ScoreSettings};

/// Samples of weights and figures.
const SAMPLES: usize = 2_000;

/// Worth by several criteria.
pub(super) struct Several {
    /// By supplier; absent for those that are not scored.
    pub worth: Vec<Option<Worth>>,
    /// Weights of the criteria that took part.
    pub weights: Vec<CriterionWeight>,
    /// What was left out.
    pub findings: Vec<Finding>,
}

/// What is known of the figures, to be drawn from.
#[derive(Clone, Copy)]
pub(super) struct Figures<'a> {
    /// Costs per KPI.
    pub costs: &'a Costs,
    /// By supplier.
    pub approval: &'a [Option<KnownShare>],
    /// By supplier.
    pub retention: &'a [Option<KnownShare>],
    /// Draw by draw, of every scored supplier.
    pub efficiency: &'a [Vec<f64>],
}

/// Judges the scored suppliers.
///
/// # Errors
///
/// [`crate::check::Kind::Settings`] when order and bounds of the weights contradict each other.
pub(super) fn judged(
    suppliers: &[SupplierScore],
    known: Figures<'_>,
    target: f64,
    settings: &ScoreSettings,
    seed: u64,
) -> Result<Several, Error> {
    let (given, costs) = (!settings.criteria.is_empty(), known.costs);
    let wanted = if given { settings.criteria.clone() } else { usual(target) };
    let has = |criterion: &&Criterion| costs.scored.iter().all(|at| figure(&criterion.name, &suppliers[*at]).is_some());
    let (taken, missing): (Vec<&Criterion>, Vec<&Criterion>) = wanted.iter().partition(has);
    let findings = missing.into_iter().filter(|_| given).map(left_out).collect();
    let none = Several { worth: suppliers.iter().map(|_| None).collect(), weights: Vec::new(), findings };
    if taken.is_empty() || costs.scored.is_empty() {
        return Ok(none);
    }
    let sampled = allowed(&taken).sample(SAMPLES, seed)?;
    let table = Table { suppliers, known, taken: &taken, seed };
    let places = table.places(&sampled);
    let weights = own_weights(&taken);
    let mut worth = none.worth;
    for (place, at) in costs.scored.iter().enumerate() {
        let values = table.values(place, None);
        worth[*at] = Some(Worth {
            score: weights
                .as_ref()
                .map(|weights| values.iter().zip(weights).map(|(value, weight)| value * weight).sum()),
            values: taken.iter().map(|criterion| criterion.name.clone()).zip(values).collect(),
            first: places[place].first,
            expected_rank: places[place].rank,
            top_quartile: places[place].quarter,
        });
    }
    let mean = |at: usize| sampled.iter().map(|weights| weights[at]).sum::<f64>() / sampled.len() as f64;
    let weight = |(at, criterion): (usize, &&Criterion)| CriterionWeight {
        name: criterion.name.clone(),
        weight: weights.as_ref().map(|weights| weights[at]),
        sampled: mean(at),
    };
    Ok(Several { worth, weights: taken.iter().enumerate().map(weight).collect(), findings: none.findings })
}

/// What is judged by when the settings do not say.
fn usual(target: f64) -> Vec<Criterion> {
    let criterion = |name: &str, points: Vec<(f64, f64)>| Criterion {
        name: name.into(),
        weight: None,
        at_least: None,
        at_most: None,
        rank: None,
        points,
    };
    vec![
        criterion("cost", vec![(0.5 * target, 100.0), (1.5 * target, 0.0)]),
        criterion("approval", vec![(0.0, 0.0), (1.0, 100.0)]),
        criterion("stability", vec![(0.0, 100.0), (1.0, 0.0)]),
    ]
}

/// A supplier's figure by a criterion.
fn figure(name: &str, score: &SupplierScore) -> Option<f64> {
    let trust = &score.trust;
    match name {
        "cost" => score.cost_per.as_ref().and_then(|cost| cost.shrunk),
        "efficiency" => score.efficiency.as_ref().map(|found| found.interval.map_or(found.nirs, |over| over.mean)),
        "approval" | "retention" => score.shares.get(name).map(|share| share.mean),
        "stability" => trust.stability.as_ref().map(|stability| stability.variation),
        "delivery" => trust.delivery.map(|delivery| delivery.share),
        "rebate" => trust.price.and_then(|price| price.realised.or(price.contracted)),
        _ => None,
    }
}

/// # What it does
/// Names criteria of the settings that not all scored suppliers have a figure for.
/// # Why it matters
/// The others are compared without it.
/// # Threshold
/// Any scored supplier without the figure.
/// # What to do
/// Give the data that it needs, or leave it out.
fn left_out(criterion: &Criterion) -> Finding {
    let message = "left out: not all scored suppliers have this figure";
    Finding::review("score.criterion", &criterion.name, message, "give the data that it needs, or leave it out")
}

/// Weights brought to a sum of 1; absent unless all criteria have one.
fn own_weights(taken: &[&Criterion]) -> Option<Vec<f64>> {
    let weights: Vec<f64> = taken.iter().map(|criterion| criterion.weight).collect::<Option<_>>()?;
    let sum: f64 = weights.iter().sum();
    (sum > 0.0).then(|| weights.iter().map(|weight| weight / sum).collect())
}

/// Order and bounds of the settings.
fn allowed(taken: &[&Criterion]) -> Allowed {
    let pairs = (0..taken.len()).flat_map(|a| (0..taken.len()).map(move |b| (a, b)));
    let before = |(a, b): &(usize, usize)| taken[*a].rank.zip(taken[*b].rank).is_some_and(|(a, b)| a < b);
    let bound = |(at, criterion): (usize, &&Criterion)| {
        let (low, high) = (criterion.at_least, criterion.at_most);
        (low.is_some() || high.is_some()).then(|| (at, low.unwrap_or(0.0), high.unwrap_or(1.0)))
    };
    Allowed {
        count: taken.len(),
        order: pairs.filter(before).collect(),
        bounds: taken.iter().enumerate().filter_map(bound).collect(),
    }
}

/// What is judged, by what.
struct Table<'a> {
    suppliers: &'a [SupplierScore],
    known: Figures<'a>,
    taken: &'a [&'a Criterion],
    seed: u64,
}

/// Figures of one supplier in one state of what is not known.
#[derive(Clone, Copy)]
struct Drawn {
    cost: f64,
    efficiency: Option<f64>,
    approval: Option<f64>,
    retention: Option<f64>,
}

impl Drawn {
    fn figure(&self, name: &str) -> Option<f64> {
        match name {
            "cost" => Some(self.cost),
            "efficiency" => self.efficiency,
            "approval" => self.approval,
            "retention" => self.retention,
            _ => None,
        }
    }
}

/// Where a supplier comes in over all samples.
#[derive(Clone, Copy, Default)]
struct Places {
    first: f64,
    rank: f64,
    quarter: f64,
}

impl Table<'_> {
    /// Worth by criterion of one scored supplier: of drawn figures, or of its best ones.
    fn values(&self, place: usize, drawn: Option<Drawn>) -> Vec<f64> {
        let at = self.known.costs.scored[place];
        let value = |criterion: &&Criterion| {
            let best = || figure(&criterion.name, &self.suppliers[at]).unwrap_or(0.0);
            between(&criterion.points, drawn.and_then(|drawn| drawn.figure(&criterion.name)).unwrap_or_else(best))
        };
        self.taken.iter().map(value).collect()
    }

    fn places(&self, weights: &[Vec<f64>]) -> Vec<Places> {
        let units = self.known.costs.scored.len();
        let mut places = vec![Places::default(); units];
        let share = 1.0 / weights.len() as f64;
        for (sample, weights) in weights.iter().enumerate() {
            let scores = self.scores(sample, weights);
            let mut order: Vec<usize> = (0..units).collect();
            order.sort_by(|one, other| scores[*other].total_cmp(&scores[*one]));
            for (rank, unit) in order.into_iter().enumerate() {
                places[unit].rank += share * (rank + 1) as f64;
                places[unit].first += share * f64::from(u8::from(rank == 0));
                places[unit].quarter += share * f64::from(u8::from(rank < units.div_ceil(4)));
            }
        }
        places
    }

    /// Weighted worth of every scored supplier in one state of what is not known.
    fn scores(&self, sample: usize, weights: &[f64]) -> Vec<f64> {
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
        rng.set_stream(0x5e4e << 32 | sample as u64);
        // one row of the draws of rates is one state of the world, and so is the efficiency that came of it
        let costs = self.known.costs;
        let is_drawn = !self.known.efficiency.is_empty() && self.taken.iter().any(|one| one.name == "efficiency");
        let states = if is_drawn { self.known.efficiency.len() } else { costs.draws.count() };
        let state = sample % states.max(1);
        let (rates, thetas) = (costs.draws.row(state), self.known.efficiency.get(state));
        let mut score = |place: usize| {
            let at = costs.scored[place];
            let drawn = Drawn {
                cost: 1.0 / rates[place],
                efficiency: thetas.map(|thetas| thetas[place]),
                approval: self.known.approval[at].map(|share| drawn_share(&share, &mut rng)),
                retention: self.known.retention[at].map(|share| drawn_share(&share, &mut rng)),
            };
            self.values(place, Some(drawn)).iter().zip(weights).map(|(value, weight)| value * weight).sum()
        };
        (0..rates.len()).map(&mut score).collect()
    }
}

fn drawn_share(share: &KnownShare, rng: &mut ChaCha8Rng) -> f64 {
    Beta::new(share.known.a, share.known.b).map_or(share.known.mean(), |beta| beta.sample(rng))
}

/// Nobody: for a scorecard without a target.
pub(super) fn nobody(suppliers: usize) -> Several {
    Several { worth: vec![None; suppliers], weights: Vec::new(), findings: Vec::new() }
}

/// Shares as the scorecard has them: approval, its complement, and retention.
pub(super) fn shares(
    approval: Option<&KnownShare>,
    retention: Option<&KnownShare>,
) -> BTreeMap<Term, super::card::Share> {
    let pair = |share: &KnownShare| [("approval".into(), share.card()), ("invalid".into(), share.complement().card())];
    let kept = retention.map(|share| ("retention".into(), share.card()));
    approval.map(pair).into_iter().flatten().chain(kept).collect()
}
