//! What an error of Redis means: to whom it is told, and whether it is of more than one session.

use std::error::Error as StdError;
use std::io;
use std::sync::Arc;

use redis::{ErrorKind, RedisError, ServerErrorKind};

use crate::store::StoreError;

pub(super) fn unavailable(error: RedisError) -> StoreError {
    StoreError::Unavailable(Arc::new(error))
}

/// Of a backend that is being opened: who opens it is told what to set right. Says nothing of what Redis said, or was given.
pub(super) fn at_the_start(error: RedisError) -> StoreError {
    let fix = match (error.kind(), error.code()) {
        (ErrorKind::AuthenticationFailed, _) | (_, Some("NOAUTH" | "WRONGPASS")) => {
            "Redis refuses the user and password: set them in its URL, redis://user:password@host:port/"
        }
        (_, Some("NOPERM")) => {
            "the Redis user lacks rights: grant it the commands, keys and channels that the module `redis` lists"
        }
        (ErrorKind::InvalidClientConfig, _) => {
            "no connection to Redis can be set up as it says: check its TLS settings and address"
        }
        _ if is_of_its_certificate(&error) => {
            "nobody whom this machine trusts vouches for Redis's certificate: add its authority to the system's, or open it by \
             `from_client` with that authority"
        }
        _ if is_no_such_database(&error) => {
            "Redis has no database of that number: name another one behind the / of its URL, or none"
        }
        _ => return unavailable(error),
    };
    StoreError::Misconfigured(fix.into())
}

/// Waiting does not help against that.
pub(super) fn is_our_fault(error: &RedisError) -> bool {
    matches!(error.kind(), ErrorKind::AuthenticationFailed | ErrorKind::InvalidClientConfig)
        || is_no_such_database(error)
        || is_of_its_certificate(error)
}

fn is_of_its_certificate(error: &RedisError) -> bool {
    // It has its cause behind an `Arc`, which is what it shows.
    let cause = error.source().and_then(|cause| cause.downcast_ref::<Arc<dyn StdError + Send + Sync>>());
    let io = cause.and_then(|cause| cause.downcast_ref::<io::Error>());
    let tls = io.and_then(io::Error::get_ref).and_then(|cause| cause.downcast_ref::<rustls::Error>());
    matches!(tls, Some(rustls::Error::InvalidCertificate(_)))
}

fn is_no_such_database(error: &RedisError) -> bool {
    error.kind() == ErrorKind::Server(ServerErrorKind::ResponseError)
        && error.to_string().contains("refused to switch database")
}

/// Whether what is kept under that one key is nothing a release of ours wrote: all others are served.
pub(super) fn is_of_what_is_kept(error: &RedisError) -> bool {
    if error.kind() == ErrorKind::UnexpectedReturnType || error.code() == Some("WRONGTYPE") {
        return true;
    }
    // Before Redis 7 a script's error is named only in its text, and what Lua makes of nonsense always is.
    let detail = error.detail().unwrap_or_default();
    detail.contains("user_script")
        && ["WRONGTYPE", "attempt to ", "bad argument "].iter().any(|sign| detail.contains(sign))
}
