//! The whole answer: the allocation under the rules in force, its money, its days, and what is not known about it.

use super::answer::Answer;
use super::rules::{Beside, Rules};
use super::scenarios::{self, Outcome};
use super::{days, increment, money, unknown};
use crate::check::{Error, Finding};
use crate::fit::Fitted;
use crate::settings::PlanSettings;
use crate::units::Currency;

/// Plans under everything that the settings ask for; [`scenarios()`](super::scenarios()) gives the allocation alone.
///
/// Beside the allocation the answer has the money of each line, gross and net, the plan day by day, what spend is taken to
/// cause of the KPI that is attributed to it, and over the draws how far the optimum moves, what the plan may miss, what a test of a channel would be worth and what each limit costs.
///
/// # Errors
///
/// [`crate::check::Kind::Settings`] for settings that do not fit the models or what is beside them.
///
/// ```
/// use outlay::{fit::store, plan, settings::Settings};
/// let models = store::parse(
///     r#"{ "format": "outlay/model@1", "currency": "CNY", "grain": "day", "channels": [
///         { "channel": "search", "family": "log", "params": { "scale": 20, "half": 50 }, "reference_spend": 90 } ] }"#,
///     "by hand",
/// )?;
/// let settings = "[plan]\nstart = \"2026-06-01\"\nend = \"2026-06-30\"\nbudget = 3000\n[plan.daily]\nstep = 0.1";
/// let settings = Settings::parse(settings, "outlay.toml", "".as_ref(), 1)?;
/// let answer = plan::complete(&models, settings.plan()?, settings.project.currency, &plan::Beside::default())?;
/// let days = &answer.daily.unwrap().lines[0].spend;
/// assert_eq!(days.iter().map(|x| (x * 100.0).round()).sum::<f64>(), 300_000.0);
/// assert!(days.windows(2).all(|pair| pair[1] <= 1.1 * pair[0] + 0.02));
/// # Ok::<(), outlay::check::Error>(())
/// ```
pub fn complete(
    fitted: &Fitted,
    settings: &PlanSettings,
    currency: Currency,
    beside: &Beside,
) -> Result<Answer, Error> {
    scenarios::fits(fitted, currency)?;
    let rules = Rules::new(fitted, settings, beside)?;
    let allocated = scenarios::allocated(fitted, &rules)?;
    let mut answer = allocated.answer;
    answer.replan = rules.spent.as_ref().map(|spent| spent.told.clone());
    answer.rates.clone_from(&rules.rates);
    answer.findings.clone_from(&rules.findings);
    if let Outcome::Plan(solution) = &allocated.outcome {
        before(&rules, &mut answer);
        against_platforms(&rules, &mut answer);
        money::add(&rules.settings, &mut answer);
        increment::add(fitted, &allocated.problem, &solution.spend, &mut answer);
        unknown::add(fitted, &rules, &allocated.problem, solution, &mut answer)?;
        days::add(&rules, fitted, &allocated.problem.lines, &mut answer);
    }
    Ok(answer)
}

/// What was spent on each line before the days that are planned again.
fn before(rules: &Rules, answer: &mut Answer) {
    let Some(spent) = &rules.spent else { return };
    for (line, so_far) in answer.lines.iter_mut().zip(&spent.by_line) {
        line.spent_before = Some(super::explain::cents(*so_far));
    }
}

/// Money below which a spend is at a bound.
const CENT: f64 = 0.011;

/// Names the platforms' rules where they hold a line, and finds where they would reject the plan.
fn against_platforms(rules: &Rules, answer: &mut Answer) {
    let held_by = rules.platform.iter().zip(&mut answer.lines);
    for (rule, line) in held_by.filter_map(|(rule, line)| Some((rule.as_ref()?, line))) {
        if !answer.platform_rules.contains(&rule.used) {
            answer.platform_rules.push(rule.used.clone());
        }
        let below = line.spend > 0.0 && line.spend < rule.least - CENT;
        if rule.used.kept && rule.least > 0.0 && (line.spend - rule.least).abs() <= CENT {
            line.limited_by.push(rule.name());
            line.why_not_more = format!("{}; less of it would have to be nothing: {}", line.why_not_more, rule.name());
        } else if below {
            let message = format!(
                "{:.2} over the plan is less a day than the {:.2} that {} asks of one {} (data/rules, as of {}): the \
                 platform may refuse it",
                line.spend,
                rule.used.min_daily.unwrap_or(0.0),
                rule.used.platform,
                rule.used.level,
                rule.used.as_of
            );
            let advice = "set `platform_rules = true` to have nothing or enough, or join the line with another";
            answer.findings.push(Finding::review("plan.platform_rules", line.channel.clone(), message, advice));
        }
    }
}
