//! A request as the endpoints see it, and what they answer.

use crate::bodies::Chunks;
use crate::endpoint::Endpoint;
use crate::forgery::Forgery;
use crate::journal::Exchange;
use crate::journal::value_of;
use bytes::Bytes;
use http::Method;
use serde_json::Value;
use serde_json::json;

/// A request, decoded.
pub(crate) struct Inquiry<E = Endpoint> {
    pub(crate) exchange: Exchange<E>,
    pub(crate) forgery: Option<Forgery>,
}

impl<E> Inquiry<E> {
    pub(crate) fn is_post(&self) -> bool {
        self.exchange.method == Method::POST
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.exchange.header(name)
    }

    pub(crate) fn form(&self, name: &str) -> Option<&str> {
        value_of(&self.exchange.form, name)
    }

    /// A parameter of the query or, failing that, of the form.
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        self.exchange.query_value(name).or_else(|| self.form(name))
    }

    pub(crate) fn parameters(&self) -> impl Iterator<Item = &(String, String)> {
        self.exchange.query.iter().chain(&self.exchange.form)
    }

    pub(crate) fn cookie(&self, name: &str) -> Option<&str> {
        let pairs = self.header("cookie")?.split(';');
        pairs
            .filter_map(|pair| pair.trim().split_once('='))
            .find(|(key, _)| *key == name)
            .map(|(_, value)| value)
    }

    pub(crate) fn bearer(&self) -> Option<&str> {
        let (scheme, token) = self.header("authorization")?.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then_some(token)
    }
}

/// An answer before it is a response.
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Bytes,
    /// What is sent instead of `body`, made while it is sent.
    pub(crate) chunks: Option<Chunks>,
}

impl Reply {
    pub(crate) fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Bytes::new(), chunks: None }
    }

    pub(crate) fn json(status: u16, body: &Value) -> Self {
        Self::empty(status).body(body.to_string()).header("content-type", "application/json")
    }

    pub(crate) fn html(status: u16, body: String) -> Self {
        Self::empty(status)
            .body(body)
            .header("content-type", "text/html; charset=utf-8")
            .header("cache-control", "no-store")
            .header(
                "content-security-policy",
                "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'",
            )
    }

    pub(crate) fn text(status: u16, content_type: &str, body: String) -> Self {
        Self::empty(status).body(body).header("content-type", content_type)
    }

    pub(crate) fn streamed(content_type: &str, chunks: Chunks) -> Self {
        Self { chunks: Some(chunks), ..Self::empty(200) }.header("content-type", content_type)
    }

    pub(crate) fn redirect(to: &str) -> Self {
        Self::empty(303).header("location", to).header("cache-control", "no-store")
    }

    /// An OAuth error (RFC 6749 §5.2).
    pub(crate) fn error(status: u16, code: &str, description: &str) -> Self {
        Self::json(status, &json!({ "error": code, "error_description": description })).no_store()
    }

    pub(crate) fn no_store(self) -> Self {
        self.header("cache-control", "no-store").header("pragma", "no-cache")
    }

    pub(crate) fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    fn body(mut self, body: String) -> Self {
        self.body = body.into();
        self
    }
}
