use jiff::civil::date;
use proptest::prelude::*;

use super::*;
use crate::report::sample::Sample;
use crate::unify::Entry;
use crate::units::Micros;

/// The rich sample with four weeks of rows a channel, from two accounts of two departments; the second channel reports no
/// reads, and what passes screening is known of the first alone.
fn sample() -> Sample {
    let mut sample = Sample::rich();
    sample.ledger.entries = (0..28).flat_map(|day| rows(&sample, day)).collect();
    sample
}

fn rows(sample: &Sample, day: i8) -> Vec<Entry> {
    let swing = 1.0 + 0.2 * f64::from((i16::from(day) * 5) % 7 - 3) / 3.0;
    let row = |(at, fit): (usize, &crate::fit::ChannelFit), account: &str, share: f64| {
        let names = [Field::Platform, Field::Supplier].map(|field| fit.channel.value(field).map(Into::into));
        let [platform, supplier] = names;
        let department = if account == "one" { "growth" } else { "brand" };
        let names = [platform, supplier, Some(account.into()), Some("june".into()), Some(department.into())];
        let mut entry = Entry { date: date(2026, 5, 1 + day), days: 1, names, measures: Default::default() };
        let mut set =
            |measure: Measure, figure: f64| entry.measures[measure.index()] = Micros::from_f64(figure.round());
        set(Measure::Spend, fit.reference_spend * share);
        set(Measure::Impressions, 100_000.0 * share);
        set(Measure::Clicks, 2_000.0 * share * swing);
        if at != 1 {
            set(Measure::Reads, 1_500.0 * share * swing);
        }
        set(Measure::Registrations, 100.0 * share * swing);
        if at == 0 {
            set(Measure::ValidRegistrations, 60.0 * share * swing);
            set(Measure::Value, 5_400.0 * share * swing);
        }
        entry
    };
    let fits = sample.fitted.channels.iter().enumerate();
    fits.flat_map(|fit| [row(fit, "one", 0.75), row(fit, "two", 0.25)]).collect()
}

/// The part of the sample's first channel.
fn first(statement: &Statement) -> &Part {
    statement.channels.iter().find(|part| part.name.as_deref() == Some("tencent / Northwind Media")).unwrap()
}

fn of(sample: &Sample) -> Statement {
    statement(&sample.results()).unwrap()
}

/// Every additive figure of a part, by step: exact.
fn sums(parts: &[Part]) -> Vec<(String, i64, i64, i64)> {
    let micros = |figure: f64| (figure * 1e6).round() as i64;
    let mut sums = std::collections::BTreeMap::<String, (i64, i64, i64)>::new();
    let mut add = |name: &str, figures: [f64; 3]| {
        let sum = sums.entry(name.to_owned()).or_default();
        let [plan, reference, change] = figures.map(micros);
        *sum = (sum.0 + plan, sum.1 + reference, sum.2 + change);
    };
    for part in parts {
        add("spend", [part.spend.plan, part.spend.reference, part.spend.change]);
        add("cash", [part.cash.plan, part.cash.reference, part.cash.change]);
        for step in &part.stages {
            add(step.stage, [step.plan.mean, step.reference.mean, step.increment.mean]);
        }
    }
    sums.into_iter().map(|(name, (plan, reference, change))| (name, plan, reference, change)).collect()
}

#[test]
fn parts_of_every_split_add_up_to_the_whole_exactly() {
    let statement = of(&sample());
    let whole = sums(std::slice::from_ref(&statement.whole));
    let weeks: Vec<Part> = statement.weeks.iter().map(|week| week.part.clone()).collect();
    let Statement { channels, platforms, suppliers, accounts, departments, .. } = &statement;
    for parts in [channels, platforms, suppliers, accounts, departments, &weeks] {
        assert_eq!(sums(parts), whole);
    }
    assert_eq!(departments.iter().map(|part| part.name.as_deref().unwrap()).collect::<Vec<_>>(), ["brand", "growth"]);
    assert_eq!(statement.weeks.len(), 5);
}

