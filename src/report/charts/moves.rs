//! Current → recommended spend by channel, from the largest rise to the largest cut.

use plotters::prelude::*;
use plotters::style::text_anchor::HPos;

use super::style::{
    Area, BLUE, Drawn, GRID, INK, Key, MUTED, Names, SKY, at, bold, font, legend_row, pixels, px, sample_box, stroke,
};
use crate::check::Error;
use crate::plan::{Answer, Line};
use crate::report::Words;
use crate::report::figures::{by_change, change};
use crate::report::numbers::{decimal, signed, ticks};

const WIDTH: u32 = 960;
const HEAD: i32 = 84;
const ROW: i32 = 36;
const FOOT: i32 = 48;
/// Where bars begin and where the longest may end.
const BARS: (i32, i32) = (304, 800);

/// Paired bars of at most `most` lines, those that change most; absent without lines.
///
/// # Errors
///
/// [`Kind::Bug`](crate::check::Kind::Bug) when the drawing library refuses.
pub fn moves(answer: &Answer, most: usize, words: &Words) -> Result<Option<String>, Error> {
    let lines = shown(answer, most);
    if lines.is_empty() {
        return Ok(None);
    }
    let height = HEAD + ROW * lines.len() as i32 + FOOT;
    let title = words.say("moves_title");
    let svg = Names::of(words).draw((WIDTH, height as u32), title, |area, names| {
        area.draw(&Text::new(title.to_owned(), px(24, 24), at(bold(15.0, INK), HPos::Left)))?;
        let keys = [
            Key { words: words.say("reference_spend"), sample: sample_reference },
            Key { words: words.say("recommended"), sample: sample_planned },
        ];
        legend_row(area, (24, 50), &keys)?;
        let scale = axis(area, &lines, &answer.currency, words)?;
        lines.iter().enumerate().try_for_each(|(row, line)| bars(area, names, line, row as i32, scale))
    })?;
    Ok(Some(svg))
}

/// The lines that change most, from the largest rise to the largest cut.
pub(super) fn shown(answer: &Answer, most: usize) -> Vec<&Line> {
    let mut lines = by_change(answer);
    if lines.len() > most {
        let mut sizes: Vec<f64> = lines.iter().map(|line| change(line).abs()).collect();
        sizes.sort_by(|a, b| b.total_cmp(a));
        let least = sizes[most.saturating_sub(1)];
        lines.retain(|line| change(line).abs() >= least);
        lines.truncate(most);
    }
    lines
}

/// Draws the axis and gives pixels per unit of money.
fn axis(
    area: &Area,
    lines: &[&Line],
    currency: &str,
    words: &Words,
) -> Result<f64, DrawingAreaErrorKind<std::io::Error>> {
    let longest = lines.iter().map(|line| line.spend.max(line.reference_spend)).fold(0.0, f64::max);
    let steps = ticks(longest, 4);
    let end = steps.last().copied().filter(|end| *end > 0.0).unwrap_or(1.0);
    let scale = f64::from(BARS.1 - BARS.0) / end;
    let bottom = HEAD + ROW * lines.len() as i32;
    for step in steps {
        let x = BARS.0 + (step * scale).round() as i32;
        area.draw(&PathElement::new(vec![px(x, HEAD - 6), px(x, bottom)], stroke(GRID, 1)))?;
        let label = decimal(step, if end < 5.0 { 2 } else { 0 });
        area.draw(&Text::new(label, px(x, bottom + 14), at(font(12.0, MUTED), HPos::Center)))?;
    }
    let caption = words.tell("axis_plan_spend", &[("currency", currency)]);
    let middle = px((BARS.0 + BARS.1) / 2, bottom + 34);
    area.draw(&Text::new(caption, middle, at(font(12.0, MUTED), HPos::Center)))?;
    Ok(scale)
}

fn bars(area: &Area, names: &mut Names, line: &Line, row: i32, scale: f64) -> Drawn {
    let middle = HEAD + ROW * row + ROW / 2 - 3;
    let label = names.mark(&line.channel, 40);
    area.draw(&Text::new(label, px(BARS.0 - 12, middle), at(font(12.5, INK), HPos::Right)))?;
    let end = |amount: f64| BARS.0 + (amount * scale).round().max(1.0) as i32;
    sample_box(area, (BARS.0, middle - 6), end(line.reference_spend) - BARS.0, 5, SKY.filled())?;
    sample_box(area, (BARS.0, middle + 6), end(line.spend) - BARS.0, 5, BLUE.filled())?;
    let moved = signed(change(line), 0);
    let after = end(line.spend.max(line.reference_spend)) + 10;
    let place = px(after.min(WIDTH as i32 - 16 - pixels(&moved, 12.5)), middle);
    area.draw(&Text::new(moved, place, at(bold(12.5, INK), HPos::Left)))
}

fn sample_reference(area: &Area, place: (i32, i32), length: i32) -> Drawn {
    sample_box(area, place, length, 5, SKY.filled())
}

fn sample_planned(area: &Area, place: (i32, i32), length: i32) -> Drawn {
    sample_box(area, place, length, 5, BLUE.filled())
}
