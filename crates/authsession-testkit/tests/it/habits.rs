//! What real providers do differently, each imitated to the letter.

use crate::relying_party::CALLBACK;
use crate::relying_party::code;
use crate::relying_party::own_token;
use crate::relying_party::parameter;
use crate::relying_party::part;
use crate::relying_party::post;
use crate::relying_party::post_bare;
use crate::relying_party::redeem;
use crate::relying_party::refresh;
use crate::relying_party::refusal;
use crate::relying_party::sent_back;
use crate::relying_party::signed_in;
use crate::relying_party::text;
use authsession_testkit::browser::Browser;
use authsession_testkit::builder::ProviderBuilder;
use authsession_testkit::client::Client;
use authsession_testkit::clock::VirtualClock;
use authsession_testkit::endpoint::Endpoint;
use authsession_testkit::habits::AssertionAudience;
use authsession_testkit::habits::Habits;
use authsession_testkit::key_pair::KeyPair;
use authsession_testkit::keys::SigningAlgorithm;
use authsession_testkit::provider::Provider;
use authsession_testkit::script::Answer;
use aws_lc_rs::digest;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use serde_json::json;
use std::time::Duration;

async fn with(habits: Habits) -> (Provider, Browser) {
    started(Provider::builder().habits(habits)).await
}

async fn started(builder: ProviderBuilder) -> (Provider, Browser) {
    let clock = VirtualClock::halted();
    let provider = builder.clock(clock.clone()).start().await.unwrap();
    (provider, Browser::with_clock(clock).unwrap())
}

fn half(algorithm: &'static digest::Algorithm, text: &str) -> String {
    let hash = digest::digest(algorithm, text.as_bytes());
    URL_SAFE_NO_PAD.encode(&hash.as_ref()[..hash.as_ref().len() / 2])
}

async fn userinfo(browser: &Browser, provider: &Provider, token: &str) -> (u16, String, String) {
    let bearer = format!("Bearer {token}");
    let headers = [("authorization", bearer.as_str())];
    let url = provider.endpoint(Endpoint::Userinfo);
    let page = browser.fetch_with(http::Method::GET, url, &headers, "").await.unwrap();
    let kind = page.header("content-type").unwrap_or_default().to_owned();
    (page.status.as_u16(), kind, page.text().into_owned())
}

#[tokio::test]
async fn the_token_type_is_spelled_as_stated_and_every_answer_edited() {
    let habits = Habits::default().token_type("bearer").token_answer(|answer| {
        answer.insert("iat".to_owned(), 1.into());
    });
    let (provider, browser) = with(habits).await;
    let first = signed_in(&browser, &provider).await;
    let second = refresh(&browser, &provider, text(&first, "refresh_token")).await.json().unwrap();
    for answer in [first, second] {
        assert_eq!((&answer["token_type"], &answer["iat"]), (&json!("bearer"), &json!(1)));
    }
}

#[tokio::test]
async fn an_edit_of_id_tokens_comes_before_a_scripted_lie_and_is_signed() {
    let habits = Habits::default().id_token(|_, claims| {
        claims["aud"] = json!([]);
        claims["amr"] = json!(["session"]);
    });
    let (provider, browser) = with(habits).await;
    provider.enqueue(Endpoint::Token, Answer::lying_id_token(|_, claims| claims["amr"] = json!(["pwd"])));
    let claims = part(text(&signed_in(&browser, &provider).await, "id_token"), 1);
    assert_eq!((&claims["aud"], &claims["amr"]), (&json!([]), &json!(["pwd"])));
}

