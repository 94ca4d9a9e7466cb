//! Intervals, regret, the value of tests and the cost of limits: laws, and brute force on a small plan.

use outlay::plan::Answer;
use proptest::prelude::*;

use crate::support::{complete, drawn_hill, hill, model, settings};

const DRAWS: usize = 40;

fn planned(channels: &[(&str, String)], budget: f64, rest: &str) -> Answer {
    complete(&model(channels), &settings(budget, &format!("frontier = []\nwhat_if = {DRAWS}\n{rest}"))).unwrap()
}

#[derive(Clone, Debug)]
struct Curves(Vec<(f64, f64, f64)>);

impl Curves {
    fn channels(&self) -> Vec<(&'static str, String)> {
        let names = ["a", "b", "c", "d"];
        let each = self.0.iter().enumerate().zip(names);
        each.map(|((i, (top, half, spread)), name)| (name, drawn_hill(*top, *half, 1.0, *spread, DRAWS, i as u32)))
            .collect()
    }
}

fn curves() -> impl Strategy<Value = Curves> {
    prop::collection::vec((20.0..200.0f64, 200.0..2000.0f64, 0.05..0.5f64), 2..4).prop_map(Curves)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10))]

    #[test]
    fn no_test_is_worth_more_than_knowing_everything(curves in curves(), budget in 10_000.0..60_000.0f64) {
        let answer = planned(&curves.channels(), budget.round(), "");
        let unknown = answer.unknown.unwrap();
        let regret = unknown.regret.unwrap();
        prop_assert_eq!(unknown.what_if, DRAWS);
        prop_assert!(regret.mean >= 0.0 && regret.mean <= regret.at_most);
        prop_assert!(regret.at_most - regret.mean <= 1e-3 * answer.objective.unwrap(), "{regret:?}");
        for test in &unknown.tests {
            let worth = test.worth.unwrap();
            prop_assert!(worth >= 0.0 && worth <= test.at_most + 1e-9, "{test:?}");
            prop_assert!(worth <= regret.mean * 1.02 + 1e-3 * answer.objective.unwrap(), "{test:?} {regret:?}");
            prop_assert!(test.probe_budget.unwrap() >= 0.0);
        }
        for line in &answer.lines {
            let interval = line.interval.unwrap();
            prop_assert!(interval.p10 <= interval.p50 && interval.p50 <= interval.p90);
            let bid = line.bid_ceiling.unwrap();
            if line.spend > 0.0 {
                prop_assert_eq!(Some(bid.cost), line.marginal_cost);
                prop_assert!(bid.p10.unwrap() <= bid.p90.unwrap());
            }
        }
    }
}

/// Two lines, one of them known: what testing the other is worth is what knowing everything is worth, and both agree with
/// a search over a grid of spends.
#[test]
fn regret_and_the_value_of_a_test_agree_with_brute_force() {
    let channels = [("a", drawn_hill(100.0, 600.0, 1.0, 0.5, DRAWS, 3)), ("b", hill(80.0, 900.0, 1.0))];
    let fitted = model(&channels);
    let answer = planned(&channels, 45_000.0, "");
    let unknown = answer.unknown.as_ref().unwrap();
    let curve = |line: usize| fitted.channels[line].curve.as_ref().unwrap();
    let value = |draw: usize, x: f64| {
        30.0 * (curve(0).states()[draw].saturation.at(x / 30.0)
            + curve(1).states()[0].saturation.at((45_000.0 - x) / 30.0))
    };
    let grid: Vec<f64> = (0..=9000).map(|k| f64::from(k) * 5.0).collect();
    let best = |draw: usize| grid.iter().map(|x| value(draw, *x)).fold(0.0, f64::max);
    let known = (0..DRAWS).map(best).sum::<f64>() / DRAWS as f64;
    let plan = (0..DRAWS).map(|draw| value(draw, answer.lines[0].spend)).sum::<f64>() / DRAWS as f64;
    let regret = unknown.regret.unwrap();
    assert!((regret.mean / (known - plan) - 1.0).abs() < 0.01, "{regret:?} {}", known - plan);
    let test = &unknown.tests[0];
    assert_eq!((test.channel.as_str(), unknown.tests.len()), ("a", 1));
    assert!((test.worth.unwrap() / (known - plan) - 1.0).abs() < 0.06, "{test:?} {}", known - plan);
    assert!(test.at_most >= known - plan - 1e-6);
    // the line's interval is that of the grid's best spends
    let mut spends: Vec<f64> = (0..DRAWS)
        .map(|draw| grid.iter().copied().max_by(|x, y| value(draw, *x).total_cmp(&value(draw, *y))).unwrap())
        .collect();
    spends.sort_by(f64::total_cmp);
    let interval = answer.lines[0].interval.unwrap();
    assert!((interval.p50 - spends[DRAWS / 2]).abs() < 0.05 * 45_000.0, "{interval:?} {spends:?}");
    assert!(interval.p10 < answer.lines[0].spend && answer.lines[0].spend < interval.p90, "{interval:?}");
}

