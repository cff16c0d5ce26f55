//! What the token endpoint says (RFC 6749 §5.1 and §5.2, RFC 6750, RFC 8693 §2.2.1) when a code is redeemed.

use authsession_core::client_auth::{Client, ClientAuth};
use authsession_core::grant::authorization_code::AuthorizationCode;
use authsession_core::secret::Secret;
use authsession_core::token_endpoint::TokenEndpoint;
use authsession_testkit::endpoint::Endpoint;
use authsession_testkit::script::Answer;
use huskarl::grant::authorization_code::{CompleteInput, StartInput};

use crate::both::{Both, verdict};
use crate::verdict::{Outcome, Verdict, assert_explained};

/// Bodies of an answer with status 200. Each begins where the one before it is honest.
const BODIES: [(&str, &str); 52] = [
    ("honest", r#"{"access_token":"at","token_type":"Bearer","expires_in":3600}"#),
    ("members nobody knows", r#"{"access_token":"at","token_type":"Bearer","x":{"deep":[{"er":1}]}}"#),
    ("token_type in small letters", r#"{"access_token":"at","token_type":"bearer"}"#),
    ("token_type in capitals", r#"{"access_token":"at","token_type":"BEARER"}"#),
    ("no token_type", r#"{"access_token":"at"}"#),
    ("token_type empty", r#"{"access_token":"at","token_type":""}"#),
    ("token_type null", r#"{"access_token":"at","token_type":null}"#),
    ("token_type a number", r#"{"access_token":"at","token_type":7}"#),
    ("token_type mac", r#"{"access_token":"at","token_type":"mac"}"#),
    ("token_type DPoP", r#"{"access_token":"at","token_type":"DPoP"}"#),
    ("token_type with a blank", r#"{"access_token":"at","token_type":"Bearer "}"#),
    ("token_type N_A", r#"{"access_token":"at","token_type":"N_A"}"#),
    (
        "token_type N_A of an exchange",
        r#"{"access_token":"at","token_type":"N_A","issued_token_type":"urn:x"}"#,
    ),
    ("no access_token", r#"{"token_type":"Bearer"}"#),
    ("access_token empty", r#"{"access_token":"","token_type":"Bearer"}"#),
    ("access_token null", r#"{"access_token":null,"token_type":"Bearer"}"#),
    ("access_token a number", r#"{"access_token":7,"token_type":"Bearer"}"#),
    ("access_token a list", r#"{"access_token":["at"],"token_type":"Bearer"}"#),
    ("access_token with a blank", r#"{"access_token":"a t","token_type":"Bearer"}"#),
    ("access_token with a line break", r#"{"access_token":"at\r\nx: y","token_type":"Bearer"}"#),
    ("access_token with an umlaut", r#"{"access_token":"ät","token_type":"Bearer"}"#),
    ("expires_in null", r#"{"access_token":"at","token_type":"Bearer","expires_in":null}"#),
    ("expires_in in quotes", r#"{"access_token":"at","token_type":"Bearer","expires_in":"3600"}"#),
    (
        "expires_in in quotes and blanks",
        r#"{"access_token":"at","token_type":"Bearer","expires_in":" 3600 "}"#,
    ),
    ("expires_in a fraction", r#"{"access_token":"at","token_type":"Bearer","expires_in":3599.5}"#),
    (
        "expires_in a fraction in quotes",
        r#"{"access_token":"at","token_type":"Bearer","expires_in":"3599.5"}"#,
    ),
    ("expires_in 0", r#"{"access_token":"at","token_type":"Bearer","expires_in":0}"#),
    ("expires_in negative", r#"{"access_token":"at","token_type":"Bearer","expires_in":-1}"#),
    ("expires_in 1e300", r#"{"access_token":"at","token_type":"Bearer","expires_in":1e300}"#),
    ("expires_in a hundred years", r#"{"access_token":"at","token_type":"Bearer","expires_in":3153600000}"#),
    ("expires_in in words", r#"{"access_token":"at","token_type":"Bearer","expires_in":"an hour"}"#),
    ("expires_in empty", r#"{"access_token":"at","token_type":"Bearer","expires_in":""}"#),
    ("expires_in true", r#"{"access_token":"at","token_type":"Bearer","expires_in":true}"#),
    ("expires_in a list", r#"{"access_token":"at","token_type":"Bearer","expires_in":[3600]}"#),
    ("refresh_token null", r#"{"access_token":"at","token_type":"Bearer","refresh_token":null}"#),
    ("refresh_token empty", r#"{"access_token":"at","token_type":"Bearer","refresh_token":""}"#),
    ("refresh_token a number", r#"{"access_token":"at","token_type":"Bearer","refresh_token":7}"#),
    ("scope null", r#"{"access_token":"at","token_type":"Bearer","scope":null}"#),
    ("scope empty", r#"{"access_token":"at","token_type":"Bearer","scope":""}"#),
    ("scope a list", r#"{"access_token":"at","token_type":"Bearer","scope":["a","b"]}"#),
    ("id_token null", r#"{"access_token":"at","token_type":"Bearer","id_token":null}"#),
    ("id_token empty", r#"{"access_token":"at","token_type":"Bearer","id_token":""}"#),
    ("id_token an object", r#"{"access_token":"at","token_type":"Bearer","id_token":{}}"#),
    (
        "authorization_details a text",
        r#"{"access_token":"at","token_type":"Bearer","authorization_details":"x"}"#,
    ),
    ("an error", r#"{"error":"invalid_grant"}"#),
    ("an error beside the tokens", r#"{"access_token":"at","token_type":"Bearer","error":"invalid_grant"}"#),
    ("error null beside the tokens", r#"{"access_token":"at","token_type":"Bearer","error":null}"#),
    ("access_token twice", r#"{"access_token":"at","access_token":"it","token_type":"Bearer"}"#),
    ("an unknown member twice", r#"{"access_token":"at","token_type":"Bearer","x":1,"x":2}"#),
    ("a member twice further down", r#"{"access_token":"at","token_type":"Bearer","x":{"y":1,"y":2}}"#),
    ("an array", r#"[{"access_token":"at","token_type":"Bearer"}]"#),
    ("something after it", r#"{"access_token":"at","token_type":"Bearer"} x"#),
];

const HONEST: &str = BODIES[0].1;

type Write = fn() -> Answer;

/// Answers that are odd around the body.
const WRITTEN: [(&str, Write); 17] = [
    ("as plain text", || Answer::raw(200, "text/plain", HONEST)),
    ("as HTML", || Answer::html(200, HONEST)),
    ("with a charset", || Answer::raw(200, "application/json;charset=UTF-8", HONEST)),
    ("status 201", || Answer::raw(201, "application/json", HONEST)),
    ("status 400 and tokens", || Answer::raw(400, "application/json", HONEST)),
    ("status 500 and tokens", || Answer::raw(500, "application/json", HONEST)),
    ("status 302 and tokens", || Answer::raw(302, "application/json", HONEST)),
    ("a redirect", || Answer::redirect("https://login.example.com/token")),
    ("as a form", || {
        Answer::raw(200, "application/x-www-form-urlencoded", "access_token=at&token_type=bearer")
    }),
    ("empty", || Answer::raw(200, "application/json", "")),
    ("half of it", || Answer::raw(200, "application/json", &HONEST.as_bytes()[..20])),
    ("a byte order mark", || Answer::raw(200, "application/json", format!("\u{feff}{HONEST}"))),
    ("bytes that are not UTF-8", || {
        Answer::raw(200, "application/json", &b"{\"access_token\":\"a\xfft\",\"token_type\":\"Bearer\"}"[..])
    }),
    ("nested deeply", || {
        let (open, close) = ("[".repeat(200), "]".repeat(200));
        let body = format!(r#"{{"access_token":"at","token_type":"Bearer","x":{open}{close}}}"#);
        Answer::raw(200, "application/json", body)
    }),
    ("ten megabytes", || {
        let body =
            format!(r#"{{"access_token":"at","token_type":"Bearer","x":"{}"}}"#, "x".repeat(10_000_000));
        Answer::raw(200, "application/json", body)
    }),
    ("an access_token of 100 KB", || {
        let body = format!(r#"{{"access_token":"{}","token_type":"Bearer"}}"#, "x".repeat(100_000));
        Answer::raw(200, "application/json", body)
    }),
    ("broken off", Answer::dropped_before),
];

async fn ours(both: &Both) -> Verdict {
    let provider = both.provider()?;
    let pending = both.begin(&provider, "profile").await?;
    let auth = ClientAuth::Secret(Secret::from(both.opposite.client_secret()));
    let client = Client { id: both.opposite.client_id().to_owned(), auth };
    let endpoint = TokenEndpoint::new(provider, client, both.http.clone(), both.clock());
    let grant = AuthorizationCode {
        code: "a-code".into(),
        redirect_uri: Some(pending.redirect_uri.clone()),
        code_verifier: pending.code_verifier,
    };
    verdict(endpoint.redeem(&grant).await)
}

async fn theirs(both: &Both) -> Verdict {
    let grant = both.grant(Some(false)).await?;
    let input = StartInput::scope(vec!["profile".to_owned()]);
    let pending = grant.start(input).await.unwrap().pending_state;
    let back = CompleteInput::builder().code("a-code").state(pending.state.clone());
    verdict(grant.complete(&pending, back.iss(both.opposite.issuer()).build()).await)
}

async fn outcome(both: &Both, case: &'static str, answer: Answer) -> Outcome {
    both.says(Endpoint::Token, answer);
    Outcome { case, ours: ours(both).await, theirs: theirs(both).await }
}

#[tokio::test]
async fn token_answers_are_taken_or_refused_by_both_alike() {
    let (both, mut outcomes) = (Both::meet().await, Vec::new());
    for (case, body) in BODIES {
        outcomes.push(outcome(&both, case, Answer::raw(200, "application/json", body)).await);
    }
    for (case, write) in WRITTEN {
        outcomes.push(outcome(&both, case, write()).await);
    }
    assert_explained("token answer", &outcomes);
}
