//! A person the provider knows.

use serde_json::Map;
use serde_json::Value;

/// A person who can sign in at the provider.
///
/// ```
/// use authsession_testkit::user::User;
///
/// let carol = User::new("carol", "Carol Jones").email("carol@example.test").claim("department", "sales");
/// assert_eq!(carol.subject(), "carol");
/// ```
#[derive(Clone, Debug)]
pub struct User {
    subject: String,
    name: String,
    email: String,
    claims: Map<String, Value>,
}

impl User {
    /// A user with this `sub` and full name; the email is `<subject>@example.test`.
    #[must_use]
    pub fn new(subject: impl Into<String>, name: impl Into<String>) -> Self {
        let subject = subject.into();
        let email = format!("{subject}@example.test");
        Self { subject, name: name.into(), email, claims: Map::new() }
    }

    /// Another email address.
    #[must_use]
    pub fn email(mut self, email: impl Into<String>) -> Self {
        self.email = email.into();
        self
    }

    /// A claim that is in every ID token and userinfo answer about this user, whatever the scope.
    #[must_use]
    pub fn claim(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.claims.insert(name.into(), value.into());
        self
    }

    /// The `sub` claim.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// The full name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The email address.
    #[must_use]
    pub fn email_address(&self) -> &str {
        &self.email
    }

    /// What this scope tells about the user (OpenID Connect Core §5.4), without `sub`.
    pub(crate) fn claims_for(&self, scope: &str) -> Map<String, Value> {
        let mut claims = Map::new();
        let has = |wanted| scope.split(' ').any(|one| one == wanted);
        if has("profile") {
            claims.insert("name".into(), self.name.clone().into());
            claims.insert("preferred_username".into(), self.subject.clone().into());
        }
        if has("email") {
            claims.insert("email".into(), self.email.clone().into());
            claims.insert("email_verified".into(), true.into());
        }
        claims.extend(self.claims.clone());
        claims
    }
}
