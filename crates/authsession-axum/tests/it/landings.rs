//! A callback that reaches several replicas: one redeems the code, the others hand on what came of it.

use std::time::Duration;

use authsession_axum::auth_builder::OAuthConfigurationBuilder;
use authsession_testkit::browser::{Browser, Page};
use authsession_testkit::endpoint::Endpoint;
use authsession_testkit::gate::Gate;
use authsession_testkit::script::Answer;
use authsession_testkit::serve::Server;
use tokio::task::JoinHandle;
use url::Url;

use crate::log;
use crate::pains::scene::{replica_of, until};
use crate::stage::Stage;

/// A browser on its way back, and two replicas it may come to.
struct Crossing {
    stage: Stage,
    other: Server,
    callback: Url,
}

impl Crossing {
    async fn reached() -> Self {
        let stage = Stage::new().await;
        let other = replica_of(&stage).await;
        let callback = stage.to_the_callback("/auth?return_to=/claims").await;
        Self { stage, other, callback }
    }

    /// The same callback as it comes to the other replica.
    fn elsewhere(&self) -> Url {
        let mut url = self.callback.clone();
        let port = Url::parse(self.other.url()).unwrap().port();
        url.set_port(port).unwrap();
        url
    }

    fn sent(&self, to: Url) -> JoinHandle<Page> {
        let tab = self.stage.browser.tab();
        tokio::spawn(async move { tab.navigate_without_following(to).await.unwrap() })
    }

    /// Sent to the first one, whose redeem is held there.
    async fn held(&self, answer: Answer) -> (Gate, JoinHandle<Page>) {
        let (answer, gate) = answer.held_after();
        self.stage.provider.enqueue(Endpoint::Token, answer);
        let first = self.sent(self.callback.clone());
        assert!(gate.reached().await);
        (gate, first)
    }

    /// How often a code was presented.
    fn redeems(&self) -> usize {
        self.stage.provider.journal().grants("authorization_code")
    }

    async fn claims(&self, more_than: usize) -> bool {
        until(async || self.stage.store.claims() > more_than).await
    }
}

#[tokio::test]
async fn a_callback_that_reaches_two_replicas_at_once_is_redeemed_once_and_signs_in_at_both() {
    let crossing = Crossing::reached().await;
    let (gate, first) = crossing.held(Answer::normal()).await;
    let second = crossing.sent(crossing.elsewhere());
    assert!(crossing.claims(1).await, "the second asks whose turn it is");
    gate.open();

    let pages = (first.await.unwrap(), second.await.unwrap());

    assert_eq!(crossing.redeems(), 1);
    for page in [&pages.0, &pages.1] {
        assert_eq!((page.status.as_u16(), page.location().unwrap().path()), (303, "/claims"));
    }
    assert_eq!(crossing.stage.store.len(), 1, "one session");
    assert_eq!(crossing.stage.fetch("/claims").await.0, 200);
}

#[tokio::test]
async fn a_callback_that_is_sent_again_to_another_replica_signs_in_without_a_second_redeem() {
    let crossing = Crossing::reached().await;
    let (gate, first) = crossing.held(Answer::normal()).await;
    first.abort();
    let _gone = first.await;
    gate.open();

    let again = crossing.sent(crossing.elsewhere()).await.unwrap();

    assert_eq!((again.status.as_u16(), crossing.redeems()), (303, 1));
    assert_eq!(crossing.stage.fetch("/claims").await.0, 200);
}

#[tokio::test]
async fn where_the_replica_that_redeems_is_gone_the_other_starts_over_and_signs_in() {
    let crossing = Crossing::reached().await;
    let (gate, first) = crossing.held(Answer::normal()).await;
    let second = crossing.sent(crossing.elsewhere());
    assert!(crossing.claims(1).await);
    crossing.stage.clock.advance(Duration::from_secs(120));

    let page = second.await.unwrap();

    assert_eq!(
        page.location().unwrap().host_str(),
        Url::parse(crossing.stage.provider.issuer()).unwrap().host_str()
    );
    assert_eq!(crossing.redeems(), 1, "the code may be spent");
    let home = crossing.stage.browser.navigate(page.location().unwrap()).await.unwrap();
    assert_eq!((home.status.as_u16(), home.url.path()), (200, "/claims"));
    gate.open();
    first.await.unwrap();
}

