//! One module a kind of promise.

mod order;
mod plans;
mod real;
mod recover;
mod support;
