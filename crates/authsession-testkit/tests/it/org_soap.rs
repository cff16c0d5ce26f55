//! The org's SOAP login and logout.

use crate::org_client::Stage;
use authsession_testkit::browser::Page;
use authsession_testkit::org::endpoint::OrgEndpoint;
use http::Method;

async fn call(stage: &Stage, body: &str) -> Page {
    let url = format!("{}/u/66.0", stage.org.endpoint(OrgEndpoint::Soap));
    let headers = [("content-type", "text/xml"), ("soapaction", "login")];
    let envelope = format!("<se:Envelope xmlns:se=\"x\"><se:Body>{body}</se:Body></se:Envelope>");
    stage.browser.fetch_with(Method::POST, url, &headers, &envelope).await.unwrap()
}

fn login(username: &str, password: &str) -> String {
    format!(
        "<n1:login xmlns:n1=\"urn:partner.soap.sforce.com\"><n1:username>{username}</n1:username>\
         <n1:password>{password}</n1:password></n1:login>"
    )
}

fn element(page: &Page, name: &str) -> String {
    let text = page.text().into_owned();
    let after = text.split(&format!("<{name}>")).nth(1).unwrap_or_else(|| panic!("no {name}: {text}"));
    after.split('<').next().unwrap().to_owned()
}

#[tokio::test]
async fn a_login_is_a_session_that_a_logout_ends() {
    let stage = Stage::new().await;
    let page = call(&stage, &login(&stage.org.username(), "passwordTOKEN")).await;
    assert_eq!((page.status.as_u16(), page.header("content-type")), (200, Some("text/xml;charset=UTF-8")));
    assert!(element(&page, "serverUrl").starts_with(stage.org.instance_url()));
    assert_eq!(element(&page, "userId"), stage.org.user_id(&stage.org.username()));
    assert_eq!(element(&page, "sessionSecondsValid"), "7200");
    let session = element(&page, "sessionId");
    assert_eq!(stage.api_status(&session).await, 200);
    let logout = format!("<sessionId>{session}</sessionId><logout/>");
    assert_eq!(call(&stage, &logout).await.status, 200);
    assert_eq!(stage.api_status(&session).await, 401);
    let again = call(&stage, &logout).await;
    assert_eq!(again.status, 500);
    assert!(element(&again, "faultstring").starts_with(
        "INVALID_SESSION_ID: Invalid Session ID found in SessionHeader: Illegal Session. Session not found"
    ));
}

#[tokio::test]
async fn a_wrong_password_is_a_fault() {
    let stage = Stage::new().await;
    let page = call(&stage, &login(&stage.org.username(), "wrong")).await;
    assert_eq!((page.status.as_u16(), &*element(&page, "faultcode")), (500, "INVALID_LOGIN"));
}

#[tokio::test]
async fn login_can_be_disabled() {
    let stage = Stage::with(|org| org.soap_login(false)).await;
    let page = call(&stage, &login(&stage.org.username(), "password")).await;
    assert_eq!(page.status, 500);
    let fault = "INVALID_OPERATION: SOAP API login() is disabled by default in this org";
    assert_eq!(element(&page, "faultstring"), fault);
}
