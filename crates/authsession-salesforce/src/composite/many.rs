//! Records that are too many for one call, sent in as many as it takes, one after the other.

use http::Method;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::composite::bounds::{COLLECTION_MAX_RECORDS, COLLECTION_MAX_RETRIEVED};
use crate::composite::collections::{CompositeSObjectsHandler, SOBJECTS, upsert_path};
use crate::composite::outcome::CollectionOutcome;
use crate::error::{CirrusError, CirrusResult};

/// Any number of records. `all_or_none` holds within a call of 200: nothing can undo calls before it. With it, the first call that
/// is undone is the last one made.
impl CompositeSObjectsHandler<'_> {
    /// Creates records.
    pub async fn create_many<T: Serialize>(
        &self,
        sobject: &str,
        records: &[T],
        all_or_none: bool,
    ) -> CollectionOutcome {
        self.in_parts(Method::POST, Ok(SOBJECTS.to_owned()), sobject, records, all_or_none).await
    }

    /// Updates records, each with its `id` among its fields.
    pub async fn update_many<T: Serialize>(
        &self,
        sobject: &str,
        records: &[T],
        all_or_none: bool,
    ) -> CollectionOutcome {
        self.in_parts(Method::PATCH, Ok(SOBJECTS.to_owned()), sobject, records, all_or_none).await
    }

    /// Updates or creates records by an external id, which each has among its fields.
    pub async fn upsert_many<T: Serialize>(
        &self,
        sobject: &str,
        external_id_field: &str,
        records: &[T],
        all_or_none: bool,
    ) -> CollectionOutcome {
        let path = upsert_path(sobject, external_id_field);
        self.in_parts(Method::PATCH, path, sobject, records, all_or_none).await
    }

    /// Deletes records, of any kinds.
    pub async fn delete_many(&self, ids: &[impl AsRef<str>], all_or_none: bool) -> CollectionOutcome {
        let mut outcome = CollectionOutcome::of(ids.len());
        for part in ids.chunks(COLLECTION_MAX_RECORDS) {
            let answer = self.delete(part, all_or_none).await;
            if !outcome.note(part.len(), answer, all_or_none) {
                break;
            }
        }
        outcome
    }

    /// Reads these fields of records, in the order of their ids. Where one may not be there, `R` is an `Option`.
    ///
    /// # Errors
    /// As [`retrieve_with_body`](Self::retrieve_with_body).
    pub async fn retrieve_many_as<R: DeserializeOwned>(
        &self,
        sobject: &str,
        ids: &[impl AsRef<str>],
        fields: &[impl AsRef<str>],
    ) -> CirrusResult<Vec<R>> {
        let mut found = Vec::with_capacity(ids.len());
        for part in ids.chunks(COLLECTION_MAX_RETRIEVED) {
            found.extend(self.retrieve_with_body_as::<R>(sobject, part, fields).await?);
        }
        Ok(found)
    }

    async fn in_parts<T: Serialize>(
        &self,
        method: Method,
        path: Result<String, CirrusError>,
        sobject: &str,
        records: &[T],
        all_or_none: bool,
    ) -> CollectionOutcome {
        let mut outcome = CollectionOutcome::of(records.len());
        let path = match path {
            Ok(path) => path,
            Err(error) => {
                outcome.error = Some(error);
                return outcome;
            }
        };
        for part in records.chunks(COLLECTION_MAX_RECORDS) {
            let answer = self.send_part(method.clone(), &path, sobject, part, all_or_none).await;
            if !outcome.note(part.len(), answer, all_or_none) {
                break;
            }
        }
        outcome
    }
}
