//! Which Redis a URL means, and which URLs mean none.

use authsession_store::backend::Backend;
use authsession_store::open;
use authsession_store::redis::RedisBackend;
use authsession_store::store::StoreError;

fn address(url: &str) -> String {
    let shown = format!("{:?}", RedisBackend::open(url).unwrap());
    shown
        .split("\", prefix")
        .next()
        .unwrap()
        .trim_start_matches("RedisBackend { address: \"")
        .replace('\\', "")
}

#[test]
fn one_host_is_one_node() {
    for (url, expected) in [
        ("redis://127.0.0.1", "127.0.0.1:6379"),
        ("redis://redis.example:7000/3", "redis.example:7000"),
        ("redis://:p%40ss@redis.example", "redis.example:6379"),
        ("rediss://app:secret@redis.example:6380/", "redis.example:6380"),
        ("valkey://[::1]:7000", "::1:7000"),
        ("redis://[::1]", "::1:6379"),
    ] {
        assert_eq!(address(url), expected, "{url}");
    }
}

#[test]
fn several_hosts_are_a_cluster_and_one_may_be() {
    for (url, expected) in [
        ("redis://a:1,b:2,c:3", "cluster at a:1, b:2, c:3"),
        ("redis://user:secret@a,b/", "cluster at a:6379, b:6379"),
        ("rediss://a:1,b:2", "cluster at a:1, b:2"),
        ("redis+cluster://a:1", "cluster at a:1"),
    ] {
        assert_eq!(address(url), expected, "{url}");
    }
}

#[test]
fn a_master_s_name_means_sentinels() {
    for (url, expected) in [
        ("redis://127.0.0.1:26380?master=main", r#"master "main" named by Sentinel at 127.0.0.1:26380"#),
        ("redis+sentinel://s1,s2:5/2?master=main", r#"master "main" named by Sentinel at s1:26379, s2:5"#),
        (
            "rediss://app:secret@s1/?master=main&sentinel_username=u&sentinel_password=w%26x",
            r#"master "main" named by Sentinel at s1:26379"#,
        ),
    ] {
        assert_eq!(address(url), expected, "{url}");
    }
}

#[test]
fn other_urls_are_refused_without_being_shown() {
    for url in [
        "",
        "secret",
        "http://secret@a",
        "redis:secret",
        "redis://",
        "redis://:secret@",
        "redis://:secret@a:port",
        "redis://:secret@a,,b",
        "redis://:secret@a/database",
        "redis://:secret@a?timeout=5",
        "redis://:secret@a?master=",
        "redis://:secret@a?sentinel_password=secret",
        "rediss://:secret@a#insecure",
        "redis+sentinel://:secret@a",
        "redis+cluster://:secret@a?master=main",
        "redis+unix://:secret@a",
        "redis://0.0.0.0",
    ] {
        let error = RedisBackend::open(url).unwrap_err();
        assert!(matches!(error, StoreError::Misconfigured(_)) && !error.is_transient(), "{url}");
        assert!(!format!("{error} {error:?}").contains("secret"), "{url}");
    }
}

#[test]
fn no_password_is_shown() {
    for url in [
        "redis://app:hidden@a",
        "redis://:hidden@a,b",
        "redis://:hidden@a?master=main&sentinel_password=hidden",
    ] {
        let backend = RedisBackend::open(url).unwrap();
        assert!(!format!("{backend:?}").contains("hidden"), "{url}");
    }
}

#[tokio::test(start_paused = true)]
async fn every_form_of_url_opens_this_backend() {
    for url in [
        "redis://127.0.0.1:1",
        "redis://app:hidden@127.0.0.1:1/3",
        "redis://127.0.0.1:1,127.0.0.1:2",
        "redis+cluster://127.0.0.1:1",
        "redis://127.0.0.1:1?master=main",
        "redis+sentinel://127.0.0.1:1?master=main",
        "rediss://127.0.0.1:1",
        "valkey://127.0.0.1:1",
        "valkey+sentinel://127.0.0.1:1?master=main",
        "valkeys+cluster://127.0.0.1:1",
    ] {
        let refused = open::backend(url).await.unwrap_err();
        assert!(matches!(refused, StoreError::Unavailable(_)), "{url}: {refused:?}");
    }
    let refused = open::backend("redis+unix://127.0.0.1:1").await.unwrap_err();
    assert!(refused.to_string().contains("cluster or sentinel"), "{refused}");
}

#[test]
fn who_asks_for_changes_before_there_is_a_runtime_hears_of_them_later() {
    let backend = RedisBackend::open("redis://127.0.0.1:1").unwrap();
    assert!(backend.changes().is_none());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async { assert!(backend.changes().is_some()) });
}
