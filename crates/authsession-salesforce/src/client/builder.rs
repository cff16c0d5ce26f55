//! How a client is made.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use authsession_core::clock::Clock;
use authsession_core::http::{api_client_builder, has_proxy};

use reqwest::ClientBuilder;

use crate::auth::session::SharedAuth;
use crate::client::Cirrus;
use crate::error::{CirrusError, CirrusResult};
use crate::exchange::governor::Governor;
use crate::exchange::retry::RetryPolicy;
use crate::exchange::{Exchange, Settings};

/// The version of the API that is called unless another one is chosen: Spring '26.
pub const DEFAULT_API_VERSION: &str = "v66.0";
/// The oldest version that is taken. What Salesforce added later needs a later one, and answers 404 or an error under this.
pub const MIN_API_VERSION: &str = "v41.0";
/// How long a connection may take to come about.
pub const DEFAULT_CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long Salesforce may be silent: it ends calls of its own after 120 s.
pub const DEFAULT_READ_TIMEOUT: Duration = Duration::from_secs(120);
/// The largest answer that is read into memory, in bytes: 1 GiB. Downloads as they come know no limit.
pub const DEFAULT_MAX_RESPONSE_SIZE: usize = 1 << 30;

const USER_AGENT: &str = concat!("authsession-salesforce/", env!("CARGO_PKG_VERSION"));

/// How a [`Cirrus`] is made.
#[must_use]
pub struct CirrusBuilder {
    auth: Option<SharedAuth>,
    api_version: Option<String>,
    user_agent: Option<String>,
    http_client: Option<reqwest::Client>,
    proxies: Vec<reqwest::Proxy>,
    connect_timeout: Option<Duration>,
    read_timeout: Option<Duration>,
    max_response_size: Option<usize>,
    retry_policy: RetryPolicy,
    governor: Governor,
    insecure: bool,
    clock: Clock,
}

impl CirrusBuilder {
    pub(crate) fn new() -> Self {
        Self {
            auth: None,
            api_version: None,
            user_agent: None,
            http_client: None,
            proxies: Vec::new(),
            connect_timeout: Some(DEFAULT_CONNECT_TIMEOUT),
            read_timeout: Some(DEFAULT_READ_TIMEOUT),
            max_response_size: Some(DEFAULT_MAX_RESPONSE_SIZE),
            retry_policy: RetryPolicy::default(),
            governor: Governor::new(),
            insecure: false,
            clock: Clock::system(),
        }
    }

    /// The session whose tokens are sent. It has to be set.
    pub fn auth(mut self, auth: SharedAuth) -> Self {
        self.auth = Some(auth);
        self
    }

    /// The API's version: `v66.0`, `66.0` or `66`. [`DEFAULT_API_VERSION`] unless set.
    pub fn api_version(mut self, version: impl Into<String>) -> Self {
        self.api_version = Some(version.into());
        self
    }

    /// The header `User-Agent`: what an admin of the org sees of the program.
    pub fn user_agent(mut self, user_agent: impl Into<String>) -> Self {
        self.user_agent = Some(user_agent.into());
        self
    }

    /// Sends through a client made elsewhere, with its own proxies and timeouts; those set here are left aside. It has to
    /// follow no redirects: an answer that was redirected is not used.
    pub fn http_client(mut self, client: reqwest::Client) -> Self {
        self.http_client = Some(client);
        self
    }

    /// Sends through a proxy. May be called for several.
    pub fn proxy(mut self, proxy: reqwest::Proxy) -> Self {
        self.proxies.push(proxy);
        self
    }

    /// How long a connection may take to come about; `None`: as long as it takes. [`DEFAULT_CONNECT_TIMEOUT`] unless set.
    pub fn connect_timeout(mut self, timeout: impl Into<Option<Duration>>) -> Self {
        self.connect_timeout = timeout.into();
        self
    }

    /// How long the other side may be silent in between; `None`: for ever. [`DEFAULT_READ_TIMEOUT`] unless set.
    pub fn read_timeout(mut self, timeout: impl Into<Option<Duration>>) -> Self {
        self.read_timeout = timeout.into();
        self
    }

