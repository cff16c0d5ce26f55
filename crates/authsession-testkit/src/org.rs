//! A Salesforce org: its token endpoint, its sessions and its REST API.
//!
//! The API is over records in SQLite: accounts, contacts and more standard objects, `Widget__c` with a field of every kind,
//! and what a test [defines](Org::define). It serves SOQL and SOSL, records with their blobs, composite requests, the UI API's
//! records and GraphQL. What it does not know of a language it refuses as malformed; it never answers something else.
//!
//! What it answers is what Salesforce answers, down to the words of its errors. It is strict where Salesforce is, and lenient
//! where Salesforce is: assertions may be used again, expire minutes ago or in a thousand years.
//!
//! ```
//! use authsession_testkit::browser::Browser;
//! use authsession_testkit::org::Org;
//! use authsession_testkit::org::endpoint::OrgEndpoint;
//! use http::Method;
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let org = Org::builder().start().await?;
//! let form = format!(
//!     "grant_type=client_credentials&client_id={}&client_secret={}",
//!     org.consumer_key(),
//!     org.consumer_secret(),
//! );
//! let headers = [("content-type", "application/x-www-form-urlencoded")];
//! let token = org.endpoint(OrgEndpoint::Token);
//! let answer = Browser::new()?.fetch_with(Method::POST, token, &headers, &form).await?.json()?;
//! assert_eq!(answer["instance_url"], org.instance_url());
//! assert!(org.is_live(answer["access_token"].as_str().unwrap_or_default()));
//! assert_eq!(org.journal().grants("client_credentials"), 1);
//! # Ok(()) }
//! ```

mod actions;
mod apex_rest;
mod api_error;
mod archive;
mod assertion;
mod authorize;
mod books;
pub mod builder;
mod calendar;
mod call;
mod client_authentication;
mod conduct;
pub mod connected_app;
mod control;
mod database;
mod deployments;
pub mod endpoint;
mod event_logs;
mod faults;
pub mod field;
mod grants;
mod identifier;
mod identity;
mod introspect;
mod issue;
mod jobs;
mod limits;
mod metadata;
pub mod object;
mod records;
mod refusal;
mod rest;
mod revoke;
mod routes;
mod schema;
mod scripted;
mod services;
mod soap;
mod soql;
mod sosl;
mod tenant;
mod tooling;
pub mod user;

use crate::clock::VirtualClock;
use crate::keys::KeyRing;
use crate::org::books::Decision;
use crate::org::builder::OrgBuilder;
use crate::org::connected_app::ConnectedApp;
use crate::org::endpoint::OrgEndpoint;
use crate::org::tenant::Tenant;
use crate::org::user::OrgUser;
use crate::serve::Server;
use crate::serve::Slot;
use crate::stage::router;
use axum::Router;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;

/// How API requests are held back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RequestLimit {
    /// By their number, as the builder was told.
    #[default]
    Counted,
    /// All are one too many: `TotalRequests Limit exceeded.`
    Total,
    /// Too many run at the same time: `ConcurrentRequests (Concurrent API Requests) Limit exceeded.`
    Concurrent,
}

/// A running org; it stops when this is dropped.
pub struct Org {
    tenant: Arc<Tenant>,
    address: SocketAddr,
    server: Mutex<Option<Server>>,
}

/// Made and found.
impl Org {
    /// An org with the defaults: one user, one connected app that may do everything, no rotation.
    pub fn builder() -> OrgBuilder {
        OrgBuilder::new()
    }

    pub(crate) fn run(tenant: Arc<Tenant>, slot: Slot) -> Self {
        let address = slot.address();
        let server = slot.serve(routes_of(&tenant));
        Self { tenant, address, server: Mutex::new(Some(server)) }
    }

    /// Where it listens, as a URL without a slash at the end.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.tenant.settings.url
    }

    /// The host to log in at; the same as [`url`](Self::url).
    #[must_use]
    pub fn login_url(&self) -> &str {
        self.url()
    }

    /// The `instance_url` of token answers.
    #[must_use]
    pub fn instance_url(&self) -> &str {
        &self.tenant.settings.instance_url
    }

    /// An endpoint's URL.
    #[must_use]
    pub fn endpoint(&self, endpoint: OrgEndpoint) -> String {
        self.tenant.url(endpoint)
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The first app's `client_id`.
    #[must_use]
    pub fn consumer_key(&self) -> String {
        self.tenant.orders().apps.first().map_or_else(String::new, |app| app.key.clone())
    }

    /// The first app's secret.
    #[must_use]
    pub fn consumer_secret(&self) -> String {
        self.tenant.orders().apps.first().map_or_else(String::new, |app| app.secret.clone())
    }

    /// The first user's name.
    #[must_use]
    pub fn username(&self) -> String {
        self.tenant.orders().users.first().map_or_else(String::new, |user| user.username.clone())
    }

    /// The RSA key the default app's assertions are signed with, PKCS#8 as PEM; the same in every org, and published with this
    /// crate, so that it protects nothing.
    #[must_use]
    pub fn private_key_pem(&self) -> &'static str {
        include_str!("org/default_app.pkcs8.pem")
    }

    /// The org's id, of 18 characters.
    #[must_use]
    pub fn organization_id(&self) -> &str {
        &self.tenant.settings.organization
    }

    /// The record id of a user.
    #[must_use]
    pub fn user_id(&self, username: &str) -> String {
        self.tenant.user_id(username)
    }

    /// The clock it tells the time by.
    #[must_use]
    pub fn clock(&self) -> VirtualClock {
        self.tenant.clock.clone()
    }
}

