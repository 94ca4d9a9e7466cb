//! What each tool calls its columns.

use std::collections::BTreeMap;

use super::{Rows, State, Tool};
use crate::check::{Error, Kind};
use crate::import::sheet::Sheet;

/// Names of a column, the usual one first.
type Names = &'static [&'static str];

const CHANNEL: Names = &["channel", "channels", "solID_channel", "media"];
const SPEND: Names = &["spend", "x", "total_spend"];
const RESPONSE: [(Tool, Names); 3] = [
    (Tool::Meridian, &["incremental_outcome", "incremental_kpi", "outcome"]),
    (Tool::Pymc, &["saturation_curve", "y", "value", "response", "contribution"]),
    (Tool::Robyn, &["response", "total_response", "response_total", "mean_response"]),
];
const METRIC: Names = &["metric"];
const MULTIPLIER: Names = &["spend_multiplier"];
const DRAW: Names = &["draw", "sample"];
const CHAIN: Names = &["chain"];
const REFERENCE: Names = &["reference_spend", "mean_spend", "initial_spend"];

/// Rows by channel.
pub(super) fn rows(sheet: &Sheet, tool: Tool, periods: f64) -> Result<BTreeMap<String, Rows>, Error> {
    let names = RESPONSE.iter().find(|(of, _)| *of == tool).map_or(&[][..], |(_, names)| names);
    let channel = sheet.texts(needed(sheet, CHANNEL)?)?;
    let spend = sheet.numbers(needed(sheet, SPEND)?)?;
    let response = sheet.numbers(needed(sheet, names)?)?;
    let states = states(sheet, tool, channel.len())?;
    let multiplier = sheet.has(MULTIPLIER).map(|header| sheet.numbers(header)).transpose()?;
    let reference = sheet.has(REFERENCE).map(|header| sheet.numbers(header)).transpose()?;
    let mut found: BTreeMap<String, Rows> = BTreeMap::new();
    for at in 0..channel.len() {
        let Some(state) = &states[at] else { continue };
        let rows = found.entry(channel[at].to_owned()).or_default();
        rows.states.entry(state.clone()).or_default().push((spend[at] / periods, response[at] / periods));
        if multiplier.as_ref().is_some_and(|multiplier| (multiplier[at] - 1.0).abs() < 1e-9) {
            rows.reference = Some(spend[at] / periods);
        }
        rows.reference = rows.reference.or(reference.as_ref().map(|reference| reference[at] / periods));
    }
    Ok(found)
}

fn needed(sheet: &Sheet, names: Names) -> Result<&'static str, Error> {
    sheet.has(names).ok_or_else(|| {
        let message = format!("{}: no column {}", sheet.shown(), names.join(", or "));
        Error::new(Kind::Settings, message).help("rename the column, or export the curves as a flat table of the tool")
    })
}

/// What each row says; `None` for a row that is passed over, such as a median beside a mean.
fn states(sheet: &Sheet, tool: Tool, count: usize) -> Result<Vec<Option<State>>, Error> {
    if let Some(draw) = sheet.has(DRAW).filter(|_| tool == Tool::Pymc) {
        let draws = sheet.numbers(draw)?;
        let chains = match sheet.has(CHAIN) {
            Some(chain) => sheet.numbers(chain)?,
            None => vec![0.0; count],
        };
        return Ok(draws
            .iter()
            .zip(chains)
            .map(|(draw, chain)| Some(State::Draw(chain as u64, *draw as u64)))
            .collect());
    }
    let Some(metric) = sheet.has(METRIC) else { return Ok(vec![Some(State::Mean); count]) };
    let state = |metric: &&str| match *metric {
        "mean" => Some(State::Mean),
        "ci_lo" => Some(State::Low),
        "ci_hi" => Some(State::High),
        _ => None,
    };
    Ok(sheet.texts(metric)?.iter().map(state).collect())
}
