//! The layer: gives every request under it its session, and answers the login's own routes.

use std::sync::Arc;
use std::task::{Context, Poll};

use authsession_store::store::SessionStore;
use axum::extract::{OriginalUri, Request};
use axum::response::Response;
use futures_util::future::{BoxFuture, Either};
use tower::{Layer, Service};

use crate::config::OAuthConfiguration;
use crate::current::Current;
use crate::engine::Engine;
use crate::logout::LogoutHandler;
use crate::routes::Routes;

/// Signs users in: a [`Layer`] for an axum router. Cheap to clone.
///
/// It answers the login (`/auth` unless configured), its callback (the path of the redirect URI) and the logout
/// (`/auth/logout`). Every other request passes through untouched, responses too; its session is looked up when an extractor
/// asks for it. Put it on with [`Router::layer`](axum::Router::layer), so that it sees those routes too. Around the whole router
/// (`auth.layer(router)`, with [`tower::Layer`]) it does the same and spares each request two allocations of axum's.
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
    type Future = Either<S::Future, BoxFuture<'static, Result<Response, S::Error>>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request) -> Self::Future {
        if let Some(route) = self.routes.find(whole_path(&request)) {
            let routes = Arc::clone(&self.routes);
            return Either::Right(Box::pin(async move { Ok(routes.answer(route, request).await) }));
        }
        request.extensions_mut().insert(Current::new(Arc::clone(&self.routes.engine)));
        Either::Left(self.inner.call(request))
    }
}
