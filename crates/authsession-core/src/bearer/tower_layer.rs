//! The token on every request through a tower stack of HTTP clients (RFC 6750 §2.1, §3.1).
//!
//! Where the stack follows redirects, this layer belongs beneath what follows them, so that each hop is judged by itself.

use std::error::Error as StdError;
use std::fmt;
use std::future::{Future, poll_fn};
use std::mem;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::header::AUTHORIZATION;
use http::{HeaderMap, Request, Response, StatusCode};
use tower_layer::Layer;
use tower_service::Service;

use crate::bearer::BearerTokens;
use crate::bearer::origin::Origins;
use crate::bearer::rule::Rule;
use crate::error::Error;

/// What the service fails with: our [`Error`] when there is no token, or the inner service's error.
pub type BoxError = Box<dyn StdError + Send + Sync>;

/// Makes a [`BearerService`] of a client. [The rule](crate::bearer) is the middleware's, too.
///
/// ```no_run
/// use std::sync::Arc;
///
/// use authsession_core::bearer::BearerTokens;
/// use authsession_core::bearer::origin::Origins;
/// use authsession_core::bearer::tower_layer::{BearerLayer, BearerService};
/// use authsession_core::error::Error;
/// use bytes::Bytes;
/// use tower_layer::Layer;
///
/// fn with_token<S>(client: S, tokens: Arc<dyn BearerTokens>) -> Result<BearerService<S, Bytes>, Error> {
///     Ok(BearerLayer::new(tokens, Origins::of("https://api.example")?).layer(client))
/// }
/// ```
pub struct BearerLayer<B> {
    rule: Rule,
    replay: fn(&B) -> Option<B>,
}

/// Attaches the token, and tries once more with another after a refusal.
///
/// The URI has to be absolute: where a relative one would go nobody can tell here, and it fails with
/// [`Error::Misconfigured`]. While it waits for a token, it holds the readiness of the inner service that it was given.
pub struct BearerService<S, B> {
    inner: S,
    layer: BearerLayer<B>,
}

impl<B: Clone> BearerLayer<B> {
    /// Attaches `tokens` to requests within `origins`; a body is cloned in case it has to be sent again.
    #[must_use]
    pub fn new(tokens: Arc<dyn BearerTokens>, origins: Origins) -> Self {
        Self::with_replay(tokens, origins, |body| Some(body.clone()))
    }
}

impl<B> BearerLayer<B> {
    /// The same for bodies not all of which can be sent again: `replay` copies those that can.
    ///
    /// After a refusal a request without a copy is not sent again; the caller gets the refusal, and the next request
    /// another token.
    #[must_use]
    pub fn with_replay(tokens: Arc<dyn BearerTokens>, origins: Origins, replay: fn(&B) -> Option<B>) -> Self {
        Self { rule: Rule::new(tokens, origins), replay }
    }

    /// Which answers refuse the token, in place of [`refuses_the_token`](crate::bearer::challenge::refuses_the_token).
    #[must_use]
    pub fn refused_when(mut self, refused: fn(StatusCode, &HeaderMap) -> bool) -> Self {
        self.rule.refused_when = refused;
        self
    }

    fn copy(&self, request: &Request<B>) -> Option<Request<B>> {
        let mut copy = Request::new((self.replay)(request.body())?);
        *copy.method_mut() = request.method().clone();
        *copy.uri_mut() = request.uri().clone();
        *copy.version_mut() = request.version();
        *copy.headers_mut() = request.headers().clone();
        *copy.extensions_mut() = request.extensions().clone();
        Some(copy)
    }
}

impl<S, B> Layer<S> for BearerLayer<B> {
    type Service = BearerService<S, B>;

    fn layer(&self, inner: S) -> Self::Service {
        BearerService { inner, layer: self.clone() }
    }
}

impl<S, B, Answer> Service<Request<B>> for BearerService<S, B>
where
    S: Service<Request<B>, Response = Response<Answer>> + Clone + Send + 'static,
    S::Error: Into<BoxError>,
    S::Future: Send,
    B: Send + 'static,
    Answer: Send,
{
    type Response = Response<Answer>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        // The one that is ready is used up; its clone has yet to become so.
        let clone = self.inner.clone();
        let mut inner = mem::replace(&mut self.inner, clone);
        let is_callers_own = request.headers().contains_key(AUTHORIZATION);
        if !is_callers_own && request.uri().authority().is_none() {
            return Box::pin(async { Err(relative().into()) });
        }
        if is_callers_own || !self.layer.rule.origins.cover_uri(request.uri()) {
            let answer = inner.call(request);
            return Box::pin(async { answer.await.map_err(Into::into) });
        }
        let (rule, spare) = (self.layer.rule.clone(), self.layer.copy(&request));
        Box::pin(async move {
            let sent = rule.attach(request.headers_mut()).await?;
            let answer = inner.call(request).await.map_err(Into::into)?;
            if !(rule.refused_when)(answer.status(), answer.headers()) {
                return Ok(answer);
            }
            let another = rule.second_try(&sent, spare.is_some()).await?;
            let (Some(mut request), Some(value)) = (spare, another) else { return Ok(answer) };
            drop(answer);
            request.headers_mut().insert(AUTHORIZATION, value);
            poll_fn(|context| inner.poll_ready(context)).await.map_err(Into::into)?;
            inner.call(request).await.map_err(Into::into)
        })
    }
}

fn relative() -> Error {
    Error::misconfigured(
        "requests that get a token must have absolute URIs: put the bearer layer above what shortens them",
    )
}

impl<B> Clone for BearerLayer<B> {
    fn clone(&self) -> Self {
        Self { rule: self.rule.clone(), replay: self.replay }
    }
}

impl<B> fmt::Debug for BearerLayer<B> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("BearerLayer").field("rule", &self.rule).finish_non_exhaustive()
    }
}

impl<S: Clone, B> Clone for BearerService<S, B> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone(), layer: self.layer.clone() }
    }
}

impl<S: fmt::Debug, B> fmt::Debug for BearerService<S, B> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("BearerService")
            .field("inner", &self.inner)
            .field("layer", &self.layer)
            .finish()
    }
}
