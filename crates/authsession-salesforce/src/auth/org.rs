//! One org's OAuth endpoints.

use std::sync::Arc;

use authsession_core::claims::IdTokenClaims;
use authsession_core::client_auth::Client;
use authsession_core::clock::{Clock, Timestamp};
use authsession_core::error::Error;
use authsession_core::http::HttpClient;
use authsession_core::id_token::IdTokenVerifier;
use authsession_core::provider::{Endpoints, Provider, ProviderMetadata};
use authsession_core::revocation::{TokenKind, revoke};
use authsession_core::secret::Secret;
use authsession_core::token_endpoint::TokenEndpoint;
use authsession_core::token_set::TokenSet;
use url::Url;

use crate::auth::login_url::LoginUrl;
use crate::error::refusal::SalesforceRefusals;
use crate::error::{CirrusError, CirrusResult};

/// Where one org's logins happen, and how it is asked.
#[derive(Debug)]
pub(crate) struct Org {
    pub(crate) login: LoginUrl,
    pub(crate) http: HttpClient,
    pub(crate) clock: Clock,
    pub(crate) metadata: Arc<ProviderMetadata>,
    /// Redeems grants. A client assertion is made out to the token endpoint, nowhere else (Salesforce Help, "OAuth 2.0 Web
    /// Server Flow").
    pub(crate) redeemer: Arc<Provider>,
    /// Signs ID tokens, as the login URL's own.
    pub(crate) identity: Arc<Provider>,
}

impl Org {
    pub(crate) fn new(login: LoginUrl, http: HttpClient, clock: Clock) -> CirrusResult<Self> {
        let for_assertions = metadata(&login, login.endpoint("token").as_str())?;
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
        let now = self.redeemer.now();
        let claims =
            verifier.verify_without_nonce(&self.identity, id_token, &tokens.access_token, now).await?;
        Ok(Some(claims))
    }

    /// Verifies the ID token of a refresh against the claims of the sign-in. `None`: it is not to be used, and says nothing
    /// against the access token beside it.
    pub(crate) async fn verify_refreshed(
        &self,
        client: &Client,
        tokens: &TokenSet,
        before: &IdTokenClaims,
    ) -> CirrusResult<Option<IdTokenClaims>> {
        let Some(id_token) = &tokens.id_token else { return Ok(None) };
        let verifier = IdTokenVerifier::new(&client.id);
        let now = self.redeemer.now();
        match verifier.verify_refresh(&self.identity, id_token, &tokens.access_token, now, before).await {
            Ok(claims) => Ok(Some(claims)),
            Err(error @ Error::Mismatch(_)) => Err(error.into()),
            Err(error) => {
                tracing::debug!(target: "authsession::salesforce", %error, "the ID token of a refresh is left out");
                Ok(None)
            }
        }
    }

    /// What Salesforce's clock showed when ours showed that.
    pub(crate) fn by_their_clock(&self, ours: Timestamp) -> Timestamp {
        self.redeemer.skew().provider_time(ours)
    }

    /// What our clock will show when Salesforce's shows that.
    pub(crate) fn by_our_clock(&self, theirs: Timestamp) -> Timestamp {
        Timestamp::from_unix_millis(theirs.unix_millis().saturating_sub(self.redeemer.skew().millis()))
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
