//! What is known of providers by name: a row each, of which `docs/providers.md` is made. What a row cannot say is in
//! `known_provider`: what its constructors take, and what a client secret that is signed looks like.

use std::time::Duration;

/// The tenant of all personal Microsoft accounts.
pub(crate) const ENTRA_PERSONAL_ACCOUNTS: &str = "9188040d-6c67-4c5b-b112-36a304b66dad";

/// What one provider wants that a configuration would have to say otherwise. A setter of the configuration goes before it.
///
/// [`KnownProvider`](crate::known_provider::KnownProvider) picks a row and fills in what differs from one application to the next.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Row {
    /// What the provider is called.
    pub name: &'static str,
    /// The constructors of [`KnownProvider`](crate::known_provider::KnownProvider) that use the row.
    pub constructors: &'static [&'static str],
    /// Where it is.
    pub address: Address,
    /// The scopes asked for.
    pub scopes: &'static [&'static str],
    /// Further parameters of every authorization request.
    pub parameters: &'static [(&'static str, &'static str)],
    /// Whether the authorization response comes as a form (OAuth 2.0 Form Post Response Mode).
    pub form_post: bool,
    /// Whether a refresh token comes with the user's consent alone: a login that brings none then asks for it, once.
    pub refresh_token_with_consent: bool,
    /// How the client secret is sent.
    pub client_secret: ClientSecret,
    /// The userinfo claim that says who the user is, where there is no ID token.
    pub subject_claim: &'static str,
    /// How long an access token is taken to live where the provider does not say, and
    /// [`with_token_max_age`](crate::auth_builder::OAuthConfigurationBuilder::with_token_max_age) does not either.
    pub assumed_token_lifetime: Option<Duration>,
    /// How long a session goes without a refresh though its access token ended: where the provider rations refreshes, and the
    /// token is for no API. `with_token_max_age` goes before it.
    pub least_refresh_interval: Option<Duration>,
    /// What others have and it has not.
    pub lacks: &'static [Lack],
    /// What else to know.
    pub notes: &'static str,
}

/// Where a provider is. Every path is below a base URL, which [`KnownProvider::at`](crate::known_provider::KnownProvider::at)
/// replaces; an empty base is the application's to give.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Address {
    /// An issuer; all else is discovered there.
    #[non_exhaustive]
    Discovered {
        /// The base URL.
        base: &'static str,
        /// The issuer's path.
        path: &'static str,
        /// What stands in the path in braces.
        part: Option<Part>,
        /// The path of the logout endpoint, where the metadata may leave it out.
        end_session: Option<&'static str>,
    },
    /// An issuer for each tenant; all else is discovered at one place for all of them.
    #[non_exhaustive]
    Tenants {
        /// The base URL.
        base: &'static str,
        /// The path below which any tenant's metadata are found.
        any: &'static str,
        /// The same for organizations, every tenant but `personal_accounts`.
        organizations: &'static str,
        /// The tenant of those who belong to no organization.
        personal_accounts: &'static str,
        /// The path of the issuers' template.
        template: &'static str,
        /// The ID token's claim that names the tenant.
        claim: &'static str,
    },
    /// Endpoints that are known by heart; nothing is discovered.
    #[non_exhaustive]
    ByHand {
        /// The base URL; with `jwks` it also is the issuer.
        base: &'static str,
        /// The authorization endpoint's path.
        authorization: &'static str,
        /// The token endpoint's path.
        token: &'static str,
        /// The keys' path.
        jwks: Option<&'static str>,
        /// The userinfo endpoint's URL, and its path at another base URL.
        userinfo: Option<(&'static str, &'static str)>,
        /// The revocation endpoint's path (RFC 7009).
        revocation: Option<&'static str>,
    },
}

/// What an application fills into an issuer's path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Part {
    /// A tenant, by its id: a GUID.
    TenantId,
    /// A realm, as it stands in its URL.
    Realm,
}

/// How a provider wants the client secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClientSecret {
    /// As its metadata say.
    AsAnnounced,
    /// In the body (`client_secret_post`).
    InBody,
    /// In the body, and made anew for each request: a token signed with the team's key.
    Signed,
}

