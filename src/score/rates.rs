//! `outlay rates TABLE`: empirical-Bayes rates of any table, as a document.

use serde::Serialize;

use super::shrink::{Best, Draws, Evidence, Family, Mixture, Prior, Ranks, draws_for};
use crate::check::{Error, Finding, Kind};

/// The random stream of the ranks of a table.
const STREAM: u32 = 0x7a7e;

/// A table of events and exposures, by unit.
#[derive(Clone, Debug)]
pub struct Counts {
    /// Names.
    pub labels: Vec<String>,
    /// Events.
    pub events: Vec<f64>,
    /// Exposure, or trials.
    pub exposure: Vec<f64>,
}

/// The document of the contract.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Document {
    /// `outlay/rates@1`.
    pub format: &'static str,
    /// `beta-binomial` or `gamma-poisson`.
    pub family: &'static str,
    /// The distribution of the true rates.
    pub prior: PriorParams,
    /// One a unit, in the table's order.
    pub units: Vec<Unit>,
    /// What is worth a look.
    pub findings: Vec<Finding>,
}

/// Beta(a, b), or Gamma with shape a and rate b per unit of exposure.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct PriorParams {
    /// Shape a.
    pub a: f64,
    /// Second shape or rate b.
    pub b: f64,
}

/// One unit's rate.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Unit {
    /// Name.
    pub label: String,
    /// Events ÷ exposure; absent without exposure.
    pub raw: Option<f64>,
    /// Posterior mean.
    pub mean: f64,
    /// 5 % quantile.
    pub p05: f64,
    /// 95 % quantile.
    pub p95: f64,
    /// P(the true rate is at least as good as the target): at least, or at most with the lowest best; absent without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p_target: Option<f64>,
    /// Rank of the true rate.
    pub rank: Rank,
}

/// Rank of one unit's true rate, 1 the best.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Rank {
    /// Mean rank.
    pub expected: f64,
    /// 5 % quantile.
    pub p05: u32,
    /// 95 % quantile.
    pub p95: u32,
    /// Probability of rank 1.
    pub best: f64,
    /// Probability of the last rank.
    pub worst: f64,
    /// Probability of the best quarter, rounded up to whole units.
    pub p_top_quartile: f64,
    /// Group of units that cannot be told apart, 1 the best: each is worse than the first of its group with a probability below
    /// 0.9.
    pub group: u32,
}

impl Rank {
    fn of(ranks: &Ranks, group: u32) -> Rank {
        let Ranks { expected, p05, p95, best, worst, top_quarter } = *ranks;
        Rank { expected, p05, p95, best, worst, p_top_quartile: top_quarter, group }
    }
}

/// Rates of all units under the prior of marginal maximum likelihood, with ranks over joint draws.
///
/// # Errors
///
/// [`Kind::Input`] when a figure is negative or not a number, when events exceed trials, or when there is no prior: fewer
/// than two units with exposure, or all units with none or only events. [`Kind::Nothing`] for an empty table.
///
/// # Examples
///
/// ```
/// use outlay::score::rates::{Counts, table};
/// use outlay::score::shrink::{Best, Family};
///
/// let labels = ["A", "B", "C"].map(String::from).to_vec();
/// let counts = Counts { labels, events: vec![120.0, 140.0, 2.0], exposure: vec![1000.0, 1000.0, 5.0] };
/// let rates = table(&counts, Family::BetaBinomial, Best::High, None, 1).unwrap();
/// // Two of five is the best raw rate; what is known of it is not far from the others'.
/// assert_eq!(rates.units[2].raw, Some(0.4));
/// assert!(rates.units[2].mean < 0.2);
/// ```
pub fn table(counts: &Counts, family: Family, best: Best, target: Option<f64>, seed: u64) -> Result<Document, Error> {
    checked(counts, family)?;
    let prior = Prior::fit(family, &counts.events, &counts.exposure).ok_or_else(|| no_prior(counts))?;
    let pairs = counts.events.iter().zip(&counts.exposure);
    let known: Vec<_> = pairs.map(|(events, exposure)| prior.posterior(*events, *exposure)).collect();
    let certain: Vec<Mixture> = known.iter().map(|known| Mixture(vec![(1.0, *known)])).collect();
    let draws = Draws::of(&certain, &vec![0; known.len()], draws_for(known.len()), seed, STREAM);
    let ranks = draws.ranks(best);
    let groups = draws.groups(&ranks, best);
    let reaches = |at: usize, target: f64| match best {
        Best::High => 1.0 - known[at].below(target),
        Best::Low => known[at].below(target),
    };
    let unit = |at: usize| Unit {
        label: counts.labels[at].clone(),
        raw: (counts.exposure[at] > 0.0).then(|| counts.events[at] / counts.exposure[at]),
        mean: known[at].mean(),
        p05: known[at].quantile(0.05),
        p95: known[at].quantile(0.95),
        p_target: target.map(|target| reaches(at, target)),
        rank: Rank::of(&ranks[at], groups[at]),
    };
    Ok(Document {
        format: "outlay/rates@1",
        family: name(family),
        prior: PriorParams { a: prior.a, b: prior.b },
        units: (0..known.len()).map(unit).collect(),
        findings: prior_finding(prior.evidence),
    })
}

