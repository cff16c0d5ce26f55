//! How a token source is made.

use std::sync::Arc;
use std::time::Duration;

use url::Url;

use crate::assertion::Assertion;
use crate::client_auth::{Client, ClientAuth};
use crate::clock::Clock;
use crate::error::Error;
use crate::grant::client_credentials::ClientCredentials;
use crate::grant::token_exchange::TokenExchange;
use crate::grant_mint::{GrantMaker, GrantMint, SignedAssertion};
use crate::http::HttpClient;
use crate::provider::{Endpoints, Provider, ProviderMetadata};
use crate::refresh_mint::RefreshMint;
use crate::refusal::Refusals;
use crate::secret::Secret;
use crate::signer::Signer;
use crate::token_cache::{Mint, TokenCache};
use crate::token_endpoint::TokenEndpoint;
use crate::token_source::TokenSource;
use crate::token_store::TokenStore;
use crate::token_store::memory::MemoryTokenStore;

/// The settings of a [`TokenSource`]: the provider, the client, and one grant.
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct TokenSourceBuilder {
    issuer: Option<String>,
    endpoints: ByHand,
    pub(super) client: Option<Client>,
    pub(super) scope: Option<String>,
    pub(super) audience: Option<String>,
    pub(super) resource: Vec<String>,
    #[cfg(feature = "loopback")]
    pub(super) authorization_extra: Vec<(String, String)>,
    flow: Flow,
    pub(super) store: Option<Arc<dyn TokenStore>>,
    refusals: Option<Arc<dyn Refusals>>,
    http: Option<HttpClient>,
    pub(super) clock: Clock,
    assumed_lifetime: Option<Duration>,
    longest_lifetime: Option<Duration>,
    sliding: bool,
}

/// Endpoints as texts, until they are looked at.
#[derive(Clone, Debug, Default)]
struct ByHand {
    authorization: Option<String>,
    token: Option<String>,
    device_authorization: Option<String>,
}

#[derive(Clone, Debug, Default)]
enum Flow {
    #[default]
    Unset,
    ClientCredentials,
    Assertion(Assertion, Arc<dyn Signer>),
    Exchange(TokenExchange),
    Refresh(Option<Secret>),
    Own(Arc<dyn GrantMaker>),
}

impl TokenSourceBuilder {
    /// The provider, by its issuer: its endpoints are looked up on first use (OpenID Connect Discovery §4, RFC 8414).
    pub fn issuer(mut self, issuer: impl Into<String>) -> Self {
        self.issuer = Some(issuer.into());
        self
    }

    /// Where the browser is sent to sign in, for a provider that publishes no metadata.
    pub fn authorization_endpoint(mut self, url: impl Into<String>) -> Self {
        self.endpoints.authorization = Some(url.into());
        self
    }

    /// The token endpoint, for a provider that publishes no metadata.
    pub fn token_endpoint(mut self, url: impl Into<String>) -> Self {
        self.endpoints.token = Some(url.into());
        self
    }

    /// The device authorization endpoint, for a provider that publishes no metadata.
    pub fn device_authorization_endpoint(mut self, url: impl Into<String>) -> Self {
        self.endpoints.device_authorization = Some(url.into());
        self
    }

    /// Who we are, and how we prove it.
    pub fn client(mut self, id: impl Into<String>, auth: ClientAuth) -> Self {
        self.client = Some(Client { id: id.into(), auth });
        self
    }

    /// The scope to ask for, its parts separated by spaces.
    pub fn scope(mut self, scope: impl Into<String>) -> Self {
        self.scope = Some(scope.into());
        self
    }

