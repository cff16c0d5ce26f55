//! The JWT bearer flow against the org.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use authsession_core::signer::SigningKey;
use authsession_salesforce::CirrusError;
use authsession_salesforce::auth::{
    AuthSession, ImportedLogin, InstanceUrlPolicy, JwtAuth, Recovery, token_client_builder,
};
use authsession_testkit::key_pair::KeyPair;
use authsession_testkit::keys::SigningAlgorithm;
use authsession_testkit::org::connected_app::ConnectedApp;
use authsession_testkit::org::endpoint::OrgEndpoint;
use authsession_testkit::script::Answer;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::Value;

use crate::stage::{JWT_BEARER, Stage, minutes};

fn claims_of(stage: &Stage) -> Value {
    let sent = stage.org.journal().last(OrgEndpoint::Token).unwrap();
    let assertion = sent.form_value("assertion").unwrap();
    let claims = assertion.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap()
}

#[tokio::test]
async fn a_signed_assertion_opens_the_org() {
    let stage = Stage::set().await;
    let auth = stage.jwt().build().unwrap();
    stage.opens(&auth).await;
    stage.opens(&auth).await;
    assert_eq!(stage.org.journal().grants(JWT_BEARER), 1, "the token is kept");
}

#[tokio::test]
async fn an_assertion_says_who_for_whom_to_whom_and_until_when() {
    let stage = Stage::set().await;
    stage.jwt().build().unwrap().warm_up().await.unwrap();
    let claims = claims_of(&stage);
    assert_eq!(claims["iss"], stage.org.consumer_key());
    assert_eq!(claims["sub"], stage.org.username());
    assert_eq!(claims["aud"], stage.org.login_url());
    assert_eq!(claims["exp"], stage.time.unix_seconds() + 170);
    let sent = stage.org.journal().last(OrgEndpoint::Token).unwrap();
    assert!(sent.form_value("client_id").is_none() && sent.header("authorization").is_none());
}

#[tokio::test]
async fn another_audience_is_sent_as_it_was_set() {
    let stage = Stage::set().await;
    let auth = stage.jwt().audience("https://test.salesforce.com").build().unwrap();
    stage.opens(&auth).await;
    assert_eq!(claims_of(&stage)["aud"], "https://test.salesforce.com");
}

#[tokio::test]
async fn the_instance_is_learned_by_connecting() {
    let stage = Stage::set_with(|org| org.login_host(true)).await;
    let auth = stage.jwt().instance_url(stage.org.instance_url()).connect().await.unwrap();
    assert_eq!(auth.instance_url(), stage.org.instance_url());
    let unknown = JwtAuth::builder()
        .consumer_key("key")
        .username("ann@acme.example")
        .private_key_pem_bytes(stage.org.private_key_pem().as_bytes())
        .unwrap();
    let error = unknown.build().unwrap_err();
    assert!(matches!(error, CirrusError::MissingField("instance_url")), "{error:?}");
}

#[tokio::test]
async fn each_setting_that_is_missing_is_named() {
    let stage = Stage::set().await;
    let key = stage.org.private_key_pem().as_bytes();
    let full = || stage.jwt();
    let missing = [
        (JwtAuth::builder().username("u").private_key_pem_bytes(key).unwrap(), "consumer_key"),
        (JwtAuth::builder().consumer_key("k").private_key_pem_bytes(key).unwrap(), "username"),
        (JwtAuth::builder().consumer_key("k").username("u"), "private_key"),
    ];
    for (builder, name) in missing {
        let error = builder.instance_url("https://acme.my.salesforce.com").build().unwrap_err();
        assert!(matches!(error, CirrusError::MissingField(field) if field == name), "{name}: {error:?}");
    }
    for (builder, name) in [
        (full().consumer_key(" "), "consumer_key"),
        (full().username(""), "username"),
        (full().token_ttl(Duration::ZERO), "token_ttl"),
        (full().instance_url("http://acme.example"), "instance_url"),
    ] {
        let error = builder.build().unwrap_err();
        assert!(
            matches!(error, CirrusError::InvalidArgument { name: field, .. } if field == name),
            "{error:?}"
        );
    }
    let error = full().login_url("http://acme.example").build().unwrap_err();
    assert!(matches!(error, CirrusError::InsecureLoginUrl { .. }), "{error:?}");
}

