//! Settings that are complete, of a provider described by hand: nobody is asked anything.

use authsession_axum::auth_builder::OAuthConfigurationBuilder;

use crate::stage::COOKIE_KEY;

/// A public client's, with every setting `build()` needs.
pub(crate) fn complete() -> OAuthConfigurationBuilder {
    but_for_the_client(OAuthConfigurationBuilder::default()).with_client_id("client")
}

/// What is complete but for a client.
pub(crate) fn but_for_the_client(builder: OAuthConfigurationBuilder) -> OAuthConfigurationBuilder {
    builder
        .with_redirect_uri("https://app.example/auth/callback")
        .with_private_cookie_key(COOKIE_KEY)
        .with_issuer_by_hand("https://login.example")
        .with_authorization_endpoint("https://login.example/authorize")
        .with_token_endpoint("https://login.example/token")
        .with_jwks_uri("https://login.example/jwks")
}
