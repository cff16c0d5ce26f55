//! The device flow: `response_type=device_code` begins it, `grant_type=device` asks whether it was approved.

use crate::org::books::Decision;
use crate::org::books::Device;
use crate::org::books::Purpose;
use crate::org::client_authentication::admitted;
use crate::org::endpoint::OrgEndpoint;
use crate::org::refusal::Refusal;
use crate::org::tenant::Tenant;
use crate::random::unguessable;
use crate::wire::Inquiry;
use serde_json::Map;
use serde_json::Value;
use std::time::Duration;

const LIFETIME: Duration = Duration::from_secs(600);
const INTERVAL: Duration = Duration::from_secs(5);

pub(crate) fn begin(tenant: &Tenant, inquiry: &Inquiry<OrgEndpoint>) -> Result<Map<String, Value>, Refusal> {
    let app = admitted(tenant, inquiry.form("client_id").unwrap_or_default())?;
    let scope = tenant.narrowed(&app, inquiry.form("scope"))?;
    let (code, random) = (unguessable()?, unguessable()?.to_ascii_uppercase());
    let user_code: String = random.chars().filter(char::is_ascii_alphanumeric).take(8).collect();
    let mut answer = Map::new();
    answer.insert("device_code".into(), code.clone().into());
    answer.insert("user_code".into(), user_code.clone().into());
    answer.insert("verification_uri".into(), format!("{}/setup/connect", tenant.settings.url).into());
    answer.insert("interval".into(), INTERVAL.as_secs().into());
    let expires = tenant.clock.now() + LIFETIME;
    let device = Device { app: app.key, scope, user_code, decision: Decision::Pending, expires, asked: None };
    tenant.books().devices.insert(code, device);
    Ok(answer)
}

pub(crate) fn redeem(tenant: &Tenant, inquiry: &Inquiry<OrgEndpoint>) -> Result<Map<String, Value>, Refusal> {
    let app = admitted(tenant, inquiry.form("client_id").unwrap_or_default())?;
    let purpose = approved(tenant, inquiry.form("code").unwrap_or_default(), &app.key)?;
    let user = tenant.user(&purpose.username).ok_or(Refusal::AUTHENTICATION)?;
    tenant.books().approved.insert((user.username.clone(), app.key.clone()));
    tenant.may_use(&app, &user)?;
    let approval = purpose.is_renewable().then(|| tenant.books().approve(&purpose));
    let token = tenant.log_in(&purpose, approval)?;
    let mut answer = tenant.signed_token_answer(&token, &purpose, &app);
    if let Some(approval) = approval {
        answer.insert("refresh_token".into(), tenant.refresh_token(approval)?.into());
    }
    if let Some(id_token) = tenant.id_token(&token, &purpose, None, inquiry.forgery.as_ref())? {
        answer.insert("id_token".into(), id_token.into());
    }
    Ok(answer)
}

/// Who approved it, and for what. A code that was redeemed or denied is gone.
fn approved(tenant: &Tenant, code: &str, app: &str) -> Result<Purpose, Refusal> {
    let now = tenant.clock.now();
    let mut books = tenant.books();
    let device = books.devices.get_mut(code).filter(|device| device.app == app && now < device.expires);
    let device = device.ok_or(Refusal::EXPIRED_CODE)?;
    let too_soon = device.asked.replace(now).is_some_and(|asked| now < asked + INTERVAL);
    let decided = match &device.decision {
        Decision::Pending if too_soon => return Err(Refusal::SLOW_DOWN),
        Decision::Pending => return Err(Refusal::PENDING),
        Decision::Denied => Err(Refusal::DENIED),
        Decision::Approved(username) => {
            Ok(Purpose { username: username.clone(), app: app.to_owned(), scope: device.scope.clone() })
        }
    };
    books.devices.remove(code);
    decided
}
