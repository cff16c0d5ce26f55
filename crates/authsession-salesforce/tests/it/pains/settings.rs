//! Rows about settings that are wrong: 47, 48, 55.

use authsession_salesforce::CirrusError;
use authsession_salesforce::auth::{JwtAuthBuilder, Recovery};
use authsession_testkit::key_pair::KeyPair;
use authsession_testkit::keys::SigningAlgorithm;
use authsession_testkit::org::Org;
use authsession_testkit::org::connected_app::AppState;
use authsession_testkit::org::user::OrgUser;

use crate::stage::{JWT_BEARER, Stage, minutes};

/// How a set-up is spoiled, and a word of the remedy.
type Spoiled = (fn(&Org), fn(JwtAuthBuilder) -> JwtAuthBuilder, &'static str);

fn change_user(org: &Org, change: impl FnOnce(OrgUser) -> OrgUser) {
    org.change_user(&org.username(), change);
}

/// `invalid_grant`: which of a dozen causes?
#[tokio::test]
async fn row_47_each_refusal_of_an_assertion_says_what_to_change() {
    let nothing: fn(&Org) = |_| ();
    let spoiled: [Spoiled; 9] = [
        (|org| change_user(org, OrgUser::unapproved), |jwt| jwt, "pre-authorise"),
        (
            |org| {
                change_user(org, OrgUser::not_admin_approved);
                org.change_app(&org.consumer_key(), |app| app.admin_approved_only(true));
            },
            |jwt| jwt,
            "Manage Connected Apps",
        ),
        (nothing, |jwt| jwt.username("nobody@acme.example"), "user name"),
        (nothing, |jwt| jwt.consumer_key("3MVG9.unknown"), "consumer key"),
        (nothing, |jwt| jwt.audience("https://login.example.com"), "audience"),
        (|org| org.change_app(&org.consumer_key(), |app| app.state(AppState::Blocked)), |jwt| jwt, "unblock"),
        (
            |org| org.change_app(&org.consumer_key(), |app| app.state(AppState::NotInstalled)),
            |jwt| jwt,
            "install",
        ),
        (
            |org| org.change_app(&org.consumer_key(), |app| app.state(AppState::ApprovalError)),
            |jwt| jwt,
            "OAuth Usage",
        ),
        (|org| change_user(org, OrgUser::inactive), |jwt| jwt, "deactivated"),
    ];
    for (spoil, change, word) in spoiled {
        let stage = Stage::set().await;
        spoil(&stage.org);
        let error = change(stage.jwt()).build().unwrap().warm_up().await.unwrap_err();
        assert!(error.to_string().contains(word), "{word}: {error}");
        assert!(!error.is_transient());
        if let Recovery::FixConfig { hint } = error.recovery() {
            assert!(hint.contains(word), "{hint}");
        }
        assert_eq!(stage.org.journal().grants(JWT_BEARER), 1, "{word}: another assertion would not help");
    }
}

#[tokio::test]
async fn row_47_a_key_of_another_certificate_is_named_after_one_more_try() {
    let stage = Stage::set().await;
    let stranger = KeyPair::generate(SigningAlgorithm::Es256).unwrap().private_key_pem().unwrap();
    let auth = stage.jwt().private_key_pem_bytes(stranger.as_bytes()).unwrap().build().unwrap();
    let error = auth.warm_up().await.unwrap_err();
    assert_eq!(error.recovery(), Recovery::NewAssertion);
    assert!(error.to_string().contains("certificate"), "{error}");
    assert_eq!(stage.org.journal().grants(JWT_BEARER), 2);
}

/// A sandbox's assertion made out to production, and the reverse.
#[tokio::test]
async fn row_48_an_audience_of_the_wrong_side_is_refused_before_anything_is_sent() {
    let stage = Stage::set().await;
    for (login, audience, hint) in [
        (
            "https://acme--uat.sandbox.my.salesforce.com",
            "https://login.salesforce.com",
            "test.salesforce.com",
        ),
        ("https://test.salesforce.com", "https://login.salesforce.com", "test.salesforce.com"),
        ("https://acme.my.salesforce.com", "https://test.salesforce.com", "login.salesforce.com"),
    ] {
        let error = stage.jwt().login_url(login).audience(audience).build().unwrap_err();
        assert!(matches!(error, CirrusError::Misconfigured { .. }), "{error:?}");
        assert!(error.to_string().contains(hint), "{error}");
    }
    stage.jwt().login_url("https://acme.my.salesforce.com").build().unwrap();
}

/// The machine's clock is an hour off, either way.
#[tokio::test]
async fn row_55_a_clock_that_is_off_is_made_up_for_by_the_date_of_the_answer() {
    let stage = Stage::set().await;
    let auth = stage.jwt().clock(stage.clock_behind(minutes(60))).build().unwrap();
    stage.opens(&auth).await;
    assert_eq!(stage.org.journal().grants(JWT_BEARER), 2, "one refusal, whose date explains it");
    stage.time.advance(minutes(60));
    stage.opens(&auth).await;
    assert_eq!(stage.org.journal().grants(JWT_BEARER), 3, "from then on it is known");
    let stage = Stage::set().await;
    stage.opens(&stage.jwt().clock(stage.clock_ahead(minutes(60))).build().unwrap()).await;
}
