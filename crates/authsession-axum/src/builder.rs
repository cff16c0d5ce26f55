//! The settings of sign-in, as the application gives them. The setters are in one file a subject; `build` checks.

mod build;
mod client;
mod client_key;
mod environment;
mod known;
mod login;
mod provider;
#[cfg(feature = "salesforce")]
pub(crate) mod salesforce;
mod sessions;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use authsession_core::authorization::ResponseMode;
use authsession_core::client_auth::ClientAuth;
use authsession_core::clock::Clock;
use authsession_core::jws::Algorithm;
use authsession_core::login_parameters::LoginParameters;
use authsession_core::pkce::CodeChallengeMethod;
use authsession_core::provider::ProviderMetadata;
use authsession_core::refusal::Refusals;
use authsession_core::secret::Secret;
use authsession_core::tenant::TenantIssuers;

use crate::builder::client_key::ClientKey;
use crate::builder::known::Known;
use crate::claims_mapper::ClaimsMapper;
use crate::errors::Error;
use crate::kept::Kept;
use crate::session_limits::SessionLimits;
use crate::token_lifetime::TokenLifetime;

/// Collects the settings; [`build`](OAuthConfigurationBuilder::build) checks them.
///
/// Needed are an issuer (or the endpoints by hand), a client id, a redirect URI and a cookie key.
#[derive(Debug)]
#[must_use]
pub struct OAuthConfigurationBuilder {
    /// The issuer, or where the metadata of many tenants' issuers are.
    issuer: Option<String>,
    tenants: Option<Arc<TenantIssuers>>,
    known: Option<Known>,
    discovered: Option<Arc<ProviderMetadata>>,
    by_hand: EndpointsByHand,
    client_id: String,
    client_secret: Option<Secret>,
    client_auth: Option<fn(Secret) -> ClientAuth>,
    client_key: ClientKey,
    redirect_uri: String,
    send_redirect_uri_to_token_endpoint: bool,
    scopes: Option<Vec<String>>,
    code_challenge_method: CodeChallengeMethod,
    allow_plain_challenge: bool,
    authorization_parameters: Vec<(String, String)>,
    response_mode: Option<ResponseMode>,
    every_login: LoginParameters,
    consent_for_refresh_token: Option<bool>,
    post_logout_redirect_uri: String,
    cookie_keys: Vec<Secret>,
    cookie_name: Option<String>,
    base_path: String,
    default_page: String,
    session_limits: SessionLimits,
    token_lifetime: TokenLifetime,
    refresh_margin: Duration,
    fetch_userinfo: bool,
    subject_claim: Option<String>,
    kept: Kept,
    claims_mapper: ClaimsMapper,
    refusals: Option<Arc<dyn Refusals>>,
    algorithms: Option<Vec<Algorithm>>,
    allow_short_client_secret: bool,
    trusted_audiences: Vec<String>,
    clock_tolerance: Option<Duration>,
    request_timeout: Option<Duration>,
    root_certificates: Vec<Vec<u8>>,
    allow_http: bool,
    clock: Clock,
    /// The first thing that went wrong in a setter.
    wrong: Option<Error>,
}

#[derive(Debug, Default)]
struct EndpointsByHand {
    issuer: Option<String>,
    authorization: Option<String>,
    token: Option<String>,
    jwks: Option<String>,
    userinfo: Option<String>,
    revocation: Option<String>,
    end_session: Option<String>,
}

impl Default for OAuthConfigurationBuilder {
    fn default() -> Self {
        Self {
            issuer: None,
            tenants: None,
            known: None,
            discovered: None,
            by_hand: EndpointsByHand::default(),
            client_id: String::new(),
            client_secret: None,
            client_auth: None,
            client_key: ClientKey::default(),
            redirect_uri: String::new(),
            send_redirect_uri_to_token_endpoint: true,
            scopes: None,
            code_challenge_method: CodeChallengeMethod::S256,
            allow_plain_challenge: false,
            authorization_parameters: Vec::new(),
            response_mode: None,
            every_login: LoginParameters::default(),
            consent_for_refresh_token: None,
            post_logout_redirect_uri: "/".to_owned(),
            cookie_keys: Vec::new(),
            cookie_name: None,
            base_path: "/auth".to_owned(),
            default_page: "/".to_owned(),
            session_limits: SessionLimits::default(),
            token_lifetime: TokenLifetime::default(),
            refresh_margin: Duration::from_secs(60),
            fetch_userinfo: false,
            subject_claim: None,
            kept: Kept::default(),
            claims_mapper: ClaimsMapper::default(),
            refusals: None,
            algorithms: None,
            allow_short_client_secret: false,
            trusted_audiences: Vec::new(),
            clock_tolerance: None,
            request_timeout: None,
            root_certificates: Vec::new(),
            allow_http: false,
            clock: Clock::system(),
            wrong: None,
        }
    }
}

impl OAuthConfigurationBuilder {
    fn read_secret(&mut self, path: &Path, hint: &'static str) -> Option<Secret> {
        match std::fs::read_to_string(path) {
            Ok(text) => Some(Secret::from(text.trim_end_matches(['\r', '\n']))),
            Err(_) => {
                self.note(Error::misconfigured(hint));
                None
            }
        }
    }

    pub(crate) fn note(&mut self, error: Error) {
        self.wrong.get_or_insert(error);
    }
}
