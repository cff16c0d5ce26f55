//! Token introspection (RFC 7662).

use crate::endpoints::client_authentication::authenticate;
use crate::realm::Realm;
use crate::wire::Inquiry;
use crate::wire::Reply;
use serde_json::json;
use std::time::UNIX_EPOCH;

pub(crate) fn answer(realm: &Realm, inquiry: &Inquiry) -> Reply {
    if let Err(refusal) = authenticate(realm, inquiry) {
        return refusal;
    }
    let Some(token) = inquiry.form("token") else {
        return Reply::error(400, "invalid_request", "no token");
    };
    let ledger = realm.ledger();
    let mut body = json!({ "active": false });
    if let Some((access, grant)) = ledger.live_access(token, realm.clock.now()) {
        let expires = access.expires.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let subject = grant.session.as_ref().map_or(&grant.client_id, |session| &session.subject);
        body = json!({
            "active": true,
            "token_type": "Bearer",
            "client_id": grant.client_id,
            "iss": realm.settings.issuer,
            "sub": subject,
            "scope": access.scope,
            "exp": expires,
        });
        if !grant.audience.is_empty() {
            body["aud"] = grant.audience.clone().into();
        }
    } else if let Some(grant) = ledger.live_refresh(token) {
        body = json!({
            "active": true,
            "client_id": grant.client_id,
            "iss": realm.settings.issuer,
            "scope": grant.scope,
        });
    }
    Reply::json(200, &body).no_store()
}
