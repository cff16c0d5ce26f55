//! What is kept at rest tells nothing, opens only for its user, and is read across keys; copies near by are never older than said.

use std::sync::Arc;
use std::time::Duration;

use authsession_core::clock::Timestamp;
use authsession_core::extras::Extras;
use authsession_core::token_set::TokenSet;
use authsession_store::backend::Content;
use authsession_store::contract;
use authsession_store::contract::bench::HaltedClock;
use authsession_store::end_reason::EndReason;
use authsession_store::key::{SessionId, StoreKey};
use authsession_store::record::{Later, SessionRecord};
use authsession_store::seal::KeyRing;
use authsession_store::sealed_store::SealedStore;
use authsession_store::store::{EndedSession, Found, LeaseOwner, SessionStore as _, StoreError, Updated};

use crate::shelf::Shelf;

const KEY: &str = "9f8a7b6c5d4e3f2a1b0c9d8e7f6a5b4c3d2e1f0a9b8c7d6e5f4a3b2c1d0e9f8a";
const NEXT_KEY: &str = "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f1";
const HOUR: Duration = Duration::from_secs(3600);
const SECOND: Duration = Duration::from_secs(1);

fn ring() -> KeyRing {
    KeyRing::new(&KEY.into()).unwrap()
}

/// The ring after its key was changed.
fn next_ring() -> KeyRing {
    KeyRing::new(&NEXT_KEY.into()).unwrap().with_old_key(&KEY.into()).unwrap()
}

