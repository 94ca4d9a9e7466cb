//! Plan versus actual, accrual and rebate: what the plan's days have brought and cost so far.
//!
//! The plan to date is the plan's days up to the last reported one as they are laid out (`plan_daily.csv`), evenly by the
//! day where they are not, and the KPI of that share of a line's spend. A line's difference in KPI splits without remainder
//! into what other spend would have bought at the plan's cost, and what another cost does; that again into another price
//! of media, another rate of clicks and another conversion ([`media`](super::media)):
//!
//! ```text
//! K_a − K_p = (x_a − x_p) ÷ c_p + rest          x spend, K KPI, c_p = x_p ÷ K_p
//! ```
//!
//! Steps before the KPI are planned by the statement, from each line's recent rates. What no row reports is absent, in
//! figures and in what is derived from them.
//!
//! Cash of a month is what the contract asks for the face value up to its end, less what it asks for that up to its
//! start: with `method = "whole"` the month that reaches a tier gets the rebate of the months before it too. A commitment
//! that is missed is owed at the end of the plan and stands apart.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Span;
use jiff::civil::Date;
use serde::Serialize;

use super::media::{Counted, Media, Parts, Rates};
use super::statement::{Part, Statement, apportioned};
use super::{Output, Results, apply, csv};
use crate::plan::{self, Answer, cash::cash};
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
    /// Impressions and clicks that the statement expects up to there.
    pub planned_media: Media,
    /// Impressions and clicks as reported.
    pub media: Media,
    /// Prices and rates under the plan.
    pub planned_rates: Rates,
    /// Prices and rates as reported.
    pub rates: Rates,
    /// What other prices and rates did to the KPI; absent where one of them is not known.
    pub parts: Option<Parts>,
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
    /// Share of the planned face value that is still to come.
    pub to_come: f64,
    /// Delivered so far and what is still to come.
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

