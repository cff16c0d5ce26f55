//! The refresh token flow, rotation included (RFC 6749 §6; Salesforce Help, "OAuth 2.0 Refresh Token Flow").

use std::sync::Arc;

use authsession_core::claims::IdTokenClaims;
use authsession_core::client_auth::Client;
use authsession_core::refresh_mint::RefreshMint;
use authsession_core::secret::Secret;
use authsession_core::token_set::TokenSet;
use authsession_core::token_store::TokenStore;
use authsession_core::token_store::memory::MemoryTokenStore;

use crate::auth::cli_login::ImportedLogin;
use crate::auth::grant_session::{GrantSession, is_a_session};
pub use crate::auth::login_url::{PRODUCTION_LOGIN_URL, SANDBOX_LOGIN_URL};
pub use crate::auth::rotation::RotationHandler;
use crate::auth::rotation::ToldStore;
use crate::auth::settings::{Proof, Settings, proof_setters, shared_setters};
use crate::auth::vouched::Vouched;
use crate::error::{CirrusError, CirrusResult};

/// An [`AuthSession`](crate::auth::session::AuthSession) of a user who signed in once. A rotated refresh token is saved in the
/// token store before its access token is used; several processes may share one store.
///
/// ```no_run
/// use std::sync::Arc;
///
/// use authsession_core::token_store::file::FileTokenStore;
/// use authsession_salesforce::auth::RefreshTokenAuth;
///
/// # fn example() -> authsession_salesforce::CirrusResult<()> {
/// let auth = RefreshTokenAuth::builder()
///     .consumer_key("3MVG9...")
///     .consumer_secret("the app's secret")
///     .refresh_token("5Aep861...")
///     .token_store(Arc::new(FileTokenStore::at("/var/lib/my-program/acme.json")))
///     .instance_url("https://acme.my.salesforce.com")
///     .build()?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct RefreshTokenAuth {
    session: GrantSession,
    mint: Arc<RefreshMint>,
}

is_a_session! { RefreshTokenAuth }

impl RefreshTokenAuth {
    /// Nothing set yet.
    pub fn builder() -> RefreshTokenAuthBuilder {
        RefreshTokenAuthBuilder::default()
    }

    /// Waits until no refresh is under way, in this process or another: what there is to save is saved. Before a shutdown.
    pub async fn quiesce(&self) {
        if let Err(error) = self.mint.save_pending().await {
            tracing::warn!(target: "authsession::salesforce", %error, "the refresh token could not be saved");
        }
    }

    /// Revokes the login at Salesforce, the refresh token and every access token that came of it, and removes it from the token
    /// store.
    ///
    /// # Errors
    /// What the request, or the store, came to; then everything is as it was.
    pub async fn revoke(&self) -> CirrusResult<()> {
        self.mint.sign_out().await?;
        self.session.cache.forget();
        Ok(())
    }
}

/// The settings of a [`RefreshTokenAuth`].
#[derive(Clone, Default)]
#[must_use]
pub struct RefreshTokenAuthBuilder {
    settings: Settings,
    proof: Proof,
    refresh_token: Option<Secret>,
    initial: Option<Secret>,
    claims: Option<IdTokenClaims>,
    store: Option<Arc<dyn TokenStore>>,
    handler: Option<Arc<dyn RotationHandler>>,
}

impl RefreshTokenAuthBuilder {
    shared_setters! {}
    proof_setters! {}

    /// The refresh token to start with. What the store keeps goes before it if it came of this very token.
    pub fn refresh_token(mut self, token: impl Into<Secret>) -> Self {
        self.refresh_token = Some(token.into());
        self
    }

    /// An access token in hand, taken to be handed out when the session is built.
    pub fn initial_access_token(mut self, token: impl Into<Secret>) -> Self {
        self.initial = Some(token.into());
        self
    }

    /// Is told of each rotated refresh token.
    pub fn on_rotation(mut self, handler: Arc<dyn RotationHandler>) -> Self {
        self.handler = Some(handler);
        self
    }

    /// Keeps the login: across restarts, and for several processes at a time. By default it is kept in memory.
    pub fn token_store(mut self, store: Arc<dyn TokenStore>) -> Self {
        self.store = Some(store);
        self
    }

    /// Takes over a login of the Salesforce CLI.
    pub fn imported(mut self, login: ImportedLogin) -> Self {
        self.settings.consumer_key = Some(login.client_id);
        self.settings.login_url = Some(login.login_url.to_string());
        self.settings.instance_url = Some(login.instance_url.to_string());
        self.proof.secret = login.client_secret;
        self.refresh_token = login.refresh_token;
        self
    }

    pub(crate) fn from_parts(settings: Settings, proof: Proof) -> Self {
        Self { settings, proof, ..Self::default() }
    }

    /// The session of a sign-in that brought these tokens, once they are checked and kept.
    pub(crate) async fn signed_in(
        mut self,
        tokens: TokenSet,
        claims: Option<IdTokenClaims>,
    ) -> CirrusResult<GrantSession> {
        self.claims = claims;
        let auth = self.unconnected()?;
        auth.session.check(&tokens)?;
        auth.mint.sign_in(tokens).await?;
        // Finds them in the store.
        auth.session.warm_up().await?;
        Ok(auth.session)
    }

    /// The session; nothing is asked for yet.
    ///
    /// # Errors
    /// A setting that is missing or wrong; the instance's URL too, unless the login URL is the org's own.
    pub fn build(self) -> CirrusResult<RefreshTokenAuth> {
        let auth = self.unconnected()?;
        Ok(RefreshTokenAuth { session: auth.session.with_known_instance()?, ..auth })
    }

    /// The session, with its first token in hand and the instance's URL learned from it.
    ///
    /// # Errors
    /// As [`build`](Self::build), and what the first token's request came to.
    pub async fn connect(self) -> CirrusResult<RefreshTokenAuth> {
        let auth = self.unconnected()?;
        auth.session.warm_up().await?;
        Ok(auth)
    }

    fn unconnected(self) -> CirrusResult<RefreshTokenAuth> {
        let Self { settings, proof, refresh_token, initial, claims, store, handler } = self;
        if refresh_token.is_none() && store.is_none() {
            return Err(CirrusError::MissingField("refresh_token"));
        }
        let client = Client { id: settings.consumer_key()?, auth: proof.client_auth()? };
        let org = settings.org(settings.login_url()?)?;
        let mut store = store.unwrap_or_else(|| Arc::new(MemoryTokenStore::default()));
        if let Some(handler) = handler {
            store = Arc::new(ToldStore::new(store, handler, refresh_token.clone()));
        }
        let mut mint =
            RefreshMint::new(org.endpoint(client.clone()), Arc::clone(&store), settings.clock.clone())
                .pinning(Arc::new(Vouched { consumer_secret: proof.secret.clone() }))
                .assuming_lifetime(settings.token_ttl()?);
        if let Some(token) = refresh_token {
            mint = mint.starting_with(token);
        }
        let mint = Arc::new(mint);
        let minting = Arc::clone(&mint);
        let session = GrantSession::of_user(&settings, org, &client, proof.secret, claims, |_| minting)?;
        if let Some(initial) = initial {
            session.begin_with(initial)?;
        }
        Ok(RefreshTokenAuth { session, mint })
    }
}

impl std::fmt::Debug for RefreshTokenAuthBuilder {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("RefreshTokenAuthBuilder")
            .field("settings", &self.settings)
            .field("proof", &self.proof)
            .field("store", &self.store)
            .finish_non_exhaustive()
    }
}
