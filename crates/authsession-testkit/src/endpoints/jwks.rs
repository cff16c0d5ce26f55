//! The provider's public keys (RFC 7517 §5).

use crate::realm::Realm;
use crate::wire::Reply;
use serde_json::Value;

pub(crate) fn answer(realm: &Realm) -> Reply {
    if realm.settings.plain_oauth2 {
        return Reply::empty(404);
    }
    let mut set = realm.keys().jwks();
    if let (true, Some(keys)) = (realm.settings.habits.key_ids_withheld, set["keys"].as_array_mut()) {
        keys.iter_mut().filter_map(Value::as_object_mut).for_each(|key| drop(key.remove("kid")));
    }
    Reply::json(200, &set)
}
