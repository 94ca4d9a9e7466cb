//! Lines cut into the accounts and departments that they are made of, so that parts add up to the whole exactly.
//!
//! A piece has its share of the line's money by spend in the window, and of each step by that step's own counts; where
//! only some of the pieces report a step, by the KPI's counts, and else by spend. The plan decides per line: what it
//! gives to a line is handed on in these shares.

use std::collections::BTreeMap;

use super::funnel::{Funnel, named, sum};
use super::joint::Line;
use super::{STAGES, place};
use crate::math::mean;
use crate::plan::{self, Answer, cash::cash};
use crate::report::Results;
use crate::unify::Entry;
use crate::units::{Field, Measure, Micros};

/// A part of a line that stands for one platform, supplier, account and department.
pub(super) struct Piece {
    /// The plan line.
    pub(super) line: usize,
    /// Its names by [`Field::index`]; the campaign only where lines tell it.
    pub(super) names: [Option<String>; 5],
    /// Cents of face value and of cash, under the plan and under the reference.
    pub(super) spend: Pair,
    pub(super) cash: Pair,
    /// Mean of each step in millionths.
    pub(super) means: [Pair; STAGES.len()],
    /// Share of the line's draws of each step.
    pub(super) shares: [f64; STAGES.len()],
}

/// A whole number under the plan and under the reference.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Pair {
    pub(super) plan: i64,
    pub(super) reference: i64,
}

impl std::ops::AddAssign for Pair {
    fn add_assign(&mut self, other: Pair) {
        self.plan += other.plan;
        self.reference += other.reference;
    }
}

/// `whole` in parts by their weights, which add up to it exactly: the largest remainders take what rounding leaves.
///
/// Equal parts where no weight is above 0.
pub(crate) fn apportioned(whole: i64, weights: &[f64]) -> Vec<i64> {
    let sum: f64 = weights.iter().sum();
    let share = |weight: f64| if sum > 0.0 { weight / sum } else { 1.0 / weights.len() as f64 };
    let exact: Vec<f64> = weights.iter().map(|weight| whole as f64 * share(*weight)).collect();
    let mut parts: Vec<i64> = exact.iter().map(|part| part.floor() as i64).collect();
    let mut order: Vec<usize> = (0..parts.len()).collect();
    order.sort_by(|a, b| (exact[*b] - exact[*b].floor()).total_cmp(&(exact[*a] - exact[*a].floor())));
    let left = whole - parts.iter().sum::<i64>();
    let step = left.signum();
    order.iter().cycle().take(left.unsigned_abs() as usize).for_each(|part| parts[*part] += step);
    parts
}

/// The pieces of all lines, line by line.
pub(super) fn all(results: &Results, answer: &Answer, funnels: &[Funnel], lines: &[Line]) -> Vec<Piece> {
    let reference_cash = reference_cash(results, answer);
    let kpi = STAGES[place(results.fitted.kpi.measure())];
    let cut = |line: usize| {
        let planned = &answer.lines[line];
        let money = [
            Pair { plan: cents(planned.spend), reference: cents(planned.reference_spend) },
            Pair { plan: cents(planned.cash), reference: reference_cash[line] },
        ];
        pieces(line, planned, &funnels[line], &lines[line], kpi, money)
    };
    (0..answer.lines.len()).flat_map(cut).collect()
}

fn pieces(
    at: usize,
    planned: &plan::Line,
    funnel: &Funnel,
    line: &Line,
    kpi: Measure,
    [spend, cash]: [Pair; 2],
) -> Vec<Piece> {
    let groups = groups(planned, funnel);
    let by_spend: Vec<f64> = groups.values().map(|rows| sum(rows.iter(), Measure::Spend).unwrap_or(0.0)).collect();
    let money = |pair: Pair| in_parts(pair, &by_spend);
    let (spend, cash) = (money(spend), money(cash));
    let weights = STAGES.map(|stage| weights(&groups, stage, kpi, &by_spend));
    let means: Vec<Vec<Pair>> =
        (0..STAGES.len()).map(|stage| in_parts(millionths(line, stage), &weights[stage])).collect();
    let names = groups.keys().cloned().enumerate();
    let piece = |(part, names): (usize, [Option<String>; 5])| Piece {
        line: at,
        names,
        spend: spend[part],
        cash: cash[part],
        means: std::array::from_fn(|stage| means[stage][part]),
        shares: std::array::from_fn(|stage| share(&weights[stage], part)),
    };
    names.map(piece).collect()
}

