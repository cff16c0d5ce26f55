//! Where a token may go: to the origins it is meant for and nowhere else (RFC 6750 §5.2, RFC 6454 §4).

use std::sync::Arc;

use http::Uri;
use url::Url;

use crate::error::Error;
use crate::http::is_loopback;

/// The base URLs of an API. Cheap to clone.
///
/// URLs are compared as browsers read them (WHATWG): by scheme, host and port and, where a base URL has a path, by that path
/// as a prefix of whole segments. A URL with a user name or password is never within.
///
/// ```
/// use authsession_core::bearer::origin::Origins;
/// use url::Url;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let api = Origins::any_of(["https://api.example/v2", "https://files.example"])?;
/// assert!(api.cover(&Url::parse("https://api.example:443/v2/orders?page=2")?));
/// assert!(!api.cover(&Url::parse("https://api.example/v1/orders")?));
/// assert!(!api.cover(&Url::parse("https://files.example@evil.example/")?));
/// assert!(!api.cover(&Url::parse("http://files.example/")?));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origins(Arc<[Url]>);

impl Origins {
    /// The origin of one base URL: `https://api.example`, or `https://api.example/v2` for what is below that path only.
    ///
    /// # Errors
    /// [`Error::Misconfigured`] unless it is an absolute https URL (http on a loopback host) without user name, password, query
    /// and fragment.
    pub fn of(base_url: &str) -> Result<Self, Error> {
        Self::any_of([base_url])
    }

    /// The origins of several base URLs.
    ///
    /// # Errors
    /// As [`of`](Self::of), and when there is none.
    pub fn any_of<'a>(base_urls: impl IntoIterator<Item = &'a str>) -> Result<Self, Error> {
        let bases = base_urls.into_iter().map(parse).collect::<Result<Arc<[Url]>, Error>>()?;
        if bases.is_empty() {
            return Err(Error::misconfigured("name at least one base URL the token may be sent to"));
        }
        Ok(Self(bases))
    }

    /// Whether a token may go to this URL.
    #[must_use]
    pub fn cover(&self, url: &Url) -> bool {
        has_no_credentials(url) && self.0.iter().any(|base| is_same_origin(base, url) && is_below(base, url))
    }

    /// The same, of a URI; a relative one is not covered.
    ///
    /// Its host has to be spelled as the URL's is, so that whatever connects to it reads no other host.
    #[must_use]
    pub fn cover_uri(&self, uri: &Uri) -> bool {
        let (Some(authority), Ok(url)) = (uri.authority(), Url::parse(&uri.to_string())) else {
            return false;
        };
        let is_read_alike = url.host_str().is_some_and(|host| host.eq_ignore_ascii_case(authority.host()));
        is_read_alike && !authority.as_str().contains('@') && self.cover(&url)
    }
}

fn parse(base_url: &str) -> Result<Url, Error> {
    let base = Url::parse(base_url)
        .map_err(|_| Error::misconfigured("an API's base URL must be an absolute URL"))?;
    let is_safe = base.scheme() == "https" || (base.scheme() == "http" && is_loopback(&base));
    if !is_safe {
        return Err(Error::misconfigured("an API's base URL must be https (http only on a loopback host)"));
    }
    if !has_no_credentials(&base) || base.query().is_some() || base.fragment().is_some() {
        return Err(Error::misconfigured(
            "an API's base URL must have no user name, password, query or fragment",
        ));
    }
    Ok(base)
}

fn has_no_credentials(url: &Url) -> bool {
    url.username().is_empty() && url.password().is_none()
}

pub(super) fn is_same_origin(one: &Url, other: &Url) -> bool {
    one.scheme() == other.scheme()
        && one.host_str() == other.host_str()
        && one.port_or_known_default() == other.port_or_known_default()
}

/// Whether the path is the base's or below it, whatever the server makes of escapes.
fn is_below(base: &Url, url: &Url) -> bool {
    let prefix = base.path().trim_end_matches('/');
    let Some(rest) = url.path().strip_prefix(prefix) else { return false };
    if prefix.is_empty() {
        return true;
    }
    // The parser has resolved `..` and `%2e%2e`. Servers may unescape slashes first, and some drop what follows a `;`.
    let unescaped = rest.to_ascii_lowercase().replace("%2e", ".").replace("%2f", "/").replace("%5c", "/");
    (rest.is_empty() || rest.starts_with('/')) && unescaped.split(['/', ';']).all(|segment| segment != "..")
}
