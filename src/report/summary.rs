//! The short summary for the terminal: plain text, aligned where characters are full-width too, no colour.

use comfy_table::presets::NOTHING;
use comfy_table::{Cell, CellAlignment, ContentArrangement, Table};

use super::numbers::{ABSENT, count, decimal, places, signed};
use super::text::{capital, shorten};
use super::{Lang, Results, Words, figures, story};
use crate::backtest::Backtest;
use crate::check::{Finding, Severity};
use crate::fit::Fitted;
use crate::plan::{Answer, Conflict, Line};
use crate::score::Scorecard;
use crate::settings::Settings;

/// Columns that a name may take.
const NAME: usize = 36;
/// Columns that the limits of a line may take.
const LIMITS: usize = 32;
/// Findings told one by one; the others are counted.
const TOLD: usize = 5;

/// The summary of a whole run: the plan, or its conflict, then the findings.
pub fn text(results: &Results, lang: Lang) -> String {
    let planned = match results.answer {
        Some(answer) => plan(results.settings, results.fitted, answer, lang),
        None => Words::of(lang).say("no_plan").to_owned(),
    };
    format!("{planned}\n\n{}\n", findings(results.findings, lang))
}

/// The plan in sentences and a line a channel, or its conflict; it needs no data.
pub fn plan(settings: &Settings, fitted: &Fitted, answer: &Answer, lang: Lang) -> String {
    let words = Words::of(lang);
    match &answer.conflict {
        Some(told) => conflict(told, &answer.currency, &words),
        None => {
            format!("{}\n\n{}", story::plan(settings, fitted, answer, &words).join("\n"), allocation(answer, &words))
        }
    }
}

/// How the limits contradict each other and what the least way out is; `None` where they do not.
pub fn contradiction(answer: &Answer, lang: Lang) -> Option<String> {
    answer.conflict.as_ref().map(|told| conflict(told, &answer.currency, &Words::of(lang)))
}

/// How many findings there are, and the gravest of them.
pub fn findings(findings: &[Finding], lang: Lang) -> String {
    let words = Words::of(lang);
    let mut lines = vec![story::findings(findings, &words)];
    for severity in [Severity::Fail, Severity::Review] {
        let graver = findings.iter().filter(|finding| finding.severity == severity);
        let room = TOLD.saturating_sub(lines.len() - 1);
        lines.extend(graver.take(room).map(|finding| told(finding, &words)));
    }
    lines.join("\n")
}

fn told(finding: &Finding, words: &Words) -> String {
    let finding = words.finding(finding);
    let place = shorten(&finding.subject, NAME);
    let advice =
        if finding.advice.is_empty() { String::new() } else { format!(" → {}", shorten(&finding.advice, 100)) };
    let (severity, colon) = (words.severity(finding.severity), words.say("colon"));
    format!("  {severity} · {place}{colon}{}{advice}", shorten(&finding.message, 120))
}

/// The response models: a line a channel, with its curve or the reason why it has none.
pub fn models(fitted: &Fitted, lang: Lang) -> String {
    let words = Words::of(lang);
    let mut table = table(&[words.say("channel"), words.say("explained"), words.say("curve_or_reason")], &[1]);
    for fit in &fitted.channels {
        let explained = fit.diagnostics.as_ref().map_or(ABSENT.to_owned(), |d| super::numbers::percent(d.explained));
        let curve = match &fit.curve {
            Ok(curve) => words.family(curve.summary.saturation.family()).to_owned(),
            Err(reason) => shorten(&words.translate("fit.no_curve", reason), 80),
        };
        table.add_row(row([shorten(&fit.channel.label, NAME), explained, curve], &[1]));
    }
    table.trim_fmt()
}

/// The backtest: a line a channel, then all together; scores of the models beside those of the rules without one.
pub fn backtest(backtest: &Backtest, lang: Lang) -> String {
    let words = Words::of(lang);
    let heads = [
        words.say("channel"),
        words.say("windows"),
        words.say("cover_90"),
        words.say("bias"),
        words.say("score_model"),
        words.say("score_last_cost"),
        words.say("score_spend_share"),
    ];
    let right = [1, 2, 3, 4, 5, 6];
    let mut table = table(&heads, &right);
    let all = backtest.all.iter().map(|scores| (words.say("all_channels"), scores));
    for (name, scores) in backtest.channels.iter().map(|of| (of.channel.as_str(), &of.scores)).chain(all) {
        let crps = |score: f64| decimal(score, 1);
        let cells = [
            shorten(name, NAME),
            scores.windows.to_string(),
            super::numbers::percent(scores.cover_periods),
            super::numbers::percent(scores.bias.model),
            crps(scores.crps.model),
            crps(scores.crps.last_cost),
            crps(scores.crps.spend_share),
        ];
        table.add_row(row(cells, &right));
    }
    table.trim_fmt()
}

