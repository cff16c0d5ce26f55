//! What the provider can do, held against what sign-in needs (OpenID Connect Discovery 1.0 §3, RFC 8414 §2, RFC 7636 §4.2, RFC
//! 9126 §5, RFC 9207 §3).

use std::borrow::Cow;

use authsession_core::client_auth::ClientAuth;
use authsession_core::jws::Algorithm;

use crate::doctor::announced::Announced;
use crate::doctor::finding::{Area, Finding};
use crate::doctor::report::Report;
use crate::doctor::settings::Settings;
use crate::doctor::shown;

const PROVIDER: Area = Area::Provider;

pub(crate) fn examine(announced: &Announced, keys: &[Algorithm], settings: &Settings, report: &mut Report) {
    let findings = [
        Some(signing(announced, keys)),
        Some(code_flow(announced)),
        form_post(announced, settings),
        Some(pkce(announced)),
        Some(client_auth(announced, settings)),
        Some(scopes(announced, settings)),
        Some(refresh(announced, settings)),
        Some(logout(announced)),
        Some(revocation(announced)),
        Some(issuer_in_answers(announced)),
        pushed_requests(announced),
        request_objects(announced),
    ];
    findings.into_iter().flatten().for_each(|finding| report.add(finding));
}

fn signing(announced: &Announced, keys: &[Algorithm]) -> Finding {
    let check = "signing";
    let Some(names) = announced.list("id_token_signing_alg_values_supported") else {
        let next = "nothing, if sign-in works: every algorithm with a public key is allowed";
        return Finding::warning(PROVIDER, check, "no algorithm is announced", next);
    };
    let known: Vec<_> = names.iter().filter_map(|name| Algorithm::from_name(name)).collect();
    let allowed: Vec<_> = known.iter().copied().filter(|algorithm| !algorithm.is_symmetric()).collect();
    if allowed.is_empty() {
        if let Some(by_secret) = known.first() {
            let (name, bytes) = (by_secret.name(), by_secret.shortest_secret().unwrap_or_default());
            return Finding::warning(
                PROVIDER,
                check,
                format!("only by the client secret: {}", shown::list(&names)),
                format!(
                    "name it (with_id_token_algorithms, {name}) and have a client secret of {bytes} bytes; better, sign with RS256 or \
                     ES256"
                ),
            );
        }
        let next = "have ID tokens signed, with RS256 or ES256: unsigned ones are never believed";
        return Finding::wrong(PROVIDER, check, format!("none we allow: {}", shown::list(&names)), next);
    }
    let named: Vec<_> = allowed.iter().map(|algorithm| algorithm.name()).collect();
    if !keys.is_empty() && !allowed.iter().any(|algorithm| keys.contains(algorithm)) {
        let found = format!("{} announced, and no key published for it", shown::list(&named));
        return Finding::wrong(PROVIDER, check, found, "publish the key, or announce what is signed with");
    }
    Finding::ok(PROVIDER, check, shown::list(&named))
}

fn code_flow(announced: &Announced) -> Finding {
    let check = "code flow";
    let lacks = |member: &str, name: &str| announced.list(member).is_some_and(|list| !list.contains(&name));
    if lacks("response_types_supported", "code") || lacks("grant_types_supported", "authorization_code") {
        let next = "enable the authorization code flow at the provider: no other is spoken here";
        return Finding::wrong(PROVIDER, check, "not among what is announced", next);
    }
    Finding::ok(PROVIDER, check, "supported")
}

fn form_post(announced: &Announced, settings: &Settings) -> Option<Finding> {
    let check = "form_post";
    settings.form_post.then(|| match announced.list("response_modes_supported") {
        Some(modes) if !modes.contains(&"form_post") => {
            let next = "leave --form-post and with_response_mode out: the answer comes by a redirect";
            Finding::wrong(
                PROVIDER,
                check,
                format!("not among what is announced: {}", shown::list(&modes)),
                next,
            )
        }
        Some(_) => Finding::ok(PROVIDER, check, "supported"),
        None => Finding::warning(PROVIDER, check, "no response mode is announced", "sign in once to see"),
    })
}

fn pkce(announced: &Announced) -> Finding {
    let check = "PKCE";
    match announced.list("code_challenge_methods_supported") {
        Some(methods) if methods.contains(&"S256") => Finding::ok(PROVIDER, check, "S256"),
        Some(methods) => Finding::wrong(
            PROVIDER,
            check,
            format!("S256 is not among what is announced: {}", shown::list(&methods)),
            "enable S256 at the provider: plain protects nothing",
        ),
        None => Finding::warning(
            PROVIDER,
            check,
            "not announced; S256 is sent anyway",
            "see whether the provider checks it: without, a stolen code is worth something",
        ),
    }
}

