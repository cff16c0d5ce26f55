//! The token exchange flow: another provider's token for one of Salesforce's (RFC 8693; Salesforce Help, "OAuth 2.0 Token Exchange
//! Flow").

pub mod builder;
pub mod subject_token_type;

use authsession_core::grant::Grant;
use authsession_core::http::Form;
use authsession_core::secret::Secret;
use std::borrow::Borrow;

pub use crate::auth::completed_session::CompletedSession as TokenExchangeSession;
use crate::auth::completed_session::SignIn;
pub use crate::auth::token_exchange::builder::TokenExchangeFlowBuilder;
pub use crate::auth::token_exchange::subject_token_type::{SubjectTokenType, TokenExchangeGrantType};
use crate::error::{CirrusError, CirrusResult};

/// `grant_type` of RFC 8693.
pub const GRANT_TYPE_TOKEN_EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
/// `grant_type` of Salesforce's hybrid flow, whose answer also holds the sessions of a browser's frames.
pub const GRANT_TYPE_HYBRID_TOKEN_EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:hybrid-token-exchange";
/// Salesforce takes no longer subject token, in characters.
pub const MAX_SUBJECT_TOKEN_CHARS: usize = 10_000;

/// Exchanges tokens, by way of a token exchange handler in the org.
///
/// ```no_run
/// use authsession_salesforce::auth::{AuthSession, SubjectTokenType, TokenExchangeFlow};
///
/// # async fn example(theirs: &str) -> authsession_salesforce::CirrusResult<()> {
/// let flow = TokenExchangeFlow::builder()
///     .consumer_key("3MVG9...")
///     .consumer_secret("the app's secret")
///     .login_url("https://acme.my.salesforce.com")
///     .scopes(["api", "refresh_token"])
///     .build()?;
/// let session = flow.exchange(theirs, SubjectTokenType::Jwt).await?;
/// let token = session.access_token().await?; // it is a session, and stays valid if it has a refresh token
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct TokenExchangeFlow {
    sign_in: SignIn,
    grant_type: TokenExchangeGrantType,
    scope: Option<String>,
    handler: Option<String>,
}

impl TokenExchangeFlow {
    /// Nothing set yet.
    pub fn builder() -> TokenExchangeFlowBuilder {
        TokenExchangeFlowBuilder::default()
    }

    /// Exchanges a token.
    ///
    /// # Errors
    /// [`CirrusError::InvalidArgument`] for an empty subject token or one longer than [`MAX_SUBJECT_TOKEN_CHARS`], and what the
    /// request came to.
    pub async fn exchange(
        &self,
        subject_token: &str,
        subject_token_type: impl Borrow<SubjectTokenType> + Send,
    ) -> CirrusResult<TokenExchangeSession> {
        if subject_token.is_empty() || subject_token.chars().count() > MAX_SUBJECT_TOKEN_CHARS {
            return Err(CirrusError::invalid_argument(
                "subject_token",
                "must have between 1 and 10,000 characters",
            ));
        }
        let grant = Exchange {
            grant_type: self.grant_type,
            subject_token: subject_token.into(),
            subject_token_type: subject_token_type.borrow().as_urn().to_owned(),
            scope: self.scope.clone(),
            handler: self.handler.clone(),
        };
        let tokens = self.sign_in.endpoint().redeem(&grant).await?;
        self.sign_in.complete_without_nonce(tokens).await
    }

    /// Revokes a token: a refresh token with all that came of it, or an access token.
    ///
    /// # Errors
    /// What the request came to.
    pub async fn revoke(&self, token: &str) -> CirrusResult<()> {
        self.sign_in.revoke(token).await
    }
}

/// RFC 8693 §2.1, and Salesforce's `token_handler`.
struct Exchange {
    grant_type: TokenExchangeGrantType,
    subject_token: Secret,
    subject_token_type: String,
    scope: Option<String>,
    handler: Option<String>,
}

impl Grant for Exchange {
    fn write(&self, form: &mut Form) {
        form.push("grant_type", self.grant_type.as_urn());
        form.push("subject_token", self.subject_token.expose());
        form.push("subject_token_type", &self.subject_token_type);
        if let Some(scope) = &self.scope {
            form.push("scope", scope);
        }
        if let Some(handler) = &self.handler {
            form.push("token_handler", handler);
        }
    }
}
