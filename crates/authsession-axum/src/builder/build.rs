//! `build()`: where a setting can be wrong, and says so.

use std::sync::Arc;
use std::time::Duration;

use authsession_core::authorization::ResponseMode;
use authsession_core::client_auth::Client;
use authsession_core::http::{HttpClient, is_loopback};
use authsession_core::id_token::IdTokenVerifier;
use authsession_core::login_parameters;
use authsession_core::pkce::CodeChallengeMethod;
use authsession_core::provider::{Endpoints, Provider, ProviderMetadata};
use authsession_core::scope;
use authsession_core::skew::DEFAULT_TOLERANCE;
use authsession_core::token_endpoint::TokenEndpoint;
use authsession_store::seal::KeyRing;
use url::Url;

use crate::builder::{EndpointsByHand, OAuthConfigurationBuilder};
use crate::config::OAuthConfiguration;
use crate::cookie::CookieNames;
use crate::errors::Error;

const LONGEST_TOLERANCE: Duration = Duration::from_secs(600);

impl OAuthConfigurationBuilder {
    /// Checks the settings.
    ///
    /// # Errors
    /// [`Error::Misconfigured`] says which setting is missing or wrong, and what to do.
    pub fn build(mut self) -> Result<OAuthConfiguration, Error> {
        if let Some(wrong) = self.wrong.take() {
            return Err(wrong);
        }
        if self.client_id.is_empty() {
            return Err(Error::misconfigured("set the client id (with_client_id)"));
        }
        let asked_for_consent = self.consent_for_refresh_token;
        self.fill_in();
        let redirect_uri = self.parse_redirect_uri()?;
        let scope = self.scope();
        let oidc = scope::asks_for_id_token(&scope);
        if self.tenants.is_some() && !oidc {
            return Err(Error::misconfigured(
                "without the scope openid there is no ID token to hold against the tenants admitted: add it (with_scopes)",
            ));
        }
        if self.code_challenge_method != CodeChallengeMethod::S256 && !self.allow_plain_challenge {
            return Err(Error::misconfigured(
                "a plain code challenge protects nothing: use S256, or say danger_allow_plain_code_challenge()",
            ));
        }
        login_parameters::check_extra(&self.authorization_parameters)?;
        self.every_login.check(&scope)?;
        let key_ring = self.key_ring()?;
        let (base_path, logout_path) = self.paths(&redirect_uri)?;
        self.session_limits.check()?;
        if self.request_timeout.is_some_and(|timeout| timeout.is_zero()) {
            return Err(Error::misconfigured("the request timeout must be longer than nothing"));
        }
        let http = self.http_client()?;
        let by_hand = self.by_hand.parse()?;
        let plain_userinfo = !oidc && by_hand.userinfo.is_some();
        let says_who = oidc || self.fetch_userinfo || plain_userinfo;
        let consent_for_refresh_token = self.asks_for_consent(asked_for_consent, says_who)?;
        let (provider, issuer) = self.provider(&http, oidc, by_hand)?;
        let id_token_key = self.client_secret.clone();
        let auth = self.authentication()?;
        let client = Client { id: self.client_id.clone(), auth };
        let mut id_token_verifier = IdTokenVerifier::new(&self.client_id);
        if let Some(algorithms) = self.algorithms.take() {
            id_token_verifier = id_token_verifier.algorithms(algorithms);
        }
        if let Some(secret) = id_token_key {
            id_token_verifier = id_token_verifier.client_secret(secret);
        }
        if self.allow_short_client_secret {
            id_token_verifier = id_token_verifier.danger_allow_short_client_secret();
        }
        id_token_verifier.check_settings()?;
        for audience in &self.trusted_audiences {
            id_token_verifier = id_token_verifier.trust_audience(audience);
        }
        if let Some(tolerance) = self.clock_tolerance {
            if tolerance > LONGEST_TOLERANCE {
                return Err(Error::misconfigured(
                    "a clock tolerance beyond ten minutes lets old tokens in: set the clocks",
                ));
            }
            id_token_verifier = id_token_verifier.tolerance(tolerance);
        }
        let posted = self.response_mode == Some(ResponseMode::FormPost);
        let cookies =
            CookieNames::new(self.cookie_name.as_deref(), redirect_uri.scheme() == "https", posted)?;
        let mut token_endpoint =
            TokenEndpoint::new(Arc::clone(&provider), client.clone(), http.clone(), self.clock.clone());
        if let Some(refusals) = self.refusals {
            token_endpoint = token_endpoint.reading_refusals(refusals);
        }
        Ok(OAuthConfiguration {
            provider,
            client_id: client.id.as_str().into(),
            client,
            http,
            clock: self.clock,
            token_endpoint,
            id_token_verifier,
            redirect_uri,
            redirect_uri_as_registered: self.redirect_uri,
            send_redirect_uri_to_token_endpoint: self.send_redirect_uri_to_token_endpoint,
            scope,
            code_challenge_method: self.code_challenge_method,
            authorization_parameters: self.authorization_parameters,
            response_mode: self.response_mode,
            every_login: self.every_login,
            consent_for_refresh_token,
            post_logout_redirect_uri: self.post_logout_redirect_uri,
            key_ring,
            cookies,
            base_path,
            logout_path,
            default_page: self.default_page,
            session_limits: self.session_limits,
            token_lifetime: self.token_lifetime,
            refresh_margin: self.refresh_margin,
            fetch_userinfo: self.fetch_userinfo || plain_userinfo,
            subject_claim: self.subject_claim.unwrap_or_else(|| "sub".to_owned()),
            kept: self.kept,
            claims_mapper: self.claims_mapper,
            issuer,
            tenants: self.tenants,
        })
    }

