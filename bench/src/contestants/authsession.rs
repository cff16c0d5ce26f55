//! authsession, on its memory store unless another one is given.

use std::error::Error;
use std::hint::black_box;
use std::sync::Arc;

use authsession_axum::auth::{AuthLayer, OAuthConfiguration};
use authsession_axum::auth_builder::OAuthConfigurationBuilder;
use authsession_axum::extractors::{AccessToken, AuthSession, Claims, Session};
use authsession_axum::logout::handle_default_logout::DefaultLogoutHandler;
use authsession_store::memory::MemoryStore;
use authsession_store::store::SessionStore;
use authsession_testkit::provider::Provider;
use authsession_testkit::serve::Server;
use axum::Router;
use axum::routing::get;
use serde::Deserialize;
use tower::Layer;

use crate::contestants::{self, ANSWER, Contestant};
use crate::provider;

/// The routes, each with what it is called in a table.
const ROUTES: [(&str, &str); 5] = [
    ("/none", "authsession, no session asked for"),
    ("/token", "authsession, `AccessToken`"),
    ("/claims", "authsession, `Claims<User>`"),
    ("/session", "authsession, `Session`"),
    ("/owned", "authsession, owned `AuthSession`"),
];

/// The layer around the whole router, and the access token.
pub(crate) const AROUND: &str = "authsession around the router, `AccessToken`";

/// An application on loopback that users sign in to.
pub(crate) struct Application {
    server: Server,
    layer: AuthLayer,
    router: Router,
}

#[derive(Deserialize)]
struct User {
    sub: String,
    name: Option<String>,
}

impl Application {
    /// An application that signs in at this provider.
    pub(crate) async fn new(provider: &Provider) -> Result<Self, Box<dyn Error>> {
        Self::on(provider, Arc::new(MemoryStore::new())).await
    }

    /// The same, which keeps its sessions there.
    pub(crate) async fn on(
        provider: &Provider,
        store: Arc<dyn SessionStore>,
    ) -> Result<Self, Box<dyn Error>> {
        let slot = Server::reserve().await?;
        let configuration = configuration(provider, slot.url()).await?;
        let layer = AuthLayer::new(Arc::new(configuration), store, Arc::new(DefaultLogoutHandler));
        let router = routes().layer(layer.clone());
        Ok(Self { server: slot.serve(router.clone()), layer, router })
    }

    /// Signs a user in and asks the route with that name in the tables.
    pub(crate) async fn sign_in(&self) -> Result<Contestant, Box<dyn Error>> {
        let login = format!("{}/auth?return_to=%2Fnone", self.server.url().trim_end_matches('/'));
        let cookie = provider::sign_in(&login, "authsession").await?;
        let [_, (path, name), ..] = ROUTES;
        Ok(Contestant::new(name, self.router.clone(), path, cookie))
    }

    /// Signs one user in and asks each of the routes.
    pub(crate) async fn every_route(&self) -> Result<Vec<Contestant>, Box<dyn Error>> {
        let one = self.sign_in().await?;
        let mut all = ROUTES.map(|(path, name)| Contestant { path, name, ..one.clone() }).to_vec();
        let around = self.layer.layer(routes().with_state(()));
        let application = contestants::Application::Around(around);
        all.push(Contestant { application, name: AROUND, ..one });
        Ok(all)
    }
}

/// The configuration of an application at that origin: what the quick start sets, and nothing else.
pub(crate) async fn configuration(
    provider: &Provider,
    origin: &str,
) -> Result<OAuthConfiguration, Box<dyn Error>> {
    Ok(OAuthConfigurationBuilder::default()
        .with_issuer(provider.issuer())
        .await?
        .with_client_id(provider.client_id())
        .with_client_secret(provider.client_secret())
        .with_redirect_uri(&format!("{}/auth/callback", origin.trim_end_matches('/')))
        .with_private_cookie_key("9f8a7b6c5d4e3f2a1b0c9d8e7f6a5b4c3d2e1f0a9b8c7d6e5f4a3b2c1d0e9f8a")
        .build()?)
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
            "/claims",
            get(|user: Claims<User>| async move {
                black_box((user.sub.len(), user.name.is_some()));
                ANSWER
            }),
        )
        .route(
            "/session",
            get(|session: Session| async move {
                black_box(session.subject().len());
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
