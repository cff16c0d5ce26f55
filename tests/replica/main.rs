//! One replica of an application, for the tests of several: its settings stand in the environment, and it can be told what to do.
//!
//! It prints `READY` once it serves. Beside the application's routes: `POST /_test/advance/SECONDS` moves its clock on, and
//! `POST /_test/stop-at/STEP` has its next refresh stop at that step, `GET /_test/stopped` tells whether it has, and
//! `POST /_test/go-on` has it go on.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a replica of the tests fails by panicking"
)]

mod stopping_store;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use authsession_axum::auth::AuthLayer;
use authsession_axum::auth_builder::OAuthConfigurationBuilder;
use authsession_axum::extractors::{AccessToken, Session};
use authsession_axum::logout::handle_oidc_logout::OidcLogoutHandler;
use authsession_core::clock::Clock;
use authsession_store::open;
use authsession_store::seal::KeyRing;
use authsession_store::sealed_store::SealedStore;
use authsession_testkit::clock::VirtualClock;
use axum::Router;
use axum::extract::{Path, State};
use axum::routing::{get, post};
use tokio::net::TcpListener;
use tracing_subscriber::filter::LevelFilter;

use crate::stopping_store::{Step, StoppingStore};

struct Controls {
    clock: VirtualClock,
    store: Arc<StoppingStore>,
}

fn setting(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| unreachable!("{name} is not set"))
}

#[tokio::main]
async fn main() {
    // For whoever looks into why a test failed.
    tracing_subscriber::fmt().with_max_level(LevelFilter::WARN).with_writer(std::io::stderr).init();
    let address: SocketAddr = setting("REPLICA_ADDRESS").parse().expect("an address");
    let clock = VirtualClock::system();
    let now = clock.clone();
    let clock_of_all = Clock::from_fn(move || now.now());

    let backend =
        open::danger_backend_by_the_callers_clock(&setting("REPLICA_STORE")).await.expect("a store");
    let ring = KeyRing::new(&setting("REPLICA_KEY").into()).expect("a key");
    let mut at_rest = SealedStore::new(backend, ring).with_clock(clock_of_all.clone());
    if std::env::var("REPLICA_NEAR").is_ok() {
        at_rest = at_rest.with_near_copies(1_000, Duration::from_secs(1));
    }
    let store = Arc::new(StoppingStore::before(Arc::new(at_rest)));

    let configuration = OAuthConfigurationBuilder::default()
        .with_clock(clock_of_all)
        .with_client_id(&setting("REPLICA_CLIENT"))
        .with_client_secret(&setting("REPLICA_SECRET"))
        .with_redirect_uri(&setting("REPLICA_REDIRECT_URI"))
        .with_private_cookie_key(&setting("REPLICA_KEY"))
        .with_scopes(vec!["openid", "profile", "email", "offline_access"])
        .with_authorization_parameter("prompt", "consent")
        .with_issuer(&setting("REPLICA_ISSUER"))
        .await
        .expect("the provider")
        .build()
        .expect("a configuration");
    let auth = AuthLayer::new(Arc::new(configuration), store.clone(), Arc::new(OidcLogoutHandler::default()));

    let controls = Router::new()
        .route("/_test/advance/{seconds}", post(advance))
        .route("/_test/stop-at/{step}", post(stop_at))
        .route("/_test/stopped", get(stopped))
        .route("/_test/go-on", post(go_on))
        .with_state(Arc::new(Controls { clock, store }));
    let application = Router::new()
        .route("/", get(|| async { "home" }))
        .route("/token", get(|token: AccessToken| async move { String::from(&*token) }))
        .route("/who", get(|session: Session| async move { session.subject().to_owned() }))
        .merge(controls)
        .layer(auth);
    let listener = TcpListener::bind(address).await.expect("the address is free");
    println!("READY");
    axum::serve(listener, application).await.expect("it serves");
}

async fn advance(State(controls): State<Arc<Controls>>, Path(seconds): Path<u64>) {
    controls.clock.advance(Duration::from_secs(seconds));
}

async fn stop_at(State(controls): State<Arc<Controls>>, Path(step): Path<String>) {
    controls.store.stop_at(Step::named(&step));
}

async fn go_on(State(controls): State<Arc<Controls>>) {
    controls.store.go_on();
}

async fn stopped(State(controls): State<Arc<Controls>>) -> String {
    controls.store.has_stopped().to_string()
}
