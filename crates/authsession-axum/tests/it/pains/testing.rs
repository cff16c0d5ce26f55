//! Row 31: an application with sign-in is hard to test without a real provider.

use std::sync::Arc;

use authsession_axum::auth::AuthLayer;
use authsession_axum::auth_builder::OAuthConfigurationBuilder;
use authsession_axum::extractors::Session;
use authsession_axum::logout::handle_oidc_logout::OidcLogoutHandler;
use authsession_axum::store::memory::MemoryStore;
use authsession_testkit::browser::Browser;
use authsession_testkit::provider::Provider;
use authsession_testkit::serve::Server;
use axum::Router;
use axum::routing::get;

/// The application under test, as its authors wrote it: all they hand in is where things are.
async fn guest_book(issuer: &str, secret: &str, url: &str) -> Router {
    let configuration = OAuthConfigurationBuilder::default()
        .with_client_id("client")
        .with_client_secret(secret)
        .with_redirect_uri(&format!("{url}/auth/callback"))
        .with_private_cookie_key(crate::stage::COOKIE_KEY)
        .with_issuer(issuer)
        .await
        .unwrap();
    let auth = AuthLayer::new(
        Arc::new(configuration.build().unwrap()),
        Arc::new(MemoryStore::new()),
        Arc::new(OidcLogoutHandler::default()),
    );
    let sign = |session: Session| async move { format!("{} was here", session.subject()) };
    Router::new().route("/sign", get(sign)).layer(auth)
}

#[tokio::test]
async fn row_31_an_application_is_tested_in_ten_lines_without_a_real_provider() {
    let provider = Provider::builder().start().await.unwrap();
    let slot = Server::reserve().await.unwrap();
    let application = guest_book(provider.issuer(), provider.client_secret(), slot.url()).await;
    let server = slot.serve(application);
    provider.sign_in_as("bob");

    let page = Browser::new().unwrap().navigate(format!("{}/sign", server.url())).await.unwrap();

    assert_eq!(page.text(), "bob was here");
}
