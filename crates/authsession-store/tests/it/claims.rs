//! Claims that nobody needs any more: anybody can begin a sign-in, so what is left of it goes soon, and stands in no session's way.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use authsession_store::claim::{Claim, Settled};
use authsession_store::contract::bench::HaltedClock;
use authsession_store::key::{SessionId, StoreKey};
use authsession_store::record::SessionRecord;
use authsession_store::seal::KeyRing;
use authsession_store::sealed_store::SealedStore;
use authsession_store::sql_settings::SqlSettings;
use authsession_store::sqlite::SqliteBackend;
use authsession_store::store::{EndedSession, SessionStore as _};
use sqlx::SqlitePool;
use sqlx::sqlite::SqlitePoolOptions;

use crate::record::record;
use crate::shelf::Shelf;

const MINUTE: Duration = Duration::from_secs(60);
/// As a sign-in claims.
const TTL: Duration = Duration::from_secs(120);
const BATCH: usize = 10;

/// A store on a database that can be looked into.
struct Scene {
    store: SealedStore,
    clock: HaltedClock,
    pool: SqlitePool,
}

impl Scene {
    async fn new() -> Self {
        let clock = HaltedClock::new();
        let one = SqlitePoolOptions::new().max_connections(1).idle_timeout(None).max_lifetime(None);
        let pool = one.connect("sqlite::memory:").await.unwrap();
        let backend = SqliteBackend::connect_with(SqlSettings::on(pool.clone())).await.unwrap();
        let store = SealedStore::new(Arc::new(backend), KeyRing::random().unwrap()).with_clock(clock.clock());
        Self { store, clock, pool }
    }

    async fn claims(&self, how_many: usize, settled: Option<Settled>) {
        for _ in 0..how_many {
            let key = new_key();
            let Claim::Ours(ours) = self.store.claim(&key, TTL).await.unwrap() else { unreachable!() };
            if let Some(settled) = settled.clone() {
                self.store.settle(&key, ours, settled).await.unwrap();
            }
        }
    }

    /// Sweeps for as long as more is due, as the engine does: how many calls it took, and what ended.
    async fn sweep(&self) -> (usize, Vec<EndedSession>) {
        let (mut calls, mut ended, mut short) = (0, Vec::new(), 0);
        loop {
            let swept = self.store.sweep(BATCH).await.unwrap();
            calls += 1;
            short = if swept.len() < BATCH { short + 1 } else { 0 };
            ended.extend(swept);
            if short >= self.store.sweep_parts() {
                return (calls, ended);
            }
        }
    }

    async fn rows(&self) -> i64 {
        let rows: (i64,) =
            sqlx::query_as("SELECT count(*) FROM authsession_sessions").fetch_one(&self.pool).await.unwrap();
        rows.0
    }
}

fn new_key() -> StoreKey {
    StoreKey::of(&SessionId::generate().unwrap())
}

#[tokio::test]
async fn a_claim_whose_answer_was_lost_is_known_to_be_ours() {
    let shelf = Arc::new(Shelf::default());
    let store = SealedStore::new(shelf.clone(), KeyRing::random().unwrap());
    let key = new_key();
    for _ in 0..2 {
        shelf.loses_an_answer.store(true, Ordering::SeqCst);
        let claim = store.claim(&key, TTL).await.unwrap();
        let Claim::Ours(ours) = claim else { unreachable!("it is there, but: {claim:?}") };
        assert_eq!(store.claim(&key, TTL).await.unwrap(), Claim::Theirs, "and nobody else's");
        store.settle(&key, ours, Settled::GivenUp).await.unwrap();
    }
}

#[tokio::test]
async fn however_many_claims_are_over_the_sessions_behind_them_are_ended_by_the_same_sweep() {
    let scene = Scene::new().await;
    scene.claims(BATCH * 12, None).await;
    let now = scene.clock.now();
    for _ in 0..BATCH / 2 {
        let record = SessionRecord { expires_at: now + MINUTE * 100, ..record() };
        scene.store.create(&new_key(), record, now + TTL + MINUTE / 2).await.unwrap();
    }
    scene.clock.advance(TTL + MINUTE);

    let (calls, ended) = scene.sweep().await;

    assert_eq!(ended.len(), BATCH / 2);
    assert_eq!(
        calls, 13,
        "twelve batches of claims, none of which is swept behind the caller's back, and one"
    );
    assert_eq!(scene.sweep().await.0, 1, "nothing more is due");
}

#[tokio::test]
async fn one_sweep_forgets_however_many_sign_ins_came_to_nothing() {
    let scene = Scene::new().await;
    scene.claims(1_100, Some(Settled::InVain)).await;
    scene.clock.advance(TTL);
    scene.sweep().await;
    assert_eq!(scene.rows().await, 0);
}

#[tokio::test]
async fn a_claim_is_forgotten_a_quarter_of_an_hour_after_it_is_over_and_one_that_was_given_up_at_once() {
    let scene = Scene::new().await;
    scene.claims(BATCH * 2, Some(Settled::GivenUp)).await;
    scene.claims(BATCH * 2, None).await;
    scene.clock.advance(TTL);
    scene.sweep().await;
    scene.sweep().await;
    assert_eq!(scene.rows().await, 20, "who had it may have done anything");
    scene.clock.advance(MINUTE * 15);
    scene.sweep().await;
    assert_eq!(scene.rows().await, 0);
}
