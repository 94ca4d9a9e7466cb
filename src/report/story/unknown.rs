//! Sentences on what is not known: what the plan may miss, which amounts are least sure, what a test is worth, and its days.

use crate::plan::{Answer, Incremental};
use crate::report::Words;
use crate::report::numbers::{ABSENT, count, decimal, small_percent};
use crate::report::text::{one_line, shorten};
use crate::report::unknown::{self, Unsure};
use crate::settings::{Goal, Settings};

/// What the plan may miss at most; absent where no draw got a plan of its own.
pub(in crate::report) fn regret(settings: &Settings, answer: &Answer, words: &Words) -> Option<String> {
    let regret = answer.unknown.as_ref()?.regret?;
    let of = |figure: f64| amount(settings, answer, figure, words);
    let (mean, most, share) = (of(regret.mean), of(regret.p90), small_percent(regret.share));
    Some(words.tell("regret_told", &[("mean", &mean), ("most", &most), ("share", &share)]))
}

/// What of the expected KPI spend is taken to cause, and what that rests on; absent where the models do not say.
pub(in crate::report) fn caused(settings: &Settings, answer: &Answer, words: &Words) -> Option<String> {
    let (caused, expected) = (answer.incremental?, answer.expected?);
    let figures = [
        ("caused", count(caused.mean)),
        ("expected", count(expected.mean)),
        ("kpi", words.kpi(settings.project.kpi).to_owned()),
        ("low", count(caused.p10)),
        ("high", count(caused.p90)),
        ("cost", caused.cost_per.map_or(ABSENT.to_owned(), |cost| words.cost(cost, &answer.currency))),
        ("why", resting_on(answer, words)),
    ];
    Some(words.tell("caused_told", &figures.each_ref().map(|(name, figure)| (*name, figure.as_str()))))
}

/// Lift tests, or the assumption that stands for them: the widest share that any line is taken to have.
fn resting_on(answer: &Answer, words: &Words) -> String {
    let lines = answer.lines.iter().filter_map(|line| line.incremental.as_ref());
    let (tested, assumed): (Vec<&Incremental>, Vec<&Incremental>) = lines.partition(|one| !one.tests.is_empty());
    let least = assumed.iter().map(|one| one.share.p05).fold(f64::INFINITY, f64::min);
    let most = assumed.iter().map(|one| one.share.p95).fold(0.0, f64::max);
    let mean = crate::math::mean(&assumed.iter().map(|one| one.share.mean).collect::<Vec<f64>>());
    let [share, from, to] = [mean, least, most].map(|share| decimal(share, 2));
    let (some, all) = (tested.len().to_string(), (tested.len() + assumed.len()).to_string());
    let values = [("share", &*share), ("from", &*from), ("to", &*to), ("tested", &*some), ("lines", &*all)];
    match (tested.len(), assumed.len()) {
        (_, 0) => words.say("caused_tested").to_owned(),
        (0, _) => words.tell("caused_assumed", &values),
        _ => words.tell("caused_partly", &values),
    }
}

/// An amount of what the goal counts.
fn amount(settings: &Settings, answer: &Answer, figure: f64, words: &Words) -> String {
    match settings.plan.as_ref().map_or(Goal::Most, |plan| plan.goal) {
        Goal::Most => words.tell("so_many", &[("count", &count(figure)), ("kpi", words.kpi(settings.project.kpi))]),
        Goal::LeastSpend | Goal::BreakEven => words.money(figure, &answer.currency),
    }
}

/// How sure the amounts are, in sentences.
pub(in crate::report) fn sureness(settings: &Settings, answer: &Answer, words: &Words) -> Vec<String> {
    let because = answer.unknown.as_ref().and_then(|unknown| unknown.because.as_deref());
    if let Some(because) = because {
        let because = words.translate("plan.unknown", &one_line(because));
        return vec![words.tell("sureness_none", &[("because", &because)])];
    }
    [regret(settings, answer, words), widest(answer, words), test(settings, answer, words)]
        .into_iter()
        .flatten()
        .collect()
}

/// The line whose best spend moves most over the draws.
fn widest(answer: &Answer, words: &Words) -> Option<String> {
    let lines = unknown::lines(answer);
    let width = |one: &Unsure| one.line.interval.map_or(0.0, |interval| interval.p90 - interval.p10);
    let widest = lines.iter().max_by(|a, b| width(a).total_cmp(&width(b))).filter(|one| width(one) > 0.0)?;
    let interval = widest.line.interval?;
    let [low, high, planned] =
        [interval.p10, interval.p90, widest.line.spend].map(|spend| words.money(spend, &answer.currency));
    let channel = shorten(&widest.line.channel, 60);
    Some(words.tell("widest_told", &[("channel", &channel), ("low", &low), ("high", &high), ("planned", &planned)]))
}

/// The test that is worth most.
fn test(settings: &Settings, answer: &Answer, words: &Words) -> Option<String> {
    let test = answer.unknown.as_ref()?.tests.iter().find(|test| test.probe_budget.is_some_and(|most| most > 0.0))?;
    let money = words.money(test.probe_budget?, &answer.currency);
    let worth = amount(settings, answer, test.worth?, words);
    let channel = shorten(&test.channel, 60);
    Some(words.tell("test_told", &[("channel", &channel), ("money", &money), ("worth", &worth)]))
}

/// What the plan's days say; absent where none were laid out.
pub(in crate::report) fn days(answer: &Answer, words: &Words) -> Option<String> {
    let days = unknown::days(answer);
    let first = days.first()?;
    let most = days.iter().reduce(|most, day| if day.spend > most.spend { day } else { most })?;
    let money = |amount: f64| words.money(amount, &answer.currency);
    let figures = [
        ("first", money(first.spend)),
        ("before", money(first.spend - first.change)),
        ("most", money(most.spend)),
        ("date", words.date(&most.date.to_string())),
        ("changes", days.iter().skip(1).filter(|day| day.changed > 0).count().to_string()),
        ("days", days.len().to_string()),
    ];
    Some(words.tell("days_message", &figures.each_ref().map(|(name, figure)| (*name, figure.as_str()))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Lang;
    use crate::report::sample::Sample;

    #[test]
    fn what_the_plan_may_miss_is_told_in_every_language() {
        let sample = Sample::rich();
        for lang in Lang::ALL {
            let told = sureness(&sample.settings, &sample.answer, &Words::of(lang));
            assert_eq!(told.len(), 3, "{told:?}");
            assert!(told.iter().all(|sentence| !sentence.contains('{')), "{told:?}");
            let days = days(&sample.answer, &Words::of(lang)).unwrap();
            assert!(!days.contains('{') && days.contains("30"), "{days}");
        }
    }

    #[test]
    fn why_nothing_is_told_is_said() {
        let mut sample = Sample::rich();
        let unknown = sample.answer.unknown.as_mut().unwrap();
        unknown.because = Some("`what_if` is 0; intervals need 10 or more".into());
        let told = sureness(&sample.settings, &sample.answer, &Words::of(Lang::Zh));
        assert!(told.len() == 1 && told[0].contains("区间需要 10 或以上"), "{told:?}");
    }
}
