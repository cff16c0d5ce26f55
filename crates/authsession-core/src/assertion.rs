//! Signed assertions (RFC 7523 §3): a short-lived token of our own that says who we are, or on whose behalf we come.

use std::fmt;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use crate::clock::Timestamp;
use crate::error::Error;
use crate::random;
use crate::secret::Secret;
use crate::signer::Signer;

const LIFETIME: Duration = Duration::from_secs(120);
/// Claims with a setting of their own.
const RESERVED: [&str; 7] = ["iss", "sub", "aud", "exp", "iat", "nbf", "jti"];

/// What an assertion says. Each signature makes a new one: with a new `jti`, from now on.
///
/// ```
/// use std::time::Duration;
///
/// use authsession_core::assertion::Assertion;
/// use authsession_core::clock::Clock;
/// use authsession_core::error::Error;
/// use authsession_core::signer::Signer;
///
/// # async fn example(key: &dyn Signer) -> Result<(), Error> {
/// let assertion = Assertion::new("my-client", "integration@acme.example", "https://login.example.com")
///     .lifetime(Duration::from_secs(180))
///     .claim("scope", "api");
/// let signed = assertion.sign(key, Clock::system().now()).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Assertion {
    issuer: String,
    subject: Option<String>,
    audience: String,
    lifetime: Duration,
    claims: Map<String, Value>,
    has_iat: bool,
    has_jti: bool,
}

impl Assertion {
    /// From `issuer` (`iss`) about `subject` (`sub`) to `audience` (`aud`), good for two minutes.
    #[must_use]
    pub fn new(issuer: impl Into<String>, subject: impl Into<String>, audience: impl Into<String>) -> Self {
        Self {
            issuer: issuer.into(),
            subject: Some(subject.into()),
            audience: audience.into(),
            lifetime: LIFETIME,
            claims: Map::new(),
            has_iat: true,
            has_jti: true,
        }
    }

    /// From its signature to `exp`, in whole seconds. Most providers accept minutes.
    #[must_use]
    pub const fn lifetime(mut self, lifetime: Duration) -> Self {
        self.lifetime = lifetime;
        self
    }

    /// Says something more.
    #[must_use]
    pub fn claim(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.claims.insert(name.into(), value.into());
        self
    }

    /// Leaves out `sub`, for a provider that takes it for somebody to act for, as Google does of its service accounts.
    #[must_use]
    pub fn without_subject(mut self) -> Self {
        self.subject = None;
        self
    }

    /// Leaves out `iat`.
    #[must_use]
    pub const fn without_iat(mut self) -> Self {
        self.has_iat = false;
        self
    }

    /// Leaves out `jti`: whoever gets hold of the assertion may present it again until it expires.
    #[must_use]
    pub const fn without_jti(mut self) -> Self {
        self.has_jti = false;
        self
    }

    /// The assertion, signed, good from `now` on by the clock of whom it is for
    /// ([`TokenEndpoint::provider_now`](crate::token_endpoint::TokenEndpoint::provider_now)).
    ///
    /// # Errors
    /// Those of the signer, and [`Error::Misconfigured`] for a further claim that has a setting of its own, or when there is no
    /// randomness.
    pub async fn sign(&self, signer: &dyn Signer, now: Timestamp) -> Result<Secret, Error> {
        if let Some(name) = RESERVED.into_iter().find(|name| self.claims.contains_key(*name)) {
            return Err(Error::misconfigured(format!("the assertion's {name} is set by the library")));
        }
        let mut claims = self.claims.clone();
        let mut say = |name: &str, value: Value| drop(claims.insert(name.to_owned(), value));
        say("iss", self.issuer.as_str().into());
        if let Some(subject) = &self.subject {
            say("sub", subject.as_str().into());
        }
        say("aud", self.audience.as_str().into());
        say("exp", (now + self.lifetime).unix_seconds().into());
        if self.has_iat {
            say("iat", now.unix_seconds().into());
        }
        if self.has_jti {
            say("jti", random::text::<16>()?.into());
        }
        let mut header = Map::new();
        header.insert("alg".to_owned(), signer.algorithm().name().into());
        header.insert("typ".to_owned(), "JWT".into());
        if let Some(key_id) = signer.key_id() {
            header.insert("kid".to_owned(), key_id.into());
        }
        if let Some(thumbprint) = signer.certificate_thumbprint() {
            header.insert("x5t#S256".to_owned(), thumbprint.into());
        }
        let part = |members| URL_SAFE_NO_PAD.encode(Value::Object(members).to_string());
        let signed = format!("{}.{}", part(header), part(claims));
        let signature = signer.sign(signed.as_bytes()).await?;
        Ok(Secret::from(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))))
    }
}

impl fmt::Debug for Assertion {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Assertion").field("lifetime", &self.lifetime).finish_non_exhaustive()
    }
}
