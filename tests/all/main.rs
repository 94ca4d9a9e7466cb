//! One module a kind of promise.

mod cases;
mod cases_suppliers;
mod cli;
#[cfg(unix)]
mod interrupt;
mod laws;
mod looks;
mod order;
mod plan_limits;
mod plans;
mod program;
mod readme;
mod real;
mod recover;
mod regress;
mod support;
mod threads;
