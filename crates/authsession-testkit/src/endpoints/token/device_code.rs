//! A device asks whether its user has decided (RFC 8628 §3.4, §3.5).

use crate::client::Client;
use crate::endpoints::token::invalid_grant;
use crate::endpoints::token::issue::IdToken;
use crate::endpoints::token::issue::Issue;
use crate::endpoints::token::issue::answered;
use crate::endpoints::token::issue::is_renewable;
use crate::endpoints::token::issue::issue;
use crate::ledger::Grant;
use crate::ledger::Verdict;
use crate::realm::Realm;
use crate::wire::Inquiry;
use crate::wire::Reply;
use std::time::Duration;

pub(crate) const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// What `slow_down` adds to the interval.
const SLOWER: Duration = Duration::from_secs(5);

pub(crate) fn redeem(realm: &Realm, client: &Client, inquiry: &Inquiry) -> Result<Reply, Reply> {
    let presented =
        inquiry.form("device_code").ok_or_else(|| Reply::error(400, "invalid_request", "no device_code"))?;
    let now = realm.clock.now();
    let mut ledger = realm.ledger();
    let device = ledger.devices.get_mut(presented).ok_or_else(|| invalid_grant("no such device code"))?;
    if device.client_id != client.id() {
        return Err(invalid_grant("the device code was issued to another client"));
    }
    if device.expires <= now {
        return Err(Reply::error(400, "expired_token", "the device code has expired"));
    }
    let due = device.polled.replace(now).map(|polled| polled + device.interval);
    if realm.settings.device_pace_enforced && due.is_some_and(|due| now < due) {
        device.interval += SLOWER;
        return Err(Reply::error(400, "slow_down", "polled before the interval was over"));
    }
    let (scope, session) = match &device.verdict {
        Verdict::Pending => return Err(Reply::error(400, "authorization_pending", "not decided yet")),
        Verdict::Denied => return Err(Reply::error(400, "access_denied", "the user said no")),
        Verdict::Redeemed => return Err(invalid_grant("the device code was used before")),
        Verdict::Approved(session) => (device.scope.clone(), session.clone()),
    };
    device.verdict = Verdict::Redeemed;
    let grant = ledger.open_grant(Grant::of(client.id(), Some(session), &scope));
    let first = Issue {
        grant,
        scope: &scope,
        lifetime: realm.settings.access_token_lifetime,
        refresh_token: is_renewable(realm, &scope),
        id_token: IdToken::First,
    };
    issue(realm, &mut ledger, inquiry, &first).map(|body| answered(&body))
}
