//! How strongly, and how lately, the user must have signed in (OpenID Connect Core §3.1.2.1, §5.5.1.1): asked, then verified.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use authsession_axum::auth_builder::OAuthConfigurationBuilder;
use authsession_testkit::endpoint::Endpoint;
use authsession_testkit::habits::Habits;
use authsession_testkit::script::Answer;
use authsession_testkit::serve::Server;
use serde_json::{Value, json};

use crate::stage::{COOKIE_KEY, Stage, app, application};

async fn stage(edit: impl FnOnce(OAuthConfigurationBuilder) -> OAuthConfigurationBuilder) -> Stage {
    Stage::with(|provider| provider, edit).await
}

/// The next ID token says so of the authentication.
fn says(stage: &Stage, acr: impl Into<Value>) {
    let acr = acr.into();
    stage
        .provider
        .enqueue(Endpoint::Token, Answer::lying_id_token(move |_, claims| claims["acr"] = acr.clone()));
}

/// Status, path and whether somebody is signed in, after opening that.
async fn opened(stage: &Stage, path: &str) -> (u16, String, bool) {
    let page = stage.browser.navigate(stage.url(path)).await.unwrap();
    (page.status.as_u16(), page.url.path().to_owned(), stage.session_cookie().is_some())
}

fn asked(stage: &Stage, name: &str) -> Option<String> {
    let request = stage.provider.journal().last(Endpoint::Authorization).unwrap();
    request.query_value(name).map(str::to_owned)
}

#[tokio::test]
async fn an_acr_demanded_is_asked_as_an_essential_claim_and_accepted_when_it_comes() {
    for acr in ["phr", "urn:example:mfa"] {
        let stage = Stage::new().await;
        says(&stage, acr);

        assert_eq!(opened(&stage, "/strong").await, (200, "/claims".to_owned(), true));

        let claims: Value = serde_json::from_str(&asked(&stage, "claims").unwrap()).unwrap();
        let wanted = json!({ "essential": true, "values": ["phr", "urn:example:mfa"] });
        assert_eq!(claims, json!({ "id_token": { "acr": wanted } }));
        assert_eq!(asked(&stage, "acr_values").as_deref(), Some("phr urn:example:mfa"));
        assert_eq!(stage.fetch("/claims").await.1["acr"], acr);
    }
}

#[tokio::test]
async fn an_acr_that_is_weaker_or_missing_is_refused_with_a_way_to_sign_in_again() {
    for weaker in
        [json!("0"), json!("pwd"), json!("PHR"), json!("phr urn:example:mfa"), json!(""), Value::Null]
    {
        let stage = Stage::new().await;
        says(&stage, weaker.clone());

        let page = stage.browser.navigate(stage.url("/strong")).await.unwrap();

        assert_eq!((page.status.as_u16(), stage.session_cookie()), (400, None), "{weaker}");
        let way_on = "href=\"/auth?return_to=%2Fclaims%3Fafter%3Dstrong\"";
        assert!(page.text().contains(way_on), "{}", page.text());
        assert!(stage.provider.journal().reaches(Endpoint::Revocation, 1).await, "its tokens are given back");
    }
}

#[tokio::test]
async fn a_step_up_that_fails_leaves_the_session_before_as_it_was() {
    let stage = Stage::signed_in().await;
    let before = stage.session_cookie();
    says(&stage, "pwd");

    assert_eq!(opened(&stage, "/strong").await.0, 400);

    assert_eq!((stage.session_cookie(), stage.fetch("/token").await.0), (before, 200));
}

#[tokio::test]
async fn a_demand_on_every_login_is_one_no_link_loosens() {
    let stage =
        stage(|app| app.with_essential_acr(["phr"]).with_authentication_max_age(Duration::from_secs(60)))
            .await;
    let link = "/auth?acr_values=pwd&max_age=999999&claims=%7B%7D&essential_acr=pwd&return_to=/claims";
    says(&stage, "pwd");
    assert_eq!(opened(&stage, link).await, (400, "/auth/callback".to_owned(), false));
    assert_eq!(
        (asked(&stage, "acr_values").as_deref(), asked(&stage, "max_age").as_deref()),
        (Some("phr"), Some("60"))
    );
    assert!(asked(&stage, "claims").unwrap().contains("phr"));

    stage.provider.enqueue(
        Endpoint::Token,
        Answer::lying_id_token(|_, claims| {
            claims["acr"] = "phr".into();
            claims["auth_time"] = (claims["iat"].as_i64().unwrap() - 121).into();
        }),
    );
    assert_eq!(opened(&stage, link).await.0, 400, "too long ago");

    says(&stage, "phr");
    assert_eq!(opened(&stage, link).await, (200, "/claims".to_owned(), true));
}

#[tokio::test]
async fn a_link_may_ask_for_a_younger_authentication_than_the_application() {
    let stage = stage(|app| app.with_authentication_max_age(Duration::from_secs(60))).await;
    for (link, age) in
        [("?max_age=5", "5"), ("?max_age=60000", "60"), ("?max_age=-1", "60"), ("?max_age=", "60")]
    {
        opened(&stage, &format!("/auth{link}")).await;
        assert_eq!(asked(&stage, "max_age").as_deref(), Some(age), "{link}");
    }
}

#[tokio::test]
async fn the_demand_stays_when_a_stale_callback_starts_over() {
    let stage = stage(|app| app.with_essential_acr(["phr"])).await;
    says(&stage, "pwd");

    assert_eq!(
        opened(&stage, "/auth/callback?code=old&state=old").await,
        (400, "/auth/callback".to_owned(), false)
    );
}

