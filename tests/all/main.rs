//! One module a kind of promise.

mod looks;
mod order;
mod plans;
mod real;
mod recover;
mod support;
