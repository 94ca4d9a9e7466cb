//! The tier of a supplier for one period, with its reasons in words and numbers.
//!
//! | tier | needs                                                                                              |
//! |------|----------------------------------------------------------------------------------------------------|
//! | U    | too little evidence: see [`proven`]                                                                |
//! | A    | P(cost ≤ target) ≥ `sure`, P(among the cheapest quarter) ≥ `top_quarter`, no red light, `delivery` |
//! | B    | P(cost ≤ target) ≥ `likely`                                                                        |
//! | C    | P(cost ≤ `tolerated` · target) ≥ `likely`                                                          |
//! | D    | none of these, or invalid traffic that a reviewer confirmed                                        |
//!
//! The probabilities are the posterior's, so a supplier is graded by what is known, not by its raw figure. Scaling a cost by f
//! moves its quantiles by f, so the change that would flip a grade is exact: A needs f · q(`sure`) ≤ target, and so on.

use std::collections::BTreeMap;

use crate::score::card::{Efficiency, Flip, Light, Peer, Tier};
use crate::score::cost::{Costs, Known};
use crate::score::words::{figure, plural, singular};
use crate::settings::TierRules;
use crate::units::{Currency, Kpi};

/// What grades are given against.
#[derive(Clone, Copy)]
pub(crate) struct Standard {
    /// Cost per KPI to reach.
    pub target: f64,
    /// Whether the settings name it; it is the suppliers' pooled cost otherwise.
    pub given: bool,
    /// Currency of costs.
    pub currency: Currency,
    /// What is counted.
    pub kpi: Kpi,
    /// What each grade needs.
    pub rules: TierRules,
}

/// What else bears on a grade.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Circumstances {
    /// Spend ÷ plan, where a plan is known.
    pub delivery: Option<f64>,
    /// Raised indicators of invalid traffic.
    pub light: Light,
    /// Whether a reviewer confirmed invalid traffic.
    pub confirmed: bool,
}

/// A grade of one period and why.
#[derive(Clone, Debug)]
pub(crate) struct Grade {
    /// The tier.
    pub tier: Tier,
    /// Sentences with the numbers, the deciding one first.
    pub reasons: Vec<String>,
    /// P(cost ≤ target), P(cost ≤ tolerated · target).
    pub chances: Option<(f64, f64)>,
    /// The smallest change of the cost that would change the tier.
    pub flip: Option<Flip>,
}

/// Largest share of the budget that a tier allows; none for U, which gets a probe.
pub(crate) fn cap_share(tier: Tier, rules: &TierRules) -> Option<f64> {
    match tier {
        Tier::A => Some(rules.cap_a),
        Tier::B => Some(rules.cap_b),
        Tier::C => Some(rules.cap_c),
        Tier::D => Some(rules.cap_d),
        Tier::U => None,
    }
}

/// A grade for want of anything to grade by.
pub(crate) fn ungraded(why: impl Into<String>) -> Grade {
    Grade { tier: Tier::U, reasons: vec![why.into()], chances: None, flip: None }
}

/// The grade of a scored supplier; `quarter` is the factor of its cost at which it would be among the cheapest quarter.
pub(crate) fn grade(known: &Known, standard: &Standard, around: &Circumstances, quarter: f64) -> Grade {
    let chances = Chances::of(known, standard);
    let (tier, why) = if around.confirmed {
        (Tier::D, "D: a reviewer confirmed invalid traffic.".into())
    } else {
        match proven(known, standard) {
            Err(why) => (Tier::U, why),
            Ok(()) => chances.tier(around, &standard.rules),
        }
    };
    let flip = if around.confirmed { None } else { flip(tier, known, standard, around, quarter) };
    let reasons = vec![why, cost_sentence(known, standard)];
    Grade { tier, reasons, chances: Some((chances.target, chances.tolerated)), flip }
}

