//! How a token exchange flow is made.

use std::sync::Arc;

use authsession_core::client_auth::Client;
use authsession_core::token_store::TokenStore;

use crate::auth::settings::{Proof, Settings, proof_setters, shared_setters};
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

    /// Which grant; that of RFC 8693 by default.
    pub const fn grant_type(mut self, grant_type: TokenExchangeGrantType) -> Self {
        self.grant_type = grant_type;
        self
    }

    /// One more scope to ask for.
    pub fn scope(mut self, scope: impl Into<String>) -> Self {
        self.scopes.push(scope.into());
        self
    }

    /// Several scopes to ask for.
    pub fn scopes<I, S>(mut self, scopes: I) -> Self
    where
        I: IntoIterator<Item = S>,
        S: Into<String>,
    {
        self.scopes.extend(scopes.into_iter().map(Into::into));
        self
    }

    /// The token exchange handler in the org, where it has several.
    pub fn token_handler(mut self, name: impl Into<String>) -> Self {
        self.handler = Some(name.into());
        self
    }

    /// Keeps the sessions' refresh tokens; for programs that exchange one token. By default in memory.
    pub fn token_store(mut self, store: Arc<dyn TokenStore>) -> Self {
        self.store = Some(store);
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
        Ok(TokenExchangeFlow {
            settings: self.settings,
            proof: self.proof,
            org,
            client,
            grant_type: self.grant_type,
            scope,
            handler: self.handler,
            store: self.store,
        })
    }
}