#[test]
fn what_a_floor_costs_is_what_the_plan_without_it_brings_more() {
    let channels =
        [("a", drawn_hill(100.0, 600.0, 1.0, 0.3, DRAWS, 1)), ("b", drawn_hill(20.0, 900.0, 1.0, 0.3, DRAWS, 2))];
    let floor = "[[plan.limit]]\nname = \"keep b\"\nwhere = { platform = \"b\" }\nmin = 20000";
    let (with, without) = (planned(&channels, 40_000.0, floor), planned(&channels, 40_000.0, ""));
    let unknown = with.unknown.as_ref().unwrap();
    let cost = unknown.limits.iter().find(|limit| limit.limit == "keep b").unwrap();
    let costs = cost.costs.unwrap();
    assert!(
        (costs.mean - (without.objective.unwrap() - with.objective.unwrap())).abs() < 1e-3 * costs.mean,
        "{costs:?}"
    );
    assert!(costs.p10 <= costs.p50 && costs.p50 <= costs.p90);
    assert!(cost.price_p10 <= cost.price_p90 && cost.price_p90 <= 0.0, "{cost:?}");
}

/// The order of lines changes nothing, and nor does each draw standing twice.
#[test]
fn order_and_doubled_draws_change_nothing() {
    let channels = [
        ("a", drawn_hill(100.0, 600.0, 1.0, 0.3, 20, 1)),
        ("b", drawn_hill(60.0, 400.0, 1.3, 0.2, 20, 5)),
        ("c", hill(30.0, 300.0, 1.0)),
    ];
    let rest = "frontier = []\nwhat_if = 20\n[plan.daily]\nstep = 0.2";
    let of = |channels: &[(&str, String)]| complete(&model(channels), &settings(40_000.0, rest)).unwrap();
    let answer = of(&channels);
    let mut other = channels.clone();
    other.reverse();
    assert_eq!(of(&other), answer);
    let twice = |text: &String| match text.split_once("\"draws\": [") {
        Some((head, draws)) => {
            let each: Vec<String> = draws
                .trim_end_matches(']')
                .split(" },")
                .map(|draw| format!("{} }}", draw.trim_end_matches(" }")))
                .collect();
            let doubled: Vec<String> = each.iter().flat_map(|draw| [draw.clone(), draw.clone()]).collect();
            format!("{head}\"draws\": [{}]", doubled.join(","))
        }
        None => text.clone(),
    };
    let doubled = channels.clone().map(|(name, text)| (name, twice(&text)));
    let doubled = of(&doubled);
    let near = |a: f64, b: f64| (a - b).abs() <= 2e-3 * b.abs().max(1.0);
    let (one, two) = (answer.unknown.unwrap(), doubled.unknown.unwrap());
    assert_eq!((one.what_if, two.what_if, two.draws), (20, 20, 40));
    assert!(near(one.regret.unwrap().mean, two.regret.unwrap().mean), "{one:?} {two:?}");
    for (a, b) in answer.lines.iter().zip(&doubled.lines) {
        assert!(near(a.spend, b.spend) && near(a.interval.unwrap().p50, b.interval.unwrap().p50), "{a:?} {b:?}");
    }
    assert!(near(one.tests[0].at_most, two.tests[0].at_most));
}

#[test]
fn a_line_that_gets_nothing_may_bid_what_the_last_one_costs() {
    let channels = [("a", hill(100.0, 600.0, 1.0)), ("b", hill(0.5, 9000.0, 1.0))];
    let answer = planned(&channels, 20_000.0, "");
    assert_eq!(answer.lines[1].spend, 0.0);
    let (bid, last) = (answer.lines[1].bid_ceiling.unwrap().cost, answer.lines[0].marginal_cost.unwrap());
    assert!((bid / last - 1.0).abs() < 0.01, "{bid} {last}");
    assert!(answer.unknown.is_none(), "curves are certain");
}

#[test]
fn the_answers_say_when_they_were_not_worked_out() {
    let channels = [("a", drawn_hill(100.0, 600.0, 1.0, 0.3, DRAWS, 1)), ("b", hill(20.0, 900.0, 1.0))];
    let answer = complete(&model(&channels), &settings(20_000.0, "frontier = []\nwhat_if = 0")).unwrap();
    let unknown = answer.unknown.unwrap();
    assert_eq!(unknown.because.as_deref(), Some("`what_if` is 0; intervals need 10 or more"));
    assert!(unknown.regret.is_none() && answer.lines[0].interval.is_none());
}
