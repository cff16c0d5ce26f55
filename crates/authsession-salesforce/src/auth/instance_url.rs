//! The base URL of one org's API.

use std::fmt;
use std::str::FromStr;

use url::{Host, Url};

use crate::auth::host;
use crate::auth::login_url::LoginUrl;
use crate::auth::transport::is_secure_transport;
use crate::error::{CirrusError, CirrusResult};

const NAME: &str = "instance_url";

/// An org's base URL, written in one way: scheme, host and a port that is not the default one.
///
/// What people copy from the browser is understood: a path is dropped, and the host of the user interface becomes the one
/// of the API.
///
/// ```
/// use authsession_salesforce::auth::InstanceUrl;
///
/// let copied = "https://Acme--UAT.sandbox.lightning.force.com/lightning/page/home";
/// assert_eq!(InstanceUrl::parse(copied)?.as_str(), "https://acme--uat.sandbox.my.salesforce.com");
/// # Ok::<(), authsession_salesforce::CirrusError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct InstanceUrl(Box<str>);

impl InstanceUrl {
    /// Reads a URL somebody configured.
    ///
    /// # Errors
    /// [`CirrusError::Url`] when it is none, [`CirrusError::InvalidArgument`] for plain http to a host that is not loopback,
    /// and for a user name or password in it.
    pub fn parse(text: &str) -> CirrusResult<Self> {
        let url = Url::parse(text.trim())?;
        if !is_secure_transport(&url) {
            return Err(CirrusError::invalid_argument(NAME, "must be https (http only on a loopback host)"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(CirrusError::invalid_argument(
                NAME,
                "must not carry a user name or password: leave them out",
            ));
        }
        origin(&url).map(Self).ok_or_else(|| {
            CirrusError::invalid_argument(NAME, "has no host name: write https:// and the host")
        })
    }

    /// Takes over the URL a token answer names, when none was configured: an org of Salesforce's, or the very host the
    /// login was at.
    ///
    /// # Errors
    /// [`CirrusError::Untrusted`] for any other.
    pub fn learn(returned: &str, login: &LoginUrl) -> CirrusResult<Self> {
        let learned = Self::returned(returned)?;
        if learned.is_salesforce() || Self::parse(login.as_str()).is_ok_and(|login| login == learned) {
            Ok(learned)
        } else {
            Err(CirrusError::Untrusted("the token answer's instance_url is not a Salesforce host".into()))
        }
    }

    /// Reads what a token answer says; which org it is has still to be checked.
    pub(crate) fn returned(text: &str) -> CirrusResult<Self> {
        Self::parse(text)
            .map_err(|_| CirrusError::Untrusted("the token answer's instance_url is not an https URL".into()))
    }

    /// The URL, without a trailing slash.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The host name; an IPv6 address in brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        let rest = self.0.split_once("://").map_or(&*self.0, |(_, rest)| rest);
        let port = rest.rfind(':').filter(|colon| !rest[*colon..].contains(']'));
        &rest[..port.unwrap_or(rest.len())]
    }

    /// Whether the host is one of Salesforce's that serve orgs, at https and the default port.
    #[must_use]
    pub fn is_salesforce(&self) -> bool {
        self.0.strip_prefix("https://").is_some_and(host::serves_an_org)
    }

    pub(crate) fn is_loopback(&self) -> bool {
        Url::parse(&self.0).is_ok_and(|url| authsession_core::http::is_loopback(&url))
    }
}

/// Scheme, host and port as the URL standard writes them, with the API's host.
fn origin(url: &Url) -> Option<Box<str>> {
    let scheme = url.scheme();
    let host = match url.host()? {
        Host::Domain(name) if url.port().is_none() => host::of_the_api(name).into_owned(),
        Host::Domain(name) => name.strip_suffix('.').unwrap_or(name).to_owned(),
        address => address.to_string(),
    };
    if host.split('.').any(str::is_empty) {
        return None;
    }
    let origin = match url.port() {
        Some(port) => format!("{scheme}://{host}:{port}"),
        None => format!("{scheme}://{host}"),
    };
    Some(origin.into())
}

impl FromStr for InstanceUrl {
    type Err = CirrusError;

    fn from_str(text: &str) -> CirrusResult<Self> {
        Self::parse(text)
    }
}

impl fmt::Display for InstanceUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}
