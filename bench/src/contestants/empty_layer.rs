//! What any layer costs that hands its handlers something: axum's own price for a layer, and one request extension.

use std::sync::Arc;
use std::task::{Context, Poll};

use axum::Router;
use axum::extract::Request;
use axum::http::HeaderValue;
use axum::routing::get;
use tower::{Layer, Service};

use crate::contestants::{ANSWER, Contestant};

/// What it hands over, shared by all requests.
#[derive(Clone)]
struct Handed(#[expect(dead_code, reason = "nobody asks for it")] Arc<str>);

#[derive(Clone)]
struct Hands(Handed);

impl<S> Layer<S> for Hands {
    type Service = Handing<S>;

    fn layer(&self, inner: S) -> Handing<S> {
        Handing { inner, handed: self.0.clone() }
    }
}

#[derive(Clone)]
struct Handing<S> {
    inner: S,
    handed: Handed,
}

impl<S: Service<Request>> Service<Request> for Handing<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request) -> S::Future {
        request.extensions_mut().insert(self.handed.clone());
        self.inner.call(request)
    }
}

/// The unprotected route under such a layer.
pub(crate) fn asked_with(cookie: HeaderValue) -> Contestant {
    let layer = Hands(Handed(Arc::from("something")));
    let router = Router::new().route("/page", get(|| async { ANSWER })).layer(layer);
    Contestant::new(NAME, router, "/page", cookie)
}

/// What it is called in the tables.
pub(crate) const NAME: &str = "floor of any layer: one extension, by hand";