#[tokio::test]
async fn voluntary_acr_values_are_not_verified_and_readable() {
    let stage = Stage::new().await;
    says(&stage, "pwd");

    assert_eq!(opened(&stage, "/auth?acr_values=phr&return_to=/claims").await.0, 200);

    assert_eq!((asked(&stage, "acr_values").as_deref(), asked(&stage, "claims")), (Some("phr"), None));
    assert_eq!(stage.fetch("/claims").await.1["acr"], "pwd");
}

#[tokio::test]
async fn an_authentication_too_old_or_undated_is_refused_with_a_way_to_sign_in_again() {
    for auth_time in [json!(1), Value::Null] {
        let stage = Stage::new().await;
        let lie = Answer::lying_id_token(move |_, claims| claims["auth_time"] = auth_time.clone());
        stage.provider.enqueue(Endpoint::Token, lie);

        let page = stage.browser.navigate(stage.url("/step-up")).await.unwrap();

        assert_eq!((page.status.as_u16(), stage.session_cookie()), (400, None));
        assert!(
            page.text().contains("href=\"/auth?return_to=%2Fclaims%3Fafter%3Dstep-up\""),
            "{}",
            page.text()
        );
    }
}

#[tokio::test]
async fn the_demand_goes_into_the_claims_the_application_asks_for_anyway() {
    let claims = r#"{"userinfo":{"picture":null},"id_token":{"email":{"essential":true}}}"#;
    let habits = Habits::default().id_token(|_, claims| claims["acr"] = "phr".into());
    let stage = Stage::with(
        |provider| provider.habits(habits),
        |app| app.with_authorization_parameter("claims", claims).with_essential_acr(["phr"]),
    )
    .await;

    assert_eq!(opened(&stage, "/token").await.0, 200);

    let sent: Value = serde_json::from_str(&asked(&stage, "claims").unwrap()).unwrap();
    assert_eq!(sent["userinfo"], json!({ "picture": null }));
    assert_eq!(sent["id_token"]["email"], json!({ "essential": true }));
    assert_eq!(sent["id_token"]["acr"], json!({ "essential": true, "values": ["phr"] }));
}

#[tokio::test]
async fn a_plain_oauth2_login_cannot_verify_it_and_a_link_asks_for_nothing() {
    let stage = Stage::plain_oauth2().await;

    assert_eq!(opened(&stage, "/auth?max_age=5").await.0, 200);

    assert_eq!(asked(&stage, "max_age"), None);
    assert_eq!(stage.browser.navigate(stage.url("/strong")).await.unwrap().status, 500, "ask for openid");
}

#[test]
fn demands_that_could_not_be_verified_are_found_when_built() {
    let complete = || {
        OAuthConfigurationBuilder::default()
            .with_authorization_endpoint("https://login.example/authorize")
            .with_token_endpoint("https://login.example/token")
            .with_client_id("client")
            .with_redirect_uri("https://app.example/auth/callback")
            .with_private_cookie_key(COOKIE_KEY)
            .with_scopes(vec!["read"])
    };
    assert!(complete().build().is_ok());
    for (builder, hint) in [
        (complete().with_essential_acr(["phr"]), "openid"),
        (complete().with_authentication_max_age(Duration::ZERO), "openid"),
        (complete().with_scopes(vec!["openid"]).with_essential_acr([""; 0]), "at least one acr"),
        (complete().with_scopes(vec!["openid"]).with_essential_acr(["a b"]), "at least one acr"),
    ] {
        let error = builder.build().unwrap_err().to_string();
        assert!(error.contains(hint), "{error}");
    }
}

/// Another layer of the same client, which demands that of every login, on the same store.
async fn strict(stage: &Stage, acr: &str) -> Server {
    let slot = Server::reserve().await.unwrap();
    let builder = application(&stage.provider, &slot, &stage.clock).with_essential_acr([acr]);
    let builder = builder.with_issuer(stage.provider.issuer()).await.unwrap();
    slot.serve(app(builder, Arc::clone(&stage.store)))
}

#[tokio::test]
async fn a_session_whose_acr_is_weaker_than_every_login_s_counts_for_nothing() {
    let stage = Stage::new().await;
    says(&stage, "pwd");
    stage.sign_in().await;
    for (demanded, status) in [("phr", 401), ("pwd", 200)] {
        let server = strict(&stage, demanded).await;
        for at_once in [true, false] {
            stage.store.answers_at_once.store(at_once, Ordering::SeqCst);
            for path in ["token", "claims", "session"] {
                let page = stage
                    .browser
                    .fetch(format!("{}/{path}", server.url().trim_end_matches('/')))
                    .await
                    .unwrap();
                assert_eq!(page.status.as_u16(), status, "{demanded} {path}");
            }
        }
    }
    assert_eq!(stage.fetch("/token").await.0, 200, "where it was made it counts");
}

#[tokio::test]
async fn a_refreshed_id_token_whose_acr_is_weaker_or_missing_is_not_taken_over() {
    let stage = stage(|app| app.with_essential_acr(["phr", "mfa"])).await;
    says(&stage, "phr");
    stage.sign_in().await;
    for (told, held) in [(json!("pwd"), "phr"), (Value::Null, "phr"), (json!("mfa"), "mfa")] {
        says(&stage, told.clone());
        stage.expire_token();
        let (status, claims) = stage.fetch("/claims").await;
        assert_eq!((status, claims["acr"].as_str()), (200, Some(held)), "{told}");
    }
    assert_eq!(stage.refreshes(), 3);
}

#[tokio::test]
async fn a_login_that_demands_an_acr_whose_session_would_not_count_is_a_mistake_of_the_application() {
    let stage = stage(|app| app.with_essential_acr(["phr"])).await;

    let page = stage.browser.navigate(stage.url("/strong")).await.unwrap();

    assert_eq!(page.status, 500);
    assert_eq!(stage.provider.journal().count(Endpoint::Authorization), 0);
}
