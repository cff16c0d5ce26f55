//! The settings all flows share, and their setters.

use std::sync::Arc;
use std::time::Duration;

use authsession_core::client_auth::ClientAuth;
use authsession_core::clock::Clock;
use authsession_core::http::HttpClient;
use authsession_core::secret::Secret;
use authsession_core::signer::{Signer, SigningKey};

use crate::auth::instance::Instance;
use crate::auth::instance_pin::InstanceUrlPolicy;
use crate::auth::instance_url::InstanceUrl;
use crate::auth::login_url::{LoginUrl, PRODUCTION_LOGIN_URL};
use crate::auth::org::Org;
use crate::error::{CirrusError, CirrusResult};

/// How long a connection to the token endpoint may take to come about, unless set otherwise.
pub const DEFAULT_TOKEN_CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a request to the token endpoint may take, unless set otherwise.
pub const DEFAULT_TOKEN_REQUEST_TIMEOUT: Duration = Duration::from_secs(30);
/// How long a token serves after its last use, unless set otherwise: Salesforce does not say, and ends sessions that were idle
/// for what the org's settings say, two hours unless somebody changed them.
pub const DEFAULT_TOKEN_TTL: Duration = Duration::from_secs(30 * 60);

/// What was set, before it is looked at.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) consumer_key: Option<String>,
    pub(crate) login_url: Option<String>,
    pub(crate) instance_url: Option<String>,
    pub(crate) policy: InstanceUrlPolicy,
    pub(crate) token_ttl: Duration,
    pub(crate) sliding: bool,
    pub(crate) introspects: bool,
    pub(crate) http_client: Option<reqwest::Client>,
    pub(crate) connect_timeout: Option<Duration>,
    pub(crate) request_timeout: Option<Duration>,
    pub(crate) clock: Clock,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            consumer_key: None,
            login_url: None,
            instance_url: None,
            policy: InstanceUrlPolicy::default(),
            token_ttl: DEFAULT_TOKEN_TTL,
            sliding: true,
            introspects: false,
            http_client: None,
            connect_timeout: Some(DEFAULT_TOKEN_CONNECT_TIMEOUT),
            request_timeout: Some(DEFAULT_TOKEN_REQUEST_TIMEOUT),
            clock: Clock::system(),
        }
    }
}

impl Settings {
    pub(crate) fn consumer_key(&self) -> CirrusResult<String> {
        required(self.consumer_key.as_deref(), "consumer_key").map(str::to_owned)
    }

    pub(crate) fn login_url(&self) -> CirrusResult<LoginUrl> {
        LoginUrl::parse(self.login_url.as_deref().unwrap_or(PRODUCTION_LOGIN_URL))
    }

    /// A login URL that is the org's own: what these flows need is not served where all orgs log in.
    pub(crate) fn my_domain(&self) -> CirrusResult<LoginUrl> {
        let login = LoginUrl::parse(required(self.login_url.as_deref(), "login_url")?)?;
        if login.is_generic() {
            return Err(CirrusError::invalid_argument(
                "login_url",
                "must be the org's My Domain URL (https://example.my.salesforce.com): login.salesforce.com and \
                 test.salesforce.com do not serve this flow",
            ));
        }
        Ok(login)
    }

    pub(crate) fn org(&self, login: LoginUrl) -> CirrusResult<Arc<Org>> {
        Org::new(login, self.http()?, self.clock.clone()).map(Arc::new)
    }

    /// How long a token serves.
    pub(crate) fn token_ttl(&self) -> CirrusResult<Duration> {
        if self.token_ttl.is_zero() {
            return Err(CirrusError::invalid_argument("token_ttl", "must be longer than nothing"));
        }
        Ok(self.token_ttl)
    }

    fn http(&self) -> CirrusResult<HttpClient> {
        if let Some(client) = &self.http_client {
            return Ok(HttpClient::over(client.clone()));
        }
        let unlimited = Duration::from_secs(24 * 3600);
        let builder = HttpClient::builder()
            .connect_timeout(self.connect_timeout.unwrap_or(unlimited))
            .timeout(self.request_timeout.unwrap_or(unlimited));
        Ok(builder.build()?)
    }

