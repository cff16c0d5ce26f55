//! A user signs in to a command line by the browser on the same machine.

use authsession_salesforce::CirrusError;
use authsession_salesforce::auth::{CompletedSession, Recovery, SalesforceRefusal};
use authsession_testkit::browser::Page;
use authsession_testkit::org::endpoint::OrgEndpoint;
use authsession_testkit::script::Answer;

use crate::stage::Stage;

const HERE: &str = "http://127.0.0.1/callback";

/// Signs in, and the page the browser ended at.
async fn sign_in(stage: &Stage, redirect_uri: &str) -> (Result<CompletedSession, CirrusError>, Page) {
    let flow = stage.web_server().redirect_uri(redirect_uri).build().unwrap();
    let mut opened = None;
    let open = |url: &str| {
        let (browser, url) = (stage.browser.tab(), url.to_owned());
        opened = Some(tokio::spawn(async move { browser.navigate(&url).await }));
    };
    let outcome = flow.sign_in_by_browser(open).await;
    (outcome, opened.unwrap().await.unwrap().unwrap())
}

#[tokio::test]
async fn a_user_signs_in_by_the_browser_on_this_machine() {
    let stage = Stage::set().await;
    let (outcome, page) = sign_in(&stage, HERE).await;
    let session = outcome.unwrap();
    stage.opens(&session).await;
    assert!(page.text().contains("You are signed in"), "{page:?}");
    let asked = stage.org.journal().last(OrgEndpoint::Authorization).unwrap();
    let redeemed = stage.org.journal().last(OrgEndpoint::Token).unwrap();
    assert_eq!(redeemed.form_value("redirect_uri"), asked.query_value("redirect_uri"));
}

#[tokio::test]
async fn a_user_who_says_no_is_no_mistake_of_the_program() {
    let stage = Stage::set().await;
    stage.org.deny_next_authorization("access_denied");
    let (outcome, page) = sign_in(&stage, HERE).await;
    let error = outcome.unwrap_err();
    assert_eq!(error.refusal(), Some(SalesforceRefusal::AccessDenied));
    assert_eq!(error.recovery(), Recovery::Reauthorize);
    assert!(page.text().contains("failed"), "{page:?}");
}

#[tokio::test]
async fn the_browser_is_told_when_the_sign_in_fails_after_it_came_back() {
    let stage = Stage::set().await;
    stage.org.enqueue(OrgEndpoint::Token, Answer::id_token_signed_by_impostor());
    let (outcome, page) = sign_in(&stage, HERE).await;
    assert_eq!(outcome.unwrap_err().recovery(), Recovery::DoNotTrust);
    assert!(page.text().contains("failed"), "{page:?}");
}

#[tokio::test]
async fn a_redirect_uri_elsewhere_cannot_be_listened_on() {
    let stage = Stage::set().await;
    let flow = stage.web_server().build().unwrap();
    let error = flow.sign_in_by_browser(|_| unreachable!("nothing to open")).await.unwrap_err();
    assert!(matches!(error, CirrusError::Misconfigured { .. }), "{error:?}");
}
