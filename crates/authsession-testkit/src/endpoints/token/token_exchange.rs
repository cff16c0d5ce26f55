//! Exchanges a living token of this provider for another one (RFC 8693).

use crate::client::Client;
use crate::endpoints::token::issue::IdToken;
use crate::endpoints::token::issue::Issue;
use crate::endpoints::token::issue::answered;
use crate::endpoints::token::issue::issue;
use crate::endpoints::token::issue::new_id_token;
use crate::endpoints::token::issue::new_refresh_token;
use crate::endpoints::token::issue::within;
use crate::ledger::Grant;
use crate::ledger::Session;
use crate::realm::Realm;
use crate::tokens;
use crate::wire::Inquiry;
use crate::wire::Reply;
use serde_json::Value;
use serde_json::json;
use url::Url;

pub(crate) const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";

const ACCESS: &str = "urn:ietf:params:oauth:token-type:access_token";
const REFRESH: &str = "urn:ietf:params:oauth:token-type:refresh_token";
const ID: &str = "urn:ietf:params:oauth:token-type:id_token";
const JWT: &str = "urn:ietf:params:oauth:token-type:jwt";

pub(crate) fn redeem(realm: &Realm, client: &Client, inquiry: &Inquiry) -> Result<Reply, Reply> {
    let subject = party(realm, client, inquiry, ["subject_token", "subject_token_type"])?
        .ok_or_else(|| invalid_request("no subject_token"))?;
    party(realm, client, inquiry, ["actor_token", "actor_token_type"])?;
    let audience = targets(realm, inquiry)?;
    let scope = inquiry.form("scope").unwrap_or(&subject.scope);
    if !within(&subject.scope, scope) {
        return Err(Reply::error(400, "invalid_scope", "more than the subject token has"));
    }
    let wanted = inquiry.form("requested_token_type").unwrap_or(ACCESS);
    if wanted == ID && subject.session.is_none() {
        return Err(invalid_request("there is no user an ID token could be about"));
    }
    let mut ledger = realm.ledger();
    let grant = Grant { audience, ..Grant::of(client.id(), subject.session, scope) };
    let id = ledger.open_grant(grant.clone());
    let mut body = match wanted {
        ACCESS => {
            let exchanged = Issue {
                grant: id,
                scope,
                lifetime: realm.settings.access_token_lifetime,
                refresh_token: false,
                id_token: IdToken::Never,
            };
            issue(realm, &mut ledger, inquiry, &exchanged)?
        }
        // What is no access token still comes in that member (RFC 8693 §2.2.1).
        REFRESH => bare(&new_refresh_token(&mut ledger, id)?),
        ID => bare(&new_id_token(realm, inquiry, &grant, scope, None, None)?),
        _ => return Err(invalid_request("no token of the requested type is issued")),
    };
    body["issued_token_type"] = wanted.into();
    Ok(answered(&body))
}

fn bare(token: &str) -> Value {
    json!({ "access_token": token, "token_type": "N_A" })
}

/// What a token presented stands for.
struct Party {
    session: Option<Session>,
    scope: String,
}

/// Whom the token in the first of these members stands for, the second being its type; none if it is not there.
fn party(
    realm: &Realm,
    client: &Client,
    inquiry: &Inquiry,
    [token, kind]: [&str; 2],
) -> Result<Option<Party>, Reply> {
    let Some(presented) = inquiry.form(token) else {
        return match inquiry.form(kind) {
            Some(_) => Err(invalid_request("a token's type without the token")),
            None => Ok(None),
        };
    };
    let of = |grant: &Grant, scope: &str| Party { session: grant.session.clone(), scope: scope.to_owned() };
    let ledger = realm.ledger();
    let found = match inquiry.form(kind).ok_or_else(|| invalid_request("a token without its type"))? {
        ACCESS => {
            let live = ledger.live_access(presented, realm.clock.now());
            live.map(|(access, grant)| of(grant, &access.scope))
        }
        REFRESH => {
            let own = ledger.live_refresh(presented).filter(|grant| grant.client_id == client.id());
            own.map(|grant| of(grant, &grant.scope))
        }
        ID | JWT => about(realm, presented),
        _ => return Err(invalid_request("tokens of that type are not known here")),
    };
    // RFC 8693 §2.2.2: a token that is not valid makes the request invalid.
    found.map(Some).ok_or_else(|| invalid_request("the token is not a living one of this provider"))
}

/// Whom an ID token of this provider is about.
fn about(realm: &Realm, token: &str) -> Option<Party> {
    let keys = realm.keys();
    let signed = |client: &Client| tokens::claims_signed_here(&keys, token, client.secret());
    let claims = realm.settings.clients.iter().find_map(signed)?;
    let text = |claim: &str| Some(claims.get(claim)?.as_str()?.to_owned());
    if claims.get("exp")?.as_u64()? <= realm.clock.unix_seconds() || text("iss")? != realm.settings.issuer {
        return None;
    }
    let auth_time = claims.get("auth_time").and_then(Value::as_u64).unwrap_or_default();
    let session = Session { subject: text("sub")?, sid: text("sid").unwrap_or_default(), auth_time };
    Some(Party { session: Some(session), scope: "openid profile email".to_owned() })
}

/// The audiences and resources asked for, all of them known here.
fn targets(realm: &Realm, inquiry: &Inquiry) -> Result<Vec<String>, Reply> {
    let known = &realm.settings.audiences;
    let mut targets = Vec::new();
    for (name, value) in &inquiry.exchange.form {
        let is_resource = name == "resource";
        if name != "audience" && !is_resource {
            continue;
        }
        let is_absolute = Url::parse(value).is_ok_and(|url| url.fragment().is_none());
        let accepted = known.is_empty() || known.contains(value) || realm.client(value).is_some();
        if !accepted || (is_resource && !is_absolute) {
            return Err(Reply::error(400, "invalid_target", "nothing of that name is known here"));
        }
        targets.push(value.clone());
    }
    Ok(targets)
}

fn invalid_request(why: &str) -> Reply {
    Reply::error(400, "invalid_request", why)
}
