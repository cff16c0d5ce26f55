//! Which org it is, in one spelling, and whether it still is the same.

use authsession_salesforce::CirrusError;
use authsession_salesforce::auth::{InstancePin, InstanceUrl, InstanceUrlPolicy, LoginUrl, OrgId};
use proptest::prelude::*;

const ACME: &str = "https://acme.my.salesforce.com";
const ORG: &str = "00D5g00000AbCdEFGH";

fn pin(known: &str, policy: InstanceUrlPolicy) -> InstancePin {
    InstancePin::new(InstanceUrl::parse(known).unwrap(), policy)
}

fn identity(org: &str) -> String {
    format!("https://login.salesforce.com/id/{org}/0055g00000XyZabAAF")
}

#[test]
fn one_org_has_one_spelling() {
    for (written, spelling) in [
        ("https://ACME.my.salesforce.com/", ACME),
        (" https://acme.my.salesforce.com:443/services/data?q=1#x\n", ACME),
        ("https://acme.my.salesforce.com./", ACME),
        ("https://acme.lightning.force.com/lightning/page/home", ACME),
        ("https://acme.my.salesforce-setup.com/lightning/setup", ACME),
        ("https://acme--uat.sandbox.lightning.force.com", "https://acme--uat.sandbox.my.salesforce.com"),
        ("https://acme-dev-ed.develop.lightning.force.com", "https://acme-dev-ed.develop.my.salesforce.com"),
        ("https://acme.lightning.crmforce.mil", "https://acme.my.salesforce.mil"),
        ("https://na1.salesforce.com", "https://na1.salesforce.com"),
        ("http://127.0.0.1:8080/", "http://127.0.0.1:8080"),
        ("http://[::1]:8080/", "http://[::1]:8080"),
        ("http://localhost", "http://localhost"),
    ] {
        assert_eq!(InstanceUrl::parse(written).unwrap().as_str(), spelling, "{written}");
    }
}

#[test]
fn the_host_is_read_without_the_port() {
    for (url, host) in
        [(ACME, "acme.my.salesforce.com"), ("http://[::1]:80/", "[::1]"), ("http://[::1]:81", "[::1]")]
    {
        assert_eq!(InstanceUrl::parse(url).unwrap().host(), host);
    }
}

#[test]
fn a_url_that_leaks_is_refused_and_not_repeated() {
    for text in [
        "http://acme.my.salesforce.com",
        "https://user:hunter2@acme.my.salesforce.com",
        "https://hunter2..my.salesforce.com",
        "hunter2",
        "mailto:hunter2",
    ] {
        let error = InstanceUrl::parse(text).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("hunter2"), "{error:?}");
    }
}

#[test]
fn exact_admits_only_the_same_org_in_the_same_words() {
    let pin = pin(ACME, InstanceUrlPolicy::Exact).with_org(OrgId::parse(ORG));
    assert_eq!(pin.check("https://acme.lightning.force.com/", None).unwrap().as_str(), ACME);
    let other = pin.check("https://na1.salesforce.com", Some(&identity(ORG))).unwrap_err();
    assert!(matches!(
        &other,
        CirrusError::InstanceUrlMismatch { configured, returned }
            if configured == ACME && returned == "https://na1.salesforce.com"
    ));
    assert!(!other.to_string().contains("na1"), "{other}");
}

#[test]
fn the_same_org_may_change_its_spelling() {
    for (known, returned) in [
        ("https://acme--uat.my.salesforce.com", "https://acme--uat.sandbox.my.salesforce.com"),
        ("https://acme--uat.cs12.my.salesforce.com", "https://acme--uat.sandbox.my.salesforce.com"),
        ("https://acme-dev-ed.my.salesforce.com", "https://acme-dev-ed.develop.my.salesforce.com"),
        ("https://acme.na5.my.salesforce.com", ACME),
    ] {
        assert!(pin(known, InstanceUrlPolicy::SameOrg).check(returned, None).is_ok(), "{known} {returned}");
        assert!(pin(returned, InstanceUrlPolicy::SameOrg).check(known, None).is_ok(), "{returned} {known}");
        assert!(pin(known, InstanceUrlPolicy::Exact).check(returned, None).is_err(), "{known} {returned}");
    }
}

