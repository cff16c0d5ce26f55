//! A provider that is away, before it was ever reached and after: how often it is asked, and what serves meanwhile.

use std::time::Duration;

use authsession_core::error::{Endpoint as Where, Error, Fault, OAuthError};
use authsession_testkit::endpoint::Endpoint;
use authsession_testkit::script::Answer;

use crate::mint::Mint;
use crate::parties::Parties;
use crate::verdict::{fault, hint, retry_after, untrusted};

const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
const TWO_HOURS: Duration = Duration::from_secs(7200);

impl Parties {
    fn asked(&self, endpoint: Endpoint) -> usize {
        self.opposite.journal().count(endpoint)
    }
}

#[tokio::test]
async fn a_provider_that_is_away_at_the_start_is_found_when_it_is_back() {
    let parties = Parties::meet().await;
    parties.opposite.shutdown().await;
    assert_eq!(fault(parties.provider.metadata().await), Fault::Unreachable);
    parties.opposite.restart().await.unwrap();
    assert_eq!(fault(parties.provider.metadata().await), Fault::Unreachable, "from memory");
    parties.time.advance(FIRST_PAUSE);
    assert!(parties.provider.metadata().await.is_ok());
}

#[tokio::test]
async fn an_outage_before_the_first_success_is_no_request_a_login() {
    let parties = Parties::meet().await;
    parties.opposite.always(Endpoint::Discovery, Answer::status(503));
    for _ in 0..50 {
        assert_eq!(fault(parties.provider.metadata().await), Fault::Status(503));
    }
    assert_eq!(parties.asked(Endpoint::Discovery), 1);
    // Pauses of one second that double: within ten minutes some twenty attempts, not six hundred.
    for _ in 0..600 {
        parties.time.advance(FIRST_PAUSE);
        assert!(parties.provider.metadata().await.is_err());
    }
    let asked = parties.asked(Endpoint::Discovery);
    assert!((10..=30).contains(&asked), "{asked}");
    parties.opposite.clear(Endpoint::Discovery);
    parties.time.advance(LONGEST_PAUSE);
    assert!(parties.provider.metadata().await.is_ok());
}

#[tokio::test]
async fn an_outage_of_the_keys_before_the_first_success_is_no_request_a_login() {
    let parties = Parties::meet().await;
    parties.opposite.always(Endpoint::Jwks, Answer::status(503));
    let token = Mint::new("key").token(&parties.honest_claims());
    for _ in 0..50 {
        assert_eq!(fault(parties.hold(&token).await), Fault::Status(503));
    }
    assert_eq!(parties.asked(Endpoint::Jwks), 1);
    parties.opposite.clear(Endpoint::Jwks);
    parties.time.advance(FIRST_PAUSE);
    assert!(parties.sign_in().await.is_ok());
}

#[tokio::test]
async fn a_provider_that_asks_for_time_before_the_first_success_gets_it() {
    let parties = Parties::meet().await;
    parties.opposite.enqueue(Endpoint::Discovery, Answer::status(503).retry_after(300));
    let asked_for = Duration::from_secs(300);
    assert_eq!(retry_after(parties.provider.metadata().await), Some(asked_for));
    parties.time.advance(Duration::from_secs(299));
    assert_eq!(retry_after(parties.provider.metadata().await), Some(FIRST_PAUSE), "what is left of it");
    assert_eq!(parties.asked(Endpoint::Discovery), 1);
    parties.time.advance(FIRST_PAUSE);
    assert!(parties.provider.metadata().await.is_ok());
}

#[tokio::test]
async fn a_lie_or_a_missing_document_is_remembered_like_an_outage() {
    let parties = Parties::meet().await;
    let lie = Answer::tampered(|document| document["issuer"] = "https://evil.example".into());
    for (answer, round) in [(lie, 1), (Answer::status(404), 2)] {
        parties.opposite.always(Endpoint::Discovery, answer);
        for _ in 0..10 {
            let outcome = parties.provider.metadata().await;
            let told = if round == 1 { untrusted(outcome) } else { hint(outcome) };
            assert!(told.contains(if round == 1 { "names another issuer" } else { "no discovery document" }));
        }
        // A document that is missing is looked for in both places.
        assert_eq!(parties.asked(Endpoint::Discovery), if round == 1 { 1 } else { 3 });
        parties.time.advance(LONGEST_PAUSE);
    }
    parties.opposite.clear(Endpoint::Discovery);
    assert!(parties.provider.metadata().await.is_ok());
}

#[tokio::test]
async fn a_clock_set_back_stops_neither_the_first_fetch_nor_the_next() {
    let parties = Parties::meet().await;
    parties.opposite.enqueue(Endpoint::Discovery, Answer::status(503).retry_after(600));
    assert!(parties.provider.metadata().await.is_err());
    parties.time.set(parties.time.now() - TWO_HOURS);
    assert!(parties.provider.metadata().await.is_ok(), "the pause is not two hours longer");
    parties.time.set(parties.time.now() - TWO_HOURS);
    parties.provider.metadata().await.unwrap();
    parties.until_asked(Endpoint::Discovery, 3).await;
}

