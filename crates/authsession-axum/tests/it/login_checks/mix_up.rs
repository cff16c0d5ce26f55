//! Answers of one provider brought to another one's callback (RFC 9207, RFC 9700 §4.4): nothing is sent anywhere.

use authsession_testkit::endpoint::Endpoint;

use crate::login_checks::stage;
use crate::stage::Stage;

/// Somebody signs in at `one`; their browser brings the answer to `other`, which has the same cookies and cookie key.
async fn brought_from(one: &Stage, other: &Stage) -> Option<String> {
    let callback = one.to_the_callback("/auth").await;
    let query = callback.query().unwrap();
    let elsewhere = other.url(&format!("/auth/callback?{query}"));
    other.provider.journal().clear();
    one.provider.journal().clear();

    let page = one.browser.navigate_without_following(elsewhere).await.unwrap();

    assert_eq!(other.provider.journal().count(Endpoint::Token), 0, "the code stays here");
    assert_eq!(one.provider.journal().count(Endpoint::Token), 0);
    assert_eq!((one.session_cookie(), other.store.len()), (None, 0));
    page.location().map(|to| to.path().to_owned())
}

#[tokio::test]
async fn an_answer_of_another_provider_starts_over_at_the_right_one() {
    let one = stage().await;
    let other = Stage::sharing_the_store_of(&one).await;
    assert_eq!(brought_from(&one, &other).await.as_deref(), Some("/authorize"));
}

#[tokio::test]
async fn a_code_of_one_provider_without_id_tokens_is_not_shown_to_another() {
    let (one, other) = (Stage::plain_oauth2().await, Stage::plain_oauth2().await);
    assert_eq!(brought_from(&one, &other).await.as_deref(), Some("/authorize"));
}

#[tokio::test]
async fn an_answer_that_names_another_issuer_is_refused_before_any_request() {
    let stage = stage().await;
    for iss in ["https://evil.example", ""] {
        let mut callback = stage.to_the_callback("/auth").await;
        let kept: Vec<_> = callback.query_pairs().into_owned().filter(|(name, _)| name != "iss").collect();
        callback.query_pairs_mut().clear().extend_pairs(kept).append_pair("iss", iss);

        let page = stage.browser.navigate_without_following(&callback).await.unwrap();

        assert_eq!((page.status.as_u16(), stage.session_cookie()), (400, None), "{iss}");
        assert_eq!(stage.provider.journal().count(Endpoint::Token), 0);
    }
}

#[tokio::test]
async fn an_answer_without_the_issuer_its_provider_promised_is_refused_before_any_request() {
    let stage = stage().await;
    let mut callback = stage.to_the_callback("/auth").await;
    let kept: Vec<_> = callback.query_pairs().into_owned().filter(|(name, _)| name != "iss").collect();
    callback.query_pairs_mut().clear().extend_pairs(kept);

    let page = stage.browser.navigate_without_following(&callback).await.unwrap();

    assert_eq!(page.status, 400);
    assert_eq!(stage.provider.journal().count(Endpoint::Token), 0);
}
