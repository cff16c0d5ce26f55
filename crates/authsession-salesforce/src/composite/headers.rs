//! Headers as JSON: a text each, or a list where one stands several times.

use std::collections::BTreeMap;

use http::{HeaderMap, HeaderName, HeaderValue};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Values {
    One(String),
    Many(Vec<String>),
}

pub(super) fn serialize<S: Serializer>(headers: &HeaderMap, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(headers.keys().map(|name| {
        let mut values: Vec<String> = headers
            .get_all(name)
            .iter()
            .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
            .collect();
        let values = if values.len() == 1 { Values::One(values.remove(0)) } else { Values::Many(values) };
        (name.as_str(), values)
    }))
}

/// What is no header is left out: the work it came with was done all the same.
pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<HeaderMap, D::Error> {
    let told = Option::<BTreeMap<String, Values>>::deserialize(deserializer)?.unwrap_or_default();
    let mut headers = HeaderMap::new();
    for (name, values) in told {
        let Ok(name) = HeaderName::try_from(name) else { continue };
        let values = match values {
            Values::One(value) => vec![value],
            Values::Many(values) => values,
        };
        for value in values.into_iter().filter_map(|value| HeaderValue::try_from(value).ok()) {
            headers.append(name.clone(), value);
        }
    }
    Ok(headers)
}
