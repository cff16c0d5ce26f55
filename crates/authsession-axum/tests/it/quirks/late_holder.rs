//! A job that still holds an access token the provider ended with the refresh.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use authsession_axum::auth::AuthLayer;
use authsession_axum::extractors::Session;
use authsession_axum::logout::handle_oidc_logout::OidcLogoutHandler;
use authsession_salesforce::SharedAuth;
use authsession_testkit::browser::Browser;
use authsession_testkit::clock::VirtualClock;
use authsession_testkit::endpoint::Endpoint;
use authsession_testkit::habits::Habits;
use authsession_testkit::provider::Provider;
use authsession_testkit::serve::Server;
use axum::Router;
use axum::routing::get;

use crate::pains::scene::until;
use crate::stage::{CountingStore, TOKEN_LIFETIME, application};

#[tokio::test]
async fn who_holds_a_token_that_died_with_a_refresh_gets_its_successor_and_no_other_refresh() {
    let clock = VirtualClock::halted();
    let builder = Provider::builder().clock(clock.clone()).access_token_lifetime(TOKEN_LIFETIME);
    let provider = builder.habits(Habits::default().refresh_ends_access_tokens()).start().await.unwrap();
    let (slot, kept) = (Server::reserve().await.unwrap(), Arc::new(Mutex::new(None::<SharedAuth>)));
    let builder = application(&provider, &slot, &clock).with_issuer(provider.issuer()).await.unwrap();
    let (store, handler) = (Arc::new(CountingStore::new(&clock)), Arc::new(OidcLogoutHandler::default()));
    let auth = AuthLayer::new(Arc::new(builder.build().unwrap()), store, handler);
    let (api, job) = (provider.endpoint(Endpoint::Api), Arc::clone(&kept));
    let start = move |session: Session| async move {
        *job.lock().unwrap() = Some(session.for_api(&api).unwrap());
    };
    let server = slot.serve(Router::new().route("/", get(start)).layer(auth));
    let browser = Browser::with_clock(clock.clone()).unwrap();
    browser.navigate(server.url()).await.unwrap();
    let job = kept.lock().unwrap().take().unwrap();
    let old = job.access_token().await.unwrap().into_owned();

    clock.advance(TOKEN_LIFETIME - Duration::from_secs(30));
    browser.navigate(server.url()).await.unwrap();
    assert!(until(async || !provider.live_access_token(&old)).await);
    job.invalidate(&old).await;
    let new = job.access_token().await.unwrap().into_owned();

    assert!(new != old && provider.live_access_token(&new));
    assert_eq!(provider.journal().grants("refresh_token"), 1);
}
