//! `[plan]` beyond amounts: days, flights, locks, funds, probes, tax and currencies.
//!
//! Both types stand here: as written (`…File`) and as meant.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::Deserialize;

use super::file::Plan;
use super::meant::{Event, date};
use super::plan::{Whom, positive, share, whom};
use crate::check::Error;
use crate::units::{Currency, Field};

/// `[plan.daily]` as written.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct DailyFile {
    pub weights: Weights,
    pub weekday: Option<Vec<f64>>,
    pub season: bool,
    pub event_weight: BTreeMap<String, f64>,
    pub step: Option<f64>,
    pub step_amount: Option<f64>,
    pub days_between_changes: u32,
}

impl Default for DailyFile {
    fn default() -> DailyFile {
        DailyFile {
            weights: Weights::Even,
            weekday: None,
            season: true,
            event_weight: BTreeMap::new(),
            step: None,
            step_amount: None,
            days_between_changes: 1,
        }
    }
}

/// `[[plan.flight]]` as written.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FlightFile {
    #[serde(rename = "where", default)]
    pub whom: BTreeMap<Field, String>,
    pub start: Option<String>,
    pub end: Option<String>,
}

/// `[[plan.lock]]` as written.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LockFile {
    #[serde(rename = "where", default)]
    pub whom: BTreeMap<Field, String>,
    pub changed: Option<String>,
    pub days: Option<u32>,
    pub until: Option<String>,
    pub daily: Option<f64>,
}

/// `[[plan.funds]]` as written.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FundsFile {
    pub name: Option<String>,
    #[serde(rename = "where", default)]
    pub whom: BTreeMap<Field, String>,
    #[serde(default)]
    pub prepaid: f64,
    #[serde(default)]
    pub credit: f64,
    pub currency: Option<String>,
}

/// `[plan.probe]` as written.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct ProbeFile {
    pub least: f64,
    pub most: f64,
    pub together: f64,
}

impl Default for ProbeFile {
    fn default() -> ProbeFile {
        ProbeFile { least: 0.01, most: 0.05, together: 0.10 }
    }
}

/// Where the weights of weekdays come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Weights {
    /// Every day weighs the same, but for what `weekday`, season and events say.
    #[default]
    Even,
    /// As each line's spend was shared among weekdays over its last eight weeks.
    History,
}

/// How an agency's fee is counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FeeMethod {
    /// On top of the cash for media: paid = cash · (1 + fee).
    #[default]
    OnTop,
    /// Inside of what is paid: paid = cash ÷ (1 − fee).
    Inside,
}

/// What `[plan]` asks for beside the allocation itself.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RuleSettings {
    /// First day that is still to be planned; the days before it are taken from the exports.
    pub replan: Option<Date>,
    /// Whether the platforms' dated minimums and steps become limits.
    pub platform_rules: bool,
    /// Largest share of the plan's spend that one supplier may have.
    pub supplier_share_max: Option<f64>,
    /// Most spend of a line, as a multiple of the most that was observed.
    pub ramp: Option<f64>,
    /// Tax on cash, as a share of it.
    pub tax: Option<f64>,
    /// States of the world for which the plan is made again, at most.
    pub what_if: usize,
    /// `[plan.daily]`.
    pub daily: Daily,
    /// `[[plan.flight]]`, in order.
    pub flights: Vec<Flight>,
    /// `[[plan.lock]]`, in order.
    pub locks: Vec<Lock>,
    /// `[[plan.funds]]`, in order; names are unique.
    pub funds: Vec<Funds>,
    /// `[plan.probe]`.
    pub probe: Probe,
    /// Currencies of `[[plan.limit]]`, `[[plan.minimum_buy]]` and `[[plan.contract]]`, in their order, where they name one.
    pub currencies: Currencies,
    /// Own tax of `[[plan.contract]]`, in order, where they name one.
    pub contract_tax: Vec<Option<f64>>,
}

/// Currencies that blocks name, in the order of the blocks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Currencies {
    /// Of `[[plan.limit]]`.
    pub limits: Vec<Option<Currency>>,
    /// Of `[[plan.minimum_buy]]`.
    pub minimum_buys: Vec<Option<Currency>>,
    /// Of `[[plan.contract]]`.
    pub contracts: Vec<Option<Currency>>,
}

/// `[plan.daily]`: how a line's spend is laid out over its days.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Daily {
    /// Where the weights of weekdays come from.
    pub weights: Weights,
    /// Weights of Monday to Sunday.
    pub weekday: Option<[f64; 7]>,
    /// Whether the season factors of the models weigh the days too.
    pub season: bool,
    /// Dated events with the weight of their days.
    pub events: Vec<(Event, f64)>,
    /// Largest change from one day to the next, as a share.
    pub step: Option<f64>,
    /// Largest change from one day to the next, money.
    pub step_amount: Option<f64>,
    /// Days that a daily budget stays before it may change again.
    pub days_between_changes: u32,
}

