//! The application's own settings: where users come back to, its cookies, and the key that seals them (RFC 6749 §3.1.2, RFC
//! 9700 §4.1).

use authsession_axum::auth::CookiesShown;
use authsession_axum::auth_builder::OAuthConfigurationBuilder;
use authsession_axum::store::seal::KeyRing;
use authsession_core::authorization::ResponseMode;
use authsession_core::client_auth::ClientAuth;
use authsession_core::random;
use url::Url;

use crate::doctor::announced::is_protected;
use crate::doctor::finding::{Area, Finding, Verdict};
use crate::doctor::report::Report;
use crate::doctor::settings::Settings;
use crate::doctor::shown;

const APPLICATION: Area = Area::Application;

pub(crate) fn examine(settings: &Settings, report: &mut Report) {
    let mut findings = Vec::new();
    if let Some(text) = &settings.redirect_uri {
        findings.push(redirect_uri(text, settings.public_url.as_deref()));
    }
    if let Some(key) = &settings.cookie_key {
        findings.push(match KeyRing::new(key) {
            Ok(_) => Finding::ok(APPLICATION, "cookie key", "strong enough"),
            Err(_) => {
                let next = "make one with `openssl rand -base64 32`";
                Finding::wrong(APPLICATION, "cookie key", "weak: it must carry 32 random bytes", next)
            }
        });
    }
    let nothing_wrong = findings.iter().all(|finding| finding.verdict != Verdict::Wrong);
    if let Some(uri) = settings.redirect_uri.as_ref().filter(|_| nothing_wrong) {
        findings.extend(built(uri, settings));
    }
    findings.into_iter().for_each(|finding| report.add(finding));
}

fn redirect_uri(text: &str, public_url: Option<&str>) -> Finding {
    let check = "redirect URI";
    let wrong = |found: &'static str, next: &'static str| Finding::wrong(APPLICATION, check, found, next);
    let Ok(uri) = Url::parse(text) else {
        return wrong(
            "no absolute URL",
            "give the callback's public URL, such as https://app.example.com/auth/callback",
        );
    };
    if !is_protected(&uri) {
        return wrong(
            "not https",
            "serve the application by https; behind a TLS terminator, give its public URL",
        );
    }
    if uri.fragment().is_some() {
        return wrong("it has a fragment", "leave out what follows the #: providers must refuse it");
    }
    if uri.path() == "/" {
        return wrong("it is the application's root", "give it a path of its own, such as /auth/callback");
    }
    if text.contains('*') {
        return wrong("it has a wildcard", "register each redirect URI to the letter");
    }
    if let Some(public) = public_url {
        let same = Url::parse(public).is_ok_and(|public| public.origin() == uri.origin());
        if !same {
            return wrong(
                "not of the origin of --public-url",
                "make scheme, host and port the same: cookies stay with the host that set them",
            );
        }
    }
    if uri.scheme() == "http" {
        let next = "fine on this machine, nothing for production";
        return Finding::warning(APPLICATION, check, "plain http on a loopback host", next);
    }
    Finding::ok(APPLICATION, check, shown::text(uri.as_str()))
}

/// What the library itself says to these settings, and the cookies it would set.
fn built(redirect_uri: &str, settings: &Settings) -> Vec<Finding> {
    let refused =
        |hint: String| vec![Finding::wrong(APPLICATION, "settings", hint, "the application would not start")];
    let key = match (&settings.cookie_key, random::text::<32>()) {
        (Some(key), _) => key.expose().to_owned(),
        (None, Ok(key)) => key,
        (None, Err(error)) => return refused(error.to_string()),
    };
    // Only these settings are judged here: the provider is any.
    let mut builder = OAuthConfigurationBuilder::default()
        .with_issuer_by_hand("https://provider.invalid")
        .with_authorization_endpoint("https://provider.invalid/authorize")
        .with_token_endpoint("https://provider.invalid/token")
        .with_jwks_uri("https://provider.invalid/keys")
        .with_client_id(settings.client.as_ref().map_or("client", |client| &client.id))
        .with_redirect_uri(redirect_uri)
        .with_private_cookie_key(&key)
        .with_scopes(settings.scopes.iter().map(String::as_str).collect());
    if let Some(ClientAuth::Secret(secret)) = settings.client.as_ref().map(|client| &client.auth) {
        builder = builder.with_client_secret(secret.expose());
    }
    if settings.form_post {
        builder = builder.with_response_mode(ResponseMode::FormPost);
    }
    let configuration = match builder.build() {
        Ok(configuration) => configuration,
        Err(error) => return refused(error.to_string()),
    };
    let CookiesShown { session, login, .. } = configuration.cookies_shown();
    let secure = redirect_uri.starts_with("https:");
    let mut findings = vec![if secure {
        Finding::ok(APPLICATION, "cookie", session)
    } else {
        Finding::warning(
            APPLICATION,
            "cookie",
            session,
            "by https it is Secure, and its name begins with __Host-",
        )
    }];
    if settings.form_post {
        findings.push(Finding::ok(APPLICATION, "login cookie", login));
    }
    findings
}
