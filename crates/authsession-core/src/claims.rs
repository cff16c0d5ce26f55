//! What an ID token says (OpenID Connect Core §2), read once its signature is verified.

use serde::de::DeserializeOwned;
use serde_json::{Map, Number, Value};

use crate::clock::Timestamp;
use crate::error::Error;
use crate::jws::Jws;
use crate::secret::Secret;

const SESSION_EXPIRY: &str = "session_expiry";
/// What is before it is a lifetime, not a time.
const EARLIEST_END: Timestamp = Timestamp::from_unix_seconds(1_000_000_000);
/// What is not before it is in milliseconds.
const LATEST_END: Timestamp = Timestamp::from_unix_seconds(1_000_000_000_000);

/// The claims of an ID token that passed every check.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct IdTokenClaims {
    /// `iss`: the provider's issuer.
    pub issuer: String,
    /// `sub`: the user at this provider, at most 255 characters.
    pub subject: String,
    /// `aud`: whom it is for; our client id is among them.
    pub audience: Vec<String>,
    /// `azp`: the client it was issued to.
    pub authorized_party: Option<String>,
    /// `exp`.
    pub expires_at: Timestamp,
    /// `iat`.
    pub issued_at: Timestamp,
    /// `nbf`.
    pub not_before: Option<Timestamp>,
    /// `auth_time`: when the user proved who they are.
    pub authenticated_at: Option<Timestamp>,
    /// `nonce`.
    pub nonce: Option<String>,
    /// `acr`: how strongly the user proved it.
    pub authentication_context: Option<String>,
    /// `sid`: the user's session at the provider (OpenID Connect Front-Channel Logout §3).
    pub provider_session: Option<String>,
    /// `session_expiry`: when every session that starts from this token must have ended (OpenID Connect Enterprise Extensions
    /// 1.0, draft 02, §2.1; the IPSIE profile for OpenID Connect, session lifecycle level 1, has providers send it). A number
    /// in quotes is read too. `None` where the token has none, and where it
    /// [cannot be meant](Self::has_absurd_session_expiry).
    pub session_expiry: Option<Timestamp>,
    /// Every claim, these included.
    pub all: Map<String, Value>,
}

impl IdTokenClaims {
    pub(crate) fn read(all: Map<String, Value>) -> Result<Self, Error> {
        let text = |name: &'static str| match all.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(_) => Err(Error::untrusted(format!("the ID token's {name} is not a text"))),
        };
        let instant = |name: &'static str| match all.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => instant(value)
                .map(Some)
                .ok_or_else(|| Error::untrusted(format!("the ID token's {name} is not a time"))),
        };
        let required = |name: &'static str| Error::untrusted(format!("the ID token has no {name}"));
        let audience = match all.get("aud") {
            Some(Value::String(one)) => vec![one.clone()],
            Some(Value::Array(several)) => several
                .iter()
                .map(|one| one.as_str().map(str::to_owned))
                .collect::<Option<_>>()
                .ok_or_else(|| Error::untrusted("the ID token's aud is not a list of texts"))?,
            _ => return Err(required("aud")),
        };
        Ok(Self {
            issuer: text("iss")?.ok_or_else(|| required("iss"))?,
            subject: text("sub")?.filter(|sub| !sub.is_empty()).ok_or_else(|| required("sub"))?,
            audience,
            authorized_party: text("azp")?,
            expires_at: instant("exp")?.ok_or_else(|| required("exp"))?,
            issued_at: instant("iat")?.ok_or_else(|| required("iat"))?,
            not_before: instant("nbf")?,
            authenticated_at: instant("auth_time")?,
            nonce: text("nonce")?,
            authentication_context: text("acr")?,
            provider_session: text("sid")?,
            session_expiry: all.get(SESSION_EXPIRY).and_then(session_expiry),
            all,
        })
    }

    /// The claims of an ID token as they stand, nothing verified: only for one that was verified when it came in and has been
    /// in safe keeping since, never for one that somebody sends.
    ///
    /// # Errors
    /// [`Error::Untrusted`] when it is no ID token at all.
    pub fn danger_read_unverified(token: &Secret) -> Result<Self, Error> {
        Self::read(Jws::parse(token.expose())?.claims()?)
    }

    /// Whether the token has a `session_expiry` that cannot be meant: no number, or none that is a time in seconds between the
    /// years 2001 and 33658. So neither a lifetime nor a time in milliseconds is taken for one, and nobody is locked out by it.
    ///
    /// ```no_run
    /// use authsession_core::claims::IdTokenClaims;
    ///
    /// fn say(claims: &IdTokenClaims) {
    ///     match claims.session_expiry {
    ///         Some(end) => println!("until {}", end.unix_seconds()),
    ///         None if claims.has_absurd_session_expiry() => println!("no telling"),
    ///         None => println!("as long as we like"),
    ///     }
    /// }
    /// ```
    #[must_use]
    pub fn has_absurd_session_expiry(&self) -> bool {
        self.session_expiry.is_none() && self.all.get(SESSION_EXPIRY).is_some_and(|value| !value.is_null())
    }

    /// Reads the claims into a type of yours.
    ///
    /// # Errors
    /// [`Error::Misconfigured`] when the claims do not have that shape.
    pub fn into_typed<C: DeserializeOwned>(self) -> Result<C, Error> {
        typed(self.all)
    }
}

impl std::fmt::Debug for IdTokenClaims {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<_> = self.all.keys().collect();
        formatter
            .debug_struct("IdTokenClaims")
            .field("issuer", &self.issuer)
            .field("expires_at", &self.expires_at)
            .field("names", &names)
            .finish_non_exhaustive()
    }
}

/// Reads claims into a type of the caller's.
///
/// # Errors
/// [`Error::Misconfigured`] when the claims do not have that shape.
pub fn typed<C: DeserializeOwned>(claims: Map<String, Value>) -> Result<C, Error> {
    serde_json::from_value(Value::Object(claims)).map_err(|_| {
        Error::misconfigured(format!(
            "the user's claims do not fit {}: make optional what the provider may leave out",
            std::any::type_name::<C>()
        ))
    })
}

/// A NumericDate (RFC 7519 §2); real providers send fractions too.
pub(crate) fn instant(value: &Value) -> Option<Timestamp> {
    if let Some(seconds) = value.as_i64() {
        return Some(Timestamp::from_unix_seconds(seconds));
    }
    #[expect(clippy::cast_possible_truncation, reason = "bounded just before")]
    value
        .as_f64()
        .filter(|seconds| seconds.is_finite() && seconds.abs() < 1e12)
        .map(|seconds| Timestamp::from_unix_millis((seconds * 1000.0) as i64))
}

/// When a session ends, leniently: it bounds what is ours to grant, and proves nothing.
fn session_expiry(value: &Value) -> Option<Timestamp> {
    let end = match value {
        Value::String(text) => instant(&Number::from_f64(text.trim().parse().ok()?)?.into())?,
        value => instant(value)?,
    };
    (EARLIEST_END..LATEST_END).contains(&end).then_some(end)
}
