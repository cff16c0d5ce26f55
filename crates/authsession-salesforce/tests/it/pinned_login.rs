//! Whose login a token store keeps: what one process refused, one that starts later refuses too.

use std::sync::Arc;

use authsession_core::token_store::TokenStore as _;
use authsession_core::token_store::memory::MemoryTokenStore;
use authsession_salesforce::CirrusError;
use authsession_salesforce::auth::{AuthSession, Recovery, RefreshTokenAuth};
use authsession_testkit::org::user::OrgUser;
use serde_json::Value;

use crate::stage::{Stage, minutes};
use crate::web_server::sign_in;

const EVE: &str = "eve@acme.example";

/// Ann's refresh token, and where her login is kept.
struct Login {
    stage: Stage,
    seed: String,
    store: Arc<MemoryTokenStore>,
}

impl Login {
    async fn of_ann() -> Self {
        let org = |org: authsession_testkit::org::builder::OrgBuilder| {
            org.user(OrgUser::new("ann@acme.example")).user(OrgUser::new(EVE)).rotation(true)
        };
        let stage = Stage::set_with(org).await;
        Self { seed: stage.approve(), store: Arc::default(), stage }
    }

    fn process(&self) -> RefreshTokenAuth {
        self.stage.refresh(&self.seed).token_store(self.store.clone()).build().unwrap()
    }

    /// The next answer is about Eve, and nobody signed it.
    fn next_is_about_eve(&self) {
        let identity_url = self.identity_url_of_eve();
        self.stage.tamper(move |answer| {
            answer["id"] = identity_url.clone().into();
            answer.as_object_mut().unwrap().remove("signature");
        });
    }

    fn identity_url_of_eve(&self) -> String {
        let Self { stage, .. } = self;
        format!("{}/id/{}/{}", stage.org.login_url(), stage.org.organization_id(), stage.org.user_id(EVE))
    }

    /// A while later, the token of a process is refused by the API.
    async fn renewed(&self, process: &RefreshTokenAuth) -> Result<(), CirrusError> {
        let token = process.access_token().await.unwrap().into_owned();
        self.stage.time.advance(minutes(2));
        process.invalidate(&token).await;
        process.warm_up().await
    }

    async fn forget_whose_it_is(&self) {
        let mut kept = self.store.load().await.unwrap().unwrap();
        kept.tokens.extras =
            kept.tokens.extras.iter().filter(|(name, _)| *name != "authsession.owner").collect();
        self.store.compare_and_swap(Some(kept.revision), &kept.tokens).await.unwrap().unwrap();
    }
}

async fn assert_refused(process: &RefreshTokenAuth) {
    let error = process.access_token().await.unwrap_err();
    assert_eq!(error.recovery(), Recovery::DoNotTrust, "{error:?}");
    assert!(process.authorization_at_once().is_none());
}

#[tokio::test]
async fn tokens_of_another_user_that_one_process_refused_are_refused_by_one_that_starts_later() {
    let login = Login::of_ann().await;
    let process = login.process();
    process.warm_up().await.unwrap();
    login.next_is_about_eve();
    login.renewed(&process).await.unwrap_err();
    let later = login.process();
    assert_refused(&later).await;
    assert_eq!(login.stage.refreshes(), 2, "the second of them is refused as it is kept");
    later.reset_failures();
    login.stage.opens(&later).await;
}

#[tokio::test]
async fn a_login_kept_without_its_owner_is_pinned_at_first_use() {
    let login = Login::of_ann().await;
    login.process().warm_up().await.unwrap();
    login.forget_whose_it_is().await;
    let process = login.process();
    login.stage.opens(&process).await;
    login.next_is_about_eve();
    login.renewed(&process).await.unwrap_err();
    assert_refused(&login.process()).await;
}

#[tokio::test]
async fn a_login_removed_from_under_a_process_is_still_its_users() {
    let login = Login::of_ann().await;
    let process = login.process();
    process.warm_up().await.unwrap();
    let kept = login.store.load().await.unwrap().unwrap();
    assert!(login.store.clear(kept.revision).await.unwrap());
    login.next_is_about_eve();
    login.renewed(&process).await.unwrap_err();
    assert_refused(&login.process()).await;
}

#[tokio::test]
async fn an_answer_whose_signature_does_not_hold_is_refused_later_too_and_pins_nobody() {
    let login = Login::of_ann().await;
    let identity_url = login.identity_url_of_eve();
    login.stage.tamper(move |answer| answer["id"] = Value::from(identity_url.clone()));
    assert_refused(&login.process()).await;
    let later = login.process();
    assert_refused(&later).await;
    assert_eq!(login.stage.refreshes(), 1);
    later.reset_failures();
    login.stage.opens(&later).await;
    login.stage.opens(&login.process()).await;
}

#[tokio::test]
async fn another_user_who_signs_in_anew_takes_the_store_over() {
    let login = Login::of_ann().await;
    let Login { stage, store, .. } = &login;
    let flow = stage.web_server().token_store(store.clone()).build().unwrap();
    sign_in(stage, &flow).await.unwrap();
    stage.org.sign_in_as(EVE);
    let theirs = sign_in(stage, &flow).await.unwrap();
    assert!(theirs.id.as_ref().unwrap().ends_with(&stage.org.user_id(EVE)));
    let later = stage.refresh_without_token().token_store(store.clone()).build().unwrap();
    stage.opens(&later).await;
    login.renewed(&later).await.unwrap();
    stage.opens(&later).await;
}

#[tokio::test]
async fn a_refresh_token_of_another_user_to_start_with_is_a_new_sign_in() {
    let login = Login::of_ann().await;
    let Login { stage, store, .. } = &login;
    login.process().warm_up().await.unwrap();
    let seed = stage.org.approve(EVE).unwrap();
    let theirs = || stage.refresh(&seed).token_store(store.clone()).build().unwrap();
    stage.opens(&theirs()).await;
    login.renewed(&theirs()).await.unwrap();
    stage.opens(&theirs()).await;
}

#[tokio::test]
async fn the_mark_in_the_store_tells_nobody_who_the_user_is() {
    let login = Login::of_ann().await;
    login.process().warm_up().await.unwrap();
    let kept = login.store.load().await.unwrap().unwrap().tokens;
    let mark = kept.extras.get("authsession.owner").unwrap();
    let user = login.stage.org.user_id(&login.stage.org.username());
    assert!(!mark.contains(&user[..15]) && !mark.contains(&login.stage.org.organization_id()[..15]));
}
