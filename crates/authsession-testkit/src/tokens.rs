//! JSON Web Tokens, signed as asked: honestly (RFC 7515, OpenID Connect Core §2) or with a forgery.

use crate::forgery::Forgery;
use crate::keys::KeyRing;
use crate::keys::SigningAlgorithm;
use crate::keys::SigningKey;
use crate::keys::hmac_sha256;
use aws_lc_rs::digest;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use serde_json::json;
use std::io;

/// Signs `claims` with the current key; `secret` keys the HMAC algorithm.
pub(crate) fn sign(
    keys: &mut KeyRing,
    claims: Value,
    secret: &str,
    forgery: Option<&Forgery>,
) -> io::Result<String> {
    let key = keys.signing()?;
    let (mut header, mut claims) = (header_of(key), claims);
    let secret = secret.as_bytes();
    match forgery {
        None => seal(key, &header, &claims, secret),
        Some(Forgery::Edited(edit)) => {
            edit(&mut header, &mut claims);
            seal(key, &header, &claims, secret)
        }
        Some(Forgery::WrongSignature) => {
            let signature = key.sign(b"something else", secret)?;
            Ok(assemble(&header, &claims, &signature))
        }
        Some(Forgery::Unsigned) => Ok(assemble(&json!({ "alg": "none", "typ": "JWT" }), &claims, &[])),
        Some(Forgery::KeyedWithPublicKey) => {
            header["alg"] = "HS256".into();
            let message = signing_input(&header, &claims);
            let signature = hmac_sha256(key.public_pem()?.as_bytes(), message.as_bytes());
            Ok(assemble(&header, &claims, &signature))
        }
        Some(Forgery::Impostor) => seal(
            &SigningKey::new(key.algorithm)?,
            &header,
            &claims,
            b"another secret altogether, of 32+ bytes",
        ),
        Some(Forgery::UnknownKey) => {
            let unknown = SigningKey::new(key.algorithm)?;
            seal(&unknown, &header_of(&unknown), &claims, b"another secret altogether, of 32+ bytes")
        }
        Some(Forgery::Replaced(raw)) => Ok(raw.clone()),
    }
}

/// The claims of a token this provider signed, at whatever time; none if it did not.
pub(crate) fn claims_signed_here(keys: &KeyRing, token: &str, secret: &str) -> Option<Value> {
    let (message, signature) = token.rsplit_once('.')?;
    let (header, payload) = message.split_once('.')?;
    let header: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header).ok()?).ok()?;
    let key = match header.get("kid").and_then(Value::as_str) {
        Some(kid) => keys.find(kid)?,
        None => keys.current(),
    };
    let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
    key.verifies(message.as_bytes(), &signature, secret.as_bytes())
        .then(|| URL_SAFE_NO_PAD.decode(payload).ok())
        .flatten()
        .and_then(|payload| serde_json::from_slice(&payload).ok())
}

/// The left half of the access token's hash (OpenID Connect Core §3.1.3.6); SHA-512 for EdDSA.
pub(crate) fn at_hash(algorithm: SigningAlgorithm, access_token: &str) -> String {
    let hash = match algorithm.name() {
        "RS384" | "PS384" | "ES384" | "HS384" => &digest::SHA384,
        "RS512" | "PS512" | "ES512" | "HS512" | "EdDSA" => &digest::SHA512,
        _ => &digest::SHA256,
    };
    let hash = digest::digest(hash, access_token.as_bytes());
    URL_SAFE_NO_PAD.encode(&hash.as_ref()[..hash.as_ref().len() / 2])
}

/// The S256 code challenge of a verifier (RFC 7636 §4.2).
pub(crate) fn s256(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, verifier.as_bytes()))
}

fn header_of(key: &SigningKey) -> Value {
    match key.algorithm {
        algorithm if algorithm.is_symmetric() => json!({ "alg": algorithm.name(), "typ": "JWT" }),
        algorithm => json!({ "alg": algorithm.name(), "typ": "JWT", "kid": key.kid }),
    }
}

pub(crate) fn seal(key: &SigningKey, header: &Value, claims: &Value, secret: &[u8]) -> io::Result<String> {
    let signature = key.sign(signing_input(header, claims).as_bytes(), secret)?;
    Ok(assemble(header, claims, &signature))
}

fn assemble(header: &Value, claims: &Value, signature: &[u8]) -> String {
    format!("{}.{}", signing_input(header, claims), URL_SAFE_NO_PAD.encode(signature))
}

fn signing_input(header: &Value, claims: &Value) -> String {
    format!("{}.{}", URL_SAFE_NO_PAD.encode(header.to_string()), URL_SAFE_NO_PAD.encode(claims.to_string()))
}
