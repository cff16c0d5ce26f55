//! Redeems a refresh token, by the provider's policy (RFC 6749 §6, RFC 9700 §4.14.2).

use crate::client::Client;
use crate::endpoints::token::invalid_grant;
use crate::endpoints::token::issue::IdToken;
use crate::endpoints::token::issue::Issue;
use crate::endpoints::token::issue::answered;
use crate::endpoints::token::issue::issue;
use crate::endpoints::token::issue::within;
use crate::endpoints::token::reuse;
use crate::ledger::RefreshTokens;
use crate::realm::Realm;
use crate::wire::Inquiry;
use crate::wire::Reply;

pub(crate) fn redeem(realm: &Realm, client: &Client, inquiry: &Inquiry) -> Result<Reply, Reply> {
    let presented = inquiry
        .form("refresh_token")
        .ok_or_else(|| Reply::error(400, "invalid_request", "no refresh_token"))?;
    let mut ledger = realm.ledger();
    let refresh =
        ledger.refresh.get(presented).cloned().ok_or_else(|| invalid_grant("no such refresh token"))?;
    let grant =
        ledger.refreshable(refresh.grant).cloned().ok_or_else(|| invalid_grant("the grant was revoked"))?;
    if grant.client_id != client.id() {
        return Err(invalid_grant("the refresh token was issued to another client"));
    }
    if let Some(used_at) = refresh.used {
        reuse::judge(realm, &mut ledger, refresh.grant, used_at)?;
    }
    let scope = inquiry.form("scope").unwrap_or(&grant.scope);
    if !within(&grant.scope, scope) {
        return Err(Reply::error(400, "invalid_scope", "more than was granted"));
    }
    let rotates = realm.settings.refresh_tokens != RefreshTokens::Static;
    if let Some(refresh) = ledger.refresh.get_mut(presented).filter(|_| rotates) {
        refresh.used.get_or_insert(realm.clock.now());
    }
    if realm.settings.habits.refresh_ends_access_tokens {
        ledger.revoke_access_tokens(refresh.grant);
    }
    let next = Issue {
        grant: refresh.grant,
        scope,
        lifetime: realm.settings.access_token_lifetime,
        refresh_token: rotates,
        id_token: IdToken::Renewed,
    };
    issue(realm, &mut ledger, inquiry, &next).map(|body| answered(&body))
}
