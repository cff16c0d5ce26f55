//! Sessions of many orgs at a time.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use authsession_core::token_cache::snapshot::State;
use authsession_salesforce::CirrusError;
use authsession_salesforce::auth::{SessionRegistry, SharedAuth, StaticTokenAuth};

use crate::stage::{JWT_BEARER, Stage};

fn fixed(token: &str) -> SharedAuth {
    Arc::new(StaticTokenAuth::new(token, "https://acme.my.salesforce.com"))
}

#[tokio::test]
async fn sessions_are_found_by_name_and_by_instance() {
    let registry = SessionRegistry::default();
    assert!(registry.insert("b", fixed("one")).is_none());
    registry.insert("a", fixed("two"));
    let replaced = registry.insert("b", fixed("three")).unwrap();
    assert_eq!(replaced.access_token().await.unwrap(), "one");
    assert_eq!(registry.names(), ["a", "b"]);
    let there = registry.at_instance("https://acme.lightning.force.com/lightning/page/home").unwrap();
    assert_eq!(there.access_token().await.unwrap(), "two");
    assert!(registry.at_instance("https://other.my.salesforce.com").is_none());
    assert!(registry.remove("a").is_some() && registry.get("a").is_none());
}

#[tokio::test]
async fn a_session_is_opened_once_for_all_who_ask_meanwhile() {
    let (registry, opened) = (SessionRegistry::default(), Arc::new(AtomicUsize::new(0)));
    let asking = (0..8).map(|_| {
        let (registry, opened) = (registry.clone(), Arc::clone(&opened));
        tokio::spawn(async move {
            let open = || async move {
                tokio::task::yield_now().await;
                opened.fetch_add(1, Ordering::SeqCst);
                Ok(fixed("token"))
            };
            registry.get_or_open("acme", open).await.unwrap();
        })
    });
    for one in asking.collect::<Vec<_>>() {
        one.await.unwrap();
    }
    assert_eq!(opened.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_session_that_could_not_be_opened_is_tried_again() {
    let registry = SessionRegistry::default();
    let failed = registry.get_or_open("acme", || async { Err(CirrusError::StateMismatch) }).await;
    assert!(matches!(failed, Err(CirrusError::StateMismatch)));
    assert!(registry.get_or_open("acme", || async { Ok(fixed("token")) }).await.is_ok());
}

#[tokio::test]
async fn all_sessions_are_warmed_up_together_and_listed_without_asking() {
    let stage = Stage::set().await;
    let registry = SessionRegistry::default();
    registry.insert("good", Arc::new(stage.jwt().build().unwrap()));
    registry.insert("wrong", Arc::new(stage.jwt().username("nobody@acme.example").build().unwrap()));
    registry.insert("fixed", fixed("token"));
    let outcomes = registry.warm_up().await;
    let failed: Vec<_> =
        outcomes.iter().filter(|(_, outcome)| outcome.is_err()).map(|(name, _)| name).collect();
    assert_eq!(failed, ["wrong"]);
    let asked = stage.org.journal().grants(JWT_BEARER);
    let states: Vec<_> =
        registry.list().into_iter().map(|listed| listed.snapshot.map(|snapshot| snapshot.state)).collect();
    assert_eq!(states, [None, Some(State::Fresh), Some(State::Dead)]);
    assert_eq!(stage.org.journal().grants(JWT_BEARER), asked);
    assert!(!format!("{registry:?} {:?}", registry.list()).contains("token\""));
}

#[tokio::test]
async fn who_holds_only_the_trait_can_watch_the_token_and_tell_how_it_does() {
    let stage = Stage::set().await;
    let registry = SessionRegistry::default();
    let session: SharedAuth = Arc::new(stage.jwt().build().unwrap());
    registry.insert("org", Arc::clone(&session));
    registry.insert("fixed", fixed("token"));
    assert!(registry.list().iter().all(|listed| listed.is_healthy()), "nobody asked yet");
    let mut watch = session.watch().unwrap();
    let token = session.access_token().await.unwrap().into_owned();
    assert_eq!(watch.changed().await.state, State::Fresh);
    stage.refuse("inactive_user", "user is inactive");
    session.invalidate(&token).await;
    session.access_token().await.unwrap_err();
    assert_eq!(watch.changed().await.state, State::Dead);
    assert!(!registry.list().iter().all(|listed| listed.is_healthy()));
    assert!(fixed("token").watch().is_none());
}
