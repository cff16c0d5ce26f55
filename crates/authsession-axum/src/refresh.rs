//! One refresh, from lease to release: the steps of the refresh engine, in their order.

use std::sync::Arc;
use std::time::Duration;

use authsession_core::claims::IdTokenClaims;
use authsession_core::error::{Endpoint, Error as ProtocolError, Fault};
use authsession_core::grant::refresh_token::RefreshToken;
use authsession_core::random;
use authsession_core::revocation::{self, TokenKind};
use authsession_core::secret::Secret;
use authsession_core::token_set::{Freshness, TokenSet};
use authsession_store::end_reason::EndReason;
use authsession_store::key::StoreKey;
use authsession_store::record::{SessionRecord, StoredSession};
use authsession_store::store::{Found, LeaseOwner, StoreError, Updated};

use crate::engine::Engine;
use crate::errors::{Error, NotSignedIn};

/// A lease is renewed three times before it would fall free.
const LEASE: Duration = Duration::from_secs(15);
/// Between two looks at whether another replica's refresh is done, and how long to go on looking.
const LOOK_AGAIN: Duration = Duration::from_millis(50);
const LOOKS: u32 = 600;
/// A refreshed token set that cannot be saved is lost, so saving it is tried often.
const SAVES: u32 = 20;

/// Refreshes the session once. Runs detached, inside a single flight.
pub(crate) async fn refresh(engine: Arc<Engine>, key: StoreKey) -> Result<Arc<StoredSession>, Error> {
    let owner = LeaseOwner(random::bytes().map_err(Error::from)?);
    for _ in 0..LOOKS {
        if engine.store.lease(&key, owner, LEASE).await? {
            let outcome = while_leased(&engine, key, owner, holding_the_lease(&engine, key)).await;
            if let Err(error) = engine.store.release(&key, owner).await {
                tracing::warn!(target: "authsession::refresh", %error, "the lease was not given back; it falls free by itself");
            }
            return outcome;
        }
        // Another replica is at it, or the session is over.
        let session = live(&engine, key).await?;
        if engine.freshness(&session) != Freshness::Expired {
            return Ok(session);
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
    Err(ProtocolError::unavailable(Endpoint::Token, Fault::TimedOut).into())
}

/// Runs `work`, renewing the lease until it is done.
async fn while_leased<T>(
    engine: &Engine,
    key: StoreKey,
    owner: LeaseOwner,
    work: impl Future<Output = T>,
) -> T {
    let mut renewal = tokio::time::interval(LEASE / 3);
    renewal.reset();
    tokio::pin!(work);
    loop {
        tokio::select! {
            biased;
            outcome = &mut work => return outcome,
            _ = renewal.tick() => {
                if let Err(error) = engine.store.lease(&key, owner, LEASE).await {
                    tracing::warn!(target: "authsession::refresh", %error, "the lease was not renewed");
                }
            }
        }
    }
}

async fn holding_the_lease(engine: &Engine, key: StoreKey) -> Result<Arc<StoredSession>, Error> {
    // Looked at again: whoever held the lease before may have refreshed it.
    let session = live(engine, key).await?;
    let Some(refresh_token) = session.record.tokens.refresh_token.clone() else { return Ok(session) };
    if engine.freshness(&session) == Freshness::Fresh {
        engine.succeeded(&key);
        return Ok(session);
    }
    let may_be_spent = session.record.refresh_sent_at.is_some();
    let marked =
        SessionRecord { refresh_sent_at: Some(engine.configuration.clock.now()), ..session.record.clone() };
    let session = match engine.store.update(&key, session.version, marked).await? {
        Updated::Saved(session) => session,
        Updated::Changed | Updated::Ended => return live(engine, key).await,
    };
    let grant = RefreshToken { refresh_token, scope: None };
    match engine.configuration.token_endpoint.redeem(&grant).await {
        Ok(tokens) => adopt(engine, key, &session, tokens).await,
        Err(error) => refused(engine, key, &session, error, may_be_spent).await,
    }
}

/// Takes the new tokens over, once they are known to be this user's.
async fn adopt(
    engine: &Engine,
    key: StoreKey,
    before: &StoredSession,
    tokens: TokenSet,
) -> Result<Arc<StoredSession>, Error> {
    let configuration = &engine.configuration;
    let received = tokens.refresh_token.clone();
    let verified = match (&tokens.id_token, &before.record.tokens.id_token) {
        (Some(id_token), Some(old)) if configuration.is_oidc() => {
            let now = configuration.clock.now();
            let verifier = &configuration.id_token_verifier;
            match IdTokenClaims::of_verified(old) {
                Ok(old) => verifier
                    .verify_refresh(&configuration.provider, id_token, &tokens.access_token, now, &old)
                    .await
                    .map(|_| true),
                Err(error) => Err(error),
            }
        }
        _ => Ok(false),
    };
    let new_id_token = match verified {
        Ok(new_id_token) => new_id_token,
        // The tokens are good as far as is known, and the old refresh token is spent: keep them, and the old ID token.
        Err(error) if error.is_transient() => {
            tracing::warn!(target: "authsession::refresh", session = ?key, %error, "a new ID token could not be verified; the old one stays");
            false
        }
        Err(error) => {
            tracing::error!(target: "authsession::refresh", session = ?key, %error, "a refresh was answered for someone else");
            revoke(engine, received.as_ref()).await;
            return ended(engine, key, EndReason::ProviderMismatch).await;
        }
    };
    save(engine, key, before, tokens, new_id_token).await
}

/// Saves the new tokens onto whatever version the session has by now; onto an ended one, never.
async fn save(
    engine: &Engine,
    key: StoreKey,
    before: &StoredSession,
    mut tokens: TokenSet,
    new_id_token: bool,
) -> Result<Arc<StoredSession>, Error> {
    let received = tokens.refresh_token.clone();
    let old = &before.record.tokens;
    tokens.refresh_token = tokens.refresh_token.or_else(|| old.refresh_token.clone());
    tokens.scope = tokens.scope.or_else(|| old.scope.clone());
    if !new_id_token {
        tokens.id_token.clone_from(&old.id_token);
    }
    if tokens.expires_at.is_none() {
        tokens.expires_at = engine.configuration.token_max_age.map(|age| tokens.received_at + age);
    }
    let (mut version, mut base) = (before.version, before.record.clone());
    for attempt in 1.. {
        let record = SessionRecord { tokens: tokens.clone(), refresh_sent_at: None, ..base.clone() };
        let saved = engine.store.update(&key, version, record).await;
        let failed = match saved {
            Ok(Updated::Saved(session)) => {
                engine.succeeded(&key);
                tracing::debug!(target: "authsession::refresh", session = ?key, "refreshed");
                #[cfg(feature = "metrics")]
                metrics::counter!("authsession_refreshes_total", "outcome" => "refreshed").increment(1);
                return Ok(session);
            }
            // Somebody signed out meanwhile: the tokens are of no more use to anyone.
            Ok(Updated::Ended) => {
                revoke(engine, received.as_ref()).await;
                return live(engine, key).await;
            }
            Ok(Updated::Changed) => match engine.store.load(&key).await {
                Ok(Found::Live { session, .. }) => {
                    (version, base) = (session.version, session.record.clone());
                    continue;
                }
                Ok(Found::Ended(_) | Found::Absent) => continue,
                Err(error) => error,
            },
            Err(error) => error,
        };
        tracing::error!(target: "authsession::refresh", session = ?key, error = %failed, attempt, "refreshed tokens could not be saved");
        if attempt == SAVES {
            return Err(failed.into());
        }
        tokio::time::sleep(LOOK_AGAIN * attempt).await;
    }
    Err(StoreError::KeyTaken.into())
}

/// The provider did not hand out tokens: the grant is dead, or the session is kept and tried again later.
async fn refused(
    engine: &Engine,
    key: StoreKey,
    session: &StoredSession,
    error: ProtocolError,
    may_be_spent: bool,
) -> Result<Arc<StoredSession>, Error> {
    #[cfg(feature = "metrics")]
    metrics::counter!("authsession_refreshes_total", "outcome" => "failed").increment(1);
    if matches!(error, ProtocolError::GrantRefused(_)) {
        // Perhaps it is dead because another replica rotated it: then there is a newer one.
        let newer = live(engine, key).await?;
        if newer.version != session.version {
            return Ok(newer);
        }
        let reason = if may_be_spent { EndReason::RefreshLost } else { EndReason::RefreshRefused };
        return ended(engine, key, reason).await;
    }
    tracing::warn!(target: "authsession::refresh", session = ?key, %error, "a refresh failed; the session is kept");
    let retry_after = match &error {
        ProtocolError::Unavailable { retry_after, .. } => *retry_after,
        _ => None,
    };
    engine.failed(key, retry_after);
    let untouched = !error.may_have_happened() && !matches!(error, ProtocolError::Untrusted(_));
    if untouched && !may_be_spent {
        let record = SessionRecord { refresh_sent_at: None, ..session.record.clone() };
        engine.store.update(&key, session.version, record).await?;
    }
    match Error::from(error) {
        Error::Unavailable { cause, .. } => {
            Err(Error::Unavailable { retry_after: engine.pause(&key), cause })
        }
        error => Err(error),
    }
}

async fn ended<T>(engine: &Engine, key: StoreKey, reason: EndReason) -> Result<T, Error> {
    engine.end(key, reason).await?;
    Err(Error::NotSignedIn(NotSignedIn::Ended(reason)))
}

async fn live(engine: &Engine, key: StoreKey) -> Result<Arc<StoredSession>, Error> {
    match engine.store.load(&key).await? {
        Found::Live { session, .. } => Ok(session),
        Found::Ended(reason) => Err(Error::NotSignedIn(NotSignedIn::Ended(reason))),
        Found::Absent => Err(Error::NotSignedIn(NotSignedIn::UnknownSession)),
    }
}

/// Tells the provider that a refresh token is done with; that it cannot be told is no reason to fail.
pub(crate) async fn revoke(engine: &Engine, refresh_token: Option<&Secret>) {
    let Some(token) = refresh_token else { return };
    let configuration = &engine.configuration;
    let told = revocation::revoke(
        &configuration.http,
        &configuration.provider,
        &configuration.client,
        token,
        TokenKind::RefreshToken,
    );
    if let Err(error) = told.await {
        tracing::warn!(target: "authsession::refresh", %error, "a refresh token could not be revoked");
    }
}
