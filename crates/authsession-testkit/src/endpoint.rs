//! Which endpoints the provider has.

/// One of the provider's endpoints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Endpoint {
    /// The metadata (OpenID Connect Discovery 1.0; also found where RFC 8414 looks for it).
    Discovery,
    /// The public keys (RFC 7517).
    Jwks,
    /// Where a browser is sent to sign in, and where the login page posts to.
    Authorization,
    /// Where grants are redeemed.
    Token,
    /// Claims for an access token.
    Userinfo,
    /// RFC 7009.
    Revocation,
    /// RP-initiated logout.
    EndSession,
    /// RFC 7662.
    Introspection,
    /// Where a device asks for a user code (RFC 8628 §3.1).
    DeviceAuthorization,
    /// Where its user types that code, and decides (RFC 8628 §3.3).
    DeviceVerification,
    /// Something to call with an access token: any method, any path below, and the answer says what was asked.
    Api,
}

impl Endpoint {
    const ALL: [Self; 11] = [
        Self::Discovery,
        Self::Jwks,
        Self::Authorization,
        Self::Token,
        Self::Userinfo,
        Self::Revocation,
        Self::EndSession,
        Self::Introspection,
        Self::DeviceAuthorization,
        Self::DeviceVerification,
        Self::Api,
    ];

    /// The path under the issuer.
    #[must_use]
    pub fn path(self) -> &'static str {
        match self {
            Self::Discovery => "/.well-known/openid-configuration",
            Self::Jwks => "/jwks",
            Self::Authorization => "/authorize",
            Self::Token => "/token",
            Self::Userinfo => "/userinfo",
            Self::Revocation => "/revoke",
            Self::EndSession => "/logout",
            Self::Introspection => "/introspect",
            Self::DeviceAuthorization => "/device_authorization",
            Self::DeviceVerification => "/device",
            Self::Api => "/api",
        }
    }

    pub(crate) fn at(path: &str, issuer_path: &str) -> Option<Self> {
        let by_rfc8414 = path.strip_prefix("/.well-known/oauth-authorization-server");
        if by_rfc8414.is_some_and(|rest| rest.trim_end_matches('/') == issuer_path) {
            return Some(Self::Discovery);
        }
        let path = path.strip_prefix(issuer_path)?;
        if path.starts_with("/api/") {
            return Some(Self::Api);
        }
        Self::ALL.into_iter().find(|endpoint| endpoint.path() == path)
    }
}
