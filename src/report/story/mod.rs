//! What the figures say, in sentences: the same ones on the page, in the workbook and in the terminal.

mod outcome;
mod unknown;

pub(super) use outcome::{cases, risk, waterfall, why};
pub(super) use unknown::{days, sureness};

use super::figures::{self, Comparison, Totals};
use super::numbers::{count, percent, signed_count, signed_percent, small_percent};
use super::text::{one_line, shorten};
use super::{Results, Words};
use crate::check::{Finding, Severity};
use crate::fit::Fitted;
use crate::plan::{Answer, Conflict, Relax, Status};
use crate::settings::{Goal, Settings};

/// The plan in sentences, the most important first; a conflict is told by [`conflict`] instead.
pub(super) fn plan(settings: &Settings, fitted: &Fitted, answer: &Answer, words: &Words) -> Vec<String> {
    if answer.conflict.is_some() {
        return Vec::new();
    }
    let totals = figures::totals(answer);
    let mut told = vec![headline(settings, answer, words), moved(answer, &totals, words)];
    if let Some(comparison) = figures::comparison(answer, fitted) {
        told.push(compared(&comparison, words));
    }
    told.extend(bound(settings, answer, words));
    told.extend(unknown::regret(settings, answer, words));
    told.extend(unknown::caused(settings, answer, words));
    told.push(unspent(answer, words));
    told.push(match totals.beyond {
        0 => words.say("beyond_none").to_owned(),
        lines => words.tell("beyond", &[("count", &lines.to_string())]),
    });
    told
}

/// What is spent, what is expected of it, at what cost.
fn headline(settings: &Settings, answer: &Answer, words: &Words) -> String {
    let spent = words.money(answer.budget.spent, &answer.currency);
    let (start, end) = (words.date(&answer.period.start), words.date(&answer.period.end));
    let days = [("spent", &*spent), ("start", &*start), ("end", &*end)];
    let (Some(expected), Some(cost)) = (answer.expected, answer.cost_per) else {
        return words.tell("headline_no_curves", &days);
    };
    let figures = [count(expected.mean), count(expected.p10), count(expected.p90), words.cost(cost, &answer.currency)];
    let kpi = words.kpi(settings.project.kpi);
    let mut values = days.to_vec();
    values.extend([("expected", &*figures[0]), ("low", &*figures[1]), ("high", &*figures[2]), ("cost", &*figures[3])]);
    values.push(("kpi", kpi));
    words.tell("headline", &values)
}

fn moved(answer: &Answer, totals: &Totals, words: &Words) -> String {
    if totals.rising + totals.falling == 0 {
        return words.say("moves_message_none").to_owned();
    }
    let (rises, cuts) = (words.money(totals.rises, &answer.currency), words.money(totals.cuts, &answer.currency));
    let (rising, falling) = (totals.rising.to_string(), totals.falling.to_string());
    words.tell("moved", &[("rises", &rises), ("cuts", &cuts), ("rising", &rising), ("falling", &falling)])
}

fn compared(comparison: &Comparison, words: &Words) -> String {
    let gain = comparison.gain;
    let share = comparison.gain_share.map_or_else(String::new, signed_percent);
    let [reference, mean] = [count(comparison.reference), signed_count(gain.mean)];
    let [low, high, better] = [signed_count(gain.p10), signed_count(gain.p90), percent(comparison.better)];
    let mut values = vec![("reference", &*reference), ("gain", &*mean), ("share", &*share)];
    if gain.p10 == gain.p90 {
        return words.tell("compare_certain", &values);
    }
    values.extend([("low", &*low), ("high", &*high), ("better", &*better)]);
    words.tell("compare", &values)
}

/// How far any other plan could be ahead, in the goal's own words.
fn bound(settings: &Settings, answer: &Answer, words: &Words) -> Option<String> {
    let (bound, gap) = (answer.bound?, small_percent(answer.gap?));
    let goal = settings.plan.as_ref().map_or(Goal::Most, |plan| plan.goal);
    let (key, bound) = match goal {
        Goal::Most => (words.say("bound_most"), count(bound)),
        Goal::LeastSpend => (words.say("bound_least"), words.money(bound, &answer.currency)),
        Goal::BreakEven => (words.say("bound_value"), words.money(bound, &answer.currency)),
    };
    let told = super::words::filled(key, &[("bound", &bound), ("gap", &gap)]);
    let late = (answer.status == Status::TimeLimit).then(|| words.say("time_limit"));
    Some([Some(told.as_str()), late].into_iter().flatten().collect::<Vec<_>>().join(words.say("between_sentences")))
}

