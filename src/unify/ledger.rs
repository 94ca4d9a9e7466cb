//! The ledger: one entry per day × platform × supplier × account × campaign × department, in the reporting currency.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::civil::Date;

use super::late::Late;
use crate::check::Finding;
use crate::settings::Basis;
use crate::units::{Currency, Field, Measure, Micros};

/// A name shared by many entries.
pub type Name = Arc<str>;

/// Everything the exports hold, under one definition per metric.
#[derive(Clone, Debug)]
pub struct Ledger {
    /// The currency of every amount.
    pub currency: Currency,
    /// Entries in ascending order of date, then names, then days; one per key.
    pub entries: Vec<Entry>,
    /// Rows read, used and skipped.
    pub rows: RowCount,
    /// What each file held, in the order of the settings, then of the path.
    pub sources: Vec<SourceSummary>,
    /// Days whose conversions are still coming in, one for an account, ascending by platform and account.
    pub late: Vec<Late>,
    /// What is worth a look.
    pub findings: Vec<Finding>,
}

impl Ledger {
    /// Whether the conversions of an entry are still coming in.
    pub fn is_late(&self, entry: &Entry) -> bool {
        let [platform, _, account, ..] = &entry.names;
        let place = self.late.binary_search_by(|late| (&late.platform, &late.account).cmp(&(platform, account)));
        place.is_ok_and(|place| self.late[place].holds(entry))
    }
}

/// The figures of one key and date.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The day, or the first of several.
    pub date: Date,
    /// Days that it stands for: 1, 7, or an export's period.
    pub days: u32,
    /// Whom it belongs to, by [`Field::index`]; absent where the rows name none.
    pub names: [Option<Name>; 5],
    /// The figures, by [`Measure::index`]; absent is not zero.
    pub measures: [Option<Micros>; 9],
}

impl Entry {
    /// The value of one field.
    pub fn name(&self, field: Field) -> Option<&str> {
        self.names[field.index()].as_deref()
    }

    /// One figure.
    pub fn measure(&self, measure: Measure) -> Option<Micros> {
        self.measures[measure.index()]
    }

    /// Face-value spend. Every entry has one.
    pub fn spend(&self) -> Micros {
        self.measure(Measure::Spend).unwrap_or(Micros::ZERO)
    }
}

/// Rows over all files.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct RowCount {
    /// Data rows seen.
    pub read: u64,
    /// Rows that went into the ledger.
    pub used: u64,
    /// Rows left out, by reason.
    pub skipped: Vec<Skipped>,
}

/// Rows left out for one reason.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Skipped {
    /// Why.
    pub reason: String,
    /// How many.
    pub count: u64,
    /// The first few, as `file:line`.
    pub examples: Vec<String>,
}

/// What one file held, as read: before anything was skipped, dropped or converted.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct SourceSummary {
    /// The file.
    pub path: String,
    /// The platform that its headers or the settings name; `mixed` when rows name several.
    pub platform: String,
    /// Its encoding.
    pub encoding: String,
    /// Data rows.
    pub rows: u64,
    /// Face-value spend of those rows, in the file's currency.
    pub spend: f64,
    /// The currency of `spend`: the file's, or the reporting currency where it has several.
    #[serde(default = "no_currency")]
    pub currency: Currency,
    /// Grants and rebates that the platform gave, where the file tells: part of `spend` and no cash.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grants: Option<f64>,
    /// Spend on credit, where the file tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credit: Option<f64>,
    /// What the KPI is dated by, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub basis: Option<Basis>,
    /// First day of its rows.
    #[serde(default)]
    pub first: Option<String>,
    /// Last day of its rows.
    #[serde(default)]
    pub last: Option<String>,
    /// Rows that equal an earlier one in every column.
    #[serde(default)]
    pub duplicates: u64,
    /// Headers that its figures were read from, by canonical name.
    #[serde(default)]
    pub columns: BTreeMap<String, String>,
    /// Headers that nothing was read from.
    #[serde(default)]
    pub unread: Vec<String>,
    /// The file's own total, when it has one.
    pub own_total: Option<f64>,
    /// SHA-256 of its bytes, hexadecimal.
    #[serde(default)]
    pub sha256: String,
}

/// ISO 4217 for no currency: what older files leave untold.
fn no_currency() -> Currency {
    "XXX".parse().expect("three letters")
}
