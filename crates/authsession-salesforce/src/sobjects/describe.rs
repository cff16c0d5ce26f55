//! What an object is (REST API Developer Guide, "Describe Global", "sObject Describe").

use std::collections::HashMap;
use std::time::SystemTime;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::CirrusResult;
use crate::exchange::call::Call;
use crate::sobjects::{SObjectHandler, unless_the_same};

/// All objects of an org.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DescribeGlobal {
    /// The org's encoding, such as `UTF-8`.
    pub encoding: String,
    /// How many records a query's page has at most.
    #[serde(rename = "maxBatchSize")]
    pub max_batch_size: i32,
    /// The objects.
    pub sobjects: Vec<SObjectMetadata>,
}

/// One object, and what the user may do with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SObjectMetadata {
    /// Reserved by Salesforce.
    pub activateable: bool,
    /// Whether records can be created.
    pub createable: bool,
    /// Whether it is a custom object.
    pub custom: bool,
    /// Whether it is a custom setting.
    #[serde(rename = "customSetting")]
    pub custom_setting: bool,
    /// Whether records can be deleted.
    pub deletable: bool,
    /// Reserved by Salesforce.
    #[serde(rename = "deprecatedAndHidden")]
    pub deprecated_and_hidden: bool,
    /// Whether it has feeds.
    #[serde(rename = "feedEnabled")]
    pub feed_enabled: bool,
    /// What its records' ids begin with.
    #[serde(rename = "keyPrefix", default)]
    pub key_prefix: Option<String>,
    /// Its name for people.
    pub label: String,
    /// The same for several.
    #[serde(rename = "labelPlural")]
    pub label_plural: String,
    /// Whether it has layouts.
    pub layoutable: bool,
    /// Whether records can be merged.
    pub mergeable: bool,
    /// Whether the most recently used ones are kept.
    #[serde(rename = "mruEnabled")]
    pub mru_enabled: bool,
    /// Its API name.
    pub name: String,
    /// Whether records can be queried.
    pub queryable: bool,
    /// Whether changed and deleted records can be asked for.
    pub replicateable: bool,
    /// Whether records can be retrieved.
    pub retrieveable: bool,
    /// Whether records can be searched for.
    pub searchable: bool,
    /// Whether it can have triggers.
    pub triggerable: bool,
    /// Whether deleted records can be brought back.
    pub undeletable: bool,
    /// Whether records can be changed.
    pub updateable: bool,
    /// The paths of its resources.
    #[serde(default)]
    pub urls: HashMap<String, String>,
}

/// What the object is.
impl SObjectHandler<'_> {
    /// Its fields, relationships and record types.
    pub async fn describe(&self) -> CirrusResult<Value> {
        self.describe_as().await
    }

    /// The same, as a type.
    pub async fn describe_as<R: DeserializeOwned>(&self) -> CirrusResult<R> {
        self.client.call_json(Call::get(self.path("describe")?)).await
    }

    /// The same, or `None` if nothing about it has changed since.
    pub async fn describe_if_modified_since(&self, since: SystemTime) -> CirrusResult<Option<Value>> {
        self.describe_if_modified_since_as(since).await
    }

    /// The same, as a type.
    pub async fn describe_if_modified_since_as<R: DeserializeOwned>(
        &self,
        since: SystemTime,
    ) -> CirrusResult<Option<R>> {
        unless_the_same(self.client, Call::get(self.path("describe")?), since).await
    }
}
