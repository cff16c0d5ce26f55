//! The client credentials flow: a program acts as the connected app's own user (RFC 6749 §4.4; Salesforce Help, "OAuth 2.0
//! Client Credentials Flow").

use std::sync::Arc;

use authsession_core::client_auth::Client;
use authsession_core::grant::client_credentials::ClientCredentials;
use authsession_core::grant_mint::GrantMint;

use crate::auth::grant_session::{GrantSession, is_a_session};
use crate::auth::settings::{Proof, Settings, proof_setters, shared_setters};
use crate::error::{CirrusError, CirrusResult};

/// An [`AuthSession`](crate::auth::session::AuthSession) of the user the connected app runs as.
///
/// ```no_run
/// use authsession_salesforce::auth::ClientCredentialsAuth;
///
/// # fn example() -> authsession_salesforce::CirrusResult<()> {
/// let auth = ClientCredentialsAuth::builder()
///     .consumer_key("3MVG9...")
///     .consumer_secret("the app's secret")
///     .login_url("https://acme.my.salesforce.com")
///     .build()?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct ClientCredentialsAuth {
    session: GrantSession,
}

is_a_session! { ClientCredentialsAuth }

impl ClientCredentialsAuth {
    /// Nothing set yet.
    pub fn builder() -> ClientCredentialsAuthBuilder {
        ClientCredentialsAuthBuilder::default()
    }
}

/// The settings of a [`ClientCredentialsAuth`]. The login URL has to be the org's My Domain: nowhere else is this flow served.
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct ClientCredentialsAuthBuilder {
    settings: Settings,
    proof: Proof,
}

impl ClientCredentialsAuthBuilder {
    shared_setters! {}
    proof_setters! {}

    /// The session; nothing is asked for yet.
    ///
    /// # Errors
    /// A setting that is missing or wrong.
    pub fn build(self) -> CirrusResult<ClientCredentialsAuth> {
        let login = self.settings.my_domain()?;
        if self.proof.secret.is_none() && self.proof.signer.is_none() {
            return Err(CirrusError::MissingField("consumer_secret"));
        }
        let client = Client { id: self.settings.consumer_key()?, auth: self.proof.client_auth()? };
        let org = self.settings.org(login)?;
        let session = GrantSession::new(&self.settings, org, &client, self.proof.secret, |endpoint| {
            Arc::new(GrantMint::new(endpoint, Arc::new(ClientCredentials::default())))
        })?;
        Ok(ClientCredentialsAuth { session: session.with_known_instance()? })
    }
}
