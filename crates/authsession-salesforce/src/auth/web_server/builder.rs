//! How a web server flow is made.

use std::sync::Arc;

use authsession_core::authorization::AuthorizationRequest;
use authsession_core::client_auth::Client;
use authsession_core::token_store::TokenStore;
use url::Url;

use crate::auth::completed_session::SignIn;
use crate::auth::settings::{Proof, Settings, proof_setters, required, shared_setters, sign_in_setters};
use crate::auth::transport::is_secure_transport;
use crate::auth::web_server::WebServerFlow;
use crate::error::{CirrusError, CirrusResult};

/// The settings of a [`WebServerFlow`].
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct WebServerFlowBuilder {
    settings: Settings,
    proof: Proof,
    redirect_uri: Option<String>,
    scopes: Vec<String>,
    prompt: Option<String>,
    login_hint: Option<String>,
    store: Option<Arc<dyn TokenStore>>,
}

impl WebServerFlowBuilder {
    shared_setters! {}
    proof_setters! {}
    sign_in_setters! {}

    /// Where the user comes back to, exactly as in the connected app.
    pub fn redirect_uri(mut self, uri: impl Into<String>) -> Self {
        self.redirect_uri = Some(uri.into());
        self
    }

    /// `prompt` of each request.
    pub fn prompt(mut self, prompt: impl Into<String>) -> Self {
        self.prompt = Some(prompt.into());
        self
    }

    /// Who the users probably are.
    pub fn login_hint(mut self, hint: impl Into<String>) -> Self {
        self.login_hint = Some(hint.into());
        self
    }

    /// The flow.
    ///
    /// # Errors
    /// A setting that is missing or wrong.
    pub fn build(self) -> CirrusResult<WebServerFlow> {
        let client = Client { id: self.settings.consumer_key()?, auth: self.proof.client_auth()? };
        let redirect_uri = required(self.redirect_uri.as_deref(), "redirect_uri")?;
        check_redirect_uri(redirect_uri)?;
        let org = self.settings.org(self.settings.login_url()?)?;
        let mut request = AuthorizationRequest::new(&client.id, redirect_uri, self.scopes.join(" "));
        request.login.prompt = self.prompt;
        request.login.login_hint = self.login_hint;
        let sign_in = SignIn { settings: self.settings, proof: self.proof, org, client, store: self.store };
        Ok(WebServerFlow { sign_in, request })
    }
}

/// A scheme of an app's own (RFC 8252 §7.1) is fine; plain http to another machine is not.
fn check_redirect_uri(text: &str) -> CirrusResult<()> {
    let url = Url::parse(text)?;
    let exposed = url.scheme() == "http" && !is_secure_transport(&url);
    if exposed || url.fragment().is_some() {
        return Err(CirrusError::invalid_argument(
            "redirect_uri",
            "must be https (http only on a loopback host) and have no fragment",
        ));
    }
    Ok(())
}