#[tokio::test]
async fn a_clock_set_back_stops_no_search_for_a_new_key() {
    let (parties, old, new) = (Parties::meet().await, Mint::new("old"), Mint::new("new"));
    let (stranger, set_back) = (Mint::new("stranger"), Duration::from_secs(1000));
    parties.publish([old.jwk()]);
    parties.hold(&old.token(&parties.honest_claims())).await.unwrap();
    assert!(untrusted(parties.hold(&stranger.token(&parties.honest_claims())).await).contains("not publish"));
    parties.publish([new.jwk()]);
    parties.time.set(parties.time.now() - set_back);
    assert!(parties.hold(&new.token(&parties.honest_claims())).await.is_ok());
}

#[tokio::test]
async fn what_could_not_be_read_from_the_provider_was_no_grant_presented() {
    for answer in [Answer::dropped_after(), Answer::status(502), Answer::html(200, "<html>")] {
        let parties = Parties::meet().await;
        let login = parties.log_in().await;
        let tokens = parties.redeem(&login).await.unwrap();
        parties.opposite.always(Endpoint::Jwks, answer.clone());
        let keys = parties.verify(&parties.verifier(), &login, &tokens).await;
        assert!(keys.is_err_and(|error| error.is_transient() && !error.may_have_happened()));

        let newcomer = Parties::meet().await;
        newcomer.opposite.always(Endpoint::Discovery, answer);
        let metadata = newcomer.provider.metadata().await;
        assert!(metadata.is_err_and(|error: Error| error.is_transient() && !error.may_have_happened()));
    }
}

#[tokio::test]
async fn the_last_good_copy_serves_while_the_provider_is_away() {
    let parties = Parties::meet().await;
    let before = parties.provider.metadata().await.unwrap();
    parties.opposite.always(Endpoint::Discovery, Answer::html(503, "away"));
    parties.time.advance(TWO_HOURS);
    for _ in 0..20 {
        let metadata = parties.provider.metadata().await.unwrap();
        assert_eq!(metadata.token_endpoint, before.token_endpoint);
    }
    parties.until_asked(Endpoint::Discovery, 2).await;
}

#[tokio::test]
async fn a_provider_that_turns_to_lies_does_not_displace_the_last_good_copy() {
    let parties = Parties::meet().await;
    let before = parties.provider.metadata().await.unwrap();
    let lie = Answer::tampered(|document| document["issuer"] = "https://evil.example".into());
    parties.opposite.always(Endpoint::Discovery, lie);
    parties.time.advance(TWO_HOURS);
    parties.provider.metadata().await.unwrap();
    parties.until_asked(Endpoint::Discovery, 2).await;
    for _ in 0..50 {
        tokio::task::yield_now().await;
        assert_eq!(parties.provider.metadata().await.unwrap().issuer, before.issuer);
    }
}

#[tokio::test]
async fn old_metadata_are_fetched_anew_and_nobody_waits_for_it() {
    let parties = Parties::meet().await;
    parties.provider.metadata().await.unwrap();
    parties.time.advance(TWO_HOURS);
    let (answer, gate) = Answer::normal().held();
    parties.opposite.enqueue(Endpoint::Discovery, answer);
    parties.provider.metadata().await.unwrap();
    assert!(gate.reached().await);
    parties.provider.metadata().await.unwrap();
    gate.open();
}

#[tokio::test]
async fn a_provider_that_asks_for_time_gets_it_while_the_last_good_copy_serves() {
    let parties = Parties::meet().await;
    parties.sign_in().await.unwrap();
    parties.opposite.always(Endpoint::Jwks, Answer::status(429).retry_after(500));
    parties.opposite.rotate_keys().unwrap();
    let wait = retry_after(parties.sign_in().await);
    assert_eq!(wait, Some(Duration::from_secs(500)));
    parties.opposite.clear(Endpoint::Jwks);
    parties.time.advance(Duration::from_secs(499));
    assert_eq!(fault(parties.sign_in().await), Fault::BackingOff);
    assert_eq!(parties.asked(Endpoint::Jwks), 2);
    parties.time.advance(FIRST_PAUSE);
    assert!(parties.sign_in().await.is_ok());
}

#[test]
fn what_failed_and_how_is_told_in_words() {
    let told = |endpoint, fault| Error::unavailable(endpoint, fault).to_string();
    for (fault, words) in [
        (Fault::Unreachable, "no connection"),
        (Fault::NoAnswer, "the connection broke"),
        (Fault::TimedOut, "no answer in time"),
        (Fault::Status(502), "status 502"),
        (Fault::Reported, "a failure of its own"),
        (Fault::BadAnswer, "not one of the protocol"),
        (Fault::AlreadyInProcess, "another request with this grant"),
        (Fault::BackingOff, "waiting after a failure"),
    ] {
        assert!(told(Where::Token, fault).contains(words), "{}", told(Where::Token, fault));
    }
    for (endpoint, words) in [
        (Where::Authorization, "authorization endpoint"),
        (Where::DeviceAuthorization, "device authorization endpoint"),
        (Where::Jwks, "key set"),
    ] {
        assert!(told(endpoint, Fault::NoAnswer).contains(words), "{}", told(endpoint, Fault::NoAnswer));
    }
    assert_eq!(OAuthError::Unstated.code(), "no_error_code");
}
