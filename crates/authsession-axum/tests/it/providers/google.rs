//! Google: a refresh token comes with the first consent, and then only when the user is asked again.

use authsession_axum::known_provider::KnownProvider;
use authsession_testkit::endpoint::Endpoint;

use crate::providers::imitation::{google, sign_in, stage};

#[tokio::test]
async fn a_user_who_consented_before_is_asked_once_more_when_no_refresh_token_came() {
    let stage = stage(google, async |builder, provider| {
        builder.with_provider(KnownProvider::google().at(provider.issuer())).await.unwrap()
    })
    .await;
    assert_eq!(sign_in(&stage).await.status, 200);
    let prompts = |stage: &crate::stage::Stage| {
        let requests = stage.provider.journal().requests(Endpoint::Authorization);
        let prompt = |request: &authsession_testkit::journal::Exchange| {
            assert_eq!(request.query_value("access_type"), Some("offline"));
            request.query_value("prompt").map(str::to_owned)
        };
        requests.iter().map(prompt).collect::<Vec<_>>()
    };
    assert_eq!(prompts(&stage), [None], "nobody is asked for more than Google asks");

    // Another browser of the same user: Google remembers the consent, and gives no refresh token.
    stage.browser.clear_cookies();
    assert_eq!(sign_in(&stage).await.status, 200);

    assert_eq!(prompts(&stage), [None, Some("consent".to_owned())]);
    let before = stage.token().await;
    stage.expire_token();
    assert_ne!(stage.token().await, before);
}

/// For an API alone: nobody says who the user is, so nobody is asked for consent, and no session's token is another's.
#[tokio::test]
async fn without_openid_nobody_gets_the_refresh_token_of_whoever_was_there_before() {
    let stage = stage(google, async |builder, provider| {
        let google = KnownProvider::google().at(provider.issuer());
        builder.with_provider(google).await.unwrap().with_scopes(vec!["drive"])
    })
    .await;
    // Bob has consented before, elsewhere.
    for user in ["bob", "alice"] {
        stage.browser.clear_cookies();
        stage.provider.sign_in_as(user);
        assert_eq!(sign_in(&stage).await.status, 200);
    }
    let of_alice = stage.fetch("/session").await.1["refresh_token"].clone();
    assert_ne!(of_alice, "");

    stage.provider.end_all_sessions();
    stage.provider.sign_in_as("bob");
    let page = stage.browser.navigate(stage.url("/auth?return_to=/token")).await.unwrap();

    assert_eq!(page.status, 200);
    assert_eq!(stage.fetch("/session").await.1["refresh_token"], "", "none");
    assert!(stage.provider.journal().reaches(Endpoint::Revocation, 1).await, "alice's session is over");
}
