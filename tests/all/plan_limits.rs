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

/// Lines `c0`, `c1`, … of suppliers `s0`, `s1`, …, two lines a supplier, by the accounts `a0` and `a1`.
fn planned(curves: &[Hill], budget: f64, rest: &str) -> Answer {
    let names: Vec<String> = (0..curves.len()).map(|i| format!("c{i}")).collect();
    let line = |(i, (top, half, slope)): (usize, &Hill)| {
        let (supplier, account) = (i / 2, i % 2);
        let names_of = format!(r#""supplier": "s{supplier}", "account": "a{account}""#);
        (names[i].as_str(), format!("{names_of}, {}", hill(*top, *half, *slope)))
    };
    let channels: Vec<_> = curves.iter().enumerate().map(line).collect();
    plan(&model(&channels), &settings(budget, &format!("frontier = []\n{rest}")))
        .unwrap_or_else(|e| panic!("{e}\n{rest}"))
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
    (tiers, any::<bool>(), 0.0..0.05f64, prop_oneof![Just(0.0), 5_000.0..40_000.0f64], 0.0..0.05f64, 0.0..0.2f64)
        .prop_map(|(mut tiers, whole, first, commitment, fee, shortfall_penalty)| {
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
        })
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
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_budget_in_cash_agrees_with_brute_force(
        curves in prop::collection::vec(some_hill(), 3..=4),
        contracts in prop::collection::vec(some_contract(), 2),
        budget in 20_000.0..70_000.0f64,
    ) {
        let budget = budget.round();
        let text: String = contracts.iter().enumerate().map(|(s, contract)| written(s, contract)).collect();
        let answer = planned(&curves, budget, &format!("budget_in = \"cash\"\n{text}"));
        let paid = |spend: &[f64]| paid(&contracts, spend);
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

/// What suppliers' lines cost, two a supplier.
fn paid(contracts: &[Contract], spend: &[f64]) -> f64 {
    let faces = spend.chunks(2).map(|lines| lines.iter().sum::<f64>());
    faces.enumerate().map(|(supplier, face)| cash(face, contracts.get(supplier))).sum()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn limits_across_suppliers_in_cash_agree_with_brute_force(
        curves in prop::collection::vec(some_hill(), 4..=4),
        contracts in prop::collection::vec(some_contract(), 1..=2),
        budget in 20_000.0..70_000.0f64,
        (share, cap, floor) in (0.2..0.9f64, 0.3..1.2f64, 0.0..0.3f64),
        (dear, target) in (prop::option::of(0.6..1.2f64), prop::option::of(0.3..0.8f64)),
    ) {
        let budget = budget.round();
        let (cap, floor) = ((cap * budget).round(), (floor * budget).round());
        let kpi = |spend: &[f64]| curves.iter().zip(spend).map(|(curve, x)| value(*curve, *x)).sum::<f64>();
        let even = [budget / 4.0; 4];
        // around what the first supplier's lines cost when each line gets a quarter
        let usual = paid(&contracts, &even[..2]) / (value(curves[0], even[0]) + value(curves[1], even[1]));
        let dear = dear.map(|dear| (dear * usual * 100.0).round() / 100.0);
        let target = target.map(|target| (target * kpi(&even)).round());
        let mut rest = String::from("budget_in = \"cash\"\n");
        if let Some(target) = target {
            rest += &format!("goal = \"least_spend\"\ntarget = {target}\n");
        }
        rest += &contracts.iter().enumerate().map(|(s, contract)| written(s, contract)).collect::<String>();
        rest += &format!(
            "[[plan.limit]]\nname = \"share\"\nwhere = {{ supplier = \"s0\" }}\nshare_max = {share}\n{}\
             [[plan.limit]]\nname = \"across\"\nwhere = {{ account = \"a0\" }}\nmax = {cap}\nmin = {floor}\n",
            dear.map_or(String::new(), |dear| format!("max_cost_per = {dear}\n"))
        );
        let answer = planned(&curves, budget, &rest);
        let holds = |spend: &[f64], cents: f64| {
            let whole: f64 = spend.iter().sum();
            let first = value(curves[0], spend[0]) + value(curves[1], spend[1]);
            let across = spend[0] + spend[2];
            paid(&contracts, spend) <= budget + cents
                && spend[0] + spend[1] <= share * whole + cents
                && across <= cap + cents && across >= floor - cents
                && dear.is_none_or(|dear| paid(&contracts, &spend[..2]) <= dear * first * (1.0 + 1e-6) + cents)
                && target.is_none_or(|target| kpi(spend) >= target * (1.0 - 1e-9))
        };
        let worth = |spend: &Vec<f64>| if target.is_some() { -paid(&contracts, spend) } else { kpi(spend) };
        let grid = grid(4, 24, 1.5 * budget).filter(|spend| holds(spend, 1e-6)).map(|spend| worth(&spend)).reduce(f64::max);
        let (Some(grid), Some(objective)) = (grid, answer.objective) else {
            prop_assert_eq!(grid, None, "{:?} {}", answer.conflict, rest);
            return Ok(());
        };
        prop_assert!(holds(&spends(&answer), 0.05), "{rest} {:?}", spends(&answer));
        let sign = if target.is_some() { -1.0 } else { 1.0 };
        let (bound, gap) = (sign * answer.bound.unwrap(), answer.gap.unwrap());
        prop_assert!(bound >= grid - 1e-9 * grid.abs(), "{rest} {bound} {grid}");
        prop_assert!(sign * objective >= grid - (1e-6 + gap) * bound.abs(), "{rest} {objective} {grid} {gap}");
        prop_assert!(gap <= 1e-2, "{rest} {gap}");
    }
}

/// The least spend was stated in face value where the budget was in cash, beside a bound in cash.
#[test]
fn the_objective_in_cash_is_in_cash() {
    let curves = [(10.0, 100.0, 0.5); 4];
    let contract = "[[plan.contract]]\nsupplier = \"s0\"\nrebate = [{ from = 0, rate = 0.05 }]\n";
    let across = "[[plan.limit]]\nname = \"across\"\nwhere = { account = \"a0\" }\nmax = 6000\n";
    for limit in ["", across] {
        let least = format!("budget_in = \"cash\"\ngoal = \"least_spend\"\ntarget = 203\n{contract}{limit}");
        let least = planned(&curves, 20_000.0, &least);
        assert_eq!((least.objective, least.status), (Some(least.budget.cash), Status::Optimal), "{limit}");
        let even = format!("budget_in = \"cash\"\ngoal = \"break_even\"\nvalue_per = 4.0\n{contract}{limit}");
        let even = planned(&curves, 20_000.0, &even);
        let worth = 4.0 * even.expected.unwrap().mean - even.budget.cash;
        assert!((even.objective.unwrap() - worth).abs() < 1e-6 && even.status == Status::Optimal, "{limit} {worth}");
    }
}

/// What is asked of an answer when a grid of plans is known: it is not below the best of them by more than its own gap, and
/// none of them is above its bound.
#[track_caller]
fn agrees(answer: &Answer, grid: Option<f64>, gap: f64) {
    let Some(grid) = grid else { return };
    let (objective, bound) = (answer.objective.expect("a plan"), answer.bound.expect("a bound"));
    assert!(bound >= grid * (1.0 - 1e-9), "a plan of {grid} is above the bound {bound}");
    let stated = answer.gap.unwrap();
    assert!(objective >= grid * (1.0 - 1e-6 - stated), "{objective} is below {grid} by more than the gap {stated}");
    assert!(stated <= gap, "gap {stated}");
}

fn spends(answer: &Answer) -> Vec<f64> {
    answer.lines.iter().map(|line| line.spend).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn the_number_of_active_lines_agrees_with_brute_force(
        curves in prop::collection::vec(some_hill(), 4..=5),
        most in 1..4usize,
        few in 1..3usize,
        budget in 20_000.0..90_000.0f64,
    ) {
        let budget = budget.round();
        let rest = format!(
            "[[plan.limit]]\nname = \"few\"\nmax_active = {most}\n[[plan.limit]]\nname = \"s0\"\n\
             where = {{ supplier = \"s0\" }}\nmax_active = {few}\nmax = {}", 0.6 * budget
        );
        let answer = planned(&curves, budget, &rest);
        let holds = |spend: &[f64]| {
            let active = |spend: &[f64]| spend.iter().filter(|x| **x > 0.0).count();
            spend.iter().sum::<f64>() <= budget * (1.0 + 1e-12)
                && active(spend) <= most && active(&spend[..2]) <= few && spend[0] + spend[1] <= 0.6 * budget + 1e-6
        };
        prop_assert!(holds(&spends(&answer)), "{:?}", spends(&answer));
        let steps = if curves.len() == 4 { 20 } else { 12 };
        agrees(&answer, brute_force(&curves, steps, budget, holds), 1e-4);
    }

    #[test]
    fn the_number_of_changed_lines_agrees_with_brute_force(
        curves in prop::collection::vec(some_hill(), 3..=4),
        most in 0..3usize,
        more in 0.6..1.6f64,
    ) {
        // what does not change stays in whole cents
        let references: Vec<f64> = curves.iter().map(|curve| (DAYS * curve.1 * 100.0).round() / 100.0).collect();
        let budget = (references.iter().sum::<f64>() * more).round();
        let rest = format!("[[plan.limit]]\nname = \"calm\"\nmax_changed = {most}");
        let answer = planned(&curves, budget, &rest);
        let changed = |spend: &[f64]| spend.iter().zip(&references).filter(|(x, y)| (*x - *y).abs() > 0.006).count();
        let grid = grid(curves.len(), if curves.len() == 3 { 40 } else { 18 }, 1.0).filter_map(|share| {
            // the last place of the grid stands for the reference, the others for shares of the budget
            let at = |(share, reference): (&f64, &f64)| if *share == 1.0 { *reference } else { share * budget };
            let spend: Vec<f64> = share.iter().zip(&references).map(at).collect();
            let fits = spend.iter().sum::<f64>() <= budget && changed(&spend) <= most;
            fits.then(|| curves.iter().zip(&spend).map(|(curve, x)| value(*curve, *x)).sum::<f64>())
        });
        let grid = grid.reduce(f64::max);
        if answer.status == Status::Conflict {
            prop_assert_eq!(grid, None);
            return Ok(());
        }
        prop_assert!(changed(&spends(&answer)) <= most, "{:?} {references:?}", spends(&answer));
        agrees(&answer, grid, 1e-3);
    }

    #[test]
    fn nested_limits_with_minimum_buys_and_lots_agree_with_brute_force(
        curves in prop::collection::vec(some_hill(), 4..=4),
        amount in 1..5usize,
        cap in 4..14usize,
        floor in 0..6usize,
        share in 0.3..0.8f64,
        crossing in any::<bool>(),
    ) {
        let (lot, budget) = (2_000.0, 40_000.0);
        let mut rest = format!(
            "[[plan.minimum_buy]]\namount = {}\nlot = {lot}\n[[plan.limit]]\nname = \"s0\"\n\
             where = {{ supplier = \"s0\" }}\nmax = {}\n[[plan.limit]]\nname = \"s1\"\nwhere = {{ supplier = \"s1\" }}\n\
             min = {}\n", amount as f64 * lot, cap as f64 * lot, floor as f64 * lot
        );
        if crossing {
            rest += &format!("[[plan.limit]]\nname = \"share\"\nwhere = {{ platform = \"c2\" }}\nshare_max = {share}\n");
        }
        let answer = planned(&curves, budget, &rest);
        let holds = |spend: &[f64]| {
            let whole: f64 = spend.iter().sum();
            whole <= budget
                && spend.iter().all(|x| *x == 0.0 || *x >= amount as f64 * lot - 1e-6)
                && spend[0] + spend[1] <= cap as f64 * lot + 1e-6
                && spend[2] + spend[3] >= floor as f64 * lot - 1e-6
                && (!crossing || spend[2] <= share * whole + 1e-6)
        };
        let grid = brute_force(&curves, 20, budget, holds);
        if answer.status == Status::Conflict {
            prop_assert_eq!(grid, None, "{:?}", answer.conflict);
            return Ok(());
        }
        prop_assert!(spends(&answer).iter().all(|x| (x / lot - (x / lot).round()).abs() < 1e-9), "{:?}", spends(&answer));
        prop_assert!(holds(&spends(&answer)), "{:?}", spends(&answer));
        // every spend in lots is on the grid: the plan is the best of them, to within its gap
        agrees(&answer, grid, 1.0);
        if !crossing {
            prop_assert!(answer.gap.unwrap() <= 1e-4, "{:?}", answer.gap);
        }
    }

    #[test]
    fn ceilings_on_the_average_cost_of_a_group_or_a_line_agree_with_brute_force(
        curves in prop::collection::vec(some_hill(), 4..=4),
        share in 0.5..1.5f64,
        cap in 0.4..1.2f64,
        alone in any::<bool>(),
        crossing in any::<bool>(),
    ) {
        let budget = 40_000.0;
        // around what the first supplier's lines cost when each gets a quarter
        let usual = 2.0 * budget / 4.0 / (value(curves[0], budget / 4.0) + value(curves[1], budget / 4.0));
        let (cost, cap) = ((usual * share * 100.0).round() / 100.0, (cap * budget).round());
        let mut rest = format!(
            "[[plan.limit]]\nname = \"dear\"\nwhere = {{ supplier = \"s0\" }}\nmax_cost_per = {cost}\neach = {alone}\nmax = {cap}\n"
        );
        if crossing {
            rest += "[[plan.limit]]\nname = \"share\"\nwhere = { platform = \"c1\" }\nshare_max = 0.4\n";
        }
        let answer = planned(&curves, budget, &rest);
        let keeps = |spend: f64, kpi: f64| spend <= cost * kpi * (1.0 + 1e-6) + 0.011;
        let holds = |spend: &[f64]| {
            let whole: f64 = spend.iter().sum();
            let kpi: Vec<f64> = (0..2).map(|line| value(curves[line], spend[line])).collect();
            let together = keeps(spend[0] + spend[1], kpi[0] + kpi[1]) && spend[0] + spend[1] <= cap + 1e-6;
            let each = (0..2).all(|line| keeps(spend[line], kpi[line]) && spend[line] <= cap + 1e-6);
            whole <= budget + 1e-6 && if alone { each } else { together }
                && (!crossing || spend[1] <= 0.4 * whole + 0.011)
        };
        prop_assert!(holds(&spends(&answer)), "{rest} {:?}", spends(&answer));
        agrees(&answer, brute_force(&curves, 24, budget, holds), if crossing { 1.0 } else { 1e-3 });
    }

    #[test]
    fn a_ceiling_on_the_last_ones_cost_is_kept_where_it_is_asked_for(
        curves in prop::collection::vec(some_hill(), 3..=3), ceiling in 20.0..200.0f64,
    ) {
        let rest = format!("[[plan.limit]]\nname = \"dear\"\nwhere = {{ supplier = \"s0\" }}\nmax_marginal_cost = {ceiling}");
        let answer = planned(&curves, 200_000.0, &rest);
        for line in answer.lines.iter().filter(|line| line.supplier.as_deref() == Some("s0") && line.spend > 0.0) {
            prop_assert!(line.marginal_cost.unwrap() <= ceiling * (1.0 + 1e-6), "{line:?}");
        }
    }
}

/// A reference of a fraction of a cent made "no cuts" and "one change" contradict each other by a cent.
#[test]
fn what_stays_as_it_is_is_neither_cut_nor_changed() {
    let curves = [(100.0, 333.33344, 1.0), (60.0, 250.00011, 1.0), (80.0, 200.0, 1.0)];
    let calm = "[[plan.limit]]\nname = \"no cuts\"\neach = true\ncut_at_most = 0.0\n\
                [[plan.limit]]\nname = \"calm\"\nmax_changed = 1";
    let answer = planned(&curves, 30_000.0, calm);
    assert_eq!(answer.status, Status::Optimal, "{:?}", answer.conflict);
    let references = curves.map(|(_, half, _)| (DAYS * half * 100.0).round() / 100.0);
    let changed = answer.lines.iter().zip(references).filter(|(line, reference)| line.spend != *reference);
    assert_eq!(changed.count(), 1);
}

/// Limits that may contradict each other, with room to give.
#[derive(Clone, Debug)]
struct Tight {
    budget: f64,
    /// Least of the first supplier's lines, most of both, least of the second's.
    floor: f64,
    cap: f64,
    other_floor: f64,
    amount: f64,
    lot: f64,
    active: usize,
}

impl Tight {
    fn text(&self) -> String {
        format!(
            "[[plan.limit]]\nname = \"floor\"\nwhere = {{ supplier = \"s0\" }}\nmin = {}\n\
             [[plan.limit]]\nname = \"cap\"\nmax = {}\n\
             [[plan.limit]]\nname = \"other\"\nwhere = {{ supplier = \"s1\" }}\nmin = {}\n\
             [[plan.limit]]\nname = \"few\"\nmax_active = {}\n\
             [[plan.minimum_buy]]\namount = {}\nlot = {}\n",
            self.floor.max(0.0),
            self.cap,
            self.other_floor.max(0.0),
            self.active,
            self.amount,
            self.lot
        )
    }

    fn eased(&self, limit: &str, by: f64) -> Tight {
        let mut eased = self.clone();
        match limit {
            "budget" => eased.budget += by,
            "floor" => eased.floor -= by,
            "cap" => eased.cap += by,
            "other" => eased.other_floor -= by,
            "few" => eased.active += by as usize,
            "minimum buy" => {
                eased.amount = (eased.amount - by).max(0.01);
                // a lot that gives way is no lot
                eased.lot = 0.01;
            }
            other => panic!("nobody wrote `{other}`"),
        }
        eased
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6))]

    #[test]
    fn every_conflict_is_mended_by_what_it_says(
        curves in prop::collection::vec(some_hill(), 4..=4),
        figures in (10_000.0..40_000.0f64, 0.0..40_000.0f64, 5_000.0..50_000.0f64, 0.0..40_000.0f64),
        buying in (500.0..30_000.0f64, 100.0..9_000.0f64),
        active in 1..4usize,
    ) {
        let (budget, floor, cap, other) = figures;
        let tight = Tight {
            budget: budget.round(), floor: floor.round(), cap: cap.round(), other_floor: other.round(),
            amount: buying.0.round(), lot: buying.1.round(), active,
        };
        let answer = planned(&curves, tight.budget, &tight.text());
        let Some(conflict) = answer.conflict else { return Ok(()) };
        prop_assert!(!conflict.relax.is_empty(), "{conflict:?}");
        prop_assert!(conflict.limits.len() > 1 || conflict.limits == ["minimum buy"], "{conflict:?}");
        let eased = conflict.relax.iter().fold(tight.clone(), |tight, relax| tight.eased(&relax.limit, relax.by));
        let mended = planned(&curves, eased.budget, &eased.text());
        prop_assert!(mended.conflict.is_none(), "{tight:?} eased by {:?}: {:?}", conflict.relax, mended.conflict);
    }
}
