//! The session beneath every flow: a token cache, the instance its tokens are for, and the endpoint they come from.

use std::borrow::Cow;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;

use authsession_core::claims::IdTokenClaims;
use authsession_core::client_auth::{Client, ClientAuth};
use authsession_core::secret::Secret;
use authsession_core::token_cache::snapshot::{Snapshot, TokenWatch};
use authsession_core::token_cache::{Mint, TokenCache};
use authsession_core::token_endpoint::TokenEndpoint;
use authsession_core::token_set::TokenSet;
use http::HeaderValue;

use crate::auth::checked_mint::{CheckedMint, Checks, end_of_jwt};
use crate::auth::org::Org;
use crate::auth::settings::Settings;
use crate::auth::vouched::Vouched;
use crate::error::{CirrusError, CirrusResult};

/// Cheap to clone; clones share the token.
#[derive(Clone, Debug)]
pub(crate) struct GrantSession {
    pub(crate) cache: TokenCache,
    pub(crate) org: Arc<Org>,
    checks: Checks,
}

impl GrantSession {
    /// `mint` gets the tokens, as that client of that org.
    pub(crate) fn new(
        settings: &Settings,
        org: Arc<Org>,
        client: &Client,
        consumer_secret: Option<Secret>,
        mint: impl FnOnce(TokenEndpoint) -> Arc<dyn Mint>,
    ) -> CirrusResult<Self> {
        Self::of_user(settings, org, client, consumer_secret, None, mint)
    }

    /// The same, of a user who signed in with these claims.
    pub(crate) fn of_user(
        settings: &Settings,
        org: Arc<Org>,
        client: &Client,
        consumer_secret: Option<Secret>,
        claims: Option<IdTokenClaims>,
        mint: impl FnOnce(TokenEndpoint) -> Arc<dyn Mint>,
    ) -> CirrusResult<Self> {
        let instance = settings.instance(&org.login)?;
        let endpoint = org.endpoint(client.clone());
        let introspector = settings.introspects.then(|| introspector(client, &consumer_secret));
        let checks = Checks { instance, vouched: Vouched { consumer_secret }, user: Arc::default() };
        let mint = CheckedMint {
            mint: mint(endpoint),
            checks: checks.clone(),
            org: Arc::clone(&org),
            introspector,
            signed_in: claims.map(|claims| (client.clone(), claims)),
        };
        let cache = TokenCache::builder(Arc::new(mint), settings.clock.clone())
            .assumed_lifetime(settings.token_ttl()?)
            .sliding(settings.sliding)
            .build();
        Ok(Self { cache, org, checks })
    }

    /// For `build()`: whoever asks for the instance's URL before the first token must not get nothing.
    pub(crate) fn with_known_instance(self) -> CirrusResult<Self> {
        if self.checks.instance.is_known() {
            Ok(self)
        } else {
            Err(CirrusError::MissingField("instance_url"))
        }
    }

    /// For `connect()`: gets the first token, and learns the instance with it.
    pub(crate) async fn connected(self) -> CirrusResult<Self> {
        self.warm_up().await?;
        Ok(self)
    }

    /// Holds tokens that came by another road against what is known.
    pub(crate) fn check(&self, tokens: &TokenSet) -> CirrusResult<()> {
        self.checks.check(tokens)
    }

    /// Holds tokens that came by another road, once they are checked.
    pub(crate) fn adopt(&self, mut tokens: TokenSet) -> CirrusResult<()> {
        self.check(&tokens)?;
        tokens.expires_at = tokens.expires_at.or_else(|| end_of_jwt(&self.org, &tokens.access_token));
        Ok(self.cache.adopt(tokens)?)
    }

    /// Holds an access token somebody had in hand. One that has ended is of no use, nor is one before it is known which
    /// instance it is for.
    pub(crate) fn begin_with(&self, access_token: Secret) -> CirrusResult<()> {
        let now = self.org.clock.now();
        let has_ended = end_of_jwt(&self.org, &access_token).is_some_and(|end| end <= now);
        if has_ended || !self.checks.instance.is_known() {
            return Ok(());
        }
        self.adopt(TokenSet::new(access_token, now))
    }

