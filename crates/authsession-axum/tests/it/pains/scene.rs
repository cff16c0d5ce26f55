//! The scene of a complaint: the stage, with an application set up as the complaint has it and routes of its own.

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use authsession_axum::auth::{AuthLayer, OAuthConfiguration};
use authsession_axum::auth_builder::OAuthConfigurationBuilder;
use authsession_axum::extractors::{AccessToken, Claims};
use authsession_axum::logout::handle_oidc_logout::OidcLogoutHandler;
use authsession_store::key::StoreKey;
use authsession_store::record::StoredSession;
use authsession_store::store::{Found, SessionStore as _};
use authsession_testkit::browser::{Browser, Page};
use authsession_testkit::builder::ProviderBuilder;
use authsession_testkit::clock::VirtualClock;
use authsession_testkit::provider::Provider;
use authsession_testkit::serve::Server;
use axum::body::Body;
use axum::http::{Request, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::Value;
use tower::ServiceExt as _;

use crate::stage::{CountingStore, Stage, TOKEN_LIFETIME, app, application};

pub(crate) struct Scene {
    pub(crate) stage: Stage,
    pub(crate) configuration: Arc<OAuthConfiguration>,
    router: Router,
}

impl Deref for Scene {
    type Target = Stage;

    fn deref(&self) -> &Stage {
        &self.stage
    }
}

impl Scene {
    /// An application with these routes beside `/token`, `/claims` and `/public`.
    pub(crate) async fn set(
        edit_provider: impl FnOnce(ProviderBuilder) -> ProviderBuilder,
        edit: impl FnOnce(OAuthConfigurationBuilder) -> OAuthConfigurationBuilder,
        routes: Router,
    ) -> Self {
        let clock = VirtualClock::halted();
        let builder = Provider::builder().clock(clock.clone()).access_token_lifetime(TOKEN_LIFETIME);
        let provider = edit_provider(builder).start().await.unwrap();
        Self::before(provider, clock, edit, routes).await
    }

    /// The same before a provider that is there already, by a clock that need not be its own.
    pub(crate) async fn before(
        provider: Provider,
        clock: VirtualClock,
        edit: impl FnOnce(OAuthConfigurationBuilder) -> OAuthConfigurationBuilder,
        routes: Router,
    ) -> Self {
        let slot = Server::reserve().await.unwrap();
        let builder = application(&provider, &slot, &clock).with_issuer(provider.issuer()).await.unwrap();
        let configuration = Arc::new(edit(builder).build().unwrap());
        let store = Arc::new(CountingStore::new(&clock));
        let logout = Arc::new(OidcLogoutHandler::default());
        let auth = AuthLayer::new(Arc::clone(&configuration), store.clone(), logout);
        let router = routes
            .route("/token", get(|token: AccessToken| async move { String::from(&*token) }))
            .route("/claims", get(|claims: Claims<Value>| async move { Json((*claims).clone()) }))
            .route("/public", get(|| async { "public" }))
            .route("/", get(|| async { "home" }))
            .layer(auth);
        let server = slot.serve(router.clone());
        let browser = Browser::with_clock(clock.clone()).unwrap();
        provider.journal().clear();
        Self { stage: Stage { clock, provider, store, server, browser }, configuration, router }
    }

    /// What somebody gets who sends these headers and no others.
    pub(crate) async fn asked(&self, path: &str, headers: &[(&str, &str)]) -> Response<Body> {
        let request =
            headers.iter().fold(Request::get(path), |request, (name, value)| request.header(*name, *value));
        self.router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
    }
}

/// A second process of the stage's application, on the same store, behind the same public URL.
pub(crate) async fn replica_of(stage: &Stage) -> Server {
    let slot = Server::reserve().await.unwrap();
    let builder = application(&stage.provider, &slot, &stage.clock)
        .with_redirect_uri(&stage.url("/auth/callback"))
        .with_issuer(stage.provider.issuer())
        .await
        .unwrap();
    slot.serve(app(builder, Arc::clone(&stage.store)))
}

/// The session as the store has it.
pub(crate) async fn kept(stage: &Stage) -> Option<Arc<StoredSession>> {
    let key = StoreKey::from_cookie(&stage.session_cookie()?)?;
    match stage.store.load(&key).await.unwrap() {
        Found::Live { session, .. } => Some(session),
        Found::Overdue(_) | Found::Ended(_) | Found::Absent => None,
    }
}

/// Waits until it is so, ten seconds at most.
pub(crate) async fn until(is_so: impl AsyncFn() -> bool) -> bool {
    for _ in 0..1000 {
        if is_so().await {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    false
}

/// The cookies that page set, the ones on the way to it included.
pub(crate) fn cookies_of(page: &Page) -> Vec<&String> {
    page.set_cookies.iter().flatten().collect()
}

pub(crate) fn minutes(minutes: u64) -> Duration {
    Duration::from_secs(60 * minutes)
}
