//! The provider a test starts, scripts and asks what it saw.

use crate::builder::ProviderBuilder;
use crate::clock::VirtualClock;
use crate::endpoint::Endpoint;
use crate::forgery::Forgery;
use crate::journal::Journal;
use crate::ledger::Session;
use crate::ledger::Verdict;
use crate::random::unguessable;
use crate::realm::Realm;
use crate::script::Answer;
use crate::script::Script;
use crate::serve::Server;
use crate::serve::Slot;
use crate::stage::router;
use crate::tokens;
use serde_json::Value;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;

/// A running OpenID provider; it stops when this is dropped.
pub struct Provider {
    realm: Arc<Realm>,
    address: SocketAddr,
    server: Mutex<Option<Server>>,
}

/// Made and found.
impl Provider {
    /// A provider with the defaults: one client, the users Alice and Bob, RS256, rotation with reuse detection.
    pub fn builder() -> ProviderBuilder {
        ProviderBuilder::new()
    }

    pub(crate) fn run(realm: Arc<Realm>, slot: Slot) -> Self {
        let address = slot.address();
        let server = slot.serve(router(Arc::clone(&realm)));
        Self { realm, address, server: Mutex::new(Some(server)) }
    }

    /// The issuer identifier.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.realm.settings.issuer
    }

    /// An endpoint's URL.
    #[must_use]
    pub fn endpoint(&self, endpoint: Endpoint) -> String {
        self.realm.url(endpoint)
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The first registered client's id; `client` unless the builder was told otherwise.
    #[must_use]
    pub fn client_id(&self) -> &str {
        self.realm.settings.clients.first().map_or("", |client| client.id())
    }

    /// The first registered client's secret.
    #[must_use]
    pub fn client_secret(&self) -> &str {
        self.realm.settings.clients.first().map_or("", |client| client.secret())
    }

    /// The clock it tells the time by.
    #[must_use]
    pub fn clock(&self) -> VirtualClock {
        self.realm.clock.clone()
    }
}

/// What it does next, and what it saw.
impl Provider {
    /// The answers queued.
    #[must_use]
    pub fn script(&self) -> Script {
        self.realm.script.clone()
    }

    /// The requests received.
    #[must_use]
    pub fn journal(&self) -> Journal {
        self.realm.journal.clone()
    }

    /// The next request to this endpoint that is not yet spoken for gets this answer.
    pub fn enqueue(&self, endpoint: Endpoint, answer: Answer) {
        self.realm.script.enqueue(endpoint, answer);
    }

    /// The next `times` requests to this endpoint get this answer.
    pub fn enqueue_many(&self, endpoint: Endpoint, answer: &Answer, times: usize) {
        self.realm.script.enqueue_many(endpoint, answer, times);
    }

    /// Every request to this endpoint for which nothing is queued gets this answer, until [`clear`](Self::clear).
    pub fn always(&self, endpoint: Endpoint, answer: Answer) {
        self.realm.script.always(endpoint, answer);
    }

    /// Forgets all scripted answers of this endpoint.
    pub fn clear(&self, endpoint: Endpoint) {
        self.realm.script.clear(endpoint);
    }

    /// Who answers at the authorization endpoint from now on, unless the provider is interactive. A subject that is not
    /// registered is a user made up on the spot.
    pub fn sign_in_as(&self, subject: &str) {
        self.realm.orders().current_user = subject.to_owned();
    }

    /// The next valid authorization request is sent back with this error, such as `access_denied`.
    pub fn deny_next_authorization(&self, error: &str) {
        self.realm.orders().deny_next = Some(error.to_owned());
    }

    /// Signs with a new key from now on, and publishes only that one.
    ///
    /// # Errors
    ///
    /// When no key can be made.
    pub fn rotate_keys(&self) -> io::Result<()> {
        self.realm.keys().rotate()
    }

    /// Does the same at the last moment before the next ID token is signed.
    pub fn rotate_keys_before_signing(&self) {
        self.realm.keys().rotate_before_signing = true;
    }
}

/// Devices, and what their users say (RFC 8628 §3.3).
impl Provider {
    /// The user codes nobody has decided about, expired ones left out.
    #[must_use]
    pub fn pending_user_codes(&self) -> Vec<String> {
        let now = self.realm.clock.now();
        let ledger = self.realm.ledger();
        let pending = ledger.devices.values().filter(|device| device.is_pending(now));
        pending.map(|device| device.user_code.clone()).collect()
    }

