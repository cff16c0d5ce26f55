//! What becomes of refresh tokens, by provider: whatever a second use would do, there is none (RFC 9700 §4.14.2).

use std::sync::Arc;
use std::time::Duration;

use authsession_testkit::builder::ProviderBuilder;
use authsession_testkit::endpoint::Endpoint;
use authsession_testkit::habits::Habits;
use authsession_testkit::ledger::RefreshTokens;
use authsession_testkit::script::Answer;
use authsession_testkit::serve::Server;
use serde_json::{Map, Value};

use crate::pains::scene::until;
use crate::quirks::life::{lead, sign_out, stage_at, stage_with};
use crate::stage::{Stage, TOKEN_LIFETIME, app, application};

/// What each provider met does when a refresh token comes twice.
const POLICIES: [(&str, RefreshTokens, bool); 7] = [
    ("the family dies, access tokens too", RefreshTokens::RotatingWithReuseDetection, false),
    ("no rotation: both work", RefreshTokens::Static, false),
    ("now so, now so", RefreshTokens::RotatingByTurns, false),
    ("the family dies, access tokens live", RefreshTokens::RotatingSparingAccessTokens, false),
    ("both are served, one works, older access tokens die", RefreshTokens::RotatingLastWins, true),
    ("ten seconds of grace", RefreshTokens::RotatingWithGrace(Duration::from_secs(10)), true),
    ("the second is refused", RefreshTokens::Rotating, false),
];

fn with(policy: RefreshTokens, older_die: bool) -> impl FnOnce(ProviderBuilder) -> ProviderBuilder {
    let habits = if older_die { Habits::default().refresh_ends_access_tokens() } else { Habits::default() };
    move |provider| provider.refresh_tokens(policy).habits(habits)
}

/// Another process of the application, on the same store.
async fn replica(stage: &Stage) -> Server {
    let slot = Server::reserve().await.unwrap();
    let builder = application(&stage.provider, &slot, &stage.clock);
    let builder = builder.with_issuer(stage.provider.issuer()).await.unwrap();
    slot.serve(app(builder, Arc::clone(&stage.store)))
}

