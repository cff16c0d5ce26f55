//! Records by ids of another system (REST API Developer Guide, "sObject Rows by External ID").

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::error::CirrusResult;
use crate::exchange::address::segment;
use crate::exchange::call::Call;
use crate::sobjects::SObjectHandler;
use crate::sobjects::record::SObjectCreateResult;

/// How an upsert is to be done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UpsertOptions {
    /// Whether a record that is not there is an error (status 404) and none is created.
    pub update_only: bool,
}

/// Records by the value of a field that is an external id. Where several records have it, these fail with
/// [`CirrusError::MultipleMatches`](crate::error::CirrusError::MultipleMatches).
impl SObjectHandler<'_> {
    /// The record, with all fields the user may see.
    pub async fn retrieve_by_external_id(
        &self,
        external_field: &str,
        external_value: &str,
    ) -> CirrusResult<Value> {
        self.retrieve_by_external_id_as(external_field, external_value).await
    }

    /// The same, as a type.
    pub async fn retrieve_by_external_id_as<R: DeserializeOwned>(
        &self,
        external_field: &str,
        external_value: &str,
    ) -> CirrusResult<R> {
        self.client.call_json(Call::get(self.external(external_field, external_value)?)).await
    }

    /// Deletes the record.
    pub async fn delete_by_external_id(
        &self,
        external_field: &str,
        external_value: &str,
    ) -> CirrusResult<()> {
        self.client.call(Call::delete(self.external(external_field, external_value)?)).await.map(drop)
    }

    /// Changes the record, or creates it if there is none. The body must not name the external id.
    ///
    /// It is not sent again by itself once it may have been received: triggers and flows would run twice, and what somebody else wrote
    /// in between would be lost. Whoever knows that neither matters may call it again: there will be one record.
    pub async fn upsert<B>(
        &self,
        external_field: &str,
        external_value: &str,
        body: &B,
    ) -> CirrusResult<SObjectCreateResult>
    where
        B: Serialize + ?Sized,
    {
        self.upsert_with(external_field, external_value, body, UpsertOptions::default()).await
    }

    /// The same, as the options say.
    pub async fn upsert_with<B>(
        &self,
        external_field: &str,
        external_value: &str,
        body: &B,
        options: UpsertOptions,
    ) -> CirrusResult<SObjectCreateResult>
    where
        B: Serialize + ?Sized,
    {
        let mut call = Call::patch(self.external(external_field, external_value)?).json(body)?;
        if options.update_only {
            call = call.parameter("updateOnly", "true");
        }
        let result = self.client.call_json::<Option<_>>(call).await?;
        Ok(result.unwrap_or_else(|| SObjectCreateResult {
            id: String::new(),
            success: true,
            errors: Vec::new(),
            created: Some(false),
        }))
    }

    fn external(&self, field: &str, value: &str) -> CirrusResult<String> {
        self.path(&format!("{}/{}", segment("external_field", field)?, segment("external_value", value)?))
    }
}
