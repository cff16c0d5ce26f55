//! Queries in GraphQL (GraphQL API Developer Guide, "Query", "Error Handling").

use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::client::Cirrus;
use crate::error::salesforce_error::SalesforceError;
use crate::error::{CirrusError, CirrusResult};
use crate::exchange::answer::Answer;
use crate::exchange::call::Call;
use crate::exchange::retry::Replay;

/// What a GraphQL query has brought: data, errors, or some of both.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct GraphQlAnswer<D> {
    /// The data; `None` where errors left none.
    #[serde(default = "Option::default")]
    pub data: Option<D>,
    /// The errors.
    #[serde(default)]
    pub errors: Vec<GraphQlError>,
}

/// An error in a GraphQL query. Its message may quote what was sent: show it to who may see that.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct GraphQlError {
    /// A sentence for people.
    pub message: String,
    /// What else the answer says of it, such as `paths`, `locations` and `extensions`.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl GraphQlError {
    /// The name of the error, such as `ValidationError`, if there is one.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.extra.get("extensions")?.get("ErrorType")?.as_str()
    }
}

impl<D> GraphQlAnswer<D> {
    /// The data of an answer without errors.
    ///
    /// # Errors
    /// [`CirrusError::Api`] with the answer's errors, or without any where there is no data.
    pub fn into_data(self) -> CirrusResult<D> {
        match self.data {
            Some(data) if self.errors.is_empty() => Ok(data),
            _ => Err(refused(self.errors)),
        }
    }
}

/// GraphQL.
impl Cirrus {
    /// The answer to a query, with its variables (`&()` for none).
    ///
    /// A query is asked again like every call that changes nothing; one with the word `mutation` in it is sent once.
    ///
    /// ```no_run
    /// use serde_json::{Value, json};
    ///
    /// # async fn example(salesforce: authsession_salesforce::Cirrus) -> authsession_salesforce::CirrusResult<()> {
    /// let query = "query names($first: Int) {
    ///     uiapi { query { Account(first: $first) { edges { node { Id Name { value } } } } } }
    /// }";
    /// let data: Value = salesforce.graphql(query, &json!({ "first": 10 })).await?.into_data()?;
    /// println!("{}", data["uiapi"]["query"]["Account"]["edges"][0]["node"]["Name"]["value"]);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// A query that is empty, before anything is sent; those of every call (see [`get`](Self::get)); and data that is not of the
    /// type that was asked for: where the answer has errors, as [`CirrusError::Api`] with them.
    pub async fn graphql<D, V>(&self, query: &str, variables: &V) -> CirrusResult<GraphQlAnswer<D>>
    where
        D: DeserializeOwned,
        V: Serialize + ?Sized,
    {
        #[derive(Serialize)]
        struct Body<'a, V: ?Sized> {
            query: &'a str,
            variables: &'a V,
        }
        if query.trim().is_empty() {
            return Err(CirrusError::invalid_input("query", "is empty: write one"));
        }
        let replay = if query.contains("mutation") { Replay::Never } else { Replay::Always };
        let call = Call::post("graphql").unescaped().json(&Body { query, variables })?.replay(replay);
        read(&self.call(call).await?)
    }
}

/// Errors leave holes in the data, which its type need not have room for: then it is they that are told.
fn read<D: DeserializeOwned>(answer: &Answer) -> CirrusResult<GraphQlAnswer<D>> {
    answer.json().map_err(|error| match answer.json::<GraphQlAnswer<IgnoredAny>>() {
        Ok(answer) if !answer.errors.is_empty() => refused(answer.errors),
        _ => error,
    })
}

fn refused(errors: Vec<GraphQlError>) -> CirrusError {
    let in_salesforces_words = |error: GraphQlError| SalesforceError {
        error_code: error.name().unwrap_or_default().to_owned(),
        message: error.message,
        fields: Vec::new(),
        extra: error.extra,
    };
    let errors = errors.into_iter().map(in_salesforces_words).collect();
    CirrusError::Api { status: 200, errors, raw: None, retry_after: None, verdict: None, repeated: false }
}
