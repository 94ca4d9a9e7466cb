//! `outlay criteria TABLE`: several criteria over any table, as a document.

use std::collections::BTreeMap;

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Beta, Distribution};
use serde::Serialize;

use super::promethee::{Flowing, Preference, flows};
use super::smaa::{acceptability, scores};
use super::vikor::{Regretted, compromise};
use super::weights::Allowed;
use super::worth::Worth;
use super::{Better, ahp, ranks};
use crate::check::{Error, Finding, Kind};

/// Samples of weights and figures.
const SAMPLES: usize = 10_000;
/// Probability of a higher score from which on two units count as told apart.
const TOLD_APART: f64 = 0.9;

/// A table to judge.
#[derive(Clone, Debug, Default)]
pub struct Problem {
    /// Names of the units.
    pub labels: Vec<String>,
    /// Criteria.
    pub criteria: Vec<Criterion>,
    /// Pairs of criteria by place, the more important first.
    pub order: Vec<(usize, usize)>,
    /// Least and largest share of the weight by place.
    pub bounds: Vec<(usize, f64, f64)>,
    /// Weight of the sum of regrets in VIKOR.
    pub v: f64,
}

/// One criterion.
#[derive(Clone, Debug, Default)]
pub struct Criterion {
    /// Its name.
    pub name: String,
    /// Figures by unit.
    pub figures: Vec<f64>,
    /// Events and trials by unit, where the figure is a share of counts: it is then as uncertain as they are few.
    pub counts: Option<Vec<(f64, f64)>>,
    /// Which figures are better.
    pub better: Better,
    /// Its weight; all or none have one.
    pub weight: Option<f64>,
    /// What figures are worth.
    pub worth: Worth,
    /// How leads count in PROMETHEE.
    pub preference: Preference,
}

/// What to compute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Σ weight · worth.
    Scorecard,
    /// Acceptability over all allowed weights.
    Smaa,
    /// Net flows.
    Promethee,
    /// A compromise set.
    Vikor,
}

/// The document.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Document {
    /// `outlay/criteria@1`.
    pub format: &'static str,
    /// `scorecard`, `smaa`, `promethee`, `vikor` or `ahp`.
    pub method: &'static str,
    /// Weights that add up to 1: as given, elicited, or the mean of those sampled.
    pub weights: BTreeMap<String, f64>,
    /// Consistency of the judgements, for `ahp`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consistency_ratio: Option<f64>,
    /// The compromise set of `vikor`, best first; one unit alone is accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compromise: Option<Vec<String>>,
    /// One a unit, in the table's order; none for `ahp`.
    pub units: Vec<Unit>,
    /// What is worth a look.
    pub findings: Vec<Finding>,
}

/// One unit.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Unit {
    /// Its name.
    pub label: String,
    /// Worth by criterion, for `scorecard` and `smaa`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub worth: BTreeMap<String, f64>,
    /// The method's figure: Σ weight · worth, share of first ranks, net flow, or Q.
    pub score: f64,
    /// Rank by it, 1 the best.
    pub rank: usize,
    /// Group of units whose scores cannot be told apart, 1 the best, for a `scorecard` with counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<usize>,
    /// Share of samples at each rank, for `smaa`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acceptability: Option<Vec<f64>>,
    /// Mean of the weights that put it first, for `smaa`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub central_weights: Option<BTreeMap<String, f64>>,
    /// Share of figures under which they do, for `smaa`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confidence: Option<f64>,
    /// φ⁺ and φ⁻ of `promethee`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flows: Option<(f64, f64)>,
    /// S and R of `vikor`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub regrets: Option<(f64, f64)>,
}

/// Judges a table.
///
/// # Errors
///
/// [`Kind::Nothing`] for an empty table; [`Kind::Settings`] for weights that are missing, negative or all nought, or that contradict order and
/// bounds; [`Kind::Input`] for figures without a worth.
pub fn table(problem: &Problem, method: Method, seed: u64) -> Result<Document, Error> {
    if problem.labels.is_empty() || problem.criteria.is_empty() {
        return Err(Error::new(Kind::Nothing, "the table has no units, or no criterion was named"));
    }
    match method {
        Method::Scorecard => scorecard(problem, seed),
        Method::Smaa => smaa(problem, seed),
        Method::Promethee => promethee(problem),
        Method::Vikor => vikor(problem),
    }
}

/// Weights from pairwise judgements.
///
/// # Errors
///
/// As [`ahp::elicit`].
pub fn judgements(names: &[String], judgements: &[Vec<f64>]) -> Result<Document, Error> {
    let found = ahp::elicit(names, judgements)?;
    Ok(Document {
        weights: names.iter().cloned().zip(found.weights).collect(),
        consistency_ratio: Some(found.ratio),
        ..document("ahp", BTreeMap::new(), Vec::new())
    })
}

