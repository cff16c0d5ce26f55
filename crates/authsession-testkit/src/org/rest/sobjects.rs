//! `sobjects`: what objects there are, what one says of itself, new records, and what happened to records lately.

use crate::http_date::http_date;
use crate::org::api_error::ApiError;
use crate::org::calendar::read_instant;
use crate::org::calendar::written_instant;
use crate::org::database::store::Store;
use crate::org::rest::blob;
use crate::org::rest::conditional::unmodified_since;
use crate::org::rest::request::Request;
use crate::org::soql::joins::quoted;
use crate::wire::Reply;
use http::Method;
use serde_json::Value;
use serde_json::json;
use std::time::Duration;
use std::time::UNIX_EPOCH;

/// `sobjects`.
pub(crate) fn all(request: &Request<'_>, store: &Store) -> Result<Reply, ApiError> {
    reads(request)?;
    if unmodified_since(request, store.schema_changed) {
        return Ok(Reply::empty(304));
    }
    let answer =
        json!({ "encoding": "UTF-8", "maxBatchSize": 200, "sobjects": store.describe_all(&request.base()) });
    Ok(dated(Reply::json(200, &answer), store))
}

/// `sobjects/Account`: what it is, or a new record of it.
pub(crate) fn one(request: &Request<'_>, store: &mut Store, object: &str) -> Result<Reply, ApiError> {
    if request.method == Method::POST {
        return create(request, store, object);
    }
    reads(request)?;
    let object = store.object(object)?;
    let answer = json!({ "objectDescribe": store.summary(object, &request.base()), "recentItems": [] });
    Ok(Reply::json(200, &answer))
}

/// `sobjects/Account/describe`.
pub(crate) fn describe(request: &Request<'_>, store: &Store, object: &str) -> Result<Reply, ApiError> {
    reads(request)?;
    let described = store.describe(object, &request.base())?;
    if unmodified_since(request, store.schema_changed) {
        return Ok(Reply::empty(304));
    }
    Ok(dated(Reply::json(200, &described), store))
}

fn create(request: &Request<'_>, store: &mut Store, object: &str) -> Result<Reply, ApiError> {
    let fields = blob::fields(request, store, object)?;
    let name = writable(store, object)?;
    let id = store.insert(&name, fields)?;
    let location = format!("{}/sobjects/{name}/{id}", request.base());
    let body = json!({ "id": id, "success": true, "errors": [] });
    Ok(Reply::json(201, &body).header("location", location))
}

/// The exact name of an object clients may write to.
pub(crate) fn writable(store: &Store, object: &str) -> Result<String, ApiError> {
    let object = store.object(object)?;
    if object.writable {
        return Ok(object.name.clone());
    }
    let message = format!("entity type cannot be inserted, updated or deleted: {}", object.name);
    Err(ApiError::new(400, "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", message).about([]))
}

/// `sobjects/Account/deleted?start=…&end=…`.
pub(crate) fn deleted(request: &Request<'_>, store: &Store, object: &str) -> Result<Reply, ApiError> {
    let (rows, end) = changed(request, store, object, "IsDeleted = 1")?;
    let row = |(id, at): &(String, String)| json!({ "id": id, "deletedDate": at });
    let records: Vec<Value> = rows.iter().map(row).collect();
    let earliest = written_instant(store.schema_changed);
    let answer =
        json!({ "deletedRecords": records, "earliestDateAvailable": earliest, "latestDateCovered": end });
    Ok(Reply::json(200, &answer))
}

/// `sobjects/Account/updated?start=…&end=…`.
pub(crate) fn updated(request: &Request<'_>, store: &Store, object: &str) -> Result<Reply, ApiError> {
    let (rows, end) = changed(request, store, object, "IsDeleted = 0")?;
    let ids: Vec<&str> = rows.iter().map(|(id, _)| id.as_str()).collect();
    Ok(Reply::json(200, &json!({ "ids": ids, "latestDateCovered": end })))
}

type Changed = (Vec<(String, String)>, String);

fn changed(request: &Request<'_>, store: &Store, object: &str, which: &str) -> Result<Changed, ApiError> {
    reads(request)?;
    let object = store.object(object)?;
    let instant = |name: &str| {
        let found = request.query_value(name).and_then(|text| read_instant(&text.replace(' ', "+")));
        let message = format!("Invalid or missing parameter: {name}");
        found.map(written_instant).ok_or_else(|| ApiError::new(400, "INVALID_REPLICATION_DATE", message))
    };
    let (start, end) = (instant("start")?, instant("end")?);
    if start >= end {
        let message = "startDate before endDate is required";
        return Err(ApiError::new(400, "INVALID_REPLICATION_DATE", message));
    }
    let statement = format!(
        "SELECT Id, SystemModstamp FROM {} WHERE {which} AND SystemModstamp BETWEEN ?1 AND ?2 ORDER BY rowid",
        quoted(&object.name)
    );
    let mut statement = store.connection.prepare_cached(&statement)?;
    let rows = statement.query_map([&start, &end], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok((rows.collect::<Result<_, _>>()?, end))
}

fn dated(reply: Reply, store: &Store) -> Reply {
    let since = u64::try_from(store.schema_changed).unwrap_or_default();
    reply.header("last-modified", http_date(UNIX_EPOCH + Duration::from_secs(since)))
}

pub(crate) fn reads(request: &Request<'_>) -> Result<(), ApiError> {
    if matches!(request.method, Method::GET | Method::HEAD) { Ok(()) } else { Err(ApiError::method()) }
}
