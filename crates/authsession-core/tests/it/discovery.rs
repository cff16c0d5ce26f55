//! Lies about the provider's metadata (OpenID Connect Discovery 1.0 §4.3).

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, UNIX_EPOCH};

use authsession_core::clock::Clock;
use authsession_core::error::Fault;
use authsession_core::http::HttpClient;
use authsession_core::provider::{Endpoints, Provider, ProviderMetadata};
use authsession_testkit::endpoint::Endpoint;
use authsession_testkit::script::Answer;
use serde_json::Value;
use url::Url;

use crate::parties::Parties;
use crate::verdict::{fault, hint, untrusted};

async fn answered(answer: Answer) -> Result<Arc<ProviderMetadata>, authsession_core::error::Error> {
    let parties = Parties::meet().await;
    parties.opposite.enqueue(Endpoint::Discovery, answer);
    parties.provider.metadata().await
}

#[tokio::test]
async fn metadata_that_name_another_issuer_are_refused() {
    for other in ["https://evil.example", "", "HTTP://127.0.0.1"] {
        let outcome = answered(Answer::tampered(move |document| document["issuer"] = other.into())).await;
        assert!(untrusted(outcome).contains("names another issuer"));
    }
    let missing = |document: &mut Value| drop(document.as_object_mut().unwrap().remove("issuer"));
    assert!(untrusted(answered(Answer::tampered(missing)).await).contains("names another issuer"));
}

#[tokio::test]
async fn a_slash_at_the_end_makes_another_issuer() {
    let slash = |document: &mut Value| {
        document["issuer"] = format!("{}/", document["issuer"].as_str().unwrap()).into();
    };
    assert!(untrusted(answered(Answer::tampered(slash)).await).contains("names another issuer"));
}

#[tokio::test]
async fn an_issuer_that_ends_in_a_slash_is_found() {
    let parties = Parties::meet_with(|builder| builder.issuer_path("/")).await;
    let signed_in = parties.sign_in().await.unwrap();
    assert!(signed_in.claims.issuer.ends_with('/'));
    let asked = parties.opposite.journal().last(Endpoint::Discovery).unwrap();
    assert_eq!(asked.path, "/.well-known/openid-configuration");
}

#[tokio::test]
async fn an_issuer_with_a_path_is_found() {
    let parties = Parties::meet_with(|builder| builder.issuer_path("/tenant/one")).await;
    assert!(parties.sign_in().await.is_ok());
    let asked = parties.opposite.journal().last(Endpoint::Discovery).unwrap();
    assert_eq!(asked.path, "/tenant/one/.well-known/openid-configuration");
}

#[tokio::test]
async fn metadata_that_are_html_are_a_bad_answer() {
    assert_eq!(fault(answered(Answer::html(200, "<html>welcome</html>")).await), Fault::BadAnswer);
}

#[tokio::test]
async fn metadata_of_10_mb_or_without_an_end_are_a_bad_answer() {
    for answer in [Answer::oversized(10_000_000), Answer::endless(), Answer::gzip_bomb()] {
        assert_eq!(fault(answered(answer).await), Fault::BadAnswer);
    }
}

#[tokio::test]
async fn metadata_that_break_off_are_no_answer() {
    let fault = fault(answered(Answer::truncated()).await);
    assert!(matches!(fault, Fault::NoAnswer | Fault::BadAnswer), "{fault:?}");
}

#[tokio::test]
async fn metadata_that_redirect_are_a_bad_answer_and_not_followed() {
    let parties = Parties::meet().await;
    let elsewhere = parties.opposite.endpoint(Endpoint::Userinfo);
    parties.opposite.enqueue(Endpoint::Discovery, Answer::redirect(elsewhere));
    assert_eq!(fault(parties.provider.metadata().await), Fault::BadAnswer);
    assert_eq!(parties.opposite.journal().count(Endpoint::Userinfo), 0);
}

#[tokio::test]
async fn metadata_that_are_slow_time_out() {
    let parties = Parties::meet().await;
    let (answer, _never_opened) = Answer::normal().held();
    parties.opposite.enqueue(Endpoint::Discovery, answer);
    let http = HttpClient::builder().timeout(Duration::from_millis(200)).build().unwrap();
    let provider = parties.newcomer(Endpoints::default(), &http);
    assert_eq!(fault(provider.metadata().await), Fault::TimedOut);
}

