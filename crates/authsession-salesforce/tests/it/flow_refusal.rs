//! Every refusal of the org, by way of every flow: what to do about it, and nothing of what we sent.

use std::time::Duration;

use authsession_salesforce::CirrusError;
use authsession_salesforce::auth::{AuthSession, DeviceFlow, Recovery, SalesforceRefusal, SubjectTokenType};
use authsession_testkit::org::endpoint::OrgEndpoint;
use authsession_testkit::script::Answer;

use crate::stage::{FOREIGN_TOKEN, Stage, told};

#[derive(Clone, Copy, Debug, PartialEq)]
enum Remedy {
    Config,
    Dead,
    NewAssertion,
    Adopt,
    Budget,
    Later,
}

use Remedy::{Adopt, Budget, Config, Dead, Later, NewAssertion};

/// The rows of the token endpoint's table, with what they come to.
const ROWS: [(&str, &str, Remedy); 25] = [
    ("invalid_grant", "user hasn't approved this consumer", Config),
    ("invalid_grant", "expired access/refresh token", Dead),
    ("invalid_grant", "expired authorization code", NewAssertion),
    ("invalid_grant", "token request is already being processed", Adopt),
    ("invalid_grant", "invalid assertion", NewAssertion),
    ("invalid_grant", "audience is invalid", Config),
    ("invalid_grant", "Audience validation failed", Config),
    ("invalid_grant", "authentication failure", Config),
    ("invalid_grant", "request not supported on this domain", Config),
    ("invalid_grant", "no client credentials user enabled", Config),
    ("invalid_grant", "something nobody has seen", Dead),
    ("inactive_user", "user is inactive", Dead),
    ("invalid_app_access", "user is not admin approved to access this app", Config),
    ("invalid_client", "invalid client credentials", Config),
    ("invalid_client_id", "client identifier invalid", Config),
    ("redirect_uri_mismatch", "redirect_uri must match configuration", Config),
    ("unsupported_grant_type", "grant type not supported", Config),
    ("invalid_request", "missing required code challenge", Config),
    ("invalid_request", "hybrid token exchange requires a refresh_token scope", Config),
    ("OAUTH_EC_APP_NOT_FOUND", "External client app is not installed in this org", Config),
    ("OAUTH_APP_BLOCKED", "this app is blocked by admin", Config),
    ("OAUTH_APPROVAL_ERROR_GENERIC", "An unexpected error has occured during authentication", Config),
    ("LOGIN_RATE_EXCEEDED", "login rate exceeded", Budget),
    ("server_error", "unexpected error", Later),
    ("temporarily_unavailable", "the org is under maintenance", Later),
];

fn comes_to(error: &CirrusError) -> Option<Remedy> {
    Some(match error.recovery() {
        Recovery::FixConfig { hint } if !hint.is_empty() => Config,
        Recovery::Reauthorize => Dead,
        Recovery::NewAssertion => NewAssertion,
        Recovery::AdoptOrRetry { wait } if wait <= Duration::from_secs(2) => Adopt,
        Recovery::LoginBudget { wait } if wait >= Duration::from_secs(60) => Budget,
        Recovery::RetryAfter(_) => Later,
        _ => return None,
    })
}

/// The ways to ask for a token.
const FLOWS: &[&str] = &[
    "jwt",
    "refresh",
    "client credentials",
    "web server",
    "token exchange",
    "device",
    #[cfg(feature = "legacy")]
    "password",
];

/// What the flow came to when the token endpoint refused, and what was sent.
async fn refused(stage: &Stage, flow: &str, answer: Answer) -> CirrusError {
    let org = &stage.org;
    match flow {
        "jwt" => {
            org.always(OrgEndpoint::Token, answer);
            stage.jwt().build().unwrap().warm_up().await.unwrap_err()
        }
        "refresh" => {
            let auth = stage.refresh(&stage.approve()).build().unwrap();
            org.always(OrgEndpoint::Token, answer);
            auth.access_token().await.unwrap_err()
        }
        "client credentials" => {
            org.always(OrgEndpoint::Token, answer);
            stage.client_credentials().build().unwrap().warm_up().await.unwrap_err()
        }
        "web server" => {
            org.always(OrgEndpoint::Token, answer);
            crate::web_server::sign_in(stage, &stage.web_server().build().unwrap()).await.unwrap_err()
        }
        "token exchange" => {
            org.always(OrgEndpoint::Token, answer);
            let flow = stage.token_exchange().build().unwrap();
            flow.exchange(FOREIGN_TOKEN, SubjectTokenType::Jwt).await.unwrap_err()
        }
        "device" => {
            org.always(OrgEndpoint::Token, answer);
            let flow = DeviceFlow::builder().consumer_key(org.consumer_key()).login_url(org.login_url());
            flow.build().unwrap().start().await.unwrap_err()
        }
        #[cfg(feature = "legacy")]
        "password" => {
            org.always(OrgEndpoint::Token, answer);
            let auth =
                crate::password::login(stage).password("the-password-of-the-test").security_token("TOKEN");
            auth.build().unwrap().warm_up().await.unwrap_err()
        }
        other => unreachable!("{other}"),
    }
}

