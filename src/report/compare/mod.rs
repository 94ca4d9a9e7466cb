//! What changed since another run, and why: bridges that sum exactly.
//!
//! # What stands behind a figure
//!
//! The plan's expected KPI is a function of four things, each of which can be the other run's or this one's:
//!
//! ```text
//! V(m, p, b, a) = Σ_l ρ_ml · S(m, p) · f_ml( b · a_l ÷ H(p) )
//! ```
//!
//! | symbol | is | why it changes |
//! |---|---|---|
//! | m | curves f and what goes with them (ρ: what the plan counts beside the steady state) | data, settings of the fit |
//! | p | the plan's days: periods H and season S | settings |
//! | b | money spent on lines with a curve | settings: budget and limits |
//! | a | its mix over the lines | all of them, through the optimum; prices of limits |
//!
//! Cash is `C(k, b, a) = b · Σ_l a_l · k_l` with `k` the cash that a unit of face value costs: contracts and prices.
//!
//! Each change's part is its Shapley value ([`crate::math::shapley`]): the mean over all orders of making the changes. The parts add up to the
//! whole change; what rounding to the unit leaves goes to the largest part. What a bridge cannot part without fitting
//! again (whether other curves come of other data or of other settings of the fit) is said by the hashes beside it.
//!
//! Prices of media (CPM, CPC) and rates stand in a bridge of their own: that of the exports' recent cost per KPI.
//!
//! A line's own change in KPI is parted into its curve's and its spend's in the same way, so lines add up as well.

mod files;
mod lines;
mod observed;
mod value;

pub use files::json;

use serde::Serialize;

use self::lines::LineChange;
use self::value::State;
use super::finished::Made;
use crate::check::{Error, Kind};
use crate::fit::Fitted;
use crate::math::shapley::shapley;
use crate::plan::{Answer, Price};
use crate::unify::Ledger;

/// One of the two runs.
#[derive(Clone, Copy, Debug)]
pub struct Side<'a> {
    /// Its ledger.
    pub ledger: &'a Ledger,
    /// Its models.
    pub fitted: &'a Fitted,
    /// Its plan.
    pub answer: &'a Answer,
    /// By what it was made.
    pub made: &'a Made,
}

/// What changed from another run to this one.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Comparison {
    /// `outlay/compare@1`.
    pub format: &'static str,
    /// Currency of both.
    pub currency: String,
    /// KPI of both.
    pub kpi: String,
    /// How the parts of a bridge are made.
    pub order: &'static str,
    /// Facts that differ: inputs, settings, models, prices.
    pub causes: Vec<Cause>,
    /// Spend, cash and expected KPI, and what media cost in the exports where they tell clicks.
    pub bridges: Vec<Bridge>,
    /// Line by line, those of either run, ascending by name.
    pub lines: Vec<LineChange>,
    /// Limits whose price changed.
    pub prices: Vec<PriceChange>,
}

/// A fact of both runs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Cause {
    /// `data`, `settings`, `model` or `program`.
    pub kind: &'static str,
    /// Which fact: a file, a hash, the budget …
    pub fact: String,
    /// In the other run; absent where it has none.
    pub before: Option<String>,
    /// In this one.
    pub after: Option<String>,
}

/// From the other run's figure to this one's.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Bridge {
    /// `spend`, `cash`, `expected`, or `observed_cost`: the recent cost per KPI of the exports.
    pub figure: &'static str,
    /// The other run's.
    pub before: f64,
    /// What each change did; they add up to the difference.
    pub steps: Vec<Step>,
    /// This run's.
    pub after: f64,
}

/// A part of a bridge.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Step {
    /// `model`, `period`, `money`, `mix`, `prices`, `asked` or `unspent`; of the observed cost `media_price`, `click_rate`,
    /// `click_price` or `conversion`.
    pub change: &'static str,
    /// What it did.
    pub by: f64,
}

/// A limit's price in both runs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PriceChange {
    /// The limit.
    pub limit: String,
    /// In the other run; absent where it did not bind.
    pub before: Option<f64>,
    /// In this one.
    pub after: Option<f64>,
    /// What a price is per.
    pub unit: String,
}

/// Compares two runs; `before` is the other one.
///
/// # Errors
///
/// [`Kind::Settings`] when they count different things, or in different currencies: there is no bridge between those.
/// [`Kind::Nothing`] when either has no plan.
pub fn compare(before: Side, after: Side) -> Result<Comparison, Error> {
    for (what, one, other) in
        [("KPI", &before.answer.kpi, &after.answer.kpi), ("currency", &before.answer.currency, &after.answer.currency)]
    {
        if one != other {
            let message = format!("the runs differ in their {what}: {one} and {other}");
            return Err(Error::new(Kind::Settings, message).help("compare runs of one KPI and one currency"));
        }
    }
    for (which, side) in [("the other run", &before), ("this run", &after)] {
        if side.answer.lines.is_empty() {
            let message = format!("{which} has no plan: its limits contradict each other");
            return Err(Error::new(Kind::Nothing, message).help("compare runs that have a plan"));
        }
    }
    let (old, new) = (State::of(before), State::of(after));
    Ok(Comparison {
        format: "outlay/compare@1",
        currency: after.answer.currency.clone(),
        kpi: after.answer.kpi.clone(),
        order: "Shapley values: the mean over all orders of making the changes; rounding goes to the largest part",
        causes: causes(before, after),
        bridges: [spend(before.answer, after.answer), cash(&old, &new), expected(&old, &new)]
            .into_iter()
            .chain(observed::cost(before, after))
            .collect(),
        lines: lines::changes(&old, &new),
        prices: prices(&before.answer.prices, &after.answer.prices),
    })
}

