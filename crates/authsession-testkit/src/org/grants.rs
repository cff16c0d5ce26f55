//! The token endpoint: which grant it is, and what all of them check.

mod authorization_code;
mod client_credentials;
mod device;
mod jwt_bearer;
mod password;
mod refresh_token;
mod token_exchange;

use crate::org::endpoint::OrgEndpoint;
use crate::org::refusal::Refusal;
use crate::org::routes::Presence;
use crate::org::tenant::Tenant;
use crate::wire::Inquiry;
use crate::wire::Reply;
use serde_json::Map;
use serde_json::Value;

const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const TOKEN_EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const HYBRID_TOKEN_EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:hybrid-token-exchange";

pub(crate) fn answer(tenant: &Tenant, inquiry: &Inquiry<OrgEndpoint>, presence: &Presence) -> Reply {
    match redeem(tenant, inquiry, presence) {
        Ok(answer) => Reply::json(200, &Value::Object(answer)).no_store(),
        Err(refusal) => refusal.reply(),
    }
}

fn redeem(
    tenant: &Tenant,
    inquiry: &Inquiry<OrgEndpoint>,
    presence: &Presence,
) -> Result<Map<String, Value>, Refusal> {
    if !inquiry.is_post() {
        return Err(Refusal::NOT_POST);
    }
    if inquiry.form("response_type") == Some("device_code") {
        return device::begin(tenant, inquiry);
    }
    match inquiry.form("grant_type").unwrap_or_default() {
        JWT_BEARER => jwt_bearer::redeem(tenant, inquiry),
        "refresh_token" => refresh_token::redeem(tenant, inquiry, presence),
        "client_credentials" => client_credentials::redeem(tenant, inquiry),
        "authorization_code" => authorization_code::redeem(tenant, inquiry),
        "password" => password::redeem(tenant, inquiry),
        TOKEN_EXCHANGE => token_exchange::redeem(tenant, inquiry, false),
        HYBRID_TOKEN_EXCHANGE => token_exchange::redeem(tenant, inquiry, true),
        "device" => device::redeem(tenant, inquiry),
        _ => Err(Refusal::GRANT_TYPE),
    }
}
