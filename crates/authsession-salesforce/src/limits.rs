//! What the org may use of each resource, and what is left (REST API Developer Guide, "Limits").

use std::collections::HashMap;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use crate::client::Cirrus;
use crate::error::CirrusResult;
use crate::exchange::call::Call;

/// Every limit by its name, such as `DailyApiRequests`.
pub type OrgLimits = HashMap<String, Limit>;

/// One limit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limit {
    /// What there may be: calls, megabytes, whatever it counts.
    #[serde(rename = "Max")]
    pub max: i64,
    /// What is left of it. Below zero where the org is beyond it.
    #[serde(rename = "Remaining")]
    pub remaining: i64,
    /// What is used of it by parts, such as connected apps, by their names.
    #[serde(flatten, deserialize_with = "those_that_are_limits")]
    pub nested: HashMap<String, Self>,
}

impl Limit {
    /// What is used.
    #[must_use]
    pub const fn used(&self) -> i64 {
        self.max.saturating_sub(self.remaining)
    }
}

impl Cirrus {
    /// What the org may use, and what is left. [`last_limit_info`](Self::last_limit_info) knows the calls of the day without asking.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    ///
    /// ```no_run
    /// # async fn example(salesforce: authsession_salesforce::Cirrus) -> authsession_salesforce::CirrusResult<()> {
    /// if let Some(calls) = salesforce.limits().await?.get("DailyApiRequests") {
    ///     println!("{} of {} calls are left", calls.remaining, calls.max);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn limits(&self) -> CirrusResult<OrgLimits> {
        let Told(limits) = self.call_json(Call::get("limits")).await?;
        Ok(limits)
    }
}

#[derive(Deserialize)]
struct Told(#[serde(deserialize_with = "those_that_are_limits")] OrgLimits);

/// What a later release puts beside them is passed over.
fn those_that_are_limits<'de, D: Deserializer<'de>>(deserializer: D) -> Result<OrgLimits, D::Error> {
    let told = Map::<String, Value>::deserialize(deserializer)?;
    Ok(told.into_iter().filter_map(|(name, value)| Some((name, Limit::deserialize(value).ok()?))).collect())
}
