//! The ledger: one entry per day × platform × supplier × account × campaign × department, in the reporting currency.

use std::sync::Arc;

use jiff::civil::Date;

use crate::check::Finding;
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
    /// What is worth a look.
    pub findings: Vec<Finding>,
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
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
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
    /// The file's own total, when it has one.
    pub own_total: Option<f64>,
    /// SHA-256 of its bytes, hexadecimal.
    pub sha256: String,
}
