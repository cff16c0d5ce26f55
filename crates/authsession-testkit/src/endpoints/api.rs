//! An API that takes living access tokens (RFC 6750 §2.1, §3) and says what it was asked.

use crate::realm::Realm;
use crate::wire::Inquiry;
use crate::wire::Reply;
use serde_json::Value;
use serde_json::json;

const WHY: &str = "not a live access token";

pub(crate) fn answer(realm: &Realm, inquiry: &Inquiry) -> Reply {
    let Some(token) = inquiry.bearer() else {
        return Reply::empty(401).header("www-authenticate", "Bearer realm=\"api\"");
    };
    let ledger = realm.ledger();
    let Some((access, grant)) = ledger.live_access(token, realm.clock.now()) else {
        let challenge = format!("Bearer realm=\"api\", error=\"invalid_token\", error_description=\"{WHY}\"");
        return Reply::error(401, "invalid_token", WHY).header("www-authenticate", challenge);
    };
    let asked = &inquiry.exchange;
    let query: Value = asked.query.iter().map(|(name, value)| json!([name, value])).collect();
    let subject = grant.session.as_ref().map_or(&grant.client_id, |session| &session.subject);
    let echo = json!({
        "method": asked.method.as_str(),
        "path": asked.path,
        "query": query,
        "body": String::from_utf8_lossy(&asked.body),
        "sub": subject,
        "client_id": grant.client_id,
        "scope": access.scope,
    });
    Reply::json(200, &echo).no_store()
}
