//! Calls whose bodies are not JSON, and requests of the caller's own.

use std::fmt;

use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue, Method};
use reqwest::{Request, RequestBuilder, Response};

use crate::client::Cirrus;
use crate::client::verbs::prepared;
use crate::error::{CirrusError, CirrusResult};
use crate::exchange::retry::Replay;

/// A body and its media type. Its bytes are not in its `Debug`.
#[derive(Clone)]
pub struct RawBody {
    bytes: Bytes,
    content_type: String,
}

impl RawBody {
    /// These bytes, of that type, such as `text/csv`.
    #[must_use]
    pub fn new(bytes: impl Into<Bytes>, content_type: impl Into<String>) -> Self {
        Self { bytes: bytes.into(), content_type: content_type.into() }
    }

    /// The bytes.
    #[must_use]
    pub const fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// The media type.
    #[must_use]
    pub fn content_type(&self) -> &str {
        &self.content_type
    }
}

impl fmt::Debug for RawBody {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("RawBody")
            .field("content_type", &self.content_type)
            .field("length", &self.bytes.len())
            .finish()
    }
}

/// An answer, whatever it says. Its body is not in its `Debug`.
#[derive(Clone)]
#[non_exhaustive]
pub struct RawResponse {
    /// The HTTP status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

impl RawResponse {
    /// Whether the status is a 2xx.
    #[must_use]
    pub const fn is_success(&self) -> bool {
        self.status >= 200 && self.status < 300
    }
}

impl fmt::Debug for RawResponse {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("RawResponse")
            .field("status", &self.status)
            .field("length", &self.body.len())
            .finish_non_exhaustive()
    }
}

/// The way out for what has no method of its own. Paths are those of [`get`](Self::get).
impl Cirrus {
    /// Any method and body; the answer whatever its status, once a refused token was replaced and the retries are used up. Of an
    /// answer that says no, 256 KiB are read.
    ///
    /// # Errors
    /// As [`get`](Self::get), but for the answer that says no.
    pub async fn send_raw(
        &self,
        method: Method,
        path: &str,
        query: Option<&[(&str, &str)]>,
        headers: &[(&str, &str)],
        body: Option<RawBody>,
        replay: Replay,
    ) -> CirrusResult<RawResponse> {
        let mut call = prepared(method, path, query, headers, replay)?;
        if let Some(body) = body {
            let content_type = HeaderValue::try_from(body.content_type).map_err(|_| {
                CirrusError::InvalidHeader("content-type: the value has characters none may have".into())
            })?;
            call = call.bytes(body.bytes, content_type);
        }
        let answer = self.call_for_any_answer(call).await?;
        Ok(RawResponse { status: answer.status.as_u16(), headers: answer.headers, body: answer.body })
    }

    /// A request with a token, to be completed and sent by the caller: as it stands, or by [`execute`](Self::execute), which
    /// replaces a token that is refused.
    ///
    /// # Errors
    /// A path that leads elsewhere, and a session without a token.
    pub async fn request_builder(&self, method: Method, path: &str) -> CirrusResult<RequestBuilder> {
        let url = self.exchange.address().resolve(path)?;
        let authorization = self.exchange.authorization_to_hand_out().await?;
        Ok(self.http_client().request(method, url).header(AUTHORIZATION, authorization))
    }

    /// Sends a request of the caller's own and hands over what comes, unread. If it carries a token of this session's (of
    /// [`request_builder`](Self::request_builder), or the current one) to its instance and is refused, it is sent once more with
    /// another; its body has to be one that can be sent again. Any other credential is left as it is. Nothing else is done: no
    /// retries, no governor.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn execute(&self, request: Request) -> CirrusResult<Response> {
        self.exchange.execute(request).await
    }
}
