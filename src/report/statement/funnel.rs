//! Rates between the steps of the funnel, as the ledger's recent rows know them, and how sure they are.
//!
//! Between two steps that a line's rows report, with `A` of the first and `B` of the second over the window:
//!
//! ```text
//! φ   = 1 ÷ (m − 1) · Σ_t (B_t − r A_t)² ÷ v_t        r = B ÷ A, v_t = r A_t (1 − r) for shares, else r A_t
//! share    r | data ~ Beta(k + B ÷ φ, k (1 − r₀) ÷ r₀ + (A − B) ÷ φ)            when B ≤ A
//! rate     r | data ~ Gamma(k + B ÷ φ, rate k ÷ r₀ + A ÷ φ)                     otherwise, and for money
//! ```
//!
//! | symbol | is | range |
//! |---|---|---|
//! | t, m | dates with A, and how many | |
//! | φ | dispersion: counts of a day swing more than coin tosses do, so they weigh less | at least 1 for counts |
//! | r₀ | the rate of all lines together: what a line without evidence is taken for | |
//! | k | weight of r₀, in events: [`PRIOR_EVENTS`]; three, so that 1 ÷ r has a mean and a variance | |
//!
//! The dispersion is that of quasi-likelihood (Wedderburn 1974, "Quasi-likelihood functions, generalized linear models,
//! and the Gauss-Newton method").

use std::collections::{BTreeMap, HashMap};

use jiff::Span;
use jiff::civil::Date;

use super::STAGES;
use crate::plan::Answer;
use crate::report::Results;
use crate::unify::{Entry, ledger::Name};
use crate::units::{Channel, Field, Grain, Measure};

/// Weight of the rate of all lines together, in events of the later step.
pub const PRIOR_EVENTS: f64 = 3.0;

/// Days before a line's last reported one that its rates come from: those that its reference spend comes from.
pub fn window(grain: Grain) -> i64 {
    match grain {
        Grain::Day => 28,
        Grain::Week => 56,
    }
}

/// The rows of one plan line within its window.
pub(in crate::report) struct Rows<'a>(pub(in crate::report) Vec<&'a Entry>);

/// What is known of one line's funnel.
pub(super) struct Funnel<'a> {
    /// Its recent rows.
    pub(super) rows: Rows<'a>,
    /// Whether its rows report each step.
    pub(super) known: [bool; STAGES.len()],
    /// Rates between neighbours among the known steps.
    pub(super) links: Vec<Link>,
}

/// A rate between two measures.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Link {
    /// The earlier one: spend or a step.
    pub(super) from: Measure,
    /// The later one.
    pub(super) to: Measure,
    pub(super) rate: Posterior,
}

/// What is believed of a rate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Posterior {
    /// A share of the earlier step: Beta(a, b).
    Share {
        /// Events.
        a: f64,
        /// Others.
        b: f64,
    },
    /// So many for each of the earlier step: Gamma with shape and rate.
    Each {
        /// Shape.
        shape: f64,
        /// Rate.
        rate: f64,
    },
}

impl Posterior {
    /// What is believed after days with `(A, B)`, where all lines together have the rate `pooled`.
    ///
    /// ```
    /// use outlay::report::statement::funnel::Posterior;
    /// let days = [(1000.0, 10.0), (1000.0, 14.0)];
    /// let Posterior::Share { a, b } = Posterior::of(&days, 0.012, true) else { panic!() };
    /// assert_eq!((a, b.round()), (3.0 + 24.0, 3.0 * 82.0 + 1977.0)); // φ is at least 1
    /// ```
    pub fn of(days: &[(f64, f64)], pooled: f64, counts: bool) -> Posterior {
        let (before, after) = days.iter().fold((0.0, 0.0), |sum, day| (sum.0 + day.0, sum.1 + day.1));
        let is_share = counts && after <= before && pooled < 1.0;
        let dispersion = dispersion(days, after / before, is_share, counts);
        let (a, rest) = (PRIOR_EVENTS + after / dispersion, (before - after) / dispersion);
        if is_share {
            return Posterior::Share { a, b: PRIOR_EVENTS * (1.0 - pooled) / pooled + rest };
        }
        Posterior::Each { shape: a, rate: PRIOR_EVENTS / pooled + before / dispersion }
    }
}

/// φ; of money it has money's unit and no floor, and one event is worth the mean where the days do not tell.
fn dispersion(days: &[(f64, f64)], rate: f64, is_share: bool, counts: bool) -> f64 {
    let least = if counts { 1.0 } else { rate * 1e-6 };
    let usual = if counts { 1.0 } else { rate };
    let seen: Vec<&(f64, f64)> = days.iter().filter(|day| day.0 > 0.0).collect();
    let variance = |a: f64| if is_share { rate * a * (1.0 - rate) } else { rate * a };
    if seen.len() < 2 || !(variance(1.0) > 0.0) {
        return usual.max(f64::MIN_POSITIVE);
    }
    let pearson: f64 = seen.iter().map(|(a, b)| (b - rate * a).powi(2) / variance(*a)).sum();
    (pearson / (seen.len() - 1) as f64).max(least).max(f64::MIN_POSITIVE)
}

