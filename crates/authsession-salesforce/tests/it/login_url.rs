//! Where logins happen, and for whom assertions are made out.

use authsession_salesforce::CirrusError;
use authsession_salesforce::auth::{LoginUrl, PRODUCTION_LOGIN_URL, SANDBOX_LOGIN_URL};

fn login(text: &str) -> LoginUrl {
    LoginUrl::parse(text).unwrap()
}

#[test]
fn the_audience_is_derived_from_the_login_url() {
    for (login_url, audience) in [
        (PRODUCTION_LOGIN_URL, PRODUCTION_LOGIN_URL),
        (SANDBOX_LOGIN_URL, SANDBOX_LOGIN_URL),
        ("https://acme.my.salesforce.com", PRODUCTION_LOGIN_URL),
        ("https://acme-dev-ed.develop.my.salesforce.com", PRODUCTION_LOGIN_URL),
        ("https://acme--uat.sandbox.my.salesforce.com", SANDBOX_LOGIN_URL),
        ("https://acme--uat.my.salesforce.com", SANDBOX_LOGIN_URL),
        ("https://acme--uat.cs12.my.salesforce.com/", SANDBOX_LOGIN_URL),
        ("https://power-ruby-1.scratch.my.salesforce.com", SANDBOX_LOGIN_URL),
        ("https://cs12.salesforce.com", SANDBOX_LOGIN_URL),
        ("https://na1.salesforce.com", PRODUCTION_LOGIN_URL),
        ("https://acme--uat.sandbox.lightning.force.com/lightning", SANDBOX_LOGIN_URL),
        ("https://acme.my.salesforce.mil", "https://acme.my.salesforce.mil"),
        ("https://acme.my.site.com/customers/", "https://acme.my.site.com/customers"),
        ("https://acme.force.com/customers", "https://acme.force.com/customers"),
        ("http://127.0.0.1:8080/", "http://127.0.0.1:8080"),
        ("https://login.salesforce.com:8443", "https://login.salesforce.com:8443"),
        ("https://sso.acme.example", "https://sso.acme.example"),
        ("https://login.salesforce.com.evil.example", "https://login.salesforce.com.evil.example"),
    ] {
        assert_eq!(login(login_url).audience(), audience, "{login_url}");
    }
}

#[test]
fn endpoints_keep_a_sites_path_and_nothing_else() {
    for (login_url, token) in [
        ("https://login.salesforce.com/?locale=de#x", "https://login.salesforce.com/services/oauth2/token"),
        (
            "https://test.salesforce.com/services/oauth2/token",
            "https://test.salesforce.com/services/oauth2/token",
        ),
        ("https://acme.my.site.com/customers/", "https://acme.my.site.com/customers/services/oauth2/token"),
        ("http://localhost:8080", "http://localhost:8080/services/oauth2/token"),
    ] {
        assert_eq!(login(login_url).endpoint("token").as_str(), token);
    }
}

#[test]
fn one_login_url_has_one_spelling() {
    let site = login("https://acme.my.site.com/customers");
    assert_eq!(login("https://ACME.my.site.com/customers/?x"), site);
    assert_eq!(site.to_string(), "https://acme.my.site.com/customers");
    assert_eq!(login("https://acme.lightning.force.com/lightning"), login("https://acme.my.salesforce.com."));
}

#[test]
fn plain_http_is_refused_but_on_this_machine() {
    let error = LoginUrl::parse("http://user:hunter2@login.salesforce.com/x").unwrap_err();
    assert!(matches!(&error, CirrusError::InsecureLoginUrl { url } if url == "http://login.salesforce.com"));
    assert!(LoginUrl::parse("http://127.0.0.1:8080").is_ok());
    assert!(LoginUrl::parse("http://localhost.evil.example").is_err());
}

#[test]
fn a_password_in_the_url_is_refused_and_not_repeated() {
    let error = LoginUrl::parse("https://user:hunter2@login.salesforce.com").unwrap_err();
    assert!(matches!(error, CirrusError::InvalidArgument { name: "login_url", .. }));
    assert!(!format!("{error} {error:?}").contains("hunter2"));
}

#[test]
fn the_hosts_of_all_orgs_are_told_from_an_orgs_own() {
    assert!(login("https://login.salesforce.com/").is_generic());
    assert!(login(SANDBOX_LOGIN_URL).is_generic());
    assert!(!login("https://acme.my.salesforce.com").is_generic());
}

#[test]
fn an_audience_of_the_other_kind_of_org_is_remarked_on() {
    let sandbox = login("https://acme--uat.sandbox.my.salesforce.com");
    assert!(sandbox.audience_hint(PRODUCTION_LOGIN_URL).unwrap().contains(SANDBOX_LOGIN_URL));
    let production = login("https://acme.my.salesforce.com");
    assert!(production.audience_hint("https://test.salesforce.com/").unwrap().contains(PRODUCTION_LOGIN_URL));
    for fine in [SANDBOX_LOGIN_URL, "https://acme--uat.sandbox.my.salesforce.com", "urn:anything"] {
        assert_eq!(sandbox.audience_hint(fine), None, "{fine}");
    }
}
