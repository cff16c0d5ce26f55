//! Where the configuration is made.

pub use crate::builder::OAuthConfigurationBuilder;
