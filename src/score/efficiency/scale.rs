//! Scale efficiency: how much of the inefficiency is size.
//!
//! ```text
//!     SE = θ under constant returns ÷ θ under variable returns
//! ```
//!
//! Where SE < 1 the unit is too small (returns increase) when non-increasing returns judge it as constant ones do, and too large (returns
//! decrease) when they judge it as variable ones do. Cooper, Seiford & Tone (2007), chapter 5.

use serde::Serialize;

use crate::check::Error;
use crate::score::envelope::{Model, Returns, Units};

/// Difference of two efficiencies that is rounding.
const ROUNDING: f64 = 1e-6;

/// A unit's efficiency under three returns to scale, and what they say of its size.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Scale {
    /// θ, or 1/φ, under constant returns.
    pub crs: f64,
    /// Under non-increasing returns.
    pub nirs: f64,
    /// Under variable returns.
    pub vrs: f64,
    /// CRS ÷ VRS; absent for a unit of no efficiency at all.
    pub efficiency: Option<f64>,
    /// Returns to scale where the unit stands.
    pub returns: ScaleReturns,
}

/// Returns to scale where a unit stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ScaleReturns {
    /// Too small: a larger unit would do better.
    Increasing,
    /// Of the best size.
    Constant,
    /// Too large.
    Decreasing,
}

/// The scale efficiency of every unit.
///
/// # Errors
///
/// As [`Units::radial_under`].
pub(super) fn of(units: &Units, model: &Model) -> Result<Vec<Scale>, Error> {
    let under = |returns| units.radial_under(&Model { returns, ..model.clone() });
    let (crs, nirs, vrs) = (under(Returns::Crs)?, under(Returns::Nirs)?, under(Returns::Vrs)?);
    let scale = |at: usize| described(crs[at].efficiency, nirs[at].efficiency, vrs[at].efficiency);
    Ok((0..units.count()).map(scale).collect())
}

fn described(crs: f64, nirs: f64, vrs: f64) -> Scale {
    let returns = match () {
        () if vrs - crs <= ROUNDING => ScaleReturns::Constant,
        () if vrs - nirs <= ROUNDING => ScaleReturns::Decreasing,
        () => ScaleReturns::Increasing,
    };
    Scale { crs, nirs, vrs, efficiency: (vrs > 0.0).then(|| crs / vrs), returns }
}
