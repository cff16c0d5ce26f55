//! The provider's metadata: found, about itself, over TLS, by a clock like ours (OpenID Connect Discovery 1.0 §3 and §4, RFC
//! 8414 §2 and §3).

use authsession_core::clock::Clock;
use authsession_core::error::Endpoint;
use authsession_core::examine::{self, Published};
use authsession_core::http::{HttpClient, is_loopback};
use authsession_core::provider::{self, Endpoints, Provider};
use serde_json::{Map, Value};
use url::Url;

use crate::doctor::finding::{Area, Finding, Verdict};
use crate::doctor::report::Report;
use crate::doctor::settings::Settings;
use crate::doctor::shown;

const ENDPOINTS: [&str; 9] = [
    "authorization_endpoint",
    "token_endpoint",
    "jwks_uri",
    "userinfo_endpoint",
    "end_session_endpoint",
    "revocation_endpoint",
    "introspection_endpoint",
    "device_authorization_endpoint",
    "pushed_authorization_request_endpoint",
];
const WITHOUT_WHICH_NOBODY_SIGNS_IN: [&str; 3] = ["authorization_endpoint", "token_endpoint", "jwks_uri"];
/// Honest clocks are closer.
const CLOSE: i64 = 5000;

/// What the provider says about itself.
#[derive(Debug)]
pub(crate) struct Announced {
    members: Map<String, Value>,
    clock_offset: Option<i64>,
}

impl Announced {
    /// Its document, where there is one.
    pub(crate) async fn find(
        settings: &Settings,
        http: &HttpClient,
        clock: &Clock,
        report: &mut Report,
    ) -> Option<Self> {
        match fetch(&settings.issuer, http, clock).await {
            Ok((url, members, clock_offset)) => {
                report.add(Finding::ok(Area::Provider, "metadata", url.to_string()));
                Some(Self { members, clock_offset })
            }
            Err((found, next)) => {
                report.add(Finding::wrong(Area::Provider, "metadata", found, next));
                None
            }
        }
    }

    pub(crate) fn text(&self, member: &str) -> Option<&str> {
        self.members.get(member)?.as_str()
    }

    pub(crate) fn flag(&self, member: &str) -> bool {
        self.members.get(member).and_then(Value::as_bool).unwrap_or_default()
    }

    /// What a list holds; `None` where it is not announced.
    pub(crate) fn list(&self, member: &str) -> Option<Vec<&str>> {
        Some(self.members.get(member)?.as_array()?.iter().filter_map(Value::as_str).collect())
    }

    /// An endpoint that may be asked.
    pub(crate) fn url(&self, member: &str) -> Option<Url> {
        Url::parse(self.text(member)?).ok().filter(is_protected)
    }

    pub(crate) async fn examine(
        &self,
        settings: &Settings,
        http: &HttpClient,
        clock: &Clock,
        report: &mut Report,
    ) {
        let issuer = &settings.issuer;
        report.add(self.issuer(issuer));
        report.add(self.endpoints());
        report.add(self.transport(issuer));
        report.add(self.clock(settings));
        // What was looked at one by one may hold, and the whole not.
        let nothing_wrong = report.verdict() != Verdict::Wrong;
        let of_one_tenant = !self.text("issuer").is_some_and(|issuer| issuer.contains('{'));
        if nothing_wrong && of_one_tenant {
            let provider = Provider::discover(issuer, Endpoints::default(), http.clone(), clock.clone());
            let refused = match provider {
                Ok(provider) => provider.metadata().await.err(),
                Err(error) => Some(error),
            };
            if let Some(error) = refused {
                let next = "sign-in would be refused for the same reason";
                report.add(Finding::wrong(Area::Provider, "agreement", shown::error(&error), next));
            }
        }
    }

    fn issuer(&self, asked: &str) -> Finding {
        let (area, check) = (Area::Provider, "issuer");
        match self.text("issuer") {
            Some(named) if named == asked => Finding::ok(area, check, "the document names it to the letter"),
            Some(named) if named.contains('{') => Finding::warning(
                area,
                check,
                format!("one for each tenant: {}", shown::text(named)),
                "say which tenants may sign in: with_tenant_issuers, or the issuer of your tenant alone",
            ),
            Some(named) => Finding::wrong(
                area,
                check,
                format!("the document names another: {}", shown::text(named)),
                "configure the issuer exactly as the provider writes it, to the last slash",
            ),
            None => Finding::wrong(
                area,
                check,
                "the document names none",
                "without one no ID token can be trusted: ask the provider's operator",
            ),
        }
    }

