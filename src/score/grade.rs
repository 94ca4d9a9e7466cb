//! The tier of a supplier, with its reasons in words and numbers.
//!
//! | tier | needs                                                                            | share of the budget |
//! |------|----------------------------------------------------------------------------------|---------------------|
//! | U    | too little evidence: see [`proven`]                                              | a probe             |
//! | A    | P(cost ≤ target) ≥ 0.80 and P(among the cheapest quarter) ≥ 0.50                 | at most 0.35        |
//! | B    | P(cost ≤ target) ≥ 0.50                                                          | at most 0.20        |
//! | C    | P(cost ≤ 1.25 · target) ≥ 0.50                                                   | at most 0.08        |
//! | D    | none of these                                                                    | 0                   |
//!
//! The probabilities are the posterior's, so a supplier is graded by what is known, not by its raw figure.

use super::cost::Known;
use super::{Efficiency, Tier};
use crate::units::{Currency, Kpi};

/// P(cost ≤ target) that A needs.
const SURE: f64 = 0.80;
/// Probability that the other criteria need.
const LIKELY: f64 = 0.50;
/// Multiple of the target up to which a cost is tolerated, in C.
const TOLERATED: f64 = 1.25;
/// KPI that the spend must have been worth at the target: at 3, none at all would be a surprise of 5 %.
const LEAST_EVIDENCE: f64 = 3.0;

/// A grade and why.
pub(super) struct Grade {
    /// The tier.
    pub tier: Tier,
    /// Sentences with the numbers, the deciding one first.
    pub reasons: Vec<String>,
}

/// Largest share of the budget that a tier allows; none for U, which gets a probe.
pub(super) fn cap_share(tier: Tier) -> Option<f64> {
    match tier {
        Tier::A => Some(0.35),
        Tier::B => Some(0.20),
        Tier::C => Some(0.08),
        Tier::D => Some(0.0),
        Tier::U => None,
    }
}

/// What grades are given against.
pub(super) struct Standard {
    /// Cost per KPI to reach.
    pub target: f64,
    /// Whether the settings name it; it is the suppliers' pooled cost otherwise.
    pub given: bool,
    /// Currency of costs.
    pub currency: Currency,
    /// What is counted.
    pub kpi: Kpi,
}

/// A grade for want of anything to grade by.
pub(super) fn ungraded(why: impl Into<String>) -> Grade {
    Grade { tier: Tier::U, reasons: vec![why.into()] }
}

/// The grade of a scored supplier.
pub(super) fn grade(known: &Known, standard: &Standard, efficiency: Option<&Efficiency>) -> Grade {
    let chance = Chances::of(known, standard.target);
    let (tier, why) = match proven(known, standard) {
        Err(why) => (Tier::U, why),
        Ok(()) => chance.tier(),
    };
    let mut reasons = vec![why, cost_sentence(known, standard)];
    reasons.extend(efficiency.and_then(efficiency_sentence));
    Grade { tier, reasons }
}

/// Whether there is evidence enough for a grade, or why there is not.
///
/// Two ways to be unproven: the spend is worth fewer than [`LEAST_EVIDENCE`] KPI at the target, so that not even zero KPI would mean
/// much; or the 90 % interval reaches from the target to [`TOLERATED`] times it, so that both a good and a bad grade
/// are possible. Never D for lack of data.
fn proven(known: &Known, standard: &Standard) -> Result<(), String> {
    let (worth, word) = (known.exposure / standard.target, plural(standard.kpi));
    if worth < LEAST_EVIDENCE {
        return Err(format!(
            "Unproven: at the target its spend is worth {worth:.1} {word}; fewer than 3 prove nothing."
        ));
    }
    let cost = &known.cost_per;
    if cost.p05 <= standard.target && cost.p95 >= TOLERATED * standard.target {
        return Err(format!(
            "Unproven: the cost may be on target or more than 1.25 times it; its {word} count for {:.1} independent ones.",
            known.events
        ));
    }
    Ok(())
}

/// The probabilities that tiers are made of.
struct Chances {
    target: f64,
    tolerated: f64,
    top_quarter: f64,
}

impl Chances {
    fn of(known: &Known, target: f64) -> Chances {
        Chances {
            target: known.at_most(target),
            tolerated: known.at_most(TOLERATED * target),
            top_quarter: known.ranks.top_quarter,
        }
    }

    fn tier(&self) -> (Tier, String) {
        let Chances { target, tolerated, top_quarter } = self;
        let reaches = format!("reaches the target with probability {target:.2}");
        let cheapest = format!("is among the cheapest quarter with probability {top_quarter:.2}");
        if *target >= SURE && *top_quarter >= LIKELY {
            return (Tier::A, format!("A: {reaches} (needs 0.80) and {cheapest} (needs 0.50)."));
        }
        if *target >= SURE {
            return (Tier::B, format!("B: {reaches}; A also needs the cheapest quarter at 0.50, and it {cheapest}."));
        }
        if *target >= LIKELY {
            return (Tier::B, format!("B: {reaches}; A needs 0.80."));
        }
        let within = format!("stays within 1.25 times the target with probability {tolerated:.2}");
        if *tolerated >= LIKELY {
            return (Tier::C, format!("C: {within}, but {reaches}; B needs 0.50."));
        }
        (Tier::D, format!("D: {within}; C needs 0.50."))
    }
}

fn cost_sentence(known: &Known, standard: &Standard) -> String {
    let (cost, currency) = (&known.cost_per, standard.currency);
    let shrunk = cost.shrunk.map_or_else(String::new, |shrunk| format!(" {}", figure(shrunk)));
    let whose = if standard.given { "the target" } else { "the target, all suppliers' pooled cost," };
    format!(
        "Cost per {}:{shrunk} {currency}, 90 % interval {} to {}; {whose} is {}.",
        singular(standard.kpi),
        figure(cost.p05),
        figure(cost.p95),
        figure(standard.target)
    )
}

/// What peers would need, where that is less.
fn efficiency_sentence(efficiency: &Efficiency) -> Option<String> {
    let need = 100.0 * efficiency.nirs;
    let name = |peer: &super::Peer| peer.supplier.clone().unwrap_or_else(|| "(no supplier)".into());
    let peers: Vec<String> = efficiency.peers.iter().map(name).collect();
    (need < 99.5 && !peers.is_empty())
        .then(|| format!("Its results would take {need:.0} % of its spend at the rates of {}.", peers.join(", ")))
}

/// Two decimals, or four digits below 1.
fn figure(value: f64) -> String {
    if value >= 1.0 || value <= 0.0 {
        return format!("{value:.2}");
    }
    format!("{value:.*}", (3.0 - value.log10().floor()) as usize)
}

/// One of what is counted, in words.
pub(super) fn singular(kpi: Kpi) -> &'static str {
    match kpi {
        Kpi::Reads => "read",
        Kpi::Entries => "entry",
        Kpi::Registrations => "registration",
        Kpi::ValidRegistrations => "valid registration",
        Kpi::Value => "unit of value",
    }
}

/// Several of what is counted, in words.
pub(super) fn plural(kpi: Kpi) -> &'static str {
    match kpi {
        Kpi::Reads => "reads",
        Kpi::Entries => "entries",
        Kpi::Registrations => "registrations",
        Kpi::ValidRegistrations => "valid registrations",
        Kpi::Value => "units of value",
    }
}
