//! The JWT bearer flow (RFC 7523 §2.1). The answer has no time, no signature and no refresh token.

use crate::org::assertion::Assertion;
use crate::org::books::Purpose;
use crate::org::client_authentication::admitted;
use crate::org::endpoint::OrgEndpoint;
use crate::org::refusal::Refusal;
use crate::org::tenant::Tenant;
use crate::wire::Inquiry;
use serde_json::Map;
use serde_json::Value;

pub(crate) fn redeem(tenant: &Tenant, inquiry: &Inquiry<OrgEndpoint>) -> Result<Map<String, Value>, Refusal> {
    let presented = inquiry.form("assertion").unwrap_or_default();
    let assertion = Assertion::parse(presented).ok_or(Refusal::INVALID_ASSERTION)?;
    let app = admitted(tenant, assertion.text("iss").unwrap_or_default())?;
    assertion.check(tenant, &app)?;
    let user = tenant.user(assertion.text("sub").unwrap_or_default()).ok_or(Refusal::NOT_APPROVED)?;
    tenant.may_use(&app, &user)?;
    let purpose = Purpose { username: user.username, app: app.key, scope: app.scopes };
    let token = tenant.log_in(&purpose, None)?;
    Ok(tenant.token_answer(&token, &purpose))
}
