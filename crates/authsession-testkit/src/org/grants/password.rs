//! The username-password flow. The security token may follow the password.

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
    let app = authenticate(tenant, inquiry, Proof::Required)?;
    let user = tenant.user(inquiry.form("username").unwrap_or_default()).ok_or(Refusal::AUTHENTICATION)?;
    if !user.takes(inquiry.form("password").unwrap_or_default()) {
        return Err(Refusal::AUTHENTICATION);
    }
    if !user.active {
        return Err(Refusal::INACTIVE);
    }
    if app.admin_approved_only && !user.admin_approved {
        return Err(Refusal::APP_ACCESS);
    }
    let purpose = Purpose { username: user.username, app: app.key.clone(), scope: app.scopes.clone() };
    let token = tenant.log_in(&purpose, None)?;
    Ok(tenant.signed_token_answer(&token, &purpose, &app))
}
