//! How long a step takes with one task, and how many are taken a second by 32.

use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use crate::effort::Effort;
use crate::stopwatch::{Spread, ratio};
use crate::stores::backends::{Contestant, Kind, Place};
use crate::stores::keeper::{Failure, Step, TASKS};

/// Steps by one contestant before it is the next one's turn.
const BATCH: usize = 20;

/// What one contestant takes for a step.
pub(crate) struct Cost {
    pub(crate) name: &'static str,
    /// In nanoseconds.
    pub(crate) median: f64,
    pub(crate) p99: f64,
    /// By all tasks together.
    pub(crate) a_second: f64,
    /// To the floor's in the turn before: the median of all turns.
    pub(crate) rate_ratio: f64,
}

/// A step at a place, of all contestants there, the floor first.
pub(crate) struct Costs {
    pub(crate) kind: Kind,
    pub(crate) step: Step,
    pub(crate) costs: Vec<Cost>,
}

/// Measures every step at that place.
pub(crate) async fn measure(place: &Place, length: usize, effort: Effort) -> Result<Vec<Costs>, Failure> {
    let mut contestants = place.contestants(length).await?;
    let mut all = Vec::new();
    for step in Step::ALL {
        // What keeps copies near by hears of every change, on the cores of those who change.
        contestants.retain(|one| step == Step::Load || !one.only_read);
        let times = times(&contestants, step, effort).await?;
        let rates = rates(&contestants, step, effort).await?;
        let floors = rates.first().cloned().unwrap_or_default();
        let costs = contestants.iter().zip(times).zip(rates).map(|((one, times), rates)| Cost {
            name: one.name,
            median: at(&times, 50),
            p99: at(&times, 99),
            rate_ratio: ratio(&rates, &floors),
            a_second: Spread::of(rates).median,
        });
        all.push(Costs { kind: place.kind, step, costs: costs.collect() });
    }
    Ok(all)
}

/// Turn and turn about, in short batches; each contestant's, sorted.
async fn times(asked: &[Contestant], step: Step, effort: Effort) -> Result<Vec<Vec<f64>>, Failure> {
    let mut measured = vec![Vec::new(); asked.len()];
    for one in asked {
        batch(one, step, BATCH).await?;
    }
    let until = Instant::now() + effort.steps_last();
    for _ in 0..effort.steps() / BATCH {
        for (one, measured) in asked.iter().zip(&mut measured) {
            measured.extend(batch(one, step, BATCH).await?);
        }
        if Instant::now() >= until {
            break;
        }
    }
    measured.iter_mut().for_each(|one| one.sort_by(f64::total_cmp));
    Ok(measured)
}

/// Nanoseconds a step, in a task, as a request's handler is one.
pub(crate) async fn batch(one: &Contestant, step: Step, times: usize) -> Result<Vec<f64>, Failure> {
    let (keeper, group) = (one.keeper.clone(), one.group);
    tokio::spawn(async move { keeper.time(step, times, group).await }).await?
}

async fn rates(asked: &[Contestant], step: Step, effort: Effort) -> Result<Vec<Vec<f64>>, Failure> {
    let mut measured = vec![Vec::new(); asked.len()];
    for _ in 0..effort.turns() {
        for (one, measured) in asked.iter().zip(&mut measured) {
            measured.push(rate(one, step, effort.turn()).await?);
        }
    }
    Ok(measured)
}

/// Steps a second of all tasks together.
pub(crate) async fn rate(one: &Contestant, step: Step, lasts: Duration) -> Result<f64, Failure> {
    let (started, mut tasks) = (Instant::now(), JoinSet::new());
    for task in 0..TASKS {
        let keeper = one.keeper.clone();
        tasks.spawn(async move { keeper.count(step, task, started + lasts).await });
    }
    let mut steps = 0;
    while let Some(counted) = tasks.join_next().await {
        steps += counted??;
    }
    #[expect(clippy::cast_precision_loss, reason = "a rate needs few digits")]
    Ok(steps as f64 / started.elapsed().as_secs_f64())
}

/// The value below which that many per cent are.
pub(crate) fn at(sorted: &[f64], per_cent: usize) -> f64 {
    sorted.get(sorted.len() * per_cent / 100).copied().unwrap_or(f64::NAN)
}
