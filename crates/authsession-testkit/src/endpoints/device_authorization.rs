//! A device asks for a user code (RFC 8628 §3.1, §3.2).

use crate::endpoint::Endpoint;
use crate::endpoints::client_authentication::authenticate;
use crate::ledger::Device;
use crate::ledger::Verdict;
use crate::random::unguessable;
use crate::random::user_code;
use crate::realm::Realm;
use crate::wire::Inquiry;
use crate::wire::Reply;
use serde_json::json;

pub(crate) fn answer(realm: &Realm, inquiry: &Inquiry) -> Reply {
    let client = match authenticate(realm, inquiry) {
        Ok(client) => client,
        Err(refusal) => return refusal,
    };
    let (Ok(device_code), Ok(user_code)) = (unguessable(), user_code()) else {
        return Reply::error(500, "server_error", "no code could be made");
    };
    let settings = &realm.settings;
    let device = Device {
        client_id: client.id().to_owned(),
        user_code: user_code.clone(),
        scope: inquiry.form("scope").unwrap_or_default().to_owned(),
        expires: realm.clock.now() + settings.device_code_lifetime,
        interval: settings.device_interval,
        polled: None,
        verdict: Verdict::Pending,
    };
    realm.ledger().devices.insert(device_code.clone(), device);
    let page = realm.url(Endpoint::DeviceVerification);
    let body = json!({
        "device_code": device_code,
        "user_code": user_code,
        "verification_uri": page,
        "verification_uri_complete": format!("{page}?user_code={user_code}"),
        "expires_in": settings.device_code_lifetime.as_secs(),
        "interval": settings.device_interval.as_secs(),
    });
    Reply::json(200, &body).no_store()
}
