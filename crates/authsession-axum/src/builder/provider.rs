//! Setters for the provider: by its issuer, or by its endpoints.

use std::time::Duration;

use authsession_core::clock;
use authsession_core::jws::Algorithm;
use authsession_core::provider::{Endpoints, Provider};

use crate::builder::OAuthConfigurationBuilder;
use crate::errors::Error;

const DISCOVERY_AT_START: Duration = Duration::from_secs(5);

impl OAuthConfigurationBuilder {
    /// The provider's issuer. Its endpoints and keys are discovered (OpenID Connect Discovery 1.0): now if it answers, else
    /// when first needed; a provider that is away does not keep the application from starting. An endpoint set by hand goes
    /// before the one discovered. What this request needs too (a custom CA, time-outs, `danger_allow_http`) is set before.
    ///
    /// # Errors
    /// [`Error::Misconfigured`] when it is no https URL, or no provider is found there; [`Error::SignInFailed`] when the
    /// document found names another issuer.
    pub async fn with_issuer(mut self, issuer: &str) -> Result<Self, Error> {
        let provider =
            Provider::discover(issuer, Endpoints::default(), self.http_client()?, self.clock.clone())?;
        match clock::within(DISCOVERY_AT_START, provider.metadata()).await {
            Some(Ok(metadata)) => self.discovered = Some(metadata),
            Some(Err(error)) if !error.is_transient() => return Err(error.into()),
            Some(Err(_)) | None => {
                tracing::warn!(target: "authsession::provider", "the provider is away; it will be discovered when first needed");
            }
        }
        self.issuer = Some(issuer.to_owned());
        Ok(self)
    }

    /// The issuer of a provider whose endpoints are given by hand: ID tokens must name it.
    pub fn with_issuer_by_hand(mut self, issuer: &str) -> Self {
        self.by_hand.issuer = Some(issuer.to_owned());
        self
    }

    /// Where the browser is sent to sign in.
    pub fn with_authorization_endpoint(mut self, url: &str) -> Self {
        self.by_hand.authorization = Some(url.to_owned());
        self
    }

    /// Where codes and refresh tokens are redeemed.
    pub fn with_token_endpoint(mut self, url: &str) -> Self {
        self.by_hand.token = Some(url.to_owned());
        self
    }

    /// Where the provider's keys are; needed for ID tokens.
    pub fn with_jwks_uri(mut self, url: &str) -> Self {
        self.by_hand.jwks = Some(url.to_owned());
        self
    }

    /// Where claims are fetched with the access token.
    pub fn with_userinfo_endpoint(mut self, url: &str) -> Self {
        self.by_hand.userinfo = Some(url.to_owned());
        self
    }

    /// Where tokens are revoked at logout (RFC 7009).
    pub fn with_revocation_endpoint(mut self, url: &str) -> Self {
        self.by_hand.revocation = Some(url.to_owned());
        self
    }

    /// Where the user signs out at the provider.
    pub fn with_end_session_endpoint(mut self, url: &str) -> Self {
        self.by_hand.end_session = Some(url.to_owned());
        self
    }

    /// Allows these signature algorithms for ID tokens only; default: every asymmetric one.
    pub fn with_id_token_algorithms(mut self, algorithms: impl Into<Vec<Algorithm>>) -> Self {
        self.algorithms = Some(algorithms.into());
        self
    }

    /// Accepts ID tokens that name this audience beside the client.
    pub fn with_trusted_audience(mut self, audience: &str) -> Self {
        self.trusted_audiences.push(audience.to_owned());
        self
    }

    /// How far the provider's clock may be from ours; default 60 s, at most ten minutes.
    pub const fn with_clock_tolerance(mut self, tolerance: Duration) -> Self {
        self.clock_tolerance = Some(tolerance);
        self
    }

    /// The longest a request to the provider may take; default 15 s.
    pub const fn with_request_timeout(mut self, timeout: Duration) -> Self {
        self.request_timeout = Some(timeout);
        self
    }

    /// A PEM file with one more root certificate to trust.
    pub fn with_custom_ca_cert(mut self, path: &str) -> Self {
        match std::fs::read(path) {
            Ok(pem) => self.root_certificates.push(pem),
            Err(_) => self.note(Error::misconfigured("the file of the custom CA certificate cannot be read")),
        }
        self
    }

    /// Lets plain http through to providers that are not on a loopback host: whoever is on the way reads every token.
    pub const fn danger_allow_http(mut self) -> Self {
        self.allow_http = true;
        self
    }
}
