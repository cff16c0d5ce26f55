//! GitHub: no ID tokens, a number for a subject, forms unless JSON is asked for, errors that call themselves a success.

use authsession_testkit::endpoint::Endpoint;
use authsession_testkit::script::Answer;

use crate::providers::imitation::{play, sign_in};

#[tokio::test]
async fn the_user_is_the_number_that_never_changes() {
    let stage = play("github()").await;

    assert_eq!(sign_in(&stage).await.status, 200);

    assert_eq!(stage.fetch("/version").await.1["sub"], "583231");
    let session = stage.fetch("/session").await.1;
    assert_eq!((session["scope"].as_str(), session["refresh_token"].as_str()), (Some("read:user"), Some("")));
}

#[tokio::test]
async fn a_user_without_the_number_is_nobody() {
    let stage = play("github()").await;
    stage.provider.always(
        Endpoint::Userinfo,
        Answer::tampered(|claims| drop(claims.as_object_mut().unwrap().remove("id"))),
    );

    let page = sign_in(&stage).await;

    assert_eq!((page.status.as_u16(), stage.session_cookie()), (500, None));
}

#[tokio::test]
async fn the_token_endpoint_is_asked_for_json_and_told_the_secret_in_the_body() {
    let stage = play("github()").await;

    sign_in(&stage).await;

    let request = stage.provider.journal().last(Endpoint::Token).unwrap();
    assert_eq!(request.header("accept"), Some("application/json"));
    assert_eq!(request.form_value("client_secret"), Some(stage.provider.client_secret()));
    assert_eq!(request.header("authorization"), None);
    let userinfo = stage.provider.journal().last(Endpoint::Userinfo).unwrap();
    assert!(
        userinfo.header("user-agent").unwrap().starts_with("authsession/"),
        "GitHub refuses requests without one"
    );
}

#[tokio::test]
async fn an_error_with_status_200_signs_nobody_in() {
    let stage = play("github()").await;
    stage.provider.enqueue(
        Endpoint::Token,
        Answer::refusal(200, "bad_verification_code", "The code is incorrect or expired."),
    );

    let page = sign_in(&stage).await;

    assert!(page.status.is_client_error() && stage.session_cookie().is_none(), "{}", page.status);
    assert!(!page.text().contains("incorrect or expired"));
}
