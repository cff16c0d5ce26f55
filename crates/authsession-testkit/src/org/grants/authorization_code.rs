//! The web server flow: a code for a session, and a refresh token if the scope has one.

use crate::org::client_authentication::Proof;
use crate::org::client_authentication::authenticate;
use crate::org::endpoint::OrgEndpoint;
use crate::org::refusal::Refusal;
use crate::org::tenant::Tenant;
use crate::tokens::s256;
use crate::wire::Inquiry;
use serde_json::Map;
use serde_json::Value;

pub(crate) fn redeem(tenant: &Tenant, inquiry: &Inquiry<OrgEndpoint>) -> Result<Map<String, Value>, Refusal> {
    let app = authenticate(tenant, inquiry, Proof::AsSetUp)?;
    let presented = inquiry.form("code").unwrap_or_default();
    let code = tenant.books().codes.remove(presented).ok_or(Refusal::EXPIRED_CODE)?;
    if code.purpose.app != app.key || code.expires <= tenant.clock.now() {
        return Err(Refusal::EXPIRED_CODE);
    }
    if inquiry.form("redirect_uri") != Some(code.redirect_uri.as_str()) {
        return Err(Refusal::REDIRECT);
    }
    if let Some(challenge) = &code.challenge
        && inquiry.form("code_verifier").map(s256).as_ref() != Some(challenge)
    {
        return Err(Refusal::VERIFIER);
    }
    let user = tenant.user(&code.purpose.username).ok_or(Refusal::AUTHENTICATION)?;
    tenant.may_use(&app, &user)?;
    let renewable = code.purpose.is_renewable();
    let approval = renewable.then(|| tenant.books().approve(&code.purpose));
    let token = tenant.log_in(&code.purpose, approval)?;
    let mut answer = tenant.signed_token_answer(&token, &code.purpose, &app);
    if let Some(approval) = approval {
        answer.insert("refresh_token".into(), tenant.refresh_token(approval)?.into());
    }
    let forgery = inquiry.forgery.as_ref();
    if let Some(id_token) = tenant.id_token(&token, &code.purpose, code.nonce.as_deref(), forgery)? {
        answer.insert("id_token".into(), id_token.into());
    }
    Ok(answer)
}
