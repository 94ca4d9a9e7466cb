//! What several modules need.

use outlay::check::Error;
use outlay::fit::{Fitted, store};
use outlay::plan::{self, Answer};
use outlay::settings::Settings;

/// Settings for June 2026 with `budget`; `rest` goes below `[plan]`.
pub fn settings(budget: f64, rest: &str) -> Settings {
    let text = format!("[plan]\nstart = \"2026-06-01\"\nend = \"2026-06-30\"\nbudget = {budget}\n{rest}\n");
    Settings::parse(&text, "outlay.toml", std::path::Path::new(""), 1).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// A model at day grain; each channel is the rest of its JSON object after the name and platform.
pub fn model(channels: &[(&str, String)]) -> Fitted {
    let channels: Vec<String> = channels
        .iter()
        .map(|(name, rest)| format!(r#"{{ "channel": "{name}", "platform": "{name}", {rest} }}"#))
        .collect();
    let text = format!(
        r#"{{ "format": "outlay/model@1", "currency": "CNY", "grain": "day", "channels": [{}] }}"#,
        channels.join(",")
    );
    store::parse(&text, "model").unwrap_or_else(|error| panic!("{error}"))
}

/// A certain Hill curve.
pub fn hill(top: f64, half: f64, slope: f64) -> String {
    format!(
        r#""family": "hill", "params": {{ "top": {top}, "half": {half}, "slope": {slope} }}, "reference_spend": {half}"#
    )
}

/// A Hill curve with draws around it: `spread` is the relative spread of height and half.
pub fn drawn_hill(top: f64, half: f64, slope: f64, spread: f64, draws: usize, seed: u32) -> String {
    let wave = |i: usize, k: u32| (f64::from(seed + 1) * 1.7 + i as f64 * (2.3 + f64::from(k)) * 0.9).sin();
    let draw = |i: usize| {
        let (top, half) = (top * (spread * wave(i, 0)).exp(), half * (spread * wave(i, 1)).exp());
        format!(r#"{{ "top": {top}, "half": {half}, "slope": {slope} }}"#)
    };
    let draws: Vec<String> = (0..draws).map(draw).collect();
    format!("{}, \"draws\": [{}]", hill(top, half, slope), draws.join(","))
}

/// The whole answer of a model under settings, nothing beside it.
pub fn complete(fitted: &Fitted, settings: &Settings) -> Result<Answer, Error> {
    plan::complete(fitted, settings.plan()?, settings.project.currency, &plan::Beside::default())
}

/// Plans a model under settings.
pub fn plan(fitted: &Fitted, settings: &Settings) -> Result<Answer, Error> {
    plan::scenarios(fitted, settings.plan()?, settings.project.currency)
}
