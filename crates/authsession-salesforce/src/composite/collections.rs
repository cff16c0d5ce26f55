//! Requests for many records of one kind (REST API Developer Guide, "sObject Collections").

use http::Method;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::client::Cirrus;
use crate::composite::answered::to_all;
use crate::composite::bounds::{
    self, COLLECTION_MAX_RECORDS, COLLECTION_MAX_RETRIEVED, RETRIEVED_BY_URL, at_most,
};
use crate::composite::collection::{CollectionRecord, SObjectCollectionResult};
use crate::error::CirrusResult;
use crate::exchange::address::segment;
use crate::exchange::call::{Call, list};
use crate::exchange::retry::Replay;

pub(super) const SOBJECTS: &str = "composite/sobjects";

/// Up to 200 records in one call; those with `many` in their name take any number, and make as many calls.
///
/// `all_or_none`: whether a record that fails undoes the others of the call, which then answer
/// `ALL_OR_NONE_OPERATION_ROLLED_BACK`. What changes records is not sent again once it may have been received.
///
/// # Errors
/// Of all its methods: as those of [`Cirrus::post`]; more records than one call takes; ids and names that are none. A record that
/// fails is no error of the call's: it is in the results, which are in the order of the records. No records are no call.
#[derive(Clone, Copy, Debug)]
pub struct CompositeSObjectsHandler<'a> {
    pub(super) client: &'a Cirrus,
}

impl<'a> CompositeSObjectsHandler<'a> {
    pub(super) const fn new(client: &'a Cirrus) -> Self {
        Self { client }
    }

    /// Creates what the body names, an [`SObjectCollection`](crate::composite::SObjectCollection).
    pub async fn create<B>(&self, body: &B) -> CirrusResult<Vec<SObjectCollectionResult>>
    where
        B: Serialize + ?Sized,
    {
        self.client.send_counted(Method::POST, SOBJECTS, body, bounds::collection).await
    }

    /// Updates what the body names, an [`SObjectCollection`](crate::composite::SObjectCollection) whose records have an `id`.
    pub async fn update<B>(&self, body: &B) -> CirrusResult<Vec<SObjectCollectionResult>>
    where
        B: Serialize + ?Sized,
    {
        self.client.send_counted(Method::PATCH, SOBJECTS, body, bounds::collection).await
    }

    /// Updates or creates by an external id, which each record of the body has among its fields.
    pub async fn upsert<B>(
        &self,
        sobject: &str,
        external_id_field: &str,
        body: &B,
    ) -> CirrusResult<Vec<SObjectCollectionResult>>
    where
        B: Serialize + ?Sized,
    {
        let path = upsert_path(sobject, external_id_field)?;
        self.client.send_counted(Method::PATCH, &path, body, bounds::collection).await
    }

    /// Creates up to 200 records.
    pub async fn create_records<T: Serialize>(
        &self,
        sobject: &str,
        records: &[T],
        all_or_none: bool,
    ) -> CirrusResult<Vec<SObjectCollectionResult>> {
        self.send_part(Method::POST, SOBJECTS, sobject, records, all_or_none).await
    }

    /// Updates up to 200 records, each with its `id` among its fields.
    pub async fn update_records<T: Serialize>(
        &self,
        sobject: &str,
        records: &[T],
        all_or_none: bool,
    ) -> CirrusResult<Vec<SObjectCollectionResult>> {
        self.send_part(Method::PATCH, SOBJECTS, sobject, records, all_or_none).await
    }

    /// Updates or creates up to 200 records by an external id, which each has among its fields.
    pub async fn upsert_records<T: Serialize>(
        &self,
        sobject: &str,
        external_id_field: &str,
        records: &[T],
        all_or_none: bool,
    ) -> CirrusResult<Vec<SObjectCollectionResult>> {
        let path = upsert_path(sobject, external_id_field)?;
        self.send_part(Method::PATCH, &path, sobject, records, all_or_none).await
    }