fn unspent(answer: &Answer, words: &Words) -> String {
    let amount = words.money(answer.budget.unspent, &answer.currency);
    match answer.budget.unspent_because.as_deref() {
        _ if answer.budget.unspent.abs() < 0.005 => words.say("all_spent").to_owned(),
        Some(because) => {
            let because = words.translate("plan.unspent", &one_line(because));
            words.tell("unspent", &[("amount", &amount), ("because", because.trim_end_matches(['.', '。']))])
        }
        None => words.tell("unspent_plain", &[("amount", &amount)]),
    }
}

/// The conflict in the limits' own names, and how to mend it.
pub(super) struct Told {
    /// Which limits, and by how much they miss each other.
    pub(super) line: String,
    /// What is known of mending it.
    pub(super) why: String,
    /// One line a limit that must give way.
    pub(super) relax: Vec<String>,
}

/// Tells a conflict.
pub(super) fn conflict(conflict: &Conflict, currency: &str, words: &Words) -> Told {
    let quoted = |name: &str| format!("`{}`", one_line(&words.limit(name)));
    let limits = conflict.limits.iter().map(|name| quoted(name)).collect::<Vec<_>>().join(words.say("between_names"));
    let short = words.money(conflict.short_by, currency);
    let by = |relax: &Relax| gives_way(relax, currency, words);
    let relax = conflict.relax.iter();
    let relax = relax.map(|r| words.tell("relax_line", &[("limit", &quoted(&r.limit)), ("by", &by(r))]));
    let relax: Vec<String> = relax.collect();
    // without money that mends it nothing is proven: minimum buys, lots, a target or a ceiling are in the way
    let (line, why) = if relax.is_empty() {
        (words.tell("conflict_line_open", &[("limits", &limits)]), words.say("conflict_why_open"))
    } else if conflict.short_by == 0.0 {
        // what misses is no money
        (words.tell("conflict_line_plain", &[("limits", &limits)]), words.say("conflict_why"))
    } else {
        (words.tell("conflict_line", &[("limits", &limits), ("short", &short)]), words.say("conflict_why"))
    };
    Told { line, why: why.to_owned(), relax }
}

/// By how much a limit has to give way, in what it bounds: money, lines, or the KPI.
fn gives_way(relax: &Relax, currency: &str, words: &Words) -> String {
    match relax.unit.as_deref() {
        None => words.money(relax.by, currency),
        Some("lines") if relax.by == 1.0 => words.translate("plan.limit", "1 channel"),
        Some("lines") => words.translate("plan.limit", &format!("{} channels", relax.by)),
        Some(kpi) => format!("{} {}", count(relax.by.ceil()), words.translate("plan.limit", kpi)),
    }
}

/// How planning ended.
pub(super) fn status(status: Status, words: &Words) -> &str {
    match status {
        Status::Optimal => words.say("status_optimal"),
        Status::TimeLimit => words.say("status_time_limit"),
        Status::Conflict => words.say("status_conflict"),
    }
}

/// What the plan is for.
pub(super) fn goal(goal: Goal, words: &Words) -> &str {
    match goal {
        Goal::Most => words.say("goal_most"),
        Goal::LeastSpend => words.say("goal_least_spend"),
        Goal::BreakEven => words.say("goal_break_even"),
    }
}

/// How many findings there are of each severity.
pub(super) fn findings(findings: &[Finding], words: &Words) -> String {
    let count = |severity| findings.iter().filter(|finding| finding.severity == severity).count().to_string();
    let [fail, review, pass] = [Severity::Fail, Severity::Review, Severity::Pass].map(count);
    words.tell("findings_line", &[("fail", &fail), ("review", &review), ("pass", &pass)])
}

/// What the chart of moves says.
pub(super) fn moves(answer: &Answer, words: &Words) -> String {
    let lines = figures::by_change(answer);
    let up = lines.first().filter(|line| figures::change(line) > 0.0);
    let down = lines.last().filter(|line| figures::change(line) < 0.0);
    let named = |line: &&crate::plan::Line| {
        (shorten(&line.channel, 60), words.money(figures::change(line).abs(), &answer.currency))
    };
    match (up.map(named), down.map(named)) {
        (Some((up, rise)), Some((down, cut))) => {
            words.tell("moves_message", &[("up", &up), ("rise", &rise), ("down", &down), ("cut", &cut)])
        }
        (Some((up, rise)), None) => words.tell("moves_message_up", &[("up", &up), ("rise", &rise)]),
        (None, Some((down, cut))) => words.tell("moves_message_down", &[("down", &down), ("cut", &cut)]),
        (None, None) => words.say("moves_message_none").to_owned(),
    }
}

