//! Who the provider is: its metadata (OpenID Connect Discovery 1.0 §4, RFC 8414 §3), found when first needed.

mod metadata;

use std::sync::Arc;
use std::time::Duration;

use url::Url;

use crate::clock::{Clock, Timestamp};
use crate::error::{Endpoint, Error};
use crate::http::{Answer, HttpClient};
use crate::json;
use crate::jwks::{Judgement, KeySet};
use crate::jws::Jws;
use crate::remote::Remote;
use crate::skew::{Skew, SkewMeter};
use crate::tenant::TenantIssuers;

pub use crate::provider::metadata::{Endpoints, ProviderMetadata};

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
    /// As the metadata must name it.
    issuer: String,
    tenants: Option<Arc<TenantIssuers>>,
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
        if issuer.contains('{') {
            return Err(Error::misconfigured(
                "the issuer is a template: say which tenants may sign in (discover_tenants)",
            ));
        }
        Self::discover_at(issuer, issuer, None, by_hand, http, clock)
    }

    /// The provider of many tenants whose metadata are found below `at`, as an issuer's are; nothing is fetched yet. They must
    /// name the template, and ID tokens the issuer of a tenant admitted.
    ///
    /// # Errors
    /// As [`Provider::discover`], for `at`.
    pub fn discover_tenants(
        at: &str,
        tenants: Arc<TenantIssuers>,
        by_hand: Endpoints,
        http: HttpClient,
        clock: Clock,
    ) -> Result<Self, Error> {
        let template = tenants.template().to_owned();
        Self::discover_at(at, &template, Some(tenants), by_hand, http, clock)
    }

    fn discover_at(
        at: &str,
        issuer: &str,
        tenants: Option<Arc<TenantIssuers>>,
        by_hand: Endpoints,
        http: HttpClient,
        clock: Clock,
    ) -> Result<Self, Error> {
        let wrong = || Error::misconfigured("the issuer must be a URL such as https://login.example.com");
        let url = Url::parse(at).map_err(|_| wrong())?;
        http.check_url(&url)?;
        if url.query().is_some() || url.fragment().is_some() {
            return Err(Error::misconfigured("the issuer must have no query and no fragment"));
        }
        let keys = Remote::new(Endpoint::Jwks, clock.clone());
        let at = Arc::new(Discovery {
            issuer: issuer.to_owned(),
            tenants,
            urls: metadata_urls(&url),
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

    /// Logs, once, that the clocks are further apart than this; default: half of
    /// [`DEFAULT_TOLERANCE`](crate::skew::DEFAULT_TOLERANCE).
    #[must_use]
    pub const fn warning_of_skew(mut self, beyond: Duration) -> Self {
        self.skew.warns_beyond = beyond;
        self
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

    /// Whether ID tokens of the provider's could be verified now: its metadata and its keys are there, fetched if need be.
    ///
    /// # Errors
    /// As [`Provider::metadata`], about the keys too.
    pub async fn ready(&self) -> Result<(), Error> {
        let metadata = self.metadata().await?;
        let jwks_uri = metadata.jwks_uri.as_ref().ok_or_else(no_keys)?;
        self.keys.get(|| KeySet::fetch(self.http.clone(), jwks_uri.clone())).await.map(drop)
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
        let jwks_uri = metadata.jwks_uri.as_ref().ok_or_else(no_keys)?;
        let fetch = || KeySet::fetch(self.http.clone(), jwks_uri.clone());
        let before = self.keys.held();
        let keys = self.keys.get(fetch).await?;
        let many_tenants = metadata.tenants.is_some();
        let judgement = keys.judge(token, many_tenants);
        let fetched_for_us = before.is_none_or(|before| !Arc::ptr_eq(&before, &keys));
        if judgement == Judgement::Verified || fetched_for_us {
            return judgement.into_result();
        }
        match self.keys.newer_than(&keys, fetch).await {
            Ok(newer) => newer.judge(token, many_tenants).into_result(),
            // A key that could not be looked for is not one that is not there: the token is neither believed nor a lie.
            Err(unavailable) if judgement == Judgement::UnknownKey => Err(unavailable),
            Err(_) => judgement.into_result(),
        }
    }
}

/// Where the metadata of that issuer may be, most likely first: OpenID Connect Discovery §4 appends to the issuer's path, RFC 8414
/// §3.1 goes before it.
#[must_use]
pub fn metadata_urls(issuer: &Url) -> [Url; 2] {
    let path = issuer.path().trim_end_matches('/');
    let at = |path: String| {
        let mut at = issuer.clone();
        at.set_path(&path);
        at
    };
    [
        at(format!("{path}/.well-known/openid-configuration")),
        at(format!("/.well-known/oauth-authorization-server{path}")),
    ]
}

impl Discovery {
    /// Metadata as they are to be used: with the endpoints given by hand, each fit to carry secrets.
    fn complete(&self, mut metadata: ProviderMetadata) -> Result<ProviderMetadata, Error> {
        metadata.tenants.clone_from(&self.tenants);
        metadata.overlay(self.by_hand.clone());
        metadata.check(&self.http)?;
        Ok(metadata)
    }
}

fn no_keys() -> Error {
    Error::misconfigured("the provider publishes no jwks_uri: without it no ID token can be verified")
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
        if at.tenants.is_none() && metadata.issuer.is_some_and(|issuer| issuer.contains('{')) {
            return Err(Error::untrusted(
                "the discovery document names an issuer for each tenant: say which tenants may sign in",
            ));
        }
        return Err(Error::untrusted(
            "the discovery document names another issuer: configure the issuer exactly as the provider writes it",
        ));
    }
    at.complete(metadata)
}
