//! Calling Salesforce: what a query, a stream of records, a large download and a session's end cost with a client around them.

pub(crate) mod by_hand;
pub(crate) mod caller;
pub(crate) mod downloads;
pub(crate) mod expiry;
pub(crate) mod processor;
pub(crate) mod small_query;
mod stage;
pub(crate) mod streams;
pub(crate) mod tables;

use std::error::Error;

use tokio::runtime::Runtime;

use crate::effort::Effort;
use crate::salesforce::stage::Stage;

pub(crate) type Failure = Box<dyn Error + Send + Sync>;

/// All that is measured of calling Salesforce.
pub(crate) struct Figures {
    pub(crate) small_query: Vec<small_query::Cost>,
    pub(crate) streams: Vec<streams::Cost>,
    pub(crate) downloads: Vec<downloads::Cost>,
    pub(crate) expiry: Vec<expiry::Outcome>,
}

/// Measures everything at one org: single calls on the runtime with one thread, the rest on that with many.
pub(crate) fn measure(effort: Effort, one: &Runtime, many: &Runtime) -> Result<Figures, Failure> {
    let stage = Stage::set()?;
    let org = stage.org();
    let small_query = small_query::measure(org, effort, one, many)?;
    let streams = many.block_on(streams::measure(org, effort))?;
    let downloads = downloads::measure(org, effort, one)?;
    let expiry = many.block_on(expiry::measure(org, effort))?;
    Ok(Figures { small_query, streams, downloads, expiry })
}
