//! The crate's error: what to do next, where it came from, and that it tells nothing.

use std::error::Error as _;
use std::sync::Arc;
use std::time::Duration;

use authsession_core::error::{Endpoint, Error, Fault, OAuthError};
use authsession_salesforce::CirrusError;
use authsession_salesforce::auth::{AuthError, AuthResult, Recovery, SalesforceRefusal};

fn unavailable(fault: Fault, retry_after: Option<Duration>) -> Error {
    Error::Unavailable { endpoint: Endpoint::Token, fault, retry_after, cause: None }
}

#[test]
fn an_outage_is_waited_for_as_long_as_salesforce_says() {
    let error = CirrusError::from(unavailable(Fault::Status(503), Some(Duration::from_secs(30))));
    assert!(matches!(error, CirrusError::UnexpectedResponse { status: 503, .. }));
    assert!(error.is_transient());
    assert_eq!(error.recovery(), Recovery::RetryAfter(Duration::from_secs(30)));
}

#[test]
fn a_broken_connection_is_transient_and_keeps_its_cause() {
    let cause = Arc::new(std::io::Error::other("reset"));
    let beneath = Error::Unavailable {
        endpoint: Endpoint::Token,
        fault: Fault::NoAnswer,
        retry_after: None,
        cause: Some(cause),
    };
    let error = CirrusError::from(beneath);
    assert!(error.is_transient());
    let chain = std::iter::successors(error.source(), |error| (*error).source());
    assert_eq!(chain.last().unwrap().to_string(), "reset");
}

#[test]
fn a_setting_that_is_wrong_is_named_and_never_retried() {
    for error in [
        CirrusError::MissingField("consumer_key"),
        CirrusError::misconfigured("allow the flow"),
        CirrusError::from(Error::misconfigured("allow the flow")),
        CirrusError::from("no url".parse::<url::Url>().unwrap_err()),
        CirrusError::InsecureLoginUrl { url: "http://acme.example".to_owned() },
    ] {
        assert!(!error.is_transient(), "{error:?}");
        assert!(matches!(error.recovery(), Recovery::FixConfig { .. }), "{error:?}");
    }
}

#[test]
fn what_cannot_be_trusted_is_neither_retried_nor_blamed_on_the_user() {
    let error = CirrusError::from(Error::untrusted("the access token has characters no token has"));
    assert_eq!(error.recovery(), Recovery::DoNotTrust);
}

#[test]
fn a_refused_grant_without_a_known_reason_is_a_new_login() {
    let error = CirrusError::from(Error::grant_refused(OAuthError::InvalidGrant));
    assert_eq!(error.refusal(), Some(SalesforceRefusal::GrantInvalid));
    assert_eq!(error.recovery(), Recovery::Reauthorize);
    let error = CirrusError::from(Error::AuthorizationRefused(OAuthError::AccessDenied));
    assert_eq!(error.recovery(), Recovery::Reauthorize);
}

#[test]
fn a_store_that_failed_is_asked_again_and_says_why_beneath() {
    let cause = Arc::new(std::io::Error::other("disk full"));
    let error = CirrusError::from(Error::TokenStore { doing: "save", cause: Some(cause) });
    assert!(matches!(error, CirrusError::TokenStore { doing: "save", .. }));
    assert!(error.is_transient());
    assert_eq!(error.source().unwrap().to_string(), "disk full");
}

#[test]
fn code_for_the_other_crate_finds_the_fields_it_matches_on() {
    let answer: AuthResult<()> = Err(CirrusError::from(Error::grant_refused(OAuthError::InvalidGrant)));
    match &answer {
        Err(AuthError::OAuth { error, .. }) => assert!(error == "invalid_grant"),
        other => unreachable!("{other:?}"),
    }
}
