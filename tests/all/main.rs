//! One module a kind of promise.

mod looks;
mod order;
mod plans;
mod readme;
mod real;
mod recover;
mod support;
