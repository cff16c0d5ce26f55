//! What is asked of Salesforce, so that it can be asked again.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, IF_MODIFIED_SINCE, IF_UNMODIFIED_SINCE};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use reqwest::multipart::Form;
use serde::Serialize;

use crate::error::{CirrusError, CirrusResult};
use crate::exchange::retry::Replay;
use crate::http_date::http_date;

/// One call. Cheap to send more than once: bodies are shared or made anew.
#[derive(Clone, Debug)]
pub(crate) struct Call<'a> {
    pub(crate) method: Method,
    path: Cow<'a, str>,
    query: String,
    pub(crate) headers: HeaderMap,
    pub(crate) payload: Payload,
    pub(crate) replay: Replay,
}

#[derive(Clone)]
pub(crate) enum Payload {
    None,
    Bytes(Bytes),
    /// Made anew for each attempt.
    Form(Arc<dyn Fn() -> CirrusResult<Form> + Send + Sync>),
    /// Made anew for each attempt.
    Stream(Arc<dyn Fn() -> CirrusResult<reqwest::Body> + Send + Sync>),
}

impl<'a> Call<'a> {
    pub(crate) fn new(method: Method, path: impl Into<Cow<'a, str>>) -> Self {
        Self {
            method,
            path: path.into(),
            query: String::new(),
            headers: HeaderMap::new(),
            payload: Payload::None,
            replay: Replay::ByMethod,
        }
    }

    pub(crate) fn get(path: impl Into<Cow<'a, str>>) -> Self {
        Self::new(Method::GET, path)
    }

    pub(crate) fn post(path: impl Into<Cow<'a, str>>) -> Self {
        Self::new(Method::POST, path)
    }

    pub(crate) fn patch(path: impl Into<Cow<'a, str>>) -> Self {
        Self::new(Method::PATCH, path)
    }

    pub(crate) fn delete(path: impl Into<Cow<'a, str>>) -> Self {
        Self::new(Method::DELETE, path)
    }

    /// Adds parameters, as a form writes them.
    pub(crate) fn query<Q: Serialize + ?Sized>(mut self, query: &Q) -> CirrusResult<Self> {
        let pairs = serde_urlencoded::to_string(query).map_err(|_| {
            CirrusError::invalid_input("query", "cannot be written as a query: give names and single values")
        })?;
        if !self.query.is_empty() && !pairs.is_empty() {
            self.query.push('&');
        }
        self.query.push_str(&pairs);
        Ok(self)
    }

    /// Adds one parameter.
    pub(crate) fn parameter(mut self, name: &str, value: &str) -> Self {
        // Some of its characters take three.
        self.query.reserve(name.len() + value.len() * 3 / 2 + 2);
        if !self.query.is_empty() {
            self.query.push('&');
        }
        self.query.extend(url::form_urlencoded::byte_serialize(name.as_bytes()));
        self.query.push('=');
        self.query.extend(url::form_urlencoded::byte_serialize(value.as_bytes()));
        self
    }

    pub(crate) fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    /// Adds headers of the caller's. `Authorization` is the session's business.
    pub(crate) fn headers(mut self, headers: &[(&str, &str)]) -> CirrusResult<Self> {
        for (name, value) in headers {
            let name = HeaderName::try_from(*name).map_err(|_| {
                CirrusError::InvalidHeader("a header's name has characters none may have".into())
            })?;
            if name == http::header::AUTHORIZATION {
                return Err(CirrusError::InvalidHeader(
                    "authorization is set by the session: leave it out".into(),
                ));
            }
            let value = HeaderValue::try_from(*value).map_err(|_| {
                CirrusError::InvalidHeader(format!("{name}: the value has characters none may have"))
            })?;
            self.headers.insert(name, value);
        }
        Ok(self)
    }

    /// Texts as they are: some APIs escape them for web pages unless told not to (Connect REST API Developer Guide, "Response
    /// Body Encoding").
    pub(crate) fn unescaped(self) -> Self {
        self.header(HeaderName::from_static("x-chatter-entity-encoding"), HeaderValue::from_static("false"))
    }

    pub(crate) fn if_modified_since(self, since: SystemTime) -> CirrusResult<Self> {
        Ok(self.header(IF_MODIFIED_SINCE, since_header(since)?))
    }

    pub(crate) fn if_unmodified_since(self, since: SystemTime) -> CirrusResult<Self> {
        Ok(self.header(IF_UNMODIFIED_SINCE, since_header(since)?))
    }

    pub(crate) fn json<B: Serialize + ?Sized>(self, body: &B) -> CirrusResult<Self> {
        Ok(self.bytes(json(body)?, HeaderValue::from_static("application/json")))
    }

    pub(crate) fn bytes(mut self, body: Bytes, content_type: HeaderValue) -> Self {
        self.headers.insert(CONTENT_TYPE, content_type);
        self.payload = Payload::Bytes(body);
        self
    }

    pub(crate) fn form(mut self, make: impl Fn() -> CirrusResult<Form> + Send + Sync + 'static) -> Self {
        self.payload = Payload::Form(Arc::new(make));
        self
    }

    pub(crate) fn stream(
        mut self,
        content_type: HeaderValue,
        make: impl Fn() -> CirrusResult<reqwest::Body> + Send + Sync + 'static,
    ) -> Self {
        self.headers.insert(CONTENT_TYPE, content_type);
        self.payload = Payload::Stream(Arc::new(make));
        self
    }

    pub(crate) fn replay(mut self, replay: Replay) -> Self {
        self.replay = replay;
        self
    }

    pub(crate) fn is_repeatable(&self) -> bool {
        self.replay.allows(&self.method)
    }

    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    /// As a form writes them.
    pub(crate) fn parameters(&self) -> &str {
        &self.query
    }
}

/// A body as JSON.
pub(crate) fn json<B: Serialize + ?Sized>(body: &B) -> CirrusResult<Bytes> {
    serde_json::to_vec(body).map(Bytes::from).map_err(|_| {
        CirrusError::invalid_input(
            "body",
            "cannot be written as JSON: its keys must be texts, and its numbers finite",
        )
    })
}

/// Names as one parameter has them.
pub(crate) fn list(argument: &'static str, names: &[impl AsRef<str>]) -> CirrusResult<String> {
    let names: Vec<&str> = names.iter().map(AsRef::as_ref).collect();
    let is_name = |name: &&str| {
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.".contains(&byte))
    };
    if names.is_empty() || !names.iter().all(is_name) {
        return Err(CirrusError::invalid_input(
            argument,
            "has no name in it, or one with other signs than letters, digits, `_` and `.`",
        ));
    }
    Ok(names.join(","))
}

/// A time a condition goes by.
fn since_header(since: SystemTime) -> CirrusResult<HeaderValue> {
    http_date(since).and_then(|date| HeaderValue::try_from(date).ok()).ok_or_else(|| {
        CirrusError::invalid_input("since", "is out of the range HTTP has dates for (1970 to 9999)")
    })
}

impl fmt::Debug for Payload {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::None => "None",
            Self::Bytes(_) => "Bytes",
            Self::Form(_) => "Form",
            Self::Stream(_) => "Stream",
        })
    }
}
