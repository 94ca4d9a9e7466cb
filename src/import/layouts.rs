//! The header names of each platform's exports, read from `data/columns/`.
//!
//! The files are embedded, so the program knows them wherever it runs. To add a platform, write its file.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use super::column::Column;
use super::header::normalised;
use crate::settings::Basis;
use crate::units::Currency;

/// The column maps, by the name of their platform: every file of `data/columns/`, which the build script lists.
const FILES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/layouts.rs"));

/// What one platform calls its columns.
#[derive(Debug)]
pub(super) struct Layout {
    /// The platform.
    pub platform: String,
    /// Whether its rows are of several platforms, each named in its row.
    pub is_a_union: bool,
    /// Powers of ten that figures are counted in, by normalised header: −6 for micros.
    pub units: BTreeMap<String, i32>,
    /// What conversions under a header are dated by.
    pub bases: BTreeMap<String, Basis>,
    /// Currencies that headers stand for without naming them.
    pub currencies: BTreeMap<String, Currency>,
    /// Normalised header names by canonical column, the preferred one first.
    pub headers: BTreeMap<Column, Vec<String>>,
    /// Normalised headers that mark the platform and are not read.
    pub also: Vec<String>,
}

impl Layout {
    /// Whether what it shares with the canonical table is counted as there.
    pub(super) fn counts_as_canonical(&self) -> bool {
        self.units.keys().all(|name| Column::from_name(name).is_none())
    }

    /// Whether exports of the platform have a header of this normalised name.
    pub(super) fn knows(&self, name: &str) -> bool {
        self.also.iter().chain(self.headers.values().flatten()).any(|known| known == name)
    }
}

/// A file of `data/columns/`, as written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    platform: String,
    #[serde(rename = "as_of")]
    _as_of: String,
    #[serde(rename = "source")]
    _source: String,
    #[serde(default, rename = "unconfirmed")]
    _unconfirmed: Vec<String>,
    #[serde(default)]
    is_a_union: bool,
    headers: BTreeMap<String, BTreeMap<String, Vec<String>>>,
    #[serde(default)]
    units: BTreeMap<Unit, Vec<String>>,
    #[serde(default)]
    basis: BTreeMap<Basis, Vec<String>>,
    #[serde(default)]
    currencies: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    also: BTreeMap<String, Vec<String>>,
}

/// What an interface counts money in, where it is not the currency's own unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Unit {
    /// Millionths.
    Micros,
    /// Thousandths, 厘.
    Li,
    /// Hundredths, 分.
    Fen,
}

impl Unit {
    fn power(self) -> i32 {
        match self {
            Unit::Micros => -6,
            Unit::Li => -3,
            Unit::Fen => -2,
        }
    }
}

/// The layouts, in the order of their platforms' names.
pub(super) fn all() -> &'static [Layout] {
    static LAYOUTS: LazyLock<Vec<Layout>> =
        LazyLock::new(|| FILES.iter().filter_map(|(name, text)| parsed(name, text).ok()).collect());
    &LAYOUTS
}

/// Reads one column map. The maps that are embedded are all sound, which a test keeps.
fn parsed(name: &str, text: &str) -> Result<Layout, String> {
    let file: File = toml::from_str(text).map_err(|error| error.to_string())?;
    if file.platform != name {
        return Err(format!("{name}: names itself `{}`", file.platform));
    }
    let names = |by_language: BTreeMap<String, Vec<String>>| -> Vec<String> {
        by_language.into_values().flatten().map(|name| normalised(&name)).collect()
    };
    let mut headers = BTreeMap::new();
    for (column, by_language) in file.headers {
        let column = Column::from_name(&column).ok_or(format!("{name}: `{column}` is no canonical column"))?;
        headers.insert(column, names(by_language));
    }
    let each = |names: Vec<String>| names.into_iter().map(|name| normalised(&name));
    let units = file.units.into_iter().flat_map(|(unit, names)| each(names).map(move |name| (name, unit.power())));
    let units = units.collect();
    let bases = file.basis.into_iter().flat_map(|(basis, names)| each(names).map(move |name| (name, basis)));
    let bases = bases.collect();
    let mut currencies = BTreeMap::new();
    for (code, names) in file.currencies {
        let currency: Currency = code.parse()?;
        currencies.extend(each(names).map(|name| (name, currency)));
    }
    let also = names(file.also);
    Ok(Layout { platform: file.platform, is_a_union: file.is_a_union, units, bases, currencies, headers, also })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Measure;

    #[test]
    fn every_column_map_is_sound() {
        for (name, text) in FILES {
            let layout = parsed(name, text).unwrap();
            let known = |name: &String| layout.headers.values().flatten().any(|header| header == name);
            let stray: Vec<_> = layout
                .units
                .keys()
                .chain(layout.currencies.keys())
                .chain(layout.bases.keys())
                .filter(|n| !known(n))
                .collect();
            assert!(stray.is_empty(), "{name}: units or currencies of unknown headers {stray:?}");
            for needed in [Column::Date, Column::Measure(Measure::Spend)] {
                assert!(layout.headers.contains_key(&needed), "{name} has no {}", needed.name());
            }
        }
        assert_eq!(all().len(), FILES.len());
    }

    #[test]
    fn no_name_stands_twice_in_a_file() {
        for layout in all() {
            let mut names: Vec<&String> = layout.headers.values().flatten().chain(&layout.also).collect();
            names.sort();
            let twice: Vec<_> = names.windows(2).filter(|pair| pair[0] == pair[1]).collect();
            assert!(twice.is_empty(), "{}: {twice:?}", layout.platform);
        }
    }
}
