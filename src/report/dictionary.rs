//! The metric dictionary: what each figure is, in what unit, by what formula, over what time, and which column of each
//! platform's export it was read from.
//!
//! Definitions are data, in `dictionary.toml`; what was read from where is the ledger's own account of its sources.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use super::words::{Lang, Words};
use crate::settings::Settings;
use crate::unify::Ledger;

/// One figure under its one definition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Metric {
    /// The name in files.
    pub key: &'static str,
    /// The name that people read.
    pub name: String,
    /// What it is.
    pub definition: &'static str,
    /// What it is counted in.
    pub unit: String,
    /// How it is derived; empty for what is read.
    pub formula: String,
    /// The time that it is of.
    pub window: String,
    /// The headers that it was read from, by platform.
    pub columns: BTreeMap<String, BTreeSet<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    metric: Vec<Entry>,
    windows: BTreeMap<String, BTreeMap<String, String>>,
    units: BTreeMap<String, BTreeMap<String, String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    key: String,
    unit: String,
    #[serde(default)]
    formula: String,
    window: String,
    en: Text,
    zh: Text,
    ja: Text,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    name: String,
    definition: String,
}

impl Entry {
    fn text(&self, lang: Lang) -> &Text {
        match lang {
            Lang::En => &self.en,
            Lang::Zh => &self.zh,
            Lang::Ja => &self.ja,
        }
    }
}

/// The file, which a test keeps sound.
fn file() -> &'static File {
    static FILE: LazyLock<File> =
        LazyLock::new(|| toml::from_str(include_str!("dictionary.toml")).expect("a sound dictionary.toml"));
    &FILE
}

/// Every metric, in the order of the dictionary.
pub fn metrics(settings: &Settings, ledger: &Ledger, lang: Lang) -> Vec<Metric> {
    let words = Words::of(lang);
    let filling = [
        ("{kpi}", words.kpi(settings.project.kpi).to_owned()),
        ("{currency}", settings.project.currency.code().to_owned()),
        ("{basis}", bases(ledger)),
    ];
    let filled = |text: &str| filling.iter().fold(text.to_owned(), |text, (name, value)| text.replace(name, value));
    let said = |table: &'static BTreeMap<String, BTreeMap<String, String>>, key: &str| {
        filled(table.get(key).and_then(|by_lang| by_lang.get(lang.name())).map_or("", String::as_str))
    };
    let metric = |entry: &'static Entry| Metric {
        key: &entry.key,
        name: filled(&entry.text(lang).name),
        definition: &entry.text(lang).definition,
        unit: said(&file().units, &entry.unit),
        formula: entry.formula.replace("{kpi}", settings.project.kpi.name()),
        window: said(&file().windows, &entry.window),
        columns: columns(ledger, &entry.key),
    };
    file().metric.iter().map(metric).collect()
}

/// What the sources date conversions by, where they tell: ` (billed, click)`.
fn bases(ledger: &Ledger) -> String {
    let bases: BTreeSet<&str> = ledger.sources.iter().filter_map(|source| Some(source.basis?.name())).collect();
    if bases.is_empty() { String::new() } else { format!(" ({})", bases.into_iter().collect::<Vec<_>>().join(", ")) }
}

fn columns(ledger: &Ledger, key: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut columns: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for source in &ledger.sources {
        if let Some(header) = source.columns.get(key) {
            columns.entry(source.platform.clone()).or_default().insert(header.clone());
        }
    }
    columns
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample::Sample;

    #[test]
    fn every_metric_is_whole_in_every_language() {
        let mut sample = Sample::hostile();
        sample.ledger.sources[0].columns.insert("spend".to_owned(), "消耗(元)".to_owned());
        for lang in Lang::ALL {
            let metrics = metrics(&sample.settings, &sample.ledger, lang);
            assert!(metrics.len() >= 14);
            for metric in &metrics {
                let texts = [metric.name.as_str(), metric.definition, &metric.unit, &metric.window];
                assert!(texts.iter().all(|text| !text.is_empty() && !text.contains('{')), "{metric:?}");
            }
            assert!(metrics[0].columns["tencent"].contains("消耗(元)"));
        }
        let keys: BTreeSet<&str> = file().metric.iter().map(|entry| entry.key.as_str()).collect();
        assert_eq!(keys.len(), file().metric.len(), "no metric stands twice");
    }
}