/// What it does next.
impl Org {
    /// Who answers at the authorization endpoint from now on.
    pub fn sign_in_as(&self, username: &str) {
        self.tenant.orders().current_user = username.to_owned();
    }

    /// The next valid authorization request is sent back with this error, such as `access_denied`.
    pub fn deny_next_authorization(&self, error: &str) {
        self.tenant.orders().deny_next = Some(error.to_owned());
    }

    /// Approves a device's login, as this user. `false` when no device shows that code.
    #[must_use]
    pub fn approve_device(&self, user_code: &str, username: &str) -> bool {
        self.decide_device(user_code, Decision::Approved(username.to_owned()))
    }

    /// Denies a device's login. `false` when no device shows that code.
    #[must_use]
    pub fn deny_device(&self, user_code: &str) -> bool {
        self.decide_device(user_code, Decision::Denied)
    }

    fn decide_device(&self, user_code: &str, decision: Decision) -> bool {
        let mut books = self.tenant.books();
        let Some(device) = books.devices.values_mut().find(|device| device.user_code == user_code) else {
            return false;
        };
        device.decision = decision;
        true
    }

    /// Whether refresh tokens rotate from now on, as when an admin turns it on.
    pub fn rotate_refresh_tokens(&self, rotates: bool) {
        self.tenant.orders().rotation = rotates;
    }

    /// Signs ID tokens with a new key from now on, and publishes only that one.
    ///
    /// # Errors
    ///
    /// When no key can be made.
    pub fn rotate_keys(&self) -> io::Result<()> {
        self.tenant.with_keys(KeyRing::rotate)
    }

    /// How API requests are held back from now on.
    pub fn limit_requests(&self, limit: RequestLimit) {
        self.tenant.orders().limit = limit;
    }
}

/// Users, apps, sessions and tokens.
impl Org {
    /// Ends every session: the next request with its token gets `INVALID_SESSION_ID`. Refresh tokens live on.
    pub fn expire_sessions(&self) {
        self.tenant.expire_sessions();
    }

    /// Revokes a token: a session, or a refresh token with all its sessions. `false` when it was dead or never issued.
    #[must_use]
    pub fn revoke(&self, token: &str) -> bool {
        self.tenant.revoke(token)
    }

    /// Withdraws every approval: no refresh token works any more, and their sessions end.
    pub fn revoke_everything(&self) {
        let mut books = self.tenant.books();
        for approval in 0..books.approvals.len() {
            books.withdraw(approval);
        }
        drop(books);
        self.expire_sessions();
    }

    /// Deactivates a user.
    pub fn deactivate_user(&self, username: &str) {
        self.change_user(username, OrgUser::inactive);
    }

    /// Changes a user. One of that name is there already, or nothing happens.
    pub fn change_user(&self, username: &str, change: impl FnOnce(OrgUser) -> OrgUser) {
        let mut orders = self.tenant.orders();
        if let Some(user) = orders.users.iter_mut().find(|user| user.username == username) {
            *user = change(user.clone());
        }
    }

    /// Changes an app. One of that consumer key is there already, or nothing happens.
    pub fn change_app(&self, consumer_key: &str, change: impl FnOnce(ConnectedApp) -> ConnectedApp) {
        let mut orders = self.tenant.orders();
        if let Some(app) = orders.apps.iter_mut().find(|app| app.key == consumer_key) {
            *app = change(app.clone());
        }
    }

    /// A new session of this user, as if an admin had made one; the token.
    ///
    /// # Errors
    ///
    /// When there is no randomness.
    pub fn open_session(&self, username: &str) -> io::Result<String> {
        self.tenant.open_session(username)
    }

    /// A new refresh token of this user for the first app, as if the user had signed in.
    ///
    /// # Errors
    ///
    /// When there is no randomness.
    pub fn approve(&self, username: &str) -> io::Result<String> {
        self.tenant.approve(username)
    }

    /// Whether the API would take this token now. Asking is no use of it.
    #[must_use]
    pub fn is_live(&self, access_token: &str) -> bool {
        let timeout = self.tenant.settings.session_timeout;
        self.tenant.books().live(access_token, self.tenant.clock.now(), timeout).is_some()
    }

    /// Whether this refresh token can be used.
    #[must_use]
    pub fn is_live_refresh_token(&self, refresh_token: &str) -> bool {
        self.tenant.books().renewable(refresh_token).is_some()
    }

    /// How many sessions live.
    #[must_use]
    pub fn sessions(&self) -> usize {
        let (now, timeout) = (self.tenant.clock.now(), self.tenant.settings.session_timeout);
        let books = self.tenant.books();
        books.sessions.keys().filter(|token| books.live(token, now, timeout).is_some()).count()
    }
}

/// Away and back.
impl Org {
    /// Stops listening and closes every connection. What was issued stays.
    pub async fn shutdown(&self) {
        let server = self.server.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(server) = server {
            server.stop().await;
        }
    }

    /// Listens again on the same port, after closing every connection.
    ///
    /// # Errors
    ///
    /// When the port was taken in the meantime.
    pub async fn restart(&self) -> io::Result<()> {
        self.shutdown().await;
        let slot = Server::reserve_at(self.address).await?;
        let server = slot.serve(routes_of(&self.tenant));
        *self.server.lock().unwrap_or_else(PoisonError::into_inner) = Some(server);
        Ok(())
    }
}

impl fmt::Debug for Org {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Org").field("url", &self.url()).finish_non_exhaustive()
    }
}

fn routes_of(tenant: &Arc<Tenant>) -> Router {
    router(Arc::clone(tenant)).merge(control::router(Arc::clone(tenant)))
}