#[test]
fn the_kpi_and_the_money_are_the_plans_own() {
    let sample = sample();
    let statement = of(&sample);
    let (plan, kpi) = (&sample.answer, statement.whole.stage(Measure::Registrations).unwrap());
    let expected = plan.expected.unwrap();
    assert!((kpi.plan.mean - expected.mean).abs() < 1e-6 * expected.mean, "{} {}", kpi.plan.mean, expected.mean);
    assert_eq!(statement.whole.spend.plan, plan.budget.spent);
    let quill = plan.lines.iter().find(|line| line.expected.is_none()).unwrap();
    assert_eq!(statement.without_curve.plan, quill.spend);
    assert_eq!(kpi.spend.plan + quill.spend, plan.budget.spent);
}

#[test]
fn an_interval_is_of_the_joint_draws_and_not_a_sum_of_quantiles() {
    let statement = of(&sample());
    let kpi = |part: &Part| part.stage(Measure::Registrations).map(|step| step.plan);
    let summed: f64 = statement.channels.iter().filter_map(kpi).map(|plan| plan.p10).sum();
    let whole = kpi(&statement.whole).unwrap();
    assert!(summed <= whole.p10 + 1e-6 && whole.p10 < whole.p50, "{summed} {whole:?}");
}

/// With certain curves only the rates are unsure, each line's for itself: widths of nine lines nearly add up in squares.
#[test]
fn what_is_unsure_for_each_line_alone_evens_out_over_the_whole() {
    let mut sample = sample();
    for fit in &mut sample.fitted.channels {
        fit.curve.iter_mut().for_each(|curve| curve.draws.clear());
    }
    let statement = of(&sample);
    let width = |part: &Part| part.stage(Measure::Clicks).map_or(0.0, |step| step.plan.p90 - step.plan.p10);
    let squares: f64 = statement.channels.iter().map(|part| width(part).powi(2)).sum();
    let ratio = width(&statement.whole) / squares.sqrt();
    assert!((0.8..1.25).contains(&ratio), "{ratio}");
}

#[test]
fn rates_between_steps_are_the_ledgers() {
    let statement = of(&sample());
    let first = first(&statement);
    let close = |step: Measure, rate: f64| {
        let figures = first.stage(step).unwrap();
        let told = figures.rate.unwrap();
        assert!((told.plan / rate - 1.0).abs() < 0.03, "{step:?}: {told:?} beside {rate}");
        assert!(told.p10 < rate && rate < told.p90, "{step:?}: {told:?} beside {rate}");
    };
    close(Measure::Clicks, 0.02);
    close(Measure::Reads, 0.75);
    close(Measure::ValidRegistrations, 0.6);
    close(Measure::Value, 90.0);
}

#[test]
fn a_step_that_a_line_does_not_report_is_absent_and_not_zero() {
    let statement = of(&sample());
    let names = |part: &Part| part.stages.iter().map(|step| step.stage).collect::<Vec<_>>();
    let second = statement.channels.iter().find(|part| part.name.as_deref().unwrap().contains("蓝海")).unwrap();
    assert_eq!(names(second), ["impressions", "clicks", "registrations"]);
    let valid = statement.whole.stage(Measure::ValidRegistrations).unwrap();
    assert!(valid.spend.plan < statement.whole.spend.plan && valid.rate.is_none(), "known of one line only");
    let held = statement.channels.iter().find(|part| part.name.as_deref().unwrap().contains("Quill")).unwrap();
    assert!(held.stages.is_empty() && held.spend.plan > 0.0);
}

#[test]
fn nothing_changed_gains_nothing() {
    let mut sample = sample();
    for line in &mut sample.answer.lines {
        line.reference_spend = line.spend;
    }
    let statement = of(&sample);
    for step in &statement.whole.stages {
        assert_eq!((step.increment.mean, step.increment.p10, step.increment.p90), (0.0, 0.0, 0.0), "{}", step.stage);
        assert_eq!(step.better, 0.0);
    }
}

