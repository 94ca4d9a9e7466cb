//! One module a kind of promise.

mod awkward;
mod cases;
mod cases_criteria;
mod cases_suppliers;
mod cli;
mod databases;
#[cfg(target_os = "linux")]
mod endless;
mod finished;
mod funnel;
mod imports;
#[cfg(unix)]
mod interrupt;
mod languages;
mod laws;
mod looks;
mod looks_page;
mod mutate;
mod order;
mod plan_exact;
mod plan_limits;
mod plans;
mod planted;
mod program;
mod readme;
mod real;
mod recover;
mod regress;
mod rules;
mod support;
mod threads;
mod total;
mod unknown;
