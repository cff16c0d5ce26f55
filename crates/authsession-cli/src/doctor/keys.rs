//! The provider's keys: there, fit to verify with, strong, told apart (RFC 7517 §4 and §5, RFC 7518 §3.3).

use std::collections::BTreeSet;

use authsession_core::clock::Clock;
use authsession_core::error::Endpoint;
use authsession_core::examine;
use authsession_core::http::HttpClient;
use authsession_core::jws::Algorithm;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use crate::doctor::announced::Announced;
use crate::doctor::finding::{Area, Finding};
use crate::doctor::report::Report;
use crate::doctor::shown;

const FEWEST_BITS: usize = 2048;

/// Looks at them; what they can verify.
pub(crate) async fn examine(
    announced: &Announced,
    http: &HttpClient,
    clock: &Clock,
    report: &mut Report,
) -> Vec<Algorithm> {
    let Some(url) = announced.url("jwks_uri") else { return Vec::new() };
    let wrong = |found: String, next: &'static str| Finding::wrong(Area::Keys, "jwks", found, next);
    let answer = match examine::look(http, Endpoint::Jwks, &url, clock).await {
        Ok(answer) => answer,
        Err(error) => {
            report
                .add(wrong(shown::error(&error), "no ID token can be verified: ask the provider's operator"));
            return Vec::new();
        }
    };
    let document = answer.object().unwrap_or_default();
    let Some(keys) = document.get("keys").and_then(Value::as_array) else {
        let found = format!("no key set at {url} (status {})", answer.status());
        report.add(wrong(found, "no ID token can be verified: ask the provider's operator"));
        return Vec::new();
    };
    report.add(Finding::ok(Area::Keys, "jwks", url.to_string()));
    let usable: Vec<Vec<Algorithm>> = keys.iter().map(examine::usable_with).collect();
    let algorithms: Vec<_> = Algorithm::ASYMMETRIC
        .iter()
        .copied()
        .filter(|algorithm| usable.iter().flatten().any(|one| one == algorithm))
        .collect();
    report.add(count(keys, &usable, announced));
    report.add(strength(keys));
    report.add(identity(keys));
    if let Some(finding) = secrecy(keys) {
        report.add(finding);
    }
    algorithms
}

fn count(keys: &[Value], usable: &[Vec<Algorithm>], announced: &Announced) -> Finding {
    let (all, fit) = (keys.len(), usable.iter().filter(|algorithms| !algorithms.is_empty()).count());
    let by_secret_alone = announced
        .list("id_token_signing_alg_values_supported")
        .is_some_and(|list| !list.is_empty() && list.iter().all(|name| name.starts_with("HS")));
    let found = format!("{fit} of {all} can verify ID tokens");
    if fit > 0 || by_secret_alone {
        Finding::ok(Area::Keys, "usable", found)
    } else {
        let next = "publish an RSA key of 2048 bits or more, an EC key (P-256, P-384, P-521) or an Ed25519 key, for use `sig`";
        Finding::wrong(Area::Keys, "usable", found, next)
    }
}

fn strength(keys: &[Value]) -> Finding {
    let bits = |key: &Value| {
        let modulus = URL_SAFE_NO_PAD.decode(key.get("n")?.as_str()?).ok()?;
        let zeros = modulus.iter().take_while(|byte| **byte == 0).count();
        let first = modulus.get(zeros)?;
        Some((modulus.len() - zeros) * 8 - usize::try_from(first.leading_zeros()).ok()?)
    };
    let rsa: Vec<_> = keys.iter().filter(|key| key["kty"] == "RSA").filter_map(bits).collect();
    match rsa.iter().min() {
        Some(bits) if *bits < FEWEST_BITS => Finding::wrong(
            Area::Keys,
            "strength",
            format!("an RSA key of {bits} bits"),
            "it is not used here: have the provider make one of 2048 bits or more",
        ),
        Some(bits) => Finding::ok(Area::Keys, "strength", format!("RSA of {bits} bits or more")),
        None => Finding::ok(Area::Keys, "strength", "no RSA key, so none that is short"),
    }
}

fn identity(keys: &[Value]) -> Finding {
    let ids: Vec<_> = keys.iter().filter_map(|key| key.get("kid")?.as_str()).collect();
    let distinct: BTreeSet<_> = ids.iter().collect();
    let next = "each is tried in turn, which costs time: have the provider give every key a kid of its own";
    let warning = |found: String| Finding::warning(Area::Keys, "kid", found, next);
    if distinct.len() < ids.len() {
        return warning("several keys share one".to_owned());
    }
    match keys.len() - ids.len() {
        0 => Finding::ok(Area::Keys, "kid", "each key has its own"),
        _ if keys.len() == 1 => Finding::ok(Area::Keys, "kid", "none, and one key alone needs none"),
        without => warning(format!("{without} of {} keys have none", keys.len())),
    }
}

/// Whether everybody can read what only the provider should have.
fn secrecy(keys: &[Value]) -> Option<Finding> {
    let given_away = keys.iter().any(|key| key.get("d").is_some() || key["kty"] == "oct");
    given_away.then(|| {
        Finding::wrong(
            Area::Keys,
            "secrecy",
            "a private or symmetric key is published",
            "whoever reads it signs anybody in: tell the provider's operator at once",
        )
    })
}
