//! Files in records (REST API Developer Guide, "Insert or Update Blob Data", "sObject Blob Get").

use std::fmt;

use bytes::Bytes;
use reqwest::multipart::{Form, Part};
use serde::Serialize;

use crate::error::{CirrusError, CirrusResult};
use crate::exchange::address::segment;
use crate::exchange::byte_stream::ByteStream;
use crate::exchange::call::{self, Call};
use crate::sobjects::SObjectHandler;
use crate::sobjects::record::SObjectCreateResult;

/// A record with a file in it. Neither its fields nor the file are in its `Debug`.
///
/// ```no_run
/// use authsession_salesforce::{BlobUploadSpec, Bytes};
/// use serde_json::json;
///
/// # async fn example(salesforce: authsession_salesforce::Cirrus) -> authsession_salesforce::CirrusResult<()> {
/// let brochure = BlobUploadSpec {
///     json_part_name: "entity_content",
///     metadata: &json!({ "PathOnClient": "Q1 brochure.txt" }),
///     blob_field_name: "VersionData",
///     filename: "Q1 brochure.txt",
///     content_type: Some("text/plain"),
///     blob: Bytes::from_static(b"Buy."),
/// };
/// let created = salesforce.sobject("ContentVersion").create_with_blob(brochure).await?;
/// let text = salesforce.sobject("ContentVersion").retrieve_blob(&created.id, "VersionData").await?;
/// # Ok(())
/// # }
/// ```
pub struct BlobUploadSpec<'a, B: ?Sized> {
    /// The name of the part with the fields, such as `entity_document`: Salesforce takes any.
    pub json_part_name: &'a str,
    /// The record's other fields.
    pub metadata: &'a B,
    /// The field that is to have the file, such as `VersionData`.
    pub blob_field_name: &'a str,
    /// The file's name.
    pub filename: &'a str,
    /// The file's media type; `application/octet-stream` if there is none.
    pub content_type: Option<&'a str>,
    /// The file.
    pub blob: Bytes,
}

impl<B: ?Sized> fmt::Debug for BlobUploadSpec<'_, B> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("BlobUploadSpec")
            .field("blob_field_name", &self.blob_field_name)
            .field("content_type", &self.content_type)
            .field("length", &self.blob.len())
            .finish_non_exhaustive()
    }
}

/// Files in records. They are not copied to be sent.
impl SObjectHandler<'_> {
    /// Creates a record with a file in it.
    pub async fn create_with_blob<B>(&self, spec: BlobUploadSpec<'_, B>) -> CirrusResult<SObjectCreateResult>
    where
        B: Serialize + ?Sized,
    {
        self.client.call_json(with(spec, Call::post(self.root()?))?).await
    }

    /// Changes a record and the file in it.
    pub async fn update_with_blob<B>(&self, id: &str, spec: BlobUploadSpec<'_, B>) -> CirrusResult<()>
    where
        B: Serialize + ?Sized,
    {
        self.client.call(with(spec, Call::patch(self.record(id)?))?).await.map(drop)
    }

    /// The file in a record, in memory.
    pub async fn retrieve_blob(&self, id: &str, blob_field: &str) -> CirrusResult<Bytes> {
        Ok(self.client.call(Call::get(self.blob(id, blob_field)?)).await?.body)
    }

    /// The file in a record, as it comes.
    pub async fn retrieve_blob_stream(&self, id: &str, blob_field: &str) -> CirrusResult<ByteStream> {
        self.client.download(Call::get(self.blob(id, blob_field)?)).await
    }

    fn blob(&self, id: &str, field: &str) -> CirrusResult<String> {
        self.path(&format!("{}/{}", segment("id", id)?, segment("blob_field", field)?))
    }
}

/// The record and the file as the parts of a form.
fn with<'a, B: Serialize + ?Sized>(spec: BlobUploadSpec<'_, B>, upload: Call<'a>) -> CirrusResult<Call<'a>> {
    let [json_part_name, blob_field_name, filename] = [
        ("json_part_name", spec.json_part_name),
        ("blob_field_name", spec.blob_field_name),
        ("filename", spec.filename),
    ]
    .map(|(argument, name)| part_name(argument, name));
    let (json_part_name, blob_field_name, filename) = (json_part_name?, blob_field_name?, filename?);
    let content_type = spec.content_type.unwrap_or("application/octet-stream").to_owned();
    Part::stream("").mime_str(&content_type).map_err(|_| {
        CirrusError::invalid_input("content_type", "is no media type, such as application/pdf")
    })?;
    let metadata = call::json(spec.metadata)?;
    let blob = spec.blob;
    Ok(upload.form(move || {
        let fields = Part::stream(metadata.clone()).mime_str("application/json")?;
        let file = Part::stream(blob.clone()).mime_str(&content_type)?.file_name(filename.clone());
        // Salesforce reads names as they stand.
        let form = Form::new().percent_encode_noop();
        Ok(form.part(json_part_name.clone(), fields).part(blob_field_name.clone(), file))
    }))
}

/// A name that stays one between quotes.
fn part_name(argument: &'static str, name: &str) -> CirrusResult<String> {
    if name.is_empty() || name.chars().any(|sign| sign.is_control() || sign == '"') {
        return Err(CirrusError::invalid_input(
            argument,
            "is empty, or has a quote or a control character in it",
        ));
    }
    Ok(name.to_owned())
}
