//! Setters for the provider: by its issuer, or by its endpoints.

use std::sync::Arc;
use std::time::Duration;

use authsession_core::clock;
use authsession_core::http::HttpClient;
use authsession_core::jws::Algorithm;
use authsession_core::provider::{Endpoints, Provider};
use authsession_core::tenant::TenantIssuers;

use crate::builder::OAuthConfigurationBuilder;
use crate::errors::Error;

const DISCOVERY_AT_START: Duration = Duration::from_secs(5);

impl OAuthConfigurationBuilder {
    /// The provider's issuer. Its endpoints and keys are discovered (OpenID Connect Discovery 1.0): now if it answers, else
    /// when first needed; a provider that is away does not keep the application from starting. An endpoint set by hand goes
    /// before the one discovered. What this request needs too (a custom CA, time-outs, `danger_allow_http`) is set before.
    ///
    /// Of this, [`with_tenant_issuers`](Self::with_tenant_issuers) and [`with_provider`](Self::with_provider) the last one called
    /// counts; another one forgets the row.
    ///
    /// # Errors
    /// [`Error::Misconfigured`] when it is no https URL, or no provider is found there; [`Error::SignInFailed`] when the
    /// document found names another issuer.
    pub async fn with_issuer(mut self, issuer: &str) -> Result<Self, Error> {
        self.tenants = None;
        self.discover(issuer).await
    }

    /// A provider with an issuer for each tenant, whose metadata are discovered below `at`, as those of an issuer are. Users of
    /// the tenants admitted may sign in, and of no other; a session's issuer is its tenant's.
    ///
    /// Of this, [`with_issuer`](Self::with_issuer) and [`with_provider`](Self::with_provider) the last one called counts; another
    /// one forgets the row.
    ///
    /// ```no_run
    /// use authsession_axum::auth_builder::OAuthConfigurationBuilder;
    /// use authsession_core::tenant::TenantIssuers;
    ///
    /// # async fn example() -> Result<OAuthConfigurationBuilder, Box<dyn std::error::Error>> {
    /// let issuers = TenantIssuers::listed("https://login.example.com/{tenant}/v2.0", ["acme", "globex"])?;
    /// let builder = OAuthConfigurationBuilder::default()
    ///     .with_tenant_issuers("https://login.example.com/any/v2.0", issuers).await?;
    /// # Ok(builder)
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`with_issuer`](Self::with_issuer).
    pub async fn with_tenant_issuers(mut self, at: &str, issuers: TenantIssuers) -> Result<Self, Error> {
        self.tenants = Some(Arc::new(issuers));
        self.discover(at).await
    }

    async fn discover(mut self, at: &str) -> Result<Self, Error> {
        (self.known, self.discovered) = (None, None);
        let provider = self.provider_at(at, Endpoints::default(), self.http_client()?)?;
        match clock::within(DISCOVERY_AT_START, provider.metadata()).await {
            Some(Ok(metadata)) => self.discovered = Some(metadata),
            Some(Err(error)) if !error.is_transient() => return Err(error.into()),
            Some(Err(_)) | None => {
                tracing::warn!(target: "authsession::provider", "the provider is away; it will be discovered when first needed");
            }
        }
        self.issuer = Some(at.to_owned());
        Ok(self)
    }

    /// The provider whose metadata are discovered there.
    pub(super) fn provider_at(
        &self,
        at: &str,
        by_hand: Endpoints,
        http: HttpClient,
    ) -> Result<Provider, Error> {
        let clock = self.clock.clone();
        Ok(match &self.tenants {
            Some(tenants) => Provider::discover_tenants(at, Arc::clone(tenants), by_hand, http, clock)?,
            None => Provider::discover(at, by_hand, http, clock)?,
        })
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

    /// Allows these signature algorithms for ID tokens only; default: every asymmetric one. `HS256`, `HS384` and `HS512` are
    /// allowed only if they are named here, and are keyed with the client secret (OpenID Connect Core §10.1), which must be as
    /// long as the hash: 32, 48 or 64 bytes (RFC 7518 §3.2).
    pub fn with_id_token_algorithms(mut self, algorithms: impl Into<Vec<Algorithm>>) -> Self {
        self.algorithms = Some(algorithms.into());
        self
    }

    /// Permits `HS384` and `HS512` with a client secret that is shorter than their hash, of 32 bytes at least, for providers
    /// that sign so.
    pub const fn danger_allow_short_client_secret(mut self) -> Self {
        self.allow_short_client_secret = true;
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
