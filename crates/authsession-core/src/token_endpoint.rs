//! The token endpoint (RFC 6749 §3.2, §5.1 and §5.2): redeem a grant, get a token set.

use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use serde_json::{Map, Value};
use url::Url;

use crate::client_auth::Client;
use crate::clock::{Clock, Timestamp};
use crate::error::{Endpoint, Error, OAuthError};
use crate::extras::Extras;
use crate::grant::Grant;
use crate::http::{Answer, Form, HttpClient};
use crate::id_token::IdTokenVerifier;
use crate::json;
use crate::provider::{Provider, ProviderMetadata};
use crate::refusal::{self, Refusals};
use crate::revocation::{TokenKind, revoke};
use crate::secret::Secret;
use crate::skew::Skew;
use crate::token_set::TokenSet;

/// No honest access token lives longer.
const LONGEST_LIFETIME: f64 = 10.0 * 365.0 * 86_400.0;

/// The members a [`TokenSet`] has a place of its own for, and the one that says there is none.
const NAMED: [&str; 7] =
    ["access_token", "token_type", "refresh_token", "id_token", "scope", "expires_in", "error"];

/// The token endpoint of one provider, as one client.
///
/// ```no_run
/// use std::sync::Arc;
///
/// use authsession_core::client_auth::{Client, ClientAuth};
/// use authsession_core::clock::Clock;
/// use authsession_core::error::Error;
/// use authsession_core::grant::refresh_token::RefreshToken;
/// use authsession_core::http::HttpClient;
/// use authsession_core::provider::Provider;
/// use authsession_core::secret::Secret;
/// use authsession_core::token_endpoint::TokenEndpoint;
///
/// # async fn example(provider: Arc<Provider>, http: HttpClient, held: Secret) -> Result<(), Error> {
/// let client = Client { id: "my-client".to_owned(), auth: ClientAuth::Secret("its secret".into()) };
/// let endpoint = TokenEndpoint::new(provider, client, http, Clock::system());
/// match endpoint.redeem(&RefreshToken { refresh_token: held, scope: None }).await {
///     Ok(tokens) => println!("new tokens until {:?}", tokens.expires_at),
///     Err(Error::GrantRefused { code: why, .. }) => println!("{why}: the user signs in again"),
///     Err(error) if error.is_transient() => println!("{error}: what is held serves on"),
///     Err(error) => return Err(error),
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct TokenEndpoint {
    provider: Arc<Provider>,
    client: Client,
    http: HttpClient,
    clock: Clock,
    refusals: Option<Arc<dyn Refusals>>,
}

impl TokenEndpoint {
    /// The token endpoint of that provider for that client.
    #[must_use]
    pub const fn new(provider: Arc<Provider>, client: Client, http: HttpClient, clock: Clock) -> Self {
        Self { provider, client, http, clock, refusals: None }
    }

    /// Asks that reading first what an error of this endpoint means.
    #[must_use]
    pub fn reading_refusals(mut self, refusals: Arc<dyn Refusals>) -> Self {
        self.refusals = Some(refusals);
        self
    }

    /// How far the provider's clock is from ours, by the answers of this endpoint; nothing before the first.
    #[must_use]
    pub fn skew(&self) -> Skew {
        self.provider.skew()
    }

    /// What the provider's clock shows now, as far as we know it.
    #[must_use]
    pub fn provider_now(&self) -> Timestamp {
        self.skew().provider_time(self.clock.now())
    }

    /// Redeems a grant. The request is sent at most once.
    ///
    /// # Errors
    /// [`Error::GrantRefused`] when the grant is dead, [`Error::Unavailable`] when the provider is, and
    /// [`Error::Misconfigured`] when it refuses the client or the request. [`Error::Untrusted`] for an answer that breaks
    /// the protocol.
    pub async fn redeem(&self, grant: &dyn Grant) -> Result<TokenSet, Error> {
        self.redeem_rotating(grant).await.0
    }

    /// The same as [`redeem`](Self::redeem); and beside an error the refresh token of an answer that is of no use otherwise, if it
    /// brought one. The one presented is spent then: whoever does not keep this one has lost the grant.
    pub async fn redeem_rotating(&self, grant: &dyn Grant) -> (Result<TokenSet, Error>, Option<Secret>) {
        let mut rotated = None;
        let outcome = self.redeem_into(grant, &mut rotated).await;
        (outcome, rotated)
    }

