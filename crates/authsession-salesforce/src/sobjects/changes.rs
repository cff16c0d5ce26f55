//! What was changed and deleted between two instants (REST API Developer Guide, "sObject Get Updated", "sObject Get Deleted").

use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use crate::error::CirrusResult;
use crate::exchange::call::Call;
use crate::sobjects::SObjectHandler;
use crate::soql::datetime;

/// Which records were created or changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct UpdatedRecords {
    /// Their ids.
    pub ids: Vec<String>,
    /// Until when all of them are here, ISO 8601: where the next call begins.
    #[serde(rename = "latestDateCovered")]
    pub latest_date_covered: String,
}

/// Which records were deleted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct DeletedRecords {
    /// The records.
    #[serde(rename = "deletedRecords")]
    pub deleted_records: Vec<DeletedRecord>,
    /// Since when deleted records are known at all, ISO 8601.
    #[serde(rename = "earliestDateAvailable")]
    pub earliest_date_available: String,
    /// Until when all of them are here, ISO 8601: where the next call begins.
    #[serde(rename = "latestDateCovered")]
    pub latest_date_covered: String,
}

/// A record that was deleted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct DeletedRecord {
    /// Its id.
    pub id: String,
    /// When, ISO 8601.
    #[serde(rename = "deletedDate")]
    pub deleted_date: String,
}

/// What has happened to the object's records. Salesforce looks back 30 days at most, and leaves seconds aside.
impl SObjectHandler<'_> {
    /// Which records were created or changed between two instants.
    pub async fn updated(&self, start: SystemTime, end: SystemTime) -> CirrusResult<UpdatedRecords> {
        self.client.call_json(self.between("updated", start, end)?).await
    }

    /// Which records were deleted between two instants.
    pub async fn deleted(&self, start: SystemTime, end: SystemTime) -> CirrusResult<DeletedRecords> {
        self.client.call_json(self.between("deleted", start, end)?).await
    }

    fn between(&self, resource: &str, start: SystemTime, end: SystemTime) -> CirrusResult<Call<'static>> {
        let call = Call::get(self.path(resource)?);
        Ok(call.parameter("start", &datetime(start)?).parameter("end", &datetime(end)?))
    }
}