#[tokio::test]
async fn metadata_that_are_broken_json_or_name_something_twice_are_a_bad_answer() {
    for body in ["", "{", "[]", "null", r#"{"issuer":"a","issuer":"b"}"#, "{} {}"] {
        let outcome = answered(Answer::raw(200, "application/json", body)).await;
        assert_eq!(fault(outcome), Fault::BadAnswer, "{body}");
    }
}

#[tokio::test]
async fn metadata_without_an_endpoint_are_refused() {
    let no_token_endpoint = Answer::tampered(|document| document["token_endpoint"] = Value::Null);
    assert!(untrusted(answered(no_token_endpoint).await).contains("lacks the token endpoint"));
    let no_url = Answer::tampered(|document| document["jwks_uri"] = "not a URL".into());
    assert!(untrusted(answered(no_url).await).contains("lacks the token endpoint"));
}

#[tokio::test]
async fn metadata_without_anything_optional_serve() {
    let bare = |document: &mut Value| {
        let kept = ["issuer", "authorization_endpoint", "token_endpoint", "jwks_uri"];
        document.as_object_mut().unwrap().retain(|name, _| kept.contains(&name.as_str()));
    };
    let parties = Parties::meet().await;
    parties.opposite.enqueue(Endpoint::Discovery, Answer::tampered(bare));
    assert!(parties.sign_in().await.is_ok());
}

#[tokio::test]
async fn an_endpoint_by_http_on_a_public_host_is_refused() {
    for name in [
        "authorization_endpoint",
        "token_endpoint",
        "jwks_uri",
        "userinfo_endpoint",
        "revocation_endpoint",
        "introspection_endpoint",
        "device_authorization_endpoint",
        "end_session_endpoint",
    ] {
        for url in ["http://login.example.com/x", "ftp://127.0.0.1/x", "https://user:pw@login.example.com/"] {
            let outcome = answered(Answer::tampered(move |document| document[name] = url.into())).await;
            assert!(hint(outcome).contains("the provider's URLs must"), "{name} {url}");
        }
    }
}

#[tokio::test]
async fn an_issuer_that_cannot_be_one_is_refused_before_any_request() {
    let parties = Parties::meet().await;
    for issuer in [
        "",
        "login.example.com",
        "http://login.example.com",
        "http://localhost.example.com",
        "https://login.example.com?tenant=1",
        "https://login.example.com#x",
        "https://user@login.example.com",
    ] {
        let outcome = Provider::discover(issuer, Endpoints::default(), parties.http.clone(), parties.clock());
        assert!(!hint(outcome).is_empty(), "{issuer}");
    }
}

#[tokio::test]
async fn an_issuer_without_a_document_is_a_misconfiguration() {
    let parties = Parties::meet().await;
    parties.opposite.always(Endpoint::Discovery, Answer::status(404));
    let outcome = parties.provider.metadata().await;
    assert!(hint(outcome).contains("no discovery document at the issuer"));
}

#[tokio::test]
async fn metadata_that_are_only_where_rfc_8414_looks_are_found() {
    let parties = Parties::meet_with(|builder| builder.issuer_path("/tenant/one")).await;
    parties.opposite.enqueue(Endpoint::Discovery, Answer::status(404));
    assert!(parties.sign_in().await.is_ok());
    let asked = parties.opposite.journal().last(Endpoint::Discovery).unwrap();
    assert_eq!(asked.path, "/.well-known/oauth-authorization-server/tenant/one");
}

#[tokio::test]
async fn however_many_ask_at_once_one_request_is_sent() {
    let parties = Parties::meet().await;
    let (answer, gate) = Answer::normal().held();
    parties.opposite.enqueue(Endpoint::Discovery, answer);
    let tasks: Vec<_> = (0..100)
        .map(|_| {
            let provider = Arc::clone(&parties.provider);
            tokio::spawn(async move { provider.metadata().await.is_ok() })
        })
        .collect();
    assert!(gate.reached().await);
    gate.open();
    for task in tasks {
        assert!(task.await.unwrap());
    }
    assert_eq!(parties.opposite.journal().count(Endpoint::Discovery), 1);
}

