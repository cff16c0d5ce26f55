//! Private keys as people have them (RFC 7468): in a file, or in an environment variable that mangled them.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use zeroize::Zeroizing;

use crate::error::Error;

const BEGIN: &str = "-----BEGIN";
const END: &str = "-----END";
const DASHES: &str = "-----";

/// Padding is often lost on the way.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The key's DER, from PEM (with newlines, with `\n` in their place, or on one line), from the base64 of PEM or DER, or from
/// DER itself.
pub(super) fn der(key: &[u8]) -> Result<Zeroizing<Vec<u8>>, Error> {
    let Some(text) = std::str::from_utf8(key).ok().filter(|text| !text.contains('\0')) else {
        return Ok(Zeroizing::new(key.to_vec()));
    };
    let text = with_newlines(text);
    if text.contains(BEGIN) {
        return section(&text);
    }
    let encoded = text.trim_matches(|character: char| !character.is_ascii_alphanumeric() && character != '{');
    if encoded.is_empty() {
        return Err(Error::misconfigured("the private key is empty"));
    }
    if encoded.starts_with('{') {
        return Err(Error::misconfigured(
            "the private key is a JSON document: hand over the PEM text that is in it",
        ));
    }
    let decoded = base64(encoded).ok_or_else(|| {
        Error::misconfigured(
            "the private key is neither PEM nor base64: hand over the key, not the name of its file",
        )
    })?;
    match std::str::from_utf8(&decoded) {
        Ok(inner) if inner.contains(BEGIN) => section(&with_newlines(inner)),
        _ => Ok(decoded),
    }
}

/// The text with real newlines where it has `\n`, `\r` or several backslashes before either: no key has a backslash.
fn with_newlines(text: &str) -> Zeroizing<String> {
    let mut restored = Zeroizing::new(String::with_capacity(text.len()));
    let mut escaped = false;
    for character in text.chars() {
        match character {
            '\\' => escaped = true,
            'n' | 'r' | 't' if escaped => {
                escaped = false;
                restored.push('\n');
            }
            _ => {
                escaped = false;
                restored.push(character);
            }
        }
    }
    restored
}

/// The private key among the sections of a PEM text; beside it may stand certificates, parameters and remarks.
fn section(pem: &str) -> Result<Zeroizing<Vec<u8>>, Error> {
    let mut rest = pem;
    let mut other = None;
    while let Some((_, begun)) = rest.split_once(BEGIN) {
        let (label, body) = begun.split_once(DASHES).ok_or_else(cut_off)?;
        let label: String = label.chars().filter(|character| !character.is_whitespace()).collect();
        let (body, ended) = body.split_once(END).ok_or_else(cut_off)?;
        match label.as_str() {
            "PRIVATEKEY" | "RSAPRIVATEKEY" | "ECPRIVATEKEY" if !body.contains("ENCRYPTED") => {
                return base64(body).ok_or_else(|| {
                    Error::misconfigured(
                        "the private key is damaged: what stands between BEGIN and END is not base64",
                    )
                });
            }
            _ => other = other.or_else(|| Some(hint(&label))),
        }
        rest = ended;
    }
    Err(Error::misconfigured(other.unwrap_or("there is no private key in this PEM")))
}

/// The DER of the first certificate in a PEM text.
pub(super) fn certificate(pem: &[u8]) -> Result<Zeroizing<Vec<u8>>, Error> {
    let none = || Error::misconfigured("there is no certificate in this PEM");
    let text = with_newlines(std::str::from_utf8(pem).map_err(|_| none())?);
    let (_, begun) = text.split_once("-----BEGIN CERTIFICATE-----").ok_or_else(none)?;
    let (body, _) = begun.split_once(END).ok_or_else(none)?;
    base64(body).ok_or_else(none)
}

fn cut_off() -> Error {
    Error::misconfigured(
        "the private key is cut off: its END line is missing, as when a variable ends at the first newline",
    )
}

fn hint(label: &str) -> &'static str {
    match label {
        "ENCRYPTEDPRIVATEKEY" | "RSAPRIVATEKEY" | "ECPRIVATEKEY" | "PRIVATEKEY" => {
            "the private key is encrypted: decrypt it with `openssl pkcs8 -in key.pem -out decrypted.pem`"
        }
        "OPENSSHPRIVATEKEY" => {
            "this is a key in OpenSSH's own format: rewrite it with `ssh-keygen -p -m PKCS8 -f key`"
        }
        "DSAPRIVATEKEY" => "this is a DSA key, which no signed assertion can use: make an RSA or EC key",
        label if label.ends_with("PUBLICKEY") => {
            "this is a public key; the private key that belongs to it is needed"
        }
        label if label.contains("CERTIFICATE") => {
            "this is a certificate; the private key that belongs to it is needed"
        }
        _ => "there is no private key in this PEM",
    }
}

/// Decodes base64 or base64url, whatever blanks are in it.
fn base64(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    // Both are made in their full size at once: what grows leaves copies of the key behind.
    let mut letters = Zeroizing::new(Vec::with_capacity(text.len()));
    letters.extend(text.bytes().filter(|byte| !byte.is_ascii_whitespace()).map(|byte| match byte {
        b'-' => b'+',
        b'_' => b'/',
        byte => byte,
    }));
    let mut decoded = Zeroizing::new(vec![0; base64::decoded_len_estimate(letters.len())]);
    let length = BASE64.decode_slice(&*letters, &mut decoded).ok()?;
    decoded.truncate(length);
    Some(decoded)
}
