//! The stage the tests play on: a provider, an application with every kind of route, a browser, one halted clock.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use authsession_axum::auth::AuthLayer;
use authsession_axum::auth_builder::OAuthConfigurationBuilder;
use authsession_axum::extractors::{
    AccessToken, AuthSession, Claims, IdToken, Login, OptionalAccessToken, OptionalAuthSession,
    OptionalIdToken, Session,
};
use authsession_axum::logout::handle_oidc_logout::OidcLogoutHandler;
use authsession_core::clock::{Clock, Timestamp};
use authsession_store::claim::{Claim, Settled};
use authsession_store::end_reason::EndReason;
use authsession_store::key::StoreKey;
use authsession_store::memory::MemoryStore;
use authsession_store::record::{SessionRecord, StoredSession, Version};
use authsession_store::store::{EndedSession, Found, LeaseOwner, SessionStore, StoreError, Updated};
use authsession_testkit::browser::Browser;
use authsession_testkit::builder::ProviderBuilder;
use authsession_testkit::clock::VirtualClock;
use authsession_testkit::endpoint::Endpoint;
use authsession_testkit::provider::Provider;
use authsession_testkit::serve::{Server, Slot};
use axum::response::Response;
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use url::Url;

use crate::sweeping::Sweeps;

pub(crate) const COOKIE_KEY: &str = "9f8a7b6c5d4e3f2a1b0c9d8e7f6a5b4c3d2e1f0a9b8c7d6e5f4a3b2c1d0e9f8a";
pub(crate) const SESSION_COOKIE: &str = "authsession";
pub(crate) const TOKEN_LIFETIME: Duration = Duration::from_secs(300);

pub(crate) struct Stage {
    pub(crate) clock: VirtualClock,
    pub(crate) provider: Provider,
    pub(crate) store: Arc<CountingStore>,
    pub(crate) server: Server,
    pub(crate) browser: Browser,
}

impl Stage {
    pub(crate) async fn new() -> Self {
        Self::with(|provider| provider, |application| application).await
    }

    /// With edits to the two sides before they meet.
    pub(crate) async fn with(
        edit_provider: impl FnOnce(ProviderBuilder) -> ProviderBuilder,
        edit_application: impl FnOnce(OAuthConfigurationBuilder) -> OAuthConfigurationBuilder,
    ) -> Self {
        let clock = VirtualClock::halted();
        let builder = Provider::builder().clock(clock.clone()).access_token_lifetime(TOKEN_LIFETIME);
        let provider = edit_provider(builder).start().await.unwrap();
        let slot = Server::reserve().await.unwrap();
        let builder = application(&provider, &slot, &clock).with_issuer(provider.issuer()).await.unwrap();
        let store = Arc::new(CountingStore::new(&clock));
        let app = app(edit_application(builder), Arc::clone(&store));
        let server = slot.serve(app);
        let browser = Browser::with_clock(clock.clone()).unwrap();
        provider.journal().clear();
        Self { clock, provider, store, server, browser }
    }

    /// Another application at another provider, with the same store.
    pub(crate) async fn sharing_the_store_of(other: &Self) -> Self {
        let clock = other.clock.clone();
        let provider = Provider::builder().clock(clock.clone()).start().await.unwrap();
        let slot = Server::reserve().await.unwrap();
        let builder = application(&provider, &slot, &clock).with_issuer(provider.issuer()).await.unwrap();
        let store = Arc::clone(&other.store);
        let server = slot.serve(app(builder, Arc::clone(&store)));
        let browser = Browser::with_clock(clock.clone()).unwrap();
        Self { clock, provider, store, server, browser }
    }

    /// Signs in up to the provider's answer: the URL of the callback, not opened yet.
    pub(crate) async fn to_the_callback(&self, login: &str) -> Url {
        let start = self.browser.navigate_without_following(self.url(login)).await.unwrap();
        let back = self.browser.navigate_without_following(start.location().unwrap()).await.unwrap();
        back.location().unwrap()
    }

    /// A stage at a plain OAuth 2.0 provider with userinfo, such as GitHub.
    pub(crate) async fn plain_oauth2() -> Self {
        let clock = VirtualClock::halted();
        let provider = Provider::builder().clock(clock.clone()).plain_oauth2(true).start().await.unwrap();
        let slot = Server::reserve().await.unwrap();
        let builder = application(&provider, &slot, &clock)
            .with_authorization_endpoint(&provider.endpoint(Endpoint::Authorization))
            .with_token_endpoint(&provider.endpoint(Endpoint::Token))
            .with_userinfo_endpoint(&provider.endpoint(Endpoint::Userinfo))
            .with_scopes(vec!["read:user"]);
        let store = Arc::new(CountingStore::new(&clock));
        let server = slot.serve(app(builder, Arc::clone(&store)));
        let browser = Browser::with_clock(clock.clone()).unwrap();
        Self { clock, provider, store, server, browser }
    }

