//! outlay plans ad delivery spend and evaluates suppliers.
pub mod check;
pub mod fit;
pub mod import;
pub mod math;
pub mod panel;
pub mod plan;
pub mod report;
pub mod score;
pub mod settings;
pub mod simulate;
pub mod unify;
pub mod units;
