//! What came back: read up to a limit, and understood as far as it is an error.

use std::mem;
use std::time::Duration;

use authsession_core::http::retry_after;
use bytes::{Bytes, BytesMut};
use http::header::{CONTENT_TYPE, LOCATION};
use http::{HeaderMap, StatusCode};
use serde::de::DeserializeOwned;

use crate::api_error::{ApiVerdict, classify};
use crate::error::{CirrusError, CirrusResult};
use crate::salesforce_error;

/// Of an answer that is an error no more is read.
pub(crate) const LARGEST_ERROR: usize = 256 * 1024;
/// Of it no more is kept.
const KEPT_OF_ERROR: usize = 2 * 1024;
/// Room for no more is made because a body's length is announced.
const MOST_AT_ONCE: usize = 4 << 20;

/// An answer with its whole body.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    /// The body as JSON; an empty one is `null`, as after 204.
    pub(crate) fn json<R: DeserializeOwned>(&self) -> CirrusResult<R> {
        let body: &[u8] = if self.body.trim_ascii().is_empty() { b"null" } else { &self.body };
        // Looking for UTF-8 once, not in every string, makes pages of records a fifth cheaper to read.
        let read =
            std::str::from_utf8(body).map_or_else(|_| serde_json::from_slice(body), serde_json::from_str);
        Ok(read?)
    }

    /// What it says about the session.
    pub(crate) fn verdict(&self) -> Option<ApiVerdict> {
        let content_type = self.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        classify(self.status.as_u16(), content_type, &self.body)
    }

    pub(crate) fn retry_after(&self) -> Option<Duration> {
        retry_after(&self.headers)
    }

    /// The error it is. The token it was asked with is taken out of what is kept.
    pub(crate) fn into_error(self, token: &str) -> CirrusError {
        let status = self.status.as_u16();
        let text = String::from_utf8_lossy(&self.body);
        let text = if token.is_empty() { text } else { text.replace(token, "[redacted]").into() };
        if self.status == StatusCode::MULTIPLE_CHOICES {
            let records = serde_json::from_str(&text).unwrap_or_default();
            return CirrusError::MultipleMatches { records };
        }
        let verdict = self.verdict();
        let errors = salesforce_error::read(&text);
        if self.status.is_redirection() && errors.is_empty() && verdict != Some(ApiVerdict::WrongInstance) {
            let whither = if self.headers.contains_key(LOCATION) { "elsewhere" } else { "nowhere" };
            return CirrusError::InvalidResponse(format!(
                "a redirect (status {status}) leads {whither}, and is not followed with a token: check the path and instance_url"
            ));
        }
        CirrusError::Api {
            status,
            raw: errors.is_empty().then(|| shortened(&text)).filter(|text| !text.is_empty()),
            errors,
            retry_after: self.retry_after(),
            verdict,
        }
    }
}

fn shortened(text: &str) -> String {
    let mut end = text.len().min(KEPT_OF_ERROR);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text[..end].to_owned()
}

/// Reads a body to its end, up to a limit.
pub(crate) async fn collect(response: &mut reqwest::Response, limit: Option<usize>) -> Result<Bytes, Unread> {
    let announced = response.content_length().and_then(|length| usize::try_from(length).ok());
    if let (Some(limit), Some(announced)) = (limit, announced)
        && announced > limit
    {
        return Err(Unread::TooLarge(limit));
    }
    // What comes in one piece is not put together.
    let (mut first, mut body) = (Bytes::new(), BytesMut::new());
    while let Some(chunk) = response.chunk().await.map_err(Unread::Failed)? {
        if let Some(limit) = limit
            && first.len() + body.len() + chunk.len() > limit
        {
            return Err(Unread::TooLarge(limit));
        }
        if first.is_empty() && body.is_empty() {
            first = chunk;
            continue;
        }
        if body.is_empty() {
            body.reserve(announced.unwrap_or_default().min(MOST_AT_ONCE));
        }
        body.extend_from_slice(&mem::take(&mut first));
        body.extend_from_slice(&chunk);
    }
    Ok(if body.is_empty() { first } else { body.freeze() })
}

/// Reads an error's body: what is beyond the limit, or does not come, is not missed.
pub(crate) async fn collect_error(response: &mut reqwest::Response) -> Bytes {
    let mut body = BytesMut::new();
    while let Ok(Some(chunk)) = response.chunk().await {
        let room = LARGEST_ERROR - body.len();
        body.extend_from_slice(&chunk[..chunk.len().min(room)]);
        if body.len() == LARGEST_ERROR {
            break;
        }
    }
    body.freeze()
}

/// Why a body was not read.
pub(crate) enum Unread {
    TooLarge(usize),
    Failed(reqwest::Error),
}
