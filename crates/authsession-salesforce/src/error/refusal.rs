//! What Salesforce's token endpoint says no with, and what to do about it (RFC 6749 §5.2; Salesforce Help, "OAuth 2.0 Error
//! Codes"): one table.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use authsession_core::error::{Cause, Endpoint, Error, Fault, OAuthError};
use authsession_core::refusal::{Refusal, Refusals};

use crate::error::recovery::Recovery;

/// How long the one who refreshes at the same time gets.
const ANOTHER_ONE_REFRESHES: Duration = Duration::from_secs(1);
/// The login budget is counted by the hour; asking again sooner only prolongs it.
const LOGIN_BUDGET_PAUSE: Duration = Duration::from_secs(5 * 60);

/// What kind of thing to do; [`Recovery`] without its particulars.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Remedy {
    Config,
    Dead,
    Adopt,
    NewAssertion,
    Budget,
    Later,
}

struct Row {
    refusal: SalesforceRefusal,
    error: &'static str,
    /// A part of `error_description`, in lower case; empty: any.
    fragment: &'static str,
    remedy: Remedy,
    hint: &'static str,
}

/// The rows are looked through from the top: the first one whose code is the refusal's and whose fragment is in its
/// description says what it is.
macro_rules! refusals {
    ($($(#[$doc:meta])* $name:ident: $error:literal, $fragment:literal => $remedy:ident, $hint:literal;)*) => {
        /// A refusal of Salesforce's token endpoint, told apart as finely as its description allows.
        ///
        /// Nothing Salesforce wrote is in it: only which of the known refusals it was.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum SalesforceRefusal {
            $($(#[$doc])* $name,)*
        }

        const TABLE: &[Row] = &[$(Row {
            refusal: SalesforceRefusal::$name,
            error: $error,
            fragment: $fragment,
            remedy: Remedy::$remedy,
            hint: $hint,
        },)*];
    };
}

refusals! {
    /// Neither the user nor an administrator has allowed this app to act for the user.
    ConsumerNotApproved: "invalid_grant", "approved this consumer" => Config,
        "check the user name, and pre-authorise the user's profile or permission set in the connected app (Permitted Users: admin approved), or let the user approve the app once";
    /// Another process redeems the same refresh token at this moment.
    AlreadyBeingProcessed: "invalid_grant", "already being processed" => Adopt,
        "another process refreshes this login: take over its tokens, or ask again in a second";
    /// The authorization code or the assertion is too old, or was used.
    CodeExpired: "invalid_grant", "expired authorization code" => NewAssertion,
        "try once more with a new assertion, or begin the login anew; if that fails too, set this machine's clock";
    /// The refresh or access token is expired, revoked or unknown.
    TokenExpired: "invalid_grant", "expired access/refresh token" => Dead,
        "the refresh token is expired or revoked: the user signs in again";
    /// The assertion's signature or times do not hold.
    InvalidAssertion: "invalid_grant", "invalid assertion" => NewAssertion,
        "try once more with a new assertion; if that fails too, check that the private key belongs to the certificate in the connected app, and set this machine's clock";
    /// The assertion is for another login host.
    WrongAudience: "invalid_grant", "audience is invalid" => Config,
        "the assertion's audience is wrong: https://login.salesforce.com for production, https://test.salesforce.com for a sandbox; check the login URL";
    /// The assertion is for another login host.
    AudienceValidationFailed: "invalid_grant", "audience validation failed" => Config,
        "the assertion's audience is wrong: https://login.salesforce.com for production, https://test.salesforce.com for a sandbox; check the login URL";
    /// Salesforce does not let this user in: name, password, login hours, IP range or profile.
    AuthenticationFailure: "invalid_grant", "authentication failure" => Config,
        "check the user name (a sandbox's has a suffix) and the login URL, and the user's Login History in Setup: it names the reason";
    /// The network or the hour is not one the user may log in from.
    IpRestricted: "invalid_grant", "ip restricted" => Config,
        "allow this machine's address in the profile's login IP ranges or relax them in the connected app's policies, and check the login hours";
    /// The host called does not serve this grant.
    WrongDomain: "invalid_grant", "not supported on this domain" => Config,
        "use the org's My Domain URL as the login URL: login and test.salesforce.com do not serve this grant";
    /// The connected app has no user to run client credentials as.
    NoRunAsUser: "invalid_grant", "no client credentials user" => Config,
        "choose the user to run as in the connected app's policies (Client Credentials Flow, Run As)";
    /// The client credentials flow is switched off in the app.
    ClientCredentialsOff: "invalid_grant", "client credentials flow" => Config,
        "enable the client credentials flow in the connected app and choose the user to run as";
    /// The refresh token belongs to another app.
    ForeignToken: "invalid_grant", "token was not issued to" => Config,
        "the refresh token was issued to another connected app: use that app's consumer key";
    /// The user was deactivated.
    UserInactive: "invalid_grant", "user is inactive" => Dead,
        "the user is deactivated in the org: activate the user, or sign in as another";
    /// `invalid_grant` of a kind not listed: the login does not work any more.
    GrantInvalid: "invalid_grant", "" => Dead,
        "sign in again; the user's Login History in Setup names the reason";
    /// The user was deactivated.
    InactiveUser: "inactive_user", "" => Dead,
        "the user is deactivated in the org: activate the user, or sign in as another";
    /// The org was deactivated or deleted.
    InactiveOrg: "inactive_org", "" => Dead,
        "the org is locked, closed or gone: sign in to another";
    /// An administrator has to allow this user to use the app.
    NotAdminApproved: "invalid_app_access", "" => Config,
        "pre-authorise the user's profile or permission set in the connected app (Manage Connected Apps, Profiles or Permission Sets)";
    /// The consumer secret or the client assertion is wrong.
    InvalidClient: "invalid_client", "" => Config,
        "check the consumer secret, or the key of the client assertion, of the connected app";
    /// The consumer key is unknown to this host.
    UnknownClient: "invalid_client_id", "" => Config,
        "check the consumer key and the login URL: a new connected app takes minutes to be known, and one made in a sandbox is known only there";
    /// The redirect URI is not one of the app's.
    RedirectUriMismatch: "redirect_uri_mismatch", "" => Config,
        "add exactly this redirect URI to the connected app's callback URLs";
    /// The app or the org does not allow this grant.
    UnsupportedGrantType: "unsupported_grant_type", "" => Config,
        "enable this flow in the connected app, and for user name and password in the org's OAuth settings";
    /// The app requires PKCE and the request had none.
    CodeChallengeMissing: "invalid_request", "code challenge" => Config,
        "the connected app requires PKCE: send a code challenge";
    /// The app may not hand out refresh tokens.
    RefreshScopeMissing: "invalid_request", "refresh_token scope" => Config,
        "add the scope refresh_token (Perform requests at any time) to the connected app, and ask for it";
    /// The request is malformed.
    InvalidRequest: "invalid_request", "" => Config,
        "Salesforce calls the token request malformed: check the login URL and the redirect URI";
    /// The scope is not one of the app's.
    InvalidScope: "invalid_scope", "" => Config,
        "add the scope to the connected app's selected OAuth scopes, or ask for less";
    /// The app may not use this grant.
    UnauthorizedClient: "unauthorized_client", "" => Config,
        "allow this flow in the connected app";
    /// The external client app is not installed in this org.
    AppNotFound: "oauth_ec_app_not_found", "" => Config,
        "install the external client app in this org, or use an app that is";
    /// An administrator blocked the app.
    AppBlocked: "oauth_app_blocked", "" => Config,
        "an administrator blocked the app: unblock it in Setup, Connected Apps OAuth Usage";
    /// The app cannot be approved by this user.
    ApprovalFailed: "oauth_approval_error_generic", "" => Config,
        "the user may not approve this app: install it in the org (Connected Apps OAuth Usage), or grant the user Approve Uninstalled Connected Apps";
    /// 3,600 logins of this user in an hour.
    LoginRateExceeded: "login_rate_exceeded", "" => Budget,
        "the user's logins of this hour are used up: wait some minutes, and keep tokens instead of logging in for each call";
    /// The same, by another name.
    RateLimitExceeded: "rate_limit_exceeded", "" => Budget,
        "the user's logins of this hour are used up: wait some minutes, and keep tokens instead of logging in for each call";
    /// The user, or the org for the user, said no.
    AccessDenied: "access_denied", "" => Dead,
        "the user did not approve the app: let the user sign in again";
    /// Nobody has signed in.
    LoginRequired: "login_required", "" => Dead,
        "nobody is signed in: let the user sign in";
    /// The user has to be asked something, and the request forbade it.
    InteractionRequired: "interaction_required", "" => Dead,
        "the user has to be asked: let the user sign in, without prompt=none or immediate";
    /// The user has to approve the app, and the request forbade asking.
    ConsentRequired: "consent_required", "" => Dead,
        "the user has to be asked: let the user sign in, without prompt=none or immediate";
    /// The user took longer than a code for a device or the wait for a browser lasts.
    SignInExpired: "expired_token", "" => Dead,
        "the user took too long: begin the sign-in anew";
    /// Salesforce failed.
    ServerError: "server_error", "" => Later,
        "Salesforce failed: try again";
    /// Salesforce is overloaded or under maintenance.
    TemporarilyUnavailable: "temporarily_unavailable", "" => Later,
        "Salesforce is busy or under maintenance: try again";
    /// A code this table does not list.
    Unknown: "unknown_error", "" => Config,
        "look at the user's Login History and the app's OAuth Usage in Setup: they name the reason";
}

/// Rows matched by the description alone: Salesforce sends them under several codes.
const BY_DESCRIPTION: [(&str, SalesforceRefusal); 3] = [
    ("login rate exceeded", SalesforceRefusal::LoginRateExceeded),
    ("login_rate_exceeded", SalesforceRefusal::LoginRateExceeded),
    ("already being processed", SalesforceRefusal::AlreadyBeingProcessed),
];

impl SalesforceRefusal {
    /// Which refusal an `error` and its `error_description` are; [`SalesforceRefusal::Unknown`] if none of those known. Case
    /// does not matter, nor whether the description is still URL-encoded.
    #[must_use]
    pub fn understand(error: &str, description: Option<&str>) -> Self {
        let error = plain(error);
        let description = plain(description.unwrap_or_default());
        if let Some((_, refusal)) = BY_DESCRIPTION.iter().find(|(text, _)| description.contains(text)) {
            return *refusal;
        }
        TABLE
            .iter()
            .find(|row| row.error == error && description.contains(row.fragment))
            .map_or(Self::Unknown, |row| row.refusal)
    }

    /// Which refusal a registered code without a description is.
    #[must_use]
    pub fn from_code(code: OAuthError) -> Self {
        Self::understand(code.code(), None)
    }

    /// The `error` Salesforce sends for it; lower case.
    #[must_use]
    pub fn code(self) -> &'static str {
        self.row().error
    }

    /// What to do, for people.
    #[must_use]
    pub fn hint(self) -> &'static str {
        self.row().hint
    }

    /// What to do, for programs. `retry_after` is how long Salesforce, or our own back-off, wants us to wait.
    #[must_use]
    pub fn recovery(self, retry_after: Option<Duration>) -> Recovery {
        let wait = retry_after.or_else(|| self.pause()).unwrap_or(ANOTHER_ONE_REFRESHES);
        match self.remedy() {
            Remedy::Config => Recovery::FixConfig { hint: self.hint().into() },
            Remedy::Dead => Recovery::Reauthorize,
            Remedy::Adopt => Recovery::AdoptOrRetry { wait },
            Remedy::NewAssertion => Recovery::NewAssertion,
            Remedy::Budget => Recovery::LoginBudget { wait },
            Remedy::Later => Recovery::RetryAfter(wait),
        }
    }

    /// How long to leave the token endpoint alone, where it helps to come back.
    pub(crate) fn pause(self) -> Option<Duration> {
        match self.remedy() {
            Remedy::Adopt => Some(ANOTHER_ONE_REFRESHES),
            Remedy::Budget => Some(LOGIN_BUDGET_PAUSE),
            _ => None,
        }
    }

    pub(crate) fn remedy(self) -> Remedy {
        self.row().remedy
    }

    fn row(self) -> &'static Row {
        // One row a variant, in the order of the variants: the macro writes both.
        &TABLE[self as usize]
    }
}

