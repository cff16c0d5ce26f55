//! SOQL queries (REST API Developer Guide, "Query", "QueryAll" and "Query More Results").

mod children;
mod locator;
pub(crate) mod page;
pub mod pagination;
pub(crate) mod trail;

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::client::Cirrus;
use crate::error::CirrusResult;
pub use crate::query::page::{QueryOptions, QueryResult};
use crate::query::page::{ask_next, first, next};
use crate::query::pagination::Records;
use crate::query::trail::{QueryTrail, lost};

const QUERY: &str = "query";
/// Also what is deleted and not yet gone for good, and archived activities.
const QUERY_ALL: &str = "queryAll";

/// Queries. Values that come from elsewhere go into SOQL through [`soql::quote`](crate::soql::quote) or a
/// [`Select`](crate::soql::select::Select).
///
/// ```no_run
/// use authsession_salesforce::soql;
/// use serde::Deserialize;
///
/// #[derive(Deserialize)]
/// #[serde(rename_all = "PascalCase")]
/// struct Account {
///     id: String,
///     annual_revenue: Option<f64>,
/// }
///
/// # async fn example(salesforce: authsession_salesforce::Cirrus, name: &str) -> authsession_salesforce::CirrusResult<()> {
/// let soql = format!("SELECT Id, AnnualRevenue FROM Account WHERE Name = {}", soql::quote(name));
/// let found = salesforce.query_as::<Account>(&soql).await?;
/// println!("{} accounts, {} of them here", found.total_size, found.records.len());
/// # Ok(())
/// # }
/// ```
///
/// Numbers are as exact as the type that is asked for: an `i64` has 18 digits, an `f64` 15, and a `Box<RawValue>` of `serde_json` the
/// digits as they were sent. A field of the kind Number comes with a fraction even if it has none (`5.0`), which is an `f64` and no
/// integer. Dates and times are texts, such as `2026-01-02T03:04:05.000+0000`.
///
/// # Errors
/// SOQL that is empty, before anything is sent; those of every call (see [`get`](Self::get)); and records that are not of the
/// type that was asked for.
impl Cirrus {
    /// The first page of what a query finds.
    pub async fn query(&self, soql: &str) -> CirrusResult<QueryResult<Value>> {
        self.query_as(soql).await
    }

    /// The same, as records of a type.
    pub async fn query_as<R: DeserializeOwned>(&self, soql: &str) -> CirrusResult<QueryResult<R>> {
        first(self, QUERY, soql, &QueryOptions::new()).await
    }

    /// The first page, of the length asked for.
    pub async fn query_with_options(
        &self,
        soql: &str,
        options: &QueryOptions,
    ) -> CirrusResult<QueryResult<Value>> {
        self.query_with_options_as(soql, options).await
    }

    /// The same, as records of a type.
    pub async fn query_with_options_as<R: DeserializeOwned>(
        &self,
        soql: &str,
        options: &QueryOptions,
    ) -> CirrusResult<QueryResult<R>> {
        first(self, QUERY, soql, options).await
    }

    /// The first page of what a query finds, also among deleted records and archived activities.
    pub async fn query_all(&self, soql: &str) -> CirrusResult<QueryResult<Value>> {
        self.query_all_as(soql).await
    }

    /// The same, as records of a type.
    pub async fn query_all_as<R: DeserializeOwned>(&self, soql: &str) -> CirrusResult<QueryResult<R>> {
        first(self, QUERY_ALL, soql, &QueryOptions::new()).await
    }

    /// The first page, also of deleted records, of the length asked for.
    pub async fn query_all_with_options(
        &self,
        soql: &str,
        options: &QueryOptions,
    ) -> CirrusResult<QueryResult<Value>> {
        self.query_all_with_options_as(soql, options).await
    }

    /// The same, as records of a type.
    pub async fn query_all_with_options_as<R: DeserializeOwned>(
        &self,
        soql: &str,
        options: &QueryOptions,
    ) -> CirrusResult<QueryResult<R>> {
        first(self, QUERY_ALL, soql, options).await
    }

    /// The page a [`next_records_url`](QueryResult::next_records_url) names. One that is not of a query of this org is refused
    /// before anything is sent.
    pub async fn query_more(&self, next_records_url: &str) -> CirrusResult<QueryResult<Value>> {
        self.query_more_as(next_records_url).await
    }

    /// The same, as records of a type.
    pub async fn query_more_as<R: DeserializeOwned>(
        &self,
        next_records_url: &str,
    ) -> CirrusResult<QueryResult<R>> {
        next(self, next_records_url, &QueryOptions::new()).await
    }

