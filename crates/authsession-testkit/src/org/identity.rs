//! Who a token is: the identity URL and userinfo. Both refuse in HTML.

use crate::org::books::Purpose;
use crate::org::endpoint::OrgEndpoint;
use crate::org::identifier::same;
use crate::org::tenant::Tenant;
use crate::wire::Inquiry;
use crate::wire::Reply;
use serde_json::Value;
use serde_json::json;

pub(crate) fn userinfo(tenant: &Tenant, inquiry: &Inquiry<OrgEndpoint>) -> Reply {
    match asking(tenant, inquiry) {
        Ok(purpose) => Reply::json(200, &claims(tenant, &purpose)),
        Err(refusal) => refusal,
    }
}

pub(crate) fn answer(tenant: &Tenant, inquiry: &Inquiry<OrgEndpoint>) -> Reply {
    let mut parts = inquiry.exchange.path.split('/').skip(2);
    let (organization, user) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let purpose = match asking(tenant, inquiry) {
        Ok(purpose) => purpose,
        Err(refusal) => return refusal,
    };
    if !same(organization, &tenant.settings.organization) {
        return refused("Wrong_Org");
    }
    if !same(user, &tenant.user_id(&purpose.username)) {
        return refused("Bad_Id");
    }
    let mut body = claims(tenant, &purpose);
    let url = &tenant.settings.instance_url;
    body["id"] = tenant.identity_url(&purpose.username).into();
    body["asserted_user"] = true.into();
    body["username"] = purpose.username.into();
    body["display_name"] = body["name"].clone();
    body["urls"] = json!({
        "rest": format!("{url}/services/data/v{{version}}/"),
        "query": format!("{url}/services/data/v{{version}}/query/"),
        "sobjects": format!("{url}/services/data/v{{version}}/sobjects/"),
        "enterprise": format!("{url}/services/Soap/c/{{version}}/{organization}"),
        "partner": format!("{url}/services/Soap/u/{{version}}/{organization}"),
    });
    Reply::json(200, &body)
}

fn claims(tenant: &Tenant, purpose: &Purpose) -> Value {
    let user = tenant.user(&purpose.username);
    json!({
        "sub": tenant.identity_url(&purpose.username),
        "user_id": tenant.user_id(&purpose.username),
        "organization_id": tenant.settings.organization,
        "preferred_username": purpose.username,
        "nickname": user.as_ref().map(|user| &user.name),
        "name": user.as_ref().map(|user| &user.name),
        "email": purpose.username,
        "email_verified": true,
        "active": user.is_some_and(|user| user.active),
        "user_type": "STANDARD",
        "zoneinfo": "Europe/Berlin",
        "locale": "en_US",
    })
}

fn asking(tenant: &Tenant, inquiry: &Inquiry<OrgEndpoint>) -> Result<Purpose, Reply> {
    let token = inquiry.bearer().or_else(|| inquiry.parameter("oauth_token"));
    let token = token.or_else(|| inquiry.parameter("access_token"));
    let token = token.ok_or_else(|| refused("Missing_OAuth_Token"))?;
    tenant.session(token).ok_or_else(|| refused("Bad_OAuth_Token"))
}

fn refused(why: &str) -> Reply {
    Reply::html(403, why.to_owned())
}
