//! Where the pages of a query were asked for: none of them twice, as the rest would then come again for ever.

use std::collections::HashSet;

use crate::error::CirrusError;

#[derive(Clone, Debug, Default)]
pub(crate) struct QueryTrail {
    locators: HashSet<Box<str>>,
}

impl QueryTrail {
    /// Notes where the next page is; whether it leads on, and not in a circle.
    pub(crate) fn leads_on_to(&mut self, locator: &str) -> bool {
        self.locators.insert(locator.into())
    }
}

/// There is more, and nobody knows where.
pub(crate) fn lost() -> CirrusError {
    CirrusError::InvalidResponse(
        "a page says that there are more records, and not where, or where they were before: run the query again".into(),
    )
}