    /// The page a `next_records_url` names, of the length asked for.
    pub async fn query_more_with_options(
        &self,
        next_records_url: &str,
        options: &QueryOptions,
    ) -> CirrusResult<QueryResult<Value>> {
        self.query_more_with_options_as(next_records_url, options).await
    }

    /// The same, as records of a type.
    pub async fn query_more_with_options_as<R: DeserializeOwned>(
        &self,
        next_records_url: &str,
        options: &QueryOptions,
    ) -> CirrusResult<QueryResult<R>> {
        next(self, next_records_url, options).await
    }
}

/// What Salesforce sends in several pages, whole.
impl Cirrus {
    /// Adds to a page the records of all pages that follow it, so that it is `done`: of a query, or of a list within a record. What
    /// was added before an error stays, and may be gone on with. For more than fits into memory there is
    /// [`Records::from_page`](crate::query::pagination::Records::from_page).
    ///
    /// ```no_run
    /// use authsession_salesforce::QueryResult;
    /// use serde::Deserialize;
    /// use serde_json::Value;
    ///
    /// #[derive(Deserialize)]
    /// #[serde(rename_all = "PascalCase")]
    /// struct Account {
    ///     contacts: Option<QueryResult<Value>>,
    /// }
    ///
    /// # async fn example(salesforce: authsession_salesforce::Cirrus) -> authsession_salesforce::CirrusResult<()> {
    /// let soql = "SELECT Id, (SELECT Id, LastName FROM Contacts) FROM Account LIMIT 10";
    /// for account in salesforce.query_as::<Account>(soql).await?.records {
    ///     if let Some(mut contacts) = account.contacts {
    ///         salesforce.complete(&mut contacts).await?;
    ///         println!("all {} contacts", contacts.records.len());
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn complete<R: DeserializeOwned>(&self, page: &mut QueryResult<R>) -> CirrusResult<()> {
        let options = QueryOptions::new();
        let mut trail = QueryTrail::default();
        while !page.done {
            let next = page.next_records_url.as_ref().ok_or_else(lost)?;
            if !trail.leads_on_to(next) {
                return Err(lost());
            }
            let answer = ask_next(self, next, &options).await?;
            let further: QueryResult<R> = children::whole_page(self, &answer, &options).await?;
            page.records.extend(further.records);
            (page.done, page.next_records_url) = (further.done, further.next_records_url);
        }
        Ok(())
    }

    /// Completes every list within a record, at any depth. Salesforce forgets what they go on with when the next page of the records
    /// is asked for: before that. Streams do so by themselves.
    pub async fn complete_children(&self, record: &mut Value) -> CirrusResult<()> {
        children::complete(self, record, &QueryOptions::new()).await
    }
}

/// Queries whose records come one by one, through all pages.
impl Cirrus {
    /// All records a query finds.
    pub fn query_stream(&self, soql: &str) -> Records<Value> {
        self.query_stream_as(soql)
    }

    /// The same, as records of a type.
    pub fn query_stream_as<R: DeserializeOwned + Send + Unpin + 'static>(&self, soql: &str) -> Records<R> {
        self.query_stream_with_options_as(soql, &QueryOptions::new())
    }

    /// All records, in pages of the length asked for.
    pub fn query_stream_with_options(&self, soql: &str, options: &QueryOptions) -> Records<Value> {
        self.query_stream_with_options_as(soql, options)
    }

    /// The same, as records of a type.
    pub fn query_stream_with_options_as<R: DeserializeOwned + Send + Unpin + 'static>(
        &self,
        soql: &str,
        options: &QueryOptions,
    ) -> Records<R> {
        Records::of_query(self.clone(), QUERY, soql.to_owned(), options.clone())
    }

    /// All records a query finds, also deleted ones and archived activities.
    pub fn query_all_stream(&self, soql: &str) -> Records<Value> {
        self.query_all_stream_as(soql)
    }

    /// The same, as records of a type.
    pub fn query_all_stream_as<R: DeserializeOwned + Send + Unpin + 'static>(
        &self,
        soql: &str,
    ) -> Records<R> {
        self.query_all_stream_with_options_as(soql, &QueryOptions::new())
    }

    /// All records, also deleted ones, in pages of the length asked for.
    pub fn query_all_stream_with_options(&self, soql: &str, options: &QueryOptions) -> Records<Value> {
        self.query_all_stream_with_options_as(soql, options)
    }

    /// The same, as records of a type.
    pub fn query_all_stream_with_options_as<R: DeserializeOwned + Send + Unpin + 'static>(
        &self,
        soql: &str,
        options: &QueryOptions,
    ) -> Records<R> {
        Records::of_query(self.clone(), QUERY_ALL, soql.to_owned(), options.clone())
    }
}
