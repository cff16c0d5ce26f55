//! How an org is set up.

use crate::clock::VirtualClock;
use crate::org::Org;
use crate::org::RequestLimit;
use crate::org::connected_app::ConnectedApp;
use crate::org::identifier::identifier;
use crate::org::tenant::Orders;
use crate::org::tenant::Settings;
use crate::org::tenant::Tenant;
use crate::org::user::OrgUser;
use crate::public_key::PublicKey;
use crate::serve::Server;
use std::fmt;
use std::io;
use std::net::Ipv4Addr;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

/// Of the key the first app of every org signs with. Making one takes longer than most tests.
const DEFAULT_CERTIFICATE: &str = include_str!("default_app.spki.pem");

/// Settings of an [`Org`], each with a default.
#[must_use]
pub struct OrgBuilder {
    clock: VirtualClock,
    users: Vec<OrgUser>,
    apps: Vec<ConnectedApp>,
    rotation: bool,
    session_timeout: Duration,
    relogin_returns_same_session: bool,
    login_budget: usize,
    instance_url: Option<String>,
    login_host: bool,
    request_limit: u64,
    api_version: u32,
    soap_login: bool,
    compresses: bool,
    token_handler: Option<String>,
    subject_tokens: Vec<(String, String)>,
    listen: SocketAddr,
}

impl OrgBuilder {
    pub(crate) fn new() -> Self {
        Self {
            clock: VirtualClock::system(),
            users: Vec::new(),
            apps: Vec::new(),
            rotation: false,
            session_timeout: Duration::from_secs(7200),
            relogin_returns_same_session: false,
            login_budget: 3600,
            instance_url: None,
            login_host: false,
            request_limit: 15_000,
            api_version: 66,
            soap_login: true,
            compresses: false,
            token_handler: None,
            subject_tokens: Vec::new(),
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        }
    }

    /// The clock sessions are opened and judged by, and the `Date` header is read from; the system's unless stated.
    pub fn clock(mut self, clock: VirtualClock) -> Self {
        self.clock = clock;
        self
    }

    /// Adds a user; the first one is who signs in. Without any, there is `integration@acme.example`.
    pub fn user(mut self, user: OrgUser) -> Self {
        self.users.push(user);
        self
    }

    /// Adds a connected app. Without any, there is one that may do everything as the first user, whose assertions are signed
    /// with [`Org::private_key_pem`].
    pub fn app(mut self, app: ConnectedApp) -> Self {
        self.apps.push(app);
        self
    }

    /// A refresh brings a new refresh token, and using the old one again revokes its whole family; off unless stated.
    pub fn rotation(mut self, rotates: bool) -> Self {
        self.rotation = rotates;
        self
    }

    /// How long a session lives after its last use; two hours unless stated.
    pub fn session_timeout(mut self, timeout: Duration) -> Self {
        self.session_timeout = timeout;
        self
    }

    /// Who logs in again while a session of the same app and scope lives gets that session's token; off unless stated.
    pub fn relogin_returns_same_session(mut self, same: bool) -> Self {
        self.relogin_returns_same_session = same;
        self
    }

    /// How many logins a user has in an hour; 3600 unless stated.
    pub fn login_budget(mut self, logins: usize) -> Self {
        self.login_budget = logins;
        self
    }

    /// The My Domain URL in token answers; where it listens unless stated.
    pub fn instance_url(mut self, url: impl Into<String>) -> Self {
        self.instance_url = Some(url.into());
        self
    }

    /// The org's URL is a login host like `login.salesforce.com`, where client credentials are refused; the instance URL is
    /// then `http://localhost:<port>` unless stated.
    pub fn login_host(mut self, login_host: bool) -> Self {
        self.login_host = login_host;
        self
    }

    /// How many API requests are allowed in all; 15000 unless stated.
    pub fn request_limit(mut self, requests: u64) -> Self {
        self.request_limit = requests;
        self
    }

    /// The newest API version there is, such as `66` for `v66.0`; 66 unless stated.
    pub fn api_version(mut self, version: u32) -> Self {
        self.api_version = version;
        self
    }

    /// Whether SOAP `login()` is enabled; it is unless stated.
    pub fn soap_login(mut self, enabled: bool) -> Self {
        self.soap_login = enabled;
        self
    }

    /// Whether answers are packed by gzip for clients that take them so, as a real org's are; they are not unless stated.
    pub fn compresses(mut self, compresses: bool) -> Self {
        self.compresses = compresses;
        self
    }

    /// The token exchange handler a request must name; it may be left out unless stated.
    pub fn token_handler(mut self, name: impl Into<String>) -> Self {
        self.token_handler = Some(name.into());
        self
    }

    /// Somebody else's token, which token exchange takes for this user.
    pub fn subject_token(mut self, token: impl Into<String>, username: impl Into<String>) -> Self {
        self.subject_tokens.push((token.into(), username.into()));
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
    /// When the address cannot be bound.
    pub async fn start(mut self) -> io::Result<Org> {
        let slot = Server::reserve_at(self.listen).await?;
        if self.users.is_empty() {
            self.users.push(OrgUser::new("integration@acme.example"));
        }
        let first = self.users.first().map_or_else(String::new, |user| user.username.clone());
        if self.apps.is_empty() {
            let app = ConnectedApp::new("3MVG9.testkit.consumer.key", "the-consumer-secret-of-the-test-app")
                .certificate(PublicKey::from_pem(DEFAULT_CERTIFICATE)?)
                .run_as(&first);
            self.apps.push(app);
        }
        let port = slot.address().port();
        let instance_url = self.instance_url.unwrap_or_else(|| {
            if self.login_host { format!("http://localhost:{port}") } else { slot.url().to_owned() }
        });
        let settings = Settings {
            url: slot.url().to_owned(),
            instance_url,
            organization: identifier("00D", u64::from(port)),
            login_host: self.login_host,
            session_timeout: self.session_timeout,
            relogin_returns_same_session: self.relogin_returns_same_session,
            login_budget: self.login_budget,
            request_limit: self.request_limit,
            api_version: self.api_version,
            soap_login: self.soap_login,
            compresses: self.compresses,
            token_handler: self.token_handler,
            subject_tokens: self.subject_tokens,
        };
        let orders = Orders {
            users: self.users,
            apps: self.apps,
            current_user: first,
            deny_next: None,
            limit: RequestLimit::Counted,
            rotation: self.rotation,
            children_a_page: None,
            locators_end_with_session: false,
        };
        Ok(Org::run(Arc::new(Tenant::new(settings, self.clock, orders)), slot))
    }
}

impl fmt::Debug for OrgBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OrgBuilder")
            .field("users", &self.users)
            .field("apps", &self.apps)
            .field("rotation", &self.rotation)
            .field("session_timeout", &self.session_timeout)
            .finish_non_exhaustive()
    }
}