    /// A stage whose user is signed in.
    pub(crate) async fn signed_in() -> Self {
        let stage = Self::new().await;
        stage.sign_in().await;
        stage
    }

    pub(crate) async fn sign_in(&self) {
        let page = self.browser.navigate(self.url("/token")).await.unwrap();
        assert_eq!(page.status, 200, "{}", page.text());
        self.provider.journal().clear();
        self.store.reset();
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.server.url().trim_end_matches('/'))
    }

    /// What a script of the application's own pages gets there.
    pub(crate) async fn fetch(&self, path: &str) -> (u16, Value) {
        let page = self.browser.fetch(self.url(path)).await.unwrap();
        (page.status.as_u16(), page.json().unwrap_or_default())
    }

    pub(crate) async fn token(&self) -> String {
        let page = self.browser.fetch(self.url("/token")).await.unwrap();
        assert_eq!(page.status, 200, "{}", page.text());
        page.text().into_owned()
    }

    pub(crate) fn refreshes(&self) -> usize {
        self.provider.journal().grants("refresh_token")
    }

    pub(crate) fn session_cookie(&self) -> Option<String> {
        let cookies = self.browser.cookies(self.url("/")).unwrap();
        cookies.into_iter().find(|(name, _)| name == SESSION_COOKIE).map(|(_, value)| value)
    }

    pub(crate) fn login_cookies(&self) -> usize {
        let cookies = self.browser.cookies(self.url("/")).unwrap();
        cookies.iter().filter(|(name, _)| name.starts_with("authsession-login-")).count()
    }

    pub(crate) fn expire_token(&self) {
        self.clock.advance(TOKEN_LIFETIME + Duration::from_secs(1));
    }
}

pub(crate) fn application(
    provider: &Provider,
    slot: &Slot,
    clock: &VirtualClock,
) -> OAuthConfigurationBuilder {
    let builder = OAuthConfigurationBuilder::default();
    let builder = match provider.client_secret() {
        "" => builder,
        secret => builder.with_client_secret(secret),
    };
    builder
        .with_client_id(provider.client_id())
        .with_redirect_uri(&format!("{}/auth/callback", slot.url().trim_end_matches('/')))
        .with_private_cookie_key(COOKIE_KEY)
        .with_clock(clock_of(clock))
        .with_request_timeout(Duration::from_secs(5))
}

pub(crate) fn clock_of(clock: &VirtualClock) -> Clock {
    let clock = clock.clone();
    Clock::from_fn(move || clock.now())
}

pub(crate) fn app(builder: OAuthConfigurationBuilder, store: Arc<CountingStore>) -> Router {
    let configuration = builder.build().unwrap();
    let auth = AuthLayer::new(Arc::new(configuration), store, Arc::new(OidcLogoutHandler::default()));
    Router::new()
        .route("/", get(|| async { "home" }))
        .route("/public", get(|| async { "public" }))
        .route(
            "/token",
            get(|token: AccessToken| async move { String::from(&*token) })
                .post(|_: AccessToken| async { "done" }),
        )
        .route("/id-token", get(|token: IdToken| async move { token.0 }))
        .route("/session", get(|session: AuthSession| async move { Json(session) }))
        .route("/claims", get(|claims: Claims<Value>| async move { Json((*claims).clone()) }))
        .route(
            "/version",
            get(|session: Session| async move {
                Json(json!({ "version": session.version(), "sub": session.subject() }))
            }),
        )
        .route(
            "/end",
            get(|session: Session| async move {
                session.end().await.unwrap();
                "ended"
            }),
        )
        .route("/optional", get(optional))
        .route("/many", get(many))
        .route("/step-up", get(step_up))
        .route("/strong", get(strong))
        .nest("/inner", Router::new().route("/page", get(|_: AccessToken| async { "inner" })))
        .layer(auth)
}

async fn optional(
    session: OptionalAuthSession,
    token: OptionalAccessToken,
    id_token: OptionalIdToken,
    claims: Option<Claims<Value>>,
    handle: Option<Session>,
    plain: (Option<AuthSession>, Option<AccessToken>, Option<IdToken>),
) -> Json<Value> {
    let all = [
        session.is_some(),
        token.is_some(),
        id_token.is_some(),
        claims.is_some(),
        handle.is_some(),
        plain.0.is_some() && plain.1.is_some() && plain.2.is_some(),
    ];
    Json(json!({ "signed_in": all.iter().all(|one| *one), "signed_out": all.iter().all(|one| !one) }))
}

async fn many(
    _: AuthSession,
    _: AccessToken,
    _: IdToken,
    _: Claims<Value>,
    _: Session,
    _: OptionalAuthSession,
) -> &'static str {
    "many"
}