/// The funnel of every plan line, in their order.
pub(super) fn all<'a>(results: &Results<'a>, answer: &Answer) -> Vec<Funnel<'a>> {
    let rows = rows(results, answer);
    let known: Vec<[bool; STAGES.len()]> = rows.iter().map(known).collect();
    let kpi = results.fitted.kpi.measure();
    let pairs: Vec<Vec<(Measure, Measure)>> = known.iter().map(|known| neighbours(known, kpi)).collect();
    let pooled = pooled(&rows, &pairs);
    let lines = rows.into_iter().zip(known).zip(pairs);
    lines
        .map(|((rows, known), pairs)| {
            let links = pairs.iter().map(|pair| link(&rows, *pair, pooled[pair])).collect();
            Funnel { rows, known, links }
        })
        .collect()
}

fn link(rows: &Rows, (from, to): (Measure, Measure), pooled: f64) -> Link {
    Link { from, to, rate: Posterior::of(&by_date(rows, from, to), pooled, !from.is_money() && !to.is_money()) }
}

/// The ledger's rows of each plan line, within the window before its last one.
pub(in crate::report) fn rows<'a>(results: &Results<'a>, answer: &Answer) -> Vec<Rows<'a>> {
    let places: HashMap<&str, usize> = answer.lines.iter().enumerate().map(|(i, l)| (l.channel.as_str(), i)).collect();
    let mut seen: HashMap<&[Option<Name>], Option<usize>> = HashMap::new();
    let mut rows: Vec<Vec<&Entry>> = vec![Vec::new(); answer.lines.len()];
    for entry in &results.ledger.entries {
        let found = *seen.entry(&entry.names[..4]).or_insert_with(|| {
            let parts =
                results.settings.project.channel.iter().map(|field| (*field, entry.name(*field).map(str::to_owned)));
            places.get(Channel::new(&parts.collect::<Vec<_>>()).label.as_str()).copied()
        });
        if let Some(line) = found {
            rows[line].push(entry);
        }
    }
    let days = window(results.fitted.grain);
    rows.into_iter().map(|rows| Rows(recent(rows, days))).collect()
}

fn recent(rows: Vec<&Entry>, days: i64) -> Vec<&Entry> {
    let last: Option<Date> = rows.iter().map(|entry| last_day(entry)).max();
    let first = last.map(|last| last.saturating_sub(Span::new().days(days - 1)));
    rows.into_iter().filter(|entry| Some(entry.date) >= first).collect()
}

fn last_day(entry: &Entry) -> Date {
    entry.date.saturating_add(Span::new().days(i64::from(entry.days.max(1)) - 1))
}

fn known(rows: &Rows) -> [bool; STAGES.len()] {
    STAGES.map(|stage| rows.0.iter().any(|entry| entry.measure(stage).is_some_and(|figure| figure.get() > 0)))
}

/// Neighbours among the known steps. Where rows report the KPI, it is the anchor that the curve gives; else the steps
/// before it hang on the spend, and nothing is known of those after it.
fn neighbours(known: &[bool; STAGES.len()], kpi: Measure) -> Vec<(Measure, Measure)> {
    let steps = STAGES.into_iter().zip(known).filter(|(_, known)| **known).map(|(stage, _)| stage);
    let chain: Vec<Measure> = if known[super::place(kpi)] {
        steps.collect()
    } else {
        std::iter::once(Measure::Spend).chain(steps.filter(|stage| *stage < kpi)).collect()
    };
    chain.windows(2).map(|pair| (pair[0], pair[1])).collect()
}

/// A and B by date, over the rows that report both.
fn by_date(rows: &Rows, from: Measure, to: Measure) -> Vec<(f64, f64)> {
    let mut days: BTreeMap<Date, (f64, f64)> = BTreeMap::new();
    for entry in &rows.0 {
        if let (Some(a), Some(b)) = (entry.measure(from), entry.measure(to)) {
            let day = days.entry(entry.date).or_default();
            *day = (day.0 + a.to_f64(), day.1 + b.to_f64());
        }
    }
    days.into_values().collect()
}

/// B ÷ A over all lines, for each pair that any of them has. Rows that report both may be without either on their days:
/// such a pair counts as one for one.
fn pooled(rows: &[Rows], pairs: &[Vec<(Measure, Measure)>]) -> HashMap<(Measure, Measure), f64> {
    let mut sums: HashMap<(Measure, Measure), (f64, f64)> = HashMap::new();
    for (rows, pair) in rows.iter().zip(pairs).flat_map(|(rows, pairs)| pairs.iter().map(move |pair| (rows, *pair))) {
        let sum = sums.entry(pair).or_default();
        by_date(rows, pair.0, pair.1).iter().for_each(|day| *sum = (sum.0 + day.0, sum.1 + day.1));
    }
    let rate = |(a, b): (f64, f64)| if a > 0.0 && b > 0.0 { b / a } else { 1.0 };
    sums.into_iter().map(|(pair, sum)| (pair, rate(sum))).collect()
}

/// The sum of a measure over some rows, when any of them reports it.
pub(super) fn sum<'a>(rows: impl Iterator<Item = &'a &'a Entry>, measure: Measure) -> Option<f64> {
    let mut figures = rows.filter_map(|entry| entry.measure(measure)).map(|figure| figure.to_f64()).peekable();
    figures.peek().is_some().then(|| figures.sum())
}

/// The value of a field for rows of a line.
pub(in crate::report) fn named(entry: &Entry, field: Field) -> Option<String> {
    entry.name(field).map(str::to_owned)
}
