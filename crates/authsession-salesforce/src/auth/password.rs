//! The username-password flow (RFC 6749 §4.3). OAuth 2.1 has dropped it: the program learns the user's password, and no second
//! factor protects it. Salesforce blocks it in new orgs.

use std::sync::Arc;

use async_trait::async_trait;
use authsession_core::client_auth::Client;
use authsession_core::clock::Timestamp;
use authsession_core::error::Error;
use authsession_core::grant::Grant;
use authsession_core::grant_mint::{GrantMaker, GrantMint};
use authsession_core::http::Form;
use authsession_core::secret::Secret;

use crate::auth::grant_session::{GrantSession, is_a_session};
use crate::auth::settings::{Proof, Settings, proof_setters, required, shared_setters};
use crate::error::{CirrusError, CirrusResult};

/// An [`AuthSession`](crate::auth::session::AuthSession) of a user whose password the program knows; for orgs that still rely on
/// it. Use [`JwtAuth`](crate::auth::jwt::JwtAuth) instead.
#[derive(Clone, Debug)]
pub struct PasswordAuth {
    session: GrantSession,
}

is_a_session! { PasswordAuth }

impl PasswordAuth {
    /// Nothing set yet.
    pub fn builder() -> PasswordAuthBuilder {
        PasswordAuthBuilder::default()
    }
}

/// The settings of a [`PasswordAuth`].
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct PasswordAuthBuilder {
    settings: Settings,
    proof: Proof,
    username: Option<String>,
    password: Option<Secret>,
    security_token: Option<Secret>,
}

impl PasswordAuthBuilder {
    shared_setters! {}
    proof_setters! {}

    /// The user.
    pub fn username(mut self, username: impl Into<String>) -> Self {
        self.username = Some(username.into());
        self
    }

    /// The user's password.
    pub fn password(mut self, password: impl Into<Secret>) -> Self {
        self.password = Some(password.into());
        self
    }

    /// The user's security token, asked for from networks the org does not trust.
    pub fn security_token(mut self, token: impl Into<Secret>) -> Self {
        self.security_token = Some(token.into());
        self
    }

    /// The session; nothing is asked for yet.
    ///
    /// # Errors
    /// A setting that is missing or wrong; the instance's URL too, unless the login URL is the org's own.
    pub fn build(self) -> CirrusResult<PasswordAuth> {
        Ok(PasswordAuth { session: self.session()?.with_known_instance()? })
    }

    /// The session, with its first token in hand and the instance's URL learned from it.
    ///
    /// # Errors
    /// As [`build`](Self::build), and what the first token's request came to.
    pub async fn connect(self) -> CirrusResult<PasswordAuth> {
        Ok(PasswordAuth { session: self.session()?.connected().await? })
    }

    fn session(self) -> CirrusResult<GrantSession> {
        let username = required(self.username.as_deref(), "username")?.to_owned();
        let password = self.password.ok_or(CirrusError::MissingField("password"))?;
        let token = self.security_token.as_ref().map_or("", Secret::expose);
        let password = Secret::from(format!("{}{token}", password.expose()));
        let client = Client { id: self.settings.consumer_key()?, auth: self.proof.client_auth_in_body()? };
        let org = self.settings.org(self.settings.login_url()?)?;
        let maker = Arc::new(Password { username, password });
        GrantSession::new(&self.settings, org, &client, self.proof.secret, |endpoint| {
            Arc::new(GrantMint::new(endpoint, maker))
        })
    }
}

#[derive(Clone, Debug)]
struct Password {
    username: String,
    password: Secret,
}

impl Grant for Password {
    fn write(&self, form: &mut Form) {
        form.push("grant_type", "password");
        form.push("username", &self.username);
        form.push("password", self.password.expose());
    }
}

#[async_trait]
impl GrantMaker for Password {
    async fn grant(&self, _now: Timestamp) -> Result<Box<dyn Grant>, Error> {
        Ok(Box::new(self.clone()))
    }
}
