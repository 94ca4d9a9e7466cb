//! Plans against closed forms, brute force and the laws of optimal allocation.

use outlay::plan::{Answer, Status};
use proptest::prelude::*;

use crate::support::{hill, model, plan, settings};

fn planned(channels: &[(&str, String)], budget: f64, rest: &str) -> Answer {
    plan(&model(channels), &settings(budget, rest)).unwrap()
}

fn names(count: usize) -> Vec<String> {
    (0..count).map(|i| format!("c{i}")).collect()
}

/// Spends that a cent of rounding may move.
const CENT: f64 = 0.02;

#[test]
fn two_equal_curves_share_equally() {
    let answer = planned(&[("a", hill(100.0, 500.0, 1.0)), ("b", hill(100.0, 500.0, 1.0))], 30_000.0, "frontier = []");
    assert_eq!(answer.status, Status::Optimal);
    assert!((answer.lines[0].spend - 15_000.0).abs() < 30.0, "{:?}", answer.lines[0]);
    assert!(answer.gap.unwrap() <= 1e-6, "{:?}", answer.gap);
    assert_eq!(answer.budget.spent, 30_000.0);
}

/// For f = β x ÷ (κ + x), marginal equality gives κ_i + x_i ∝ √(β_i κ_i).
#[test]
fn michaelis_menten_has_a_closed_form() {
    let curves = [(100.0, 500.0), (60.0, 200.0), (200.0, 3000.0)];
    let channels: Vec<_> = ["a", "b", "c"].iter().zip(curves).map(|(n, (t, h))| (*n, hill(t, h, 1.0))).collect();
    let answer = planned(&channels, 90_000.0, "frontier = []");
    let roots: Vec<f64> = curves.iter().map(|(top, half)| (top * half).sqrt()).collect();
    let scale = (3000.0 + 3700.0) / roots.iter().sum::<f64>();
    for (line, (root, (_, half))) in answer.lines.iter().zip(roots.iter().zip(curves)) {
        let exact = 30.0 * (root * scale - half);
        // the objective is flat at its top: a gap of 1e-6 allows spends off by about 1e-3 of the budget
        assert!((line.spend - exact).abs() < 2e-3 * 90_000.0, "{} {exact}", line.spend);
    }
    let price = answer.prices[0].price;
    let marginal = 1.0 / answer.lines[0].marginal_cost.unwrap();
    assert!((price / marginal - 1.0).abs() < 5e-3, "{price} {marginal}");
}

/// The best over a grid of spends in steps of `step`, a lower bound that the plan must not fall below.
fn brute_force(curves: &[(f64, f64, f64)], budget: f64, steps: usize, low: f64) -> f64 {
    let step = budget / steps as f64;
    let value = |i: usize, k: usize| {
        let (top, half, slope) = curves[i];
        let x = step * k as f64;
        if x + 1e-9 < low && k > 0 { f64::NEG_INFINITY } else { 30.0 * top / (1.0 + (half / (x / 30.0)).powf(slope)) }
    };
    let mut best = vec![0.0; steps + 1];
    for i in 0..curves.len() {
        best =
            (0..=steps).map(|k| (0..=k).map(|j| best[k - j] + value(i, j)).fold(f64::NEG_INFINITY, f64::max)).collect();
    }
    best[steps]
}

