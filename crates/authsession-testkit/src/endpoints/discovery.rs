//! The provider's metadata (OpenID Connect Discovery 1.0 §3, RFC 8414 §2).

use crate::endpoint::Endpoint;
use crate::endpoints::token::GRANT_TYPES;
use crate::public_key::ALGORITHMS;
use crate::realm::Realm;
use crate::wire::Reply;
use serde_json::Value;
use serde_json::json;

pub(crate) fn answer(realm: &Realm) -> Reply {
    if realm.settings.plain_oauth2 {
        return Reply::empty(404);
    }
    let algorithm = realm.keys().current().algorithm.name();
    let mut document = json!({
        "issuer": realm.settings.issuer,
        "authorization_endpoint": realm.url(Endpoint::Authorization),
        "token_endpoint": realm.url(Endpoint::Token),
        "userinfo_endpoint": realm.url(Endpoint::Userinfo),
        "jwks_uri": realm.url(Endpoint::Jwks),
        "revocation_endpoint": realm.url(Endpoint::Revocation),
        "introspection_endpoint": realm.url(Endpoint::Introspection),
        "device_authorization_endpoint": realm.url(Endpoint::DeviceAuthorization),
        "end_session_endpoint": realm.url(Endpoint::EndSession),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query", "form_post"],
        "grant_types_supported": GRANT_TYPES,
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": [algorithm],
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "claims_supported": ["sub", "name", "preferred_username", "email", "email_verified"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "private_key_jwt", "none"],
        "token_endpoint_auth_signing_alg_values_supported": ALGORITHMS,
        "code_challenge_methods_supported": ["S256"],
        "prompt_values_supported": ["none", "login"],
        "authorization_response_iss_parameter_supported": true,
        "backchannel_logout_supported": true,
        "backchannel_logout_session_supported": true,
        "frontchannel_logout_supported": true,
        "frontchannel_logout_session_supported": true,
    });
    if let Value::Object(members) = &mut document {
        for edit in &realm.settings.metadata {
            edit(members);
        }
    }
    Reply::json(200, &document)
}
