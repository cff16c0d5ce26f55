//! What the tests of a deployment said (Metadata API Developer Guide, "DeployResult", `RunTestsResult`).

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use crate::nullable;

/// The tests of a deployment. Each of the lists is as Salesforce gives it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(remote = "Self", rename_all = "camelCase")]
pub struct RunTestsResult {
    /// How many ran.
    #[serde(default, deserialize_with = "nullable::or_default")]
    pub num_run: i32,
    /// How many failed.
    #[serde(default, deserialize_with = "nullable::or_default")]
    pub num_failures: i32,
    /// How long they took, in milliseconds.
    #[serde(default, deserialize_with = "nullable::or_default")]
    pub total_time: f64,
    /// The id of their log.
    #[serde(default)]
    pub apex_log_id: Option<String>,
    /// Those that passed.
    #[serde(default, deserialize_with = "nullable::or_default")]
    pub successes: Vec<Value>,
    /// Those that failed.
    #[serde(default, deserialize_with = "nullable::or_default")]
    pub failures: Vec<Value>,
    /// Which lines of code they ran.
    #[serde(default, deserialize_with = "nullable::or_default")]
    pub code_coverage: Vec<Value>,
    /// Code they ran too little of.
    #[serde(default, deserialize_with = "nullable::or_default")]
    pub code_coverage_warnings: Vec<Value>,
    /// Which elements of flows they ran.
    #[serde(default, deserialize_with = "nullable::or_default")]
    pub flow_coverage: Vec<Value>,
    /// Flows they ran too little of.
    #[serde(default, deserialize_with = "nullable::or_default")]
    pub flow_coverage_warnings: Vec<Value>,
}

/// Its name in Salesforce's guide to the REST resource.
pub type RunTestResults = RunTestsResult;

/// Salesforce has two names for the number of tests, and may write both.
impl<'de> Deserialize<'de> for RunTestsResult {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut members = Map::deserialize(deserializer)?;
        if let Some(number) = members.remove("numTestsRun") {
            members.entry("numRun").or_insert(number);
        }
        Self::deserialize(Value::Object(members)).map_err(D::Error::custom)
    }
}

impl Serialize for RunTestsResult {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Self::serialize(self, serializer)
    }
}