    /// The instance: as configured, else that of the org's own login URL, else learned with the first token. A site is not where
    /// its org's API is.
    pub(crate) fn instance(&self, login: &LoginUrl) -> CirrusResult<Arc<Instance>> {
        let known = match &self.instance_url {
            Some(url) => Some(InstanceUrl::parse(url)?),
            None if login.is_an_org() => Some(InstanceUrl::parse(login.as_str())?),
            None => None,
        };
        Ok(Arc::new(Instance::new(known, self.policy, login.clone())))
    }
}

/// How the connected app proves who it is: with a secret, with a key, or not at all.
#[derive(Clone, Debug, Default)]
pub(crate) struct Proof {
    pub(crate) secret: Option<Secret>,
    pub(crate) signer: Option<Arc<dyn Signer>>,
}

impl Proof {
    /// As Salesforce documents it for most flows: the secret in a header.
    pub(crate) fn client_auth(&self) -> CirrusResult<ClientAuth> {
        match (&self.secret, &self.signer) {
            (Some(_), Some(_)) => Err(CirrusError::invalid_argument(
                "consumer_secret",
                "is set beside a private key: set the one the connected app expects",
            )),
            (Some(secret), None) => Ok(ClientAuth::SecretBasic(secret.clone())),
            (None, Some(signer)) => Ok(ClientAuth::PrivateKeyJwt(Arc::clone(signer))),
            (None, None) => Ok(ClientAuth::None),
        }
    }

    /// As it documents it for the others, which look for the consumer key in the body: the secret beside it.
    pub(crate) fn client_auth_in_body(&self) -> CirrusResult<ClientAuth> {
        Ok(match self.client_auth()? {
            ClientAuth::SecretBasic(secret) => ClientAuth::SecretPost(secret),
            other => other,
        })
    }
}

pub(crate) fn required<'a>(value: Option<&'a str>, name: &'static str) -> CirrusResult<&'a str> {
    let value = value.ok_or(CirrusError::MissingField(name))?;
    if value.trim().is_empty() {
        return Err(CirrusError::invalid_argument(name, "is empty"));
    }
    Ok(value)
}

pub(crate) fn key_in_file(path: &std::path::Path) -> CirrusResult<Arc<dyn Signer>> {
    let read = std::fs::read(path).map(zeroize::Zeroizing::new);
    let bytes = read.map_err(|cause| CirrusError::Misconfigured {
        hint: "the private key's file cannot be read".into(),
        cause: Some(Arc::new(cause)),
    })?;
    key_in_bytes(&bytes)
}

pub(crate) fn key_in_bytes(bytes: &[u8]) -> CirrusResult<Arc<dyn Signer>> {
    Ok(Arc::new(SigningKey::from_pem(bytes)?))
}

