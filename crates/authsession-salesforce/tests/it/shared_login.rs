//! One rotating login that several processes share, by a store.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use authsession_core::token_store::TokenStore as _;
use authsession_core::token_store::file::FileTokenStore;
use authsession_salesforce::auth::{AuthSession, RefreshTokenAuth};

use crate::stage::{Stage, minutes};

const PROCESSES: usize = 10;

fn file(name: &str) -> PathBuf {
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_file(&file);
    file
}

fn process(stage: &Stage, seed: &str, file: &Path) -> RefreshTokenAuth {
    stage.refresh(seed).token_store(Arc::new(FileTokenStore::at(file))).build().unwrap()
}

/// All of them at a time: report the token they hold, if any, and ask for one.
async fn all_ask(sessions: &[RefreshTokenAuth], stale: Option<String>) -> Vec<String> {
    let asking: Vec<_> = sessions
        .iter()
        .cloned()
        .map(|session| {
            let stale = stale.clone();
            tokio::spawn(async move {
                if let Some(stale) = stale {
                    session.invalidate(&stale).await;
                }
                session.access_token().await.map(std::borrow::Cow::into_owned)
            })
        })
        .collect();
    let mut tokens = Vec::new();
    for one in asking {
        tokens.push(one.await.unwrap().unwrap());
    }
    tokens
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn ten_processes_refresh_one_rotating_login_as_if_they_were_one() {
    let stage = Stage::set_with(|org| org.rotation(true)).await;
    let (seed, file) = (stage.approve(), file("ten-processes.json"));
    let sessions: Vec<_> = (0..PROCESSES).map(|_| process(&stage, &seed, &file)).collect();
    let mut stale = None;
    for round in 1..=5 {
        let mut tokens = all_ask(&sessions, stale).await;
        tokens.dedup();
        assert_eq!(tokens.len(), 1, "all have the same token");
        assert_eq!(stage.refreshes(), round, "one of them asked");
        stage.time.advance(minutes(2));
        stage.org.expire_sessions();
        stale = tokens.pop();
    }
    let kept = FileTokenStore::at(&file).load().await.unwrap().unwrap().tokens;
    assert!(stage.org.is_live_refresh_token(kept.refresh_token.unwrap().expose()));
}

#[tokio::test]
async fn a_process_that_starts_later_takes_over_what_the_others_left() {
    let stage = Stage::set_with(|org| org.rotation(true)).await;
    let (seed, file) = (stage.approve(), file("later-process.json"));
    stage.opens(&process(&stage, &seed, &file)).await;
    stage.opens(&process(&stage, &seed, &file)).await;
    assert_eq!(stage.refreshes(), 1);
    stage.time.advance(minutes(60));
    stage.opens(&process(&stage, &seed, &file)).await;
    assert_eq!(stage.refreshes(), 2);
}

#[tokio::test]
async fn who_asks_while_another_process_refreshes_gets_what_that_one_got() {
    let stage = Stage::set_with(|org| org.rotation(true)).await;
    let (seed, file) = (stage.approve(), file("two-processes.json"));
    let (held, gate) = authsession_testkit::script::Answer::normal().held_after();
    stage.org.enqueue(authsession_testkit::org::endpoint::OrgEndpoint::Token, held);
    let (first, other) = (process(&stage, &seed, &file), process(&stage, &seed, &file));
    let refreshing =
        tokio::spawn(async move { first.access_token().await.map(std::borrow::Cow::into_owned) });
    assert!(gate.reached().await);
    let waiting = tokio::spawn(async move { other.access_token().await.map(std::borrow::Cow::into_owned) });
    gate.open();
    assert_eq!(refreshing.await.unwrap().unwrap(), waiting.await.unwrap().unwrap());
    assert_eq!(stage.refreshes(), 1);
}
