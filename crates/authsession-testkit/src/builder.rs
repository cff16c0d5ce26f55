//! How a provider is set up.

use crate::assertion_issuer::AssertionIssuer;
use crate::client::Client;
use crate::clock::VirtualClock;
use crate::habits::Habits;
use crate::keys::KeyRing;
use crate::keys::SigningAlgorithm;
use crate::ledger::RefreshTokens;
use crate::provider::Provider;
use crate::realm::EditMetadata;
use crate::realm::Realm;
use crate::realm::Settings;
use crate::serve::Server;
use crate::user::User;
use serde_json::Map;
use serde_json::Value;
use std::fmt;
use std::io;
use std::net::Ipv4Addr;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

/// Settings of a [`Provider`], each with a default.
#[must_use]
pub struct ProviderBuilder {
    clock: VirtualClock,
    clients: Vec<Client>,
    users: Vec<User>,
    access_token_lifetime: Duration,
    refresh_tokens: RefreshTokens,
    offline_access_required: bool,
    id_token_on_refresh: bool,
    interactive: bool,
    algorithm: SigningAlgorithm,
    plain_oauth2: bool,
    assertion_issuers: Vec<AssertionIssuer>,
    audiences: Vec<String>,
    client_credentials_lifetime: Option<Duration>,
    expires_in_stated: bool,
    device_code_lifetime: Duration,
    device_interval: Duration,
    device_pace_enforced: bool,
    metadata: Vec<EditMetadata>,
    habits: Habits,
    issuer_path: String,
    host: Option<String>,
    listen: SocketAddr,
}

impl ProviderBuilder {
    pub(crate) fn new() -> Self {
        Self {
            clock: VirtualClock::system(),
            clients: Vec::new(),
            users: Vec::new(),
            access_token_lifetime: Duration::from_secs(300),
            refresh_tokens: RefreshTokens::default(),
            offline_access_required: false,
            id_token_on_refresh: true,
            interactive: false,
            algorithm: SigningAlgorithm::default(),
            plain_oauth2: false,
            assertion_issuers: Vec::new(),
            audiences: Vec::new(),
            client_credentials_lifetime: None,
            expires_in_stated: true,
            device_code_lifetime: Duration::from_secs(600),
            device_interval: Duration::from_secs(5),
            device_pace_enforced: true,
            metadata: Vec::new(),
            habits: Habits::default(),
            issuer_path: String::new(),
            host: None,
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        }
    }

    /// The clock tokens are issued and judged by; the system's unless stated.
    pub fn clock(mut self, clock: VirtualClock) -> Self {
        self.clock = clock;
        self
    }

    /// Registers a client. Without any, `client` is registered with a secret.
    pub fn client(mut self, client: Client) -> Self {
        self.clients.push(client);
        self
    }

    /// Registers a user; the first one is who signs in. Without any, there are `alice` and `bob`.
    pub fn user(mut self, user: User) -> Self {
        self.users.push(user);
        self
    }

    /// How long an access token lives; 300 seconds unless stated.
    pub fn access_token_lifetime(mut self, lifetime: Duration) -> Self {
        self.access_token_lifetime = lifetime;
        self
    }

    /// What happens to refresh tokens; they rotate, with reuse detection, unless stated.
    pub fn refresh_tokens(mut self, policy: RefreshTokens) -> Self {
        self.refresh_tokens = policy;
        self
    }

    /// Issues refresh tokens only for the scope `offline_access`; for every scope unless stated.
    pub fn offline_access_required(mut self, required: bool) -> Self {
        self.offline_access_required = required;
        self
    }

    /// Whether a refresh brings a new ID token; it does unless stated.
    pub fn id_token_on_refresh(mut self, issued: bool) -> Self {
        self.id_token_on_refresh = issued;
        self
    }

    /// Shows a login page instead of answering at once as the current user.
    pub fn interactive(mut self, interactive: bool) -> Self {
        self.interactive = interactive;
        self
    }

    /// How ID tokens are signed; RS256 unless stated.
    pub fn signing_algorithm(mut self, algorithm: SigningAlgorithm) -> Self {
        self.algorithm = algorithm;
        self
    }

    /// No ID tokens, no discovery, no keys, no `iss` in the authorization response: OAuth 2.0 only, like GitHub.
    pub fn plain_oauth2(mut self, plain: bool) -> Self {
        self.plain_oauth2 = plain;
        self
    }

    /// Redeems assertions of this issuer (RFC 7523 §2.1); of none unless stated.
    pub fn assertion_issuer(mut self, issuer: AssertionIssuer) -> Self {
        self.assertion_issuers.push(issuer);
        self
    }

