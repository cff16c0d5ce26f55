//! What came back: read up to a limit, and understood as far as it is an error.

use std::mem;
use std::time::Duration;

use authsession_core::http::retry_after;
use bytes::{Bytes, BytesMut};
use http::header::{CONTENT_TYPE, LOCATION};
use http::{HeaderMap, StatusCode};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::error::api_error::{self, ApiVerdict, classify};
use crate::error::error_body;
use crate::error::{CirrusError, CirrusResult};

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
    /// Whether it is to a call whose answer was lost before.
    pub(crate) repeated: bool,
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
        classify(self.status.as_u16(), self.content_type(), &self.body)
    }

    /// Whether Salesforce itself says so, and so has done nothing.
    pub(crate) fn says_that_the_session_is_over(&self) -> bool {
        api_error::says_that_the_session_is_over(self.status.as_u16(), self.content_type(), &self.body)
    }

    fn content_type(&self) -> Option<&str> {
        self.headers.get(CONTENT_TYPE)?.to_str().ok()
    }

    pub(crate) fn retry_after(&self) -> Option<Duration> {
        retry_after(&self.headers)
    }

    /// The error it is. The token it was asked with is taken out of what is kept.
    pub(crate) fn into_error(self, token: &str) -> CirrusError {
        let status = self.status.as_u16();
        let text = String::from_utf8_lossy(&self.body);
        let secret = Reflected::of(token);
        if self.status == StatusCode::MULTIPLE_CHOICES {
            let mut records: Vec<Value> = serde_json::from_str(&text).unwrap_or_default();
            records.iter_mut().for_each(|record| secret.take_out_of(record));
            return CirrusError::MultipleMatches { records };
        }
        let verdict = self.verdict();
        let mut errors = error_body::read(&text);
        // Once they are read: what is escaped in the text would not be found there.
        for error in &mut errors {
            let texts = [&mut error.message, &mut error.error_code].into_iter().chain(&mut error.fields);
            texts.for_each(|text| secret.take_out(text));
            error.extra.values_mut().for_each(|value| secret.take_out_of(value));
        }
        let mut text = text.into_owned();
        secret.take_out(&mut text);
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
            repeated: self.repeated,
        }
    }
}

/// The token, should an answer repeat it.
struct Reflected<'a>(Vec<&'a str>);

impl<'a> Reflected<'a> {
    /// What follows the org's id is the secret, and looked for by itself: escapes may part the two.
    fn of(token: &'a str) -> Self {
        let secret = token.split_once('!').map(|(_, secret)| secret).filter(|secret| secret.len() > 15);
        Self([Some(token), secret].into_iter().flatten().filter(|part| !part.is_empty()).collect())
    }

    fn take_out(&self, text: &mut String) {
        for part in &self.0 {
            if text.contains(part) {
                *text = text.replace(part, "[redacted]");
            }
        }
    }

    fn take_out_of(&self, value: &mut Value) {
        match value {
            Value::String(text) => self.take_out(text),
            Value::Array(items) => items.iter_mut().for_each(|item| self.take_out_of(item)),
            Value::Object(members) => members.values_mut().for_each(|member| self.take_out_of(member)),
            _ => {}
        }
    }
}

/// A header's text; `null` is none.
pub(crate) fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok().filter(|text| !text.is_empty() && *text != "null")
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

/// Reads an error's body, and says whether that is all of it: what is beyond the limit, or does not come, is not missed.
pub(crate) async fn collect_error(response: &mut reqwest::Response) -> (Bytes, Rest) {
    let mut body = BytesMut::new();
    loop {
        match response.chunk().await {
            Ok(None) => return (body.freeze(), Rest::Nothing),
            Ok(Some(chunk)) => {
                body.extend_from_slice(&chunk);
                if body.len() > LARGEST_ERROR {
                    return (body.freeze(), Rest::ToCome);
                }
            }
            Err(error) => return (body.freeze(), Rest::Missing(error)),
        }
    }
}

/// What there is of a body beyond what was read.
pub(crate) enum Rest {
    Nothing,
    ToCome,
    Missing(reqwest::Error),
}

/// Why a body was not read.
pub(crate) enum Unread {
    TooLarge(usize),
    Failed(reqwest::Error),
}
