//! Verifying an RS256 ID token whose key is known, and what tokens with an unknown key make us fetch.

use std::error::Error;
use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use authsession_core::claims::IdTokenClaims;
use authsession_core::clock::{Clock, Timestamp};
use authsession_core::error::Error as ProtocolError;
use authsession_core::id_token::{IdTokenVerifier, LoginExpectations};
use authsession_core::provider::Provider;
use authsession_core::secret::Secret;
use authsession_testkit::endpoint::Endpoint;
use authsession_testkit::provider as testkit;
use aws_lc_rs::signature::{ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
use axum::Router;
use axum::body::Body;
use axum::http::{Request, header};
use axum::routing::get;
use axum_oidc_client::jwt::{JwtConfigurationBuilder, JwtLayer, OidcClaims};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde_json::{Map, Value, json};
use tower::ServiceExt;

use crate::contestants::authsession;
use crate::effort::Effort;
use crate::provider;
use crate::stopwatch::Spread;

const BATCH: u32 = 20;
/// Tokens with a key nobody knows.
pub(crate) const UNKNOWN: usize = 50;

/// Times to verify one ID token, and fetches of the key set.
pub(crate) struct Figures {
    pub(crate) floor: Spread,
    pub(crate) ours: Spread,
    pub(crate) jsonwebtoken: Spread,
    pub(crate) fetches: [(&'static str, usize); 2],
}

/// Measures both.
pub(crate) async fn measure(effort: Effort) -> Result<Figures, Box<dyn Error>> {
    let kit = provider::start(Duration::from_secs(3600)).await?;
    let claims = claims(&kit)?;
    let token = kit.sign(claims.clone())?;
    let keys =
        reqwest::Client::builder().no_proxy().build()?.get(kit.endpoint(Endpoint::Jwks)).send().await?;
    let keys = keys.bytes().await?;
    let ours = Ours::new(&kit).await?;
    let theirs = Theirs::new(&kit, &keys)?;
    let floor = Floor::new(&token, &keys)?;
    let secret = Secret::from(token.as_str());
    ours.verify(&secret).await.map_err(|error| format!("our own token was refused: {error}"))?;

    let mut times = [const { Vec::new() }; 3];
    for round in 0..effort.rounds() + effort.warm_up() {
        let mut taken = [Duration::ZERO; 3];
        let started = Instant::now();
        for _ in 0..BATCH {
            floor.verify()?;
        }
        taken[0] = started.elapsed();
        let started = Instant::now();
        for _ in 0..BATCH {
            black_box(ours.verify(&secret).await?);
        }
        taken[1] = started.elapsed();
        let started = Instant::now();
        for _ in 0..BATCH {
            black_box(theirs.verify(&token)?);
        }
        taken[2] = started.elapsed();
        if round >= effort.warm_up() {
            for (times, taken) in times.iter_mut().zip(taken) {
                times.push(taken / BATCH);
            }
        }
    }
    let [floor, ours_took, theirs_took] = times.map(Spread::of_durations);
    let fetches = [
        ("authsession", ours_for_unknown_keys(&kit, &claims, &ours).await?),
        ("axum-oidc-client, `JwtLayer`", theirs_for_unknown_keys(&kit, &claims).await?),
    ];
    Ok(Figures { floor, ours: ours_took, jsonwebtoken: theirs_took, fetches })
}

fn claims(kit: &testkit::Provider) -> Result<Value, Box<dyn Error>> {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?.as_secs();
    Ok(json!({
        "iss": kit.issuer(),
        "sub": "alice",
        "aud": kit.client_id(),
        "iat": now,
        "exp": now + 3600,
        "auth_time": now,
        "nonce": "n-0S6_WzA2Mj",
        "sid": "8f1c7e0a-6b1d-4f0e-9a3b-2d4c5e6f7a8b",
        "name": "Alice Example",
        "email": "alice@example.test",
        "email_verified": true,
        "groups": "g".repeat(300),
    }))
}

/// authsession: every check of a login, through the public API.
struct Ours {
    provider: Arc<Provider>,
    verifier: IdTokenVerifier,
    nonce: Secret,
    access_token: Secret,
    started_at: Timestamp,
}

impl Ours {
    async fn new(kit: &testkit::Provider) -> Result<Self, Box<dyn Error>> {
        let configuration = authsession::configuration(kit, "http://127.0.0.1").await?;
        Ok(Self {
            started_at: Clock::system().now(),
            provider: Arc::clone(configuration.provider()),
            verifier: IdTokenVerifier::new(kit.client_id()),
            nonce: Secret::from("n-0S6_WzA2Mj"),
            access_token: Secret::from("not hashed into this token"),
        })
    }

    async fn verify(&self, token: &Secret) -> Result<IdTokenClaims, ProtocolError> {
        let expected = LoginExpectations {
            nonce: &self.nonce,
            access_token: &self.access_token,
            code: None,
            started_at: self.started_at,
            max_age: None,
            essential_acr: &[],
        };
        self.verifier.verify_login(&self.provider, token, Clock::system().now(), &expected).await
    }
}

/// jsonwebtoken: signature, `exp`, `iss` and `aud`, with the key made beforehand, into the same map of claims.
struct Theirs {
    key: DecodingKey,
    validation: Validation,
}

impl Theirs {
    fn new(kit: &testkit::Provider, keys: &[u8]) -> Result<Self, Box<dyn Error>> {
        let keys: JwkSet = serde_json::from_slice(keys)?;
        let key = DecodingKey::from_jwk(keys.keys.first().ok_or("the key set is empty")?)?;
        let mut validation = Validation::new(Algorithm::RS256);
        validation.set_issuer(&[kit.issuer()]);
        validation.set_audience(&[kit.client_id()]);
        Ok(Self { key, validation })
    }

    fn verify(&self, token: &str) -> Result<Map<String, Value>, jsonwebtoken::errors::Error> {
        jsonwebtoken::decode(token, &self.key, &self.validation).map(|data| data.claims)
    }
}

/// The signature alone, with everything decoded and the key parsed beforehand.
struct Floor {
    key: ParsedPublicKey,
    signed: Vec<u8>,
    signature: Vec<u8>,
}

impl Floor {
    fn new(token: &str, keys: &[u8]) -> Result<Self, Box<dyn Error>> {
        let keys: Value = serde_json::from_slice(keys)?;
        let part = |name| URL_SAFE_NO_PAD.decode(keys["keys"][0][name].as_str().unwrap_or_default());
        let key = RsaPublicKeyComponents { n: part("n")?, e: part("e")? };
        let key = key.to_parsed_public_key(&RSA_PKCS1_2048_8192_SHA256).map_err(|_| "not an RSA key")?;
        let (signed, signature) = token.rsplit_once('.').ok_or("not a signed token")?;
        Ok(Self { key, signed: signed.into(), signature: URL_SAFE_NO_PAD.decode(signature)? })
    }

    fn verify(&self) -> Result<(), Box<dyn Error>> {
        self.key.verify_sig(&self.signed, &self.signature).map_err(|_| "the signature is wrong".into())
    }
}

fn with_unknown_key(kit: &testkit::Provider, claims: &Value, number: usize) -> std::io::Result<String> {
    kit.sign_edited(claims.clone(), move |header, _| header["kid"] = format!("unknown-{number}").into())
}

async fn ours_for_unknown_keys(
    kit: &Arc<testkit::Provider>,
    claims: &Value,
    ours: &Ours,
) -> Result<usize, Box<dyn Error>> {
    kit.journal().clear();
    for number in 0..UNKNOWN {
        let token = Secret::from(with_unknown_key(kit, claims, number)?);
        if ours.verify(&token).await.is_ok() {
            return Err("a token with an unknown key was taken".into());
        }
    }
    Ok(kit.journal().count(Endpoint::Jwks))
}

async fn theirs_for_unknown_keys(
    kit: &Arc<testkit::Provider>,
    claims: &Value,
) -> Result<usize, Box<dyn Error>> {
    let configuration = JwtConfigurationBuilder::<OidcClaims>::new()
        .with_issuer(kit.issuer())
        .await?
        .with_audience(vec![kit.client_id().to_owned()])
        .build()?;
    let router = Router::new().route("/", get(|| async {})).layer(JwtLayer::new(Arc::new(configuration)));
    kit.journal().clear();
    for number in 0..UNKNOWN {
        let token = with_unknown_key(kit, claims, number)?;
        let request = Request::get("/").header(header::AUTHORIZATION, format!("Bearer {token}"));
        router.clone().oneshot(request.body(Body::empty())?).await?;
    }
    Ok(kit.journal().count(Endpoint::Jwks))
}
