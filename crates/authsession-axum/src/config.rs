//! The configuration of sign-in, once every setting has been checked.

use std::sync::Arc;
use std::time::Duration;

use authsession_core::authorization::{AuthorizationRequest, ResponseMode};
use authsession_core::client_auth::Client;
use authsession_core::clock::{Clock, Timestamp};
use authsession_core::http::HttpClient;
use authsession_core::id_token::IdTokenVerifier;
use authsession_core::login_parameters::LoginParameters;
use authsession_core::pkce::CodeChallengeMethod;
use authsession_core::provider::Provider;
use authsession_core::scope;
use authsession_core::skew::Skew;
use authsession_core::tenant::TenantIssuers;
use authsession_core::token_endpoint::TokenEndpoint;
use authsession_core::token_set::TokenSet;
use authsession_store::seal::KeyRing;
use url::Url;

use crate::claims_mapper::ClaimsMapper;
use crate::cookie::CookieNames;
use crate::errors::Error;
use crate::kept::Kept;
use crate::session_limits::SessionLimits;
use crate::token_lifetime::TokenLifetime;

/// Everything sign-in needs to know. Made by
/// [`OAuthConfigurationBuilder`](crate::auth_builder::OAuthConfigurationBuilder).
#[derive(Clone, Debug)]
pub struct OAuthConfiguration {
    pub(crate) provider: Arc<Provider>,
    pub(crate) client: Client,
    /// The same id again, as every session carries it.
    pub(crate) client_id: Arc<str>,
    pub(crate) http: HttpClient,
    pub(crate) clock: Clock,
    pub(crate) token_endpoint: TokenEndpoint,
    pub(crate) id_token_verifier: IdTokenVerifier,
    pub(crate) redirect_uri: Url,
    /// The same, to the letter: providers compare it so.
    pub(crate) redirect_uri_as_registered: String,
    pub(crate) send_redirect_uri_to_token_endpoint: bool,
    pub(crate) scope: String,
    pub(crate) code_challenge_method: CodeChallengeMethod,
    pub(crate) authorization_parameters: Vec<(String, String)>,
    pub(crate) response_mode: Option<ResponseMode>,
    /// What every login asks of the user.
    pub(crate) every_login: LoginParameters,
    pub(crate) consent_for_refresh_token: bool,
    pub(crate) post_logout_redirect_uri: String,
    pub(crate) key_ring: KeyRing,
    pub(crate) cookies: CookieNames,
    pub(crate) base_path: String,
    pub(crate) logout_path: String,
    pub(crate) default_page: String,
    pub(crate) session_limits: SessionLimits,
    pub(crate) token_lifetime: TokenLifetime,
    pub(crate) refresh_margin: Duration,
    pub(crate) fetch_userinfo: bool,
    pub(crate) subject_claim: String,
    pub(crate) kept: Kept,
    pub(crate) claims_mapper: ClaimsMapper,
    /// The provider's issuer, or the template of its tenants' issuers; the origin of its token endpoint where it has none.
    pub(crate) issuer: Arc<str>,
    /// Whose issuers the provider may sign for, if it has one for each tenant.
    pub(crate) tenants: Option<Arc<TenantIssuers>>,
}

/// The cookies as the application writes them: the name and the attributes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CookiesShown {
    /// The session's.
    pub session: String,
    /// That of a login under way; what each has of its own in its name is `…`.
    pub login: String,
}

impl OAuthConfiguration {
    /// The client id.
    #[must_use]
    pub fn client_id(&self) -> &str {
        &self.client.id
    }

    /// The scope asked for.
    #[must_use]
    pub fn scope(&self) -> &str {
        &self.scope
    }

    /// The path under which sign-in starts: `/auth` unless configured.
    #[must_use]
    pub fn base_path(&self) -> &str {
        &self.base_path
    }

    /// What the cookies look like, without their values: for people who set up.
    #[must_use]
    pub fn cookies_shown(&self) -> CookiesShown {
        let [session, login] = self.cookies.shown();
        CookiesShown { session, login }
    }

    /// The path that signs out.
    #[must_use]
    pub fn logout_path(&self) -> &str {
        &self.logout_path
    }

    /// Where the browser lands after a logout: a path of this application or an absolute URL.
    #[must_use]
    pub fn post_logout_redirect_uri(&self) -> &str {
        &self.post_logout_redirect_uri
    }

    /// The provider.
    #[must_use]
    pub const fn provider(&self) -> &Arc<Provider> {
        &self.provider
    }

