//! How a token exchange flow is made.

use std::sync::Arc;

use authsession_core::client_auth::Client;
use authsession_core::token_store::TokenStore;

use crate::auth::completed_session::SignIn;
use crate::auth::settings::{Proof, Settings, proof_setters, shared_setters, sign_in_setters};
use crate::auth::token_exchange::{TokenExchangeFlow, TokenExchangeGrantType};
use crate::error::CirrusResult;

/// The settings of a [`TokenExchangeFlow`]. The login URL has to be the org's My Domain or a site.
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct TokenExchangeFlowBuilder {
    settings: Settings,
    proof: Proof,
    grant_type: TokenExchangeGrantType,
    scopes: Vec<String>,
    handler: Option<String>,
    store: Option<Arc<dyn TokenStore>>,
}

impl TokenExchangeFlowBuilder {
    shared_setters! {}
    proof_setters! {}
    sign_in_setters! {}

    /// Which grant; that of RFC 8693 by default.
    pub const fn grant_type(mut self, grant_type: TokenExchangeGrantType) -> Self {
        self.grant_type = grant_type;
        self
    }

    /// The token exchange handler in the org, where it has several.
    pub fn token_handler(mut self, name: impl Into<String>) -> Self {
        self.handler = Some(name.into());
        self
    }

    /// The flow.
    ///
    /// # Errors
    /// A setting that is missing or wrong.
    pub fn build(self) -> CirrusResult<TokenExchangeFlow> {
        let login = self.settings.my_domain()?;
        let client = Client { id: self.settings.consumer_key()?, auth: self.proof.client_auth_in_body()? };
        let org = self.settings.org(login)?;
        let scope = (!self.scopes.is_empty()).then(|| self.scopes.join(" "));
        let sign_in = SignIn { settings: self.settings, proof: self.proof, org, client, store: self.store };
        Ok(TokenExchangeFlow { sign_in, grant_type: self.grant_type, scope, handler: self.handler })
    }
}
