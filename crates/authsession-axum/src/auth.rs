//! The names an application starts from: the layer, its configuration, and what may be replaced in it.

pub use authsession_core::pkce::CodeChallengeMethod;

pub use crate::auth_builder as builder;
pub use crate::auth_session as session;
pub use crate::auth_session::AccessTokenResponse;
pub use crate::config::{CookiesShown, OAuthConfiguration};
pub use crate::layer::{AuthLayer, AuthMiddleware, AuthenticationLayer};
pub use crate::logout;
pub use crate::logout::LogoutHandler;
