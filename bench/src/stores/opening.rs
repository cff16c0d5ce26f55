//! What being at rest costs a step: its time over a map in this process, less what the map itself takes.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use authsession_store::backend::Backend as _;
use authsession_store::key::StoreKey;
use authsession_store::record::{SessionRecord, Version};
use authsession_store::seal::KeyRing;
use authsession_store::sealed_store::SealedStore;
use authsession_store::store::{SessionStore as _, StoreError, Updated};

use crate::effort::Effort;
use crate::stopwatch::Spread;
use crate::stores::keeper::{Failure, SESSIONS};
use crate::stores::ours::{first_deadline, new_key};
use crate::stores::records::{Plain, Records};
use crate::stores::shelf::Shelf;

const BATCH: u32 = 50;
/// What sealing by itself is measured with: as long a text as what is kept, a purpose and a context as long as a session's.
const PURPOSE: &str = "session record";
const CONTEXT: [u8; 83] = [7; 83];
/// What a sealed record is longer than its text: kind, version, key's id, salt, tag.
const OVERHEAD: usize = 38;

/// What a record takes at rest, in bytes and in time.
pub(crate) struct Figures {
    pub(crate) sealed: usize,
    pub(crate) json: usize,
    /// What is measured, in the order of the table.
    pub(crate) times: Vec<(&'static str, Spread)>,
}

/// The whole of a load, and of an update, are these rows of the table.
pub(crate) const READ: &str = "a load: name, open and read";
pub(crate) const WRITTEN: &str = "an update: name, labels, write and seal";

/// One session, and what is measured of it.
struct Scene {
    shelf: Arc<Shelf>,
    store: SealedStore,
    ring: KeyRing,
    key: StoreKey,
    record: SessionRecord,
    version: Version,
    sealed: Vec<u8>,
    json: String,
    plain: Plain,
}

/// Measures all, turn and turn about.
pub(crate) async fn measure(effort: Effort) -> Result<Figures, Failure> {
    let mut scene = Scene::new().await?;
    let mut measured: [Vec<f64>; 10] = Default::default();
    for round in 0..effort.rounds() + effort.warm_up() {
        let batch = scene.batch().await?;
        if round >= effort.warm_up() {
            measured.iter_mut().zip(batch).for_each(|(measured, one)| measured.push(one));
        }
    }
    let [load, bare_load, update, bare_update, copy, naming, opening, sealing, parsing, printing] = measured;
    let less = |one: &[f64], other: &[f64]| {
        Spread::of(one.iter().zip(other).map(|(one, other)| one - other).collect())
    };
    // Who updates hands a record over, and has made it first.
    let update = update.iter().zip(&copy).map(|(update, copy)| update - copy).collect::<Vec<_>>();
    let times = vec![
        (READ, less(&load, &bare_load)),
        ("of it: the session's name, a keyed hash", Spread::of(naming)),
        ("of it: AES-256-GCM, with a key of its own derived", Spread::of(opening)),
        (WRITTEN, less(&update, &bare_update)),
        ("of it: AES-256-GCM, with a key of its own derived and a salt drawn", Spread::of(sealing)),
        ("the map itself: a load", Spread::of(bare_load)),
        ("JSON, not sealed: read by serde_json", Spread::of(parsing)),
        ("JSON, not sealed: written by serde_json", Spread::of(printing)),
    ];
    let sealed = sealed_length().await?;
    Ok(Figures { sealed, json: scene.json.len(), times })
}

/// How many bytes a sealed record takes, on average.
pub(crate) async fn sealed_length() -> Result<usize, Failure> {
    let (shelf, mut records) = (Arc::new(Shelf::default()), Records::new());
    let store = SealedStore::new(shelf.clone(), KeyRing::random()?);
    for _ in 0..SESSIONS {
        let record = records.next();
        let deadline = first_deadline(&record);
        store.create(&new_key()?, record, deadline).await?;
    }
    Ok(shelf.mean_length())
}

impl Scene {
    async fn new() -> Result<Self, Failure> {
        let (shelf, ring, record) = (Arc::new(Shelf::default()), KeyRing::random()?, Records::new().next());
        let (store, key) = (SealedStore::new(shelf.clone(), ring.clone()), new_key()?);
        store.create(&key, record.clone(), first_deadline(&record)).await?;
        let (_, content, _) = shelf.any().ok_or("nothing was kept")?;
        let sealed = ring.seal(PURPOSE, &CONTEXT, &content.sealed[OVERHEAD..])?;
        let plain = Plain::of(&record);
        let json = serde_json::to_string(&plain)?;
        Ok(Self { shelf, store, ring, key, record, version: Version::FIRST, sealed, json, plain })
    }

    /// Nanoseconds each, over one batch.
    async fn batch(&mut self) -> Result<[f64; 10], Failure> {
        let load = self.timed(async |this| this.store.load(&this.key).await).await?;
        let (name, mut content, labels) = self.shelf.any().ok_or("nothing was kept")?;
        let bare_load = self.timed(async |this| this.shelf.load(&name).await).await?;
        let update = self
            .timed(async |this| {
                let updated = this.store.update(&this.key, this.version, this.record.clone()).await?;
                if let Updated::Saved(session) = &updated {
                    this.version = session.version;
                }
                Ok(updated)
            })
            .await?;
        let now = self.record.created_at;
        let bare_update = self
            .timed(async |this| {
                content.version = this.version.next();
                let written = this.shelf.update(&name, this.version, &content, &labels, now).await?;
                this.version = content.version;
                Ok(written)
            })
            .await?;
        // What was sealed belongs to another version now: sealed anew.
        self.store.update(&self.key, self.version, self.record.clone()).await?;
        self.version = self.version.next();

        let copy = self.timed(async |this| Ok(this.record.clone())).await?;
        let found = StoreKey::from_bytes(name.0);
        let naming = self.timed(async |this| Ok(this.store.is_found_as(&this.key, &found))).await?;
        let opening = self.timed(async |this| Ok(this.ring.open(PURPOSE, &CONTEXT, &this.sealed))).await?;
        let text = &content.sealed[OVERHEAD..];
        let sealing = self.timed(async |this| Ok(this.ring.seal(PURPOSE, &CONTEXT, text))).await?;
        let parsing =
            self.timed(async |this| Ok(serde_json::from_str::<Plain>(black_box(&this.json)))).await?;
        let printing = self.timed(async |this| Ok(serde_json::to_string(black_box(&this.plain)))).await?;
        Ok([load, bare_load, update, bare_update, copy, naming, opening, sealing, parsing, printing])
    }

    async fn timed<T>(
        &mut self,
        mut step: impl AsyncFnMut(&mut Self) -> Result<T, StoreError>,
    ) -> Result<f64, Failure> {
        let started = Instant::now();
        for _ in 0..BATCH {
            black_box(step(self).await?);
        }
        Ok(started.elapsed().as_secs_f64() * 1e9 / f64::from(BATCH))
    }
}
