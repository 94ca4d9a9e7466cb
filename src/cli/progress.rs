//! What is being done, on stderr and only to a terminal.

use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use outlay::report::Words;

use super::args::Args;

/// A bar of the stages of a command.
pub struct Progress {
    bar: ProgressBar,
    words: Words,
}

impl Progress {
    /// A bar of `stages` steps; hidden unless a person is watching.
    pub fn new(args: &Args, stages: u64) -> Progress {
        if args.quiet || args.json || !std::io::stderr().is_terminal() {
            return Progress { bar: ProgressBar::hidden(), words: Words::of(args.lang) };
        }
        let bar = ProgressBar::new(stages);
        if let Ok(style) = ProgressStyle::with_template("{spinner} {bar:24} {pos}/{len} {msg} · {elapsed}") {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(120));
        Progress { bar, words: Words::of(args.lang) }
    }

    /// The next stage begins.
    pub fn begin(&self, stage: &'static str) {
        if !self.bar.message().is_empty() {
            self.bar.inc(1);
        }
        self.bar.set_message(self.words.stage(stage).to_owned());
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
