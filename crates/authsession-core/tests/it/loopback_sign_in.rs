//! A user signs in to a program by the browser on the same machine (RFC 8252).

use std::sync::Arc;
use std::time::Duration;

use authsession_core::client_auth::ClientAuth;
use authsession_core::error::{Error, OAuthError};
use authsession_core::secret::Secret;
use authsession_core::token_source::TokenSource;
use authsession_core::token_source::builder::TokenSourceBuilder;
use authsession_core::token_store::TokenStore as _;
use authsession_core::token_store::memory::MemoryTokenStore;
use authsession_testkit::browser::{Browser, Page};
use authsession_testkit::client::Client;
use authsession_testkit::endpoint::Endpoint;
use authsession_testkit::script::Answer;
use serde_json::json;
use url::Url;

use crate::parties::Parties;
use crate::verdict::{denial, hint, told, untrusted};

const REDIRECT_URI: &str = "http://127.0.0.1/callback";
const YES: &str = "You are signed in";
const NO: &str = "The sign-in failed";

fn program(parties: &Parties) -> TokenSourceBuilder {
    let secret = Secret::from(parties.opposite.client_secret());
    TokenSource::builder()
        .issuer(parties.opposite.issuer())
        .client(parties.opposite.client_id(), ClientAuth::Secret(secret))
        .scope("openid email")
        .clock(parties.clock())
}

/// Signs in, and the page the browser ended at.
async fn sign_in(parties: &Parties, program: TokenSourceBuilder) -> (Result<TokenSource, Error>, Page) {
    let browser = Browser::with_clock(parties.time.clone()).unwrap();
    let mut opened = None;
    let open = |url: &Url| {
        let url = url.clone();
        opened = Some(tokio::spawn(async move { browser.navigate(&url).await }));
    };
    let outcome = on_any_thread(program.sign_in_by_browser(REDIRECT_URI, open)).await;
    (outcome, opened.unwrap().await.unwrap().unwrap())
}

/// Does not compile for what has to stay on one thread.
fn on_any_thread<F: Future + Send>(future: F) -> F {
    future
}

#[tokio::test]
async fn a_user_signs_in_by_the_browser_on_this_machine() {
    let parties = Parties::meet().await;
    let (outcome, page) = sign_in(&parties, program(&parties)).await;
    let tokens = outcome.unwrap();
    assert!(page.text().contains(YES) && page.went_through("/authorize"), "{page:?}");
    let token = tokens.token().await.unwrap();
    assert!(parties.opposite.live_access_token(token.expose()));
    assert_eq!(parties.opposite.journal().count(Endpoint::Token), 1, "the token is the one of the sign-in");
}

#[tokio::test]
async fn the_code_is_worth_nothing_to_who_reads_it_on_the_way() {
    let parties = Parties::meet().await;
    sign_in(&parties, program(&parties)).await.0.unwrap();
    let journal = parties.opposite.journal();
    let asked = journal.last(Endpoint::Authorization).unwrap();
    assert_eq!(asked.query_value("code_challenge_method"), Some("S256"));
    assert!(asked.query_value("nonce").is_some());
    let redeemed = journal.last(Endpoint::Token).unwrap();
    assert_eq!(redeemed.form_value("redirect_uri"), asked.query_value("redirect_uri"));
    assert_ne!(redeemed.form_value("code_verifier"), asked.query_value("code_challenge"));
}

#[tokio::test]
async fn a_program_without_a_secret_signs_users_in() {
    let parties = Parties::meet_with(|builder| builder.client(Client::public("command-line"))).await;
    let public = program(&parties).client("command-line", ClientAuth::None);
    let (outcome, page) = sign_in(&parties, public).await;
    assert!(outcome.unwrap().token().await.is_ok());
    assert!(page.text().contains(YES));
}

#[tokio::test]
async fn next_time_the_stored_login_serves() {
    let parties = Parties::meet().await;
    let store = Arc::new(MemoryTokenStore::default());
    sign_in(&parties, program(&parties).token_store(store.clone())).await.0.unwrap();
    let kept = store.load().await.unwrap().unwrap().tokens;
    parties.time.advance(Duration::from_secs(3600));
    let again = program(&parties).token_store(store.clone()).stored_login().build().unwrap();
    let token = again.token().await.unwrap();
    assert_ne!(token.expose(), kept.access_token.expose());
    assert_ne!(store.load().await.unwrap().unwrap().tokens.refresh_token, kept.refresh_token);
}

