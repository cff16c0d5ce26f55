//! The layer: gives every request under it its session, and answers the login's own routes.

use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use authsession_store::store::SessionStore;
use axum::extract::{OriginalUri, Request};
use axum::response::Response;
use futures_util::TryFutureExt as _;
use futures_util::future::{BoxFuture, Either, MapOk};
use tower::{Layer, Service};

use crate::config::OAuthConfiguration;
use crate::current::Current;
use crate::engine::Engine;
use crate::logout::LogoutHandler;
use crate::routes::Routes;

/// Signs users in: a [`Layer`] for an axum router. Cheap to clone.
///
/// It answers the login (`/auth` unless configured), its callback (the path of the redirect URI) and the logout
/// (`/auth/logout`). Every other request passes through untouched, responses too (where sessions travel in cookies, a response
/// brings one that changed); its session is looked up when an extractor asks for it. Put it on with [`Router::layer`](axum::Router::layer), so that it sees those routes too. Around the whole router
/// (`auth.layer(router)`, with [`tower::Layer`]) it does the same and spares each request two allocations of axum's.
///
/// Without a store, sessions travel in their users' cookies (feature `cookie-store`; `docs/stores.md` says what that cannot do):
///
#[cfg_attr(feature = "cookie-store", doc = "```")]
#[cfg_attr(not(feature = "cookie-store"), doc = "```ignore")]
/// # use std::sync::Arc;
/// use authsession_axum::auth::AuthLayer;
/// # use authsession_axum::auth_builder::OAuthConfigurationBuilder;
/// use authsession_axum::extractors::Session;
/// # use authsession_axum::logout::handle_default_logout::DefaultLogoutHandler;
/// use authsession_axum::store::cookie_store::CookieStore;
/// use axum::{Router, routing::get};
///
/// # let configuration = OAuthConfigurationBuilder::default()
/// #     .with_authorization_endpoint("https://login.example.com/authorize")
/// #     .with_token_endpoint("https://login.example.com/token")
/// #     .with_scopes(vec!["profile"])
/// #     .with_client_id("my-app")
/// #     .with_client_secret("a secret nobody guesses")
/// #     .with_redirect_uri("https://app.example.com/auth/callback")
/// #     .with_private_cookie_key("9f8a7b6c5d4e3f2a1b0c9d8e7f6a5b4c3d2e1f0a9b8c7d6e5f4a3b2c1d0e9f8a")
/// #     .build()?;
/// # let (configuration, logout_handler) = (Arc::new(configuration), Arc::new(DefaultLogoutHandler));
/// let auth = AuthLayer::new(configuration, Arc::new(CookieStore::new()), logout_handler);
/// let app: Router = Router::new().route("/", get(async |session: Session| session.subject().to_owned())).layer(auth);
/// # Ok::<(), authsession_axum::errors::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct AuthenticationLayer {
    routes: Arc<Routes>,
}

/// The short name.
pub type AuthLayer = AuthenticationLayer;

impl AuthenticationLayer {
    /// A layer with that configuration, which keeps its sessions in that store.
    #[must_use]
    pub fn new(
        configuration: Arc<OAuthConfiguration>,
        store: Arc<dyn SessionStore>,
        logout_handler: Arc<dyn LogoutHandler>,
    ) -> Self {
        let engine = Arc::new(Engine::new(configuration, store));
        Self { routes: Arc::new(Routes::new(engine, logout_handler)) }
    }

    /// The same as [`new`](Self::new).
    #[must_use]
    pub fn with_logout_handler(
        configuration: Arc<OAuthConfiguration>,
        store: Arc<dyn SessionStore>,
        logout_handler: Arc<dyn LogoutHandler>,
    ) -> Self {
        Self::new(configuration, store, logout_handler)
    }
}

impl AuthenticationLayer {
    /// Waits for what goes on behind the requests that were answered, `at_most` so long: sign-ins and refreshes whose answer is on
    /// its way, and refreshed tokens the store would not take yet. `true` when all of it is done. Call it when the server has stopped
    /// and before the program ends: a refresh token that was rotated meanwhile would end with the process, and its session
    /// with it.
    ///
    /// ```no_run
    /// # async fn run(auth: authsession_axum::auth::AuthLayer, app: axum::Router, stop: std::future::Ready<()>) -> std::io::Result<()> {
    /// # let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    /// axum::serve(listener, app.layer(auth.clone())).with_graceful_shutdown(stop).await?;
    /// auth.finish(std::time::Duration::from_secs(20)).await;
    /// # Ok(()) }
    /// ```
    pub async fn finish(&self, at_most: Duration) -> bool {
        self.routes.finish(at_most).await
    }
}

impl<S> Layer<S> for AuthenticationLayer {
    type Service = AuthMiddleware<S>;

    fn layer(&self, inner: S) -> AuthMiddleware<S> {
        AuthMiddleware { inner, routes: Arc::clone(&self.routes) }
    }
}

/// The path as the browser sent it: inside a nested router the URI has lost its beginning.
fn whole_path(request: &Request) -> &str {
    request.extensions().get::<OriginalUri>().map_or(request.uri(), |original| &original.0).path()
}

/// Gives a response what its user is to take along.
type Pack = Box<dyn FnOnce(Response) -> Response + Send>;

/// What [`AuthenticationLayer`] wraps a service in.
#[derive(Clone, Debug)]
pub struct AuthMiddleware<S> {
    inner: S,
    routes: Arc<Routes>,
}

impl<S> Service<Request> for AuthMiddleware<S>
where
    S: Service<Request, Response = Response>,
    S::Error: Send + 'static,
{
    type Response = Response;
    type Error = S::Error;
    type Future =
        Either<S::Future, Either<MapOk<S::Future, Pack>, BoxFuture<'static, Result<Response, S::Error>>>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request) -> Self::Future {
        if let Some(route) = self.routes.find(whole_path(&request)) {
            let routes = Arc::clone(&self.routes);
            let answer = async move { Ok(routes.answer(route, request).await) };
            return Either::Right(Either::Right(Box::pin(answer)));
        }
        let current = Current::new(Arc::clone(&self.routes.engine));
        let luggage = current.luggage.clone();
        request.extensions_mut().insert(current);
        let answer = self.inner.call(request);
        let Some(luggage) = luggage else { return Either::Left(answer) };
        let engine = Arc::clone(&self.routes.engine);
        Either::Right(Either::Left(answer.map_ok(Box::new(move |mut response| {
            if let Some(luggage) = luggage.get() {
                luggage.pack_into(&mut response, engine.keeper());
            }
            response
        }))))
    }
}
