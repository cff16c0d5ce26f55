//! A query of one record: how long a call takes, how many are made a second, and what the client has to do with it.

use std::time::{Duration, Instant};

use authsession_testkit::org::Org;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

use crate::allocations;
use crate::effort::Effort;
use crate::salesforce::Failure;
use crate::salesforce::by_hand::soql;
use crate::salesforce::caller::Caller;
use crate::salesforce::processor;
use crate::stopwatch::{Spread, ratio};

/// Who call at once.
pub(crate) const TASKS: usize = 32;
/// Calls whose allocations are counted.
const COUNTED: usize = 200;

/// What a call takes with one caller.
pub(crate) struct Cost {
    pub(crate) name: &'static str,
    /// A call with one task.
    pub(crate) nanos: Spread,
    pub(crate) to_floor: f64,
    /// What the client's threads work for it.
    pub(crate) processor: Spread,
    pub(crate) processor_to_floor: f64,
    pub(crate) allocations: u64,
    /// By all tasks together.
    pub(crate) a_second: Spread,
    pub(crate) a_second_to_floor: f64,
}

/// What a turn gave.
#[derive(Clone, Default)]
struct Turns {
    /// Nanoseconds a call.
    wall: Vec<f64>,
    processor: Vec<f64>,
}

/// Turn and turn about: with one task on a runtime with one thread, with 32 on a server's.
pub(crate) fn measure(
    org: &Org,
    effort: Effort,
    one: &Runtime,
    many: &Runtime,
) -> Result<Vec<Cost>, Failure> {
    let callers = one.block_on(all(org))?;
    let alone = one.block_on(turns(org, &callers, 1, effort))?;
    let allocations = callers.each_ref().map(|caller| one.block_on(allocations_a_call(caller)));
    let names = callers.each_ref().map(Caller::name);
    let callers = many.block_on(all(org))?;
    let together = many.block_on(turns(org, &callers, TASKS, effort))?;
    let mut costs = Vec::new();
    for (((name, allocations), alone_here), together_here) in
        names.into_iter().zip(allocations).zip(&alone).zip(&together)
    {
        let a_second = together_here.wall.iter().map(|nanos| 1e9 / nanos).collect();
        costs.push(Cost {
            name,
            nanos: Spread::of(alone_here.wall.clone()),
            to_floor: ratio(&alone_here.wall, &alone[0].wall),
            processor: Spread::of(alone_here.processor.clone()),
            processor_to_floor: ratio(&alone_here.processor, &alone[0].processor),
            allocations: allocations?,
            a_second: Spread::of(a_second),
            a_second_to_floor: ratio(&together[0].wall, &together_here.wall),
        });
    }
    Ok(costs)
}

async fn all(org: &Org) -> Result<[Caller; 4], Failure> {
    let [floor, ours, theirs] = Caller::all(org).await?;
    Ok([floor, Caller::by_hand_with_timeouts(org).await?, ours, theirs])
}

async fn turns(org: &Org, callers: &[Caller], tasks: usize, effort: Effort) -> Result<Vec<Turns>, Failure> {
    let mut all = vec![Turns::default(); callers.len()];
    for round in 0..=effort.turns() {
        for (caller, turns) in callers.iter().zip(&mut all) {
            org.journal().clear();
            let (wall, processor) = turn(caller, tasks, effort.turn()).await?;
            // The first one opens connections and logs in.
            if round > 0 {
                turns.wall.push(wall);
                turns.processor.push(processor);
            }
        }
    }
    Ok(all)
}

/// Nanoseconds a call, and nanoseconds of processor.
async fn turn(caller: &Caller, tasks: usize, lasts: Duration) -> Result<(f64, f64), Failure> {
    let worked = processor::of_clients()?;
    let started = Instant::now();
    let mut running = JoinSet::new();
    for _ in 0..tasks {
        let caller = caller.clone();
        running.spawn(async move {
            let (soql, mut calls) = (soql(1), 0_u64);
            while started.elapsed() < lasts {
                caller.small_query(&soql).await?;
                calls += 1;
            }
            Ok::<_, Failure>(calls)
        });
    }
    let mut calls = 0;
    while let Some(counted) = running.join_next().await {
        calls += counted??;
    }
    let (elapsed, worked) = (started.elapsed(), processor::of_clients()?.saturating_sub(worked));
    #[expect(clippy::cast_precision_loss, reason = "a rate needs few digits")]
    let each = |duration: Duration| duration.as_secs_f64() * 1e9 / calls as f64;
    Ok((each(elapsed), each(worked)))
}

/// The median of many calls, on the thread that also serves their connections.
async fn allocations_a_call(caller: &Caller) -> Result<u64, Failure> {
    let (soql, mut counts) = (soql(1), Vec::with_capacity(COUNTED));
    for _ in 0..COUNTED {
        let before = allocations::so_far();
        caller.small_query(&soql).await?;
        counts.push(allocations::so_far() - before);
    }
    counts.sort_unstable();
    Ok(counts[COUNTED / 2])
}
