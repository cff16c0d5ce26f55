//! `axum-login` on `tower-sessions`' memory store, with the backend of its documentation.

use std::collections::HashMap;
use std::convert::Infallible;
use std::error::Error;
use std::hint::black_box;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderValue, Request, StatusCode, header};
use axum::routing::{get, post};
use axum_login::{AuthManagerLayerBuilder, AuthUser, AuthnBackend, UserId};
use tower::ServiceExt;
use tower_sessions::cookie::time::Duration;
use tower_sessions::{Expiry, MemoryStore, SessionManagerLayer};

use crate::contestants::{ANSWER, Contestant};

type AuthSession = axum_login::AuthSession<Backend>;

#[derive(Clone, Debug)]
struct User {
    id: i64,
    pw_hash: Vec<u8>,
}

impl AuthUser for User {
    type Id = i64;

    fn id(&self) -> i64 {
        self.id
    }

    fn session_auth_hash(&self) -> &[u8] {
        &self.pw_hash
    }
}

#[derive(Clone)]
struct Backend {
    users: Arc<HashMap<i64, User>>,
}

impl AuthnBackend for Backend {
    type User = User;
    type Credentials = i64;
    type Error = Infallible;

    async fn authenticate(&self, id: i64) -> Result<Option<User>, Infallible> {
        Ok(self.users.get(&id).cloned())
    }

    async fn get_user(&self, id: &UserId<Self>) -> Result<Option<User>, Infallible> {
        Ok(self.users.get(id).cloned())
    }
}

/// Sessions that end with the browser (the default), or after a day without use (each request moves the end on).
#[derive(Clone, Copy)]
pub(crate) enum Lifetime {
    Browser,
    Sliding,
}

/// An application with a user who is signed in.
pub(crate) async fn every_route(lifetime: Lifetime) -> Result<Vec<Contestant>, Box<dyn Error>> {
    let sessions = SessionManagerLayer::new(MemoryStore::default());
    let (sessions, names) = match lifetime {
        Lifetime::Browser => (sessions, ["axum-login, no session asked for", "axum-login, `AuthSession`"]),
        Lifetime::Sliding => (
            sessions.with_expiry(Expiry::OnInactivity(Duration::days(1))).with_always_save(true),
            ["axum-login sliding, no session asked for", "axum-login sliding, `AuthSession`"],
        ),
    };
    let user = User { id: 1, pw_hash: vec![7; 32] };
    let backend = Backend { users: Arc::new(HashMap::from([(1, user)])) };
    let router = Router::new()
        .route("/login", post(login))
        .route("/none", get(|| async { ANSWER }))
        .route("/session", get(page))
        .layer(AuthManagerLayerBuilder::new(backend, sessions).build());
    let response = router.clone().oneshot(Request::post("/login").body(Body::empty())?).await?;
    let cookie = response.headers().get(header::SET_COOKIE).ok_or("axum-login set no cookie")?;
    let cookie = HeaderValue::try_from(cookie.to_str()?.split(';').next().unwrap_or_default())?;
    let paths = ["/none", "/session"];
    let one = |(name, path)| Contestant::new(name, router.clone(), path, cookie.clone());
    Ok(names.into_iter().zip(paths).map(one).collect())
}

async fn login(mut session: AuthSession) -> Result<&'static str, StatusCode> {
    let user = session.authenticate(1).await.ok().flatten().ok_or(StatusCode::UNAUTHORIZED)?;
    session.login(&user).await.map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    Ok(ANSWER)
}

async fn page(session: AuthSession) -> Result<&'static str, StatusCode> {
    let user = session.user.ok_or(StatusCode::UNAUTHORIZED)?;
    black_box(user.id);
    Ok(ANSWER)
}