#[tokio::test]
async fn authorization_responses_are_edited_and_errors_may_lack_iss() {
    let habits = Habits::default().no_iss_in_errors().authorization_response(|parameters| {
        parameters.push(("session_state".to_owned(), "abc.def".to_owned()));
    });
    let (provider, browser) = with(habits).await;
    let success = sent_back(&browser, &provider, &[]).await;
    assert_eq!(parameter(&success, "iss").as_deref(), Some(provider.issuer()));
    assert_eq!(parameter(&success, "session_state").as_deref(), Some("abc.def"));
    provider.deny_next_authorization("access_denied");
    let refused = sent_back(&browser, &provider, &[]).await;
    assert_eq!(parameter(&refused, "error").as_deref(), Some("access_denied"));
    assert_eq!(parameter(&refused, "iss"), None);
}

#[tokio::test]
async fn terse_refusals_say_next_to_nothing() {
    let pair = KeyPair::generate(SigningAlgorithm::Es256).unwrap();
    let builder = Provider::builder()
        .client(Client::confidential("client", "secret"))
        .client(Client::with_key("batch", pair.public_key().unwrap()))
        .habits(Habits::default().terse_refusals());
    let (provider, browser) = started(builder).await;
    let dead = refresh(&browser, &provider, "dead").await;
    assert_eq!((dead.status.as_u16(), dead.text().len()), (400, 0));
    assert_eq!(refusal(&redeem(&browser, &provider, "no code").await), (403, "invalid_code".to_owned()));
    let fields = [
        ("grant_type", "client_credentials"),
        ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
        ("client_assertion", "nonsense"),
    ];
    let refused = post_bare(&browser, &provider, Endpoint::Token, &fields).await;
    assert_eq!((refused.status.as_u16(), refused.text().len()), (403, 0));
}

#[tokio::test]
async fn a_second_token_in_the_same_second_is_a_500_with_sql_and_spends_nothing() {
    let (provider, browser) = with(Habits::default().one_token_a_second()).await;
    let tokens = signed_in(&browser, &provider).await;
    let failed = refresh(&browser, &provider, text(&tokens, "refresh_token")).await;
    assert_eq!(refusal(&failed), (500, "internal_server_error".to_owned()));
    assert!(failed.text().contains("INSERT INTO token"));
    provider.clock().advance(Duration::from_secs(1));
    assert_eq!(refresh(&browser, &provider, text(&tokens, "refresh_token")).await.status, 200);
}

#[tokio::test]
async fn userinfo_refuses_with_the_status_stated() {
    let (provider, browser) = with(Habits::default().userinfo_refusal(400)).await;
    let tokens = signed_in(&browser, &provider).await;
    provider.revoke_access_tokens();
    assert_eq!(userinfo(&browser, &provider, text(&tokens, "access_token")).await.0, 400);
}

#[tokio::test]
async fn userinfo_may_be_a_signed_token() {
    let (provider, browser) = with(Habits::default().userinfo_signed()).await;
    let tokens = signed_in(&browser, &provider).await;
    let (status, kind, token) = userinfo(&browser, &provider, text(&tokens, "access_token")).await;
    assert_eq!((status, kind.as_str()), (200, "application/jwt"));
    let claims = part(&token, 1);
    assert_eq!((&claims["sub"], &claims["iss"]), (&json!("alice"), &json!(provider.issuer())));
    assert_eq!(claims["aud"], provider.client_id());
}

#[tokio::test]
async fn an_assertion_must_be_made_out_to_the_audience_stated_alone() {
    let pair = KeyPair::generate(SigningAlgorithm::Es256).unwrap();
    for only in [AssertionAudience::Issuer, AssertionAudience::TokenEndpoint] {
        let client = Client::with_key("batch", pair.public_key().unwrap());
        let habits = Habits::default().assertion_audience(only);
        let (provider, browser) = started(Provider::builder().client(client).habits(habits)).await;
        let (issuer, endpoint) = (provider.issuer().to_owned(), provider.endpoint(Endpoint::Token));
        let expires = provider.clock().unix_seconds() + 60;
        let mut statuses = Vec::new();
        for (id, audience) in [json!(issuer), json!(endpoint), json!([issuer, endpoint])].iter().enumerate() {
            let claims = json!({
                "iss": "batch", "sub": "batch", "aud": audience, "exp": expires, "jti": id.to_string(),
            });
            let assertion = pair.sign(&claims).unwrap();
            let fields = [
                ("grant_type", "client_credentials"),
                ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
                ("client_assertion", assertion.as_str()),
            ];
            statuses.push(post_bare(&browser, &provider, Endpoint::Token, &fields).await.status.as_u16());
        }
        let expected = if only == AssertionAudience::Issuer { [200, 401, 401] } else { [401, 200, 401] };
        assert_eq!(statuses, expected, "{only:?}");
    }
}

