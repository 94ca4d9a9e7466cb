//! `[score]`: by what suppliers are judged. As written, and as the run uses it.

use std::path::{Path, PathBuf};

use jiff::civil::Date;
use serde::Deserialize;

use super::meant::date;
use crate::check::Error;
use crate::units::Field;

/// `[score]` as written.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Score {
    target_cost: Option<f64>,
    pool: Option<Vec<Field>>,
    half_life: HalfLife,
    as_of: Option<String>,
    own_counts: Option<String>,
    hours: Option<String>,
    registrations: Option<String>,
    delivery: Option<String>,
    prospects: Option<String>,
    tiers: TierRules,
    periods: PeriodRules,
    trust: TrustRules,
    ask: AskRules,
    criterion: Vec<Criterion>,
    verdict: Vec<Verdict>,
}

/// `auto`, or days.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(untagged)]
enum HalfLife {
    #[default]
    Absent,
    Days(f64),
    Word(String),
}

/// `[score]`.
#[derive(Clone, Debug, Default)]
pub struct ScoreSettings {
    /// Cost per KPI that a supplier should reach; the portfolio's own when absent.
    pub target_cost: Option<f64>,
    /// Fields whose values share one distribution of true rates; the platform when empty.
    pub pool: Vec<Field>,
    /// Days after which a day's figures count half.
    pub half_life: Memory,
    /// Last day that is looked at; all of them when absent.
    pub as_of: Option<Date>,
    /// Own counts of the KPI, to hold the platforms' against.
    pub own_counts: Option<PathBuf>,
    /// Clicks by hour of the day.
    pub hours: Option<PathBuf>,
    /// Single registrations: latency, device, identity, retention.
    pub registrations: Option<PathBuf>,
    /// Spend that was planned for past days.
    pub delivery: Option<PathBuf>,
    /// Suppliers without history.
    pub prospects: Option<PathBuf>,
    /// `[score.tiers]`.
    pub tiers: TierRules,
    /// `[score.periods]`.
    pub periods: PeriodRules,
    /// `[score.trust]`.
    pub trust: TrustRules,
    /// `[score.ask]`.
    pub ask: AskRules,
    /// `[[score.criterion]]`, in order; names are unique.
    pub criteria: Vec<Criterion>,
    /// `[[score.verdict]]`, in order.
    pub verdicts: Vec<Verdict>,
}

/// How fast the past is forgotten.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Memory {
    /// As fast as predicts the next day best; not at all where that makes no difference.
    #[default]
    Auto,
    /// A day counts half after so many days.
    HalfLife(f64),
}

/// `[score.tiers]`: what a grade needs, and what it allows.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TierRules {
    /// P(cost ≤ target) that A needs.
    pub sure: f64,
    /// P(among the cheapest quarter) that A needs.
    pub top_quarter: f64,
    /// P(cost ≤ target) that B needs, and P(cost ≤ `tolerated` · target) that C needs.
    pub likely: f64,
    /// Multiple of the target up to which a cost is tolerated.
    pub tolerated: f64,
    /// KPI that the spend must have been worth at the target for any grade; at 3, none at all would be a surprise of 5 %.
    pub least_evidence: f64,
    /// Share of the planned spend that A must have delivered, where a plan is known.
    pub delivery: f64,
    /// Largest share of the budget for A.
    pub cap_a: f64,
    /// Largest share of the budget for B.
    pub cap_b: f64,
    /// Largest share of the budget for C.
    pub cap_c: f64,
    /// Largest share of the budget for D.
    pub cap_d: f64,
}

impl Default for TierRules {
    fn default() -> TierRules {
        TierRules {
            sure: 0.80,
            top_quarter: 0.50,
            likely: 0.50,
            tolerated: 1.25,
            least_evidence: 3.0,
            delivery: 0.95,
            cap_a: 0.35,
            cap_b: 0.20,
            cap_c: 0.08,
            cap_d: 0.0,
        }
    }
}

/// `[score.periods]`: how grades move over time.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PeriodRules {
    /// Days between two gradings.
    pub days: u32,
    /// Past gradings to replay.
    pub replay: u32,
    /// Gradings in a row that a better grade needs.
    pub up_after: u32,
    /// Gradings in a row that a worse grade needs; a red flag needs none.
    pub down_after: u32,
    /// Days of a probation.
    pub probation_days: u32,
}

