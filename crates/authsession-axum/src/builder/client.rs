//! Setters for this application as a client of the provider.

use std::path::Path;

use authsession_core::client_auth::ClientAuth;
use authsession_core::pkce::CodeChallengeMethod;
use authsession_core::secret::Secret;

use crate::builder::OAuthConfigurationBuilder;

impl OAuthConfigurationBuilder {
    /// The client id the provider registered.
    pub fn with_client_id(mut self, client_id: &str) -> Self {
        client_id.clone_into(&mut self.client_id);
        self
    }

    /// The client secret; without one the client is public and PKCE alone protects it.
    pub fn with_client_secret(mut self, client_secret: &str) -> Self {
        self.client_secret = Some(Secret::from(client_secret));
        self
    }

    /// The client secret from a file, without the line's end.
    pub fn with_client_secret_file(mut self, path: impl AsRef<Path>) -> Self {
        self.client_secret = self.read_secret(path.as_ref(), "the client secret's file cannot be read");
        self
    }

    /// Sends the client secret in the body (`client_secret_post`) whatever the provider announces.
    pub fn with_client_secret_post(mut self) -> Self {
        self.client_auth = Some(ClientAuth::SecretPost);
        self
    }

    /// Sends the client secret in the header (`client_secret_basic`) whatever the provider announces.
    pub fn with_client_secret_basic(mut self) -> Self {
        self.client_auth = Some(ClientAuth::SecretBasic);
        self
    }

    /// Where the provider sends the browser back to: the public URL of the callback, exactly as registered. It also says
    /// what this application's origin is.
    pub fn with_redirect_uri(mut self, redirect_uri: &str) -> Self {
        redirect_uri.clone_into(&mut self.redirect_uri);
        self
    }

    /// Whether the redirect URI is repeated when a code is redeemed (RFC 6749 §4.1.3); default true.
    pub const fn with_token_request_redirect_uri(mut self, include: bool) -> Self {
        self.send_redirect_uri_to_token_endpoint = include;
        self
    }

    /// The scopes asked for; default `openid profile email`. Without `openid` it is plain OAuth 2.0 with no ID token.
    pub fn with_scopes(mut self, scopes: Vec<&str>) -> Self {
        self.scopes = Some(scopes.into_iter().map(str::to_owned).collect());
        self
    }

    /// The API the access token is for (`audience`), where the provider wants to know.
    pub fn with_audience(self, audience: &str) -> Self {
        self.with_authorization_parameter("audience", audience)
    }

    /// A further parameter of every authorization request, such as `access_type=offline`.
    pub fn with_authorization_parameter(mut self, name: &str, value: &str) -> Self {
        self.authorization_parameters.push((name.to_owned(), value.to_owned()));
        self
    }

    /// How the code challenge is made; anything but S256 needs
    /// [`danger_allow_plain_code_challenge`](Self::danger_allow_plain_code_challenge) too.
    pub const fn with_code_challenge_method(mut self, method: CodeChallengeMethod) -> Self {
        self.code_challenge_method = method;
        self
    }

    /// Permits `CodeChallengeMethod::Plain`: whoever reads an authorization request can redeem its code.
    pub const fn danger_allow_plain_code_challenge(mut self) -> Self {
        self.allow_plain_challenge = true;
        self
    }

    /// Fetches the userinfo at every login and adds it to the claims; default false, except for plain OAuth 2.0 with a
    /// userinfo endpoint.
    pub const fn with_userinfo(mut self, fetch: bool) -> Self {
        self.fetch_userinfo = fetch;
        self
    }

    /// The userinfo claim that says who the user is at a plain OAuth 2.0 provider; default `sub`, for GitHub `id`.
    pub fn with_subject_claim(mut self, name: &str) -> Self {
        self.subject_claim = Some(name.to_owned());
        self
    }
}
