//! The floor, written by hand: an opaque cookie, its SHA-256, a sharded map of `Arc`s. Nothing that could be left out is
//! in it.

use std::array;
use std::collections::HashMap;
use std::hint::black_box;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use aws_lc_rs::digest;
use axum::Router;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::routing::get;

use crate::contestants::{ANSWER, Contestant};

const SHARDS: usize = 64;
const NAME: &str = "floor";
const ID: &str = "3q2-7wAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

type Key = [u8; 32];
type Shard = RwLock<HashMap<Key, Arc<Session>>>;

struct Session {
    access_token: String,
    expires: SystemTime,
}

#[derive(Clone)]
struct Sessions(Arc<[Shard; SHARDS]>);

impl Sessions {
    fn shard(&self, key: &Key) -> &Shard {
        &self.0[usize::from(key[0]) % SHARDS]
    }

    fn find(&self, parts: &Parts) -> Option<Arc<Session>> {
        let cookies = parts.headers.get(header::COOKIE)?.to_str().ok()?;
        let pairs = cookies.split("; ").filter_map(|pair| pair.split_once('='));
        let (_, id) = pairs.into_iter().find(|(name, _)| *name == NAME)?;
        let key = hash(id)?;
        let shard = self.shard(&key).read().unwrap_or_else(PoisonError::into_inner);
        shard.get(&key).filter(|session| session.expires > SystemTime::now()).cloned()
    }
}

struct Token(Arc<Session>);

impl FromRequestParts<Sessions> for Token {
    type Rejection = StatusCode;

    async fn from_request_parts(parts: &mut Parts, sessions: &Sessions) -> Result<Self, StatusCode> {
        sessions.find(parts).map(Self).ok_or(StatusCode::UNAUTHORIZED)
    }
}

fn hash(id: &str) -> Option<Key> {
    digest::digest(&digest::SHA256, id.as_bytes()).as_ref().try_into().ok()
}

/// The floor, with one session.
pub(crate) fn signed_in() -> Option<Contestant> {
    let sessions = Sessions(Arc::new(array::from_fn(|_| Shard::default())));
    let key = hash(ID)?;
    let expires = SystemTime::now() + Duration::from_secs(3600);
    let session = Arc::new(Session { access_token: "x".repeat(1000), expires });
    sessions.shard(&key).write().unwrap_or_else(PoisonError::into_inner).insert(key, session);
    let handler = |token: Token| async move {
        black_box(token.0.access_token.len());
        ANSWER
    };
    let router = Router::new().route("/page", get(handler)).with_state(sessions);
    let cookie = HeaderValue::try_from(format!("{NAME}={ID}")).ok()?;
    Some(Contestant::new("floor: by hand", router, "/page", cookie))
}
