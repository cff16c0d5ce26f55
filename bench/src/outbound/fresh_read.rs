//! Reading a token that is fresh: time and allocations on one thread, reads a second on two.

use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use crate::allocations;
use crate::effort::Effort;
use crate::outbound::readers::{self, BATCH, Reader};
use crate::stopwatch::Spread;

const THREADS: usize = 2;
/// So many of each are measured in turn: where the allocator happened to put a token is worth some nanoseconds.
const SETS: usize = 10;
/// Tasks that read at the same time.
pub(crate) const TASKS: [usize; 4] = [1, 2, 8, 64];

/// What one way to read costs.
pub(crate) struct Cost {
    pub(crate) reader: Arc<Reader>,
    pub(crate) nanos: Spread,
    pub(crate) allocations: u64,
    /// Reads a second on two threads, by [`TASKS`].
    pub(crate) rates: [f64; TASKS.len()],
}

/// Measures all, turn and turn about. Has to be on a runtime with one thread.
pub(crate) async fn measure(effort: Effort) -> Result<Vec<Cost>, Box<dyn Error + Send + Sync>> {
    let mut sets = Vec::new();
    for _ in 0..SETS {
        sets.push(readers::all().await?);
    }
    let mut times = vec![Vec::new(); sets[0].len()];
    for round in 0..effort.rounds() + effort.warm_up() {
        for (reader, times) in sets[round % SETS].iter().zip(&mut times) {
            let started = Instant::now();
            reader.read(BATCH).await;
            if round >= effort.warm_up() {
                times.push(started.elapsed().as_secs_f64() * 1e9 / f64::from(BATCH));
            }
        }
    }
    let readers = sets.swap_remove(0);
    let mut rates = vec![[0.0_f64; TASKS.len()]; readers.len()];
    for _ in 0..effort.rate_turns() {
        for (place, tasks) in TASKS.into_iter().enumerate() {
            for (reader, rates) in readers.iter().zip(&mut rates) {
                rates[place] = rates[place].max(rate(reader, tasks, effort.rate_turn() / 2)?);
            }
        }
    }
    let mut costs = Vec::new();
    for ((reader, times), rates) in readers.into_iter().zip(times).zip(rates) {
        let allocations = allocations_a_read(&reader).await;
        costs.push(Cost { reader, nanos: Spread::of(times), allocations, rates });
    }
    Ok(costs)
}

/// The batch itself allocates once.
async fn allocations_a_read(reader: &Reader) -> u64 {
    let before = allocations::so_far();
    reader.read(BATCH).await;
    (allocations::so_far() - before) / u64::from(BATCH)
}

fn rate(reader: &Arc<Reader>, tasks: usize, lasts: Duration) -> Result<f64, Box<dyn Error + Send + Sync>> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(THREADS).enable_all().build()?;
    let started = Instant::now();
    let mut reading = JoinSet::new();
    for _ in 0..tasks {
        let reader = Arc::clone(reader);
        let task = async move {
            let mut read = 0_u64;
            while started.elapsed() < lasts {
                reader.read(BATCH).await;
                read += u64::from(BATCH);
                tokio::task::yield_now().await;
            }
            read
        };
        reading.spawn_on(task, runtime.handle());
    }
    // On a thread of its own: this one drives a runtime already, and must not drop another.
    let turn = std::thread::spawn(move || runtime.block_on(reading.join_all()));
    let read: u64 = turn.join().map_err(|_| "a thread of the rate panicked")?.into_iter().sum();
    #[expect(clippy::cast_precision_loss, reason = "a rate needs few digits")]
    Ok(read as f64 / started.elapsed().as_secs_f64())
}