impl Default for PeriodRules {
    fn default() -> PeriodRules {
        PeriodRules { days: 28, replay: 3, up_after: 2, down_after: 2, probation_days: 14 }
    }
}

/// `[score.trust]`: when a figure is worth a person's look.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TrustRules {
    /// Largest expected share of false ones among the indicators that are raised (Benjamini & Hochberg).
    pub false_discovery: f64,
    /// Gap between the platform's count and the own one from which on it is raised.
    pub gap: f64,
    /// Events that an indicator needs.
    pub least_events: f64,
}

impl Default for TrustRules {
    fn default() -> TrustRules {
        TrustRules { false_discovery: 0.05, gap: 0.10, least_events: 30.0 }
    }
}

/// `[score.ask]`: the price to ask for.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AskRules {
    /// Probability with which no firm ask of the whole table goes past what the peers support.
    pub sure: f64,
    /// Largest rebate worth asking for.
    pub most: f64,
    /// Smallest rise of the rebate worth asking for.
    pub least: f64,
    /// Factor up to which a peer may grow beyond the most that it was seen to spend.
    pub growth: f64,
}

impl Default for AskRules {
    fn default() -> AskRules {
        AskRules { sure: 0.95, most: 0.5, least: 0.01, growth: 1.3 }
    }
}

/// `[[score.criterion]]`: one of several criteria, with its worth in business units.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Criterion {
    /// One of [`CRITERIA`].
    pub name: String,
    /// Its weight; weights are brought to a sum of 1.
    #[serde(default)]
    pub weight: Option<f64>,
    /// Least share of the weight, where weights are sampled.
    #[serde(default)]
    pub at_least: Option<f64>,
    /// Largest share of the weight, where weights are sampled.
    #[serde(default)]
    pub at_most: Option<f64>,
    /// Place in the order of importance, 1 the most important; criteria of one place are not ordered.
    #[serde(default)]
    pub rank: Option<u32>,
    /// Figure and worth, ascending in the figure: linear between points, flat beyond the ends.
    pub points: Vec<(f64, f64)>,
}

/// The figures that a criterion may be of.
pub const CRITERIA: [&str; 7] = ["cost", "efficiency", "approval", "retention", "stability", "delivery", "rebate"];

/// `[[score.verdict]]`: what a person found who looked at a supplier's flags.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Verdict {
    /// The supplier.
    pub supplier: String,
    /// What was found.
    pub found: Found,
    /// In the reviewer's words.
    #[serde(default)]
    pub note: String,
}

/// What a reviewer found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Found {
    /// Nothing wrong: the flags do not count.
    Cleared,
    /// Invalid traffic: the supplier is graded D.
    Confirmed,
}

/// Checks `[score]`; what is wrong goes to `wrong`, each by its setting.
pub(super) fn checked(file: Score, folder: &Path, wrong: &mut Vec<Error>) -> ScoreSettings {
    let path = |path: Option<String>| path.map(|path| folder.join(path));
    if file.target_cost.is_some_and(|cost| !(cost > 0.0 && cost.is_finite())) {
        wrong.push(Error::setting("score.target_cost", "must be above 0"));
    }
    tiers(&file.tiers, wrong);
    periods(&file.periods, wrong);
    trust(&file.trust, wrong);
    ask(&file.ask, wrong);
    criteria(&file.criterion, wrong);
    ScoreSettings {
        target_cost: file.target_cost,
        pool: pool(file.pool, wrong),
        half_life: memory(&file.half_life, wrong),
        as_of: file.as_of.and_then(|day| date(&day, "score.as_of", wrong)),
        own_counts: path(file.own_counts),
        hours: path(file.hours),
        registrations: path(file.registrations),
        delivery: path(file.delivery),
        prospects: path(file.prospects),
        tiers: file.tiers,
        periods: file.periods,
        trust: file.trust,
        ask: file.ask,
        criteria: file.criterion,
        verdicts: file.verdict,
    }
}

fn pool(fields: Option<Vec<Field>>, wrong: &mut Vec<Error>) -> Vec<Field> {
    let fields = fields.unwrap_or_else(|| vec![Field::Platform]);
    if fields.contains(&Field::Supplier) {
        let message = "names `supplier`, so that every supplier would be its own peer";
        wrong.push(Error::setting("score.pool", message).help("use platform, account, campaign or department"));
    }
    fields
}

