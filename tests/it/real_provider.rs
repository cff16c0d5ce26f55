//! Sign-in against npm oidc-provider: certified, strict, written by others. `tests/real/run` starts it.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking, its stage too")]

use std::sync::Arc;
use std::time::Duration;

use authsession_axum::auth::AuthLayer;
use authsession_axum::auth_builder::OAuthConfigurationBuilder;
use authsession_axum::extractors::{AccessToken, Claims};
use authsession_axum::logout::handle_oidc_logout::OidcLogoutHandler;
use authsession_axum::store::memory::MemoryStore;
use authsession_core::clock::Clock;
use authsession_testkit::browser::{Browser, Page};
use authsession_testkit::clock::VirtualClock;
use authsession_testkit::serve::Server;
use axum::http::Method;
use axum::routing::get;
use axum::{Json, Router};
use serde_json::Value;

const COOKIE_KEY: &str = "9f8a7b6c5d4e3f2a1b0c9d8e7f6a5b4c3d2e1f0a9b8c7d6e5f4a3b2c1d0e9f8a";
/// Access tokens of this client live three seconds.
const BRIEF: &str = "rp-brief";

struct Stage {
    issuer: String,
    /// The application's clock: the system's, which a test moves on.
    clock: VirtualClock,
    server: Server,
    browser: Browser,
}

impl Stage {
    async fn with(client: &str, edit: fn(OAuthConfigurationBuilder) -> OAuthConfigurationBuilder) -> Self {
        let issuer = std::env::var("AUTHSESSION_TEST_ISSUER").expect("start me with tests/real/run");
        let secret = std::env::var("AUTHSESSION_TEST_CLIENT_SECRET").expect("start me with tests/real/run");
        let slot = Server::reserve().await.unwrap();
        let url = slot.url().to_owned();
        control(&issuer, &format!("relying-party?base={url}")).await;
        let clock = VirtualClock::system();
        let now = clock.clone();
        let builder = OAuthConfigurationBuilder::default()
            .with_clock(Clock::from_fn(move || now.now()))
            .with_client_id(client)
            .with_client_secret(&secret)
            .with_redirect_uri(&format!("{url}/auth/callback"))
            .with_private_cookie_key(COOKIE_KEY)
            .with_scopes(vec!["openid", "profile", "email", "offline_access"])
            .with_authorization_parameter("prompt", "consent");
        let configuration = edit(builder).with_issuer(&issuer).await.unwrap().build().unwrap();
        let auth = AuthLayer::new(
            Arc::new(configuration),
            Arc::new(MemoryStore::new()),
            Arc::new(OidcLogoutHandler::default()),
        );
        let router = Router::new()
            .route("/", get(|| async { "home" }))
            .route("/token", get(|token: AccessToken| async move { String::from(&*token) }))
            .route("/claims", get(|claims: Claims<Value>| async move { Json((*claims).clone()) }))
            .layer(auth);
        Self { issuer, clock, server: slot.serve(router), browser: Browser::new().unwrap() }
    }

    async fn of(client: &str) -> Self {
        Self::with(client, |builder| builder).await
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.server.url())
    }

    /// Signs alice in, through the provider's pages for the password and the consent.
    async fn sign_in(&self) -> Page {
        let page = self.browser.navigate(self.url("/claims")).await.unwrap();
        assert!(page.text().contains("password"), "{}", page.text());
        let page = self.browser.submit_form(&[("login", "alice"), ("password", "wonderland")]).await.unwrap();
        if page.text().contains("Consent") { self.browser.submit_form(&[]).await.unwrap() } else { page }
    }

    async fn token(&self) -> String {
        let page = self.browser.fetch(self.url("/token")).await.unwrap();
        assert_eq!(page.status, 200, "{}", page.text());
        page.text().into_owned()
    }

    /// Whether the provider takes that access token.
    async fn is_live(&self, token: &str) -> bool {
        let authorization = format!("Bearer {token}");
        let headers = [("authorization", authorization.as_str())];
        let userinfo = format!("{}/me", self.issuer);
        Browser::new().unwrap().fetch_with(Method::GET, userinfo, &headers, "").await.unwrap().status == 200
    }

    /// How often that client presented that grant.
    async fn grants(&self, client: &str, grant: &str) -> u64 {
        let counted = Browser::new().unwrap().fetch(format!("{}/_ctl/grants", self.issuer)).await.unwrap();
        counted.json().unwrap()[client][grant].as_u64().unwrap_or_default()
    }
}

