//! The device flow: a user signs in on another device, by a code (RFC 8628; Salesforce Help, "OAuth 2.0 Device Flow").

use std::sync::Arc;

use authsession_core::client_auth::Client;
use authsession_core::device_authorization::{DeviceAuthorizationRequest, PendingDevice};
use authsession_core::grant::Grant;
use authsession_core::http::Form;
use authsession_core::secret::Secret;
use authsession_core::token_store::TokenStore;

use crate::auth::completed_session::{CompletedSession, SignIn};
use crate::auth::settings::{Proof, Settings, proof_setters, shared_setters, sign_in_setters};
use crate::error::CirrusResult;

/// Signs a user in on a device without a browser.
///
/// ```no_run
/// use authsession_salesforce::auth::DeviceFlow;
///
/// # async fn example() -> authsession_salesforce::CirrusResult<()> {
/// let flow = DeviceFlow::builder().consumer_key("3MVG9...").scopes(["api", "refresh_token"]).build()?;
/// let pending = flow.start().await?;
/// println!("open {} and enter {}", pending.verification_uri, pending.user_code);
/// let session = flow.complete(&pending).await?;
/// println!("signed in at {}", session.instance_url);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct DeviceFlow {
    sign_in: SignIn,
    scope: Option<String>,
}

/// The settings of a [`DeviceFlow`].
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct DeviceFlowBuilder {
    settings: Settings,
    proof: Proof,
    scopes: Vec<String>,
    store: Option<Arc<dyn TokenStore>>,
}

impl DeviceFlow {
    /// Nothing set yet.
    pub fn builder() -> DeviceFlowBuilder {
        DeviceFlowBuilder::default()
    }

    /// Asks for a code, to be shown to the user.
    ///
    /// # Errors
    /// What the request came to.
    pub async fn start(&self) -> CirrusResult<PendingDevice> {
        let extra = vec![("response_type".to_owned(), Secret::from("device_code"))];
        let request = DeviceAuthorizationRequest { scope: self.scope.clone(), extra };
        Ok(request.start(&self.sign_in.endpoint()).await?)
    }

    /// Waits until the user has entered the code and signed in. Dropped, it asks no more.
    ///
    /// # Errors
    /// That the user said no or took too long, and what the requests came to.
    pub async fn complete(&self, pending: &PendingDevice) -> CirrusResult<CompletedSession> {
        let tokens = pending.complete_presenting(&self.sign_in.endpoint(), grant).await?;
        self.sign_in.complete_without_nonce(tokens).await
    }
}

impl DeviceFlowBuilder {
    shared_setters! {}
    proof_setters! {}
    sign_in_setters! {}

    /// The flow.
    ///
    /// # Errors
    /// A setting that is missing or wrong.
    pub fn build(self) -> CirrusResult<DeviceFlow> {
        let client = Client { id: self.settings.consumer_key()?, auth: self.proof.client_auth_in_body()? };
        let org = self.settings.org(self.settings.login_url()?)?;
        let scope = (!self.scopes.is_empty()).then(|| self.scopes.join(" "));
        let sign_in = SignIn { settings: self.settings, proof: self.proof, org, client, store: self.store };
        Ok(DeviceFlow { sign_in, scope })
    }
}

/// Salesforce's own grant for a device code; older than the RFC.
struct Device(Secret);

impl Grant for Device {
    fn write(&self, form: &mut Form) {
        form.push("grant_type", "device");
        form.push("code", self.0.expose());
    }
}

fn grant(device_code: &Secret) -> Box<dyn Grant> {
    Box::new(Device(device_code.clone()))
}
