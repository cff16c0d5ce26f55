//! The authorization request out, and the check of what comes back (RFC 6749 §4.1, OpenID Connect Core §3.1.2,
//! RFC 9207 §2.4, OAuth 2.0 Form Post Response Mode §2).

use serde::{Deserialize, Serialize};
use url::Url;

use crate::clock::Timestamp;
use crate::error::{Error, OAuthError};
use crate::login_parameters::{LoginParameters, check_extra};
use crate::pkce::{self, CodeChallengeMethod};
use crate::provider::ProviderMetadata;
use crate::random;
use crate::scope::asks_for_id_token;
use crate::secret::{Secret, equal_in_constant_time, for_sealing};

const LONGEST_RESPONSE: usize = 16 * 1024;

/// What is asked of the provider. One for each login; cheap to make.
///
/// ```
/// use authsession_core::authorization::{AuthorizationRequest, AuthorizationResponse};
/// use authsession_core::clock::Clock;
/// use authsession_core::provider::{Endpoints, ProviderMetadata};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let metadata = ProviderMetadata::by_hand(Endpoints {
///     authorization: Some("https://login.example.com/authorize".parse()?),
///     token: Some("https://login.example.com/token".parse()?),
///     ..Endpoints::default()
/// })
/// .ok_or("both endpoints are there")?;
///
/// let request = AuthorizationRequest::new("my-client", "https://app.example/callback", "openid email");
/// let (url, pending) = request.start(&metadata, Clock::system().now())?;
/// assert!(url.as_str().starts_with("https://login.example.com/authorize?response_type=code"));
///
/// // The browser is sent to `url`; `pending` is kept, and the query it comes back with is held against it.
/// let query = format!("code=SplxlOBeZQQYbYS6WxSbIA&state={}", pending.state.expose());
/// let code = AuthorizationResponse::parse(&query)?.check(&pending, &metadata)?;
/// assert_eq!(code.expose(), "SplxlOBeZQQYbYS6WxSbIA");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct AuthorizationRequest {
    /// `client_id`.
    pub client_id: String,
    /// Where the browser comes back to; exactly as registered.
    pub redirect_uri: String,
    /// `scope`, separated by blanks. With `openid` among them a nonce is sent and an ID token expected.
    pub scope: String,
    /// How the code challenge is made.
    pub code_challenge_method: CodeChallengeMethod,
    /// `response_mode`: how the browser brings the answer back; nothing is sent where it is `None`, and the provider answers
    /// by a redirect.
    pub response_mode: Option<ResponseMode>,
    /// What this one login asks beyond every other.
    pub login: LoginParameters,
    /// The nonce; by default a random one.
    pub nonce: Option<Secret>,
    /// Stands before the random part of `state`: a mark of the caller's that comes back even when nothing else does.
    pub state_prefix: &'static str,
    /// Further parameters of every login that the provider understands.
    pub extra: Vec<(String, String)>,
}

/// How the browser brings the answer back (`response_mode`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ResponseMode {
    /// By a redirect, in the query (OAuth 2.0 Multiple Response Type Encoding Practices §2.1).
    Query,
    /// By a form that the provider's page posts (OAuth 2.0 Form Post Response Mode §2): the code stands in no URL, but the
    /// request comes from another site.
    FormPost,
}

impl ResponseMode {
    /// The registered name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::FormPost => "form_post",
        }
    }
}

/// What must be remembered between the request and its response. Secret: keep it sealed, bound to the browser.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PendingAuthorization {
    /// `state`: ties the response to this request.
    #[serde(with = "for_sealing")]
    pub state: Secret,
    /// `nonce`: ties the ID token to this request.
    #[serde(with = "for_sealing")]
    pub nonce: Secret,
    /// The code verifier (RFC 7636).
    #[serde(with = "for_sealing")]
    pub code_verifier: Secret,
    /// The issuer asked, if it has one: the response must not come from another (RFC 9207).
    pub issuer: Option<String>,
    /// The `redirect_uri` sent, to be repeated when the code is redeemed.
    pub redirect_uri: String,
    /// The scope asked for.
    pub scope: String,
    /// The `max_age` asked for, in seconds.
    pub max_age: Option<u64>,
    /// The `acr` demanded: any of these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub essential_acr: Vec<String>,
    /// When the request was made.
    pub started_at: Timestamp,
}

