//! Several processes of one application that keeps its sessions in cookies, one provider, and browsers that go to any of them.

use std::sync::Arc;
use std::time::Duration;

use authsession_axum::auth::AuthLayer;
use authsession_axum::auth_builder::OAuthConfigurationBuilder;
use authsession_axum::extractors::{AccessToken, AuthSession, Session};
use authsession_axum::logout::handle_default_logout::DefaultLogoutHandler;
use authsession_axum::store::cookie_store::CookieStore;
use authsession_axum::store::store::SessionStore as _;
use authsession_testkit::browser::{Browser, Page};
use authsession_testkit::builder::ProviderBuilder;
use authsession_testkit::clock::VirtualClock;
use authsession_testkit::provider::Provider;
use authsession_testkit::serve::{Server, Slot};
use axum::body::{Body, to_bytes};
use axum::http::request::Builder;
use axum::http::{Request, StatusCode};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::pains::scene;
use crate::stage::{SESSION_COOKIE, TOKEN_LIFETIME, application, clock_of};

pub(crate) type Cookies = Vec<(String, String)>;
type Edit = fn(OAuthConfigurationBuilder) -> OAuthConfigurationBuilder;

pub(crate) struct Fleet {
    pub(crate) clock: VirtualClock,
    pub(crate) provider: Provider,
    pub(crate) first: Process,
    pub(crate) browser: Browser,
    edit: Edit,
    /// The public URL, which a server in front of all processes would have.
    public: String,
}

/// A process: its memory is its own.
pub(crate) struct Process {
    pub(crate) store: Arc<CookieStore>,
    router: Router,
    server: Server,
}

/// What somebody gets who sends cookies by hand.
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) text: String,
    pub(crate) set_cookies: Vec<String>,
    pub(crate) location: String,
}

impl Fleet {
    pub(crate) async fn with(
        edit_provider: impl FnOnce(ProviderBuilder) -> ProviderBuilder,
        edit: Edit,
    ) -> Self {
        let clock = VirtualClock::halted();
        let builder = Provider::builder().clock(clock.clone()).access_token_lifetime(TOKEN_LIFETIME);
        let provider = edit_provider(builder).start().await.unwrap();
        let slot = Server::reserve().await.unwrap();
        let public = slot.url().trim_end_matches('/').to_owned();
        let builder = edit(application(&provider, &slot, &clock));
        let first = Process::start(slot, builder, &provider, &clock).await;
        let browser = Browser::with_clock(clock.clone()).unwrap();
        Self { clock, provider, first, browser, edit, public }
    }

    pub(crate) async fn signed_in() -> Self {
        Self::signed_in_with(|provider| provider, |app| app).await
    }

    pub(crate) async fn signed_in_with(
        edit_provider: impl FnOnce(ProviderBuilder) -> ProviderBuilder,
        edit: Edit,
    ) -> Self {
        let fleet = Self::with(edit_provider, edit).await;
        fleet.sign_in(&fleet.browser).await;
        fleet.provider.journal().clear();
        fleet
    }

    pub(crate) async fn sign_in(&self, browser: &Browser) {
        let page = browser.navigate(self.first.url("/token")).await.unwrap();
        assert_eq!(page.status, 200, "{}", page.text());
    }

    /// Another process of the same application, or the same one after a restart.
    pub(crate) async fn process(&self) -> Process {
        self.process_with(|app| app).await
    }

    pub(crate) async fn process_with(&self, edit: Edit) -> Process {
        let slot = Server::reserve().await.unwrap();
        let builder = edit((self.edit)(application(&self.provider, &slot, &self.clock)));
        Process::start(slot, self.public_of(builder), &self.provider, &self.clock).await
    }

    /// One with no other cookie key than the edit names.
    pub(crate) async fn process_without_key(&self, edit: Edit) -> Process {
        let slot = Server::reserve().await.unwrap();
        let builder = OAuthConfigurationBuilder::default()
            .with_client_id(self.provider.client_id())
            .with_client_secret(self.provider.client_secret())
            .with_clock(clock_of(&self.clock));
        Process::start(slot, self.public_of(edit(builder)), &self.provider, &self.clock).await
    }

    fn public_of(&self, builder: OAuthConfigurationBuilder) -> OAuthConfigurationBuilder {
        builder.with_redirect_uri(&format!("{}/auth/callback", self.public))
    }

    pub(crate) async fn token(&self, process: &Process) -> String {
        let page = self.browser.fetch(process.url("/token")).await.unwrap();
        assert_eq!(page.status, 200, "{}", page.text());
        page.text().into_owned()
    }

    pub(crate) async fn status(&self, process: &Process, path: &str) -> u16 {
        self.browser.fetch(process.url(path)).await.unwrap().status.as_u16()
    }

    pub(crate) fn refreshes(&self) -> usize {
        self.provider.journal().grants("refresh_token")
    }

    /// The application's cookies, as the browser sends them.
    pub(crate) fn cookies(&self) -> Cookies {
        self.cookies_of(&self.browser)
    }