    /// The `audience` to ask for: with client credentials or a sign-in where the provider wants one, or in a token exchange.
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.audience = Some(audience.into());
        self
    }

    /// A `resource` to ask for with client credentials, a token exchange or a sign-in (RFC 8707 §2); may be set several times.
    pub fn resource(mut self, resource: impl Into<String>) -> Self {
        self.resource.push(resource.into());
        self
    }

    /// Acts as itself (RFC 6749 §4.4).
    pub fn client_credentials(mut self) -> Self {
        self.flow = Flow::ClientCredentials;
        self
    }

    /// Presents signed assertions (RFC 7523 §2.1). A client is not needed: the assertion says who comes.
    pub fn jwt_bearer(mut self, assertion: Assertion, signer: Arc<dyn Signer>) -> Self {
        self.flow = Flow::Assertion(assertion, signer);
        self
    }

    /// Exchanges another token (RFC 8693 §2.1).
    pub fn token_exchange(mut self, exchange: TokenExchange) -> Self {
        self.flow = Flow::Exchange(exchange);
        self
    }

    /// Refreshes, starting with this refresh token (RFC 6749 §6). If the provider rotates, set a [`token_store`](Self::token_store)
    /// too, or the rotated token ends with the program.
    pub fn refresh_token(mut self, refresh_token: impl Into<Secret>) -> Self {
        self.flow = Flow::Refresh(Some(refresh_token.into()));
        self
    }

    /// Refreshes what the [`token_store`](Self::token_store) keeps.
    pub fn stored_login(mut self) -> Self {
        self.flow = Flow::Refresh(None);
        self
    }

    /// Presents grants of a kind of its own.
    pub fn grants(mut self, maker: Arc<dyn GrantMaker>) -> Self {
        self.flow = Flow::Own(maker);
        self
    }

    /// Where a rotating refresh token is kept; by default in memory.
    pub fn token_store(mut self, store: Arc<dyn TokenStore>) -> Self {
        self.store = Some(store);
        self
    }

    /// What a vendor means by its errors.
    pub fn refusals(mut self, refusals: Arc<dyn Refusals>) -> Self {
        self.refusals = Some(refusals);
        self
    }

    /// The client for all requests; by default one with [`HttpClient`]'s defaults.
    pub fn http(mut self, http: HttpClient) -> Self {
        self.http = Some(http);
        self
    }

    /// The time; by default the system's.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// How long a token lives when the provider does not say; without it, until it is refused.
    pub const fn assumed_lifetime(mut self, lifetime: Duration) -> Self {
        self.assumed_lifetime = Some(lifetime);
        self
    }

    /// Tokens are not used longer than this, whatever the provider says.
    pub const fn longest_lifetime(mut self, lifetime: Duration) -> Self {
        self.longest_lifetime = Some(lifetime);
        self
    }

    /// Each use puts the end of an assumed lifetime off, as it does at the vendor.
    pub const fn sliding(mut self, slides: bool) -> Self {
        self.sliding = slides;
        self
    }

    /// The token source; nothing is asked for yet.
    ///
    /// # Errors
    /// [`Error::Misconfigured`] when a setting is missing, wrong, or of no use with the grant; it says which.
    pub fn build(self) -> Result<TokenSource, Error> {
        let endpoint = self.endpoint()?;
        let mut login = None;
        let mint: Arc<dyn Mint> = match self.flow.clone() {
            Flow::Unset => {
                return Err(Error::misconfigured(
                    "no grant is set: client_credentials, jwt_bearer, token_exchange, refresh_token or stored_login",
                ));
            }
            Flow::Refresh(start) => {
                Arc::clone(login.insert(Arc::new(self.refreshing(&endpoint, start)?))) as Arc<dyn Mint>
            }
            Flow::ClientCredentials => self.granting(&endpoint, Arc::new(self.credentials()?)),
            Flow::Assertion(assertion, signer) => {
                let scope = self.scope.clone();
                self.granting(&endpoint, Arc::new(SignedAssertion { assertion, signer, scope }))
            }
            Flow::Exchange(mut exchange) => {
                exchange.scope = exchange.scope.or_else(|| self.scope.clone());
                exchange.audience.extend(self.audience.clone());
                exchange.resource.extend(self.resource.clone());
                self.granting(&endpoint, Arc::new(exchange))
            }
            Flow::Own(_) if self.scope.is_some() => {
                return Err(Error::misconfigured(
                    "grants of one's own say themselves what scope they ask for",
                ));
            }
            Flow::Own(maker) => self.granting(&endpoint, maker),
        };
        let is_aimed = self.audience.is_some() || !self.resource.is_empty();
        if is_aimed && !matches!(self.flow, Flow::ClientCredentials | Flow::Exchange(_)) {
            return Err(Error::misconfigured(
                "an audience or resource is asked for with client credentials or a token exchange only",
            ));
        }
        Ok(self.caching(mint, endpoint, login))
    }

    pub(super) fn caching(
        &self,
        mint: Arc<dyn Mint>,
        endpoint: TokenEndpoint,
        login: Option<Arc<RefreshMint>>,
    ) -> TokenSource {
        let mut cache = TokenCache::builder(mint, self.clock.clone()).sliding(self.sliding);
        if let Some(lifetime) = self.assumed_lifetime {
            cache = cache.assumed_lifetime(lifetime);
        }
        if let Some(lifetime) = self.longest_lifetime {
            cache = cache.longest_lifetime(lifetime);
        }
        TokenSource { cache: cache.build(), endpoint, login }
    }

    pub(super) fn endpoint(&self) -> Result<TokenEndpoint, Error> {
        let http = match &self.http {
            Some(http) => http.clone(),
            None => HttpClient::builder().build()?,
        };
        let provider = self.provider(&http)?;
        let client = match (&self.client, &self.flow) {
            (Some(client), _) => client.clone(),
            (None, Flow::Assertion(..) | Flow::Own(_)) => {
                Client { id: String::new(), auth: ClientAuth::Omitted }
            }
            (None, _) => {
                return Err(Error::misconfigured("no client is set: who this program is at the provider"));
            }
        };
        let is_empty = match &client.auth {
            ClientAuth::Omitted => false,
            ClientAuth::Secret(secret) | ClientAuth::SecretBasic(secret) | ClientAuth::SecretPost(secret) => {
                client.id.is_empty() || secret.is_empty()
            }
            ClientAuth::None
            | ClientAuth::PrivateKeyJwt(_)
            | ClientAuth::PrivateKeyJwtFor(..)
            | ClientAuth::SignedSecret { .. } => client.id.is_empty(),
        };
        if is_empty {
            return Err(Error::misconfigured("the client's id or secret is empty"));
        }
        let endpoint = TokenEndpoint::new(Arc::new(provider), client, http, self.clock.clone());
        Ok(match &self.refusals {
            Some(refusals) => endpoint.reading_refusals(Arc::clone(refusals)),
            None => endpoint,
        })
    }

    fn provider(&self, http: &HttpClient) -> Result<Provider, Error> {
        let url = |text: &Option<String>, what: &'static str| {
            let parse = |text: &String| Url::parse(text).map_err(|_| Error::misconfigured(what));
            text.as_ref().map(parse).transpose()
        };
        let endpoints = Endpoints {
            authorization: url(&self.endpoints.authorization, "the authorization endpoint is not a URL")?,
            token: url(&self.endpoints.token, "the token endpoint is not a URL")?,
            device_authorization: url(
                &self.endpoints.device_authorization,
                "the device authorization endpoint is not a URL",
            )?,
            ..Endpoints::default()
        };
        match &self.issuer {
            Some(issuer) => Provider::discover(issuer, endpoints, http.clone(), self.clock.clone()),
            None => {
                let metadata = ProviderMetadata::by_hand(endpoints).ok_or_else(|| {
                    Error::misconfigured("no provider is set: its issuer, or at least its token endpoint")
                })?;
                Provider::by_hand(metadata, http.clone(), self.clock.clone())
            }
        }
    }

    fn credentials(&self) -> Result<ClientCredentials, Error> {
        if matches!(&self.client, Some(Client { auth: ClientAuth::None | ClientAuth::Omitted, .. })) {
            return Err(Error::misconfigured(
                "client credentials need a client that can prove who it is: a secret or a key (RFC 6749 §4.4)",
            ));
        }
        let (scope, audience, resource) = (self.scope.clone(), self.audience.clone(), self.resource.clone());
        Ok(ClientCredentials { scope, audience, resource })
    }

    fn granting(&self, endpoint: &TokenEndpoint, maker: Arc<dyn GrantMaker>) -> Arc<dyn Mint> {
        Arc::new(GrantMint::new(endpoint.clone(), maker))
    }

    pub(super) fn refreshing(
        &self,
        endpoint: &TokenEndpoint,
        start: Option<Secret>,
    ) -> Result<RefreshMint, Error> {
        if start.is_none() && self.store.is_none() {
            return Err(Error::misconfigured("a stored login needs a token store to be found in"));
        }
        let store = self.store.clone().unwrap_or_else(|| Arc::new(MemoryTokenStore::default()));
        let mut mint = RefreshMint::new(endpoint.clone(), store, self.clock.clone());
        if let Some(start) = start {
            mint = mint.starting_with(start);
        }
        if let Some(scope) = &self.scope {
            mint = mint.with_scope(scope);
        }
        if let Some(lifetime) = self.assumed_lifetime {
            mint = mint.assuming_lifetime(lifetime);
        }
        Ok(mint)
    }
}
