//! Long documents, rendered here and their snippets tested.

#[doc = include_str!("design.md")]
pub mod design {}

#[doc = include_str!("decisions.md")]
pub mod decisions {}

#[doc = include_str!("../../CHANGELOG.md")]
pub mod changelog {}