/// The setters of what [`Settings`] holds.
macro_rules! shared_setters {
    () => {
        /// The connected app's consumer key (its client id).
        pub fn consumer_key(mut self, key: impl Into<String>) -> Self {
            self.settings.consumer_key = Some(key.into());
            self
        }

        /// Where logins happen: `https://login.salesforce.com` (the default where there is one), `https://test.salesforce.com`
        /// or the org's My Domain.
        pub fn login_url(mut self, url: impl Into<String>) -> Self {
            self.settings.login_url = Some(url.into());
            self
        }

        /// The org's base URL. Not needed when the login URL is the org's own.
        pub fn instance_url(mut self, url: impl Into<String>) -> Self {
            self.settings.instance_url = Some(url.into());
            self
        }

        /// Which instance URLs a token answer may name.
        pub const fn instance_url_policy(
            mut self,
            policy: $crate::auth::instance_pin::InstanceUrlPolicy,
        ) -> Self {
            self.settings.policy = policy;
            self
        }

        /// How long a token is taken to serve after it was last used; 30 minutes by default. Salesforce does not say. Keep it
        /// below the session timeout in the org's settings.
        pub const fn token_ttl(mut self, ttl: std::time::Duration) -> Self {
            self.settings.token_ttl = ttl;
            self
        }

        /// Whether each use puts the end of a token off, as it does at Salesforce; it does by default.
        pub const fn sliding(mut self, slides: bool) -> Self {
            self.settings.sliding = slides;
            self
        }

        /// Asks Salesforce when each token ends, at its introspection endpoint (RFC 7662); one request more for each token.
        pub const fn introspect(mut self, introspects: bool) -> Self {
            self.settings.introspects = introspects;
            self
        }

        /// The client for requests to Salesforce's OAuth endpoints. Make it from
        /// [`token_client_builder`](crate::auth::transport::token_client_builder): it has to follow no redirects. Timeouts set
        /// here do not apply to it.
        pub fn http_client(mut self, client: reqwest::Client) -> Self {
            self.settings.http_client = Some(client);
            self
        }

        /// How long a connection may take to come about; `None`: a day.
        pub fn connect_timeout(mut self, timeout: impl Into<Option<std::time::Duration>>) -> Self {
            self.settings.connect_timeout = timeout.into();
            self
        }

        /// How long a request may take; `None`: a day.
        pub fn request_timeout(mut self, timeout: impl Into<Option<std::time::Duration>>) -> Self {
            self.settings.request_timeout = timeout.into();
            self
        }

        /// The time; by default the system's.
        pub fn clock(mut self, clock: authsession_core::clock::Clock) -> Self {
            self.settings.clock = clock;
            self
        }
    };
}

/// The setters of a [`Proof`] that may be a secret or a key.
macro_rules! proof_setters {
    () => {
        /// The connected app's consumer secret.
        pub fn consumer_secret(mut self, secret: impl Into<authsession_core::secret::Secret>) -> Self {
            self.proof.secret = Some(secret.into());
            self
        }

        /// The private key of the certificate in the connected app, in a PEM file, read now.
        ///
        /// # Errors
        /// [`CirrusError::Misconfigured`](crate::error::CirrusError::Misconfigured) when the file cannot be read or is no
        /// private key.
        pub fn private_key_pem_file(
            mut self,
            path: impl AsRef<std::path::Path>,
        ) -> $crate::error::CirrusResult<Self> {
            self.proof.signer = Some($crate::auth::settings::key_in_file(path.as_ref())?);
            Ok(self)
        }

        /// The private key of the certificate in the connected app, in PEM: also with `\n` for newlines, on one line, or in
        /// base64, as environment variables hold it.
        ///
        /// # Errors
        /// [`CirrusError::Misconfigured`](crate::error::CirrusError::Misconfigured) when it is no private key.
        pub fn private_key_pem_bytes(mut self, pem: &[u8]) -> $crate::error::CirrusResult<Self> {
            self.proof.signer = Some($crate::auth::settings::key_in_bytes(pem)?);
            Ok(self)
        }

        /// Who signs, where the private key is in a key management service or a hardware module.
        pub fn signer(mut self, signer: std::sync::Arc<dyn authsession_core::signer::Signer>) -> Self {
            self.proof.signer = Some(signer);
            self
        }
    };
}

/// The setters of the flows that sign a user in, which have `scopes` and a `store`.
macro_rules! sign_in_setters {
    () => {
        /// One more scope to ask for, such as `api`; with `refresh_token` the session stays valid. Without any, Salesforce grants
        /// all the connected app has.
        pub fn scope(mut self, scope: impl Into<String>) -> Self {
            self.scopes.push(scope.into());
            self
        }

        /// Several scopes to ask for.
        pub fn scopes<I, S>(mut self, scopes: I) -> Self
        where
            I: IntoIterator<Item = S>,
            S: Into<String>,
        {
            self.scopes.extend(scopes.into_iter().map(Into::into));
            self
        }

        /// Keeps the session's refresh token; for flows that sign one user in. By default in memory.
        pub fn token_store(
            mut self,
            store: std::sync::Arc<dyn authsession_core::token_store::TokenStore>,
        ) -> Self {
            self.store = Some(store);
            self
        }
    };
}

pub(crate) use {proof_setters, shared_setters, sign_in_setters};
