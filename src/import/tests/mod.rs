//! The stage as a whole, from files to batches: what its tests share.

mod days;
mod files;
mod formats;
mod headers;
mod rows;

use std::path::Path;

use proptest::prelude::*;
use tempfile::TempDir;

use super::*;
use crate::check::Severity;
use crate::units::{Field, Measure, Micros};

/// A folder with files, and settings beside them.
pub(crate) struct Fixture {
    folder: TempDir,
}

impl Fixture {
    pub(crate) fn new(files: &[(&str, &str)]) -> Fixture {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        Fixture { folder }
    }

    pub(crate) fn settings(&self, text: &str) -> Settings {
        Settings::parse(text, "outlay.toml", self.folder.path(), 1).unwrap()
    }

    fn read(&self, settings: &str) -> Result<Vec<Batch>, Error> {
        all(&self.settings(settings))
    }

    /// An error's text without the folder.
    pub(crate) fn told(&self, error: &Error) -> String {
        error.to_string().replace(&format!("{}/", self.folder.path().display()), "")
    }
}

/// One file read by one source with the given further settings.
fn one(text: &str, source: &str) -> Result<Batch, String> {
    let fixture = Fixture::new(&[("a.csv", text)]);
    let settings = format!("[[source]]\npath = \"a.csv\"\nplatform = \"x\"\n{source}");
    let mut batches = fixture.read(&settings).map_err(|error| fixture.told(&error))?;
    Ok(batches.remove(0))
}

fn refused(text: &str, source: &str) -> String {
    one(text, source).map(|batch| batch.rows).unwrap_err()
}

fn sum(batch: &Batch, measure: Measure) -> Option<i64> {
    batch.rows.iter().filter_map(|row| row.measures[measure.index()]).map(Micros::get).reduce(|a, b| a + b)
}

fn finding<'a>(batch: &'a Batch, check: &str) -> Option<&'a crate::check::Finding> {
    batch.findings.iter().find(|finding| finding.check == check)
}

fn finding_of<'a>(findings: &'a [crate::check::Finding], check: &str) -> &'a crate::check::Finding {
    findings.iter().find(|finding| finding.check == check).unwrap_or_else(|| panic!("no {check} in {findings:?}"))
}

const TWO_DAYS: &str = "date,spend,clicks,registrations\n2026-05-01,1.5,10,2\n2026-05-02,2,20,\n";

/// One file of bytes, read by a source with the given settings.
fn bytes(name: &str, bytes: &[u8], source: &str) -> Result<Vec<Batch>, String> {
    let fixture = Fixture::new(&[]);
    std::fs::write(fixture.folder.path().join(name), bytes).unwrap();
    let read = fixture.read(&format!("[[source]]\npath = \"{name}\"\n{source}"));
    read.map_err(|error| fixture.told(&error))
}

/// Reads one file without a named platform.
fn detected(text: &str) -> Result<Batch, String> {
    let fixture = Fixture::new(&[("a.csv", text)]);
    let read = fixture.read("[[source]]\npath = \"a.csv\"\nplatform = \"auto\"");
    read.map(|mut batches| batches.remove(0)).map_err(|error| fixture.told(&error))
}
