//! How a client proves who it is to the token, revocation and introspection endpoints (RFC 6749 §2.3, RFC 7523 §2.2).

use crate::assertion::Assertion;
use crate::client::AuthMethod;
use crate::client::Client;
use crate::realm::Realm;
use crate::wire::Inquiry;
use crate::wire::Reply;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use url::form_urlencoded;

const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// Whether the request names a client in any way.
pub(crate) fn is_attempted(inquiry: &Inquiry) -> bool {
    let members = ["client_id", "client_secret", "client_assertion", "client_assertion_type"];
    inquiry.header("authorization").is_some() || members.iter().any(|name| inquiry.form(name).is_some())
}

/// The client that sent this request, or the refusal.
pub(crate) fn authenticate<'a>(realm: &'a Realm, inquiry: &Inquiry) -> Result<&'a Client, Reply> {
    if !inquiry.is_post() {
        return Err(Reply::error(405, "invalid_request", "this endpoint takes POST").header("allow", "POST"));
    }
    if inquiry.form("client_assertion").is_some() || inquiry.form("client_assertion_type").is_some() {
        return by_assertion(realm, inquiry);
    }
    let (id, secret, method) = presented(inquiry)?;
    if let Some(client) = realm.client(&id).filter(|client| client.signs_its_secret()) {
        let refused = |why| Reply::error(401, "invalid_client", why);
        return signed_secret(realm, client, &secret).map(|()| client).map_err(refused);
    }
    let known = realm.client(&id).filter(|client| client.accepts(method, &secret));
    known.ok_or_else(|| {
        let refusal = Reply::error(401, "invalid_client", "this client is not known, or not by this proof");
        match method {
            AuthMethod::Basic => refusal.header("www-authenticate", "Basic realm=\"provider\""),
            _ => refusal,
        }
    })
}

/// Whether that secret is a token about the client, issued by the team of a registered key and signed by it.
fn signed_secret(realm: &Realm, client: &Client, secret: &str) -> Result<(), &'static str> {
    let assertion = Assertion::parse(secret).ok_or("the secret is not a JSON Web Token")?;
    if assertion.text("sub") != Some(client.id())
        || assertion.text("iss").is_none_or(|team| team == client.id())
    {
        return Err("the secret is not issued by a team about the client");
    }
    assertion.check(realm, client.keys())
}

fn by_assertion<'a>(realm: &'a Realm, inquiry: &Inquiry) -> Result<&'a Client, Reply> {
    if inquiry.header("authorization").is_some() || inquiry.form("client_secret").is_some() {
        return Err(Reply::error(400, "invalid_request", "more than one way of client authentication"));
    }
    signer(realm, inquiry).map_err(|why| Reply::error(401, "invalid_client", why))
}

/// The client whose assertion this is, or what is wrong with it.
fn signer<'a>(realm: &'a Realm, inquiry: &Inquiry) -> Result<&'a Client, &'static str> {
    if inquiry.form("client_assertion_type") != Some(ASSERTION_TYPE) {
        return Err("client_assertion_type is not that of a JSON Web Token");
    }
    let presented = inquiry.form("client_assertion").ok_or("no client_assertion")?;
    let assertion = Assertion::parse(presented).ok_or("the assertion is not a JSON Web Token")?;
    let id = assertion.text("sub").ok_or("the assertion has no sub")?;
    if assertion.text("iss") != Some(id) {
        return Err("the assertion is not issued by the client it is about");
    }
    if inquiry.form("client_id").is_some_and(|named| named != id) {
        return Err("client_id is not the client that authenticated");
    }
    if assertion.text("jti").is_none() {
        return Err("the assertion has no jti");
    }
    let client = realm.client(id).ok_or("this client is not known")?;
    assertion.check(realm, client.keys())?;
    Ok(client)
}

fn presented(inquiry: &Inquiry) -> Result<(String, String, AuthMethod), Reply> {
    let in_body = (inquiry.form("client_id"), inquiry.form("client_secret"));
    let Some(header) = inquiry.header("authorization") else {
        return match in_body {
            (Some(id), Some(secret)) => Ok((id.to_owned(), secret.to_owned(), AuthMethod::Post)),
            (Some(id), None) => Ok((id.to_owned(), String::new(), AuthMethod::None)),
            (None, _) => Err(Reply::error(401, "invalid_client", "no client authentication")),
        };
    };
    if in_body.1.is_some() {
        return Err(Reply::error(400, "invalid_request", "more than one way of client authentication"));
    }
    let (id, secret) = basic(header)
        .ok_or_else(|| Reply::error(401, "invalid_client", "the Authorization header is not Basic"))?;
    if in_body.0.is_some_and(|named| named != id) {
        return Err(Reply::error(400, "invalid_request", "client_id is not the client that authenticated"));
    }
    Ok((id, secret, AuthMethod::Basic))
}

fn basic(header: &str) -> Option<(String, String)> {
    let (scheme, encoded) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (id, secret) = decoded.split_once(':')?;
    Some((form_decoded(id), form_decoded(secret)))
}

fn form_decoded(value: &str) -> String {
    // A pair without `=` is all name: what is decoded here may contain neither `&` nor `=`, both being escaped.
    form_urlencoded::parse(value.as_bytes()).map(|(name, _)| name.into_owned()).next().unwrap_or_default()
}
