//! Which URLs a secret may travel to, and by which client; and the request that ends a token.

use authsession_core::client_auth::{Client, ClientAuth};
use authsession_core::clock::Clock;
use authsession_core::http::{HttpClient, client_builder, is_loopback};
use authsession_core::secret::Secret;
use url::Url;

use crate::auth::login_url::LoginUrl;
use crate::auth::org::Org;
use crate::auth::settings::{DEFAULT_TOKEN_CONNECT_TIMEOUT, DEFAULT_TOKEN_REQUEST_TIMEOUT};
use crate::error::CirrusResult;

/// Whether the URL's host is this machine by its very name: `localhost`, `127.0.0.0/8`, `[::1]`.
#[must_use]
pub fn is_loopback_host(url: &Url) -> bool {
    is_loopback(url)
}

/// Whether nobody on the way can read what is sent there: https, or http that does not leave this machine.
///
/// ```
/// use authsession_salesforce::auth::transport::is_secure_transport;
///
/// assert!(is_secure_transport(&"https://example.my.salesforce.com".parse()?));
/// assert!(is_secure_transport(&"http://127.0.0.1:8080".parse()?));
/// assert!(!is_secure_transport(&"http://example.my.salesforce.com".parse()?));
/// # Ok::<(), url::ParseError>(())
/// ```
#[must_use]
pub fn is_secure_transport(url: &Url) -> bool {
    is_secure_transport_for(url, false)
}

/// [`is_secure_transport`], where requests may go through a proxy: plain http then leaves this machine whatever the host.
#[must_use]
pub fn is_secure_transport_for(url: &Url, proxied: bool) -> bool {
    url.scheme() == "https" || (url.scheme() == "http" && !proxied && is_loopback(url))
}

/// What a client for Salesforce's OAuth endpoints begins with: no redirects, the default timeouts. For programs that need more,
/// such as a proxy, before they hand the client to a flow's `http_client`.
pub fn token_client_builder() -> reqwest::ClientBuilder {
    client_builder().connect_timeout(DEFAULT_TOKEN_CONNECT_TIMEOUT).timeout(DEFAULT_TOKEN_REQUEST_TIMEOUT)
}

/// Revokes a token: a refresh token with all that came of it, or an access token (RFC 7009). A token Salesforce does not know
/// counts as revoked.
///
/// # Errors
/// A login URL that cannot be used, and what the request came to.
pub async fn revoke_token(http: &reqwest::Client, login_url: &str, token: &str) -> CirrusResult<()> {
    let org = Org::new(LoginUrl::parse(login_url)?, HttpClient::over(http.clone()), Clock::system())?;
    let nobody = Client { id: String::new(), auth: ClientAuth::Omitted };
    org.revoke(&nobody, &Secret::from(token)).await
}
