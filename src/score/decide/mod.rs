//! What follows from the figures: grade, its wait, probe, position and price to ask for.

pub(super) mod ask;
pub(super) mod grade;
pub(super) mod history;
pub(super) mod position;
pub(super) mod probe;
