//! One org's OAuth endpoints.

use std::sync::Arc;

use authsession_core::claims::IdTokenClaims;
use authsession_core::client_auth::Client;
use authsession_core::clock::Clock;
use authsession_core::http::HttpClient;
use authsession_core::id_token::IdTokenVerifier;
use authsession_core::provider::{Endpoints, Provider, ProviderMetadata};
use authsession_core::revocation::{TokenKind, revoke};
use authsession_core::secret::Secret;
use authsession_core::token_endpoint::TokenEndpoint;
use authsession_core::token_set::TokenSet;
use url::Url;

use crate::auth::login_url::LoginUrl;
use crate::auth::refusal::SalesforceRefusals;
use crate::error::{CirrusError, CirrusResult};

/// Where one org's logins happen, and how it is asked.
#[derive(Debug)]
pub(crate) struct Org {
    pub(crate) login: LoginUrl,
    pub(crate) http: HttpClient,
    pub(crate) clock: Clock,
    pub(crate) metadata: Arc<ProviderMetadata>,
    /// Redeems grants; assertions are made out to the login's audience.
    pub(crate) redeemer: Arc<Provider>,
    /// Signs ID tokens, as the login URL's own.
    pub(crate) identity: Arc<Provider>,
}

impl Org {
    pub(crate) fn new(login: LoginUrl, http: HttpClient, clock: Clock) -> CirrusResult<Self> {
        let for_assertions = metadata(&login, login.audience())?;
        let metadata = metadata(&login, login.as_str())?;
        let redeemer = Arc::new(Provider::by_hand(for_assertions, http.clone(), clock.clone())?);
        let identity = Arc::new(Provider::by_hand(metadata.clone(), http.clone(), clock.clone())?);
        Ok(Self { login, http, clock, metadata: Arc::new(metadata), redeemer, identity })
    }

    pub(crate) fn endpoint(&self, client: Client) -> TokenEndpoint {
        TokenEndpoint::new(Arc::clone(&self.redeemer), client, self.http.clone(), self.clock.clone())
            .reading_refusals(Arc::new(SalesforceRefusals))
    }

    /// Verifies the ID token of an answer for which no nonce was sent.
    pub(crate) async fn verify_without_nonce(
        &self,
        client: &Client,
        tokens: &TokenSet,
    ) -> CirrusResult<Option<IdTokenClaims>> {
        let Some(id_token) = &tokens.id_token else { return Ok(None) };
        let verifier = IdTokenVerifier::new(&client.id);
        let now = self.clock.now();
        let claims =
            verifier.verify_without_nonce(&self.identity, id_token, &tokens.access_token, now).await?;
        Ok(Some(claims))
    }

    /// Says that a token is done with; a refresh token takes its access tokens with it.
    pub(crate) async fn revoke(&self, client: &Client, token: &Secret) -> CirrusResult<()> {
        Ok(revoke(&self.http, &self.redeemer, client, token, TokenKind::RefreshToken).await?)
    }
}

fn metadata(login: &LoginUrl, issuer: &str) -> CirrusResult<ProviderMetadata> {
    let endpoint = |name| Some(login.endpoint(name));
    let endpoints = Endpoints {
        authorization: endpoint("authorize"),
        token: endpoint("token"),
        jwks: Some(keys(login)),
        userinfo: endpoint("userinfo"),
        revocation: endpoint("revoke"),
        introspection: endpoint("introspect"),
        device_authorization: endpoint("token"),
        end_session: endpoint("logout"),
    };
    let mut metadata = ProviderMetadata::by_hand(endpoints).ok_or(CirrusError::MissingField("login_url"))?;
    metadata.issuer = Some(issuer.to_owned());
    Ok(metadata)
}

fn keys(login: &LoginUrl) -> Url {
    let mut url = login.url().clone();
    url.set_path(&format!("{}/id/keys", login.url().path().trim_end_matches('/')));
    url
}
