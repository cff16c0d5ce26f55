//! The checks an ID token must pass (OpenID Connect Core §3.1.3.7 at login, §12.2 at a refresh).

use std::time::Duration;

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::allowed_algorithms::AllowedAlgorithms;
use crate::authorization::PendingAuthorization;
use crate::claims::IdTokenClaims;
use crate::clock::Timestamp;
use crate::error::Error;
use crate::jws::{Algorithm, Jws};
use crate::provider::Provider;
use crate::secret::{Secret, equal_in_constant_time};
use crate::skew::DEFAULT_TOLERANCE;

const LONGEST_SUBJECT: usize = 255;

/// What every ID token of one client is held against.
///
/// ```no_run
/// use std::time::Duration;
///
/// use authsession_core::authorization::PendingAuthorization;
/// use authsession_core::clock::Clock;
/// use authsession_core::error::Error;
/// use authsession_core::id_token::{IdTokenVerifier, LoginExpectations};
/// use authsession_core::provider::Provider;
/// use authsession_core::token_set::TokenSet;
///
/// # async fn example(provider: &Provider, pending: PendingAuthorization, tokens: TokenSet) -> Result<(), Error> {
/// let verifier = IdTokenVerifier::new("my-client").tolerance(Duration::from_secs(30));
/// let expected = LoginExpectations::of(&pending, &tokens.access_token, None);
/// if let Some(id_token) = &tokens.id_token {
///     let claims = verifier.verify_login(provider, id_token, Clock::system().now(), &expected).await?;
///     println!("{} signed in", claims.subject);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct IdTokenVerifier {
    pub(crate) client_id: String,
    pub(crate) algorithms: AllowedAlgorithms,
    trusted_audiences: Vec<String>,
    tolerance: Duration,
}

/// What the ID token of one login is held against.
#[derive(Debug)]
pub struct LoginExpectations<'login> {
    /// The nonce sent with the authorization request.
    pub nonce: &'login Secret,
    /// The access token that came with it, held against `at_hash`.
    pub access_token: &'login Secret,
    /// The code it was redeemed with, held against `c_hash`.
    pub code: Option<&'login Secret>,
    /// When the login started: nothing of this login was issued before.
    pub started_at: Timestamp,
    /// The `max_age` asked for: `auth_time` must be there, not older, and not in the future.
    pub max_age: Option<Duration>,
    /// The `acr` demanded: it must be there and one of these, unless there are none (§5.5.1.1).
    pub essential_acr: &'login [String],
}

impl<'login> LoginExpectations<'login> {
    /// Those of that login, whose code brought that access token. The code is held against `c_hash`.
    #[must_use]
    pub fn of(
        pending: &'login PendingAuthorization,
        access_token: &'login Secret,
        code: Option<&'login Secret>,
    ) -> Self {
        Self {
            nonce: &pending.nonce,
            access_token,
            code,
            started_at: pending.started_at,
            max_age: pending.max_age.map(Duration::from_secs),
            essential_acr: &pending.essential_acr,
        }
    }
}

impl IdTokenVerifier {
    /// Tokens for `client_id`, any asymmetric algorithm, clocks up to 60 s apart.
    pub fn new(client_id: impl Into<String>) -> Self {
        Self {
            client_id: client_id.into(),
            algorithms: AllowedAlgorithms::default(),
            trusted_audiences: Vec::new(),
            tolerance: DEFAULT_TOLERANCE,
        }
    }

    /// Allows these algorithms only. Those of [`Algorithm::SYMMETRIC`] must be named here and need the
    /// [`client_secret`](Self::client_secret).
    pub fn algorithms(mut self, algorithms: impl Into<Vec<Algorithm>>) -> Self {
        self.algorithms.named = algorithms.into();
        self
    }

    /// The secret that keys `HS256`, `HS384` and `HS512` (OpenID Connect Core §10.1). No other algorithm looks at it.
    pub fn client_secret(mut self, secret: Secret) -> Self {
        self.algorithms.secret = Some(secret);
        self
    }

    /// Permits `HS384` and `HS512` with a client secret that is shorter than their hash, of 32 bytes at least: RFC 7518 §3.2
    /// forbids it, and some providers sign so.
    pub const fn danger_allow_short_client_secret(mut self) -> Self {
        self.algorithms.short_secret = true;
        self
    }

    /// Checks the settings before the first token comes; every token is held against them too.
    ///
    /// # Errors
    /// [`Error::Misconfigured`] when a symmetric algorithm is allowed and the client secret is missing or too short for it, or
    /// when none is allowed at all.
    pub fn check_settings(&self) -> Result<(), Error> {
        self.algorithms.check()
    }

