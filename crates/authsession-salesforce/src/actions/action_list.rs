//! Which actions there are.

use std::collections::BTreeMap;

use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer, Serialize};

/// One action of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActionSummary {
    /// Its name, by which it is invoked.
    pub name: String,
    /// Its name for people.
    #[serde(default)]
    pub label: Option<String>,
    /// Its kind in capitals, such as `FLOW`.
    #[serde(rename = "type", default)]
    pub kind: Option<String>,
    /// Where it is.
    #[serde(default)]
    pub url: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct ActionList {
    pub(super) actions: Vec<ActionSummary>,
}

/// The names of an object whose values are URLs.
pub(super) struct ActionKinds(pub(super) Vec<String>);

impl<'de> Deserialize<'de> for ActionKinds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let kinds = BTreeMap::<String, IgnoredAny>::deserialize(deserializer)?;
        Ok(Self(kinds.into_keys().collect()))
    }
}
