//! Who calls Salesforce, and with which token.
//!
//! | who calls | session |
//! |---|---|
//! | a server, as a user who pre-authorised it | [`JwtAuth`] |
//! | a server, as the connected app's own user | [`ClientCredentialsAuth`] |
//! | users who sign in with a browser | [`WebServerFlow`], whose [`CompletedSession`] is one |
//! | a command line | [`WebServerFlow`] with the feature `loopback`, or [`DeviceFlow`] |
//! | whoever has a refresh token, or a login of the Salesforce CLI ([`ImportedLogin`]) | [`RefreshTokenAuth`] |
//! | whoever has another provider's token | [`TokenExchangeFlow`] |
//! | a script with a token in hand | [`StaticTokenAuth`] |

pub mod authorization;
mod checked_mint;
pub mod cli_key;
pub mod cli_login;
pub mod client_credentials;
pub mod completed_session;
pub mod device;
mod grant_session;
mod host;
mod instance;
pub mod instance_pin;
pub mod instance_url;
pub mod jwt;
pub mod login_url;
mod org;
pub mod org_id;
#[cfg(feature = "legacy")]
pub mod password;
pub mod refresh;
pub mod registry;
mod rotation;
pub mod session;
pub mod session_tokens;
pub mod settings;
pub mod static_token;
pub mod token_exchange;
pub mod transport;
mod vouched;
pub mod web_server;

pub use crate::error::{recovery, refusal};
pub use async_trait::async_trait;
pub use reqwest;

pub use crate::error::cli_login_fault::CliLoginFault;
pub use crate::error::recovery::Recovery;
pub use crate::error::refusal::SalesforceRefusal;
pub use authorization::Authorization;
pub use cli_key::CliKey;
pub use cli_login::ImportedLogin;
pub use client_credentials::{ClientCredentialsAuth, ClientCredentialsAuthBuilder};
pub use device::{DeviceFlow, DeviceFlowBuilder};
pub use instance_pin::{InstancePin, InstanceUrlPolicy};
pub use instance_url::InstanceUrl;
pub use jwt::{JwtAuth, JwtAuthBuilder};
pub use login_url::{LoginUrl, PRODUCTION_LOGIN_URL, SANDBOX_LOGIN_URL};
pub use org_id::OrgId;
#[cfg(feature = "legacy")]
pub use password::{PasswordAuth, PasswordAuthBuilder};
pub use refresh::{RefreshTokenAuth, RefreshTokenAuthBuilder, RotationHandler};
pub use registry::{Listed, SessionRegistry};
pub use session::{AuthSession, SharedAuth};
pub use session_tokens::SessionTokens;
pub use settings::{DEFAULT_TOKEN_CONNECT_TIMEOUT, DEFAULT_TOKEN_REQUEST_TIMEOUT, DEFAULT_TOKEN_TTL};
pub use static_token::StaticTokenAuth;
pub use token_exchange::{
    GRANT_TYPE_HYBRID_TOKEN_EXCHANGE, GRANT_TYPE_TOKEN_EXCHANGE, MAX_SUBJECT_TOKEN_CHARS, SubjectTokenType,
    TokenExchangeFlow, TokenExchangeFlowBuilder, TokenExchangeGrantType, TokenExchangeSession,
};
pub use transport::{revoke_token, token_client_builder};
pub use web_server::{
    AuthorizeOptions, CompletedSession, PendingExchange, WebServerFlow, WebServerFlowBuilder,
};

/// The error of everything in [`auth`](self): the crate's one.
pub type AuthError = crate::error::CirrusError;

/// The result of everything in [`auth`](self): the crate's one.
pub type AuthResult<T> = crate::error::CirrusResult<T>;
