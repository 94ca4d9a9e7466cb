//! Ctrl-C: what was staged is removed, what is there stays as it was.

use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};

use outlay::report::Words;

/// The usual code of a program that SIGINT ended: 128 + 2.
const INTERRUPTED: i32 = 130;

/// Whether an interrupt came.
static CAME: AtomicBool = AtomicBool::new(false);

/// Handles SIGINT, SIGTERM and SIGHUP for the rest of the program.
pub fn install(words: &Words) {
    let line = |told: &str| format!("{}{told}\n", words.say("error_label"));
    let (in_place, as_before) = (line(words.say("interrupted_after")), line(words.say("interrupted_before")));
    // without a handler the default one ends the program, and staged files stay behind
    let _ = ctrlc::set_handler(move || {
        CAME.store(true, Ordering::SeqCst);
        let told = if outlay::report::write::abandon() { &in_place } else { &as_before };
        let _ = std::io::stderr().write_all(told.as_bytes());
        std::process::exit(INTERRUPTED);
    });
}

/// Waits for the handler to end the program, if an interrupt came.
///
/// The handler lets nothing be written from then on; the main thread must not report that as a failure of its own.
pub fn settle() {
    while CAME.load(Ordering::SeqCst) {
        std::thread::park();
    }
}
