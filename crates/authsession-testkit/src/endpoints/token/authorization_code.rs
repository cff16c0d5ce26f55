//! Redeems an authorization code, once (RFC 6749 §4.1.3, RFC 7636 §4.6).

use crate::client::Client;
use crate::endpoints::token::invalid_grant;
use crate::endpoints::token::issue::IdToken;
use crate::endpoints::token::issue::Issue;
use crate::endpoints::token::issue::answered;
use crate::endpoints::token::issue::is_renewable;
use crate::endpoints::token::issue::issue;
use crate::realm::Realm;
use crate::tokens;
use crate::wire::Inquiry;
use crate::wire::Reply;

pub(crate) fn redeem(realm: &Realm, client: &Client, inquiry: &Inquiry) -> Result<Reply, Reply> {
    let presented = inquiry.form("code").ok_or_else(|| Reply::error(400, "invalid_request", "no code"))?;
    let mut ledger = realm.ledger();
    let code = ledger.codes.get(presented).cloned().ok_or_else(|| invalid_grant("no such code"))?;
    if code.used {
        ledger.kill(code.grant);
        return Err(invalid_grant("the code was used before; all it brought is revoked"));
    }
    if let Some(code) = ledger.codes.get_mut(presented) {
        code.used = true;
    }
    let grant = ledger.living(code.grant).cloned().ok_or_else(|| invalid_grant("the grant was revoked"))?;
    if grant.client_id != client.id() {
        return Err(invalid_grant("the code was issued to another client"));
    }
    if code.expires <= realm.clock.now() {
        return Err(invalid_grant("the code has expired"));
    }
    match inquiry.form("redirect_uri") {
        Some(stated) if stated == code.redirect_uri => {}
        _ => return Err(invalid_grant("redirect_uri is not the one of the authorization request")),
    }
    match (&code.challenge, inquiry.form("code_verifier")) {
        (Some(challenge), Some(verifier)) if tokens::s256(verifier) == *challenge => {}
        (None, None) => {}
        _ => return Err(invalid_grant("code_verifier does not match the code challenge")),
    }
    let first = Issue {
        grant: code.grant,
        scope: &grant.scope,
        lifetime: realm.settings.access_token_lifetime,
        refresh_token: grant.offline && is_renewable(realm, &grant.scope),
        id_token: IdToken::First,
    };
    issue(realm, &mut ledger, inquiry, &first).map(|body| answered(&body))
}
