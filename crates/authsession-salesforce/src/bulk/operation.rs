//! What a job does.

use serde::{Deserialize, Serialize};

/// What a job does with rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum BulkOperation {
    /// New records.
    #[serde(rename = "insert")]
    Insert,
    /// Changes records, by `Id`.
    #[serde(rename = "update")]
    Update,
    /// Changes records by an external id, or makes them.
    #[serde(rename = "upsert")]
    Upsert,
    /// Moves records to the bin, by `Id`.
    #[serde(rename = "delete")]
    Delete,
    /// Deletes records for good, by `Id`; the user needs the permission "Bulk API Hard Delete".
    #[serde(rename = "hardDelete")]
    HardDelete,
    /// Refreshes data of Customer 360.
    #[serde(rename = "refresh")]
    Refresh,
    /// Takes in what individuals agreed to.
    #[serde(rename = "consentImport")]
    ConsentImport,
    /// Queries what is not deleted.
    #[serde(rename = "query")]
    Query,
    /// Queries what is deleted or archived too.
    #[serde(rename = "queryAll")]
    QueryAll,
    /// One this version does not know.
    #[serde(other)]
    Unknown,
}

impl BulkOperation {
    /// Whether it loads rows.
    #[must_use]
    pub const fn is_ingest(self) -> bool {
        matches!(
            self,
            Self::Insert
                | Self::Update
                | Self::Upsert
                | Self::Delete
                | Self::HardDelete
                | Self::Refresh
                | Self::ConsentImport
        )
    }

    /// Whether it queries.
    #[must_use]
    pub const fn is_query(self) -> bool {
        matches!(self, Self::Query | Self::QueryAll)
    }
}