/// Tells the provider's own controls to do something.
async fn control(issuer: &str, what: &str) {
    let url = format!("{issuer}/_ctl/{what}");
    let page = Browser::new().unwrap().fetch_with(Method::POST, url, &[], "").await.unwrap();
    assert!(page.status.is_success(), "{what}: {}", page.text());
}

#[tokio::test]
async fn every_signing_algorithm_signs_a_person_in() {
    for client in [
        "rp-basic",
        "rp-es256",
        "rp-es384",
        "rp-es512",
        "rp-ps256",
        "rp-ps384",
        "rp-rs512",
        "rp-eddsa",
        "rp-ed25519",
    ] {
        let stage = Stage::of(client).await;

        let page = stage.sign_in().await;

        assert_eq!(page.status, 200, "{client}: {}", page.text());
        assert_eq!(page.json().unwrap()["sub"], "alice", "{client}");
    }
}

#[tokio::test]
async fn an_hs256_id_token_signs_nobody_in() {
    let stage = Stage::of("rp-hs256").await;

    assert_eq!(stage.sign_in().await.status, 400);
}

#[tokio::test]
async fn every_way_to_authenticate_the_client_works() {
    let post = Stage::with("rp-post", OAuthConfigurationBuilder::with_client_secret_post).await;
    let odd = Stage::with("rp-odd~id %", |builder| builder.with_client_secret("p+ss:w/rd %&=~\"")).await;

    assert_eq!(post.sign_in().await.json().unwrap()["sub"], "alice");
    assert_eq!(odd.sign_in().await.json().unwrap()["sub"], "alice");
}

#[tokio::test]
async fn userinfo_is_taken_into_the_claims() {
    let stage = Stage::with("rp-basic", |builder| builder.with_userinfo(true)).await;

    let page = stage.sign_in().await;

    assert_eq!(page.json().unwrap()["email"], "alice@example.test");
}

// One test for the client whose grants are counted: two at once would count each other's.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_parallel_requests_on_an_expired_token_make_one_refresh_and_the_family_stays_alive() {
    let stage = Arc::new(Stage::of(BRIEF).await);
    stage.sign_in().await;
    let before = stage.token().await;

    for round in 1..=3 {
        let refreshes = stage.grants(BRIEF, "refresh_token").await;
        stage.clock.advance(Duration::from_secs(4));
        let requests: Vec<_> = (0..50)
            .map(|_| {
                let stage = Arc::clone(&stage);
                tokio::spawn(async move { stage.token().await })
            })
            .collect();
        for request in requests {
            assert_ne!(request.await.unwrap(), before);
        }
        assert!(stage.is_live(&stage.token().await).await, "round {round}");
        assert_eq!(stage.grants(BRIEF, "refresh_token").await, refreshes + 1, "round {round}");
    }
}

#[tokio::test]
async fn keys_rotated_after_a_login_stop_neither_refresh_nor_login() {
    let stage = Stage::of("rp-es256").await;
    stage.sign_in().await;
    control(&stage.issuer, "rotate-keys").await;

    stage.clock.advance(Duration::from_secs(3601));
    let token = stage.token().await;

    assert!(stage.is_live(&token).await);
    let again = Stage::of("rp-es256").await;
    assert_eq!(again.sign_in().await.json().unwrap()["sub"], "alice");
}

#[tokio::test]
async fn a_logout_ends_both_sessions_and_lands_in_the_application() {
    let stage = Stage::of("rp-basic").await;
    stage.sign_in().await;

    stage.browser.navigate(stage.url("/")).await.unwrap();
    let asked = stage.browser.submit(stage.url("/auth/logout"), &[]).await.unwrap();
    assert_eq!(asked.url.origin().ascii_serialization(), stage.issuer, "{}", asked.text());
    let page = stage.browser.submit_form(&[("logout", "yes")]).await.unwrap();

    assert_eq!(page.text(), "home", "{}", page.url);
    assert_eq!(stage.browser.fetch(stage.url("/token")).await.unwrap().status, 401);
    let login = stage.browser.navigate(stage.url("/token")).await.unwrap();
    assert!(login.text().contains("password"), "signed out at the provider too");
}
