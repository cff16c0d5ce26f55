//! What becomes of sessions while their Redis forgets scripts, drops connections, restarts or hangs; and what a request costs it.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use authsession_core::clock::within;
use authsession_store::backend::{Backend, Kept, Label, Labels, UpdateOutcome};
use authsession_store::keyed_hash::KeyedHash;
use authsession_store::record::Version;
use authsession_store::redis::RedisBackend;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;

use crate::real_redis_stage::{HOUR, OwnRedis, at, content, keep, new_name, new_prefix, now};

async fn is_live(backend: &RedisBackend, name: &KeyedHash) -> bool {
    matches!(backend.load(name).await.unwrap(), Kept::Session { .. })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_load_is_one_command_and_so_is_a_touch() {
    let redis = OwnRedis::start().await;
    let backend = at(&redis.url(), &new_prefix()).await;
    let name = keep(&backend, &Labels::default(), now() + HOUR).await;
    assert!(backend.touch(&name, now() + HOUR, now()).await.unwrap());
    let connections = async || redis.ask("CLIENT LIST").await.lines().count();
    let total = async || {
        let statistics = redis.ask("INFO stats").await;
        let line = statistics.lines().find(|line| line.starts_with("total_commands_processed:"));
        line.and_then(|line| line.split_once(':'))
            .map(|(_, number)| number.trim().parse::<u64>().unwrap())
            .unwrap()
    };
    let (open, get, evalsha, before) =
        (connections().await, redis.calls("get").await, redis.calls("evalsha").await, total().await);
    // What asking costs by itself.
    let asking = total().await - before;
    let before = total().await;
    for _ in 0..1000 {
        assert!(is_live(&backend, &name).await);
    }
    assert_eq!(total().await - before - asking, 1000, "a load is one command");
    assert_eq!(redis.calls("get").await - get, 1000);
    assert_eq!(redis.calls("evalsha").await - evalsha, 0);
    assert!(backend.touch(&name, now() + HOUR, now()).await.unwrap());
    assert_eq!(redis.calls("evalsha").await - evalsha, 1, "so is a touch");
    assert_eq!(connections().await, open, "on the same connections");
}

#[tokio::test(flavor = "multi_thread")]
async fn scripts_that_were_forgotten_are_sent_again() {
    let redis = OwnRedis::start().await;
    let backend = at(&redis.url(), &new_prefix()).await;
    let mut version = Version::FIRST;
    let name = keep(&backend, &Labels::default(), now() + HOUR).await;
    for _ in 0..3 {
        redis.ask("SCRIPT FLUSH").await;
        assert!(backend.touch(&name, now() + HOUR, now()).await.unwrap());
        let saved = backend.update(&name, version, &content(version.next()), &Labels::default(), now()).await;
        assert_eq!(saved.unwrap(), UpdateOutcome::Saved);
        version = version.next();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_that_are_killed_cost_nobody_a_call() {
    let redis = OwnRedis::start().await;
    let prefix = new_prefix();
    let (one, other) = (at(&redis.url(), &prefix).await, at(&redis.url(), &prefix).await);
    let name = keep(&one, &Labels::default(), now() + HOUR).await;
    let (changes, names) = (other.changes().unwrap(), [name]);
    changes.wait_for(&names, Duration::from_secs(5)).await;
    let mut version = Version::FIRST;
    for _ in 0..5 {
        redis.ask("CLIENT KILL SKIPME yes TYPE normal").await;
        redis.ask("CLIENT KILL TYPE pubsub").await;
        let saved = one.update(&name, version, &content(version.next()), &Labels::default(), now()).await;
        assert_eq!(saved.unwrap(), UpdateOutcome::Saved, "what is saved once is saved");
        version = version.next();
        assert!(is_live(&other, &name).await);
    }
    let hears_again = async {
        loop {
            let save = async {
                tokio::time::sleep(Duration::from_millis(20)).await;
                one.update(&name, version, &content(version.next()), &Labels::default(), now()).await.unwrap()
            };
            let heard = within(Duration::from_millis(200), changes.wait_for(&names, HOUR));
            let (saved, heard) = tokio::join!(save, heard);
            assert_eq!(saved, UpdateOutcome::Saved);
            version = version.next();
            if heard.is_some() {
                break;
            }
        }
    };
    within(Duration::from_secs(5), hears_again).await.expect("another process hears of changes again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_is_ridden_out() {
    let mut redis = OwnRedis::start().await;
    let backend = at(&redis.url(), &new_prefix()).await;
    let name = keep(&backend, &Labels::default(), now() + HOUR).await;
    redis.kill();
    let load = tokio::spawn(async move { (backend.load(&name).await, backend) });
    tokio::time::sleep(Duration::from_millis(500)).await;
    redis.start_again().await;
    let (loaded, backend) = load.await.unwrap();
    assert!(matches!(loaded.unwrap(), Kept::Session { .. }), "a call that met the restart waited for it");
    assert!(backend.touch(&name, now() + HOUR, now()).await.unwrap(), "scripts too");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_hangs_costs_a_bounded_time_and_is_found_again() {
    let redis = OwnRedis::start().await;
    let limit = Duration::from_millis(700);
    let backend = std::sync::Arc::new(at(&redis.url(), &new_prefix()).await.with_time_limit(limit));
    let name = keep(&backend, &Labels::default(), now() + HOUR).await;
    redis.signal("-STOP");
    for round in 0..8 {
        // What has been away for long is not waited for at all.
        let at_most = if round > 6 { Duration::ZERO } else { limit * 3 / 2 };
        let calls: Vec<_> = (0..50)
            .map(|_| {
                let backend = backend.clone();
                tokio::spawn(async move { within(at_most, backend.load(&name)).await })
            })
            .collect();
        for call in calls {
            let loaded = call.await.unwrap();
            assert!(loaded.expect("in time").unwrap_err().is_transient(), "round {round}");
        }
    }
    redis.signal("-CONT");
    let mut is_back = false;
    for _ in 0..60 {
        is_back = backend.load(&name).await.is_ok();
        if is_back {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(is_back, "it is found again");
    // Nobody stampedes: at most some attempts hung in the backlog, and one connection is in use.
    tokio::time::sleep(Duration::from_millis(300)).await;
    let open = redis.ask("CLIENT LIST").await.lines().count();
    assert!(open <= 3, "{open} connections");
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_a_sweep_ends_is_told_when_its_time_is_over_too() {
    let (redis, prefix) = (OwnRedis::start().await, new_prefix());
    let near = at(&redis.url(), &prefix).await;
    let mut due = Vec::new();
    for _ in 0..300 {
        due.push(keep(&near, &Labels::default(), now()).await);
    }
    let far = at(&far_away(redis.port, Duration::from_millis(100)).await, &prefix).await;
    let far = far.with_time_limit(Duration::from_millis(550));
    let (mut told, mut sweeps) = (Vec::new(), 0);
    while told.len() < due.len() && sweeps < 20 {
        let swept = far.sweep(1000, now(), now() + HOUR).await.unwrap();
        told.extend(swept.into_iter().map(|(name, ..)| name));
        sweeps += 1;
    }
    assert!(sweeps > 1, "its time was over before all had ended");
    told.sort_unstable();
    due.sort_unstable();
    assert_eq!(told.len(), due.len());
    assert!(told == due, "each once");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_session_keeps_no_other_from_being_served() {
    let (redis, prefix) = (OwnRedis::start().await, new_prefix());
    let backend = at(&redis.url(), &prefix).await;
    let subject = new_name();
    let labels = Labels { subject: Some(subject), provider_session: None };
    let mut names = Vec::new();
    for _ in 0..3 {
        names.push(keep(&backend, &labels, now() + HOUR).await);
    }
    let key = |kind: &str, name: &KeyedHash| {
        let name: String = name.0.iter().map(|byte| format!("{byte:02x}")).collect();
        format!("{prefix}{kind}:{name}")
    };
    redis.ask(&format!("DEL {}", key("session", &names[0]))).await;
    redis.ask(&format!("LPUSH {} nonsense", key("session", &names[0]))).await;
    redis.ask(&format!("SET {} Lnonsense", key("session", &names[1]))).await;
    for part in 0..16 {
        redis.ask(&format!("ZADD {prefix}due:{part:x} 1 nonsense")).await;
    }
    let another_part = (names[2].0[0] + 1) % 16;
    redis.ask(&format!("SET {prefix}due:{another_part:x} nonsense")).await;

    assert_eq!(backend.find(&Label::Subject(subject), now()).await.unwrap(), [names[2]]);
    let (later, mut swept) = (now() + HOUR * 2, Vec::new());
    for _ in 0..5 {
        swept.extend(backend.sweep(1, later, later + HOUR).await.unwrap());
    }
    assert_eq!(swept.iter().map(|(name, ..)| *name).collect::<Vec<_>>(), [names[2]]);
    redis.ask(&format!("SET {} nonsense", key("subject", &subject))).await;
    assert_eq!(backend.find(&Label::Subject(subject), now()).await.unwrap(), []);
}

/// The URL of a way to the Redis at that port, on which every answer takes that much longer.
async fn far_away(port: u16, delay: Duration) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("redis://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let server = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
            let ((mut asks, mut hears), (mut answers, mut is_asked)) =
                (client.into_split(), server.into_split());
            tokio::spawn(async move { tokio::io::copy(&mut asks, &mut is_asked).await });
            let (sends, mut on_the_way) = tokio::sync::mpsc::unbounded_channel();
            tokio::spawn(async move {
                let mut bytes = vec![0; 65536];
                while let Ok(length @ 1..) = answers.read(&mut bytes).await {
                    let _gone = sends.send((Instant::now() + delay, bytes[..length].to_vec()));
                }
            });
            tokio::spawn(async move {
                while let Some((arrives, bytes)) = on_the_way.recv().await {
                    tokio::time::sleep_until(arrives).await;
                    if hears.write_all(&bytes).await.is_err() {
                        return;
                    }
                }
            });
        }
    });
    url
}