async fn step_up(login: Login) -> Response {
    login
        .login_hint("alice@example.test")
        .prompt("login")
        .max_age(Duration::ZERO)
        .acr_values("urn:example:mfa")
        .ui_locales("de en")
        .parameter("theme", "dark")
        .return_to("/claims?after=step-up")
        .start()
        .await
}

/// Demands how strongly the user signs in.
async fn strong(login: Login) -> Response {
    login.essential_acr(["phr", "urn:example:mfa"]).return_to("/claims?after=strong").start().await
}

/// The memory store, counting what is asked of it.
#[derive(Debug)]
pub(crate) struct CountingStore {
    inner: MemoryStore,
    pub(crate) reads: AtomicUsize,
    pub(crate) writes: AtomicUsize,
    pub(crate) touches: AtomicUsize,
    /// How many more updates work.
    updates_left: AtomicUsize,
    answers_left: AtomicUsize,
    failed: AtomicUsize,
    released: AtomicUsize,
    /// Whether it answers without being waited for, as the memory store does.
    pub(crate) answers_at_once: AtomicBool,
    /// The calls that fail.
    away_for: Mutex<Vec<&'static str>>,
    hangs_for: Mutex<Vec<&'static str>>,
    leases_failed: AtomicUsize,
    claims: AtomicUsize,
    /// The next update waits for a permit.
    held: Mutex<Option<Arc<Semaphore>>>,
    pub(crate) sweeps: Sweeps,
}

impl CountingStore {
    pub(crate) fn new(clock: &VirtualClock) -> Self {
        Self {
            inner: MemoryStore::with_clock(clock_of(clock)),
            reads: AtomicUsize::new(0),
            writes: AtomicUsize::new(0),
            touches: AtomicUsize::new(0),
            updates_left: AtomicUsize::new(usize::MAX),
            answers_left: AtomicUsize::new(usize::MAX),
            failed: AtomicUsize::new(0),
            released: AtomicUsize::new(0),
            answers_at_once: AtomicBool::new(false),
            away_for: Mutex::default(),
            hangs_for: Mutex::default(),
            leases_failed: AtomicUsize::new(0),
            claims: AtomicUsize::new(0),
            held: Mutex::default(),
            sweeps: Sweeps::default(),
        }
    }

