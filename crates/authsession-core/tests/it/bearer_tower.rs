//! What only the tower layer has to promise: readiness, absolute URIs, bodies that are read once.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::future::{Ready, poll_fn, ready};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use authsession_core::bearer::BearerTokens;
use authsession_core::bearer::origin::Origins;
use authsession_core::bearer::tower_layer::{BearerLayer, BearerService};
use authsession_core::error::Error;
use authsession_testkit::clock::VirtualClock;
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue, Request, Response};
use tower_layer::Layer;
use tower_service::Service;

use crate::bearer_stage::Unchanging;
use crate::scripted_mint::ScriptedMint;

/// Answers from a script, then 200; panics when called before it is ready, and its clones are not ready.
#[derive(Default)]
struct Scripted {
    is_ready: bool,
    statuses: Arc<Mutex<VecDeque<u16>>>,
    seen: Arc<Mutex<Vec<HeaderMap>>>,
}

impl Clone for Scripted {
    fn clone(&self) -> Self {
        Self { is_ready: false, statuses: Arc::clone(&self.statuses), seen: Arc::clone(&self.seen) }
    }
}

impl<B> Service<Request<B>> for Scripted {
    type Response = Response<()>;
    type Error = Infallible;
    type Future = Ready<Result<Response<()>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.is_ready = true;
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        assert!(std::mem::take(&mut self.is_ready), "called before it was ready");
        self.seen.lock().unwrap().push(request.headers().clone());
        let status = self.statuses.lock().unwrap().pop_front().unwrap_or(200);
        ready(Ok(Response::builder().status(status).body(()).unwrap()))
    }
}

async fn tokens() -> Arc<dyn BearerTokens> {
    let time = VirtualClock::halted();
    let cache = ScriptedMint::new(&time).cache(&time);
    cache.token().await.unwrap();
    Arc::new(cache)
}

fn api() -> Origins {
    Origins::of("https://api.example").unwrap()
}

async fn send<B: Send + 'static>(
    service: &mut BearerService<Scripted, B>,
    uri: &str,
    body: B,
) -> Result<u16, Error> {
    poll_fn(|context| service.poll_ready(context)).await.unwrap();
    let answer = service.call(Request::get(uri).body(body).unwrap()).await;
    answer.map(|answer| answer.status().as_u16()).map_err(|error| *error.downcast().unwrap())
}

#[tokio::test]
async fn the_service_beneath_is_ready_whenever_it_is_called() {
    let inner = Scripted::default();
    let mut service = BearerLayer::new(tokens().await, api()).layer(inner.clone());
    for statuses in [vec![200], vec![401, 200], vec![401, 401]] {
        let last = *statuses.last().unwrap();
        inner.statuses.lock().unwrap().extend(statuses);
        assert_eq!(send(&mut service, "https://api.example/x", ()).await.unwrap(), last);
    }
    assert_eq!(send(&mut service, "https://elsewhere.example/x", ()).await.unwrap(), 200);
    assert_eq!(inner.seen.lock().unwrap().len(), 6);
}

#[tokio::test]
async fn the_header_is_marked_as_sensitive_whoever_made_it() {
    let inner = Scripted::default();
    let plain: Arc<dyn BearerTokens> = Arc::new(Unchanging(HeaderValue::from_static("Bearer t0")));
    let mut service = BearerLayer::new(plain, api()).layer(inner.clone());
    send(&mut service, "https://api.example/x", ()).await.unwrap();
    assert!(inner.seen.lock().unwrap()[0][AUTHORIZATION].is_sensitive());
}

#[tokio::test]
async fn a_relative_uri_fails_and_says_what_to_do() {
    let inner = Scripted::default();
    let mut service = BearerLayer::new(tokens().await, api()).layer(inner.clone());
    let error = send(&mut service, "/orders?secret=hunter2", ()).await.unwrap_err();
    assert!(matches!(error, Error::Misconfigured { .. }) && !error.to_string().contains("hunter2"));
    assert!(inner.seen.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_body_that_is_read_once_is_not_sent_again_and_the_next_request_has_another_token() {
    let inner = Scripted::default();
    inner.statuses.lock().unwrap().push_back(401);
    let replay = |body: &Option<Once>| body.is_none().then_some(None);
    let mut service = BearerLayer::with_replay(tokens().await, api(), replay).layer(inner.clone());
    assert_eq!(send(&mut service, "https://api.example/x", Some(Once)).await.unwrap(), 401);
    assert_eq!(send(&mut service, "https://api.example/x", Some(Once)).await.unwrap(), 200);
    let seen = inner.seen.lock().unwrap().clone();
    assert_eq!(
        seen.iter().map(|headers| &headers[AUTHORIZATION]).collect::<Vec<_>>(),
        ["Bearer t1", "Bearer t2"]
    );
}

/// A body nobody can copy.
struct Once;

#[tokio::test]
async fn a_copy_of_the_service_attaches_the_same_tokens() {
    let inner = Scripted::default();
    let service = BearerLayer::new(tokens().await, api()).layer(inner.clone());
    for mut copy in [service.clone(), service] {
        assert_eq!(send(&mut copy, "https://api.example/x", ()).await.unwrap(), 200);
    }
    let seen = inner.seen.lock().unwrap();
    assert!(seen.len() == 2 && seen[0][AUTHORIZATION] == seen[1][AUTHORIZATION]);
}
