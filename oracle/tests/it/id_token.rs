//! The ID token of a login (OpenID Connect Core §3.1.3.7), with the checks both make unless told otherwise.

use std::sync::Arc;
use std::time::Duration;

use authsession_core::authorization::PendingAuthorization;
use authsession_core::id_token::{IdTokenVerifier, LoginExpectations};
use authsession_core::provider::Provider;
use authsession_core::secret::Secret;
use authsession_testkit::keys::SigningAlgorithm;
use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use huskarl::core::crypto::verifier::{JwsVerifierFactory as _, JwsVerifierPlatform};
use huskarl::core::jwk::JwksSource;
use huskarl::core::time::ManualTime;
use huskarl::token::id_token::IdTokenValidator;
use serde_json::{Value, json};

use crate::both::{Both, said, verdict};
use crate::verdict::{Outcome, Verdict, assert_explained};

/// What a login asked for beyond every other.
#[derive(Default)]
pub(crate) struct Asked {
    max_age: Option<u64>,
    acr: Option<&'static str>,
}

/// A login whose ID token is awaited.
pub(crate) struct Login {
    provider: Arc<Provider>,
    pending: PendingAuthorization,
}

impl Login {
    pub(crate) async fn begin(both: &Both) -> Self {
        let provider = both.provider().unwrap();
        let pending = both.begin(&provider, "openid").await.unwrap();
        Self { provider, pending }
    }

    /// Those of an honest ID token.
    pub(crate) fn claims(&self, both: &Both) -> Value {
        let now = both.time.unix_seconds();
        json!({
            "iss": both.opposite.issuer(), "sub": "alice", "aud": both.opposite.client_id(),
            "nonce": self.pending.nonce.expose(), "iat": now, "exp": now + 300,
        })
    }

    pub(crate) async fn verdicts(&self, both: &Both, token: &str, asked: &Asked) -> (Verdict, Verdict) {
        (self.ours(both, token, asked).await, self.theirs(both, token, asked).await)
    }

    async fn ours(&self, both: &Both, token: &str, asked: &Asked) -> Verdict {
        let mut pending = self.pending.clone();
        pending.max_age = asked.max_age;
        let access_token = Secret::from("at");
        let acr: Vec<String> = asked.acr.map(str::to_owned).into_iter().collect();
        let expected =
            LoginExpectations { essential_acr: &acr, ..LoginExpectations::of(&pending, &access_token, None) };
        let verifier = IdTokenVerifier::new(both.opposite.client_id());
        verdict(verifier.verify_login(&self.provider, &token.into(), both.now(), &expected).await)
    }

    async fn theirs(&self, both: &Both, token: &str, asked: &Asked) -> Verdict {
        let nonce = Some(self.pending.nonce.expose());
        let validator = validator(both, asked).await?;
        verdict(validator.validate_at(&token.into(), nonce, both.instant()).await)
    }

    /// A refresh brings `new` after a login brought `old`.
    pub(crate) async fn refreshed(&self, both: &Both, old: &str, new: &str) -> (Verdict, Verdict) {
        let verifier = IdTokenVerifier::new(both.opposite.client_id());
        let access_token = Secret::from("at");
        let expected = LoginExpectations::of(&self.pending, &access_token, None);
        let before = verifier.verify_login(&self.provider, &old.into(), both.now(), &expected).await.unwrap();
        let access_token = Secret::from("at");
        let ours =
            verifier.verify_refresh(&self.provider, &new.into(), &access_token, both.now(), &before).await;

        let validator = validator(both, &Asked::default()).await.unwrap();
        let before = validator.validate_at(&old.into(), None, both.instant()).await.unwrap();
        (verdict(ours), verdict(validator.validate_refresh(&new.into(), &before).await))
    }
}

/// Their side of it, set up as their own sign-in does it.
async fn validator(both: &Both, asked: &Asked) -> Result<IdTokenValidator, String> {
    let metadata = both.metadata().await?;
    let platform: Arc<dyn JwsVerifierPlatform> = huskarl::DefaultJwsVerifierPlatform::default().into();
    let source = JwksSource::builder().clock(ManualTime::new(both.instant()));
    let source = source.http_client(both.requests.clone()).build();
    let keys = source.build(metadata.jwks_uri.as_ref(), platform).await.map_err(said)?;
    let allowed = metadata.id_token_signing_alg_values_supported.unwrap_or_default();
    Ok(IdTokenValidator::builder()
        .verifier(keys)
        .clock(ManualTime::new(both.instant()))
        .issuer(both.opposite.issuer())
        .audience(both.opposite.client_id())
        .allowed_algorithms(allowed.into_iter().collect())
        .maybe_max_age(asked.max_age.map(Duration::from_secs))
        .maybe_required_acr(asked.acr)
        .build())
}

