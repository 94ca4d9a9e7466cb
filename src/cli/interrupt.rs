//! Ctrl-C: what was staged is removed, what is there stays as it was.

use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};

/// The usual code of a program that SIGINT ended: 128 + 2.
const INTERRUPTED: i32 = 130;

/// Whether an interrupt came.
static CAME: AtomicBool = AtomicBool::new(false);

/// Handles SIGINT, SIGTERM and SIGHUP for the rest of the program.
pub fn install() {
    // without a handler the default one ends the program, and staged files stay behind
    let _ = ctrlc::set_handler(|| {
        CAME.store(true, Ordering::SeqCst);
        let told: &[u8] = if outlay::report::write::abandon() {
            b"error: interrupted; the new results were in place already\n"
        } else {
            b"error: interrupted; results are as they were before\n"
        };
        let _ = std::io::stderr().write_all(told);
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
