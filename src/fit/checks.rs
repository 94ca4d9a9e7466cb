//! Whether data can carry a curve, and whether a curve can be believed.

use super::regress::Elasticity;
use super::{ChannelFit, Diagnostics};
use crate::check::Finding;
use crate::settings::Event;
use crate::units::Grain;

/// Days with spend and KPI that a curve needs at day grain.
pub const LEAST_DAYS: usize = 60;
/// Weeks with spend and KPI that a curve needs at week grain.
pub const LEAST_WEEKS: usize = 26;
/// Standard errors that the elasticity must stand above zero.
pub const LEAST_ERRORS: f64 = 3.3;
/// Share of the KPI's deviance that spend must explain.
pub const LEAST_EXPLAINED: f64 = 0.03;
/// Pareto shape above which importance weights are not to be trusted.
pub const LARGEST_K: f64 = 0.7;

/// # What it does
/// Refuses a curve to a channel with too few usable periods: reported, with spend and with KPI.
/// # Why it matters
/// A curve has four parameters and the noise a fifth; over a few weeks they say what the prior said.
/// # Threshold
/// [`LEAST_DAYS`] days or [`LEAST_WEEKS`] weeks.
/// # What to do
/// Wait, or give the channel a curve by hand in a model file.
///
/// # Errors
///
/// The reason, as it stands in the model file.
pub fn enough_periods(usable: usize, grain: Grain) -> Result<(), String> {
    let (needed, word) = match grain {
        Grain::Day => (LEAST_DAYS, "days"),
        Grain::Week => (LEAST_WEEKS, "weeks"),
    };
    if usable < needed { Err(format!("{usable} usable {word} of {needed} needed")) } else { Ok(()) }
}

/// # What it does
/// Refuses a curve to a channel whose KPI does not follow its spend.
/// # Why it matters
/// A curve fitted there is flat within its noise, and a plan that trusts it moves money for nothing.
/// # Threshold
/// The elasticity of the log-linear regression stands [`LEAST_ERRORS`] standard errors above zero, and spend explains
/// [`LEAST_EXPLAINED`] of the KPI's deviance.
/// # What to do
/// Vary the budget on purpose for some weeks, and look whether the KPI follows.
///
/// # Errors
///
/// The reason, as it stands in the model file.
pub fn spend_explains(found: Option<Elasticity>, kpi: &str) -> Result<Elasticity, String> {
    let Some(found) = found else {
        return Err("spend never varies, so a curve cannot be told from a flat line".into());
    };
    let explained = 100.0 * found.explained;
    let Elasticity { value, error, .. } = found;
    if value < LEAST_ERRORS * error {
        return Err(format!(
            "spend explains nothing: elasticity {value:.2} ± {error:.2} cannot be told from zero, \
             {explained:.1} % of the variation in {kpi}"
        ));
    }
    if found.explained < LEAST_EXPLAINED {
        let needed = 100.0 * LEAST_EXPLAINED;
        return Err(format!("spend explains {explained:.1} % of the variation in {kpi}, {needed:.0} % needed"));
    }
    Ok(found)
}

/// The findings of all channels, in order.
pub fn all(channels: &[ChannelFit]) -> Vec<Finding> {
    channels.iter().map(one).collect()
}

/// # What it does
/// Says of each `[[event]]` that its days are fitted like any other.
/// # Why it matters
/// What the event brought is credited to the channels that spent on its days.
/// # What to do
/// Judge the curves with that in mind; events enter the models in a later version.
pub fn events(events: &[Event]) -> Vec<Finding> {
    let fitted_like_others = |event: &Event| {
        let message = format!("{} to {} are fitted like any other days", event.start, event.end);
        Finding::review("fit.events", &event.name, message, "what the event brought is credited to the channels")
    };
    events.iter().map(fitted_like_others).collect()
}

fn one(fit: &ChannelFit) -> Finding {
    let label = fit.channel.label.as_str();
    match (&fit.curve, &fit.diagnostics) {
        (Err(reason), _) => Finding::review(
            "fit.no_curve",
            label,
            format!("no response curve: {reason}"),
            "the plan holds it at its reference spend unless `plan.no_curve` or a limit on it says otherwise",
        ),
        (Ok(_), Some(diagnostics)) => believable(label, diagnostics),
        (Ok(_), None) => Finding::pass("fit.given", label, "curve given, not fitted here"),
    }
}

/// # What it does
/// Flags a curve whose draws come from importance weights that cannot be trusted.
/// # Why it matters
/// A few draws carry most of the weight then, and intervals are too narrow.
/// # Threshold
/// Pareto shape above [`LARGEST_K`].
/// # What to do
/// Look at the curve and its data; a stronger prior or a longer history helps.
fn believable(label: &str, diagnostics: &Diagnostics) -> Finding {
    let Diagnostics { periods, pareto_k, effective, .. } = diagnostics;
    let explained = 100.0 * diagnostics.explained;
    let facts = format!("{periods} periods, spend explains {explained:.0} %, Pareto k {pareto_k:.2}");
    if *pareto_k > LARGEST_K {
        let message = format!("{facts}: the posterior's draws are not to be trusted (effective {effective:.0})");
        return Finding::review(
            "fit.draws",
            label,
            message,
            "look at the channel's history for level shifts and outliers",
        );
    }
    Finding::pass("fit.draws", label, facts)
}
