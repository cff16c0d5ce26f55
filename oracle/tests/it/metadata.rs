//! What a provider says about itself (OpenID Connect Discovery 1.0 §4.3, RFC 8414 §3.3), up to the login that is begun with it.

use authsession_testkit::endpoint::Endpoint;
use authsession_testkit::script::Answer;
use huskarl::grant::authorization_code::StartInput;
use serde_json::{Value, json};

use crate::both::{Both, verdict};
use crate::verdict::{Outcome, Verdict, assert_explained};

type Edit = fn(&mut Value);

fn remove(document: &mut Value, name: &str) {
    document.as_object_mut().unwrap().remove(name);
}

const EDITED: [(&str, Edit); 32] = [
    ("honest", |_| {}),
    ("members nobody knows", |document| {
        document["x_new"] = json!({ "deep": [1, { "er": null }] });
    }),
    ("another issuer", |document| document["issuer"] = "https://evil.example".into()),
    ("the issuer with a slash more", |document| {
        document["issuer"] = format!("{}/", document["issuer"].as_str().unwrap()).into();
    }),
    ("the issuer in capitals", |document| {
        document["issuer"] = document["issuer"].as_str().unwrap().to_uppercase().into();
    }),
    ("no issuer", |document| remove(document, "issuer")),
    ("issuer null", |document| document["issuer"] = Value::Null),
    ("issuer a number", |document| document["issuer"] = 7.into()),
    ("no authorization endpoint", |document| remove(document, "authorization_endpoint")),
    ("no token endpoint", |document| remove(document, "token_endpoint")),
    ("token endpoint null", |document| document["token_endpoint"] = Value::Null),
    ("no jwks_uri", |document| remove(document, "jwks_uri")),
    ("no userinfo endpoint", |document| remove(document, "userinfo_endpoint")),
    ("userinfo endpoint null", |document| document["userinfo_endpoint"] = Value::Null),
    ("userinfo endpoint empty", |document| document["userinfo_endpoint"] = "".into()),
    ("no response types", |document| remove(document, "response_types_supported")),
    ("token endpoint relative", |document| document["token_endpoint"] = "/token".into()),
    ("token endpoint over plain http", |document| {
        document["token_endpoint"] = "http://login.example.com/token".into();
    }),
    ("authorization endpoint over plain http", |document| {
        document["authorization_endpoint"] = "http://login.example.com/authorize".into();
    }),
    ("jwks_uri over plain http", |document| {
        document["jwks_uri"] = "http://login.example.com/jwks".into();
    }),
    ("userinfo endpoint over plain http", |document| {
        document["userinfo_endpoint"] = "http://login.example.com/userinfo".into();
    }),
    ("end session endpoint over plain http", |document| {
        document["end_session_endpoint"] = "http://login.example.com/logout".into();
    }),
    ("token endpoint with a password", |document| {
        document["token_endpoint"] = "https://user:secret@login.example.com/token".into();
    }),
    ("token endpoint with a fragment", |document| {
        document["token_endpoint"] = "https://login.example.com/token#part".into();
    }),
    ("authorization endpoint with a query", |document| {
        document["authorization_endpoint"] = "https://login.example.com/authorize?tenant=1".into();
    }),
    ("token endpoint of another scheme", |document| {
        document["token_endpoint"] = "ftp://login.example.com/token".into();
    }),
    ("scopes as one text", |document| {
        document["scopes_supported"] = "openid profile".into();
    }),
    ("client authentication methods as one text", |document| {
        document["token_endpoint_auth_methods_supported"] = "client_secret_basic".into();
    }),
    ("iss promised in quotes", |document| {
        document["authorization_response_iss_parameter_supported"] = "true".into();
    }),
    ("policy page without a scheme", |document| {
        document["op_policy_uri"] = "login.example.com/policy".into();
    }),
    ("signs ID tokens only with none", |document| {
        document["id_token_signing_alg_values_supported"] = json!(["none"]);
    }),
    ("pushed requests required and nowhere to push", |document| {
        remove(document, "pushed_authorization_request_endpoint");
        document["require_pushed_authorization_requests"] = true.into();
    }),
];

type Write = fn(String) -> Answer;

const WRITTEN: [(&str, Write); 14] = [
    ("as plain text", |text| Answer::raw(200, "text/plain", text)),
    ("as HTML", |text| Answer::html(200, text)),
    ("as ld+json", |text| Answer::raw(200, "application/ld+json", text)),
    ("with a charset", |text| Answer::raw(200, "application/json; charset=utf-8", text)),
    ("status 201", |text| Answer::raw(201, "application/json", text)),
    ("status 404 and all there", |text| Answer::raw(404, "application/json", text)),
    ("status 500 and all there", |text| Answer::raw(500, "application/json", text)),
    ("a redirect", |_| Answer::redirect("https://login.example.com/metadata")),
    ("an array", |text| Answer::raw(200, "application/json", format!("[{text}]"))),
    ("half of it", |text| Answer::raw(200, "application/json", text[..text.len() / 2].to_owned())),
    ("something after it", |text| Answer::raw(200, "application/json", format!("{text} {{}}"))),
    ("a byte order mark", |text| Answer::raw(200, "application/json", format!("\u{feff}{text}"))),
    ("the token endpoint twice", |text| {
        let twice = text.replacen('{', r#"{"token_endpoint":"https://evil.example/token","#, 1);
        Answer::raw(200, "application/json", twice)
    }),
    ("an unknown member twice", |text| {
        Answer::raw(200, "application/json", text.replacen('{', r#"{"x":1,"x":2,"#, 1))
    }),
];

async fn ours(both: &Both) -> Verdict {
    let provider = both.provider()?;
    verdict(both.begin(&provider, "openid").await)
}

async fn theirs(both: &Both) -> Verdict {
    let grant = both.grant(None).await?;
    verdict(grant.start(StartInput::scope(vec!["openid".to_owned()])).await)
}

async fn outcome(both: &Both, case: &'static str, answer: Answer) -> Outcome {
    both.says(Endpoint::Discovery, answer);
    Outcome { case, ours: ours(both).await, theirs: theirs(both).await }
}

#[tokio::test]
async fn metadata_are_taken_or_refused_by_both_alike() {
    let (both, mut outcomes) = (Both::meet().await, Vec::new());
    let honest = both.published(Endpoint::Discovery).await;
    for (case, edit) in EDITED {
        let mut document = honest.clone();
        edit(&mut document);
        outcomes.push(outcome(&both, case, Answer::json(200, &document)).await);
    }
    for (case, write) in WRITTEN {
        let text = honest.to_string();
        outcomes.push(outcome(&both, case, write(text)).await);
    }
    assert_explained("metadata", &outcomes);
}
