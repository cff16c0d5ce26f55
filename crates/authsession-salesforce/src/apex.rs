//! Apex REST: the org's own classes below `/services/apexrest` (Apex Developer Guide, "Exposing Apex Classes as REST Web Services").

use http::Method;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::client::Cirrus;
use crate::client::raw::{RawBody, RawResponse};
use crate::error::{CirrusError, CirrusResult};
use crate::exchange::call::Call;
use crate::exchange::retry::Replay;

const ROOT: &str = "/services/apexrest/";

impl Cirrus {
    /// The org's own REST classes.
    #[must_use]
    pub const fn apex(&self) -> ApexHandler<'_> {
        ApexHandler { client: self }
    }
}

/// Calls classes of the org's. Paths are those of their `urlMapping`, as in `orders/1` or, of a package, `namespace/orders/1`; a
/// namespace is a segment before them. What is not a letter, a digit or one of `-_.~` in them has to be encoded
/// ([`encode_path_segment`](crate::encode_path_segment)).
///
/// What a class does on GET is known to nobody else, so no call is sent again once it may have been received, whatever its method.
/// A token that Salesforce refused by name (`INVALID_SESSION_ID`) is replaced all the same: such a call never reached the class. Any
/// other 401, and a 429, may be the class's own word.
///
/// # Errors
/// Of all its methods: as those of [`Cirrus::get`].
///
/// ```no_run
/// # async fn example(salesforce: authsession_salesforce::Cirrus) -> authsession_salesforce::CirrusResult<()> {
/// use serde_json::{Value, json};
///
/// let order: Value = salesforce.apex().post("orders", &json!({ "item": "pen" })).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct ApexHandler<'a> {
    client: &'a Cirrus,
}

impl ApexHandler<'_> {
    /// GET.
    pub async fn get<R: DeserializeOwned>(&self, path: &str) -> CirrusResult<R> {
        self.send(Call::get(below_root(path)?)).await
    }

    /// GET, with parameters: pairs, or a struct of single values.
    pub async fn get_with_query<R, Q>(&self, path: &str, query: &Q) -> CirrusResult<R>
    where
        R: DeserializeOwned,
        Q: Serialize + ?Sized,
    {
        self.send(Call::get(below_root(path)?).query(query)?).await
    }

    /// POST of JSON.
    pub async fn post<R, B>(&self, path: &str, body: &B) -> CirrusResult<R>
    where
        R: DeserializeOwned,
        B: Serialize + ?Sized,
    {
        self.send(Call::post(below_root(path)?).json(body)?).await
    }

    /// PUT of JSON.
    pub async fn put<R, B>(&self, path: &str, body: &B) -> CirrusResult<R>
    where
        R: DeserializeOwned,
        B: Serialize + ?Sized,
    {
        self.send(Call::new(Method::PUT, below_root(path)?).json(body)?).await
    }

    /// PATCH of JSON.
    pub async fn patch<R, B>(&self, path: &str, body: &B) -> CirrusResult<R>
    where
        R: DeserializeOwned,
        B: Serialize + ?Sized,
    {
        self.send(Call::patch(below_root(path)?).json(body)?).await
    }

    /// DELETE.
    pub async fn delete<R: DeserializeOwned>(&self, path: &str) -> CirrusResult<R> {
        self.send(Call::delete(below_root(path)?)).await
    }

    /// Any method and body; the answer whatever its status.
    pub async fn send_raw(
        &self,
        method: Method,
        path: &str,
        query: Option<&[(&str, &str)]>,
        headers: &[(&str, &str)],
        body: Option<RawBody>,
    ) -> CirrusResult<RawResponse> {
        self.client.send_raw(method, &below_root(path)?, query, headers, body, Replay::Never).await
    }

    async fn send<R: DeserializeOwned>(&self, call: Call<'_>) -> CirrusResult<R> {
        self.client.call_json(call.replay(Replay::Never)).await
    }
}

/// The path from the instance's root, of one below Apex REST's.
fn below_root(path: &str) -> CirrusResult<String> {
    let invalid = |message: &str| Err(CirrusError::invalid_input("path", message));
    if path.contains("://") {
        return invalid("is a whole URL: give what follows /services/apexrest/");
    }
    let inside = path.strip_prefix(ROOT).unwrap_or_else(|| path.trim_start_matches('/'));
    if inside.is_empty() {
        return invalid("is empty: give what follows /services/apexrest/");
    }
    Ok(format!("{ROOT}{inside}"))
}
