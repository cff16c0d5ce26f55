//! Sessions in Redis: on a node, on a cluster, and through Sentinels. `tests/real/servers` starts them.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;

use authsession_core::random;
use authsession_store::backend::{Backend, EndOutcome, Kept, Label, Labels, UpdateOutcome};
use authsession_store::contract;
use authsession_store::end_reason::EndReason;
use authsession_store::record::Version;
use authsession_store::redis::RedisBackend;
use authsession_store::seal::KeyRing;
use authsession_store::sealed_store::SealedStore;
use authsession_store::store::StoreError;

use redis::TlsCertificates;
use tokio::task::JoinSet;

use crate::real_redis_stage::{HOUR, at, content, keep, new_name, new_prefix, now, url};
use crate::real_wire::Wire;
use crate::replicas::fleet::{Fleet, PROCESSES};

const NODE: &str = "AUTHSESSION_TEST_REDIS";
const CLUSTER: &str = "AUTHSESSION_TEST_REDIS_CLUSTER";
const TLS: &str = "AUTHSESSION_TEST_REDIS_TLS";
const SENTINEL: &str = "AUTHSESSION_TEST_REDIS_SENTINEL";

async fn keeps_every_promise(variable: &str) {
    let (url, prefix) = (url(variable), new_prefix());
    let ring = Arc::new(authsession_core::secret::Secret::from(random::text::<32>().unwrap()));
    contract::keeps_every_promise(async |clock| {
        let backend = at(&url, &prefix).await.danger_leases_by_the_callers_clock();
        SealedStore::new(std::sync::Arc::new(backend), KeyRing::new(&ring).unwrap()).with_clock(clock)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_keeps_every_promise() {
    keeps_every_promise(NODE).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_keeps_every_promise() {
    keeps_every_promise(CLUSTER).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_master_that_sentinels_name_keeps_every_promise() {
    keeps_every_promise(SENTINEL).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_promise_among_processes_is_kept() {
    for variable in [NODE, CLUSTER, SENTINEL] {
        let (url, prefix) = (url(variable), new_prefix());
        contract::keeps_every_promise_among_processes(async || at(&url, &prefix).await).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_end_whose_answer_was_lost_is_its_own() {
    let wire = Wire::to(&url(NODE)).await;
    let backend = at(&wire.url, &new_prefix()).await;
    for lost in 1..=2 {
        let (name, first) = (new_name(), content(Version::FIRST));
        assert!(
            backend.create(&name, &first, &Labels::default(), now() + HOUR, now()).await.unwrap(),
            "a new name"
        );
        wire.messages_of(std::future::ready(())).await;
        wire.loses_the_answer(lost);
        let ended = backend.end(&name, EndReason::Logout, now(), now() + HOUR).await.unwrap();
        assert!(wire.has_lost_it(), "answer {lost}");
        assert_eq!(ended, EndOutcome::Now(EndReason::Logout, first), "answer {lost}");
        let again = backend.end(&name, EndReason::Logout, now(), now() + HOUR).await.unwrap();
        assert_eq!(again, EndOutcome::Before, "somebody else's is not");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repetition_of_what_was_done_is_done() {
    let backend = at(&url(NODE), &new_prefix()).await;
    let (name, first, labels) = (new_name(), content(Version::FIRST), Labels::default());
    for _ in 0..2 {
        assert!(backend.create(&name, &first, &labels, now() + HOUR, now()).await.unwrap());
    }
    assert!(!backend.create(&name, &content(Version::FIRST), &labels, now() + HOUR, now()).await.unwrap());
    let second = content(Version::FIRST.next());
    for _ in 0..2 {
        assert_eq!(
            backend.update(&name, Version::FIRST, &second, &labels, now()).await.unwrap(),
            UpdateOutcome::Saved
        );
    }
    let other = content(Version::FIRST.next());
    assert_eq!(
        backend.update(&name, Version::FIRST, &other, &labels, now()).await.unwrap(),
        UpdateOutcome::Changed
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_look_up_believes_the_session_and_not_the_list() {
    for variable in [NODE, CLUSTER] {
        let backend = at(&url(variable), &new_prefix()).await;
        let (subject, sid, next_sid) = (new_name(), new_name(), new_name());
        let labels = Labels { subject: Some(subject), provider_session: Some(sid) };
        let name = keep(&backend, &labels, now() + HOUR).await;
        // Somebody listed a session and crashed before it was kept; another name's creation found it taken.
        let mut crashed = content(Version::FIRST);
        crashed.expires_at = now() + HOUR;
        let foreign = Labels { subject: Some(new_name()), provider_session: None };
        assert!(!backend.create(&name, &crashed, &foreign, now() + HOUR, now()).await.unwrap());
        assert_eq!(backend.find(&Label::Subject(foreign.subject.unwrap()), now()).await.unwrap(), []);
        assert_eq!(backend.find(&Label::Subject(subject), now()).await.unwrap(), [name]);

        let moved = Labels { subject: Some(subject), provider_session: Some(next_sid) };
        let second = content(Version::FIRST.next());
        let saved = backend.update(&name, Version::FIRST, &second, &moved, now()).await.unwrap();
        assert_eq!(saved, UpdateOutcome::Saved);
        assert_eq!(backend.find(&Label::ProviderSession(sid), now()).await.unwrap(), []);
        assert_eq!(backend.find(&Label::ProviderSession(next_sid), now()).await.unwrap(), [name]);

        let closed = backend.end(&name, EndReason::Logout, now(), now() + HOUR).await.unwrap();
        assert_eq!(closed, EndOutcome::Now(EndReason::Logout, second));
        assert_eq!(backend.find(&Label::Subject(subject), now()).await.unwrap(), []);
        assert_eq!(backend.load(&name).await.unwrap(), Kept::Ended(EndReason::Logout));
    }
}

/// A user of that password and with these rights, on the node.
async fn with_rights(user: &str, rights: &[&str]) -> redis::aio::MultiplexedConnection {
    let client = redis::Client::open(&*url(NODE)).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let mut acl = redis::cmd("ACL");
    acl.arg(&["SETUSER", user, "on", ">hunter2", "-@all"]).arg(rights);
    let _: () = acl.query_async(&mut connection).await.unwrap();
    connection
}

/// As the documentation of `redis` lists them.
#[tokio::test(flavor = "multi_thread")]
async fn the_rights_that_are_listed_are_enough() {
    let prefix = new_prefix();
    let (user, keys, channels) = (prefix.replace(':', ""), format!("~{prefix}*"), format!("&{prefix}*"));
    let commands = "+get +evalsha +eval +set +getrange +setrange +pttl +pexpire +publish +time +zadd +zrem +zrangebyscore \
                    +zremrangebyscore +ping +subscribe";
    let rights: Vec<_> = [&*keys, &*channels].into_iter().chain(commands.split(' ')).collect();
    let mut connection = with_rights(&user, &rights).await;
    let url = url(NODE);
    let url = format!("redis://{user}:hunter2@{}", url.rsplit_once('@').unwrap().1);
    let ring = authsession_core::secret::Secret::from(random::text::<32>().unwrap());
    contract::keeps_every_promise(async |clock| {
        let backend = at(&url, &prefix).await.danger_leases_by_the_callers_clock();
        SealedStore::new(Arc::new(backend), KeyRing::new(&ring).unwrap()).with_clock(clock)
    })
    .await;
    contract::keeps_every_promise_among_processes(async || at(&url, &prefix).await).await;
    let _: () = redis::cmd("ACL").arg("DELUSER").arg(&user).query_async(&mut connection).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_by_tls_keeps_every_promise_among_processes() {
    let authority = std::fs::read(url(&format!("{TLS}_CA"))).unwrap();
    let prefix = new_prefix();
    contract::keeps_every_promise_among_processes(async || {
        let certificates = TlsCertificates { client_tls: None, root_cert: Some(authority.clone()) };
        RedisBackend::from_client(redis::Client::build_with_tls(url(TLS), certificates).unwrap())
            .with_prefix(&prefix)
    })
    .await;
}

/// Its processes trust the authority as the system's (`SSL_CERT_FILE`).
#[tokio::test(flavor = "multi_thread")]
async fn several_processes_by_tls_refresh_once() {
    let fleet = Fleet::on(&url(TLS), false).await;
    fleet.expire().await;
    let mut asked = JoinSet::new();
    for number in 0..50 {
        fleet.ask(&mut asked, number % PROCESSES);
    }
    assert!(asked.join_all().await.iter().all(|page| page.status == 200));
    assert_eq!(fleet.provider.refreshes().await, 1);
}

#[tokio::test]
async fn a_server_that_nobody_vouches_for_is_not_talked_to() {
    let refused = RedisBackend::connect(&url(TLS)).await.unwrap_err();
    assert!(
        matches!(&refused, StoreError::Misconfigured(told) if told.contains("certificate")),
        "{refused:?}"
    );
    let plain = url(TLS).replace("rediss:", "redis:");
    assert!(RedisBackend::connect(&plain).await.is_err(), "nor is anything said in the clear");
}

#[tokio::test]
async fn a_wrong_password_is_told_at_once_and_not_shown() {
    let (before, hosts) = url(NODE).rsplit_once('@').map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
    assert!(before.starts_with("redis://"));
    let started = std::time::Duration::from_secs(2);
    let refused = tokio::time::timeout(started, RedisBackend::connect(&format!("redis://:hunter2@{hosts}")))
        .await
        .unwrap();
    let error = refused.unwrap_err();
    assert!(matches!(&error, StoreError::Misconfigured(hint) if hint.contains("password")), "{error:?}");
    assert!(!format!("{error:?} {error}").contains("hunter2"));
    let backend = RedisBackend::open(&format!("redis://:hunter2@{hosts}")).unwrap();
    let error = backend.load(&new_name()).await.unwrap_err();
    assert!(error.is_transient(), "a request waits for better times: {error:?}");
}

#[tokio::test]
async fn what_is_set_up_wrong_is_told_at_the_start() {
    let (url, user) = (url(NODE), new_prefix().replace(':', ""));
    let (_, hosts) = url.rsplit_once('@').unwrap();
    let hosts = hosts.trim_end_matches('/');
    let mut connection = with_rights(&user, &["+get"]).await;
    for (wrong, hint) in [
        (format!("redis://{hosts}"), "password"),
        (format!("redis://{user}:hunter2@{hosts}"), "rights"),
        (format!("{}/999", url.trim_end_matches('/')), "no database of that number"),
    ] {
        let refused = RedisBackend::connect(&wrong).await.unwrap_err();
        assert!(matches!(&refused, StoreError::Misconfigured(told) if told.contains(hint)), "{refused:?}");
    }
    let _: () = redis::cmd("ACL").arg("DELUSER").arg(&user).query_async(&mut connection).await.unwrap();
}
