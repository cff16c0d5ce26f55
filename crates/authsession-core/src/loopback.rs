//! Waits on this very machine for the browser to come back, as programs without a web server do (RFC 8252 §7.3 and §8.3, RFC
//! 9700 §4.1).

pub mod arrival;
mod door;
mod page;
mod seats;

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::task::Poll;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use url::{Host, Url};

use crate::authorization::AuthorizationResponse;
use crate::clock::{wait, within};
use crate::error::{Error, OAuthError};
use crate::loopback::arrival::Arrival;
use crate::loopback::door::Door;
use crate::loopback::seats::Seats;
use crate::secret::Secret;

const DEADLINE: Duration = Duration::from_secs(5 * 60);
/// After a connection could not be accepted, such as for want of file descriptors.
const PAUSE: Duration = Duration::from_millis(50);
/// So often a port is looked for that is free in both families.
const ATTEMPTS: u32 = 16;

/// Listens on a loopback address for one authorization response.
///
/// Anybody on this machine, and any page open in its browser, can send requests here. Only one that carries the `state` of
/// this sign-in counts; every other is turned away and changes nothing.
///
/// ```no_run
/// use authsession_core::authorization::{AuthorizationRequest, AuthorizationResponse};
/// use authsession_core::clock::Clock;
/// use authsession_core::error::Error;
/// use authsession_core::loopback::LoopbackListener;
/// use authsession_core::provider::ProviderMetadata;
/// use url::Url;
///
/// # async fn example(metadata: &ProviderMetadata, redirect_uri: &Url) -> Result<(), Error> {
/// let listener = LoopbackListener::bind(redirect_uri)?; // such as http://127.0.0.1/callback, on any free port
/// let request = AuthorizationRequest::new("my-client", listener.redirect_uri().as_str(), "openid");
/// let (url, pending) = request.start(metadata, Clock::system().now())?;
/// println!("Open {url}");
/// let query = listener.callback(&pending.state).await?;
/// let code = AuthorizationResponse::parse(query.expose())?.check(&pending, metadata)?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use]
pub struct LoopbackListener {
    listeners: Vec<TcpListener>,
    redirect_uri: Url,
    deadline: Duration,
}

impl LoopbackListener {
    /// Listens where this redirect URI points: `http://127.0.0.1/…`, `http://[::1]/…`, or `http://localhost/…`, which is both.
    /// Without a port, or with port 0, on one that is free; a provider that follows RFC 8252 §7.3 takes any for an address.
    /// Browsers that arrive are kept waiting until [`callback`](Self::callback) or [`arrival`](Self::arrival) is called.
    ///
    /// # Errors
    /// [`Error::Misconfigured`] when it is no such URI, has a user name, query or fragment, or the port is taken.
    pub fn bind(redirect_uri: &Url) -> Result<Self, Error> {
        let addresses = addresses(redirect_uri)?;
        let refused = |cause: io::Error| Error::Misconfigured {
            hint: "the redirect URI's port cannot be listened on: free it, or take another or none".into(),
            cause: Some(Arc::new(cause)),
        };
        let (listeners, port) = listen(&addresses, redirect_uri.port().unwrap_or(0)).map_err(refused)?;
        let mut redirect_uri = redirect_uri.clone();
        // An http URL with a host, as this one is, always takes a port.
        let _ = redirect_uri.set_port(Some(port));
        Ok(Self { listeners, redirect_uri, deadline: DEADLINE })
    }

    /// How long to wait for the browser; 5 minutes unless set.
    pub const fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// The redirect URI with the port that is listened on: the one to send to the provider.
    #[must_use]
    pub const fn redirect_uri(&self) -> &Url {
        &self.redirect_uri
    }

    /// Waits for the authorization response with this `state`, tells the browser whether the provider said yes, and stops
    /// listening. The query, for [`AuthorizationResponse::parse`].
    ///
    /// # Errors
    /// [`Error::GrantRefused`] with [`OAuthError::ExpiredToken`] when the browser does not come back in time;
    /// [`Error::Misconfigured`] when the runtime cannot listen.
    ///
    /// # Panics
    /// Outside a tokio runtime with IO and time.
    pub async fn callback(self, state: &Secret) -> Result<Secret, Error> {
        let arrival = self.arrival(state).await?;
        let query = arrival.query().clone();
        let said_yes =
            AuthorizationResponse::parse(query.expose()).is_ok_and(|response| !response.is_refusal());
        arrival.answer(said_yes).await;
        Ok(query)
    }

