//! The floors: the least that could hand out a token which is known to have time left, and renewed by somebody else. An
//! arc-swap, the kernel's coarse clock, and what the caller wants to have.

use std::array;
use std::cell::Cell;
use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use arc_swap::ArcSwapOption;
use async_trait::async_trait;
use axum::http::HeaderValue;
use rustix::time::{ClockId, clock_gettime};

const STRIPES: usize = 8;

/// A token by hand.
pub(crate) struct Floor {
    held: ArcSwapOption<Held>,
}

struct Held {
    token: String,
    headers: [HeaderValue; STRIPES],
    /// Seconds.
    ends: i64,
}

/// Behind a pointer and with a boxed future, as the others.
#[async_trait]
pub(crate) trait Tokens: Send + Sync {
    async fn access_token(&self) -> Result<String, Box<dyn Error + Send + Sync>>;
    fn shared_header(&self) -> Option<HeaderValue>;
    fn striped_header(&self) -> Option<HeaderValue>;
}

impl Floor {
    pub(crate) fn new(token: &str) -> Result<Self, Box<dyn Error>> {
        let header = HeaderValue::try_from(format!("Bearer {token}"))?;
        let mut headers = array::from_fn(|_| header.clone());
        for one in &mut headers {
            *one = HeaderValue::from_bytes(header.as_bytes())?;
            one.set_sensitive(true);
        }
        let held = Held { token: token.to_owned(), headers, ends: now() + 3600 };
        Ok(Self { held: ArcSwapOption::from_pointee(held) })
    }

    pub(crate) fn read<R>(&self, read: impl FnOnce(&str) -> R) -> Option<R> {
        self.fresh(|held| read(&held.token))
    }

    fn fresh<R>(&self, read: impl FnOnce(&Held) -> R) -> Option<R> {
        let borrowed = self.held.load();
        let held = borrowed.as_ref()?;
        (held.ends > now()).then(|| read(held))
    }
}

#[async_trait]
impl Tokens for Floor {
    async fn access_token(&self) -> Result<String, Box<dyn Error + Send + Sync>> {
        self.fresh(|held| held.token.clone()).ok_or_else(|| "ended".into())
    }

    fn shared_header(&self) -> Option<HeaderValue> {
        self.fresh(|held| held.headers[0].clone())
    }

    fn striped_header(&self) -> Option<HeaderValue> {
        self.fresh(|held| held.headers[stripe()].clone())
    }
}

fn now() -> i64 {
    clock_gettime(ClockId::RealtimeCoarse).tv_sec
}

fn stripe() -> usize {
    static THREADS: AtomicUsize = AtomicUsize::new(0);
    thread_local! {
        static STRIPE: Cell<usize> = Cell::new(THREADS.fetch_add(1, Ordering::Relaxed) % STRIPES);
    }
    STRIPE.get()
}

/// A floor that is asked through a pointer.
pub(crate) type Shared = Arc<dyn Tokens>;
