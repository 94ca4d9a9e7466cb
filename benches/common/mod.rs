//! Inputs of a chosen size, the same on every machine: exports with known curves, and models.

#![allow(dead_code)] // each bench uses its own part

use std::fmt::Write;
use std::path::Path;

use jiff::ToSpan;
use jiff::civil::{Date, date};
use outlay::fit::{Fitted, store};
use outlay::settings::Settings;
use outlay::unify::{self, Ledger};
use outlay::{import, panel, panel::Panel};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, LogNormal, Poisson};

/// First day of every export.
const FIRST: Date = date(2025, 6, 1);

/// One row a channel and day of the canonical table: spend that varies by a third around a level, registrations around a
/// Hill curve of it. Every channel has a supplier of its own.
pub fn export(channels: usize, days: usize) -> String {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let varies = LogNormal::new(0.0, 0.35).expect("a positive deviation");
    let mut text =
        String::from("date,platform,supplier,account,spend,impressions,clicks,reads,entries,registrations\n");
    for day in 0..days {
        for channel in 0..channels {
            let spend: f64 = level(channel) * varies.sample(&mut rng);
            let mean = curve(channel, spend);
            let registrations: f64 = Poisson::new(mean).expect("a positive mean").sample(&mut rng);
            let clicks = registrations + f64::from(rng.random_range(200..300));
            let (reads, entries) = (0.8 * clicks, registrations + 5.0);
            let date = FIRST.saturating_add((day as i64).days());
            writeln!(
                text,
                "{date},{},{},a-{channel},{spend:.2},{:.0},{clicks},{reads:.0},{entries},{registrations}",
                platform(channel),
                supplier(channel),
                60.0 * clicks,
            )
            .expect("memory takes every byte");
        }
    }
    text
}

/// The platform of a channel: each has ten.
pub fn platform(channel: usize) -> String {
    format!("platform {}", channel / 10)
}

/// The supplier of a channel.
pub fn supplier(channel: usize) -> String {
    format!("supplier {channel:03}")
}

/// Mean spend a day of a channel.
pub fn level(channel: usize) -> f64 {
    1000.0 + 130.0 * (channel % 17) as f64
}

/// Registrations a day of a channel at a spend a day.
fn curve(channel: usize, spend: f64) -> f64 {
    let (top, half) = hill(channel);
    top / (1.0 + half / spend)
}

fn hill(channel: usize) -> (f64, f64) {
    (60.0 + 7.0 * (channel % 13) as f64, level(channel) * (0.6 + 0.1 * (channel % 11) as f64))
}

/// Settings whose one source is `export.csv` in `folder`; `rest` is the rest of the file.
pub fn settings(folder: &Path, rest: &str) -> Settings {
    let text = format!("[[source]]\npath = \"export.csv\"\n{rest}");
    Settings::parse(&text, "outlay.toml", folder, 1).unwrap_or_else(|error| panic!("{error}"))
}

/// The ledger of an export of that size.
pub fn ledger(channels: usize, days: usize) -> (Settings, Ledger) {
    let folder = tempfile::tempdir().expect("a folder to write to");
    std::fs::write(folder.path().join("export.csv"), export(channels, days)).expect("a file to write to");
    let settings = settings(folder.path(), PLAN);
    let batches = import::all(&settings).unwrap_or_else(|error| panic!("{error}"));
    let ledger = unify::ledger(batches, &settings).unwrap_or_else(|error| panic!("{error}"));
    (settings, ledger)
}

/// The panel of a ledger.
pub fn panel(ledger: &Ledger, settings: &Settings) -> Panel {
    panel::build(ledger, settings).unwrap_or_else(|error| panic!("{error}"))
}

/// The panel of weeks of that many channels whose total alone is known: theirs and a baseline of as much.
pub fn total(channels: usize, weeks: usize) -> (Settings, Panel) {
    let folder = tempfile::tempdir().expect("a folder to write to");
    let export = export(channels, 7 * weeks);
    let mut days: std::collections::BTreeMap<&str, f64> = std::collections::BTreeMap::new();
    for line in export.lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        *days.entry(cells[0]).or_default() += cells[9].parse::<f64>().expect("a count") + 30.0;
    }
    let rows: String = days.iter().map(|(date, count)| format!("{date},{count}\n")).collect();
    std::fs::write(folder.path().join("kpi.csv"), format!("date,registrations\n{rows}")).expect("a file to write to");
    std::fs::write(folder.path().join("export.csv"), export).expect("a file to write to");
    let settings = settings(folder.path(), "[project]\ngrain = \"week\"\n[kpi_total]\npath = \"kpi.csv\"\n");
    let (_, panel) = outlay::flow::data(&settings, &|_| {}).unwrap_or_else(|error| panic!("{error}"));
    (settings, panel)
}

/// A plan of a month for about ten lines.
pub const PLAN: &str = "[plan]\nstart = \"2026-06-01\"\nend = \"2026-06-30\"\nbudget = 600000\n";

/// Models of the channels of [`export`], each with 200 draws around its curve, as `fit` gives them.
pub fn models(channels: usize) -> Fitted {
    let channels: Vec<serde_json::Value> = (0..channels).map(model).collect();
    let document = serde_json::json!({
        "format": store::FORMAT, "kpi": "registrations", "currency": "CNY", "grain": "day", "channels": channels,
    });
    store::parse(&document.to_string(), "models").unwrap_or_else(|error| panic!("{error}"))
}

fn model(channel: usize) -> serde_json::Value {
    let mut rng = ChaCha8Rng::seed_from_u64(channel as u64);
    let ((top, half), platform, supplier) = (hill(channel), platform(channel), supplier(channel));
    let varies = LogNormal::new(0.0, 0.15).expect("a positive deviation");
    let draws: Vec<serde_json::Value> = (0..200)
        .map(|_| {
            let (top, half): (f64, f64) = (top * varies.sample(&mut rng), half * varies.sample(&mut rng));
            serde_json::json!({ "top": top, "half": half, "slope": varies.sample(&mut rng) })
        })
        .collect();
    serde_json::json!({
        "channel": format!("{platform} / {supplier}"), "platform": platform, "supplier": supplier, "family": "hill",
        "params": { "top": top, "half": half, "slope": 1.0 }, "draws": draws, "reference_spend": level(channel),
        "observed": { "low": 0.3 * level(channel), "high": 2.5 * level(channel) },
    })
}