/// A clock that stops whoever asks it first until it is let go.
fn clock_that_stops_the_first() -> (Clock, Receiver<()>, Sender<()>) {
    let ((stopped, is_stopped), (let_go, wait)) = (channel(), channel());
    let first = Mutex::new(Some((stopped, wait)));
    let clock = Clock::from_fn(move || {
        let first = first.lock().unwrap().take();
        if let Some((stopped, wait)) = first {
            stopped.send(()).unwrap();
            wait.recv().unwrap();
        }
        UNIX_EPOCH
    });
    (clock, is_stopped, let_go)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn who_comes_to_fetch_too_late_takes_what_just_landed() {
    let parties = Parties::meet().await;
    let (clock, is_stopped, let_go) = clock_that_stops_the_first();
    let http = parties.http.clone();
    let provider = Provider::discover(parties.opposite.issuer(), Endpoints::default(), http, clock).unwrap();
    let provider = Arc::new(provider);
    let late = Arc::clone(&provider);
    let late = tokio::spawn(async move { late.metadata().await.is_ok() });
    // It has seen that there is nothing, and asks for the time.
    is_stopped.recv().unwrap();

    provider.metadata().await.unwrap();
    let_go.send(()).unwrap();

    assert!(late.await.unwrap());
    assert_eq!(parties.opposite.journal().count(Endpoint::Discovery), 1);
}

#[tokio::test]
async fn metadata_are_fetched_once_and_kept() {
    let parties = Parties::meet().await;
    for _ in 0..10 {
        parties.provider.metadata().await.unwrap();
    }
    assert_eq!(parties.opposite.journal().count(Endpoint::Discovery), 1);
}

/// The endpoints the provider announces, as if somebody had typed them in.
fn typed_in(parties: &Parties) -> Endpoints {
    let url = |endpoint| Url::parse(&parties.opposite.endpoint(endpoint)).ok();
    Endpoints {
        authorization: url(Endpoint::Authorization),
        token: url(Endpoint::Token),
        jwks: url(Endpoint::Jwks),
        ..Endpoints::default()
    }
}

#[tokio::test]
async fn a_provider_described_by_hand_is_not_asked_for_metadata() {
    let parties = Parties::meet_with(|builder| builder.plain_oauth2(true)).await;
    let metadata = ProviderMetadata::by_hand(typed_in(&parties)).unwrap();
    let provider = Provider::by_hand(metadata, parties.http.clone(), parties.clock()).unwrap();
    assert_eq!(provider.metadata().await.unwrap().issuer, None);
    parties.time.advance(Duration::from_secs(7200));
    assert_eq!(provider.metadata().await.unwrap().issuer, None);
    assert_eq!(parties.opposite.journal().count(Endpoint::Discovery), 0);
}

#[tokio::test]
async fn a_provider_described_by_hand_has_its_keys_fetched() {
    let mut parties = Parties::meet().await;
    let mut metadata = ProviderMetadata::by_hand(typed_in(&parties)).unwrap();
    metadata.issuer = Some(parties.opposite.issuer().to_owned());
    let provider = Provider::by_hand(metadata, parties.http.clone(), parties.clock()).unwrap();
    parties.provider = Arc::new(provider);
    assert!(parties.sign_in().await.is_ok());
    let journal = parties.opposite.journal();
    assert_eq!((journal.count(Endpoint::Discovery), journal.count(Endpoint::Jwks)), (0, 1));
}

#[tokio::test]
async fn a_provider_described_by_hand_needs_its_token_endpoint() {
    let parties = Parties::meet().await;
    let without = |leave_out: fn(&mut Endpoints)| {
        let mut endpoints = typed_in(&parties);
        leave_out(&mut endpoints);
        ProviderMetadata::by_hand(endpoints)
    };
    assert!(without(|_| ()).is_some());
    assert!(without(|endpoints| endpoints.jwks = None).is_some());
    assert!(without(|endpoints| endpoints.authorization = None).is_some());
    assert!(without(|endpoints| endpoints.token = None).is_none());
}

#[tokio::test]
async fn a_provider_described_by_hand_over_http_is_refused() {
    let parties = Parties::meet().await;
    let url = Url::parse("http://login.example.com/token").ok();
    let endpoints = Endpoints { authorization: url.clone(), token: url, ..Endpoints::default() };
    let metadata = ProviderMetadata::by_hand(endpoints).unwrap();
    let outcome = Provider::by_hand(metadata, parties.http.clone(), parties.clock());
    assert!(hint(outcome).contains("must be https"));
}

#[tokio::test]
async fn endpoints_by_hand_go_before_those_announced() {
    let parties = Parties::meet().await;
    let announced = parties.provider.metadata().await.unwrap();
    let by_hand = |path: &str| Url::parse(&format!("https://by-hand.example/{path}")).ok();
    let endpoints = Endpoints {
        authorization: by_hand("authorize"),
        token: by_hand("token"),
        jwks: by_hand("keys"),
        userinfo: by_hand("userinfo"),
        revocation: by_hand("revoke"),
        introspection: by_hand("introspect"),
        device_authorization: by_hand("device"),
        end_session: by_hand("logout"),
    };
    let all = parties.newcomer(endpoints, &parties.http).metadata().await.unwrap();
    assert_eq!(all.authorization_endpoint, by_hand("authorize"));
    assert_eq!(Some(&all.token_endpoint), by_hand("token").as_ref());
    assert_eq!(all.jwks_uri, by_hand("keys"));
    assert_eq!(all.userinfo_endpoint, by_hand("userinfo"));
    assert_eq!(all.revocation_endpoint, by_hand("revoke"));
    assert_eq!(all.introspection_endpoint, by_hand("introspect"));
    assert_eq!(all.device_authorization_endpoint, by_hand("device"));
    assert_eq!(all.end_session_endpoint, by_hand("logout"));

    let one = Endpoints { userinfo: by_hand("userinfo"), ..Endpoints::default() };
    let one = parties.newcomer(one, &parties.http).metadata().await.unwrap();
    assert_eq!(one.userinfo_endpoint, by_hand("userinfo"));
    assert_eq!((&one.token_endpoint, &one.jwks_uri), (&announced.token_endpoint, &announced.jwks_uri));
}

#[tokio::test]
async fn an_endpoint_by_hand_over_http_is_refused() {
    let parties = Parties::meet().await;
    let endpoints =
        || Endpoints { jwks: Url::parse("http://login.example.com/keys").ok(), ..Endpoints::default() };
    let outcome = parties.newcomer(endpoints(), &parties.http).metadata().await;
    assert!(hint(outcome).contains("must be https"));
    let metadata = ProviderMetadata::clone(&*parties.provider.metadata().await.unwrap());
    let outcome = parties.newcomer(endpoints(), &parties.http).seeded(metadata);
    assert!(hint(outcome).contains("must be https"));
}

#[tokio::test]
async fn a_provider_starts_with_metadata_another_one_fetched() {
    let parties = Parties::meet().await;
    let metadata = ProviderMetadata::clone(&*parties.provider.metadata().await.unwrap());
    let userinfo = Url::parse("https://by-hand.example/userinfo").ok();
    let endpoints = Endpoints { userinfo: userinfo.clone(), ..Endpoints::default() };
    let provider = parties.newcomer(endpoints, &parties.http).seeded(metadata).unwrap();
    assert_eq!(provider.metadata().await.unwrap().userinfo_endpoint, userinfo);
    assert_eq!(parties.opposite.journal().count(Endpoint::Discovery), 1);
}

#[tokio::test]
async fn a_provider_does_not_start_with_metadata_of_another_issuer() {
    let (parties, others) = (Parties::meet().await, Parties::meet().await);
    let metadata = ProviderMetadata::clone(&*others.provider.metadata().await.unwrap());
    let outcome = parties.newcomer(Endpoints::default(), &parties.http).seeded(metadata);
    assert!(hint(outcome).contains("those of another issuer"));
}

#[tokio::test]
async fn a_provider_described_by_hand_stays_as_it_is_described() {
    let parties = Parties::meet().await;
    let announced = ProviderMetadata::clone(&*parties.provider.metadata().await.unwrap());
    let token = Url::parse("https://by-hand.example/token").ok();
    let by_hand =
        ProviderMetadata::by_hand(Endpoints { token: token.clone(), ..Endpoints::default() }).unwrap();

    let provider = Provider::by_hand(by_hand, parties.http.clone(), parties.clock()).unwrap();
    let provider = provider.seeded(announced).unwrap();

    assert_eq!(Some(provider.metadata().await.unwrap().token_endpoint.clone()), token);
    assert!(hint(provider.ready().await).contains("publishes no jwks_uri"));
}
