//! `compare.json`.

use super::Comparison;
use crate::report::{Output, json};

/// `compare.json`.
pub fn json(comparison: &Comparison) -> Output {
    json::output("compare.json", comparison)
}
