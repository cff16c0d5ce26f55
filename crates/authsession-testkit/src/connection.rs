//! Connections that can be closed in the middle of a request.

use axum::Router;
use axum::extract::Extension;
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::task::JoinSet;

/// Closes the connection a request came by, without a word.
#[derive(Clone, Default)]
pub(crate) struct Scissors {
    cut: Arc<Notify>,
}

impl Scissors {
    pub(crate) fn cut(&self) {
        self.cut.notify_one();
    }
}

/// Serves until the task is aborted, which closes every connection.
pub(crate) async fn accept(listener: TcpListener, router: Router) {
    let mut connections = JoinSet::new();
    loop {
        if let Ok((stream, _)) = listener.accept().await {
            connections.spawn(converse(stream, router.clone()));
        }
        while connections.try_join_next().is_some() {}
    }
}

async fn converse(stream: TcpStream, router: Router) {
    let scissors = Scissors::default();
    let service = TowerToHyperService::new(router.layer(Extension(scissors.clone())));
    // A connection that fails is the client's to notice.
    tokio::select! {
        _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service) => {}
        () = scissors.cut.notified() => {}
    }
}
