//! What the browser brings back (RFC 6749 §4.1.2, RFC 9207 §2), up to the code that is redeemed.

use authsession_core::authorization::AuthorizationResponse;
use authsession_testkit::endpoint::Endpoint;
use authsession_testkit::script::Answer;
use huskarl::grant::authorization_code::{CompleteInput, StartInput};
use serde_json::json;

use crate::both::{Both, said, verdict};
use crate::verdict::{Outcome, Verdict, assert_explained};

/// Queries; `STATE` and `ISSUER` stand for what an honest provider sends.
const PROMISED: [(&str, &str); 34] = [
    ("honest", "code=a-code&state=STATE&iss=ISSUER"),
    ("parameters nobody knows", "code=a-code&state=STATE&iss=ISSUER&session_state=x&scope=openid"),
    ("in another order", "iss=ISSUER&state=STATE&code=a-code"),
    ("no iss", "code=a-code&state=STATE"),
    ("iss empty", "code=a-code&state=STATE&iss="),
    ("another iss", "code=a-code&state=STATE&iss=https%3A%2F%2Fevil.example"),
    ("iss with a slash more", "code=a-code&state=STATE&iss=ISSUER%2F"),
    ("iss twice", "code=a-code&state=STATE&iss=ISSUER&iss=https%3A%2F%2Fevil.example"),
    ("no state", "code=a-code&iss=ISSUER"),
    ("state empty", "code=a-code&state=&iss=ISSUER"),
    ("another state", "code=a-code&state=stolen&iss=ISSUER"),
    ("state cut", "code=a-code&state=STAT&iss=ISSUER"),
    ("state with something after it", "code=a-code&state=STATEx&iss=ISSUER"),
    ("state with a NUL after it", "code=a-code&state=STATE%00&iss=ISSUER"),
    ("state twice", "code=a-code&state=STATE&state=STATE&iss=ISSUER"),
    ("state twice, once another", "code=a-code&state=stolen&state=STATE&iss=ISSUER"),
    ("no code", "state=STATE&iss=ISSUER"),
    ("code empty", "code=&state=STATE&iss=ISSUER"),
    ("code twice", "code=a-code&code=another&state=STATE&iss=ISSUER"),
    ("code twice, the second empty", "code=a-code&code=&state=STATE&iss=ISSUER"),
    ("code with a NUL", "code=a-code%00&state=STATE&iss=ISSUER"),
    ("code with a line break", "code=a%0D%0Acode&state=STATE&iss=ISSUER"),
    ("code that is not UTF-8", "code=a%ff%fecode&state=STATE&iss=ISSUER"),
    ("code with percent signs that mean nothing", "code=a%zzcode%&state=STATE&iss=ISSUER"),
    ("CODE in capitals", "CODE=a-code&state=STATE&iss=ISSUER"),
    ("code and error", "code=a-code&error=access_denied&state=STATE&iss=ISSUER"),
    ("error", "error=access_denied&state=STATE&iss=ISSUER"),
    ("error without state", "error=access_denied&iss=ISSUER"),
    ("error empty beside a code", "code=a-code&error=&state=STATE&iss=ISSUER"),
    ("a signed response", "response=a.b.c&state=STATE&iss=ISSUER"),
    ("a signed response beside a code", "code=a-code&response=a.b.c&state=STATE&iss=ISSUER"),
    ("empty", ""),
    ("a parameter nobody knows twice", "code=a-code&state=STATE&iss=ISSUER&x=1&x=2"),
    ("an ID token beside the code", "code=a-code&state=STATE&iss=ISSUER&id_token=a.b.c"),
];

/// From a provider that does not promise `iss`.
const NOT_PROMISED: [(&str, &str); 3] = [
    ("iss not promised, and none", "code=a-code&state=STATE"),
    ("iss not promised, and the right one", "code=a-code&state=STATE&iss=ISSUER"),
    ("iss not promised, and another", "code=a-code&state=STATE&iss=https%3A%2F%2Fevil.example"),
];

fn fill(both: &Both, query: &str, state: &str) -> String {
    let issuer: String = url::form_urlencoded::byte_serialize(both.opposite.issuer().as_bytes()).collect();
    let query = query.replace("STATE", state).replace("ISSUER", &issuer);
    query.replace("STAT", &state[..state.len() - 1])
}

async fn ours(both: &Both, query: &str) -> Verdict {
    let provider = both.provider()?;
    let pending = both.begin(&provider, "profile").await?;
    let metadata = provider.metadata().await.map_err(said)?;
    let response = AuthorizationResponse::parse(&fill(both, query, pending.state.expose())).map_err(said)?;
    verdict(response.check(&pending, &metadata))
}

async fn theirs(both: &Both, query: &str) -> Verdict {
    let grant = both.grant(Some(false)).await?;
    let pending = grant.start(StartInput::scope(vec!["profile".to_owned()])).await.unwrap().pending_state;
    let back: CompleteInput = fill(both, query, &pending.state).parse().map_err(said)?;
    verdict(grant.complete(&pending, back).await)
}

async fn outcomes(cases: &[(&'static str, &'static str)], promised: bool) -> Vec<Outcome> {
    let both = Both::meet().await;
    let mut document = both.published(Endpoint::Discovery).await;
    document["authorization_response_iss_parameter_supported"] = promised.into();
    both.says(Endpoint::Discovery, Answer::json(200, &document));
    both.says(Endpoint::Token, Answer::json(200, &json!({ "access_token": "at", "token_type": "Bearer" })));
    let mut outcomes = Vec::new();
    for (case, query) in cases {
        outcomes.push(Outcome { case, ours: ours(&both, query).await, theirs: theirs(&both, query).await });
    }
    outcomes
}

#[tokio::test]
async fn authorization_responses_are_taken_or_refused_by_both_alike() {
    let mut all = outcomes(&PROMISED, true).await;
    all.extend(outcomes(&NOT_PROMISED, false).await);
    assert_explained("authorization response", &all);
}
