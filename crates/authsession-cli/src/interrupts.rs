//! Ctrl-C and the request to terminate: put off, or waited for.

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

/// Until one of them comes, put off or not.
pub(crate) async fn came() {
    #[cfg(unix)]
    {
        use futures_util::future::select_all;
        use tokio::signal::unix::{SignalKind, signal};
        let kinds = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()];
        let signals = kinds.into_iter().filter_map(|kind| signal(kind).ok());
        let coming: Vec<_> = signals.map(|mut signal| Box::pin(async move { signal.recv().await })).collect();
        if coming.is_empty() {
            return std::future::pending().await;
        }
        select_all(coming).await;
    }
    #[cfg(not(unix))]
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending().await
    }
}
