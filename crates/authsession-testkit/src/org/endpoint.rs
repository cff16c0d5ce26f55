//! Which endpoints the org has.

/// One of the org's endpoints, at paths Salesforce has them at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OrgEndpoint {
    /// Where grants are redeemed, and where a device asks for a code.
    Token,
    /// Where a browser is sent to sign in.
    Authorization,
    /// Revocation, by POST or GET.
    Revocation,
    /// RFC 7662.
    Introspection,
    /// Claims for an access token.
    Userinfo,
    /// The identity URL, `/id/<organization>/<user>`.
    Identity,
    /// The metadata of OpenID Connect Discovery.
    Discovery,
    /// The keys ID tokens are signed with.
    Jwks,
    /// The SOAP API, which has `login` and `logout`.
    Soap,
    /// The REST API: everything under `/services/data`.
    Rest,
    /// The first Bulk API, `/services/async`, which takes its session in `X-SFDC-Session`.
    Bulk,
    /// Apex REST, `/services/apexrest`: any method, any path below, and the answer says what was asked.
    ApexRest,
}

impl OrgEndpoint {
    const FIXED: [Self; 7] = [
        Self::Token,
        Self::Authorization,
        Self::Revocation,
        Self::Introspection,
        Self::Userinfo,
        Self::Discovery,
        Self::Jwks,
    ];
    const FOLDERS: [Self; 5] = [Self::Identity, Self::Soap, Self::Rest, Self::Bulk, Self::ApexRest];

    /// The path under the org's URL; of the last five, what their paths begin with.
    #[must_use]
    pub fn path(self) -> &'static str {
        match self {
            Self::Token => "/services/oauth2/token",
            Self::Authorization => "/services/oauth2/authorize",
            Self::Revocation => "/services/oauth2/revoke",
            Self::Introspection => "/services/oauth2/introspect",
            Self::Userinfo => "/services/oauth2/userinfo",
            Self::Discovery => "/.well-known/openid-configuration",
            Self::Jwks => "/id/keys",
            Self::Identity => "/id",
            Self::Soap => "/services/Soap",
            Self::Rest => "/services/data",
            Self::Bulk => "/services/async",
            Self::ApexRest => "/services/apexrest",
        }
    }

    /// How long the body of a request to this path may be: 150 MB for bulk data, as Salesforce takes it in base64.
    pub(crate) fn body_limit(path: &str) -> usize {
        const MEGABYTE: usize = 1000 * 1000;
        let is_data = path.starts_with(Self::Rest.path());
        let is_bulk = is_data && path.contains("/jobs/ingest");
        if is_bulk {
            150 * MEGABYTE
        } else if is_data {
            64 * MEGABYTE
        } else {
            4 * MEGABYTE
        }
    }

    pub(crate) fn at(path: &str) -> Option<Self> {
        let path = path.strip_suffix('/').unwrap_or(path);
        let below = |folder: &Self| {
            path.strip_prefix(folder.path()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        let fixed = Self::FIXED.into_iter().find(|endpoint| endpoint.path() == path);
        fixed.or_else(|| Self::FOLDERS.into_iter().find(below))
    }
}
