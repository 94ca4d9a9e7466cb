//! Plan versus actual, accrual and rebate: what the plan's days have brought and cost so far.
//!
//! The plan to date is the plan times the share of its days that are reported, evenly by the day. A line's difference in
//! KPI splits without remainder into what other spend would have bought at the plan's cost, and what another cost does:
//!
//! ```text
//! K_a − K_p = (x_a − x_p) ÷ c_p + rest          x spend, K KPI, c_p = x_p ÷ K_p
//! ```
//!
//! Cash of a month is what the contract asks for the face value up to its end, less what it asks for that up to its
//! start: with `method = "whole"` the month that reaches a tier gets the rebate of the months before it too. A commitment
//! that is missed is owed at the end of the plan and stands apart.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Span;
use jiff::civil::Date;
use serde::Serialize;

use super::statement::apportioned;
use super::{Output, Results, csv};
use crate::plan::{Answer, cash::cash};
use crate::settings::Contract;
use crate::unify::{Entry, Ledger};
use crate::units::{Channel, Field, Measure};

/// The plan's days so far.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Actuals {
    /// Last reported day of the plan; absent before its start.
    pub through: Option<String>,
    /// Days of the plan up to there.
    pub days: i64,
    /// Days of the plan.
    pub plan_days: i64,
    /// One a plan line, then one for spend that no line stands for.
    pub lines: Vec<LineActual>,
    /// By supplier and month.
    pub accruals: Vec<Accrual>,
    /// By supplier: the contract and where it stands.
    pub contracts: Vec<Standing>,
}

/// One line, planned and actual, up to the last reported day.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LineActual {
    /// The channel; absent for spend that no plan line stands for.
    pub channel: Option<String>,
    /// Planned face value up to there.
    pub planned_spend: f64,
    /// Face value.
    pub spend: f64,
    /// Expected KPI up to there; absent without a curve.
    pub planned_kpi: Option<f64>,
    /// KPI as reported; absent where no row has it.
    pub kpi: Option<f64>,
}

/// One supplier in one month of the plan.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Accrual {
    /// The supplier; absent where neither the lines nor the rows name one.
    pub supplier: Option<String>,
    /// `2026-06`.
    pub month: String,
    /// Planned face value.
    pub planned_face: f64,
    /// Cash that the contract asks for it.
    pub planned_cash: f64,
    /// Face value delivered.
    pub face: f64,
    /// Cash that the contract asks for it.
    pub cash: f64,
    /// Cash as the exports report it; absent where no row does.
    pub reported_cash: Option<f64>,
}

/// Where a supplier's contract stands.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Standing {
    /// The supplier.
    pub supplier: Option<String>,
    /// Planned face value of the whole period.
    pub planned_face: f64,
    /// Face value delivered so far.
    pub face: f64,
    /// Delivered so far and the plan's rest.
    pub outlook: f64,
    /// Rebate rate of the tier that the outlook reaches.
    pub rate: f64,
    /// Face value from which the next tier holds; absent at the last one.
    pub next_from: Option<f64>,
    /// Its rate.
    pub next_rate: Option<f64>,
    /// Face value promised.
    pub commitment: f64,
    /// What each missing unit of it costs in cash.
    pub penalty_rate: f64,
    /// Of which the outlook misses so much.
    pub shortfall: f64,
    /// What that costs in cash.
    pub penalty: f64,
    /// Cash of the outlook, fee included, penalty not.
    pub cash: f64,
}

/// Plan versus actual by the rows of `ledger` that fall into the plan's days; absent without a plan.
pub fn actuals(results: &Results, ledger: &Ledger) -> Option<Actuals> {
    let answer = results.answer.filter(|answer| !answer.lines.is_empty())?;
    let (start, end) = (answer.period.start.parse::<Date>().ok()?, answer.period.end.parse::<Date>().ok()?);
    let days: Vec<Date> = start.series(Span::new().days(1)).take_while(|day| *day <= end).collect();
    let rows = Rows::of(ledger, start, end);
    let so_far = rows.last.map_or(0, |last| days.iter().filter(|day| **day <= last).count());
    let share = so_far as f64 / days.len() as f64;
    let months: BTreeSet<String> = days.iter().copied().map(month).collect();
    let suppliers = Suppliers::of(answer, &rows, &days);
    let contract = |supplier: &Option<String>| {
        let contracts = results.settings.plan.iter().flat_map(|plan| &plan.contracts);
        contracts.into_iter().find(|contract| Some(&contract.supplier) == supplier.as_ref())
    };
    let each = suppliers.0.iter();
    Some(Actuals {
        through: rows.last.map(|last| last.to_string()),
        days: so_far as i64,
        plan_days: days.len() as i64,
        lines: lines(results, answer, &rows, share),
        accruals: each.clone().flat_map(|(name, face)| face.accruals(name, contract(name), &months)).collect(),
        contracts: each.map(|(name, face)| face.standing(name, contract(name), share)).collect(),
    })
}

