//! Deployments of metadata by REST (Metadata API Developer Guide, "Deploying and Retrieving Metadata with the REST API").

mod deploy_options;
mod deploy_result;
mod deploy_wait;
mod test_run;

use std::borrow::Cow;

use bytes::Bytes;
use reqwest::multipart::{Form, Part};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::client::Cirrus;
use crate::error::{CirrusError, CirrusResult};
use crate::exchange::address::segment;
use crate::exchange::call::Call;

pub use crate::metadata::deploy_options::{DeployOptions, TestLevel};
pub use crate::metadata::deploy_result::{
    DeployDetails, DeployMessage, DeployResult, DeployResultDetails, DeployResultInnerDetails, DeployStatus,
};
pub use crate::metadata::deploy_wait::DeployWait;
pub use crate::metadata::test_run::{RunTestResults, RunTestsResult};

const DEPLOYS: &str = "metadata/deployRequest";

impl Cirrus {
    /// Deployments of metadata.
    #[must_use]
    pub const fn metadata(&self) -> MetadataHandler<'_> {
        MetadataHandler { client: self }
    }
}

/// What Salesforce tells of a deployment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeployRequest {
    /// Its id, by which it is asked about.
    pub id: String,
    /// Where it is asked about.
    #[serde(default)]
    pub url: Option<String>,
    /// The validation it deploys.
    #[serde(default)]
    pub validated_deploy_request_id: Option<String>,
    /// What it was told.
    #[serde(default)]
    pub deploy_options: Option<Value>,
    /// How far it is.
    #[serde(default)]
    pub deploy_result: Option<DeployResult>,
}

/// Deploys a package, and says how far it is.
///
/// A deployment is begun once: a request that may have been received is not sent again.
///
/// # Errors
/// Of all its methods: as those of [`Cirrus::post`], and an id that is none. A deployment that fails is no error: its
/// [`DeployResult`] says so.
///
/// ```no_run
/// # use authsession_salesforce::{Cirrus, CirrusResult, DeployOptions, TestLevel};
/// # async fn example(salesforce: Cirrus, zip: Vec<u8>) -> CirrusResult<()> {
/// let options = DeployOptions {
///     single_package: Some(true),
///     rollback_on_error: Some(true),
///     test_level: Some(TestLevel::RunLocalTests),
///     ..DeployOptions::default()
/// };
/// let begun = salesforce.metadata().deploy(&options, zip.into()).await?;
/// let ended = salesforce
///     .metadata()
///     .wait_for_deploy(&begun.id)
///     .on_progress(|result| println!("{} of {}", result.number_components_deployed, result.number_components_total))
///     .await?;
/// if let Some(result) = ended.deploy_result.filter(|result| !result.is_success()) {
///     for failure in result.details.iter().flat_map(|details| &details.component_failures) {
///         println!("{:?}: {:?}", failure.full_name, failure.problem);
///     }
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct MetadataHandler<'a> {
    client: &'a Cirrus,
}

impl<'a> MetadataHandler<'a> {
    /// Begins to deploy a zip file with a `package.xml` in it.
    pub async fn deploy(&self, options: &DeployOptions, zip: Bytes) -> CirrusResult<DeployRequest> {
        let options = serde_json::to_string(&json!({ "deployOptions": options }))?;
        let call = Call::post(DEPLOYS).form(move || {
            let part = |part: Part, media_type| {
                part.mime_str(media_type)
                    .map_err(|_| CirrusError::InvalidHeader("content-type: not a media type".into()))
            };
            let options = part(Part::text(Cow::Owned(options.clone())), "application/json")?;
            let zip = part(Part::stream(zip.clone()).file_name("deploy.zip"), "application/zip")?;
            Ok(Form::new().part("json", options).part("file", zip))
        });
        self.client.call_json(call).await
    }

    /// How far a deployment is; with details, which components and tests failed.
    pub async fn check_deploy_status(
        &self,
        deploy_id: &str,
        include_details: bool,
    ) -> CirrusResult<DeployRequest> {
        let call = Call::get(path_of("deploy_id", deploy_id)?);
        let call = if include_details { call.parameter("includeDetails", "true") } else { call };
        self.client.call_json(call).await
    }

    /// Asks a deployment to stop. It is over when its status is `Canceled`: [`wait_for_deploy`](Self::wait_for_deploy).
    pub async fn cancel_deploy(&self, deploy_id: &str) -> CirrusResult<DeployRequest> {
        let body = json!({ "deployResult": { "status": DeployStatus::Canceling } });
        self.client.call_json(Call::patch(path_of("deploy_id", deploy_id)?).json(&body)?).await
    }

    /// Deploys what was validated (`check_only`) with its tests in the last ten days, without running them again.
    pub async fn deploy_recent_validation(
        &self,
        validated_deploy_request_id: &str,
    ) -> CirrusResult<DeployRequest> {
        segment("validated_deploy_request_id", validated_deploy_request_id)?;
        let body = json!({ "validatedDeployRequestId": validated_deploy_request_id });
        self.client.call_json(Call::post(DEPLOYS).json(&body)?).await
    }

    /// Asks again and again until a deployment is over, less often the longer it takes; then what became of it, with its details.
    pub fn wait_for_deploy(&self, deploy_id: impl Into<String>) -> DeployWait<'a> {
        DeployWait::new(*self, deploy_id.into())
    }
}

fn path_of(name: &'static str, id: &str) -> CirrusResult<String> {
    Ok(format!("{DEPLOYS}/{}", segment(name, id)?))
}