#[tokio::test]
async fn a_sign_in_that_failed_at_one_replica_is_started_over_by_the_other_once() {
    let crossing = Crossing::reached().await;
    let (gate, first) = crossing.held(Answer::error(400, "invalid_grant")).await;
    let second = crossing.sent(crossing.elsewhere());
    assert!(crossing.claims(1).await);
    gate.open();
    assert_ne!(first.await.unwrap().status, 303);

    let page = second.await.unwrap();

    assert_eq!((page.status.as_u16(), crossing.redeems()), (303, 1));
    let back = crossing.stage.browser.navigate_without_following(page.location().unwrap()).await.unwrap();
    let crossing = Crossing { callback: back.location().unwrap(), ..crossing };
    let (gate, first) = crossing.held(Answer::error(400, "invalid_grant")).await;
    let asked = crossing.stage.store.claims();
    let second = crossing.sent(crossing.elsewhere());
    assert!(crossing.claims(asked).await);
    gate.open();
    first.await.unwrap();
    let page = second.await.unwrap();
    assert_eq!(page.status, 403, "no loop");
    assert!(page.text().contains("/auth"), "and a way on");
}

#[tokio::test]
async fn a_code_that_never_left_one_replica_is_redeemed_by_the_other() {
    let crossing = Crossing::reached().await;
    crossing.stage.provider.enqueue(Endpoint::Token, Answer::status(429));
    assert_eq!(crossing.sent(crossing.callback.clone()).await.unwrap().status, 503);

    let page = crossing.sent(crossing.elsewhere()).await.unwrap();

    assert_eq!((page.status.as_u16(), page.location().unwrap().path()), (303, "/claims"));
    assert_eq!(crossing.stage.fetch("/claims").await.0, 200);
}

#[tokio::test]
async fn where_the_store_is_away_no_code_is_spent() {
    let crossing = Crossing::reached().await;
    crossing.stage.store.away_for(&["claim"]);
    assert_eq!(crossing.sent(crossing.callback.clone()).await.unwrap().status, 503);
    assert_eq!(crossing.redeems(), 0);

    crossing.stage.store.away_for(&[]);

    assert_eq!(crossing.sent(crossing.callback.clone()).await.unwrap().status, 303);
    assert_eq!(crossing.stage.fetch("/claims").await.0, 200);
}

#[tokio::test]
async fn a_store_that_is_not_told_what_came_of_it_keeps_nobody_out_and_the_log_says_so() {
    let (log, _listening) = log::kept();
    let crossing = Crossing::reached().await;
    crossing.stage.store.away_for(&["settle"]);

    assert_eq!(crossing.sent(crossing.callback.clone()).await.unwrap().status, 303);

    assert_eq!(log.warnings("was not told to other replicas").len(), 1);
    assert_eq!(crossing.stage.fetch("/claims").await.0, 200);
}

#[tokio::test]
async fn nobody_waits_for_ever_for_another_replicas_sign_in() {
    let crossing = Crossing::reached().await;
    let (gate, first) = crossing.held(Answer::normal()).await;
    let second = crossing.sent(crossing.elsewhere());
    assert!(crossing.claims(1).await);
    tokio::time::pause();

    let page = second.await.unwrap();

    assert_eq!((page.status.as_u16(), crossing.redeems()), (303, 1));
    assert_ne!(page.location().unwrap().path(), "/claims", "to the provider, with a login of its own");
    tokio::time::resume();
    gate.open();
    first.await.unwrap();
}