    pub(super) fn http_client(&self) -> Result<HttpClient, Error> {
        let mut builder = HttpClient::builder();
        if let Some(timeout) = self.request_timeout {
            builder = builder.timeout(timeout);
        }
        if self.allow_http {
            builder = builder.danger_allow_http();
        }
        for pem in &self.root_certificates {
            builder = builder.root_certificate(pem.clone());
        }
        Ok(builder.build()?)
    }

    fn parse_redirect_uri(&self) -> Result<Url, Error> {
        let wrong = || {
            Error::misconfigured(
                "set the redirect URI (with_redirect_uri) to the callback's public URL, such as https://app.example.com/auth/callback",
            )
        };
        let uri = Url::parse(&self.redirect_uri).map_err(|_| wrong())?;
        let transport = uri.scheme() == "https" || (uri.scheme() == "http" && is_loopback(&uri));
        if !transport {
            return Err(Error::misconfigured(
                "the redirect URI must be https (http only on a loopback host): behind a TLS terminator, give its public URL",
            ));
        }
        if uri.fragment().is_some() || uri.path() == "/" {
            return Err(wrong());
        }
        Ok(uri)
    }

    fn key_ring(&self) -> Result<KeyRing, Error> {
        let (newest, older) = self.cookie_keys.split_first().ok_or_else(|| {
            Error::misconfigured(
                "set the cookie key (with_private_cookie_key): make one with `openssl rand -base64 32`",
            )
        })?;
        older.iter().try_fold(KeyRing::new(newest)?, |ring, key| Ok(ring.with_old_key(key)?))
    }

    fn paths(&self, redirect_uri: &Url) -> Result<(String, String), Error> {
        let base = self.base_path.trim_end_matches('/').to_owned();
        let plain = base.len() > 1
            && base.starts_with('/')
            && !base.starts_with("//")
            && base.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/-_.~".contains(&byte));
        if !plain {
            return Err(Error::misconfigured("the base path must be a path such as /auth"));
        }
        let logout = format!("{base}/logout");
        if redirect_uri.path() == base || redirect_uri.path() == logout {
            return Err(Error::misconfigured(
                "the redirect URI's path must differ from those of login and logout",
            ));
        }
        if !self.default_page.starts_with('/') || self.default_page.starts_with("//") {
            return Err(Error::misconfigured("the default page must be a path such as /"));
        }
        let after_logout = &self.post_logout_redirect_uri;
        let path = after_logout.starts_with('/') && !after_logout.starts_with("//");
        if !path && Url::parse(after_logout).is_err() {
            return Err(Error::misconfigured(
                "the post-logout redirect URI must be a path or an absolute URL",
            ));
        }
        Ok((base, logout))
    }

    /// The provider, and its issuer or what stands for it.
    fn provider(
        &self,
        http: &HttpClient,
        oidc: bool,
        by_hand: Endpoints,
    ) -> Result<(Arc<Provider>, Arc<str>), Error> {
        let tolerance = self.clock_tolerance.unwrap_or(DEFAULT_TOLERANCE);
        if let Some(at) = &self.issuer {
            let mut provider = self.provider_at(at, by_hand, http.clone())?.warning_of_skew(tolerance / 2);
            if let Some(metadata) = &self.discovered {
                provider = provider.seeded(ProviderMetadata::clone(metadata))?;
            }
            let issuer = self.tenants.as_ref().map_or(at.as_str(), |tenants| tenants.template());
            return Ok((Arc::new(provider), issuer.into()));
        }
        let signs_in = |metadata: &ProviderMetadata| metadata.authorization_endpoint.is_some();
        let Some(mut metadata) = ProviderMetadata::by_hand(by_hand).filter(signs_in) else {
            return Err(Error::misconfigured(
                "name the provider: with_issuer, or with_authorization_endpoint and with_token_endpoint",
            ));
        };
        metadata.issuer.clone_from(&self.by_hand.issuer);
        if oidc && (metadata.issuer.is_none() || metadata.jwks_uri.is_none()) {
            return Err(Error::misconfigured(
                "ID tokens cannot be verified without an issuer and keys: use with_issuer, or with_issuer_by_hand and \
                 with_jwks_uri, or leave the scope openid out (with_scopes)",
            ));
        }
        let origin = metadata.token_endpoint.origin().ascii_serialization();
        let issuer = metadata.issuer.clone().unwrap_or(origin).into();
        let provider = Provider::by_hand(metadata, http.clone(), self.clock.clone())?;
        Ok((Arc::new(provider.warning_of_skew(tolerance / 2)), issuer))
    }
}

impl EndpointsByHand {
    fn parse(&self) -> Result<Endpoints, Error> {
        let parse = |url: &Option<String>| {
            let wrong = |_| Error::misconfigured("every endpoint must be an absolute URL");
            url.as_deref().map(Url::parse).transpose().map_err(wrong)
        };
        Ok(Endpoints {
            authorization: parse(&self.authorization)?,
            token: parse(&self.token)?,
            jwks: parse(&self.jwks)?,
            userinfo: parse(&self.userinfo)?,
            revocation: parse(&self.revocation)?,
            end_session: parse(&self.end_session)?,
            ..Endpoints::default()
        })
    }
}