/// The scorecard: a line a supplier.
pub fn suppliers(scores: &Scorecard, lang: Lang) -> String {
    let words = Words::of(lang);
    let heads =
        [words.say("supplier"), words.say("tier"), words.say("spend"), words.say("cost_shrunk"), words.say("range_90")];
    let mut table = table(&heads, &[2, 3, 4]);
    for score in &scores.suppliers {
        let cost = score.cost_per.as_ref();
        let shown = |cost: Option<f64>| cost.map_or(ABSENT.to_owned(), |cost| decimal(cost, 2));
        let range = cost.map_or(ABSENT.to_owned(), |cost| format!("{}–{}", decimal(cost.p05, 2), decimal(cost.p95, 2)));
        let name = score.supplier.as_deref().unwrap_or(words.say("no_supplier"));
        let tier = format!("{:?} {}", score.tier, words.tier(score.tier));
        let cells =
            [shorten(name, NAME), tier, decimal(score.spend, 2), shown(cost.and_then(|cost| cost.shrunk)), range];
        table.add_row(row(cells, &[2, 3, 4]));
    }
    table.trim_fmt()
}

fn conflict(conflict: &Conflict, currency: &str, words: &Words) -> String {
    let told = story::conflict(conflict, currency, words);
    let relax = told.relax.iter().map(|line| format!("  {line}"));
    let head = [words.say("conflict").to_owned(), told.line, told.why];
    head.into_iter().chain(relax).collect::<Vec<_>>().join("\n")
}

fn allocation(answer: &Answer, words: &Words) -> String {
    let heads = [
        words.say("channel"),
        words.say("reference_short"),
        words.say("recommended"),
        words.say("change"),
        words.say("expected"),
        words.say("marginal_cost"),
        words.say("held_by"),
    ];
    let mut table = table(&heads, &[1, 2, 3, 4, 5]);
    for line in figures::by_change(answer) {
        table.add_row(row(cells(line, &answer.currency, words), &[1, 2, 3, 4, 5]));
    }
    table.trim_fmt()
}

fn cells(line: &Line, currency: &str, words: &Words) -> [String; 7] {
    let places = places(currency);
    let limits: Vec<String> = line.limited_by.iter().map(|limit| words.limit(limit)).collect();
    [
        shorten(&line.channel, NAME),
        decimal(line.reference_spend, places),
        decimal(line.spend, places),
        signed(figures::change(line), places),
        line.expected.map_or(ABSENT.to_owned(), |expected| count(expected.mean)),
        line.marginal_cost.map_or(ABSENT.to_owned(), |cost| decimal(cost, 2)),
        shorten(&limits.join(words.say("between_items")), LIMITS),
    ]
}

fn table(heads: &[&str], right: &[usize]) -> Table {
    let mut table = Table::new();
    table.load_style(NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(row(heads.iter().map(|head| capital(head)), right));
    table
}

/// Cells of which those at `right` are right-aligned.
fn row(cells: impl IntoIterator<Item = String>, right: &[usize]) -> Vec<Cell> {
    let aligned = |(index, text): (usize, String)| {
        let side = if right.contains(&index) { CellAlignment::Right } else { CellAlignment::Left };
        Cell::new(text).set_alignment(side)
    };
    cells.into_iter().enumerate().map(aligned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample::Sample;

    #[test]
    fn the_summary_can_be_acted_on() {
        let text = text(&Sample::hostile().results(), Lang::En);
        for wanted in ["Spend CNY 8,000 from 1 Jun 2026", "4,200.0", "held: weibo", "Findings: 1 not to build upon"] {
            assert!(text.contains(wanted), "{wanted} in\n{text}");
        }
        assert!(text.contains("vary the budget"));
    }

    #[test]
    fn names_cannot_break_the_table_or_turn_it() {
        for lang in Lang::ALL {
            let sample = Sample::hostile();
            let text = text(&sample.results(), lang) + &suppliers(&sample.scores, lang) + &models(&sample.fitted, lang);
            assert!(!text.contains(['\r', '\t', '\u{202E}', '\u{1b}']));
            assert!(text.lines().all(|line| crate::report::text::width(line) < 300), "{text}");
        }
    }

    #[test]
    fn a_conflict_says_what_to_relax() {
        let mut sample = Sample::hostile();
        sample.contradict();
        let text = text(&sample.results(), Lang::En);
        assert!(text.contains("`tencent <b>floor</b>`: give way by CNY 20,000"), "{text}");
        assert!(text.starts_with(&plan(&sample.settings, &sample.fitted, &sample.answer, Lang::En)));
        assert!(text.starts_with(&contradiction(&sample.answer, Lang::En).unwrap()));
        assert_eq!(contradiction(&Sample::hostile().answer, Lang::En), None);
    }
}
