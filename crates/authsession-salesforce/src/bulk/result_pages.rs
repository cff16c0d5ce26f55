//! Where the pages of a query's result are, to fetch several at once (Bulk API 2.0 and Bulk API Developer Guide, "Get Parallel
//! Results for a Query Job").

use serde::{Deserialize, Serialize};

use crate::exchange::address::parameter;

/// Some of the pages of a result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BulkResultPages {
    /// The pages.
    #[serde(rename = "resultPages", default)]
    pub result_pages: Vec<BulkResultPage>,
    /// Where further ones are told.
    #[serde(rename = "nextRecordsUrl", alias = "nextRecordUrl", default)]
    pub next_records_url: Option<String>,
    /// Whether these are the last ones.
    pub done: bool,
}

impl BulkResultPages {
    /// What to ask the further ones with.
    #[must_use]
    pub fn next_locator(&self) -> Option<String> {
        parameter(self.next_records_url.as_deref()?, "locator")
    }
}

/// A page of a result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BulkResultPage {
    /// Where it is.
    #[serde(rename = "resultUrl")]
    pub result_url: String,
}

impl BulkResultPage {
    /// What to ask for it with; none is the first one.
    #[must_use]
    pub fn locator(&self) -> Option<String> {
        parameter(&self.result_url, "locator")
    }
}
