//! Looking at what a provider publishes, as it is, for tools that examine a set-up (OpenID Connect Discovery 1.0 §4, RFC 7517
//! §5). Nothing secret is sent, and nothing that comes back is believed.

use std::fmt;

use http::header::{AGE, CONTENT_TYPE, DATE, LOCATION};
use http::{HeaderMap, HeaderName};
use serde_json::{Map, Value};
use url::Url;

use crate::clock::{Clock, Timestamp};
use crate::error::{Endpoint, Error};
use crate::http::{Answer, HttpClient};
use crate::json;
use crate::jwks;
use crate::jws::Algorithm;

/// What came back, whatever its status.
pub struct Published {
    answer: Answer,
    clock_offset: Option<i64>,
}

/// Asks for what is there. Redirects are not followed.
///
/// ```no_run
/// use authsession_core::clock::Clock;
/// use authsession_core::error::Endpoint;
/// use authsession_core::examine::{look, usable_with};
/// use authsession_core::http::HttpClient;
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let http = HttpClient::builder().build()?;
/// let keys = "https://login.example.com/keys".parse()?;
/// let published = look(&http, Endpoint::Jwks, &keys, &Clock::system()).await?;
/// let set = published.object().ok_or("that is no key set")?;
/// let fit = set["keys"].as_array().map_or(0, |keys| keys.iter().filter(|key| !usable_with(key).is_empty()).count());
/// println!("{fit} keys can verify ID tokens");
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// [`Error::Unavailable`] when nothing came back, or more than is read; [`Error::Misconfigured`] for a URL that is not https (or
/// http on a loopback host).
pub async fn look(
    http: &HttpClient,
    endpoint: Endpoint,
    url: &Url,
    clock: &Clock,
) -> Result<Published, Error> {
    let asked = clock.now();
    let answer = http.look(endpoint, url).await?;
    let clock_offset = clock_offset(&answer.headers, asked, clock.now());
    Ok(Published { answer, clock_offset })
}

impl Published {
    /// The status of the answer.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.answer.status.as_u16()
    }

    /// How many milliseconds the provider's clock is ahead of ours, give or take one second; negative when it is behind. `None`
    /// where the answer has no `Date` (RFC 9110 §6.6.1).
    #[must_use]
    pub const fn clock_offset_millis(&self) -> Option<i64> {
        self.clock_offset
    }

    /// Where a redirect leads.
    #[must_use]
    pub fn redirects_to(&self) -> Option<&str> {
        self.answer.status.is_redirection().then(|| text(&self.answer.headers, &LOCATION)).flatten()
    }

    /// What the answer calls itself, such as `application/json`.
    #[must_use]
    pub fn media_type(&self) -> Option<&str> {
        text(&self.answer.headers, &CONTENT_TYPE)
    }

    /// The JSON object in it; `None` for anything else, and where a name stands twice.
    #[must_use]
    pub fn object(&self) -> Option<Map<String, Value>> {
        json::object(self.answer.json().ok()?)
    }
}

impl fmt::Debug for Published {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Published")
            .field("status", &self.status())
            .field("clock_offset_millis", &self.clock_offset)
            .finish_non_exhaustive()
    }
}

/// What a key of a key set would be used to verify here; nothing, for one that is left out.
#[must_use]
pub fn usable_with(key: &Value) -> Vec<Algorithm> {
    jwks::usable_with(key)
}

/// The provider dated its answer somewhere between our asking and its arrival; a cache may have kept it since.
fn clock_offset(headers: &HeaderMap, asked: Timestamp, answered: Timestamp) -> Option<i64> {
    let date = Timestamp::from(httpdate::parse_http_date(text(headers, &DATE)?).ok()?);
    let age = text(headers, &AGE).and_then(|age| age.trim().parse::<i64>().ok()).unwrap_or_default();
    let (asked, answered) = (asked.unix_millis(), answered.unix_millis());
    let middle = asked.saturating_add(answered.saturating_sub(asked).max(0) / 2);
    // A date stands for the whole second that begins with it.
    let theirs = date.unix_millis().saturating_add(500).saturating_add(age.saturating_mul(1000));
    Some(theirs.saturating_sub(middle))
}

fn text<'headers>(headers: &'headers HeaderMap, name: &HeaderName) -> Option<&'headers str> {
    headers.get(name)?.to_str().ok()
}
