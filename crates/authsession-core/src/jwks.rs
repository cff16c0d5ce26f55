//! The provider's keys (RFC 7517): which of them may verify, and when to fetch them anew.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use url::Url;

use crate::clock::{Clock, Timestamp};
use crate::error::{Endpoint, Error, Fault};
use crate::http::HttpClient;
use crate::jws::{Algorithm, Jws, VerifyingKey};
use crate::retry::Backoff;
use crate::single_flight::SingleFlight;

/// Between two fetches that an unknown key asked for: forged key ids must not make us a request amplifier.
const COOL_DOWN: Duration = Duration::from_secs(10);
/// A set this old is fetched anew on use, so that a withdrawn key goes.
const GROWS_OLD: Duration = Duration::from_secs(3600);

/// The keys of a key set that may verify signatures. Others are left out, never an error.
#[derive(Clone, Debug, Default)]
pub struct KeySet {
    keys: Vec<(Option<String>, VerifyingKey)>,
}

#[derive(Deserialize)]
struct Document {
    keys: Vec<serde_json::Value>,
}

#[derive(Deserialize)]
struct Jwk {
    kty: String,
    kid: Option<String>,
    #[serde(rename = "use")]
    purpose: Option<String>,
    key_ops: Option<Vec<String>>,
    alg: Option<String>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

impl KeySet {
    /// Reads a key set document (RFC 7517 §5).
    ///
    /// # Errors
    /// [`Error::Untrusted`] when it is no key set at all.
    pub fn parse(document: &[u8]) -> Result<Self, Error> {
        let document: Document = serde_json::from_slice(document)
            .map_err(|_| Error::untrusted("the provider's key set is not one (RFC 7517)"))?;
        let keys = document
            .keys
            .into_iter()
            .filter_map(|key| serde_json::from_value::<Jwk>(key).ok())
            .flat_map(|jwk| jwk.verifying_keys().into_iter().map(move |key| (jwk.kid.clone(), key)))
            .collect();
        Ok(Self { keys })
    }

    /// How the token's signature stands with this set.
    fn judge(&self, token: &Jws<'_>) -> Judgement {
        let mut candidates = self
            .keys
            .iter()
            .filter(|(kid, key)| {
                key.algorithm() == token.algorithm && (token.key_id.is_none() || *kid == token.key_id)
            })
            .peekable();
        if candidates.peek().is_none() {
            return Judgement::UnknownKey;
        }
        if candidates.any(|(_, key)| key.verifies(token)) {
            Judgement::Verified
        } else if token.key_id.is_none() {
            Judgement::UnknownKey
        } else {
            Judgement::WrongSignature
        }
    }
}

enum Judgement {
    Verified,
    UnknownKey,
    WrongSignature,
}

impl Judgement {
    fn into_result(self) -> Result<(), Error> {
        match self {
            Self::Verified => Ok(()),
            Self::UnknownKey => {
                Err(Error::untrusted("the token is signed by a key the provider does not publish"))
            }
            Self::WrongSignature => Err(Error::untrusted("the token's signature is wrong")),
        }
    }
}

impl Jwk {
    /// One verifying key for each algorithm this key may be used with: none for a key that is too short, symmetric, or
    /// meant for something else.
    fn verifying_keys(&self) -> Vec<VerifyingKey> {
        let purpose = self.purpose.as_deref().is_none_or(|purpose| purpose == "sig");
        let operations = self.key_ops.as_ref().is_none_or(|ops| ops.iter().any(|op| op == "verify"));
        if !purpose || !operations {
            return Vec::new();
        }
        Algorithm::ALL
            .into_iter()
            .filter(|algorithm| self.alg.as_deref().is_none_or(|alg| alg == algorithm.name()))
            .filter_map(|algorithm| self.verifying_key(algorithm))
            .collect()
    }

    fn verifying_key(&self, algorithm: Algorithm) -> Option<VerifyingKey> {
        let decode = |part: &Option<String>| URL_SAFE_NO_PAD.decode(part.as_ref()?).ok();
        let curve = match algorithm {
            Algorithm::Es256 => ("P-256", 32),
            Algorithm::Es384 => ("P-384", 48),
            Algorithm::Es512 => ("P-521", 66),
            Algorithm::EdDsa | Algorithm::Ed25519 => {
                let fits = self.kty == "OKP" && self.crv.as_deref() == Some("Ed25519");
                return fits.then(|| VerifyingKey::curve(algorithm, &decode(&self.x)?))?;
            }
            _ if self.kty == "RSA" => {
                return VerifyingKey::rsa(algorithm, &decode(&self.n)?, &decode(&self.e)?);
            }
            _ => return None,
        };
        if self.kty != "EC" || self.crv.as_deref() != Some(curve.0) {
            return None;
        }
        let (x, y) = (decode(&self.x)?, decode(&self.y)?);
        let right_size = x.len() == curve.1 && y.len() == curve.1;
        right_size.then(|| VerifyingKey::curve(algorithm, &[&[4], &x[..], &y[..]].concat()))?
    }
}

/// The provider's key set, fetched when needed and kept.
#[derive(Debug)]
pub(crate) struct RemoteKeys {
    http: HttpClient,
    clock: Clock,
    held: Arc<ArcSwapOption<Held>>,
    flight: SingleFlight<(), Result<Arc<Held>, Error>>,
}

#[derive(Debug)]
struct Held {
    keys: Arc<KeySet>,
    fetched_at: Timestamp,
    /// When an unknown key last had the set fetched anew.
    asked_at: Option<Timestamp>,
    backoff: Backoff,
}

impl Held {
    fn grew_old(&self, now: Timestamp) -> bool {
        now.since(self.fetched_at) > GROWS_OLD && self.backoff.wait(now).is_zero()
    }

