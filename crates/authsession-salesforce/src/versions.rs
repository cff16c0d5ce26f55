//! The API's versions an org has (REST API Developer Guide, "Versions").

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::client::Cirrus;
use crate::client::builder::CirrusBuilder;
use crate::error::{CirrusError, CirrusResult};
use crate::exchange::call::Call;

/// One version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiVersion {
    /// The release's name, such as `Spring '26`.
    pub label: String,
    /// Its root, such as `/services/data/v66.0`.
    pub url: String,
    /// Its number, such as `66.0`.
    pub version: String,
}

impl ApiVersion {
    /// The two parts of its number; `None` where it is none.
    ///
    /// ```
    /// use authsession_salesforce::ApiVersion;
    ///
    /// let version = |text: &str| ApiVersion { label: String::new(), url: String::new(), version: text.to_owned() };
    /// assert_eq!(version("66.0").version_number(), Some((66, 0)));
    /// assert_eq!(ApiVersion::latest(&[version("9.0"), version("66.0")]), Some(&version("66.0")));
    /// ```
    #[must_use]
    pub fn version_number(&self) -> Option<(u32, u32)> {
        let (major, minor) = self.version.split_once('.')?;
        Some((major.parse().ok()?, minor.parse().ok()?))
    }

    /// The one with the highest number.
    #[must_use]
    pub fn latest(versions: &[Self]) -> Option<&Self> {
        versions
            .iter()
            .filter(|version| version.version_number().is_some())
            .max_by_key(|v| v.version_number())
    }
}

impl Cirrus {
    /// The versions the org has, the oldest first.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub async fn versions(&self) -> CirrusResult<Vec<ApiVersion>> {
        self.call_json(Call::get("/services/data")).await
    }

    /// The newest version the org has, as in `v66.0`.
    ///
    /// # Errors
    /// As [`get`](Self::get), and an answer without a version.
    pub async fn latest_api_version(&self) -> CirrusResult<String> {
        let versions = self.versions().await?;
        let latest = ApiVersion::latest(&versions).and_then(ApiVersion::version_number);
        let (major, minor) = latest
            .ok_or_else(|| CirrusError::InvalidResponse("the org names no version of its API".to_owned()))?;
        Ok(format!("v{major}.{minor}"))
    }
}

impl CirrusBuilder {
    /// Makes the client, and asks the org for its newest version, which it then calls whatever was set.
    ///
    /// Salesforce raises it three times a year, and answers may change with it; a version that is set does not.
    ///
    /// # Errors
    /// As [`build`](Self::build) and [`Cirrus::latest_api_version`].
    pub async fn build_with_latest_version(self) -> CirrusResult<Cirrus> {
        let mut client = self.build()?;
        let latest = client.latest_api_version().await?;
        // Nobody else has it yet.
        if let Some(exchange) = Arc::get_mut(&mut client.exchange) {
            exchange.settings.version = latest;
        }
        Ok(client)
    }
}
