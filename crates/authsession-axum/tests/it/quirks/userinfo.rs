//! Userinfo endpoints that sign their answers, or refuse with a status of their own (OpenID Connect Core §5.3).

use authsession_testkit::endpoint::Endpoint;
use authsession_testkit::habits::Habits;
use authsession_testkit::script::Answer;

use crate::quirks::life::lead;
use crate::stage::Stage;

async fn stage_with(habits: Habits) -> Stage {
    Stage::with(|provider| provider.habits(habits), |application| application.with_userinfo(true)).await
}

#[tokio::test]
async fn signed_userinfo_is_verified_and_read() {
    let stage = stage_with(Habits::default().userinfo_signed()).await;
    stage.sign_in().await;
    assert_eq!(stage.fetch("/claims").await.1["email"], "alice@example.test");

    lead(&stage).await;
}

#[tokio::test]
async fn an_access_token_refused_with_400_at_the_login_ends_in_a_page_with_a_way_on() {
    let stage = stage_with(Habits::default().userinfo_refusal(400)).await;
    let callback = stage.to_the_callback("/auth").await;
    let (answer, gate) = Answer::normal().held_before();
    stage.provider.enqueue(Endpoint::Userinfo, answer);

    let (page, ()) = tokio::join!(stage.browser.navigate(&callback), async {
        assert!(gate.reached().await);
        stage.provider.revoke_access_tokens();
        gate.open();
    });

    let page = page.unwrap();
    assert_eq!((page.status.as_u16(), stage.session_cookie()), (400, None), "not: later");
    assert!(page.text().contains("href=\"/auth"));
    lead(&stage).await;
}
