//! Signed assertions, strictly checked: signature, audience, times and single use (RFC 7523 §3).

use crate::endpoint::Endpoint;
use crate::habits::AssertionAudience;
use crate::public_key::PublicKey;
use crate::realm::Realm;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

/// How far the other side's clock may be ahead, in seconds.
const LEEWAY: u64 = 60;
/// How long an assertion may live, in seconds.
const LIFETIME: u64 = 3600;

/// What an assertion says, before anybody believes it.
pub(crate) struct Assertion<'a> {
    message: &'a str,
    header: Value,
    pub(crate) claims: Value,
    signature: Vec<u8>,
}

impl<'a> Assertion<'a> {
    pub(crate) fn parse(token: &'a str) -> Option<Self> {
        let (message, signature) = token.rsplit_once('.')?;
        let (header, claims) = message.split_once('.')?;
        let json = |part: &str| serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok();
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        Some(Self { message, header: json(header)?, claims: json(claims)?, signature })
    }

    /// A claim that is text.
    pub(crate) fn text(&self, claim: &str) -> Option<&str> {
        self.claims.get(claim).and_then(Value::as_str)
    }

    fn time(&self, claim: &str) -> Result<Option<u64>, &'static str> {
        match self.claims.get(claim) {
            None => Ok(None),
            Some(value) => match value.as_f64() {
                Some(seconds) if seconds >= 0.0 => Ok(Some(seconds as u64)),
                _ => Err("a time in the assertion is not a number"),
            },
        }
    }

    fn is_for(&self, audience: &str) -> bool {
        match self.claims.get("aud") {
            Some(Value::String(one)) => one == audience,
            Some(Value::Array(several)) => several.iter().any(|one| one == audience),
            _ => false,
        }
    }

    /// Whether it is signed by one of these keys, for this provider, and lives now; what is wrong if not. One with a `jti`
    /// is accepted once.
    pub(crate) fn check(&self, realm: &Realm, keys: &[PublicKey]) -> Result<(), &'static str> {
        let header = |member: &str| self.header.get(member).and_then(Value::as_str);
        let algorithm = header("alg").ok_or("the assertion names no algorithm")?;
        let mut candidates = keys.iter().filter(|key| key.answers_to(header("kid")));
        if !candidates.any(|key| key.verifies(algorithm, self.message.as_bytes(), &self.signature)) {
            return Err("the assertion is not signed by a registered key");
        }
        let to_issuer = self.is_for(&realm.settings.issuer);
        let to_endpoint = self.is_for(&realm.url(Endpoint::Token));
        let ours = match realm.settings.habits.assertion_audience {
            AssertionAudience::Either => to_issuer || to_endpoint,
            AssertionAudience::Issuer => to_issuer && !to_endpoint,
            AssertionAudience::TokenEndpoint => to_endpoint && !to_issuer,
        };
        if !ours {
            return Err("the audience is not the one accepted here");
        }
        let now = realm.clock.unix_seconds();
        let expires = self.time("exp")?.ok_or("the assertion has no exp")?;
        if expires <= now {
            return Err("the assertion has expired");
        }
        if expires > now + LIFETIME + LEEWAY {
            return Err("the assertion lives longer than an hour");
        }
        for begin in ["iat", "nbf"] {
            if self.time(begin)?.is_some_and(|begin| begin > now + LEEWAY) {
                return Err("the assertion is from the future");
            }
        }
        if let (Some(issuer), Some(id)) = (self.text("iss"), self.text("jti"))
            && !realm.ledger().assertions.insert((issuer.to_owned(), id.to_owned()))
        {
            return Err("the assertion was used before");
        }
        Ok(())
    }
}
