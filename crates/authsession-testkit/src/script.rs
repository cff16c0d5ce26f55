//! What the test says comes next: answers queued for an endpoint.

use crate::bodies;
use crate::bodies::Pace;
use crate::endpoint::Endpoint;
use crate::forgery::Forgery;
use crate::gate::Gate;
use crate::queues::Queues;
use bytes::Bytes;
use http::Method;
use serde_json::Value;
use serde_json::json;
use std::fmt;
use std::hash::Hash;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::time::Duration;

/// What one request gets. Made by a constructor, refined by the combinators.
#[derive(Clone)]
pub struct Answer {
    pub(crate) kind: Kind,
    pub(crate) delay: Duration,
    pub(crate) held_before: Option<Gate>,
    pub(crate) held_after: Option<Gate>,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) deed: Option<Arc<dyn Fn() + Send + Sync>>,
}

#[derive(Clone)]
pub(crate) enum Kind {
    Normal,
    Fixed { status: u16, content_type: String, body: Bytes },
    Endless,
    DroppedBefore,
    DroppedAfter,
    Paced(Pace),
    Tampered(Arc<dyn Fn(&mut Value) + Send + Sync>),
    Forged(Forgery),
}

/// Answers made up: the provider does nothing.
impl Answer {
    /// An OAuth error (RFC 6749 §5.2) as JSON.
    #[must_use]
    pub fn error(status: u16, code: &str) -> Self {
        Self::json(status, &json!({ "error": code }))
    }

    /// An OAuth error with its description.
    #[must_use]
    pub fn refusal(status: u16, code: &str, description: &str) -> Self {
        Self::json(status, &json!({ "error": code, "error_description": description }))
    }

    /// A status with an empty body.
    #[must_use]
    pub fn status(status: u16) -> Self {
        Self::raw(status, "", Bytes::new())
    }

    /// An HTML page, such as a proxy's.
    #[must_use]
    pub fn html(status: u16, body: impl Into<String>) -> Self {
        Self::raw(status, "text/html; charset=utf-8", body.into())
    }

    /// A JSON value.
    #[must_use]
    pub fn json(status: u16, body: &Value) -> Self {
        Self::raw(status, "application/json", body.to_string())
    }

    /// Any bytes; an empty content type sends no such header.
    #[must_use]
    pub fn raw(status: u16, content_type: impl Into<String>, body: impl Into<Bytes>) -> Self {
        Self::of(Kind::Fixed { status, content_type: content_type.into(), body: body.into() })
    }

    /// A redirect (302) to this place.
    #[must_use]
    pub fn redirect(to: impl Into<String>) -> Self {
        Self::status(302).header("location", to)
    }

    /// A JSON body that streams until the client hangs up, 64 MiB at most.
    #[must_use]
    pub fn endless() -> Self {
        Self::of(Kind::Endless)
    }

    /// A JSON body of about this many bytes, announced by `Content-Length`.
    #[must_use]
    pub fn oversized(bytes: usize) -> Self {
        Self::raw(200, "application/json", bodies::oversized(bytes))
    }

    /// A gzip body of some 400 KB that unpacks to 64 MiB.
    #[must_use]
    pub fn gzip_bomb() -> Self {
        Self::raw(200, "application/json", bodies::gzip_bomb()).header("content-encoding", "gzip")
    }

    /// The connection is closed before the provider does anything.
    #[must_use]
    pub fn dropped_before() -> Self {
        Self::of(Kind::DroppedBefore)
    }
}

/// Answers the provider works out, then changes or loses.
impl Answer {
    /// What the provider answers anyway; a place in the queue, or a base for the combinators.
    #[must_use]
    pub fn normal() -> Self {
        Self::of(Kind::Normal)
    }

    /// The provider does its work (a refresh token is rotated), then closes the connection without a word.
    #[must_use]
    pub fn dropped_after() -> Self {
        Self::of(Kind::DroppedAfter)
    }

    /// The provider does its work; its answer breaks off half way.
    #[must_use]
    pub fn truncated() -> Self {
        Self::of(Kind::Paced(Pace::BreaksOff))
    }

    /// The provider does its work; half of its answer is sent, then nothing more, and the connection stays open.
    #[must_use]
    pub fn stalled() -> Self {
        Self::of(Kind::Paced(Pace::Stalls))
    }

    /// The provider does its work; its answer is sent that many bytes a tick of real time.
    #[must_use]
    pub fn slow(bytes: usize, tick: Duration) -> Self {
        Self::of(Kind::Paced(Pace::Slow { bytes, tick }))
    }

    /// The provider does its work; its JSON answer is edited.
    #[must_use]
    pub fn tampered(edit: impl Fn(&mut Value) + Send + Sync + 'static) -> Self {
        Self::of(Kind::Tampered(Arc::new(edit)))
    }

    /// The ID token's header and claims are edited, then signed as usual.
    #[must_use]
    pub fn lying_id_token(edit: impl Fn(&mut Value, &mut Value) + Send + Sync + 'static) -> Self {
        Self::of(Kind::Forged(Forgery::Edited(Arc::new(edit))))
    }

    /// The ID token's signature is of other claims than those it carries.
    #[must_use]
    pub fn id_token_with_wrong_signature() -> Self {
        Self::of(Kind::Forged(Forgery::WrongSignature))
    }

    /// The ID token says `alg: none` and has no signature.
    #[must_use]
    pub fn id_token_unsigned() -> Self {
        Self::of(Kind::Forged(Forgery::Unsigned))
    }

    /// The ID token says `alg: HS256`, keyed with the PEM text of the provider's public key.
    #[must_use]
    pub fn id_token_keyed_with_public_key() -> Self {
        Self::of(Kind::Forged(Forgery::KeyedWithPublicKey))
    }

