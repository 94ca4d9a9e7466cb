//! Whether data can carry a curve, and whether a curve can be believed.

use super::lift::{Incrementality, Test};
use super::regress::Elasticity;
use super::season::Group;
use super::{ChannelFit, Diagnostics, How, Notes};
use crate::check::Finding;
use crate::settings::{Event, Experiment, Prior};
use crate::units::{Channel, Grain};

/// Days with spend and KPI that a curve needs at day grain.
pub const LEAST_DAYS: usize = 60;
/// Weeks with spend and KPI that a curve needs at week grain.
pub const LEAST_WEEKS: usize = 26;
/// Standard errors that the elasticity must stand above zero.
pub const LEAST_ERRORS: f64 = 2.3;
/// Share of the KPI's deviance that spend must explain.
pub const LEAST_EXPLAINED: f64 = 0.03;
/// Predictive score by which a curve must beat a straight line to be told from it.
pub const LEAST_NATS: f64 = 2.0;
/// Pareto shape above which importance weights are not to be trusted.
pub const LARGEST_K: f64 = 0.7;
/// Worst split R-hat of chains that can be trusted.
pub const LARGEST_R_HAT: f64 = 1.03;
/// Effective sample size at which the sampler stops.
pub const ENOUGH: f64 = 250.0;
/// Least effective sample size of chains that can be trusted.
pub const LEAST_EFFECTIVE: f64 = 150.0;
/// Most divergent trajectories of chains that can be trusted, as a share of the draws.
pub const MOST_DIVERGENT: f64 = 0.01;

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

/// Other channels of the platform with a history of their own that a short channel needs to borrow from.
pub const LEAST_SIBLINGS: usize = 3;

/// Whether a history too short for a curve of its own is long enough for one that borrows: two weeks of days, or eight
/// weeks.
pub fn may_borrow(usable: usize, grain: Grain) -> bool {
    usable >= if grain == Grain::Day { 14 } else { 8 }
}

/// # What it does
/// Refuses a curve to a channel whose KPI does not follow its spend.
/// # Why it matters
/// A curve fitted there is flat within its noise, and a plan that trusts it moves money for nothing.
/// # Threshold
/// The elasticity of the log-linear regression stands [`LEAST_ERRORS`] standard errors above zero, and spend explains
/// [`LEAST_EXPLAINED`] of the KPI's deviance beyond the noise of counting.
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
    channels.iter().flat_map(of_channel).collect()
}

fn of_channel(fit: &ChannelFit) -> Vec<Finding> {
    let label = fit.channel.label.as_str();
    let mut findings = vec![one(fit)];
    if let Some(Diagnostics { notes, .. }) = &fit.diagnostics {
        findings.extend(left_out(label, notes));
        findings.extend(level(label, notes));
        findings.extend(straight(label, notes));
        findings.extend(borrowed(label, notes));
        findings.extend(contradicted(label, notes));
        findings.extend(follows_demand(label, notes));
        findings.extend(beside_the_calendar(label, fit.diagnostics.as_ref()));
    }
    findings
}

/// # What it does
/// Names periods that lie so far from what spend and calendar explain that they are left out of the fit.
/// # Why it matters
/// One such day can bend a curve; left in it would also widen every interval.
/// # Threshold
/// Seven robust standard deviations and twice or half the expectation; at most one period in twenty.
/// # What to do
/// If something happened on these days, say so with an `[[event]]`; if tracking failed, leave the count blank.
fn left_out(label: &str, notes: &Notes) -> Option<Finding> {
    let dates: Vec<String> = notes.left_out.iter().take(3).map(ToString::to_string).collect();
    let more = if notes.left_out.len() > 3 { " and more" } else { "" };
    let (count, word) = (notes.left_out.len(), if notes.left_out.len() == 1 { "period lies" } else { "periods lie" });
    let message = format!("{count} {word} too far from what spend explains, left out: {}{more}", dates.join(", "));
    let advice = "write an `[[event]]` if something happened then; leave the count blank where tracking failed";
    (count > 0).then(|| Finding::review("fit.outliers", label, message, advice))
}

