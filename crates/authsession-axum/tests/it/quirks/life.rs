//! A user's whole life with an application, to be led at any provider.

use authsession_testkit::builder::ProviderBuilder;
use authsession_testkit::habits::Habits;

use crate::stage::Stage;

/// A stage at a provider with these habits.
pub(crate) async fn stage_with(habits: Habits) -> Stage {
    stage_at(|provider| provider.habits(habits)).await
}

/// A stage at that provider.
pub(crate) async fn stage_at(edit: impl FnOnce(ProviderBuilder) -> ProviderBuilder) -> Stage {
    Stage::with(edit, |application| application).await
}

/// Signs in, gets two tokens more, signs out here and at the provider.
pub(crate) async fn lead(stage: &Stage) {
    stage.sign_in().await;
    for refreshes in 1..=2 {
        stage.expire_token();
        let token = stage.token().await;
        assert_eq!(stage.refreshes(), refreshes);
        assert!(stage.provider.live_access_token(&token));
    }
    sign_out(stage).await;
}

pub(crate) async fn sign_out(stage: &Stage) {
    stage.browser.navigate(stage.url("/public")).await.unwrap();
    let page = stage.browser.submit(stage.url("/auth/logout"), &[]).await.unwrap();
    assert_eq!((page.status.as_u16(), page.url.path()), (200, "/"), "{}", page.text());
    assert_eq!((stage.session_cookie(), stage.provider.sessions()), (None, 0));
    assert_eq!(stage.fetch("/token").await.0, 401);
}
