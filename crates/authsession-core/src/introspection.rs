//! Token introspection (RFC 7662 §2): what the provider knows about a token.

use std::fmt;

use serde_json::{Map, Value};

use crate::claims;
use crate::client_auth::Client;
use crate::clock::Timestamp;
use crate::error::{Endpoint, Error};
use crate::http::{Form, HttpClient};
use crate::json;
use crate::provider::Provider;
use crate::refusal;
use crate::revocation::TokenKind;
use crate::secret::Secret;

/// What the provider says of a token.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct Introspection {
    /// Whether it is good now. Of one that is not, nothing else is known.
    pub active: bool,
    /// The scope it stands for.
    pub scope: Option<String>,
    /// When it expires.
    pub expires_at: Option<Timestamp>,
    /// `sub`: whose it is.
    pub subject: Option<String>,
    /// Whom it was issued to.
    pub client_id: Option<String>,
    /// Whose it is, as people write it.
    pub username: Option<String>,
    /// Everything the provider said, these included.
    pub all: Map<String, Value>,
}

impl Introspection {
    fn read(all: Map<String, Value>) -> Result<Self, Error> {
        let wrong = |name: &str| {
            Error::untrusted(format!("the introspection response's {name} is not what it should be"))
        };
        let active = all.get("active").and_then(Value::as_bool).ok_or_else(|| wrong("active"))?;
        let text = |name: &'static str| match all.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(_) => Err(wrong(name)),
        };
        let expires_at = match all.get("exp") {
            None | Some(Value::Null) => None,
            Some(value) => Some(claims::instant(value).ok_or_else(|| wrong("exp"))?),
        };
        Ok(Self {
            active,
            scope: text("scope")?,
            expires_at,
            subject: text("sub")?,
            client_id: text("client_id")?,
            username: text("username")?,
            all,
        })
    }
}

impl fmt::Debug for Introspection {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Introspection")
            .field("active", &self.active)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

/// Asks the provider about a token. One it does not know is not active.
///
/// ```no_run
/// use authsession_core::client_auth::Client;
/// use authsession_core::error::Error;
/// use authsession_core::http::HttpClient;
/// use authsession_core::introspection::introspect;
/// use authsession_core::provider::Provider;
/// use authsession_core::revocation::TokenKind;
/// use authsession_core::secret::Secret;
///
/// # async fn example(http: &HttpClient, provider: &Provider, client: &Client, token: &Secret) -> Result<(), Error> {
/// let known = introspect(http, provider, client, token, TokenKind::AccessToken).await?;
/// println!("good: {}, until {:?}", known.active, known.expires_at);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// [`Error::Unavailable`] when the endpoint is, [`Error::Misconfigured`] when the provider has none or refuses the client,
/// [`Error::Untrusted`] for an answer that breaks the protocol.
pub async fn introspect(
    http: &HttpClient,
    provider: &Provider,
    client: &Client,
    token: &Secret,
    kind: TokenKind,
) -> Result<Introspection, Error> {
    let metadata = provider.metadata().await?;
    let url = metadata.introspection_endpoint.as_ref().ok_or_else(|| {
        Error::misconfigured("the provider has no introspection endpoint: configure it or do without")
    })?;
    let mut form = Form::default();
    form.push("token", token.expose());
    form.push("token_type_hint", kind.name());
    let authorization = client.authenticate(&metadata, provider.now(), &mut form).await?;
    let answer = http.post_form(Endpoint::Introspection, url, &form, authorization).await?;
    let body = json::object(&answer.body);
    refusal::check(&answer, body.as_ref(), None)?;
    if matches!(answer.status.as_u16(), 401 | 403) {
        return Err(Error::misconfigured("the provider refused this client at the introspection endpoint"));
    }
    Introspection::read(body.filter(|_| answer.json().is_ok()).ok_or_else(|| answer.bad())?)
}