/// [`SalesforceRefusal`] as core's token endpoint asks for it: every known refusal becomes core's error for what it comes
/// to, with the refusal as its cause. `CirrusError::from` finds it there.
#[derive(Clone, Copy, Debug, Default)]
pub struct SalesforceRefusals;

impl Refusals for SalesforceRefusals {
    fn understand(&self, refusal: &Refusal<'_>) -> Option<Error> {
        let known = SalesforceRefusal::understand(refusal.code, refusal.description);
        (known != SalesforceRefusal::Unknown).then(|| known.into())
    }
}

impl From<SalesforceRefusal> for Error {
    fn from(refusal: SalesforceRefusal) -> Self {
        let cause: Option<Cause> = Some(Arc::new(refusal));
        match refusal.remedy() {
            Remedy::Config => Self::Misconfigured { hint: refusal.hint().into(), cause },
            Remedy::Dead => {
                let code = match OAuthError::from_code(refusal.code()) {
                    OAuthError::Unknown => OAuthError::InvalidGrant,
                    code => code,
                };
                Self::GrantRefused { code, cause }
            }
            // What was presented is no good any more; it does not say that the login is.
            Remedy::NewAssertion => Self::GrantRefused { code: OAuthError::Unknown, cause },
            Remedy::Adopt | Remedy::Budget | Remedy::Later => {
                let fault = match refusal.remedy() {
                    Remedy::Adopt => Fault::AlreadyInProcess,
                    // Turned away at the door, whatever the status was: nothing can have been rotated.
                    Remedy::Budget => Fault::Status(429),
                    _ => Fault::Reported,
                };
                Self::Unavailable { endpoint: Endpoint::Token, fault, retry_after: refusal.pause(), cause }
            }
        }
    }
}

impl fmt::Display for SalesforceRefusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.code(), self.hint())
    }
}

impl std::error::Error for SalesforceRefusal {}

/// Lower case, and read out of the URL encoding if it still is in it.
fn plain(text: &str) -> String {
    let text = text.get(..text.floor_char_boundary(LONGEST_TEXT)).unwrap_or_default();
    let text = if text.contains(' ') {
        text.to_owned()
    } else {
        // `form_urlencoded` reads pairs: a single value without a name is one with an empty text.
        let pair = text.replace('&', "%26").replace('=', "%3D");
        url::form_urlencoded::parse(pair.as_bytes()).map(|(value, _)| value.into_owned()).collect()
    };
    text.trim().to_lowercase().replace('\u{2019}', "'")
}

/// No code or description of Salesforce's is longer; what is beyond is not looked at.
const LONGEST_TEXT: usize = 1024;
