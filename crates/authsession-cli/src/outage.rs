//! An outage of the test provider: the session outlives it.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};

use authsession_testkit::provider::Provider;

/// The test provider, which can be away.
pub(crate) struct Outage {
    provider: Provider,
    away: AtomicBool,
}

impl Outage {
    pub(crate) const fn of(provider: Provider) -> Self {
        Self { provider, away: AtomicBool::new(false) }
    }

    pub(crate) fn is_on(&self) -> bool {
        self.away.load(Ordering::Relaxed)
    }

    pub(crate) async fn begin(&self) {
        self.provider.shutdown().await;
        self.away.store(true, Ordering::Relaxed);
    }

    pub(crate) async fn end(&self) -> io::Result<()> {
        self.provider.restart().await?;
        self.away.store(false, Ordering::Relaxed);
        Ok(())
    }
}