    /// From now on these calls fail: `load`, `create`, `touch`, `end`, `sweep`, `lease`, `release`, `claim`, `settle`.
    pub(crate) fn away_for(&self, calls: &[&'static str]) {
        *self.away_for.lock().unwrap() = calls.to_vec();
    }

    pub(crate) fn leases_failed(&self) -> usize {
        self.leases_failed.load(Ordering::SeqCst)
    }

    /// How often a claim was asked for.
    pub(crate) fn claims(&self) -> usize {
        self.claims.load(Ordering::SeqCst)
    }

    /// From now on these calls fail as those of a store that hangs: each after five seconds.
    pub(crate) fn hangs_for(&self, calls: &[&'static str]) {
        *self.hangs_for.lock().unwrap() = calls.to_vec();
    }

    /// The next update arrives, and is not done before there is a permit.
    pub(crate) fn hold_the_next_update(&self) -> Arc<Semaphore> {
        let held = Arc::new(Semaphore::new(0));
        *self.held.lock().unwrap() = Some(Arc::clone(&held));
        held
    }

    async fn answers(&self, call: &str) -> Result<(), StoreError> {
        if self.hangs_for.lock().unwrap().contains(&call) {
            self.failed.fetch_add(1, Ordering::SeqCst);
            tokio::time::sleep(Duration::from_secs(5)).await;
            return Err(StoreError::Unavailable(Arc::new(std::io::Error::other("the test's store hangs"))));
        }
        Ok(())
    }

    fn there_for(&self, call: &str) -> Result<(), StoreError> {
        if self.away_for.lock().unwrap().contains(&call) {
            return Err(StoreError::Unavailable(Arc::new(std::io::Error::other("the test's store is away"))));
        }
        Ok(())
    }

    pub(crate) fn reset(&self) {
        for counter in [&self.reads, &self.writes, &self.touches] {
            counter.store(0, Ordering::SeqCst);
        }
    }

    pub(crate) fn reads(&self) -> usize {
        self.reads.load(Ordering::SeqCst)
    }

    pub(crate) fn writes(&self) -> usize {
        self.writes.load(Ordering::SeqCst)
    }

    pub(crate) fn touches(&self) -> usize {
        self.touches.load(Ordering::SeqCst)
    }

    pub(crate) fn fail_updates_after(&self, updates: usize) {
        self.updates_left.store(updates, Ordering::SeqCst);
    }

    /// After so many updates, the answer of one is lost: it is done, and fails all the same.
    pub(crate) fn lose_an_answer_after(&self, updates: usize) {
        self.answers_left.store(updates, Ordering::SeqCst);
    }

    /// Waits until that many updates have failed.
    pub(crate) async fn failed_updates(&self, updates: usize) {
        let failed = async {
            while self.failed.load(Ordering::SeqCst) < updates {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(10), failed).await.unwrap();
    }

    /// How many refreshes are over, whatever came of them.
    pub(crate) fn released(&self) -> usize {
        self.released.load(Ordering::SeqCst)
    }

    pub(crate) fn work_again(&self) {
        self.updates_left.store(usize::MAX, Ordering::SeqCst);
    }

    pub(crate) fn len(&self) -> usize {
        self.inner.len()
    }
}

#[async_trait]
impl SessionStore for CountingStore {
    async fn create(
        &self,
        key: &StoreKey,
        record: SessionRecord,
        idle: Timestamp,
    ) -> Result<Arc<StoredSession>, StoreError> {
        self.writes.fetch_add(1, Ordering::SeqCst);
        self.there_for("create")?;
        self.inner.create(key, record, idle).await
    }

    async fn load(&self, key: &StoreKey) -> Result<Found, StoreError> {
        self.reads.fetch_add(1, Ordering::SeqCst);
        self.there_for("load")?;
        self.inner.load(key).await
    }

    fn load_at_once(&self, key: &StoreKey) -> Option<Found> {
        self.answers_at_once.load(Ordering::SeqCst).then(|| self.inner.load_at_once(key))?
    }

    async fn update(
        &self,
        key: &StoreKey,
        read: Version,
        record: SessionRecord,
    ) -> Result<Updated, StoreError> {
        let held = self.held.lock().unwrap().take();
        self.writes.fetch_add(1, Ordering::SeqCst);
        if let Some(held) = held {
            let _permit = held.acquire().await.unwrap();
        }
        self.answers("update").await?;
        let left =
            self.updates_left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        if left.is_err() {
            self.failed.fetch_add(1, Ordering::SeqCst);
            return Err(StoreError::Unavailable(Arc::new(std::io::Error::other("the test's store fails"))));
        }
        let updated = self.inner.update(key, read, record).await?;
        if self.answers_left.fetch_sub(1, Ordering::SeqCst) == 0 {
            self.answers_left.store(usize::MAX, Ordering::SeqCst);
            return Err(StoreError::Unavailable(Arc::new(std::io::Error::other("the answer was lost"))));
        }
        Ok(updated)
    }

    async fn touch(&self, key: &StoreKey, idle: Timestamp) -> Result<(), StoreError> {
        self.touches.fetch_add(1, Ordering::SeqCst);
        self.there_for("touch")?;
        self.inner.touch(key, idle).await
    }

    async fn end(&self, key: &StoreKey, reason: EndReason) -> Result<Option<EndedSession>, StoreError> {
        self.writes.fetch_add(1, Ordering::SeqCst);
        self.there_for("end")?;
        self.inner.end(key, reason).await
    }

    async fn sweep(&self, at_most: usize) -> Result<Vec<EndedSession>, StoreError> {
        self.there_for("sweep")?;
        self.sweeps.watch(at_most, self.inner.sweep(at_most)).await
    }

    fn sweep_parts(&self) -> usize {
        self.inner.sweep_parts()
    }

    async fn find_by_subject(&self, issuer: &str, subject: &str) -> Result<Vec<StoreKey>, StoreError> {
        self.inner.find_by_subject(issuer, subject).await
    }

    async fn find_by_provider_session(&self, issuer: &str, sid: &str) -> Result<Vec<StoreKey>, StoreError> {
        self.inner.find_by_provider_session(issuer, sid).await
    }

    async fn lease(&self, key: &StoreKey, owner: LeaseOwner, ttl: Duration) -> Result<bool, StoreError> {
        self.there_for("lease").inspect_err(|_| {
            self.leases_failed.fetch_add(1, Ordering::SeqCst);
        })?;
        self.inner.lease(key, owner, ttl).await
    }

    async fn release(&self, key: &StoreKey, owner: LeaseOwner) -> Result<(), StoreError> {
        self.there_for("release")?;
        self.answers("release").await?;
        self.inner.release(key, owner).await?;
        self.released.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }

    async fn claim(&self, key: &StoreKey, ttl: Duration) -> Result<Claim, StoreError> {
        self.there_for("claim")?;
        self.claims.fetch_add(1, Ordering::SeqCst);
        self.inner.claim(key, ttl).await
    }

    async fn settle(&self, key: &StoreKey, ours: Version, settled: Settled) -> Result<(), StoreError> {
        self.there_for("settle")?;
        self.inner.settle(key, ours, settled).await
    }
}