fn client_auth(announced: &Announced, settings: &Settings) -> Finding {
    let check = "client auth";
    let methods = announced.list("token_endpoint_auth_methods_supported");
    let announces = |name: &str| methods.as_ref().is_none_or(|methods| methods.contains(&name));
    let listed: Cow<'static, str> = match &methods {
        Some(methods) => shown::list(methods).into(),
        None => "not announced: client_secret_basic is the default".into(),
    };
    let Some(client) = &settings.client else { return Finding::ok(PROVIDER, check, listed) };
    match &client.auth {
        ClientAuth::None if !announces("none") => Finding::warning(
            PROVIDER,
            check,
            format!("no public client is announced: {listed}"),
            "give the client's secret or key (--client-secret-env, --private-key), if it has one",
        ),
        ClientAuth::Secret(_) if !announces("client_secret_basic") && !announces("client_secret_post") => {
            let next = "register another way to authenticate, such as private_key_jwt with --private-key";
            Finding::wrong(PROVIDER, check, format!("a secret is not taken: {listed}"), next)
        }
        ClientAuth::PrivateKeyJwt(signer) | ClientAuth::PrivateKeyJwtFor(_, signer) => {
            let algorithm = signer.algorithm().name();
            let signed_with = announced.list("token_endpoint_auth_signing_alg_values_supported");
            if !announces("private_key_jwt") {
                let next = "have it enabled, or give the client's secret";
                Finding::wrong(PROVIDER, check, format!("a key is not taken: {listed}"), next)
            } else if signed_with.as_ref().is_some_and(|list| !list.contains(&algorithm)) {
                let found = format!("the key signs with {algorithm}, which is not among what is announced");
                Finding::wrong(PROVIDER, check, found, "register a key of a kind it takes")
            } else {
                Finding::ok(PROVIDER, check, format!("private_key_jwt, signed with {algorithm}"))
            }
        }
        _ => Finding::ok(PROVIDER, check, listed),
    }
}

fn scopes(announced: &Announced, settings: &Settings) -> Finding {
    let (check, asked) = ("scopes", settings.scopes.join(" "));
    let Some(supported) = announced.list("scopes_supported") else {
        return Finding::ok(PROVIDER, check, format!("{asked}; the provider announces none"));
    };
    let missing: Vec<_> =
        settings.scopes.iter().filter(|scope| !supported.contains(&scope.as_str())).collect();
    if missing.is_empty() {
        return Finding::ok(PROVIDER, check, asked);
    }
    let next = "leave them out, unless the provider's documents say otherwise: some refuse the whole sign-in";
    Finding::warning(PROVIDER, check, format!("not among what is announced: {}", shown::list(&missing)), next)
}

fn refresh(announced: &Announced, settings: &Settings) -> Finding {
    let check = "refresh";
    let grant = announced.list("grant_types_supported").map(|list| list.contains(&"refresh_token"));
    let scope = announced.list("scopes_supported").is_some_and(|list| list.contains(&"offline_access"));
    match (grant, scope) {
        (_, true) if settings.asks_for("offline_access") => {
            Finding::ok(PROVIDER, check, "by the scope offline_access, which is asked for")
        }
        (_, true) => Finding::ok(PROVIDER, check, "by the scope offline_access: ask for it (with_scopes)"),
        (Some(true), false) => Finding::ok(PROVIDER, check, "supported"),
        (Some(false) | None, false) => Finding::warning(
            PROVIDER,
            check,
            "not announced",
            "look up how this provider issues refresh tokens; without, users sign in again when their token ends",
        ),
    }
}

fn logout(announced: &Announced) -> Finding {
    let check = "logout";
    if announced.text("end_session_endpoint").is_none() {
        let next = "users who sign out stay signed in at the provider: say so to them, or clear it by hand";
        return Finding::warning(PROVIDER, check, "no end_session_endpoint", next);
    }
    let told = [
        ("backchannel_logout_supported", "back-channel"),
        ("frontchannel_logout_supported", "front-channel"),
    ];
    let announced: Vec<_> =
        told.into_iter().filter(|(member, _)| announced.flag(member)).map(|(_, name)| name).collect();
    if announced.is_empty() {
        Finding::ok(PROVIDER, check, "at the provider too")
    } else {
        Finding::ok(PROVIDER, check, format!("at the provider too; it announces {}", announced.join(" and ")))
    }
}

fn revocation(announced: &Announced) -> Finding {
    if announced.text("revocation_endpoint").is_some() {
        return Finding::ok(PROVIDER, "revocation", "tokens end with a logout");
    }
    let next = "keep tokens short-lived: after a logout they live until they expire";
    Finding::warning(PROVIDER, "revocation", "no revocation_endpoint", next)
}

fn issuer_in_answers(announced: &Announced) -> Finding {
    let promised = announced.flag("authorization_response_iss_parameter_supported");
    let found =
        if promised { "every answer names the issuer" } else { "not promised; checked where it is there" };
    Finding::ok(PROVIDER, "mix-up", found)
}

fn pushed_requests(announced: &Announced) -> Option<Finding> {
    announced.flag("require_pushed_authorization_requests").then(|| {
        let next = "lift that for this client: it is not supported here";
        Finding::wrong(PROVIDER, "PAR", "every request has to be pushed (RFC 9126)", next)
    })
}

fn request_objects(announced: &Announced) -> Option<Finding> {
    announced.flag("require_signed_request_object").then(|| {
        let next = "lift that for this client: it is not supported here";
        Finding::wrong(PROVIDER, "request object", "every request has to be signed (RFC 9101)", next)
    })
}
