//! Lines for people who look on, on standard error. Nobody may.

use std::fmt;
use std::io::{self, Write as _};

/// Says a line, if anybody listens.
pub(crate) fn say(line: fmt::Arguments<'_>) {
    let _ = writeln!(io::stderr(), "{line}");
}