    /// Whether users can sign in: the provider was found, and its keys. For a readiness probe; it asks the provider only for
    /// what is not there yet, and not more often than the pause after a failure allows.
    ///
    /// An application starts while its provider is away, and is not ready until it was found. From then on it stays ready:
    /// the last good copy serves, and with it everybody who is signed in.
    ///
    /// ```
    /// # use authsession_axum::auth::OAuthConfiguration;
    /// use axum::http::StatusCode;
    ///
    /// async fn ready(configuration: &OAuthConfiguration) -> StatusCode {
    ///     configuration.ready().await.map_or(StatusCode::SERVICE_UNAVAILABLE, |()| StatusCode::OK)
    /// }
    /// ```
    ///
    /// # Errors
    /// [`Error::Unavailable`] while the provider is away, [`Error::SignInFailed`] and [`Error::Misconfigured`] when what
    /// answers is not the provider.
    pub async fn ready(&self) -> Result<(), Error> {
        if self.is_oidc() {
            self.provider.ready().await?;
        } else {
            self.provider.metadata().await?;
        }
        Ok(())
    }

    /// How far the provider's clock is from ours, by the `Date` of its token answers; nothing before the first login. Reported
    /// here, in the log beyond half of what is tolerated, and as the gauge `authsession_clock_skew_seconds`; it never decides
    /// what is believed. ID tokens are judged by our own clock, within
    /// [`with_clock_tolerance`](crate::auth_builder::OAuthConfigurationBuilder::with_clock_tolerance).
    #[must_use]
    pub fn clock_skew(&self) -> Skew {
        self.provider.skew()
    }

    /// The provider's logout endpoint: the one configured, else the one it announces.
    pub async fn end_session_endpoint(&self) -> Option<Url> {
        self.provider.metadata().await.ok()?.end_session_endpoint.clone()
    }

    /// Where the browser lands after a logout, as an absolute URL: to the letter where it was given as one.
    #[must_use]
    pub fn absolute_post_logout_redirect_uri(&self) -> String {
        let given = &self.post_logout_redirect_uri;
        if given.starts_with('/') {
            format!("{}{given}", self.redirect_uri.origin().ascii_serialization())
        } else {
            given.clone()
        }
    }

    /// Has an access token count as expired when it should, whatever the provider stated.
    pub(crate) fn limit_token_age(&self, tokens: &mut TokenSet) {
        tokens.expires_at = self.token_expiry(tokens.received_at, tokens.expires_at);
    }

    /// When an access token of that time and stated expiry counts as expired.
    pub(crate) fn token_expiry(
        &self,
        received_at: Timestamp,
        stated: Option<Timestamp>,
    ) -> Option<Timestamp> {
        self.token_lifetime.expiry(received_at, stated)
    }

    /// The issuer a session carries: the ID token's, where there is one.
    pub(crate) fn issuer_of_session(&self, id_token: Option<&str>) -> Arc<str> {
        match id_token {
            Some(issuer) if *issuer != *self.issuer => issuer.into(),
            _ => Arc::clone(&self.issuer),
        }
    }

    /// Whether sessions of that issuer are this application's.
    pub(crate) fn honours_issuer(&self, issuer: &str) -> bool {
        match &self.tenants {
            Some(tenants) => tenants.admits(issuer),
            None => *issuer == *self.issuer,
        }
    }

    /// Whether that `acr` is one that every login may end with.
    pub(crate) fn accepts_acr(&self, acr: Option<&str>) -> bool {
        match &self.every_login.essential_acr {
            None => true,
            Some(demanded) => acr.is_some_and(|acr| demanded.iter().any(|one| one == acr)),
        }
    }

    pub(crate) fn is_oidc(&self) -> bool {
        scope::asks_for_id_token(&self.scope)
    }

    /// Whether the callback takes a form of the provider's page.
    pub(crate) fn takes_forms(&self) -> bool {
        self.response_mode == Some(ResponseMode::FormPost)
    }

    /// The request of a login with nothing of its own.
    pub(crate) fn authorization_request(&self) -> AuthorizationRequest {
        let mut request =
            AuthorizationRequest::new(&self.client.id, &self.redirect_uri_as_registered, &self.scope);
        request.code_challenge_method = self.code_challenge_method;
        request.response_mode = self.response_mode;
        request.extra.clone_from(&self.authorization_parameters);
        request
    }
}