/// Twenty requests at once for an expired token, over these processes; the tokens they got.
async fn twenty_at_once(stage: &Arc<Stage>, processes: &[String]) -> Vec<String> {
    stage.expire_token();
    let (answer, gate) = Answer::normal().held_before();
    stage.provider.enqueue(Endpoint::Token, answer);
    let requests: Vec<_> = processes
        .iter()
        .cycle()
        .take(20)
        .map(|process| {
            let (stage, url) = (Arc::clone(stage), format!("{process}/token"));
            tokio::spawn(async move { stage.browser.fetch(url).await.unwrap() })
        })
        .collect();
    assert!(gate.reached().await);
    gate.open();
    let mut tokens = Vec::new();
    for request in requests {
        let page = request.await.unwrap();
        assert_eq!(page.status, 200, "{}", page.text());
        tokens.push(page.text().into_owned());
    }
    tokens
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_requests_on_an_expired_token_are_one_refresh_whatever_a_second_would_do() {
    for (policy_of, policy, older_die) in POLICIES {
        let stage = Arc::new(stage_at(with(policy, older_die)).await);
        stage.sign_in().await;

        let tokens = twenty_at_once(&stage, &[stage.server.url().to_owned()]).await;

        assert_eq!(stage.refreshes(), 1, "{policy_of}");
        assert!(tokens.iter().all(|token| *token == tokens[0]), "{policy_of}");
        assert!(stage.provider.live_access_token(&tokens[0]), "{policy_of}");
        stage.expire_token();
        assert!(stage.provider.live_access_token(&stage.token().await), "{policy_of}: the chain goes on");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_two_processes_they_are_one_refresh_too() {
    for (policy_of, policy, older_die) in POLICIES {
        let stage = Arc::new(stage_at(with(policy, older_die)).await);
        stage.sign_in().await;
        let other = replica(&stage).await;
        let processes = [stage.server.url().to_owned(), other.url().to_owned()];

        for round in 1..=2 {
            let tokens = twenty_at_once(&stage, &processes).await;

            assert_eq!(stage.refreshes(), round, "{policy_of}");
            assert!(tokens.iter().all(|token| *token == tokens[0]), "{policy_of}");
            assert!(stage.provider.live_access_token(&tokens[0]), "{policy_of}");
        }
    }
}

#[tokio::test]
async fn after_a_lost_answer_the_old_tokens_are_used_up_before_anything_is_risked() {
    for (policy_of, policy, _) in POLICIES {
        let stage = stage_at(with(policy, false)).await;
        stage.sign_in().await;
        let before = stage.token().await;
        stage.clock.advance(TOKEN_LIFETIME - Duration::from_secs(30));
        stage.provider.enqueue(Endpoint::Token, Answer::dropped_after());
        stage.token().await;
        assert!(stage.provider.journal().reaches(Endpoint::Token, 1).await);

        for _ in 0..5 {
            stage.clock.advance(Duration::from_secs(5));
            assert_eq!(stage.token().await, before, "{policy_of}");
        }

        assert_eq!(stage.refreshes(), 1, "{policy_of}: not sent again");
        assert!(stage.provider.live_access_token(&before), "{policy_of}");
    }
}

#[tokio::test]
async fn once_they_are_used_up_a_lost_answer_is_asked_for_once_and_the_end_says_so() {
    for (policy_of, policy, _) in POLICIES {
        let stage = stage_at(with(policy, false)).await;
        stage.sign_in().await;
        stage.expire_token();
        stage.provider.enqueue(Endpoint::Token, Answer::dropped_after());
        assert_eq!(stage.fetch("/token").await.0, 503, "{policy_of}");
        stage.clock.advance(Duration::from_secs(61));

        let (status, problem) = stage.fetch("/token").await;

        if policy == RefreshTokens::Static {
            assert_eq!(status, 200, "{policy_of}: nothing was lost");
        } else {
            assert_eq!((status, problem["reason"].as_str()), (401, Some("refresh_lost")), "{policy_of}");
        }
        assert_eq!(stage.refreshes(), 2, "{policy_of}");
    }
}

#[tokio::test]
async fn where_a_grace_is_granted_a_lost_answer_is_made_good() {
    let grace = RefreshTokens::RotatingWithGrace(Duration::from_secs(120));
    let stage = stage_at(with(grace, true)).await;
    stage.sign_in().await;
    stage.expire_token();
    stage.provider.enqueue(Endpoint::Token, Answer::dropped_after());
    assert_eq!(stage.fetch("/token").await.0, 503);

    stage.clock.advance(Duration::from_secs(61));

    assert!(stage.provider.live_access_token(&stage.token().await));
}

#[tokio::test]
async fn an_old_access_token_that_dies_with_the_refresh_is_not_handed_out_after_it() {
    let stage = stage_with(Habits::default().refresh_ends_access_tokens()).await;
    stage.sign_in().await;
    let before = stage.token().await;
    stage.clock.advance(TOKEN_LIFETIME - Duration::from_secs(30));

    stage.token().await;
    assert!(stage.provider.journal().reaches(Endpoint::Token, 1).await);
    assert!(until(async || stage.token().await != before).await);

    let now = stage.token().await;
    assert!(!stage.provider.live_access_token(&before) && stage.provider.live_access_token(&now));
    assert_eq!(stage.refreshes(), 1);
}

#[tokio::test]
async fn a_provider_that_never_rotates_is_asked_with_the_same_token_for_ever() {
    let stage = stage_at(|provider| provider.refresh_tokens(RefreshTokens::Static)).await;
    stage.sign_in().await;
    let first = stage.fetch("/session").await.1["refresh_token"].clone();

    for _ in 0..5 {
        stage.expire_token();
        assert_eq!(stage.fetch("/session").await.1["refresh_token"], first);
    }

    let sent = stage.provider.journal().requests(Endpoint::Token);
    assert!(sent.iter().all(|one| one.form_value("refresh_token") == first.as_str()));
}

#[tokio::test]
async fn members_nobody_knows_in_a_token_answer_are_left_alone() {
    let stray = |answer: &mut Map<String, Value>| {
        answer.insert("iat".to_owned(), 1.into());
        answer.insert("not_before".to_owned(), "tomorrow".into());
    };

    lead(&stage_with(Habits::default().token_answer(stray)).await).await;
}

#[tokio::test]
async fn a_token_type_is_bearer_in_any_spelling_and_nothing_else() {
    for spelling in ["bearer", "BEARER", "bEaReR"] {
        lead(&stage_with(Habits::default().token_type(spelling)).await).await;
    }
    for other in ["DPoP", "mac", "Bearer "] {
        let stage = stage_with(Habits::default().token_type(other)).await;
        let page = stage.browser.navigate(stage.url("/token")).await.unwrap();
        assert_eq!((page.status.as_u16(), stage.session_cookie()), (400, None), "{other}");
    }
}

#[tokio::test]
async fn a_logout_is_done_whatever_a_revocation_ends_at_the_provider() {
    for (habits, access_lives) in
        [(Habits::default(), false), (Habits::default().revocation_spares_access_tokens(), true)]
    {
        let stage = stage_with(habits).await;
        stage.sign_in().await;
        let session = stage.fetch("/session").await.1;
        let cookie = stage.session_cookie().unwrap();

        sign_out(&stage).await;

        assert!(stage.provider.journal().reaches(Endpoint::Revocation, 1).await);
        assert!(!stage.provider.live_refresh_token(session["refresh_token"].as_str().unwrap()));
        assert_eq!(stage.provider.live_access_token(session["access_token"].as_str().unwrap()), access_lives);
        stage.browser.set_cookie(stage.url("/"), &format!("authsession={cookie}; Path=/")).unwrap();
        assert_eq!(stage.fetch("/token").await.1["reason"], "logout", "it is handed out no more");
    }
}
