//! Where the configuration is made.

pub use crate::builder::OAuthConfigurationBuilder;
pub use crate::session_limits::RememberMe;