    fn may_be_asked_anew(&self, now: Timestamp) -> bool {
        self.asked_at.is_none_or(|at| now.since(at) >= COOL_DOWN) && self.backoff.wait(now).is_zero()
    }
}

impl RemoteKeys {
    pub(crate) fn new(http: HttpClient, clock: Clock) -> Self {
        Self { http, clock, held: Arc::default(), flight: SingleFlight::new() }
    }

    /// Whether a key of the provider signed this token. An unknown key has the set fetched anew, once a cool-down.
    pub(crate) async fn verify(&self, jwks_uri: &Url, token: &Jws<'_>) -> Result<(), Error> {
        let now = self.clock.now();
        let Some(held) = self.held.load_full() else {
            return self.fetch(jwks_uri, None).await?.keys.judge(token).into_result();
        };
        if held.grew_old(now) {
            self.start(jwks_uri, &held);
        }
        match held.keys.judge(token) {
            // A key that could not be looked for is not one that is not there: the token is neither believed nor a lie.
            Judgement::UnknownKey if !held.may_be_asked_anew(now) => Err(not_now()),
            Judgement::UnknownKey => {
                let held = self.fetch(jwks_uri, Some(held)).await?;
                match held.keys.judge(token) {
                    Judgement::UnknownKey if held.backoff.has_failed() => Err(not_now()),
                    judgement => judgement.into_result(),
                }
            }
            judgement => judgement.into_result(),
        }
    }

    fn start(&self, jwks_uri: &Url, seen: &Arc<Held>) {
        let (request, seen) = (self.request(jwks_uri), Arc::clone(seen));
        self.flight.start((), move || refetch(request, Some(seen), false));
    }

    async fn fetch(&self, jwks_uri: &Url, seen: Option<Arc<Held>>) -> Result<Arc<Held>, Error> {
        let (request, asked) = (self.request(jwks_uri), seen.is_some());
        self.flight
            .run((), move || refetch(request, seen, asked))
            .await
            .unwrap_or_else(|_| Err(Error::unavailable(Endpoint::Jwks, Fault::NoAnswer)))
    }

    fn request(&self, uri: &Url) -> Request {
        let (http, clock, slot) = (self.http.clone(), self.clock.clone(), Arc::clone(&self.held));
        Request { http, clock, slot, uri: uri.clone() }
    }
}

/// The keys cannot be asked for just now.
const fn not_now() -> Error {
    Error::Unavailable {
        endpoint: Endpoint::Jwks,
        fault: Fault::BackingOff,
        retry_after: Some(COOL_DOWN),
        cause: None,
    }
}

struct Request {
    http: HttpClient,
    clock: Clock,
    slot: Arc<ArcSwapOption<Held>>,
    uri: Url,
}

/// Fetches the set; when that fails and there is an older one, the older one goes on serving. `asked`: an unknown key
/// wants it.
async fn refetch(request: Request, seen: Option<Arc<Held>>, asked: bool) -> Result<Arc<Held>, Error> {
    let Request { http, clock, slot, uri } = request;
    let before = slot.load_full();
    // Looked at again inside the flight: another one may just have landed.
    if let Some(held) =
        before.as_ref().filter(|held| !seen.as_ref().is_some_and(|seen| Arc::ptr_eq(seen, held)))
    {
        return Ok(Arc::clone(held));
    }
    let fetched = match http.get(Endpoint::Jwks, &uri, None).await {
        Ok(answer) if answer.status.is_success() => KeySet::parse(&answer.body).map_err(|_| answer.bad()),
        Ok(answer) => Err(answer.bad()),
        Err(error) => Err(error),
    };
    let now = clock.now();
    let asked_at = if asked { Some(now) } else { before.as_ref().and_then(|before| before.asked_at) };
    let held = match (fetched, before) {
        (Ok(keys), _) => {
            Held { keys: Arc::new(keys), fetched_at: now, asked_at, backoff: Backoff::default() }
        }
        (Err(error), None) => return Err(error),
        (Err(error), Some(old)) => {
            tracing::warn!(target: "authsession::keys", %error, age = ?now.since(old.fetched_at), "the provider's keys could not be fetched; the last good ones serve");
            Held {
                keys: Arc::clone(&old.keys),
                fetched_at: old.fetched_at,
                asked_at,
                backoff: old.backoff.after_failure(now, None),
            }
        }
    };
    let held = Arc::new(held);
    slot.store(Some(Arc::clone(&held)));
    Ok(held)
}
