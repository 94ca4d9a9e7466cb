//! `[late]`: how long a day's conversions keep coming in.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::check::Error;

/// As written.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct File {
    days: Option<u32>,
    platforms: BTreeMap<String, u32>,
    complete: f64,
}

impl Default for File {
    fn default() -> File {
        File { days: None, platforms: BTreeMap::new(), complete: 0.95 }
    }
}

/// `[late]`.
#[derive(Clone, Debug, PartialEq)]
pub struct LateSettings {
    /// Last days of an export that are still filling up, of any platform; estimated from restatements when absent.
    pub days: Option<u32>,
    /// The same by platform, which goes before `days`.
    pub platforms: BTreeMap<String, u32>,
    /// Share of its final count from which a day is taken as complete, where the delay is estimated.
    pub complete: f64,
}

pub(super) fn checked(file: File, wrong: &mut Vec<Error>) -> LateSettings {
    if !(file.complete > 0.0 && file.complete <= 1.0) {
        wrong.push(Error::setting(
            "late.complete",
            format!("is {}, expected a share above 0 and up to 1", file.complete),
        ));
    }
    LateSettings { days: file.days, platforms: file.platforms, complete: file.complete }
}
