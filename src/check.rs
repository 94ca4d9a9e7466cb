//! Findings and errors: what a stage has to say to the person who reads.
//!
//! A *finding* is something worth a look while there is still an output: a gap, a weak fit, a duplicate. An *error* means
//! that there is no output at all. Both name the place, what was found, what was expected and what to do.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::Serialize;

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Looked at and fine.
    Pass,
    /// Worth a person's look.
    Review,
    /// Should not be built upon; `--strict` ends the run.
    Fail,
}

/// The result of one check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The check's name, `stage.what`: `import.duplicates`.
    pub check: &'static str,
    /// How much it matters.
    pub severity: Severity,
    /// What it is about: a file, a channel, a supplier.
    pub subject: String,
    /// What was found.
    pub message: String,
    /// What to do about it; empty when nothing needs doing.
    pub advice: String,
}

impl Finding {
    /// A finding worth a look.
    pub fn review(
        check: &'static str,
        subject: impl Into<String>,
        message: impl Into<String>,
        advice: &str,
    ) -> Finding {
        Finding::new(check, Severity::Review, subject, message, advice)
    }

    /// A finding that should not be built upon.
    pub fn fail(check: &'static str, subject: impl Into<String>, message: impl Into<String>, advice: &str) -> Finding {
        Finding::new(check, Severity::Fail, subject, message, advice)
    }

    /// A check that was made and is fine.
    pub fn pass(check: &'static str, subject: impl Into<String>, message: impl Into<String>) -> Finding {
        Finding::new(check, Severity::Pass, subject, message, "")
    }

    fn new(
        check: &'static str,
        severity: Severity,
        subject: impl Into<String>,
        message: impl Into<String>,
        advice: &str,
    ) -> Finding {
        Finding { check, severity, subject: subject.into(), message: message.into(), advice: advice.to_owned() }
    }
}

/// A place in an input file. Displayed as `path:line`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin {
    /// The file, as the settings reach it.
    pub path: PathBuf,
    /// The line, counted from 1.
    pub line: u64,
}

impl Origin {
    /// Line `line` of `path`.
    pub fn new(path: &Path, line: u64) -> Origin {
        Origin { path: path.to_owned(), line }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.path.display(), self.line)
    }
}

/// What sort of failure an error is; each has its own exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A bug in outlay: something that its own code promised did not hold.
    Bug,
    /// Wrong usage or settings.
    Settings,
    /// Bad input data.
    Input,
    /// Nothing to do.
    Nothing,
    /// Cannot write.
    Write,
}

impl Kind {
    /// The exit code of the contract.
    pub fn exit_code(self) -> u8 {
        match self {
            Kind::Bug => 1,
            Kind::Settings => 2,
            Kind::Input => 3,
            Kind::Nothing => 4,
            Kind::Write => 7,
        }
    }
}

/// One thing that is wrong: the fact, and apart from it the remedy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Place, what was found, what was expected; lower case, no full stop.
    pub message: String,
    /// What to do, as one line in the imperative.
    pub help: Option<String>,
}

/// Why there is no output: one kind, and everything of it that was found in one go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// The sort of failure.
    pub kind: Kind,
    /// Everything that is wrong, in the order of the input; never empty.
    pub problems: Vec<Problem>,
}

impl Error {
    /// An error of one problem without a remedy.
    pub fn new(kind: Kind, message: impl Into<String>) -> Error {
        Error { kind, problems: vec![Problem { message: message.into(), help: None }] }
    }

    /// The same error with a remedy for its last problem.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Error {
        if let Some(last) = self.problems.last_mut() {
            last.help = Some(help.into());
        }
        self
    }

    /// Wrong settings: the setting's path in `outlay.toml`, then what is wrong with it.
    pub fn setting(setting: &str, message: impl fmt::Display) -> Error {
        Error::new(Kind::Settings, format!("{setting}: {message}"))
    }

    /// One error of everything in `errors`, which share the kind of the first; `Ok` when there are none.
    pub fn all(errors: Vec<Error>) -> Result<(), Error> {
        let Some(kind) = errors.first().map(|error| error.kind) else { return Ok(()) };
        let problems = errors.into_iter().filter(|error| error.kind == kind).flat_map(|error| error.problems).collect();
        Err(Error { kind, problems })
    }
}

impl fmt::Display for Error {
    /// One `error:` line a problem, each followed by its `help:` line; a remedy shared by neighbours stands once.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().enumerate() {
            writeln!(f, "error: {}", problem.message)?;
            let next = self.problems.get(index + 1).and_then(|next| next.help.as_ref());
            match &problem.help {
                Some(help) if next != Some(help) => writeln!(f, "help: {help}")?,
                _ => {}
            }
        }
        Ok(())
    }
}

impl std::error::Error for Error {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_share_their_remedy() {
        let problem = |message: &str| Problem { message: message.into(), help: Some("set `x`".into()) };
        let error = Error { kind: Kind::Input, problems: vec![problem("a:2: bad"), problem("a:3: bad")] };
        assert_eq!(error.to_string(), "error: a:2: bad\nerror: a:3: bad\nhelp: set `x`\n");
    }

    #[test]
    fn no_errors_is_fine_and_several_become_one() {
        assert_eq!(Error::all(Vec::new()), Ok(()));
        let both = Error::all(vec![Error::setting("plan.budget", "missing"), Error::setting("plan.end", "missing")]);
        assert_eq!(both.unwrap_err().problems.len(), 2);
    }
}
