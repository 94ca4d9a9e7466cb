//! Plans under the limits that operators have, against brute force on hundreds of small instances.

use outlay::plan::cash::cash;
use outlay::plan::{Answer, Status};
use outlay::settings::{Contract, RebateMethod, Tier};
use proptest::prelude::*;

use crate::support::{hill, model, plan, settings};

/// Top, half and slope of a curve per day.
type Hill = (f64, f64, f64);

const DAYS: f64 = 30.0;

fn value((top, half, slope): Hill, x: f64) -> f64 {
    if x > 0.0 { DAYS * top / (1.0 + (half / (x / DAYS)).powf(slope)) } else { 0.0 }
}

fn some_hill() -> impl Strategy<Value = Hill> {
    (10.0..200.0f64, 100.0..2000.0f64, 0.5..2.5f64)
}

/// Lines `c0`, `c1`, … of suppliers `s0`, `s1`, …, two lines a supplier.
fn planned(curves: &[Hill], budget: f64, rest: &str) -> Answer {
    let names: Vec<String> = (0..curves.len()).map(|i| format!("c{i}")).collect();
    let line = |(i, (top, half, slope)): (usize, &Hill)| {
        (names[i].as_str(), format!(r#""supplier": "s{}", {}"#, i / 2, hill(*top, *half, *slope)))
    };
    let channels: Vec<_> = curves.iter().enumerate().map(line).collect();
    plan(&model(&channels), &settings(budget, &format!("frontier = []\n{rest}"))).unwrap_or_else(|e| panic!("{e}\n{rest}"))
}

/// Every spend of `count` lines on a grid, none above `most`.
fn grid(count: usize, steps: usize, most: f64) -> impl Iterator<Item = Vec<f64>> {
    let places = steps + 1;
    (0..places.pow(count as u32)).map(move |code| {
        (0..count).map(|line| most * (code / places.pow(line as u32) % places) as f64 / steps as f64).collect()
    })
}

/// The best that a grid of spends reaches, among those that `holds` allows.
fn brute_force(curves: &[Hill], steps: usize, most: f64, holds: impl Fn(&[f64]) -> bool) -> Option<f64> {
    let kpi = |spend: &Vec<f64>| curves.iter().zip(spend).map(|(curve, x)| value(*curve, *x)).sum::<f64>();
    grid(curves.len(), steps, most).filter(|spend| holds(spend)).map(|spend| kpi(&spend)).reduce(f64::max)
}

fn some_contract() -> impl Strategy<Value = Contract> {
    let tiers = prop::collection::vec((4_000.0..40_000.0f64, 0.0..0.3f64), 0..3);
    (tiers, any::<bool>(), 0.0..0.05f64, prop_oneof![Just(0.0), 5_000.0..40_000.0f64], 0.0..0.05f64, 0.0..0.2f64).prop_map(
        |(mut tiers, whole, first, commitment, fee, shortfall_penalty)| {
            tiers.sort_by(|a, b| a.0.total_cmp(&b.0));
            let tiers = std::iter::once((0.0, first)).chain(tiers);
            let mut rate = 0.0;
            let rebate = tiers.map(|(from, more)| {
                rate += more;
                Tier { from: f64::round(from), rate: f64::round(rate * 100.0) / 100.0 }
            });
            let method = if whole { RebateMethod::Whole } else { RebateMethod::Marginal };
            let rebate = rebate.collect();
            Contract { supplier: String::new(), rebate, method, commitment: commitment.round(), shortfall_penalty, fee }
        },
    )
}

fn written(supplier: usize, contract: &Contract) -> String {
    let tier = |tier: &Tier| format!("{{ from = {}, rate = {} }}", tier.from, tier.rate);
    let tiers: Vec<String> = contract.rebate.iter().map(tier).collect();
    let method = if contract.method == RebateMethod::Whole { "whole" } else { "marginal" };
    format!(
        "[[plan.contract]]\nsupplier = \"s{supplier}\"\nrebate = [{}]\nmethod = \"{method}\"\ncommitment = {}\n\
         shortfall_penalty = {}\nfee = {}\n",
        tiers.join(", "),
        contract.commitment,
        contract.shortfall_penalty,
        contract.fee
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(80))]

    #[test]
    fn a_budget_in_cash_agrees_with_brute_force(
        curves in prop::collection::vec(some_hill(), 3..=4),
        contracts in prop::collection::vec(some_contract(), 2),
        budget in 20_000.0..70_000.0f64,
    ) {
        let budget = budget.round();
        let text: String = contracts.iter().enumerate().map(|(s, contract)| written(s, contract)).collect();
        let answer = planned(&curves, budget, &format!("budget_in = \"cash\"\n{text}"));
        let paid = |spend: &[f64]| -> f64 {
            let faces = spend.chunks(2).map(|lines| lines.iter().sum::<f64>());
            faces.zip(&contracts).map(|(face, contract)| cash(face, Some(contract))).sum()
        };
        let steps = if curves.len() == 3 { 60 } else { 24 };
        let grid = brute_force(&curves, steps, 1.5 * budget, |spend| paid(spend) <= budget);
        let (Some(grid), Some(objective)) = (grid, answer.objective) else {
            prop_assert_eq!(grid, None, "{:?}", answer.conflict);
            return Ok(());
        };
        let spend: Vec<f64> = answer.lines.iter().map(|line| line.spend).collect();
        prop_assert!((answer.budget.cash - paid(&spend)).abs() < 0.05, "{} {}", answer.budget.cash, paid(&spend));
        prop_assert!(answer.budget.cash <= budget + 1e-9, "{} of {budget}", answer.budget.cash);
        prop_assert!(answer.bound.unwrap() >= grid * (1.0 - 1e-9), "{:?} {grid}", answer.bound);
        let gap = answer.gap.unwrap();
        prop_assert!(objective >= grid * (1.0 - 1e-6 - gap), "{objective} {grid} {gap}");
        prop_assert!(gap <= 1e-3, "{gap}");
        prop_assert_eq!(answer.status == Status::Optimal, gap <= 1e-4);
    }
}
