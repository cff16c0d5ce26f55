//! A client acting as itself (RFC 6749 §4.4).

use crate::client::Client;
use crate::endpoints::token::issue::IdToken;
use crate::endpoints::token::issue::Issue;
use crate::endpoints::token::issue::answered;
use crate::endpoints::token::issue::issue;
use crate::ledger::Grant;
use crate::realm::Realm;
use crate::wire::Inquiry;
use crate::wire::Reply;

pub(crate) fn redeem(realm: &Realm, client: &Client, inquiry: &Inquiry) -> Result<Reply, Reply> {
    if !client.is_confidential() {
        return Err(Reply::error(400, "unauthorized_client", "a public client cannot act as itself"));
    }
    let scope = inquiry.form("scope").unwrap_or_default();
    let mut ledger = realm.ledger();
    let grant = ledger.open_grant(Grant::of(client.id(), None, scope));
    let as_itself = Issue {
        grant,
        scope,
        lifetime: realm.settings.client_credentials_lifetime,
        refresh_token: false,
        id_token: IdToken::Never,
    };
    issue(realm, &mut ledger, inquiry, &as_itself).map(|body| answered(&body))
}
