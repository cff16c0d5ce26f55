//! `axum-oidc-client`, on its Moka cache, set up as its quick start says.

use std::error::Error;
use std::hint::black_box;
use std::sync::Arc;

use authsession_testkit::endpoint::Endpoint;
use authsession_testkit::provider::Provider;
use authsession_testkit::serve::Server;
use axum::Router;
use axum::routing::get;
use axum_oidc_client::auth::{AuthenticationLayer, CodeChallengeMethod, SESSION_KEY};
use axum_oidc_client::auth_builder::OAuthConfigurationBuilder;
use axum_oidc_client::auth_cache::AuthCache;
use axum_oidc_client::auth_session::AuthSession;
use axum_oidc_client::cache::TwoTierAuthCache;
use axum_oidc_client::cache::config::TwoTierCacheConfig;
use axum_oidc_client::extractors::AccessToken;
use axum_oidc_client::logout::handle_default_logout::DefaultLogoutHandler;

use crate::contestants::{ANSWER, Contestant};
use crate::provider;

const ROUTES: [(&str, &str); 3] = [
    ("/none", "axum-oidc-client, no session asked for"),
    ("/token", "axum-oidc-client, `AccessToken`"),
    ("/owned", "axum-oidc-client, `AuthSession`"),
];

/// An application on loopback that users sign in to.
pub(crate) struct Application {
    server: Server,
    router: Router,
}

impl Application {
    /// An application that signs in at this provider.
    pub(crate) async fn new(provider: &Provider) -> Result<Self, Box<dyn Error>> {
        let slot = Server::reserve().await?;
        let configuration = OAuthConfigurationBuilder::default()
            .with_authorization_endpoint(&provider.endpoint(Endpoint::Authorization))
            .with_token_endpoint(&provider.endpoint(Endpoint::Token))
            .with_client_id(provider.client_id())
            .with_client_secret(provider.client_secret())
            .with_redirect_uri(&format!("{}/auth/callback", slot.url().trim_end_matches('/')))
            .with_private_cookie_key("9f8a7b6c5d4e3f2a1b0c9d8e7f6a5b4c3d2e1f0a9b8c7d6e5f4a3b2c1d0e9f8a")
            .with_scopes(vec!["openid", "email", "profile"])
            .with_code_challenge_method(CodeChallengeMethod::S256)
            .with_post_logout_redirect_uri("/")
            .with_session_max_age(3600)
            .build()?;
        let cache: Arc<dyn AuthCache + Send + Sync> =
            Arc::new(TwoTierAuthCache::new(None, TwoTierCacheConfig::default())?);
        let layer = AuthenticationLayer::new(Arc::new(configuration), cache, Arc::new(DefaultLogoutHandler));
        let router = routes().layer(layer);
        Ok(Self { server: slot.serve(router.clone()), router })
    }

    /// Signs a user in and asks the route that takes the access token.
    pub(crate) async fn sign_in(&self) -> Result<Contestant, Box<dyn Error>> {
        let login = format!("{}/auth", self.server.url().trim_end_matches('/'));
        let cookie = provider::sign_in(&login, SESSION_KEY).await?;
        let [_, (path, name), _] = ROUTES;
        Ok(Contestant::new(name, self.router.clone(), path, cookie))
    }

    /// Signs one user in and asks each of the routes.
    pub(crate) async fn every_route(&self) -> Result<Vec<Contestant>, Box<dyn Error>> {
        let one = self.sign_in().await?;
        Ok(ROUTES.map(|(path, name)| Contestant { path, name, ..one.clone() }).to_vec())
    }
}

fn routes() -> Router {
    Router::new()
        .route("/none", get(|| async { ANSWER }))
        .route(
            "/token",
            get(|token: AccessToken| async move {
                black_box(token.len());
                ANSWER
            }),
        )
        .route(
            "/owned",
            get(|session: AuthSession| async move {
                black_box(session.access_token.len());
                ANSWER
            }),
        )
}
