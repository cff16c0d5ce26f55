//! The token endpoint's refusals, each by what to do about it.

use std::time::Duration;

use authsession_core::error::{Error, Fault, OAuthError};
use authsession_core::refusal::{Refusal, Refusals as _};
use authsession_salesforce::CirrusError;
use authsession_salesforce::auth::Recovery;
use authsession_salesforce::auth::refusal::{SalesforceRefusal, SalesforceRefusals};
use proptest::prelude::*;

#[derive(Debug, PartialEq)]
enum Expected {
    Config(&'static str),
    Dead,
    NewAssertion,
    Adopt,
    Budget,
}

use Expected::{Adopt, Budget, Config, Dead, NewAssertion};

/// What Salesforce answers, what it comes to, and a word the remedy has to contain.
const ANSWERS: [(&str, &str, Expected); 29] = [
    ("login_required", "", Dead),
    ("interaction_required", "", Dead),
    ("consent_required", "", Dead),
    ("invalid_grant", "IP restricted or invalid login hours", Config("IP ranges")),
    ("rate_limit_exceeded", "number of logins exceeded", Budget),
    ("invalid_grant", "user hasn't approved this consumer", Config("pre-authorise")),
    ("invalid_grant", "user hasn\u{2019}t approved this consumer", Config("pre-authorise")),
    ("invalid_grant", "user+hasn%27t+approved+this+consumer", Config("pre-authorise")),
    ("invalid_grant", "expired access/refresh token", Dead),
    ("invalid_grant", "expired%20access%2Frefresh%20token", Dead),
    ("invalid_grant", "expired authorization code", NewAssertion),
    ("invalid_grant", "token request is already being processed", Adopt),
    ("invalid_request", "Token Request Is Already Being Processed", Adopt),
    ("invalid_grant", "invalid assertion", NewAssertion),
    ("invalid_grant", "audience is invalid", Config("https://test.salesforce.com")),
    ("invalid_grant", "Audience validation failed", Config("https://test.salesforce.com")),
    ("invalid_grant", "authentication failure", Config("Login History")),
    ("invalid_grant", "request not supported on this domain", Config("My Domain")),
    ("invalid_grant", "no client credentials user enabled", Config("Run As")),
    ("inactive_user", "user is inactive", Dead),
    ("invalid_app_access", "user is not admin approved to access this app", Config("pre-authorise")),
    ("invalid_client", "invalid client credentials", Config("consumer secret")),
    ("invalid_client_id", "client identifier invalid", Config("consumer key")),
    ("redirect_uri_mismatch", "redirect_uri must match configuration", Config("callback URLs")),
    ("unsupported_grant_type", "grant type not supported", Config("flow")),
    ("invalid_request", "missing required code challenge", Config("PKCE")),
    ("OAUTH_EC_APP_NOT_FOUND", "External client app is not installed in this org", Config("install")),
    ("LOGIN_RATE_EXCEEDED", "login rate exceeded", Budget),
    ("unknown_error", "LOGIN_RATE_EXCEEDED: login rate exceeded", Budget),
];

#[test]
fn every_refusal_says_what_to_do() {
    for (code, description, expected) in &ANSWERS {
        let beneath = SalesforceRefusals.understand(&Refusal::new(400, code, Some(description))).unwrap();
        let error = CirrusError::from(beneath);
        let remedy = error.recovery();
        let kept = match expected {
            Config(word) => matches!(&remedy, Recovery::FixConfig { hint } if hint.contains(word)),
            Dead => remedy == Recovery::Reauthorize,
            NewAssertion => remedy == Recovery::NewAssertion,
            Adopt => matches!(remedy, Recovery::AdoptOrRetry { wait } if wait <= Duration::from_secs(2)),
            Budget => matches!(remedy, Recovery::LoginBudget { wait } if wait >= Duration::from_secs(60)),
        };
        assert!(kept, "{code} {description}: {remedy:?}, not {expected:?}");
        assert_eq!(error.is_transient(), matches!(expected, Adopt | Budget), "{description}");
        if let Config(word) = expected {
            assert!(error.to_string().contains(word), "{error}");
        }
    }
}

#[test]
fn a_login_two_processes_refresh_at_once_is_not_dead() {
    let refusal = Refusal::new(400, "invalid_grant", Some("token request is already being processed"));
    let error = SalesforceRefusals.understand(&refusal).unwrap();
    assert!(matches!(error, Error::Unavailable { fault: Fault::AlreadyInProcess, .. }), "{error:?}");
}

#[test]
fn a_login_budget_used_up_leaves_the_refresh_token_as_it_was() {
    let error = Error::from(SalesforceRefusal::LoginRateExceeded);
    assert!(error.is_transient() && !error.may_have_happened(), "{error:?}");
}

#[test]
fn only_what_says_so_ends_a_grant() {
    for (code, description, expected) in &ANSWERS {
        let error = SalesforceRefusals.understand(&Refusal::new(400, code, Some(description))).unwrap();
        let ended = matches!(&error, Error::GrantRefused { code, .. } if code.ends_the_grant());
        assert_eq!(ended, *expected == Dead, "{description}: {error:?}");
    }
}

#[test]
fn a_user_who_took_too_long_begins_anew() {
    let error = CirrusError::from(Error::grant_refused(OAuthError::ExpiredToken));
    assert_eq!(error.refusal(), Some(SalesforceRefusal::SignInExpired));
    assert_eq!(error.recovery(), Recovery::Reauthorize);
}

#[test]
fn the_pause_somebody_chose_is_the_one_reported() {
    let error = CirrusError::from(Error::from(SalesforceRefusal::LoginRateExceeded));
    assert_eq!(error.recovery(), Recovery::LoginBudget { wait: Duration::from_secs(300) });
    let longer = Some(Duration::from_secs(900));
    let recovery = SalesforceRefusal::LoginRateExceeded.recovery(longer);
    assert_eq!(recovery.wait(), longer);
}

#[test]
fn a_description_we_do_not_know_falls_back_to_its_code() {
    let understood = |code, description| SalesforceRefusal::understand(code, description);
    assert_eq!(understood("invalid_grant", Some("something new")), SalesforceRefusal::GrantInvalid);
    assert_eq!(understood("invalid_grant", None), SalesforceRefusal::GrantInvalid);
    assert_eq!(understood("invalid_request", Some("something new")), SalesforceRefusal::InvalidRequest);
}

#[test]
fn a_code_we_do_not_know_is_left_to_the_standard() {
    for code in ["authorization_pending", "slow_down", "OAUTH_SOMETHING_NEW"] {
        assert!(SalesforceRefusals.understand(&Refusal::new(400, code, None)).is_none(), "{code}");
    }
    let error = CirrusError::from(Error::grant_refused(OAuthError::Unknown));
    assert!(matches!(error.recovery(), Recovery::FixConfig { hint } if hint.contains("Login History")));
}

proptest! {
    #[test]
    fn nothing_salesforce_wrote_is_repeated(code in "(?s).{0,40}", description in "(?s).{0,200}") {
        let description = format!("hunter2 {description}");
        for code in [code.as_str(), "invalid_grant"] {
            let refusal = SalesforceRefusal::understand(code, Some(&description));
            let error = CirrusError::from(Error::from(refusal));
            let shown = format!("{refusal} {error} {error:?}");
            prop_assert!(!shown.contains("hunter2"));
        }
    }
}
