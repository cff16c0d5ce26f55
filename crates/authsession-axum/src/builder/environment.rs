//! The configuration from environment variables: `AUTHSESSION_ISSUER`, `AUTHSESSION_CLIENT_ID`, …

use crate::builder::OAuthConfigurationBuilder;
use crate::errors::Error;

type Setter = fn(OAuthConfigurationBuilder, &str) -> OAuthConfigurationBuilder;

impl OAuthConfigurationBuilder {
    /// The settings found in the environment:
    ///
    /// | variable | setter |
    /// |---|---|
    /// | `AUTHSESSION_ISSUER` | [`with_issuer`](Self::with_issuer) |
    /// | `AUTHSESSION_CLIENT_ID` | [`with_client_id`](Self::with_client_id) |
    /// | `AUTHSESSION_CLIENT_SECRET`, or `…_FILE` with a path | [`with_client_secret`](Self::with_client_secret) |
    /// | `AUTHSESSION_REDIRECT_URI` | [`with_redirect_uri`](Self::with_redirect_uri) |
    /// | `AUTHSESSION_COOKIE_KEY`, or `…_FILE` with a path | [`with_private_cookie_key`](Self::with_private_cookie_key) |
    /// | `AUTHSESSION_SCOPES`, separated by blanks | [`with_scopes`](Self::with_scopes) |
    /// | `AUTHSESSION_BASE_PATH` | [`with_base_path`](Self::with_base_path) |
    /// | `AUTHSESSION_POST_LOGOUT_REDIRECT_URI` | [`with_post_logout_redirect_uri`](Self::with_post_logout_redirect_uri) |
    ///
    /// Setters called afterwards go before them.
    ///
    /// # Errors
    /// Those of [`with_issuer`](Self::with_issuer). Everything else is checked by [`build`](Self::build).
    pub async fn from_env() -> Result<Self, Error> {
        Self::from_variables(|name| std::env::var(name).ok()).await
    }

    /// The same, with a look-up of your own in place of the process's environment.
    ///
    /// # Errors
    /// As [`from_env`](Self::from_env).
    pub async fn from_variables(variable: impl Fn(&str) -> Option<String>) -> Result<Self, Error> {
        let variable =
            |name: &str| variable(&format!("AUTHSESSION_{name}")).filter(|value| !value.is_empty());
        let mut builder = Self::default();
        let settings: [(&str, Setter); 8] = [
            ("CLIENT_ID", Self::with_client_id),
            ("CLIENT_SECRET_FILE", |builder, path| builder.with_client_secret_file(path)),
            ("CLIENT_SECRET", Self::with_client_secret),
            ("REDIRECT_URI", Self::with_redirect_uri),
            ("COOKIE_KEY_FILE", |builder, path| builder.with_private_cookie_key_file(path)),
            ("COOKIE_KEY", Self::with_private_cookie_key),
            ("BASE_PATH", |builder, path| builder.with_base_path(path)),
            ("POST_LOGOUT_REDIRECT_URI", Self::with_post_logout_redirect_uri),
        ];
        for (name, set) in settings {
            if let Some(value) = variable(name) {
                builder = set(builder, &value);
            }
        }
        if let Some(scopes) = variable("SCOPES") {
            builder = builder.with_scopes(scopes.split_whitespace().collect());
        }
        match variable("ISSUER") {
            Some(issuer) => builder.with_issuer(&issuer).await,
            None => Ok(builder),
        }
    }
}
