//! One page of a query: how it is asked for, and what it is (REST API Developer Guide, "Query" and "Query More Results").

use http::{HeaderName, HeaderValue};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::client::Cirrus;
use crate::error::api_error::ApiVerdict;
use crate::error::{CirrusError, CirrusResult};
use crate::exchange::answer::Answer;
use crate::exchange::call::Call;
use crate::query::locator;

const QUERY_OPTIONS: HeaderName = HeaderName::from_static("sforce-query-options");

/// How a query is to be answered.
///
/// ```
/// use authsession_salesforce::QueryOptions;
///
/// let options = QueryOptions::new().batch_size(500);
/// assert_eq!(options.batch_size, Some(500));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct QueryOptions {
    /// How many records a page is to have; Salesforce takes 200 to 2,000, and may still answer with fewer.
    pub batch_size: Option<u32>,
}

impl QueryOptions {
    /// As Salesforce does by itself: pages of 2,000 records.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Pages of so many records.
    #[must_use]
    pub const fn batch_size(mut self, records: u32) -> Self {
        self.batch_size = Some(records);
        self
    }
}

/// A page of a query's records, of a type of your own or of [`Value`](serde_json::Value)s.
///
/// A list within a record, as of `(SELECT Id FROM Contacts)`, is a page too, and Salesforce sends only the first of a long one:
/// unless it is `done`, its rest is still to come. The streams of records hand out whole ones; of a single page,
/// [`complete`](Cirrus::complete) and [`complete_children`](Cirrus::complete_children) get it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct QueryResult<R> {
    /// How many records the whole query has found.
    #[serde(rename = "totalSize")]
    pub total_size: i64,
    /// Whether this is the last page.
    pub done: bool,
    /// Where the next one is: for [`query_more`](Cirrus::query_more).
    #[serde(rename = "nextRecordsUrl", default)]
    pub next_records_url: Option<String>,
    /// The records of this page.
    #[serde(default = "Vec::new")]
    pub records: Vec<R>,
}

/// The first page that a query resource (`query`, `queryAll`, `tooling/query`) has for this SOQL.
pub(crate) async fn first<R: DeserializeOwned>(
    client: &Cirrus,
    resource: &'static str,
    soql: &str,
    options: &QueryOptions,
) -> CirrusResult<QueryResult<R>> {
    ask_first(client, resource, soql, options).await?.json()
}

/// The page a `nextRecordsUrl` names.
pub(crate) async fn next<R: DeserializeOwned>(
    client: &Cirrus,
    next_records_url: &str,
    options: &QueryOptions,
) -> CirrusResult<QueryResult<R>> {
    ask_next(client, next_records_url, options).await?.json()
}

/// The answer that is the first page.
pub(crate) async fn ask_first(
    client: &Cirrus,
    resource: &'static str,
    soql: &str,
    options: &QueryOptions,
) -> CirrusResult<Answer> {
    if soql.trim().is_empty() {
        return Err(CirrusError::invalid_input("soql", "is empty: write a query"));
    }
    client.call(with(options, Call::get(resource).parameter("q", soql))).await
}

/// The answer that is a later page.
pub(crate) async fn ask_next(
    client: &Cirrus,
    next_records_url: &str,
    options: &QueryOptions,
) -> CirrusResult<Answer> {
    let path = locator::path_of(client.auth().instance_url(), next_records_url)?;
    match client.call(with(options, Call::get(path))).await {
        Err(CirrusError::Api {
            status,
            errors,
            raw,
            retry_after,
            repeated,
            verdict: Some(ApiVerdict::Refresh),
        }) if lets_in(client).await => {
            let verdict = Some(ApiVerdict::LostCursor);
            Err(CirrusError::Api { status, errors, raw, retry_after, repeated, verdict })
        }
        answer => answer,
    }
}

/// Whether the session is let in. A locator may end with the session that asked for it; then another one is refused as if it
/// had ended itself, and only another call tells which of the two has.
async fn lets_in(client: &Cirrus) -> bool {
    client.call(Call::get(format!("/services/data/{}", client.api_version()))).await.is_ok()
}

fn with<'a>(options: &QueryOptions, call: Call<'a>) -> Call<'a> {
    match options.batch_size.map(|records| HeaderValue::try_from(format!("batchSize={records}"))) {
        Some(Ok(value)) => call.header(QUERY_OPTIONS, value),
        _ => call,
    }
}