/// # What it does
/// Says from when on the same spend brings another KPI than before.
/// # Why it matters
/// The curve's height for the plan is the one after the shift.
/// # What to do
/// Find out what changed: tracking, attribution, the landing page, the audience.
fn level(label: &str, notes: &Notes) -> Option<Finding> {
    let day = notes.level?;
    let message = format!("from {day} on the same spend brings another level; a plan counts on the later one");
    Some(Finding::review(
        "fit.level",
        label,
        message,
        "find out what changed then: tracking, attribution, landing page",
    ))
}

/// # What it does
/// Says of a curve that a straight line predicts its periods about as well.
/// # Why it matters
/// Where the curve bends is then a matter of prior belief, and so is how far a plan goes.
/// # Threshold
/// Less than [`LEAST_NATS`] of predictive score.
/// # What to do
/// Vary the budget more widely for some weeks.
fn straight(label: &str, notes: &Notes) -> Option<Finding> {
    let nats = notes.over_straight.filter(|nats| *nats < LEAST_NATS)?;
    let message = format!("the curve cannot be told from a straight line: it predicts better by {nats:.1} nats only");
    let advice =
        "vary the budget more widely for some weeks; until then large moves rest on what is believed beforehand";
    Some(Finding::review("fit.straight", label, message, advice))
}

/// # What it does
/// Names a curve that rests on the platform's other channels, the channel's own history being too short.
/// # What to do
/// Nothing: its interval says how little is known. It narrows as days come in.
fn borrowed(label: &str, notes: &Notes) -> Option<Finding> {
    let reason = notes.borrowed.as_ref()?;
    let message = format!("{reason}: the curve borrows its shape from the platform's other channels");
    Some(Finding::review("fit.borrowed", label, message, "keep its moves small until it has a history of its own"))
}

/// # What it does
/// Says of a stated prior that the channel's own history contradicts it (prior-predictive check).
/// # Why it matters
/// A prior that is wrong bends the curve, the more the less history there is; mostly it is a wrong unit or a wrong channel.
/// # What to do
/// Correct the prior or its `where`; or widen its interval.
fn contradicted(label: &str, notes: &Notes) -> Option<Finding> {
    let message = notes.contradicted.as_ref()?;
    Some(Finding::review("fit.prior", label, message, "correct the prior or its `where`, or widen its interval"))
}

/// # What it does
/// Says of a channel that its budget follows demand, or nothing but the calendar.
/// # Why it matters
/// What drives both is credited to spend: the curve then promises too much.
/// # Threshold
/// The correlation of spend with the unexplained KPI of the period before stands 4 standard errors above 0; or weekday,
/// season, trend and events tell 80 % of the variation of spend.
/// # What to do
/// Set some weeks' budgets beforehand and independently of results, or run a holdout test.
fn follows_demand(label: &str, notes: &Notes) -> Vec<Finding> {
    let advice =
        "set some weeks' budgets independently of results, or run a holdout test and give it as `[[fit.experiment]]`";
    let review = |message: String| Finding::review("fit.demand", label, message, advice);
    let reaction = notes.origin.reaction.map(|correlation| {
        review(format!(
            "spend follows the KPI's surprises of the period before (correlation {correlation:.2}): part of demand may be \
             credited to it"
        ))
    });
    let calendar = notes.origin.calendar.map(|share| {
        let share = 100.0 * share;
        review(format!(
            "weekday, season, trend and events tell {share:.0} % of the variation of spend: little is its own"
        ))
    });
    reaction.into_iter().chain(calendar).collect()
}

