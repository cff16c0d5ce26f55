//! One org's settings and state, as its endpoints see them.

use crate::clock::VirtualClock;
use crate::journal::Journal;
use crate::keys::KeyRing;
use crate::keys::SigningAlgorithm;
use crate::org::RequestLimit;
use crate::org::actions::Action;
use crate::org::api_error::ApiError;
use crate::org::books::Books;
use crate::org::books::Purpose;
use crate::org::connected_app::ConnectedApp;
use crate::org::database::Database;
use crate::org::database::Opened;
use crate::org::database::store::Store;
use crate::org::deployments::Deployments;
use crate::org::endpoint::OrgEndpoint;
use crate::org::event_logs::EventLogs;
use crate::org::identifier::identifier;
use crate::org::jobs::Jobs;
use crate::org::tooling;
use crate::org::user::OrgUser;
use crate::script::Script;
use std::collections::HashSet;
use std::io;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::time::Duration;

/// What `Org::builder()` was told.
pub(crate) struct Settings {
    pub(crate) url: String,
    pub(crate) instance_url: String,
    pub(crate) organization: String,
    pub(crate) login_host: bool,
    pub(crate) session_timeout: Duration,
    pub(crate) relogin_returns_same_session: bool,
    pub(crate) login_budget: usize,
    pub(crate) request_limit: u64,
    pub(crate) api_version: u32,
    pub(crate) soap_login: bool,
    pub(crate) compresses: bool,
    pub(crate) token_handler: Option<String>,
    pub(crate) subject_tokens: Vec<(String, String)>,
}

/// What the test told the running org.
pub(crate) struct Orders {
    pub(crate) users: Vec<OrgUser>,
    pub(crate) apps: Vec<ConnectedApp>,
    pub(crate) current_user: String,
    pub(crate) deny_next: Option<String>,
    pub(crate) limit: RequestLimit,
    pub(crate) rotation: bool,
    /// How many children a page has, if not as many as records.
    pub(crate) children_a_page: Option<usize>,
    pub(crate) locators_end_with_session: bool,
}

pub(crate) struct Tenant {
    pub(crate) settings: Settings,
    pub(crate) clock: VirtualClock,
    pub(crate) script: Script<OrgEndpoint>,
    pub(crate) journal: Journal<OrgEndpoint>,
    pub(crate) busy: Arc<Mutex<HashSet<String>>>,
    keys: Mutex<Option<KeyRing>>,
    orders: Mutex<Orders>,
    books: Mutex<Books>,
    database: Arc<Database>,
    /// The records of the Tooling API.
    pub(crate) tooling: Database,
    pub(crate) event_logs: EventLogs,
    jobs: Mutex<Jobs>,
    deployments: Mutex<Deployments>,
    actions: Mutex<Vec<Action>>,
}

impl Tenant {
    pub(crate) fn new(settings: Settings, clock: VirtualClock, orders: Orders) -> Self {
        let database = Database::new(clock.clone(), &settings.organization, Store::new);
        let tooling = Database::new(clock.clone(), &settings.organization, tooling::store);
        Self {
            settings,
            clock,
            script: Script::default(),
            journal: Journal::new(),
            busy: Arc::default(),
            keys: Mutex::default(),
            orders: Mutex::new(orders),
            books: Mutex::default(),
            database: Arc::new(database),
            tooling,
            event_logs: EventLogs::default(),
            jobs: Mutex::default(),
            deployments: Mutex::default(),
            actions: Mutex::new(Action::standard()),
        }
    }

    /// Lock order: jobs, database, orders, books, keys.
    pub(crate) fn orders(&self) -> MutexGuard<'_, Orders> {
        self.orders.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The records, the table of users up to date. Whoever holds them may still look at orders and books.
    pub(crate) fn records(&self) -> Result<Opened<'_>, ApiError> {
        let mut opened = self.database.open()?;
        let users = self.orders().users.clone();
        opened.store()?.know_users(&users)?;
        Ok(opened)
    }

    /// The records, for a single step.
    pub(crate) fn database(&self) -> &Database {
        // What is wrong with them, the step itself finds out.
        drop(self.records());
        &self.database
    }

    /// The records, to be read while an answer is sent.
    pub(crate) fn lent_database(&self) -> Arc<Database> {
        Arc::clone(&self.database)
    }

    pub(crate) fn jobs(&self) -> MutexGuard<'_, Jobs> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn deployments(&self) -> MutexGuard<'_, Deployments> {
        self.deployments.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn actions(&self) -> MutexGuard<'_, Vec<Action>> {
        self.actions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does something with the keys, made when first needed: few tests see an ID token.
    pub(crate) fn with_keys<T>(&self, work: impl FnOnce(&mut KeyRing) -> io::Result<T>) -> io::Result<T> {
        let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut *keys {
            Some(keys) => work(keys),
            empty => work(empty.insert(KeyRing::new(SigningAlgorithm::Rs256)?)),
        }
    }

    pub(crate) fn app(&self, key: &str) -> Option<ConnectedApp> {
        self.orders().apps.iter().find(|app| app.key == key).cloned()
    }

    pub(crate) fn user(&self, username: &str) -> Option<OrgUser> {
        self.orders().users.iter().find(|user| user.username == username).cloned()
    }

    /// The user's record id.
    pub(crate) fn user_id(&self, username: &str) -> String {
        let at = self.orders().users.iter().position(|user| user.username == username);
        identifier("005", at.map_or(0, |at| at as u64 + 1))
    }

    /// The identity URL.
    pub(crate) fn identity_url(&self, username: &str) -> String {
        format!("{}/id/{}/{}", self.settings.url, self.settings.organization, self.user_id(username))
    }

    /// What this token was given for, if it lives; asking is a use.
    pub(crate) fn session(&self, token: &str) -> Option<Purpose> {
        let purpose = self.books().used(token, self.clock.now(), self.settings.session_timeout)?;
        self.user(&purpose.username).filter(|user| user.active)?;
        Some(purpose)
    }

    pub(crate) fn url(&self, endpoint: OrgEndpoint) -> String {
        format!("{}{}", self.settings.url, endpoint.path())
    }
}
