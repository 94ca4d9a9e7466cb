//! The response curves and how their fits went.

use serde::Serialize;

use super::inline;
use crate::check::Error;
use crate::fit::ChannelFit;
use crate::report::text::{one_line, shorten};
use crate::report::{Results, Words, charts, figures};

/// Most curves drawn on the page, those whose spend moves most; the others are files in `charts/`.
const CURVES: usize = 60;

#[derive(Serialize)]
pub(super) struct Curves {
    message: String,
    legend: Option<String>,
    charts: Vec<String>,
    rest: Option<String>,
    rows: Vec<CurveRow>,
}

/// The figures behind a curve's chart.
#[derive(Serialize)]
struct CurveRow {
    channel: String,
    reference: [f64; 4],
    planned: Option<[f64; 4]>,
    observed: Option<f64>,
}

#[derive(Serialize)]
pub(super) struct Models {
    message: String,
    rows: Vec<ModelRow>,
}

#[derive(Serialize)]
struct ModelRow {
    channel: String,
    has_curve: bool,
    weak: bool,
    curve: String,
    draws: Option<usize>,
    periods: Option<usize>,
    explained: Option<f64>,
    elasticity: Option<f64>,
    elasticity_error: Option<f64>,
    pareto_k: Option<f64>,
    observed: (f64, f64),
}

pub(super) fn curves(results: &Results, words: &Words) -> Result<Curves, Error> {
    let fits = &results.fitted.channels;
    let with = fits.iter().filter(|fit| fit.curve.is_ok()).count();
    let mut drawn = Vec::new();
    for index in most_moved(results) {
        drawn.extend(charts::curve(results, index, false, words)?.map(|svg| inline(&svg)));
    }
    let (count, all) = (with.to_string(), fits.len().to_string());
    let rest = (with > CURVES).then(|| (with - CURVES).to_string());
    Ok(Curves {
        message: match with {
            0 => words.say("curves_message_none").to_owned(),
            _ => words.tell("curves_message", &[("with", &count), ("all", &all)]),
        },
        legend: if with == 0 { None } else { Some(inline(&charts::legend(words)?)) },
        charts: drawn,
        rest: rest.map(|rest| words.tell("curves_rest", &[("count", &rest)])),
        rows: fits.iter().filter_map(|fit| curve_row(results, fit)).collect(),
    })
}

/// The channels with a curve, those that the plan moves most first; all of them in their order where there is room.
fn most_moved(results: &Results) -> Vec<usize> {
    let fits = &results.fitted.channels;
    let mut with: Vec<usize> = (0..fits.len()).filter(|at| fits[*at].curve.is_ok()).collect();
    if with.len() > CURVES {
        let lines = results.answer.map_or(&[][..], |answer| &answer.lines[..]);
        let moved: std::collections::BTreeMap<&str, f64> =
            lines.iter().map(|line| (line.channel.as_str(), figures::change(line).abs())).collect();
        let of = |at: &usize| moved.get(fits[*at].channel.label.as_str()).copied().unwrap_or(0.0);
        with.sort_by(|a, b| of(b).total_cmp(&of(a)));
        with.truncate(CURVES);
    }
    with
}

fn curve_row(results: &Results, fit: &ChannelFit) -> Option<CurveRow> {
    let curve = fit.curve.as_ref().ok()?;
    let point = |spend: f64| {
        let point = figures::curve_point(curve, spend);
        [spend, point.mean, point.p05, point.p95]
    };
    let line = results.answer.and_then(|answer| Some((figures::line_of(answer, &fit.channel.label)?, answer)));
    Some(CurveRow {
        channel: shorten(&fit.channel.label, 60),
        reference: point(fit.reference_spend),
        planned: line.map(|(line, answer)| point(line.spend.max(0.0) / answer.period.periods)),
        observed: Some(fit.observed.1).filter(|most| most.is_finite()),
    })
}

pub(super) fn models(results: &Results, words: &Words) -> Models {
    let fits = &results.fitted.channels;
    let rows: Vec<ModelRow> = fits.iter().map(|fit| model_row(fit, words)).collect();
    let with = rows.iter().filter(|row| row.has_curve).count().to_string();
    let weak = rows.iter().filter(|row| row.weak).count().to_string();
    let all = rows.len().to_string();
    Models { message: words.tell("models_message", &[("with", &with), ("all", &all), ("weak", &weak)]), rows }
}

fn model_row(fit: &ChannelFit, words: &Words) -> ModelRow {
    let diagnostics = fit.diagnostics.as_ref();
    ModelRow {
        channel: shorten(&fit.channel.label, 60),
        has_curve: fit.curve.is_ok(),
        weak: diagnostics.is_some_and(|diagnostics| !diagnostics.how.is_sound()),
        curve: match &fit.curve {
            Ok(curve) if curve.draws.is_empty() => {
                words.tell("family_certain", &[("family", words.family(curve.summary.saturation.family()))])
            }
            Ok(curve) => words.family(curve.summary.saturation.family()).to_owned(),
            Err(reason) => words.translate("fit.no_curve", &one_line(reason)),
        },
        draws: fit.curve.as_ref().ok().map(|curve| curve.draws.len()),
        periods: diagnostics.map(|diagnostics| diagnostics.periods),
        explained: diagnostics.map(|diagnostics| diagnostics.explained),
        elasticity: diagnostics.map(|diagnostics| diagnostics.elasticity),
        elasticity_error: diagnostics.map(|diagnostics| diagnostics.elasticity_error),
        pareto_k: diagnostics.and_then(|diagnostics| diagnostics.how.pareto_k()),
        observed: fit.observed,
    }
}
