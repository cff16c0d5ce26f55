//! What a provider says about itself, or is said about it by hand (OpenID Connect Discovery 1.0 §3, RFC 8414 §2).

use std::sync::Arc;

use serde::Deserialize;
use url::Url;

use crate::error::Error;
use crate::http::HttpClient;
use crate::tenant::TenantIssuers;

/// What a provider says about itself. The names are those of the discovery document.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct ProviderMetadata {
    /// The issuer; a plain OAuth 2.0 provider has none, and one with an issuer for each tenant names their template here: ask
    /// [`is_issuer`](Self::is_issuer).
    pub issuer: Option<String>,
    /// Where the browser is sent to sign in; absent when no grant of the provider's uses a browser.
    pub authorization_endpoint: Option<Url>,
    /// Where grants are redeemed.
    pub token_endpoint: Url,
    /// Where the keys are; without it no ID token can be verified.
    pub jwks_uri: Option<Url>,
    /// Where an access token is exchanged for the user's claims.
    pub userinfo_endpoint: Option<Url>,
    /// Where a token is revoked (RFC 7009).
    pub revocation_endpoint: Option<Url>,
    /// Where a token is looked into (RFC 7662).
    pub introspection_endpoint: Option<Url>,
    /// Where a device asks for a code to show its user (RFC 8628).
    pub device_authorization_endpoint: Option<Url>,
    /// Where the user signs out at the provider (RP-Initiated Logout 1.0).
    pub end_session_endpoint: Option<Url>,
    /// Whether every authorization response carries `iss` (RFC 9207 §3).
    #[serde(default)]
    pub authorization_response_iss_parameter_supported: bool,
    /// How clients may authenticate; absent means nothing is known.
    pub token_endpoint_auth_methods_supported: Option<Vec<String>>,
    /// Whose issuers those of the provider are, if it has one for each tenant.
    #[serde(skip)]
    pub(crate) tenants: Option<Arc<TenantIssuers>>,
}

impl ProviderMetadata {
    /// A provider described by hand; `None` without the one endpoint each has, where grants are redeemed.
    #[must_use]
    pub fn by_hand(endpoints: Endpoints) -> Option<Self> {
        Some(Self {
            issuer: None,
            authorization_endpoint: endpoints.authorization,
            token_endpoint: endpoints.token?,
            jwks_uri: endpoints.jwks,
            userinfo_endpoint: endpoints.userinfo,
            revocation_endpoint: endpoints.revocation,
            introspection_endpoint: endpoints.introspection,
            device_authorization_endpoint: endpoints.device_authorization,
            end_session_endpoint: endpoints.end_session,
            authorization_response_iss_parameter_supported: false,
            token_endpoint_auth_methods_supported: None,
            tenants: None,
        })
    }

    /// Whether that is an issuer of this provider, to the letter: its only one, or that of a tenant admitted.
    #[must_use]
    pub fn is_issuer(&self, issuer: &str) -> bool {
        match &self.tenants {
            Some(tenants) => tenants.admits(issuer),
            None => self.issuer.as_deref() == Some(issuer),
        }
    }

    /// The issuer, of a provider that has exactly one.
    #[must_use]
    pub fn sole_issuer(&self) -> Option<&str> {
        self.issuer.as_deref().filter(|_| self.tenants.is_none())
    }

    /// Puts endpoints given by hand in place of those announced.
    pub(super) fn overlay(&mut self, endpoints: Endpoints) {
        if let Some(url) = endpoints.token {
            self.token_endpoint = url;
        }
        for (announced, by_hand) in [
            (&mut self.authorization_endpoint, endpoints.authorization),
            (&mut self.jwks_uri, endpoints.jwks),
            (&mut self.userinfo_endpoint, endpoints.userinfo),
            (&mut self.revocation_endpoint, endpoints.revocation),
            (&mut self.introspection_endpoint, endpoints.introspection),
            (&mut self.device_authorization_endpoint, endpoints.device_authorization),
            (&mut self.end_session_endpoint, endpoints.end_session),
        ] {
            if by_hand.is_some() {
                *announced = by_hand;
            }
        }
    }

    pub(super) fn check(&self, http: &HttpClient) -> Result<(), Error> {
        let optional = [
            &self.authorization_endpoint,
            &self.jwks_uri,
            &self.userinfo_endpoint,
            &self.revocation_endpoint,
            &self.introspection_endpoint,
            &self.device_authorization_endpoint,
            &self.end_session_endpoint,
        ];
        std::iter::once(&self.token_endpoint)
            .chain(optional.into_iter().flatten())
            .try_for_each(|url| http.check_url(url))
    }
}

/// Endpoints given by hand: all of a provider's, or those that differ from what it announces.
#[derive(Clone, Debug, Default)]
#[expect(missing_docs, reason = "each is the endpoint of that name in `ProviderMetadata`")]
pub struct Endpoints {
    pub authorization: Option<Url>,
    pub token: Option<Url>,
    pub jwks: Option<Url>,
    pub userinfo: Option<Url>,
    pub revocation: Option<Url>,
    pub introspection: Option<Url>,
    pub device_authorization: Option<Url>,
    pub end_session: Option<Url>,
}