type Edit = fn(&mut Value, &mut Value);

fn set(value: &mut Value, name: &str, to: impl Into<Value>) {
    value[name] = to.into();
}

fn remove(value: &mut Value, name: &str) {
    value.as_object_mut().unwrap().remove(name);
}

/// A time that far from now.
fn put(claims: &mut Value, name: &str, seconds: i64) {
    claims[name] = (claims["now"].as_i64().unwrap() + seconds).into();
}

/// Edits to header and claims before the provider signs them. The claim `now` is there to reckon with, and is not signed.
const EDITED: [(&str, Edit); 66] = [
    ("honest", |_, _| {}),
    ("claims nobody knows", |_, claims| set(claims, "x", json!({ "deep": [1] }))),
    ("another iss", |_, claims| set(claims, "iss", "https://evil.example")),
    ("iss with a slash more", |_, claims| {
        claims["iss"] = format!("{}/", claims["iss"].as_str().unwrap()).into();
    }),
    ("no iss", |_, claims| remove(claims, "iss")),
    ("iss a list", |_, claims| claims["iss"] = json!([claims["iss"]])),
    ("another aud", |_, claims| set(claims, "aud", "another-client")),
    ("no aud", |_, claims| remove(claims, "aud")),
    ("aud empty", |_, claims| set(claims, "aud", json!([]))),
    ("aud a list of us", |_, claims| claims["aud"] = json!([claims["aud"]])),
    ("aud us twice", |_, claims| claims["aud"] = json!([claims["aud"], claims["aud"]])),
    ("aud with a number", |_, claims| claims["aud"] = json!([claims["aud"], 7])),
    ("an audience more", |_, claims| claims["aud"] = json!([claims["aud"], "another"])),
    ("an audience more, and azp us", |_, claims| {
        claims["azp"] = claims["aud"].clone();
        claims["aud"] = json!([claims["aud"], "another"]);
    }),
    ("azp us", |_, claims| claims["azp"] = claims["aud"].clone()),
    ("azp another", |_, claims| set(claims, "azp", "another-client")),
    ("no sub", |_, claims| remove(claims, "sub")),
    ("sub empty", |_, claims| set(claims, "sub", "")),
    ("sub null", |_, claims| set(claims, "sub", Value::Null)),
    ("sub a number", |_, claims| set(claims, "sub", 7)),
    ("sub of 255 characters", |_, claims| set(claims, "sub", "s".repeat(255))),
    ("sub of 256 characters", |_, claims| set(claims, "sub", "s".repeat(256))),
    ("no iat", |_, claims| remove(claims, "iat")),
    ("iat in quotes", |_, claims| claims["iat"] = claims["iat"].to_string().into()),
    ("iat a fraction", |_, claims| claims["iat"] = (claims["iat"].as_f64().unwrap() + 0.5).into()),
    ("iat half a minute ahead", |_, claims| put(claims, "iat", 30)),
    ("iat an hour ahead", |_, claims| put(claims, "iat", 3600)),
    ("iat half a minute ago", |_, claims| put(claims, "iat", -30)),
    ("iat a day ago", |_, claims| put(claims, "iat", -86_400)),
    ("iat negative", |_, claims| set(claims, "iat", -1)),
    ("no exp", |_, claims| remove(claims, "exp")),
    ("exp in quotes", |_, claims| claims["exp"] = claims["exp"].to_string().into()),
    ("exp a fraction", |_, claims| claims["exp"] = (claims["exp"].as_f64().unwrap() + 0.5).into()),
    ("exp half a minute ago", |_, claims| put(claims, "exp", -30)),
    ("exp an hour ago", |_, claims| put(claims, "exp", -3600)),
    ("exp in the year 1e12", |_, claims| set(claims, "exp", 1e12 * 3.15e7)),
    ("nbf half a minute ahead", |_, claims| put(claims, "nbf", 30)),
    ("nbf an hour ahead", |_, claims| put(claims, "nbf", 3600)),
    ("nbf in words", |_, claims| set(claims, "nbf", "now")),
    ("no nonce", |_, claims| remove(claims, "nonce")),
    ("another nonce", |_, claims| set(claims, "nonce", "another")),
    ("nonce empty", |_, claims| set(claims, "nonce", "")),
    ("nonce a number", |_, claims| set(claims, "nonce", 7)),
    ("at_hash right", |_, claims| set(claims, "at_hash", AT_HASH)),
    ("at_hash wrong", |_, claims| set(claims, "at_hash", "AAAAAAAAAAAAAAAAAAAAAA")),
    ("auth_time a fraction", |_, claims| set(claims, "auth_time", 1_700_000_000.5)),
    ("auth_time in words", |_, claims| set(claims, "auth_time", "yesterday")),
    ("email_verified in quotes", |_, claims| set(claims, "email_verified", "true")),
    ("amr one text", |_, claims| set(claims, "amr", "pwd")),
    ("acr a number", |_, claims| set(claims, "acr", 1)),
    ("updated_at as a date", |_, claims| set(claims, "updated_at", "2024-01-01T00:00:00Z")),
    ("address a text", |_, claims| set(claims, "address", "Main Street 1")),
    ("typ JWT", |header, _| set(header, "typ", "JWT")),
    ("typ of an access token", |header, _| set(header, "typ", "at+jwt")),
    ("typ of a logout token", |header, _| set(header, "typ", "logout+jwt")),
    ("typ in small letters", |header, _| set(header, "typ", "jwt")),
    ("no typ", |header, _| remove(header, "typ")),
    ("no kid", |header, _| remove(header, "kid")),
    ("another kid", |header, _| set(header, "kid", "another")),
    ("kid a number", |header, _| set(header, "kid", 7)),
    ("a critical header", |header, _| {
        set(header, "crit", json!(["x"]));
        set(header, "x", 1);
    }),
    ("no critical header, listed", |header, _| set(header, "crit", json!([]))),
    ("an unencoded payload, said", |header, _| {
        set(header, "crit", json!(["b64"]));
        set(header, "b64", false);
    }),
    ("keys in the header", |header, _| {
        set(header, "jku", "https://evil.example/jwks");
        set(header, "x5u", "https://evil.example/cert");
        set(header, "jwk", json!({ "kty": "oct", "k": "AAAA" }));
    }),
    ("alg of another curve", |header, _| set(header, "alg", "ES384")),
    ("alg none, signed", |header, _| set(header, "alg", "none")),
];

