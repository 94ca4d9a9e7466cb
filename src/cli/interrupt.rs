//! Ctrl-C: what was staged is removed, what is there stays as it was.

use std::io::Write;

/// The usual code of a program that SIGINT ended: 128 + 2.
const INTERRUPTED: i32 = 130;

/// Handles SIGINT, SIGTERM and SIGHUP for the rest of the program.
pub fn install() {
    // without a handler the default one ends the program, and staged files stay behind
    let _ = ctrlc::set_handler(|| {
        outlay::report::write::abandon();
        let _ = std::io::stderr().write_all(b"error: interrupted; results are as they were before\n");
        std::process::exit(INTERRUPTED);
    });
}