#[test]
fn a_kpi_that_no_row_reports_hangs_the_funnel_on_the_spend() {
    let mut sample = sample();
    for entry in &mut sample.ledger.entries {
        entry.measures[Measure::Registrations.index()] = None;
    }
    let statement = of(&sample);
    let first = first(&statement);
    let names: Vec<_> = first.stages.iter().map(|step| step.stage).collect();
    assert_eq!(names, ["impressions", "clicks", "reads", "registrations"]);
    let shown = first.stage(Measure::Impressions).unwrap();
    let per_spend = 100_000.0 / sample.fitted.channels[0].reference_spend;
    assert!((shown.plan.mean / (first.spend.plan * per_spend) - 1.0).abs() < 0.01, "{shown:?}");
}

#[test]
fn the_reference_pays_what_the_contract_asks() {
    let mut sample = sample();
    let settings = "[plan]\nstart = \"2026-06-01\"\nend = \"2026-06-30\"\nbudget = 1\n[[plan.contract]]\nsupplier = \
                    \"Delta\"\nrebate = [ { from = 0, rate = 0.25 } ]";
    sample.settings = crate::settings::Settings::parse(settings, "outlay.toml", std::path::Path::new(""), 1).unwrap();
    let statement = of(&sample);
    let delta = statement.suppliers.iter().find(|part| part.name.as_deref() == Some("Delta")).unwrap();
    assert!((delta.cash.reference - delta.spend.reference / 1.25).abs() < 0.006, "{delta:?}");
    let quill = statement.suppliers.iter().find(|part| part.name.as_deref() == Some("Quill")).unwrap();
    assert_eq!(quill.cash.reference, quill.spend.reference);
}

#[test]
fn files_hold_every_part_and_guard_names() {
    let mut sample = sample();
    sample.ledger.entries.iter_mut().for_each(|entry| entry.names[4] = Some("=cmd|' /C calc'!A0".into()));
    let statement = of(&sample);
    let text = String::from_utf8(csv(&statement).bytes).unwrap();
    assert!(text.starts_with(&header_and_whole()), "{text}");
    assert!(text.contains("\ndepartment,'=cmd|' /C calc'!A0,registrations,more,"), "{text}");
    let document: serde_json::Value = serde_json::from_slice(&json(&statement).bytes).unwrap();
    assert_eq!(document["format"], "outlay/statement@1");
    assert_eq!(document["departments"][0]["name"], "=cmd|' /C calc'!A0");
}

fn header_and_whole() -> String {
    files::COLUMNS.join(",") + "\nwhole,,spend,neither,"
}

#[test]
fn there_is_no_statement_of_a_conflict() {
    let mut sample = sample();
    sample.contradict();
    assert!(statement(&sample.results()).is_none());
}

proptest! {
    /// Beta and Gamma means lie between the data's rate and the pooled one, and more data draw them to the data's.
    #[test]
    fn a_rate_lies_between_the_datas_and_the_pooled(days in prop::collection::vec((50u32..5000, 0.0..1.0f64), 2..20), pooled in 0.001..0.9f64) {
        let days: Vec<(f64, f64)> = days.iter().map(|(a, share)| (f64::from(*a), (f64::from(*a) * share).round())).collect();
        let (a, b) = days.iter().fold((0.0, 0.0), |sum, day| (sum.0 + day.0, sum.1 + day.1));
        let mean = match funnel::Posterior::of(&days, pooled, true) {
            funnel::Posterior::Share { a, b } => a / (a + b),
            funnel::Posterior::Each { shape, rate } => shape / rate,
        };
        let (low, high) = (pooled.min(b / a), pooled.max(b / a));
        prop_assert!(low - 1e-9 <= mean && mean <= high + 1e-9, "{low} {mean} {high}");
    }
}
