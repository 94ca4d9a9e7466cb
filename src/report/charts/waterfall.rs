//! The waterfall: expected KPI at the reference spend → as planned, line by line.

use plotters::prelude::*;
use plotters::style::text_anchor::HPos;

use super::style::{
    Area, BLUE, Drawn, GRID, INK, MUTED, Names, SKY, VERMILLION, at, bold, font, pixels, px, sample_box, stroke,
};
use crate::check::Error;
use crate::plan::Answer;
use crate::report::numbers::{count, decimal, signed_count};
use crate::report::outlook::Outlook;
use crate::report::{Results, Words};

const WIDTH: u32 = 960;
const HEAD: i32 = 56;
const ROW: i32 = 27;
const FOOT: i32 = 46;
/// Where bars begin and where they may end.
const BARS: (i32, i32) = (304, 860);
/// Most lines that have a bar of their own; the others share one.
const MOST: usize = 14;

/// A bar from one level to another.
struct Bar {
    name: String,
    from: f64,
    to: f64,
    /// Whether it stands on the ground: a total.
    total: bool,
}

/// The waterfall; absent where no line changes what it brings.
///
/// # Errors
///
/// [`Kind::Bug`](crate::check::Kind::Bug) when the drawing library refuses.
pub fn waterfall(
    results: &Results,
    answer: &Answer,
    outlook: &Outlook,
    words: &Words,
) -> Result<Option<String>, Error> {
    let bars = bars(answer, outlook, words);
    if bars.len() < 3 {
        return Ok(None);
    }
    let title = words.say("waterfall_title");
    let kpi = words.kpi(results.settings.project.kpi);
    let height = HEAD + ROW * bars.len() as i32 + FOOT;
    let svg = Names::of(words).draw((WIDTH, height as u32), title, |area, names| {
        area.draw(&Text::new(title.to_owned(), px(24, 24), at(bold(15.0, INK), HPos::Left)))?;
        let scale = Scale::of(&bars);
        let start = decimal(scale.low, if scale.step < 1.0 { 2 } else { 0 });
        let cut = words.tell("axis_cut", &[("kpi", kpi), ("start", &start)]);
        axis(area, &scale, bars.len(), if scale.low > 0.0 { &cut } else { kpi })?;
        for (row, bar) in bars.iter().enumerate() {
            draw(area, names, bar, row as i32, &scale)?;
            if row + 1 < bars.len() {
                link(area, scale.x(bar.to), row as i32)?;
            }
        }
        Ok(())
    })?;
    Ok(Some(svg))
}

fn bars(answer: &Answer, outlook: &Outlook, words: &Words) -> Vec<Bar> {
    let (before, after) = (outlook.unchanged.expected.mean, outlook.plan.expected.mean);
    let steps = answer.lines.iter().zip(&outlook.lines).filter_map(|(line, step)| Some((line, (*step)?)));
    let mut gains: Vec<(&str, f64)> =
        steps.map(|(line, step)| (line.channel.as_str(), step.after - step.before)).collect();
    gains.retain(|(_, gain)| *gain != 0.0);
    gains.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()));
    let rest: f64 = gains.iter().skip(MOST).map(|(_, gain)| gain).sum();
    let others = gains.len().saturating_sub(MOST);
    gains.truncate(MOST);
    gains.sort_by(|a, b| b.1.total_cmp(&a.1));
    let others_name = words.tell("waterfall_others", &[("count", &others.to_string())]);
    if others > 0 {
        gains.push((&others_name, rest));
    }
    let total = |name: &str, to: f64| Bar { name: words.say(name).to_owned(), from: 0.0, to, total: true };
    let mut bars = vec![Bar { name: words.say("case_unchanged").to_owned(), from: 0.0, to: before, total: true }];
    let mut level = before;
    for (name, gain) in gains {
        bars.push(Bar { name: name.to_owned(), from: level, to: level + gain, total: false });
        level += gain;
    }
    bars.push(total("this_plan", after));
    bars
}

/// KPI → pixels. The axis begins near the levels, not at 0: steps are what is to be seen.
struct Scale {
    low: f64,
    step: f64,
    high: f64,
}

impl Scale {
    fn of(bars: &[Bar]) -> Scale {
        let levels = bars.iter().flat_map(|bar| if bar.total { [bar.to, bar.to] } else { [bar.from, bar.to] });
        let (least, most) = levels.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), y| (l.min(y), h.max(y)));
        let span = (most - least).max(most.abs() * 1e-6).max(1e-9);
        let step = super::style::round_step(span * 1.5 / 5.0);
        let low = ((least - 0.35 * span) / step).floor().max(0.0) * step;
        let high = (((most + 0.05 * span) / step).ceil() * step).max(low + step);
        Scale { low, step, high }
    }

    fn x(&self, level: f64) -> i32 {
        let share = ((level - self.low) / (self.high - self.low)).clamp(0.0, 1.0);
        BARS.0 + (share * f64::from(BARS.1 - BARS.0)).round() as i32
    }
}

fn axis(area: &Area, scale: &Scale, rows: usize, caption: &str) -> Drawn {
    let bottom = HEAD + ROW * rows as i32;
    let mut level = scale.low;
    while level <= scale.high + scale.step * 1e-6 {
        let x = scale.x(level);
        area.draw(&PathElement::new(vec![px(x, HEAD - 6), px(x, bottom)], stroke(GRID, 1)))?;
        let label = decimal(level, if scale.step < 1.0 { 2 } else { 0 });
        area.draw(&Text::new(label, px(x, bottom + 12), at(font(12.0, MUTED), HPos::Center)))?;
        level += scale.step;
    }
    let middle = px((BARS.0 + BARS.1) / 2, bottom + 32);
    area.draw(&Text::new(caption.to_owned(), middle, at(font(12.0, MUTED), HPos::Center)))
}

fn draw(area: &Area, names: &mut Names, bar: &Bar, row: i32, scale: &Scale) -> Drawn {
    let middle = HEAD + ROW * row + ROW / 2;
    let label = names.mark(&bar.name, 40);
    let style = if bar.total { bold(12.5, INK) } else { font(12.5, INK) };
    area.draw(&Text::new(label, px(BARS.0 - 12, middle), at(style, HPos::Right)))?;
    let (from, to) = if bar.total { (BARS.0, scale.x(bar.to)) } else { (scale.x(bar.from), scale.x(bar.to)) };
    let (left, right) = (from.min(to), from.max(to).max(from.min(to) + 1));
    let colour = match (bar.total, bar.to >= bar.from) {
        (true, _) => SKY,
        (false, true) => BLUE,
        (false, false) => VERMILLION,
    };
    sample_box(area, (left, middle), right - left, 8, colour.filled())?;
    let told = if bar.total { count(bar.to) } else { signed_count(bar.to - bar.from) };
    let room = right + 8 + pixels(&told, 12.5) < WIDTH as i32 - 8;
    let (x, side) = if room { (right + 8, HPos::Left) } else { (left - 8, HPos::Right) };
    area.draw(&Text::new(told, px(x, middle), at(bold(12.5, INK), side)))
}

/// A thin line from the end of a bar to the next.
fn link(area: &Area, x: i32, row: i32) -> Drawn {
    let y = HEAD + ROW * row + ROW / 2;
    area.draw(&PathElement::new(vec![px(x, y + 8), px(x, y + ROW - 8)], stroke(MUTED, 1)))
}
