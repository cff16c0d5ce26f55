//! One subrequest as builders note it: the method, the path below the version, the body.

use serde::Serialize;
use serde_json::Value;

use crate::composite::reference::{query_of, segment_of};
use crate::error::CirrusResult;
use crate::exchange::call::json;

pub(super) struct Step {
    pub(super) method: &'static str,
    pub(super) path: String,
    pub(super) body: Option<Value>,
}

impl Step {
    pub(super) fn create<B: Serialize + ?Sized>(sobject: &str, body: &B) -> CirrusResult<Self> {
        Self::with_body("POST", sobject_path(sobject, &[])?, body)
    }

    pub(super) fn retrieve(sobject: &str, id: &str, fields: &[impl AsRef<str>]) -> CirrusResult<Self> {
        let mut path = sobject_path(sobject, &[("id", id)])?;
        for (number, field) in fields.iter().enumerate() {
            path.push_str(if number == 0 { "?fields=" } else { "," });
            path.push_str(&segment_of("fields", field.as_ref())?);
        }
        Ok(Self { method: "GET", path, body: None })
    }

    pub(super) fn update<B: Serialize + ?Sized>(sobject: &str, id: &str, body: &B) -> CirrusResult<Self> {
        Self::with_body("PATCH", sobject_path(sobject, &[("id", id)])?, body)
    }

    pub(super) fn upsert<B: Serialize + ?Sized>(
        sobject: &str,
        external_field: &str,
        external_value: &str,
        body: &B,
    ) -> CirrusResult<Self> {
        let key = [("external_field", external_field), ("external_value", external_value)];
        Self::with_body("PATCH", sobject_path(sobject, &key)?, body)
    }

    pub(super) fn delete(sobject: &str, id: &str) -> CirrusResult<Self> {
        Ok(Self { method: "DELETE", path: sobject_path(sobject, &[("id", id)])?, body: None })
    }

    pub(super) fn query(soql: &str) -> Self {
        Self { method: "GET", path: format!("query?q={}", query_of(soql)), body: None }
    }

    fn with_body<B: Serialize + ?Sized>(method: &'static str, path: String, body: &B) -> CirrusResult<Self> {
        Ok(Self { method, path, body: Some(json_of(body)?) })
    }
}

fn sobject_path(sobject: &str, key: &[(&'static str, &str)]) -> CirrusResult<String> {
    let mut path = format!("sobjects/{}", segment_of("sobject", sobject)?);
    for (name, value) in key {
        path.push('/');
        path.push_str(&segment_of(name, value)?);
    }
    Ok(path)
}

fn json_of<B: Serialize + ?Sized>(body: &B) -> CirrusResult<Value> {
    Ok(serde_json::from_slice(&json(body)?)?)
}
