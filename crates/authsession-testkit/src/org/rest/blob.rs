//! Blobs: sent in a multipart body beside the record's fields, and fetched alone.

use crate::org::api_error::ApiError;
use crate::org::database::Fields;
use crate::org::database::store::Store;
use crate::org::field::Kind;
use crate::org::rest::multipart;
use crate::org::rest::request::Request;
use crate::wire::Reply;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::Method;
use serde_json::Value;

/// The fields of a record that is sent: as JSON, or as multipart whose first part they are.
pub(crate) fn fields(request: &Request<'_>, store: &Store, object: &str) -> Result<Fields, ApiError> {
    let kind = request.header("content-type").unwrap_or_default();
    let Some(boundary) = multipart::boundary(kind) else { return request.fields() };
    let object = store.object(object)?;
    let parts = multipart::parts(&request.body, &boundary);
    let malformed =
        || ApiError::new(400, "INVALID_MULTIPART_REQUEST", "Multipart message has no part with the record");
    let record = parts.iter().find(|part| part.is_record()).ok_or_else(malformed)?;
    let mut fields: Fields = serde_json::from_slice(record.body)
        .map_err(|_| ApiError::json("The part with the record is not JSON"))?;
    for part in parts.iter().filter(|part| !part.is_record()) {
        let named = object.fields.iter().find(|field| {
            matches!(field.kind, Kind::Blob { .. }) && part.name.as_deref() == Some(field.name.as_str())
        });
        let Some(field) = named else {
            let message = format!("Multipart message has a part that names no blob field of {}", object.name);
            return Err(ApiError::new(400, "INVALID_MULTIPART_REQUEST", message));
        };
        fields.insert(field.name.clone(), Value::String(STANDARD.encode(part.body)));
    }
    Ok(fields)
}

/// `sobjects/Attachment/<id>/Body`.
pub(crate) fn body(
    request: &Request<'_>,
    store: &Store,
    object: &str,
    id: &str,
    field: &str,
) -> Result<Reply, ApiError> {
    if request.method != Method::GET {
        return Err(ApiError::method());
    }
    let body = store.blob(object, id, field)?.into();
    Ok(Reply { body, ..Reply::empty(200).header("content-type", "application/octetstream") })
}
