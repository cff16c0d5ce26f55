//! Token revocation (RFC 7009): a refresh token takes its whole grant along, an access token only itself.

use crate::endpoints::client_authentication::authenticate;
use crate::realm::Realm;
use crate::wire::Inquiry;
use crate::wire::Reply;

pub(crate) fn answer(realm: &Realm, inquiry: &Inquiry) -> Reply {
    let client = match authenticate(realm, inquiry) {
        Ok(client) => client,
        Err(refusal) => return refusal,
    };
    let Some(token) = inquiry.form("token") else {
        return Reply::error(400, "invalid_request", "no token");
    };
    let mut ledger = realm.ledger();
    let refresh = ledger.refresh.get(token).map(|refresh| refresh.grant);
    let access = ledger.access.get(token).map(|access| access.grant);
    let owned = |grant: usize| ledger.grants.get(grant).is_some_and(|grant| grant.client_id == client.id());
    match (refresh.filter(|grant| owned(*grant)), access.filter(|grant| owned(*grant))) {
        (Some(grant), _) if realm.settings.habits.revocation_spares_access_tokens => {
            ledger.end_refreshing(grant);
        }
        (Some(grant), _) => ledger.kill(grant),
        (None, Some(_)) => {
            if let Some(access) = ledger.access.get_mut(token) {
                access.revoked = true;
            }
        }
        (None, None) => {}
    }
    Reply::empty(200).no_store()
}
