//! One module a kind of promise.

mod plans;
mod recover;
mod support;