    fn endpoints(&self) -> Finding {
        let (area, check) = (Area::Provider, "endpoints");
        let missing: Vec<_> =
            WITHOUT_WHICH_NOBODY_SIGNS_IN.into_iter().filter(|name| self.text(name).is_none()).collect();
        if !missing.is_empty() {
            return Finding::wrong(
                area,
                check,
                format!("not announced: {}", missing.join(", ")),
                "name them by hand: with_authorization_endpoint, with_token_endpoint, with_jwks_uri",
            );
        }
        let there = ENDPOINTS.into_iter().filter(|name| self.text(name).is_some()).count();
        Finding::ok(area, check, format!("{there} announced, those of sign-in among them"))
    }

    fn transport(&self, issuer: &str) -> Finding {
        let (area, check) = (Area::Provider, "transport");
        let bare: Vec<_> = ENDPOINTS
            .into_iter()
            .filter(|name| self.text(name).is_some() && self.url(name).is_none())
            .collect();
        if !bare.is_empty() {
            let next = "have the provider announce https URLs: whoever is on the way reads every token";
            return Finding::wrong(area, check, format!("not https: {}", bare.join(", ")), next);
        }
        if issuer.starts_with("http:") {
            let next = "fine for a test, nothing for production";
            return Finding::warning(area, check, "plain http, on this machine alone", next);
        }
        Finding::ok(area, check, "all https")
    }

    fn clock(&self, settings: &Settings) -> Finding {
        let (area, check) = (Area::Provider, "clock");
        let Some(offset) = self.clock_offset else {
            return Finding::ok(area, check, "not to be compared: the answer has no Date");
        };
        let seconds = offset.unsigned_abs().div_ceil(1000);
        let direction = if offset < 0 { "behind" } else { "ahead of" };
        let tolerance = settings.clock_tolerance;
        let next = || {
            format!(
                "set the clock of this machine, or the provider's: beyond {} s nobody signs in",
                tolerance.as_secs()
            )
        };
        let found = format!("the provider's is {seconds} s {direction} ours");
        if offset.abs() < CLOSE {
            Finding::ok(area, check, "both agree")
        } else if u128::from(offset.unsigned_abs()) <= tolerance.as_millis() {
            Finding::warning(area, check, found, next())
        } else {
            Finding::wrong(area, check, found, next())
        }
    }
}

/// Whether a URL may carry secrets.
pub(crate) fn is_protected(url: &Url) -> bool {
    url.scheme() == "https" || (url.scheme() == "http" && is_loopback(url))
}

type Found = (Url, Map<String, Value>, Option<i64>);
type NotFound = (String, &'static str);

async fn fetch(issuer: &str, http: &HttpClient, clock: &Clock) -> Result<Found, NotFound> {
    let wrong = || {
        (
            "the issuer is no https URL, or has a query or fragment".to_owned(),
            "give it as the provider writes it, such as https://login.example.com",
        )
    };
    let url = Url::parse(issuer).ok().filter(is_protected).ok_or_else(wrong)?;
    if url.query().is_some() || url.fragment().is_some() || !url.username().is_empty() {
        return Err(wrong());
    }
    let places = provider::metadata_urls(&url);
    for at in places.clone() {
        let answer = examine::look(http, Endpoint::Discovery, &at, clock).await;
        let answer = answer.map_err(|error| {
            (shown::error(&error), "check the issuer's URL, the network and the certificates trusted here")
        })?;
        if !matches!(answer.status(), 404 | 410) {
            return members(&at, &answer).map(|members| (at, members, answer.clock_offset_millis()));
        }
    }
    Err((format!("there is none at {}", places[0]), "check the issuer's URL, or name the endpoints by hand"))
}

fn members(at: &Url, answer: &Published) -> Result<Map<String, Value>, NotFound> {
    if let Some(to) = answer.redirects_to() {
        let found = format!("{at} redirects to {}", shown::text(to));
        return Err((found, "redirects are not followed: give the issuer that the document names"));
    }
    if answer.status() != 200 {
        return Err((format!("status {} at {at}", answer.status()), "see why, with curl; or try later"));
    }
    answer.object().ok_or_else(|| {
        let media_type = shown::text(answer.media_type().unwrap_or("nothing stated"));
        (format!("no JSON document at {at} ({media_type})"), "check the issuer's URL: this looks like a page")
    })
}
