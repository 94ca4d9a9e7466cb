//! The frontier: expected KPI over budgets, with the budget that was asked for.

use plotters::prelude::*;
use plotters::style::text_anchor::HPos;

use super::style::{
    Area, BLUE, Drawn, FINE, GRID, INK, Key, MUTED, Names, PAPER, VERMILLION, at, bold, font, labels, legend_row,
    pixels, px, recommended, sample_band, sample_recommended, stroke,
};
use crate::check::Error;
use crate::plan::Answer;
use crate::report::Words;
use crate::report::numbers::{decimal, ticks};
use crate::units::Kpi;

const SIZE: (u32, u32) = (960, 460);

/// A budget and what it is expected to bring.
#[derive(Clone, Copy)]
struct Point {
    budget: f64,
    mean: f64,
    p10: f64,
    p90: f64,
}

/// The frontier with its p10–p90 band; absent with fewer than two budgets that have a plan.
///
/// # Errors
///
/// [`Kind::Bug`](crate::check::Kind::Bug) when the drawing library refuses.
pub fn frontier(answer: &Answer, kpi: Kpi, words: &Words) -> Result<Option<String>, Error> {
    let points = points(answer);
    if points.len() < 2 {
        return Ok(None);
    }
    let title = words.say("frontier");
    let svg = Names::of(words).draw(SIZE, title, |area, _| {
        area.draw(&Text::new(title.to_owned(), px(24, 24), at(bold(15.0, INK), HPos::Left)))?;
        let keys = [
            Key { words: words.say("frontier_band"), sample: sample_band },
            Key { words: words.say("this_plan"), sample: sample_recommended },
        ];
        legend_row(area, (24, 50), &keys)?;
        area.draw(&Text::new(words.kpi(kpi).to_owned(), px(24, 80), at(font(12.0, MUTED), HPos::Left)))?;
        draw(area, answer, &points, words)
    })?;
    Ok(Some(svg))
}

/// The budgets that have a plan, ascending.
fn points(answer: &Answer) -> Vec<Point> {
    let point = |p: &crate::plan::FrontierPoint| {
        let mean = p.mean?;
        Some(Point { budget: p.budget, mean, p10: p.p10.unwrap_or(mean), p90: p.p90.unwrap_or(mean) })
    };
    let mut points: Vec<Point> = answer.frontier.iter().filter_map(point).collect();
    points.sort_by(|a, b| a.budget.total_cmp(&b.budget));
    points
}

fn draw(area: &Area, answer: &Answer, points: &[Point], words: &Words) -> Drawn {
    let asked = answer.budget.asked;
    let most = points.iter().map(|point| point.budget).fold(asked, f64::max) * 1.06;
    let top = points.iter().map(|point| point.p90.max(point.mean)).fold(0.0, f64::max);
    let top = ticks(top * 1.02, 5).last().copied().filter(|top| *top > 0.0).unwrap_or(1.0);
    let mut chart = ChartBuilder::on(area)
        .margin_top(94 * FINE)
        .margin_right(40 * FINE)
        .margin_bottom(10 * FINE)
        .margin_left(10 * FINE)
        .set_label_area_size(LabelAreaPosition::Left, 78 * FINE)
        .set_label_area_size(LabelAreaPosition::Bottom, 48 * FINE)
        .build_cartesian_2d(0.0..most.max(1.0), 0.0..top)?;
    chart
        .configure_mesh()
        .disable_x_mesh()
        .bold_line_style(stroke(GRID, 1))
        .light_line_style(TRANSPARENT)
        .axis_style(stroke(MUTED, 1))
        .x_labels(labels(SIZE.0 as i32 - 140, &decimal(most, 0)))
        .y_labels(6)
        .set_all_tick_mark_size(5 * FINE)
        .x_label_formatter(&|value| decimal(*value, 0))
        .y_label_formatter(&|value| decimal(*value, if top < 10.0 { 1 } else { 0 }))
        .label_style(font(12.0, MUTED))
        .axis_desc_style(font(12.0, MUTED))
        .x_desc(words.tell("axis_budget", &[("currency", &answer.currency)]))
        .draw()?;
    let above = points.iter().map(|point| (point.budget, point.p90));
    let below = points.iter().rev().map(|point| (point.budget, point.p10));
    chart.draw_series([Polygon::new(above.chain(below).collect::<Vec<_>>(), BLUE.mix(0.18).filled())])?;
    let line = points.iter().map(|point| (point.budget, point.mean)).collect::<Vec<_>>();
    chart.draw_series([PathElement::new(line.clone(), stroke(BLUE, 2))])?;
    chart.draw_series(line.iter().map(|place| Circle::new(*place, 4 * FINE, BLUE.filled())))?;
    chart.draw_series(dashes(asked, top))?;
    let foot = chart.backend_coord(&(asked, 0.0));
    if let Some(expected) = answer.expected {
        recommended(area, chart.backend_coord(&(asked, expected.mean)))?;
    }
    asked_label(area, foot, &words.tell("asked_budget", &[("budget", &decimal(asked, 0))]))
}

/// The words beside the dashed line, on paper so that the grid does not cross them, on the side that has room.
fn asked_label(area: &Area, (x, y): (i32, i32), label: &str) -> Drawn {
    let (x, y) = (x / FINE, y / FINE);
    let length = pixels(label, 12.0);
    let fits = x + 8 + length < SIZE.0 as i32 - 24;
    let left = if fits { x + 8 } else { x - 8 - length };
    area.draw(&Rectangle::new([px(left - 3, y - 28), px(left + length + 3, y - 8)], PAPER.filled()))?;
    area.draw(&Text::new(label.to_owned(), px(left, y - 18), at(font(12.0, VERMILLION), HPos::Left)))
}

/// A dashed line from the foot to the top of the chart.
fn dashes(x: f64, top: f64) -> impl Iterator<Item = PathElement<(f64, f64)>> {
    let dash = move |i: i32| [f64::from(i) / 30.0, (f64::from(i) + 0.6) / 30.0].map(|share| (x, top * share));
    (0..30).map(move |i| PathElement::new(dash(i).to_vec(), stroke(VERMILLION, 1)))
}
