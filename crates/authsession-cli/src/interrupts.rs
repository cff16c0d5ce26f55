//! Ctrl-C and the request to terminate, put off.

/// From now on they do not end this process: it ends by itself soon.
pub(crate) fn put_off() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        for kind in [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()] {
            // Who listens once is not ended by it any more. If that fails, it is as it would be without.
            let _ = signal(kind);
        }
    }
    #[cfg(windows)]
    let _ = tokio::signal::windows::ctrl_c();
}
