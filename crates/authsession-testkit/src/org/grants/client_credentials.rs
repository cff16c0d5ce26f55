//! The client credentials flow: the app acts as the user it was given.

use crate::org::books::Purpose;
use crate::org::client_authentication::Proof;
use crate::org::client_authentication::authenticate;
use crate::org::endpoint::OrgEndpoint;
use crate::org::refusal::Refusal;
use crate::org::tenant::Tenant;
use crate::wire::Inquiry;
use serde_json::Map;
use serde_json::Value;

pub(crate) fn redeem(tenant: &Tenant, inquiry: &Inquiry<OrgEndpoint>) -> Result<Map<String, Value>, Refusal> {
    if tenant.settings.login_host && asked_at_login_host(tenant, inquiry) {
        return Err(Refusal::DOMAIN);
    }
    let app = authenticate(tenant, inquiry, Proof::Required)?;
    let run_as = app.run_as.as_deref().and_then(|username| tenant.user(username));
    let user = run_as.ok_or(Refusal::NO_RUN_AS)?;
    if !user.active {
        return Err(Refusal::INACTIVE);
    }
    let purpose = Purpose { username: user.username, app: app.key.clone(), scope: app.scopes.clone() };
    let token = tenant.log_in(&purpose, None)?;
    Ok(tenant.signed_token_answer(&token, &purpose, &app))
}

fn asked_at_login_host(tenant: &Tenant, inquiry: &Inquiry<OrgEndpoint>) -> bool {
    let host =
        |url: &str| url.split_once("://").map_or(url, |(_, rest)| rest).trim_end_matches('/').to_owned();
    inquiry.header("host") != Some(host(&tenant.settings.instance_url).as_str())
}
