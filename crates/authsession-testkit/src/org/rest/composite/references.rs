//! `@{refAccount.id}`: what an earlier answer said, in a later request.

use crate::org::api_error::ApiError;
use serde_json::Value;
use std::collections::BTreeMap;

/// The answers so far.
#[derive(Default)]
pub(crate) struct References {
    answers: BTreeMap<String, Value>,
}

impl References {
    pub(crate) fn learn(&mut self, name: &str, answer: Value) {
        self.answers.insert(name.to_owned(), answer);
    }

    /// A URL with every reference replaced.
    pub(crate) fn in_url(&self, url: &str) -> Result<String, ApiError> {
        let mut text = String::new();
        let mut rest = url;
        while let Some((before, after)) = rest.split_once("@{") {
            let (path, after) = after.split_once('}').ok_or_else(|| invalid(after, after))?;
            text.push_str(before);
            text.push_str(&written(self.find(path)?));
            rest = after;
        }
        Ok(text + rest)
    }

    /// A body with every reference replaced. A text that is one reference becomes what it names.
    pub(crate) fn in_value(&self, value: &Value) -> Result<Value, ApiError> {
        Ok(match value {
            Value::String(text) => {
                let whole = text.strip_prefix("@{").and_then(|text| text.strip_suffix('}'));
                match whole.filter(|path| !path.contains('}')) {
                    Some(path) => self.find(path)?.clone(),
                    None => Value::String(self.in_url(text)?),
                }
            }
            Value::Array(all) => {
                Value::Array(all.iter().map(|one| self.in_value(one)).collect::<Result<_, _>>()?)
            }
            Value::Object(members) => {
                let one = |(name, value): (&String, &Value)| Ok((name.clone(), self.in_value(value)?));
                Value::Object(members.iter().map(one).collect::<Result<_, ApiError>>()?)
            }
            other => other.clone(),
        })
    }

    /// What `ref.records[0].Id` names.
    fn find(&self, path: &str) -> Result<&Value, ApiError> {
        let mut steps = path.split(['.', '[']);
        let name = steps.next().unwrap_or_default();
        let mut here = self.answers.get(name);
        for step in steps {
            here = match step.strip_suffix(']') {
                Some(index) => index.parse::<usize>().ok().and_then(|index| here?.get(index)),
                None => here.and_then(|here| here.get(step)),
            };
        }
        here.filter(|found| !found.is_null()).ok_or_else(|| invalid(path, name))
    }
}

fn written(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn invalid(path: &str, name: &str) -> ApiError {
    let message = format!("Invalid reference specified. No value for {path} found in {name}");
    ApiError::new(400, "PROCESSING_HALTED", message)
}
