//! Rows about what an API or the org answered: 41, 44, 45, 46, 50, 53, 54, 56.

use std::sync::Arc;
use std::time::Duration;

use authsession_core::bearer::origin::Origins;
use authsession_core::bearer::reqwest_middleware::BearerMiddleware;
use authsession_core::token_cache::snapshot::State;
use authsession_salesforce::ApiVerdict;
use authsession_salesforce::auth::{AuthSession, Recovery, SessionTokens, SharedAuth, token_client_builder};
use authsession_salesforce::error::api_error::classify;
use authsession_testkit::browser::Page;
use authsession_testkit::org::connected_app::ConnectedApp;
use authsession_testkit::org::endpoint::OrgEndpoint;
use http::Method;
use url::Url;

use crate::stage::{JWT_BEARER, Stage, minutes};

fn verdict(page: &Page) -> Option<ApiVerdict> {
    let content_type = page.headers.get("content-type").and_then(|value| value.to_str().ok());
    classify(page.status.as_u16(), content_type, page.text().as_bytes())
}

async fn asked(stage: &Stage, method: Method, path: &str, headers: &[(&str, &str)], body: &str) -> Page {
    stage.browser.fetch_with(method, format!("{}{path}", stage.org.url()), headers, body).await.unwrap()
}

/// The session is over on every surface of the org: what each says means the same.
#[tokio::test]
async fn row_41_a_session_that_expired_is_recognised_on_every_surface() {
    let stage = Stage::set().await;
    let auth = stage.jwt().build().unwrap();
    let token = auth.access_token().await.unwrap().into_owned();
    stage.org.expire_sessions();
    let bearer = format!("Bearer {token}");
    let bearer: &[(&str, &str)] = &[("authorization", &bearer)];
    let identity =
        format!("/id/{}/{}", stage.org.organization_id(), stage.org.user_id(&stage.org.username()));
    for path in ["/services/data/v66.0/limits", "/services/oauth2/userinfo", &identity] {
        let page = asked(&stage, Method::GET, path, bearer, "").await;
        assert_eq!(verdict(&page), Some(ApiVerdict::Refresh), "{path}: {} {}", page.status, page.text());
    }
    let bulk: &[(&str, &str)] = &[("x-sfdc-session", &token)];
    let page = asked(&stage, Method::POST, "/services/async/66.0/job", bulk, "").await;
    assert_eq!(verdict(&page), Some(ApiVerdict::Refresh), "{}", page.text());
}

/// A job of hours is polled; its session ends in the middle, and the poller goes on.
#[tokio::test]
async fn row_41_who_polls_survives_the_end_of_the_session() {
    let stage = Stage::set().await;
    let auth = stage.jwt().build().unwrap();
    let mut answered = 0;
    for poll in 0..20 {
        if poll % 7 == 6 {
            stage.org.expire_sessions();
        }
        stage.time.advance(minutes(3));
        let token = auth.access_token().await.unwrap().into_owned();
        let bearer = format!("Bearer {token}");
        let headers: &[(&str, &str)] = &[("authorization", &bearer)];
        let page = asked(&stage, Method::GET, "/services/data/v66.0/limits", headers, "").await;
        if verdict(&page) == Some(ApiVerdict::Refresh) {
            auth.invalidate(&token).await;
            let token = auth.access_token().await.unwrap().into_owned();
            assert_eq!(stage.api_status(&token).await, 200);
        }
        answered += 1;
    }
    assert_eq!((answered, stage.org.journal().grants(JWT_BEARER)), (20, 3));
}

/// 1,600 requests in 38 minutes, with a login that is dead.
#[tokio::test]
async fn row_44_a_dead_login_is_asked_about_ever_less_often() {
    let stage = Stage::set().await;
    let refresh_token = stage.approve();
    let auth = stage.refresh(&refresh_token).build().unwrap();
    assert!(stage.org.revoke(&refresh_token));
    for _ in 0..1600 {
        let error = auth.access_token().await.unwrap_err();
        assert_eq!(error.recovery(), Recovery::Reauthorize);
        stage.time.advance(Duration::from_millis(1425));
    }
    assert!((4..=14).contains(&stage.refreshes()), "{}", stage.refreshes());
    assert_eq!(auth.snapshot().unwrap().state, State::Dead);
}

/// Every token is refused as soon as it was got.
#[tokio::test]
async fn row_45_a_loop_of_refusals_and_refreshes_ends() {
    let stage = Stage::set().await;
    let auth = stage.jwt().build().unwrap();
    for _ in 0..200 {
        let token = auth.access_token().await.unwrap().into_owned();
        auth.invalidate(&token).await;
        stage.time.advance(Duration::from_millis(50));
    }
    assert!(stage.org.journal().grants(JWT_BEARER) <= 5, "{}", stage.org.journal().grants(JWT_BEARER));
    assert_eq!(auth.snapshot().unwrap().state, State::Refused);
}

/// Ten requests at a time, all refused with the same token.
#[tokio::test]
async fn row_45_many_refusals_of_one_token_are_one_refresh() {
    let stage = Stage::set().await;
    let auth = stage.jwt().build().unwrap();
    let token = auth.access_token().await.unwrap().into_owned();
    stage.org.expire_sessions();
    for _ in 0..10 {
        auth.invalidate(&token).await;
        assert_ne!(auth.access_token().await.unwrap(), token);
    }
    assert_eq!(stage.org.journal().grants(JWT_BEARER), 2);
}

