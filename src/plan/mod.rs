//! Fitted curves and limits → [`Answer`]: the allocation, a proven bound on what any allocation could reach, prices of
//! the limits, and the frontier over budgets.

pub mod answer;
pub mod block;
pub mod branch;
pub mod cash;
pub mod cents;
mod clamp;
pub mod complete;
pub mod conflict;
pub mod contracts;
mod contradiction;
pub mod count;
pub mod days;
pub mod envelope;
pub mod explain;
mod hidden;
mod increment;
mod indifferent;
mod jumps;
mod kernel;
pub mod laminar;
pub mod line;
pub mod master;
pub mod money;
pub mod nested;
mod open;
pub mod payables;
pub mod polish;
pub mod price;
pub mod program;
mod reach;
pub mod risk;
pub mod rows;
pub mod rules;
pub mod scenarios;
pub mod search;
pub mod solve;
pub mod tree;
pub mod unknown;

pub use complete::complete;
pub use rules::Beside;
pub use scenarios::scenarios;

pub use answer::*;
