//! What protecting a route adds to a request, in process: time, allocations, response headers; and requests a second on
//! two threads.

use std::error::Error;
use std::hint::black_box;
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::http::Response;
use tokio::task::JoinSet;

use crate::allocations;
use crate::contestants::axum_login::Lifetime;
use crate::contestants::{
    Contestant, authsession, axum_login, axum_oidc_client, by_hand, empty_layer, unprotected,
};
use crate::effort::Effort;
use crate::provider;
use crate::stopwatch::Spread;

const BATCH: u32 = 100;
const THREADS: usize = 2;
const TASKS: usize = 16;

/// What one contestant adds over the unprotected route asked with the same cookie.
pub(crate) struct Added {
    pub(crate) name: &'static str,
    pub(crate) nanos: Spread,
    pub(crate) allocations: i64,
    pub(crate) header_bytes: usize,
}

/// Requests a second on two threads.
pub(crate) struct Rate {
    pub(crate) name: &'static str,
    pub(crate) a_second: f64,
}

/// All that is measured of a protected request.
pub(crate) struct Figures {
    /// The unprotected route itself.
    pub(crate) unprotected: Added,
    pub(crate) added: Vec<Added>,
    pub(crate) rates: Vec<Rate>,
}

/// Signs in at every contestant and measures them, turn and turn about.
pub(crate) async fn measure(effort: Effort) -> Result<Figures, Box<dyn Error>> {
    let provider = provider::start(Duration::from_secs(3600)).await?;
    let ours = authsession::Application::new(&provider).await?;
    let theirs = axum_oidc_client::Application::new(&provider).await?;
    let floor = by_hand::signed_in().ok_or("the floor could not be laid")?;
    let layer = empty_layer::asked_with(floor.cookie.clone());
    let mut contestants = vec![floor, layer];
    contestants.extend(ours.every_route().await?);
    contestants.extend(theirs.every_route().await?);
    contestants.extend(axum_login::every_route(Lifetime::Browser).await?);
    contestants.extend(axum_login::every_route(Lifetime::Sliding).await?);

    let mut bare = unprotected::asked_with(contestants[0].cookie.clone());
    let unprotected = Added {
        name: bare.name,
        nanos: absolute(&mut bare, effort).await,
        allocations: i64::try_from(allocations_a_request(&mut bare).await)?,
        header_bytes: header_bytes(&bare.ask_and_check().await),
    };
    let nanos = side_by_side(&mut contestants, effort).await;
    let mut added = Vec::new();
    for (contestant, nanos) in contestants.iter_mut().zip(nanos) {
        let mut bare = unprotected::asked_with(contestant.cookie.clone());
        let theirs = i64::try_from(allocations_a_request(contestant).await)?;
        let allocations = theirs - i64::try_from(allocations_a_request(&mut bare).await)?;
        let response = contestant.ask_and_check().await;
        let header_bytes = header_bytes(&response).saturating_sub(unprotected.header_bytes);
        added.push(Added { name: contestant.name, nanos, allocations, header_bytes });
    }
    let mut rates = vec![rate(&bare, effort)?];
    for contestant in &contestants {
        rates.push(rate(contestant, effort)?);
    }
    Ok(Figures { unprotected, added, rates })
}

/// Time a request, by contestant, less that of the unprotected route in the batch just before.
async fn side_by_side(contestants: &mut [Contestant], effort: Effort) -> Vec<Spread> {
    let mut bare: Vec<_> =
        contestants.iter().map(|one| unprotected::asked_with(one.cookie.clone())).collect();
    let mut measured = vec![Vec::new(); contestants.len()];
    for round in 0..effort.rounds() + effort.warm_up() {
        for ((contestant, bare), measured) in contestants.iter_mut().zip(&mut bare).zip(&mut measured) {
            let without = batch(bare).await;
            let with = batch(contestant).await;
            if round >= effort.warm_up() {
                measured.push(with - without);
            }
        }
    }
    measured.into_iter().map(Spread::of).collect()
}

async fn absolute(contestant: &mut Contestant, effort: Effort) -> Spread {
    let mut measured = Vec::new();
    for round in 0..effort.rounds() + effort.warm_up() {
        let nanos = batch(contestant).await;
        if round >= effort.warm_up() {
            measured.push(nanos);
        }
    }
    Spread::of(measured)
}

/// Nanoseconds a request, over one batch.
async fn batch(contestant: &mut Contestant) -> f64 {
    let started = Instant::now();
    for _ in 0..BATCH {
        black_box(contestant.ask_and_check().await);
    }
    started.elapsed().as_secs_f64() * 1e9 / f64::from(BATCH)
}

/// The allocations of one request: the most frequent count of many, since caches tidy up now and then.
async fn allocations_a_request(contestant: &mut Contestant) -> u64 {
    let mut counts = Vec::with_capacity(200);
    for _ in 0..200 {
        let before = allocations::so_far();
        black_box(contestant.ask_and_check().await);
        counts.push(allocations::so_far() - before);
    }
    counts.sort_unstable();
    counts[counts.len() / 2]
}

fn header_bytes(response: &Response<Body>) -> usize {
    response.headers().iter().map(|(name, value)| name.as_str().len() + value.len() + ": \r\n".len()).sum()
}

/// The best of a few turns: what the machine can do while nobody else uses it.
fn rate(contestant: &Contestant, effort: Effort) -> Result<Rate, Box<dyn Error>> {
    let mut best = 0.0_f64;
    for _ in 0..effort.rate_turns() {
        best = best.max(turn(contestant, effort.rate_turn())?);
    }
    Ok(Rate { name: contestant.name, a_second: best })
}

/// Requests a second of one application on a server's runtime with two threads: more tasks than threads, so that a task
/// which waits for a lock lets another one go on.
fn turn(contestant: &Contestant, lasts: Duration) -> Result<f64, Box<dyn Error>> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(THREADS).enable_all().build()?;
    let started = Instant::now();
    let mut tasks = JoinSet::new();
    for _ in 0..TASKS {
        let mut contestant = contestant.clone();
        let asking = async move {
            let mut asked = 0_u64;
            while started.elapsed() < lasts {
                for _ in 0..BATCH {
                    black_box(contestant.ask_and_check().await);
                }
                asked += u64::from(BATCH);
                tokio::task::yield_now().await;
            }
            asked
        };
        tasks.spawn_on(asking, runtime.handle());
    }
    // On a thread of its own: this one drives a runtime already, and must not drop another.
    let turn = std::thread::spawn(move || runtime.block_on(tasks.join_all()));
    let asked: u64 = turn.join().map_err(|_| "a thread of the rate panicked")?.into_iter().sum();
    #[expect(clippy::cast_precision_loss, reason = "a rate needs few digits")]
    Ok(asked as f64 / started.elapsed().as_secs_f64())
}
