//! What each day of a plan weighs for a line: its weekday, the season of its model, and events.

use jiff::civil::Date;

use crate::check::{Error, Finding};
use crate::fit::store::season_sum;
use crate::fit::{Fitted, Season};
use crate::panel::Panel;
use crate::plan::rules::{Rules, plus};
use crate::settings::{PlanSettings, Weights};
use crate::units::Grain;

/// Days of history that weekdays are weighed by: eight weeks.
const HISTORY: usize = 56;
/// Fewest reported days, with spend, that tell a weekday from another.
const LEAST_HISTORY: usize = 14;

/// Weekday weights of each channel from its last eight weeks, where the settings ask for them: mean spend of the weekday
/// over the mean of all, Monday first.
///
/// # Errors
///
/// [`crate::check::Kind::Settings`] without a panel of days.
pub(in crate::plan) fn history(
    settings: &PlanSettings,
    fitted: &Fitted,
    panel: Option<&Panel>,
    findings: &mut Vec<Finding>,
) -> Result<Vec<Option<[f64; 7]>>, Error> {
    if settings.rules.daily.weights != Weights::History {
        return Ok(vec![None; fitted.channels.len()]);
    }
    let Some(panel) = panel.filter(|panel| panel.grain == Grain::Day) else {
        let message = "`history` needs days of the past, which a model file and a panel of weeks do not have";
        let help = "write the weights as `weekday = [1, 1, 1, 1, 1, 1.2, 1.2]`, Monday to Sunday";
        return Err(Error::setting("plan.daily.weights", message).help(help));
    };
    let weights: Vec<_> = fitted.channels.iter().map(|fit| weekdays(panel, &fit.channel.label)).collect();
    let short = fitted.channels.iter().zip(&weights).filter(|(_, weights)| weights.is_none());
    findings.extend(short.map(|(fit, _)| {
        let message =
            format!("fewer than {LEAST_HISTORY} days with spend among its last {HISTORY}: all weekdays weigh the same");
        Finding::review("plan.weekdays", &fit.channel.label, message, "")
    }));
    Ok(weights)
}

fn weekdays(panel: &Panel, channel: &str) -> Option<[f64; 7]> {
    let row = panel.channels.iter().position(|known| known.label == channel)?;
    let reported = (0..panel.periods.len()).rev().filter(|day| panel.reported[[row, *day]]).take(HISTORY);
    let days: Vec<(usize, f64)> = reported.map(|day| (weekday(panel.periods[day]), panel.spend[[row, day]])).collect();
    if days.iter().filter(|(_, spend)| *spend > 0.0).count() < LEAST_HISTORY {
        return None;
    }
    let all = days.iter().map(|(_, spend)| spend).sum::<f64>() / days.len() as f64;
    let mean = |wanted: usize| {
        let of: Vec<f64> = days.iter().filter(|(day, _)| *day == wanted).map(|(_, spend)| spend / all).collect();
        if of.is_empty() { 1.0 } else { crate::math::mean(&of) }
    };
    Some(std::array::from_fn(mean))
}

/// 0 for Monday to 6 for Sunday.
fn weekday(day: Date) -> usize {
    day.weekday().to_monday_zero_offset().unsigned_abs().into()
}

/// The weight of each day on which a line runs.
pub(super) fn weights(rules: &Rules, line: usize, season: &Season) -> Vec<f64> {
    let daily = &rules.settings.rules.daily;
    let live = rules.live[line];
    let weekdays = rules.weekdays[line].or(daily.weekday);
    let weight = |day: Date| {
        let of_weekday = weekdays.map_or(1.0, |weights| weights[weekday(day)]);
        let of_season = if daily.season { season_of(season, rules.grain, day) } else { 1.0 };
        let events = daily.events.iter().filter(|(event, _)| (event.start..=event.end).contains(&day));
        of_weekday * of_season * events.map(|(_, weight)| weight).product::<f64>()
    };
    let weights: Vec<f64> = (0..live.days).map(|day| weight(plus(rules.settings.start, live.offset + day))).collect();
    // a line whose every day weighs nothing would have nowhere to spend: then all days weigh the same
    if weights.iter().all(|weight| *weight <= 0.0) { vec![1.0; weights.len()] } else { weights }
}

/// The season factor of the period that a day is in; 1 without season.
fn season_of(season: &Season, grain: Grain, day: Date) -> f64 {
    season_sum(season, grain, day, 1).map_or(1.0, |part| part * f64::from(grain.days()))
}
