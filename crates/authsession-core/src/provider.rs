//! Who the provider is: its metadata (OpenID Connect Discovery 1.0, RFC 8414), found lazily and kept.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use serde::Deserialize;
use url::Url;

use crate::clock::{Clock, Timestamp};
use crate::error::{Endpoint, Error, Fault};
use crate::http::HttpClient;
use crate::json;
use crate::jwks::RemoteKeys;
use crate::jws::Jws;
use crate::retry::Backoff;
use crate::single_flight::SingleFlight;

/// Metadata this old is fetched anew on use; the old copy serves meanwhile.
const GROWS_OLD: Duration = Duration::from_secs(3600);

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
/// A provider that is away when the program starts is no reason not to start: the first use that finds it fetches.
#[derive(Debug)]
pub struct Provider {
    discovery: Option<Discovery>,
    held: Arc<ArcSwapOption<Held>>,
    keys: RemoteKeys,
}

#[derive(Debug)]
struct Discovery {
    request: Request,
    flight: SingleFlight<(), Result<Arc<ProviderMetadata>, Error>>,
}

#[derive(Clone, Debug)]
struct Request {
    issuer: String,
    url: Url,
    by_hand: Endpoints,
    http: HttpClient,
    clock: Clock,
}

#[derive(Debug)]
struct Held {
    metadata: Arc<ProviderMetadata>,
    fetched_at: Timestamp,
    backoff: Backoff,
}

impl Held {
    fn grew_old(&self, now: Timestamp) -> bool {
        now.since(self.fetched_at) > GROWS_OLD && self.backoff.wait(now).is_zero()
    }
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
        let keys = RemoteKeys::new(http.clone(), clock.clone());
        let request = Request { issuer: issuer.to_owned(), url, by_hand, http, clock };
        let discovery = Some(Discovery { request, flight: SingleFlight::new() });
        Ok(Self { discovery, held: Arc::default(), keys })
    }

    /// A provider whose metadata are known; only its keys are fetched.
    ///
    /// # Errors
    /// [`Error::Misconfigured`] when an endpoint is not https (or http on a loopback host).
    pub fn by_hand(metadata: ProviderMetadata, http: HttpClient, clock: Clock) -> Result<Self, Error> {
        metadata.check(&http)?;
        let held =
            Held { metadata: Arc::new(metadata), fetched_at: Timestamp::NEVER, backoff: Backoff::default() };
        Ok(Self {
            discovery: None,
            held: Arc::new(ArcSwapOption::from_pointee(held)),
            keys: RemoteKeys::new(http, clock),
        })
    }

    /// The metadata, fetched if need be; the last good copy while the provider is away.
    ///
    /// # Errors
    /// [`Error::Unavailable`] while the provider was never reached; [`Error::Untrusted`] when what it serves is not its
    /// metadata.
    pub async fn metadata(&self) -> Result<Arc<ProviderMetadata>, Error> {
        let held = self.held.load();
        let Some(discovery) = &self.discovery else {
            return held
                .as_ref()
                .map(|held| Arc::clone(&held.metadata))
                .ok_or_else(|| Error::unavailable(Endpoint::Discovery, Fault::NoAnswer));
        };
        let (request, slot) = (discovery.request.clone(), Arc::clone(&self.held));
        if let Some(held) = held.as_ref() {
            let now = request.clock.now();
            if held.grew_old(now) {
                discovery.flight.start((), move || fetch(request, slot));
            }
            return Ok(Arc::clone(&held.metadata));
        }
        drop(held);
        discovery
            .flight
            .run((), move || fetch(request, slot))
            .await
            .unwrap_or_else(|_| Err(Error::unavailable(Endpoint::Discovery, Fault::NoAnswer)))
    }

    /// Starts with metadata another [`Provider`] of the same issuer fetched.
    ///
    /// # Errors
    /// [`Error::Misconfigured`] when an endpoint given by hand is not https (or http on a loopback host).
    pub fn seeded(self, mut metadata: ProviderMetadata) -> Result<Self, Error> {
        if let Some(Discovery { request, .. }) = &self.discovery {
            let fetched_at = request.clock.now();
            metadata.overlay(request.by_hand.clone());
            metadata.check(&request.http)?;
            let metadata = Arc::new(metadata);
            self.held.store(Some(Arc::new(Held { metadata, fetched_at, backoff: Backoff::default() })));
        }
        Ok(self)
    }

    pub(crate) async fn verify_signature(&self, token: &Jws<'_>) -> Result<(), Error> {
        let metadata = self.metadata().await?;
        let jwks_uri = metadata.jwks_uri.as_ref().ok_or_else(|| {
            Error::misconfigured("the provider publishes no jwks_uri: without it no ID token can be verified")
        })?;
        self.keys.verify(jwks_uri, token).await
    }
}

async fn fetch(request: Request, slot: Arc<ArcSwapOption<Held>>) -> Result<Arc<ProviderMetadata>, Error> {
    let before = slot.load_full();
    // Looked at again inside the flight: another one may just have landed.
    if let Some(held) = before.as_ref().filter(|held| !held.grew_old(request.clock.now())) {
        return Ok(Arc::clone(&held.metadata));
    }
    let fetched = fetch_metadata(&request).await.map(Arc::new);
    let now = request.clock.now();
    let held = match (fetched, before) {
        (Ok(metadata), _) => Held { metadata, fetched_at: now, backoff: Backoff::default() },
        (Err(error), None) => return Err(error),
        (Err(error), Some(old)) => {
            tracing::warn!(target: "authsession::provider", %error, "the provider's metadata could not be fetched; the last good ones serve");
            Held {
                metadata: Arc::clone(&old.metadata),
                fetched_at: old.fetched_at,
                backoff: old.backoff.after_failure(now, None),
            }
        }
    };
    let metadata = Arc::clone(&held.metadata);
    slot.store(Some(Arc::new(held)));
    Ok(metadata)
}

async fn fetch_metadata(request: &Request) -> Result<ProviderMetadata, Error> {
    let answer = request.http.get(Endpoint::Discovery, &request.url, None).await?;
    if matches!(answer.status.as_u16(), 404 | 410) {
        return Err(Error::misconfigured(
            "there is no discovery document at the issuer: check the issuer's URL",
        ));
    }
    let document = json::object(answer.json()?).ok_or_else(|| answer.bad())?;
    let mut metadata: ProviderMetadata = serde_json::from_value(serde_json::Value::Object(document))
        .map_err(|_| {
            Error::untrusted("the discovery document lacks an endpoint or has one that is no URL")
        })?;
    if metadata.issuer.as_deref() != Some(request.issuer.as_str()) {
        return Err(Error::untrusted(
            "the discovery document names another issuer: configure the issuer exactly as the provider writes it",
        ));
    }
    metadata.overlay(request.by_hand.clone());
    metadata.check(&request.http)?;
    Ok(metadata)
}
