//! How sure: the chance that the plan brings at least so much, beside the reference mix at the same money.

use plotters::prelude::*;
use plotters::style::text_anchor::HPos;

use super::style::{
    Area, BLUE, Drawn, FINE, GRID, INK, Key, MUTED, Names, at, bold, font, labels, legend_row, px, recommended,
    sample_line_dashed, sample_line_solid, sample_recommended, stroke,
};
use crate::check::Error;
use crate::report::numbers::decimal;
use crate::report::outlook::{Case, Outlook};
use crate::report::{Results, Words};

const SIZE: (u32, u32) = (960, 400);
/// Quantiles that are marked on the plan's line.
const MARKS: [f64; 3] = [0.1, 0.5, 0.9];

/// The chance over the KPI; absent where all draws agree.
///
/// # Errors
///
/// [`Kind::Bug`](crate::check::Kind::Bug) when the drawing library refuses.
pub fn risk(results: &Results, outlook: &Outlook, words: &Words) -> Result<Option<String>, Error> {
    let mut all = outlook.plan.draws.clone();
    all.extend(outlook.same_mix.iter().flat_map(|mix| &mix.draws));
    let (least, most) = all.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), y| (l.min(*y), h.max(*y)));
    if !(most - least > 1e-9 * most.abs()) {
        return Ok(None);
    }
    let title = words.say("risk_title");
    let svg = Names::of(words).draw(SIZE, title, |area, _| {
        area.draw(&Text::new(title.to_owned(), px(24, 24), at(bold(15.0, INK), HPos::Left)))?;
        let mut keys = vec![Key { words: words.say("this_plan"), sample: sample_line_solid }];
        if outlook.same_mix.is_some() {
            keys.push(Key { words: words.say("case_same_mix"), sample: sample_line_dashed });
        }
        keys.push(Key { words: words.say("risk_marks"), sample: sample_recommended });
        legend_row(area, (24, 50), &keys)?;
        let pad = 0.04 * (most - least);
        draw(area, outlook, (least - pad, most + pad), words.kpi(results.settings.project.kpi))
    })?;
    Ok(Some(svg))
}

fn draw(area: &Area, outlook: &Outlook, (least, most): (f64, f64), kpi: &str) -> Drawn {
    let mut chart = ChartBuilder::on(area)
        .margin_top(74 * FINE)
        .margin_right(40 * FINE)
        .margin_bottom(10 * FINE)
        .margin_left(10 * FINE)
        .set_label_area_size(LabelAreaPosition::Left, 58 * FINE)
        .set_label_area_size(LabelAreaPosition::Bottom, 48 * FINE)
        .build_cartesian_2d(least..most, 0.0..1.0)?;
    let places = if most - least < 5.0 { 2 } else { 0 };
    chart
        .configure_mesh()
        .disable_x_mesh()
        .bold_line_style(stroke(GRID, 1))
        .light_line_style(TRANSPARENT)
        .axis_style(stroke(MUTED, 1))
        .x_labels(labels(SIZE.0 as i32 - 120, &decimal(most, places)))
        .y_labels(6)
        .set_all_tick_mark_size(5 * FINE)
        .x_label_formatter(&|value| decimal(*value, places))
        .y_label_formatter(&|value| format!("{}%", decimal(100.0 * value, 0)))
        .label_style(font(12.0, MUTED))
        .axis_desc_style(font(12.0, MUTED))
        .x_desc(kpi)
        .draw()?;
    if let Some(mix) = &outlook.same_mix {
        for dash in dashes(&chances(mix), most - least) {
            chart.draw_series([PathElement::new(dash, stroke(MUTED, 2))])?;
        }
    }
    chart.draw_series([PathElement::new(chances(&outlook.plan), stroke(BLUE, 2))])?;
    for share in MARKS {
        recommended(area, chart.backend_coord(&(outlook.plan.quantile(share), 1.0 - share)))?;
    }
    Ok(())
}

/// The chance of at least so much: 1 − the empirical distribution, through the middle of its steps.
fn chances(case: &Case) -> Vec<(f64, f64)> {
    let mut draws = case.draws.clone();
    draws.sort_by(f64::total_cmp);
    let count = draws.len() as f64;
    draws.iter().enumerate().map(|(at, draw)| (*draw, 1.0 - (at as f64 + 0.5) / count)).collect()
}

/// Dashes of one length along a line, so that it can be told from a whole one without colour. `width` is that of the chart,
/// whose height is 1; it is about three times as wide as high.
fn dashes(line: &[(f64, f64)], width: f64) -> Vec<Vec<(f64, f64)>> {
    const DASH: f64 = 0.035;
    let mut dashes = vec![Vec::new()];
    let (mut gone, mut drawn) = (0.0, true);
    for pair in line.windows(2) {
        let [(x0, y0), (x1, y1)] = [pair[0], pair[1]];
        let length = (3.0 * (x1 - x0) / width).hypot(y1 - y0);
        let mut at = 0.0;
        while at < length {
            let step = (length - at).min(DASH - gone);
            let point = |along: f64| (x0 + (x1 - x0) * along / length, y0 + (y1 - y0) * along / length);
            if let Some(dash) = dashes.last_mut().filter(|_| drawn) {
                dash.extend([point(at), point(at + step)]);
            }
            (at, gone) = (at + step, gone + step);
            if gone >= DASH - 1e-9 {
                (gone, drawn) = (0.0, !drawn);
                dashes.extend(drawn.then(Vec::new));
            }
        }
    }
    dashes.retain(|dash| dash.len() > 1);
    dashes
}
