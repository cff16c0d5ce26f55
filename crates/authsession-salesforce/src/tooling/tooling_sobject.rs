//! One object of the Tooling API, and its records (Tooling API Developer Guide, "REST Resources").

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::client::Cirrus;
use crate::error::CirrusResult;
use crate::sobjects::SObjectHandler;
use crate::sobjects::record::SObjectCreateResult;

pub(super) const SOBJECTS: &str = "tooling/sobjects";

/// One object of the Tooling API, and its records, as [`SObjectHandler`] is of the org's data.
#[derive(Clone, Copy, Debug)]
pub struct ToolingSObjectHandler<'a>(SObjectHandler<'a>);

impl<'a> ToolingSObjectHandler<'a> {
    pub(super) const fn new(client: &'a Cirrus, name: &'a str) -> Self {
        Self(SObjectHandler::below(client, SOBJECTS, name))
    }

    /// The object's API name.
    #[must_use]
    pub const fn name(&self) -> &'a str {
        self.0.name()
    }

    /// Its fields.
    pub async fn describe(&self) -> CirrusResult<Value> {
        self.0.describe().await
    }

    /// The same, as a type.
    pub async fn describe_as<R: DeserializeOwned>(&self) -> CirrusResult<R> {
        self.0.describe_as().await
    }

    /// A record.
    pub async fn retrieve(&self, id: &str) -> CirrusResult<Value> {
        self.0.retrieve(id).await
    }

    /// The same, as a type.
    pub async fn retrieve_as<R: DeserializeOwned>(&self, id: &str) -> CirrusResult<R> {
        self.0.retrieve_as(id).await
    }

    /// These fields of a record.
    pub async fn retrieve_with_fields(&self, id: &str, fields: &[impl AsRef<str>]) -> CirrusResult<Value> {
        self.0.retrieve_with_fields(id, fields).await
    }

    /// The same, as a type.
    pub async fn retrieve_with_fields_as<R: DeserializeOwned>(
        &self,
        id: &str,
        fields: &[impl AsRef<str>],
    ) -> CirrusResult<R> {
        self.0.retrieve_with_fields_as(id, fields).await
    }

    /// Creates a record.
    pub async fn create<B>(&self, body: &B) -> CirrusResult<SObjectCreateResult>
    where
        B: Serialize + ?Sized,
    {
        self.0.create(body).await
    }

    /// Changes a record.
    pub async fn update<B>(&self, id: &str, body: &B) -> CirrusResult<()>
    where
        B: Serialize + ?Sized,
    {
        self.0.update(id, body).await
    }

    /// Deletes a record.
    pub async fn delete(&self, id: &str) -> CirrusResult<()> {
        self.0.delete(id).await
    }
}