/// However few looks a slow store allows in that time.
#[tokio::test]
async fn twenty_seconds_by_the_clock_are_waited_for_another_replicas_sign_in() {
    let crossing = Crossing::reached().await;
    let (gate, first) = crossing.held(Answer::normal()).await;
    let second = crossing.sent(crossing.elsewhere());
    assert!(crossing.claims(1).await);

    crossing.stage.clock.advance(Duration::from_secs(20));

    assert!(until(async || second.is_finished()).await);
    assert_ne!(second.await.unwrap().location().unwrap().path(), "/claims", "to the provider");
    assert!(!first.is_finished(), "whoever has the claim is at it still");
    gate.open();
    first.await.unwrap();
}

/// A browser whose first answer was lost, and whose user signed in anew: the callback from before is still in its history.
async fn signed_in_anew(settles: bool) -> Crossing {
    let crossing = Crossing::reached().await;
    let (gate, first) = crossing.held(Answer::normal()).await;
    first.abort();
    let _gone = first.await;
    if !settles {
        crossing.stage.store.away_for(&["settle"]);
    }
    gate.open();
    assert!(until(async || crossing.stage.store.len() == 1).await);
    crossing.stage.sign_in().await;
    crossing
}

#[tokio::test]
async fn who_is_signed_in_goes_on_though_nobody_knows_what_came_of_a_callback_elsewhere() {
    let crossing = signed_in_anew(false).await;
    crossing.stage.clock.advance(Duration::from_secs(120));

    let again = crossing.sent(crossing.elsewhere()).await.unwrap();

    assert_eq!((again.status.as_u16(), again.location().unwrap().path()), (303, "/claims"));
}

#[tokio::test]
async fn a_callback_that_comes_again_does_not_take_the_place_of_a_newer_session() {
    for to in [|crossing: &Crossing| crossing.callback.clone(), Crossing::elsewhere] {
        let crossing = signed_in_anew(true).await;
        let newer = crossing.stage.session_cookie();

        let again = crossing.sent(to(&crossing)).await.unwrap();

        assert_eq!((again.status.as_u16(), again.location().unwrap().path()), (303, "/claims"));
        assert_eq!(crossing.stage.session_cookie(), newer);
        assert_eq!(crossing.stage.fetch("/claims").await.0, 200);
    }
}

/// Anybody can begin sign-ins, so there is an end to how many of them are at the provider.
#[tokio::test]
async fn who_comes_back_while_128_others_are_at_the_provider_is_told_to_try_again_and_then_signs_in() {
    const OTHERS: usize = 128;
    const A_MINUTE: Duration = Duration::from_secs(60);
    let patient = |application: OAuthConfigurationBuilder| application.with_request_timeout(A_MINUTE);
    let mut stage = Stage::with(|provider| provider, patient).await;
    let (answer, gate) = Answer::normal().held_after();
    let mut callbacks = Vec::new();
    for _ in 0..=OTHERS {
        stage.browser = Browser::with_clock(stage.clock.clone()).unwrap();
        callbacks.push((stage.browser.tab(), stage.to_the_callback("/auth?return_to=/claims").await));
    }
    let (_, callback) = callbacks.pop().unwrap();
    let others: Vec<_> = callbacks
        .into_iter()
        .map(|(tab, callback)| {
            stage.provider.enqueue(Endpoint::Token, answer.clone());
            tokio::spawn(async move { tab.navigate_without_following(callback).await.unwrap() })
        })
        .collect();
    assert!(gate.reached_by(OTHERS).await);

    let page = stage.browser.navigate_without_following(&callback).await.unwrap();

    assert_eq!(page.status, 503);
    assert!(page.headers.contains_key("retry-after"));
    assert_eq!(stage.provider.journal().grants("authorization_code"), OTHERS, "its code is not spent");
    gate.open();
    for other in others {
        assert_eq!(other.await.unwrap().status, 303);
    }
    assert_eq!(stage.browser.navigate(&callback).await.unwrap().url.path(), "/claims");
    assert_eq!(stage.store.len(), OTHERS + 1);
}
