//! What is exchanged, and by which grant.

use authsession_core::grant::token_exchange::token_type;

use crate::auth::token_exchange::{GRANT_TYPE_HYBRID_TOKEN_EXCHANGE, GRANT_TYPE_TOKEN_EXCHANGE};

/// The grant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TokenExchangeGrantType {
    /// That of RFC 8693.
    #[default]
    TokenExchange,
    /// Salesforce's hybrid one.
    HybridTokenExchange,
}

impl TokenExchangeGrantType {
    /// Its `grant_type`.
    #[must_use]
    pub const fn as_urn(self) -> &'static str {
        match self {
            Self::TokenExchange => GRANT_TYPE_TOKEN_EXCHANGE,
            Self::HybridTokenExchange => GRANT_TYPE_HYBRID_TOKEN_EXCHANGE,
        }
    }
}

/// The kind of the token that is exchanged (RFC 8693 §3).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SubjectTokenType {
    /// An access token.
    AccessToken,
    /// A refresh token.
    RefreshToken,
    /// An ID token.
    IdToken,
    /// A SAML 2.0 assertion, in base64url.
    Saml2,
    /// A JWT that is none of the above.
    Jwt,
    /// Another kind, by its URN.
    Custom(String),
}

impl SubjectTokenType {
    /// Its `subject_token_type`.
    #[must_use]
    pub fn as_urn(&self) -> &str {
        match self {
            Self::AccessToken => token_type::ACCESS_TOKEN,
            Self::RefreshToken => token_type::REFRESH_TOKEN,
            Self::IdToken => token_type::ID_TOKEN,
            Self::Saml2 => token_type::SAML2,
            Self::Jwt => token_type::JWT,
            Self::Custom(urn) => urn,
        }
    }
}
