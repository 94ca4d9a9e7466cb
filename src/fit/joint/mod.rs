//! The joint media-mix model: a response curve per channel where only the total over all channels is known.
//!
//! ```text
//!     panel + total ─ data ─▶ density ─ posterior ─▶ joint draws ─▶ a curve per channel, findings
//! ```

mod baseline;
mod beside;
#[cfg(test)]
mod calibration;
mod cells;
mod checks;
mod curves;
mod data;
mod density;
mod effects;
mod levels;
mod posterior;
mod residuals;

pub use curves::{Ahead, as_of, channels};