fn month(day: Date) -> String {
    format!("{:04}-{:02}", day.year(), day.month())
}

/// The rows within the plan, each with its days there and their share of its own days.
struct Rows<'a> {
    rows: Vec<(&'a Entry, Vec<Date>)>,
    last: Option<Date>,
}

impl Rows<'_> {
    fn of(ledger: &Ledger, start: Date, end: Date) -> Rows<'_> {
        let days = |entry: &Entry| -> Vec<Date> {
            let days = entry.date.series(Span::new().days(1)).take(entry.days.max(1) as usize);
            days.filter(|day| (start..=end).contains(day)).collect()
        };
        let rows: Vec<(&Entry, Vec<Date>)> = ledger.entries.iter().map(|entry| (entry, days(entry))).collect();
        let rows: Vec<_> = rows.into_iter().filter(|(_, days)| !days.is_empty()).collect();
        let last = rows.iter().filter_map(|(_, days)| days.last().copied()).max();
        Rows { rows, last }
    }
}

/// The part of a figure that falls on the plan's days.
fn within(entry: &Entry, days: &[Date], measure: Measure) -> Option<f64> {
    let share = days.len() as f64 / f64::from(entry.days.max(1));
    entry.measure(measure).map(|figure| figure.to_f64() * share)
}

fn lines(results: &Results, answer: &Answer, rows: &Rows, share: f64) -> Vec<LineActual> {
    let kpi = results.fitted.kpi.measure();
    let mut sums: BTreeMap<Option<&str>, (f64, Option<f64>)> = BTreeMap::new();
    let known: BTreeMap<&str, &str> =
        answer.lines.iter().map(|line| (line.channel.as_str(), line.channel.as_str())).collect();
    for (entry, days) in &rows.rows {
        let parts = results.settings.project.channel.iter().map(|f| (*f, entry.name(*f).map(str::to_owned)));
        let label = Channel::new(&parts.collect::<Vec<_>>()).label;
        let sum = sums.entry(known.get(label.as_str()).copied()).or_default();
        sum.0 += within(entry, days, Measure::Spend).unwrap_or(0.0);
        if let Some(count) = within(entry, days, kpi) {
            sum.1 = Some(sum.1.unwrap_or(0.0) + count);
        }
    }
    let line = |channel: Option<&str>, planned: f64, expected: Option<f64>| {
        let (spend, kpi) = sums.get(&channel).copied().unwrap_or_default();
        let planned_kpi = expected.map(|expected| expected * share);
        let channel = channel.map(str::to_owned);
        LineActual { channel, planned_spend: cents(planned * share), spend: cents(spend), planned_kpi, kpi }
    };
    let planned = answer.lines.iter();
    let planned = planned.map(|l| line(Some(&l.channel), l.spend, l.expected.map(|expected| expected.mean)));
    let other = sums.contains_key(&None).then(|| line(None, 0.0, None));
    planned.chain(other).collect()
}

fn cents(amount: f64) -> f64 {
    (amount * 100.0).round() / 100.0
}

/// Face value in cents by supplier and month.
struct Suppliers(BTreeMap<Option<String>, Face>);

#[derive(Default)]
struct Face {
    planned: BTreeMap<String, i64>,
    actual: BTreeMap<String, i64>,
    reported_cash: BTreeMap<String, f64>,
}

impl Suppliers {
    fn of(answer: &Answer, rows: &Rows, days: &[Date]) -> Suppliers {
        let mut suppliers: BTreeMap<Option<String>, Face> = BTreeMap::new();
        let mut by_month: BTreeMap<String, f64> = BTreeMap::new();
        days.iter().for_each(|day| *by_month.entry(month(*day)).or_default() += 1.0);
        let lengths: Vec<f64> = by_month.values().copied().collect();
        for line in &answer.lines {
            let face = suppliers.entry(line.supplier.clone()).or_default();
            let parts = apportioned((line.spend * 100.0).round() as i64, &lengths);
            by_month
                .keys()
                .zip(parts)
                .for_each(|(month, part)| *face.planned.entry(month.clone()).or_default() += part);
        }
        for (entry, days) in &rows.rows {
            let face = suppliers.entry(entry.name(Field::Supplier).map(str::to_owned)).or_default();
            let mut months: BTreeMap<String, f64> = BTreeMap::new();
            days.iter().for_each(|day| *months.entry(month(*day)).or_default() += 1.0);
            face.add(entry, days, &months);
        }
        Suppliers(suppliers)
    }
}

