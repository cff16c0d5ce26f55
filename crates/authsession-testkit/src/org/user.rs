//! A person, or a robot, with an account in the org.

use std::fmt;

/// An account in the org. It is active, has approved every app, and an admin has approved it for every app.
///
/// ```
/// use authsession_testkit::org::user::OrgUser;
///
/// let robot = OrgUser::new("robot@acme.example").password("S3cret").inactive();
/// assert_eq!(robot.username(), "robot@acme.example");
/// assert!(!format!("{robot:?}").contains("S3cret"));
/// ```
#[derive(Clone)]
pub struct OrgUser {
    pub(crate) username: String,
    pub(crate) name: String,
    pub(crate) password: String,
    pub(crate) security_token: String,
    pub(crate) active: bool,
    pub(crate) approves: bool,
    pub(crate) admin_approved: bool,
}

impl OrgUser {
    /// An account of this name, with the password `password` and the security token `TOKEN`.
    #[must_use]
    pub fn new(username: impl Into<String>) -> Self {
        let username = username.into();
        let name = username.split('@').next().unwrap_or_default().to_owned();
        Self {
            username,
            name,
            password: "password".to_owned(),
            security_token: "TOKEN".to_owned(),
            active: true,
            approves: true,
            admin_approved: true,
        }
    }

    /// Another password.
    #[must_use]
    pub fn password(mut self, password: impl Into<String>) -> Self {
        self.password = password.into();
        self
    }

    /// Another security token, which may follow the password.
    #[must_use]
    pub fn security_token(mut self, token: impl Into<String>) -> Self {
        self.security_token = token.into();
        self
    }

    /// Deactivated: `inactive_user`.
    #[must_use]
    pub fn inactive(mut self) -> Self {
        self.active = false;
        self
    }

    /// Has not approved any app yet, and does so by signing in: `user hasn't approved this consumer`.
    #[must_use]
    pub fn unapproved(mut self) -> Self {
        self.approves = false;
        self
    }

    /// No admin has approved this account for the apps that ask for that: `invalid_app_access`.
    #[must_use]
    pub fn not_admin_approved(mut self) -> Self {
        self.admin_approved = false;
        self
    }

    /// The username.
    #[must_use]
    pub fn username(&self) -> &str {
        &self.username
    }

    pub(crate) fn takes(&self, password: &str) -> bool {
        let rest = password.strip_prefix(self.password.as_str());
        rest.is_some_and(|rest| rest.is_empty() || rest == self.security_token)
    }
}

impl fmt::Debug for OrgUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OrgUser")
            .field("username", &self.username)
            .field("active", &self.active)
            .field("approves", &self.approves)
            .field("admin_approved", &self.admin_approved)
            .finish_non_exhaustive()
    }
}
