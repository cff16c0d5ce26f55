//! How far it is, for people who look on: nothing where no terminal is.

use std::time::Duration;

use indicatif::{HumanCount, ProgressBar, ProgressStyle};

use crate::notice::say;

const TICK: Duration = Duration::from_millis(120);

pub(crate) struct Progress(ProgressBar);

impl Progress {
    /// On standard error, as long as that is a terminal.
    pub(crate) fn begin(what: &'static str) -> Self {
        let bar = ProgressBar::new_spinner().with_message(what);
        if let Ok(style) = ProgressStyle::with_template("{spinner} {elapsed} {msg}") {
            bar.set_style(style);
        }
        bar.enable_steady_tick(TICK);
        Self(bar)
    }

    pub(crate) fn say(&self, what: String) {
        self.0.set_message(what);
    }

    pub(crate) fn rows(&self, rows: u64) {
        self.say(format!("{} rows", HumanCount(rows)));
    }

    /// A line that stays, terminal or not.
    pub(crate) fn note(&self, line: &str) {
        self.0.suspend(|| say(format_args!("{line}")));
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
