//! Whose an answer's tokens are, and whether Salesforce vouches for it: its `id` and `signature`.

use authsession_core::refresh_mint::Owners;
use authsession_core::secret::Secret;
use authsession_core::token_set::TokenSet;
use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::auth::org_id::{OrgId, UserId};
use crate::error::{CirrusError, CirrusResult};

/// What answers are signed with, if it is known.
#[derive(Clone, Debug)]
pub(crate) struct Vouched {
    pub(crate) consumer_secret: Option<Secret>,
}

impl Vouched {
    /// The `signature` of an answer: HMAC-SHA256 of `id` and `issued_at` under the consumer secret (Salesforce Help, "OAuth 2.0
    /// Web Server Flow").
    pub(crate) fn check_signature(&self, tokens: &TokenSet) -> CirrusResult<()> {
        let extra = |name| tokens.extras.get(name);
        let (Some(secret), Some(signature)) = (&self.consumer_secret, extra("signature")) else {
            return Ok(());
        };
        let untrusted = || CirrusError::Untrusted("the token answer's signature is not Salesforce's".into());
        let (id, issued_at) = extra("id").zip(extra("issued_at")).ok_or_else(untrusted)?;
        let signature = STANDARD.decode(signature).map_err(|_| untrusted())?;
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.expose().as_bytes());
        hmac::verify(&key, format!("{id}{issued_at}").as_bytes(), &signature).map_err(|_| untrusted())
    }

    /// The user of an answer; a token is one of the org its answer names.
    pub(crate) fn user(&self, tokens: &TokenSet) -> CirrusResult<Option<UserId>> {
        let Some(identity_url) = tokens.extras.get("id") else { return Ok(None) };
        let org = OrgId::in_identity_url(identity_url);
        let of_token = OrgId::in_access_token(tokens.access_token.expose());
        if matches!((org, of_token), (Some(org), Some(of_token)) if org != of_token) {
            return Err(CirrusError::Untrusted(
                "the access token is not one of the org the answer names".into(),
            ));
        }
        Ok(UserId::in_identity_url(identity_url))
    }
}

/// The user and the org. An answer that is refused anyway pins nobody.
impl Owners for Vouched {
    fn owner(&self, tokens: &TokenSet) -> Option<String> {
        self.check_signature(tokens).ok()?;
        let user = self.user(tokens).ok()??;
        let org = OrgId::in_identity_url(tokens.extras.get("id")?)?;
        Some(format!("{org}/{}", user.as_str()))
    }
}