/// # What it does
/// Says of a curve that the KPI follows spend no longer once the calendar is taken out.
/// # Why it matters
/// Spend and demand then moved together with weekday, season, trend or events, and the curve is mostly prior belief.
/// # Threshold
/// An elasticity less than two standard errors above zero.
/// # What to do
/// Move the budget against the season for some weeks.
fn beside_the_calendar(label: &str, diagnostics: Option<&Diagnostics>) -> Option<Finding> {
    let Diagnostics { elasticity, elasticity_error, .. } = diagnostics?;
    let message = format!(
        "once the calendar is taken out, elasticity {elasticity:.2} ± {elasticity_error:.2} cannot be told from zero: the curve \
         rests on what is believed beforehand"
    );
    let advice = "move the budget against the season for some weeks";
    (*elasticity < 2.0 * elasticity_error).then(|| Finding::review("fit.calendar", label, message, advice))
}

/// # What it does
/// States what is assumed of incrementality, and what lift tests made of it.
/// # Why it matters
/// Platforms attribute registrations that would have come anyway; a curve of attributed registrations counts them all.
/// # What to do
/// Run a geo or holdout test and give it as `[[fit.experiment]]`.
pub fn incrementality(channels: &[ChannelFit], experiments: &[Experiment]) -> Vec<Finding> {
    let noted = |fit: &ChannelFit| fit.incrementality.clone();
    let tested = |fit: &ChannelFit| {
        let found = noted(fit).filter(|found| !found.tests.is_empty())?;
        let Incrementality { mean, p05, p95, tests } = found;
        let message = format!(
            "{:.0} % of its attributed KPI is caused by spend ({:.0} to {:.0} %), from {}; the curve counts only these",
            100.0 * mean,
            100.0 * p05,
            100.0 * p95,
            tests.join(", ")
        );
        Some(Finding::pass("fit.incrementality", &fit.channel.label, message))
    };
    let mut findings: Vec<Finding> = channels.iter().filter_map(tested).collect();
    if channels.iter().filter_map(noted).any(|found| found.tests.is_empty()) {
        let Incrementality { p05, p95, .. } = super::lift::assumed();
        let message = format!(
            "without a lift test every attributed KPI is taken as caused by spend: 1.0, believed to lie between {p05:.2} and {p95:.2}"
        );
        findings.push(Finding::pass("fit.incrementality", "panel", message));
    }
    let names: Vec<String> = channels.iter().filter_map(noted).flat_map(|found| found.tests).collect();
    findings.extend(unused_tests(experiments, &names.iter().map(String::as_str).collect::<Vec<&str>>()));
    findings
}

/// # What it does
/// Holds lift tests against the curves that have heard them; `of` gives those of a channel by its place.
/// # Why it matters
/// A test narrows the share that spend causes. One that no believable share explains bends the curve without saying why.
/// # Threshold
/// 2.6 of the test's own standard errors: one in a hundred where both are right.
/// # What to do
/// Correct the test: its dates, its money, what it counted; else look what the platform attributed then.
pub(super) fn tests(channels: &[ChannelFit], of: impl Fn(usize) -> Vec<Test>) -> Vec<Finding> {
    let advice = "the attributed KPI contradicts it: check its dates, its money and what it counted";
    let held = |(i, fit): (usize, &ChannelFit)| -> Vec<Finding> {
        let draws = fit.curve.as_ref().map_or(&[][..], |curve| &curve.draws);
        let caused = |test: &Test| -> Vec<f64> { draws.iter().map(|draw| test.attributed(draw)).collect() };
        let tests = if draws.is_empty() { Vec::new() } else { of(i) };
        tests.iter().map(|test| test.held_against(&caused(test), advice)).collect()
    };
    channels.iter().enumerate().flat_map(held).collect()
}

/// # What it does
/// Names lift tests that none of the curves could take in; `used` are the names of those that some did.
/// # What to do
/// Correct its `where` and dates; a test must have ended before the exports do.
pub fn unused_tests(experiments: &[Experiment], used: &[&str]) -> Vec<Finding> {
    let unused = experiments.iter().filter(|experiment| !used.contains(&experiment.name.as_str()));
    let message = "matches no channel with a curve and reported days within its dates: it has no effect";
    let one =
        |test: &Experiment| Finding::review("fit.experiment", &test.name, message, "check its `where` and its dates");
    unused.map(one).collect()
}