impl AuthorizationRequest {
    /// A request with nothing beyond what every login needs.
    #[must_use]
    pub fn new(
        client_id: impl Into<String>,
        redirect_uri: impl Into<String>,
        scope: impl Into<String>,
    ) -> Self {
        Self {
            client_id: client_id.into(),
            redirect_uri: redirect_uri.into(),
            scope: scope.into(),
            ..Self::default()
        }
    }

    /// Sets a further parameter of every login, in place of one of that name.
    pub fn replace_extra(&mut self, name: String, value: String) {
        self.extra.retain(|(set, _)| *set != name);
        self.extra.push((name, value));
    }

    /// The URL to send the browser to, and what to remember until it comes back.
    ///
    /// # Errors
    /// [`Error::Misconfigured`] when an extra parameter is one this library sets itself, the login's parameters make no sense
    /// ([`LoginParameters::check`]), the provider has no authorization endpoint, or there is no randomness.
    pub fn start(
        &self,
        provider: &ProviderMetadata,
        now: Timestamp,
    ) -> Result<(Url, PendingAuthorization), Error> {
        let login = &self.login;
        let pending = PendingAuthorization {
            state: format!("{}{}", self.state_prefix, random::text::<32>()?).into(),
            nonce: match &self.nonce {
                Some(nonce) => nonce.clone(),
                None => random::text::<32>()?.into(),
            },
            code_verifier: pkce::code_verifier()?,
            issuer: provider.issuer.clone(),
            redirect_uri: self.redirect_uri.clone(),
            scope: self.scope.clone(),
            max_age: login.max_age.map(|age| age.as_secs()),
            essential_acr: login.essential_acr.clone().unwrap_or_default(),
            started_at: now,
        };
        check_extra(&self.extra)?;
        login.check(&self.scope)?;
        let endpoint = provider.authorization_endpoint.as_ref().ok_or_else(|| {
            Error::misconfigured(
                "the provider has no authorization endpoint: configure it, or use a grant without a browser",
            )
        })?;
        let mut parameters = vec![
            ("response_type", "code".to_owned()),
            ("client_id", self.client_id.clone()),
            ("redirect_uri", self.redirect_uri.clone()),
            ("state", pending.state.expose().to_owned()),
            ("code_challenge", self.code_challenge_method.challenge(&pending.code_verifier)),
            ("code_challenge_method", self.code_challenge_method.name().to_owned()),
        ];
        if let Some(mode) = self.response_mode {
            parameters.push(("response_mode", mode.name().to_owned()));
        }
        if !self.scope.is_empty() {
            parameters.push(("scope", self.scope.clone()));
        }
        if asks_for_id_token(&self.scope) {
            parameters.push(("nonce", pending.nonce.expose().to_owned()));
        }
        let extra = self.further();
        let claims = extra.iter().rev().find(|(name, _)| name == "claims").map(|(_, value)| value.as_str());
        parameters.extend(login.pairs(claims)?);
        Ok((address(endpoint, &parameters, &extra), pending))
    }

    /// The further parameters: this login's in place of every login's.
    fn further(&self) -> Vec<&(String, String)> {
        let own = &self.login.extra;
        let of_all = self.extra.iter().filter(|(name, _)| !own.iter().any(|(set, _)| set == name));
        of_all.chain(own).collect()
    }
}

