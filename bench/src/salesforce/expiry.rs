//! Many calls at the moment the session ends: who logs in again, and who notices.

use std::time::{Duration, Instant};

use authsession_testkit::org::Org;
use authsession_testkit::org::endpoint::OrgEndpoint;
use authsession_testkit::script::Answer;
use tokio::task::JoinSet;

use crate::effort::Effort;
use crate::salesforce::Failure;
use crate::salesforce::by_hand::soql;
use crate::salesforce::caller::{Caller, FLOOR, OURS, THEIRS};
use crate::stopwatch::{Spread, ratio};

/// Calls at once.
pub(crate) const CALLS: usize = 200;
/// What the token endpoint takes.
pub(crate) const DELAY: Duration = Duration::from_millis(50);

/// What became of one caller's calls.
pub(crate) struct Outcome {
    pub(crate) name: &'static str,
    pub(crate) rounds: usize,
    /// Over all rounds.
    pub(crate) grants: usize,
    /// Over all rounds.
    pub(crate) failed: usize,
    /// Requests to the API, over all rounds.
    pub(crate) requests: usize,
    /// From the first call to the last answer.
    pub(crate) wall: Spread,
    pub(crate) to_floor: f64,
}

#[derive(Clone, Default)]
struct Rounds {
    grants: usize,
    failed: usize,
    requests: usize,
    walls: Vec<f64>,
}

/// Turn and turn about, with a session each time: one that is refused a second after the other looks broken, and ours would stop
/// asking for more.
pub(crate) async fn measure(org: &Org, effort: Effort) -> Result<Vec<Outcome>, Failure> {
    org.always(OrgEndpoint::Token, Answer::normal().after(DELAY));
    let mut all = [FLOOR, OURS, THEIRS].map(|_| Rounds::default());
    for _ in 0..effort.expiries() {
        for (caller, rounds) in Caller::all(org).await?.into_iter().zip(&mut all) {
            // Logs in, and opens the connections.
            round(org, &caller, &mut Rounds::default()).await?;
            org.expire_sessions();
            round(org, &caller, rounds).await?;
        }
    }
    org.clear(OrgEndpoint::Token);
    let floor = all[0].walls.clone();
    let outcome = |(name, rounds): (&'static str, Rounds)| Outcome {
        name,
        rounds: effort.expiries(),
        grants: rounds.grants,
        failed: rounds.failed,
        requests: rounds.requests,
        to_floor: ratio(&rounds.walls, &floor),
        wall: Spread::of(rounds.walls),
    };
    Ok([FLOOR, OURS, THEIRS].into_iter().zip(all).map(outcome).collect())
}

async fn round(org: &Org, caller: &Caller, rounds: &mut Rounds) -> Result<(), Failure> {
    org.journal().clear();
    let (started, mut calls) = (Instant::now(), JoinSet::new());
    for _ in 0..CALLS {
        let caller = caller.clone();
        calls.spawn(async move { caller.small_query(&soql(1)).await.is_err() });
    }
    while let Some(failed) = calls.join_next().await {
        rounds.failed += usize::from(failed?);
    }
    rounds.walls.push(started.elapsed().as_secs_f64() * 1e9);
    rounds.grants += org.journal().count(OrgEndpoint::Token);
    rounds.requests += org.journal().count(OrgEndpoint::Rest);
    Ok(())
}