    pub(crate) fn cookies_of(&self, browser: &Browser) -> Cookies {
        let cookies = browser.cookies(self.first.url("/")).unwrap();
        cookies.into_iter().filter(|(name, _)| name.starts_with(SESSION_COOKIE)).collect()
    }

    pub(crate) async fn until(&self, is_so: impl AsyncFn() -> bool) -> bool {
        scene::until(is_so).await
    }
}

impl Process {
    async fn start(
        slot: Slot,
        builder: OAuthConfigurationBuilder,
        provider: &Provider,
        clock: &VirtualClock,
    ) -> Self {
        let configuration = builder.with_issuer(provider.issuer()).await.unwrap().build().unwrap();
        let store = Arc::new(CookieStore::with_clock(clock_of(clock)));
        let auth = AuthLayer::new(Arc::new(configuration), store.clone(), Arc::new(DefaultLogoutHandler));
        let router = routes().layer(auth);
        Self { store, server: slot.serve(router.clone()), router }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.server.url().trim_end_matches('/'))
    }

    /// What a script gets.
    pub(crate) async fn asked(&self, path: &str, cookies: &[(String, String)]) -> Reply {
        self.asked_for("*/*", path, cookies).await
    }

    pub(crate) async fn asked_as_a_person(&self, path: &str, cookies: &[(String, String)]) -> Reply {
        self.asked_for("text/html", path, cookies).await
    }

    async fn asked_for(&self, accept: &str, path: &str, cookies: &[(String, String)]) -> Reply {
        let request = Request::get(path).header("accept", accept);
        self.answer(request, cookies, Body::empty()).await
    }

    /// What is answered to a form of the provider's page.
    pub(crate) async fn posted(&self, cookies: &[(String, String)], form: String) -> Reply {
        let form_type = "application/x-www-form-urlencoded";
        let request = Request::post("/auth/callback").header("content-type", form_type);
        self.answer(request.header("accept", "text/html"), cookies, Body::from(form)).await
    }

    async fn answer(&self, request: Builder, cookies: &[(String, String)], body: Body) -> Reply {
        let header: Vec<_> = cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = request.header("cookie", header.join("; ")).body(body).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let set_cookies = response.headers().get_all("set-cookie").iter();
        let set_cookies = set_cookies.map(|cookie| cookie.to_str().unwrap().to_owned()).collect();
        let status = response.status().as_u16();
        let location = response.headers().get("location").map(|place| place.to_str().unwrap().to_owned());
        let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        Reply {
            status,
            text: String::from_utf8(body.to_vec()).unwrap(),
            set_cookies,
            location: location.unwrap_or_default(),
        }
    }

    /// Drops and forgets what is due, everywhere in its memory.
    pub(crate) async fn sweep(&self) {
        for _ in 0..64 {
            self.store.sweep(1_000).await.unwrap();
        }
    }
}

impl Reply {
    pub(crate) fn reason(&self) -> Value {
        serde_json::from_str::<Value>(&self.text).unwrap_or_default()["reason"].clone()
    }
}

fn routes() -> Router {
    let fails = async |_: AccessToken| StatusCode::INTERNAL_SERVER_ERROR;
    let streams = async |_: AccessToken| {
        let pieces = ["one ", "two "].map(Ok::<_, std::io::Error>);
        Body::from_stream(futures_util::stream::iter(pieces))
    };
    let refuses = async |_: AccessToken, _: Json<Value>| "never";
    Router::new()
        .route("/", get(async || "home"))
        .route("/public", get(async || "public"))
        .route("/token", get(async |token: AccessToken| String::from(&*token)))
        .route("/session", get(async |session: AuthSession| Json(session)))
        .route(
            "/version",
            get(async |session: Session| {
                Json(json!({ "version": session.version(), "sub": session.subject() }))
            }),
        )
        .route("/end", get(async |session: Session| session.end().await.map(|()| "ended")))
        .route("/fails", get(fails))
        .route("/streams", get(streams))
        .route("/refuses", get(refuses))
}

/// The chunks the page's answer sets or clears.
pub(crate) fn chunks_set(page: &Page) -> Vec<&String> {
    page.set_cookies.last().unwrap().iter().filter(|cookie| is_chunk(cookie)).collect()
}

pub(crate) fn is_chunk(name: &str) -> bool {
    name.starts_with(&format!("{SESSION_COOKIE}-")) && !name.starts_with(&format!("{SESSION_COOKIE}-login-"))
}

/// Not the same text again and again, so that it cannot be compressed to nothing.
pub(crate) fn noise(length: usize) -> String {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let letter = |_| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let letters = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
        char::from(letters[usize::try_from(state >> 58).unwrap()])
    };
    (0..length).map(letter).collect()
}

pub(crate) const A_MINUTE: Duration = Duration::from_secs(60);
pub(crate) const AN_HOUR: Duration = Duration::from_secs(3600);