    /// The user [`sign_in_as`](Self::sign_in_as) names approves the device with this code, typed in whatever case, with or
    /// without the dash. `false` if none is pending.
    pub fn approve_device(&self, user_code: &str) -> bool {
        let subject = self.realm.orders().current_user.clone();
        let auth_time = self.realm.clock.unix_seconds();
        let Ok(sid) = unguessable() else { return false };
        self.decide(user_code, Verdict::Approved(Session { subject, sid, auth_time }))
    }

    /// The user says no. `false` if no device with this code is pending.
    pub fn deny_device(&self, user_code: &str) -> bool {
        self.decide(user_code, Verdict::Denied)
    }

    fn decide(&self, user_code: &str, verdict: Verdict) -> bool {
        let now = self.realm.clock.now();
        self.realm.ledger().decide(user_code, verdict, now)
    }
}

/// Grants and tokens.
impl Provider {
    /// Kills every grant with all its codes and tokens. Sessions at the provider live on.
    pub fn revoke_everything(&self) {
        for grant in &mut self.realm.ledger().grants {
            grant.alive = false;
        }
    }

    /// Kills every access token; refresh tokens live on.
    pub fn revoke_access_tokens(&self) {
        for access in self.realm.ledger().access.values_mut() {
            access.revoked = true;
        }
    }

    /// Ends every session at the provider: who comes next must sign in.
    pub fn end_all_sessions(&self) {
        self.realm.ledger().sessions.clear();
    }

    /// Whether the grant this refresh token was issued from is alive, even if the token itself is used up.
    #[must_use]
    pub fn refresh_family_alive(&self, refresh_token: &str) -> bool {
        let ledger = self.realm.ledger();
        ledger.refresh.get(refresh_token).is_some_and(|refresh| ledger.refreshable(refresh.grant).is_some())
    }

    /// Whether this refresh token can be used.
    #[must_use]
    pub fn live_refresh_token(&self, refresh_token: &str) -> bool {
        self.realm.ledger().live_refresh(refresh_token).is_some()
    }

    /// Whether userinfo would accept this access token now.
    #[must_use]
    pub fn live_access_token(&self, access_token: &str) -> bool {
        self.realm.ledger().live_access(access_token, self.realm.clock.now()).is_some()
    }

    /// How many users are signed in at the provider, browser by browser.
    #[must_use]
    pub fn sessions(&self) -> usize {
        self.realm.ledger().sessions.len()
    }

    /// The `sid` of this user's latest session at the provider.
    #[must_use]
    pub fn sid_of(&self, subject: &str) -> Option<String> {
        let ledger = self.realm.ledger();
        let of_user = ledger.sessions.values().filter(|session| session.subject == subject);
        of_user.max_by_key(|session: &&Session| session.auth_time).map(|session| session.sid.clone())
    }

    /// Signs any claims as this provider: a logout token, a signed userinfo answer.
    ///
    /// # Errors
    ///
    /// When no key can be made or used.
    pub fn sign(&self, claims: Value) -> io::Result<String> {
        tokens::sign(&mut self.realm.keys(), claims, self.client_secret(), None)
    }

    /// Signs header and claims after `edit` had them, with the current key.
    ///
    /// # Errors
    ///
    /// When no key can be made or used.
    pub fn sign_edited(
        &self,
        claims: Value,
        edit: impl Fn(&mut Value, &mut Value) + Send + Sync + 'static,
    ) -> io::Result<String> {
        let forgery = Forgery::Edited(Arc::new(edit));
        tokens::sign(&mut self.realm.keys(), claims, self.client_secret(), Some(&forgery))
    }
}

/// Away and back.
impl Provider {
    /// Stops listening and closes every connection. What was issued stays.
    pub async fn shutdown(&self) {
        let server = self.server.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(server) = server {
            server.stop().await;
        }
    }

    /// Listens again on the same port, after closing every connection.
    ///
    /// # Errors
    ///
    /// When the port was taken in the meantime.
    pub async fn restart(&self) -> io::Result<()> {
        self.shutdown().await;
        let slot = Server::reserve_at(self.address).await?;
        let server = slot.serve(router(Arc::clone(&self.realm)));
        *self.server.lock().unwrap_or_else(PoisonError::into_inner) = Some(server);
        Ok(())
    }
}

impl fmt::Debug for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Provider").field("issuer", &self.issuer()).finish_non_exhaustive()
    }
}