    /// Accepts tokens that name this audience beside us.
    pub fn trust_audience(mut self, audience: impl Into<String>) -> Self {
        self.trusted_audiences.push(audience.into());
        self
    }

    /// How far the provider's clock may be from ours.
    pub const fn tolerance(mut self, tolerance: Duration) -> Self {
        self.tolerance = tolerance;
        self
    }

    /// Verifies the ID token of a login.
    ///
    /// # Errors
    /// [`Error::Untrusted`] naming the check that failed; [`Error::Unavailable`] when the provider's keys cannot be had.
    pub async fn verify_login(
        &self,
        provider: &Provider,
        token: &Secret,
        now: Timestamp,
        expected: &LoginExpectations<'_>,
    ) -> Result<IdTokenClaims, Error> {
        let (claims, algorithm) = self.verify(provider, token, now).await?;
        let nonce = claims.nonce.as_deref().ok_or_else(|| Error::untrusted("the ID token has no nonce"))?;
        if !equal_in_constant_time(nonce, expected.nonce.expose()) {
            return Err(Error::untrusted("the ID token's nonce is not the one of this login"));
        }
        check_hash(&claims, "at_hash", algorithm, expected.access_token)?;
        if let Some(code) = expected.code {
            check_hash(&claims, "c_hash", algorithm, code)?;
        }
        if claims.issued_at + self.tolerance < expected.started_at {
            return Err(Error::untrusted("the ID token was issued before this login started"));
        }
        if let Some(max_age) = expected.max_age {
            let at = claims
                .authenticated_at
                .ok_or_else(|| Error::untrusted("max_age was asked and the ID token has no auth_time"))?;
            if at > now + self.tolerance {
                return Err(Error::untrusted(
                    "the ID token's auth_time lies in the future: compare the clocks",
                ));
            }
            if now.since(at) > max_age.saturating_add(self.tolerance) {
                return Err(Error::untrusted("the user's authentication is older than the max_age asked"));
            }
        }
        if !expected.essential_acr.is_empty() {
            let acr = claims
                .authentication_context
                .as_ref()
                .ok_or_else(|| Error::untrusted("an acr was demanded and the ID token has none"))?;
            if !expected.essential_acr.contains(acr) {
                return Err(Error::untrusted("the ID token's acr is none of those demanded"));
            }
        }
        Ok(claims)
    }

    /// Verifies the ID token of a grant without a browser, for which no nonce was sent: of a device, or an exchanged token.
    ///
    /// # Errors
    /// As [`IdTokenVerifier::verify_login`].
    pub async fn verify_without_nonce(
        &self,
        provider: &Provider,
        token: &Secret,
        access_token: &Secret,
        now: Timestamp,
    ) -> Result<IdTokenClaims, Error> {
        let (claims, algorithm) = self.verify(provider, token, now).await?;
        check_hash(&claims, "at_hash", algorithm, access_token)?;
        Ok(claims)
    }

    /// Verifies the ID token that came with a refresh against the one held so far.
    ///
    /// # Errors
    /// [`Error::Mismatch`] when the provider answered for someone else: another `iss`, `sub` or `aud` under its own
    /// signature. Otherwise as [`IdTokenVerifier::verify_login`]: such a token is not taken over.
    pub async fn verify_refresh(
        &self,
        provider: &Provider,
        token: &Secret,
        access_token: &Secret,
        now: Timestamp,
        before: &IdTokenClaims,
    ) -> Result<IdTokenClaims, Error> {
        let (claims, algorithm) = self.read(provider, token).await?;
        let about_another = |what: &'static str| Err(Error::Mismatch(what.into()));
        if claims.issuer != before.issuer {
            return about_another("the refreshed ID token has another iss");
        }
        if claims.subject != before.subject {
            return about_another("the refreshed ID token has another sub");
        }
        if !claims.audience.contains(&self.client_id) {
            return about_another("the refreshed ID token has another aud");
        }
        self.check(provider, &claims, now).await?;
        check_hash(&claims, "at_hash", algorithm, access_token)?;
        if claims.nonce.is_some() && claims.nonce != before.nonce {
            return Err(Error::untrusted("the refreshed ID token has another nonce"));
        }
        let other_login = matches!(
            (claims.authenticated_at, before.authenticated_at),
            (Some(now), Some(then)) if now.unix_seconds() != then.unix_seconds()
        );
        if other_login {
            return Err(Error::untrusted("the refreshed ID token has another auth_time"));
        }
        if claims.issued_at + self.tolerance < before.issued_at {
            return Err(Error::untrusted("the refreshed ID token is older than the one it replaces"));
        }
        Ok(claims)
    }

