//! Many records of one kind, and what became of them (REST API Developer Guide, "sObject Collections").

use serde::{Deserialize, Serialize};

use crate::composite::composite_error::CompositeError;
use crate::nullable;

/// Records as a collection's requests take them, each with its kind.
///
/// ```
/// use authsession_salesforce::SObjectCollection;
/// use serde_json::json;
///
/// let accounts = SObjectCollection::new("Account", [json!({ "Name": "Acme" })]).all_or_none(true);
/// let body = json!({ "allOrNone": true, "records": [{ "attributes": { "type": "Account" }, "Name": "Acme" }] });
/// assert_eq!(serde_json::to_value(accounts).unwrap(), body);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SObjectCollection<T> {
    /// Whether one that fails undoes all.
    #[serde(rename = "allOrNone")]
    pub all_or_none: bool,
    /// Up to 200, of up to ten kinds.
    pub records: Vec<CollectionRecord<T>>,
}

impl<T> SObjectCollection<T> {
    /// These records, all of one kind. One that fails is no matter of the others.
    pub fn new(sobject: &str, records: impl IntoIterator<Item = T>) -> Self {
        let records = records.into_iter().map(|record| CollectionRecord::new(sobject, record)).collect();
        Self { all_or_none: false, records }
    }

    /// Whether one that fails undoes all.
    #[must_use]
    pub fn all_or_none(mut self, all_or_none: bool) -> Self {
        self.all_or_none = all_or_none;
        self
    }

    /// Adds one, which may be of another kind.
    pub fn push(&mut self, record: CollectionRecord<T>) {
        self.records.push(record);
    }
}

/// A record and its kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CollectionRecord<T> {
    /// Its kind.
    pub attributes: RecordAttributes,
    /// Its fields: something that is written as a JSON object. To update it, `id` is one of them.
    #[serde(flatten)]
    pub record: T,
}

impl<T> CollectionRecord<T> {
    /// This record, of that kind.
    pub fn new(sobject: &str, record: T) -> Self {
        Self { attributes: RecordAttributes::new(sobject), record }
    }
}

/// What a record is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct RecordAttributes {
    /// Its kind, such as `Account`.
    #[serde(rename = "type")]
    pub sobject_type: String,
}

impl RecordAttributes {
    /// A record of that kind.
    pub fn new(sobject_type: impl Into<String>) -> Self {
        Self { sobject_type: sobject_type.into() }
    }
}

/// What became of one record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SObjectCollectionResult {
    /// Its id. Salesforce may name one that was not done too: whether it was, `success` says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Whether it was done.
    pub success: bool,
    /// What is wrong with it.
    #[serde(default, deserialize_with = "nullable::or_default")]
    pub errors: Vec<CompositeError>,
    /// Of an upsert: whether it is new.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created: Option<bool>,
}

impl SObjectCollectionResult {
    /// Whether the same record may succeed later, unchanged: somebody else held it (`UNABLE_TO_LOCK_ROW`), or Salesforce was too
    /// busy. It is to be sent again by itself; those that succeeded are not.
    ///
    /// ```no_run
    /// # use authsession_salesforce::{Cirrus, CirrusResult};
    /// # async fn example(salesforce: Cirrus, accounts: Vec<serde_json::Value>) -> CirrusResult<()> {
    /// let results = salesforce.composite().sobjects().create_records("Account", &accounts, false).await?;
    /// let again: Vec<_> =
    ///     accounts.iter().zip(&results).filter(|(_, result)| result.is_transient()).map(|(one, _)| one).collect();
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn is_transient(&self) -> bool {
        !self.success && !self.errors.is_empty() && self.errors.iter().all(CompositeError::is_transient)
    }

    /// Whether the record itself was in order and was undone because of another one.
    #[must_use]
    pub fn is_rolled_back(&self) -> bool {
        !self.errors.is_empty() && self.errors.iter().all(CompositeError::is_rolled_back)
    }
}
