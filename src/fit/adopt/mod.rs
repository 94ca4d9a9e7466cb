//! Curves from elsewhere: response tables of Meridian, PyMC-Marketing and Robyn → [`Fitted`] of `points` with draws.
//!
//! | tool | columns | what a row is |
//! |---|---|---|
//! | Meridian | `channel`, `spend_multiplier`, `spend`, `metric`, `incremental_outcome` | sums over a window; `metric` is mean, ci_lo or ci_hi |
//! | PyMC-Marketing | `channel`, `x`, `chain` and `draw` or `sample`, a value | one draw per period |
//! | Robyn | `channel` or `channels`, `spend`, `response` or `total_response` | a point estimate per period |
//!
//! Draws of PyMC-Marketing are taken as they are: draw i is one joint state. Meridian tells only pointwise intervals: draws
//! are made whose mean and 5 % and 95 % quantiles are the table's, a draw having the same rank at every spend and ranks being
//! independent between channels. Robyn tells one curve: it is taken as certain, and a finding says so.

mod draws;
mod tools;

use std::collections::BTreeMap;

use crate::check::{Error, Finding, Kind};
use crate::fit::response::{Curve, Response};
use crate::fit::saturation::Saturation;
use crate::fit::{ChannelFit, Fitted, Season};
use crate::import::sheet::Sheet;
use crate::units::{Channel, Currency, Field, Grain, Kpi};

/// The tool that a table is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tool {
    /// google/meridian: `MediaEffects.response_curves_data()` or `get_response_curves()`, as a flat table.
    Meridian,
    /// pymc-labs/pymc-marketing: `sample_saturation_curve()`, as a flat table.
    Pymc,
    /// facebookexperimental/Robyn: `robyn_response()` over a range of spends, or the allocator's response curves.
    Robyn,
}

/// What a table does not tell.
#[derive(Clone, Copy, Debug)]
pub struct Told {
    /// What its responses count.
    pub kpi: Kpi,
    /// The currency of its spends.
    pub currency: Currency,
    /// The period of the model file.
    pub grain: Grain,
    /// Periods that one row of the table is the sum of.
    pub periods: f64,
    /// Seed of draws that are made.
    pub seed: u64,
}

/// What one row says of a channel's curve.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum State {
    Mean,
    Low,
    High,
    Draw(u64, u64),
}

/// Rows of one channel: (spend, response) by state, and its spend so far where the table tells it.
#[derive(Clone, Debug, Default)]
struct Rows {
    states: BTreeMap<State, Vec<(f64, f64)>>,
    reference: Option<f64>,
}

/// The model of a table.
///
/// # Errors
///
/// [`Kind::Settings`] for a column that the table has not, [`Kind::Input`] for cells that are no numbers, spends that stand
/// twice, responses that fall as spend grows by more than rounding, and channels with different draws.
pub fn fitted(sheet: &Sheet, tool: Tool, told: Told) -> Result<Fitted, Error> {
    let rows = tools::rows(sheet, tool, told.periods)?;
    let (mut channels, mut findings) = (Vec::new(), Vec::new());
    for (at, (name, rows)) in rows.iter().enumerate() {
        let curve = curve(name, rows, told.seed, at as u64)?;
        findings.push(said(name, rows, tool, &curve));
        channels.push(channel(name, rows, curve));
    }
    let counts: Vec<usize> = channels.iter().filter_map(|fit| Some(fit.curve.as_ref().ok()?.draws.len())).collect();
    if counts.windows(2).any(|pair| pair[0] != pair[1]) {
        let message = "channels have different numbers of draws; draw i is one joint state of the world";
        return Err(Error::new(Kind::Input, message).help("export all channels from the same posterior"));
    }
    Ok(Fitted {
        kpi: told.kpi,
        currency: told.currency,
        grain: told.grain,
        seed: told.seed,
        panel_sha256: String::new(),
        settings_sha256: String::new(),
        until: None,
        channels,
        findings,
    })
}

