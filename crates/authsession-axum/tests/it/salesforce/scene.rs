//! The scene: an org that signs users in, an application that calls it, a browser, one halted clock.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use authsession_axum::auth::AuthLayer;
use authsession_axum::auth_builder::OAuthConfigurationBuilder;
use authsession_axum::extractors::{SalesforceSession, Session};
use authsession_axum::logout::handle_oidc_logout::OidcLogoutHandler;
use authsession_axum::store::store::SessionStore;
use authsession_salesforce::SharedAuth;
use authsession_testkit::browser::Browser;
use authsession_testkit::clock::VirtualClock;
use authsession_testkit::org::Org;
use authsession_testkit::org::builder::OrgBuilder;
use authsession_testkit::serve::{Server, Slot};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use http::{Method, StatusCode};
use serde_json::Value;

use crate::stage::{COOKIE_KEY, CountingStore, clock_of};

pub(crate) struct Scene {
    pub(crate) clock: VirtualClock,
    pub(crate) org: Org,
    pub(crate) store: Arc<CountingStore>,
    pub(crate) browser: Browser,
    /// Two replicas of the application, on one store.
    pub(crate) replicas: [Replica; 2],
}

/// One process of the application, and what its handlers handed to background jobs.
pub(crate) struct Replica {
    server: Server,
    jobs: Jobs,
}

type Jobs = Arc<Mutex<Vec<SharedAuth>>>;
type EditApplication = fn(OAuthConfigurationBuilder) -> OAuthConfigurationBuilder;

impl Scene {
    pub(crate) async fn new() -> Self {
        Self::with(|org| org, |application| application.salesforce()).await
    }

    pub(crate) async fn signed_in() -> Self {
        let scene = Self::new().await;
        scene.sign_in().await;
        scene
    }

    pub(crate) async fn with(edit_org: fn(OrgBuilder) -> OrgBuilder, edit: EditApplication) -> Self {
        Self::of_replicas(edit_org, [edit, edit]).await
    }

    /// The first replica does not say `salesforce()`, the second does.
    pub(crate) async fn before_salesforce() -> Self {
        Self::of_replicas(|org| org, [|application| application, |application| application.salesforce()])
            .await
    }

    async fn of_replicas(edit_org: fn(OrgBuilder) -> OrgBuilder, edits: [EditApplication; 2]) -> Self {
        let clock = VirtualClock::halted();
        let org = edit_org(Org::builder().clock(clock.clone()).rotation(true)).start().await.unwrap();
        let store = Arc::new(CountingStore::new(&clock));
        let [first, second] = edits;
        let shared = || Arc::clone(&store) as Arc<dyn SessionStore>;
        let replicas = [
            Replica::new(&org, &clock, shared(), first).await,
            Replica::new(&org, &clock, shared(), second).await,
        ];
        let browser = Browser::with_clock(clock.clone()).unwrap();
        Self { clock, org, store, browser, replicas }
    }

    pub(crate) async fn sign_in(&self) {
        let page = self.browser.navigate(self.url("/home")).await.unwrap();
        assert_eq!(page.status, 200, "{}", page.text());
        self.org.journal().clear();
    }

    pub(crate) fn url(&self, path: &str) -> String {
        self.replicas[0].url(path)
    }

    pub(crate) async fn fetch(&self, path: &str) -> (u16, Value) {
        let page = self.browser.fetch(self.url(path)).await.unwrap();
        (page.status.as_u16(), page.json().unwrap_or_default())
    }

    /// What a handler hands to a job that outlives its response.
    pub(crate) async fn job(&self) -> SharedAuth {
        self.job_at(0, "/job").await
    }

    pub(crate) async fn job_at(&self, replica: usize, path: &str) -> SharedAuth {
        let replica = &self.replicas[replica];
        let page = self.browser.fetch(replica.url(path)).await.unwrap();
        assert_eq!(page.status, 200, "{}", page.text());
        replica.jobs.lock().unwrap().pop().unwrap()
    }