/// Something a provider does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Lack {
    /// ID tokens, and so metadata and keys: who the user is, the userinfo says.
    IdTokens,
    /// Refresh tokens, unless the application is registered to get them.
    RefreshTokens,
    /// A userinfo endpoint.
    Userinfo,
    /// A revocation endpoint (RFC 7009).
    Revocation,
    /// A logout endpoint: the user is signed out of the application, and stays signed in at the provider.
    EndSession,
    /// A stated lifetime of access tokens.
    ExpiresIn,
}

impl Lack {
    /// A few words for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::IdTokens => "ID tokens",
            Self::RefreshTokens => "refresh tokens (unless registered for)",
            Self::Userinfo => "userinfo",
            Self::Revocation => "revocation",
            Self::EndSession => "logout at the provider",
            Self::ExpiresIn => "`expires_in`",
        }
    }
}

/// What most rows say.
const PLAIN: Row = Row {
    name: "",
    constructors: &[],
    address: Address::Discovered { base: "", path: "", part: None, end_session: None },
    scopes: &["openid", "profile", "email"],
    parameters: &[],
    form_post: false,
    refresh_token_with_consent: false,
    client_secret: ClientSecret::AsAnnounced,
    subject_claim: "sub",
    assumed_token_lifetime: None,
    least_refresh_interval: None,
    lacks: &[],
    notes: "",
};

const OFFLINE: &[&str] = &["openid", "profile", "email", "offline_access"];

pub(crate) static GOOGLE: Row = Row {
    name: "Google",
    constructors: &["google()"],
    address: Address::Discovered {
        base: "https://accounts.google.com",
        path: "",
        part: None,
        end_session: None,
    },
    parameters: &[("access_type", "offline")],
    refresh_token_with_consent: true,
    lacks: &[Lack::EndSession],
    notes: "Anybody with a Google account can sign in: who may do what is decided by `sub`, or for an organization by the claim \
            `hd`. A refresh token comes with the first consent only.",
    ..PLAIN
};

pub(crate) static ENTRA: Row = Row {
    name: "Microsoft Entra ID, one tenant",
    constructors: &["entra(tenant)", "entra_personal_accounts()"],
    address: Address::Discovered {
        base: "https://login.microsoftonline.com",
        path: "/{tenant}/v2.0",
        part: Some(Part::TenantId),
        end_session: None,
    },
    scopes: OFFLINE,
    lacks: &[Lack::Revocation],
    notes: "The tenant is named by its id, not by a domain: ID tokens name the id. `sub` differs from one application to the \
            next; `oid` with `tid` is the user everywhere. The claim `email` proves nothing: administrators set it.",
    ..PLAIN
};

pub(crate) static ENTRA_TENANTS: Row = Row {
    name: "Microsoft Entra ID, several tenants",
    constructors: &["entra_tenants(tenants)", "danger_entra_any_tenant()"],
    address: Address::Tenants {
        base: "https://login.microsoftonline.com",
        any: "/common/v2.0",
        organizations: "/organizations/v2.0",
        personal_accounts: ENTRA_PERSONAL_ACCOUNTS,
        template: "/{tenantid}/v2.0",
        claim: "tid",
    },
    scopes: OFFLINE,
    lacks: &[Lack::Revocation],
    notes: "Each tenant is an issuer of its own, and only those listed get in. With any tenant, everybody with a Microsoft account \
            does. A session holds its tenant's issuer: two tenants never share a user.",
    ..PLAIN
};

pub(crate) static OKTA: Row = Row {
    name: "Okta",
    constructors: &["okta(issuer)"],
    scopes: OFFLINE,
    notes: "The issuer is the organization's URL, or that of an authorization server of its own (`…/oauth2/default`): access \
            tokens of the former are for Okta's APIs alone. The application must be allowed the refresh token grant.",
    ..PLAIN
};