/// `[[plan.flight]]`: the matching lines run only between two days.
#[derive(Clone, Debug, PartialEq)]
pub struct Flight {
    /// Whom it is about.
    pub whom: Whom,
    /// First day; the plan's when absent.
    pub start: Option<Date>,
    /// Last day, included; the plan's when absent.
    pub end: Option<Date>,
}

/// `[[plan.lock]]`: the matching lines' daily budgets stay as they are through a day.
#[derive(Clone, Debug, PartialEq)]
pub struct Lock {
    /// Whom it is about.
    pub whom: Whom,
    /// Last day on which nothing may change.
    pub until: Date,
    /// The daily budget of each matching line; its reference spend a day when absent.
    pub daily: Option<f64>,
}

/// `[[plan.funds]]`: cash that is there for the matching lines together.
#[derive(Clone, Debug, PartialEq)]
pub struct Funds {
    /// Its name, in prices and conflicts too.
    pub name: String,
    /// Whom it is about.
    pub whom: Whom,
    /// Prepaid balance.
    pub prepaid: f64,
    /// Credit limit.
    pub credit: f64,
    /// Currency of both; the reporting currency when absent.
    pub currency: Option<Currency>,
}

/// `[plan.probe]`: what an unproven supplier gets under `caps_from_score`, as shares of the budget.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Probe {
    /// Least share of each.
    pub least: f64,
    /// Largest share of each.
    pub most: f64,
    /// Largest share that the least ones may add up to.
    pub together: f64,
}

/// Most states of the world that plans are made again for.
const MOST_WHAT_IF: usize = 200;

/// Checks the part of `[plan]` that this file is about.
pub(super) fn checked(file: &Plan, events: &[Event], wrong: &mut Vec<Error>) -> RuleSettings {
    share(file.supplier_share_max, "plan.supplier_share_max", wrong);
    positive(file.ramp, "plan.ramp", false, wrong);
    positive(file.tax, "plan.tax", true, wrong);
    if file.what_if > MOST_WHAT_IF {
        wrong.push(Error::setting("plan.what_if", format!("{}, expected at most {MOST_WHAT_IF}", file.what_if)));
    }
    let currency = |text: &Option<String>, place: &str, wrong: &mut Vec<Error>| currency(text.as_deref(), place, wrong);
    let currencies = Currencies {
        limits: file.limit.iter().map(|limit| currency(&limit.currency, "plan.limit.currency", wrong)).collect(),
        minimum_buys: file
            .minimum_buy
            .iter()
            .map(|buy| currency(&buy.currency, "plan.minimum_buy.currency", wrong))
            .collect(),
        contracts: file.contract.iter().map(|c| currency(&c.currency, "plan.contract.currency", wrong)).collect(),
    };
    for contract in &file.contract {
        positive(contract.tax, &format!("plan.contract `{}`.tax", contract.supplier), true, wrong);
    }
    RuleSettings {
        replan: file.replan.as_deref().and_then(|text| date(text, "plan.replan", wrong)),
        platform_rules: file.platform_rules,
        supplier_share_max: file.supplier_share_max,
        ramp: file.ramp,
        tax: file.tax,
        what_if: file.what_if,
        daily: daily(&file.daily, events, wrong),
        flights: file.flight.iter().map(|flight| flight_of(flight, wrong)).collect(),
        locks: file.lock.iter().filter_map(|lock| lock_of(lock, wrong)).collect(),
        funds: funds(&file.funds, wrong),
        probe: probe(file.probe, wrong),
        currencies,
        contract_tax: file.contract.iter().map(|contract| contract.tax).collect(),
    }
}

fn currency(text: Option<&str>, place: &str, wrong: &mut Vec<Error>) -> Option<Currency> {
    text?.parse().map_err(|message: String| wrong.push(Error::setting(place, message))).ok()
}

fn daily(file: &DailyFile, events: &[Event], wrong: &mut Vec<Error>) -> Daily {
    let weekday = file.weekday.as_ref().and_then(|weights| {
        let sound = weights.iter().all(|weight| *weight >= 0.0 && weight.is_finite());
        let seven = <[f64; 7]>::try_from(weights.clone()).ok();
        let seven = seven.filter(|weights| sound && weights.iter().sum::<f64>() > 0.0);
        if seven.is_none() {
            let message = "expected seven weights of 0 or more, Monday to Sunday, not all of them 0";
            wrong.push(Error::setting("plan.daily.weekday", message));
        }
        seven
    });
    if weekday.is_some() && file.weights == Weights::History {
        let message = "stands beside `weights = \"history\"`, which says the same from the data";
        wrong.push(Error::setting("plan.daily.weekday", message).help("leave one of them out"));
    }
    share(file.step.filter(|step| *step != 1.0), "plan.daily.step", wrong);
    positive(file.step, "plan.daily.step", false, wrong);
    positive(file.step_amount, "plan.daily.step_amount", false, wrong);
    if file.days_between_changes == 0 {
        wrong.push(Error::setting("plan.daily.days_between_changes", "0, expected 1 (every day) or more"));
    }
    Daily {
        weights: file.weights,
        weekday,
        season: file.season,
        events: event_weights(&file.event_weight, events, wrong),
        step: file.step,
        step_amount: file.step_amount,
        days_between_changes: file.days_between_changes.max(1),
    }
}

