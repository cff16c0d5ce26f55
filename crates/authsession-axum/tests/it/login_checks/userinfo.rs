//! A userinfo endpoint that speaks of somebody else, or lets somebody else speak.

use authsession_testkit::endpoint::Endpoint;
use authsession_testkit::keys::SigningAlgorithm;
use authsession_testkit::script::Answer;
use serde_json::{Value, json};

use crate::stage::Stage;

async fn asking() -> Stage {
    Stage::with(
        |provider| provider.signing_algorithm(SigningAlgorithm::Es256),
        |application| application.with_userinfo(true),
    )
    .await
}

fn signed(stage: &Stage, claims: Value) -> Answer {
    Answer::raw(200, "application/jwt", stage.provider.sign(claims).unwrap())
}

#[tokio::test]
async fn userinfo_about_somebody_else_or_signed_for_somebody_else_signs_nobody_in() {
    let stage = asking().await;
    let broken = stage.provider.sign(json!({ "sub": "alice" })).unwrap();
    let (broken, _) = broken.rsplit_once('.').unwrap();
    let other = ["https://evil.example", "another"];
    for (lie, answer) in [
        ("invalid-sub-in-userinfo", Answer::tampered(|claims| claims["sub"] = "bob".into())),
        ("no sub", Answer::json(200, &json!({ "email": "alice@example.test" }))),
        ("sub", signed(&stage, json!({ "sub": "bob" }))),
        ("iss", signed(&stage, json!({ "sub": "alice", "iss": other[0] }))),
        ("aud", signed(&stage, json!({ "sub": "alice", "aud": other[1] }))),
        ("signature", Answer::raw(200, "application/jwt", format!("{broken}.{}", "A".repeat(86)))),
        ("none", Answer::raw(200, "application/jwt", "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbGljZSJ9.")),
    ] {
        stage.provider.journal().clear();
        stage.provider.enqueue(Endpoint::Userinfo, answer);

        let page = stage.browser.navigate(stage.url("/token")).await.unwrap();

        assert_eq!((page.status.as_u16(), stage.store.len()), (400, 0), "{lie}");
        assert!(stage.provider.journal().reaches(Endpoint::Revocation, 1).await, "{lie}");
    }
}

#[tokio::test]
async fn signed_userinfo_of_the_right_user_adds_to_the_claims() {
    let stage = asking().await;
    let claims = json!({
        "sub": "alice", "iss": stage.provider.issuer(), "aud": stage.provider.client_id(), "shoe_size": 38,
    });
    stage.provider.enqueue(Endpoint::Userinfo, signed(&stage, claims));
    stage.sign_in().await;
    assert_eq!(stage.fetch("/claims").await.1["shoe_size"], 38);
}

#[tokio::test]
async fn claims_kept_elsewhere_are_shown_as_they_came_and_nobody_goes_to_fetch_them() {
    let (stage, elsewhere) = (asking().await, Stage::new().await);
    let sources =
        json!({ "src": { "endpoint": elsewhere.provider.endpoint(Endpoint::Api), "access_token": "x" } });
    let claims = json!({ "sub": "alice", "_claim_names": { "salary": "src" }, "_claim_sources": sources });
    stage.provider.enqueue(Endpoint::Userinfo, Answer::json(200, &claims));
    stage.sign_in().await;

    assert_eq!(stage.fetch("/claims").await.1["_claim_sources"], sources);

    assert!(elsewhere.provider.journal().all().is_empty());
}

#[tokio::test]
async fn userinfo_about_somebody_else_after_a_refresh_is_not_taken_over() {
    let stage = asking().await;
    stage.sign_in().await;
    for (round, answer) in [
        Answer::json(200, &json!({ "sub": "bob", "shoe_size": 45 })),
        signed(&stage, json!({ "sub": "alice", "shoe_size": 45, "aud": "another" })),
    ]
    .into_iter()
    .enumerate()
    {
        stage.expire_token();
        stage.provider.enqueue(Endpoint::Userinfo, answer);
        assert_eq!(stage.fetch("/token").await.0, 200);
        assert!(stage.provider.journal().reaches(Endpoint::Userinfo, round + 1).await);

        for _ in 0..20 {
            tokio::time::sleep(std::time::Duration::from_millis(2)).await;
            let claims = stage.fetch("/claims").await.1;
            assert_eq!((&claims["sub"], &claims["shoe_size"]), (&json!("alice"), &Value::Null));
        }
    }
}
