//! The lines of the plan beside what they replace.

use serde::Serialize;

use crate::check::Error;
use crate::plan::{Answer, Line};
use crate::report::outlook::{Outlook, Step};
use crate::report::text::{one_line, shorten};
use crate::report::{Words, charts, figures, story};

/// Most bars in the chart of moves on the page.
const BARS: usize = 30;
/// Moves told in the summary.
const TOP: usize = 6;

/// A plan line beside what it replaces.
#[derive(Clone, Serialize)]
pub(super) struct Move<'a> {
    line: &'a Line,
    label: String,
    /// The whole name, where the label is a part of it.
    whole: Option<String>,
    change: f64,
    change_share: Option<f64>,
    /// Widths of the bars of the summary, in percent of the longest.
    bars: (f64, f64),
    /// Expected KPI as planned less that at the reference spend.
    gain: Option<f64>,
    /// Cash ÷ expected KPI.
    net_cost: Option<f64>,
    held_by: String,
    why_not_more: String,
    /// Why it moves, in a sentence.
    why: String,
}

/// The lines from the largest rise to the largest cut.
pub(super) fn moves<'a>(answer: &'a Answer, outlook: Option<&Outlook>, words: &Words) -> Vec<Move<'a>> {
    let longest =
        answer.lines.iter().map(|line| line.spend.max(line.reference_spend)).fold(f64::MIN_POSITIVE, f64::max);
    let percent = |amount: f64| (1000.0 * amount / longest).round() / 10.0;
    let steps = outlook.map_or(&[][..], |outlook| &outlook.lines[..]);
    let row = |(at, line): (usize, &'a Line)| {
        let step: Option<&Step> = steps.get(at).and_then(Option::as_ref);
        Move {
            line,
            label: shorten(&line.channel, 60),
            whole: Some(one_line(&line.channel)).filter(|whole| *whole != shorten(whole, 60)),
            change: figures::change(line),
            change_share: figures::change_share(line),
            bars: (percent(line.reference_spend), percent(line.spend)),
            gain: step.map(|step| step.after - step.before),
            net_cost: line.expected.map(|expected| line.cash / expected.mean).filter(|cost| cost.is_finite()),
            held_by: line
                .limited_by
                .iter()
                .map(|name| words.limit(&one_line(name)))
                .collect::<Vec<_>>()
                .join(words.say("between_items")),
            why_not_more: words.translate("plan.why_not_more", &one_line(&line.why_not_more)),
            why: story::why(line, step, words),
        }
    };
    let mut rows: Vec<Move> = answer.lines.iter().enumerate().map(row).collect();
    rows.sort_by(|a, b| b.change.total_cmp(&a.change));
    rows
}

/// The lines that move most.
pub(super) fn top<'a>(lines: &[Move<'a>]) -> Vec<Move<'a>> {
    let mut top: Vec<Move> = lines.iter().filter(|line| line.change != 0.0).cloned().collect();
    top.sort_by(|a, b| b.change.abs().total_cmp(&a.change.abs()));
    top.truncate(TOP);
    top
}

/// The chart of moves, as much of it as a page can take.
pub(super) fn chart(answer: &Answer, words: &Words) -> Result<Option<String>, Error> {
    charts::moves(answer, BARS, words)
}

/// What to say when the chart leaves lines out.
pub(super) fn more_lines(lines: usize, words: &Words) -> Option<String> {
    (lines > BARS).then(|| words.tell("moves_shown", &[("count", &BARS.to_string())]))
}