#[tokio::test]
async fn a_key_is_read_however_it_was_stored() {
    let stage = Stage::set().await;
    let pem = stage.org.private_key_pem().to_owned();
    let squeezed = pem.replace('\n', " ");
    let escaped = pem.replace('\n', "\\n");
    let encoded = STANDARD.encode(&pem);
    for text in [&pem, &squeezed, &escaped, &encoded] {
        let auth = stage.jwt().private_key_pem_bytes(text.as_bytes()).unwrap().build().unwrap();
        stage.opens(&auth).await;
    }
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("jwt-server.key");
    fs::write(&file, &pem).unwrap();
    stage.opens(&stage.jwt().private_key_pem_file(&file).unwrap().build().unwrap()).await;
    let signer = Arc::new(SigningKey::from_pem(&pem).unwrap());
    stage.opens(&stage.jwt().signer(signer).build().unwrap()).await;
}

#[test]
fn a_key_that_is_none_is_refused_when_it_is_set() {
    let error = JwtAuth::builder().private_key_pem_bytes(b"hunter2").unwrap_err();
    assert!(matches!(error, CirrusError::Misconfigured { .. }), "{error:?}");
    assert!(!format!("{error} {error:?}").contains("hunter2"));
    let error = JwtAuth::builder().private_key_pem_file("/no/such/server.key").unwrap_err();
    assert!(matches!(error.recovery(), Recovery::FixConfig { hint } if hint.contains("file")));
}

#[tokio::test]
async fn a_key_on_a_curve_signs_too() {
    let pair = KeyPair::generate(SigningAlgorithm::Es256).unwrap();
    let app = ConnectedApp::new("curve", "secret").certificate(pair.public_key().unwrap());
    let stage = Stage::set_with(|org| org.app(app)).await;
    let pem = pair.private_key_pem().unwrap();
    stage.opens(&stage.jwt().private_key_pem_bytes(pem.as_bytes()).unwrap().build().unwrap()).await;
}

#[tokio::test]
async fn a_refused_token_is_replaced_once_and_only_if_it_is_the_one_held() {
    let stage = Stage::set().await;
    let auth = stage.jwt().build().unwrap();
    let first = auth.access_token().await.unwrap().into_owned();
    auth.invalidate("00Dxx!AnotherOne").await;
    assert_eq!(auth.access_token().await.unwrap(), first);
    stage.org.expire_sessions();
    auth.invalidate(&first).await;
    stage.opens(&auth).await;
    auth.invalidate(&first).await;
    stage.opens(&auth).await;
    assert_eq!(stage.org.journal().grants(JWT_BEARER), 2);
}

#[tokio::test]
async fn a_token_serves_as_long_as_it_is_used() {
    let stage = Stage::set_with(|org| org.session_timeout(minutes(40))).await;
    let auth = stage.jwt().token_ttl(minutes(30)).build().unwrap();
    for _ in 0..20 {
        stage.opens(&auth).await;
        stage.time.advance(minutes(10));
    }
    assert_eq!(stage.org.journal().grants(JWT_BEARER), 1);
    stage.time.advance(minutes(25));
    stage.opens(&auth).await;
    assert_eq!(stage.org.journal().grants(JWT_BEARER), 2, "it was not used for longer than it serves");
}

#[tokio::test]
async fn a_token_that_does_not_slide_ends_by_the_clock() {
    let stage = Stage::set().await;
    let auth = stage.jwt().token_ttl(minutes(30)).sliding(false).build().unwrap();
    for _ in 0..4 {
        stage.opens(&auth).await;
        stage.time.advance(minutes(10));
    }
    assert!(stage.org.journal().grants(JWT_BEARER) >= 2);
}

#[tokio::test]
async fn when_a_token_ends_can_be_asked() {
    let stage = Stage::set_with(|org| org.session_timeout(minutes(15))).await;
    let secret = stage.org.consumer_secret();
    let auth = stage.jwt().consumer_secret(secret).introspect(true).build().unwrap();
    stage.opens(&auth).await;
    assert_eq!(stage.org.journal().count(OrgEndpoint::Introspection), 1);
    let end = auth.snapshot().unwrap().expires_at.unwrap();
    assert_eq!(end.unix_seconds().unsigned_abs(), stage.time.unix_seconds() + 15 * 60);
}

#[tokio::test]
async fn who_cannot_be_asked_when_a_token_ends_does_not_keep_it_from_serving() {
    let stage = Stage::set().await;
    stage.org.always(OrgEndpoint::Introspection, Answer::status(500));
    let auth = stage.jwt().introspect(true).build().unwrap();
    stage.opens(&auth).await;
}

