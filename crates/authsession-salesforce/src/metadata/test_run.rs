//! What the tests of a deployment said (Metadata API Developer Guide, "DeployResult", `RunTestsResult`).

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::nullable;

/// The tests of a deployment. Each of the lists is as Salesforce gives it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RunTestsResult {
    /// How many ran.
    #[serde(default, alias = "numTestsRun", deserialize_with = "nullable::or_default")]
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