/// Plan versus actual by the rows of `ledger` that fall into the plan's days; absent without a plan. Steps before the KPI
/// are planned by `statement`.
pub fn actuals(results: &Results, ledger: &Ledger, statement: Option<&Statement>) -> Option<Actuals> {
    let answer = results.answer.filter(|answer| !answer.lines.is_empty())?;
    let (start, end) = (answer.period.start.parse::<Date>().ok()?, answer.period.end.parse::<Date>().ok()?);
    let days: Vec<Date> = start.series(Span::new().days(1)).take_while(|day| *day <= end).collect();
    let rows = Rows::of(ledger, start, end);
    let so_far = rows.last.map_or(0, |last| days.iter().filter(|day| **day <= last).count());
    let months: BTreeSet<String> = days.iter().copied().map(month).collect();
    let planned: Vec<Vec<(Date, i64)>> = answer.lines.iter().map(|line| apply::by_day(answer, line)).collect();
    let suppliers = Suppliers::of(answer, &rows, &planned);
    let contract = |supplier: &Option<String>| {
        let contracts = results.settings.plan.iter().flat_map(|plan| &plan.contracts);
        contracts.into_iter().find(|contract| Some(&contract.supplier) == supplier.as_ref())
    };
    let each = suppliers.0.iter();
    Some(Actuals {
        through: rows.last.map(|last| last.to_string()),
        days: so_far as i64,
        plan_days: days.len() as i64,
        lines: lines(results, answer, &rows, &planned, statement),
        accruals: each.clone().flat_map(|(name, face)| face.accruals(name, contract(name), &months)).collect(),
        contracts: each.map(|(name, face)| face.standing(name, contract(name))).collect(),
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

/// What a line's rows report.
#[derive(Clone, Copy, Default)]
struct Reported {
    spend: f64,
    kpi: Option<f64>,
    media: Media,
}

impl Reported {
    fn add(&mut self, entry: &Entry, days: &[Date], kpi: Measure) {
        let spend = within(entry, days, Measure::Spend).unwrap_or(0.0);
        self.spend += spend;
        if let Some(count) = within(entry, days, kpi) {
            *self.kpi.get_or_insert(0.0) += count;
        }
        let steps = [(Measure::Impressions, &mut self.media.impressions), (Measure::Clicks, &mut self.media.clicks)];
        for (measure, counted) in steps {
            if let Some(count) = within(entry, days, measure) {
                let counted = counted.get_or_insert_default();
                *counted = Counted { count: counted.count + count, spend: counted.spend + spend };
            }
        }
    }
}

/// The rows of each plan line; those of no line stand under nothing.
fn reported<'a>(results: &Results, answer: &'a Answer, rows: &Rows) -> BTreeMap<Option<&'a str>, Reported> {
    let kpi = results.fitted.kpi.measure();
    let mut sums: BTreeMap<Option<&str>, Reported> = BTreeMap::new();
    let known: BTreeMap<&str, &str> =
        answer.lines.iter().map(|line| (line.channel.as_str(), line.channel.as_str())).collect();
    for (entry, days) in &rows.rows {
        let parts = results.settings.project.channel.iter().map(|f| (*f, entry.name(*f).map(str::to_owned)));
        let label = Channel::new(&parts.collect::<Vec<_>>()).label;
        sums.entry(known.get(label.as_str()).copied()).or_default().add(entry, days, kpi);
    }
    sums
}

fn lines(
    results: &Results,
    answer: &Answer,
    rows: &Rows,
    planned: &[Vec<(Date, i64)>],
    statement: Option<&Statement>,
) -> Vec<LineActual> {
    let reported = reported(results, answer, rows);
    let expected = statement.map(|statement| planned_media(statement)).unwrap_or_default();
    let line = |(at, line): (usize, &plan::Line)| {
        let whole: i64 = planned[at].iter().map(|day| day.1).sum();
        let so_far: i64 = planned[at].iter().filter(|day| Some(day.0) <= rows.last).map(|day| day.1).sum();
        let share = if whole == 0 { 0.0 } else { so_far as f64 / whole as f64 };
        let media = expected.get(line.channel.as_str()).copied().unwrap_or_default();
        let to_date = |counted: Counted| Counted { count: counted.count * share, spend: counted.spend * share };
        let media = Media { impressions: media.impressions.map(to_date), clicks: media.clicks.map(to_date) };
        let kpi = line.expected.map(|expected| expected.mean * share);
        let planned = Reported { spend: so_far as f64 / 100.0, kpi, media };
        LineActual::of(Some(&line.channel), planned, reported.get(&Some(&line.channel)))
    };
    let other = reported.get(&None).map(|other| LineActual::of(None, Reported::default(), Some(other)));
    answer.lines.iter().enumerate().map(line).chain(other).collect()
}

/// Impressions and clicks of the whole plan by its lines.
fn planned_media(statement: &Statement) -> BTreeMap<&str, Media> {
    let counted = |part: &Part, stage: Measure| {
        part.stage(stage).map(|figures| Counted { count: figures.plan.mean, spend: figures.spend.plan })
    };
    let media = |part: &Part| Media {
        impressions: counted(part, Measure::Impressions),
        clicks: counted(part, Measure::Clicks),
    };
    statement.channels.iter().filter_map(|part| Some((part.name.as_deref()?, media(part)))).collect()
}

impl LineActual {
    fn of(channel: Option<&str>, planned: Reported, reported: Option<&Reported>) -> LineActual {
        let actual = reported.copied().unwrap_or_default();
        let planned_rates = planned.media.rates(planned.spend, planned.kpi);
        let rates = actual.media.rates(actual.spend, actual.kpi);
        let bought = planned.kpi.map(|kpi| actual.spend * kpi / planned.spend).filter(|kpi| kpi.is_finite());
        LineActual {
            channel: channel.map(str::to_owned),
            planned_spend: planned.spend,
            spend: cents(actual.spend),
            planned_kpi: planned.kpi,
            kpi: actual.kpi,
            planned_media: planned.media,
            media: actual.media,
            planned_rates,
            rates,
            parts: bought.zip(actual.kpi).and_then(|(bought, kpi)| planned_rates.parts(&rates, [bought, kpi])),
        }
    }
}

fn cents(amount: f64) -> f64 {
    (amount * 100.0).round() / 100.0
}

/// Face value in cents by supplier and month.
struct Suppliers(BTreeMap<Option<String>, Face>);

#[derive(Default)]
struct Face {
    planned: BTreeMap<String, i64>,
    /// Planned for the days after the last reported one.
    to_come: i64,
    actual: BTreeMap<String, i64>,
    reported_cash: BTreeMap<String, f64>,
}

impl Suppliers {
    fn of(answer: &Answer, rows: &Rows, planned: &[Vec<(Date, i64)>]) -> Suppliers {
        let mut suppliers: BTreeMap<Option<String>, Face> = BTreeMap::new();
        for (line, days) in answer.lines.iter().zip(planned) {
            let face = suppliers.entry(line.supplier.clone()).or_default();
            for (day, cents) in days {
                *face.planned.entry(month(*day)).or_default() += cents;
                face.to_come += if Some(*day) > rows.last { *cents } else { 0 };
            }
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

    fn standing(&self, supplier: &Option<String>, contract: Option<&Contract>) -> Standing {
        let sum = |by: &BTreeMap<String, i64>| by.values().sum::<i64>() as f64 / 100.0;
        let (planned_face, face) = (sum(&self.planned), sum(&self.actual));
        let to_come = self.to_come as f64 / 100.0;
        let outlook = cents(face + to_come);
        let tiers = contract.map_or(&[][..], |contract| &contract.rebate);
        let next = tiers.iter().find(|tier| tier.from > outlook);
        let commitment = contract.map_or(0.0, |contract| contract.commitment);
        let shortfall = (commitment - outlook).max(0.0);
        let penalty_rate = contract.map_or(0.0, |contract| contract.shortfall_penalty);
        Standing {
            supplier: supplier.clone(),
            planned_face,
            face,
            to_come: if planned_face > 0.0 { to_come / planned_face } else { 0.0 },
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
    use crate::report::statement::statement;
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
        let statement = statement(&sample.results());
        actuals(&sample.results(), &sample.ledger, statement.as_ref()).unwrap()
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

    #[test]
    fn media_are_planned_by_recent_rates_and_what_is_not_reported_is_absent() {
        let days = [1, 2, 3].map(|day| (date(2026, 6, day), 1, 100.0, Some(4.0)));
        let mut sample = sample(&days);
        for entry in &mut sample.ledger.entries {
            entry.measures[Measure::Impressions.index()] = Micros::from_f64(10_000.0);
            entry.measures[Measure::Clicks.index()] = Micros::from_f64(200.0);
        }
        let actuals = of(&sample);
        let delta = actuals.lines.iter().find(|line| line.channel.as_deref() == Some("weibo / Delta")).unwrap();
        let told = |rates: Rates| [rates.cpm, rates.cpc, rates.click_rate, rates.conversion].map(Option::unwrap);
        assert_eq!(told(delta.rates), [10.0, 0.5, 0.02, 0.02]);
        assert_eq!(delta.media.impressions, Some(Counted { count: 30_000.0, spend: 300.0 }));
        let [cpm, cpc, click_rate, conversion] = told(delta.planned_rates);
        assert!(
            (click_rate / 0.02 - 1.0).abs() < 0.05 && (conversion / 0.02 - 1.0).abs() < 0.2,
            "{click_rate} {conversion}"
        );
        assert!((cpm / 1000.0 / click_rate / cpc - 1.0).abs() < 1e-9, "{cpm} {cpc}");
        let parts = delta.parts.unwrap();
        let bought = delta.planned_kpi.unwrap() * delta.spend / delta.planned_spend;
        let sum = parts.price + parts.click_rate.unwrap() + parts.conversion;
        assert!((sum - (12.0 - bought)).abs() < 1e-9, "{sum}");
        let silent = actuals.lines.iter().find(|line| line.channel.as_deref() == Some("zhihu / Quill")).unwrap();
        assert_eq!(
            (silent.media, silent.rates, silent.parts, silent.kpi),
            (Media::default(), Rates::default(), None, None)
        );
    }

    #[test]
    fn the_plan_to_date_is_what_the_days_have() {
        let mut sample = sample(&[(date(2026, 6, 10), 1, 1.0, None)]);
        let line = &sample.answer.lines[0];
        let (whole, channel) = ((line.spend * 100.0).round() as i64, line.channel.clone());
        let by_day = apply::by_day(&sample.answer, line);
        let (first, even) = (by_day[0].1, of(&sample).lines[0].planned_spend);
        assert_eq!((even * 100.0).round() as i64, 10 * first, "no days that add up are laid out: even");
        let daily = sample.answer.daily.as_mut().unwrap();
        let days = daily.lines.iter_mut().find(|days| days.channel == channel).unwrap();
        days.spend.fill(0.0);
        days.spend[3] = whole as f64 / 100.0;
        let actuals = of(&sample);
        assert_eq!((actuals.lines[0].planned_spend * 100.0).round() as i64, whole);
        assert_eq!(actuals.lines[0].planned_kpi, sample.answer.lines[0].expected.map(|expected| expected.mean));
        let supplier = sample.answer.lines[0].supplier.clone();
        assert_eq!(actuals.contracts.iter().find(|standing| standing.supplier == supplier).unwrap().to_come, 0.0);
    }
}