fn curves() -> impl Strategy<Value = Vec<(f64, f64, f64)>> {
    prop::collection::vec((10.0..200.0f64, 100.0..2000.0f64, 0.5..2.5f64), 2..5)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn no_grid_beats_the_plan_and_none_passes_the_bound(curves in curves(), per_line in 3_000.0..60_000.0f64) {
        let budget = (per_line * curves.len() as f64).round();
        let names = names(curves.len());
        let channels: Vec<_> = names.iter().zip(&curves).map(|(n, (t, h, s))| (n.as_str(), hill(*t, *h, *s))).collect();
        let answer = planned(&channels, budget, "frontier = []");
        let grid = brute_force(&curves, budget, 300, 0.0);
        let (objective, bound) = (answer.objective.unwrap(), answer.bound.unwrap());
        prop_assert!(objective >= grid * (1.0 - 1e-6), "{objective} below the grid's {grid}, gap {:?}", answer.gap);
        prop_assert!(bound >= grid * (1.0 - 1e-9), "bound {bound} below the grid's {grid}");
        prop_assert!(answer.gap.unwrap() <= 1e-4, "{:?}", answer.gap);
        prop_assert!(answer.budget.spent <= budget + 1e-9);
    }

    #[test]
    fn minimum_buys_agree_with_brute_force(curves in curves(), amount in 2_000.0..20_000.0f64) {
        let budget = 8_000.0 * curves.len() as f64;
        let names = names(curves.len());
        let channels: Vec<_> = names.iter().zip(&curves).map(|(n, (t, h, s))| (n.as_str(), hill(*t, *h, *s))).collect();
        let rest = format!("frontier = []\n[[plan.minimum_buy]]\namount = {amount}");
        let answer = planned(&channels, budget, &rest);
        let grid = brute_force(&curves, budget, 300, amount);
        prop_assert!(answer.objective.unwrap() >= grid * (1.0 - 1e-4), "{:?} {grid}", answer.objective);
        prop_assert!(answer.bound.unwrap() >= grid * (1.0 - 1e-9));
        prop_assert!(answer.lines.iter().all(|line| line.spend == 0.0 || line.spend >= amount - CENT));
    }

    #[test]
    fn more_budget_never_brings_less(curves in curves()) {
        let names = names(curves.len());
        let channels: Vec<_> = names.iter().zip(&curves).map(|(n, (t, h, s))| (n.as_str(), hill(*t, *h, *s))).collect();
        let answer = planned(&channels, 40_000.0, "frontier = [0.5, 0.9, 1.0, 1.4]");
        let means: Vec<f64> = answer.frontier.iter().map(|point| point.mean.unwrap()).collect();
        prop_assert!(means.is_sorted_by(|a, b| *a <= b * (1.0 + 2e-4)), "{means:?}");
    }

    #[test]
    fn line_order_changes_nothing_and_interior_lines_share_one_marginal_cost(curves in curves()) {
        let curves: Vec<_> = curves.iter().map(|(t, h, s)| (*t, *h, s.min(1.0))).collect();
        let names = names(curves.len());
        let mut channels: Vec<_> = names.iter().zip(&curves).map(|(n, (t, h, s))| (n.as_str(), hill(*t, *h, *s))).collect();
        let answer = planned(&channels, 50_000.0, "frontier = []");
        channels.reverse();
        prop_assert_eq!(&planned(&channels, 50_000.0, "frontier = []"), &answer);
        // the last step moves a line by a tenth of its spend: one of a few yuan at a steep start does not get far enough
        let interior = answer.lines.iter().filter(|line| line.spend > 0.001 * 50_000.0);
        let costs: Vec<f64> = interior.filter_map(|line| line.marginal_cost).collect();
        let spread = costs.iter().fold(0.0, |m: f64, c| m.max(*c)) / costs.iter().fold(f64::MAX, |m: f64, c| m.min(*c));
        prop_assert!(spread < 1.001, "{costs:?}");
    }
}

