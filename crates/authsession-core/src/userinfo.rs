//! The UserInfo endpoint (OpenID Connect Core §5.3): the user's claims for an access token.

use http::StatusCode;
use http::header::CONTENT_TYPE;
use serde_json::{Map, Value};

use crate::error::{Endpoint, Error, OAuthError};
use crate::http::{Answer, HttpClient};
use crate::id_token::IdTokenVerifier;
use crate::json;
use crate::jws::Jws;
use crate::provider::{Provider, ProviderMetadata};
use crate::secret::Secret;

/// Asks for the claims of the user the access token stands for.
///
/// `subject` is the ID token's `sub`: claims of anybody else are refused (§5.3.2). A plain OAuth 2.0 provider has no ID
/// token; then it is `None`, and the claims are whatever the endpoint says. A signed answer is verified, for the client
/// of `verifier` and by its algorithms.
///
/// # Errors
/// [`Error::Untrusted`] for another user's claims or a bad signature, [`Error::GrantRefused`] when the access token is not
/// accepted, [`Error::Unavailable`] when the endpoint is, [`Error::Misconfigured`] when the provider has none.
pub async fn userinfo(
    http: &HttpClient,
    provider: &Provider,
    verifier: &IdTokenVerifier,
    access_token: &Secret,
    subject: Option<&str>,
) -> Result<Map<String, Value>, Error> {
    let metadata = provider.metadata().await?;
    let url = metadata.userinfo_endpoint.as_ref().ok_or_else(|| {
        Error::misconfigured("the provider has no userinfo endpoint: configure it or do without")
    })?;
    let answer = http.get(Endpoint::Userinfo, url, Some(access_token.expose())).await?;
    if answer.status == StatusCode::UNAUTHORIZED || says_bad_request(&answer) {
        return Err(Error::grant_refused(OAuthError::InvalidToken));
    }
    let claims = if is_signed(&answer) && answer.status.is_success() {
        let text = std::str::from_utf8(&answer.body).map_err(|_| answer.bad())?;
        let token = Jws::parse(text.trim())?;
        verifier.algorithms.verify_userinfo(provider, &token).await?;
        let claims = token.claims()?;
        check_signed(&claims, &metadata, &verifier.client_id)?;
        claims
    } else {
        json::object(answer.json()?).ok_or_else(|| answer.bad())?
    };
    if subject.is_some() && claims.get("sub").and_then(Value::as_str) != subject {
        return Err(Error::untrusted(
            "the userinfo is about another user (its sub differs from the ID token's)",
        ));
    }
    Ok(claims)
}

/// Some providers say 400 of an access token they revoked. Ours is never a malformed request, so what else could they mean?
/// A page of a gateway's is no word of theirs.
fn says_bad_request(answer: &Answer) -> bool {
    let own = answer.body.is_empty() || json::object(&answer.body).is_some();
    answer.status == StatusCode::BAD_REQUEST && own
}

fn is_signed(answer: &Answer) -> bool {
    const JWT: &[u8] = b"application/jwt";
    let media_type = answer.headers.get(CONTENT_TYPE).map(|value| value.as_bytes()).unwrap_or_default();
    media_type.get(..JWT.len()).is_some_and(|start| start.eq_ignore_ascii_case(JWT))
}

/// §5.3.2: a signed answer should name its issuer and us as its audience; where it does, they must fit.
fn check_signed(
    claims: &Map<String, Value>,
    provider: &ProviderMetadata,
    client_id: &str,
) -> Result<(), Error> {
    if claims.get("iss").is_some_and(|iss| !iss.as_str().is_some_and(|iss| provider.is_issuer(iss))) {
        return Err(Error::untrusted("the signed userinfo's iss is not the provider's issuer"));
    }
    let ours = |audience: &Value| match audience {
        Value::Array(several) => several.iter().any(|one| one == client_id),
        one => one == client_id,
    };
    if claims.get("aud").is_some_and(|audience| !ours(audience)) {
        return Err(Error::untrusted("the signed userinfo's aud is not this client"));
    }
    Ok(())
}