/// 3,600 logins an hour a user.
#[tokio::test]
async fn row_46_a_login_budget_used_up_is_left_alone_for_minutes_and_can_be_watched() {
    let stage = Stage::set_with(|org| org.login_budget(1)).await;
    let auth = stage.jwt().build().unwrap();
    let token = auth.access_token().await.unwrap().into_owned();
    auth.invalidate(&token).await;
    for _ in 0..100 {
        let error = auth.access_token().await.unwrap_err();
        assert!(
            matches!(error.recovery(), Recovery::LoginBudget { wait } if wait >= minutes(3)),
            "{error:?}"
        );
        stage.time.advance(Duration::from_secs(1));
    }
    assert_eq!(stage.org.journal().grants(JWT_BEARER), 2, "nobody asked again");
    assert!(auth.snapshot().unwrap().pause >= minutes(2));
    stage.time.advance(minutes(60));
    stage.opens(&auth).await;
}

/// The token is good, and the API is not for it.
#[tokio::test]
async fn row_50_a_refusal_that_is_not_about_the_token_is_no_reason_to_refresh() {
    let stage = Stage::set().await;
    stage.org.change_app(&stage.org.consumer_key(), |app: ConnectedApp| app.scopes("id refresh_token"));
    let auth = stage.refresh(&stage.approve()).build().unwrap();
    let bearer = format!("Bearer {}", auth.access_token().await.unwrap());
    let headers: &[(&str, &str)] = &[("authorization", &bearer)];
    let page = asked(&stage, Method::GET, "/services/data/v66.0/limits", headers, "").await;
    assert_eq!(page.status, 401);
    let Some(ApiVerdict::DoNotRefresh { hint }) = verdict(&page) else {
        unreachable!("{:?}", verdict(&page))
    };
    assert!(hint.contains("scope api"));
}

/// A stream holds on to the token it began with.
#[tokio::test]
async fn row_53_who_streams_is_told_that_the_token_changed() {
    let stage = Stage::set().await;
    let auth = stage.jwt().build().unwrap();
    let token = auth.access_token().await.unwrap().into_owned();
    let mut watch = auth.watch();
    let streaming = tokio::spawn(async move {
        let mut states = vec![watch.changed().await.state];
        while states.last() != Some(&State::Fresh) {
            states.push(watch.changed().await.state);
        }
        states
    });
    tokio::task::yield_now().await;
    auth.invalidate(&token).await;
    auth.warm_up().await.unwrap();
    assert_eq!(streaming.await.unwrap().last(), Some(&State::Fresh));
    assert_ne!(auth.access_token().await.unwrap(), token);
}

/// Tokens end up in logs, and in the URLs that end up in logs.
#[tokio::test]
async fn row_54_no_token_is_in_a_url_or_shown() {
    let stage = Stage::set_with(|org| org.rotation(true)).await;
    let refresh_token = stage.approve();
    let auth = stage.refresh(&refresh_token).introspect(true).build().unwrap();
    let token = auth.access_token().await.unwrap().into_owned();
    let header = auth.authorization().await.unwrap();
    assert!(header.is_sensitive());
    auth.revoke().await.unwrap();
    for sent in stage.org.journal().all() {
        assert!(sent.query.is_empty() && !sent.path.contains(&token), "{sent:?}");
    }
    let shown = format!("{auth:?} {header:?} {:?} {:?}", auth.snapshot(), auth.watch());
    assert!(!shown.contains(&token) && !shown.contains(&refresh_token), "{shown}");
}

/// A client of the program's own, whose base URL is only a convention.
#[tokio::test]
async fn row_56_a_client_with_the_token_sends_it_to_the_instance_only() {
    let (stage, elsewhere) = (Stage::set().await, Stage::set().await);
    let auth: SharedAuth = Arc::new(stage.jwt().build().unwrap());
    let middleware = BearerMiddleware::new(
        Arc::new(SessionTokens::new(auth.clone())),
        Origins::of(auth.instance_url()).unwrap(),
    );
    let client = reqwest_middleware::ClientBuilder::new(token_client_builder().build().unwrap());
    let client = client.with(middleware).build();
    let get = |stage: &Stage| client.get(format!("{}/services/data/v66.0/limits", stage.org.url())).send();
    assert_eq!(get(&stage).await.unwrap().status(), 200);
    stage.org.expire_sessions();
    assert_eq!(get(&stage).await.unwrap().status(), 200, "it is refreshed and sent once more");
    assert_eq!(stage.org.journal().grants(JWT_BEARER), 2);
    assert_eq!(get(&elsewhere).await.unwrap().status(), 401);
    assert!(elsewhere.org.journal().last(OrgEndpoint::Rest).unwrap().header("authorization").is_none());
}

/// A URL in an answer leads elsewhere, and the token would go along.
#[tokio::test]
async fn row_56_the_token_stays_within_the_instance() {
    let stage = Stage::set().await;
    let auth = stage.jwt().connect().await.unwrap();
    let origins = Origins::of(auth.instance_url()).unwrap();
    let covers = |url: &str| origins.cover(&Url::parse(url).unwrap());
    assert!(covers(&format!("{}/services/data/v66.0/query/01g-2000", stage.org.instance_url())));
    let port = stage.org.address().port();
    for elsewhere in [
        "https://evil.example/services/data".to_owned(),
        format!("http://localhost:{port}/services/data"),
        format!("http://127.0.0.1:{}/services/data", port ^ 1),
        format!("https://127.0.0.1:{port}/services/data"),
        format!("http://127.0.0.1:{port}@evil.example/services/data"),
    ] {
        assert!(!covers(&elsewhere), "{elsewhere}");
    }
}