#[test]
fn limits_hold_and_their_prices_predict() {
    let channels = [("a", hill(100.0, 500.0, 1.0)), ("b", hill(100.0, 500.0, 0.8)), ("c", hill(50.0, 900.0, 1.0))];
    let rest = |max: f64| {
        format!(
            "frontier = []\n[[plan.limit]]\nname = \"cap\"\nwhere = {{ platform = \"a\" }}\nmax = {max}\n[[plan.limit]]\nname = \"share\"\nwhere = {{ platform = \"c\" }}\nshare_min = 0.3"
        )
    };
    let (one, other) = (planned(&channels, 40_000.0, &rest(9_000.0)), planned(&channels, 40_000.0, &rest(9_100.0)));
    assert!(one.lines[0].spend <= 9_000.0 + 1e-9);
    assert!(one.lines[2].spend >= 12_000.0 - CENT);
    assert_eq!(one.lines[0].limited_by, ["cap"]);
    assert_eq!(one.lines[2].limited_by, ["share"]);
    let cap = one.prices.iter().find(|price| price.limit == "cap").unwrap();
    let change = (other.objective.unwrap() - one.objective.unwrap()) / 100.0;
    assert!((cap.price / change - 1.0).abs() < 0.02, "{} predicts {change}", cap.price);
    let share = one.prices.iter().find(|price| price.limit == "share").unwrap();
    assert!(share.price < 0.0 && share.unit == "registrations per percentage point", "{share:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn the_price_of_the_budget_predicts_what_more_of_it_brings(curves in curves(), share in 0.2..0.6f64) {
        let curves: Vec<_> = curves.iter().map(|(t, h, s)| (*t, *h, s.min(1.0))).collect();
        let names = names(curves.len());
        let channels: Vec<_> = names.iter().zip(&curves).map(|(n, (t, h, s))| (n.as_str(), hill(*t, *h, *s))).collect();
        let rest = format!("frontier = []\n[[plan.limit]]\nname = \"c0\"\nwhere = {{ platform = \"c0\" }}\nshare_max = {share}");
        let (one, other) = (planned(&channels, 50_000.0, &rest), planned(&channels, 50_500.0, &rest));
        let change = (other.objective.unwrap() - one.objective.unwrap()) / 500.0;
        let price = one.prices.iter().find(|price| price.limit == "budget").unwrap().price;
        // 1 % more money: concave, so the change is a little less than the price
        prop_assert!((price / change - 1.0).abs() < 0.02, "{price} {change}");
    }
}

#[test]
fn floors_above_the_budget_are_a_conflict_in_the_users_words() {
    let rest = "frontier = [2.0]\n[[plan.limit]]\nname = \"floor\"\nwhere = {}\nmin = 50000";
    let answer = planned(&[("a", hill(10.0, 500.0, 1.0))], 30_000.0, rest);
    assert_eq!(answer.status, Status::Conflict);
    let conflict = answer.conflict.unwrap();
    assert_eq!((conflict.limits, conflict.short_by), (vec!["budget".to_owned(), "floor".to_owned()], 20_000.0));
    assert_eq!(answer.frontier[0].status, Status::Optimal);
}

#[test]
fn a_minimum_buy_beyond_the_budget_is_a_conflict_that_names_what_gives_least() {
    let rest = "frontier = []\n[[plan.limit]]\nname = \"some\"\nmin = 500\n[[plan.minimum_buy]]\namount = 50000";
    let answer = planned(&[("a", hill(10.0, 500.0, 1.0)), ("b", hill(10.0, 500.0, 1.0))], 30_000.0, rest);
    let conflict = answer.conflict.unwrap();
    assert_eq!(conflict.limits, ["budget", "some", "minimum buy"]);
    assert_eq!((conflict.short_by, conflict.relax.len()), (500.0, 1));
    assert_eq!((conflict.relax[0].limit.as_str(), conflict.relax[0].by), ("some", 500.0));
}

#[test]
fn a_line_without_a_curve_is_held_and_its_money_comes_off_first() {
    let none = r#""family": "none", "reason": "27 usable days of 60 needed", "reference_spend": 200.0"#;
    let channels = [("a", hill(100.0, 500.0, 1.0)), ("b", none.to_owned())];
    let answer = planned(&channels, 30_000.0, "frontier = []");
    assert_eq!((answer.lines[0].spend, answer.lines[1].spend), (24_000.0, 6_000.0));
    assert_eq!(answer.lines[1].limited_by, ["held: b"]);
    assert_eq!(answer.lines[1].expected, None);
    let excluded = planned(&channels, 30_000.0, "frontier = []\nno_curve = \"exclude\"");
    assert_eq!((excluded.lines[0].spend, excluded.lines[1].spend), (30_000.0, 0.0));
    let replaced = "frontier = []\n[[plan.limit]]\nname = \"probe\"\nwhere = { platform = \"b\" }\nfixed = 1000";
    assert_eq!(planned(&channels, 30_000.0, replaced).lines[1].spend, 1_000.0);
}