    /// Deletes up to 200 records, of any kinds.
    pub async fn delete(
        &self,
        ids: &[impl AsRef<str>],
        all_or_none: bool,
    ) -> CirrusResult<Vec<SObjectCollectionResult>> {
        at_most(COLLECTION_MAX_RECORDS, "records", ids.len())?;
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let count = ids.len();
        let ids = list("ids", ids)?;
        let call = Call::delete(SOBJECTS).parameter("ids", &ids);
        // The second time they would not be there any more, and each would seem to have failed.
        let call = call.parameter("allOrNone", &all_or_none.to_string()).replay(Replay::Never);
        to_all(self.client.call_json(call).await?, &[count])
    }

    /// Reads these fields of up to 800 records, in the order of their ids; `null` stands for one that is not there.
    pub async fn retrieve(
        &self,
        sobject: &str,
        ids: &[impl AsRef<str>],
        fields: &[impl AsRef<str>],
    ) -> CirrusResult<Vec<Value>> {
        self.retrieve_as(sobject, ids, fields).await
    }

    /// The same as a type of yours: an `Option`, where one may not be there.
    pub async fn retrieve_as<R: DeserializeOwned>(
        &self,
        sobject: &str,
        ids: &[impl AsRef<str>],
        fields: &[impl AsRef<str>],
    ) -> CirrusResult<Vec<R>> {
        at_most(RETRIEVED_BY_URL, "records", ids.len())?;
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let ids = list("ids", ids)?;
        let fields = list("fields", fields)?;
        // With their commas encoded, 800 ids would be too long for a URL.
        let path = format!("{SOBJECTS}/{}?ids={ids}&fields={fields}", segment("sobject", sobject)?);
        self.client.call_json(Call::get(path)).await
    }

    /// [`retrieve`](Self::retrieve) of up to 2,000 records: the ids are in the body.
    pub async fn retrieve_with_body(
        &self,
        sobject: &str,
        ids: &[impl AsRef<str>],
        fields: &[impl AsRef<str>],
    ) -> CirrusResult<Vec<Value>> {
        self.retrieve_with_body_as(sobject, ids, fields).await
    }

    /// The same as a type of yours: an `Option`, where one may not be there.
    pub async fn retrieve_with_body_as<R: DeserializeOwned>(
        &self,
        sobject: &str,
        ids: &[impl AsRef<str>],
        fields: &[impl AsRef<str>],
    ) -> CirrusResult<Vec<R>> {
        at_most(COLLECTION_MAX_RETRIEVED, "records", ids.len())?;
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let path = format!("{SOBJECTS}/{}", segment("sobject", sobject)?);
        let ids: Vec<&str> = ids.iter().map(AsRef::as_ref).collect();
        let fields: Vec<&str> = fields.iter().map(AsRef::as_ref).collect();
        // It only reads.
        let call = Call::post(path).json(&json!({ "ids": ids, "fields": fields }))?.replay(Replay::Always);
        self.client.call_json(call).await
    }

    pub(super) async fn send_part<T: Serialize>(
        &self,
        method: Method,
        path: &str,
        sobject: &str,
        records: &[T],
        all_or_none: bool,
    ) -> CirrusResult<Vec<SObjectCollectionResult>> {
        at_most(COLLECTION_MAX_RECORDS, "records", records.len())?;
        if records.is_empty() {
            return Ok(Vec::new());
        }
        let records: Vec<_> = records.iter().map(|record| CollectionRecord::new(sobject, record)).collect();
        let body = Part { all_or_none, records };
        let answer = self.client.call_json(Call::new(method, path).json(&body)?).await?;
        to_all(answer, &[body.records.len()])
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Part<R> {
    all_or_none: bool,
    records: Vec<R>,
}

pub(super) fn upsert_path(sobject: &str, external_id_field: &str) -> CirrusResult<String> {
    let field = segment("external_id_field", external_id_field)?;
    Ok(format!("{SOBJECTS}/{}/{field}", segment("sobject", sobject)?))
}
