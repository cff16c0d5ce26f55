//! RP-initiated logout (OpenID Connect RP-Initiated Logout 1.0 §2). Grants outlive the session.

use crate::endpoints::login_page;
use crate::realm::Realm;
use crate::tokens;
use crate::wire::Inquiry;
use crate::wire::Reply;
use serde_json::Value;
use url::Url;

pub(crate) fn answer(realm: &Realm, inquiry: &Inquiry) -> Reply {
    let hint = match inquiry.parameter("id_token_hint") {
        Some(token) => match hinted(realm, token) {
            Some(claims) => Some(claims),
            None => return refused("The ID token hint is not from this provider."),
        },
        None => None,
    };
    let audience = hint.as_ref().and_then(|claims| claims.get("aud")?.as_str());
    let named = inquiry.parameter("client_id");
    if let (Some(audience), Some(named)) = (audience, named)
        && audience != named
    {
        return refused("The ID token hint was issued to another client.");
    }
    let target = match inquiry.parameter("post_logout_redirect_uri") {
        None => None,
        Some(uri) => {
            let client = named.or(audience).and_then(|id| realm.client(id));
            let accepted = client.filter(|client| client.accepts_post_logout_redirect(uri));
            match (accepted, Url::parse(uri)) {
                (Some(_), Ok(url)) => Some(url),
                _ => return refused("The place to go afterwards is not registered for this client."),
            }
        }
    };
    end(realm, inquiry, hint.as_ref().and_then(|claims| claims.get("sid")?.as_str()));
    let reply = match target {
        Some(mut url) => {
            if let Some(state) = inquiry.parameter("state") {
                url.query_pairs_mut().append_pair("state", state);
            }
            Reply::redirect(url.as_str())
        }
        None => {
            Reply::html(200, login_page::notice("Signed out", "You are signed out of the test provider."))
        }
    };
    let cookie = format!("{}=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0", realm.settings.session_cookie);
    reply.header("set-cookie", cookie)
}

fn hinted(realm: &Realm, token: &str) -> Option<Value> {
    let keys = realm.keys();
    let signed = |secret: &str| tokens::claims_signed_here(&keys, token, secret);
    realm.settings.clients.iter().find_map(|client| signed(client.secret()))
}

fn end(realm: &Realm, inquiry: &Inquiry, sid: Option<&str>) {
    let mut ledger = realm.ledger();
    if let Some(cookie) = inquiry.cookie(&realm.settings.session_cookie) {
        ledger.sessions.remove(cookie);
    }
    if let Some(sid) = sid {
        ledger.sessions.retain(|_, session| session.sid != sid);
    }
}

fn refused(why: &str) -> Reply {
    Reply::html(400, login_page::notice("This logout cannot be done", why))
}
