//! Line by line: what its curve and its days did, and what its spend did.

use std::collections::BTreeSet;

use serde::Serialize;

use super::value::State;
use crate::math::shapley::shapley;

/// One line in both runs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LineChange {
    /// The channel.
    pub channel: String,
    /// Spend in the other run; absent where it has no such line.
    pub spend_before: Option<f64>,
    /// Spend in this one.
    pub spend_after: Option<f64>,
    /// Expected KPI in the other run; absent without a curve.
    pub expected_before: Option<f64>,
    /// Expected KPI in this one.
    pub expected_after: Option<f64>,
    /// Of its change, what another curve or other days did.
    pub by_model: f64,
    /// Of its change, what another spend did.
    pub by_spend: f64,
    /// Limits that hold it now and did not before.
    pub newly_held: Vec<String>,
}

pub(super) fn changes(old: &State, new: &State) -> Vec<LineChange> {
    let labels: BTreeSet<&str> = old.labels().chain(new.labels()).collect();
    labels.into_iter().map(|label| change(label, old, new)).collect()
}

fn change(label: &str, old: &State, new: &State) -> LineChange {
    let (before, after) = (old.line(label), new.line(label));
    let spend = |side: Option<&crate::plan::Line>| side.map_or(0.0, |line| line.spend);
    let value = |done: usize| {
        let model = if done & 1 == 1 { new } else { old };
        model.at(label, if done >> 1 == 1 { spend(after) } else { spend(before) }, model)
    };
    let parts = shapley(2, value);
    let held = |line: &crate::plan::Line| line.limited_by.clone();
    let earlier = before.map(held).unwrap_or_default();
    LineChange {
        channel: label.to_owned(),
        spend_before: before.map(|line| line.spend),
        spend_after: after.map(|line| line.spend),
        expected_before: before.and_then(|line| line.expected).map(|expected| expected.mean),
        expected_after: after.and_then(|line| line.expected).map(|expected| expected.mean),
        by_model: parts[0],
        by_spend: parts[1],
        newly_held: after.map(held).unwrap_or_default().into_iter().filter(|limit| !earlier.contains(limit)).collect(),
    }
}
