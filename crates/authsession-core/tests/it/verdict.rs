//! What became of a step, told apart by the remedy.

use std::fmt::Debug;
use std::time::Duration;

use authsession_core::error::{Error, Fault, OAuthError};

/// The check that failed.
pub(crate) fn untrusted<T: Debug>(outcome: Result<T, Error>) -> String {
    match outcome {
        Err(Error::Untrusted(check)) => check.into_owned(),
        other => panic!("not refused as untrusted: {other:?}"),
    }
}

/// What differs from the one it should be about.
pub(crate) fn mismatch<T: Debug>(outcome: Result<T, Error>) -> String {
    match outcome {
        Err(Error::Mismatch(what)) => what.into_owned(),
        other => panic!("not about someone else: {other:?}"),
    }
}

/// How the endpoint failed to serve.
pub(crate) fn fault<T: Debug>(outcome: Result<T, Error>) -> Fault {
    match outcome {
        Err(Error::Unavailable { fault, .. }) => fault,
        other => panic!("not unavailable: {other:?}"),
    }
}

/// How long the provider asked to wait.
pub(crate) fn retry_after<T: Debug>(outcome: Result<T, Error>) -> Option<Duration> {
    match outcome {
        Err(Error::Unavailable { retry_after, .. }) => retry_after,
        other => panic!("not unavailable: {other:?}"),
    }
}

/// What to fix.
pub(crate) fn hint<T: Debug>(outcome: Result<T, Error>) -> String {
    match outcome {
        Err(Error::Misconfigured { hint, .. }) => hint.into_owned(),
        other => panic!("not a misconfiguration: {other:?}"),
    }
}

/// With which error the grant was refused.
pub(crate) fn refusal<T: Debug>(outcome: Result<T, Error>) -> OAuthError {
    match outcome {
        Err(Error::GrantRefused { code, .. }) => code,
        other => panic!("not a refused grant: {other:?}"),
    }
}

/// With which error the authorization was refused.
pub(crate) fn denial<T: Debug>(outcome: Result<T, Error>) -> OAuthError {
    match outcome {
        Err(Error::AuthorizationRefused(error)) => error,
        other => panic!("not a refused authorization: {other:?}"),
    }
}

/// Everything an error tells about itself and its causes.
pub(crate) fn told(error: &Error) -> String {
    let mut told = format!("{error} {error:?} {error:#?}");
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        told.push_str(&format!(" {cause} {cause:?}"));
        source = cause.source();
    }
    told
}
