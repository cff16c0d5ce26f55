//! Who the provider is: its metadata (OpenID Connect Discovery 1.0 §3 and §4, RFC 8414 §2), found when first needed.

use std::sync::Arc;

use serde::Deserialize;
use url::Url;

use crate::clock::Clock;
use crate::error::{Endpoint, Error};
use crate::http::HttpClient;
use crate::json;
use crate::jwks::{Judgement, KeySet};
use crate::jws::Jws;
use crate::remote::Remote;

/// What a provider says about itself. The names are those of the discovery document.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct ProviderMetadata {
    /// The issuer; a plain OAuth 2.0 provider has none.
    pub issuer: Option<String>,
    /// Where the browser is sent to sign in.
    pub authorization_endpoint: Url,
    /// Where grants are redeemed.
    pub token_endpoint: Url,
    /// Where the keys are; without it no ID token can be verified.
    pub jwks_uri: Option<Url>,
    /// Where an access token is exchanged for the user's claims.
    pub userinfo_endpoint: Option<Url>,
    /// Where a token is revoked (RFC 7009).
    pub revocation_endpoint: Option<Url>,
    /// Where the user signs out at the provider (RP-Initiated Logout 1.0).
    pub end_session_endpoint: Option<Url>,
    /// Whether every authorization response carries `iss` (RFC 9207 §3).
    #[serde(default)]
    pub authorization_response_iss_parameter_supported: bool,
    /// How clients may authenticate; absent means nothing is known.
    pub token_endpoint_auth_methods_supported: Option<Vec<String>>,
}

impl ProviderMetadata {
    /// A provider described by hand; `None` without the two endpoints each has, authorization and token.
    #[must_use]
    pub fn by_hand(endpoints: Endpoints) -> Option<Self> {
        Some(Self {
            issuer: None,
            authorization_endpoint: endpoints.authorization?,
            token_endpoint: endpoints.token?,
            jwks_uri: endpoints.jwks,
            userinfo_endpoint: endpoints.userinfo,
            revocation_endpoint: endpoints.revocation,
            end_session_endpoint: endpoints.end_session,
            authorization_response_iss_parameter_supported: false,
            token_endpoint_auth_methods_supported: None,
        })
    }

    /// Puts endpoints given by hand in place of those announced.
    fn overlay(&mut self, endpoints: Endpoints) {
        let Endpoints { authorization, token, jwks, userinfo, revocation, end_session } = endpoints;
        if let Some(url) = authorization {
            self.authorization_endpoint = url;
        }
        if let Some(url) = token {
            self.token_endpoint = url;
        }
        self.jwks_uri = jwks.or(self.jwks_uri.take());
        self.userinfo_endpoint = userinfo.or(self.userinfo_endpoint.take());
        self.revocation_endpoint = revocation.or(self.revocation_endpoint.take());
        self.end_session_endpoint = end_session.or(self.end_session_endpoint.take());
    }

    fn check(&self, http: &HttpClient) -> Result<(), Error> {
        let optional =
            [&self.jwks_uri, &self.userinfo_endpoint, &self.revocation_endpoint, &self.end_session_endpoint];
        [&self.authorization_endpoint, &self.token_endpoint]
            .into_iter()
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
    pub end_session: Option<Url>,
}

/// A provider: its metadata and its keys, fetched on first use, shared by all who ask.
///
/// A provider that is away when the program starts is no reason not to start: the first use that finds it fetches. While it
/// stays away, attempts are spaced out, and who asks in between is told at once.
///
/// ```no_run
/// use authsession_core::clock::Clock;
/// use authsession_core::http::HttpClient;
/// use authsession_core::provider::{Endpoints, Provider};
///
/// # async fn example() -> Result<(), authsession_core::error::Error> {
/// let http = HttpClient::builder().build()?;
/// let provider =
///     Provider::discover("https://login.example.com", Endpoints::default(), http, Clock::system())?;
/// let metadata = provider.metadata().await?;
/// println!("grants are redeemed at {}", metadata.token_endpoint);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Provider {
    metadata: Metadata,
    keys: Remote<KeySet>,
    http: HttpClient,
}

#[derive(Debug)]
enum Metadata {
    ByHand(Arc<ProviderMetadata>),
    Announced { at: Arc<Discovery>, remote: Remote<ProviderMetadata> },
}

#[derive(Debug)]
struct Discovery {
    issuer: String,
    url: Url,
    by_hand: Endpoints,
    http: HttpClient,
}