    async fn redeem_into(&self, grant: &dyn Grant, rotated: &mut Option<Secret>) -> Result<TokenSet, Error> {
        let metadata = self.provider.metadata().await?;
        let mut form = Form::default();
        grant.write(&mut form);
        let (answer, asked_at) = self.ask(&metadata, Endpoint::Token, &metadata.token_endpoint, form).await?;
        let body = json::object(&answer.body);
        refusal::check(&answer, body.as_ref(), self.refusals())?;
        if !answer.status.is_success() {
            // RFC 6749 §5.2 refuses with 400, and some providers leave the body out. Anything else of no form comes from
            // something in between, which has no say in whether a grant is dead.
            if answer.status == StatusCode::FORBIDDEN && answer.body.is_empty() && self.client.asserts() {
                tracing::warn!(target: "authsession::token", "the token endpoint answered 403 and nothing else: if it goes on, check the client's key and whom its assertions are made out to");
            }
            return Err(match answer.status {
                StatusCode::BAD_REQUEST if answer.body.is_empty() => {
                    Error::grant_refused(OAuthError::Unstated)
                }
                StatusCode::UNAUTHORIZED if answer.body.is_empty() => {
                    refusal::by_the_standard(Endpoint::Token, "invalid_client")
                }
                _ => answer.bad(),
            });
        }
        let body = body.filter(|_| answer.json().is_ok()).ok_or_else(|| answer.bad())?;
        *rotated = body
            .get("refresh_token")
            .and_then(Value::as_str)
            .filter(|token| !token.is_empty())
            .map(Secret::from);
        token_set(&body, asked_at)
    }

    /// Revokes a token, as this client ([`revoke`]).
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the endpoint is, [`Error::Misconfigured`] when it refuses the client.
    pub async fn revoke(&self, token: &Secret, kind: TokenKind) -> Result<(), Error> {
        revoke(&self.http, &self.provider, &self.client, token, kind).await
    }

    pub(crate) async fn verify_without_nonce(
        &self,
        id_token: &Secret,
        access_token: &Secret,
    ) -> Result<(), Error> {
        let verifier = IdTokenVerifier::new(&self.client.id);
        verifier
            .verify_without_nonce(&self.provider, id_token, access_token, self.clock.now())
            .await
            .map(drop)
    }

    /// Which provider and client it is, as configured.
    pub(crate) fn origin(&self) -> String {
        format!("{}\n{}", self.provider.name(), self.client.id)
    }

    /// Sends a form as this client; what came back, and when it was asked for.
    pub(crate) async fn ask(
        &self,
        metadata: &ProviderMetadata,
        endpoint: Endpoint,
        url: &Url,
        mut form: Form,
    ) -> Result<(Answer, Timestamp), Error> {
        let authorization = self.client.authenticate(metadata, self.provider_now(), &mut form).await?;
        // The lifetime counts from before the request: a slow answer must not make a token look younger.
        let asked_at = self.clock.now();
        let answer = self.http.post_form(endpoint, url, &form, authorization).await?;
        // A gateway's clock is nobody's.
        if !answer.status.is_server_error() {
            self.provider.observe(&answer, asked_at, self.clock.now());
        }
        Ok((answer, asked_at))
    }

    pub(crate) fn provider(&self) -> &Provider {
        &self.provider
    }

    pub(crate) const fn clock(&self) -> &Clock {
        &self.clock
    }

    pub(crate) fn refusals(&self) -> Option<&dyn Refusals> {
        self.refusals.as_deref()
    }
}

fn token_set(body: &Map<String, Value>, asked_at: Timestamp) -> Result<TokenSet, Error> {
    let text = |name: &'static str| match body.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if text.is_empty() => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.as_str())),
        Some(_) => Err(Error::untrusted(format!("the token response's {name} is not a text"))),
    };
    let access_token =
        text("access_token")?.ok_or_else(|| Error::untrusted("the token response has no access_token"))?;
    if !access_token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Error::untrusted("the access token has characters no token has (RFC 6750 §2.1)"));
    }
    let token_type =
        text("token_type")?.ok_or_else(|| Error::untrusted("the token response has no token_type"))?;
    // RFC 8693 §2.2.1: what was exchanged for no access token stands in its place, and says so.
    let is_none = token_type == "N_A" && body.contains_key("issued_token_type");
    if !is_none && !token_type.eq_ignore_ascii_case("bearer") {
        return Err(Error::untrusted("the token response's token_type is not Bearer"));
    }
    Ok(TokenSet {
        access_token: Secret::from(access_token),
        token_type: token_type.into(),
        refresh_token: text("refresh_token")?.map(Secret::from),
        id_token: text("id_token")?.map(Secret::from),
        scope: text("scope")?.map(Box::from),
        received_at: asked_at,
        expires_at: lifetime(body.get("expires_in"))?.map(|lifetime| asked_at + lifetime),
        extras: Extras::beside(&NAMED, body),
    })
}

/// `expires_in`: a number, or one in quotes; absent is allowed, absurd is not.
fn lifetime(value: Option<&Value>) -> Result<Option<Duration>, Error> {
    let seconds = match value {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::String(text)) => text.trim().parse::<f64>().ok(),
        Some(value) => value.as_f64(),
    };
    match seconds {
        Some(seconds) if seconds > 0.0 && seconds <= LONGEST_LIFETIME => {
            Ok(Some(Duration::from_secs_f64(seconds)))
        }
        _ => Err(Error::untrusted("the token response's expires_in is not a lifetime")),
    }
}
