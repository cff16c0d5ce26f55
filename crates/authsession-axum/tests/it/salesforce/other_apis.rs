//! Any API the user's access token is meant for, by the same machinery.

use std::sync::{Arc, Mutex};

use authsession_axum::auth::AuthLayer;
use authsession_axum::extractors::Session;
use authsession_axum::logout::handle_oidc_logout::OidcLogoutHandler;
use authsession_salesforce::SharedAuth;
use authsession_testkit::browser::Browser;
use authsession_testkit::clock::VirtualClock;
use authsession_testkit::endpoint::Endpoint;
use authsession_testkit::provider::Provider;
use authsession_testkit::serve::{Server, Slot};
use axum::Router;
use axum::extract::Path;
use axum::routing::get;
use http::Method;

use crate::stage::{CountingStore, TOKEN_LIFETIME, application};

type Job = Arc<Mutex<Option<SharedAuth>>>;

/// An application whose handler hands a session for the API to a job.
async fn app(provider: &Provider, slot: &Slot, clock: &VirtualClock, job: &Job) -> Router {
    let builder = application(provider, slot, clock).with_issuer(provider.issuer()).await.unwrap();
    let store = Arc::new(CountingStore::new(clock));
    let handler = Arc::new(OidcLogoutHandler::default());
    let auth = AuthLayer::new(Arc::new(builder.build().unwrap()), store, handler);
    let (api, job) = (provider.endpoint(Endpoint::Api), Arc::clone(job));
    let start = move |session: Session| async move {
        *job.lock().unwrap() = Some(session.for_api(&format!("{api}/")).unwrap());
    };
    let check = |Path(url): Path<String>, session: Session| async move {
        session.for_api(&url).map(|_| "an API".to_owned())
    };
    Router::new().route("/", get(start)).route("/check/{*url}", get(check)).layer(auth)
}

/// What the API answers the job.
async fn call(job: &SharedAuth) -> (u16, String) {
    let token = job.access_token().await.unwrap().into_owned();
    let authorization = format!("Bearer {token}");
    let headers = [("authorization", authorization.as_str())];
    let url = format!("{}/orders", job.instance_url());
    let page = Browser::new().unwrap().fetch_with(Method::GET, url, &headers, "").await.unwrap();
    (page.status.as_u16(), token)
}

#[tokio::test]
async fn a_job_calls_another_api_as_the_user_with_tokens_that_are_kept_fresh() {
    let clock = VirtualClock::halted();
    let builder = Provider::builder().clock(clock.clone()).access_token_lifetime(TOKEN_LIFETIME);
    let provider = builder.start().await.unwrap();
    let (slot, kept) = (Server::reserve().await.unwrap(), Job::default());
    let app = app(&provider, &slot, &clock, &kept).await;
    let (browser, server) = (Browser::with_clock(clock.clone()).unwrap(), slot.serve(app));
    browser.navigate(server.url()).await.unwrap();
    let job = kept.lock().unwrap().take().unwrap();

    let (status, first) = call(&job).await;
    assert_eq!((status, job.instance_url()), (200, provider.endpoint(Endpoint::Api).as_str()));
    clock.advance(TOKEN_LIFETIME);
    let (status, second) = call(&job).await;
    assert_eq!((status, provider.journal().grants("refresh_token")), (200, 1));
    assert_ne!(first, second);

    provider.revoke_access_tokens();
    assert_eq!(call(&job).await.0, 401);
    job.invalidate(&second).await;
    assert_eq!((call(&job).await.0, provider.journal().grants("refresh_token")), (200, 2));
}

#[tokio::test]
async fn a_token_goes_to_no_api_anybody_could_listen_to() {
    let clock = VirtualClock::halted();
    let provider = Provider::builder().clock(clock.clone()).start().await.unwrap();
    let (slot, kept) = (Server::reserve().await.unwrap(), Job::default());
    let app = app(&provider, &slot, &clock, &kept).await;
    let (browser, server) = (Browser::with_clock(clock.clone()).unwrap(), slot.serve(app));
    browser.navigate(server.url()).await.unwrap();
    let status = async |url: &str| {
        browser.fetch(format!("{}/check/{url}", server.url())).await.unwrap().status.as_u16()
    };

    assert_eq!(status("https://api.example/v2").await, 200);
    for wrong in
        ["http://api.example/v2", "https://user:pass@api.example", "ftp://api.example", "api.example"]
    {
        assert_eq!(status(wrong).await, 500, "{wrong}");
    }
}