/// # What it does
/// Names stated priors that match no channel, or only channels of which an earlier one holds.
/// # Why it matters
/// A mistyped `where` would be ignored in silence, and the plan would rest on other beliefs than those stated.
/// # What to do
/// Write the names as the channels have them, the narrower `where` first.
pub fn unmatched_priors(priors: &[Prior], channels: &[Channel]) -> Vec<Finding> {
    let first = |channel: &Channel| priors.iter().position(|prior| prior.whom.matches(channel));
    let used: Vec<usize> = channels.iter().filter_map(first).collect();
    let message = "holds for no channel: none matches, or an earlier `[[fit.prior]]` holds for those that do";
    let advice = "write the names as the channels have them, the narrower `where` first";
    let unused = (0..priors.len()).filter(|at| !used.contains(at));
    unused.map(|at| Finding::review("fit.prior", format!("fit.prior {}", at + 1), message, advice)).collect()
}

/// # What it does
/// Says which parts of the calendar the curves account for, and which events have no effect that the channels show.
/// # Why it matters
/// What an event brings that is not told apart is credited to the channels that spent on its days.
/// # What to do
/// Nothing; or give an event that lies outside the history dates within it, so that its effect can be seen.
pub fn calendar(supported: &[Group], events: &[Event]) -> Vec<Finding> {
    let mut names: Vec<&str> = events.iter().map(|event| event.name.as_str()).collect();
    names.dedup();
    let of_event = |name: &&str| -> Finding {
        let name: &str = name;
        let group = Group::Event(name.to_owned());
        if supported.contains(&group) {
            return Finding::pass("fit.events", name, "the curves are net of it, and a plan over its dates counts it");
        }
        let message = "no effect that the channels show together: its days are fitted like any other";
        let advice = "give its dates in the history too, if it has been there; or leave it out";
        Finding::review("fit.events", name, message, advice)
    };
    let word = |group: &Group| match group {
        Group::Weekday => Some("weekday"),
        Group::Season => Some("season of the year"),
        Group::Trend => Some("trend"),
        Group::Event(_) | Group::Level => None,
    };
    let words: Vec<&str> = supported.iter().filter_map(word).collect();
    let season = (!words.is_empty())
        .then(|| Finding::pass("fit.season", "panel", format!("the curves are net of {}", words.join(", "))));
    names.iter().map(of_event).chain(season).collect()
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
/// Flags a curve whose draws cannot be trusted.
/// # Why it matters
/// A few draws carry most of the weight then, or chains are in different places, and intervals are too narrow.
/// # Threshold
/// Importance weights: Pareto shape above [`LARGEST_K`], and the no-U-turn sampler did no better. Chains: R-hat above
/// [`LARGEST_R_HAT`], fewer than [`LEAST_EFFECTIVE`] effective draws, or more than [`MOST_DIVERGENT`] divergent.
/// # What to do
/// Look at the curve and its data; a stronger prior or a longer history helps.
fn believable(label: &str, diagnostics: &Diagnostics) -> Finding {
    let Diagnostics { periods, how, .. } = diagnostics;
    let explained = 100.0 * diagnostics.explained;
    let forms: Vec<String> = diagnostics
        .notes
        .forms
        .iter()
        .filter(|form| form.1 >= 0.05)
        .map(|(name, weight)| format!("{name} {:.0} %", 100.0 * weight))
        .collect();
    let facts = format!("{periods} periods, spend explains {explained:.0} %, {}", forms.join(" + "));
    let (facts, effective) = match how {
        How::Importance { pareto_k, effective } => (format!("{facts}, Pareto k {pareto_k:.2}"), effective),
        How::Nuts { r_hat, effective, divergences, .. } => (
            format!("{facts}, NUTS: R-hat {r_hat:.3}, {effective:.0} effective draws, {divergences} divergences"),
            effective,
        ),
    };
    if !how.is_sound() {
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