fn record(now: Timestamp) -> SessionRecord {
    let mut tokens = TokenSet::new("canary access", now).expiring_after(HOUR);
    tokens.refresh_token = Some("canary refresh".into());
    tokens.id_token = Some("canary id".into());
    tokens.scope = Some("canary scope".into());
    tokens.extras = Extras::from_iter([("canary", "canary")]);
    SessionRecord {
        tokens,
        issuer: "https://canary.example".into(),
        client_id: "canary client".into(),
        subject: "canary subject".into(),
        provider_session: Some("canary sid".into()),
        userinfo: Some(r#"{"name":"canary"}"#.into()),
        userinfo_is_newer: false,
        id_token_refused: false,
        remembered: false,
        created_at: now,
        expires_at: now + HOUR * 10,
        refresh_sent_at: None,
        refused: None,
        later: Later::default(),
    }
}

/// A session at rest, and what is around it.
struct Scene {
    shelf: Arc<Shelf>,
    clock: HaltedClock,
    store: SealedStore,
    id: SessionId,
    key: StoreKey,
}

impl Scene {
    async fn on(shelf: Shelf, edit: impl FnOnce(SealedStore) -> SealedStore) -> Self {
        let (shelf, clock) = (Arc::new(shelf), HaltedClock::new());
        let store = edit(SealedStore::new(shelf.clone(), ring()).with_clock(clock.clock()));
        let id = SessionId::generate().unwrap();
        let key = StoreKey::of(&id);
        store.create(&key, record(clock.now()), clock.now() + HOUR).await.unwrap();
        Self { shelf, clock, store, id, key }
    }

    async fn at_rest() -> Self {
        Self::on(Shelf::default(), |store| store).await
    }

    /// The store as another process has it, with that ring.
    fn elsewhere(&self, ring: KeyRing) -> SealedStore {
        SealedStore::new(self.shelf.clone(), ring).with_clock(self.clock.clock())
    }

    async fn access_token(&self) -> Option<String> {
        let found = match self.store.load_at_once(&self.key) {
            Some(found) => found,
            None => self.store.load(&self.key).await.unwrap(),
        };
        match found {
            Found::Live { session, .. } => Some(session.record.tokens.access_token.expose().to_owned()),
            _ => None,
        }
    }

    /// Another process saves another access token.
    async fn another_process_saves(&self, access_token: &str) {
        let there = self.elsewhere(ring());
        let Found::Live { session, .. } = there.load(&self.key).await.unwrap() else { unreachable!() };
        let mut record = session.record.clone();
        record.tokens.access_token = access_token.into();
        let updated = there.update(&self.key, session.version, record).await.unwrap();
        assert!(matches!(updated, Updated::Saved(_)));
    }
}

#[tokio::test]
async fn every_promise_is_kept() {
    contract::keeps_every_promise(async |clock| {
        SealedStore::new(Arc::new(Shelf::default()), ring()).with_clock(clock)
    })
    .await;
}

#[tokio::test]
async fn every_promise_is_kept_with_copies_near_by() {
    contract::keeps_every_promise(async |clock| {
        SealedStore::new(Arc::new(Shelf::that_hears()), ring())
            .with_clock(clock)
            .with_near_copies(100, SECOND)
    })
    .await;
}

#[tokio::test]
async fn every_promise_is_kept_after_the_key_was_changed() {
    contract::keeps_every_promise(async |clock| {
        SealedStore::new(Arc::new(Shelf::default()), next_ring()).with_clock(clock)
    })
    .await;
}

#[tokio::test]
async fn a_stolen_store_tells_nothing() {
    let scene = Scene::at_rest().await;
    let (name, row) = scene.shelf.only();
    let Content { sealed, .. } = &row.content;
    for secret in ["canary", scene.id.expose()] {
        assert!(!sealed.windows(secret.len()).any(|window| window == secret.as_bytes()), "{secret}");
    }
    assert_ne!(&name.0, scene.key.as_bytes(), "who knows the cookie does not know the row");
    assert!(!format!("{row:?} {:?}", scene.store).contains("canary"));
}

#[tokio::test]
async fn the_servers_key_without_the_cookie_opens_nothing() {
    let scene = Scene::at_rest().await;
    let found = scene.store.find_by_subject("https://canary.example", "canary subject").await.unwrap();
    assert!(found.len() == 1 && scene.store.is_found_as(&scene.key, &found[0]));

    let opened = scene.store.load(&found[0]).await;

    assert!(matches!(opened, Err(StoreError::SealedForItsUser)), "{opened:?}");
}

#[tokio::test]
async fn the_cookie_without_the_servers_key_finds_nothing() {
    let scene = Scene::at_rest().await;
    let theirs = scene.elsewhere(KeyRing::new(&NEXT_KEY.into()).unwrap());
    assert!(matches!(theirs.load(&scene.key).await, Ok(Found::Absent)));
    assert!(theirs.find_by_subject("https://canary.example", "canary subject").await.unwrap().is_empty());
}

#[tokio::test]
async fn a_session_goes_on_after_the_key_was_changed_and_is_sealed_anew_when_it_is_saved() {
    let scene = Scene::at_rest().await;
    let before = key_id(&scene);
    let store = scene.elsewhere(next_ring());
    let Found::Live { session, .. } = store.load(&scene.key).await.unwrap() else { unreachable!() };
    assert!(session.record == record(scene.clock.now()));
    assert!(store.lease(&scene.key, LeaseOwner([1; 16]), HOUR).await.unwrap());
    store.touch(&scene.key, scene.clock.now() + HOUR * 2).await.unwrap();

    let updated = store.update(&scene.key, session.version, session.record.clone()).await.unwrap();

    assert!(matches!(updated, Updated::Saved(_)), "{updated:?}");
    assert_ne!(key_id(&scene), before, "another key's");
    let found = store.find_by_subject("https://canary.example", "canary subject").await.unwrap();
    assert!(found.len() == 1 && store.is_found_as(&scene.key, &found[0]));
    assert!(store.end(&scene.key, EndReason::Logout).await.unwrap().is_some());
}

/// Which key sealed the only record: what stands behind the kind and the sealing's version.
fn key_id(scene: &Scene) -> Vec<u8> {
    scene.shelf.only().1.content.sealed[2..6].to_vec()
}

/// What the first release kept for the cookie of 43 `A`, as hexadecimal digits.
const FROZEN: &str = include_str!("../frozen/sealed_v1.txt");

#[tokio::test]
async fn a_session_sealed_by_the_first_release_opens_for_ever() {
    let (shelf, clock) = (Arc::new(Shelf::default()), HaltedClock::new());
    let store = SealedStore::new(shelf.clone(), ring()).with_clock(clock.clock());
    let key = StoreKey::from_cookie(&"A".repeat(43)).unwrap();
    store.create(&key, record(clock.now()), clock.now() + HOUR).await.unwrap();
    let sealed: Vec<u8> = (0..FROZEN.trim().len() / 2)
        .map(|byte| u8::from_str_radix(&FROZEN[byte * 2..byte * 2 + 2], 16).unwrap())
        .collect();
    let (name, mut row) = shelf.only();
    assert_ne!(row.content.sealed, sealed, "each has a salt of its own");
    row.content.sealed = sealed;
    shelf.rows().insert(name, row);

    let Ok(Found::Live { session, .. }) = store.load(&key).await else { unreachable!("it opens") };

    assert!(session.record == record(clock.now()), "and is what it was");
}

#[tokio::test]
async fn a_record_opens_under_no_other_name_as_no_other_version_and_not_after_a_change() {
    let scene = Scene::at_rest().await;
    let (name, row) = scene.shelf.only();
    let other = StoreKey::of(&SessionId::generate().unwrap());
    scene.store.create(&other, record(scene.clock.now()), scene.clock.now() + HOUR).await.unwrap();
    for stolen in scene.shelf.rows().values_mut() {
        stolen.content.sealed.clone_from(&row.content.sealed);
    }
    let opened = scene.store.load(&other).await;
    assert!(matches!(opened, Err(StoreError::Unreadable(_))), "another name: {opened:?}");

    scene.shelf.rows().get_mut(&name).unwrap().content.version = row.content.version.next();
    let opened = scene.store.load(&scene.key).await;
    assert!(matches!(opened, Err(StoreError::Unreadable(_))), "another version: {opened:?}");

    for byte in 0..row.content.sealed.len() {
        let mut changed = row.clone();
        changed.content.sealed[byte] ^= 1;
        scene.shelf.rows().insert(name, changed);
        let opened = scene.store.load(&scene.key).await;
        assert!(matches!(opened, Err(StoreError::Unreadable(_))), "byte {byte}: {opened:?}");
    }
}

#[tokio::test]
async fn an_age_that_was_put_off_in_the_store_is_not_believed() {
    let scene = Scene::at_rest().await;
    for row in scene.shelf.rows().values_mut() {
        (row.content.expires_at, row.idle_deadline) = (Timestamp::NEVER, Timestamp::NEVER);
    }
    scene.clock.advance(HOUR * 10);
    assert!(matches!(scene.store.load(&scene.key).await, Ok(Found::Overdue(EndReason::TooOld))));
}

#[tokio::test]
async fn what_a_sweep_ends_is_read_only_where_the_server_alone_seals() {
    for by_server in [false, true] {
        let edit = |store: SealedStore| if by_server { store.danger_sealed_by_server_alone() } else { store };
        let scene = Scene::on(Shelf::default(), edit).await;
        scene.clock.advance(HOUR);
        let swept = scene.store.sweep(10).await.unwrap();
        let [EndedSession { reason: EndReason::Idle, session, .. }] = &*swept else {
            unreachable!("{swept:?}")
        };
        assert_eq!(session.is_some(), by_server);
    }
}

#[tokio::test]
async fn records_of_both_ways_to_seal_are_read_whichever_is_on() {
    let scene = Scene::at_rest().await;
    let alone = scene.elsewhere(ring()).danger_sealed_by_server_alone();
    let Found::Live { session, .. } = alone.load(&scene.key).await.unwrap() else { unreachable!() };
    let updated = alone.update(&scene.key, session.version, session.record.clone()).await.unwrap();
    assert!(matches!(updated, Updated::Saved(_)));
    assert!(scene.access_token().await.is_some());
}

#[tokio::test]
async fn a_copy_near_by_serves_without_a_round_trip_and_no_longer_than_stated() {
    let scene = Scene::on(Shelf::default(), |store| store.with_near_copies(100, SECOND)).await;
    for _ in 0..100 {
        assert!(scene.store.load_at_once(&scene.key).is_some());
    }
    scene.another_process_saves("theirs").await;
    scene.shelf.loads();
    assert_eq!(scene.access_token().await.as_deref(), Some("canary access"), "so stale it may be");
    assert_eq!(scene.shelf.loads(), 0);

    scene.clock.advance(SECOND);

    assert!(scene.store.load_at_once(&scene.key).is_none());
    assert_eq!(scene.access_token().await.as_deref(), Some("theirs"));
    assert_eq!(scene.shelf.loads(), 1);
}

#[tokio::test]
async fn a_change_that_is_heard_of_counts_at_once() {
    let scene = Scene::on(Shelf::that_hears(), |store| store.with_near_copies(100, HOUR)).await;
    scene.another_process_saves("theirs").await;
    assert_eq!(scene.access_token().await.as_deref(), Some("theirs"));

    scene.elsewhere(ring()).end(&scene.key, EndReason::Logout).await.unwrap();

    assert!(matches!(scene.store.load(&scene.key).await, Ok(Found::Ended(EndReason::Logout))));
}

#[tokio::test]
async fn a_copy_stays_when_its_session_is_touched_and_goes_when_it_is_saved_or_ended() {
    let scene = Scene::on(Shelf::default(), |store| store.with_near_copies(100, HOUR)).await;
    let later = scene.clock.now() + HOUR * 2;
    scene.store.touch(&scene.key, later).await.unwrap();
    let Some(Found::Live { session, idle_deadline }) = scene.store.load_at_once(&scene.key) else {
        unreachable!("a touch evicts nothing")
    };
    assert_eq!(idle_deadline, later);

    let updated = scene.store.update(&scene.key, session.version, session.record.clone()).await.unwrap();
    assert!(matches!(updated, Updated::Saved(_)));
    assert!(scene.store.load_at_once(&scene.key).is_none(), "saved");
    scene.access_token().await;
    let updated = scene.store.update(&scene.key, session.version, session.record.clone()).await.unwrap();
    assert!(matches!(updated, Updated::Changed));
    assert!(scene.store.load_at_once(&scene.key).is_none(), "another one saved");
    scene.access_token().await;
    scene.store.end(&scene.key, EndReason::Logout).await.unwrap();
    assert!(scene.access_token().await.is_none(), "ended");
}

#[tokio::test]
async fn who_refreshes_looks_at_what_is_kept_and_not_at_a_copy() {
    let scene = Scene::on(Shelf::default(), |store| store.with_near_copies(100, HOUR)).await;
    scene.another_process_saves("theirs").await;
    let Found::Live { session, .. } = scene.store.load(&scene.key).await.unwrap() else { unreachable!() };
    assert_eq!(session.record.tokens.access_token.expose(), "theirs");
}

#[tokio::test]
async fn a_look_up_that_is_overtaken_by_a_logout_leaves_no_copy() {
    let scene = Scene::on(Shelf::default(), |store| store.with_near_copies(100, HOUR)).await;
    scene.store.end(&StoreKey::of(&SessionId::generate().unwrap()), EndReason::Logout).await.unwrap();
    scene.clock.advance(HOUR / 2);
    let (store, key) = (&scene.store, scene.key);
    let gate = scene.shelf.hold_the_next_load();
    let slow = store.load(&key);
    let logout = async {
        gate.reached().await;
        store.end(&key, EndReason::Logout).await.unwrap();
        gate.open();
    };

    let (found, ()) = tokio::join!(slow, logout);

    assert!(matches!(found, Ok(Found::Live { .. })), "it began before");
    assert!(store.load_at_once(&key).is_none());
}

#[tokio::test]
async fn a_copy_is_as_old_as_the_question_it_answers() {
    let scene = Scene::on(Shelf::default(), |store| store.with_near_copies(100, SECOND)).await;
    scene.clock.advance(SECOND);
    let gate = scene.shelf.hold_the_next_load();
    let time_passes = async {
        gate.reached().await;
        scene.clock.advance(SECOND);
        gate.open();
    };
    let (found, ()) = tokio::join!(scene.store.load(&scene.key), time_passes);
    assert!(found.is_ok() && scene.store.load_at_once(&scene.key).is_none());
}

#[tokio::test]
async fn a_copy_past_its_idle_deadline_says_nothing_for_another_process_may_have_moved_that_on() {
    let scene = Scene::on(Shelf::default(), |store| store.with_near_copies(100, HOUR * 2)).await;
    scene.clock.advance(HOUR / 2);
    scene.elsewhere(ring()).touch(&scene.key, scene.clock.now() + HOUR).await.unwrap();
    scene.clock.advance(HOUR / 2);
    assert!(scene.store.load_at_once(&scene.key).is_none());
    assert!(matches!(scene.store.load(&scene.key).await, Ok(Found::Live { .. })));
}

#[tokio::test]
async fn a_store_that_was_opened_before_there_was_a_runtime_hears_of_changes_later() {
    let scene = Scene::on(Shelf::that_hears_later(), |store| store.with_near_copies(100, HOUR)).await;
    scene.shelf.hears_now();
    assert!(scene.access_token().await.is_some());
    scene.another_process_saves("theirs").await;
    assert_eq!(scene.access_token().await.as_deref(), Some("theirs"));
}

#[tokio::test]
async fn a_session_ended_by_the_key_a_look_up_gave_is_gone_near_by_too() {
    let scene = Scene::on(Shelf::default(), |store| store.with_near_copies(100, HOUR)).await;
    let found = scene.store.find_by_subject("https://canary.example", "canary subject").await.unwrap();
    scene.store.end(&found[0], EndReason::Ended).await.unwrap();
    assert!(matches!(scene.store.load(&scene.key).await, Ok(Found::Ended(EndReason::Ended))));
}