    pub(crate) async fn log_out(&self) {
        let page = self.browser.submit(self.url("/auth/logout"), &[]).await.unwrap();
        assert!(!page.status.is_server_error(), "{}", page.text());
    }

    pub(crate) fn refreshes(&self) -> usize {
        self.org.journal().grants("refresh_token")
    }

    pub(crate) fn pass(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }
}

impl Replica {
    async fn new(
        org: &Org,
        clock: &VirtualClock,
        store: Arc<dyn SessionStore>,
        edit: EditApplication,
    ) -> Self {
        let slot = Server::reserve().await.unwrap();
        let configuration = edit(settings(org, clock, &slot).await).build().unwrap();
        let jobs = Jobs::default();
        let auth = AuthLayer::new(Arc::new(configuration), store, Arc::new(OidcLogoutHandler::default()));
        let server = slot.serve(routes().with_state(Arc::clone(&jobs)).layer(auth));
        Self { server, jobs }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.server.url())
    }
}

async fn settings(org: &Org, clock: &VirtualClock, slot: &Slot) -> OAuthConfigurationBuilder {
    OAuthConfigurationBuilder::default()
        .with_issuer(org.url())
        .await
        .unwrap()
        .with_client_id(&org.consumer_key())
        .with_client_secret(&org.consumer_secret())
        .with_scopes(vec!["openid", "api", "refresh_token"])
        .with_redirect_uri(&format!("{}/auth/callback", slot.url()))
        .with_private_cookie_key(COOKIE_KEY)
        .with_clock(clock_of(clock))
        .with_request_timeout(Duration::from_secs(5))
}

fn routes() -> Router<Jobs> {
    let browser = Arc::new(Browser::new().unwrap());
    let keep = |jobs: &Jobs, auth| jobs.lock().unwrap().push(auth);
    Router::new()
        .route("/", get(|| async { "home" }))
        .route("/home", get(|_: Session| async { "home" }))
        .route(
            "/accounts",
            get(move |session: SalesforceSession| {
                let browser = Arc::clone(&browser);
                async move { accounts(&browser, session.into()).await }
            }),
        )
        .route("/debug", get(|session: SalesforceSession| async move { format!("{session:?} {session:#?}") }))
        .route(
            "/optional",
            get(|session: Option<SalesforceSession>| async move { session.is_some().to_string() }),
        )
        .route(
            "/job",
            get(move |State(jobs): State<Jobs>, session: SalesforceSession| async move {
                keep(&jobs, session.auth());
            }),
        )
        .route(
            "/socket",
            get(move |State(jobs): State<Jobs>, session: SalesforceSession| async move {
                keep(&jobs, session.counting_as_use());
            }),
        )
}

/// The org's accounts, once more with a new token where it refuses the first.
async fn accounts(browser: &Browser, auth: SharedAuth) -> Response {
    for _ in 0..2 {
        let token = match auth.access_token().await {
            Ok(token) => token.into_owned(),
            Err(error) => return (StatusCode::BAD_GATEWAY, error.to_string()).into_response(),
        };
        let (status, answer) = query(browser, &auth, &token).await;
        if status != 401 {
            return Json(answer).into_response();
        }
        auth.invalidate(&token).await;
    }
    StatusCode::BAD_GATEWAY.into_response()
}

/// What the org answers to a query with that token.
pub(crate) async fn query(browser: &Browser, auth: &SharedAuth, token: &str) -> (u16, Value) {
    let url = format!("{}/services/data/v66.0/query?q=SELECT+Name+FROM+Account", auth.instance_url());
    let authorization = format!("Bearer {token}");
    let headers = [("authorization", authorization.as_str())];
    let page = browser.fetch_with(Method::GET, url, &headers, "").await.unwrap();
    (page.status.as_u16(), page.json().unwrap_or_default())
}