fn document(method: &'static str, weights: BTreeMap<String, f64>, units: Vec<Unit>) -> Document {
    Document {
        format: "outlay/criteria@1",
        method,
        weights,
        consistency_ratio: None,
        compromise: None,
        units,
        findings: Vec::new(),
    }
}

impl Problem {
    /// Weights by criterion, brought to a sum of 1.
    fn weights(&self) -> Result<Vec<f64>, Error> {
        let missing: Vec<&str> =
            self.criteria.iter().filter(|one| one.weight.is_none()).map(|one| one.name.as_str()).collect();
        if !missing.is_empty() {
            let error = Error::setting("--weights", format!("no weight for {}", missing.join(", ")));
            return Err(
                error.help("give every criterion one, `--weights a=0.5,b=0.5`, or sample them: `--method smaa`")
            );
        }
        let given: Vec<f64> = self.criteria.iter().filter_map(|one| one.weight).collect();
        let sum: f64 = given.iter().sum();
        if given.iter().any(|weight| !(*weight >= 0.0)) || !(sum > 0.0 && sum.is_finite()) {
            return Err(Error::setting("--weights", "expected numbers of 0 or more, and one above"));
        }
        Ok(given.iter().map(|weight| weight / sum).collect())
    }

    fn named(&self, weights: &[f64]) -> BTreeMap<String, f64> {
        self.criteria.iter().map(|criterion| criterion.name.clone()).zip(weights.iter().copied()).collect()
    }

    /// Worth by criterion and unit.
    fn worth(&self) -> Result<Vec<Vec<f64>>, Error> {
        self.criteria.iter().map(|one| one.worth.of(&one.figures, one.better)).collect()
    }

    fn is_uncertain(&self) -> bool {
        self.criteria.iter().any(|criterion| criterion.counts.is_some())
    }

    /// Worth by criterion and unit in one draw of the shares, from flat priors: any table's own are not known.
    fn drawn(&self, certain: &[Vec<f64>], sample: usize, seed: u64) -> Vec<Vec<f64>> {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(0x5a11 << 32 | sample as u64);
        let worth = |(criterion, certain): (&Criterion, &Vec<f64>)| {
            let Some(counts) = &criterion.counts else { return certain.clone() };
            let mut share = |(events, trials): &(f64, f64)| {
                Beta::new(1.0 + events, 1.0 + trials - events).map_or(0.5, |beta| beta.sample(&mut rng))
            };
            let scale = criterion.scale();
            let figures: Vec<f64> = counts.iter().map(|counts| scale * share(counts)).collect();
            criterion.worth.of(&figures, criterion.better).unwrap_or_else(|_| certain.clone())
        };
        self.criteria.iter().zip(certain).map(worth).collect()
    }

    fn unit_worth(&self, worth: &[Vec<f64>], unit: usize) -> BTreeMap<String, f64> {
        self.criteria.iter().zip(worth).map(|(criterion, worth)| (criterion.name.clone(), worth[unit])).collect()
    }
}

impl Criterion {
    /// What a share of 1 is as a figure: 1, or 100 where figures are percentages of counts.
    fn scale(&self) -> f64 {
        let pairs = self.counts.iter().flatten().zip(&self.figures);
        let known = pairs.filter(|((events, trials), _)| *events > 0.0 && *trials > 0.0);
        known.map(|((events, trials), figure)| figure * trials / events).next().unwrap_or(1.0)
    }
}

fn scorecard(problem: &Problem, seed: u64) -> Result<Document, Error> {
    let (weights, worth) = (problem.weights()?, problem.worth()?);
    let found = scores(&worth, &weights, problem.labels.len());
    let ranks = ranks(&found);
    let groups = problem.is_uncertain().then(|| groups(problem, &weights, &worth, &found, seed));
    let unit = |at: usize| Unit {
        label: problem.labels[at].clone(),
        worth: problem.unit_worth(&worth, at),
        score: found[at],
        rank: ranks[at],
        group: groups.as_ref().map(|groups| groups[at]),
        ..Unit::default()
    };
    let units: Vec<Unit> = (0..found.len()).map(unit).collect();
    let findings = not_separable(&units);
    Ok(Document { findings, ..document("scorecard", problem.named(&weights), units) })
}

