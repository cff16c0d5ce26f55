//! The tokens a redeemed grant brings: made, noted in the ledger, answered (RFC 6749 §5.1, OpenID Connect Core §3.1.3.3).

use crate::keys::SigningAlgorithm;
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
use std::time::Duration;

/// Whether an ID token comes along, if the scope has `openid`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum IdToken {
    Never,
    /// With the nonce.
    First,
    /// Without it, and only if the provider renews ID tokens.
    Renewed,
}

/// What one answer brings of a grant.
pub(crate) struct Issue<'a> {
    pub(crate) grant: usize,
    pub(crate) scope: &'a str,
    pub(crate) lifetime: Duration,
    pub(crate) refresh_token: bool,
    pub(crate) id_token: IdToken,
}

/// Issues the tokens; the answer's body.
pub(crate) fn issue(
    realm: &Realm,
    ledger: &mut Ledger,
    inquiry: &Inquiry,
    issue: &Issue<'_>,
) -> Result<Value, Reply> {
    let grant = ledger.living(issue.grant).cloned().ok_or_else(broken)?;
    let access_token = new_access_token(realm, ledger, issue)?;
    let mut body = json!({ "access_token": access_token, "token_type": "Bearer", "scope": issue.scope });
    if realm.settings.expires_in_stated {
        body["expires_in"] = issue.lifetime.as_secs().into();
    }
    if issue.refresh_token {
        body["refresh_token"] = new_refresh_token(ledger, issue.grant)?.into();
    }
    let wanted = match issue.id_token {
        IdToken::Never => false,
        IdToken::First => true,
        IdToken::Renewed => realm.settings.id_token_on_refresh,
    };
    if wanted && has_scope(issue.scope, "openid") && !realm.settings.plain_oauth2 && grant.session.is_some() {
        let nonce = grant.nonce.as_deref().filter(|_| issue.id_token == IdToken::First);
        let id_token = new_id_token(realm, inquiry, &grant, issue.scope, Some(&access_token), nonce)?;
        body["id_token"] = id_token.into();
    }
    Ok(body)
}

pub(crate) fn answered(body: &Value) -> Reply {
    Reply::json(200, body).no_store()
}

pub(crate) fn new_access_token(
    realm: &Realm,
    ledger: &mut Ledger,
    issue: &Issue<'_>,
) -> Result<String, Reply> {
    let token = unguessable().map_err(|_| broken())?;
    let expires = realm.clock.now() + issue.lifetime;
    let access = Access { grant: issue.grant, scope: issue.scope.to_owned(), expires, revoked: false };
    ledger.access.insert(token.clone(), access);
    Ok(token)
}

pub(crate) fn new_refresh_token(ledger: &mut Ledger, grant: usize) -> Result<String, Reply> {
    let token = unguessable().map_err(|_| broken())?;
    ledger.refresh.insert(token.clone(), Refresh { grant, used: None });
    Ok(token)
}

/// An ID token about the grant's user, for its client.
pub(crate) fn new_id_token(
    realm: &Realm,
    inquiry: &Inquiry,
    grant: &Grant,
    scope: &str,
    access_token: Option<&str>,
    nonce: Option<&str>,
) -> Result<String, Reply> {
    let session = grant.session.as_ref().ok_or_else(broken)?;
    let now = realm.clock.unix_seconds();
    let mut claims = realm.user(&session.subject).claims_for(scope);
    claims.insert("iss".into(), realm.settings.issuer.clone().into());
    claims.insert("sub".into(), session.subject.clone().into());
    claims.insert("aud".into(), grant.client_id.clone().into());
    claims.insert("iat".into(), now.into());
    claims.insert("exp".into(), (now + realm.settings.access_token_lifetime.as_secs()).into());
    claims.insert("auth_time".into(), session.auth_time.into());
    claims.insert("sid".into(), session.sid.clone().into());
    if let Some(access_token) = access_token {
        claims.insert("at_hash".into(), half_hash(realm, access_token).into());
    }
    if realm.settings.habits.code_and_state_hashed && nonce.is_some() {
        let hashed = [("c_hash", inquiry.form("code")), ("s_hash", grant.state.as_deref())];
        for (claim, text) in hashed.into_iter().filter_map(|(claim, text)| Some((claim, text?))) {
            claims.insert(claim.into(), half_hash(realm, text).into());
        }
    }
    if let Some(nonce) = nonce {
        claims.insert("nonce".into(), nonce.into());
    }
    let secret = realm.client(&grant.client_id).map_or("", |client| client.secret());
    let forgery = realm.settings.habits.done_to_id_token(inquiry.forgery.as_ref());
    let signed = tokens::sign(&mut realm.keys(), Value::Object(claims), secret, forgery.as_ref());
    signed.map_err(|_: io::Error| broken())
}

/// `at_hash` and its kin, by the hash of the signing algorithm.
fn half_hash(realm: &Realm, text: &str) -> String {
    match realm.keys().current().algorithm {
        SigningAlgorithm::EdDsa if realm.settings.habits.sha256_for_eddsa => {
            tokens::at_hash(SigningAlgorithm::Rs256, text)
        }
        algorithm => tokens::at_hash(algorithm, text),
    }
}

pub(crate) fn has_scope(scope: &str, wanted: &str) -> bool {
    scope.split(' ').any(|one| one == wanted)
}

/// Whether every word of `wanted` is in `granted`.
pub(crate) fn within(granted: &str, wanted: &str) -> bool {
    wanted.split(' ').all(|one| has_scope(granted, one))
}

/// Whether a user's grant of this scope brings a refresh token.
pub(crate) fn is_renewable(realm: &Realm, scope: &str) -> bool {
    let offline = !realm.settings.offline_access_required || has_scope(scope, "offline_access");
    offline && realm.settings.refresh_tokens != RefreshTokens::None
}

fn broken() -> Reply {
    Reply::error(500, "server_error", "no token could be made")
}
