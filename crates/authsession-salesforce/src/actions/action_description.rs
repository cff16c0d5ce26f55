//! What an action takes and gives.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::nullable;

/// An action, described.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ActionDescription {
    /// Its name.
    pub name: String,
    /// Its name for people.
    #[serde(default)]
    pub label: Option<String>,
    /// What it does.
    #[serde(default)]
    pub description: Option<String>,
    /// Its kind in capitals, such as `FLOW`.
    #[serde(rename = "type", default)]
    pub kind: Option<String>,
    /// Whether it is Salesforce's own.
    #[serde(default, deserialize_with = "nullable::or_default")]
    pub standard: bool,
    /// What it takes.
    #[serde(default, deserialize_with = "nullable::or_default")]
    pub inputs: Vec<ActionParameter>,
    /// What it gives.
    #[serde(default, deserialize_with = "nullable::or_default")]
    pub outputs: Vec<ActionParameter>,
    /// What else the answer says of it.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// One input or output.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ActionParameter {
    /// Its name.
    pub name: String,
    /// Its name for people.
    #[serde(default)]
    pub label: Option<String>,
    /// What it is for.
    #[serde(default)]
    pub description: Option<String>,
    /// Its type in capitals, such as `STRING` or `SOBJECT`.
    #[serde(rename = "type", default)]
    pub kind: Option<String>,
    /// Of a record: its kind.
    #[serde(rename = "sobjectType", default)]
    pub sobject_type: Option<String>,
    /// Whether it has to be given.
    #[serde(default, deserialize_with = "nullable::or_default")]
    pub required: bool,
    /// How many values it takes; more than one is a list.
    #[serde(rename = "maxOccurs", default)]
    pub max_occurs: Option<u32>,
    /// What else the answer says of it.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}