fn curve(name: &str, rows: &Rows, seed: u64, stream: u64) -> Result<Curve, Error> {
    let mut curves = BTreeMap::new();
    for (state, points) in &rows.states {
        curves.insert(state.clone(), ordered(name, points)?);
    }
    let drawn: Vec<Vec<(f64, f64)>> =
        curves.iter().filter(|(state, _)| matches!(state, State::Draw(..))).map(|(_, points)| points.clone()).collect();
    let of = |state: State| curves.get(&state);
    let draws = match (of(State::Mean), of(State::Low), of(State::High)) {
        (Some(mean), Some(low), Some(high)) => draws::between(mean, low, high, seed, stream),
        _ => draws::thinned(drawn),
    };
    let mean = match of(State::Mean) {
        Some(mean) => mean.clone(),
        None if !draws.is_empty() => draws::mean(&draws),
        None => return Err(Error::new(Kind::Input, format!("channel `{name}` has neither a mean nor draws"))),
    };
    let response = |points: Vec<(f64, f64)>| Response { saturation: Saturation::Points(points), decay: 0.0 };
    Ok(Curve { summary: response(mean), draws: draws.into_iter().map(response).collect() })
}

/// Points by ascending spend, from (0, 0) where the table starts later; a fall within rounding is levelled.
fn ordered(name: &str, points: &[(f64, f64)]) -> Result<Vec<(f64, f64)>, Error> {
    let refuse = |message: String| Err(Error::new(Kind::Input, format!("channel `{name}`: {message}")));
    let mut points = points.to_vec();
    points.sort_by(|a, b| a.0.total_cmp(&b.0));
    if let Some(point) = points.iter().find(|(x, y)| !(*x >= 0.0 && x.is_finite() && y.is_finite())) {
        return refuse(format!("{} at spend {}, expected finite figures and a spend of 0 or more", point.1, point.0));
    }
    if let Some(pair) = points.windows(2).find(|pair| pair[0].0 == pair[1].0) {
        return refuse(format!("spend {} stands twice", pair[0].0));
    }
    if points.first().is_some_and(|(x, _)| *x > 0.0) {
        points.insert(0, (0.0, 0.0));
    }
    let most = points.iter().map(|point| point.1).fold(0.0, f64::max);
    for at in 1..points.len() {
        let fall = points[at - 1].1 - points[at].1;
        if fall > 1e-6 * most {
            return refuse(format!(
                "the response falls from {} to {} at spend {}",
                points[at - 1].1,
                points[at].1,
                points[at].0
            ));
        }
        points[at].1 = points[at].1.max(points[at - 1].1);
    }
    Ok(points)
}

fn channel(name: &str, rows: &Rows, curve: Curve) -> ChannelFit {
    let reference = rows.reference.unwrap_or(0.0);
    ChannelFit {
        channel: Channel::new(&[(Field::Platform, Some(name.to_owned()))]),
        curve: Ok(curve),
        reference_spend: reference,
        mean_spend: reference,
        observed: (0.0, f64::INFINITY),
        season: Season::new(),
        incrementality: None,
        diagnostics: None,
    }
}

