//! Lies of the provider's about itself.

use std::time::Duration;

use authsession_core::clock::Clock;
use authsession_testkit::endpoint::Endpoint;
use authsession_testkit::script::Answer;
use chrono::DateTime;
use serde_json::{Map, Value, json};

use super::{assert_verdict, doctor, provider, provider_that_says, verdict};

type Lie = (&'static str, &'static str, fn(&mut Map<String, Value>));

#[tokio::test]
async fn each_lie_about_itself_has_its_line() {
    let lies: [Lie; 21] = [
        ("issuer", "wrong", |says| drop(says.insert("issuer".into(), "https://evil.example".into()))),
        ("issuer", "wrong", |says| drop(says.remove("issuer"))),
        ("issuer", "warning", |says| {
            drop(says.insert("issuer".into(), "https://login.example/{tenantid}".into()))
        }),
        ("endpoints", "wrong", |says| drop(says.remove("authorization_endpoint"))),
        ("endpoints", "wrong", |says| drop(says.remove("jwks_uri"))),
        ("transport", "wrong", |says| {
            drop(says.insert("userinfo_endpoint".into(), "http://login.example/userinfo".into()));
        }),
        ("signing", "wrong", |says| {
            drop(says.insert("id_token_signing_alg_values_supported".into(), json!(["none"])));
        }),
        ("signing", "wrong", |says| {
            drop(says.insert("id_token_signing_alg_values_supported".into(), json!(["ES512"])));
        }),
        ("signing", "warning", |says| {
            drop(says.insert("id_token_signing_alg_values_supported".into(), json!(["HS256"])));
        }),
        ("signing", "warning", |says| drop(says.remove("id_token_signing_alg_values_supported"))),
        ("code flow", "wrong", |says| {
            drop(says.insert("response_types_supported".into(), json!(["id_token"])))
        }),
        ("PKCE", "warning", |says| drop(says.remove("code_challenge_methods_supported"))),
        ("PKCE", "wrong", |says| {
            drop(says.insert("code_challenge_methods_supported".into(), json!(["plain"])))
        }),
        ("client auth", "wrong", |says| {
            drop(says.insert("token_endpoint_auth_methods_supported".into(), json!(["private_key_jwt"])));
        }),
        ("refresh", "warning", |says| {
            drop((says.remove("scopes_supported"), says.remove("grant_types_supported")));
        }),
        ("scopes", "warning", |says| {
            drop(says.insert("scopes_supported".into(), json!(["openid", "email"])))
        }),
        ("logout", "warning", |says| drop(says.remove("end_session_endpoint"))),
        ("revocation", "warning", |says| drop(says.remove("revocation_endpoint"))),
        ("PAR", "wrong", |says| {
            drop(says.insert("require_pushed_authorization_requests".into(), true.into()))
        }),
        ("request object", "wrong", |says| {
            drop(says.insert("require_signed_request_object".into(), true.into()))
        }),
        ("form_post", "wrong", |says| drop(says.insert("response_modes_supported".into(), json!(["query"])))),
    ];
    for (check, wanted, lie) in lies {
        let provider = provider_that_says(lie).await;
        let more: &[&str] = if check == "form_post" { &["--form-post"] } else { &[] };
        assert_verdict(&verdict(&provider, more, check).await, wanted, check);
    }
}

#[tokio::test]
async fn what_is_not_announced_is_not_held_against_it() {
    let provider = provider_that_says(|says| {
        for name in
            ["response_types_supported", "token_endpoint_auth_methods_supported", "response_modes_supported"]
        {
            says.remove(name);
        }
    })
    .await;
    for check in ["code flow", "client auth"] {
        assert_verdict(&verdict(&provider, &[], check).await, "ok", check);
    }
}

#[tokio::test]
async fn a_document_that_is_none_is_told_for_what_it_is() {
    let answers = [
        ("there is none", Answer::status(404)),
        ("status 500", Answer::status(500)),
        ("no JSON document", Answer::html(200, "<h1>Welcome</h1>")),
        ("redirects to https://elsewhere.example", Answer::redirect("https://elsewhere.example/")),
        ("not available", Answer::dropped_before()),
    ];
    for (told, answer) in answers {
        let provider = provider().await;
        provider.always(Endpoint::Discovery, answer);

        let ended = doctor(&provider, &[]).await;

        assert_eq!(ended.status, Some(1), "{told}");
        assert!(ended.out.contains("wrong    metadata") && ended.out.contains(told), "{told}: {}", ended.out);
    }
}

#[tokio::test]
async fn an_issuer_that_is_none_is_told() {
    for issuer in ["login.example.com", "http://login.example.com", "https://login.example.com/?tenant=1"] {
        let ended = crate::process::run(&["doctor", "--issuer", issuer]).await;

        assert_eq!(ended.status, Some(1), "{issuer}");
        assert!(ended.out.contains("no https URL"), "{issuer}: {}", ended.out);
    }
}

#[tokio::test]
async fn a_clock_that_is_off_is_told_by_how_much() {
    for (seconds, more, wanted) in [
        (0, &[][..], "ok"),
        (20, &[][..], "warning"),
        (300, &[][..], "wrong"),
        (300, &["--clock-tolerance", "600"][..], "warning"),
    ] {
        let provider = provider().await;
        let then = Clock::system().now() + Duration::from_secs(seconds);
        let date = DateTime::from_timestamp(then.unix_seconds(), 0).unwrap();
        let date = date.format("%a, %d %b %Y %H:%M:%S GMT").to_string();
        provider.always(Endpoint::Discovery, Answer::normal().header("date", date));

        assert_verdict(&verdict(&provider, more, "clock").await, wanted, &format!("{seconds} s"));
    }
}

#[tokio::test]
async fn one_that_a_cache_kept_for_long_is_not_off() {
    let provider = provider().await;
    let then = Clock::system().now().unix_seconds() - 3000;
    let date = DateTime::from_timestamp(then, 0).unwrap().format("%a, %d %b %Y %H:%M:%S GMT").to_string();
    let kept = Answer::normal().header("date", date).header("age", "3000");
    provider.always(Endpoint::Discovery, kept);

    assert_verdict(&verdict(&provider, &[], "clock").await, "ok", "age");
}
