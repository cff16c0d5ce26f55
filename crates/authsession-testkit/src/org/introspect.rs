//! Token introspection (RFC 7662), for apps that prove who they are.

use crate::org::client_authentication::Proof;
use crate::org::client_authentication::authenticate;
use crate::org::endpoint::OrgEndpoint;
use crate::org::tenant::Tenant;
use crate::wire::Inquiry;
use crate::wire::Reply;
use serde_json::json;
use std::time::SystemTime;
use std::time::UNIX_EPOCH;

pub(crate) fn answer(tenant: &Tenant, inquiry: &Inquiry<OrgEndpoint>) -> Reply {
    if let Err(refusal) = authenticate(tenant, inquiry, Proof::Required) {
        return refusal.reply();
    }
    let token = inquiry.form("token").unwrap_or_default();
    let (now, timeout) = (tenant.clock.now(), tenant.settings.session_timeout);
    let books = tenant.books();
    let session = books.live(token, now, timeout);
    let (purpose, kind) = match (session, books.renewable(token)) {
        (Some(session), _) => (session.purpose.clone(), "access_token"),
        (None, Some((_, approval))) => (approval.purpose.clone(), "refresh_token"),
        (None, None) => return Reply::json(200, &json!({ "active": false })).no_store(),
    };
    let times = session.map(|session| (seconds(session.opened), seconds(session.last_used + timeout)));
    drop(books);
    let mut body = json!({
        "active": true,
        "scope": purpose.scope,
        "client_id": purpose.app,
        "username": purpose.username,
        "sub": tenant.identity_url(&purpose.username),
        "token_type": kind,
    });
    if let Some((opened, ends)) = times {
        body["iat"] = opened.into();
        body["nbf"] = opened.into();
        body["exp"] = ends.into();
    }
    Reply::json(200, &body).no_store()
}

fn seconds(at: SystemTime) -> u64 {
    at.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