    /// The largest answer that is read into memory, in bytes after decompression; `None`: any.
    /// [`DEFAULT_MAX_RESPONSE_SIZE`] unless set.
    pub fn max_response_size(mut self, limit: impl Into<Option<usize>>) -> Self {
        self.max_response_size = limit.into();
        self
    }

    /// When calls are made again.
    pub fn retry_policy(mut self, policy: RetryPolicy) -> Self {
        self.retry_policy = policy;
        self
    }

    /// How many calls run at once, and how many are left to others.
    pub fn governor(mut self, governor: Governor) -> Self {
        self.governor = governor;
        self
    }

    /// Lets the token travel by plain http to hosts that are not this machine: whoever is on the way can use it.
    pub fn danger_allow_http(mut self) -> Self {
        self.insecure = true;
        self
    }

    /// cirrus's name for [`danger_allow_http`](Self::danger_allow_http).
    pub fn allow_insecure_transport(mut self, allow: bool) -> Self {
        self.insecure = allow;
        self
    }

    /// The clock pauses are measured by, for tests.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Makes the client. Nothing is sent.
    ///
    /// # Errors
    /// [`CirrusError::MissingField`] without a session, [`CirrusError::InvalidInput`] for a version that is none or too old,
    /// [`CirrusError::Misconfigured`] when the HTTP client cannot be set up.
    pub fn build(self) -> CirrusResult<Cirrus> {
        let auth = self.auth.clone().ok_or(CirrusError::MissingField("auth"))?;
        let version = match &self.api_version {
            Some(version) => written_out(version)?,
            None => DEFAULT_API_VERSION.to_owned(),
        };
        let proxied = !self.proxies.is_empty();
        let direct = match &self.http_client {
            None if !proxied && has_proxy() => Some(self.client(|builder| builder.no_proxy())?),
            _ => None,
        };
        let client = match &self.http_client {
            Some(client) => client.clone(),
            None => {
                self.client(|builder| self.proxies.iter().cloned().fold(builder, ClientBuilder::proxy))?
            }
        };
        Ok(Cirrus::over(Exchange::new(Settings {
            client,
            direct,
            auth,
            version,
            policy: self.retry_policy,
            governor: self.governor,
            largest: self.max_response_size,
            insecure: self.insecure,
            proxied,
            clock: self.clock,
        })))
    }
}

impl CirrusBuilder {
    fn client(&self, through: impl FnOnce(ClientBuilder) -> ClientBuilder) -> CirrusResult<reqwest::Client> {
        let mut builder = api_client_builder().user_agent(self.user_agent.as_deref().unwrap_or(USER_AGENT));
        if let Some(timeout) = self.connect_timeout {
            builder = builder.connect_timeout(timeout);
        }
        if let Some(timeout) = self.read_timeout {
            builder = builder.read_timeout(timeout);
        }
        through(builder).build().map_err(|error| CirrusError::Misconfigured {
            hint: "the HTTP client cannot be set up: check user_agent and proxy".into(),
            cause: Some(Arc::new(error)),
        })
    }
}

/// `v66.0`, of what people write.
fn written_out(version: &str) -> CirrusResult<String> {
    let number = version.trim().trim_start_matches(['v', 'V']);
    let number = number.strip_suffix(".0").unwrap_or(number);
    let oldest = MIN_API_VERSION.trim_start_matches('v').trim_end_matches(".0").parse().unwrap_or(0);
    match number.parse::<u16>() {
        Ok(number) if number >= oldest => Ok(format!("v{number}.0")),
        Ok(_) => {
            Err(CirrusError::invalid_input("api_version", "is older than v41.0, the oldest that is taken"))
        }
        Err(_) => Err(CirrusError::invalid_input("api_version", "is not a version: write it as in v66.0")),
    }
}

impl Default for CirrusBuilder {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for CirrusBuilder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("CirrusBuilder")
            .field("api_version", &self.api_version)
            .finish_non_exhaustive()
    }
}