/// Whether there is evidence enough for a grade, or why there is not.
///
/// Two ways to be unproven: the spend is worth fewer than `least_evidence` KPI at the target, so that not even zero KPI would mean
/// much; or the 90 % interval reaches from the target to `tolerated` times it, so that both a good and a bad grade
/// are possible. Never D for lack of data.
pub(crate) fn proven(known: &Known, standard: &Standard) -> Result<(), String> {
    let (worth, word, rules) = (known.exposure / standard.target, plural(standard.kpi), &standard.rules);
    if worth < rules.least_evidence {
        return Err(format!(
            "Unproven: at the target its spend is worth {worth:.1} {word}; fewer than {} prove nothing.",
            rules.least_evidence
        ));
    }
    let cost = &known.cost_per;
    if cost.p05 <= standard.target && cost.p95 >= rules.tolerated * standard.target {
        return Err(format!(
            "Unproven: the cost may be on target or more than {} times it; its {word} count for {:.1} independent ones.",
            rules.tolerated, known.events
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
    fn of(known: &Known, standard: &Standard) -> Chances {
        Chances {
            target: known.at_most(standard.target),
            tolerated: known.at_most(standard.rules.tolerated * standard.target),
            top_quarter: known.ranks.top_quarter,
        }
    }

    fn tier(&self, around: &Circumstances, rules: &TierRules) -> (Tier, String) {
        let Chances { target, tolerated, top_quarter } = self;
        let (sure, likely, quarter) = (rules.sure, rules.likely, rules.top_quarter);
        let reaches = format!("reaches the target with probability {target:.2}");
        let cheapest = format!("is among the cheapest quarter with probability {top_quarter:.2}");
        if *target >= sure {
            if let Some(bar) = barred(around, rules) {
                return (Tier::B, format!("B, not A: {reaches}, but {bar}."));
            }
            if *top_quarter >= quarter {
                let why = format!("A: {reaches} (needs {sure:.2}) and {cheapest} (needs {quarter:.2}).");
                return (Tier::A, why);
            }
            let also = format!("A also needs the cheapest quarter at {quarter:.2}, and it {cheapest}");
            return (Tier::B, format!("B: {reaches}; {also}."));
        }
        if *target >= likely {
            return (Tier::B, format!("B: {reaches}; A needs {sure:.2}."));
        }
        let within = format!("stays within {} times the target with probability {tolerated:.2}", rules.tolerated);
        if *tolerated >= likely {
            return (Tier::C, format!("C: {within}, but {reaches}; B needs {likely:.2}."));
        }
        (Tier::D, format!("D: {within}; C needs {likely:.2}."))
    }
}

/// What keeps a supplier out of A whatever its cost.
fn barred(around: &Circumstances, rules: &TierRules) -> Option<String> {
    if around.light == Light::Red {
        return Some("three families of invalid-traffic indicators are raised".into());
    }
    let short = around.delivery.filter(|share| *share < rules.delivery)?;
    Some(format!("it delivered {:.0} % of the plan (A needs {:.0} %)", 100.0 * short, 100.0 * rules.delivery))
}

/// The smallest change of the cost that would change the tier.
fn flip(tier: Tier, known: &Known, standard: &Standard, around: &Circumstances, quarter: f64) -> Option<Flip> {
    let rules = &standard.rules;
    let at = |target: f64, share: f64| target / known.cost_quantile(share) - 1.0;
    let sure = at(standard.target, rules.sure);
    let likely = at(standard.target, rules.likely);
    let tolerated = at(rules.tolerated * standard.target, rules.likely);
    let to_a = sure.min(quarter - 1.0);
    let up = match tier {
        Tier::B if barred(around, rules).is_none() => Some((Tier::A, to_a)),
        Tier::C => Some((Tier::B, likely)),
        Tier::D => Some((Tier::C, tolerated)),
        _ => None,
    };
    let down = match tier {
        Tier::A => Some((Tier::B, to_a)),
        Tier::B => Some((Tier::C, likely)),
        Tier::C => Some((Tier::D, tolerated)),
        _ => None,
    };
    let changes = up.into_iter().chain(down).filter(|(_, change)| change.is_finite());
    let size = |change: &f64| change.ln_1p().abs();
    let (to, change) = changes.min_by(|one, other| size(&one.1).total_cmp(&size(&other.1)))?;
    let (way, percent) = (if change < 0.0 { "lower" } else { "higher" }, 100.0 * change.abs());
    let because = format!("A cost {percent:.1} % {way}, with as much evidence, would make it {to:?}.");
    Some(Flip { to, cost_change: change, because })
}

/// The probability of each grade were the true costs known, by scored supplier.
pub(crate) fn tier_chances(costs: &Costs, standard: &Standard) -> Vec<BTreeMap<char, f64>> {
    let units = costs.scored.len();
    let mut counts = vec![[0u32; 4]; units];
    let draws = costs.draws.count();
    let (target, tolerated) = (1.0 / standard.target, 1.0 / (standard.rules.tolerated * standard.target));
    for draw in 0..draws {
        let row = costs.draws.row(draw);
        let quarter = of_quarter(row);
        for (unit, rate) in row.iter().enumerate() {
            let tier = match rate {
                rate if *rate >= target && *rate >= quarter => 0,
                rate if *rate >= target => 1,
                rate if *rate >= tolerated => 2,
                _ => 3,
            };
            counts[unit][tier] += 1;
        }
    }
    let share = |count: u32| f64::from(count) / draws.max(1) as f64;
    counts.iter().map(|counts| ['A', 'B', 'C', 'D'].into_iter().zip(counts.map(share)).collect()).collect()
}

/// By scored supplier: the factor of its cost at which it would be among the cheapest quarter with probability `share`.
pub(crate) fn quarter_factors(costs: &Costs, share: f64) -> Vec<f64> {
    let rows = (0..costs.draws.count()).map(|draw| costs.draws.row(draw));
    let thresholds: Vec<f64> = rows.map(of_quarter).collect();
    let factor = |unit: usize| {
        let mut factors: Vec<f64> =
            costs.draws.of_unit(unit).zip(&thresholds).map(|(rate, threshold)| rate / threshold).collect();
        factors.sort_by(f64::total_cmp);
        crate::math::quantile_of_sorted(&factors, 1.0 - share)
    };
    (0..costs.scored.len()).map(factor).collect()
}

/// The lowest rate of the best quarter, rounded up to whole units.
fn of_quarter(rates: &[f64]) -> f64 {
    let mut rates = rates.to_vec();
    let at = rates.len().div_ceil(4).max(1) - 1;
    *rates.select_nth_unstable_by(at, |one, other| other.total_cmp(one)).1
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
pub(crate) fn efficiency_sentence(efficiency: &Efficiency) -> Option<String> {
    let need = 100.0 * efficiency.nirs;
    let name = |peer: &Peer| peer.supplier.clone().unwrap_or_else(|| "(no supplier)".into());
    let peers: Vec<String> = efficiency.peers.iter().map(name).collect();
    (need < 99.5 && !peers.is_empty())
        .then(|| format!("Its results would take {need:.0} % of its spend at the rates of {}.", peers.join(", ")))
}
