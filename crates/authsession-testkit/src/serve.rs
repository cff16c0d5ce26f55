//! Serves the application under test on a loopback port.

use crate::connection::accept;
use axum::Router;
use std::fmt;
use std::io;
use std::net::Ipv4Addr;
use std::net::SocketAddr;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// A running application; it stops when this is dropped.
///
/// ```
/// use authsession_testkit::serve::Server;
/// use axum::Router;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let slot = Server::reserve().await?;
/// let redirect_uri = format!("{}/auth/callback", slot.url());
/// let server = slot.serve(Router::new());
/// assert!(redirect_uri.starts_with(server.url()));
/// # Ok(()) }
/// ```
pub struct Server {
    address: SocketAddr,
    url: String,
    task: JoinHandle<()>,
}

impl Server {
    /// Binds a free loopback port, so that the URL is known before the application is built.
    ///
    /// # Errors
    ///
    /// When no port can be bound.
    pub async fn reserve() -> io::Result<Slot> {
        Self::reserve_at(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await
    }

    /// Binds this address.
    ///
    /// # Errors
    ///
    /// When it cannot be bound.
    pub async fn reserve_at(address: SocketAddr) -> io::Result<Slot> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        Ok(Slot { listener, address, url: format!("http://{address}") })
    }

    /// Serves `router` on a free loopback port.
    ///
    /// # Errors
    ///
    /// When no port can be bound.
    pub async fn serve(router: Router) -> io::Result<Self> {
        Ok(Self::reserve().await?.serve(router))
    }

    /// `http://127.0.0.1:<port>`, without a slash at the end.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops and waits until the port is free and every connection closed.
    pub async fn stop(mut self) {
        self.task.abort();
        // The task was aborted: its end is all there is to learn.
        let _ = (&mut self.task).await;
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("url", &self.url).finish_non_exhaustive()
    }
}

/// A bound port that nothing is served on yet; connections wait.
#[derive(Debug)]
pub struct Slot {
    listener: TcpListener,
    address: SocketAddr,
    url: String,
}

impl Slot {
    /// `http://127.0.0.1:<port>`, without a slash at the end.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves `router` here, in a task of the current runtime.
    #[must_use]
    pub fn serve(self, router: Router) -> Server {
        let task = tokio::spawn(accept(self.listener, router));
        Server { address: self.address, url: self.url, task }
    }
}
