//! What the provider really received, request by request.

use crate::endpoint::Endpoint;
use crate::gate::PATIENCE;
use crate::org::endpoint::OrgEndpoint;
use crate::pattern::Pattern;
use bytes::Bytes;
use http::HeaderMap;
use http::Method;
use std::fmt;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use tokio::sync::watch;

/// One request, and the status it was answered with.
///
/// `Debug` shows names of parameters, never their values.
#[derive(Clone)]
pub struct Exchange<E = Endpoint> {
    /// Which endpoint was asked.
    pub endpoint: E,
    /// The HTTP method.
    pub method: Method,
    /// The path, without the query.
    pub path: String,
    /// The query, decoded, in the order sent.
    pub query: Vec<(String, String)>,
    /// All headers.
    pub headers: HeaderMap,
    /// The body's parameters, decoded, in the order sent; empty unless the body is a form.
    pub form: Vec<(String, String)>,
    /// The body as it came; of one longer than a mebibyte, the first 64 KiB.
    pub body: Bytes,
    /// How many bytes the body had.
    pub length: usize,
    /// The status answered; none while the request is held, or when the connection was dropped.
    pub status: Option<u16>,
}

/// Bodies up to this length are kept whole.
const KEPT_WHOLE: usize = 1024 * 1024;
const BEGINNING: usize = 64 * 1024;

impl<E> Exchange<E> {
    /// The first query parameter of that name.
    #[must_use]
    pub fn query_value(&self, name: &str) -> Option<&str> {
        value_of(&self.query, name)
    }

    /// The first form parameter of that name.
    #[must_use]
    pub fn form_value(&self, name: &str) -> Option<&str> {
        value_of(&self.form, name)
    }

    /// The header of that name, if it is text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

impl<E: Clone> Exchange<E> {
    /// As the journal keeps it: a big upload is not held twice.
    pub(crate) fn kept(&self) -> Self {
        match self.body.get(..BEGINNING).filter(|_| self.length > KEPT_WHOLE) {
            Some(beginning) => Self { body: Bytes::copy_from_slice(beginning), ..self.clone() },
            None => self.clone(),
        }
    }
}

pub(crate) fn value_of<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
}

impl<E: fmt::Debug> fmt::Debug for Exchange<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fn names(pairs: &[(String, String)]) -> Vec<&str> {
            pairs.iter().map(|(name, _)| name.as_str()).collect()
        }
        f.debug_struct("Exchange")
            .field("endpoint", &self.endpoint)
            .field("method", &self.method)
            .field("path", &self.path)
            .field("query", &names(&self.query))
            .field("form", &names(&self.form))
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

/// Every request the provider received, in order. Clones share the same entries.
#[derive(Clone)]
pub struct Journal<E = Endpoint> {
    entries: Arc<Mutex<Entries<E>>>,
    arrivals: watch::Sender<()>,
}

struct Entries<E> {
    exchanges: Vec<Exchange<E>>,
    cleared: usize,
}

impl Journal {
    /// How many token requests presented this `grant_type`.
    #[must_use]
    pub fn grants(&self, grant_type: &str) -> usize {
        self.grants_at(Endpoint::Token, grant_type)
    }
}

impl Journal<OrgEndpoint> {
    /// How many token requests presented this `grant_type`.
    #[must_use]
    pub fn grants(&self, grant_type: &str) -> usize {
        self.grants_at(OrgEndpoint::Token, grant_type)
    }
}

impl<E: Copy + Eq> Journal<E> {
    pub(crate) fn new() -> Self {
        let entries = Entries { exchanges: Vec::new(), cleared: 0 };
        Self { entries: Arc::new(Mutex::new(entries)), arrivals: watch::Sender::new(()) }
    }

    /// All requests to this endpoint.
    #[must_use]
    pub fn requests(&self, endpoint: E) -> Vec<Exchange<E>> {
        self.entries().exchanges.iter().filter(|one| one.endpoint == endpoint).cloned().collect()
    }

    /// All requests, to whatever endpoint.
    #[must_use]
    pub fn all(&self) -> Vec<Exchange<E>> {
        self.entries().exchanges.clone()
    }

    /// How many requests came to this endpoint.
    #[must_use]
    pub fn count(&self, endpoint: E) -> usize {
        self.entries().exchanges.iter().filter(|one| one.endpoint == endpoint).count()
    }

    /// All requests that fit the pattern, as in [`Script`](crate::script::Script).
    #[must_use]
    pub fn requests_at(&self, pattern: &str) -> Vec<Exchange<E>> {
        let pattern = Pattern::new(pattern);
        let fits = |one: &&Exchange<E>| pattern.fits(&one.method, &one.path);
        self.entries().exchanges.iter().filter(fits).cloned().collect()
    }

    /// How many requests fit the pattern.
    #[must_use]
    pub fn count_at(&self, pattern: &str) -> usize {
        self.requests_at(pattern).len()
    }

    pub(crate) fn grants_at(&self, endpoint: E, grant_type: &str) -> usize {
        let presented =
            |one: &&Exchange<E>| one.endpoint == endpoint && one.form_value("grant_type") == Some(grant_type);
        self.entries().exchanges.iter().filter(presented).count()
    }

    /// The latest request to this endpoint.
    #[must_use]
    pub fn last(&self, endpoint: E) -> Option<Exchange<E>> {
        self.entries().exchanges.iter().rfind(|one| one.endpoint == endpoint).cloned()
    }

    /// Forgets all entries.
    pub fn clear(&self) {
        let mut entries = self.entries();
        entries.cleared += entries.exchanges.len();
        entries.exchanges.clear();
    }

    /// Waits until this endpoint has received `count` requests since the journal was last cleared. `false` when it has not
    /// within a minute: assert it, so that a test fails and does not hang.
    #[must_use]
    pub async fn reaches(&self, endpoint: E, count: usize) -> bool {
        let mut arrivals = self.arrivals.subscribe();
        let reached = async {
            while self.count(endpoint) < count {
                if arrivals.changed().await.is_err() {
                    return;
                }
            }
        };
        tokio::time::timeout(PATIENCE, reached).await.is_ok()
    }

    /// Notes a request; the number returned names it to [`answered`](Self::answered).
    pub(crate) fn record(&self, exchange: Exchange<E>) -> usize {
        let number = {
            let mut entries = self.entries();
            entries.exchanges.push(exchange);
            entries.cleared + entries.exchanges.len() - 1
        };
        self.arrivals.send_replace(());
        number
    }

    pub(crate) fn answered(&self, number: usize, status: u16) {
        let mut entries = self.entries();
        let Some(at) = number.checked_sub(entries.cleared) else { return };
        if let Some(exchange) = entries.exchanges.get_mut(at) {
            exchange.status = Some(status);
        }
    }

    fn entries(&self) -> MutexGuard<'_, Entries<E>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<E: Copy + Eq + fmt::Debug> fmt::Debug for Journal<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.entries().exchanges).finish()
    }
}
