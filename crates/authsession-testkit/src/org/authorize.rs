//! The authorization endpoint: the current user says yes at once, and the browser goes back with a code.

use crate::org::books::Code;
use crate::org::books::Purpose;
use crate::org::client_authentication::admitted;
use crate::org::connected_app::ConnectedApp;
use crate::org::endpoint::OrgEndpoint;
use crate::org::refusal::Refusal;
use crate::org::tenant::Tenant;
use crate::random::unguessable;
use crate::wire::Inquiry;
use crate::wire::Reply;
use std::time::Duration;
use url::Url;

const CODE_LIFETIME: Duration = Duration::from_secs(900);

pub(crate) fn answer(tenant: &Tenant, inquiry: &Inquiry<OrgEndpoint>) -> Reply {
    let app = match admitted(tenant, inquiry.parameter("client_id").unwrap_or_default()) {
        Ok(app) => app,
        Err(refusal) => return page(refusal),
    };
    let redirect_uri = inquiry.parameter("redirect_uri").filter(|uri| app.calls_back_at(uri));
    let Some(mut back) = redirect_uri.and_then(|uri| Url::parse(uri).ok()) else {
        return page(Refusal::REDIRECT);
    };
    let denied = || tenant.orders().deny_next.take();
    let outcome = match code(tenant, inquiry, &app, denied) {
        Ok(code) => vec![("code", code)],
        Err(SentBack(error, description)) => vec![("error", error), ("error_description", description)],
    };
    back.query_pairs_mut().extend_pairs(outcome);
    if let Some(state) = inquiry.parameter("state") {
        back.query_pairs_mut().append_pair("state", state);
    }
    Reply::redirect(back.as_str())
}

/// Shown when the browser cannot be sent back.
fn page(refusal: Refusal) -> Reply {
    Reply::html(400, format!("error={}&amp;error_description={}", refusal.0, refusal.1))
}

struct SentBack(String, String);

impl From<Refusal> for SentBack {
    fn from(refusal: Refusal) -> Self {
        Self(refusal.0.to_owned(), refusal.1.to_owned())
    }
}

fn code(
    tenant: &Tenant,
    inquiry: &Inquiry<OrgEndpoint>,
    app: &ConnectedApp,
    denied: impl FnOnce() -> Option<String>,
) -> Result<String, SentBack> {
    if inquiry.parameter("response_type") != Some("code") {
        return Err(Refusal::RESPONSE_TYPE.into());
    }
    // Without a method it is S256: jsforce sends none.
    let method = inquiry.parameter("code_challenge_method").unwrap_or("S256");
    let challenge = inquiry.parameter("code_challenge").map(str::to_owned);
    if app.requires_pkce && challenge.is_none() || method != "S256" {
        return Err(Refusal::CHALLENGE.into());
    }
    let scope = tenant.narrowed(app, inquiry.parameter("scope"))?;
    if let Some(error) = denied() {
        return Err(SentBack(error, Refusal::DENIED.1.to_owned()));
    }
    let username = tenant.orders().current_user.clone();
    let user = tenant.user(&username).ok_or(Refusal::AUTHENTICATION)?;
    let unasked =
        inquiry.parameter("prompt") == Some("none") || inquiry.parameter("immediate") == Some("true");
    match tenant.may_use(app, &user) {
        Err(Refusal::NOT_APPROVED) if unasked => return Err(Refusal::IMMEDIATE.into()),
        Ok(()) | Err(Refusal::NOT_APPROVED) => {}
        Err(refusal) => return Err(refusal.into()),
    }
    let code = format!("aPrx{}", unguessable().map_err(Refusal::from)?);
    let issued = Code {
        purpose: Purpose { username: username.clone(), app: app.key.clone(), scope },
        redirect_uri: inquiry.parameter("redirect_uri").unwrap_or_default().to_owned(),
        challenge,
        nonce: inquiry.parameter("nonce").map(str::to_owned),
        expires: tenant.clock.now() + CODE_LIFETIME,
    };
    let mut books = tenant.books();
    books.approved.insert((username, app.key.clone()));
    books.codes.insert(code.clone(), issued);
    Ok(code)
}

impl Tenant {
    /// The scopes asked for, if the app may have them all; every scope of the app if none was asked for.
    pub(crate) fn narrowed(&self, app: &ConnectedApp, asked: Option<&str>) -> Result<String, Refusal> {
        let Some(asked) = asked.filter(|asked| !asked.trim().is_empty()) else {
            return Ok(app.scopes.clone());
        };
        let allowed = |scope: &str| {
            app.scopes.split_whitespace().any(|one| one == scope || one == "full")
                || scope == "offline_access" && app.scopes.contains("refresh_token")
        };
        if asked.split_whitespace().all(allowed) { Ok(asked.to_owned()) } else { Err(Refusal::SCOPE) }
    }
}
