//! What errors of the token endpoint come to, by a vendor's reading or the standard's.

use std::error::Error as _;
use std::sync::Arc;

use authsession_core::error::{Error, Fault, OAuthError};
use authsession_core::refusal::{Refusal, Refusals};
use authsession_core::token_set::TokenSet;
use authsession_testkit::endpoint::Endpoint;
use authsession_testkit::script::Answer;

use crate::parties::Parties;
use crate::verdict::{fault, hint, refusal};

/// Calls a user inactive what the standard would call a dead grant.
#[derive(Debug)]
struct Vendor;

impl Refusals for Vendor {
    fn understand(&self, refusal: &Refusal<'_>) -> Option<Error> {
        match (refusal.status, refusal.code, refusal.description) {
            (_, "invalid_grant", Some("inactive user")) => Some(Error::GrantRefused {
                code: OAuthError::InvalidGrant,
                cause: Some(Arc::new(std::io::Error::other("the user was deactivated"))),
            }),
            (503, "under_maintenance", None) => Some(Error::misconfigured("the org moved")),
            _ => None,
        }
    }
}

async fn answered(answer: Answer) -> Result<TokenSet, Error> {
    let parties = Parties::meet().await;
    let login = parties.log_in().await;
    parties.opposite.enqueue(Endpoint::Token, answer);
    parties.token_endpoint().reading_refusals(Arc::new(Vendor)).redeem(&login.grant()).await
}

#[tokio::test]
async fn the_vendors_reading_goes_first() {
    let outcome = answered(Answer::refusal(400, "invalid_grant", "inactive user")).await;
    let cause = outcome.as_ref().err().and_then(|error| error.source()).map(ToString::to_string);
    assert_eq!(cause.as_deref(), Some("the user was deactivated"));
    assert_eq!(refusal(outcome), OAuthError::InvalidGrant);
}

#[tokio::test]
async fn the_vendors_reading_is_asked_whatever_the_status() {
    assert_eq!(hint(answered(Answer::error(503, "under_maintenance")).await), "the org moved");
    assert_eq!(fault(answered(Answer::error(502, "under_maintenance")).await), Fault::Status(502));
}

#[tokio::test]
async fn what_the_vendors_reading_does_not_know_is_left_to_the_standards() {
    let outcome = answered(Answer::refusal(400, "invalid_grant", "expired")).await;
    assert!(outcome.as_ref().is_err_and(|error| error.source().is_none()));
    assert_eq!(refusal(outcome), OAuthError::InvalidGrant);
    assert_eq!(fault(answered(Answer::status(503)).await), Fault::Status(503));
}

#[tokio::test]
async fn codes_of_later_standards_are_known() {
    for (status, code, wanted) in [
        (400, "authorization_pending", OAuthError::AuthorizationPending),
        (400, "slow_down", OAuthError::SlowDown),
        (429, "slow_down", OAuthError::SlowDown),
        (400, "expired_token", OAuthError::ExpiredToken),
    ] {
        assert_eq!(refusal(answered(Answer::error(status, code)).await), wanted, "{status} {code}");
        assert!(!wanted.ends_the_grant());
    }
    assert!(hint(answered(Answer::error(400, "invalid_target")).await).contains("invalid_target"));
}

#[test]
fn debug_shows_neither_code_nor_description() {
    let shown = format!("{:?}", Refusal::new(400, "canary", Some("canary")));
    assert!(shown.contains("400") && !shown.contains("canary"), "{shown}");
}
