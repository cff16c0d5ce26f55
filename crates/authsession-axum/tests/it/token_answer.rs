//! What is kept of the provider's token answers beside the tokens.

use std::sync::Arc;

use authsession_axum::auth::AuthLayer;
use authsession_axum::extractors::{AccessToken, Session};
use authsession_axum::logout::handle_oidc_logout::OidcLogoutHandler;
use authsession_testkit::browser::Browser;
use authsession_testkit::clock::VirtualClock;
use authsession_testkit::endpoint::Endpoint;
use authsession_testkit::provider::Provider;
use authsession_testkit::script::Answer;
use authsession_testkit::serve::{Server, Slot};
use axum::Router;
use axum::routing::get;
use serde_json::Value;

use crate::stage::{CountingStore, TOKEN_LIFETIME, application};

/// What the application gets to see of `tenant` and `plan`, after a login and after each of two refreshes.
async fn seen(kept: &[&str]) -> [String; 3] {
    let clock = VirtualClock::halted();
    let builder = Provider::builder().clock(clock.clone()).access_token_lifetime(TOKEN_LIFETIME);
    let provider = builder.start().await.unwrap();
    let slot = Server::reserve().await.unwrap();
    let app = app(&provider, &slot, &clock, kept).await;
    let (browser, server) = (Browser::with_clock(clock.clone()).unwrap(), slot.serve(app));
    let with = |edit: fn(&mut Value)| provider.enqueue(Endpoint::Token, Answer::tampered(edit));

    with(|answer| (answer["tenant"], answer["plan"]) = ("acme".into(), 7.into()));
    let page = || async { browser.navigate(server.url()).await.unwrap().text().into_owned() };
    let first = page().await;
    clock.advance(TOKEN_LIFETIME);
    with(|answer| answer["plan"] = 8.into());
    let second = page().await;
    clock.advance(TOKEN_LIFETIME);
    [first, second, page().await]
}

async fn app(provider: &Provider, slot: &Slot, clock: &VirtualClock, kept: &[&str]) -> Router {
    let builder = application(provider, slot, clock).with_issuer(provider.issuer()).await.unwrap();
    let configuration = builder.keep_from_token_answer(kept.iter().copied()).build().unwrap();
    let store = Arc::new(CountingStore::new(clock));
    let auth = AuthLayer::new(Arc::new(configuration), store, Arc::new(OidcLogoutHandler::default()));
    let show = |_: AccessToken, session: Session| async move {
        format!("{:?} {:?}", session.token_answer("tenant"), session.token_answer("plan"))
    };
    Router::new().route("/", get(show)).layer(auth)
}

#[tokio::test]
async fn nothing_is_kept_of_a_token_answer_unless_it_was_asked_for() {
    assert_eq!(seen(&[]).await, ["None None", "None None", "None None"]);
}

#[tokio::test]
async fn what_a_refresh_names_anew_replaces_what_is_kept_and_what_it_does_not_stays() {
    let seen = seen(&["tenant", "plan"]).await;

    assert_eq!(seen[0], r#"Some("acme") Some("7")"#);
    assert_eq!(seen[1], r#"Some("acme") Some("8")"#);
    assert_eq!(seen[2], seen[1]);
}
