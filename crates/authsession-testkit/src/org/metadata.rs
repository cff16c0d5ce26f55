//! What OpenID Connect clients read first: the metadata and the keys.

use crate::org::endpoint::OrgEndpoint;
use crate::org::tenant::Tenant;
use crate::wire::Reply;
use serde_json::json;

pub(crate) fn discovery(tenant: &Tenant) -> Reply {
    let document = json!({
        "issuer": tenant.settings.url,
        "authorization_endpoint": tenant.url(OrgEndpoint::Authorization),
        "token_endpoint": tenant.url(OrgEndpoint::Token),
        "revocation_endpoint": tenant.url(OrgEndpoint::Revocation),
        "userinfo_endpoint": tenant.url(OrgEndpoint::Userinfo),
        "introspection_endpoint": tenant.url(OrgEndpoint::Introspection),
        "jwks_uri": tenant.url(OrgEndpoint::Jwks),
        "scopes_supported": ["api", "web", "full", "id", "openid", "profile", "email", "refresh_token"],
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported":
            ["client_secret_post", "client_secret_basic", "private_key_jwt"],
    });
    Reply::json(200, &document)
}

pub(crate) fn keys(tenant: &Tenant) -> Reply {
    match tenant.with_keys(|keys| Ok(keys.jwks())) {
        Ok(keys) => Reply::json(200, &keys),
        Err(_) => Reply::empty(500),
    }
}
