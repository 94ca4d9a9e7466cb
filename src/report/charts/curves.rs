//! Response curves: the mean and its band, where spend stands and where the plan puts it, and where the curve is a guess.

use plotters::coord::types::RangedCoordf64;
use plotters::prelude::*;
use plotters::style::text_anchor::HPos;

use super::style::{
    Area, BLUE, Drawn, FINE, GRID, INK, Key, MUTED, Names, SHADE, at, bold, current, font, labels, legend_row, px,
    recommended, sample_band, sample_beyond, sample_current, sample_recommended, stroke,
};
use crate::check::Error;
use crate::fit::{ChannelFit, Curve};
use crate::report::figures::{CurvePoint, curve_point, curve_points, usual_range};
use crate::report::numbers::{decimal, ticks};
use crate::report::{Results, Words};

const SIZE: (u32, u32) = (440, 300);
const LEGEND: u32 = 44;
const COLUMNS: usize = 3;
/// Most panels of the overview; the other curves have their own files.
const MOST: usize = 60;

/// What a panel shows.
struct Panel<'a> {
    fit: &'a ChannelFit,
    curve: &'a Curve,
    /// Recommended spend per period.
    planned: Option<f64>,
    x_label: String,
    y_label: String,
}

/// The curve of the channel at `index`; absent without one.
///
/// # Errors
///
/// [`Kind::Bug`](crate::check::Kind::Bug) when the drawing library refuses.
pub fn curve(results: &Results, index: usize, with_legend: bool, words: &Words) -> Result<Option<String>, Error> {
    let Some(panel) = results.fitted.channels.get(index).and_then(|fit| panel(results, fit, words)) else {
        return Ok(None);
    };
    let height = SIZE.1 + if with_legend { LEGEND } else { 0 };
    let label = panel.fit.channel.label.clone();
    let svg = Names::of(words).draw((SIZE.0, height), &label, |area, names| {
        let (chart, foot) = area.split_vertically(SIZE.1 * FINE as u32);
        draw(&panel, &chart, names)?;
        if with_legend { legend_row(&foot, (18, 10), &keys(words)) } else { Ok(()) }
    })?;
    Ok(Some(svg))
}

/// All curves side by side under one legend; absent without any.
///
/// # Errors
///
/// As [`curve`].
pub fn curves(results: &Results, words: &Words) -> Result<Option<String>, Error> {
    let panels = results.fitted.channels.iter().filter_map(|fit| panel(results, fit, words));
    let panels: Vec<Panel> = panels.take(MOST).collect();
    if panels.is_empty() {
        return Ok(None);
    }
    let columns = panels.len().min(COLUMNS);
    let rows = panels.len().div_ceil(columns);
    let size = (SIZE.0 * columns as u32, SIZE.1 * rows as u32 + LEGEND);
    let svg = Names::of(words).draw(size, words.say("curves"), |area, names| {
        let (head, grid) = area.split_vertically(LEGEND * FINE as u32);
        legend_row(&head, (24, 18), &keys(words))?;
        let cells = grid.split_evenly((rows, columns));
        panels.iter().zip(&cells).try_for_each(|(panel, cell)| draw(panel, cell, names))
    })?;
    Ok(Some(svg))
}

/// What the marks of the curves mean, as a strip.
///
/// # Errors
///
/// As [`curve`].
pub fn legend(words: &Words) -> Result<String, Error> {
    Names::of(words).draw((680, LEGEND), words.say("legend"), |area, _| legend_row(area, (8, 14), &keys(words)))
}

fn keys(words: &Words) -> [Key<'_>; 4] {
    [
        Key { words: words.say("curve_band"), sample: sample_band },
        Key { words: words.say("reference_short"), sample: sample_current },
        Key { words: words.say("recommended"), sample: sample_recommended },
        Key { words: words.say("beyond_observed"), sample: sample_beyond },
    ]
}

fn panel<'a>(results: &Results<'a>, fit: &'a ChannelFit, words: &Words) -> Option<Panel<'a>> {
    let curve = fit.curve.as_ref().ok()?;
    let planned = results.answer.and_then(|answer| {
        let line = answer.lines.iter().find(|line| line.channel == fit.channel.label)?;
        Some(line.spend / answer.period.periods)
    });
    let project = &results.settings.project;
    let per = words.per(results.fitted.grain);
    let x_label = words.tell("axis_spend", &[("per", per), ("currency", project.currency.code())]);
    let y_label = words.tell("axis_kpi", &[("per", per), ("kpi", words.kpi(project.kpi))]);
    Some(Panel { fit, curve, planned, x_label, y_label })
}

