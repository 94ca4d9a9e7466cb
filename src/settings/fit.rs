//! `[fit]`: how response models are estimated.

use serde::Deserialize;

/// `[fit]`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FitSettings {
    /// How posteriors are drawn.
    pub sampler: Sampler,
}

/// How posteriors are drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sampler {
    /// The fast approximation where its own diagnostic allows it, else the no-U-turn sampler.
    #[default]
    Auto,
    /// Always the no-U-turn sampler.
    Nuts,
}