/// No parameter goes out twice (RFC 6749 §3.1): what this login asks for goes before what every login does, and that
/// before what stands in the endpoint's URL. Only `resource` may be repeated (RFC 8707 §2).
fn address(endpoint: &Url, parameters: &[(&str, String)], extra: &[&(String, String)]) -> Url {
    let asked = |name: &str| parameters.iter().any(|(asked, _)| *asked == name);
    let later = |from: usize, name: &str| extra.iter().skip(from).any(|(later, _)| later == name);
    let announced: Vec<_> = endpoint.query_pairs().into_owned().collect();
    let mut url = endpoint.clone();
    url.query_pairs_mut()
        .clear()
        .extend_pairs(announced.iter().filter(|(name, _)| !asked(name) && !later(0, name)))
        .extend_pairs(parameters)
        .extend_pairs(extra.iter().enumerate().filter_map(|(index, (name, value))| {
            let once = name == "resource" || !later(index + 1, name);
            (once && !asked(name)).then_some((name, value))
        }));
    url
}

/// What the browser brought back, read strictly and not yet believed.
#[derive(Debug)]
pub struct AuthorizationResponse {
    state: Option<Secret>,
    issuer: Option<String>,
    outcome: Result<Secret, OAuthError>,
}

impl AuthorizationResponse {
    /// Reads the query of the callback, or the body of a form that was posted there (OAuth 2.0 Form Post Response Mode).
    ///
    /// # Errors
    /// [`Error::Untrusted`] for anything no honest provider sends: a parameter twice, `code` and `error` both or neither,
    /// over 16 KiB; in one of the four read, a control character or bytes that are not UTF-8.
    pub fn parse(query: &str) -> Result<Self, Error> {
        let malformed = || Error::untrusted("the authorization response is malformed");
        if query.len() > LONGEST_RESPONSE {
            return Err(Error::untrusted("the authorization response is larger than 16 KiB"));
        }
        let (mut code, mut error, mut state, mut issuer) = (None, None, None, None);
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            let slot = match name.as_ref() {
                "code" => &mut code,
                "error" => &mut error,
                "state" => &mut state,
                "iss" => &mut issuer,
                _ => continue,
            };
            // The parser puts U+FFFD where bytes are not UTF-8; no honest value holds one, or a control character.
            if value.contains(|character: char| character.is_control() || character == '\u{FFFD}') {
                return Err(malformed());
            }
            if slot.replace(value.into_owned()).is_some() {
                return Err(Error::untrusted("the authorization response has a parameter twice"));
            }
        }
        let outcome = match (code, error) {
            (Some(code), None) if !code.is_empty() => Ok(Secret::from(code)),
            (None, Some(error)) => Err(OAuthError::from_code(&error)),
            _ => return Err(malformed()),
        };
        Ok(Self { state: state.map(Secret::from), issuer, outcome })
    }

    /// Whether it says no.
    #[must_use]
    pub const fn is_refusal(&self) -> bool {
        self.outcome.is_err()
    }

    /// The `state`, to find the request it answers.
    #[must_use]
    pub const fn state(&self) -> Option<&Secret> {
        self.state.as_ref()
    }

    /// Checks the response against the request, and gives out its code.
    ///
    /// # Errors
    /// [`Error::Untrusted`] when it does not answer this request or comes from another provider (RFC 9207 §2.4);
    /// [`Error::AuthorizationRefused`] when the provider or the user said no.
    pub fn check(self, pending: &PendingAuthorization, provider: &ProviderMetadata) -> Result<Secret, Error> {
        let answers = self
            .state
            .as_ref()
            .is_some_and(|state| equal_in_constant_time(state.expose(), pending.state.expose()));
        if !answers {
            return Err(Error::untrusted("the authorization response's state is not the one of this login"));
        }
        if pending.issuer != provider.issuer {
            return Err(Error::untrusted("the login was started with another provider"));
        }
        match &self.issuer {
            Some(issuer) if provider.issuer.is_some() && !provider.is_issuer(issuer) => {
                return Err(Error::untrusted("the authorization response comes from another provider"));
            }
            // An error grants nothing, and some providers leave `iss` out of errors.
            None if self.outcome.is_ok() && provider.authorization_response_iss_parameter_supported => {
                return Err(Error::untrusted(
                    "the authorization response has no iss although the provider promised it",
                ));
            }
            _ => {}
        }
        self.outcome.map_err(Error::AuthorizationRefused)
    }
}
