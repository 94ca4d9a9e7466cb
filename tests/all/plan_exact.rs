//! Plans in lots against dynamic programming: where every spend is a whole number of lots the table of all sums is the optimum
//! itself, not a bound on it. Hundreds of small instances, a kind of limit each.

use outlay::plan::cash::cash;
use outlay::plan::{Answer, Status};
use outlay::settings::{Contract, RebateMethod, Tier};
use proptest::prelude::*;

use crate::support::{hill, model, plan, settings};

const DAYS: f64 = 30.0;
const LOT: f64 = 2_000.0;
/// Lots that the budget is.
const LOTS: usize = 16;
/// Lines of each of the two suppliers.
const LINES: usize = 2;

/// Top, half and slope of a curve per day, four of them.
type Curves = Vec<(f64, f64, f64)>;

fn curves() -> impl Strategy<Value = Curves> {
    prop::collection::vec((10.0..200.0f64, 100.0..2000.0f64, 0.5..2.5f64), 2 * LINES)
}

fn value((top, half, slope): (f64, f64, f64), lots: usize) -> f64 {
    if lots == 0 { 0.0 } else { DAYS * top / (1.0 + (half / (lots as f64 * LOT / DAYS)).powf(slope)) }
}

/// Lines `c0` and `c1` of supplier `s0`, `c2` and `c3` of `s1`, all bought in lots.
fn planned(curves: &Curves, rest: &str) -> Answer {
    let names: Vec<String> = (0..curves.len()).map(|i| format!("c{i}")).collect();
    let line = |(i, (top, half, slope)): (usize, &(f64, f64, f64))| {
        (names[i].as_str(), format!(r#""supplier": "s{}", {}"#, i / LINES, hill(*top, *half, *slope)))
    };
    let channels: Vec<_> = curves.iter().enumerate().map(line).collect();
    let rest = format!("frontier = []\n{rest}\n[[plan.minimum_buy]]\nlot = {LOT}\n");
    plan(&model(&channels), &settings(LOT * LOTS as f64, &rest)).unwrap_or_else(|e| panic!("{e}\n{rest}"))
}

/// The most that some lines bring for each number of lots, and with how many lines at most; `allowed` by line and lots.
fn table(curves: &[(f64, f64, f64)], allowed: impl Fn(usize, usize) -> bool) -> Vec<Vec<f64>> {
    let nothing = f64::NEG_INFINITY;
    let mut best = vec![vec![nothing; 2 * LOTS + 1]; curves.len() + 1];
    best.iter_mut().for_each(|of| of[0] = 0.0);
    for (line, curve) in curves.iter().enumerate() {
        let mut next = vec![vec![nothing; 2 * LOTS + 1]; curves.len() + 1];
        for active in 0..=curves.len() {
            for sum in 0..=2 * LOTS {
                for own in (0..=sum).filter(|own| allowed(line, *own) && (*own == 0 || active > 0)) {
                    let before = best[active - usize::from(own > 0)][sum - own];
                    next[active][sum] = next[active][sum].max(before + value(*curve, own));
                }
            }
        }
        best = next;
    }
    best
}

/// The best objective over the sums of both suppliers that `worth` allows, given the most that each brings for its sum.
fn best(
    curves: &Curves,
    allowed: impl Fn(usize, usize) -> bool,
    worth: impl Fn([usize; 2], [f64; 2]) -> Option<f64>,
) -> Option<f64> {
    let of = |supplier: usize| {
        table(&curves[supplier * LINES..(supplier + 1) * LINES], |line, lots| allowed(supplier * LINES + line, lots))
            .pop()
            .unwrap()
    };
    let (first, second) = (of(0), of(1));
    let sums = (0..=2 * LOTS).flat_map(|a| (0..=2 * LOTS).map(move |b| [a, b]));
    let finite = |[a, b]: &[usize; 2]| first[*a].is_finite() && second[*b].is_finite();
    sums.filter(finite).filter_map(|[a, b]| worth([a, b], [first[a], second[b]])).reduce(f64::max)
}

/// The plan is the optimum to within its gap and not better than it, its bound is not below; without an optimum it is a conflict.
#[track_caller]
fn agrees(answer: &Answer, optimum: Option<f64>, most_gap: f64) {
    let Some(optimum) = optimum else {
        assert_eq!(answer.status, Status::Conflict, "{:?}", answer.lines);
        return;
    };
    let (objective, bound) = (answer.objective, answer.bound);
    let (objective, bound) =
        (objective.unwrap_or_else(|| panic!("{:?}, not {optimum}", answer.conflict)), bound.unwrap());
    let sign = if bound < objective { -1.0 } else { 1.0 };
    let slack = 1e-6 * optimum.abs().max(1.0);
    assert!(sign * (bound - optimum) >= -slack, "the bound {bound} is past the optimum {optimum}");
    let gap = answer.gap.unwrap();
    assert!(sign * (optimum - objective) >= -slack, "{objective} is better than the optimum {optimum}");
    assert!((optimum - objective).abs() <= gap * bound.abs() + slack, "{objective} is not {optimum} to within {gap}");
    assert!(gap <= most_gap, "gap {gap}: {objective} of {bound}, at best {optimum}");
}

fn within([a, b]: [usize; 2]) -> bool {
    a + b <= LOTS
}

fn money(lots: usize) -> f64 {
    lots as f64 * LOT
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn groups_and_minimum_buys(curves in curves(), cap in 2..14usize, floor in 0..10usize, amount in 1..6usize) {
        let rest = format!(
            "[[plan.limit]]\nname = \"cap\"\nwhere = {{ supplier = \"s0\" }}\nmax = {}\n[[plan.limit]]\nname = \"floor\"\n\
             where = {{ supplier = \"s1\" }}\nmin = {}\n[[plan.minimum_buy]]\namount = {}",
            money(cap), money(floor), money(amount)
        );
        let optimum = best(&curves, |_, lots| lots == 0 || lots >= amount, |[a, b], [x, y]| {
            (within([a, b]) && a <= cap && b >= floor).then_some(x + y)
        });
        agrees(&planned(&curves, &rest), optimum, 1e-4);
    }

    #[test]
    fn changes_against_reference(curves in curves(), cut in 0.0..1.0f64, rise in 0.0..1.5f64) {
        let rest = format!("[[plan.limit]]\nname = \"calm\"\neach = true\ncut_at_most = {cut}\nrise_at_most = {rise}");
        let keeps = |line: usize, lots: usize| {
            let reference = DAYS * curves[line].1;
            money(lots) >= reference * (1.0 - cut) && money(lots) <= reference * (1.0 + rise)
        };
        let optimum = best(&curves, keeps, |sums, [x, y]| within(sums).then_some(x + y));
        agrees(&planned(&curves, &rest), optimum, 1e-4);
    }

    #[test]
    fn shares(curves in curves(), share in 0.1..0.9f64) {
        let rest = format!("[[plan.limit]]\nname = \"share\"\nwhere = {{ supplier = \"s0\" }}\nshare_max = {share}");
        let optimum = best(&curves, |_, _| true, |[a, b], [x, y]| {
            (within([a, b]) && a as f64 <= share * (a + b) as f64 + 1e-9).then_some(x + y)
        });
        // a share of a sum in lots is no sum of lots: the bound cannot close
        agrees(&planned(&curves, &rest), optimum, 0.3);
    }

    #[test]
    fn numbers_of_lines(curves in curves(), most in 1..4usize) {
        let rest = format!("[[plan.limit]]\nname = \"few\"\nmax_active = {most}");
        let all = table(&curves, |_, _| true);
        let optimum = (0..=LOTS).map(|sum| all[most][sum]).reduce(f64::max);
        agrees(&planned(&curves, &rest), optimum, 1e-4);
    }

    #[test]
    fn targets_and_what_a_kpi_is_worth(curves in curves(), share in 0.2..0.95f64, worth in 5.0..80.0f64) {
        let most = best(&curves, |_, _| true, |sums, [x, y]| within(sums).then_some(x + y)).unwrap();
        let target = share * most;
        let least = best(&curves, |_, _| true, |[a, b], [x, y]| {
            (within([a, b]) && x + y >= target * (1.0 - 1e-9)).then(|| -money(a + b))
        });
        let answer = planned(&curves, &format!("goal = \"least_spend\"\ntarget = {target}"));
        // with one lot more or less there is nothing in between: the bound is of any spend
        agrees(&answer, least.map(|least| -least), 1.0);
        let profit = best(&curves, |_, _| true, |[a, b], [x, y]| {
            within([a, b]).then(|| worth * (x + y) - money(a + b))
        });
        let answer = planned(&curves, &format!("goal = \"break_even\"\nvalue_per = {worth}"));
        prop_assert!((answer.objective.unwrap() - profit.unwrap()).abs() <= answer.gap.unwrap() * answer.bound.unwrap().abs() + 0.01);
        prop_assert!(answer.bound.unwrap() >= profit.unwrap() - 0.01);
    }

    #[test]
    fn average_costs_of_the_plan_and_of_a_group(curves in curves(), ceiling in 0.3..1.5f64, whole in any::<bool>()) {
        let usual = money(LOTS) / best(&curves, |_, _| true, |sums, [x, y]| within(sums).then_some(x + y)).unwrap();
        let cost = (100.0 * ceiling * usual).round() / 100.0;
        let rest = if whole {
            format!("max_cost_per = {cost}")
        } else {
            format!("[[plan.limit]]\nname = \"dear\"\nwhere = {{ supplier = \"s0\" }}\nmax_cost_per = {cost}")
        };
        let optimum = best(&curves, |_, _| true, |[a, b], [x, y]| {
            let (spend, kpi) = if whole { (money(a + b), x + y) } else { (money(a), x) };
            (within([a, b]) && spend <= cost * kpi * (1.0 + 1e-9) + 1e-6).then_some(x + y)
        });
        agrees(&planned(&curves, &rest), optimum, 1.0);
    }

    #[test]
    fn contracts_in_cash(curves in curves(), from in 1..12usize, rates in (0.0..0.1f64, 0.1..0.3f64), whole in any::<bool>(), promised in 0..8usize) {
        let contract = Contract {
            supplier: "s0".into(),
            rebate: vec![Tier { from: 0.0, rate: rates.0 }, Tier { from: money(from), rate: rates.1 }],
            method: if whole { RebateMethod::Whole } else { RebateMethod::Marginal },
            commitment: money(promised),
            shortfall_penalty: 0.1,
            fee: 0.02,
        };
        let rest = format!(
            "budget_in = \"cash\"\n[[plan.contract]]\nsupplier = \"s0\"\nmethod = \"{}\"\ncommitment = {}\nfee = 0.02\n\
             shortfall_penalty = 0.1\nrebate = [ {{ from = 0, rate = {} }}, {{ from = {}, rate = {} }} ]",
            if whole { "whole" } else { "marginal" }, money(promised), rates.0, money(from), rates.1
        );
        let optimum = best(&curves, |_, _| true, |[a, b], [x, y]| {
            let paid = cash(money(a), Some(&contract)) + money(b);
            (paid <= money(LOTS) + 1e-6).then_some(x + y)
        });
        // a lot is a lump in cash: what the budget leaves of it cannot be spent
        agrees(&planned(&curves, &rest), optimum, 0.2);
    }
}