#[tokio::test]
async fn a_user_who_says_no_is_told_so_and_so_is_the_program() {
    let parties = Parties::meet().await;
    parties.opposite.deny_next_authorization("access_denied");
    let (outcome, page) = sign_in(&parties, program(&parties)).await;
    assert_eq!(denial(outcome), OAuthError::AccessDenied);
    assert!(page.text().contains(NO));
    assert_eq!(parties.opposite.journal().count(Endpoint::Token), 0);
}

#[tokio::test]
async fn an_id_token_that_fails_a_check_signs_nobody_in() {
    let parties = Parties::meet().await;
    let store = Arc::new(MemoryTokenStore::default());
    let forged = Answer::tampered(|body| body["id_token"] = json!("eyJhbGciOiJub25lIn0.e30."));
    parties.opposite.enqueue(Endpoint::Token, forged);
    let (outcome, page) = sign_in(&parties, program(&parties).token_store(store.clone())).await;
    untrusted(outcome);
    assert!(page.text().contains(NO));
    assert!(store.load().await.unwrap().is_none());
}

#[tokio::test]
async fn an_id_token_that_was_asked_for_has_to_come() {
    let parties = Parties::meet().await;
    parties.opposite.enqueue(Endpoint::Token, Answer::tampered(|body| body["id_token"] = json!(null)));
    assert!(untrusted(sign_in(&parties, program(&parties)).await.0).contains("ID token"));
}

#[tokio::test]
async fn a_provider_without_metadata_is_told_by_its_endpoints() {
    let parties = Parties::meet_with(|builder| builder.plain_oauth2(true)).await;
    let by_hand = TokenSource::builder()
        .authorization_endpoint(parties.opposite.endpoint(Endpoint::Authorization))
        .token_endpoint(parties.opposite.endpoint(Endpoint::Token))
        .client(parties.opposite.client_id(), ClientAuth::Secret(parties.opposite.client_secret().into()))
        .clock(parties.clock());
    let (outcome, page) = sign_in(&parties, by_hand).await;
    assert!(outcome.unwrap().token().await.is_ok());
    assert!(page.text().contains(YES));
}

#[tokio::test]
async fn what_else_the_provider_wants_goes_along() {
    let parties = Parties::meet().await;
    let demanding = program(&parties)
        .authorization_parameter("access_type", "offline")
        .audience("https://api.example")
        .resource("https://one.example")
        .resource("https://other.example");
    sign_in(&parties, demanding).await.0.unwrap();
    let asked = parties.opposite.journal().last(Endpoint::Authorization).unwrap();
    assert_eq!(asked.query_value("access_type"), Some("offline"));
    assert_eq!(asked.query_value("audience"), Some("https://api.example"));
    assert_eq!(asked.query.iter().filter(|(name, _)| name == "resource").count(), 2);
}

#[tokio::test]
async fn nothing_is_opened_when_the_sign_in_could_not_end_well() {
    let parties = Parties::meet().await;
    let opens = |_: &Url| panic!("a browser is opened");
    let elsewhere = program(&parties).sign_in_by_browser("https://app.example/callback", opens).await;
    assert!(hint(elsewhere).contains("127.0.0.1"));
    let nobody = TokenSource::builder().issuer(parties.opposite.issuer());
    assert!(hint(nobody.sign_in_by_browser(REDIRECT_URI, opens).await).contains("client"));
    let undone = program(&parties).authorization_parameter("state", "fixed");
    assert!(hint(undone.sign_in_by_browser(REDIRECT_URI, opens).await).contains("state"));
}

#[tokio::test]
async fn no_secret_is_in_what_is_shown() {
    let parties = Parties::meet().await;
    let (outcome, page) = sign_in(&parties, program(&parties)).await;
    parties.opposite.enqueue(Endpoint::Token, Answer::error(400, "invalid_grant"));
    let (refused, failed) = sign_in(&parties, program(&parties)).await;
    let refused = told(&refused.unwrap_err());
    let shown =
        format!("{:?} {:?} {refused} {} {}", program(&parties), outcome.unwrap(), page.text(), failed.text());
    for (name, value) in page.url.query_pairs().chain(failed.url.query_pairs()) {
        assert!(name == "iss" || !shown.contains(&*value), "{name}: {shown}");
    }
    assert!(!shown.contains(parties.opposite.client_secret()));
}
