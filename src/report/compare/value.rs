//! A run's expected KPI and cash as functions of what stands behind them.

use std::collections::{BTreeMap, BTreeSet};

use super::Side;
use crate::fit::ChannelFit;
use crate::fit::store::season_sum;
use crate::plan;
use crate::report::figures;
use crate::units::Grain;

/// What stands behind one run's figures.
pub(super) struct State<'a> {
    lines: BTreeMap<&'a str, Line<'a>>,
    grain: Grain,
    start: Option<jiff::civil::Date>,
    days: u32,
    /// Spend of lines with a curve, and of all.
    with_curve: f64,
    spend: f64,
    /// The plan's own figures.
    pub(super) cash: f64,
    pub(super) expected: f64,
}

struct Line<'a> {
    plan: &'a plan::Line,
    fit: Option<&'a ChannelFit>,
    /// ρ: what the plan expects ÷ what the steady state gives at its spend.
    beside: f64,
}

impl<'a> State<'a> {
    pub(super) fn of(side: Side<'a>) -> State<'a> {
        let answer = side.answer;
        let fits: BTreeMap<&str, &ChannelFit> =
            side.fitted.channels.iter().map(|fit| (fit.channel.label.as_str(), fit)).collect();
        let fit = |line: &plan::Line| fits.get(line.channel.as_str()).copied().filter(|_| line.expected.is_some());
        let lines = answer.lines.iter().map(|plan| (plan.channel.as_str(), Line { plan, fit: fit(plan), beside: 1.0 }));
        let date = |text: &str| text.parse::<jiff::civil::Date>().ok();
        let (start, end) = (date(&answer.period.start), date(&answer.period.end));
        let days = start.zip(end).and_then(|(start, end)| start.until(end).ok()).map_or(0, |span| span.get_days() + 1);
        let mut state = State {
            lines: lines.collect(),
            grain: side.fitted.grain,
            start,
            days: u32::try_from(days).unwrap_or(0),
            with_curve: answer.lines.iter().filter(|line| line.expected.is_some()).map(|line| line.spend).sum(),
            spend: answer.lines.iter().map(|line| line.spend).sum(),
            cash: answer.budget.cash,
            expected: answer.lines.iter().filter_map(|line| line.expected.map(|expected| expected.mean)).sum(),
        };
        state.set_beside(answer.period.periods);
        state
    }

    /// ρ of each line, from the figure that its plan tells.
    fn set_beside(&mut self, periods: f64) {
        let (grain, start, days) = (self.grain, self.start, self.days);
        for line in self.lines.values_mut() {
            let Some((fit, curve)) = line.fit.and_then(|fit| Some((fit, fit.curve.as_ref().ok()?))) else { continue };
            let told = figures::response_periods(line.plan, fit, curve, periods);
            line.beside = told / season(fit, grain, start, days);
        }
    }

    pub(super) fn labels(&self) -> impl Iterator<Item = &'a str> + '_ {
        self.lines.keys().copied()
    }

    pub(super) fn line(&self, label: &str) -> Option<&'a plan::Line> {
        self.lines.get(label).map(|line| line.plan)
    }

    /// Expected KPI of a line's curve at spend `x` over the days of `period`.
    pub(super) fn at(&self, label: &str, x: f64, period: &State) -> f64 {
        let Some((line, fit)) = self.lines.get(label).and_then(|line| Some((line, line.fit?))) else { return 0.0 };
        let Ok(curve) = &fit.curve else { return 0.0 };
        let periods = f64::from(period.days) / f64::from(self.grain.days());
        line.beside * season(fit, self.grain, period.start, period.days) * curve.mean(x / periods)
    }

    /// A line's share of what is spent on lines with a curve.
    fn share(&self, label: &str) -> f64 {
        let line = self.lines.get(label).filter(|line| line.plan.expected.is_some());
        line.map_or(0.0, |line| line.plan.spend / self.with_curve)
    }
}

/// S: season factors over the days; as many as there are periods where the season does not reach so far.
fn season(fit: &ChannelFit, grain: Grain, start: Option<jiff::civil::Date>, days: u32) -> f64 {
    let periods = f64::from(days) / f64::from(grain.days());
    start.and_then(|start| season_sum(&fit.season, grain, start, days).ok()).unwrap_or(periods)
}

fn distinct<'a>(labels: impl Iterator<Item = &'a str>) -> BTreeSet<&'a str> {
    labels.collect()
}

/// V of [`super`]: curves, days, money and mix, each of either run.
pub(super) fn expected<'a>(labels: impl Iterator<Item = &'a str>, [model, period, money, mix]: [&State; 4]) -> f64 {
    let of = |label: &str| model.at(label, money.with_curve * finite(mix.share(label)), period);
    distinct(labels).into_iter().map(of).sum()
}

/// C of [`super`]: money, mix and what a unit of face value costs, each of either run. A line that a run lacks costs what
/// it costs in the other.
pub(super) fn cash<'a>(labels: impl Iterator<Item = &'a str>, money: &State, mix: &State, prices: &State) -> f64 {
    let rate = |state: &State, label: &str| {
        let line = state.line(label).filter(|line| line.spend > 0.0);
        line.map(|line| line.cash / line.spend)
    };
    let of = |label: &str| {
        let share = mix.line(label).map_or(0.0, |line| line.spend / mix.spend);
        money.spend * finite(share) * rate(prices, label).or(rate(mix, label)).unwrap_or(1.0)
    };
    distinct(labels).into_iter().map(of).sum()
}

/// Nothing of nothing is nothing.
fn finite(share: f64) -> f64 {
    if share.is_finite() { share } else { 0.0 }
}