#[tokio::test]
async fn keys_without_ids_are_named_nowhere() {
    let (provider, browser) = with(Habits::default().key_ids_withheld()).await;
    let tokens = signed_in(&browser, &provider).await;
    assert!(part(text(&tokens, "id_token"), 0).get("kid").is_none());
    let set: Value = browser.fetch(provider.endpoint(Endpoint::Jwks)).await.unwrap().json().unwrap();
    assert!(set["keys"][0]["n"].is_string() && set["keys"][0].get("kid").is_none());
}

#[tokio::test]
async fn an_at_hash_for_eddsa_may_be_by_sha_256() {
    for (habits, hash) in
        [(Habits::default(), &digest::SHA512), (Habits::default().sha256_for_eddsa(), &digest::SHA256)]
    {
        let builder = Provider::builder().signing_algorithm(SigningAlgorithm::EdDsa).habits(habits);
        let (provider, browser) = started(builder).await;
        let tokens = signed_in(&browser, &provider).await;
        let claims = part(text(&tokens, "id_token"), 1);
        assert_eq!(claims["at_hash"], half(hash, text(&tokens, "access_token")));
    }
}

#[tokio::test]
async fn code_and_state_are_hashed_into_the_first_id_token() {
    let (provider, browser) = with(Habits::default().code_and_state_hashed()).await;
    let code = code(&browser, &provider).await;
    let tokens: Value = redeem(&browser, &provider, &code).await.json().unwrap();
    let claims = part(text(&tokens, "id_token"), 1);
    assert_eq!(claims["c_hash"], half(&digest::SHA256, &code));
    assert_eq!(claims["s_hash"], half(&digest::SHA256, "the-state"));
}

#[tokio::test]
async fn a_refresh_may_end_the_older_access_tokens() {
    let (provider, browser) = with(Habits::default().refresh_ends_access_tokens()).await;
    let first = signed_in(&browser, &provider).await;
    let second = refresh(&browser, &provider, text(&first, "refresh_token")).await.json().unwrap();
    assert!(!provider.live_access_token(text(&first, "access_token")));
    assert!(provider.live_access_token(text(&second, "access_token")));
}

#[tokio::test]
async fn a_revocation_may_spare_the_access_tokens() {
    let (provider, browser) = with(Habits::default().revocation_spares_access_tokens()).await;
    let tokens = signed_in(&browser, &provider).await;
    let fields = [("token", text(&tokens, "refresh_token"))];
    assert_eq!(post(&browser, &provider, Endpoint::Revocation, &fields).await.status, 200);
    assert!(provider.live_access_token(text(&tokens, "access_token")));
    assert!(!provider.live_refresh_token(text(&tokens, "refresh_token")));
    assert_eq!(refresh(&browser, &provider, text(&tokens, "refresh_token")).await.status, 400);
}

#[tokio::test]
async fn without_habits_nothing_is_different() {
    let (provider, browser) = with(Habits::default()).await;
    let back = sent_back(&browser, &provider, &[]).await;
    assert_eq!(back.as_str().split('?').next(), Some(CALLBACK));
    let answer = own_token(&browser, &provider).await;
    assert_eq!((&answer["token_type"], answer.get("iat")), (&json!("Bearer"), None));
}
