//! An application, and a browser, at npm oidc-provider: certified, strict, written by others. `tests/real/run` starts it.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking, its stage too")]

use std::sync::Arc;

use authsession_axum::auth::AuthLayer;
use authsession_axum::auth_builder::OAuthConfigurationBuilder;
use authsession_axum::extractors::{AccessToken, Claims, IdToken};
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

pub(crate) struct Stage {
    pub(crate) issuer: String,
    /// The application's clock: the system's, which a test moves on.
    pub(crate) clock: VirtualClock,
    server: Server,
    pub(crate) browser: Browser,
}

impl Stage {
    pub(crate) async fn with(
        client: &str,
        edit: impl FnOnce(OAuthConfigurationBuilder) -> OAuthConfigurationBuilder,
    ) -> Self {
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
            .route("/id-token", get(|token: IdToken| async move { token.0 }))
            .route("/claims", get(|claims: Claims<Value>| async move { Json((*claims).clone()) }))
            .layer(auth);
        Self { issuer, clock, server: slot.serve(router), browser: Browser::new().unwrap() }
    }

    pub(crate) async fn of(client: &str) -> Self {
        Self::with(client, |builder| builder).await
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.server.url())
    }

    /// Signs alice in, through the provider's pages for the password and the consent.
    pub(crate) async fn sign_in(&self) -> Page {
        let page = self.browser.navigate(self.url("/claims")).await.unwrap();
        assert!(page.text().contains("password"), "{}", page.text());
        let page = self.browser.submit_form(&[("login", "alice"), ("password", "wonderland")]).await.unwrap();
        if page.text().contains("Consent") { self.browser.submit_form(&[]).await.unwrap() } else { page }
    }

    pub(crate) async fn token(&self) -> String {
        let page = self.browser.fetch(self.url("/token")).await.unwrap();
        assert_eq!(page.status, 200, "{}", page.text());
        page.text().into_owned()
    }

    /// The ID token held now.
    pub(crate) async fn id_token(&self) -> String {
        self.browser.fetch(self.url("/id-token")).await.unwrap().text().into_owned()
    }

    /// What the provider says about the user, as it says it.
    pub(crate) async fn userinfo(&self, token: &str) -> Page {
        let authorization = format!("Bearer {token}");
        let headers = [("authorization", authorization.as_str())];
        let userinfo = format!("{}/me", self.issuer);
        Browser::new().unwrap().fetch_with(Method::GET, userinfo, &headers, "").await.unwrap()
    }

    /// Signs out here and at the provider; the page it ends on.
    pub(crate) async fn sign_out(&self) -> Page {
        self.browser.navigate(self.url("/")).await.unwrap();
        let asked = self.browser.submit(self.url("/auth/logout"), &[]).await.unwrap();
        assert_eq!(asked.url.origin().ascii_serialization(), self.issuer, "{}", asked.text());
        self.browser.submit_form(&[("logout", "yes")]).await.unwrap()
    }

    /// Whether the provider takes that access token.
    pub(crate) async fn is_live(&self, token: &str) -> bool {
        self.userinfo(token).await.status == 200
    }

    /// How often that client presented that grant.
    pub(crate) async fn grants(&self, client: &str, grant: &str) -> u64 {
        let counted = Browser::new().unwrap().fetch(format!("{}/_ctl/grants", self.issuer)).await.unwrap();
        counted.json().unwrap()[client][grant].as_u64().unwrap_or_default()
    }
}

/// Tells the provider's own controls to do something.
pub(crate) async fn control(issuer: &str, what: &str) {
    let url = format!("{issuer}/_ctl/{what}");
    let page = Browser::new().unwrap().fetch_with(Method::POST, url, &[], "").await.unwrap();
    assert!(page.status.is_success(), "{what}: {}", page.text());
}