/// `at_hash` of the access token `at`.
const AT_HASH: &str = "sda5G2fCr6XjIpiNlGJjjQ";

/// What somebody on the way makes of an honest token.
type Forge = fn(&str) -> String;

fn parts(token: &str) -> [&str; 3] {
    token.split('.').collect::<Vec<_>>().try_into().unwrap()
}

fn header(json: &str) -> String {
    URL_SAFE_NO_PAD.encode(json)
}

fn with_claims(token: &str, edit: impl Fn(String) -> String) -> String {
    let [header, claims, signature] = parts(token);
    let claims = String::from_utf8(URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap();
    format!("{header}.{}.{signature}", URL_SAFE_NO_PAD.encode(edit(claims)))
}

const FORGED: [(&str, Forge); 14] = [
    ("claims changed afterwards", |token| with_claims(token, |claims| claims.replace("alice", "admin"))),
    ("signature of zeros", |token| {
        let [header, claims, _] = parts(token);
        format!("{header}.{claims}.{}", URL_SAFE_NO_PAD.encode([0; 64]))
    }),
    ("signature cut", |token| token[..token.len() - 2].to_owned()),
    ("no signature", |token| token[..=token.rfind('.').unwrap()].to_owned()),
    ("signature with padding", |token| format!("{token}==")),
    ("alg none", |token| format!("{}.{}.", header(r#"{"alg":"none"}"#), parts(token)[1])),
    ("alg nOnE", |token| format!("{}.{}.", header(r#"{"alg":"nOnE"}"#), parts(token)[1])),
    ("alg HS256, keyed with something public", |token| {
        let signed = format!("{}.{}", header(r#"{"alg":"HS256"}"#), parts(token)[1]);
        let key = hmac::Key::new(hmac::HMAC_SHA256, b"the public key, as everybody knows it");
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(hmac::sign(&key, signed.as_bytes())))
    }),
    ("no alg", |token| format!("{}.{}.{}", header("{}"), parts(token)[1], parts(token)[2])),
    ("header an array", |token| format!("{}.{}.{}", header("[]"), parts(token)[1], parts(token)[2])),
    ("two parts", |token| parts(token)[..2].join(".")),
    ("a part more", |token| format!("{token}.AAAA")),
    ("a blank before it", |token| format!(" {token}")),
    ("empty", |_| String::new()),
];

/// What was asked for, and what the token says of it.
const ASKED: [(&str, Asked, Edit); 8] = [
    ("max_age asked and kept", Asked { max_age: Some(60), acr: None }, |_, claims| {
        put(claims, "auth_time", -10)
    }),
    ("max_age asked, no auth_time", Asked { max_age: Some(60), acr: None }, |_, _| {}),
    ("max_age asked, too old", Asked { max_age: Some(60), acr: None }, |_, claims| {
        put(claims, "auth_time", -600)
    }),
    ("max_age asked, half a minute too old", Asked { max_age: Some(60), acr: None }, |_, claims| {
        put(claims, "auth_time", -90);
    }),
    ("max_age asked, auth_time ahead", Asked { max_age: Some(60), acr: None }, |_, claims| {
        put(claims, "auth_time", 3600);
    }),
    ("acr asked and kept", Asked { max_age: None, acr: Some("gold") }, |_, claims| {
        set(claims, "acr", "gold")
    }),
    ("acr asked and another", Asked { max_age: None, acr: Some("gold") }, |_, claims| {
        set(claims, "acr", "tin")
    }),
    ("acr asked and none", Asked { max_age: None, acr: Some("gold") }, |_, _| {}),
];

async fn edited(both: &Both, case: &'static str, asked: &Asked, edit: Edit) -> Outcome {
    let login = Login::begin(both).await;
    let now = both.time.unix_seconds();
    let sign = move |header: &mut Value, claims: &mut Value| {
        claims["now"] = now.into();
        edit(header, claims);
        remove(claims, "now");
    };
    let token = both.opposite.sign_edited(login.claims(both), sign).unwrap();
    let (ours, theirs) = login.verdicts(both, &token, asked).await;
    Outcome { case, ours, theirs }
}

#[tokio::test]
async fn id_tokens_are_believed_or_refused_by_both_alike() {
    let (both, mut outcomes) = (Both::meet().await, Vec::new());
    for (case, edit) in EDITED {
        outcomes.push(edited(&both, case, &Asked::default(), edit).await);
    }
    for (case, asked, edit) in &ASKED {
        outcomes.push(edited(&both, case, asked, *edit).await);
    }
    for (case, forge) in FORGED {
        let login = Login::begin(&both).await;
        let token = forge(&both.opposite.sign(login.claims(&both)).unwrap());
        let (ours, theirs) = login.verdicts(&both, &token, &Asked::default()).await;
        outcomes.push(Outcome { case, ours, theirs });
    }
    assert_explained("ID token", &outcomes);
}

#[tokio::test]
async fn signatures_of_every_algorithm_are_believed_by_both() {
    let algorithms = [
        ("RS256", SigningAlgorithm::Rs256),
        ("RS384", SigningAlgorithm::Rs384),
        ("RS512", SigningAlgorithm::Rs512),
        ("PS256", SigningAlgorithm::Ps256),
        ("PS384", SigningAlgorithm::Ps384),
        ("PS512", SigningAlgorithm::Ps512),
        ("ES256", SigningAlgorithm::Es256),
        ("ES384", SigningAlgorithm::Es384),
        ("ES512", SigningAlgorithm::Es512),
        ("EdDSA", SigningAlgorithm::EdDsa),
    ];
    let mut outcomes = Vec::new();
    for (case, algorithm) in algorithms {
        let both = Both::meet_with(|builder| builder.signing_algorithm(algorithm)).await;
        outcomes.push(edited(&both, case, &Asked::default(), |_, _| {}).await);
    }
    assert_explained("algorithm", &outcomes);
}
