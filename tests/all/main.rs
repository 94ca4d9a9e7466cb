//! One module a kind of promise.

mod cases;
mod cli;
#[cfg(unix)]
mod interrupt;
mod laws;
mod order;
mod plans;
mod program;
mod real;
mod recover;
mod regress;
mod support;
mod threads;
