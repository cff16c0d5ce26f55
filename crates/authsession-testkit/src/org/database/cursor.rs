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
    pub(crate) holder: Holder,
    opened: i64,
}

/// Whose a cursor is.
#[derive(Clone, Default)]
pub(crate) struct Holder {
    /// The session that ran the query, as its header names it.
    pub(crate) session: String,
    /// Of a list within a record: the locator of the list that record is in, empty where that came in one page.
    pub(crate) parent: Option<String>,
}

impl Store {
    /// Keeps rows for later pages; the locator.
    pub(crate) fn keep(&mut self, plan: Arc<Plan>, rows: Vec<i64>, holder: Holder) -> (String, Cursor) {
        self.cursors_opened += 1;
        let locator = identifier("01g", self.cursors_opened);
        let opened = seconds(self.clock.now());
        let cursor = Cursor { plan, rows: Arc::new(rows), holder, opened };
        self.cursors.insert(locator.clone(), cursor.clone());
        (locator, cursor)
    }

    pub(crate) fn cursor(&self, locator: &str) -> Result<Cursor, ApiError> {
        let now = seconds(self.clock.now());
        let found = self.cursors.get(locator).filter(|cursor| now - cursor.opened < LIFETIME);
        found.cloned().ok_or_else(|| ApiError::new(400, "INVALID_QUERY_LOCATOR", "invalid query locator"))
    }

    /// Closes the cursors of the lists within the records of this list.
    pub(crate) fn close_children(&mut self, locator: &str) {
        let is_of = |cursor: &Cursor| cursor.holder.parent.as_deref() == Some(locator);
        let closed: Vec<String> =
            self.cursors.iter().filter(|(_, cursor)| is_of(cursor)).map(|(own, _)| own.clone()).collect();
        for own in closed {
            self.cursors.remove(&own);
            self.close_children(&own);
        }
    }
}
