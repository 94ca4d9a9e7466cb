//! What one file holds, once read: its rows folded by day and names, and what there is to say about them.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::civil::Date;

use crate::check::Finding;
use crate::units::{Currency, Field, Micros};

/// The rows of one file.
#[derive(Clone, Debug)]
pub struct Batch {
    /// The source that names the file, from 0, in the order of the settings.
    pub source: usize,
    /// The file.
    pub path: PathBuf,
    /// The name of its encoding.
    pub encoding: &'static str,
    /// The platform that its headers are of, when they are those of a known platform.
    pub platform: Option<String>,
    /// SHA-256 of its bytes, hexadecimal.
    pub sha256: String,
    /// SHA-256 of its text, unpacked and in UTF-8: two files of the same are one.
    pub content: String,
    /// The canonical columns that were read.
    pub columns: Arc<str>,
    /// The names that rows refer to.
    pub names: Vec<Arc<str>>,
    /// The rows, folded by day, names and currency, in the order of their first lines.
    pub rows: Vec<Row>,
    /// Data rows of the file.
    pub read: u64,
    /// Data rows that `rows` holds.
    pub used: u64,
    /// Data rows left out, by reason.
    pub skipped: Vec<Skip>,
    /// Face-value spend of all data rows by currency, in millionths: rows left out count too where their spend is a
    /// number.
    pub spend: BTreeMap<Currency, i128>,
    /// The file's own total of spend, when it has a total row.
    pub own_total: Option<Micros>,
    /// What is worth a look.
    pub findings: Vec<Finding>,
}

/// The rows of a file that share day, names and currency, as one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The day, or the first of several.
    pub date: Date,
    /// Days that it stands for: 1, 7, or the source's period.
    pub days: u32,
    /// Places in [`Batch::names`], by [`Field::index`].
    pub names: [Option<u32>; 5],
    /// The currency of its amounts.
    pub currency: Currency,
    /// The figures, by [`Measure::index`](crate::units::Measure::index); absent is not zero.
    pub measures: [Option<Micros>; 9],
    /// The line of the first of its rows.
    pub line: u64,
    /// Data rows of the file that it is the sum of.
    pub count: u64,
}

/// Rows left out for one reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skip {
    /// Why.
    pub reason: &'static str,
    /// Which.
    pub lines: Lines,
}

/// How many lines something holds for, and the first few of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lines {
    /// How many.
    pub count: u64,
    /// The first [`Lines::EXAMPLES`].
    pub first: Vec<u64>,
}

impl Lines {
    /// Examples that are kept.
    pub const EXAMPLES: usize = 5;

    /// Counts one more line.
    pub fn add(&mut self, line: u64) {
        self.count += 1;
        if self.first.len() < Lines::EXAMPLES {
            self.first.push(line);
        }
    }

    /// Counts the lines of another reader of the same file too.
    pub(super) fn merge(&mut self, other: Lines) {
        self.count += other.count;
        self.first.extend(other.first);
        self.first.sort_unstable();
        self.first.truncate(Lines::EXAMPLES);
    }
}

impl Batch {
    /// The name of one field of a row, where the row has one.
    pub fn name(&self, row: &Row, field: Field) -> Option<&Arc<str>> {
        row.names[field.index()].and_then(|place| self.names.get(place as usize))
    }
}