#[test]
fn without_any_curve_lines_are_held_to_the_cent_and_nothing_is_left_to_prove() {
    let none =
        |spend: f64| format!(r#""family": "none", "reason": "spend explains nothing", "reference_spend": {spend}"#);
    let answer = planned(&[("a", none(122.785_81)), ("b", none(98.893_11))], 7_000.0, "frontier = []");
    assert_eq!((answer.status, answer.gap), (Status::Optimal, Some(0.0)));
    assert_eq!((answer.lines[0].spend, answer.lines[1].spend), (3_683.57, 2_966.79));
    assert_eq!(answer.budget.unspent, 349.64);
}

#[test]
fn lines_that_nothing_is_known_of_keep_their_mix_within_their_limits() {
    let none =
        |spend: f64| format!(r#""family": "none", "reason": "spend explains nothing", "reference_spend": {spend}"#);
    let channels = [("a", none(300.0)), ("b", none(100.0)), ("c", none(50.0)), ("d", hill(100.0, 500.0, 1.0))];
    let limit = |(name, max): (&str, u32)| {
        format!("[[plan.limit]]\nname = \"{name}\"\nwhere = {{ platform = \"{name}\" }}\nmin = 600\nmax = {max}\n")
    };
    let limits: String = [("a", 8_000), ("b", 9_000), ("c", 9_000), ("d", 9_000)].map(limit).concat();
    let answer = planned(&channels, 24_000.0, &format!("frontier = []\n{limits}"));
    let spend: Vec<f64> = answer.lines.iter().map(|line| line.spend).collect();
    // d takes all it may; the rest is shared 6 : 2 : 1, a up to its 8,000
    assert_eq!((spend[0], spend[3]), (8_000.0, 9_000.0), "{spend:?}");
    assert!((spend[1] + spend[2] - 7_000.0).abs() < 0.011 && (spend[1] / spend[2] - 2.0).abs() < 1e-4, "{spend:?}");
}

#[test]
fn money_that_no_line_may_take_is_left_with_the_reason() {
    let rest = "frontier = []\n[[plan.limit]]\nname = \"small\"\nwhere = {}\neach = true\nmax = 5000";
    let answer = planned(&[("a", hill(10.0, 500.0, 1.0)), ("b", hill(10.0, 500.0, 1.0))], 30_000.0, rest);
    assert_eq!((answer.budget.spent, answer.budget.unspent), (10_000.0, 20_000.0));
    assert_eq!(answer.budget.unspent_because.as_deref(), Some("every line is held by a limit: small"));
}

#[test]
fn least_spend_reaches_its_target_for_the_money_that_most_would_need() {
    let channels = [("a", hill(100.0, 500.0, 1.0)), ("b", hill(60.0, 200.0, 0.8))];
    let most = planned(&channels, 30_000.0, "frontier = []");
    let target = most.objective.unwrap();
    let rest = format!("frontier = []\ngoal = \"least_spend\"\ntarget = {target}");
    let least = planned(&channels, 90_000.0, &rest);
    assert!(least.expected.unwrap().mean >= target * (1.0 - 1e-9));
    assert!((least.objective.unwrap() / 30_000.0 - 1.0).abs() < 1e-4, "{:?}", least.objective);
    assert!(least.bound.unwrap() <= least.objective.unwrap() * (1.0 + 1e-12));
}

#[test]
fn break_even_stops_where_the_last_one_is_worth_its_price() {
    let channels = [("a", hill(100.0, 500.0, 1.0)), ("b", hill(60.0, 200.0, 0.8))];
    let answer = planned(&channels, 900_000.0, "frontier = []\ngoal = \"break_even\"\nvalue_per = 40.0");
    for line in &answer.lines {
        assert!((line.marginal_cost.unwrap() / 40.0 - 1.0).abs() < 0.01, "{line:?}");
    }
    assert!(answer.budget.unspent > 0.0 && answer.budget.unspent_because.is_some());
}

#[test]
fn cost_ceilings_are_kept() {
    let channels = [("a", hill(100.0, 500.0, 1.0)), ("b", hill(60.0, 200.0, 0.8))];
    let average = planned(&channels, 900_000.0, "frontier = []\nmax_cost_per = 20.0");
    assert!(average.cost_per.unwrap() <= 20.0 * (1.0 + 1e-6), "{:?}", average.cost_per);
    assert!(average.cost_per.unwrap() >= 19.99);
    let marginal = planned(&channels, 900_000.0, "frontier = []\nmax_marginal_cost = 30.0");
    assert!(marginal.lines.iter().all(|line| line.marginal_cost.unwrap() <= 30.0 * (1.0 + 1e-6)));
}

/// A line of draws, each of its own height.
fn risky(tops: &[f64], half: f64) -> String {
    let draw = |top: &f64| format!(r#"{{ "top": {top}, "half": {half}, "slope": 0.9 }}"#);
    let draws: Vec<String> = tops.iter().map(draw).collect();
    format!(
        r#""family": "hill", "params": {}, "draws": [{}], "reference_spend": {half}"#,
        draw(&tops[0]),
        draws.join(",")
    )
}

#[test]
fn a_plan_for_the_worst_draws_agrees_with_brute_force() {
    let tops = [[100.0, 20.0, 140.0, 60.0, 90.0], [60.0, 75.0, 55.0, 80.0, 50.0]];
    let channels = [("a", risky(&tops[0], 500.0)), ("b", risky(&tops[1], 400.0))];
    let (level, weight) = (0.4, 0.7);
    let rest = format!("frontier = []\nrisk = {{ measure = \"cvar\", level = {level}, weight = {weight} }}");
    let answer = planned(&channels, 30_000.0, &rest);
    let value = |x: f64| {
        let hill = |top: f64, half: f64, x: f64| 30.0 * top / (1.0 + (half / (x / 30.0)).powf(0.9));
        let mut draws: Vec<f64> =
            (0..5).map(|i| hill(tops[0][i], 500.0, x) + hill(tops[1][i], 400.0, 30_000.0 - x)).collect();
        draws.sort_by(f64::total_cmp);
        (1.0 - weight) * draws.iter().sum::<f64>() / 5.0 + weight * (draws[0] + draws[1]) / 2.0
    };
    let grid = (1..3000).map(|k| value(f64::from(k) * 10.0)).fold(0.0, f64::max);
    let (objective, bound) = (answer.objective.unwrap(), answer.bound.unwrap());
    assert!((objective - value(answer.lines[0].spend)).abs() < 1e-6 * objective, "{objective}");
    assert!(objective >= grid * (1.0 - 2e-4) && bound >= grid * (1.0 - 1e-9), "{objective} {grid} {bound}");
    assert!(answer.gap.unwrap() < 1e-3, "{:?}", answer.gap);
    let mean = planned(&channels, 30_000.0, "frontier = []");
    assert!(answer.expected.unwrap().mean < mean.expected.unwrap().mean, "caution costs something on average");
}

/// A line with a supplier.
fn supplied(name: &str) -> (&str, String) {
    (name, format!(r#""supplier": "{name}", {}"#, hill(100.0, 500.0, 1.0)))
}

#[test]
fn a_contract_with_nobody_is_refused() {
    let rest = "[[plan.contract]]\nsupplier = \"Nobody\"\ncommitment = 1000000\nshortfall_penalty = 0.1";
    let error = plan(&model(&[supplied("a")]), &settings(30_000.0, rest)).unwrap_err();
    assert_eq!(error.problems[0].message, "plan.contract `Nobody`: no line of the plan has this supplier");
}

#[test]
fn a_commitment_is_owed_for_even_by_a_supplier_that_gets_nothing() {
    let rest = "frontier = []\n[[plan.limit]]\nname = \"none\"\nwhere = { platform = \"b\" }\nfixed = 0\n\
                [[plan.contract]]\nsupplier = \"b\"\ncommitment = 100000\nshortfall_penalty = 0.1";
    let answer = plan(&model(&[supplied("a"), supplied("b")]), &settings(30_000.0, rest)).unwrap();
    assert_eq!((answer.lines[1].spend, answer.lines[1].cash), (0.0, 10_000.0));
    assert_eq!((answer.budget.spent, answer.budget.cash), (30_000.0, 40_000.0));
}
