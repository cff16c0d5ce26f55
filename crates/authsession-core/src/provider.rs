//! Who the provider is: its metadata (OpenID Connect Discovery 1.0 §3 and §4, RFC 8414 §2), found when first needed.

use std::sync::Arc;

use serde::Deserialize;
use url::Url;

use crate::clock::{Clock, Timestamp};
use crate::error::{Endpoint, Error};
use crate::http::{Answer, HttpClient};
use crate::json;
use crate::jwks::{Judgement, KeySet};
use crate::jws::Jws;
use crate::remote::Remote;
use crate::skew::{Skew, SkewMeter};

/// What a provider says about itself. The names are those of the discovery document.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct ProviderMetadata {
    /// The issuer; a plain OAuth 2.0 provider has none.
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
        })
    }

    /// Puts endpoints given by hand in place of those announced.
    fn overlay(&mut self, endpoints: Endpoints) {
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

    fn check(&self, http: &HttpClient) -> Result<(), Error> {
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
    clock: Clock,
    skew: SkewMeter,
}

#[derive(Debug)]
enum Metadata {
    ByHand(Arc<ProviderMetadata>),
    Announced { at: Arc<Discovery>, remote: Remote<ProviderMetadata> },
}

#[derive(Debug)]
struct Discovery {
    issuer: String,
    /// Where the metadata may be, most likely first.
    urls: [Url; 2],
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
        let path = url.path().trim_end_matches('/');
        // OpenID Connect Discovery §4 appends to the issuer's path, RFC 8414 §3.1 goes before it.
        let at = |path: &str| {
            let mut at = url.clone();
            at.set_path(path);
            at
        };
        let openid = at(&format!("{path}/.well-known/openid-configuration"));
        let oauth = at(&format!("/.well-known/oauth-authorization-server{path}"));
        let keys = Remote::new(Endpoint::Jwks, clock.clone());
        let at = Arc::new(Discovery {
            issuer: issuer.to_owned(),
            urls: [openid, oauth],
            by_hand,
            http: http.clone(),
        });
        let metadata = Metadata::Announced { at, remote: Remote::new(Endpoint::Discovery, clock.clone()) };
        Ok(Self { metadata, keys, http, clock, skew: SkewMeter::default() })
    }

    /// A provider whose metadata are known; only its keys are fetched.
    ///
    /// # Errors
    /// [`Error::Misconfigured`] when an endpoint is not https (or http on a loopback host).
    pub fn by_hand(metadata: ProviderMetadata, http: HttpClient, clock: Clock) -> Result<Self, Error> {
        metadata.check(&http)?;
        let keys = Remote::new(Endpoint::Jwks, clock.clone());
        let metadata = Metadata::ByHand(Arc::new(metadata));
        Ok(Self { metadata, keys, http, clock, skew: SkewMeter::default() })
    }

    /// What the provider's clock shows now, as far as we know it.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.skew().provider_time(self.clock.now())
    }

    /// How far the provider's clock is from ours, by the answers of its endpoints; nothing before the first.
    #[must_use]
    pub fn skew(&self) -> Skew {
        self.skew.skew()
    }

    /// Takes note of when the provider says that it answered.
    pub(crate) fn observe(&self, answer: &Answer, asked_at: Timestamp, answered_at: Timestamp) {
        self.skew.observe(&answer.headers, asked_at, answered_at);
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

    /// Its issuer; where it has none, its token endpoint.
    pub(crate) fn name(&self) -> String {
        match &self.metadata {
            Metadata::Announced { at, .. } => at.issuer.clone(),
            Metadata::ByHand(metadata) => {
                metadata.issuer.clone().unwrap_or_else(|| metadata.token_endpoint.to_string())
            }
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
    let [openid, oauth] = &at.urls;
    let is_missing = |answer: &Answer| matches!(answer.status.as_u16(), 404 | 410);
    let mut answer = at.http.get(Endpoint::Discovery, openid, None).await?;
    if is_missing(&answer) {
        answer = at.http.get(Endpoint::Discovery, oauth, None).await?;
    }
    if is_missing(&answer) {
        return Err(Error::misconfigured(
            "there is no discovery document at the issuer: check the issuer's URL",
        ));
    }
    let document = json::object(answer.json()?).ok_or_else(|| answer.bad())?;
    let metadata: ProviderMetadata =
        serde_json::from_value(serde_json::Value::Object(document)).map_err(|_| {
            Error::untrusted(
                "the discovery document lacks the token endpoint or has an endpoint that is no URL",
            )
        })?;
    if metadata.issuer.as_deref() != Some(at.issuer.as_str()) {
        return Err(Error::untrusted(
            "the discovery document names another issuer: configure the issuer exactly as the provider writes it",
        ));
    }
    at.complete(metadata)
}