/// What the frontier says: the cost of a further unit between its least and largest budget.
pub(super) fn frontier(results: &Results, answer: &Answer, words: &Words) -> String {
    let points: Vec<(f64, f64)> = answer.frontier.iter().filter_map(|p| Some((p.budget, p.mean?))).collect();
    let kpi = words.kpi(results.settings.project.kpi);
    let (Some(low), Some(high)) =
        (points.iter().min_by(|a, b| a.0.total_cmp(&b.0)), points.iter().max_by(|a, b| a.0.total_cmp(&b.0)))
    else {
        return words.say("frontier_none").to_owned();
    };
    let cost = (high.0 - low.0) / (high.1 - low.1);
    if !(cost > 0.0 && cost.is_finite()) {
        return words.tell("frontier_plain", &[("kpi", kpi)]);
    }
    let [from, to] = [low.0, high.0].map(|budget| words.money(budget, &answer.currency));
    let cost = words.cost(cost, &answer.currency);
    words.tell("frontier_message", &[("low", &from), ("high", &to), ("cost", &cost), ("kpi", kpi)])
}

/// How many limits bind, and what the budget is worth, or else the first of them.
pub(super) fn prices(answer: &Answer, words: &Words) -> String {
    let count = answer.prices.len().to_string();
    let told = answer.prices.iter().find(|price| price.limit == "budget").or(answer.prices.first());
    told.map_or_else(
        || words.say("prices_none").to_owned(),
        |price| {
            let (limit, figure) = (one_line(&words.limit(&price.limit)), super::numbers::significant(price.price));
            let unit = words.translate("plan.unit", &price.unit);
            words.tell("prices_message", &[("count", &count), ("limit", &limit), ("price", &figure), ("unit", &unit)])
        },
    )
}

/// What the scorecard says.
pub(super) fn suppliers(results: &Results, words: &Words) -> String {
    let scores = &results.scores.suppliers;
    let Some((start, end)) = results.scores.window.filter(|_| !scores.is_empty()) else {
        return words.say("suppliers_none").to_owned();
    };
    let cost = |score: &crate::score::SupplierScore| score.cost_per.as_ref().and_then(|cost| cost.shrunk);
    let best = scores.iter().filter_map(|score| Some((score, cost(score)?))).min_by(|a, b| a.1.total_cmp(&b.1));
    let (number, start, end) = (scores.len().to_string(), words.date(&start.to_string()), words.date(&end.to_string()));
    let mut values = vec![("count", &*number), ("start", &*start), ("end", &*end)];
    let Some((score, cost)) = best else { return words.tell("suppliers_message_plain", &values) };
    let name = score.supplier.as_deref().map_or_else(|| words.say("no_supplier").to_owned(), one_line);
    let best = format!("{name}, {}", words.cost(cost, results.settings.project.currency.code()));
    values.push(("best", &best));
    words.tell("suppliers_message", &values)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Lang;
    use crate::report::sample::Sample;

    #[test]
    fn a_conflict_is_told_in_the_limits_names() {
        let mut sample = Sample::hostile();
        sample.contradict();
        let told = conflict(sample.answer.conflict.as_ref().unwrap(), "CNY", &Words::of(Lang::En));
        let line =
            "No plan satisfies `tencent <b>floor</b>` and `budget` together: they miss each other by CNY 20,000.";
        assert_eq!(told.line, line);
        assert_eq!(told.relax, ["`tencent <b>floor</b>`: give way by CNY 20,000"]);
    }

    #[test]
    fn what_is_no_money_gives_way_in_its_own_unit() {
        let relax = |by: f64, unit: &str| Relax { limit: "target".into(), by, unit: Some(unit.into()) };
        let relax = vec![relax(894_855.2, "registrations"), relax(1.0, "lines"), relax(2.0, "lines")];
        let found = Conflict { limits: vec!["target".into()], short_by: 0.0, relax };
        let told = |lang| {
            let told = conflict(&found, "CNY", &Words::of(lang));
            (told.line, told.relax)
        };
        let (line, relax) = told(Lang::En);
        assert_eq!(line, "No plan satisfies `target`.");
        let expected =
            ["894,856 registrations", "1 channel", "2 channels"].map(|by| format!("`target`: give way by {by}"));
        assert_eq!(relax, expected);
        let expected = ["894,856 注册数", "1 个渠道", "2 个渠道"].map(|by| format!("`目标量`：放宽 {by}"));
        assert_eq!(told(Lang::Zh).1, expected);
    }

    #[test]
    fn the_headline_says_what_is_spent_and_expected() {
        let sample = Sample::rich();
        let told = plan(&sample.settings, &sample.fitted, &sample.answer, &Words::of(Lang::En));
        assert!(told[0].starts_with("Spend CNY ") && told[0].contains("80% range"), "{}", told[0]);
        assert_eq!(told.len(), 8);
    }

    #[test]
    fn nothing_left_is_said_so() {
        let mut sample = Sample::rich();
        sample.answer.budget.unspent = 0.0;
        assert_eq!(unspent(&sample.answer, &Words::of(Lang::En)), "The whole budget is spent.");
    }
}
