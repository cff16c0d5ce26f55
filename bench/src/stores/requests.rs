//! A protected request by backend: from the cookie to the access token, in process, beside the unprotected route and beside
//! one read of the session by the driver alone.

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use authsession_store::store::SessionStore;
use authsession_testkit::provider::Provider;
use tokio::task::JoinSet;

use crate::contestants::{Contestant, authsession, unprotected};
use crate::effort::Effort;
use crate::provider;
use crate::stopwatch::{Spread, ratio};
use crate::stores::backends::{self, Kind, Place};
use crate::stores::keeper::{Failure, Step, TASKS};
use crate::stores::steps;

const BATCH: usize = 20;
/// Requests between two looks at the clock.
const BETWEEN: u64 = 16;

/// What protecting a route costs with that backend.
pub(crate) struct Cost {
    pub(crate) kind: Kind,
    /// What its store is called, where that is not in its first form.
    pub(crate) other: Option<&'static str>,
    /// Nanoseconds over the unprotected route.
    pub(crate) added: Spread,
    /// Nanoseconds of one read by hand.
    pub(crate) floor: f64,
    pub(crate) a_second: f64,
    pub(crate) floor_a_second: f64,
    /// To the floor's, and to the unprotected route's.
    pub(crate) to_floor: f64,
    pub(crate) to_unprotected: f64,
}

/// Signs in at an application on each backend, and measures its requests.
pub(crate) async fn measure(places: &[Place], length: usize, effort: Effort) -> Result<Vec<Cost>, Failure> {
    let provider = provider::start(Duration::from_secs(3600)).await?;
    let mut costs = Vec::new();
    for place in places {
        let floor = place.floor(length).await?;
        costs.push(cost(place, None, place.store().await?, &floor, &provider, effort).await?);
        let (name, store) = place.other_store().await?;
        costs.push(cost(place, Some(name), store, &floor, &provider, effort).await?);
    }
    Ok(costs)
}

async fn cost(
    place: &Place,
    other: Option<&'static str>,
    store: Arc<dyn SessionStore>,
    floor: &backends::Contestant,
    provider: &Provider,
    effort: Effort,
) -> Result<Cost, Failure> {
    let application =
        authsession::Application::on(provider, store).await.map_err(|error| error.to_string())?;
    let ours = application.sign_in().await.map_err(|error| error.to_string())?;
    let bare = unprotected::asked_with(ours.cookie.clone());
    let (mut added, mut by_hand) = (Vec::new(), Vec::new());
    let until = Instant::now() + effort.steps_last();
    for round in 0..=effort.steps() / BATCH {
        let without = batch(&bare).await?;
        let with = batch(&ours).await?;
        let floor = steps::batch(floor, Step::Load, BATCH).await?;
        // The first connects, and is told nothing.
        if round > 0 {
            added.push(with - without);
            by_hand.extend(floor);
        }
        if Instant::now() >= until {
            break;
        }
    }
    by_hand.sort_by(f64::total_cmp);
    let mut rates: [Vec<f64>; 3] = Default::default();
    for _ in 0..effort.turns() {
        let lasts = effort.turn();
        rates[0].push(rate(&bare, lasts).await?);
        rates[1].push(rate(&ours, lasts).await?);
        rates[2].push(steps::rate(floor, Step::Load, lasts).await?);
    }
    let [bare, ours, by_hand_rates] = &rates;
    let (to_floor, to_unprotected) = (ratio(ours, by_hand_rates), ratio(ours, bare));
    let [_, a_second, floor_a_second] = rates.map(|rates| Spread::of(rates).median);
    let (added, floor) = (Spread::of(added), steps::at(&by_hand, 50));
    Ok(Cost { kind: place.kind, other, added, floor, a_second, floor_a_second, to_floor, to_unprotected })
}

/// Nanoseconds a request, over one batch, in a task.
async fn batch(contestant: &Contestant) -> Result<f64, Failure> {
    let mut contestant = contestant.clone();
    let asking = tokio::spawn(async move {
        let started = Instant::now();
        for _ in 0..BATCH {
            black_box(contestant.ask_and_check().await);
        }
        started.elapsed().as_secs_f64() * 1e9
    });
    #[expect(clippy::cast_precision_loss, reason = "a batch is small")]
    Ok(asking.await? / BATCH as f64)
}

/// Requests a second of all tasks together.
async fn rate(contestant: &Contestant, lasts: Duration) -> Result<f64, Failure> {
    let (started, mut tasks) = (Instant::now(), JoinSet::new());
    for _ in 0..TASKS {
        let mut contestant = contestant.clone();
        tasks.spawn(async move {
            let mut asked = 0_u64;
            while started.elapsed() < lasts {
                for _ in 0..BETWEEN {
                    black_box(contestant.ask_and_check().await);
                }
                asked += BETWEEN;
                tokio::task::yield_now().await;
            }
            asked
        });
    }
    let asked: u64 = tasks.join_all().await.into_iter().sum();
    #[expect(clippy::cast_precision_loss, reason = "a rate needs few digits")]
    Ok(asked as f64 / started.elapsed().as_secs_f64())
}
