//! `[kpi_total]`: where the total over all channels stands, as written and as meant.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::file::DateOrder;
use crate::check::Error;
use crate::units::Kpi;

/// As written.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Written {
    path: String,
    #[serde(default)]
    columns: BTreeMap<String, String>,
    #[serde(default)]
    free: Vec<String>,
    #[serde(default)]
    date_order: Option<DateOrder>,
    #[serde(default)]
    decimal_comma: bool,
}

/// `[kpi_total]`: the KPI over all channels and the baseline, where it cannot be tied to channels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KpiTotal {
    /// The file; the settings' folder is already in it.
    pub path: PathBuf,
    /// Header of the date, where it is not `date`.
    pub date: Option<String>,
    /// Header of the KPI, where it is not the KPI's canonical name.
    pub kpi: Option<String>,
    /// Headers of what moves the baseline and costs nothing: mails sent, posts, a price.
    pub free: Vec<String>,
    /// Order of day, month and year where the file leaves it open.
    pub date_order: Option<DateOrder>,
    /// Whether `1.204,50` is one thousand two hundred and four and a half.
    pub decimal_comma: bool,
}

/// Checks `[kpi_total]`.
pub(super) fn checked(written: Written, kpi: Kpi, folder: &Path, wrong: &mut Vec<Error>) -> KpiTotal {
    if written.path.trim().is_empty() {
        wrong.push(Error::setting("kpi_total.path", "is empty, expected a CSV of dates and totals"));
    }
    for name in written.columns.keys().filter(|name| *name != "date" && *name != kpi.name()) {
        let message = format!("`{name}` is not a column of the total");
        let help = format!("the columns are `date` and `{kpi}`; others go in `kpi_total.free`");
        wrong.push(Error::setting("kpi_total.columns", message).help(help));
    }
    for (at, header) in written.free.iter().enumerate().filter(|(at, header)| written.free[..*at].contains(header)) {
        wrong.push(Error::setting(
            "kpi_total.free",
            format!("names `{header}` twice, the second time as entry {}", at + 1),
        ));
    }
    KpiTotal {
        path: folder.join(&written.path),
        date: written.columns.get("date").cloned(),
        kpi: written.columns.get(kpi.name()).cloned(),
        free: written.free,
        date_order: written.date_order,
        decimal_comma: written.decimal_comma,
    }
}
