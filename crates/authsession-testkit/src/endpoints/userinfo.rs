//! Claims about the user an access token stands for (OpenID Connect Core §5.3, RFC 6750 §3).

use crate::realm::Realm;
use crate::tokens;
use crate::wire::Inquiry;
use crate::wire::Reply;
use serde_json::Value;

pub(crate) fn answer(realm: &Realm, inquiry: &Inquiry) -> Reply {
    let Some(token) = inquiry.bearer() else {
        return Reply::empty(401).header("www-authenticate", "Bearer realm=\"provider\"");
    };
    let ledger = realm.ledger();
    let live = ledger.live_access(token, realm.clock.now());
    let user = live.and_then(|(access, grant)| Some((access, grant, grant.session.as_ref()?)));
    let Some((access, grant, session)) = user else {
        if let Some(status) = realm.settings.habits.userinfo_refusal {
            return Reply::error(status, "invalid_token", "not a live access token");
        }
        let challenge = "Bearer realm=\"provider\", error=\"invalid_token\", error_description=\"not a live access token\"";
        return Reply::error(401, "invalid_token", "not a live access token")
            .header("www-authenticate", challenge);
    };
    let mut claims = realm.user(&session.subject).claims_for(&access.scope);
    claims.insert("sub".into(), session.subject.clone().into());
    if realm.settings.habits.userinfo_signed {
        claims.insert("iss".into(), realm.settings.issuer.clone().into());
        claims.insert("aud".into(), grant.client_id.clone().into());
        let secret = realm.client(&grant.client_id).map_or("", |client| client.secret());
        let signed = tokens::sign(&mut realm.keys(), Value::Object(claims), secret, None);
        return match signed {
            Ok(token) => Reply::text(200, "application/jwt", token).no_store(),
            Err(_) => Reply::error(500, "server_error", "no answer could be signed"),
        };
    }
    Reply::json(200, &Value::Object(claims)).no_store()
}
