//! The web server flow: a user signs in with the browser (RFC 6749 §4.1, RFC 7636; Salesforce Help, "OAuth 2.0 Web Server Flow").

pub mod authorize_options;
pub mod builder;
#[cfg(feature = "loopback")]
mod loopback;
pub mod pending_exchange;

use std::sync::Arc;

use authsession_core::authorization::{AuthorizationRequest, AuthorizationResponse};
use authsession_core::claims::IdTokenClaims;
use authsession_core::grant::authorization_code::AuthorizationCode;
use authsession_core::id_token::{IdTokenVerifier, LoginExpectations};
use authsession_core::scope::asks_for_id_token;
use authsession_core::secret::{Secret, equal_in_constant_time};
use authsession_core::token_set::TokenSet;
use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

pub use crate::auth::completed_session::CompletedSession;
use crate::auth::completed_session::SignIn;
pub use crate::auth::login_url::{PRODUCTION_LOGIN_URL, SANDBOX_LOGIN_URL};
use crate::auth::refresh::RefreshTokenAuthBuilder;
pub use crate::auth::web_server::authorize_options::AuthorizeOptions;
use crate::auth::web_server::authorize_options::Nonce;
pub use crate::auth::web_server::builder::WebServerFlowBuilder;
pub use crate::auth::web_server::pending_exchange::PendingExchange;
use crate::error::{CirrusError, CirrusResult};

/// Signs users in with the browser: [`start`](Self::start), send the user there, [`complete`](Self::complete) with what comes
/// back.
///
/// ```no_run
/// use authsession_salesforce::auth::{AuthSession, WebServerFlow};
///
/// # async fn example(code: &str, state: &str) -> authsession_salesforce::CirrusResult<()> {
/// let flow = WebServerFlow::builder()
///     .consumer_key("3MVG9...")
///     .consumer_secret("the app's secret")
///     .redirect_uri("https://app.example/callback")
///     .scopes(["api", "refresh_token"])
///     .build()?;
/// let (url, pending) = flow.start()?;
/// // The user goes to `url`; `pending` is kept, bound to their browser. They come back with a code and the state.
/// let session = flow.complete(pending, code, state).await?;
/// println!("signed in at {}", session.instance_url);
/// let token = session.access_token().await?; // it is a session, and stays valid
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct WebServerFlow {
    pub(crate) sign_in: SignIn,
    pub(crate) request: AuthorizationRequest,
}

impl WebServerFlow {
    /// Nothing set yet.
    pub fn builder() -> WebServerFlowBuilder {
        WebServerFlowBuilder::default()
    }

    /// The URL to send the user to, and what to keep until they come back.
    ///
    /// # Errors
    /// When there is no randomness to be had.
    pub fn start(&self) -> CirrusResult<(String, PendingExchange)> {
        self.start_with(&AuthorizeOptions::default())
    }

    /// The same, with options of this one request.
    ///
    /// # Errors
    /// A parameter the flow sets itself; no randomness.
    pub fn start_with(&self, options: &AuthorizeOptions) -> CirrusResult<(String, PendingExchange)> {
        // Who names no scope gets all the app has, perhaps `openid` too.
        let may_bring_id_token = self.request.scope.is_empty() || asks_for_id_token(&self.request.scope);
        let mut request = self.request.clone();
        request.login.login_hint = options.login_hint.clone().or(request.login.login_hint);
        request.login.prompt = options.prompt.clone().or(request.login.prompt);
        for (name, value) in &options.further {
            request.replace_extra(name.clone(), value.clone());
        }
        let nonce_is_wanted = may_bring_id_token || options.nonce != Nonce::Unset;
        request.nonce = match &options.nonce {
            Nonce::Fixed(nonce) => Some(nonce.clone()),
            Nonce::Unset | Nonce::Random => None,
        };
        let (mut url, pending) = request.start(&self.sign_in.org.metadata, self.sign_in.org.clock.now())?;
        if nonce_is_wanted && !asks_for_id_token(&request.scope) {
            url.query_pairs_mut().append_pair("nonce", pending.nonce.expose());
        }
        Ok((
            url.into(),
            PendingExchange { pending, nonce_was_sent: nonce_is_wanted, flow: self.fingerprint() },
        ))
    }

