use super::*;
use crate::report::sample::Sample;
use crate::units::Measure;

fn side<'a>(sample: &'a Sample, made: &'a Made) -> Side<'a> {
    Side { ledger: &sample.ledger, fitted: &sample.fitted, answer: &sample.answer, made }
}

fn between(before: &Sample, after: &Sample) -> Comparison {
    let made = Made::default();
    compare(side(before, &made), side(after, &made)).unwrap()
}

fn by(comparison: &Comparison, figure: &str, change: &str) -> f64 {
    let bridge = comparison.bridges.iter().find(|bridge| bridge.figure == figure).unwrap();
    bridge.steps.iter().find(|step| step.change == change).unwrap().by
}

fn cents(amount: f64) -> i64 {
    (amount * 100.0).round() as i64
}

/// Changes spends and what is expected of them as the plan would.
fn respend(sample: &mut Sample, factor: impl Fn(usize) -> f64) {
    for (at, line) in sample.answer.lines.iter_mut().enumerate() {
        let fit = sample.fitted.channels.iter().find(|fit| fit.channel.label == line.channel).unwrap();
        let mean = |spend: f64| fit.curve.as_ref().map_or(0.0, |curve| curve.mean(spend / 30.0));
        let spend = (line.spend * factor(at) * 100.0).round() / 100.0;
        let moved = mean(spend) / mean(line.spend);
        line.expected.iter_mut().for_each(|expected| expected.mean *= moved);
        line.cash *= spend / line.spend;
        line.spend = spend;
    }
    let sum = |figure: fn(&crate::plan::Line) -> f64| sample.answer.lines.iter().map(figure).sum::<f64>();
    (sample.answer.budget.spent, sample.answer.budget.cash) = (sum(|line| line.spend), sum(|line| line.cash));
    sample.answer.budget.unspent = sample.answer.budget.asked - sample.answer.budget.spent;
}

#[test]
fn nothing_changed_is_nothing_to_explain() {
    let sample = Sample::rich();
    let comparison = between(&sample, &sample);
    assert!(comparison.causes.is_empty() && comparison.prices.is_empty());
    for bridge in &comparison.bridges {
        assert!(bridge.steps.iter().all(|step| step.by == 0.0), "{bridge:?}");
    }
}

#[test]
fn every_bridge_sums_exactly_whatever_changed() {
    let (before, mut after) = (Sample::rich(), Sample::rich());
    respend(&mut after, |at| [1.3, 0.7, 1.1, 0.5][at % 4]);
    after.answer.budget.asked += 777.77;
    after.answer.lines.iter_mut().for_each(|line| line.cash *= 1.07);
    after.answer.budget.cash *= 1.07;
    after.answer.lines.remove(2);
    for fit in &mut after.fitted.channels {
        fit.curve.iter_mut().for_each(|curve| curve.draws.truncate(17));
    }
    for bridge in &between(&before, &after).bridges {
        let steps: i64 = bridge.steps.iter().map(|step| cents(step.by)).sum();
        assert_eq!(cents(bridge.before) + steps, cents(bridge.after), "{bridge:?}");
    }
}

#[test]
fn what_changed_alone_is_what_the_bridge_names() {
    let (before, mut after) = (Sample::rich(), Sample::rich());
    respend(&mut after, |_| 1.2);
    let comparison = between(&before, &after);
    // lines without a curve rise too, so the mix over lines with one stays as it is
    assert!(by(&comparison, "expected", "money") > 0.0);
    for change in ["model", "period", "mix"] {
        assert!(by(&comparison, "expected", change).abs() <= 0.02, "{change}: {:?}", comparison.bridges);
    }
    assert!(by(&comparison, "cash", "prices").abs() <= 0.02 && by(&comparison, "cash", "money") > 0.0);
}

#[test]
fn lines_add_up_to_the_change_of_the_whole() {
    let (before, mut after) = (Sample::rich(), Sample::rich());
    respend(&mut after, |at| [1.3, 0.7, 1.1, 0.5][at % 4]);
    let comparison = between(&before, &after);
    let lines: f64 = comparison.lines.iter().map(|line| line.by_model + line.by_spend).sum();
    let bridge = comparison.bridges.iter().find(|bridge| bridge.figure == "expected").unwrap();
    assert!((lines - (bridge.after - bridge.before)).abs() < 0.011, "{lines} {bridge:?}");
}

#[test]
fn runs_of_different_things_are_refused() {
    let (before, mut after) = (Sample::rich(), Sample::rich());
    after.answer.currency = "JPY".into();
    let made = Made::default();
    let error = compare(side(&before, &made), side(&after, &made)).unwrap_err();
    assert_eq!(error.kind, Kind::Settings);
    assert!(error.to_string().contains("currency: CNY and JPY"), "{error}");
}

#[test]
fn other_files_and_settings_are_named() {
    let (before, mut after) = (Sample::rich(), Sample::rich());
    after.ledger.sources[0].sha256 = "ff".repeat(32);
    after.answer.budget.asked = 1.0;
    let causes = between(&before, &after).causes;
    let named: Vec<(&str, &str)> = causes.iter().map(|cause| (cause.kind, cause.fact.as_str())).collect();
    assert_eq!(named, [("data", "exports/a <b>.csv"), ("settings", "budget")]);
}

/// A day of the ledger that spent so much for so many impressions, clicks and registrations.
fn day(date: jiff::civil::Date, figures: [f64; 4]) -> crate::unify::Entry {
    let mut entry = crate::unify::Entry { date, days: 1, names: Default::default(), measures: Default::default() };
    let measures = [Measure::Spend, Measure::Impressions, Measure::Clicks, Measure::Registrations];
    for (measure, figure) in measures.into_iter().zip(figures) {
        entry.measures[measure.index()] = crate::units::Micros::from_f64(figure);
    }
    entry
}

#[test]
fn dearer_media_are_told_apart_from_fewer_conversions() {
    let (mut before, mut after) = (Sample::rich(), Sample::rich());
    let long_ago = day(jiff::civil::date(2026, 1, 1), [9e6, 1.0, 1.0, 1.0]);
    before.ledger.entries =
        vec![long_ago.clone(), day(jiff::civil::date(2026, 5, 31), [1000.0, 50_000.0, 500.0, 20.0])];
    // a fifth dearer, the same clicks, a tenth fewer of them convert
    after.ledger.entries = vec![long_ago, day(jiff::civil::date(2026, 5, 31), [1200.0, 50_000.0, 500.0, 18.0])];
    let comparison = between(&before, &after);
    let bridge = comparison.bridges.iter().find(|bridge| bridge.figure == "observed_cost").unwrap();
    assert_eq!((bridge.before, bridge.after), (50.0, 66.67));
    let steps: i64 = bridge.steps.iter().map(|step| cents(step.by)).sum();
    assert_eq!(cents(bridge.before) + steps, cents(bridge.after));
    // Shapley by hand: 10 · (1 + 1/0.9) / 2 = 10.56 for the price, 50 · (1/0.9 − 1) · (1 + 1.2) / 2 = 6.11 for conversion
    let named: Vec<(&str, f64)> = bridge.steps.iter().map(|step| (step.change, step.by)).collect();
    assert_eq!(named, [("media_price", 10.56), ("click_rate", 0.0), ("conversion", 6.11)]);
}
