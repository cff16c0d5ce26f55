//! Token revocation (RFC 7009 §2): tell the provider that a token is done with.

use crate::client_auth::Client;
use crate::error::{Endpoint, Error};
use crate::http::{Form, HttpClient};
use crate::json;
use crate::provider::Provider;
use crate::refusal;
use crate::secret::Secret;

/// Which kind of token it is about (RFC 7009 §2.1, RFC 7662 §2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// A refresh token; most providers end its access tokens with it.
    RefreshToken,
    /// An access token.
    AccessToken,
}

impl TokenKind {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::RefreshToken => "refresh_token",
            Self::AccessToken => "access_token",
        }
    }
}

/// Revokes a token. A token the provider does not know counts as revoked; a provider without the endpoint is left alone.
///
/// # Errors
/// [`Error::Unavailable`] when the endpoint is, [`Error::Misconfigured`] when it refuses the client.
pub async fn revoke(
    http: &HttpClient,
    provider: &Provider,
    client: &Client,
    token: &Secret,
    kind: TokenKind,
) -> Result<(), Error> {
    let metadata = provider.metadata().await?;
    let Some(url) = &metadata.revocation_endpoint else { return Ok(()) };
    let mut form = Form::default();
    form.push("token", token.expose());
    form.push("token_type_hint", kind.name());
    let authorization = client.authenticate(&metadata, provider.now(), &mut form).await?;
    let answer = http.post_form(Endpoint::Revocation, url, &form, authorization).await?;
    answer.served()?;
    match answer.status.as_u16() {
        200..=299 => Ok(()),
        400 => match json::object(&answer.body).as_ref().and_then(|body| body.get("error")?.as_str()) {
            // It knows no such token, or none it could revoke (RFC 7009 §2.2.1).
            None | Some("invalid_token" | "invalid_grant" | "unsupported_token_type") => Ok(()),
            Some(code) => Err(refusal::by_the_standard(Endpoint::Revocation, code)),
        },
        401 | 403 => Err(Error::misconfigured("the provider refused this client at the revocation endpoint")),
        _ => Err(answer.bad()),
    }
}
