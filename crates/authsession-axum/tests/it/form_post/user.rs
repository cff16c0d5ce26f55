//! What Apple's form says of the user, at their first login and never again.

use authsession_core::authorization::ResponseMode;
use authsession_testkit::endpoint::Endpoint;
use authsession_testkit::habits::Habits;
use authsession_testkit::script::Answer;
use serde_json::{Value, json};

use super::{sign_in, stage_with};
use crate::pains::scene::until;
use crate::stage::Stage;

/// The claims after a login whose form says that of the user.
async fn claims(said: &str) -> Value {
    let said = said.to_owned();
    let habits =
        Habits::default().authorization_response(move |form| form.push(("user".to_owned(), said.clone())));
    let stage = stage_with(|provider| provider.habits(habits)).await;
    let page = sign_in(&stage, "/claims").await;
    assert_eq!(page.status, 200, "{}", page.text());
    page.json().unwrap()
}

#[tokio::test]
async fn the_name_is_among_the_claims() {
    let said = r#"{"name":{"firstName":"Ada","lastName":"Lovelace"},"email":"ada@example.test"}"#;
    let claims = claims(said).await;
    assert_eq!(claims["user"], json!({ "name": { "firstName": "Ada", "lastName": "Lovelace" } }));
    assert_eq!(claims["sub"], "alice");
}

#[tokio::test]
async fn nothing_else_of_it_is_kept_for_nobody_signed_it() {
    let said = r#"{"name":{"firstName":"Ada","role":"admin","lastName":7},"email":"root@example.test","sub":"root"}"#;
    let claims = claims(said).await;
    assert_eq!(claims["user"], json!({ "name": { "firstName": "Ada" } }));
    assert_eq!((&claims["sub"], &claims["email"]), (&json!("alice"), &json!("alice@example.test")));
}

#[tokio::test]
async fn nonsense_in_its_place_is_no_reason_to_refuse_the_login() {
    let huge = format!(r#"{{"name":{{"firstName":"{}"}}}}"#, "x".repeat(3_000));
    for said in ["", "null", "[]", "{", r#"{"name":"Ada"}"#, r#"{"name":{"firstName":"a\u0000b"}}"#, &huge] {
        assert_eq!(claims(said).await.get("user"), None, "{said}");
    }
}

#[tokio::test]
async fn the_name_outlives_the_userinfo_it_came_with() {
    let said = r#"{"name":{"firstName":"Ada"}}"#.to_owned();
    let habits =
        Habits::default().authorization_response(move |form| form.push(("user".to_owned(), said.clone())));
    let stage = Stage::with(
        |provider| provider.host("localhost").habits(habits),
        |app| app.with_response_mode(ResponseMode::FormPost).with_userinfo(true),
    )
    .await;
    sign_in(&stage, "/claims").await;

    stage.provider.enqueue(Endpoint::Userinfo, Answer::tampered(|userinfo| userinfo["team"] = "ops".into()));
    stage.expire_token();
    stage.token().await;

    assert!(until(async || stage.fetch("/claims").await.1["team"] == "ops").await, "it was renewed");
    assert_eq!(stage.fetch("/claims").await.1["user"], json!({ "name": { "firstName": "Ada" } }));
}