fn draw(panel: &Panel, area: &Area, names: &mut Names) -> Drawn {
    let most = usual_range(panel.fit).max(panel.planned.unwrap_or(0.0) * 1.15);
    let most = if most > 0.0 && most.is_finite() { most } else { 1.0 };
    let points = curve_points(panel.curve, most);
    let top = points.iter().map(|point| point.p95.max(point.mean)).fold(0.0, f64::max);
    let top = ticks(top * 1.04, 5).last().copied().filter(|top| *top > 0.0 && top.is_finite()).unwrap_or(1.0);
    let title = names.mark(&panel.fit.channel.label, 46);
    area.draw(&Text::new(title, px(18, 20), at(bold(14.0, INK), HPos::Left)))?;
    area.draw(&Text::new(panel.y_label.clone(), px(18, 42), at(font(12.0, MUTED), HPos::Left)))?;
    let mut chart = ChartBuilder::on(area)
        .margin_top(62 * FINE)
        .margin_right(26 * FINE)
        .margin_bottom(8 * FINE)
        .margin_left(2 * FINE)
        .set_label_area_size(LabelAreaPosition::Left, 58 * FINE)
        .set_label_area_size(LabelAreaPosition::Bottom, 44 * FINE)
        .build_cartesian_2d(0.0..most, 0.0..top)?;
    shade(&mut chart, panel.fit.observed.1, most, top)?;
    mesh(&mut chart, &panel.x_label, most, top)?;
    lines(&mut chart, &points)?;
    marks(&chart, panel, area)
}

type Chart<'a, 'b> = ChartContext<'a, SVGBackend<'b>, Cartesian2d<RangedCoordf64, RangedCoordf64>>;

/// Beyond the largest observed spend the curve is a guess.
fn shade(chart: &mut Chart, observed: f64, most: f64, top: f64) -> Drawn {
    if observed < most {
        chart.draw_series([Rectangle::new([(observed.max(0.0), 0.0), (most, top)], SHADE.filled())])?;
    }
    Ok(())
}

fn mesh(chart: &mut Chart, x_label: &str, most: f64, top: f64) -> Drawn {
    let label = |most: f64| {
        move |value: &f64| {
            decimal(
                *value,
                if most < 5.0 {
                    2
                } else if most < 20.0 {
                    1
                } else {
                    0
                },
            )
        }
    };
    chart
        .configure_mesh()
        .disable_x_mesh()
        .bold_line_style(stroke(GRID, 1))
        .light_line_style(TRANSPARENT)
        .axis_style(stroke(MUTED, 1))
        .x_labels(labels(SIZE.0 as i32 - 90, &label(most)(&most)))
        .y_labels(6)
        .set_all_tick_mark_size(5 * FINE)
        .x_label_formatter(&label(most))
        .y_label_formatter(&label(top))
        .label_style(font(12.0, MUTED))
        .axis_desc_style(font(12.0, MUTED))
        .x_desc(x_label)
        .draw()
}

fn lines(chart: &mut Chart, points: &[CurvePoint]) -> Drawn {
    let above = points.iter().map(|point| (point.spend, point.p95));
    let below = points.iter().rev().map(|point| (point.spend, point.p05));
    chart.draw_series([Polygon::new(above.chain(below).collect::<Vec<_>>(), BLUE.mix(0.18).filled())])?;
    chart.draw_series([PathElement::new(
        points.iter().map(|p| (p.spend, p.mean)).collect::<Vec<_>>(),
        stroke(BLUE, 2),
    )])?;
    Ok(())
}

fn marks(chart: &Chart, panel: &Panel, area: &Area) -> Drawn {
    let origin = area.get_base_pixel();
    let place = |spend: f64| {
        let pixel = chart.backend_coord(&(spend, curve_point(panel.curve, spend).mean));
        (pixel.0 - origin.0, pixel.1 - origin.1)
    };
    current(area, place(panel.fit.reference_spend))?;
    panel.planned.map_or(Ok(()), |spend| recommended(area, place(spend)))
}
