//! One provider's settings and state, as its endpoints see them.

use crate::assertion_issuer::AssertionIssuer;
use crate::client::Client;
use crate::clock::VirtualClock;
use crate::endpoint::Endpoint;
use crate::habits::Habits;
use crate::journal::Journal;
use crate::keys::KeyRing;
use crate::ledger::Ledger;
use crate::ledger::RefreshTokens;
use crate::script::Script;
use crate::user::User;
use serde_json::Map;
use serde_json::Value;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::time::Duration;

pub(crate) type EditMetadata = Arc<dyn Fn(&mut Map<String, Value>) + Send + Sync>;

/// What `Provider::builder()` was told.
pub(crate) struct Settings {
    pub(crate) issuer: String,
    pub(crate) issuer_path: String,
    pub(crate) session_cookie: String,
    pub(crate) clients: Vec<Client>,
    pub(crate) users: Vec<User>,
    pub(crate) access_token_lifetime: Duration,
    pub(crate) refresh_tokens: RefreshTokens,
    pub(crate) offline_access_required: bool,
    pub(crate) id_token_on_refresh: bool,
    pub(crate) interactive: bool,
    pub(crate) plain_oauth2: bool,
    pub(crate) assertion_issuers: Vec<AssertionIssuer>,
    pub(crate) audiences: Vec<String>,
    pub(crate) client_credentials_lifetime: Duration,
    pub(crate) expires_in_stated: bool,
    pub(crate) device_code_lifetime: Duration,
    pub(crate) device_interval: Duration,
    pub(crate) device_pace_enforced: bool,
    pub(crate) metadata: Vec<EditMetadata>,
    pub(crate) habits: Habits,
}

/// What the test told the running provider.
#[derive(Default)]
pub(crate) struct Orders {
    pub(crate) current_user: String,
    pub(crate) deny_next: Option<String>,
}

pub(crate) struct Realm {
    pub(crate) settings: Settings,
    pub(crate) clock: VirtualClock,
    pub(crate) script: Script,
    pub(crate) journal: Journal,
    keys: Mutex<KeyRing>,
    ledger: Mutex<Ledger>,
    orders: Mutex<Orders>,
}

impl Realm {
    pub(crate) fn new(settings: Settings, clock: VirtualClock, keys: KeyRing) -> Self {
        let current_user = settings.users.first().map_or_else(String::new, |user| user.subject().to_owned());
        Self {
            settings,
            clock,
            script: Script::default(),
            journal: Journal::new(),
            keys: Mutex::new(keys),
            ledger: Mutex::default(),
            orders: Mutex::new(Orders { current_user, deny_next: None }),
        }
    }

    /// Lock order: orders, ledger, keys.
    pub(crate) fn orders(&self) -> MutexGuard<'_, Orders> {
        self.orders.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn keys(&self) -> MutexGuard<'_, KeyRing> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn client(&self, id: &str) -> Option<&Client> {
        self.settings.clients.iter().find(|client| client.id() == id)
    }

    /// The user with this subject; one nobody registered is made up.
    pub(crate) fn user(&self, subject: &str) -> User {
        let known = self.settings.users.iter().find(|user| user.subject() == subject);
        known.cloned().unwrap_or_else(|| User::new(subject, subject))
    }

    pub(crate) fn url(&self, endpoint: Endpoint) -> String {
        format!("{}{}", self.settings.issuer.trim_end_matches('/'), endpoint.path())
    }
}
