//! Records by their ids (REST API Developer Guide, "sObject Rows").

use std::time::SystemTime;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::CirrusResult;
use crate::error::salesforce_error::SalesforceError;
use crate::exchange::call::{Call, list};
use crate::sobjects::{SObjectHandler, unless_the_same};

/// What has become of a record that was created, or created or changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SObjectCreateResult {
    /// The record's id. Empty after an upsert that changed a record under an API version before 46.0, which does not tell it.
    pub id: String,
    /// Whether it was done.
    pub success: bool,
    /// Why not, or what else there is to say.
    #[serde(default)]
    pub errors: Vec<SalesforceError>,
    /// Of an upsert: whether the record is new.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created: Option<bool>,
}

impl SObjectCreateResult {
    /// Whether the same may succeed later, unchanged: somebody else held the record, or Salesforce was too busy.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        !self.success && !self.errors.is_empty() && self.errors.iter().all(SalesforceError::is_transient)
    }
}

/// Records by their ids.
impl SObjectHandler<'_> {
    /// A record, with all fields the user may see.
    pub async fn retrieve(&self, id: &str) -> CirrusResult<Value> {
        self.retrieve_as(id).await
    }

    /// The same, as a type.
    pub async fn retrieve_as<R: DeserializeOwned>(&self, id: &str) -> CirrusResult<R> {
        self.client.call_json(Call::get(self.record(id)?)).await
    }

    /// A record, or `None` if it has not changed since.
    pub async fn retrieve_if_modified_since(
        &self,
        id: &str,
        since: SystemTime,
    ) -> CirrusResult<Option<Value>> {
        self.retrieve_if_modified_since_as(id, since).await
    }

    /// The same, as a type.
    pub async fn retrieve_if_modified_since_as<R: DeserializeOwned>(
        &self,
        id: &str,
        since: SystemTime,
    ) -> CirrusResult<Option<R>> {
        unless_the_same(self.client, Call::get(self.record(id)?), since).await
    }

    /// These fields of a record; there has to be one.
    pub async fn retrieve_with_fields(&self, id: &str, fields: &[impl AsRef<str>]) -> CirrusResult<Value> {
        self.retrieve_with_fields_as(id, fields).await
    }

    /// The same, as a type.
    pub async fn retrieve_with_fields_as<R: DeserializeOwned>(
        &self,
        id: &str,
        fields: &[impl AsRef<str>],
    ) -> CirrusResult<R> {
        let call = Call::get(self.record(id)?).parameter("fields", &list("fields", fields)?);
        self.client.call_json(call).await
    }

    /// Creates a record. After an error that says it [may have been done](crate::error::CirrusError::may_have_been_done), there may be one.
    pub async fn create<B>(&self, body: &B) -> CirrusResult<SObjectCreateResult>
    where
        B: Serialize + ?Sized,
    {
        self.create_with_headers(body, &[]).await
    }

    /// The same, with headers such as `Sforce-Duplicate-Rule-Header` or `Sforce-Auto-Assign`.
    pub async fn create_with_headers<B>(
        &self,
        body: &B,
        headers: &[(&str, &str)],
    ) -> CirrusResult<SObjectCreateResult>
    where
        B: Serialize + ?Sized,
    {
        self.client.call_json(Call::post(self.root()?).headers(headers)?.json(body)?).await
    }

    /// Changes the fields of a record that are named; the others stay.
    ///
    /// A field has three states: left as it is, emptied, or given a value. A struct says so by an `Option` in an `Option`:
    ///
    /// ```
    /// use serde::Serialize;
    ///
    /// #[derive(Default, Serialize)]
    /// #[serde(rename_all = "PascalCase")]
    /// struct AccountUpdate {
    ///     #[serde(skip_serializing_if = "Option::is_none")]
    ///     industry: Option<Option<String>>,
    ///     #[serde(skip_serializing_if = "Option::is_none")]
    ///     phone: Option<Option<String>>,
    /// }
    ///
    /// let update = AccountUpdate { industry: Some(None), ..AccountUpdate::default() };
    /// assert_eq!(serde_json::to_string(&update)?, r#"{"Industry":null}"#);
    /// # Ok::<_, serde_json::Error>(())
    /// ```
    pub async fn update<B>(&self, id: &str, body: &B) -> CirrusResult<()>
    where
        B: Serialize + ?Sized,
    {
        self.update_with_headers(id, body, &[]).await
    }

    /// The same, with headers.
    pub async fn update_with_headers<B>(
        &self,
        id: &str,
        body: &B,
        headers: &[(&str, &str)],
    ) -> CirrusResult<()>
    where
        B: Serialize + ?Sized,
    {
        self.client.call(Call::patch(self.record(id)?).headers(headers)?.json(body)?).await.map(drop)
    }

    /// Changes a record if nobody else has since; else it fails with [`CirrusError::Api`](crate::error::CirrusError::Api), status 412.
    pub async fn update_if_unmodified_since<B>(
        &self,
        id: &str,
        body: &B,
        since: SystemTime,
    ) -> CirrusResult<()>
    where
        B: Serialize + ?Sized,
    {
        let call = Call::patch(self.record(id)?).if_unmodified_since(since)?.json(body)?;
        self.client.call(call).await.map(drop)
    }

    /// Deletes a record. One whose answer was lost is asked again, like every DELETE; if it was done the first time, that fails
    /// with status 404, and the error says that it [may have been done](crate::error::CirrusError::may_have_been_done).
    pub async fn delete(&self, id: &str) -> CirrusResult<()> {
        self.client.call(Call::delete(self.record(id)?)).await.map(drop)
    }
}
