//! Why the command stops, and what to do about it.

use std::io;
use std::net::SocketAddr;

use authsession_axum::core::error::Error as ProtocolError;
use authsession_axum::errors::Error as SignInError;

/// An error of the command. Its text says what to do next.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum Error {
    /// Somebody else listens there: stop them, or listen elsewhere.
    #[error(
        "{0} is in use: stop what listens there, or choose another with --listen {host}:0 (any free port)",
        host = .0.ip()
    )]
    PortTaken(SocketAddr),

    /// The address is not one of this machine, or needs rights: choose another.
    #[error("cannot listen on {address}: choose another address with --listen")]
    CannotListen {
        /// The address asked for.
        address: SocketAddr,
        /// What the operating system says.
        #[source]
        cause: io::Error,
    },

    /// The test provider did not start.
    #[error("the test provider did not start")]
    NoTestProvider(#[source] io::Error),

    /// A setting is missing or wrong: the text says which.
    #[error("{0}")]
    Arguments(&'static str),

    /// The library refuses the settings, or found no provider at the issuer.
    #[error("the sign-in could not be set up")]
    SetUp(#[from] SignInError),

    /// The operating system gives no randomness.
    #[error("no cookie key could be made")]
    NoKey(#[from] ProtocolError),

    /// The server stopped.
    #[error("the server stopped")]
    Stopped(#[source] io::Error),
}

impl Error {
    pub(crate) fn listening(address: SocketAddr, cause: io::Error) -> Self {
        if cause.kind() == io::ErrorKind::AddrInUse {
            Self::PortTaken(address)
        } else {
            Self::CannotListen { address, cause }
        }
    }
}
