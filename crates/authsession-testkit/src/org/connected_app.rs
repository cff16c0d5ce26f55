//! An application the org lets in.

use crate::public_key::PublicKey;
use std::fmt;

/// Why an app is turned away whatever it presents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AppState {
    /// It is let in.
    Installed,
    /// `OAUTH_EC_APP_NOT_FOUND`.
    NotInstalled,
    /// `OAUTH_APP_BLOCKED`.
    Blocked,
    /// `OAUTH_APPROVAL_ERROR_GENERIC`.
    ApprovalError,
}

/// A connected app. Its scopes are `api id openid refresh_token web`, every callback URL is its own, and it has no run-as
/// user, unless stated.
///
/// ```
/// use authsession_testkit::org::connected_app::ConnectedApp;
///
/// let app = ConnectedApp::new("3MVG9.key", "s3cret").run_as("robot@acme.example").scopes("api");
/// assert_eq!(app.consumer_key(), "3MVG9.key");
/// assert!(!format!("{app:?}").contains("s3cret"));
/// ```
#[derive(Clone)]
pub struct ConnectedApp {
    pub(crate) key: String,
    pub(crate) secret: String,
    pub(crate) certificates: Vec<PublicKey>,
    pub(crate) callback_urls: Vec<String>,
    pub(crate) scopes: String,
    pub(crate) run_as: Option<String>,
    pub(crate) admin_approved_only: bool,
    pub(crate) requires_pkce: bool,
    pub(crate) requires_secret: bool,
    pub(crate) state: AppState,
}

impl ConnectedApp {
    /// An app with this consumer key and secret.
    #[must_use]
    pub fn new(consumer_key: impl Into<String>, consumer_secret: impl Into<String>) -> Self {
        Self {
            key: consumer_key.into(),
            secret: consumer_secret.into(),
            certificates: Vec::new(),
            callback_urls: Vec::new(),
            scopes: "api id openid refresh_token web".to_owned(),
            run_as: None,
            admin_approved_only: false,
            requires_pkce: false,
            requires_secret: true,
            state: AppState::Installed,
        }
    }

    /// The public key of the certificate its assertions are signed with; one more, if there is one already.
    #[must_use]
    pub fn certificate(mut self, key: PublicKey) -> Self {
        self.certificates.push(key);
        self
    }

    /// Registers a callback URL. Once one is registered, only registered ones are accepted.
    #[must_use]
    pub fn callback_url(mut self, url: impl Into<String>) -> Self {
        self.callback_urls.push(url.into());
        self
    }

    /// The scopes it may ask for, separated by spaces.
    #[must_use]
    pub fn scopes(mut self, scopes: impl Into<String>) -> Self {
        self.scopes = scopes.into();
        self
    }

    /// The user client credentials act as.
    #[must_use]
    pub fn run_as(mut self, username: impl Into<String>) -> Self {
        self.run_as = Some(username.into());
        self
    }

    /// Client credentials are refused: there is nobody to act as.
    #[must_use]
    pub fn without_run_as(mut self) -> Self {
        self.run_as = None;
        self
    }

    /// Only users an admin has approved may use it; else every user may approve it.
    #[must_use]
    pub fn admin_approved_only(mut self, only: bool) -> Self {
        self.admin_approved_only = only;
        self
    }

    /// Authorization needs a code challenge.
    #[must_use]
    pub fn requires_pkce(mut self, required: bool) -> Self {
        self.requires_pkce = required;
        self
    }

    /// Codes and refresh tokens are redeemed only with the secret, or an assertion in its place; they are unless stated.
    #[must_use]
    pub fn requires_secret(mut self, required: bool) -> Self {
        self.requires_secret = required;
        self
    }

    /// Turned away, or let in.
    #[must_use]
    pub fn state(mut self, state: AppState) -> Self {
        self.state = state;
        self
    }

    /// The `client_id`.
    #[must_use]
    pub fn consumer_key(&self) -> &str {
        &self.key
    }

    /// The client secret.
    #[must_use]
    pub fn consumer_secret(&self) -> &str {
        &self.secret
    }

    pub(crate) fn calls_back_at(&self, url: &str) -> bool {
        self.callback_urls.is_empty() || self.callback_urls.iter().any(|known| known == url)
    }
}

impl fmt::Debug for ConnectedApp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnectedApp")
            .field("key", &self.key)
            .field("callback_urls", &self.callback_urls)
            .field("scopes", &self.scopes)
            .field("run_as", &self.run_as)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}