    /// The ID token is signed, under the published key id, by a key nobody knows.
    #[must_use]
    pub fn id_token_signed_by_impostor() -> Self {
        Self::of(Kind::Forged(Forgery::Impostor))
    }

    /// The ID token is signed by a key nobody knows, under an id nobody published.
    #[must_use]
    pub fn id_token_signed_by_unknown_key() -> Self {
        Self::of(Kind::Forged(Forgery::UnknownKey))
    }

    /// The ID token is this text.
    #[must_use]
    pub fn id_token(raw: impl Into<String>) -> Self {
        Self::of(Kind::Forged(Forgery::Replaced(raw.into())))
    }
}

/// Combinators.
impl Answer {
    /// Waits this long, in real time, before anything else.
    #[must_use]
    pub fn after(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// Holds the request, before the provider does anything, until the gate is opened.
    #[must_use]
    pub fn held(self) -> (Self, Gate) {
        self.held_before()
    }

    /// Holds the request, before the provider does anything, until the gate is opened.
    #[must_use]
    pub fn held_before(mut self) -> (Self, Gate) {
        let gate = Gate::closed();
        self.held_before = Some(gate.clone());
        (self, gate)
    }

    /// Holds the answer, after the provider did its work (a refresh token is rotated), until the gate is opened.
    #[must_use]
    pub fn held_after(mut self) -> (Self, Gate) {
        let gate = Gate::closed();
        self.held_after = Some(gate.clone());
        (self, gate)
    }

    /// Sets a header of the answer.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Sets `Retry-After`, in seconds.
    #[must_use]
    pub fn retry_after(self, seconds: u64) -> Self {
        self.header("retry-after", seconds.to_string())
    }

    /// Does this when the request has come and before the provider looks at it.
    #[must_use]
    pub fn doing(mut self, deed: impl Fn() + Send + Sync + 'static) -> Self {
        self.deed = Some(Arc::new(deed));
        self
    }

    fn of(kind: Kind) -> Self {
        Self {
            kind,
            delay: Duration::ZERO,
            held_before: None,
            held_after: None,
            headers: Vec::new(),
            deed: None,
        }
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match &self.kind {
            Kind::Normal => "normal",
            Kind::Fixed { .. } => "fixed",
            Kind::Endless => "endless",
            Kind::DroppedBefore => "dropped before",
            Kind::DroppedAfter => "dropped after",
            Kind::Paced(Pace::AsItComes) => "as it comes",
            Kind::Paced(Pace::BreaksOff) => "truncated",
            Kind::Paced(Pace::Stalls) => "stalled",
            Kind::Paced(Pace::Slow { .. }) => "slow",
            Kind::Tampered(_) => "tampered",
            Kind::Forged(_) => "forged ID token",
        };
        f.debug_tuple("Answer").field(&kind).finish()
    }
}

/// The answers queued for each endpoint, and for each pattern. Clones share the same queues.
///
/// A pattern is a path in which `*` stands for any text, after a method if only that one is meant: `PUT */batches`. What is
/// queued for a pattern comes before what is queued for the endpoint.
#[derive(Clone, Debug)]
pub struct Script<E = Endpoint> {
    queues: Arc<Mutex<Queues<E>>>,
}

impl<E: Copy + Eq + Hash> Script<E> {
    /// The next request to this endpoint that is not yet spoken for gets this answer.
    pub fn enqueue(&self, endpoint: E, answer: Answer) {
        self.queues().of(endpoint).next.push_back(answer);
    }

    /// The next `times` requests to this endpoint get this answer.
    pub fn enqueue_many(&self, endpoint: E, answer: &Answer, times: usize) {
        self.queues().of(endpoint).next.extend((0..times).map(|_| answer.clone()));
    }

    /// Every request to this endpoint for which nothing is queued gets this answer, until [`clear`](Self::clear).
    pub fn always(&self, endpoint: E, answer: Answer) {
        self.queues().of(endpoint).always = Some(answer);
    }

    /// Forgets all answers of this endpoint.
    pub fn clear(&self, endpoint: E) {
        self.queues().forget(endpoint);
    }

    /// How many answers are queued for this endpoint.
    #[must_use]
    pub fn pending(&self, endpoint: E) -> usize {
        self.queues().of(endpoint).next.len()
    }

    /// The next request that fits the pattern and is not yet spoken for gets this answer.
    pub fn enqueue_at(&self, pattern: &str, answer: Answer) {
        self.queues().at(pattern).next.push_back(answer);
    }

    /// The next `times` requests that fit the pattern get this answer.
    pub fn enqueue_many_at(&self, pattern: &str, answer: &Answer, times: usize) {
        self.queues().at(pattern).next.extend((0..times).map(|_| answer.clone()));
    }

    /// Every request that fits the pattern and for which nothing is queued gets this answer, until
    /// [`clear_at`](Self::clear_at).
    pub fn always_at(&self, pattern: &str, answer: Answer) {
        self.queues().at(pattern).always = Some(answer);
    }

    /// Forgets all answers of this pattern.
    pub fn clear_at(&self, pattern: &str) {
        self.queues().forget_at(pattern);
    }

    pub(crate) fn next(&self, endpoint: E, method: &Method, path: &str) -> Answer {
        self.queues().take(endpoint, method, path).unwrap_or_else(Answer::normal)
    }

    fn queues(&self) -> MutexGuard<'_, Queues<E>> {
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<E> Default for Script<E> {
    fn default() -> Self {
        Self { queues: Arc::default() }
    }
}
