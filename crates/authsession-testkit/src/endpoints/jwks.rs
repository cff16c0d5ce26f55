//! The provider's public keys (RFC 7517 §5).

use crate::realm::Realm;
use crate::wire::Reply;

pub(crate) fn answer(realm: &Realm) -> Reply {
    if realm.settings.plain_oauth2 {
        return Reply::empty(404);
    }
    Reply::json(200, &realm.keys().jwks())
}