fn memory(written: &HalfLife, wrong: &mut Vec<Error>) -> Memory {
    match written {
        HalfLife::Absent => Memory::Auto,
        HalfLife::Word(word) if word == "auto" => Memory::Auto,
        HalfLife::Days(days) if *days > 0.0 && days.is_finite() => Memory::HalfLife(*days),
        other => {
            let found = match other {
                HalfLife::Days(days) => days.to_string(),
                HalfLife::Word(word) => word.clone(),
                HalfLife::Absent => String::new(),
            };
            let message = format!("`{found}`, expected \"auto\" or a number of days above 0");
            wrong.push(Error::setting("score.half_life", message));
            Memory::Auto
        }
    }
}

fn tiers(rules: &TierRules, wrong: &mut Vec<Error>) {
    let shares = [
        (rules.sure, "sure"),
        (rules.top_quarter, "top_quarter"),
        (rules.likely, "likely"),
        (rules.delivery, "delivery"),
        (rules.cap_a, "cap_a"),
        (rules.cap_b, "cap_b"),
        (rules.cap_c, "cap_c"),
        (rules.cap_d, "cap_d"),
    ];
    shares.iter().for_each(|(value, key)| share(*value, &format!("score.tiers.{key}"), wrong));
    if rules.sure < rules.likely {
        wrong.push(Error::setting("score.tiers.sure", format!("{} is below `likely` {}", rules.sure, rules.likely)));
    }
    if !(rules.tolerated >= 1.0 && rules.tolerated.is_finite()) {
        wrong.push(Error::setting("score.tiers.tolerated", format!("{}, expected 1 or more", rules.tolerated)));
    }
    positive(rules.least_evidence, "score.tiers.least_evidence", wrong);
}

fn periods(rules: &PeriodRules, wrong: &mut Vec<Error>) {
    for (value, key) in [(rules.days, "days"), (rules.up_after, "up_after"), (rules.down_after, "down_after")] {
        if value == 0 {
            wrong.push(Error::setting(&format!("score.periods.{key}"), "0, expected 1 or more"));
        }
    }
    if rules.replay > 60 {
        wrong.push(Error::setting("score.periods.replay", format!("{}, expected at most 60", rules.replay)));
    }
}

fn trust(rules: &TrustRules, wrong: &mut Vec<Error>) {
    share(rules.false_discovery, "score.trust.false_discovery", wrong);
    share(rules.gap, "score.trust.gap", wrong);
    positive(rules.least_events, "score.trust.least_events", wrong);
}

fn ask(rules: &AskRules, wrong: &mut Vec<Error>) {
    share(rules.sure, "score.ask.sure", wrong);
    share(rules.least, "score.ask.least", wrong);
    positive(rules.most, "score.ask.most", wrong);
    if !(rules.growth >= 1.0 && rules.growth.is_finite()) {
        wrong.push(Error::setting("score.ask.growth", format!("{}, expected 1 or more", rules.growth)));
    }
}

fn criteria(criteria: &[Criterion], wrong: &mut Vec<Error>) {
    for (index, criterion) in criteria.iter().enumerate() {
        let place = format!("score.criterion `{}`", criterion.name);
        if !CRITERIA.contains(&criterion.name.as_str()) {
            let message = format!("is not a figure of the scorecard, expected one of {}", CRITERIA.join(", "));
            wrong.push(Error::setting(&place, message));
        }
        if criteria[..index].iter().any(|other| other.name == criterion.name) {
            wrong.push(Error::setting(&place, "stands twice"));
        }
        if criterion.points.len() < 2 || !criterion.points.is_sorted_by(|one, other| one.0 < other.0) {
            let help = "write at least two, `[[figure, worth], …]`, ascending in the figure";
            wrong.push(Error::setting(&place, "`points` make no value function").help(help));
        }
        for (value, key) in
            [(criterion.weight, "weight"), (criterion.at_least, "at_least"), (criterion.at_most, "at_most")]
        {
            if let Some(value) = value.filter(|value| !(value.is_finite() && *value >= 0.0)) {
                wrong.push(Error::setting(&place, format!("`{key}` {value}, expected 0 or more")));
            }
        }
    }
}

fn share(value: f64, place: &str, wrong: &mut Vec<Error>) {
    if !(0.0..=1.0).contains(&value) {
        wrong.push(Error::setting(place, format!("{value}, expected a share between 0 and 1")));
    }
}

fn positive(value: f64, place: &str, wrong: &mut Vec<Error>) {
    if !(value > 0.0 && value.is_finite()) {
        wrong.push(Error::setting(place, format!("{value}, expected more than 0")));
    }
}