impl Face {
    fn add(&mut self, entry: &Entry, days: &[Date], months: &BTreeMap<String, f64>) {
        let lengths: Vec<f64> = months.values().copied().collect();
        let spend = within(entry, days, Measure::Spend).unwrap_or(0.0);
        let parts = apportioned((spend * 100.0).round() as i64, &lengths);
        months.keys().zip(parts).for_each(|(month, part)| *self.actual.entry(month.clone()).or_default() += part);
        if let Some(paid) = within(entry, days, Measure::SpendCash) {
            let share = |length: f64| paid * length / days.len() as f64;
            months.iter().for_each(|(month, n)| *self.reported_cash.entry(month.clone()).or_default() += share(*n));
        }
    }

    fn accruals(
        &self,
        supplier: &Option<String>,
        contract: Option<&Contract>,
        months: &BTreeSet<String>,
    ) -> Vec<Accrual> {
        let (mut planned, mut actual) = (Running::new(contract), Running::new(contract));
        let accrual = |month: &String| {
            let at = |by: &BTreeMap<String, i64>| by.get(month).copied().unwrap_or(0);
            let (face, cash) = actual.next(at(&self.actual));
            let (planned_face, planned_cash) = planned.next(at(&self.planned));
            let reported_cash = self.reported_cash.get(month).copied().map(cents);
            let (supplier, month) = (supplier.clone(), month.clone());
            Accrual { supplier, month, planned_face, planned_cash, face, cash, reported_cash }
        };
        months.iter().map(accrual).collect()
    }

    fn standing(&self, supplier: &Option<String>, contract: Option<&Contract>, share: f64) -> Standing {
        let sum = |by: &BTreeMap<String, i64>| by.values().sum::<i64>() as f64 / 100.0;
        let (planned_face, face) = (sum(&self.planned), sum(&self.actual));
        let outlook = cents(face + planned_face * (1.0 - share));
        let tiers = contract.map_or(&[][..], |contract| &contract.rebate);
        let next = tiers.iter().find(|tier| tier.from > outlook);
        let commitment = contract.map_or(0.0, |contract| contract.commitment);
        let shortfall = (commitment - outlook).max(0.0);
        let penalty_rate = contract.map_or(0.0, |contract| contract.shortfall_penalty);
        Standing {
            supplier: supplier.clone(),
            planned_face,
            face,
            outlook,
            rate: tiers.iter().rev().find(|tier| outlook >= tier.from).map_or(0.0, |tier| tier.rate),
            next_from: next.map(|tier| tier.from),
            next_rate: next.map(|tier| tier.rate),
            commitment,
            penalty_rate,
            shortfall,
            penalty: cents(shortfall * penalty_rate),
            cash: cents(unpunished(outlook, contract)),
        }
    }
}

/// Cash without what a missed commitment costs.
fn unpunished(face: f64, contract: Option<&Contract>) -> f64 {
    let missing = contract.map_or(0.0, |contract| (contract.commitment - face).max(0.0) * contract.shortfall_penalty);
    cash(face, contract) - missing
}

/// Face value that grows month by month, and its cash in whole cents.
struct Running<'a> {
    contract: Option<&'a Contract>,
    face: i64,
    paid: i64,
}

impl Running<'_> {
    fn new(contract: Option<&Contract>) -> Running<'_> {
        Running { contract, face: 0, paid: 0 }
    }

    /// The month's face value and cash.
    fn next(&mut self, face: i64) -> (f64, f64) {
        self.face += face;
        let paid = (unpunished(self.face as f64 / 100.0, self.contract) * 100.0).round() as i64;
        let month = paid - std::mem::replace(&mut self.paid, paid);
        (face as f64 / 100.0, month as f64 / 100.0)
    }
}

/// The columns of `accrual.csv`: a line is a supplier's month. `rebate` is face value less cash, negative where an agency
/// fee outweighs the rebate.
pub const COLUMNS: [&str; 8] =
    ["supplier", "month", "planned_face", "planned_cash", "face", "cash", "rebate", "reported_cash"];

