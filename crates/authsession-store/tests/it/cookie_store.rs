//! Sessions that travel: what the store promises of its working copies, and how it differs from one that keeps sessions.

use std::sync::Arc;
use std::time::Duration;

use authsession_core::secret::Secret;
use authsession_store::contract::bench::{Bench, HaltedClock};
use authsession_store::contract::{deadline, key, lease, look_up, tombstone, version};
use authsession_store::cookie_store::CookieStore;
use authsession_store::end_reason::EndReason;
use authsession_store::key::{SessionId, StoreKey};
use authsession_store::record::{SessionRecord, StoredSession, Version};
use authsession_store::seal::KeyRing;
use authsession_store::store::{Carried, Carrier as _, Found, SessionStore as _, StoreError, Updated};

use crate::record::record;

const HOUR: Duration = Duration::from_secs(3600);

macro_rules! hold_to {
    ($($noun:ident::$promise:ident,)*) => {
        $($noun::$promise(&Bench::new(&async |clock| CookieStore::with_clock(clock)).await).await;)*
    };
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn within_its_process_it_keeps_the_promises_of_every_store() {
    hold_to! {
        key::a_session_is_found_as_it_was_kept,
        key::an_unknown_key_is_absent,
        key::a_taken_key_is_refused_while_its_session_lives,
        key::a_taken_key_is_refused_after_its_session_ended,
        key::one_of_many_creating_the_same_key_wins,
        deadline::an_overdue_session_takes_no_update_and_no_lease,
        deadline::a_touch_moves_the_idle_deadline_on,
        deadline::a_touch_never_moves_it_back,
        deadline::a_touch_is_no_new_version,
        deadline::a_touch_does_not_outlive_the_session_s_age,
        deadline::deadlines_that_never_come_do_not_come,
        version::an_update_is_seen_by_the_next_load,
        version::an_update_of_another_version_changes_nothing,
        version::an_update_of_nothing_makes_nothing,
        version::an_update_keeps_the_idle_deadline,
        version::one_of_many_updates_at_once_wins,
        tombstone::an_ended_session_says_why,
        tombstone::an_end_gives_out_the_session_once,
        tombstone::the_first_reason_stays,
        tombstone::an_end_of_nothing_leaves_nothing,
        tombstone::a_logout_wins_over_an_update_in_flight,
        tombstone::a_logout_wins_over_many_updates_at_once,
        look_up::all_sessions_of_a_user_are_found,
        look_up::another_issuer_s_sessions_are_not_found,
        look_up::ended_and_overdue_sessions_are_not_found,
        lease::a_lease_has_one_owner,
        lease::a_lease_is_released_only_by_its_owner,
        lease::one_of_many_asking_for_the_lease_gets_it,
    }
}

#[tokio::test]
async fn an_idle_session_is_told_as_idle_and_is_nobody_s_here_to_end() {
    let (store, clock, _, key) = store();
    store.create(&key, record_from(&clock), clock.now() + HOUR).await.unwrap();
    clock.advance(HOUR);

    assert!(matches!(store.load(&key).await.unwrap(), Found::Ended(EndReason::Idle)));
    assert!(matches!(store.load_at_once(&key), Some(Found::Ended(EndReason::Idle))));
    for _ in 0..64 {
        assert!(store.sweep(10).await.unwrap().is_empty());
    }
    assert_eq!(store.copies(), 0);
}

#[tokio::test]
async fn a_session_that_travelled_is_the_one_that_left() {
    let (store, clock, ring, key) = store();
    let kept = store.create(&key, record_from(&clock), clock.now() + HOUR).await.unwrap();
    let text = leaves(&store, &ring, &key, None).unwrap();
    let other = CookieStore::with_clock(clock.clock());

    let carried = other.take_in(&ring, &key, text.expose()).unwrap();

    assert_eq!(carried, Carried { version: Version::FIRST, idle_deadline: clock.now() + HOUR });
    let Found::Live { session, idle_deadline } = other.load(&key).await.unwrap() else { panic!("not live") };
    assert_eq!(
        (&session.record, session.version, idle_deadline),
        (&kept.record, kept.version, clock.now() + HOUR)
    );
    assert_eq!(leaves(&other, &ring, &key, Some(carried)), None, "it has nothing newer");
}

#[tokio::test]
async fn the_newer_tokens_count_however_often_the_older_ones_were_saved() {
    for saves in [2, 3, 5] {
        let (here, there) = Away::both().await;
        here.save(saves, 0).await;
        there.save(3, 1).await;
        let held = here.session().await;

        let brought = there.gives().unwrap();
        let has = here.takes(&brought);

        let adopted = here.session().await;
        assert_eq!(adopted.record, there.session().await.record, "after {saves} saves here");
        assert!(adopted.version > held.version && adopted.version >= there.session().await.version);
        let given = here.gives_to(has).map(|text| there.takes(&text).unwrap().version);
        assert_eq!(given.unwrap_or(adopted.version), adopted.version);
        let late = here.store.update(&here.key, held.version, held.record.clone()).await.unwrap();
        assert!(matches!(late, Updated::Changed), "a save onto the tokens of before");
    }
}

#[tokio::test]
async fn who_brings_the_older_tokens_is_given_the_newer_ones_and_changes_nothing() {
    for saves in [2, 3, 5] {
        let (here, there) = Away::both().await;
        here.save(3, 1).await;
        there.save(saves, 0).await;
        let held = here.session().await;
        let older = there.gives().unwrap();
        for _ in 0..2 {
            let has = here.takes(&older);

            assert_eq!(here.session().await.record, held.record, "after {saves} saves there");
            there.takes(&here.gives_to(has).unwrap());
            assert_eq!(there.session().await.record, held.record, "after {saves} saves there");
        }
    }
}

#[tokio::test]
async fn of_the_same_tokens_what_was_saved_more_often_counts() {
    let (here, there) = Away::both().await;
    let before = there.gives().unwrap();
    there.save(2, 0).await;

    here.takes(&there.gives().unwrap());

    assert_eq!(here.session().await.version, there.session().await.version);
    let has = here.takes(&before);
    assert_eq!(here.session().await.version, there.session().await.version);
    assert!(here.gives_to(has).is_some());
}

#[tokio::test]
async fn what_is_known_already_is_not_opened_again_and_whatever_is_not_is() {
    let (here, there) = Away::both().await;
    let wrong = KeyRing::random().unwrap();
    let given = here.gives().unwrap();
    assert!(here.store.take_in(&wrong, &here.key, given.expose()).is_some(), "given out");
    let (brought, unseen) = (there.gives().unwrap(), there.gives().unwrap());
    assert_eq!(here.store.take_in(&wrong, &here.key, brought.expose()), None);
    assert!(here.takes(&brought).is_some());
    assert!(here.store.take_in(&wrong, &here.key, brought.expose()).is_some(), "opened before");
    assert_eq!(here.store.take_in(&wrong, &here.key, unseen.expose()), None, "the same, sealed anew");
    let (head, sealed) = brought.expose().split_once('.').unwrap();
    let later = format!("{}.{sealed}", head.parse::<u64>().unwrap() + 1);
    assert_eq!(here.takes(&later.into()), None, "other numbers before the same seal");
}

#[tokio::test]
async fn a_copy_whose_browser_has_only_the_older_tokens_is_not_dropped() {
    let (here, there) = Away::both().await;
    here.save(3, 1).await;
    there.save(3, 0).await;
    here.takes(&there.gives().unwrap());
    here.clock.advance(HOUR / 2);
    for _ in 0..64 {
        here.store.sweep(10).await.unwrap();
    }
    assert_eq!(here.store.copies(), 1, "they have the same number");
}

#[tokio::test]
async fn nothing_leaves_while_a_session_is_being_refreshed() {
    let (store, clock, ring, key) = store();
    store.create(&key, record_from(&clock), clock.now() + HOUR).await.unwrap();
    let owner = authsession_store::store::LeaseOwner([1; 16]);
    assert!(store.lease(&key, owner, Duration::from_secs(15)).await.unwrap());
    assert_eq!(leaves(&store, &ring, &key, None), None, "what would leave is over in a moment");

    store.release(&key, owner).await.unwrap();

    assert!(leaves(&store, &ring, &key, None).is_some());
}

#[tokio::test]
async fn a_key_without_its_cookie_neither_seals_nor_opens() {
    let (store, clock, ring, key) = store();
    store.create(&key, record_from(&clock), clock.now() + HOUR).await.unwrap();
    let (text, bare) = (leaves(&store, &ring, &key, None).unwrap(), StoreKey::from_bytes(*key.as_bytes()));
    assert_eq!(leaves(&store, &ring, &bare, None), None);
    assert_eq!(CookieStore::with_clock(clock.clock()).take_in(&ring, &bare, text.expose()), None);
}

#[tokio::test]
async fn what_does_not_fit_is_refused_before_it_is_kept() {
    let (store, clock, _, key) = store();
    let mut large = record_from(&clock);
    let noise = (0..400).map(|_| authsession_core::random::text::<24>().unwrap()).collect::<String>();
    large.tokens.access_token = noise.into();
    let refused = store.create(&key, large, clock.now() + HOUR).await.unwrap_err();
    assert!(matches!(refused, StoreError::TooLarge) && !refused.is_transient(), "{refused}");
    assert_eq!(store.copies(), 0);
}

fn store() -> (CookieStore, HaltedClock, KeyRing, StoreKey) {
    let clock = HaltedClock::new();
    let key = StoreKey::of(&SessionId::generate().unwrap());
    (CookieStore::with_clock(clock.clock()), clock, KeyRing::random().unwrap(), key)
}

fn record_from(clock: &HaltedClock) -> SessionRecord {
    let (now, mut record) = (clock.now(), record());
    record.tokens.received_at = now;
    SessionRecord { created_at: now, expires_at: now + 100 * HOUR, ..record }
}

fn leaves(store: &CookieStore, ring: &KeyRing, key: &StoreKey, has: Option<Carried>) -> Option<Secret> {
    store.hand_out(ring, key, has).unwrap().map(|parcel| parcel.text)
}

/// One of two processes with the same session at first.
struct Away {
    store: CookieStore,
    clock: HaltedClock,
    ring: KeyRing,
    key: StoreKey,
}

impl Away {
    async fn both() -> (Self, Self) {
        let (store, clock, ring, key) = store();
        store.create(&key, record_from(&clock), clock.now() + HOUR).await.unwrap();
        let here = Self { store, clock, ring, key };
        let there = Self {
            store: CookieStore::with_clock(here.clock.clock()),
            clock: here.clock.clone(),
            ring: here.ring.clone(),
            key: here.key,
        };
        there.takes(&here.gives().unwrap());
        (here, there)
    }

    async fn session(&self) -> Arc<StoredSession> {
        let Found::Live { session, .. } = self.store.load(&self.key).await.unwrap() else {
            unreachable!("it is live")
        };
        session
    }

    /// Saves it that often, with tokens so much newer.
    async fn save(&self, times: u32, newer_by: u64) {
        for _ in 0..times {
            let session = self.session().await;
            let mut record = session.record.clone();
            record.tokens.received_at = record.created_at + Duration::from_secs(newer_by);
            record.tokens.refresh_token = Some(format!("refresh-{newer_by}").into());
            let saved = self.store.update(&self.key, session.version, record).await.unwrap();
            assert!(matches!(saved, Updated::Saved(_)));
        }
    }

    fn takes(&self, text: &Secret) -> Option<Carried> {
        self.store.take_in(&self.ring, &self.key, text.expose())
    }

    fn gives(&self) -> Option<Secret> {
        self.gives_to(None)
    }

    fn gives_to(&self, has: Option<Carried>) -> Option<Secret> {
        leaves(&self.store, &self.ring, &self.key, has)
    }
}
