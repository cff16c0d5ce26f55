//! Each lie an ID token can tell, told at a login and at a refresh.

use authsession_testkit::endpoint::Endpoint;
use authsession_testkit::script::Answer;
use serde_json::{Value, json};

use crate::login_checks::stage;

/// Beyond the minute two clocks may be apart.
const BEYOND: i64 = 61;

fn claim(name: &'static str, value: Value) -> Answer {
    Answer::lying_id_token(move |_, claims| claims[name] = value.clone())
}

fn without(name: &'static str) -> Answer {
    Answer::lying_id_token(move |_, claims| drop(claims.as_object_mut().unwrap().remove(name)))
}

fn header(name: &'static str, value: Value) -> Answer {
    Answer::lying_id_token(move |header, _| header[name] = value.clone())
}

/// A time, so many seconds after the token was issued.
fn moved(name: &'static str, by: i64) -> Answer {
    Answer::lying_id_token(move |_, claims| claims[name] = (claims["iat"].as_i64().unwrap() + by).into())
}

fn audiences(several: &'static [&'static str], azp: Option<&'static str>) -> Answer {
    Answer::lying_id_token(move |_, claims| {
        claims["aud"] = json!(several);
        claims["azp"] = azp.into();
    })
}

/// Those that are about somebody else when a refresh tells them: by them the session ends.
fn about_somebody_else() -> Vec<(&'static str, Answer)> {
    vec![
        ("invalid-iss", claim("iss", "https://evil.example".into())),
        ("invalid-sub", claim("sub", "bob".into())),
        ("invalid-aud", claim("aud", "another".into())),
        ("an aud of nobody", claim("aud", json!([]))),
    ]
}

fn lies() -> Vec<(&'static str, Answer)> {
    vec![
        ("missing iss", without("iss")),
        ("missing-aud", without("aud")),
        ("an aud that is no text", claim("aud", json!(["client", 7]))),
        ("several audiences without azp", audiences(&["client", "other"], None)),
        ("an untrusted extra audience", audiences(&["client", "other"], Some("client"))),
        ("another azp", claim("azp", "another".into())),
        ("missing-sub", without("sub")),
        ("empty sub", claim("sub", "".into())),
        ("missing-iat", without("iat")),
        ("iat in the future", moved("iat", BEYOND)),
        ("iat long ago", claim("iat", 1.into())),
        ("missing exp", without("exp")),
        ("exp past", moved("exp", -BEYOND)),
        ("nbf in the future", moved("nbf", BEYOND)),
        ("nonce-invalid", claim("nonce", "another".into())),
        ("a nonce that is no text", claim("nonce", 7.into())),
        ("invalid-at-hash", claim("at_hash", "AAAAAAAAAAAAAAAAAAAAAA".into())),
        ("invalid-sig", Answer::id_token_with_wrong_signature()),
        ("a key nobody published", Answer::id_token_signed_by_unknown_key()),
        ("another key of that name", Answer::id_token_signed_by_impostor()),
        ("idtoken-sig-none", Answer::id_token_unsigned()),
        ("HS256 with the public key", Answer::id_token_keyed_with_public_key()),
        ("an alg that is not the key's", header("alg", "ES384".into())),
        ("crit", header("crit", json!(["exp"]))),
        ("b64", header("b64", false.into())),
        ("an access token for an ID token", header("typ", "at+jwt".into())),
        ("a kid that is no text", header("kid", 7.into())),
        ("70 KB", claim("padding", "x".repeat(70_000).into())),
        ("no token at all", Answer::id_token("canary")),
    ]
}

#[tokio::test]
async fn each_lie_told_at_a_login_signs_nobody_in_and_revokes_what_came() {
    let stage = stage().await;
    let only_here = [
        ("a sub of 256 characters", claim("sub", "a".repeat(256).into())),
        ("missing nonce", without("nonce")),
        ("invalid-c-hash", claim("c_hash", "AAAAAAAAAAAAAAAAAAAAAA".into())),
        ("no ID token", Answer::tampered(|body| drop(body.as_object_mut().unwrap().remove("id_token")))),
    ];
    // Whoever the sub names is who signs in: only a refresh can tell that it is another.
    let foreign = about_somebody_else().into_iter().filter(|(lie, _)| *lie != "invalid-sub");
    for (lie, answer) in lies().into_iter().chain(foreign).chain(only_here) {
        stage.provider.journal().clear();
        stage.provider.enqueue(Endpoint::Token, answer);

        let page = stage.browser.navigate(stage.url("/token")).await.unwrap();

        // A key that may not be looked for again yet: try later.
        let status = page.status.as_u16();
        assert!(status == 400 || (status == 503 && lie.contains("key")), "{lie}: {status}");
        assert_eq!((stage.store.len(), stage.session_cookie()), (0, None), "{lie}");
        assert!(!page.text().contains("canary"), "{lie}");
        assert!(stage.provider.journal().reaches(Endpoint::Revocation, 1).await, "{lie}");
        stage.clock.advance(std::time::Duration::from_secs(10));
    }
}

#[tokio::test]
async fn each_lie_told_at_a_refresh_is_not_taken_over_and_the_user_stays_who_they_are() {
    let stage = stage().await;
    stage.sign_in().await;
    let before = stage.fetch("/session").await.1;
    for (lie, answer) in lies() {
        stage.expire_token();
        stage.provider.enqueue(Endpoint::Token, answer);

        let (status, after) = stage.fetch("/session").await;

        assert_eq!(status, 200, "{lie}: {after}");
        assert_eq!(after["id_token"], before["id_token"], "{lie}");
        assert_eq!(stage.fetch("/claims").await.1["sub"], "alice", "{lie}");
    }
    assert_eq!(stage.refreshes(), lies().len(), "each was told");
}

#[tokio::test]
async fn a_lie_about_somebody_else_told_at_a_refresh_ends_the_session() {
    for (lie, answer) in about_somebody_else() {
        let stage = stage().await;
        stage.sign_in().await;
        stage.expire_token();
        stage.provider.enqueue(Endpoint::Token, answer);

        let (status, problem) = stage.fetch("/token").await;

        assert_eq!((status, problem["reason"].as_str()), (401, Some("provider_mismatch")), "{lie}");
    }
}

#[tokio::test]
async fn after_a_lie_the_truth_is_taken_over_again() {
    let stage = stage().await;
    stage.sign_in().await;
    stage.expire_token();
    stage.provider.enqueue(Endpoint::Token, Answer::id_token_with_wrong_signature());
    assert_eq!(stage.fetch("/session").await.0, 200);

    stage.expire_token();
    stage.provider.enqueue(Endpoint::Token, claim("roles", json!(["admin"])));

    assert_eq!(stage.fetch("/claims").await.1["roles"], json!(["admin"]));
}
