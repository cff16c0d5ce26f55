//! Signing a user in by a browser on the same machine (RFC 8252).

use url::Url;

use crate::authorization::{AuthorizationRequest, AuthorizationResponse, PendingAuthorization};
use crate::error::Error;
use crate::grant::authorization_code::AuthorizationCode;
use crate::id_token::{IdTokenVerifier, LoginExpectations};
use crate::loopback::LoopbackListener;
use crate::scope::asks_for_id_token;
use crate::secret::Secret;
use crate::token_endpoint::TokenEndpoint;
use crate::token_set::TokenSet;
use crate::token_source::TokenSource;
use crate::token_source::builder::TokenSourceBuilder;

impl TokenSourceBuilder {
    /// Signs a user in by a browser on this machine (RFC 8252): `open` has it open the URL, or shows the URL to the user. The
    /// browser comes back to `redirect_uri`, which is as [`LoopbackListener::bind`] takes it, such as
    /// `http://127.0.0.1/callback` for any free port, and is told how it ended. Waits up to five minutes for that, keeps the
    /// tokens in the [`token_store`](Self::token_store), and refreshes from there on. Next time,
    /// [`stored_login`](Self::stored_login) finds them there.
    ///
    /// ```no_run
    /// use std::sync::Arc;
    ///
    /// use authsession_core::client_auth::ClientAuth;
    /// use authsession_core::token_source::TokenSource;
    /// use authsession_core::token_store::file::FileTokenStore;
    ///
    /// # async fn example(store: FileTokenStore) -> Result<(), authsession_core::error::Error> {
    /// let tokens = TokenSource::builder()
    ///     .issuer("https://login.example.com")
    ///     .client("my-command-line", ClientAuth::None)
    ///     .scope("openid offline_access")
    ///     .token_store(Arc::new(store))
    ///     .sign_in_by_browser("http://127.0.0.1/callback", |url| println!("Open {url}"))
    ///     .await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error::AuthorizationRefused`] when the user or the provider says no; [`Error::GrantRefused`] when the user takes too
    /// long or the code is refused; [`Error::Untrusted`] when what comes back fails a check, the ID token's included where the
    /// scope has `openid`. Otherwise as [`LoopbackListener::bind`] and [`build`](Self::build), and those of the store.
    ///
    /// # Panics
    /// Outside a tokio runtime with IO and time.
    pub async fn sign_in_by_browser(
        mut self,
        redirect_uri: &str,
        open: impl FnOnce(&Url) + Send,
    ) -> Result<TokenSource, Error> {
        let client = self
            .client
            .clone()
            .ok_or_else(|| Error::misconfigured("no client is set: who this program is at the provider"))?;
        let endpoint = self.endpoint()?;
        let wanted = Url::parse(redirect_uri)
            .map_err(|_| Error::misconfigured("the redirect URI to listen on is not a URL"))?;
        let listener = LoopbackListener::bind(&wanted)?;
        self.try_the_store().await?;
        let metadata = endpoint.provider().metadata().await?;
        // As it is registered, to the letter, unless the port was only found here.
        let sent =
            if *listener.redirect_uri() == wanted { redirect_uri } else { listener.redirect_uri().as_str() };
        let mut request = AuthorizationRequest::new(&client.id, sent, self.scope.take().unwrap_or_default());
        request.extra = self.aim();
        request.extra.append(&mut self.authorization_extra);
        let (url, pending) = request.start(&metadata, self.clock.now())?;
        open(&url);
        let arrival = listener.arrival(&pending.state).await?;
        let outcome = async {
            let code = AuthorizationResponse::parse(arrival.query().expose())?.check(&pending, &metadata)?;
            let tokens = redeem(&endpoint, &client.id, &pending, code).await?;
            self.signed_in(endpoint, tokens).await
        }
        .await;
        arrival.answer(outcome.is_ok()).await;
        outcome
    }

    /// A further parameter of the authorization request, such as `prompt` or a provider's own.
    pub fn authorization_parameter(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.authorization_extra.push((name.into(), value.into()));
        self
    }
}

/// The tokens for a code, once the ID token among them, if one was asked for, is verified.
async fn redeem(
    endpoint: &TokenEndpoint,
    client_id: &str,
    pending: &PendingAuthorization,
    code: Secret,
) -> Result<TokenSet, Error> {
    let grant = AuthorizationCode {
        code,
        redirect_uri: Some(pending.redirect_uri.clone()),
        code_verifier: pending.code_verifier.clone(),
    };
    let mut tokens = endpoint.redeem(&grant).await?;
    if !asks_for_id_token(&pending.scope) {
        // Nobody vouches for it.
        tokens.id_token = None;
        return Ok(tokens);
    }
    let id_token = tokens
        .id_token
        .as_ref()
        .ok_or_else(|| Error::untrusted("the provider was asked for an ID token and sent none"))?;
    let expected = LoginExpectations::of(pending, &tokens.access_token, Some(&grant.code));
    let (verifier, now) = (IdTokenVerifier::new(client_id), endpoint.clock().now());
    verifier.verify_login(endpoint.provider(), id_token, now, &expected).await?;
    Ok(tokens)
}
