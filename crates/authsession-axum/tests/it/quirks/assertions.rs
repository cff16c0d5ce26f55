//! Clients that prove themselves by a key, at providers that take one audience only (RFC 7523 §3).

use std::sync::Arc;

use authsession_axum::auth_builder::OAuthConfigurationBuilder;
use authsession_core::client_auth::AssertionAudience;
use authsession_core::signer::SigningKey;
use authsession_testkit::browser::Browser;
use authsession_testkit::client::Client;
use authsession_testkit::clock::VirtualClock;
use authsession_testkit::endpoint::Endpoint;
use authsession_testkit::habits::{AssertionAudience as Wanted, Habits};
use authsession_testkit::key_pair::KeyPair;
use authsession_testkit::keys::SigningAlgorithm;
use authsession_testkit::provider::Provider;
use authsession_testkit::serve::Server;

use crate::by_hand;
use crate::log;
use crate::quirks::life::lead;
use crate::stage::{COOKIE_KEY, CountingStore, Stage, TOKEN_LIFETIME, app, clock_of};

/// An application that signs, at a provider that wants its assertions made out so.
async fn stage_that_signs(
    wanted: Wanted,
    edit: impl FnOnce(OAuthConfigurationBuilder) -> OAuthConfigurationBuilder,
) -> Stage {
    let clock = VirtualClock::halted();
    let pair = KeyPair::generate(SigningAlgorithm::Es256).unwrap();
    let provider = Provider::builder()
        .clock(clock.clone())
        .access_token_lifetime(TOKEN_LIFETIME)
        .client(Client::with_key("shop", pair.public_key().unwrap()))
        .habits(Habits::default().assertion_audience(wanted).terse_refusals());
    let provider = provider.start().await.unwrap();
    let slot = Server::reserve().await.unwrap();
    let key = SigningKey::from_pem(pair.private_key_pem().unwrap()).unwrap();
    let builder = OAuthConfigurationBuilder::default()
        .with_client_id("shop")
        .with_private_key_jwt(key)
        .with_redirect_uri(&format!("{}/auth/callback", slot.url()))
        .with_private_cookie_key(COOKIE_KEY)
        .with_clock(clock_of(&clock));
    let builder = edit(builder).with_issuer(provider.issuer()).await.unwrap();
    let store = Arc::new(CountingStore::new(&clock));
    let server = slot.serve(app(builder, Arc::clone(&store)));
    let browser = Browser::with_clock(clock.clone()).unwrap();
    Stage { clock, provider, store, server, browser }
}

#[tokio::test]
async fn assertions_are_made_out_to_the_issuer() {
    lead(&stage_that_signs(Wanted::Issuer, |application| application).await).await;
}

#[tokio::test]
async fn for_a_provider_that_wants_it_they_are_made_out_to_the_token_endpoint() {
    let stage = stage_that_signs(Wanted::TokenEndpoint, |application| {
        application.with_client_assertion_audience(AssertionAudience::TokenEndpoint)
    })
    .await;

    lead(&stage).await;

    assert!(stage.provider.journal().reaches(Endpoint::Revocation, 1).await);
}

#[tokio::test]
async fn one_refused_with_an_empty_403_signs_nobody_in_and_nobody_out() {
    let (log, _guard) = log::kept();
    let stage = stage_that_signs(Wanted::TokenEndpoint, |application| application).await;

    let page = stage.browser.navigate(stage.url("/token")).await.unwrap();

    assert_eq!((page.status.as_u16(), stage.session_cookie()), (503, None));
    assert!(page.text().contains("Try again"));
    assert!(log.text().contains("whom its assertions are made out to"), "{}", log.text());
}

#[test]
fn a_key_beside_a_secret_and_an_audience_without_a_key_are_named() {
    let pair = KeyPair::generate(SigningAlgorithm::Es256).unwrap();
    let key = SigningKey::from_pem(pair.private_key_pem().unwrap()).unwrap();
    let both =
        by_hand::complete().with_private_key_jwt(key).with_client_secret("secret").build().unwrap_err();
    let neither =
        by_hand::complete().with_client_assertion_audience(AssertionAudience::Issuer).build().unwrap_err();

    assert!(both.to_string().contains("a secret and a key"), "{both}");
    assert!(neither.to_string().contains("with_private_key_jwt"), "{neither}");
}
