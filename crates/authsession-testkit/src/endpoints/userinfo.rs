//! Claims about the user an access token stands for (OpenID Connect Core §5.3, RFC 6750 §3).

use crate::realm::Realm;
use crate::wire::Inquiry;
use crate::wire::Reply;
use serde_json::Value;

pub(crate) fn answer(realm: &Realm, inquiry: &Inquiry) -> Reply {
    let Some(token) = inquiry.bearer() else {
        return Reply::empty(401).header("www-authenticate", "Bearer realm=\"provider\"");
    };
    let ledger = realm.ledger();
    let live = ledger.live_access(token, realm.clock.now());
    let Some((access, session)) = live.and_then(|(access, grant)| Some((access, grant.session.as_ref()?)))
    else {
        let challenge = "Bearer realm=\"provider\", error=\"invalid_token\", error_description=\"not a live access token\"";
        return Reply::error(401, "invalid_token", "not a live access token")
            .header("www-authenticate", challenge);
    };
    let mut claims = realm.user(&session.subject).claims_for(&access.scope);
    claims.insert("sub".into(), session.subject.clone().into());
    Reply::json(200, &Value::Object(claims)).no_store()
}
