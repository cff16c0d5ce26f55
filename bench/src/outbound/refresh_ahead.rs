//! Reading while the token is refreshed ahead of time, at an endpoint that takes a second: who waits?

use std::sync::Arc;
use std::time::{Duration, Instant};

use authsession_testkit::org::Org;
use authsession_testkit::org::endpoint::OrgEndpoint;
use tokio::task::JoinSet;

use crate::outbound::org;
use crate::outbound::sessions::{self, Failure, Session};

/// What the endpoint takes.
pub(crate) const DELAY: Duration = Duration::from_secs(1);
/// A read that takes longer has waited.
pub(crate) const WAITED: Duration = Duration::from_millis(1);
/// Who reads, and how often.
pub(crate) const READERS: usize = 8;
const PAUSE: Duration = Duration::from_millis(1);
/// From before the refresh until after it.
const LASTS: Duration = Duration::from_millis(1500);
/// The peers go by the system's clock: they refresh in the second half of this.
const LIFETIME: Duration = Duration::from_secs(4);
const UNTIL_DUE: Duration = Duration::from_millis(2100);

/// What the readers of one session met with.
pub(crate) struct Waits {
    pub(crate) name: &'static str,
    pub(crate) reads: usize,
    pub(crate) waited: usize,
    pub(crate) longest: Duration,
    pub(crate) grants: usize,
}

/// All three, one after the other.
pub(crate) async fn measure() -> Result<Vec<Waits>, Failure> {
    let org = org::start().await?;
    let session = sessions::ours_when_due(&org).await?;
    let ours = read_during_refresh(&org, session).await?;

    let org = org::start().await?;
    let session: Arc<dyn Session> = Arc::new(sessions::cirrus(&org, Some(LIFETIME))?);
    session.token().await?;
    tokio::time::sleep(UNTIL_DUE).await;
    let cirrus = read_during_refresh(&org, session).await?;

    let org = org::start().await?;
    let session: Arc<dyn Session> = Arc::new(sessions::huskarl(&org, Some(LIFETIME))?);
    session.token().await?;
    tokio::time::sleep(UNTIL_DUE).await;
    let huskarl = read_during_refresh(&org, session).await?;
    Ok(vec![ours, cirrus, huskarl])
}

async fn read_during_refresh(org: &Org, session: Arc<dyn Session>) -> Result<Waits, Failure> {
    org.always(OrgEndpoint::Token, org::long_tokens().after(DELAY));
    org.journal().clear();
    let mut reading = JoinSet::new();
    for _ in 0..READERS {
        let session = Arc::clone(&session);
        reading.spawn(async move {
            let (mut took, until) = (Vec::new(), Instant::now() + LASTS);
            while Instant::now() < until {
                let started = Instant::now();
                session.token().await?;
                took.push(started.elapsed());
                tokio::time::sleep(PAUSE).await;
            }
            Ok::<_, Failure>(took)
        });
    }
    let mut took = Vec::new();
    for one in reading.join_all().await {
        took.extend(one?);
    }
    Ok(Waits {
        name: session.name(),
        reads: took.len(),
        waited: took.iter().filter(|took| **took > WAITED).count(),
        longest: took.iter().max().copied().unwrap_or_default(),
        grants: org::requests(org),
    })
}
