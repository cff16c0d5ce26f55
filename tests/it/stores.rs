//! The URLs of the stores there are to test with.

use std::sync::atomic::{AtomicUsize, Ordering};

/// A database file that only one test uses; the operating system clears it away.
pub(crate) fn sqlite_file() -> String {
    static FILES: AtomicUsize = AtomicUsize::new(0);
    let number = FILES.fetch_add(1, Ordering::Relaxed);
    let name = format!("authsession-test-{}-{number}.db", std::process::id());
    let path = std::env::temp_dir().join(name);
    for ending in ["", "-wal", "-shm"] {
        let _was_not_there = std::fs::remove_file(format!("{}{ending}", path.display()));
    }
    format!("sqlite:{}", path.display())
}

/// The server of that variable.
#[cfg(feature = "real")]
pub(crate) fn server(variable: &str) -> String {
    std::env::var(variable).unwrap_or_else(|_| panic!("{variable} is not set: start me with tests/real/run"))
}