    /// By hand, so that a token in hand is written where it is wanted: out of an `async fn` within another it is copied twice
    /// more, which costs a quarter of the read. The wait is boxed apart, and only then.
    pub(crate) fn access_token(&self) -> impl Future<Output = CirrusResult<Cow<'_, str>>> + Send {
        let mut wait = None;
        poll_fn(move |context| {
            if wait.is_none()
                && let Some(token) = self.cache.read(|token| token.expose().to_owned())
            {
                return Poll::Ready(Ok(Cow::Owned(token)));
            }
            let wait = wait.get_or_insert_with(|| Box::pin(self.wait_for_token()));
            wait.as_mut().poll(context)
        })
    }

    async fn wait_for_token(&self) -> CirrusResult<Cow<'static, str>> {
        Ok(Cow::Owned(self.cache.token().await?.expose().to_owned()))
    }

    pub(crate) fn authorization_at_once(&self) -> Option<HeaderValue> {
        self.cache.read(|token| token.authorization())
    }

    pub(crate) fn instance_url(&self) -> &str {
        self.checks.instance.url()
    }

    pub(crate) fn invalidate(&self, stale_token: &str) {
        self.cache.invalidate(stale_token);
    }

    pub(crate) async fn warm_up(&self) -> CirrusResult<()> {
        self.cache.token().await?;
        Ok(())
    }

    pub(crate) fn snapshot(&self) -> Snapshot {
        self.cache.snapshot()
    }

    pub(crate) fn watch(&self) -> TokenWatch {
        self.cache.watch()
    }

    pub(crate) fn reset_failures(&self) {
        self.cache.reset_failures();
    }
}

/// Introspection is for clients that prove who they are, also where the grant needs no client.
fn introspector(client: &Client, consumer_secret: &Option<Secret>) -> Client {
    match (&client.auth, consumer_secret) {
        (ClientAuth::Omitted, Some(secret)) => {
            Client { id: client.id.clone(), auth: ClientAuth::SecretBasic(secret.clone()) }
        }
        _ => client.clone(),
    }
}

/// [`AuthSession`](crate::auth::session::AuthSession), and what else every session can do, for types that have a `session`.
macro_rules! is_a_session {
    ($name:ident) => {
        #[async_trait::async_trait]
        impl $crate::auth::session::AuthSession for $name {
            fn access_token<'session, 'wait>(
                &'session self,
            ) -> std::pin::Pin<
                Box<
                    dyn Future<Output = $crate::error::CirrusResult<std::borrow::Cow<'session, str>>>
                        + Send
                        + 'wait,
                >,
            >
            where
                'session: 'wait,
                Self: 'wait,
            {
                Box::pin(self.session.access_token())
            }

            fn instance_url(&self) -> &str {
                self.session.instance_url()
            }

            async fn invalidate(&self, stale_token: &str) {
                self.session.invalidate(stale_token);
            }

            fn authorization_at_once(&self) -> Option<http::HeaderValue> {
                self.session.authorization_at_once()
            }

            fn watch(&self) -> Option<authsession_core::token_cache::snapshot::TokenWatch> {
                Some(self.session.watch())
            }

            fn snapshot(&self) -> Option<authsession_core::token_cache::snapshot::Snapshot> {
                Some(self.session.snapshot())
            }
        }

        impl $name {
            /// Gets a token if there is none, so that the first call does not wait for it, and a wrong setting shows now.
            ///
            /// # Errors
            /// As [`access_token`](crate::auth::session::AuthSession::access_token).
            pub async fn warm_up(&self) -> $crate::error::CirrusResult<()> {
                self.session.warm_up().await
            }

            /// A handle that tells when the token changes: for long streams, which end with the token they began with.
            #[must_use]
            pub fn watch(&self) -> authsession_core::token_cache::snapshot::TokenWatch {
                self.session.watch()
            }

            /// Forgets past failures: what was wrong is set right, so the next caller may ask at once.
            pub fn reset_failures(&self) {
                self.session.reset_failures();
            }
        }
    };
}

pub(crate) use is_a_session;
