//! Token exchange (RFC 8693 §2.1): somebody's token for one that serves elsewhere.

use crate::grant::Grant;
use crate::http::Form;
use crate::secret::Secret;

/// A token of somebody's, and what it is.
#[derive(Clone, Debug)]
pub struct ExchangedToken {
    /// The token.
    pub token: Secret,
    /// Its type: one of [`token_type`]'s, or a vendor's.
    pub token_type: String,
}

/// The types of tokens that are registered (RFC 8693 §3).
pub mod token_type {
    /// An OAuth 2.0 access token of this provider.
    pub const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";
    /// An OAuth 2.0 refresh token of this provider.
    pub const REFRESH_TOKEN: &str = "urn:ietf:params:oauth:token-type:refresh_token";
    /// An ID token.
    pub const ID_TOKEN: &str = "urn:ietf:params:oauth:token-type:id_token";
    /// A signed JSON web token.
    pub const JWT: &str = "urn:ietf:params:oauth:token-type:jwt";
    /// A base64url-encoded SAML 1.1 assertion.
    pub const SAML1: &str = "urn:ietf:params:oauth:token-type:saml1";
    /// A base64url-encoded SAML 2.0 assertion.
    pub const SAML2: &str = "urn:ietf:params:oauth:token-type:saml2";
}

/// Exchanges a token. What came of it, `issued_token_type`, is among the [`extras`](crate::token_set::TokenSet::extras).
///
/// ```
/// use authsession_core::grant::token_exchange::{TokenExchange, token_type};
///
/// let mut exchange = TokenExchange::new("their token", token_type::ACCESS_TOKEN);
/// exchange.audience = vec!["https://billing.example".to_owned()];
/// assert!(!format!("{exchange:?}").contains("their token"));
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct TokenExchange {
    /// On whose behalf we come.
    pub subject: ExchangedToken,
    /// Who acts for them, when it is not the client.
    pub actor: Option<ExchangedToken>,
    /// `resource`: the URIs of what the token is for.
    pub resource: Vec<String>,
    /// `audience`: the names of what the token is for.
    pub audience: Vec<String>,
    /// The scope to ask for.
    pub scope: Option<String>,
    /// The type of token wanted; an access token where nothing is said.
    pub requested_token_type: Option<String>,
    /// Further parameters a vendor asks for.
    pub extra: Vec<(String, Secret)>,
}

impl TokenExchange {
    /// The exchange of this token for an access token.
    #[must_use]
    pub fn new(subject_token: impl Into<Secret>, subject_token_type: impl Into<String>) -> Self {
        Self {
            subject: ExchangedToken { token: subject_token.into(), token_type: subject_token_type.into() },
            actor: None,
            resource: Vec::new(),
            audience: Vec::new(),
            scope: None,
            requested_token_type: None,
            extra: Vec::new(),
        }
    }
}

impl Grant for TokenExchange {
    fn write(&self, form: &mut Form) {
        form.push("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange");
        form.push("subject_token", self.subject.token.expose());
        form.push("subject_token_type", &self.subject.token_type);
        if let Some(actor) = &self.actor {
            form.push("actor_token", actor.token.expose());
            form.push("actor_token_type", &actor.token_type);
        }
        for (name, value) in [("scope", &self.scope), ("requested_token_type", &self.requested_token_type)] {
            if let Some(value) = value {
                form.push(name, value);
            }
        }
        for (name, values) in [("resource", &self.resource), ("audience", &self.audience)] {
            for value in values {
                form.push(name, value);
            }
        }
        for (name, value) in &self.extra {
            form.push(name, value.expose());
        }
    }
}
