//! The SOAP API, as far as sessions go: `login`, `logout`, and the fault for a session that is not one.

use crate::org::books::Purpose;
use crate::org::endpoint::OrgEndpoint;
use crate::org::identifier::short;
use crate::org::tenant::Tenant;
use crate::wire::Inquiry;
use crate::wire::Reply;

pub(crate) fn answer(tenant: &Tenant, inquiry: &Inquiry<OrgEndpoint>) -> Reply {
    if !inquiry.is_post() {
        return Reply::empty(405);
    }
    let body = String::from_utf8_lossy(&inquiry.exchange.body);
    let answered = match (element(&body, "username"), element(&body, "password")) {
        (Some(username), Some(password)) => login(tenant, inquiry, &username, &password),
        _ => logout(tenant, &element(&body, "sessionId").unwrap_or_default(), &body),
    };
    match answered {
        Ok(body) => envelope(200, &body),
        Err((code, message)) => envelope(
            500,
            &format!(
                "<soapenv:Fault><faultcode>{code}</faultcode><faultstring>{code}: {message}</faultstring>\
                 <detail><sf:LoginFault xsi:type=\"sf:LoginFault\"><sf:exceptionCode>{code}</sf:exceptionCode>\
                 <sf:exceptionMessage>{message}</sf:exceptionMessage></sf:LoginFault></detail></soapenv:Fault>"
            ),
        ),
    }
}

type Fault = (&'static str, &'static str);

const DISABLED: Fault = ("INVALID_OPERATION", "SOAP API login() is disabled by default in this org");
const UNSUPPORTED: Fault = ("INVALID_OPERATION", "this call is not simulated");
const LOGIN: Fault = ("INVALID_LOGIN", "Invalid username, password, security token; or user locked out.");
const RATE: Fault = ("LOGIN_RATE_EXCEEDED", "login rate exceeded");
const SESSION: Fault = (
    "INVALID_SESSION_ID",
    "Invalid Session ID found in SessionHeader: Illegal Session. Session not found, missing session hash",
);

fn login(
    tenant: &Tenant,
    inquiry: &Inquiry<OrgEndpoint>,
    username: &str,
    password: &str,
) -> Result<String, Fault> {
    if !tenant.settings.soap_login {
        return Err(DISABLED);
    }
    let user = tenant.user(username).filter(|user| user.active && user.takes(password)).ok_or(LOGIN)?;
    let purpose = Purpose { username: user.username, app: String::new(), scope: "full".to_owned() };
    let session = tenant.log_in(&purpose, None).map_err(|_| RATE)?;
    let version = inquiry.exchange.path.rsplit('/').find(|part| !part.is_empty()).unwrap_or("66.0");
    let (url, organization) = (&tenant.settings.instance_url, &tenant.settings.organization);
    let (user, seconds) = (tenant.user_id(username), tenant.settings.session_timeout.as_secs());
    Ok(format!(
        "<loginResponse><result>\
         <metadataServerUrl>{url}/services/Soap/m/{version}/{short}</metadataServerUrl>\
         <passwordExpired>false</passwordExpired><sandbox>false</sandbox>\
         <serverUrl>{url}/services/Soap/u/{version}/{short}</serverUrl>\
         <sessionId>{session}</sessionId><userId>{user}</userId>\
         <userInfo><organizationId>{organization}</organizationId>\
         <sessionSecondsValid>{seconds}</sessionSecondsValid><userId>{user}</userId>\
         <userName>{name}</userName></userInfo></result></loginResponse>",
        short = short(organization),
        name = escaped(username),
    ))
}

fn logout(tenant: &Tenant, session: &str, body: &str) -> Result<String, Fault> {
    tenant.session(session).ok_or(SESSION)?;
    if !body.contains("logout") {
        return Err(UNSUPPORTED);
    }
    tenant.revoke(session);
    Ok("<logoutResponse/>".to_owned())
}

fn envelope(status: u16, body: &str) -> Reply {
    let text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\
         <soapenv:Envelope xmlns:soapenv=\"http://schemas.xmlsoap.org/soap/envelope/\" \
         xmlns=\"urn:partner.soap.sforce.com\" xmlns:sf=\"urn:fault.partner.soap.sforce.com\" \
         xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\">\
         <soapenv:Body>{body}</soapenv:Body></soapenv:Envelope>"
    );
    Reply::text(status, "text/xml;charset=UTF-8", text)
}

/// The text of the first element of that name, whatever its prefix.
fn element(xml: &str, name: &str) -> Option<String> {
    for (at, _) in xml.match_indices('<') {
        let rest = xml.get(at + 1..)?;
        let (tag, after) = rest.split_once('>')?;
        let tag = tag.split_ascii_whitespace().next().unwrap_or_default();
        if tag.rsplit(':').next() == Some(name) {
            return Some(unescaped(after.split_once('<')?.0));
        }
    }
    None
}

const ENTITIES: [(&str, &str); 5] =
    [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&amp;", "&")];

fn unescaped(text: &str) -> String {
    ENTITIES.iter().fold(text.to_owned(), |text, (entity, sign)| text.replace(entity, sign))
}

fn escaped(text: &str) -> String {
    ENTITIES.iter().rev().fold(text.to_owned(), |text, (entity, sign)| text.replace(sign, entity))
}
