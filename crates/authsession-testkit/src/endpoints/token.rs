//! The token endpoint: redeems codes, refresh tokens and client credentials (RFC 6749 §3.2, RFC 7636 §4.6).

use crate::client::Client;
use crate::endpoints::client_authentication::authenticate;
use crate::ledger::Access;
use crate::ledger::Grant;
use crate::ledger::Ledger;
use crate::ledger::Refresh;
use crate::ledger::RefreshTokens;
use crate::random::unguessable;
use crate::realm::Realm;
use crate::tokens;
use crate::wire::Inquiry;
use crate::wire::Reply;
use serde_json::Value;
use serde_json::json;
use std::io;

pub(crate) fn answer(realm: &Realm, inquiry: &Inquiry) -> Reply {
    let client = match authenticate(realm, inquiry) {
        Ok(client) => client,
        Err(refusal) => return refusal,
    };
    let answered = match inquiry.form("grant_type") {
        Some("authorization_code") => authorization_code(realm, client, inquiry),
        Some("refresh_token") => refresh_token(realm, client, inquiry),
        Some("client_credentials") => client_credentials(realm, client, inquiry),
        Some(_) => Err(Reply::error(400, "unsupported_grant_type", "not one of the three supported")),
        None => Err(Reply::error(400, "invalid_request", "no grant_type")),
    };
    answered.unwrap_or_else(|refusal| refusal)
}

fn invalid_grant(why: &str) -> Reply {
    Reply::error(400, "invalid_grant", why)
}

fn authorization_code(realm: &Realm, client: &Client, inquiry: &Inquiry) -> Result<Reply, Reply> {
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
    let offline = !realm.settings.offline_access_required || has_scope(&grant.scope, "offline_access");
    let renewable = offline && realm.settings.refresh_tokens != RefreshTokens::None;
    let fresh = Issue { grant_id: code.grant, scope: &grant.scope, refresh_token: renewable, first: true };
    issue(realm, &mut ledger, client, &grant, &fresh, inquiry)
}

fn refresh_token(realm: &Realm, client: &Client, inquiry: &Inquiry) -> Result<Reply, Reply> {
    let presented = inquiry
        .form("refresh_token")
        .ok_or_else(|| Reply::error(400, "invalid_request", "no refresh_token"))?;
    let mut ledger = realm.ledger();
    let refresh =
        ledger.refresh.get(presented).cloned().ok_or_else(|| invalid_grant("no such refresh token"))?;
    let grant =
        ledger.living(refresh.grant).cloned().ok_or_else(|| invalid_grant("the grant was revoked"))?;
    if grant.client_id != client.id() {
        return Err(invalid_grant("the refresh token was issued to another client"));
    }
    if refresh.used {
        if realm.settings.refresh_tokens == RefreshTokens::RotatingWithReuseDetection {
            ledger.kill(refresh.grant);
        }
        return Err(invalid_grant("the refresh token was used before"));
    }
    let scope = inquiry.form("scope").unwrap_or(&grant.scope);
    if !scope.split(' ').all(|one| has_scope(&grant.scope, one)) {
        return Err(Reply::error(400, "invalid_scope", "more than was granted"));
    }
    let rotates = realm.settings.refresh_tokens != RefreshTokens::Static;
    if let Some(refresh) = ledger.refresh.get_mut(presented) {
        refresh.used = rotates;
    }
    let next = Issue { grant_id: refresh.grant, scope, refresh_token: rotates, first: false };
    issue(realm, &mut ledger, client, &grant, &next, inquiry)
}

fn client_credentials(realm: &Realm, client: &Client, inquiry: &Inquiry) -> Result<Reply, Reply> {
    if client.secret().is_empty() {
        return Err(Reply::error(400, "unauthorized_client", "a public client cannot act as itself"));
    }
    let scope = inquiry.form("scope").unwrap_or_default();
    let grant = Grant {
        client_id: client.id().to_owned(),
        session: None,
        scope: scope.to_owned(),
        nonce: None,
        alive: true,
    };
    let mut ledger = realm.ledger();
    let grant_id = ledger.open_grant(grant.clone());
    issue(
        realm,
        &mut ledger,
        client,
        &grant,
        &Issue { grant_id, scope, refresh_token: false, first: true },
        inquiry,
    )
}

struct Issue<'a> {
    grant_id: usize,
    scope: &'a str,
    refresh_token: bool,
    first: bool,
}

fn issue(
    realm: &Realm,
    ledger: &mut Ledger,
    client: &Client,
    grant: &Grant,
    issue: &Issue<'_>,
    inquiry: &Inquiry,
) -> Result<Reply, Reply> {
    let broken = |_: io::Error| Reply::error(500, "server_error", "no token could be made");
    let access_token = unguessable().map_err(broken)?;
    let expires = realm.clock.now() + realm.settings.access_token_lifetime;
    let access = Access { grant: issue.grant_id, scope: issue.scope.to_owned(), expires, revoked: false };
    ledger.access.insert(access_token.clone(), access);
    let mut body = json!({
        "access_token": access_token,
        "token_type": "Bearer",
        "expires_in": realm.settings.access_token_lifetime.as_secs(),
        "scope": issue.scope,
    });
    if issue.refresh_token {
        let refresh_token = unguessable().map_err(broken)?;
        ledger.refresh.insert(refresh_token.clone(), Refresh { grant: issue.grant_id, used: false });
        body["refresh_token"] = refresh_token.into();
    }
    let wanted = issue.first || realm.settings.id_token_on_refresh;
    if wanted
        && !realm.settings.plain_oauth2
        && has_scope(issue.scope, "openid")
        && let Some(claims) = id_token_claims(realm, client, grant, issue, &access_token)
    {
        let forgery = inquiry.forgery.as_ref();
        let id_token = tokens::sign(&mut realm.keys(), claims, client.secret(), forgery).map_err(broken)?;
        body["id_token"] = id_token.into();
    }
    Ok(Reply::json(200, &body).no_store())
}

fn id_token_claims(
    realm: &Realm,
    client: &Client,
    grant: &Grant,
    issue: &Issue<'_>,
    access_token: &str,
) -> Option<Value> {
    let session = grant.session.as_ref()?;
    let now = realm.clock.unix_seconds();
    let mut claims = realm.user(&session.subject).claims_for(issue.scope);
    claims.insert("iss".into(), realm.settings.issuer.clone().into());
    claims.insert("sub".into(), session.subject.clone().into());
    claims.insert("aud".into(), client.id().into());
    claims.insert("iat".into(), now.into());
    claims.insert("exp".into(), (now + realm.settings.access_token_lifetime.as_secs()).into());
    claims.insert("auth_time".into(), session.auth_time.into());
    claims.insert("sid".into(), session.sid.clone().into());
    let algorithm = realm.keys().current().algorithm;
    claims.insert("at_hash".into(), tokens::at_hash(algorithm, access_token).into());
    if let Some(nonce) = grant.nonce.clone().filter(|_| issue.first) {
        claims.insert("nonce".into(), nonce.into());
    }
    Some(Value::Object(claims))
}

pub(crate) fn has_scope(scope: &str, wanted: &str) -> bool {
    scope.split(' ').any(|one| one == wanted)
}
