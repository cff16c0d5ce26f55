//! Keys no honest provider publishes: too short, degenerate, beside the curve (RFC 7518 §6).

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::mint::Mint;
use crate::parties::Parties;
use crate::verdict::untrusted;

const UNPUBLISHED: &str = "the token is signed by a key the provider does not publish";
const USUAL_EXPONENT: &[u8] = &[1, 0, 1];

/// An odd number of that many bytes, its highest bit set: what a modulus looks like.
fn modulus(bytes: usize) -> Vec<u8> {
    let mut modulus = vec![0xc5; bytes];
    modulus[0] = 0xe9;
    modulus
}

fn rsa(modulus: &[u8], exponent: &[u8]) -> Value {
    let (n, e) = (URL_SAFE_NO_PAD.encode(modulus), URL_SAFE_NO_PAD.encode(exponent));
    json!({ "kty": "RSA", "kid": "odd", "use": "sig", "n": n, "e": e })
}

/// A token "signed" with the padded hash itself (RFC 8017 §9.2): valid for every key whose exponent is one.
fn signed_by_nobody(claims: &str) -> String {
    const SHA256_INFO: &[u8] =
        &[0x30, 0x31, 0x30, 0x0d, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1, 5, 0, 4, 0x20];
    let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"RS256","kid":"odd"}"#);
    let signed = format!("{header}.{}", URL_SAFE_NO_PAD.encode(claims));
    let hash = digest::digest(&digest::SHA256, signed.as_bytes());
    let ones = vec![0xff; 256 - 3 - SHA256_INFO.len() - 32];
    let padded = [&[0, 1], &ones[..], &[0], SHA256_INFO, hash.as_ref()].concat();
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(padded))
}

async fn held_against(jwk: Value) -> String {
    let parties = Parties::meet().await;
    parties.publish([jwk]);
    untrusted(parties.hold(&signed_by_nobody(&parties.honest_claims())).await)
}

#[tokio::test]
async fn an_rsa_exponent_of_one_lets_nobody_sign_for_the_provider() {
    assert_eq!(held_against(rsa(&modulus(256), &[1])).await, UNPUBLISHED);
    assert_eq!(held_against(rsa(&modulus(256), &[0, 0, 1])).await, UNPUBLISHED);
}

#[tokio::test]
async fn an_rsa_exponent_that_is_even_nothing_or_endless_is_not_used() {
    for exponent in [&[][..], &[0], &[2], &[4], &[1, 0, 0], &[0xff; 32], &[0xff; 256]] {
        assert_eq!(held_against(rsa(&modulus(256), exponent)).await, UNPUBLISHED, "{exponent:?}");
    }
}

#[tokio::test]
async fn an_rsa_modulus_that_is_short_even_or_nothing_is_not_used() {
    let lengthened = |bytes: usize| [vec![0; 256 - bytes], modulus(bytes)].concat();
    let even = [&modulus(256)[..255], &[0xc4]].concat();
    for odd in [modulus(64), modulus(128), modulus(255), lengthened(64), lengthened(128), even, vec![0; 256]]
    {
        assert_eq!(held_against(rsa(&odd, USUAL_EXPONENT)).await, UNPUBLISHED, "{} bytes", odd.len());
    }
}

#[tokio::test]
async fn a_point_beside_its_curve_is_not_used() {
    for (curve, alg, size) in [("P-256", "ES256", 32), ("P-384", "ES384", 48), ("P-521", "ES512", 66)] {
        for (x, y) in [
            (vec![1; size], vec![1; size]),
            (vec![0; size], vec![0; size]),
            (vec![0xff; size], vec![1; size]),
        ] {
            let parties = Parties::meet().await;
            let [x, y] = [x, y].map(|part| URL_SAFE_NO_PAD.encode(part));
            parties.publish([json!({ "kty": "EC", "crv": curve, "kid": "odd", "x": x, "y": y })]);
            let header = json!({ "alg": alg, "kid": "odd" }).to_string();
            let token = Mint::new("odd").sign(&header, &parties.honest_claims());
            assert_eq!(untrusted(parties.hold(&token).await), UNPUBLISHED, "{curve}");
        }
    }
}

#[tokio::test]
async fn without_a_kid_too_only_keys_for_that_algorithm_and_operation_are_tried() {
    for (member, value) in [("alg", json!("ES256")), ("key_ops", json!(["encrypt"])), ("kty", json!("EC"))] {
        let (parties, one, two) = (Parties::meet().await, Mint::new("one"), Mint::new("two"));
        let mut not_for_it = one.jwk();
        not_for_it[member] = value;
        parties.publish([not_for_it, two.jwk()]);
        let token = one.sign(r#"{"alg":"EdDSA"}"#, &parties.honest_claims());
        assert_eq!(untrusted(parties.hold(&token).await), UNPUBLISHED, "{member}");
    }
}
