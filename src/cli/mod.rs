//! Arguments, messages and exit codes; private to the program, so that the library cannot use it.

mod args;
mod commands;
mod interrupt;
mod progress;

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;
use outlay::check::{Error, Finding, Kind, Severity};

use args::Args;

/// Limits contradict each other.
const CONFLICT: u8 = 5;
/// A check failed under `--strict`.
const STRICT: u8 = 6;

/// What a command did.
struct Done {
    /// What a person reads.
    text: String,
    /// What a program reads.
    json: String,
    /// The findings of its stages.
    findings: Vec<Finding>,
    /// Whether the limits contradict each other.
    conflict: bool,
}

/// Runs the command line.
pub fn main() -> ExitCode {
    let args = Args::parse();
    interrupt::install();
    let result = commands::run(&args);
    interrupt::settle();
    match result {
        Ok(done) => finish(&args, &done),
        Err(error) => {
            print(&mut std::io::stderr(), &error.to_string());
            ExitCode::from(error.kind.exit_code())
        }
    }
}

fn finish(args: &Args, done: &Done) -> ExitCode {
    if args.json {
        print(&mut std::io::stdout(), &done.json);
    } else if !args.quiet {
        print(&mut std::io::stdout(), &done.text);
    }
    let failed: Vec<&Finding> = done.findings.iter().filter(|finding| finding.severity == Severity::Fail).collect();
    if done.conflict {
        return ExitCode::from(CONFLICT);
    }
    if args.strict && !failed.is_empty() {
        for finding in &failed {
            print(
                &mut std::io::stderr(),
                &format!("error: {}: {}: {}\n", finding.check, finding.subject, finding.message),
            );
        }
        print(&mut std::io::stderr(), "help: mend what failed, or leave `--strict` out\n");
        return ExitCode::from(STRICT);
    }
    ExitCode::SUCCESS
}

/// Writes; a reader that has gone away is not a failure of ours.
fn print(to: &mut impl Write, text: &str) {
    let _ = to.write_all(text.as_bytes()).and_then(|()| to.flush());
}

/// An error of the library's own making that its types should have prevented.
fn bug(message: impl std::fmt::Display) -> Error {
    Error::new(Kind::Bug, format!("this should not happen: {message}")).help("please report it with your settings file")
}