/// # What it does
/// Says what a taken curve is worth: draws of its own, draws made from intervals, or none.
/// # Why it matters
/// A curve without draws is planned as if it were certain.
/// # What to do
/// Export draws where the tool has them; write `reference_spend` into the model file where the table does not tell it.
fn said(name: &str, rows: &Rows, tool: Tool, curve: &Curve) -> Finding {
    let check = "fit.adopted";
    let points = match &curve.summary.saturation {
        Saturation::Points(points) => points.len(),
        _ => 0,
    };
    let advice =
        "export draws where the tool has them; write `reference_spend` into the model file where it is missing";
    let reference = if rows.reference.is_some() { "" } else { "; its reference spend is not told and taken as 0" };
    match (curve.draws.len(), tool) {
        (0, _) => {
            let message = format!("{points} points and no interval: planned as if it were certain{reference}");
            Finding::review(check, name, message, advice)
        }
        (draws, Tool::Meridian) => {
            let message = format!("{points} points, {draws} draws made from its pointwise interval{reference}");
            Finding::review(check, name, message, advice)
        }
        (draws, _) if rows.reference.is_none() => {
            Finding::review(check, name, format!("{points} points, {draws} draws of its posterior{reference}"), advice)
        }
        (draws, _) => Finding::pass(check, name, format!("{points} points, {draws} draws of its posterior")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::math::quantile;

    fn table(name: &str, text: &str) -> Sheet {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        Sheet::read(&path).unwrap()
    }

    fn told(periods: f64) -> Told {
        let currency = "CNY".parse().unwrap();
        Told { kpi: Kpi::Registrations, currency, grain: Grain::Week, periods, seed: 1 }
    }

    #[test]
    fn meridians_interval_comes_back_as_draws() {
        let mut text = "channel,metric,spend_multiplier,spend,incremental_outcome\n".to_owned();
        for step in 0..=20 {
            let (multiplier, spend) = (f64::from(step) * 0.1, f64::from(step) * 5200.0);
            let y = 900.0 * spend / (spend + 52000.0);
            for (metric, factor) in [("mean", 1.0), ("ci_lo", 0.7), ("ci_hi", 1.4)] {
                text += &format!("tv,{metric},{multiplier},{spend},{}\n", y * factor);
            }
        }
        let fitted = fitted(&table("curves.csv", &text), Tool::Meridian, told(52.0)).unwrap();
        let fit = &fitted.channels[0];
        let curve = fit.curve.as_ref().unwrap();
        assert_eq!((fit.reference_spend, curve.draws.len()), (1000.0, 200));
        let draws = curve.at_each(1000.0);
        let mean = 450.0 / 52.0;
        assert!((curve.mean(1000.0) / mean - 1.0).abs() < 1e-9);
        // the mean is held exactly, so that quantiles move a little
        assert!((quantile(&draws, 0.05) / mean - 0.7).abs() < 0.05, "{}", quantile(&draws, 0.05) / mean);
        assert!((quantile(&draws, 0.95) / mean - 1.4).abs() < 0.08, "{}", quantile(&draws, 0.95) / mean);
    }

    #[test]
    fn pymcs_draws_are_joint_and_kept() {
        let mut text = "x,chain,draw,channel,saturation_curve\n".to_owned();
        for (channel, scale) in [("a", 2.0), ("b", 3.0)] {
            for draw in 0..4 {
                for x in [0.0, 50.0, 100.0] {
                    text += &format!("{x},0,{draw},{channel},{}\n", scale * f64::from(draw + 1) * x / (x + 50.0));
                }
            }
        }
        let fitted = fitted(&table("curves.csv", &text), Tool::Pymc, told(1.0)).unwrap();
        let at = |c: usize| fitted.channels[c].curve.as_ref().unwrap().at_each(50.0);
        assert_eq!(at(0), [1.0, 2.0, 3.0, 4.0]);
        assert_eq!(at(1), [1.5, 3.0, 4.5, 6.0]);
    }

    #[test]
    fn robyns_curve_is_certain_and_said_to_be() {
        let csv = "channels,spend,total_response\ntv_S,0,0\ntv_S,100,4\ntv_S,200,6\n";
        let json = r#"[{"channels":"tv_S","spend":0,"total_response":0},{"channels":"tv_S","spend":100,"total_response":4},
            {"channels":"tv_S","spend":200,"total_response":6}]"#;
        for sheet in [table("c.csv", csv), table("c.json", json)] {
            let fitted = fitted(&sheet, Tool::Robyn, told(1.0)).unwrap();
            assert_eq!(fitted.channels[0].curve.as_ref().unwrap().mean(150.0), 5.0);
            assert!(fitted.findings[0].message.contains("as if it were certain"), "{}", fitted.findings[0].message);
        }
    }

    #[test]
    fn what_no_curve_can_be_is_refused() {
        let falling = "channel,spend,response\na,0,0\na,10,5\na,20,3\n";
        let twice = "channel,spend,response\na,0,0\na,10,5\na,10,6\n";
        for (text, part) in [(falling, "the response falls from 5 to 3"), (twice, "spend 10 stands twice")] {
            let error = fitted(&table("c.csv", text), Tool::Robyn, told(1.0)).unwrap_err();
            assert!(error.to_string().contains(part), "{error}");
        }
        let error = fitted(&table("c.csv", "channel,spend\na,1\n"), Tool::Robyn, told(1.0)).unwrap_err();
        assert!(error.to_string().contains("response"), "{error}");
    }
}
