//! An application with one user signed in and one login under way.

use std::sync::Arc;

use authsession_axum::auth::AuthLayer;
use authsession_axum::auth_builder::OAuthConfigurationBuilder;
use authsession_axum::extractors::Session;
use authsession_axum::logout::handle_default_logout::DefaultLogoutHandler;
use authsession_core::clock::Timestamp;
use authsession_core::token_set::TokenSet;
use authsession_store::key::{SessionId, StoreKey};
use authsession_store::memory::MemoryStore;
use authsession_store::record::{Later, SessionRecord};
use authsession_store::store::SessionStore;
use axum::Router;
use axum::body::Body;
use axum::http::header::{COOKIE, LOCATION, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue, Method, Request, StatusCode};
use axum::routing::get;
use http_body_util::BodyExt;
use tower_service::Service;
use url::Url;

use crate::opposite::Opposite;
use crate::stage::{NOW, clock};
use crate::{CLIENT, MARKER};

/// Where the application says it is.
pub const ORIGIN: &str = "https://app.example";

/// Says that it is a script that asks.
pub const SCRIPT: (&str, HeaderValue) = ("x-requested-with", HeaderValue::from_static("XMLHttpRequest"));

/// The application, seen from outside.
#[derive(Debug)]
pub struct Application {
    router: Router,
    /// `name=value` of the cookie of the user signed in.
    pub session: String,
    /// `name=value` of the cookie of the login under way.
    pub login: String,
    /// The `state` of the login under way.
    pub state: String,
    /// The provider's authorization endpoint.
    pub authorization_endpoint: String,
}

/// What it answered.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Application {
    pub async fn start() -> Self {
        Self::start_with(|builder| builder).await
    }

    /// One whose settings are edited.
    pub async fn start_with(
        edit: impl FnOnce(OAuthConfigurationBuilder) -> OAuthConfigurationBuilder,
    ) -> Self {
        let opposite = Opposite::start().await;
        let builder = OAuthConfigurationBuilder::default()
            .with_issuer_by_hand(&opposite.origin)
            .with_authorization_endpoint(&opposite.url("/authorize"))
            .with_token_endpoint(&opposite.url("/token"))
            .with_jwks_uri(&opposite.url("/jwks"))
            .with_client_id(CLIENT)
            .with_redirect_uri(&format!("{ORIGIN}/auth/callback"))
            .with_private_cookie_key("9f8a7b6c5d4e3f2a1b0c9d8e7f6a5b4c3d2e1f0a9b8c7d6e5f4a3b2c1d0e9f8a")
            .with_clock(clock());
        let configuration = edit(builder).build().unwrap();
        let store = Arc::new(MemoryStore::with_clock(clock()));
        let now = Timestamp::from_unix_seconds(NOW);
        let later = Timestamp::from_unix_seconds(NOW + 100_000);
        let record = SessionRecord {
            tokens: TokenSet::new("token", now),
            issuer: opposite.origin.as_str().into(),
            client_id: CLIENT.into(),
            subject: "alice".into(),
            provider_session: None,
            userinfo: None,
            created_at: now,
            expires_at: later,
            remembered: false,
            refresh_sent_at: None,
            refused: None,
            later: Later::default(),
            userinfo_is_newer: false,
            id_token_refused: false,
        };
        let id = SessionId::generate().unwrap();
        store.create(&StoreKey::of(&id), record, later).await.unwrap();
        let router = Router::new()
            .route("/me", get(|session: Session| async move { session.subject().to_owned() }))
            .layer(AuthLayer::new(Arc::new(configuration), store, Arc::new(DefaultLogoutHandler)));
        let mut application = Self {
            router,
            session: format!("__Host-authsession={}", id.expose()),
            login: String::new(),
            state: String::new(),
            authorization_endpoint: opposite.url("/authorize"),
        };
        let started = application.ask(Method::GET, "/auth", &[]).await.unwrap();
        let cookie = started.headers[SET_COOKIE].to_str().unwrap();
        application.login = cookie.split(';').next().unwrap().to_owned();
        let location = Url::parse(started.headers[LOCATION].to_str().unwrap()).unwrap();
        let (_, state) = location.query_pairs().find(|(name, _)| name == "state").unwrap();
        application.state = state.into_owned();
        application
    }

    /// Asks as a browser goes to a page, or as a script with [`SCRIPT`] among the headers, and holds the answer against what is promised of every one. `None` if no client could ask so.
    pub async fn ask(&self, method: Method, target: &str, headers: &[(&str, HeaderValue)]) -> Option<Answer> {
        self.send(method, target, headers, Body::empty()).await
    }

    /// The same for the form of another site, with a body of these bytes.
    pub async fn post(&self, target: &str, cookies: (&str, HeaderValue), form: &[u8]) -> Option<Answer> {
        let kind = HeaderValue::from_static("application/x-www-form-urlencoded");
        let site = HeaderValue::from_static("cross-site");
        let headers = [cookies, ("content-type", kind), ("sec-fetch-site", site)];
        self.send(Method::POST, target, &headers, Body::from(form.to_vec())).await
    }

    async fn send(
        &self,
        method: Method,
        target: &str,
        headers: &[(&str, HeaderValue)],
        body: Body,
    ) -> Option<Answer> {
        let mut request = Request::builder().method(method).uri(target).header("host", "app.example");
        if !headers.iter().any(|(name, _)| *name == SCRIPT.0) {
            request = request.header("sec-fetch-mode", "navigate").header("sec-fetch-dest", "document");
        }
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        let response = self.router.clone().call(request.body(body).ok()?).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes().to_vec();
        let answer = Answer { status: parts.status, headers: parts.headers, body };
        answer.keeps_its_promises();
        Some(answer)
    }

    /// A cookie header of these bytes; `None` if they fit none.
    pub fn cookies(bytes: &[u8]) -> Option<(&'static str, HeaderValue)> {
        Some((COOKIE.as_str(), HeaderValue::from_bytes(bytes).ok()?))
    }
}

impl Answer {
    fn keeps_its_promises(&self) {
        assert_ne!(self.status, StatusCode::INTERNAL_SERVER_ERROR);
        assert!(!String::from_utf8_lossy(&self.body).contains(MARKER), "what was sent came back in a page");
        if self.headers.contains_key(SET_COOKIE) {
            assert_eq!(self.headers["cache-control"], "no-store");
        }
    }
}
