//! Who asks: consumer key and secret, by Basic or in the body, or an assertion in the secret's place.

use crate::org::assertion::Assertion;
use crate::org::connected_app::ConnectedApp;
use crate::org::endpoint::OrgEndpoint;
use crate::org::refusal::Refusal;
use crate::org::tenant::Tenant;
use crate::wire::Inquiry;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use url::form_urlencoded;

const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// Whether the secret must be there.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Proof {
    /// Always.
    Required,
    /// If the app is set up so.
    AsSetUp,
}

/// The app that asks. A wrong secret is refused even where none is needed.
pub(crate) fn authenticate(
    tenant: &Tenant,
    inquiry: &Inquiry<OrgEndpoint>,
    proof: Proof,
) -> Result<ConnectedApp, Refusal> {
    if let Some(assertion) = inquiry.form("client_assertion") {
        return by_assertion(tenant, inquiry, assertion);
    }
    let (key, secret) = match basic(inquiry) {
        Some((key, secret)) => (key, Some(secret)),
        None => (
            inquiry.form("client_id").unwrap_or_default().to_owned(),
            inquiry.form("client_secret").map(str::to_owned),
        ),
    };
    let app = admitted(tenant, &key)?;
    match secret {
        Some(secret) if secret == app.secret || decoded(&secret) == app.secret => Ok(app),
        Some(_) => Err(Refusal::CREDENTIALS),
        None if proof == Proof::AsSetUp && !app.requires_secret => Ok(app),
        None => Err(Refusal::CREDENTIALS),
    }
}

/// The app of this consumer key, if the org lets it in.
pub(crate) fn admitted(tenant: &Tenant, key: &str) -> Result<ConnectedApp, Refusal> {
    let app = tenant.app(key).ok_or(Refusal::CLIENT_ID)?;
    match Refusal::of(app.state) {
        Some(refusal) => Err(refusal),
        None => Ok(app),
    }
}

fn by_assertion(
    tenant: &Tenant,
    inquiry: &Inquiry<OrgEndpoint>,
    assertion: &str,
) -> Result<ConnectedApp, Refusal> {
    let assertion = Assertion::parse(assertion).ok_or(Refusal::CREDENTIALS)?;
    let key = assertion.text("iss").unwrap_or_default();
    let app = admitted(tenant, key)?;
    let names_itself = assertion.text("sub") == Some(key)
        && inquiry.form("client_id").is_none_or(|named| named == key)
        && inquiry.form("client_assertion_type") == Some(JWT_BEARER);
    if !names_itself || assertion.check(tenant, &app).is_err() {
        return Err(Refusal::CREDENTIALS);
    }
    Ok(app)
}

fn basic(inquiry: &Inquiry<OrgEndpoint>) -> Option<(String, String)> {
    let (scheme, encoded) = inquiry.header("authorization")?.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let pair = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (key, secret) = pair.split_once(':')?;
    Some((decoded(key), secret.to_owned()))
}

/// Without the form encoding of RFC 6749 §2.3.1, which half of the clients apply.
fn decoded(text: &str) -> String {
    let escaped = text.replace('&', "%26").replace('=', "%3D");
    form_urlencoded::parse(escaped.as_bytes()).map(|(name, _)| name.into_owned()).next().unwrap_or_default()
}
