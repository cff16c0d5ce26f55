//! Calls while the token endpoint takes a second and answers 503, with a token in hand that is due but valid; and calls on a
//! grant that is dead.

use std::sync::Arc;
use std::time::{Duration, Instant};

use authsession_testkit::org::Org;
use authsession_testkit::org::endpoint::OrgEndpoint;
use authsession_testkit::script::Answer;

use crate::effort::Effort;
use crate::outbound::org;
use crate::outbound::sessions::{self, Failure, Session};
use crate::stopwatch::Spread;

/// What the endpoint takes for its 503.
const DELAY: Duration = Duration::from_secs(1);
/// Between two calls.
const PAUSE: Duration = Duration::from_millis(10);
/// Calls on a dead grant.
pub(crate) const DEAD: usize = 50;

/// What calls met with while the endpoint was away.
pub(crate) struct Outage {
    pub(crate) name: &'static str,
    pub(crate) calls: usize,
    pub(crate) served: usize,
    pub(crate) took: Spread,
    pub(crate) longest: Duration,
    pub(crate) requests: usize,
}

/// How long it is away.
pub(crate) const fn lasts(effort: Effort) -> Duration {
    match effort {
        Effort::Full => Duration::from_secs(10),
        Effort::Quick => Duration::from_secs(2),
    }
}

/// All three at the same time, each with an org of its own: they wait, mostly.
pub(crate) async fn measure(effort: Effort) -> Result<Vec<Outage>, Failure> {
    let lasts = lasts(effort);
    // The peers go by the system's clock: due in the second half, valid until the last call has its answer.
    let lifetime = 2 * (lasts + Duration::from_secs(5));
    let orgs = [org::start().await?, org::start().await?, org::start().await?];
    let ours = sessions::ours_when_due(&orgs[0]).await?;
    let cirrus: Arc<dyn Session> = Arc::new(sessions::cirrus(&orgs[1], Some(lifetime))?);
    let huskarl: Arc<dyn Session> = Arc::new(sessions::huskarl(&orgs[2], Some(lifetime))?);
    cirrus.token().await?;
    huskarl.token().await?;
    tokio::time::sleep(lifetime / 2 + Duration::from_millis(100)).await;
    let (ours, cirrus, huskarl) = tokio::join!(
        call_during_outage(&orgs[0], ours, lasts),
        call_during_outage(&orgs[1], cirrus, lasts),
        call_during_outage(&orgs[2], huskarl, lasts),
    );
    Ok(vec![ours, cirrus, huskarl])
}

async fn call_during_outage(org: &Org, session: Arc<dyn Session>, lasts: Duration) -> Outage {
    org.always(OrgEndpoint::Token, Answer::status(503).after(DELAY));
    org.journal().clear();
    let (mut took, mut served, until) = (Vec::new(), 0, Instant::now() + lasts);
    while Instant::now() < until {
        let started = Instant::now();
        served += usize::from(session.token().await.is_ok());
        took.push(started.elapsed());
        tokio::time::sleep(PAUSE).await;
    }
    Outage {
        name: session.name(),
        calls: took.len(),
        served,
        longest: took.iter().max().copied().unwrap_or_default(),
        took: Spread::of_durations(took),
        requests: org::requests(org),
    }
}

/// Requests for [`DEAD`] calls, one after the other, on a grant the endpoint refuses with `invalid_grant`.
pub(crate) async fn dead_grant() -> Result<Vec<(&'static str, usize)>, Failure> {
    let mut rows = Vec::new();
    for make in sessions::ALL {
        let org = org::start().await?;
        org.always(OrgEndpoint::Token, Answer::refusal(400, "invalid_grant", "expired access/refresh token"));
        let session = make(&org)?;
        for _ in 0..DEAD {
            if session.token().await.is_ok() {
                return Err(format!("{} has a token of a dead grant", session.name()).into());
            }
        }
        rows.push((session.name(), org::requests(&org)));
    }
    Ok(rows)
}