    /// As [`callback`](Self::callback), but the browser is kept waiting until it is told how the sign-in ended: for who first
    /// redeems the code.
    ///
    /// # Errors
    /// As [`callback`](Self::callback).
    ///
    /// # Panics
    /// Outside a tokio runtime with IO and time.
    pub async fn arrival(self, state: &Secret) -> Result<Arrival, Error> {
        let cannot = |cause: io::Error| Error::Misconfigured {
            hint: "the runtime cannot listen: enable its IO".into(),
            cause: Some(Arc::new(cause)),
        };
        let listeners: io::Result<Vec<_>> =
            self.listeners.into_iter().map(tokio::net::TcpListener::from_std).collect();
        let listeners = listeners.map_err(cannot)?;
        let (outcome, answer) = watch::channel(None);
        let (bell, mut rung) = mpsc::channel(1);
        let door = Arc::new(Door::new(&self.redirect_uri, state.clone(), bell, answer));
        let (mut connections, mut seats) = (JoinSet::new(), Seats::default());
        let waiting = async {
            loop {
                tokio::select! {
                    Some(query) = rung.recv() => return query,
                    Some(_) = connections.join_next() => {}
                    accepted = accept(&listeners), if !seats.are_taken() => match accepted {
                        Ok(stream) => {
                            let awaited = Arc::<AtomicBool>::default();
                            let serving = Arc::clone(&door).serve(stream, Arc::clone(&awaited));
                            if seats.take(connections.spawn(serving), awaited) {
                                // Who has something to say is heard before it is their turn to go. A longer pause
                                // would let the crowd before the door grow.
                                tokio::task::yield_now().await;
                            }
                        }
                        Err(_) => wait(PAUSE).await,
                    },
                }
            }
        };
        let query = within(self.deadline, waiting).await.ok_or_else(|| Error::GrantRefused {
            code: OAuthError::ExpiredToken,
            cause: Some(Arc::new(NobodyCame)),
        })?;
        Ok(Arrival::new(query, outcome, connections))
    }
}

/// Why a sign-in by browser ended without an answer.
#[derive(Debug, thiserror::Error)]
#[error("the browser did not come back in time")]
struct NobodyCame;

/// The addresses of a loopback host by name; nothing a name server has a say in.
fn addresses(redirect_uri: &Url) -> Result<Vec<IpAddr>, Error> {
    let addresses = match redirect_uri.host() {
        Some(Host::Ipv4(address)) if address.is_loopback() => vec![address.into()],
        Some(Host::Ipv6(address)) if address.is_loopback() => vec![address.into()],
        Some(Host::Domain("localhost")) => vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()],
        _ => Vec::new(),
    };
    if redirect_uri.scheme() != "http" || addresses.is_empty() {
        return Err(Error::misconfigured(
            "the redirect URI to listen on must be http on 127.0.0.1, [::1] or localhost, such as \
             http://127.0.0.1/callback",
        ));
    }
    let is_bare = redirect_uri.username().is_empty()
        && redirect_uri.password().is_none()
        && redirect_uri.query().is_none()
        && redirect_uri.fragment().is_none();
    if !is_bare {
        return Err(Error::misconfigured(
            "the redirect URI to listen on must have no user name, query or fragment",
        ));
    }
    Ok(addresses)
}

/// Listens on one port of all these addresses this machine has. A port somebody else has in one of the families will not do:
/// the browser might go there.
fn listen(addresses: &[IpAddr], wanted: u16) -> io::Result<(Vec<TcpListener>, u16)> {
    let mut attempts = 0;
    loop {
        attempts += 1;
        match listen_once(addresses, wanted) {
            Err(error) if wanted == 0 && error.kind() == io::ErrorKind::AddrInUse && attempts < ATTEMPTS => {}
            outcome => return outcome,
        }
    }
}

fn listen_once(addresses: &[IpAddr], wanted: u16) -> io::Result<(Vec<TcpListener>, u16)> {
    let (mut listeners, mut port, mut missing) = (Vec::new(), wanted, None);
    for address in addresses {
        match TcpListener::bind(SocketAddr::new(*address, port)) {
            Ok(listener) => {
                listener.set_nonblocking(true)?;
                port = listener.local_addr()?.port();
                listeners.push(listener);
            }
            Err(error) if is_absent(&error) => missing = Some(error),
            Err(error) => return Err(error),
        }
    }
    match missing {
        Some(error) if listeners.is_empty() => Err(error),
        _ => Ok((listeners, port)),
    }
}

/// Whether this machine has no such address at all.
fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::AddrNotAvailable | io::ErrorKind::Unsupported)
        // EAFNOSUPPORT, for which there is no kind: Linux, macOS and Windows.
        || matches!(error.raw_os_error(), Some(97 | 47 | 10047))
}

/// The next connection on any of them.
async fn accept(listeners: &[tokio::net::TcpListener]) -> io::Result<TcpStream> {
    std::future::poll_fn(|context| {
        for listener in listeners {
            if let Poll::Ready(accepted) = listener.poll_accept(context) {
                return Poll::Ready(accepted.map(|(stream, _)| stream));
            }
        }
        Poll::Pending
    })
    .await
}
