//! The page for somebody whose sign-in the provider answered with an error (RFC 6749 §4.1.2.1, OpenID Connect Core §3.1.2.6).

use std::time::Duration;

use authsession_core::error::OAuthError;
use http::StatusCode;

use crate::page::{Page, WayOn};

/// What to wait where the provider says that it cannot serve just now: it names no time itself.
const RETRY_AFTER: Duration = Duration::from_secs(5);

/// Told apart by what helps; nothing of what the provider wrote is shown. `login` leads back to where the person was going.
pub(super) fn page(code: OAuthError, login: String) -> Page {
    let (status, title, text) = match code {
        OAuthError::LoginRequired
        | OAuthError::InteractionRequired
        | OAuthError::ConsentRequired
        | OAuthError::AccountSelectionRequired => (
            StatusCode::FORBIDDEN,
            "Sign in to go on",
            "The sign-in service has to ask you something first. Sign in, and it will.",
        ),
        OAuthError::UnmetAuthenticationRequirements => (
            StatusCode::FORBIDDEN,
            "A stronger sign-in is needed",
            "The sign-in service could not make as sure of you as this application asks. You may try another way.",
        ),
        OAuthError::ServerError | OAuthError::TemporarilyUnavailable => (
            StatusCode::SERVICE_UNAVAILABLE,
            "Try again in a moment",
            "The sign-in service cannot sign anybody in just now. Nothing was changed.",
        ),
        OAuthError::InvalidRequest
        | OAuthError::InvalidScope
        | OAuthError::InvalidTarget
        | OAuthError::UnauthorizedClient
        | OAuthError::UnsupportedResponseType => {
            // No 500 and no alarm: whoever has a login under way can write such an answer into its callback.
            tracing::warn!(target: "authsession::login", %code, "the provider refuses this application's sign-in: check the client's registration, its scopes and parameters");
            let text = "Sign-in may not be set up right here. Its log says what to fix.";
            (StatusCode::FORBIDDEN, "Not set up right", text)
        }
        _ => (
            StatusCode::FORBIDDEN,
            "You were not signed in",
            "The sign-in was cancelled or refused. You may try again.",
        ),
    };
    let retry_after = (status == StatusCode::SERVICE_UNAVAILABLE).then_some(RETRY_AFTER);
    Page { status, title, text, way_on: WayOn::SignIn(login), retry_after }
}

/// The page for somebody whose session was to end before it began. The provider is to ask who they are: it would only bring
/// the same session back otherwise.
pub(super) fn over_already(login: &str) -> Page {
    let and = if login.contains('?') { '&' } else { '?' };
    Page {
        status: StatusCode::FORBIDDEN,
        title: "Sign in once more",
        text: "Your session at the sign-in service is over. Sign in, and it will ask who you are.",
        way_on: WayOn::SignIn(format!("{login}{and}prompt=login")),
        retry_after: None,
    }
}
