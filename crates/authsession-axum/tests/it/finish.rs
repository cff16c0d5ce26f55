//! A process that is about to end: what goes on behind its requests is seen through.

use std::sync::Arc;
use std::time::Duration;

use authsession_axum::auth::AuthLayer;
use authsession_axum::extractors::AccessToken;
use authsession_axum::logout::handle_oidc_logout::OidcLogoutHandler;
use authsession_store::key::StoreKey;
use authsession_store::store::{Found, SessionStore as _};
use authsession_testkit::browser::Browser;
use authsession_testkit::clock::VirtualClock;
use authsession_testkit::endpoint::Endpoint;
use authsession_testkit::provider::Provider;
use authsession_testkit::script::Answer;
use authsession_testkit::serve::Server;
use axum::Router;
use axum::routing::get;

use crate::pains::scene::until;
use crate::stage::{CountingStore, SESSION_COOKIE, TOKEN_LIFETIME, application};

const SECOND: Duration = Duration::from_secs(1);

struct Process {
    provider: Provider,
    clock: VirtualClock,
    store: Arc<CountingStore>,
    auth: AuthLayer,
    server: Server,
    browser: Browser,
}

impl Process {
    /// With somebody signed in.
    async fn start() -> Self {
        let clock = VirtualClock::halted();
        let builder = Provider::builder().clock(clock.clone()).access_token_lifetime(TOKEN_LIFETIME);
        let provider = builder.start().await.unwrap();
        let slot = Server::reserve().await.unwrap();
        let builder = application(&provider, &slot, &clock).with_issuer(provider.issuer()).await.unwrap();
        let store = Arc::new(CountingStore::new(&clock));
        let logout = Arc::new(OidcLogoutHandler::default());
        let auth = AuthLayer::new(Arc::new(builder.build().unwrap()), store.clone(), logout);
        let routes =
            Router::new().route("/token", get(|token: AccessToken| async move { String::from(&*token) }));
        let server = slot.serve(routes.layer(auth.clone()));
        let browser = Browser::with_clock(clock.clone()).unwrap();
        let process = Self { provider, clock, store, auth, server, browser };
        assert_eq!(process.browser.navigate(process.url()).await.unwrap().status, 200);
        process
    }

    fn url(&self) -> String {
        format!("{}/token", self.server.url())
    }

    async fn token(&self) -> u16 {
        self.browser.fetch(self.url()).await.unwrap().status.as_u16()
    }

    async fn kept(&self) -> String {
        let cookies = self.browser.all_cookies();
        let session = cookies.iter().find(|cookie| cookie.name == SESSION_COOKIE).unwrap();
        let key = StoreKey::from_cookie(&session.value).unwrap();
        let Found::Live { session, .. } = self.store.load(&key).await.unwrap() else { unreachable!() };
        session.record.tokens.access_token.expose().to_owned()
    }
}

#[tokio::test]
async fn a_process_that_ends_waits_for_the_refresh_behind_its_last_request() {
    let process = Process::start().await;
    process.clock.advance(TOKEN_LIFETIME - SECOND);
    let (answer, gate) = Answer::normal().held_after();
    process.provider.enqueue(Endpoint::Token, answer);
    assert_eq!(process.token().await, 200, "served at once");
    assert!(gate.reached().await);
    let auth = process.auth.clone();
    let ending = tokio::spawn(async move { auth.finish(60 * SECOND).await });
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(!ending.is_finished());
    gate.open();

    assert!(ending.await.unwrap());

    assert!(process.provider.live_access_token(&process.kept().await), "the new one is kept");
}

#[tokio::test]
async fn it_waits_for_a_store_that_would_not_take_refreshed_tokens() {
    let process = Process::start().await;
    process.clock.advance(TOKEN_LIFETIME);
    process.store.fail_updates_after(1);
    assert_eq!(process.token().await, 503);
    assert!(!process.auth.finish(Duration::from_millis(100)).await, "not while the store takes nothing");
    process.store.work_again();
    process.clock.advance(60 * SECOND);

    assert!(process.auth.finish(60 * SECOND).await);

    assert!(process.provider.live_access_token(&process.kept().await));
}

#[tokio::test]
async fn it_waits_for_tokens_that_are_on_their_way_into_the_store_at_last() {
    let process = Process::start().await;
    process.clock.advance(TOKEN_LIFETIME);
    process.store.fail_updates_after(1);
    assert_eq!(process.token().await, 503);
    process.store.work_again();
    process.store.reset();
    let held = process.store.hold_the_next_update();
    process.clock.advance(60 * SECOND);
    assert!(until(async || process.store.writes() == 1).await, "it is tried again though nobody asks");

    assert!(!process.auth.finish(Duration::from_millis(100)).await, "not before it is saved");

    held.add_permits(1);
    assert!(process.auth.finish(60 * SECOND).await);
    assert!(process.provider.live_access_token(&process.kept().await));
}

#[tokio::test]
async fn it_waits_for_a_sign_in_whose_browser_is_gone() {
    let process = Process::start().await;
    let (answer, gate) = Answer::normal().held_after();
    process.provider.enqueue(Endpoint::Token, answer);
    let (browser, url) = (Browser::with_clock(process.clock.clone()).unwrap(), process.url());
    let browsing = tokio::spawn(async move { browser.navigate(url).await.map(drop) });
    assert!(gate.reached().await);
    browsing.abort();
    let _gone = browsing.await;
    let auth = process.auth.clone();
    let ending = tokio::spawn(async move { auth.finish(60 * SECOND).await });
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(!ending.is_finished(), "the code is at the provider");
    gate.open();

    assert!(ending.await.unwrap());

    assert_eq!(process.store.len(), 2, "the session is kept");
}

#[tokio::test]
async fn with_nothing_under_way_it_waits_for_nothing() {
    let process = Process::start().await;
    assert!(process.auth.finish(SECOND).await);
}