type Groups<'a> = BTreeMap<[Option<String>; 5], Vec<&'a Entry>>;

/// A line's rows by whom they belong to; the line's own names stand above the rows'.
fn groups<'a>(planned: &plan::Line, funnel: &'a Funnel) -> Groups<'a> {
    let own = [&planned.platform, &planned.supplier, &planned.account, &planned.campaign];
    let name = |field: Field, entry: Option<&Entry>| {
        let line = own.get(field.index()).and_then(|name| name.as_ref());
        let row = entry.filter(|_| field != Field::Campaign).and_then(|entry| named(entry, field));
        line.cloned().or(row)
    };
    let mut groups = Groups::new();
    for entry in &funnel.rows.0 {
        groups.entry(Field::ALL.map(|field| name(field, Some(entry)))).or_default().push(entry);
    }
    if groups.is_empty() {
        groups.insert(Field::ALL.map(|field| name(field, None)), Vec::new());
    }
    groups
}

fn weights(groups: &Groups, stage: Measure, kpi: Measure, by_spend: &[f64]) -> Vec<f64> {
    let counts = |measure: Measure| -> Option<Vec<f64>> {
        let counts: Option<Vec<f64>> = groups.values().map(|rows| sum(rows.iter(), measure)).collect();
        counts.filter(|counts| counts.iter().sum::<f64>() > 0.0)
    };
    counts(stage).or_else(|| counts(kpi)).unwrap_or_else(|| by_spend.to_vec())
}

fn share(weights: &[f64], part: usize) -> f64 {
    let sum: f64 = weights.iter().sum();
    if sum > 0.0 { weights[part] / sum } else { 1.0 / weights.len() as f64 }
}

/// A pair in parts by weights, each side adding up to its whole.
pub(super) fn in_parts(pair: Pair, weights: &[f64]) -> Vec<Pair> {
    let (plan, reference) = (apportioned(pair.plan, weights), apportioned(pair.reference, weights));
    plan.into_iter().zip(reference).map(|(plan, reference)| Pair { plan, reference }).collect()
}

fn millionths(line: &Line, stage: usize) -> Pair {
    let exact = |states: &[f64]| Micros::from_f64(mean(states)).map_or(0, Micros::get);
    let step = line.steps[stage].as_ref();
    step.map(|step| Pair { plan: exact(&step.plan), reference: exact(&step.reference) }).unwrap_or_default()
}

/// Whole cents of an amount.
fn cents(amount: f64) -> i64 {
    (amount * 100.0).round() as i64
}

/// What the reference would cost each line in cash, in cents: under its supplier's contract, by its share of the
/// supplier's face value.
fn reference_cash(results: &Results, answer: &Answer) -> Vec<i64> {
    let contracts = results.settings.plan.iter().flat_map(|plan| &plan.contracts);
    let mut paid: Vec<i64> = answer.lines.iter().map(|line| cents(line.reference_spend)).collect();
    for contract in contracts {
        let of_supplier = |at: &usize| answer.lines[*at].supplier.as_deref() == Some(contract.supplier.as_str());
        let lines: Vec<usize> = (0..paid.len()).filter(of_supplier).collect();
        let faces: Vec<f64> = lines.iter().map(|at| answer.lines[*at].reference_spend).collect();
        let whole = cents(cash(faces.iter().sum(), Some(contract)));
        if !lines.is_empty() {
            lines.iter().zip(apportioned(whole, &faces)).for_each(|(at, part)| paid[*at] = part);
        }
    }
    paid
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn parts_add_up_to_the_whole(whole in 0i64..1_000_000_000_000, weights in prop::collection::vec(0.0..1e6f64, 1..40)) {
            let parts = apportioned(whole, &weights);
            prop_assert_eq!(parts.iter().sum::<i64>(), whole);
            prop_assert!(parts.iter().all(|part| *part >= 0));
        }
    }

    #[test]
    fn parts_go_by_weight_and_the_largest_remainder_takes_the_rest() {
        assert_eq!(apportioned(100, &[1.0, 1.0, 1.0]), [34, 33, 33]);
        assert_eq!(apportioned(10, &[0.0, 3.0, 1.0]), [0, 8, 2]);
        assert_eq!(apportioned(7, &[0.0, 0.0]), [4, 3]);
    }
}