impl Provider {
    /// The provider of that issuer; nothing is fetched yet. Endpoints given by hand go before those it announces.
    ///
    /// # Errors
    /// [`Error::Misconfigured`] when the issuer is not an https URL (or http on a loopback host), or has a query or
    /// fragment.
    pub fn discover(issuer: &str, by_hand: Endpoints, http: HttpClient, clock: Clock) -> Result<Self, Error> {
        let wrong = || Error::misconfigured("the issuer must be a URL such as https://login.example.com");
        let url = Url::parse(issuer).map_err(|_| wrong())?;
        http.check_url(&url)?;
        if url.query().is_some() || url.fragment().is_some() {
            return Err(Error::misconfigured("the issuer must have no query and no fragment"));
        }
        let url = Url::parse(&format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/')))
            .map_err(|_| wrong())?;
        let keys = Remote::new(Endpoint::Jwks, clock.clone());
        let at = Arc::new(Discovery { issuer: issuer.to_owned(), url, by_hand, http: http.clone() });
        let metadata = Metadata::Announced { at, remote: Remote::new(Endpoint::Discovery, clock) };
        Ok(Self { metadata, keys, http })
    }

    /// A provider whose metadata are known; only its keys are fetched.
    ///
    /// # Errors
    /// [`Error::Misconfigured`] when an endpoint is not https (or http on a loopback host).
    pub fn by_hand(metadata: ProviderMetadata, http: HttpClient, clock: Clock) -> Result<Self, Error> {
        metadata.check(&http)?;
        let keys = Remote::new(Endpoint::Jwks, clock);
        Ok(Self { metadata: Metadata::ByHand(Arc::new(metadata)), keys, http })
    }

    /// The metadata, fetched if need be; the last good copy while the provider is away.
    ///
    /// # Errors
    /// [`Error::Unavailable`] while the provider was never reached; [`Error::Untrusted`] or [`Error::Misconfigured`] when
    /// what it serves is not its metadata. All of them from memory until the pause after the last attempt is over.
    pub async fn metadata(&self) -> Result<Arc<ProviderMetadata>, Error> {
        match &self.metadata {
            Metadata::ByHand(metadata) => Ok(Arc::clone(metadata)),
            Metadata::Announced { at, remote } => remote.get(|| fetch_metadata(Arc::clone(at))).await,
        }
    }

    /// Starts with metadata another [`Provider`] of the same issuer fetched. One described by hand stays as it is.
    ///
    /// # Errors
    /// [`Error::Misconfigured`] when they are another issuer's, or an endpoint given by hand is not https (or http on a
    /// loopback host).
    pub fn seeded(self, metadata: ProviderMetadata) -> Result<Self, Error> {
        if let Metadata::Announced { at, remote } = &self.metadata {
            if metadata.issuer.as_deref() != Some(at.issuer.as_str()) {
                return Err(Error::misconfigured("the metadata to start with are those of another issuer"));
            }
            remote.seed(at.complete(metadata)?);
        }
        Ok(self)
    }

    /// Whether a key of the provider made this token's signature. One that no key here fits has them fetched anew, once a
    /// cool-down: the provider may have changed its keys, under new ids or the old ones.
    pub(crate) async fn verify_signature(&self, token: &Jws<'_>) -> Result<(), Error> {
        let metadata = self.metadata().await?;
        let jwks_uri = metadata.jwks_uri.as_ref().ok_or_else(|| {
            Error::misconfigured("the provider publishes no jwks_uri: without it no ID token can be verified")
        })?;
        let fetch = || KeySet::fetch(self.http.clone(), jwks_uri.clone());
        let before = self.keys.held();
        let keys = self.keys.get(fetch).await?;
        let judgement = keys.judge(token);
        let fetched_for_us = before.is_none_or(|before| !Arc::ptr_eq(&before, &keys));
        if judgement == Judgement::Verified || fetched_for_us {
            return judgement.into_result();
        }
        match self.keys.newer_than(&keys, fetch).await {
            Ok(newer) => newer.judge(token).into_result(),
            // A key that could not be looked for is not one that is not there: the token is neither believed nor a lie.
            Err(unavailable) if judgement == Judgement::UnknownKey => Err(unavailable),
            Err(_) => judgement.into_result(),
        }
    }
}

impl Discovery {
    /// Metadata as they are to be used: with the endpoints given by hand, each fit to carry secrets.
    fn complete(&self, mut metadata: ProviderMetadata) -> Result<ProviderMetadata, Error> {
        metadata.overlay(self.by_hand.clone());
        metadata.check(&self.http)?;
        Ok(metadata)
    }
}

async fn fetch_metadata(at: Arc<Discovery>) -> Result<ProviderMetadata, Error> {
    let answer = at.http.get(Endpoint::Discovery, &at.url, None).await?;
    if matches!(answer.status.as_u16(), 404 | 410) {
        return Err(Error::misconfigured(
            "there is no discovery document at the issuer: check the issuer's URL",
        ));
    }
    let document = json::object(answer.json()?).ok_or_else(|| answer.bad())?;
    let metadata: ProviderMetadata =
        serde_json::from_value(serde_json::Value::Object(document)).map_err(|_| {
            Error::untrusted("the discovery document lacks an endpoint or has one that is no URL")
        })?;
    if metadata.issuer.as_deref() != Some(at.issuer.as_str()) {
        return Err(Error::untrusted(
            "the discovery document names another issuer: configure the issuer exactly as the provider writes it",
        ));
    }
    at.complete(metadata)
}
