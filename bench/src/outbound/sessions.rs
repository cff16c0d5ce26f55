//! Who calls the API: a session of each crate, by client credentials, with its own HTTP client and its own defaults.

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use authsession_core::clock::Clock;
use authsession_salesforce::auth::{AuthSession as _, ClientCredentialsAuth, ClientCredentialsAuthBuilder};
use authsession_testkit::org::Org;
use authsession_testkit::org::endpoint::OrgEndpoint;
use cirrus_auth::AuthSession as _;
use huskarl::cache::{GrantTokenSource, InMemoryRefreshTokenStore, InMemoryTokenCache};
use huskarl::core::client_auth::ClientSecret;
use huskarl::core::secrets::{ProvidedSecret, SecretString};
use huskarl::grant::client_credentials::{ClientCredentialsGrant, ClientCredentialsGrantParameters};
use huskarl::token::AccessToken;
use huskarl_reqwest::ReqwestClient;

pub(crate) type Failure = Box<dyn Error + Send + Sync>;

/// A session, for what is measured in milliseconds: the box around each call does not matter there.
#[async_trait]
pub(crate) trait Session: Send + Sync {
    /// What it is called in a table.
    fn name(&self) -> &'static str;

    /// A valid token.
    async fn token(&self) -> Result<String, Failure>;

    /// That token was refused by the API.
    async fn invalidate(&self, token: &str);
}

/// How a session is made for an org.
pub(crate) type Make = fn(&Org) -> Result<Arc<dyn Session>, Failure>;

/// One of each, as their documentation makes them.
pub(crate) const ALL: [Make; 3] = [
    |org| Ok(Arc::new(ours(org)?)),
    |org| Ok(Arc::new(cirrus(org, None)?)),
    |org| Ok(Arc::new(huskarl(org, None)?)),
];

/// The position of authsession in [`ALL`].
pub(crate) const OURS: usize = 0;

pub(crate) fn ours(org: &Org) -> Result<ClientCredentialsAuth, Failure> {
    Ok(ours_to_be(org).build()?)
}

/// One whose token is due: its clock is moved into the last five of the thirty minutes it takes a token to live.
pub(crate) async fn ours_when_due(org: &Org) -> Result<Arc<dyn Session>, Failure> {
    let ahead = Arc::new(AtomicU64::new(0));
    let seconds = Arc::clone(&ahead);
    let clock =
        Clock::from_fn(move || SystemTime::now() + Duration::from_secs(seconds.load(Ordering::Relaxed)));
    // Else being read would put the token's end off, as it does at Salesforce.
    let session = ours_to_be(org).clock(clock).sliding(false).build()?;
    session.token().await?;
    ahead.store(26 * 60, Ordering::Relaxed);
    Ok(Arc::new(session))
}

fn ours_to_be(org: &Org) -> ClientCredentialsAuthBuilder {
    ClientCredentialsAuth::builder()
        .consumer_key(org.consumer_key())
        .consumer_secret(org.consumer_secret())
        .login_url(org.login_url())
}

/// `lifetime`: how long it keeps a token, where not the default of half an hour. In the second half it refreshes.
pub(crate) fn cirrus(
    org: &Org,
    lifetime: Option<Duration>,
) -> Result<cirrus_auth::ClientCredentialsAuth, Failure> {
    let builder = cirrus_auth::ClientCredentialsAuth::builder()
        .consumer_key(org.consumer_key())
        .consumer_secret(org.consumer_secret())
        .login_url(org.login_url())
        .instance_url(org.instance_url());
    Ok(match lifetime {
        Some(lifetime) => builder.token_ttl(lifetime),
        None => builder,
    }
    .build()?)
}

/// huskarl's cache of the tokens of a client credentials grant.
pub(crate) type HuskarlCache =
    InMemoryTokenCache<GrantTokenSource<ClientCredentialsGrant, InMemoryRefreshTokenStore>>;

/// `lifetime` as for [`cirrus`]: then it is told to refresh in the second half, and to serve until the end.
pub(crate) fn huskarl(org: &Org, lifetime: Option<Duration>) -> Result<HuskarlCache, Failure> {
    let secret = ProvidedSecret::new(SecretString::new(org.consumer_secret()));
    let requests = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
    let grant = ClientCredentialsGrant::builder()
        .client_id(org.consumer_key())
        .client_auth(ClientSecret::new(secret))
        .http_client(ReqwestClient::from(requests.timeout(Duration::from_secs(30)).build()?))
        .token_endpoint(org.endpoint(OrgEndpoint::Token).as_str().try_into()?)
        .build();
    let source = GrantTokenSource::builder()
        .grant(grant)
        .grant_parameters(ClientCredentialsGrantParameters::new())
        .refresh_store(InMemoryRefreshTokenStore::default())
        .build();
    let builder = InMemoryTokenCache::builder().source(source);
    Ok(match lifetime {
        Some(lifetime) => builder
            .default_expires_in(lifetime)
            .expires_margin(Duration::ZERO)
            .refresh_ahead(lifetime / 2)
            .refresh_jitter(None)
            .build(),
        None => builder.build(),
    })
}

#[async_trait]
impl Session for ClientCredentialsAuth {
    fn name(&self) -> &'static str {
        "authsession"
    }

    async fn token(&self) -> Result<String, Failure> {
        Ok(self.access_token().await?.into_owned())
    }

    async fn invalidate(&self, token: &str) {
        authsession_salesforce::auth::AuthSession::invalidate(self, token).await;
    }
}

#[async_trait]
impl Session for cirrus_auth::ClientCredentialsAuth {
    fn name(&self) -> &'static str {
        "cirrus-auth"
    }

    async fn token(&self) -> Result<String, Failure> {
        Ok(self.access_token().await?.into_owned())
    }

    async fn invalidate(&self, token: &str) {
        cirrus_auth::AuthSession::invalidate(self, token).await;
    }
}

#[async_trait]
impl Session for HuskarlCache {
    fn name(&self) -> &'static str {
        "huskarl"
    }

    async fn token(&self) -> Result<String, Failure> {
        match huskarl::cache::TokenSource::token(self).await?.access_token() {
            AccessToken::Bearer(token) => Ok(token.expose_token().to_owned()),
            _ => Err("not a bearer token".into()),
        }
    }

    async fn invalidate(&self, _token: &str) {
        huskarl::cache::TokenSource::invalidate(self);
    }
}
