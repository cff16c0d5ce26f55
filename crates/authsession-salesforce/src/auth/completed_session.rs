//! What a sign-in at Salesforce brings, as its answer has it; and a session, as it is.

use std::fmt;
use std::sync::Arc;

use authsession_core::claims::IdTokenClaims;
use authsession_core::client_auth::Client;
use authsession_core::error::Error;
use authsession_core::secret::Secret;
use authsession_core::token_cache::Mint;
use authsession_core::token_endpoint::TokenEndpoint;
use authsession_core::token_set::TokenSet;
use authsession_core::token_store::TokenStore;
use authsession_core::token_store::memory::MemoryTokenStore;

use crate::auth::grant_session::{GrantSession, is_a_session};
use crate::auth::org::Org;
use crate::auth::refresh::RefreshTokenAuthBuilder;
use crate::auth::settings::{Proof, Settings};
use crate::error::CirrusResult;

/// A sign-in that succeeded. It *is* an [`AuthSession`](crate::auth::session::AuthSession): with a refresh token it stays
/// valid, without one it serves until Salesforce ends it.
#[derive(Clone)]
#[non_exhaustive]
pub struct CompletedSession {
    /// The access token as it came.
    pub access_token: String,
    /// The refresh token, if the scope had `refresh_token`.
    pub refresh_token: Option<String>,
    /// The ID token, if the scope had `openid`. It is verified.
    pub id_token: Option<String>,
    /// The org.
    pub instance_url: String,
    /// The user's identity URL.
    pub id: Option<String>,
    /// When Salesforce issued it, in milliseconds since 1970.
    pub issued_at: Option<String>,
    /// Salesforce's signature of `id` and `issued_at`. It is verified where the consumer secret is known.
    pub signature: Option<String>,
    /// The scope granted.
    pub scope: Option<String>,
    /// The Experience Cloud site, if the user signed in at one.
    pub sfdc_site_url: Option<String>,
    /// The id of that site.
    pub sfdc_site_id: Option<String>,
    /// The nonce the ID token was held against.
    pub nonce: Option<String>,
    /// The claims of the ID token.
    pub claims: Option<IdTokenClaims>,
    session: GrantSession,
    /// Where its refresh token is kept as it is now.
    pub(crate) store: Arc<dyn TokenStore>,
}

is_a_session! { CompletedSession }

/// What the flows that sign a user in have in common: with whom, as whom, and where what comes of it is kept.
#[derive(Clone, Debug)]
pub(crate) struct SignIn {
    pub(crate) settings: Settings,
    pub(crate) proof: Proof,
    pub(crate) org: Arc<Org>,
    pub(crate) client: Client,
    pub(crate) store: Option<Arc<dyn TokenStore>>,
}

impl SignIn {
    pub(crate) fn endpoint(&self) -> TokenEndpoint {
        self.org.endpoint(self.client.clone())
    }

    pub(crate) async fn revoke(&self, token: &str) -> CirrusResult<()> {
        self.org.revoke(&self.client, &token.into()).await
    }

    /// Makes a session of an answer for which no nonce was sent.
    pub(crate) async fn complete_without_nonce(&self, tokens: TokenSet) -> CirrusResult<CompletedSession> {
        let claims = self.org.verify_without_nonce(&self.client, &tokens).await?;
        self.complete(tokens, claims.map(|claims| (claims, None))).await
    }

    /// Holds the answer against what is known, and makes a session of it.
    pub(crate) async fn complete(
        &self,
        tokens: TokenSet,
        verified: Option<(IdTokenClaims, Option<String>)>,
    ) -> CirrusResult<CompletedSession> {
        let Self { settings, proof, org, client, store } = self;
        let store = store.clone().unwrap_or_else(|| Arc::new(MemoryTokenStore::default()));
        let session = match &tokens.refresh_token {
            Some(_) => {
                let builder = RefreshTokenAuthBuilder::from_parts(settings.clone(), proof.clone())
                    .token_store(Arc::clone(&store));
                let claims = verified.as_ref().map(|(claims, _)| claims.clone());
                builder.signed_in(tokens.clone(), claims).await?
            }
            None => {
                let no_more = |_| -> Arc<dyn Mint> { Arc::new(NoMore) };
                let secret = proof.secret.clone();
                let session = GrantSession::new(settings, Arc::clone(org), client, secret, no_more)?;
                session.adopt(tokens.clone())?;
                session
            }
        };
        let extra = |name: &str| tokens.extras.get(name).map(str::to_owned);
        let (claims, nonce) = verified.map_or((None, None), |(claims, nonce)| (Some(claims), nonce));
        let shown = |secret: &Secret| secret.expose().to_owned();
        Ok(CompletedSession {
            access_token: shown(&tokens.access_token),
            refresh_token: tokens.refresh_token.as_ref().map(shown),
            id_token: tokens.id_token.as_ref().map(shown),
            instance_url: session.instance_url().to_owned(),
            id: extra("id"),
            issued_at: extra("issued_at"),
            signature: extra("signature"),
            scope: tokens.scope.as_deref().map(str::to_owned),
            sfdc_site_url: extra("sfdc_site_url").or_else(|| extra("sfdc_community_url")),
            sfdc_site_id: extra("sfdc_site_id").or_else(|| extra("sfdc_community_id")),
            nonce,
            claims,
            session,
            store,
        })
    }
}

impl fmt::Debug for CompletedSession {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("CompletedSession")
            .field("instance_url", &self.instance_url)
            .field("scope", &self.scope)
            .field("renewable", &self.refresh_token.is_some())
            .finish_non_exhaustive()
    }
}

/// There is nothing to get another token with.
#[derive(Debug)]
struct NoMore;

#[async_trait::async_trait]
impl Mint for NoMore {
    async fn mint(&self) -> Result<TokenSet, Error> {
        Err(crate::error::refusal::SalesforceRefusal::TokenExpired.into())
    }
}