/// What was asked for less what was left; in cash budgets the difference between cash and face value is `prices`.
fn spend(before: &Answer, after: &Answer) -> Bridge {
    let (old, new) = (&before.budget, &after.budget);
    let face = |budget: &crate::plan::Budget| budget.spent - (budget.asked - budget.unspent);
    let steps =
        [("asked", new.asked - old.asked), ("unspent", old.unspent - new.unspent), ("prices", face(new) - face(old))];
    bridge("spend", old.spent, new.spent, steps.to_vec())
}

fn cash(old: &State, new: &State) -> Bridge {
    let value = |done: usize| {
        let side = |bit: usize| if done >> bit & 1 == 1 { new } else { old };
        value::cash(old.labels().chain(new.labels()), side(0), side(1), side(2))
    };
    let steps = ["money", "mix", "prices"].into_iter().zip(shapley(3, value)).collect();
    bridge("cash", old.cash, new.cash, steps)
}

fn expected(old: &State, new: &State) -> Bridge {
    let value = |done: usize| {
        let side = |bit: usize| if done >> bit & 1 == 1 { new } else { old };
        value::expected(old.labels().chain(new.labels()), [side(0), side(1), side(2), side(3)])
    };
    let steps = ["model", "period", "money", "mix"].into_iter().zip(shapley(4, value)).collect();
    bridge("expected", old.expected, new.expected, steps)
}

/// Parts in hundredths that add up to the difference of the ends in hundredths.
fn bridge(figure: &'static str, before: f64, after: f64, parts: Vec<(&'static str, f64)>) -> Bridge {
    let whole = |figure: f64| (figure * 100.0).round() as i64;
    let mut rounded: Vec<i64> = parts.iter().map(|(_, by)| whole(*by)).collect();
    let off = whole(after) - whole(before) - rounded.iter().sum::<i64>();
    if let Some(largest) = (0..parts.len()).max_by(|a, b| parts[*a].1.abs().total_cmp(&parts[*b].1.abs())) {
        rounded[largest] += off;
    }
    let money = |hundredths: i64| hundredths as f64 / 100.0;
    let steps = parts.iter().zip(&rounded).map(|((change, _), by)| Step { change, by: money(*by) });
    Bridge { figure, before: money(whole(before)), steps: steps.collect(), after: money(whole(after)) }
}

/// Facts that differ, by kind.
fn causes(before: Side, after: Side) -> Vec<Cause> {
    let mut causes = files(before.ledger, after.ledger);
    let mut fact = |kind, fact: &str, one: String, other: String| {
        if one != other {
            let told = |text: String| (!text.is_empty()).then_some(text);
            causes.push(Cause { kind, fact: fact.to_owned(), before: told(one), after: told(other) });
        }
    };
    let (old, new) = (before.answer, after.answer);
    let period = |answer: &Answer| format!("{} – {}", answer.period.start, answer.period.end);
    fact("settings", "settings_sha256", before.made.settings_sha256.clone(), after.made.settings_sha256.clone());
    fact("settings", "budget", old.budget.asked.to_string(), new.budget.asked.to_string());
    fact("settings", "budget_in", old.budget.counted_in.clone(), new.budget.counted_in.clone());
    fact("settings", "period", period(old), period(new));
    let seed = |side: Side| side.made.seed.map(|seed| seed.to_string()).unwrap_or_default();
    fact("settings", "seed", seed(before), seed(after));
    fact("model", "panel_sha256", before.fitted.panel_sha256.clone(), after.fitted.panel_sha256.clone());
    let curves = |side: Side| side.fitted.channels.iter().filter(|fit| fit.curve.is_ok()).count().to_string();
    fact("model", "curves", curves(before), curves(after));
    fact("program", "version", before.made.version.clone(), after.made.version.clone());
    causes
}

/// Files that came, went, or hold something else.
fn files(before: &Ledger, after: &Ledger) -> Vec<Cause> {
    let told = |ledger: &Ledger| -> std::collections::BTreeMap<String, String> {
        let fact = |source: &crate::unify::SourceSummary| {
            let hash: String = source.sha256.chars().take(12).collect();
            (source.path.clone(), format!("{} rows, spend {:.2}, {hash}", source.rows, source.spend))
        };
        ledger.sources.iter().map(fact).collect()
    };
    let (old, new) = (told(before), told(after));
    let paths: std::collections::BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let cause = |path: &&String| Cause {
        kind: "data",
        fact: (*path).clone(),
        before: old.get(*path).cloned(),
        after: new.get(*path).cloned(),
    };
    paths.iter().map(cause).filter(|cause| cause.before != cause.after).collect()
}

fn prices(before: &[Price], after: &[Price]) -> Vec<PriceChange> {
    let find =
        |prices: &[Price], limit: &str| prices.iter().find(|price| price.limit == limit).map(|price| price.price);
    let mut limits: Vec<&Price> = before.iter().chain(after).collect();
    limits.sort_by(|a, b| a.limit.cmp(&b.limit));
    limits.dedup_by(|a, b| a.limit == b.limit);
    let change = |price: &&Price| PriceChange {
        limit: price.limit.clone(),
        before: find(before, &price.limit),
        after: find(after, &price.limit),
        unit: price.unit.clone(),
    };
    limits.iter().map(change).filter(|change| change.before != change.after).collect()
}

#[cfg(test)]
mod tests;
