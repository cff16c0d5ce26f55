//! Private keys in every state people have them in. Those in `tests/keys` were made for these tests with openssl.

use authsession_core::assertion::Assertion;
use authsession_core::error::Error;
use authsession_core::grant::jwt_bearer::JwtBearer;
use authsession_core::jws::Algorithm;
use authsession_core::signer::{Signer, SigningKey};
use authsession_testkit::assertion_issuer::AssertionIssuer;
use authsession_testkit::public_key::PublicKey;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

use crate::parties::Parties;
use crate::verdict::hint;

macro_rules! pem {
    ($name:literal) => {
        include_str!(concat!("../keys/", $name, ".pem"))
    };
}

/// Whether somebody who holds the public key believes what this one signed.
async fn believed(key: &SigningKey, public_key: &str) -> bool {
    let issuer = AssertionIssuer::new("robot", PublicKey::from_pem(public_key).unwrap());
    let parties = Parties::meet_with(|builder| builder.assertion_issuer(issuer)).await;
    let assertion = Assertion::new("robot", "robot", parties.opposite.issuer());
    let assertion = assertion.sign(key, parties.now()).await.unwrap();
    parties.token_endpoint().redeem(&JwtBearer { assertion, scope: None }).await.is_ok()
}

fn read(key: impl AsRef<[u8]>) -> Result<SigningKey, Error> {
    SigningKey::from_pem(key)
}

fn der(pem: &str) -> Vec<u8> {
    let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    STANDARD.decode(body).unwrap()
}

#[tokio::test]
async fn every_kind_of_key_signs_by_its_own_algorithm() {
    for (key, public_key, algorithm) in [
        (pem!("rsa.pkcs8"), pem!("rsa.public"), Algorithm::Rs256),
        (pem!("rsa.pkcs1"), pem!("rsa.public"), Algorithm::Rs256),
        (pem!("p256.pkcs8"), pem!("p256.public"), Algorithm::Es256),
        (pem!("p256.sec1"), pem!("p256.public"), Algorithm::Es256),
        (pem!("p384.pkcs8"), pem!("p384.public"), Algorithm::Es384),
        (pem!("p384.sec1"), pem!("p384.public"), Algorithm::Es384),
        (pem!("p521.pkcs8"), pem!("p521.public"), Algorithm::Es512),
        (pem!("p521.sec1"), pem!("p521.public"), Algorithm::Es512),
        (pem!("ed25519.pkcs8"), pem!("ed25519.public"), Algorithm::EdDsa),
    ] {
        let key = read(key).unwrap();
        assert_eq!(key.algorithm(), algorithm);
        assert!(believed(&key, public_key).await, "{algorithm:?}");
    }
}

#[tokio::test]
async fn an_rsa_key_signs_by_every_rsa_algorithm() {
    use Algorithm::{Ps256, Ps384, Ps512, Rs256, Rs384, Rs512};
    for algorithm in [Rs256, Rs384, Rs512, Ps256, Ps384, Ps512] {
        let key = read(pem!("rsa.pkcs8")).unwrap().with_algorithm(algorithm).unwrap();
        assert!(believed(&key, pem!("rsa.public")).await, "{algorithm:?}");
    }
}

#[test]
fn a_key_does_not_take_the_algorithm_of_another_kind() {
    for (key, algorithm) in [
        (pem!("rsa.pkcs8"), Algorithm::Es256),
        (pem!("p256.pkcs8"), Algorithm::Es384),
        (pem!("p256.pkcs8"), Algorithm::Rs256),
        (pem!("ed25519.pkcs8"), Algorithm::Es256),
    ] {
        let outcome = read(key).unwrap().with_algorithm(algorithm);
        assert!(hint(outcome).contains(algorithm.name()));
    }
}