fn event_weights(file: &BTreeMap<String, f64>, events: &[Event], wrong: &mut Vec<Error>) -> Vec<(Event, f64)> {
    let mut found = Vec::new();
    for (name, weight) in file {
        let place = format!("plan.daily.event_weight `{name}`");
        positive(Some(*weight), &place, true, wrong);
        let named = events.iter().filter(|event| event.name == *name);
        let before = found.len();
        found.extend(named.map(|event| (event.clone(), *weight)));
        if found.len() == before {
            let known: Vec<&str> = events.iter().map(|event| event.name.as_str()).collect();
            let help = format!("add an `[[event]]` of that name; there are: {}", known.join(", "));
            wrong.push(Error::setting(&place, "no `[[event]]` has this name").help(help));
        }
    }
    found
}

fn flight_of(file: &FlightFile, wrong: &mut Vec<Error>) -> Flight {
    let place = "plan.flight";
    let start = file.start.as_deref().and_then(|text| date(text, "plan.flight.start", wrong));
    let end = file.end.as_deref().and_then(|text| date(text, "plan.flight.end", wrong));
    match (start, end) {
        (None, None) => wrong.push(Error::setting(place, "needs `start`, `end` or both")),
        (Some(start), Some(end)) if end < start => {
            wrong.push(Error::setting(place, format!("ends {end}, before it starts {start}")));
        }
        _ => {}
    }
    Flight { whom: whom(file.whom.clone(), place, wrong), start, end }
}

fn lock_of(file: &LockFile, wrong: &mut Vec<Error>) -> Option<Lock> {
    let place = "plan.lock";
    positive(file.daily, "plan.lock.daily", true, wrong);
    let changed = file.changed.as_deref().and_then(|text| date(text, "plan.lock.changed", wrong));
    let until = file.until.as_deref().and_then(|text| date(text, "plan.lock.until", wrong));
    let until = match (until, changed, file.days) {
        (Some(until), None, None) => until,
        (None, Some(changed), Some(days @ 1..)) => changed.saturating_add(jiff::Span::new().days(i64::from(days) - 1)),
        _ => {
            let message = "needs `until`, or `changed` (a date) and `days` (1 or more)";
            wrong.push(
                Error::setting(place, message).help("`days` count from the day of the change, which is the first"),
            );
            return None;
        }
    };
    Some(Lock { whom: whom(file.whom.clone(), place, wrong), until, daily: file.daily })
}

fn funds(file: &[FundsFile], wrong: &mut Vec<Error>) -> Vec<Funds> {
    let mut funds: Vec<Funds> = Vec::new();
    for (index, written) in file.iter().enumerate() {
        let name = written.name.clone().unwrap_or_else(|| format!("funds {}", index + 1));
        let place = format!("plan.funds `{name}`");
        if funds.iter().any(|other| other.name == name) {
            wrong.push(Error::setting(&place, "the name is taken; funds are keyed by name"));
        }
        positive(Some(written.prepaid), &format!("{place}.prepaid"), true, wrong);
        positive(Some(written.credit), &format!("{place}.credit"), true, wrong);
        funds.push(Funds {
            whom: whom(written.whom.clone(), &place, wrong),
            currency: currency(written.currency.as_deref(), &format!("{place}.currency"), wrong),
            prepaid: written.prepaid,
            credit: written.credit,
            name,
        });
    }
    funds
}

fn probe(file: ProbeFile, wrong: &mut Vec<Error>) -> Probe {
    for (value, key) in [(file.least, "least"), (file.most, "most"), (file.together, "together")] {
        share(Some(value), &format!("plan.probe.{key}"), wrong);
    }
    if file.least > file.most {
        let message = format!("`least` {} is above `most` {}", file.least, file.most);
        wrong.push(Error::setting("plan.probe", message));
    }
    Probe { least: file.least, most: file.most, together: file.together }
}

/// A fee as a share on top of the cash for media, however it was written.
///
/// Inside a gross amount (内掛け) media is gross · (1 − fee), so what is paid is media ÷ (1 − fee).
pub(super) fn on_top(fee: f64, method: FeeMethod, place: &str, wrong: &mut Vec<Error>) -> f64 {
    match method {
        FeeMethod::OnTop => fee,
        FeeMethod::Inside if fee < 1.0 => fee / (1.0 - fee),
        FeeMethod::Inside => {
            wrong.push(Error::setting(place, format!("{fee}, expected below 1 for a fee inside of what is paid")));
            fee
        }
    }
}
