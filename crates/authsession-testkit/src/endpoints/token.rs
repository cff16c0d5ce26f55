//! The token endpoint: who asks, and which grant is presented (RFC 6749 §3.2).

mod authorization_code;
mod client_credentials;
mod device_code;
pub(crate) mod issue;
mod jwt_bearer;
mod refresh_token;
mod reuse;
mod token_exchange;

use crate::endpoints::client_authentication::authenticate;
use crate::endpoints::client_authentication::is_attempted;
use crate::habits::SQL;
use crate::realm::Realm;
use crate::wire::Inquiry;
use crate::wire::Reply;

/// Every `grant_type` redeemed here.
pub(crate) const GRANT_TYPES: [&str; 6] = [
    "authorization_code",
    "refresh_token",
    "client_credentials",
    jwt_bearer::GRANT_TYPE,
    token_exchange::GRANT_TYPE,
    device_code::GRANT_TYPE,
];

pub(crate) fn answer(realm: &Realm, inquiry: &Inquiry) -> Reply {
    let habits = &realm.settings.habits;
    let now = realm.clock.unix_seconds();
    if habits.one_token_a_second && realm.ledger().issued_at == Some(now) {
        return Reply::error(500, "internal_server_error", SQL);
    }
    match redeem(realm, inquiry) {
        Ok(reply) => {
            realm.ledger().issued_at = Some(now);
            habits.issued(reply)
        }
        Err(refusal) => habits.refused(inquiry, refusal),
    }
}

fn redeem(realm: &Realm, inquiry: &Inquiry) -> Result<Reply, Reply> {
    let grant_type = inquiry.form("grant_type");
    // An assertion speaks for itself (RFC 7521 §4.1).
    if grant_type == Some(jwt_bearer::GRANT_TYPE) && inquiry.is_post() && !is_attempted(inquiry) {
        return jwt_bearer::redeem(realm, None, inquiry);
    }
    let client = authenticate(realm, inquiry)?;
    match grant_type {
        Some("authorization_code") => authorization_code::redeem(realm, client, inquiry),
        Some("refresh_token") => refresh_token::redeem(realm, client, inquiry),
        Some("client_credentials") => client_credentials::redeem(realm, client, inquiry),
        Some(jwt_bearer::GRANT_TYPE) => jwt_bearer::redeem(realm, Some(client), inquiry),
        Some(token_exchange::GRANT_TYPE) => token_exchange::redeem(realm, client, inquiry),
        Some(device_code::GRANT_TYPE) => device_code::redeem(realm, client, inquiry),
        Some(_) => Err(Reply::error(400, "unsupported_grant_type", "not one of those supported")),
        None => Err(Reply::error(400, "invalid_request", "no grant_type")),
    }
}

fn invalid_grant(why: &str) -> Reply {
    Reply::error(400, "invalid_grant", why)
}
