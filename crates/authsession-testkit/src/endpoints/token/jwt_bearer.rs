//! Redeems a signed assertion of an issuer the provider trusts (RFC 7523 §2.1, §3).

use crate::assertion::Assertion;
use crate::client::Client;
use crate::endpoints::token::invalid_grant;
use crate::endpoints::token::issue::IdToken;
use crate::endpoints::token::issue::Issue;
use crate::endpoints::token::issue::answered;
use crate::endpoints::token::issue::issue;
use crate::ledger::Grant;
use crate::ledger::Session;
use crate::random::unguessable;
use crate::realm::Realm;
use crate::wire::Inquiry;
use crate::wire::Reply;

pub(crate) const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/// Without a client, the token is the issuer's own.
pub(crate) fn redeem(realm: &Realm, client: Option<&Client>, inquiry: &Inquiry) -> Result<Reply, Reply> {
    let presented =
        inquiry.form("assertion").ok_or_else(|| Reply::error(400, "invalid_request", "no assertion"))?;
    let assertion =
        Assertion::parse(presented).ok_or_else(|| invalid_grant("the assertion is not a JSON Web Token"))?;
    let issuer = assertion.text("iss").unwrap_or_default();
    let trusted = realm.settings.assertion_issuers.iter().find(|known| known.issuer() == issuer);
    let trusted = trusted.ok_or_else(|| invalid_grant("the assertion's issuer is not trusted"))?;
    let subject = match assertion.text("sub") {
        Some(subject) => subject,
        None if trusted.needs_subject() => return Err(invalid_grant("the assertion has no sub")),
        None => issuer,
    };
    assertion.check(realm, trusted.keys()).map_err(invalid_grant)?;
    let broken = |_| Reply::error(500, "server_error", "no token could be made");
    let session = Session {
        subject: subject.to_owned(),
        sid: unguessable().map_err(broken)?,
        auth_time: realm.clock.unix_seconds(),
    };
    // Some providers read the scope in the assertion, where the RFC has it beside.
    let scope = inquiry.form("scope").or_else(|| assertion.text("scope")).unwrap_or_default();
    let mut ledger = realm.ledger();
    let holder = client.map_or(issuer, Client::id);
    let grant = ledger.open_grant(Grant::of(holder, Some(session), scope));
    let asserted = Issue {
        grant,
        scope,
        lifetime: realm.settings.access_token_lifetime,
        refresh_token: false,
        id_token: IdToken::Never,
    };
    issue(realm, &mut ledger, inquiry, &asserted).map(|body| answered(&body))
}
