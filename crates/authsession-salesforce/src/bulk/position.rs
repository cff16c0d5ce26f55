//! How much of a result was handed on.

use serde::{Deserialize, Serialize};

/// A place in the result of a job, between two rows: keep it beside what was written, and go on from there after a restart.
/// The default is the beginning.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct BulkPosition {
    /// The locator of the page; none is the first one.
    pub locator: Option<String>,
    /// How many rows of the page are behind.
    pub rows: u64,
    /// Whether the header is behind.
    pub header: bool,
}

impl BulkPosition {
    /// The beginning of the page with this locator, the header behind.
    #[must_use]
    pub fn at(locator: impl Into<String>) -> Self {
        Self { locator: Some(locator.into()), rows: 0, header: true }
    }
}