/// Groups of units that cannot be told apart: by score, each joins the group whose first unit is better in fewer than nine of ten draws.
fn groups(problem: &Problem, weights: &[f64], worth: &[Vec<f64>], found: &[f64], seed: u64) -> Vec<usize> {
    let units = found.len();
    let drawn: Vec<Vec<f64>> =
        (0..SAMPLES).map(|sample| scores(&problem.drawn(worth, sample, seed), weights, units)).collect();
    let beats = |one: usize, other: usize| {
        drawn.iter().filter(|scores| scores[one] > scores[other]).count() as f64 / SAMPLES as f64
    };
    let mut order: Vec<usize> = (0..units).collect();
    order.sort_by(|one, other| found[*other].total_cmp(&found[*one]));
    let (mut first, mut group, mut groups) = (order[0], 1, vec![1; units]);
    for unit in order {
        if unit != first && beats(first, unit) >= TOLD_APART {
            (first, group) = (unit, group + 1);
        }
        groups[unit] = group;
    }
    groups
}

/// # What it does
/// Names the units whose scores cannot be told from the best one's.
/// # Why it matters
/// With few counts the order at the top is a coin's.
/// # Threshold
/// More than one unit in the first group.
/// # What to do
/// Treat them alike, or count longer.
fn not_separable(units: &[Unit]) -> Vec<Finding> {
    let first: Vec<&str> = units.iter().filter(|unit| unit.group == Some(1)).map(|unit| unit.label.as_str()).collect();
    let message = format!("{} cannot be told apart by these counts", first.join(", "));
    let advice = "treat them alike, or count for longer";
    (first.len() > 1).then(|| Finding::review("criteria.not_separable", "units", message, advice)).into_iter().collect()
}

fn smaa(problem: &Problem, seed: u64) -> Result<Document, Error> {
    let allowed =
        Allowed { count: problem.criteria.len(), order: problem.order.clone(), bounds: problem.bounds.clone() };
    let (weights, worth) = (allowed.sample(SAMPLES, seed)?, problem.worth()?);
    let uncertain = problem.is_uncertain();
    let state = |sample: usize| if uncertain { problem.drawn(&worth, sample, seed) } else { worth.clone() };
    let found = acceptability(problem.labels.len(), &weights, state);
    let firsts: Vec<f64> = found.iter().map(|unit| -unit.expected_rank()).collect();
    let ranks = ranks(&firsts);
    let unit = |at: usize| Unit {
        label: problem.labels[at].clone(),
        worth: problem.unit_worth(&worth, at),
        score: found[at].ranks[0],
        rank: ranks[at],
        acceptability: Some(found[at].ranks.clone()),
        central_weights: found[at].central.as_ref().map(|central| problem.named(central)),
        confidence: found[at].confidence,
        ..Unit::default()
    };
    let units: Vec<Unit> = (0..found.len()).map(unit).collect();
    let mean = |at: usize| weights.iter().map(|weights| weights[at]).sum::<f64>() / weights.len() as f64;
    let means: Vec<f64> = (0..problem.criteria.len()).map(mean).collect();
    Ok(document("smaa", problem.named(&means), units))
}

fn promethee(problem: &Problem) -> Result<Document, Error> {
    let weights = problem.weights()?;
    let criterion = |(criterion, weight): (&Criterion, &f64)| Flowing {
        figures: criterion.figures.clone(),
        better: criterion.better,
        weight: *weight,
        preference: criterion.preference,
    };
    let found = flows(&problem.criteria.iter().zip(&weights).map(criterion).collect::<Vec<_>>());
    let ranks = ranks(&found.iter().map(|flow| flow.net).collect::<Vec<f64>>());
    let unit = |at: usize| Unit {
        label: problem.labels[at].clone(),
        score: found[at].net,
        rank: ranks[at],
        flows: Some((found[at].positive, found[at].negative)),
        ..Unit::default()
    };
    Ok(document("promethee", problem.named(&weights), (0..found.len()).map(unit).collect()))
}

fn vikor(problem: &Problem) -> Result<Document, Error> {
    let weights = problem.weights()?;
    let criterion = |(criterion, weight): (&Criterion, &f64)| Regretted {
        figures: criterion.figures.clone(),
        better: criterion.better,
        weight: *weight,
    };
    let found = compromise(&problem.criteria.iter().zip(&weights).map(criterion).collect::<Vec<_>>(), problem.v);
    let ranks = ranks(&found.q.iter().map(|q| -q).collect::<Vec<f64>>());
    let unit = |at: usize| Unit {
        label: problem.labels[at].clone(),
        score: found.q[at],
        rank: ranks[at],
        regrets: Some((found.s[at], found.r[at])),
        ..Unit::default()
    };
    let constant = |at: &usize| {
        let message = "all units are alike in it, so it decides nothing";
        Finding::review("criteria.constant", &problem.criteria[*at].name, message, "leave it out, or measure it finer")
    };
    Ok(Document {
        compromise: Some(found.set.iter().map(|at| problem.labels[*at].clone()).collect()),
        findings: found.constant.iter().map(constant).collect(),
        ..document("vikor", problem.named(&weights), (0..found.q.len()).map(unit).collect())
    })
}