    async fn verify(
        &self,
        provider: &Provider,
        token: &Secret,
        now: Timestamp,
    ) -> Result<(IdTokenClaims, Algorithm), Error> {
        let (claims, algorithm) = self.read(provider, token).await?;
        self.check(provider, &claims, now).await?;
        Ok((claims, algorithm))
    }

    /// The claims, once the provider is known to have signed them.
    async fn read(&self, provider: &Provider, token: &Secret) -> Result<(IdTokenClaims, Algorithm), Error> {
        let token = Jws::parse(token.expose())?;
        if token.is_of_another_kind() {
            return Err(Error::untrusted("the signed token is no ID token: its typ is another"));
        }
        self.algorithms.verify(provider, &token).await?;
        Ok((IdTokenClaims::read(token.claims()?)?, token.algorithm))
    }

    /// The checks that hold for every ID token.
    async fn check(&self, provider: &Provider, claims: &IdTokenClaims, now: Timestamp) -> Result<(), Error> {
        let metadata = provider.metadata().await?;
        if !metadata.is_issuer(&claims.issuer) {
            return Err(Error::untrusted(match metadata.tenants {
                Some(_) => "the ID token's iss is not that of a tenant admitted",
                None => "the ID token's iss is not the provider's issuer",
            }));
        }
        if let Some(tenants) = &metadata.tenants {
            tenants.check_claim(claims)?;
        }
        self.check_audience(claims)?;
        if claims.subject.chars().count() > LONGEST_SUBJECT {
            return Err(Error::untrusted("the ID token's sub is longer than 255 characters"));
        }
        if claims.expires_at + self.tolerance <= now {
            return Err(Error::untrusted("the ID token is expired"));
        }
        if claims.issued_at > now + self.tolerance {
            return Err(Error::untrusted("the ID token was issued in the future: compare the clocks"));
        }
        if claims.not_before.is_some_and(|not_before| not_before > now + self.tolerance) {
            return Err(Error::untrusted("the ID token is not valid yet: compare the clocks"));
        }
        Ok(())
    }

    fn check_audience(&self, claims: &IdTokenClaims) -> Result<(), Error> {
        if !claims.audience.contains(&self.client_id) {
            return Err(Error::untrusted("the ID token's aud is not this client"));
        }
        let ours =
            |audience: &String| *audience == self.client_id || self.trusted_audiences.contains(audience);
        if !claims.audience.iter().all(ours) {
            return Err(Error::untrusted("the ID token names an audience that is not trusted"));
        }
        match &claims.authorized_party {
            Some(party) if *party != self.client_id => {
                Err(Error::untrusted("the ID token's azp is not this client"))
            }
            None if claims.audience.len() > 1 => {
                Err(Error::untrusted("the ID token has several audiences and no azp"))
            }
            _ => Ok(()),
        }
    }
}

/// `at_hash` and `c_hash` (OpenID Connect Core §3.1.3.6, §3.3.2.11): the left half of a hash, where the token has one.
fn check_hash(
    claims: &IdTokenClaims,
    name: &'static str,
    algorithm: Algorithm,
    of: &Secret,
) -> Result<(), Error> {
    let Some(found) = claims.all.get(name) else { return Ok(()) };
    let hashes: &[&digest::Algorithm] = match algorithm {
        Algorithm::Rs256 | Algorithm::Ps256 | Algorithm::Es256 | Algorithm::Hs256 => &[&digest::SHA256],
        Algorithm::Rs384 | Algorithm::Ps384 | Algorithm::Es384 | Algorithm::Hs384 => &[&digest::SHA384],
        Algorithm::Rs512 | Algorithm::Ps512 | Algorithm::Es512 | Algorithm::Hs512 => &[&digest::SHA512],
        // No document fixes the hash for Ed25519: most providers take SHA-512, some SHA-256.
        Algorithm::EdDsa | Algorithm::Ed25519 => &[&digest::SHA512, &digest::SHA256],
    };
    let matches = hashes.iter().any(|hash| {
        let whole = digest::digest(hash, of.expose().as_bytes());
        let half = &whole.as_ref()[..whole.as_ref().len() / 2];
        found.as_str() == Some(URL_SAFE_NO_PAD.encode(half).as_str())
    });
    if matches { Ok(()) } else { Err(Error::untrusted(format!("the ID token's {name} does not fit"))) }
}