    /// Redeems the code the user came back with, and verifies what comes of it: the signature, the instance, the ID token.
    ///
    /// # Errors
    /// [`CirrusError::StateMismatch`] when the callback is not of this sign-in, [`CirrusError::FlowMismatch`] when another flow
    /// began it, and what the request came to. The code is spent in any case.
    pub async fn complete(
        &self,
        pending: PendingExchange,
        code: &str,
        returned_state: &str,
    ) -> CirrusResult<CompletedSession> {
        if !equal_in_constant_time(pending.state(), returned_state) {
            return Err(CirrusError::StateMismatch);
        }
        if pending.flow != self.fingerprint() {
            return Err(CirrusError::FlowMismatch);
        }
        self.redeem(pending, code.into()).await
    }

    /// The same, given the whole query of the callback, which may say instead why there is no code.
    ///
    /// # Errors
    /// As [`complete`](Self::complete), and what the user or the org said no with.
    pub async fn complete_callback(
        &self,
        pending: PendingExchange,
        query: &str,
    ) -> CirrusResult<CompletedSession> {
        if pending.flow != self.fingerprint() {
            return Err(CirrusError::FlowMismatch);
        }
        let response = AuthorizationResponse::parse(query)?;
        let is_ours =
            response.state().is_some_and(|state| equal_in_constant_time(pending.state(), state.expose()));
        if !is_ours {
            return Err(CirrusError::StateMismatch);
        }
        let code = response.check(&pending.pending, &self.sign_in.org.metadata)?;
        self.redeem(pending, code).await
    }

    async fn redeem(&self, pending: PendingExchange, code: Secret) -> CirrusResult<CompletedSession> {
        let grant = AuthorizationCode {
            code: code.clone(),
            redirect_uri: Some(pending.pending.redirect_uri.clone()),
            code_verifier: pending.pending.code_verifier.clone(),
        };
        let tokens = self.sign_in.endpoint().redeem(&grant).await?;
        let claims = self.verify(&pending, &code, &tokens).await?;
        let verified = claims.map(|claims| (claims, pending.nonce().map(str::to_owned)));
        self.sign_in.complete(tokens, verified).await
    }

    /// Revokes a token: a refresh token with all that came of it, or an access token.
    ///
    /// # Errors
    /// What the request came to.
    pub async fn revoke(&self, token: &str) -> CirrusResult<()> {
        self.sign_in.revoke(token).await
    }

    /// The settings of a [`RefreshTokenAuth`](crate::auth::refresh::RefreshTokenAuth) of that sign-in, to add a handler to. The
    /// two share the refresh token, whichever of them refreshes. With a token store of its own they do not: then use only the
    /// new one, for a refresh token that rotates serves one of them.
    ///
    /// # Errors
    /// [`CirrusError::MissingField`] when the sign-in brought no refresh token.
    pub fn refresh_auth(&self, session: &CompletedSession) -> CirrusResult<RefreshTokenAuthBuilder> {
        let refresh_token =
            session.refresh_token.clone().ok_or(CirrusError::MissingField("refresh_token"))?;
        Ok(RefreshTokenAuthBuilder::from_parts(self.sign_in.settings.clone(), self.sign_in.proof.clone())
            .instance_url(&session.instance_url)
            .refresh_token(refresh_token)
            .token_store(Arc::clone(&session.store)))
    }

    async fn verify(
        &self,
        pending: &PendingExchange,
        code: &Secret,
        tokens: &TokenSet,
    ) -> CirrusResult<Option<IdTokenClaims>> {
        let Some(id_token) = &tokens.id_token else {
            return if asks_for_id_token(&pending.pending.scope) {
                Err(CirrusError::Untrusted("the scope has openid, and there is no ID token".into()))
            } else {
                Ok(None)
            };
        };
        if !pending.nonce_was_sent {
            return self.sign_in.org.verify_without_nonce(&self.sign_in.client, tokens).await;
        }
        let expected = LoginExpectations {
            nonce: &pending.pending.nonce,
            access_token: &tokens.access_token,
            code: Some(code),
            started_at: self.sign_in.org.by_their_clock(pending.pending.started_at),
            max_age: None,
            essential_acr: &[],
        };
        let verifier = IdTokenVerifier::new(&self.sign_in.client.id);
        let now = self.sign_in.org.redeemer.now();
        let claims = verifier.verify_login(&self.sign_in.org.identity, id_token, now, &expected).await?;
        Ok(Some(claims))
    }

    /// Tells flows of other settings apart.
    fn fingerprint(&self) -> String {
        let parts =
            [self.sign_in.org.login.as_str(), &self.sign_in.client.id, &self.request.redirect_uri].join("\n");
        URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, parts.as_bytes()))
    }
}