fn name(family: Family) -> &'static str {
    match family {
        Family::GammaPoisson => "gamma-poisson",
        Family::BetaBinomial => "beta-binomial",
    }
}

fn checked(counts: &Counts, family: Family) -> Result<(), Error> {
    if counts.labels.is_empty() {
        return Err(Error::new(Kind::Nothing, "the table has no units"));
    }
    let mut wrong = Vec::new();
    for ((label, events), exposure) in counts.labels.iter().zip(&counts.events).zip(&counts.exposure) {
        let fine = |value: f64| value.is_finite() && value >= 0.0;
        if !fine(*events) || !fine(*exposure) {
            let message = format!("`{label}` has {events} events of {exposure}, expected numbers of 0 or more");
            wrong.push(Error::new(Kind::Input, message));
        } else if family == Family::BetaBinomial && events > exposure {
            let message =
                format!("`{label}` has {events} events of {exposure} trials, expected no more events than trials");
            wrong.push(Error::new(Kind::Input, message).help("use the family gamma-poisson for events per exposure"));
        }
    }
    Error::all(wrong)
}

fn no_prior(counts: &Counts) -> Error {
    let with = counts.exposure.iter().filter(|exposure| **exposure > 0.0).count();
    let events: f64 = counts.events.iter().sum();
    let message = format!("{with} units with exposure and {events} events in all say nothing of how rates differ");
    Error::new(Kind::Input, message)
        .help("give at least two units with exposure, some events, and some misses of trials")
}

/// # What it does
/// Says when the prior does not rest on a likelihood with a top inside the range.
/// # Why it matters
/// Units that differ no more than by chance have no order worth acting on.
/// # Threshold
/// The likelihood is highest without any spread (`rates.alike`), or at the widest spread searched (`rates.far_apart`).
/// # What to do
/// Alike: do not act on ranks. Far apart: look for units of another kind.
fn prior_finding(evidence: Evidence) -> Vec<Finding> {
    let (check, message, advice) = match evidence {
        Evidence::Likelihood => return Vec::new(),
        Evidence::Alike => {
            ("rates.alike", "the rates differ no more than chance makes them", "do not act on the ranks alone")
        }
        Evidence::Assumed => {
            ("rates.far_apart", "the rates lie as far apart as can be", "look for units that count something else")
        }
    };
    vec![Finding::review(check, "units", message, advice)]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(rows: &[(&str, f64, f64)]) -> Counts {
        Counts {
            labels: rows.iter().map(|row| row.0.to_owned()).collect(),
            events: rows.iter().map(|row| row.1).collect(),
            exposure: rows.iter().map(|row| row.2).collect(),
        }
    }

    #[test]
    fn the_document_has_the_contracts_shape() {
        let table = table(
            &counts(&[("A", 4.0, 100.0), ("B", 30.0, 200.0), ("C", 0.0, 0.0)]),
            Family::BetaBinomial,
            Best::Low,
            Some(0.1),
            1,
        );
        let json = serde_json::to_value(table.unwrap()).unwrap();
        assert_eq!((json["format"].as_str(), json["family"].as_str()), (Some("outlay/rates@1"), Some("beta-binomial")));
        assert!(json["prior"]["a"].as_f64().unwrap() > 0.0 && json["units"][0]["rank"]["worst"].is_number());
        assert!(
            json["units"][0]["rank"]["best"].as_f64() > json["units"][1]["rank"]["best"].as_f64(),
            "the lowest is best"
        );
        assert!(json["units"][2]["raw"].is_null());
    }

    #[test]
    fn impossible_tables_are_refused_with_every_unit_that_is_wrong() {
        let wrong = counts(&[("A", 7.0, 5.0), ("B", -1.0, 5.0), ("C", 1.0, 5.0)]);
        let error = table(&wrong, Family::BetaBinomial, Best::High, None, 1).unwrap_err();
        assert_eq!((error.kind, error.problems.len()), (Kind::Input, 2));
        let none =
            table(&counts(&[("A", 0.0, 5.0), ("B", 0.0, 9.0)]), Family::GammaPoisson, Best::High, None, 1).unwrap_err();
        assert!(none.to_string().contains("2 units with exposure and 0 events"), "{none}");
        assert_eq!(table(&counts(&[]), Family::GammaPoisson, Best::High, None, 1).unwrap_err().kind, Kind::Nothing);
    }
}
