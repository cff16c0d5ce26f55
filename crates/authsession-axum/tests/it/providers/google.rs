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