    /// Registers an audience or resource tokens can be exchanged for (RFC 8693 §2.1). Once one is registered, only
    /// registered ones are accepted.
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.audiences.push(audience.into());
        self
    }

    /// How long the access token of a client acting as itself lives; as every access token unless stated.
    pub fn client_credentials_lifetime(mut self, lifetime: Duration) -> Self {
        self.client_credentials_lifetime = Some(lifetime);
        self
    }

    /// Whether token answers say `expires_in`; they do unless stated. The tokens expire all the same.
    pub fn expires_in_stated(mut self, stated: bool) -> Self {
        self.expires_in_stated = stated;
        self
    }

    /// How long a device code lives (RFC 8628 §3.2); ten minutes unless stated.
    pub fn device_code_lifetime(mut self, lifetime: Duration) -> Self {
        self.device_code_lifetime = lifetime;
        self
    }

    /// How long a device must wait between two polls, in whole seconds; 5 unless stated.
    pub fn device_interval(mut self, interval: Duration) -> Self {
        self.device_interval = interval;
        self
    }

    /// Whether a device that polls too fast, by the provider's clock, is told to `slow_down`; it is unless stated. On a
    /// halted clock every second poll is too fast.
    pub fn device_pace_enforced(mut self, enforced: bool) -> Self {
        self.device_pace_enforced = enforced;
        self
    }

    /// Edits the discovery document each time it is served.
    pub fn metadata(mut self, edit: impl Fn(&mut Map<String, Value>) + Send + Sync + 'static) -> Self {
        self.metadata.push(Arc::new(edit));
        self
    }

    /// What it does differently from the letter of the standards; nothing unless stated.
    pub fn habits(mut self, habits: Habits) -> Self {
        self.habits = habits;
        self
    }

    /// A path in the issuer, such as `/tenant` (or `/`, for an issuer that ends in a slash).
    pub fn issuer_path(mut self, path: impl Into<String>) -> Self {
        self.issuer_path = path.into();
        self
    }

    /// The host name in the issuer; the address unless stated. With `localhost`, the provider is another site than an
    /// application on `127.0.0.1`.
    pub fn host(mut self, host: impl Into<String>) -> Self {
        self.host = Some(host.into());
        self
    }

    /// Where to listen; a free port of 127.0.0.1 unless stated.
    pub fn listen(mut self, address: SocketAddr) -> Self {
        self.listen = address;
        self
    }

    /// Starts it in a task of the current runtime.
    ///
    /// # Errors
    ///
    /// When the address cannot be bound, or no key can be made.
    pub async fn start(mut self) -> io::Result<Provider> {
        let slot = Server::reserve_at(self.listen).await?;
        if self.clients.is_empty() {
            self.clients.push(Client::confidential("client", "secret-of-the-test-client-32-bytes"));
        }
        if self.users.is_empty() {
            self.users.push(User::new("alice", "Alice Example"));
            self.users.push(User::new("bob", "Bob Example"));
        }
        let port = slot.address().port();
        let origin = self.host.map_or_else(|| slot.url().to_owned(), |host| format!("http://{host}:{port}"));
        let settings = Settings {
            issuer: format!("{origin}{}", self.issuer_path),
            issuer_path: self.issuer_path.trim_end_matches('/').to_owned(),
            session_cookie: format!("provider_session_{port}"),
            clients: self.clients,
            users: self.users,
            access_token_lifetime: self.access_token_lifetime,
            refresh_tokens: self.refresh_tokens,
            offline_access_required: self.offline_access_required,
            id_token_on_refresh: self.id_token_on_refresh,
            interactive: self.interactive,
            plain_oauth2: self.plain_oauth2,
            assertion_issuers: self.assertion_issuers,
            audiences: self.audiences,
            client_credentials_lifetime: self
                .client_credentials_lifetime
                .unwrap_or(self.access_token_lifetime),
            expires_in_stated: self.expires_in_stated,
            device_code_lifetime: self.device_code_lifetime,
            device_interval: self.device_interval,
            device_pace_enforced: self.device_pace_enforced,
            metadata: self.metadata,
            habits: self.habits,
        };
        let realm = Realm::new(settings, self.clock, KeyRing::new(self.algorithm)?);
        Ok(Provider::run(Arc::new(realm), slot))
    }
}

impl fmt::Debug for ProviderBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProviderBuilder")
            .field("clients", &self.clients)
            .field("refresh_tokens", &self.refresh_tokens)
            .field("algorithm", &self.algorithm)
            .field("issuer_path", &self.issuer_path)
            .finish_non_exhaustive()
    }
}
