//! Where a target plays: one runtime, on which the other side answers too, and a clock that stands still.

use std::cell::OnceCell;
use std::time::{Duration, SystemTime};

use authsession_core::clock::Clock;
use tokio::runtime::{Builder, Runtime};

/// A fixed moment in 2026.
pub const NOW: i64 = 1_780_000_000;

pub fn clock() -> Clock {
    Clock::from_fn(|| SystemTime::UNIX_EPOCH + Duration::from_secs(NOW.unsigned_abs()))
}

thread_local! {
    static RUNTIME: OnceCell<Runtime> = const { OnceCell::new() };
}

/// Runs `work` to its end.
pub fn run<T>(work: impl Future<Output = T>) -> T {
    RUNTIME.with(|cell| {
        let runtime = cell.get_or_init(|| Builder::new_current_thread().enable_all().build().unwrap());
        runtime.block_on(work)
    })
}
