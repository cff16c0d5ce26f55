//! The org everybody logs in to: tokens as long as real ones, and an endpoint that takes the time it is told.

use std::io;

use authsession_testkit::org::Org;
use authsession_testkit::org::endpoint::OrgEndpoint;
use authsession_testkit::script::Answer;

const TOKEN_LENGTH: usize = 1000;

/// An org that grants as many logins as it is asked for.
pub(crate) async fn start() -> io::Result<Org> {
    let org = Org::builder().login_budget(usize::MAX).start().await?;
    org.always(OrgEndpoint::Token, long_tokens());
    Ok(org)
}

/// The org's answer with its access token made longer.
pub(crate) fn long_tokens() -> Answer {
    Answer::tampered(|body| {
        if let Some(token) = body.get("access_token").and_then(|token| token.as_str()) {
            let padding = "x".repeat(TOKEN_LENGTH.saturating_sub(token.len()));
            body["access_token"] = format!("{token}{padding}").into();
        }
    })
}

/// Requests its token endpoint has received.
pub(crate) fn requests(org: &Org) -> usize {
    org.journal().count(OrgEndpoint::Token)
}
