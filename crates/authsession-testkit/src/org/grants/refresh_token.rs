//! The refresh token flow: with rotation, each token works once and its reuse is punished.

use crate::org::books::Purpose;
use crate::org::client_authentication::Proof;
use crate::org::client_authentication::authenticate;
use crate::org::endpoint::OrgEndpoint;
use crate::org::refusal::Refusal;
use crate::org::routes::Presence;
use crate::org::tenant::Tenant;
use crate::wire::Inquiry;
use serde_json::Map;
use serde_json::Value;

pub(crate) fn redeem(
    tenant: &Tenant,
    inquiry: &Inquiry<OrgEndpoint>,
    presence: &Presence,
) -> Result<Map<String, Value>, Refusal> {
    let app = authenticate(tenant, inquiry, Proof::AsSetUp)?;
    if presence.is_second() {
        return Err(Refusal::IN_PROCESS);
    }
    let presented = inquiry.form("refresh_token").unwrap_or_default();
    let (approval, purpose) = claim(tenant, presented, &app.key)?;
    let user = tenant.user(&purpose.username).ok_or(Refusal::EXPIRED_TOKEN)?;
    if !user.active {
        return Err(Refusal::INACTIVE);
    }
    if app.admin_approved_only && !user.admin_approved {
        return Err(Refusal::APP_ACCESS);
    }
    let token = tenant.log_in(&purpose, Some(approval))?;
    let mut answer = tenant.signed_token_answer(&token, &purpose, &app);
    if tenant.orders().rotation {
        if let Some(refresh) = tenant.books().refresh.get_mut(presented) {
            refresh.used = true;
        }
        answer.insert("refresh_token".into(), tenant.refresh_token(approval)?.into());
    }
    if let Some(id_token) = tenant.id_token(&token, &purpose, None, inquiry.forgery.as_ref())? {
        answer.insert("id_token".into(), id_token.into());
    }
    Ok(answer)
}

/// The approval of a token that works. One that was rotated away takes its family with it.
fn claim(tenant: &Tenant, presented: &str, app: &str) -> Result<(usize, Purpose), Refusal> {
    let mut books = tenant.books();
    let refresh = books.refresh.get(presented).ok_or(Refusal::EXPIRED_TOKEN)?;
    let (approval, used) = (refresh.approval, refresh.used);
    let of_app = books.approvals.get(approval).is_some_and(|approval| approval.purpose.app == app);
    if !of_app {
        return Err(Refusal::EXPIRED_TOKEN);
    }
    if used {
        books.withdraw(approval);
    }
    let (approval, family) = books.renewable(presented).ok_or(Refusal::EXPIRED_TOKEN)?;
    Ok((approval, family.purpose.clone()))
}
