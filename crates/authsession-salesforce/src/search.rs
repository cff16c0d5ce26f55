//! SOSL and searches by parameters (REST API Developer Guide, "Search" and "Parameterized Search").

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::client::Cirrus;
use crate::error::{CirrusError, CirrusResult};
use crate::exchange::call::Call;
use crate::exchange::retry::Replay;

/// What a search has found: records of several objects, each with its `attributes`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SearchResult<R> {
    /// The records, the most relevant first.
    #[serde(rename = "searchRecords", default = "Vec::new")]
    pub search_records: Vec<R>,
    /// What else there is to say of them, if it was asked for.
    #[serde(default)]
    pub metadata: Option<Value>,
}

/// Searches. Terms that come from elsewhere go into SOSL through [`sosl::escape_term`](crate::sosl::escape_term).
///
/// # Errors
/// SOSL that is empty, before anything is sent; those of every call (see [`get`](Self::get)); and records that are not of the
/// type that was asked for.
impl Cirrus {
    /// What a SOSL search finds.
    ///
    /// ```no_run
    /// use authsession_salesforce::sosl::escape_term;
    ///
    /// # async fn example(salesforce: authsession_salesforce::Cirrus) -> authsession_salesforce::CirrusResult<()> {
    /// let sosl = format!("FIND {{{}}} RETURNING Account(Id, Name)", escape_term("AT&T"));
    /// for record in salesforce.search(&sosl).await?.search_records {
    ///     println!("{}", record["Name"]);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn search(&self, sosl: &str) -> CirrusResult<SearchResult<Value>> {
        self.search_as(sosl).await
    }

    /// The same, as records of a type.
    pub async fn search_as<R: DeserializeOwned>(&self, sosl: &str) -> CirrusResult<SearchResult<R>> {
        run(self, "search", sosl).await
    }

    /// What a search by parameters finds: `{"q": "Acme", "sobjects": [{"name": "Account"}], "fields": ["Id"]}`. It changes
    /// nothing, and is asked again like a query.
    pub async fn parameterized_search<B>(&self, body: &B) -> CirrusResult<SearchResult<Value>>
    where
        B: Serialize + ?Sized,
    {
        self.parameterized_search_as(body).await
    }

    /// The same, as records of a type.
    pub async fn parameterized_search_as<R, B>(&self, body: &B) -> CirrusResult<SearchResult<R>>
    where
        R: DeserializeOwned,
        B: Serialize + ?Sized,
    {
        self.call_json(Call::post("parameterizedSearch").json(body)?.replay(Replay::Always)).await
    }
}

/// What SOSL finds by a search resource: `search` or `tooling/search`.
pub(crate) async fn run<R: DeserializeOwned>(
    client: &Cirrus,
    resource: &'static str,
    sosl: &str,
) -> CirrusResult<SearchResult<R>> {
    if sosl.trim().is_empty() {
        return Err(CirrusError::invalid_input("sosl", "is empty: write a search"));
    }
    client.call_json(Call::get(resource).parameter("q", sosl)).await
}
