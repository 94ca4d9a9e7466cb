//! What the plans that the models would have made were worth.

use serde::Serialize;

use crate::fit::{ChannelFit, Fitted};
use crate::panel::Panel;
use crate::plan;
use crate::settings::{BudgetIn, Goal, Limit, Settings};

/// A plan at an origin for the money that was spent after it, against what was done, by the curves of the whole history.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PlanWorth {
    /// First day of the window.
    pub start: String,
    /// Last day.
    pub end: String,
    /// Spend of the channels with a curve, then as a budget.
    pub budget: f64,
    /// KPI of the plan.
    pub plan: f64,
    /// KPI of the spends as they were.
    pub as_spent: f64,
    /// KPI of the budget shared out by the registrations of the last window; absent where only their total is known.
    pub by_registrations: Option<f64>,
}

/// The worth of the plan at `origin`; `None` without `[plan]` or where the limits allow no plan.
///
/// What would have come is not known; the judge is the mean of the curves that the whole history gives, which the plan's own
/// models have not seen all of. Limits in amounts of money belong to another budget and are left out.
pub(super) fn of(
    panel: &Panel,
    fitted: &Fitted,
    judge: &Fitted,
    settings: &Settings,
    origin: usize,
    length: usize,
) -> Option<PlanWorth> {
    let mut wanted = settings.plan.clone()?;
    let known: Vec<(&ChannelFit, &ChannelFit, usize)> = fitted
        .channels
        .iter()
        .filter(|fit| fit.curve.is_ok())
        .filter_map(|fit| {
            let judge = judge.channels.iter().find(|other| other.channel == fit.channel && other.curve.is_ok())?;
            let place = panel.channels.iter().position(|channel| *channel == fit.channel)?;
            Some((fit, judge, place))
        })
        .collect();
    let total = |place: usize, from: usize, array: &ndarray::Array2<f64>| {
        (from..from + length).map(|t| array[[place, t]]).sum::<f64>()
    };
    let spent: Vec<f64> = known.iter().map(|(_, _, place)| total(*place, origin, &panel.spend)).collect();
    let last: Vec<f64> =
        known.iter().map(|(_, _, place)| total(*place, origin.saturating_sub(length), &panel.kpi_count)).collect();
    let (budget, registrations): (f64, f64) = (spent.iter().sum(), last.iter().sum());
    if known.is_empty() || !(budget > 0.0) || !(registrations > 0.0 || panel.total.is_some()) {
        return None;
    }
    wanted.start = panel.periods[origin];
    wanted.end = panel.last_day(origin + length - 1);
    (wanted.budget, wanted.budget_in, wanted.goal, wanted.target) = (budget, BudgetIn::Face, Goal::Most, None);
    (wanted.frontier, wanted.contracts, wanted.minimum_buys) = (Vec::new(), Vec::new(), Vec::new());
    wanted.limits.retain(relative);
    let own = Fitted { channels: known.iter().map(|(fit, _, _)| (*fit).clone()).collect(), ..fitted.clone() };
    let answer = plan::scenarios(&own, &wanted, settings.project.currency).ok()?;
    let periods = length as f64;
    let worth = |spends: &[f64]| -> f64 {
        let one = |((_, judge, _), spend): (&(&ChannelFit, &ChannelFit, usize), &f64)| {
            judge.curve.as_ref().map_or(0.0, |curve| periods * curve.mean(spend / periods))
        };
        known.iter().zip(spends).map(one).sum()
    };
    let planned: Vec<f64> = answer.lines.iter().map(|line| line.spend).collect();
    (planned.len() == known.len()).then(|| PlanWorth {
        start: wanted.start.to_string(),
        end: wanted.end.to_string(),
        budget,
        plan: worth(&planned),
        as_spent: worth(&spent),
        by_registrations: (registrations > 0.0)
            .then(|| worth(&last.iter().map(|kpi| budget * kpi / registrations).collect::<Vec<_>>())),
    })
}

fn relative(limit: &Limit) -> bool {
    limit.min.is_none() && limit.max.is_none() && limit.fixed.is_none()
}