/// Who is us, and all that was sent.
fn ours(stage: &Stage) -> Vec<String> {
    let sent = stage.org.journal().last(OrgEndpoint::Token).unwrap();
    let public = [
        "grant_type",
        "client_assertion_type",
        "subject_token_type",
        "scope",
        "response_type",
        "redirect_uri",
    ];
    let mut ours: Vec<_> = sent
        .form
        .into_iter()
        .filter(|(name, _)| !public.contains(&name.as_str()))
        .map(|(_, value)| value)
        .collect();
    ours.extend([stage.org.consumer_key(), stage.org.consumer_secret(), stage.org.username()]);
    ours
}

#[tokio::test]
async fn every_refusal_comes_to_the_same_by_every_flow() {
    let stage = Stage::set().await;
    for (code, description, expected) in ROWS {
        // What another process does about the same refresh token has its own tests; here it would only be waited for.
        for flow in FLOWS.iter().filter(|flow| expected != Adopt || **flow != "refresh") {
            stage.org.clear(OrgEndpoint::Token);
            let error = refused(&stage, flow, Answer::refusal(400, code, description)).await;
            assert_eq!(comes_to(&error), Some(expected), "{flow}: {code} {description}: {error:?}");
            assert_eq!(error.is_transient(), matches!(expected, Adopt | Budget | Later), "{flow}: {error:?}");
            assert!(
                error.refusal().is_some() || expected == Config || expected == Later,
                "{flow}: {error:?}"
            );
        }
    }
}

#[tokio::test]
async fn nothing_we_sent_comes_back_in_an_error() {
    let stage = Stage::set().await;
    for flow in FLOWS.iter().copied() {
        stage.org.clear(OrgEndpoint::Token);
        refused(&stage, flow, Answer::error(400, "invalid_grant")).await;
        let ours = ours(&stage);
        for code in ["invalid_grant", "invalid_client", "invalid_request", "OAUTH_NEW_CODE", "server_error"] {
            // An org that repeats whatever it was sent.
            let echo = format!("{code} {}", ours.join(" "));
            for answer in [
                Answer::refusal(400, code, &echo),
                Answer::refusal(400, &echo, &echo),
                Answer::html(500, &*echo),
                Answer::raw(200, "application/json", echo.clone()),
                Answer::json(200, &serde_json::json!({ "access_token": 1, "echo": echo })),
            ] {
                stage.org.clear(OrgEndpoint::Token);
                let told = told(&refused(&stage, flow, answer).await);
                for secret in &ours {
                    assert!(!told.contains(secret.as_str()), "{flow}: {secret} in {told}");
                }
            }
        }
    }
}

#[tokio::test]
async fn an_org_that_is_away_is_one_to_come_back_to() {
    let stage = Stage::set().await;
    for answer in [
        Answer::status(503),
        Answer::html(502, "<h1>Bad gateway</h1>"),
        Answer::status(429),
        Answer::dropped_before(),
        Answer::dropped_after(),
    ] {
        for flow in FLOWS.iter().copied() {
            stage.org.clear(OrgEndpoint::Token);
            let error = refused(&stage, flow, answer.clone()).await;
            assert_eq!(comes_to(&error), Some(Later), "{flow}: {answer:?} {error:?}");
        }
    }
}

#[tokio::test]
async fn who_is_told_how_long_to_wait_tells_it_on() {
    let stage = Stage::set().await;
    let answer = Answer::status(503).retry_after(120);
    let error = refused(&stage, "jwt", answer).await;
    assert_eq!(error.recovery(), Recovery::RetryAfter(Duration::from_secs(120)), "{error:?}");
}

#[tokio::test]
async fn a_code_that_was_refused_is_known_by_its_refusal() {
    let stage = Stage::set().await;
    let answer = Answer::refusal(400, "invalid_grant", "expired authorization code");
    let error = refused(&stage, "web server", answer).await;
    assert_eq!(error.refusal(), Some(SalesforceRefusal::CodeExpired));
    assert_eq!(stage.org.journal().grants("authorization_code"), 1, "a code is presented once");
}
