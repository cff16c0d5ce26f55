//! What became of a deployment (Metadata API Developer Guide, "DeployResult").

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::metadata::test_run::RunTestsResult;
use crate::nullable;

/// How far a deployment is, and what came of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeployResult {
    /// The deployment's id.
    #[serde(default)]
    pub id: Option<String>,
    /// Whether it is over.
    #[serde(default)]
    pub done: Option<bool>,
    /// Whether all of it was done.
    #[serde(default)]
    pub success: Option<bool>,
    /// How far it is.
    #[serde(default)]
    pub status: Option<DeployStatus>,
    /// Whether it is validated only.
    #[serde(default, deserialize_with = "nullable::or_default")]
    pub check_only: bool,
    /// Whether components with warnings are deployed.
    #[serde(default, deserialize_with = "nullable::or_default")]
    pub ignore_warnings: bool,
    /// Whether one failure undoes all.
    #[serde(default)]
    pub rollback_on_error: Option<bool>,
    /// Whether tests run.
    #[serde(default, alias = "isRunTestsEnabled")]
    pub run_tests_enabled: Option<bool>,
    /// Components that are through.
    #[serde(default, deserialize_with = "nullable::or_default")]
    pub number_components_deployed: i32,
    /// Components in all.
    #[serde(default, deserialize_with = "nullable::or_default")]
    pub number_components_total: i32,
    /// Components that failed.
    #[serde(default, deserialize_with = "nullable::or_default")]
    pub number_component_errors: i32,
    /// Tests that are through.
    #[serde(default, deserialize_with = "nullable::or_default")]
    pub number_tests_completed: i32,
    /// Tests in all.
    #[serde(default, deserialize_with = "nullable::or_default")]
    pub number_tests_total: i32,
    /// Tests that failed.
    #[serde(default, deserialize_with = "nullable::or_default")]
    pub number_test_errors: i32,
    /// What is being done just now.
    #[serde(default)]
    pub state_detail: Option<String>,
    /// Why the whole of it failed: a name.
    #[serde(default)]
    pub error_status_code: Option<String>,
    /// Why the whole of it failed: a sentence.
    #[serde(default)]
    pub error_message: Option<String>,
    /// The id of who began it.
    #[serde(default)]
    pub created_by: Option<String>,
    /// The name of who began it.
    #[serde(default)]
    pub created_by_name: Option<String>,
    /// When it was asked for.
    #[serde(default)]
    pub created_date: Option<String>,
    /// When it began.
    #[serde(default)]
    pub start_date: Option<String>,
    /// When it last went on.
    #[serde(default)]
    pub last_modified_date: Option<String>,
    /// When it was over.
    #[serde(default)]
    pub completed_date: Option<String>,
    /// The id of who cancelled it.
    #[serde(default)]
    pub canceled_by: Option<String>,
    /// The name of who cancelled it.
    #[serde(default)]
    pub canceled_by_name: Option<String>,
    /// Components and tests one by one, if they were asked for.
    #[serde(default)]
    pub details: Option<DeployDetails>,
}

/// Its name in Salesforce's guide to the REST resource.
pub type DeployResultDetails = DeployResult;

impl DeployResult {
    /// Whether it is over, for better or worse.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.done == Some(true) || self.status.is_some_and(DeployStatus::is_terminal)
    }

    /// Whether it is over and all of it was done.
    #[must_use]
    pub fn is_success(&self) -> bool {
        self.is_done()
            && match self.status {
                Some(DeployStatus::Succeeded) => self.success != Some(false),
                Some(DeployStatus::Unknown) | None => self.success == Some(true),
                Some(_) => false,
            }
    }
}

/// How far a deployment is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum DeployStatus {
    /// It waits for others.
    Pending,
    /// It runs.
    InProgress,
    /// It is through, and is being finished.
    FinalizingDeploy,
    /// Finishing it failed.
    FinalizingDeployFailed,
    /// All of it was done.
    Succeeded,
    /// Part of it was done.
    SucceededPartial,
    /// It failed.
    Failed,
    /// It was asked to stop.
    Canceling,
    /// It stopped.
    Canceled,
    /// A status of a later release.
    #[serde(other)]
    Unknown,
}

impl DeployStatus {
    /// Whether nothing more will come. Of [`FinalizingDeployFailed`](Self::FinalizingDeployFailed) and
    /// [`Unknown`](Self::Unknown) only `done` tells.
    #[must_use]
    pub const fn is_terminal(self) -> bool {
        matches!(self, Self::Succeeded | Self::SucceededPartial | Self::Failed | Self::Canceled)
    }
}

/// Components and tests, one by one.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeployDetails {
    /// Components that failed.
    #[serde(default, deserialize_with = "nullable::or_default")]
    pub component_failures: Vec<DeployMessage>,
    /// Components that are through.
    #[serde(default, deserialize_with = "nullable::or_default")]
    pub component_successes: Vec<DeployMessage>,
    /// What was retrieved afterwards.
    #[serde(default)]
    pub retrieve_result: Option<Value>,
    /// The tests.
    #[serde(default, alias = "runTestResult")]
    pub run_test_results: Option<RunTestsResult>,
}

/// Its name in Salesforce's guide to the REST resource.
pub type DeployResultInnerDetails = DeployDetails;

/// What became of one component.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeployMessage {
    /// Its id in the org.
    #[serde(default)]
    pub id: Option<String>,
    /// Its kind, such as `ApexClass`.
    #[serde(default)]
    pub component_type: Option<String>,
    /// Its name.
    #[serde(default)]
    pub full_name: Option<String>,
    /// Its file in the zip.
    #[serde(default)]
    pub file_name: Option<String>,
    /// Whether it is through.
    #[serde(default, deserialize_with = "nullable::or_default")]
    pub success: bool,
    /// Whether it is not as it was.
    #[serde(default, deserialize_with = "nullable::or_default")]
    pub changed: bool,
    /// Whether it is new.
    #[serde(default, deserialize_with = "nullable::or_default")]
    pub created: bool,
    /// Whether it is gone.
    #[serde(default, deserialize_with = "nullable::or_default")]
    pub deleted: bool,
    /// When it was made.
    #[serde(default)]
    pub created_date: Option<String>,
    /// What is wrong with it.
    #[serde(default)]
    pub problem: Option<String>,
    /// `Warning`, `Error` or `Info`.
    #[serde(default)]
    pub problem_type: Option<String>,
    /// The line it is about.
    #[serde(default)]
    pub line_number: Option<i32>,
    /// The column it is about.
    #[serde(default)]
    pub column_number: Option<i32>,
}
