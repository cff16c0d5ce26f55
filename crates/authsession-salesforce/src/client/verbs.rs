//! Any resource of the API, by its path.

use http::Method;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::client::Cirrus;
use crate::error::CirrusResult;
use crate::exchange::call::Call;
use crate::exchange::retry::Replay;

/// Calls by path. A path is relative to the version (`sobjects/Account/describe`), begins at the root
/// (`/services/apexrest/orders`), or is a whole URL of the instance. What is not a letter, a digit or one of `-_.~` in names and ids
/// has to be encoded ([`encode_path_segment`](crate::encode_path_segment)).
///
/// An answer without a body, as after 204, reads as `()` or `None`.
///
/// # Errors
/// A path that leads elsewhere; a session without a token; no answer; an answer that says no
/// ([`CirrusError::Api`](crate::error::CirrusError::Api)); and one that is not the JSON that was asked for.
impl Cirrus {
    /// GET.
    pub async fn get<R: DeserializeOwned>(&self, path: &str) -> CirrusResult<R> {
        self.call_json(Call::get(path)).await
    }

    /// GET, with parameters: pairs, or a struct of single values.
    pub async fn get_with_query<R, Q>(&self, path: &str, query: &Q) -> CirrusResult<R>
    where
        R: DeserializeOwned,
        Q: Serialize + ?Sized,
    {
        self.call_json(Call::get(path).query(query)?).await
    }

    /// POST of JSON. It is not sent again once it may have been received: after an error that says it
    /// [may have been done](crate::error::CirrusError::may_have_been_done), see whether it was.
    pub async fn post<R, B>(&self, path: &str, body: &B) -> CirrusResult<R>
    where
        R: DeserializeOwned,
        B: Serialize + ?Sized,
    {
        self.call_json(Call::post(path).json(body)?).await
    }

    /// PUT of JSON.
    pub async fn put<R, B>(&self, path: &str, body: &B) -> CirrusResult<R>
    where
        R: DeserializeOwned,
        B: Serialize + ?Sized,
    {
        self.call_json(Call::new(Method::PUT, path).json(body)?).await
    }

    /// PATCH of JSON.
    pub async fn patch<R, B>(&self, path: &str, body: &B) -> CirrusResult<R>
    where
        R: DeserializeOwned,
        B: Serialize + ?Sized,
    {
        self.call_json(Call::patch(path).json(body)?).await
    }

    /// DELETE.
    pub async fn delete<R: DeserializeOwned>(&self, path: &str) -> CirrusResult<R> {
        self.call_json(Call::delete(path)).await
    }

    /// Any method, with parameters and headers (`Sforce-Query-Options`, `Sforce-Call-Options` and the like), without a body.
    pub async fn send_with_headers<R>(
        &self,
        method: Method,
        path: &str,
        query: Option<&[(&str, &str)]>,
        headers: &[(&str, &str)],
    ) -> CirrusResult<R>
    where
        R: DeserializeOwned,
    {
        self.send_with_replay(method, path, query, headers, Replay::ByMethod).await
    }

    /// The same with a body of JSON.
    pub async fn send_json_with_headers<R, B>(
        &self,
        method: Method,
        path: &str,
        query: Option<&[(&str, &str)]>,
        headers: &[(&str, &str)],
        body: &B,
    ) -> CirrusResult<R>
    where
        R: DeserializeOwned,
        B: Serialize + ?Sized,
    {
        self.send_json_with_replay(method, path, query, headers, body, Replay::ByMethod).await
    }

    /// [`send_with_headers`](Self::send_with_headers), saying whether the call may reach Salesforce twice.
    pub async fn send_with_replay<R>(
        &self,
        method: Method,
        path: &str,
        query: Option<&[(&str, &str)]>,
        headers: &[(&str, &str)],
        replay: Replay,
    ) -> CirrusResult<R>
    where
        R: DeserializeOwned,
    {
        self.call_json(prepared(method, path, query, headers, replay)?).await
    }

    /// [`send_json_with_headers`](Self::send_json_with_headers), saying whether the call may reach Salesforce twice.
    pub async fn send_json_with_replay<R, B>(
        &self,
        method: Method,
        path: &str,
        query: Option<&[(&str, &str)]>,
        headers: &[(&str, &str)],
        body: &B,
        replay: Replay,
    ) -> CirrusResult<R>
    where
        R: DeserializeOwned,
        B: Serialize + ?Sized,
    {
        self.call_json(prepared(method, path, query, headers, replay)?.json(body)?).await
    }
}

pub(super) fn prepared<'a>(
    method: Method,
    path: &'a str,
    query: Option<&[(&str, &str)]>,
    headers: &[(&str, &str)],
    replay: Replay,
) -> CirrusResult<Call<'a>> {
    Call::new(method, path).query(query.unwrap_or_default())?.headers(headers).map(|call| call.replay(replay))
}
