//! The header names of each platform's exports, read from `data/columns/`.
//!
//! The files are embedded, so the program knows them wherever it runs. To add a platform, write its file and list it
//! in [`FILES`].

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use super::columns::{Column, normalised};

/// The column maps, by the name of their platform.
const FILES: [(&str, &str); 6] = [
    ("google_ads", include_str!("../../data/columns/google_ads.toml")),
    ("kuaishou", include_str!("../../data/columns/kuaishou.toml")),
    ("meta", include_str!("../../data/columns/meta.toml")),
    ("ocean_engine", include_str!("../../data/columns/ocean_engine.toml")),
    ("tencent", include_str!("../../data/columns/tencent.toml")),
    ("weibo", include_str!("../../data/columns/weibo.toml")),
];

/// What one platform calls its columns.
#[derive(Debug)]
pub(super) struct Layout {
    /// The platform.
    pub platform: String,
    /// Normalised header names by canonical column, the preferred one first.
    pub headers: BTreeMap<Column, Vec<String>>,
    /// Normalised headers that mark the platform and are not read.
    pub also: Vec<String>,
}

impl Layout {
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
    headers: BTreeMap<String, BTreeMap<String, Vec<String>>>,
    #[serde(default)]
    also: BTreeMap<String, Vec<String>>,
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
    Ok(Layout { platform: file.platform, headers, also: names(file.also) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Measure;

    #[test]
    fn every_column_map_is_sound() {
        for (name, text) in FILES {
            let layout = parsed(name, text).unwrap();
            for needed in [Column::Date, Column::Measure(Measure::Spend)] {
                assert!(layout.headers.contains_key(&needed), "{name} has no {}", needed.name());
            }
        }
        assert_eq!(all().len(), FILES.len());
    }

    #[test]
    fn every_file_of_the_folder_is_listed_and_no_name_stands_twice_in_it() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/data/columns");
        let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let maps = files.filter(|path| path.extension().is_some_and(|extension| extension == "toml"));
        assert_eq!(maps.count(), FILES.len());
        for layout in all() {
            let mut names: Vec<&String> = layout.headers.values().flatten().chain(&layout.also).collect();
            names.sort();
            let twice: Vec<_> = names.windows(2).filter(|pair| pair[0] == pair[1]).collect();
            assert!(twice.is_empty(), "{}: {twice:?}", layout.platform);
        }
    }
}
