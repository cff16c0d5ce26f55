//! What a token answer of Salesforce's is held against before its token is used: the instance, the signature, the end.

use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use authsession_core::claims::IdTokenClaims;
use authsession_core::client_auth::Client;
use authsession_core::clock::Timestamp;
use authsession_core::error::Error;
use authsession_core::introspection::introspect;
use authsession_core::revocation::TokenKind;
use authsession_core::secret::Secret;
use authsession_core::token_cache::Mint;
use authsession_core::token_set::TokenSet;

use crate::auth::instance::Instance;
use crate::auth::org::Org;
use crate::auth::org_id::UserId;
use crate::auth::vouched::Vouched;
use crate::error::{CirrusError, CirrusResult};

/// A mint whose answers are checked.
#[derive(Debug)]
pub(crate) struct CheckedMint {
    pub(crate) mint: Arc<dyn Mint>,
    pub(crate) checks: Checks,
    pub(crate) org: Arc<Org>,
    /// Who asks for the end of each token, if wanted.
    pub(crate) introspector: Option<Client>,
    /// Who signed in, and by which client: no refresh may be about somebody else.
    pub(crate) signed_in: Option<(Client, IdTokenClaims)>,
}

/// What is known of the org beforehand.
#[derive(Clone, Debug)]
pub(crate) struct Checks {
    pub(crate) instance: Arc<Instance>,
    pub(crate) vouched: Vouched,
    /// Whose session it is, from the first answer on.
    pub(crate) user: Arc<OnceLock<UserId>>,
}

impl Checks {
    pub(crate) fn check(&self, tokens: &TokenSet) -> CirrusResult<()> {
        self.vouched.check_signature(tokens)?;
        self.check_user(tokens)?;
        self.instance.admit(tokens.extras.get("instance_url"), tokens.extras.get("id"))
    }

    /// No refresh is about somebody else, nor a token another process left in the store.
    fn check_user(&self, tokens: &TokenSet) -> CirrusResult<()> {
        let Some(user) = self.vouched.user(tokens)? else { return Ok(()) };
        if *self.user.get_or_init(|| user) == user {
            Ok(())
        } else {
            Err(CirrusError::Untrusted(
                "the token is for another user than before: a token store keeps one login".into(),
            ))
        }
    }
}

#[async_trait]
impl Mint for CheckedMint {
    async fn mint(&self) -> Result<TokenSet, Error> {
        let mut tokens = self.mint.mint().await?;
        if let Some((client, claims)) = &self.signed_in
            && self.org.verify_refreshed(client, &tokens, claims).await?.is_none()
        {
            tokens.id_token = None;
        }
        self.checks.check(&tokens)?;
        if tokens.expires_at.is_none() {
            tokens.expires_at = self.end(&tokens).await;
        }
        Ok(tokens)
    }

    fn is_repeatable(&self) -> bool {
        self.mint.is_repeatable()
    }

    fn note_refusal(&self, access_token: &str) {
        self.mint.note_refusal(access_token);
    }
}

impl CheckedMint {
    /// When the token ends, where that can be known.
    async fn end(&self, tokens: &TokenSet) -> Option<Timestamp> {
        let (org, token) = (&self.org, &tokens.access_token);
        if let Some(end) = end_of_jwt(org, token) {
            return Some(end);
        }
        let client = self.introspector.as_ref()?;
        match introspect(&org.http, &org.redeemer, client, token, TokenKind::AccessToken).await {
            Ok(answer) => answer.expires_at.map(|end| org.by_our_clock(end)),
            Err(error) => {
                tracing::warn!(target: "authsession::salesforce", %error, "when the token ends could not be asked");
                None
            }
        }
    }
}

/// When a token that is a JWT ends: it says so itself, and does not slide. It is only believed about when to replace it.
pub(crate) fn end_of_jwt(org: &Org, access_token: &Secret) -> Option<Timestamp> {
    let claims = IdTokenClaims::danger_read_unverified(access_token).ok()?;
    Some(org.by_our_clock(claims.expires_at))
}
