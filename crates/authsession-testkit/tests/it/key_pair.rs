//! Key pairs for the side under test.

use authsession_testkit::key_pair::KeyPair;
use authsession_testkit::keys::SigningAlgorithm;
use authsession_testkit::public_key::PublicKey;
use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::encoding::PublicKeyX509Der;
use aws_lc_rs::error::KeyRejected;
use aws_lc_rs::signature;
use aws_lc_rs::signature::EcdsaKeyPair;
use aws_lc_rs::signature::Ed25519KeyPair;
use aws_lc_rs::signature::KeyPair as _;
use aws_lc_rs::signature::RsaKeyPair;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

fn der(pem: &str) -> Vec<u8> {
    let body: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    STANDARD.decode(body).unwrap()
}

/// The public half that belongs to this private key.
fn public_half(algorithm: SigningAlgorithm, pkcs8: &[u8]) -> Result<Vec<u8>, KeyRejected> {
    let spki: PublicKeyX509Der<'_> = match algorithm {
        SigningAlgorithm::Es256 => {
            let pair = EcdsaKeyPair::from_pkcs8(&signature::ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8)?;
            pair.public_key().as_der().unwrap()
        }
        SigningAlgorithm::EdDsa => Ed25519KeyPair::from_pkcs8(pkcs8)?.public_key().as_der().unwrap(),
        _ => RsaKeyPair::from_pkcs8(pkcs8)?.public_key().as_der().unwrap(),
    };
    Ok(spki.as_ref().to_vec())
}

#[test]
fn the_private_half_written_out_belongs_to_the_public_half() {
    for algorithm in [SigningAlgorithm::Rs256, SigningAlgorithm::Es256, SigningAlgorithm::EdDsa] {
        let pair = KeyPair::generate(algorithm).unwrap();
        let public = public_half(algorithm, &der(&pair.private_key_pem().unwrap())).unwrap();
        assert_eq!(public, der(&pair.public_key_pem().unwrap()), "{algorithm:?}");
    }
}

#[test]
fn a_pair_made_after_another_is_gone_is_a_new_one() {
    let made = || KeyPair::generate(SigningAlgorithm::Es256).unwrap().public_key_pem().unwrap();
    assert_ne!(made(), made());
}

#[test]
fn what_is_no_public_key_cannot_be_registered() {
    let pair = KeyPair::generate(SigningAlgorithm::Es256).unwrap();
    assert!(PublicKey::from_pem(&pair.private_key_pem().unwrap()).is_err());
    assert!(PublicKey::from_pem("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----").is_err());
    assert!(PublicKey::from_jwk(&json!({ "kty": "oct", "k": "AAAA" })).is_err());
    assert!(KeyPair::generate(SigningAlgorithm::Hs256).is_err());
}

#[test]
fn a_key_pair_shows_nothing_of_its_private_half() {
    let pair = KeyPair::generate(SigningAlgorithm::Es256).unwrap();
    let pem = pair.private_key_pem().unwrap();
    let shown = format!("{pair:?}");
    assert!(pem.lines().all(|line| !shown.contains(line)));
}
