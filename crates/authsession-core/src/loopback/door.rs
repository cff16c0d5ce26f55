//! Who is let in: a GET of the redirect URI, addressed to this very host, with the state of this sign-in.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use http::header::HOST;
use http::{Method, Request, Response, StatusCode};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, watch};
use url::Url;

use crate::loopback::page;
use crate::secret::{Secret, equal_in_constant_time};

/// A browser on this machine sends its headers at once; one that opened a connection in advance opens another.
const LONGEST_SILENCE: Duration = Duration::from_secs(3);
/// An authorization response of up to 16 KiB, and the headers beside it.
const LARGEST_HEAD: usize = 32 * 1024;

pub(crate) struct Door {
    path: String,
    /// What a browser that followed the redirect URI puts into `Host`.
    authority: String,
    state: Secret,
    bell: mpsc::Sender<Secret>,
    outcome: watch::Receiver<Option<bool>>,
}

impl Door {
    pub(crate) fn new(
        redirect_uri: &Url,
        state: Secret,
        bell: mpsc::Sender<Secret>,
        outcome: watch::Receiver<Option<bool>>,
    ) -> Self {
        let host = redirect_uri.host_str().unwrap_or_default();
        let authority = redirect_uri.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
        Self { path: redirect_uri.path().to_owned(), authority, state, bell, outcome }
    }

    /// Serves one request on this connection; whether it was the one waited for, which `awaited` tells as soon as it is in.
    pub(crate) async fn serve(self: Arc<Self>, stream: TcpStream, awaited: Arc<AtomicBool>) -> bool {
        let service = service_fn(|request: Request<Incoming>| {
            let (door, awaited) = (&*self, &*awaited);
            async move { Ok::<_, Infallible>(door.answer(&request, awaited).await) }
        });
        let served = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(LONGEST_SILENCE)
            .max_buf_size(LARGEST_HEAD)
            .keep_alive(false)
            .serve_connection(TokioIo::new(stream), service)
            .await;
        if served.is_err() {
            tracing::debug!(target: "authsession::loopback", "a connection ended before its answer");
        }
        awaited.load(Ordering::Relaxed)
    }

    async fn answer(&self, request: &Request<Incoming>, awaited: &AtomicBool) -> Response<String> {
        let query = match self.judge(request) {
            Ok(query) => query,
            Err((status, reason)) => {
                tracing::debug!(target: "authsession::loopback", reason, "a request is turned away");
                return page::turned_away(status);
            }
        };
        awaited.store(true, Ordering::Relaxed);
        // The first is the one; the same again, from an impatient user, waits for the same outcome.
        let _ = self.bell.try_send(Secret::from(query));
        let mut outcome = self.outcome.clone();
        // Nobody is left to say how it ended: then it did not end well.
        let signed_in = outcome.wait_for(Option::is_some).await.is_ok_and(|outcome| *outcome == Some(true));
        page::end(signed_in)
    }

    /// The query of the request that is waited for.
    fn judge<'request>(
        &self,
        request: &'request Request<Incoming>,
    ) -> Result<&'request str, (StatusCode, &'static str)> {
        let bad = |reason| Err((StatusCode::BAD_REQUEST, reason));
        // A page of another site that had its name point here (DNS rebinding) sends that name.
        let mut hosts = request.headers().get_all(HOST).iter();
        let is_ours = |host: &http::HeaderValue| {
            host.as_bytes().eq_ignore_ascii_case(self.authority.as_bytes())
                && request.uri().authority().is_none_or(|authority| authority.as_str() == self.authority)
        };
        if !(hosts.next().is_some_and(is_ours) && hosts.next().is_none()) {
            return bad("it is addressed to another host");
        }
        if request.uri().path() != self.path {
            return Err((StatusCode::NOT_FOUND, "another path"));
        }
        if request.method() != Method::GET {
            return bad("another method");
        }
        let query = request.uri().query().unwrap_or_default();
        let mut states = url::form_urlencoded::parse(query.as_bytes())
            .filter(|(name, _)| name == "state")
            .map(|(_, state)| state);
        match (states.next(), states.next()) {
            (Some(state), None) if equal_in_constant_time(&state, self.state.expose()) => Ok(query),
            _ => bad("it has not the state of this sign-in"),
        }
    }
}
