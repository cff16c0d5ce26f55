//! Bad days of the org, and what it says it was asked.

use crate::org_client::FORM;
use crate::org_client::Stage;
use crate::org_client::form;
use crate::org_client::refused;
use crate::org_client::text;
use authsession_testkit::org::connected_app::ConnectedApp;
use authsession_testkit::org::endpoint::OrgEndpoint;
use authsession_testkit::script::Answer;
use http::Method;
use std::time::Duration;

#[tokio::test]
async fn an_endpoint_answers_as_scripted_then_as_itself() {
    let stage = Stage::new().await;
    stage.org.enqueue(OrgEndpoint::Token, Answer::status(503).retry_after(2));
    let busy = Answer::refusal(400, "invalid_grant", "token request is already being processed");
    stage.org.enqueue(OrgEndpoint::Token, busy);
    stage
        .org
        .enqueue(OrgEndpoint::Token, Answer::tampered(|body| body["instance_url"] = "https://x/".into()));
    let assertion = stage.signed(&stage.claims());
    assert_eq!(stage.jwt(&assertion).await.status, 503);
    assert_eq!(stage.jwt(&assertion).await.status, 400);
    assert_eq!(stage.jwt(&assertion).await.json().unwrap()["instance_url"], "https://x/");
    assert_eq!(stage.jwt(&assertion).await.status, 200);
    assert_eq!(stage.org.journal().grants("urn:ietf:params:oauth:grant-type:jwt-bearer"), 4);
}

#[tokio::test]
async fn a_lost_answer_has_rotated_and_the_retry_costs_the_family() {
    let stage = Stage::with(|org| org.rotation(true)).await;
    let refresh = stage.org.approve(&stage.org.username()).unwrap();
    stage.org.enqueue(OrgEndpoint::Token, Answer::dropped_after());
    let url = stage.org.endpoint(OrgEndpoint::Token);
    let (key, secret) = (stage.org.consumer_key(), stage.org.consumer_secret());
    let fields = [
        ("grant_type", "refresh_token"),
        ("client_id", &*key),
        ("client_secret", &*secret),
        ("refresh_token", &*refresh),
    ];
    let body = form(&fields);
    let lost = stage.browser.fetch_with(Method::POST, url, &[FORM], &body).await;
    assert!(lost.is_err());
    refused(&stage.refresh(&refresh).await, "invalid_grant", "expired access/refresh token");
    assert_eq!(stage.org.sessions(), 0);
}

#[tokio::test]
async fn a_held_request_waits_and_a_late_answer_is_late() {
    let stage = Stage::new().await;
    let token = stage.session().await;
    let (held, gate) = Answer::normal().held();
    stage.org.enqueue(OrgEndpoint::Rest, held.after(Duration::from_millis(1)));
    let (status, ()) = tokio::join!(stage.api_status(&token), async {
        assert!(gate.reached().await);
        gate.open();
    });
    assert_eq!(status, 200);
}

#[tokio::test]
async fn the_journal_shows_the_request_and_its_debug_no_secret() {
    let stage = Stage::new().await;
    let answer = stage.grant("client_credentials", &[]).await.json().unwrap();
    let last = stage.org.journal().last(OrgEndpoint::Token).unwrap();
    assert_eq!(last.form_value("client_secret").unwrap(), stage.org.consumer_secret());
    assert_eq!((last.status, last.path.as_str()), (Some(200), "/services/oauth2/token"));
    let app = ConnectedApp::new("k", "a-secret-to-hide");
    let shown = format!("{:?} {:?} {app:?}", stage.org.journal(), stage.org);
    for secret in [&stage.org.consumer_secret(), "a-secret-to-hide", text(&answer, "access_token")] {
        assert!(!shown.contains(secret));
    }
}

#[tokio::test]
async fn an_org_comes_back_with_what_it_had_issued() {
    let stage = Stage::new().await;
    let token = stage.session().await;
    stage.org.shutdown().await;
    let url = format!("{}/services/data", stage.org.url());
    assert!(stage.browser.fetch(url).await.is_err());
    stage.org.restart().await.unwrap();
    assert_eq!(stage.api_status(&token).await, 200);
}

#[tokio::test]
async fn revoking_everything_leaves_nothing() {
    let stage = Stage::new().await;
    let refresh = stage.org.approve(&stage.org.username()).unwrap();
    let session = stage.org.open_session(&stage.org.username()).unwrap();
    assert!(stage.org.is_live(&session) && stage.org.is_live_refresh_token(&refresh));
    stage.org.revoke_everything();
    assert!(!stage.org.is_live(&session) && !stage.org.is_live_refresh_token(&refresh));
    assert!(!stage.org.revoke(&session));
}
