//! What is being done, on stderr and only to a terminal.

use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use super::args::Args;

/// A bar of the stages of a command.
pub struct Progress(ProgressBar);

impl Progress {
    /// A bar of `stages` steps; hidden unless a person is watching.
    pub fn new(args: &Args, stages: u64) -> Progress {
        if args.quiet || args.json || !std::io::stderr().is_terminal() {
            return Progress(ProgressBar::hidden());
        }
        let bar = ProgressBar::new(stages);
        if let Ok(style) = ProgressStyle::with_template("{spinner} {bar:24} {pos}/{len} {msg} {elapsed}") {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(120));
        Progress(bar)
    }

    /// The next stage begins.
    pub fn begin(&self, stage: &'static str) {
        if !self.0.message().is_empty() {
            self.0.inc(1);
        }
        self.0.set_message(stage);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
