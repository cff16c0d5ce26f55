//! Token exchange (RFC 8693), plain and hybrid: somebody else's token for a session here.

use crate::org::books::Purpose;
use crate::org::client_authentication::Proof;
use crate::org::client_authentication::authenticate;
use crate::org::endpoint::OrgEndpoint;
use crate::org::refusal::Refusal;
use crate::org::tenant::Tenant;
use crate::random::unguessable;
use crate::wire::Inquiry;
use serde_json::Map;
use serde_json::Value;

const KINDS: [&str; 5] = ["access_token", "refresh_token", "id_token", "saml2", "jwt"];
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";
const LONGEST: usize = 10_000;

pub(crate) fn redeem(
    tenant: &Tenant,
    inquiry: &Inquiry<OrgEndpoint>,
    hybrid: bool,
) -> Result<Map<String, Value>, Refusal> {
    let app = authenticate(tenant, inquiry, Proof::AsSetUp)?;
    let named = inquiry.form("token_handler");
    let handler = tenant.settings.token_handler.as_deref();
    if handler.is_some() && named != handler {
        return Err(Refusal::TOKEN_HANDLER);
    }
    let kind = inquiry.form("subject_token_type").unwrap_or_default();
    let known =
        kind.strip_prefix("urn:ietf:params:oauth:token-type:").is_some_and(|kind| KINDS.contains(&kind));
    let presented = inquiry.form("subject_token").unwrap_or_default();
    if !known && !kind.starts_with("urn:") || presented.is_empty() || presented.len() > LONGEST {
        return Err(Refusal::SUBJECT_TOKEN);
    }
    let known = tenant.settings.subject_tokens.iter().find(|(token, _)| token == presented);
    let username = known.map(|(_, username)| username).ok_or(Refusal::AUTHENTICATION)?;
    let user = tenant.user(username).ok_or(Refusal::AUTHENTICATION)?;
    tenant.may_use(&app, &user)?;
    let scope = tenant.narrowed(&app, inquiry.form("scope"))?;
    let purpose = Purpose { username: user.username, app: app.key.clone(), scope };
    if hybrid && !purpose.is_renewable() {
        return Err(Refusal::REFRESH_SCOPE);
    }
    let approval = purpose.is_renewable().then(|| tenant.books().approve(&purpose));
    let token = tenant.log_in(&purpose, approval)?;
    let mut answer = tenant.signed_token_answer(&token, &purpose, &app);
    answer.insert("issued_token_type".into(), ACCESS_TOKEN.into());
    if let Some(approval) = approval {
        answer.insert("refresh_token".into(), tenant.refresh_token(approval)?.into());
    }
    if hybrid {
        let domain = tenant.settings.instance_url.split_once("://").map_or("", |(_, host)| host);
        answer.insert("lightning_domain".into(), domain.into());
        answer.insert("lightning_sid".into(), unguessable()?.into());
        answer.insert("csrf_token".into(), unguessable()?.into());
        answer.insert("cookie-sid_Client".into(), unguessable()?.into());
    }
    Ok(answer)
}