#[tokio::test]
async fn a_token_that_is_a_jwt_ends_when_it_says() {
    let stage = Stage::set().await;
    let end = stage.time.unix_seconds() + 600;
    let pair = KeyPair::generate(SigningAlgorithm::Es256).unwrap();
    let claims = serde_json::json!({ "iss": "i", "sub": "s", "aud": "a", "iat": end - 600, "exp": end });
    let token = pair.sign(&claims).unwrap();
    stage.tamper(move |answer| answer["access_token"] = token.clone().into());
    let auth = stage.jwt().build().unwrap();
    auth.warm_up().await.unwrap();
    let expires_at = auth.snapshot().unwrap().expires_at.unwrap();
    assert_eq!(expires_at.unix_seconds().unsigned_abs(), end);
}

#[tokio::test]
async fn a_jwt_ends_by_the_clock_that_wrote_it() {
    let stage = Stage::set().await;
    let end = stage.time.unix_seconds() + 600;
    let pair = KeyPair::generate(SigningAlgorithm::Es256).unwrap();
    let claims = serde_json::json!({ "iss": "i", "sub": "s", "aud": "a", "iat": end - 600, "exp": end });
    let token = pair.sign(&claims).unwrap();
    stage.tamper(move |answer| answer["access_token"] = token.clone().into());
    let auth = stage.jwt().clock(stage.clock_ahead(minutes(60))).build().unwrap();
    auth.warm_up().await.unwrap();
    let expires_at = auth.snapshot().unwrap().expires_at.unwrap();
    assert!(expires_at.unix_seconds().unsigned_abs().abs_diff(end + 3600) <= 2);
}

#[tokio::test]
async fn the_http_client_and_its_limits_are_the_callers_choice() {
    let stage = Stage::set().await;
    let client = token_client_builder().user_agent("our-own").build().unwrap();
    stage.opens(&stage.jwt().http_client(client).build().unwrap()).await;
    let sent = stage.org.journal().last(OrgEndpoint::Token).unwrap();
    assert_eq!(sent.header("user-agent"), Some("our-own"));
    let (held, gate) = Answer::normal().held();
    stage.org.enqueue(OrgEndpoint::Token, held);
    let auth = stage.jwt().request_timeout(Duration::from_millis(50)).connect_timeout(None).build().unwrap();
    let error = auth.access_token().await.unwrap_err();
    gate.open();
    assert!(matches!(error, CirrusError::Http(_)) && error.is_transient(), "{error:?}");
}

#[tokio::test]
async fn which_instances_are_admitted_is_a_setting() {
    let elsewhere = |answer: &mut Value| answer["instance_url"] = "http://localhost:1".into();
    for (policy, admitted) in [
        (InstanceUrlPolicy::Exact, false),
        (InstanceUrlPolicy::SameOrg, false),
        (InstanceUrlPolicy::Any, true),
    ] {
        let stage = Stage::set().await;
        stage.tamper(elsewhere);
        let auth = stage.jwt().instance_url_policy(policy).build().unwrap();
        assert_eq!(auth.access_token().await.is_ok(), admitted, "{policy:?}");
        assert_eq!(auth.instance_url() == "http://localhost:1", admitted);
    }
}

#[tokio::test]
async fn a_login_of_the_salesforce_cli_by_a_key_is_taken_over() {
    let stage = Stage::set().await;
    let path = std::env::temp_dir().join(format!("authsession-{}.key", std::process::id()));
    std::fs::write(&path, stage.org.private_key_pem()).unwrap();
    let file = serde_json::json!({
        "clientId": stage.org.consumer_key(), "privateKey": path, "username": stage.org.username(),
        "instanceUrl": stage.org.instance_url(), "loginUrl": stage.org.login_url(), "orgId": stage.org.organization_id(),
    });
    let login = ImportedLogin::from_json(&file.to_string(), None).unwrap();
    let auth = JwtAuth::builder().imported(login).unwrap().clock(stage.clock()).build().unwrap();
    stage.opens(&auth).await;
    std::fs::remove_file(path).unwrap();
    let without = ImportedLogin::from_auth_url("force://PlatformCLI::token@acme.my.salesforce.com").unwrap();
    assert!(matches!(JwtAuth::builder().imported(without), Err(CirrusError::MissingField("private_key"))));
}