#[tokio::test]
async fn a_key_that_an_environment_variable_mangled_is_the_same_key() {
    let pem = pem!("rsa.pkcs8");
    let intact = read(pem).unwrap().sign(b"message").await.unwrap();
    let one_line = pem.trim().replace('\n', " ");
    let squeezed = pem.replace('\n', "");
    for mangled in [
        pem.replace('\n', "\r\n"),
        pem.replace('\n', r"\n"),
        pem.replace('\n', r"\r\n"),
        pem.replace('\n', r"\\n"),
        pem.replace('\n', "\\n\n"),
        pem.replace('\n', "\\\n"),
        format!("\"{}\"", pem.replace('\n', r"\n")),
        format!("'{pem}'"),
        format!("  \n\u{feff}{pem}\n\n"),
        pem.replace('\n', "\n    "),
        one_line.clone(),
        format!("\"{one_line}\""),
        squeezed,
        STANDARD.encode(pem),
        URL_SAFE_NO_PAD.encode(pem),
        format!("{}\n", STANDARD.encode(pem.replace('\n', r"\n"))),
        format!("\"{}\"", STANDARD.encode(pem)),
        STANDARD.encode(der(pem)),
        STANDARD.encode(der(pem!("rsa.pkcs1"))).trim_end_matches('=').to_owned(),
        URL_SAFE_NO_PAD.encode(der(pem)),
        format!("Bag Attributes\n    friendlyName: key\n{pem}"),
        format!("{}{pem}", pem!("certificate")),
    ] {
        let key = read(&mangled).unwrap_or_else(|error| panic!("{error}: {mangled:.80}"));
        assert_eq!(key.sign(b"message").await.unwrap(), intact, "{mangled:.80}");
    }
    assert_eq!(read(der(pem)).unwrap().sign(b"message").await.unwrap(), intact);
}

#[test]
fn what_is_no_private_key_is_told_apart() {
    for (key, told) in [
        (pem!("encrypted.pkcs8").to_owned(), "openssl pkcs8"),
        (pem!("encrypted.pkcs1").to_owned(), "openssl pkcs8"),
        (pem!("certificate").to_owned(), "this is a certificate"),
        (pem!("rsa.public").to_owned(), "this is a public key"),
        (pem!("openssh").to_owned(), "ssh-keygen"),
        (pem!("rsa1024.pkcs8").to_owned(), "less than 2048 bits"),
        (pem!("rsa1024.pkcs1").to_owned(), "less than 2048 bits"),
        (pem!("k256.pkcs8").to_owned(), "none of RSA"),
        (pem!("rsa.pkcs8").lines().next().unwrap().to_owned(), "cut off"),
        (pem!("rsa.pkcs8").replace("-----END", ""), "cut off"),
        (pem!("rsa.pkcs8").replace('M', "?"), "damaged"),
        (pem!("rsa.pkcs8").replacen("MII", "AAA", 1), "damaged"),
        (STANDARD.encode(pem!("certificate")), "this is a certificate"),
        ("-----BEGIN EC PARAMETERS-----\nBggq\n-----END EC PARAMETERS-----".to_owned(), "no private key"),
        (r#"{"type":"service_account"}"#.to_owned(), "JSON document"),
        ("/etc/keys/server.key".to_owned(), "not the name of its file"),
        (String::new(), "empty"),
        ("\"\"\n".to_owned(), "empty"),
    ] {
        let hint = hint(read(&key));
        assert!(hint.contains(told), "{hint}: {key:.60}");
    }
    assert!(hint(read([0x30, 0x82, 0xff, 0x00])).contains("damaged"));
}

#[test]
fn no_text_makes_reading_panic() {
    let pem = pem!("p256.pkcs8");
    for end in 0..pem.len() {
        let _refused = read(&pem.as_bytes()[..end]);
        let _refused = read(&pem.as_bytes()[end..]);
    }
}

#[test]
fn debug_shows_the_algorithm_and_no_key() {
    let key = read(pem!("p256.pkcs8")).unwrap().with_key_id("2026-01");
    assert_eq!(format!("{key:?}"), r#"SigningKey { algorithm: Es256, key_id: Some("2026-01"), .. }"#);
}
