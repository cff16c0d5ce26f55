//! The org's sessions: how long they live, who shares them, and who they are.

use crate::org_client::Stage;
use crate::org_client::text;
use authsession_testkit::org::endpoint::OrgEndpoint;
use http::Method;
use std::time::Duration;

#[tokio::test]
async fn a_session_lives_by_use() {
    let stage = Stage::with(|org| org.session_timeout(Duration::from_secs(900))).await;
    let token = stage.session().await;
    for _ in 0..3 {
        stage.clock.advance(Duration::from_secs(800));
        assert_eq!(stage.api_status(&token).await, 200);
    }
    stage.clock.advance(Duration::from_secs(900));
    assert_eq!(stage.api_status(&token).await, 401);
}

#[tokio::test]
async fn expired_sessions_say_so() {
    let stage = Stage::new().await;
    let token = stage.session().await;
    stage.org.expire_sessions();
    let page = stage.get("/services/data/v66.0/limits", &token).await;
    assert_eq!(page.status, 401);
    assert_eq!(page.text(), r#"[{"errorCode":"INVALID_SESSION_ID","message":"Session expired or invalid"}]"#);
}

#[tokio::test]
async fn logging_in_again_can_return_the_same_session_and_logout_ends_it_for_all() {
    let stage = Stage::with(|org| org.relogin_returns_same_session(true)).await;
    let (mine, yours) = (stage.session().await, stage.session().await);
    assert_eq!(mine, yours);
    stage.post(OrgEndpoint::Revocation, &[("token", &mine)]).await;
    assert_eq!(stage.api_status(&yours).await, 401);
    assert_ne!(stage.session().await, mine);
}

#[tokio::test]
async fn an_inactive_users_session_is_over() {
    let stage = Stage::new().await;
    let token = stage.session().await;
    stage.org.deactivate_user(&stage.org.username());
    assert_eq!(stage.api_status(&token).await, 401);
}

#[tokio::test]
async fn a_test_in_another_language_can_expire_sessions() {
    let stage = Stage::new().await;
    let token = stage.session().await;
    let url = format!("{}/__testkit/expire", stage.org.url());
    assert_eq!(stage.browser.fetch_with(Method::POST, url, &[], "").await.unwrap().status, 200);
    assert!(!stage.org.is_live(&token));
    assert_eq!(stage.org.journal().all().len(), 1);
}

#[tokio::test]
async fn userinfo_and_the_identity_url_say_who_it_is() {
    let stage = Stage::new().await;
    let answer = stage.jwt(&stage.signed(&stage.claims())).await.json().unwrap();
    let token = text(&answer, "access_token");
    let userinfo = stage.get(OrgEndpoint::Userinfo.path(), token).await.json().unwrap();
    assert_eq!(userinfo["preferred_username"], stage.org.username());
    assert_eq!(userinfo["organization_id"], stage.org.organization_id());
    let identity = format!("{}?format=json&oauth_token={token}", text(&answer, "id"));
    let identity = stage.browser.fetch(identity).await.unwrap().json().unwrap();
    assert_eq!(identity["user_id"], stage.org.user_id(&stage.org.username()));
    assert_eq!(identity["id"], answer["id"]);
}

#[tokio::test]
async fn they_refuse_in_html() {
    let stage = Stage::new().await;
    let token = stage.session().await;
    for (path, token, why) in [
        (OrgEndpoint::Userinfo.path(), "stale", "Bad_OAuth_Token"),
        ("/id/00Dxx0000000000AAA/005xx0000000001AAA", &*token, "Wrong_Org"),
    ] {
        let page = stage.get(path, token).await;
        assert_eq!((page.status.as_u16(), &*page.text()), (403, why));
        assert!(page.header("content-type").unwrap().starts_with("text/html"));
    }
    let page = stage.browser.fetch(stage.org.endpoint(OrgEndpoint::Userinfo)).await.unwrap();
    assert_eq!((page.status.as_u16(), &*page.text()), (403, "Missing_OAuth_Token"));
}

#[tokio::test]
async fn introspection_tells_the_app_what_lives() {
    let stage = Stage::with(|org| org.session_timeout(Duration::from_secs(900))).await;
    let token = stage.session().await;
    let (key, secret) = (stage.org.consumer_key(), stage.org.consumer_secret());
    let fields = [("token", &*token), ("client_id", &*key), ("client_secret", &*secret)];
    let body = stage.post(OrgEndpoint::Introspection, &fields).await.json().unwrap();
    assert_eq!((&body["active"], &body["token_type"]), (&true.into(), &"access_token".into()));
    assert_eq!(body["exp"], stage.clock.unix_seconds() + 900);
    assert_eq!(body["username"], stage.org.username());
    stage.org.expire_sessions();
    let body = stage.post(OrgEndpoint::Introspection, &fields).await;
    assert_eq!(body.text(), r#"{"active":false}"#);
    assert_eq!(stage.post(OrgEndpoint::Introspection, &fields[..1]).await.status, 400);
}
