//! Arguments, messages and exit codes; private to the program, so that the library cannot use it.

mod adopt;
mod args;
mod commands;
mod criteria;
mod finished;
mod help;
mod interrupt;
mod pages;
mod progress;
mod style;
mod tables;

use std::io::{ErrorKind, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use outlay::check::{Error, Finding, Kind, Severity};
use outlay::report::{Output, Words, write};

use args::Args;

/// Limits contradict each other.
const CONFLICT: u8 = 5;
/// A check failed under `--strict`.
const STRICT: u8 = 6;

/// What a command found, before anything of it is written or printed.
struct Done {
    /// The folder that `outputs` go to.
    folder: PathBuf,
    /// The files to write.
    outputs: Vec<Output>,
    /// What a person reads.
    text: String,
    /// What a program reads.
    json: String,
    /// The findings of its stages.
    findings: Vec<Finding>,
    /// How the limits contradict each other, if they do.
    conflict: Option<String>,
}

/// Runs the command line.
pub fn main() -> ExitCode {
    keep_contained_panics_quiet();
    let args = help::parse();
    let words = Words::of(args.lang);
    interrupt::install(&words);
    let result = commands::run(&args).and_then(|done| finish(&args, &done));
    interrupt::settle();
    result.unwrap_or_else(|error| {
        tell(&words.error(&error), &words);
        ExitCode::from(error.kind.exit_code())
    })
}

/// A panic in a reader of damaged bytes becomes an error that names the file; only that is for the user.
fn keep_contained_panics_quiet() {
    let tell = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if !outlay::import::contains_panics() {
            tell(panic);
        }
    }));
}

/// Writes and prints what was found, unless a check failed under `--strict`: then earlier outputs stay.
fn finish(args: &Args, done: &Done) -> Result<ExitCode, Error> {
    let failed: Vec<&Finding> = done.findings.iter().filter(|finding| finding.severity == Severity::Fail).collect();
    if args.strict && !failed.is_empty() {
        let words = Words::of(args.lang);
        for finding in failed {
            let told = words.finding(finding);
            let (label, colon) = (words.say("error_label"), words.say("colon"));
            let line = format!("{label}{}{colon}{}{colon}{}\n", told.check, told.subject, told.message);
            tell(&line, &words);
        }
        tell(&format!("{}{}\n", words.say("help_label"), words.say("strict_help")), &words);
        return Ok(ExitCode::from(STRICT));
    }
    write::all(&done.folder, &done.outputs)?;
    if args.json {
        print(&done.json)?;
    } else if !args.quiet {
        print(&done.text)?;
    }
    let Some(conflict) = &done.conflict else { return Ok(ExitCode::SUCCESS) };
    if args.json || args.quiet {
        // the text that says it was not printed
        let words = Words::of(args.lang);
        tell(&format!("{}{conflict}\n", words.say("error_label")), &words);
    }
    Ok(ExitCode::from(CONFLICT))
}

/// Prints a result. A reader that has gone away is not a failure of ours; a disk that is full is.
fn print(text: &str) -> Result<(), Error> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            let message = format!("cannot write to stdout: {error}");
            Err(Error::new(Kind::Write, message).help("the files under `--out` are written; read the result there"))
        }
        _ => Ok(()),
    }
}

/// Tells a person what went wrong; nobody is left to hear that it could not be told.
fn tell(text: &str, words: &Words) {
    let _ = std::io::stderr().write_all(style::labels(text, words).as_bytes());
}

/// An error of the library's own making that its types should have prevented.
fn bug(message: impl std::fmt::Display) -> Error {
    Error::new(Kind::Bug, format!("this should not happen: {message}")).help("please report it with your settings file")
}
