//! The Tooling API: the org's code and its metadata as records (Tooling API Developer Guide, "REST Resources").

mod anonymous_apex;
mod tooling_sobject;

use http::Method;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::client::Cirrus;
use crate::composite::CompositeResponse;
use crate::composite::bounds;
use crate::error::CirrusResult;
use crate::exchange::address::segment;
use crate::exchange::call::Call;
use crate::query::page::{QueryOptions, QueryResult, first};
use crate::query::pagination::Records;
use crate::search::{self, SearchResult};
use crate::sobjects::describe::DescribeGlobal;

pub use crate::tooling::anonymous_apex::ExecuteAnonymousResult;
pub use crate::tooling::tooling_sobject::ToolingSObjectHandler;

const QUERY: &str = "tooling/query";

impl Cirrus {
    /// The Tooling API.
    #[must_use]
    pub const fn tooling(&self) -> ToolingHandler<'_> {
        ToolingHandler { client: self }
    }
}

/// The org's code and its metadata as records: `ApexClass`, `ApexLog`, `EntityDefinition` and many more.
///
/// # Errors
/// Of all its methods: as those of [`Cirrus::get`], and SOQL, SOSL, names and ids that are none.
///
/// ```no_run
/// # async fn example(salesforce: authsession_salesforce::Cirrus) -> authsession_salesforce::CirrusResult<()> {
/// let classes = salesforce.tooling().query("SELECT Id, Name FROM ApexClass WHERE Status = 'Active'").await?;
/// let outcome = salesforce.tooling().execute_anonymous("System.debug('hello');").await?;
/// if let Some(problem) = outcome.compile_problem {
///     println!("line {}: {problem}", outcome.line);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct ToolingHandler<'a> {
    client: &'a Cirrus,
}

impl<'a> ToolingHandler<'a> {
    /// What objects it has, and what the user may do with each.
    pub async fn describe_global(&self) -> CirrusResult<DescribeGlobal> {
        self.client.call_json(Call::get(tooling_sobject::SOBJECTS)).await
    }

    /// Up to 25 subrequests ([`CompositeRequest`](crate::composite::CompositeRequest)) in one call, whose URLs are of the Tooling
    /// API. Not sent again once it may have been received.
    pub async fn composite<B>(&self, body: &B) -> CirrusResult<CompositeResponse>
    where
        B: Serialize + ?Sized,
    {
        self.client.send_counted(Method::POST, "tooling/composite", body, bounds::subrequests).await
    }

    /// One of its objects, and its records.
    #[must_use]
    pub const fn sobject(&self, name: &'a str) -> ToolingSObjectHandler<'a> {
        ToolingSObjectHandler::new(self.client, name)
    }

    /// The first page of what a query finds; [`query_more`](Cirrus::query_more) has those that follow.
    pub async fn query(&self, soql: &str) -> CirrusResult<QueryResult<Value>> {
        self.query_as(soql).await
    }

    /// The same, as records of a type.
    pub async fn query_as<R: DeserializeOwned>(&self, soql: &str) -> CirrusResult<QueryResult<R>> {
        first(self.client, QUERY, soql, &QueryOptions::new()).await
    }

    /// All records a query finds, through all pages.
    pub fn query_stream(&self, soql: &str) -> Records<Value> {
        self.query_stream_as(soql)
    }

    /// The same, as records of a type.
    pub fn query_stream_as<R: DeserializeOwned + Send + Unpin + 'static>(&self, soql: &str) -> Records<R> {
        Records::of_query(self.client.clone(), QUERY, soql.to_owned(), QueryOptions::new())
    }

    /// What a SOSL search finds.
    pub async fn search(&self, sosl: &str) -> CirrusResult<SearchResult<Value>> {
        self.search_as(sosl).await
    }

    /// The same, as records of a type.
    pub async fn search_as<R: DeserializeOwned>(&self, sosl: &str) -> CirrusResult<SearchResult<R>> {
        search::run(self.client, "tooling/search", sosl).await
    }

    /// Runs Apex. What it does stays done, so it is not sent again once it may have been received, though it is a GET.
    ///
    /// Salesforce takes it in the URL: there it stands in the org's logs, and beyond some 16 KiB it is refused. Keep secrets out
    /// of it. Apex that does not compile, or fails, is no error of the call's.
    pub async fn execute_anonymous(&self, apex: &str) -> CirrusResult<ExecuteAnonymousResult> {
        anonymous_apex::run(self.client, apex).await
    }

    /// What a debug log (`ApexLog`) says. What is not UTF-8 in it is replaced.
    pub async fn apex_log_body(&self, id: &str) -> CirrusResult<String> {
        let path = format!("{}/ApexLog/{}/Body", tooling_sobject::SOBJECTS, segment("id", id)?);
        let body = self.client.call(Call::get(path)).await?.body;
        Ok(String::from_utf8_lossy(&body).into_owned())
    }
}