#[test]
fn another_org_is_not_taken_for_ours() {
    assert!(
        pin("https://acme.my.salesforce.com:8443", InstanceUrlPolicy::SameOrg).check(ACME, None).is_err()
    );
    let without_id = pin(ACME, InstanceUrlPolicy::SameOrg);
    let with_id = without_id.clone().with_org(OrgId::parse(ORG));
    for returned in [
        "https://acme--uat.sandbox.my.salesforce.com",
        "https://acme.demo.my.salesforce.com",
        "https://acme.my.salesforce.mil",
        "https://acme.my.salesforce.com.evil.example",
        "https://acmemy.salesforce.com",
        "https://proxy.acme.example",
        "https://acme.my.salesforce.com:8443",
        "https://na1.salesforce.com",
        "https://acme.evil.my.site.com",
    ] {
        for pin in [&with_id, &without_id] {
            let error = pin.check(returned, None).unwrap_err();
            assert!(matches!(error, CirrusError::InstanceUrlMismatch { .. }), "{returned}: {error:?}");
        }
    }
}

#[test]
fn an_org_that_was_renamed_is_known_by_its_id() {
    let pin = pin(ACME, InstanceUrlPolicy::SameOrg).with_org(OrgId::parse(&ORG[..15]));
    assert!(pin.check("https://renamed.my.salesforce.com", Some(&identity(ORG))).is_ok());
    assert!(pin.check("https://evil.example", Some(&identity(ORG))).is_err());
    assert!(
        pin.check("https://renamed.my.salesforce.com", Some("https://login.salesforce.com/id/")).is_err()
    );
}

#[test]
fn a_token_of_another_org_at_our_url_is_not_used() {
    let another = identity("00D5g00000ZZZZZFGH");
    let same_org = pin(ACME, InstanceUrlPolicy::SameOrg).with_org(OrgId::parse(ORG));
    assert!(matches!(same_org.check(ACME, Some(&another)), Err(CirrusError::Untrusted(_))));
    let any = pin(ACME, InstanceUrlPolicy::Any).with_org(OrgId::parse(ORG));
    assert!(any.check(ACME, Some(&another)).is_ok());
}

#[test]
fn any_org_is_still_one_of_salesforces() {
    let any = pin(ACME, InstanceUrlPolicy::Any);
    assert!(any.check("https://another.sandbox.my.salesforce.com", None).is_ok());
    for returned in [
        "https://evil.example",
        "https://evil.my.site.com",
        "https://evil.force.com",
        "http://127.0.0.1:1",
        "https://salesforce.com",
    ] {
        assert!(any.check(returned, None).is_err(), "{returned}");
    }
    assert!(matches!(any.check("http://acme.my.salesforce.com", None), Err(CirrusError::Untrusted(_))));
    let own = pin("https://proxy.acme.example", InstanceUrlPolicy::Any);
    assert!(own.check("https://proxy.acme.example/", None).is_ok());
}

#[test]
fn an_instance_is_learned_from_salesforce_or_from_the_host_that_was_asked() {
    let login = LoginUrl::parse("http://127.0.0.1:9000").unwrap();
    assert!(InstanceUrl::learn("http://127.0.0.1:9000/", &login).is_ok());
    assert!(InstanceUrl::learn("http://127.0.0.1:9001/", &login).is_err(), "another program of this machine");
    assert!(InstanceUrl::learn(ACME, &login).is_ok());
    assert!(matches!(InstanceUrl::learn("https://evil.example", &login), Err(CirrusError::Untrusted(_))));
}

#[test]
fn an_org_id_is_the_same_in_both_lengths() {
    assert_eq!(OrgId::parse(ORG), OrgId::parse(&ORG[..15]));
    assert_ne!(OrgId::parse("00D5g00000AbCde"), OrgId::parse("00D5g00000AbCdE"));
    for not_one in ["", "0055g00000AbCdE", "00D5g00000AbCd", "00D5g00000AbC-E", "00D5g00000AbCdÉ"] {
        assert_eq!(OrgId::parse(not_one), None, "{not_one}");
    }
    assert_eq!(OrgId::in_identity_url(&identity(ORG)), OrgId::parse(ORG));
}

proptest! {
    #[test]
    fn a_spelling_is_its_own_spelling(text in "https://[a-zA-Z0-9.-]{1,40}(:[0-9]{1,4})?/?[a-z/?#]{0,10}") {
        if let Ok(url) = InstanceUrl::parse(&text) {
            prop_assert_eq!(&InstanceUrl::parse(url.as_str()).unwrap(), &url);
            prop_assert!(!url.as_str().ends_with('/'));
            prop_assert!(pin(url.as_str(), InstanceUrlPolicy::Exact).check(&text, None).is_ok());
        }
    }
}
