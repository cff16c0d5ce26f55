//! Every way the token endpoint says no, in Salesforce's words.

use crate::org::connected_app::AppState;
use crate::wire::Reply;

/// An error of the token endpoint: its code and its description.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Refusal(pub(crate) &'static str, pub(crate) &'static str);

impl Refusal {
    pub(crate) const NOT_APPROVED: Self = Self("invalid_grant", "user hasn't approved this consumer");
    pub(crate) const EXPIRED_TOKEN: Self = Self("invalid_grant", "expired access/refresh token");
    pub(crate) const EXPIRED_CODE: Self = Self("invalid_grant", "expired authorization code");
    pub(crate) const IN_PROCESS: Self = Self("invalid_grant", "token request is already being processed");
    pub(crate) const INVALID_ASSERTION: Self = Self("invalid_grant", "invalid assertion");
    pub(crate) const AUDIENCE: Self = Self("invalid_grant", "audience is invalid");
    pub(crate) const AUTHENTICATION: Self = Self("invalid_grant", "authentication failure");
    pub(crate) const DOMAIN: Self = Self("invalid_grant", "request not supported on this domain");
    pub(crate) const NO_RUN_AS: Self = Self("invalid_grant", "no client credentials user enabled");
    pub(crate) const VERIFIER: Self = Self("invalid_grant", "invalid code verifier");
    pub(crate) const INACTIVE: Self = Self("inactive_user", "user is inactive");
    pub(crate) const APP_ACCESS: Self =
        Self("invalid_app_access", "user is not admin approved to access this app");
    pub(crate) const CREDENTIALS: Self = Self("invalid_client", "invalid client credentials");
    pub(crate) const CLIENT_ID: Self = Self("invalid_client_id", "client identifier invalid");
    pub(crate) const REDIRECT: Self = Self("redirect_uri_mismatch", "redirect_uri must match configuration");
    pub(crate) const GRANT_TYPE: Self = Self("unsupported_grant_type", "grant type not supported");
    pub(crate) const CHALLENGE: Self = Self("invalid_request", "missing required code challenge");
    pub(crate) const REFRESH_SCOPE: Self =
        Self("invalid_request", "hybrid token exchange requires a refresh_token scope");
    pub(crate) const SUBJECT_TOKEN: Self = Self("invalid_request", "invalid subject token");
    pub(crate) const TOKEN_HANDLER: Self = Self("invalid_request", "invalid token handler");
    pub(crate) const SCOPE: Self = Self("invalid_scope", "the requested scope is not allowed");
    pub(crate) const RESPONSE_TYPE: Self = Self("unsupported_response_type", "response type not supported");
    pub(crate) const IMMEDIATE: Self = Self("immediate_unsuccessful", "immediate approval is not possible");
    pub(crate) const RATE: Self = Self("LOGIN_RATE_EXCEEDED", "login rate exceeded");
    pub(crate) const PENDING: Self = Self("authorization_pending", "authorization is pending");
    pub(crate) const SLOW_DOWN: Self = Self("slow_down", "polling too quickly");
    pub(crate) const DENIED: Self = Self("access_denied", "end-user denied authorization");
    pub(crate) const SERVER: Self = Self("server_error", "unexpected error");
    pub(crate) const NOT_POST: Self = Self("invalid_request", "must use HTTP POST");
    pub(crate) const REVOKE_TYPE: Self = Self("unsupported_token_type", "this token type is not supported");
    pub(crate) const REVOKE_TOKEN: Self = Self("invalid_token", "invalid token");

    pub(crate) fn of(state: AppState) -> Option<Self> {
        match state {
            AppState::Installed => None,
            AppState::NotInstalled => {
                Some(Self("OAUTH_EC_APP_NOT_FOUND", "External client app is not installed in this org"))
            }
            AppState::Blocked => Some(Self("OAUTH_APP_BLOCKED", "this app is blocked by admin")),
            AppState::ApprovalError => Some(Self(
                "OAUTH_APPROVAL_ERROR_GENERIC",
                "An unexpected error has occured during authentication. Please try again.",
            )),
        }
    }

    pub(crate) fn reply(self) -> Reply {
        Reply::error(400, self.0, self.1)
    }
}
