//! What a browser got: the last answer, and the way to it.

use http::HeaderMap;
use http::StatusCode;
use serde_json::Value;
use std::borrow::Cow;
use std::fmt;
use url::Url;

/// The answer at the end of a navigation or a fetch. `Debug` shows neither headers nor body.
#[derive(Clone)]
pub struct Page {
    /// Where it was found, after all redirects.
    pub url: Url,
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, unpacked.
    pub body: Vec<u8>,
    /// Every URL asked before `url`, in order; empty if nothing redirected.
    pub redirects: Vec<Url>,
    /// The `Set-Cookie` headers of each answer, in order; the last ones are this page's.
    pub set_cookies: Vec<Vec<String>>,
}

impl Page {
    /// The body as text.
    #[must_use]
    pub fn text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.body)
    }

    /// The body as JSON.
    ///
    /// # Errors
    ///
    /// When it is something else.
    pub fn json(&self) -> Result<Value, serde_json::Error> {
        serde_json::from_slice(&self.body)
    }

    /// A header's first value, if it is text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// Where the answer redirects to, if it does and nobody followed.
    #[must_use]
    pub fn location(&self) -> Option<Url> {
        self.url.join(self.header("location")?).ok()
    }

    /// Whether the way here led through this path, on whatever host.
    #[must_use]
    pub fn went_through(&self, path: &str) -> bool {
        self.redirects.iter().any(|url| url.path() == path)
    }
}

impl fmt::Debug for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = |url: &Url| format!("{}{}", url.origin().ascii_serialization(), url.path());
        f.debug_struct("Page")
            .field("url", &place(&self.url))
            .field("status", &self.status)
            .field("redirects", &self.redirects.iter().map(place).collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}