/// `accrual.csv`.
pub fn accrual_csv(actuals: &Actuals) -> Output {
    let row = |accrual: &Accrual| {
        let money = |amount: f64| csv::money(Some(amount));
        vec![
            csv::words(accrual.supplier.as_deref()),
            accrual.month.clone(),
            money(accrual.planned_face),
            money(accrual.planned_cash),
            money(accrual.face),
            money(accrual.cash),
            money(accrual.face - accrual.cash),
            csv::money(accrual.reported_cash),
        ]
    };
    csv::table("accrual.csv", &COLUMNS, actuals.accruals.iter().map(row))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::report::sample::Sample;
    use crate::settings::Settings;
    use crate::units::Micros;

    const CONTRACT: &str = "[plan]\nstart = \"2026-06-01\"\nend = \"2026-06-30\"\nbudget = 1\n[[plan.contract]]\nsupplier = \
                            \"Delta\"\nmethod = \"whole\"\nrebate = [ { from = 0, rate = 0.0 }, { from = 100, rate = 0.25 } ]\n\
                            commitment = 1000000000\nshortfall_penalty = 0.1";

    fn sample(rows: &[(jiff::civil::Date, u32, f64, Option<f64>)]) -> Sample {
        let mut sample = Sample::rich();
        sample.settings = Settings::parse(CONTRACT, "outlay.toml", std::path::Path::new(""), 1).unwrap();
        let entry = |(date, days, spend, kpi): &(Date, u32, f64, Option<f64>)| {
            let names = [Some("weibo".into()), Some("Delta".into()), None, None, None];
            let mut entry = Entry { date: *date, days: *days, names, measures: Default::default() };
            entry.measures[Measure::Spend.index()] = Micros::from_f64(*spend);
            entry.measures[Measure::Registrations.index()] = kpi.and_then(Micros::from_f64);
            entry
        };
        sample.ledger.entries = rows.iter().map(entry).collect();
        sample
    }

    fn of(sample: &Sample) -> Actuals {
        actuals(&sample.results(), &sample.ledger).unwrap()
    }

    #[test]
    fn only_the_plans_days_count_and_longer_rows_by_their_share() {
        let rows = [(date(2026, 5, 31), 1, 50.0, Some(1.0)), (date(2026, 5, 28), 7, 70.0, Some(14.0))];
        let actuals = of(&sample(&rows));
        assert_eq!((actuals.through.as_deref(), actuals.days, actuals.plan_days), (Some("2026-06-03"), 3, 30));
        let delta = actuals.lines.iter().find(|line| line.channel.as_deref() == Some("weibo / Delta")).unwrap();
        assert_eq!((delta.spend, delta.kpi), (30.0, Some(6.0)));
    }

    #[test]
    fn the_plan_to_date_and_by_month_add_up_to_the_plan() {
        let sample = sample(&[(date(2026, 6, 30), 1, 1.0, None)]);
        let actuals = of(&sample);
        let planned: f64 = actuals.accruals.iter().map(|accrual| accrual.planned_face).sum();
        assert!((planned - sample.answer.budget.spent).abs() < 1e-6);
        let line = &actuals.lines[0];
        assert_eq!(line.planned_spend, sample.answer.lines[0].spend, "all of the plan's days are reported");
    }

    #[test]
    fn a_tier_that_is_reached_pays_back_what_came_before_it() {
        let mut sample = sample(&[(date(2026, 6, 1), 1, 60.0, None), (date(2026, 7, 2), 1, 65.0, None)]);
        sample.answer.period.end = "2026-07-31".into();
        let actuals = of(&sample);
        let delta: Vec<&Accrual> = actuals.accruals.iter().filter(|a| a.supplier.as_deref() == Some("Delta")).collect();
        assert_eq!(
            delta.iter().map(|a| (a.month.as_str(), a.face, a.cash)).collect::<Vec<_>>(),
            [("2026-06", 60.0, 60.0), ("2026-07", 65.0, 125.0 / 1.25 - 60.0)]
        );
        let standing = actuals.contracts.iter().find(|s| s.supplier.as_deref() == Some("Delta")).unwrap();
        assert_eq!((standing.rate, standing.next_from), (0.25, None));
        assert!((standing.penalty - standing.shortfall * 0.1).abs() < 0.006 && standing.shortfall > 0.0);
    }

    #[test]
    fn spend_that_no_line_stands_for_is_told_apart() {
        let mut sample = sample(&[(date(2026, 6, 1), 1, 60.0, None)]);
        sample.ledger.entries[0].names[0] = Some("nowhere".into());
        let last = of(&sample).lines.pop().unwrap();
        assert_eq!((last.channel, last.spend, last.planned_spend), (None, 60.0, 0.0));
    }
}
