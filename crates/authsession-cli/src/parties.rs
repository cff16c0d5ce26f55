//! Who takes part in the sign-in: a provider, and this application as its client.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use authsession_axum::auth_builder::OAuthConfigurationBuilder;
use authsession_axum::core::random;
use authsession_axum::core::secret::Secret;
use authsession_testkit::client::Client;
use authsession_testkit::provider::Provider;
use authsession_testkit::user::User;

use crate::arguments::DemoArguments;
use crate::errors::Error;

/// Short, so that a refresh is worth waiting for.
const TOKEN_LIFETIME: Duration = Duration::from_secs(30);
const TEST_REFRESH_MARGIN: Duration = Duration::from_secs(10);
/// The library's default.
const REFRESH_MARGIN: Duration = Duration::from_secs(60);

/// Who takes part.
pub(crate) struct Parties {
    pub(crate) issuer: String,
    pub(crate) redirect_uri: String,
    /// How long before its end an access token is refreshed.
    pub(crate) refresh_margin: Duration,
    /// How long an access token lives, where that is known beforehand.
    pub(crate) token_lifetime: Option<Duration>,
    client_id: String,
    client_secret: ClientSecret,
    scopes: Vec<String>,
    parameters: Vec<(String, String)>,
    userinfo: bool,
    /// The provider in this process, which stops when this is dropped.
    pub(crate) test_provider: Option<Provider>,
}

enum ClientSecret {
    None,
    Given(Secret),
    File(PathBuf),
}

impl Parties {
    /// Those the arguments name, with this application at `origin`; a test provider where they name none.
    pub(crate) async fn meet(arguments: DemoArguments, origin: &str) -> Result<Self, Error> {
        let given = |text: Option<String>| text.filter(|text| !text.is_empty());
        let redirect_uri = given(arguments.redirect_uri).unwrap_or_else(|| format!("{origin}/auth/callback"));
        let Some(issuer) = given(arguments.issuer) else {
            let nothing_more = given(arguments.client_id).is_none() && arguments.parameters.is_empty();
            if !nothing_more {
                return Err(Error::Arguments("name the provider with --issuer, or leave its client out"));
            }
            return Self::with_test_provider(redirect_uri, origin).await;
        };
        let client_id = given(arguments.client_id)
            .ok_or(Error::Arguments("--issuer needs --client-id: the id the provider registered"))?;
        let secret = arguments.client_secret.filter(|secret| !secret.is_empty());
        let secret_file = arguments.client_secret_file.filter(|path| !path.as_os_str().is_empty());
        let client_secret = match (secret, secret_file) {
            (Some(secret), _) => ClientSecret::Given(secret),
            (None, Some(path)) => ClientSecret::File(path),
            (None, None) => ClientSecret::None,
        };
        Ok(Self {
            issuer,
            redirect_uri,
            refresh_margin: REFRESH_MARGIN,
            token_lifetime: None,
            client_id,
            client_secret,
            scopes: arguments.scopes.into_iter().filter(|scope| !scope.is_empty()).collect(),
            parameters: arguments.parameters,
            userinfo: arguments.userinfo,
            test_provider: None,
        })
    }

    async fn with_test_provider(redirect_uri: String, origin: &str) -> Result<Self, Error> {
        let (client_id, secret) = ("authsession-demo", random::text::<32>()?);
        let client = Client::confidential(client_id, secret.as_str())
            .name("authsession demo")
            .redirect_uri(redirect_uri.as_str())
            .post_logout_redirect_uri(format!("{origin}/"));
        let provider = Provider::builder()
            .client(client)
            .user(User::new("alice", "Alice Example").claim("locale", "en-GB"))
            .user(User::new("bob", "Bob Example").claim("locale", "de-DE"))
            .interactive(true)
            .access_token_lifetime(TOKEN_LIFETIME)
            .listen(SocketAddr::from(([127, 0, 0, 1], 0)))
            .start()
            .await
            .map_err(Error::NoTestProvider)?;
        Ok(Self {
            issuer: provider.issuer().to_owned(),
            redirect_uri,
            refresh_margin: TEST_REFRESH_MARGIN,
            token_lifetime: Some(TOKEN_LIFETIME),
            client_id: client_id.to_owned(),
            client_secret: ClientSecret::Given(Secret::from(secret)),
            scopes: Vec::new(),
            parameters: Vec::new(),
            userinfo: false,
            test_provider: Some(provider),
        })
    }

    /// Whether the provider is the one in this process.
    pub(crate) const fn are_a_test(&self) -> bool {
        self.test_provider.is_some()
    }

    /// The settings of sign-in they make.
    pub(crate) async fn settings(&self) -> Result<OAuthConfigurationBuilder, Error> {
        let mut builder = OAuthConfigurationBuilder::default()
            .with_issuer(&self.issuer)
            .await?
            .with_client_id(&self.client_id)
            .with_redirect_uri(&self.redirect_uri)
            .with_refresh_margin(self.refresh_margin)
            .with_userinfo(self.userinfo);
        builder = match &self.client_secret {
            ClientSecret::None => builder,
            ClientSecret::Given(secret) => builder.with_client_secret(secret.expose()),
            ClientSecret::File(path) => builder.with_client_secret_file(path),
        };
        if !self.scopes.is_empty() {
            builder = builder.with_scopes(self.scopes.iter().map(String::as_str).collect());
        }
        for (name, value) in &self.parameters {
            builder = builder.with_authorization_parameter(name, value);
        }
        Ok(builder)
    }
}
