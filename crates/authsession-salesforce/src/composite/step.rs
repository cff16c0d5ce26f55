//! One subrequest as builders note it: the method, the path below the version, the body.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::Value;

use crate::composite::reference::{BEGINNING, CompositeValue};
use crate::error::{CirrusError, CirrusResult};
use crate::exchange::address::{encode_path_segment, segment};
use crate::exchange::call::json;

pub(super) struct Step {
    pub(super) method: &'static str,
    pub(super) path: String,
    pub(super) body: Option<Value>,
}

/// Makes steps of one kind of request.
#[derive(Clone, Copy)]
pub(super) struct Steps {
    /// Whether Salesforce looks for references in them. It was not found out that it does so before it decodes a URL, so a text
    /// that would be one is refused and not encoded.
    refer: bool,
}

impl Steps {
    /// Those of a composite request.
    pub(super) const REFERRING: Self = Self { refer: true };
    /// Those of a batch.
    pub(super) const ALONE: Self = Self { refer: false };

    pub(super) fn create<B: Serialize + ?Sized>(self, sobject: &str, body: &B) -> CirrusResult<Step> {
        self.with_body("POST", self.path(sobject, &[])?, body)
    }

    pub(super) fn retrieve(
        self,
        sobject: &str,
        id: CompositeValue<'_>,
        fields: &[impl AsRef<str>],
    ) -> CirrusResult<Step> {
        let mut path = self.path(sobject, &[("id", id)])?;
        for (number, field) in fields.iter().enumerate() {
            path.push_str(if number == 0 { "?fields=" } else { "," });
            path.push_str(&self.segment("fields", field.as_ref().into())?);
        }
        Ok(Step { method: "GET", path, body: None })
    }

    pub(super) fn update<B: Serialize + ?Sized>(
        self,
        sobject: &str,
        id: CompositeValue<'_>,
        body: &B,
    ) -> CirrusResult<Step> {
        self.with_body("PATCH", self.path(sobject, &[("id", id)])?, body)
    }

    pub(super) fn upsert<B: Serialize + ?Sized>(
        self,
        sobject: &str,
        external_field: &str,
        external_value: CompositeValue<'_>,
        body: &B,
    ) -> CirrusResult<Step> {
        let key = [("external_field", external_field.into()), ("external_value", external_value)];
        self.with_body("PATCH", self.path(sobject, &key)?, body)
    }

    pub(super) fn delete(self, sobject: &str, id: CompositeValue<'_>) -> CirrusResult<Step> {
        Ok(Step { method: "DELETE", path: self.path(sobject, &[("id", id)])?, body: None })
    }

    pub(super) fn query(self, soql: &[CompositeValue<'_>]) -> CirrusResult<Step> {
        let mut path = "query?q=".to_owned();
        let mut text = String::new();
        for part in soql {
            match part {
                // Two texts may make one reference.
                CompositeValue::Text(part) => text.push_str(part),
                CompositeValue::Reference(reference) => {
                    path.push_str(&encode_path_segment(self.plain("soql", &text)?));
                    path.push_str(reference.written()?);
                    text.clear();
                }
            }
        }
        path.push_str(&encode_path_segment(self.plain("soql", &text)?));
        Ok(Step { method: "GET", path, body: None })
    }

    /// A text that is no reference.
    pub(super) fn plain<'a>(self, name: &'static str, text: &'a str) -> CirrusResult<&'a str> {
        if self.refer && text.contains(BEGINNING) {
            return Err(CirrusError::invalid_input(
                name,
                format!(
                    "has `{BEGINNING}` in it, which Salesforce would take for a reference: hand in a Reference, or what came \
                     from elsewhere in a call of its own"
                ),
            ));
        }
        Ok(text)
    }

    fn path(self, sobject: &str, key: &[(&'static str, CompositeValue<'_>)]) -> CirrusResult<String> {
        let mut path = format!("sobjects/{}", self.segment("sobject", sobject.into())?);
        for (name, value) in key {
            path.push('/');
            path.push_str(&self.segment(name, *value)?);
        }
        Ok(path)
    }

    fn segment<'a>(self, name: &'static str, value: CompositeValue<'a>) -> CirrusResult<Cow<'a, str>> {
        match value {
            CompositeValue::Text(text) => segment(name, self.plain(name, text)?),
            CompositeValue::Reference(reference) => Ok(reference.written()?.into()),
        }
    }

    fn with_body<B: Serialize + ?Sized>(
        self,
        method: &'static str,
        path: String,
        body: &B,
    ) -> CirrusResult<Step> {
        let body = serde_json::from_slice(&json(body)?)?;
        self.plain_body(&body)?;
        Ok(Step { method, path, body: Some(body) })
    }

    fn plain_body(self, body: &Value) -> CirrusResult<()> {
        match body {
            Value::String(text) => self.plain("body", text).map(drop),
            Value::Array(items) => items.iter().try_for_each(|item| self.plain_body(item)),
            Value::Object(members) => members.iter().try_for_each(|(name, value)| {
                self.plain("body", name)?;
                self.plain_body(value)
            }),
            _ => Ok(()),
        }
    }
}
