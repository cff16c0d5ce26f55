//! What a deployment is told (Metadata API Developer Guide, "deploy()", `DeployOptions`).

use serde::{Deserialize, Serialize};

/// What is not set is left to Salesforce.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DeployOptions {
    /// Whether files that `package.xml` names may be missing from the zip. In production, no.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow_missing_files: Option<bool>,
    /// Whether files that `package.xml` does not name are deployed as well.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auto_update_package: Option<bool>,
    /// Whether nothing is to be changed: it is validated only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub check_only: Option<bool>,
    /// Whether components with warnings are deployed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ignore_warnings: Option<bool>,
    /// Whether what was deployed is retrieved afterwards.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub perform_retrieve: Option<bool>,
    /// Whether what is deleted does not go to the recycle bin. In production, no.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub purge_on_delete: Option<bool>,
    /// Whether one failure undoes all. In production it has to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rollback_on_error: Option<bool>,
    /// The test classes of [`TestLevel::RunSpecifiedTests`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run_tests: Option<Vec<String>>,
    /// Whether the zip is one package, without a folder around it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub single_package: Option<bool>,
    /// Which tests run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test_level: Option<TestLevel>,
}

/// Which tests run with a deployment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum TestLevel {
    /// None. Not in production, if there is code in it.
    NoTestRun,
    /// Those of `run_tests`.
    RunSpecifiedTests,
    /// Those Salesforce finds concerned.
    RunRelevantTests,
    /// All but those of managed packages.
    RunLocalTests,
    /// All.
    RunAllTestsInOrg,
}
