//! Who is measured: an application with a signed-in user, ready to be asked.

pub(crate) mod authsession;
pub(crate) mod axum_login;
pub(crate) mod axum_oidc_client;
pub(crate) mod by_hand;
pub(crate) mod empty_layer;
pub(crate) mod unprotected;

use authsession_axum::auth::AuthLayer;
use axum::Router;
use axum::body::Body;
use axum::http::{HeaderValue, Request, Response, StatusCode, header};
use tower::{Layer, Service};

/// What every handler answers, so that responses differ only by what a layer adds.
pub(crate) const ANSWER: &str = "ok";

/// An application, made ready as `axum::serve` does it.
#[derive(Clone)]
pub(crate) enum Application {
    /// A router, its layers put on with `Router::layer`.
    Router(Router),
    /// Our layer around a whole router.
    Around(<AuthLayer as Layer<Router>>::Service),
}

/// One route of one application, and the cookie of a user who is signed in there.
#[derive(Clone)]
pub(crate) struct Contestant {
    pub(crate) name: &'static str,
    pub(crate) application: Application,
    pub(crate) path: &'static str,
    pub(crate) cookie: HeaderValue,
}

impl Contestant {
    /// A router without its state given builds its routes anew for each request; `axum::serve` gives it, and so does this.
    pub(crate) fn new(name: &'static str, router: Router, path: &'static str, cookie: HeaderValue) -> Self {
        Self { name, application: Application::Router(router.with_state(())), path, cookie }
    }

    /// The same request as the others', but for the cookie.
    pub(crate) fn request(&self) -> Request<Body> {
        let mut request = Request::new(Body::empty());
        *request.uri_mut() = axum::http::Uri::from_static(self.path);
        request.headers_mut().insert(header::COOKIE, self.cookie.clone());
        request
    }

    /// Asks once.
    pub(crate) async fn ask(&mut self) -> Response<Body> {
        let request = self.request();
        let answered = match &mut self.application {
            Application::Router(router) => router.call(request).await,
            Application::Around(service) => service.call(request).await,
        };
        match answered {
            Ok(response) => response,
            Err(never) => match never {},
        }
    }

    /// Asks once; anything but 200 would measure the wrong thing.
    pub(crate) async fn ask_and_check(&mut self) -> Response<Body> {
        let response = self.ask().await;
        assert_eq!(response.status(), StatusCode::OK, "{} does not let its user through", self.name);
        response
    }
}
