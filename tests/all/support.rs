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

/// Plans a model under settings.
pub fn plan(fitted: &Fitted, settings: &Settings) -> Result<Answer, Error> {
    plan::scenarios(fitted, settings.plan()?, settings.project.currency)
}
