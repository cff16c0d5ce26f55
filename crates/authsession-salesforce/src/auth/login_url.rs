//! Where logins happen, and the audience of assertions for there (RFC 7523 §3; Salesforce Help, "OAuth 2.0 JWT Bearer Flow").

use std::fmt;
use std::str::FromStr;

use url::Url;

use crate::auth::host::{self, MyDomain};
use crate::auth::transport::{is_loopback_host, is_secure_transport};
use crate::error::{CirrusError, CirrusResult};

/// Where production orgs and Developer Editions log in.
pub const PRODUCTION_LOGIN_URL: &str = "https://login.salesforce.com";
/// Where sandboxes and scratch orgs log in.
pub const SANDBOX_LOGIN_URL: &str = "https://test.salesforce.com";

const NAME: &str = "login_url";
/// What follows the login URL in every endpoint.
const ENDPOINTS: &str = "/services/oauth2";

/// The URL before `/services/oauth2/…`: one of the two hosts of all orgs, an org's My Domain, or a site with its path.
///
/// ```
/// use authsession_salesforce::auth::LoginUrl;
///
/// let login = LoginUrl::parse("https://acme--uat.sandbox.my.salesforce.com/")?;
/// assert_eq!(login.endpoint("token").as_str(), "https://acme--uat.sandbox.my.salesforce.com/services/oauth2/token");
/// assert_eq!(login.audience(), "https://test.salesforce.com");
/// # Ok::<(), authsession_salesforce::CirrusError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LoginUrl(Url);

impl LoginUrl {
    /// Reads a login URL. A trailing slash, a query and the path of an OAuth endpoint are dropped; the host of the user
    /// interface becomes the one of the API.
    ///
    /// # Errors
    /// [`CirrusError::Url`] when it is none, [`CirrusError::InsecureLoginUrl`] for plain http to a host that is not loopback,
    /// [`CirrusError::InvalidArgument`] for a user name or password in it.
    pub fn parse(text: &str) -> CirrusResult<Self> {
        let mut url = Url::parse(text.trim())?;
        if !url.has_host() || !matches!(url.scheme(), "https" | "http") {
            return Err(CirrusError::invalid_argument(NAME, "must be an https URL"));
        }
        if !is_secure_transport(&url) {
            return Err(CirrusError::InsecureLoginUrl { url: url.origin().ascii_serialization() });
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(CirrusError::invalid_argument(
                NAME,
                "must not carry a user name or password: leave them out",
            ));
        }
        url.set_query(None);
        url.set_fragment(None);
        let host = url.domain().map(|name| host::of_the_api(name).into_owned());
        if let Some(host) = host {
            url.set_host(Some(&host))?;
        }
        let path = url.path();
        let path = path.find(ENDPOINTS).map_or(path, |end| &path[..end]).trim_end_matches('/').to_owned();
        url.set_path(if host::serves_an_org(url.host_str().unwrap_or_default()) { "" } else { &path });
        Ok(Self(url))
    }

    /// The URL; its path is `/` where there is none.
    #[must_use]
    pub const fn url(&self) -> &Url {
        &self.0
    }

    /// The URL without a trailing slash.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str().trim_end_matches('/')
    }

    /// An OAuth endpoint: `token`, `authorize`, `revoke`, `introspect`, `userinfo`.
    #[must_use]
    pub fn endpoint(&self, name: &str) -> Url {
        let mut url = self.0.clone();
        url.set_path(&format!("{}{ENDPOINTS}/{name}", self.0.path().trim_end_matches('/')));
        url
    }

    /// Whether it is one of the two hosts all orgs share. They do not serve client credentials and token exchange.
    #[must_use]
    pub fn is_generic(&self) -> bool {
        matches!(self.as_str(), PRODUCTION_LOGIN_URL | SANDBOX_LOGIN_URL)
    }

    /// Whether the API of one org answers at the very same host: at its My Domain, and where a test plays an org.
    pub(crate) fn is_an_org(&self) -> bool {
        let host = self.0.host_str().unwrap_or_default();
        is_loopback_host(&self.0) || (host::serves_an_org(host) && !self.is_generic())
    }

    /// The audience (`aud`) of assertions: of a sandbox or scratch org [`SANDBOX_LOGIN_URL`], of any other org
    /// [`PRODUCTION_LOGIN_URL`], of a site, a host that is not Salesforce's or a cloud of its own (`.mil`, `.cn`) the login URL
    /// itself.
    #[must_use]
    pub fn audience(&self) -> &str {
        match self.realm() {
            Realm::Production => PRODUCTION_LOGIN_URL,
            Realm::Sandbox => SANDBOX_LOGIN_URL,
            Realm::Own => self.as_str(),
        }
    }

    /// What is odd about an audience chosen by hand for this login URL, if anything: it is for production where the login is
    /// a sandbox's, or the reverse.
    #[must_use]
    pub fn audience_hint(&self, audience: &str) -> Option<&'static str> {
        match (self.realm(), Self::parse(audience).ok()?.realm()) {
            (Realm::Sandbox, Realm::Production) => Some(
                "the audience is production's and the login URL a sandbox's: use https://test.salesforce.com as the audience",
            ),
            (Realm::Production, Realm::Sandbox) => Some(
                "the audience is a sandbox's and the login URL production's: use https://login.salesforce.com as the audience, or the sandbox's login URL",
            ),
            _ => None,
        }
    }

    fn realm(&self) -> Realm {
        let host = self.0.host_str().unwrap_or_default();
        if self.0.port().is_some() {
            return Realm::Own;
        }
        match MyDomain::of(host) {
            Some(org) if !org.is_commercial() => Realm::Own,
            Some(org) if org.is_sandbox() => Realm::Sandbox,
            Some(_) => Realm::Production,
            None if host == "test.salesforce.com" || host::is_sandbox_pod(host) => Realm::Sandbox,
            None if host.ends_with(".salesforce.com") => Realm::Production,
            None => Realm::Own,
        }
    }
}

/// Whose assertions are accepted there.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Realm {
    Production,
    Sandbox,
    Own,
}

impl FromStr for LoginUrl {
    type Err = CirrusError;

    fn from_str(text: &str) -> CirrusResult<Self> {
        Self::parse(text)
    }
}

impl fmt::Display for LoginUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}