pub(crate) static AUTH0: Row = Row {
    name: "Auth0",
    constructors: &["auth0(domain)"],
    address: Address::Discovered { base: "", path: "/", part: None, end_session: Some("/oidc/logout") },
    scopes: OFFLINE,
    notes: "The issuer ends in a slash. Without `with_audience` the access token is opaque and for Auth0 alone; the API must allow \
            offline access. Older tenants have the standard logout and do not announce it; `/v2/logout` is not used.",
    ..PLAIN
};

pub(crate) static KEYCLOAK: Row = Row {
    name: "Keycloak",
    constructors: &["keycloak(base, realm)"],
    address: Address::Discovered {
        base: "",
        path: "/realms/{realm}",
        part: Some(Part::Realm),
        end_session: None,
    },
    notes: "Refresh tokens end with the user's session there; with the scope `offline_access` they outlive it. Up to version 16 \
            the base ends in `/auth`.",
    ..PLAIN
};

pub(crate) static GITHUB: Row = Row {
    name: "GitHub",
    constructors: &["github()"],
    address: Address::ByHand {
        base: "https://github.com",
        authorization: "/login/oauth/authorize",
        token: "/login/oauth/access_token",
        jwks: None,
        userinfo: Some(("https://api.github.com/user", "/api/v3/user")),
        revocation: None,
    },
    scopes: &["read:user"],
    client_secret: ClientSecret::InBody,
    subject_claim: "id",
    lacks: &[Lack::IdTokens, Lack::RefreshTokens, Lack::Revocation, Lack::EndSession],
    notes: "Plain OAuth 2.0. The user is the number `id`, never `login`, which can be taken over. The userinfo's `email` is the \
            public one, or none: the others are told at `/user/emails`, to tokens with the scope `user:email`. Errors of the token endpoint come with status 200. `at` is for an Enterprise Server.",
    ..PLAIN
};

pub(crate) static GITLAB: Row = Row {
    name: "GitLab",
    constructors: &["gitlab()"],
    address: Address::Discovered { base: "https://gitlab.com", path: "", part: None, end_session: None },
    lacks: &[Lack::EndSession],
    notes: "`at` is for an instance of one's own. Refresh tokens come without a further scope, and rotate.",
    ..PLAIN
};

pub(crate) static APPLE: Row = Row {
    name: "Apple",
    constructors: &["apple(team_id, key)"],
    address: Address::ByHand {
        base: "https://appleid.apple.com",
        authorization: "/auth/authorize",
        token: "/auth/token",
        jwks: Some("/auth/keys"),
        userinfo: None,
        revocation: Some("/auth/revoke"),
    },
    scopes: &["openid", "email", "name"],
    form_post: true,
    client_secret: ClientSecret::Signed,
    least_refresh_interval: Some(Duration::from_secs(24 * 3600)),
    lacks: &[Lack::Userinfo, Lack::EndSession],
    notes: "The redirect URI must be https and not a loopback host. The name comes with the first login's form alone, which nobody \
            signed: `Claims` hold it as `user.name`. The endpoints are by hand: the metadata have named another issuer than the ID tokens. \
            Apple may throttle who refreshes more than once a day, and its access tokens end after an hour and are for no API: \
            here they count as good until the next refresh, which finds out whether the user still lets the application in.",
    ..PLAIN
};

pub(crate) static SALESFORCE: Row = Row {
    name: "Salesforce",
    constructors: &["salesforce()"],
    address: Address::Discovered {
        base: "https://login.salesforce.com",
        path: "",
        part: None,
        end_session: None,
    },
    scopes: &["openid", "profile", "email", "refresh_token"],
    assumed_token_lifetime: Some(Duration::from_secs(30 * 60)),
    lacks: &[Lack::ExpiresIn],
    notes: "`at` is for sandboxes (`https://test.salesforce.com`) and My Domains. At the general login the users of every org that \
            admits the application get in. For calling its APIs add `salesforce()` and the scope `api`.",
    ..PLAIN
};

/// Every row.
pub static TABLE: &[&Row] =
    &[&GOOGLE, &ENTRA, &ENTRA_TENANTS, &OKTA, &AUTH0, &KEYCLOAK, &GITHUB, &GITLAB, &APPLE, &SALESFORCE];
