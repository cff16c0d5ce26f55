//! The JWT bearer flow: a program acts as a user, by an assertion it signs itself (RFC 7523 §2.1; Salesforce Help, "OAuth 2.0 JWT
//! Bearer Flow").

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use authsession_core::assertion::Assertion;
use authsession_core::client_auth::{Client, ClientAuth};
use authsession_core::clock::Timestamp;
use authsession_core::error::Error;
use authsession_core::grant::Grant;
use authsession_core::grant_mint::{GrantMaker, GrantMint, SignedAssertion};

use crate::auth::cli_login::ImportedLogin;
use crate::auth::grant_session::{GrantSession, is_a_session};
pub use crate::auth::login_url::{PRODUCTION_LOGIN_URL, SANDBOX_LOGIN_URL};
use crate::auth::settings::{Proof, Settings, proof_setters, required, shared_setters};
use crate::error::recovery::Recovery;
use crate::error::{CirrusError, CirrusResult};

/// Salesforce takes assertions that end within three minutes, and allows for clocks that are apart.
const ASSERTION_LIFETIME: Duration = Duration::from_secs(170);

/// An [`AuthSession`](crate::auth::session::AuthSession) of a user who pre-authorised the connected app. There is no refresh
/// token: a new assertion brings a new token.
///
/// ```no_run
/// use std::sync::Arc;
///
/// use authsession_salesforce::SharedAuth;
/// use authsession_salesforce::auth::JwtAuth;
///
/// # async fn example() -> authsession_salesforce::CirrusResult<()> {
/// let auth: SharedAuth = Arc::new(
///     JwtAuth::builder()
///         .consumer_key("3MVG9...")
///         .username("integration@acme.example")
///         .private_key_pem_file("server.key")?
///         .login_url("https://acme.my.salesforce.com")
///         .build()?,
/// );
/// let token = auth.access_token().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct JwtAuth {
    session: GrantSession,
}

is_a_session! { JwtAuth }

impl JwtAuth {
    /// Nothing set yet.
    pub fn builder() -> JwtAuthBuilder {
        JwtAuthBuilder::default()
    }
}

/// The settings of a [`JwtAuth`].
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct JwtAuthBuilder {
    settings: Settings,
    proof: Proof,
    username: Option<String>,
    audience: Option<String>,
}

impl JwtAuthBuilder {
    shared_setters! {}

    /// The user to act as.
    pub fn username(mut self, username: impl Into<String>) -> Self {
        self.username = Some(username.into());
        self
    }

    /// The assertion's audience (`aud`), where the one derived from the login URL is not right.
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.audience = Some(audience.into());
        self
    }

    /// Takes over a login that the Salesforce CLI made with a key (`sf org login jwt`), whose file is read now.
    ///
    /// # Errors
    /// [`CirrusError::MissingField`] when the login has no key, [`CirrusError::Misconfigured`] when its file cannot be read.
    pub fn imported(mut self, login: ImportedLogin) -> CirrusResult<Self> {
        let key = login.private_key_file.ok_or(CirrusError::MissingField("private_key"))?;
        self.settings.consumer_key = Some(login.client_id);
        self.settings.login_url = Some(login.login_url.to_string());
        self.settings.instance_url = Some(login.instance_url.to_string());
        self.username = login.username.or(self.username);
        self.private_key_pem_file(key)
    }

    proof_setters! {}

    /// The session; nothing is asked for yet.
    ///
    /// # Errors
    /// A setting that is missing or wrong; the instance's URL too, unless the login URL is the org's own.
    pub fn build(self) -> CirrusResult<JwtAuth> {
        Ok(JwtAuth { session: self.session()?.with_known_instance()? })
    }

    /// The session, with its first token in hand and the instance's URL learned from it.
    ///
    /// # Errors
    /// As [`build`](Self::build), and what the first token's request came to.
    pub async fn connect(self) -> CirrusResult<JwtAuth> {
        Ok(JwtAuth { session: self.session()?.connected().await? })
    }

    fn session(self) -> CirrusResult<GrantSession> {
        let key = self.settings.consumer_key()?;
        let username = required(self.username.as_deref(), "username")?;
        let signer = self.proof.signer.clone().ok_or(CirrusError::MissingField("private_key"))?;
        let login = self.settings.login_url()?;
        let audience = self.audience.as_deref().unwrap_or_else(|| login.audience());
        if let Some(hint) = login.audience_hint(audience) {
            return Err(CirrusError::misconfigured(hint));
        }
        let assertion = Assertion::new(&key, username, audience).lifetime(ASSERTION_LIFETIME);
        let maker = Arc::new(Assertions(SignedAssertion { assertion, signer, scope: None }));
        let client = Client { id: key, auth: ClientAuth::Omitted };
        let org = self.settings.org(login)?;
        let secret = self.proof.secret;
        GrantSession::new(&self.settings, org, &client, secret, |endpoint| {
            Arc::new(GrantMint::new(endpoint, maker))
        })
    }
}

/// Assertions for Salesforce, which also says that one is not fresh enough.
#[derive(Debug)]
struct Assertions(SignedAssertion);

#[async_trait]
impl GrantMaker for Assertions {
    async fn grant(&self, now: Timestamp) -> Result<Box<dyn Grant>, Error> {
        self.0.grant(now).await
    }

    fn is_worth_another(&self, refusal: &Error) -> bool {
        CirrusError::from(refusal.clone()).recovery() == Recovery::NewAssertion
    }
}
