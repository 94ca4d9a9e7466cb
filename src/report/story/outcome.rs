//! Sentences on what the plan brings, why each line moves, and what it costs if the curves are wrong.

use crate::plan::Line;
use crate::report::numbers::{self, count, percent, signed_count, signed_percent};
use crate::report::outlook::{Outlook, Step};
use crate::report::text::{one_line, shorten};
use crate::report::{Results, Words, figures};

/// Why a line moves: what its last KPI costs at the reference spend and as planned, and the limit that decides.
pub(in crate::report) fn why(line: &Line, step: Option<&Step>, words: &Words) -> String {
    let change = figures::change(line);
    let costs = step.and_then(|step| Some((step.marginal_before?, line.marginal_cost?)));
    let limit = line.limited_by.first().map(|limit| shorten(&words.limit(&one_line(limit)), 40));
    let shown = |cost: f64| numbers::decimal(cost, 2);
    match (costs, limit) {
        (Some((before, after)), _) if change > 0.0 && before < after => {
            words.tell("why_up", &[("before", &shown(before)), ("after", &shown(after))])
        }
        (Some((before, after)), _) if change < 0.0 && before > after => {
            words.tell("why_down", &[("before", &shown(before)), ("after", &shown(after))])
        }
        (_, Some(limit)) if change != 0.0 => words.tell("why_limit", &[("limit", &limit)]),
        _ => String::new(),
    }
}

/// What the waterfall says.
pub(in crate::report) fn waterfall(results: &Results, outlook: &Outlook, words: &Words) -> String {
    let (before, after) = (outlook.unchanged.expected.mean, outlook.plan.expected.mean);
    let lines = results.answer.map_or(&[][..], |answer| &answer.lines[..]);
    let gain = |at: &usize| outlook.lines[*at].map_or(0.0, |step| step.after - step.before);
    let with: Vec<usize> = (0..lines.len()).filter(|at| outlook.lines[*at].is_some()).collect();
    let most = with.iter().max_by(|a, b| gain(a).total_cmp(&gain(b))).filter(|at| gain(at) > 0.0);
    let least = with.iter().min_by(|a, b| gain(a).total_cmp(&gain(b))).filter(|at| gain(at) < 0.0);
    let [before, after] = [before, after].map(count);
    let mut values = vec![("before", &*before), ("after", &*after), ("kpi", words.kpi(results.settings.project.kpi))];
    let named = |at: &usize| (shorten(&lines[*at].channel, 60), count(gain(at).abs()));
    match (most.map(named), least.map(named)) {
        (Some((up, rise)), Some((down, cut))) => {
            values.extend([("up", &*up), ("rise", &*rise), ("down", &*down), ("cut", &*cut)]);
            words.tell("waterfall_message", &values)
        }
        (Some((up, rise)), None) => {
            values.extend([("up", &*up), ("rise", &*rise)]);
            words.tell("waterfall_message_up", &values)
        }
        _ => words.tell("waterfall_message_plain", &values),
    }
}

/// What the scenarios say: the plan beside unchanged spend.
pub(in crate::report) fn cases(results: &Results, outlook: Option<&Outlook>, words: &Words) -> String {
    let Some(outlook) = outlook else { return String::new() };
    let (plan, unchanged) = (&outlook.plan, &outlook.unchanged);
    let gain = signed_count(plan.expected.mean - unchanged.expected.mean);
    let share = signed_percent(plan.expected.mean / unchanged.expected.mean - 1.0);
    let currency = results.settings.project.currency.code();
    let more = numbers::total([plan.spend, -unchanged.spend]);
    let amount = words.money(more.abs(), currency);
    let key = if more >= 0.0 { words.say("cases_message_more") } else { words.say("cases_message_less") };
    let kpi = words.kpi(results.settings.project.kpi);
    let values = [("gain", &*gain), ("share", &*share), ("amount", &*amount), ("kpi", kpi)];
    crate::report::words::filled(key, &values)
}

/// What the spread of the draws says.
pub(in crate::report) struct Risk {
    /// The chart's message.
    pub(in crate::report) message: String,
    /// What it costs if the curves are wrong, a sentence each.
    pub(in crate::report) costs: Vec<String>,
}

/// Tells how the draws spread, and what it costs to be wrong.
pub(in crate::report) fn risk(results: &Results, outlook: &Outlook, words: &Words) -> Risk {
    let currency = results.settings.project.currency.code();
    let kpi = words.kpi(results.settings.project.kpi);
    let (plan, worst) = (&outlook.plan, outlook.plan.worst());
    let (low, bad) = (count(plan.expected.p10), count(worst));
    let cost = words.cost(plan.spend / worst, currency);
    let message = words.tell("risk_message", &[("low", &low), ("worst", &bad), ("cost", &cost), ("kpi", kpi)]);
    let short = count(plan.expected.mean - worst);
    let share = percent(1.0 - worst / plan.expected.mean);
    let mut costs = vec![words.tell("risk_short", &[("short", &short), ("share", &share), ("kpi", kpi)])];
    costs.extend(outlook.regret().map(|regret| match regret.chance > 0.0 {
        true => {
            let values = [("chance", &*percent(regret.chance)), ("by", &*count(regret.by)), ("kpi", kpi)];
            words.tell("risk_regret", &values)
        }
        false => words.say("risk_regret_none").to_owned(),
    }));
    costs.extend(beyond(results, words));
    Risk { message, costs }
}

/// How much of the money goes where curves are a guess.
fn beyond(results: &Results, words: &Words) -> Option<String> {
    let lines = results.answer.map_or(&[][..], |answer| &answer.lines[..]);
    let amount = numbers::total(lines.iter().filter(|line| line.extrapolated).map(|line| line.spend));
    let lines = lines.iter().filter(|line| line.extrapolated).count().to_string();
    let amount = (amount > 0.0).then(|| words.money(amount, results.settings.project.currency.code()))?;
    Some(words.tell("risk_beyond", &[("count", &lines), ("amount", &amount)]))
}
