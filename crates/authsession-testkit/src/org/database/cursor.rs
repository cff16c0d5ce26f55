//! What is left of a query's answer: the row numbers, under a locator.

use crate::org::api_error::ApiError;
use crate::org::calendar::DAY;
use crate::org::calendar::seconds;
use crate::org::database::store::Store;
use crate::org::identifier::identifier;
use crate::org::soql::compile::Plan;
use std::sync::Arc;

/// How long a locator is good for.
const LIFETIME: i64 = 2 * DAY;

/// A query that was run, and the rows it found then.
#[derive(Clone)]
pub(crate) struct Cursor {
    pub(crate) plan: Arc<Plan>,
    pub(crate) rows: Arc<Vec<i64>>,
    opened: i64,
}

impl Store {
    /// Keeps rows for later pages; the locator.
    pub(crate) fn keep(&mut self, plan: Plan, rows: Vec<i64>) -> (String, Cursor) {
        let locator = identifier("01g", self.cursors.len() as u64 + 1);
        let opened = seconds(self.clock.now());
        let cursor = Cursor { plan: Arc::new(plan), rows: Arc::new(rows), opened };
        self.cursors.insert(locator.clone(), cursor.clone());
        (locator, cursor)
    }

    pub(crate) fn cursor(&self, locator: &str) -> Result<Cursor, ApiError> {
        let now = seconds(self.clock.now());
        let found = self.cursors.get(locator).filter(|cursor| now - cursor.opened < LIFETIME);
        found.cloned().ok_or_else(|| ApiError::new(400, "INVALID_QUERY_LOCATOR", "invalid query locator"))
    }
}
