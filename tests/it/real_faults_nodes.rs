//! One node of several is away: a Sentinel's master that dies, a cluster's node that hangs. They stop servers, so they run by themselves.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::process::Command;
use std::time::Duration;

use authsession_core::clock::within;
use authsession_store::backend::{Backend, Kept, Labels};
use authsession_store::store::StoreError;

use crate::real_redis_stage::{HOUR, at, keep, new_prefix, now, url};

fn folder() -> String {
    url("AUTHSESSION_TEST_SERVERS")
}

fn signal(signal: &str, server: &str) {
    let pid = std::fs::read_to_string(format!("{}/{server}.pid", folder())).unwrap();
    assert!(Command::new("kill").args([signal, pid.trim()]).status().unwrap().success());
}

fn starts_again(server: &str) {
    assert!(Command::new(format!("{}/restart-{server}", folder())).status().unwrap().success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_master_that_dies_is_replaced_without_a_restart_and_its_sessions_are_there() {
    let backend = at(&url("AUTHSESSION_TEST_REDIS_SENTINEL"), &new_prefix()).await;
    let mut names = Vec::new();
    for _ in 0..20 {
        names.push(keep(&backend, &Labels::default(), now() + HOUR).await);
    }
    tokio::time::sleep(Duration::from_secs(1)).await;

    signal("-KILL", "redis-replicated-1");

    let (later, mut failures) = (now() + HOUR * 2, 0);
    while let Err(error) = backend.touch(&names[0], later, now()).await {
        assert!(matches!(error, StoreError::Unavailable(_)), "nobody is signed out: {error:?}");
        failures += 1;
        assert!(failures < 600, "{error:?}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    for name in &names {
        assert!(matches!(backend.load(name).await.unwrap(), Kept::Session { .. }));
    }
    starts_again("redis-replicated-1");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_hangs_costs_the_others_sessions_nothing() {
    let limit = Duration::from_millis(700);
    let backend = at(&url("AUTHSESSION_TEST_REDIS_CLUSTER"), &new_prefix()).await.with_time_limit(limit);
    let mut names = Vec::new();
    for _ in 0..30 {
        names.push(keep(&backend, &Labels::default(), now() + HOUR).await);
    }
    signal("-STOP", "redis-cluster-2");
    let (mut served, mut away) = (0, 0);
    for name in &names {
        match within(limit * 3 / 2, backend.load(name)).await.expect("in time") {
            Ok(kept) => {
                assert!(matches!(kept, Kept::Session { .. }));
                served += 1;
            }
            Err(error) => {
                assert!(error.is_transient(), "{error:?}");
                away += 1;
            }
        }
        // Before the others take it for dead, and refuse to serve what is theirs.
        if served > 0 && away > 0 {
            break;
        }
    }
    signal("-CONT", "redis-cluster-2");
    assert!(served > 0 && away > 0, "{served} served, {away} not");
    for name in &names {
        let mut tries = 0;
        while backend.load(name).await.is_err() {
            tries += 1;
            assert!(tries < 100, "it is found again");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}
