//! What a new fit changed, curve by curve, and what in the data did it.

use super::{ChannelFit, Fitted};
use crate::check::Finding;
use crate::math::{mean, quantile};
use crate::panel::Panel;

/// Change of the response at reference spend from which on it is said as one.
const LEAST_CHANGE: f64 = 0.05;

/// A finding a channel: how its curve moved at today's reference spend, and how the periods that are new since compare with
/// what the earlier curve said of them.
pub fn all(before: &Fitted, after: &Fitted, panel: &Panel) -> Vec<Finding> {
    let one = |fit: &ChannelFit| {
        let earlier = before.channels.iter().find(|earlier| earlier.channel == fit.channel);
        of_channel(earlier, fit, before, panel)
    };
    let mut findings: Vec<Finding> = after.channels.iter().map(one).collect();
    let gone = before.channels.iter().filter(|old| after.channels.iter().all(|fit| fit.channel != old.channel));
    findings.extend(gone.map(|old| {
        let advice = "nothing if it was stopped; otherwise look for its exports";
        Finding::review("fit.change", &old.channel.label, "in the earlier model and no longer in the data", advice)
    }));
    findings
}

/// # What it does
/// Says how far a curve moved since the earlier model, and what did it.
/// # Why it matters
/// A plan follows its curves: a jump that two weeks of data do not explain would swing the budget for nothing.
/// # Threshold
/// Review when the response at reference spend moves by 5 % and leaves the earlier 90 % interval.
/// # What to do
/// Look at what the new periods did; where the earlier ones were restated, at the exports.
fn of_channel(earlier: Option<&ChannelFit>, fit: &ChannelFit, before: &Fitted, panel: &Panel) -> Finding {
    let (check, label) = ("fit.change", fit.channel.label.as_str());
    let advice = "look at what the new periods did before the plan follows";
    let (old, new) = match (earlier.map(|earlier| &earlier.curve), &fit.curve) {
        (None, _) => return Finding::pass(check, label, "new since the earlier model"),
        (Some(Err(_)), Err(_)) => return Finding::pass(check, label, "without a curve, as before"),
        (Some(Ok(_)), Err(reason)) => {
            return Finding::review(check, label, format!("its curve is gone: {reason}"), advice);
        }
        (Some(Err(reason)), Ok(_)) => {
            return Finding::review(check, label, format!("has a curve now; before: {reason}"), advice);
        }
        (Some(Ok(old)), Ok(new)) => (old, new),
    };
    let spend = fit.reference_spend;
    let states = old.at_each(spend);
    let (was, now) = (mean(&states), new.mean(spend));
    let change = now / was - 1.0;
    let cost = |slope: f64| if slope > 0.0 { format!("{:.2}", 1.0 / slope) } else { "–".into() };
    let moved = format!(
        "KPI at reference spend {was:.2} → {now:.2} ({:+.1} %), the last KPI costs {} → {}",
        100.0 * change,
        cost(old.marginal(spend)),
        cost(new.marginal(spend))
    );
    let message = format!("{moved}; {}", cause(earlier.unwrap_or(fit), fit, before, panel));
    let outside = !(quantile(&states, 0.05)..=quantile(&states, 0.95)).contains(&now);
    if change.abs() >= LEAST_CHANGE && outside {
        return Finding::review(check, label, message, advice);
    }
    Finding::pass(check, label, message)
}

/// What is new in the data: periods since the earlier model against what its curve said of them, or restated ones.
fn cause(earlier: &ChannelFit, fit: &ChannelFit, before: &Fitted, panel: &Panel) -> String {
    let place = panel.channels.iter().position(|channel| *channel == fit.channel);
    let (Some(channel), Some(until), Ok(curve)) = (place, before.until, &earlier.curve) else {
        return "the earlier model does not say up to when it knew".into();
    };
    let first = panel.periods.partition_point(|period| *period <= until);
    if panel.total.is_some() {
        let count = panel.periods.len() - first;
        return format!("{count} new periods, of which the total alone is known");
    }
    let counted: Vec<usize> = (first..panel.periods.len()).filter(|t| panel.counted[[channel, *t]]).collect();
    let factor = |t: usize| earlier.season.get(&panel.periods[t]).copied().unwrap_or(1.0);
    let said: f64 = counted.iter().map(|t| factor(*t) * curve.mean(panel.spend[[channel, *t]])).sum();
    let came: f64 = counted.iter().map(|t| panel.kpi_count[[channel, *t]]).sum();
    let unchanged = first > 0 && panel.until(first).sha256 == before.panel_sha256;
    let restated = if unchanged { "" } else { "; earlier periods or channels were restated, too" };
    if counted.is_empty() || !(said > 0.0) {
        return format!("no new periods{restated}");
    }
    let count = counted.len();
    format!("{count} new periods brought {:+.1} % against the earlier curve{restated}", 100.0 * (came / said - 1.0))
}
