//! A line of two gigabytes is refused by its number, and never held.

use std::fs::OpenOptions;
use std::io::Write;
use std::process::{Command, Stdio};

use crate::program::{Ended, Project};

/// Memory that the program may ask for, in KiB: half of what the line would take.
const MEMORY: u64 = 1 << 20;

/// `outlay check` of `text` and a hole of two gigabytes after it, in little memory.
fn check(text: &str) -> Ended {
    let project = Project::new(&[("outlay.toml", "[[source]]\npath = \"a.csv\"\n"), ("a.csv", text)]);
    let mut file = OpenOptions::new().append(true).open(project.path("a.csv")).unwrap();
    file.flush().unwrap();
    file.set_len(2 << 30).unwrap();
    let bounded = format!("ulimit -v {MEMORY}; exec \"$0\" check --threads 2");
    let mut shell = Command::new("sh");
    shell.args(["-c", &bounded, env!("CARGO_BIN_EXE_outlay")]).current_dir(project.path("")).stdin(Stdio::null());
    shell.output().unwrap().into()
}

#[test]
fn a_line_of_two_gigabytes_is_refused_in_little_memory() {
    let rows = |count: usize| format!("date,platform,spend\n{}", "2026-05-01,x,1\n".repeat(count));
    for (text, line) in [(rows(0) + "2026-05-01,x,", 2), (rows(90_000) + "2026-05-02,x,", 90_002), (String::new(), 1)] {
        let ended = check(&text);
        let expected = format!(
            "error: a.csv:{line}: the row that begins here is longer than 1048576 bytes\n\
             help: look for a quote that is opened there and not closed, or for lines that do not end\n"
        );
        assert_eq!((ended.code, ended.stderr), (Some(3), expected));
    }
}
