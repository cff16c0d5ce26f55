//! Whose signed assertions the provider redeems (RFC 7523 §2.1): a service account's, another provider's.

use crate::public_key::PublicKey;

/// An issuer of assertions, and the keys it signs them with.
///
/// ```
/// use authsession_testkit::assertion_issuer::AssertionIssuer;
/// use authsession_testkit::key_pair::KeyPair;
/// use authsession_testkit::keys::SigningAlgorithm;
///
/// let key = KeyPair::generate(SigningAlgorithm::Rs256)?.public_key()?;
/// let robot = AssertionIssuer::new("robot@project.example", key).subject_optional();
/// assert_eq!(robot.issuer(), "robot@project.example");
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct AssertionIssuer {
    issuer: String,
    keys: Vec<PublicKey>,
    subject_optional: bool,
}

impl AssertionIssuer {
    /// What signs with this key and names itself so in `iss`.
    #[must_use]
    pub fn new(issuer: impl Into<String>, key: PublicKey) -> Self {
        Self { issuer: issuer.into(), keys: vec![key], subject_optional: false }
    }

    /// One more key it may sign with.
    #[must_use]
    pub fn public_key(mut self, key: PublicKey) -> Self {
        self.keys.push(key);
        self
    }

    /// An assertion without `sub` is about the issuer itself, as at Google; refused unless stated (RFC 7523 §3).
    #[must_use]
    pub fn subject_optional(mut self) -> Self {
        self.subject_optional = true;
        self
    }

    /// The `iss` of its assertions.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    pub(crate) fn keys(&self) -> &[PublicKey] {
        &self.keys
    }

    pub(crate) fn needs_subject(&self) -> bool {
        !self.subject_optional
    }
}
